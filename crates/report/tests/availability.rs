//! The availability report: items that are no services, coverage, silence, versions, maintenance, periods, intervals.

use model::fact::MaintenanceWindow;
use model::outage::OutageState::{Degraded, Down};
use model::severity::Severity::Critical;
use model::source::SourceGap;
use model::{Interval, Span};
use report::{Answer, GroupBy, Question, ReportError, Step, Stretch, availability};
use store::{Store, ready};
use wire::v1::{AvailabilityRow, Instant};

use crate::stage::{Stage, alert, at, of_items, of_the_day, outage, source, span, spoken, window};
use crate::worked_example;

fn ask(store: &Store, question: &Question) -> Answer<AvailabilityRow> {
    ready(availability(store, question)).expect("it answers")
}

fn rows(store: &Store, question: &Question) -> Vec<AvailabilityRow> {
    ask(store, question).rows().cloned().collect()
}

fn refused(store: &Store, question: &Question) -> ReportError {
    ready(availability(store, question)).expect_err("it is refused")
}

#[test]
fn an_item_that_is_no_service_has_the_outages_that_its_episodes_make() {
    let store = worked_example::stage().store();
    let row = &rows(&store, &of_items(&["db-main"]))[0];
    // B from 04:00, and D once it is down; C is of others.
    assert_eq!((row.down_seconds.value(), row.degraded_seconds.value()), (1800.0 + 900.0, 600.0));
    assert_eq!((row.planned_seconds.value(), row.agreed_seconds.value()), (3600.0, 79_200.0));
    assert_eq!((row.outages, row.objective), (2, None));
}

#[test]
fn an_outage_that_began_before_the_window_is_a_whole_sample_also_when_it_is_swept() {
    let store = worked_example::stage().store();
    let row = &rows(&store, &of_items(&["web-1"]))[0];
    // -23:50 to 00:40, of which 40 minutes lie in the window; 23:45 lasts.
    assert_eq!(row.down_seconds.value(), 2400.0 + 900.0);
    assert_eq!(row.mean_outage_seconds.map(|mean| mean.value()), Some(3000.0));
    assert_eq!(row.outages, 1);
}

#[test]
fn services_and_other_items_may_be_asked_for_together() {
    let store = worked_example::stage().store();
    let together = rows(&store, &of_items(&["web-1", "checkout", "db-main"]));
    let names: Vec<&str> = together.iter().map(|row| row.service.as_str()).collect();
    assert_eq!(names, ["checkout", "db-main", "web-1"]);
    assert_eq!(together[0], rows(&store, &of_the_day())[1]);
}

#[test]
fn every_occurrence_of_a_window_that_recurs_is_planned_time() {
    let mut stage = Stage::of("shop{service} -> db-7");
    stage.facts(|step| {
        step.coverage = vec![spoken("db-7", "zabbix", "-01:00")];
        // Each night for a year from a week ago, in local time; 01:00 is taken out and 03:00 is of another window.
        let first = Interval::or_empty(at("01:00") - Span::from_days(7), at("02:00") - Span::from_days(7));
        let every_night = calendar::recurrence(first, "FREQ=DAILY;COUNT=365", "UTC", &[]).unwrap();
        let cancelled = calendar::recurrence(first, "FREQ=DAILY", "UTC", &[at("01:00")]).unwrap();
        let late = Interval::or_empty(at("03:00") - Span::from_days(14), at("04:00") - Span::from_days(14));
        let weekly = calendar::recurrence(late, "FREQ=WEEKLY", "UTC", &[]).unwrap();
        step.maintenance = vec![
            MaintenanceWindow { recurrence: Some(every_night), ..window("MW1", "db-7", first) },
            MaintenanceWindow { recurrence: Some(cancelled), cis: vec!["shop".into()], ..window("MW2", "shop", first) },
            MaintenanceWindow { recurrence: Some(weekly), ..window("MW3", "db-7", late) },
        ];
        step.outages =
            vec![outage("shop", "01:30", "02:00", Down, true), outage("shop", "02:00", "02:10", Down, false)];
    });
    let row = &rows(&stage.store(), &of_the_day())[0];
    assert_eq!((row.agreed_seconds.value(), row.planned_seconds.value()), (79_200.0, 1800.0));
    assert_eq!((row.down_seconds.value(), row.outages), (600.0, 1));
}

#[test]
fn an_unknown_item_is_refused_by_its_name() {
    let store = worked_example::stage().store();
    assert!(refused(&store, &of_items(&["checkout", "chekout"])).to_string().contains("`chekout`"));
}

#[test]
fn coverage_is_the_share_of_what_it_stands_on_that_anybody_has_spoken_of() {
    let store = worked_example::stage().store();
    let rows = rows(&store, &of_the_day());
    let coverage: Vec<f64> = rows.iter().filter_map(|row| row.coverage).map(|ratio| ratio.0).collect();
    // Of billing, ledger, payments, db-main one; of checkout, those less billing, and three web hosts two.
    assert_eq!(coverage, [1.0 / 4.0, 2.0 / 7.0]);
    let earlier = Question { to: at("02:00"), ..of_the_day() };
    let rows = self::rows(&store, &earlier);
    assert_eq!(rows[0].coverage.map(|ratio| ratio.0), Some(0.0), "db-main was spoken of at 03:00");
}

#[test]
fn silence_of_a_source_that_covers_a_service_is_blind_time() {
    let mut stage = Stage::of("shop{service} -> db-7\nmail{service} -> web-1");
    stage.facts(|step| {
        step.coverage = vec![spoken("db-7", "zabbix", "01:00"), spoken("web-1", "prom", "-00:00")];
        step.sources = vec![source("zabbix", Some("23:00")), source("prom", None)];
        step.source_gaps = vec![
            SourceGap { source: "zabbix".into(), interval: span("00:30", "02:00") },
            SourceGap { source: "zabbix".into(), interval: span("01:30", "03:00") },
            SourceGap { source: "prom".into(), interval: span("-23:00", "00:10") },
            SourceGap { source: "other".into(), interval: span("05:00", "06:00") },
        ];
        step.maintenance = vec![window("MW", "db-7", span("02:30", "02:45"))];
    });
    let rows = rows(&stage.store(), &of_the_day());
    let blind: Vec<(&str, f64)> = rows.iter().map(|row| (row.service.as_str(), row.blind_seconds.value())).collect();
    // zabbix: 01:00 (when it first spoke) to 03:00 less 15 minutes of maintenance, and 23:00 to now.
    assert_eq!(blind, [("mail", 600.0), ("shop", 7200.0 - 900.0 + 3600.0)]);
}

#[test]
fn a_service_that_was_added_later_counts_from_then() {
    let mut stage = Stage::of("shop{service}");
    stage.import(testkit::cmdb("shop{service}\nmail{service}"), at("06:00"));
    stage.facts(|step| step.outages = vec![outage("mail", "07:00", "08:00", Down, false)]);
    let rows = rows(&stage.store(), &of_the_day());
    assert_eq!(rows[0].agreed_seconds.value(), 18.0 * 3600.0);
    assert_eq!(rows[0].availability.map(|ratio| ratio.0), Some(17.0 / 18.0));
    assert_eq!(rows[1].agreed_seconds.value(), 24.0 * 3600.0);
}

#[test]
fn objectives_are_those_of_the_newest_version_in_force() {
    let with_objective = |slo: f64| {
        let mut cmdb = testkit::cmdb("shop{service}");
        cmdb.items[0].objectives.slo = Some(slo);
        cmdb
    };
    let mut stage = Stage::with(with_objective(0.9));
    stage.import(with_objective(0.99), at("12:00"));
    let objective = |question: &Question| rows(&stage.store(), question)[0].objective.map(|ratio| ratio.0);
    assert_eq!(objective(&of_the_day()), Some(0.99));
    assert_eq!(objective(&Question { to: at("11:00"), ..of_the_day() }), Some(0.9));
    assert_eq!(objective(&Question { now: at("11:00"), ..of_the_day() }), Some(0.9), "now is earlier");
}

#[test]
fn a_window_counts_once_it_is_recorded_and_not_once_it_is_taken_back() {
    let mut stage = Stage::of("shop{service} -> db-7");
    let recorded = |name: &str, clock: &str, deleted: bool| {
        let mut made = window(name, "db-7", span("10:00", "12:00"));
        (made.received_at, made.deleted) = (at(clock), deleted);
        made
    };
    stage.facts(|step| step.maintenance = vec![recorded("late", "13:00", false), recorded("gone", "09:00", true)]);
    let agreed = |question: &Question| rows(&stage.store(), question)[0].agreed_seconds.value();
    assert_eq!(agreed(&of_the_day()), 22.0 * 3600.0, "by its own times, though it was recorded after them");
    assert_eq!(agreed(&Question { now: at("12:30"), ..of_the_day() }), 12.5 * 3600.0);
}

#[test]
fn a_failure_that_ends_where_the_window_begins_counts_as_ended_in_it() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| step.outages = vec![outage("shop", "-23:00", "00:00", Down, false)]);
    let row = &rows(&stage.store(), &of_the_day())[0];
    assert_eq!((row.outages, row.mean_outage_seconds.map(|mean| mean.value())), (0, Some(3600.0)));
}

#[test]
fn each_period_has_the_row_that_asking_for_it_alone_gives() {
    let store = worked_example::stage().store();
    let two_days = Question::new(at("-00:00"), at("+00:00"), at("+00:00"));
    let cut = Question { step: Some(Step::Day), ..two_days.clone() };
    let by_day = rows(&store, &cut);
    let groups: Vec<String> =
        by_day.iter().map(|row| format!("{} {}", row.group["service"], row.group["day"])).collect();
    assert_eq!(groups, ["billing 2026-05-03", "billing 2026-05-04", "checkout 2026-05-03", "checkout 2026-05-04"]);
    for (from, places) in [("-00:00", [0, 2]), ("00:00", [1, 3])] {
        let day = Interval::or_empty(at(from), at(from) + Span::DAY);
        let alone = rows(&store, &Question::new(day.start(), day.end(), two_days.now));
        for (place, mut expected) in places.into_iter().zip(alone) {
            expected.group = by_day[place].group.clone();
            assert_eq!(by_day[place], expected);
        }
    }
    let grouped = Question { group_by: vec![GroupBy::Service, GroupBy::Day], ..two_days };
    assert_eq!(rows(&store, &grouped), by_day);
}

#[test]
fn groups_that_mean_nothing_here_are_refused() {
    let store = worked_example::stage().store();
    let question = Question { group_by: vec![GroupBy::Priority], ..of_the_day() };
    assert!(refused(&store, &question).to_string().contains("grouped by priority"));
}

#[test]
fn intervals_are_what_the_figures_are_the_length_of() {
    let store = worked_example::stage().store();
    let answer = ask(&store, &Question { include_intervals: true, ..of_the_day() });
    for item in &answer.report.items {
        let intervals = item.intervals.as_ref().expect("they were asked for");
        let row = &item.figures;
        for (figure, seconds) in [
            ("agreed_seconds", row.agreed_seconds),
            ("down_seconds", row.down_seconds),
            ("degraded_seconds", row.degraded_seconds),
            ("planned_seconds", row.planned_seconds),
            ("blind_seconds", row.blind_seconds),
        ] {
            let length = |part: &Stretch| (part.to.0 - part.from.0).seconds_f64();
            assert_eq!(intervals[figure].iter().map(length).sum::<f64>(), seconds.value(), "{} {figure}", row.service);
        }
    }
    let checkout = answer.report.items[1].intervals.as_ref().expect("they were asked for");
    let planned = Stretch { from: Instant(at("03:00")), to: Instant(at("04:00")) };
    assert_eq!(checkout["planned_seconds"], [planned]);
    assert!(ask(&store, &of_the_day()).report.items.iter().all(|item| item.intervals.is_none()));
}

#[test]
fn an_empty_store_has_no_services_and_says_so_without_failing() {
    let answer = ask(&Stage::empty().store(), &of_the_day());
    assert!(answer.report.items.is_empty());
    assert!(!answer.definitions.is_empty());
}

#[test]
fn a_window_in_the_future_has_nothing_to_count() {
    let store = worked_example::stage().store();
    let rows = rows(&store, &Question { now: at("-12:00"), ..of_the_day() });
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.agreed_seconds.value() == 0.0 && row.availability.is_none() && row.outages == 0));
}

#[test]
fn customer_minutes_are_lost_where_the_users_are_known_and_somebody_watches() {
    let mut cmdb = testkit::cmdb("shop{service}\nmail{service}\nchat{service}");
    for (id, users) in [("shop", 2_000), ("chat", 500)] {
        cmdb.items.iter_mut().filter(|item| item.id.as_str() == id).for_each(|item| item.users = Some(users));
    }
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| {
        step.outages = vec![
            outage("shop", "10:00", "10:30", Down, false),
            outage("shop", "12:00", "13:00", Down, true),
            outage("mail", "10:00", "10:30", Down, false),
        ];
    });
    let lost: Vec<(String, Option<f64>)> = rows(&stage.store(), &of_the_day())
        .into_iter()
        .map(|row| (row.service, row.customer_minutes_lost.map(|minutes| minutes.0)))
        .collect();
    let expected = [("chat", None), ("mail", None), ("shop", Some(60_000.0))];
    assert_eq!(lost, expected.map(|(service, minutes)| (service.to_owned(), minutes)));
}

#[test]
fn degraded_time_weighs_what_the_objectives_say() {
    let mut cmdb = testkit::cmdb("shop{service}");
    cmdb.items[0].objectives.degraded_weight = 0.5;
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| step.outages = vec![outage("shop", "12:00", "14:24", Degraded, false)]);
    let row = &rows(&stage.store(), &of_the_day())[0];
    assert_eq!((row.down_seconds.value(), row.availability.map(|ratio| ratio.0)), (0.0, Some(0.95)));
}

#[test]
fn a_failure_outside_the_calendar_is_judged_by_its_true_end_also_when_it_is_swept() {
    let mut cmdb = testkit::cmdb("db-7");
    let weekdays =
        model::item::Hours { days: vec![model::item::Weekday::Mon], from_minute: 12 * 60, to_minute: 18 * 60 };
    cmdb.calendars = vec![model::item::CalendarDef {
        id: "noon".into(),
        time_zone: "UTC".into(),
        hours: vec![weekdays],
        holidays: vec![],
    }];
    cmdb.items[0].objectives.calendar = Some("noon".into());
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| step.alerts = vec![alert("db-7/Down", "db-7", &[("10:00", Critical)], "11:30")]);
    // The report ends while it lasts; what is known now is that it was over before noon.
    let question = Question { to: at("11:00"), ..of_items(&["db-7"]) };
    assert_eq!(rows(&stage.store(), &question)[0].outages, 0);
    stage.facts(|step| step.alerts = vec![alert("db-7/Down", "db-7", &[("10:00", Critical)], "12:30")]);
    assert_eq!(rows(&stage.store(), &question)[0].outages, 1);
}

#[test]
fn a_report_may_be_made_on_any_thread() {
    fn moves_between_threads<T: Send>(_: &T) {}
    let (store, question) = (worked_example::stage().store(), of_the_day());
    let asked = availability(&store, &question);
    moves_between_threads(&asked);
    moves_between_threads(&report::slo(&store, &question));
    moves_between_threads(&report::continuity(&store, &question));
    moves_between_threads(&report::incidents(&store, &question));
    moves_between_threads(&report::noise(&store, &question));
    assert_eq!(ready(asked).expect("it answers").report.items.len(), 2);
}

#[test]
fn more_services_times_periods_than_a_report_may_have_are_refused_before_anything_is_computed() {
    let cmdb: Vec<String> = (0..30).map(|n| format!("shop-{n}{{service}}")).collect();
    let stage = Stage::of(&cmdb.join("\n"));
    let question = Question { step: Some(Step::Day), ..of_the_day() };
    let question = Question { from: question.to - Span::from_days(3900), ..question };
    let told = ready(availability(&stage.store(), &question)).expect_err("30 services of 3900 days");
    assert!(told.to_string().contains("30 services times 3900 periods"), "{told}");
}
