//! The SLO report: windows that reach before the report and into the future, and what is left out.

use model::item::SloWindow;
use model::outage::OutageState::Down;
use model::{Cmdb, Span, Timestamp};
use report::{GroupBy, Question, slo};
use store::{Store, ready};
use wire::v1::{Seconds, SloRow};

use crate::stage::{Stage, at, of_items, of_the_day, outage, span, spoken, window};
use crate::worked_example;

fn shop(objective: f64, window: Option<SloWindow>) -> Cmdb {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7\nidle{service}");
    (cmdb.items[0].objectives.slo, cmdb.items[0].objectives.slo_window) = (Some(objective), window);
    cmdb
}

fn rows(store: &Store, question: &Question) -> Vec<SloRow> {
    ready(slo(store, question)).expect("it answers").rows().cloned().collect()
}

#[test]
fn only_services_with_an_objective_are_listed_and_thirty_days_are_meant_unless_said() {
    let store = Stage::with(shop(0.9, None)).store();
    let rows = rows(&store, &of_the_day());
    assert_eq!((rows.len(), rows[0].service.as_str(), rows[0].window.as_str()), (1, "shop", "30d"));
    assert_eq!(rows[0].agreed_seconds.value(), Span::from_days(30).seconds_f64());
}

#[test]
fn a_month_is_whole_and_maintenance_to_come_is_taken_off_its_budget() {
    let mut stage = Stage::with(shop(0.9, Some(SloWindow::Month)));
    stage.facts(|step| {
        let first = Timestamp::from_date(2026, 5, 20);
        let planned = model::Interval::or_empty(first, first + Span::DAY);
        step.maintenance = vec![window("to come", "db-7", planned)];
        step.maintenance[0].received_at = at("12:00");
        step.outages = vec![outage("shop", "-10:00", "-11:00", Down, false)];
    });
    let row = &rows(&stage.store(), &of_the_day())[0];
    assert_eq!(row.agreed_seconds.value(), 30.0 * 86_400.0, "31 days less one");
    assert_eq!(row.consumed_seconds.map(Seconds::value), Some(3600.0), "of the month before the report began too");
    let earlier = &rows(&stage.store(), &Question { now: at("11:00"), ..of_the_day() })[0];
    assert_eq!(earlier.agreed_seconds.value(), 31.0 * 86_400.0, "nobody knew of it yet");
}

#[test]
fn of_a_service_without_evidence_no_budget_is_whole() {
    let mut stage = Stage::with(shop(0.9, None));
    let figures = |stage: &Stage| {
        let row = rows(&stage.store(), &of_the_day()).remove(0);
        let text = report::csv::render(&ready(slo(&stage.store(), &of_the_day())).expect("it answers"));
        let line = text.lines().nth(1).expect("a row").to_owned();
        (row.consumed_seconds.map(Seconds::value), row.remaining_seconds.is_some(), row.burn_rate.day.is_some(), line)
    };
    let nothing = (None, false, false, "shop,0.9,30d,2592000,259200,,,,,,".to_owned());
    assert_eq!(figures(&stage), nothing);
    stage.facts(|step| step.coverage = vec![spoken("db-7", "mon", "09:00")]);
    assert_eq!(figures(&stage), (Some(0.0), true, true, "shop,0.9,30d,2592000,259200,0,259200,0,0,0,0".to_owned()));
}

#[test]
fn a_known_outage_is_evidence_of_a_budget_too() {
    let mut stage = Stage::with(shop(0.9, None));
    stage.facts(|step| step.outages = vec![outage("shop", "10:00", "10:30", Down, false)]);
    assert_eq!(rows(&stage.store(), &of_the_day())[0].consumed_seconds.map(Seconds::value), Some(1800.0));
    let before = Question { now: at("09:00"), ..of_the_day() };
    assert_eq!(rows(&stage.store(), &before)[0].consumed_seconds, None, "nobody knew of it yet");
}

#[test]
fn an_older_version_of_the_cmdb_holds_for_the_window_before_the_report() {
    // Until 3 May 12:00 the shop needed nothing; then its database, which was in maintenance on 2 and 4 May.
    let mut without = shop(0.9, Some(SloWindow::Rolling(Span::from_days(7))));
    without.items[0].relations.clear();
    let mut stage = Stage::with(without);
    stage.import(shop(0.9, Some(SloWindow::Rolling(Span::from_days(7)))), at("-12:00"));
    stage.facts(|step| {
        let before = model::Interval::or_empty(at("-00:00") - Span::DAY, at("-00:00") - Span::from_hours(20));
        step.maintenance = vec![window("before", "db-7", before), window("after", "db-7", span("02:00", "04:00"))];
    });
    let row = &rows(&stage.store(), &of_the_day())[0];
    assert_eq!(row.agreed_seconds.value(), 7.0 * 86_400.0 - 7200.0);
}

#[test]
fn an_slo_stands_at_the_end_of_the_report_and_is_cut_into_no_periods() {
    let store = worked_example::stage().store();
    let question = Question { group_by: vec![GroupBy::Month], ..of_the_day() };
    assert!(ready(slo(&store, &question)).expect_err("it is refused").to_string().contains("grouped by month"));
}

#[test]
fn intervals_of_an_slo_are_its_downtime_over_the_whole_window() {
    let store = worked_example::stage().store();
    let question = Question { include_intervals: true, ..of_items(&["checkout"]) };
    let answer = ready(slo(&store, &question)).expect("it answers");
    let intervals = answer.report.items[0].intervals.as_ref().expect("they were asked for");
    let down = &intervals["down_seconds"];
    assert_eq!(down.first().map(|first| first.from.0), Some(at("-23:50")));
    let length: f64 = down.iter().map(|part| (part.to.0 - part.from.0).seconds_f64()).sum();
    assert_eq!(Some(length), answer.report.items[0].figures.consumed_seconds.map(Seconds::value));
}

/// An outage of weeks ago is no evidence for a day, whoever else is asked about and however far that one looks back.
#[test]
fn evidence_is_of_what_the_row_itself_looks_at() {
    let mut cmdb = shop(0.9, Some(SloWindow::Rolling(Span::DAY)));
    let mut other = Stage::with(cmdb.clone());
    (cmdb.items[2].objectives.slo, cmdb.items[2].objectives.slo_window) = (Some(0.9), Some(SloWindow::Quarter));
    assert_eq!(cmdb.items[2].id.as_str(), "idle");
    let mut beside = Stage::with(cmdb);
    for stage in [&mut other, &mut beside] {
        stage.facts(|step| {
            let long_ago = outage("shop", "-10:00", "-11:00", Down, false);
            let [from, to] = [long_ago.from, long_ago.from + Span::HOUR].map(|at| at - Span::from_days(20));
            step.outages = vec![model::Outage { from, to: Some(to), ..long_ago }];
        });
    }
    let of_shop = |stage: &Stage| {
        let rows = rows(&stage.store(), &of_the_day());
        rows.into_iter().find(|row| row.service == "shop").expect("it has an objective")
    };
    assert_eq!(of_shop(&other).consumed_seconds, None);
    assert_eq!(of_shop(&beside), of_shop(&other));
}

#[test]
fn who_is_gone_since_the_start_has_a_row_however_short_the_windows_are() {
    let mut stage = Stage::with(shop(0.9, Some(SloWindow::Rolling(Span::HOUR))));
    stage.import(testkit::cmdb("mail{service}"), at("-12:00"));
    stage.facts(|_| {});
    let question = Question { from: at("-12:00") - Span::from_days(9), ..of_the_day() };
    let listed: Vec<String> = rows(&stage.store(), &question).into_iter().map(|row| row.service).collect();
    assert_eq!(listed, ["shop"]);
}
