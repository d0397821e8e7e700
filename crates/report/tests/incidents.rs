//! The incidents report: groups, periods, filters, and the incidents behind each figure.

use model::incident::{AffectedService, Cause, Confidence, Priority, Verdict};
use model::outage::ItemState;
use model::{Incident, IncidentId, Span};
use report::{Answer, GroupBy, Question, Step, incidents};
use store::{Store, ready};
use testkit::SplitMix64;
use wire::v1::{Group, IncidentsRow};

use crate::stage::{Stage, at, incident, of_the_day};
use crate::worked_example;

fn ask(store: &Store, question: &Question) -> Answer<IncidentsRow> {
    ready(incidents(store, question)).expect("it answers")
}

fn by(group_by: &[GroupBy]) -> Question {
    Question { group_by: group_by.to_vec(), ..of_the_day() }
}

/// Group values in the order of their keys, and how many were opened.
fn opened(store: &Store, question: &Question) -> Vec<(String, u64)> {
    let shown = |group: &Group| group.values().map(String::as_str).collect::<Vec<_>>().join(" ");
    ask(store, question).rows().map(|row| (shown(&row.group), row.opened)).collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(group, count)| ((*group).to_owned(), *count)).collect()
}

fn affects(incident: &mut Incident, services: &[&str]) {
    incident.services = services
        .iter()
        .map(|id| AffectedService {
            id: (*id).into(),
            state: ItemState::Down,
            now: ItemState::Up,
            since: incident.started_at,
            criticality: 1,
        })
        .collect();
}

fn cause(ci: &str, confidence: Confidence, verdict: Option<Verdict>) -> Cause {
    Cause { ci: ci.into(), score: 500, confidence, because: Vec::new(), verdict }
}

/// One on two services, one on none.
fn stage() -> Stage {
    let mut stage =
        Stage::of("class network down_at=major\nshop{service} -> db-7{database}\nmail{service} -> sw-1{network}");
    stage.facts(|step| {
        let mut both = incident("both", ["10:00", "10:01", "10:05", "11:00", "11:05"]);
        affects(&mut both, &["shop", "mail"]);
        (both.priority, both.team) = (Priority::P1, Some("net".into()));
        both.cis = vec!["db-7".into(), "sw-1".into(), "nowhere".into()];
        both.sources = vec!["prom".into(), "zabbix".into()];
        both.causes = vec![
            cause("db-7", Confidence::High, Some(Verdict::Rejected)),
            cause("sw-1", Confidence::Low, Some(Verdict::Confirmed)),
        ];
        let mut none = incident("none", ["20:00", "20:01", "", "", ""]);
        none.cis = vec!["db-7".into()];
        none.causes = vec![cause("db-7", Confidence::Low, None)];
        step.incidents = vec![both, none];
    });
    stage
}

#[test]
fn without_a_group_there_is_exactly_one_row_also_if_nothing_happened() {
    let answer = ask(&Stage::of("shop{service}").store(), &of_the_day());
    let rows: Vec<&IncidentsRow> = answer.rows().collect();
    assert_eq!((rows.len(), rows[0].opened, rows[0].mttr.count, rows[0].mttr.mean_seconds), (1, 0, 0, None));
    assert!(rows[0].group.is_empty());
}

#[test]
fn an_incident_counts_once_in_each_of_its_services_classes_and_sources() {
    let store = stage().store();
    for (group_by, expected) in [
        (GroupBy::Service, &[("mail", 1), ("shop", 1)][..]),
        (GroupBy::Class, &[("database", 2), ("network", 1)]),
        (GroupBy::Source, &[("mon", 1), ("prom", 1), ("zabbix", 1)]),
        (GroupBy::Priority, &[("P1", 1), ("P3", 1)]),
        (GroupBy::Team, &[("", 1), ("net", 1)]),
        (GroupBy::Cause, &[("", 1), ("sw-1", 1)]),
    ] {
        assert_eq!(opened(&store, &by(&[group_by])), pairs(expected), "{group_by:?}");
    }
}

#[test]
fn classes_are_those_that_items_had_when_the_incident_opened_also_before_the_window() {
    let mut stage = Stage::of("shop{service} -> db-7{database}");
    stage.import(testkit::cmdb("shop{service} -> db-7{server}"), at("-20:00"));
    stage.facts(|step| {
        let mut early = incident("early", ["-21:00", "-20:59", "-20:58", "01:00", "01:05"]);
        early.cis = vec!["db-7".into()];
        let mut later = incident("later", ["-19:00", "-18:59", "-18:58", "02:00", "02:05"]);
        later.cis = vec!["db-7".into()];
        step.incidents = vec![early, later];
    });
    let answer = ask(&stage.store(), &by(&[GroupBy::Class]));
    let resolved: Vec<(&str, u64)> = answer.rows().map(|row| (row.group["class"].as_str(), row.resolved)).collect();
    assert_eq!(resolved, [("database", 1), ("server", 1)]);
}

#[test]
fn rows_are_sorted_in_the_order_of_the_groups_asked() {
    let store = stage().store();
    let keys = |group_by: &[GroupBy]| -> Vec<String> {
        let answer = ask(&store, &by(group_by));
        answer
            .rows()
            .map(|row| group_by.iter().map(|by| row.group[by.as_str()].as_str()).collect::<Vec<_>>().join(" "))
            .collect()
    };
    use GroupBy::{Class, Priority};
    assert_eq!(keys(&[Priority, Class]), ["P1 database", "P1 network", "P3 database"]);
    assert_eq!(keys(&[Class, Priority]), ["database P1", "database P3", "network P1"]);
}

#[test]
fn every_period_has_its_row_and_a_figure_counts_in_the_period_of_its_own_instant() {
    let store = worked_example::stage().store();
    let question = Question { step: Some(Step::Day), from: at("-00:00"), ..of_the_day() };
    let found: Vec<(String, u64, u64)> =
        ask(&store, &question).rows().map(|row| (row.group["day"].clone(), row.opened, row.resolved)).collect();
    // A was opened on the 3rd and resolved on the 4th.
    assert_eq!(found, [("2026-05-03".to_owned(), 1, 0), ("2026-05-04".to_owned(), 5, 5)]);
}

#[test]
fn a_group_that_counts_nothing_in_the_window_has_no_row() {
    let store = stage().store();
    let after = Question { from: at("21:00"), ..by(&[GroupBy::Service]) };
    assert_eq!(opened(&store, &after), []);
}

#[test]
fn with_service_only_leaves_out_what_affected_none() {
    let store = stage().store();
    let all = ask(&store, &of_the_day()).rows().next().map(|row| row.opened);
    let headline =
        ask(&store, &Question { with_service_only: true, ..of_the_day() }).rows().next().map(|row| row.opened);
    assert_eq!((all, headline), (Some(2), Some(1)));
}

#[test]
fn named_items_keep_what_affects_them_or_alerts_on_them() {
    let store = stage().store();
    for (items, expected) in [
        (&["shop"][..], &[("shop", 1)][..]),
        (&["db-7"], &[("db-7", 2)]),
        (&["db-7", "mail"], &[("db-7", 2), ("mail", 1)]),
    ] {
        let question = Question { services: items.iter().map(|id| (*id).into()).collect(), ..by(&[GroupBy::Service]) };
        assert_eq!(opened(&store, &question), pairs(expected), "{items:?}");
    }
    let unknown = Question { services: vec!["nowhere".into()], ..of_the_day() };
    assert!(ready(incidents(&store, &unknown)).expect_err("no such item").to_string().contains("`nowhere`"));
}

#[test]
fn each_figure_names_the_incidents_it_counts() {
    let store = worked_example::stage().store();
    let answer = ask(&store, &Question { include_intervals: true, ..of_the_day() });
    let item = &answer.report.items[0];
    let behind = item.incident_numbers.as_ref().expect("they were asked for");
    let row = &item.figures;
    for (figure, count) in [
        ("opened", row.opened),
        ("resolved", row.resolved),
        ("reopened", row.reopened),
        ("never_acknowledged", row.never_acknowledged),
        ("mttd", row.mttd.count),
        ("mtta", row.mtta.count),
        ("mttr", row.mttr.count),
        ("mttr_resolve", row.mttr_resolve.count),
    ] {
        assert_eq!(behind[figure].len() as u64, count, "{figure}");
    }
    // B, C and D: A was acknowledged the day before, E and G never.
    assert_eq!(behind["mtta"], ["INC0000002", "INC0000003", "INC0000004"]);
}

#[test]
fn merged_incidents_false_positives_and_storms_count_nowhere() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let mut merged = incident("merged", ["10:00", "10:01", "10:05", "11:00", "11:05"]);
        merged.merged_into = Some(IncidentId::derive(|hash| {
            hash.text("survivor");
        }));
        let mut wrong = incident("wrong", ["10:00", "10:01", "10:05", "11:00", "11:05"]);
        wrong.false_positive = Some("a probe".into());
        let mut storm = incident("storm", ["10:00", "10:01", "10:05", "11:00", "11:05"]);
        storm.storm = true;
        step.incidents = vec![merged, wrong, storm, incident("survivor", ["10:00", "10:01", "", "", ""])];
    });
    let answer = ask(&stage.store(), &Question { include_intervals: true, ..of_the_day() });
    let item = &answer.report.items[0];
    assert_eq!((item.figures.opened, item.figures.resolved, item.figures.mttr.count), (1, 0, 0));
    assert_eq!(item.incident_numbers.as_ref().map(|behind| behind["opened"].len()), Some(1));
}

/// Each period's row is what asking for that period alone gives.
#[test]
fn cutting_into_periods_is_asking_for_each_of_them() {
    for seed in 0..40 {
        let mut random = SplitMix64::new(seed);
        let mut stage = Stage::of("shop{service}");
        stage.facts(|step| {
            for number in 0..random.below(30) {
                let mut made = incident(&number.to_string(), ["00:00"; 5]);
                let mut at = at("-00:00");
                let mut later = |random: &mut SplitMix64| {
                    at = at + Span::from_seconds(random.below(20_000) as i64);
                    at
                };
                made.started_at = later(&mut random);
                made.detected_at = later(&mut random);
                made.opened_at = made.detected_at;
                made.acknowledged_at = (!random.once_in(3)).then(|| later(&mut random));
                made.restored_at = (!random.once_in(4)).then(|| later(&mut random));
                made.resolved_at = made.restored_at.map(|_| later(&mut random));
                made.reopened_at = (0..random.below(3)).map(|_| later(&mut random)).collect();
                step.incidents.push(made);
            }
        });
        let store = stage.store();
        let whole = Question { from: at("-00:00"), step: Some(Step::Day), ..of_the_day() };
        let cut: Vec<IncidentsRow> = ask(&store, &whole).rows().cloned().collect();
        for (row, from) in cut.iter().zip(["-00:00", "00:00"]) {
            let alone = Question::new(at(from), at(from) + Span::DAY, whole.now);
            let mut expected = ask(&store, &alone).rows().next().cloned().expect("there is always one");
            expected.group = row.group.clone();
            assert_eq!(*row, expected, "seed {seed}, {from}");
        }
    }
}

/// Thirty incidents, each of a service of its own, over ten years of days.
#[test]
fn more_groups_times_periods_than_a_report_may_have_are_refused_and_the_limit_named() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        step.incidents = (0..30)
            .map(|n| {
                let mut one = incident(&format!("one-{n}"), ["10:00", "10:01", "", "", ""]);
                affects(&mut one, &[&format!("service-{n}")]);
                one
            })
            .collect();
    });
    let days = |days: i64, group_by: &[GroupBy]| {
        let question = Question { step: Some(Step::Day), ..by(group_by) };
        let from = question.to - Span::from_days(days);
        ready(incidents(&stage.store(), &Question { from, ..question }))
    };
    let told = days(3900, &[GroupBy::Service]).expect_err("30 groups of 3900 days are too many").to_string();
    assert!(told.contains("100000 rows") && told.contains("REPORT_ROWS_MAX"), "{told}");
    assert_eq!(days(100, &[GroupBy::Service]).expect("it answers").rows().count(), 3000);
    assert_eq!(days(3900, &[]).expect("it answers").rows().count(), 3900);
}

/// An incident is in each combination of its services, classes and sources: they are counted before they are made.
#[test]
fn combinations_of_one_incident_have_the_same_bound() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let mut wide = incident("wide", ["10:00", "10:01", "", "", ""]);
        let services: Vec<String> = (0..400).map(|n| format!("service-{n}")).collect();
        affects(&mut wide, &services.iter().map(String::as_str).collect::<Vec<_>>());
        wide.sources = (0..400).map(|n| format!("source-{n}").as_str().into()).collect();
        step.incidents = vec![wide];
    });
    let told = ready(incidents(&stage.store(), &by(&[GroupBy::Service, GroupBy::Source]))).expect_err("160000 groups");
    assert!(told.to_string().contains("160000 groups"), "{told}");
}

/// What was restored a day before anybody heard of it counts on the day it was restored, and so in the month.
#[test]
fn what_was_heard_of_late_counts_where_it_was_restored() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let opened = incident("late", ["20:00", "+00:00", "", "21:00", "+00:00"]);
        step.incidents.push(Incident { opened_at: opened.opened_at + Span::DAY, ..opened });
    });
    let now = at("+00:00") + Span::from_days(3);
    let row = |from, to| ask(&stage.store(), &Question::new(from, to, now)).rows().next().expect("one row").clone();
    let of_the_day = row(at("12:00"), at("+00:00"));
    assert_eq!((of_the_day.opened, of_the_day.mttr.count), (0, 1));
    assert_eq!(of_the_day.mttr.mean_seconds.map(wire::v1::Seconds::value), Some(3600.0));
    assert_eq!(row(at("+00:00"), now).mttr.count, 0, "and nowhere else");
}
