//! The SLO report: windows that reach before the report and into the future, and what is left out.

use model::item::SloWindow;
use model::limits::REPORT_BURN_DOWNS_DRAWN_MAX;
use model::outage::OutageState::Down;
use model::{Cmdb, Span, Timestamp};
use report::{GroupBy, Include, Question, Step, slo};
use store::{Store, ready};
use wire::v1::{BurnDown, Seconds, SloRow};

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

fn burn_downs(store: &Store, question: &Question) -> Vec<(String, BurnDown)> {
    let rows = rows(store, question).into_iter();
    rows.filter_map(|row| Some((row.service, row.burn_down?))).collect()
}

fn including(include: Include, question: Question) -> Question {
    question.including(&[include])
}

fn told(burned: &BurnDown) -> Vec<(String, f64)> {
    burned.points.iter().map(|point| (point.at.0.to_string(), point.remaining_seconds.value())).collect()
}

#[test]
fn a_burn_down_begins_with_the_whole_budget_and_ends_with_what_remains() {
    let mut stage = Stage::with(shop(0.95, Some(SloWindow::Rolling(Span::from_days(2)))));
    stage.facts(|step| {
        step.outages =
            vec![outage("shop", "01:00", "02:00", Down, false), outage("shop", "10:00", "14:00", Down, false)]
    });
    let (store, question) = (stage.store(), including(Include::BurnDown, of_the_day()));
    assert_eq!(rows(&store, &of_the_day())[0].burn_down, None, "only where it is asked for");
    let row = rows(&store, &question).remove(0);
    let burned = row.burn_down.expect("it was asked for");
    let [before, today, next] = ["-00:00", "00:00", "-00:00"].map(at);
    assert_eq!((burned.from.0, burned.to.0), (before, next + Span::from_days(2)));
    let expected = [(before, 8640.0), (today, 8640.0), (today + Span::DAY, 8640.0 - 5.0 * 3600.0)];
    assert_eq!(told(&burned), expected.map(|(at, left)| (at.to_string(), left)));
    assert_eq!(burned.points.last().map(|last| last.remaining_seconds), row.remaining_seconds);
    assert_eq!(burned.exhausted_at.map(|at| at.0), Some(at("10:00") + Span::from_seconds(8640 - 3600)));
}

#[test]
fn a_step_and_a_time_zone_say_where_a_burn_down_is_read() {
    let mut stage = Stage::with(shop(0.9, Some(SloWindow::Rolling(Span::DAY))));
    stage.facts(|step| step.outages = vec![outage("shop", "10:00", "10:30", Down, false)]);
    let asked = |step, zone: Option<&str>| {
        let question = Question { step, time_zone: zone.map(str::to_owned), ..of_the_day() };
        let burned = burn_downs(&stage.store(), &including(Include::BurnDown, question)).remove(0).1;
        told(&burned).into_iter().map(|(at, _)| at.chars().skip(11).take(5).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(asked(None, None), ["00:00", "00:00"]);
    assert_eq!(asked(None, Some("Europe/Berlin")), ["00:00", "22:00", "00:00"]);
    assert_eq!(asked(Some(Step::Every(Span::from_hours(8))), None), ["00:00", "08:00", "16:00", "00:00"]);
    let too_fine = Question { step: Some(Step::Every(Span::from_seconds(1))), ..of_the_day() };
    let told =
        ready(slo(&stage.store(), &including(Include::BurnDown, too_fine))).expect_err("it is refused").to_string();
    assert!(told.contains("REPORT_PERIODS_MAX"), "{told}");
    let unasked = Question { step: Some(Step::Day), ..of_the_day() };
    let told = ready(slo(&stage.store(), &unasked)).expect_err("it is refused").to_string();
    assert!(told.contains("include=burn_down"), "{told}");
}

#[test]
fn a_month_burns_down_to_now_and_one_to_come_not_yet() {
    let mut stage = Stage::with(shop(0.9, Some(SloWindow::Month)));
    stage.facts(|step| step.outages = vec![outage("shop", "10:00", "11:00", Down, false)]);
    let asked = |question| burn_downs(&stage.store(), &including(Include::BurnDown, question)).remove(0).1;
    let burned = asked(Question { now: at("12:00"), ..of_the_day() });
    assert_eq!(burned.points.len(), 5, "the first to the fourth of May, and noon");
    assert_eq!(burned.points.last().map(|last| last.at.0), Some(at("12:00")));
    assert_eq!(burned.to.0, Timestamp::from_date(2026, 6, 1));
    let june = Question { to: Timestamp::from_date(2026, 7, 1), now: at("12:00"), ..of_the_day() };
    assert_eq!(told(&asked(june)), []);
}

#[test]
fn of_a_service_without_evidence_nobody_knows_how_its_budget_was_used() {
    let store = Stage::with(shop(0.9, None)).store();
    assert_eq!(burn_downs(&store, &including(Include::BurnDown, of_the_day())), []);
}

#[test]
fn an_objective_over_very_long_is_read_less_often_unless_that_is_said() {
    let mut stage = Stage::with(shop(0.9, Some(SloWindow::Rolling(Span::from_days(5000)))));
    stage.facts(|step| step.outages = vec![outage("shop", "10:00", "11:00", Down, false)]);
    let burned = burn_downs(&stage.store(), &including(Include::BurnDownWorst, of_the_day())).remove(0).1;
    assert_eq!(burned.points.len(), 5000 / 7 + 3, "by the week");
}

/// So many shops, of which each was down a minute longer than the one before.
fn shops(count: usize) -> Store {
    let text: Vec<String> = (0..count).map(|nth| format!("shop-{nth:04}{{service}}")).collect();
    let mut cmdb = testkit::cmdb(&text.join("\n"));
    cmdb.items.iter_mut().for_each(|item| item.objectives.slo = Some(0.99));
    let names: Vec<String> = cmdb.items.iter().map(|item| item.id.to_string()).collect();
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| {
        let lost = |(nth, name): (usize, &String)| {
            let to = format!("{:02}:{:02}", 1 + (nth + 1) / 60, (nth + 1) % 60);
            outage(name, "01:00", &to, Down, false)
        };
        step.outages = names.iter().enumerate().map(lost).collect();
    });
    stage.store()
}

#[test]
fn the_worst_burn_downs_are_those_of_which_most_is_used() {
    let store = shops(REPORT_BURN_DOWNS_DRAWN_MAX + 3);
    let of = |include| -> Vec<String> {
        let all = burn_downs(&store, &including(include, of_the_day()));
        all.into_iter().map(|(service, _)| service).collect()
    };
    assert_eq!(of(Include::BurnDown).len(), REPORT_BURN_DOWNS_DRAWN_MAX + 3);
    let worst = of(Include::BurnDownWorst);
    assert_eq!((worst.len(), worst[0].as_str()), (REPORT_BURN_DOWNS_DRAWN_MAX, "shop-0003"), "by id");
}

#[test]
fn more_points_than_a_report_has_rows_are_refused() {
    let store = shops(150);
    let question = Question { step: Some(Step::Every(Span::HOUR)), ..of_the_day() };
    let told =
        ready(slo(&store, &including(Include::BurnDown, question.clone()))).expect_err("it is refused").to_string();
    assert!(told.contains("150 services") && told.contains("REPORT_ROWS_MAX"), "{told}");
    assert!(
        !burn_downs(&store, &including(Include::BurnDownWorst, question)).is_empty(),
        "of the worst there are fewer"
    );
}
