//! The SLA report: what an agreement is about, and how its targets were met in a window.

use model::incident::{AffectedService, Cause, Confidence, Hold, HoldFor, Priority};
use model::item::{AgreedTarget, Agreement, AgreementKind, CalendarDef, Hours, Weekday};
use model::outage::{ItemState, OutageState};
use model::{Cmdb, Incident, Span, Timestamp};
use report::{Agreements, Answer, Filter, GroupBy, Question, html, sla};
use store::{Store, ready};
use topology::Graph;
use wire::v1::{Clock, Ratio, SlaRow, TargetKind};

use crate::stage::{Stage, at, correction, incident, of_items, of_the_day};

fn ask(store: &Store, question: &Question) -> Answer<SlaRow> {
    ready(sla(store, question)).expect("it answers")
}

fn agreement(id: &str, kind: AgreementKind) -> Agreement {
    Agreement {
        id: id.into(),
        kind,
        service: None,
        team: None,
        supplier: None,
        calendar: None,
        targets: vec![AgreedTarget {
            priority: Priority::P1,
            respond: Some(Span::from_minutes(15)),
            restore: Some(Span::from_hours(4)),
        }],
    }
}

fn gold() -> Agreement {
    Agreement { service: Some("shop".into()), ..agreement("gold", AgreementKind::Sla) }
}

/// From nine to five in UTC; the day is a Monday.
fn office() -> CalendarDef {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    let hours = vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri], from_minute: 540, to_minute: 1020 }];
    CalendarDef { id: "office".into(), time_zone: "UTC".into(), hours, holidays: vec![] }
}

fn cmdb(agreements: Vec<Agreement>) -> Cmdb {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7{database}\nmail{service} -> san-1{storage}");
    for (item, supplier) in [("db-7", "acme"), ("san-1", "bolt")] {
        cmdb.items.iter_mut().filter(|known| known.id.as_str() == item).for_each(|item| {
            item.supplier = Some(supplier.into());
        });
    }
    Cmdb { calendars: vec![office()], agreements, ..cmdb }
}

/// A P1 of the shop: opened, acknowledged, restored, resolved; empty where it did not happen.
fn of_shop(name: &str, [opened, acknowledged, restored, resolved]: [&str; 4]) -> Incident {
    let mut incident = incident(name, [opened, opened, acknowledged, restored, resolved]);
    incident.priority = Priority::P1;
    incident.services = vec![affected("shop")];
    incident.cis = vec!["db-7".into()];
    incident
}

fn affected(id: &str) -> AffectedService {
    AffectedService {
        id: id.into(),
        state: ItemState::Down,
        now: ItemState::Up,
        since: Timestamp::EPOCH,
        criticality: 1,
    }
}

fn hold(reason_for: HoldFor, from: &str, to: &str) -> Hold {
    let to = (!to.is_empty()).then(|| at(to));
    Hold { from: at(from), to, until: None, reason_for, reason: "parts".into(), by: "ana".into() }
}

fn store(agreements: Vec<Agreement>, incidents: Vec<Incident>) -> Store {
    let mut stage = Stage::with(cmdb(agreements));
    stage.facts(|step| step.incidents = incidents);
    stage.store()
}

/// `respond P1: met 1, breached 0, running 0`.
fn shown(answer: &Answer<SlaRow>) -> Vec<String> {
    let one = |row: &SlaRow| {
        let target = if row.target == TargetKind::Respond { "respond" } else { "restore" };
        let period: String = row.group.values().map(|label| format!("{label} ")).collect();
        let SlaRow { agreement, priority, met, breached, running, .. } = row;
        format!("{period}{agreement} {priority} {target}: {met} {breached} {running}")
    };
    answer.rows().map(one).collect()
}

#[test]
fn every_target_has_its_row_with_what_was_met_breached_and_still_runs() {
    let store = store(
        vec![gold()],
        vec![
            of_shop("in-time", ["08:00", "08:15", "12:00", "12:05"]), // both just at the target
            of_shop("late", ["10:00", "10:20", "15:00", "15:05"]),
            of_shop("open", ["18:00", "18:05", "", ""]), // passed the target at 22:00
            of_shop("new", ["23:50", "", "", ""]),
        ],
    );
    let answer = ask(&store, &Question { include_intervals: true, ..of_the_day() });
    assert_eq!(shown(&answer), ["gold P1 respond: 2 1 1", "gold P1 restore: 1 2 1"]);
    let rows: Vec<&SlaRow> = answer.rows().collect();
    assert_eq!((rows[0].attainment, rows[1].attainment), (Some(Ratio(2.0 / 3.0)), Some(Ratio(1.0 / 3.0))));
    assert_eq!(rows.iter().map(|row| row.target_seconds.value()).collect::<Vec<_>>(), [900.0, 14_400.0]);
    let mut restored: Vec<(Clock, Option<Timestamp>)> =
        rows[1].incidents.iter().flatten().map(|one| (one.state, one.at.map(|at| at.0))).collect();
    restored.sort();
    assert_eq!(
        restored,
        [
            (Clock::Met, Some(at("12:00"))),
            (Clock::Breached, Some(at("14:00"))),
            (Clock::Breached, Some(at("22:00"))),
            (Clock::Running, Some(at("+03:50"))),
        ]
    );
    assert_eq!(
        rows.iter().map(|row| row.next_breach_at.map(|at| at.0)).collect::<Vec<_>>(),
        [Some(at("+00:05")), Some(at("+03:50"))]
    );
    assert!(answer.definitions.contains_key("attainment"));
    let again: Answer<SlaRow> = serde_json::from_str(&answer.to_json()).expect("what is written can be read");
    assert_eq!(again, answer);
    assert!(ask(&store, &of_the_day()).rows().all(|row| row.incidents.is_none()));
}

#[test]
fn an_agreement_without_incidents_has_its_rows_and_no_attainment() {
    let answer = ask(&store(vec![gold()], vec![]), &of_the_day());
    assert_eq!(shown(&answer), ["gold P1 respond: 0 0 0", "gold P1 restore: 0 0 0"]);
    assert!(answer.rows().all(|row| row.attainment.is_none()));
    assert!(shown(&ask(&store(vec![], vec![]), &of_the_day())).is_empty());
}

#[test]
fn a_page_counts_no_target_as_kept_of_which_nothing_was_decided() {
    let kept_and_running = of_shop("in-time", ["23:50", "23:55", "", ""]);
    let page = html::render(&ask(&store(vec![gold()], vec![kept_and_running]), &of_the_day()));
    assert!(page.contains("<dt>targets without a breach</dt><dd>1 of 1</dd>"), "{page}");
    let page = html::render(&ask(&store(vec![gold()], vec![]), &of_the_day()));
    assert!(!page.contains("targets without a breach") && page.contains(">none decided</text>"), "{page}");
    assert!(page.contains(">target</th>") && page.contains(">within</th>"), "two columns, two headings");
}

#[test]
fn clocks_run_in_the_calendar_and_not_on_hold_for_the_customer_or_a_supplier() {
    let agreed = Agreement { calendar: Some("office".into()), ..gold() };
    let mut held = of_shop("held", ["15:00", "15:05", "", ""]);
    held.holds = vec![hold(HoldFor::Customer, "16:00", "20:00")];
    let mut waits = of_shop("waits", ["10:00", "10:05", "", ""]);
    waits.holds = vec![hold(HoldFor::Supplier, "11:00", "")];
    let mut change = of_shop("change", ["10:00", "10:05", "14:30", "14:40"]);
    change.holds = vec![hold(HoldFor::Change, "11:00", "14:00")];
    let night = of_shop("night", ["03:00", "09:15", "13:00", "13:05"]);
    let answer = ask(
        &store(vec![agreed], vec![held, waits, change, night]),
        &Question { include_intervals: true, ..of_the_day() },
    );
    assert_eq!(shown(&answer), ["gold P1 respond: 4 0 0", "gold P1 restore: 1 1 2"]);
    let restore = answer.rows().nth(1).and_then(|row| row.incidents.clone()).expect("asked for");
    let running: Vec<_> = restore.iter().filter(|one| one.state == Clock::Running).map(|one| one.at).collect();
    // An hour of Monday, three of Tuesday; and one that stands for nobody knows how long.
    assert!(running.contains(&Some(at("+12:00").into())) && running.contains(&None), "{running:?}");
}

#[test]
fn a_target_counts_where_it_was_decided_and_runs_at_the_end_of_a_window_before() {
    let store = store(vec![gold()], vec![of_shop("late", ["10:00", "10:20", "15:00", "15:05"])]);
    for (from, to, now, expected) in [
        ("00:00", "10:00", "+00:00", ["0 0 0", "0 0 0"]),
        ("00:00", "10:15", "+00:00", ["0 0 1", "0 0 1"]),
        ("10:15", "14:00", "+00:00", ["0 1 0", "0 0 1"]),
        ("14:00", "15:00", "+00:00", ["0 0 0", "0 1 0"]),
        ("15:00", "23:00", "+00:00", ["0 0 0", "0 0 0"]),
        ("00:00", "23:00", "10:10", ["0 0 1", "0 0 1"]),
        ("00:00", "23:00", "09:00", ["0 0 0", "0 0 0"]),
    ] {
        let answer = ask(&store, &Question::new(at(from), at(to), at(now)));
        let [respond, restore] = expected;
        let expected = [format!("gold P1 respond: {respond}"), format!("gold P1 restore: {restore}")];
        assert_eq!(shown(&answer), expected, "{from} to {to}, now {now}");
    }
}

#[test]
fn a_window_is_cut_into_periods_that_count_what_was_decided_in_each() {
    let store = store(vec![gold()], vec![of_shop("long", ["-21:00", "-21:05", "", ""])]);
    let question = Question { group_by: vec![GroupBy::Day], ..Question::new(at("-00:00"), at("+00:00"), at("+00:00")) };
    let answer = ask(&store, &question);
    let expected = [
        "2026-05-03 gold P1 respond: 1 0 0",
        "2026-05-04 gold P1 respond: 0 0 0",
        "2026-05-03 gold P1 restore: 0 0 1",
        "2026-05-04 gold P1 restore: 0 1 0",
    ];
    assert_eq!(shown(&answer), expected);
    let refused = ready(sla(&store, &Question { group_by: vec![GroupBy::Team], ..of_the_day() })).expect_err("no");
    assert!(refused.to_string().contains("the sla report is not grouped by team"), "{refused}");
}

#[test]
fn an_incident_that_passed_its_target_long_after_anything_happened_to_it_is_breached_then() {
    let mut agreed = gold();
    agreed.targets[0].restore = Some(Span::from_hours(12));
    let store = store(vec![agreed], vec![of_shop("quiet", ["01:00", "01:05", "", ""])]);
    let answer = ask(&store, &Question::new(at("12:00"), at("20:00"), at("+00:00")));
    assert_eq!(shown(&answer), ["gold P1 respond: 0 0 0", "gold P1 restore: 0 1 0"]);
}

/// It was over before anybody heard of it, on the day before.
#[test]
fn what_was_restored_before_it_was_opened_is_met_in_one_window_and_no_other() {
    let store = store(vec![gold()], vec![of_shop("heard late", ["00:10", "00:12", "-23:50", "00:15"])]);
    let days = Question { group_by: vec![GroupBy::Day], ..Question::new(at("-00:00"), at("+00:00"), at("+00:00")) };
    let expected = [
        "2026-05-03 gold P1 respond: 0 0 0",
        "2026-05-04 gold P1 respond: 1 0 0",
        "2026-05-03 gold P1 restore: 1 0 0",
        "2026-05-04 gold P1 restore: 0 0 0",
    ];
    assert_eq!(shown(&ask(&store, &days)), expected);
    let alone = |from, to, now| shown(&ask(&store, &Question::new(at(from), at(to), at(now))))[1].clone();
    assert_eq!(alone("-00:00", "00:00", "+00:00"), "gold P1 restore: 1 0 0");
    assert_eq!(alone("00:00", "+00:00", "+00:00"), "gold P1 restore: 0 0 0");
    assert_eq!(alone("-00:00", "00:00", "00:05"), "gold P1 restore: 0 0 0", "nobody had heard of it");
}

#[test]
fn what_was_reopened_runs_from_its_first_opening() {
    let mut reopened = of_shop("again", ["10:00", "10:05", "", ""]);
    reopened.reopened_at = vec![at("12:00")];
    let answer = ask(&store(vec![gold()], vec![reopened]), &of_the_day());
    assert_eq!(shown(&answer), ["gold P1 respond: 1 0 0", "gold P1 restore: 0 1 0"], "the good time between counts");
}

#[test]
fn merged_ones_and_false_positives_are_of_no_agreement_and_what_resolved_unseen_is_responded_to_by_nobody() {
    let mut merged = of_shop("merged", ["10:00", "", "", ""]);
    merged.merged_into = Some(incident("other", ["10:00", "10:00", "", "", ""]).id);
    let mut never = of_shop("never", ["10:00", "", "11:00", "11:05"]);
    never.false_positive = Some("a test".into());
    let unseen = of_shop("unseen", ["10:00", "", "10:05", "10:10"]);
    let answer = ask(&store(vec![gold()], vec![merged, never, unseen]), &of_the_day());
    assert_eq!(shown(&answer), ["gold P1 respond: 0 0 0", "gold P1 restore: 1 0 0"]);
}

#[test]
fn an_agreement_is_about_a_service_a_team_or_what_a_supplier_caused() {
    let team = Agreement { team: Some("net".into()), ..agreement("in-house", AgreementKind::Ola) };
    let supplier = |id: &str, name: &str| Agreement { supplier: Some(name.into()), ..agreement(id, AgreementKind::Uc) };
    let agreements = vec![gold(), team, supplier("uc-acme", "acme"), supplier("uc-bolt", "bolt")];
    let of = |change: &dyn Fn(&mut Incident)| {
        let mut incident = of_shop("one", ["10:00", "10:05", "11:00", "11:05"]);
        change(&mut incident);
        let answer = ask(&store(agreements.clone(), vec![incident]), &of_the_day());
        let counted = answer.rows().filter(|row| row.target == TargetKind::Restore && row.met > 0);
        counted.map(|row| row.agreement.clone()).collect::<Vec<String>>()
    };
    let caused_by = |ci: &str, confidence| {
        vec![Cause { ci: ci.into(), score: 500, confidence, because: Vec::new(), verdict: None }]
    };
    assert_eq!(of(&|_| {}), ["gold", "uc-acme"]);
    assert_eq!(of(&|one| one.team = Some("net".into())), ["gold", "in-house", "uc-acme"]);
    assert_eq!(of(&|one| one.services = vec![affected("mail")]), ["uc-acme"]);
    assert_eq!(of(&|one| one.cis = vec!["db-7".into(), "san-1".into()]), ["gold", "uc-acme", "uc-bolt"]);
    assert_eq!(of(&|one| one.causes = caused_by("san-1", Confidence::High)), ["gold", "uc-bolt"]);
    assert_eq!(of(&|one| one.causes = caused_by("shop", Confidence::High)), ["gold"], "no supplier answers for it");
    assert_eq!(of(&|one| one.causes = caused_by("san-1", Confidence::Low)), ["gold", "uc-acme"], "that is no cause");
    assert!(of(&|one| one.priority = Priority::P2).is_empty(), "nothing was agreed for that");
}

#[test]
fn a_question_about_a_service_is_about_its_agreements_and_its_incidents() {
    let team = Agreement { team: Some("net".into()), ..agreement("in-house", AgreementKind::Ola) };
    let mut mail = of_shop("mail", ["12:00", "12:05", "13:00", "13:05"]);
    (mail.services, mail.cis, mail.team) = (vec![affected("mail")], vec![], Some("net".into()));
    let mut shop = of_shop("shop", ["10:00", "10:05", "11:00", "11:05"]);
    shop.team = Some("net".into());
    let store = store(vec![gold(), team], vec![mail, shop]);
    let met = |question: &Question| -> Vec<(String, u64)> {
        let answer = ask(&store, question);
        let restored = answer.rows().filter(|row| row.target == TargetKind::Restore);
        restored.map(|row| (row.agreement.clone(), row.met)).collect()
    };
    let rows = |expected: &[(&str, u64)]| expected.iter().map(|(id, met)| ((*id).to_owned(), *met)).collect::<Vec<_>>();
    assert_eq!(met(&of_the_day()), rows(&[("gold", 1), ("in-house", 2)]));
    assert_eq!(met(&of_items(&["mail"])), rows(&[("in-house", 1)]));
    assert_eq!(met(&of_items(&["shop"])), rows(&[("gold", 1), ("in-house", 1)]));
    let unknown = ready(sla(&store, &of_items(&["shpo"]))).expect_err("there is no such item").to_string();
    assert!(unknown.contains("`shpo`"), "{unknown}");
}

#[test]
fn agreements_are_those_in_force_at_the_end_of_the_window() {
    let mut stage = Stage::with(cmdb(vec![gold()]));
    let mut stricter = gold();
    stricter.targets[0].restore = Some(Span::from_minutes(30));
    stage.import(cmdb(vec![stricter]), at("12:00"));
    stage.facts(|step| step.incidents = vec![of_shop("one", ["08:00", "08:05", "09:00", "09:05"])]);
    let store = stage.store();
    let restored = |to: &str| shown(&ask(&store, &Question::new(at("00:00"), at(to), at("+00:00"))))[1].clone();
    assert_eq!(restored("11:00"), "gold P1 restore: 1 0 0", "a past window keeps what was agreed then");
    assert_eq!(restored("13:00"), "gold P1 restore: 0 1 0");
}

#[test]
fn a_filter_of_items_is_about_what_they_were_when_the_incident_opened_also_before_the_window() {
    let mut stage = Stage::with(cmdb(vec![gold()]));
    for (environment, from) in [("staging", "-20:00"), ("test", "-23:00")] {
        let mut moved = cmdb(vec![gold()]);
        moved.items.iter_mut().for_each(|item| item.environment = environment.into());
        stage.import(moved, at(from));
    }
    stage.facts(|step| {
        let one = of_shop("one", ["-21:00", "-21:05", "01:30", "01:35"]);
        step.incidents = vec![one, of_shop("other", ["-20:30", "-20:35", "01:00", "01:05"])];
    });
    let restored = |environment: &str| {
        let filter = Filter { environments: vec![environment.to_owned()], ..Filter::default() };
        shown(&ask(&stage.store(), &Question { filter, ..of_the_day() }))[1].clone()
    };
    assert_eq!(restored("staging"), "gold P1 restore: 0 2 0");
    assert_eq!(restored("test"), "gold P1 restore: 0 0 0");
    assert_eq!(restored("production"), "gold P1 restore: 0 0 0");
}

/// Whose incidents are meant is no word about whose services are.
#[test]
fn a_filter_of_incidents_leaves_out_no_correction() {
    let mut stage = Stage::with(cmdb(vec![gold()]));
    stage.facts(|step| {
        step.corrections = vec![correction("c", "shop", at("10:00"), Some(at("11:00")), Some(OutageState::Down))];
    });
    let filter = Filter { teams: vec!["net".to_owned()], ..Filter::default() };
    let answer = ask(&stage.store(), &Question { filter, ..of_the_day() });
    assert_eq!((answer.corrections.count, answer.corrections.moved_seconds.down.value()), (1, 3600.0));
    assert_eq!(answer.filters["team"], ["net"]);
}

#[test]
fn an_incident_says_how_it_stands_against_each_target_it_is_of() {
    let graph = Graph::build(&cmdb(vec![gold()]), 1).expect("sound");
    let agreements = Agreements::of(&graph).expect("its calendars are sound");
    let standing = |incident: &Incident, now: &str| -> Vec<(TargetKind, Clock, Option<Timestamp>)> {
        let stand = agreements.standing(incident, at(now));
        stand.iter().map(|one| (one.target, one.state, one.at.map(|at| at.0))).collect()
    };
    use Clock::{Breached, Met, Running};
    use TargetKind::{Respond, Restore};
    let open = of_shop("open", ["10:00", "10:20", "", ""]);
    let then = [(Respond, Running, Some(at("10:15"))), (Restore, Running, Some(at("14:00")))];
    assert_eq!(standing(&open, "10:10"), then);
    let later = [(Respond, Breached, Some(at("10:15"))), (Restore, Running, Some(at("14:00")))];
    assert_eq!(standing(&open, "11:00"), later);
    let over = of_shop("over", ["10:00", "", "11:00", "11:05"]);
    assert_eq!(standing(&over, "12:00"), [(Respond, Breached, Some(at("10:15"))), (Restore, Met, Some(at("11:00")))]);
    let unseen = of_shop("unseen", ["10:00", "", "10:05", "10:10"]);
    assert_eq!(
        standing(&unseen, "12:00"),
        [(Restore, Met, Some(at("10:05")))],
        "nobody responded, and nobody was late"
    );
}
