//! What figures came from: whoever counts the lists has the figures.

use model::incident::AffectedService;
use model::item::{CalendarDef, Hours, Weekday};
use model::outage::ItemState;
use model::outage::OutageState::Down;
use model::{CiId, Outage, Span};
use report::{Question, Step, Stretch, availability, continuity, incidents, noise, slo};
use serde_json::Value;
use store::{Store, ready};

use crate::stage::{Stage, at, incident, of_items, of_the_day, outage, spoken};
use crate::worked_example;

fn explained() -> Question {
    Question { include_intervals: true, ..of_the_day() }
}

fn seconds(stretches: &[Stretch]) -> f64 {
    stretches.iter().map(|part| (part.to.0 - part.from.0).seconds_f64()).sum()
}

/// Times of the day, for what is easier read than instants.
fn clocks(outages: &[report::OutageOrigin]) -> Vec<String> {
    outages.iter().map(|outage| outage.from.0.to_string().chars().skip(5).take(11).collect()).collect()
}

#[test]
fn availability_names_the_outages_of_each_figure() {
    let answer = ready(availability(&worked_example::stage().store(), &explained())).expect("it answers");
    let item = &answer.report.items[1];
    let (row, behind, intervals) = (&item.figures, &item.origins.outages, item.intervals.as_ref().expect("asked for"));
    assert_eq!(row.service, "checkout");
    assert_eq!(clocks(&behind["outages"]), ["05-04T04:00", "05-04T08:00", "05-04T13:10", "05-04T23:45"]);
    assert_eq!(clocks(&behind["mean_outage_seconds"]), ["05-03T23:50", "05-04T04:00", "05-04T08:00", "05-04T13:10"]);
    assert_eq!(clocks(&behind["planned_seconds"]), ["05-04T03:00"]);
    assert_eq!(clocks(&behind["degraded_seconds"]), ["05-04T00:20", "05-04T13:00", "05-04T17:00"]);
    assert_eq!(behind["down_seconds"].len(), 5, "A too, which began before the window");
    let whole: f64 = behind["mean_outage_seconds"]
        .iter()
        .map(|outage| (outage.to.expect("it ended").0 - outage.from.0).seconds_f64())
        .sum();
    assert_eq!(Some(whole / 4.0), row.mean_outage_seconds.map(|mean| mean.value()));
    assert!(behind["outages"].iter().all(|outage| outage.ids.len() == 1 && outage.ids[0].starts_with("out_")));
    assert_eq!(behind["outages"][3].to, None, "it lasts");
    for (figure, value) in [
        ("agreed_seconds", row.agreed_seconds),
        ("down_seconds", row.down_seconds),
        ("degraded_seconds", row.degraded_seconds),
        ("planned_seconds", row.planned_seconds),
    ] {
        assert_eq!(seconds(&intervals[figure]), value.value(), "{figure}");
    }
    let felt = 1.0 - seconds(&intervals["availability_as_experienced"]) / 86_400.0;
    assert!((felt - row.availability_as_experienced.expect("a day").0).abs() < 1e-12);
    // db-main and web-1 of the service and the seven items below it.
    assert_eq!(item.origins.cis["coverage"], ["db-main", "web-1"]);
}

#[test]
fn an_outage_names_its_incident_and_one_that_is_swept_has_no_id() {
    let mut stage = Stage::of("shop{service} -> db-7");
    stage.facts(|step| {
        let cause = incident("cause", ["10:00", "10:00", "", "", ""]);
        let told = Outage { incident: Some(cause.id), ..outage("shop", "10:00", "11:00", Down, false) };
        step.outages = vec![told, outage("shop", "12:00", "12:30", Down, false)];
        step.incidents = vec![cause];
    });
    let answer = ready(availability(&stage.store(), &explained())).expect("it answers");
    let behind = &answer.report.items[0].origins.outages["outages"];
    assert_eq!(behind[0].incidents, ["INC0000001"]);
    assert!(behind[1].incidents.is_empty() && behind[1].ids.len() == 1);
    let question = Question { include_intervals: true, ..of_items(&["db-main"]) };
    let swept = ready(availability(&worked_example::stage().store(), &question)).expect("it answers");
    let behind = &swept.report.items[0].origins.outages["outages"];
    assert_eq!(behind.len() as u64, swept.report.items[0].figures.outages);
    assert!(behind.iter().all(|outage| outage.ids.is_empty()));
}

#[test]
fn a_budget_says_what_was_agreed_and_what_consumed_it() {
    let answer = ready(slo(&worked_example::stage().store(), &explained())).expect("it answers");
    let item = &answer.report.items[1];
    let (row, intervals) = (&item.figures, item.intervals.as_ref().expect("asked for"));
    assert_eq!(seconds(&intervals["agreed_seconds"]), row.agreed_seconds.value());
    assert_eq!(Some(seconds(&intervals["down_seconds"])), row.consumed_seconds.map(|consumed| consumed.value()));
    assert_eq!(seconds(&intervals["burn_rate_1h"]), 900.0);
    assert_eq!(seconds(&intervals["burn_rate_72h"]), 9000.0);
    let consumed = &item.origins.outages["consumed_seconds"];
    assert_eq!(clocks(consumed), ["05-03T23:50", "05-04T04:00", "05-04T08:00", "05-04T13:10", "05-04T23:45"]);
}

#[test]
fn continuity_names_recoveries_recovery_points_and_exercises() {
    let answer = ready(continuity(&worked_example::stage().store(), &explained())).expect("it answers");
    let item = &answer.report.items[1];
    let (row, origins) = (&item.figures, &item.origins);
    assert_eq!(origins.outages["recoveries"].len() as u64, row.recoveries);
    assert_eq!(Some(origins.outages["rto_met"].len() as u64), row.rto_met);
    assert_eq!(clocks(&origins.outages["worst_recovery_seconds"]), ["05-04T08:00"]);
    for (figure, value) in
        [("rpo_exposure_seconds", row.rpo_exposure_seconds), ("rpo_worst_seconds", row.rpo_worst_seconds)]
    {
        let longest = &origins.recovery_points[figure][0];
        assert_eq!(longest.ci, "db-main");
        assert_eq!(Some((longest.to.0 - longest.from.0).seconds_f64()), value.map(|value| value.value()), "{figure}");
    }
    assert_eq!(origins.recovery_points["rpo_worst_seconds"][0].from.0, at("-22:00"));
    assert_eq!(origins.exercises["last_exercise"][0].recovery_seconds.map(|seconds| seconds.value()), Some(1500.0));
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let store = worked_example::stage().store();
    let keys = |json: String| {
        let answer: Value = serde_json::from_str(&json).expect("it is JSON");
        let keys = ["intervals", "incident_numbers", "origins"];
        keys.into_iter().filter(|key| answer["items"][0].get(key).is_some()).count()
    };
    assert_eq!(keys(ready(continuity(&store, &of_the_day())).expect("it answers").to_json()), 0);
    assert_eq!(keys(ready(noise(&store, &of_the_day())).expect("it answers").to_json()), 0);
    assert!(keys(ready(noise(&store, &explained())).expect("it answers").to_json()) > 0);
}

#[test]
fn the_headline_is_of_incidents_that_affected_a_service_and_the_rest_stands_beside() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let mut felt = incident("felt", ["10:00", "10:01", "", "11:00", "11:05"]);
        felt.services = vec![AffectedService {
            id: CiId::from("shop"),
            state: ItemState::Down,
            now: ItemState::Up,
            since: at("10:00"),
            criticality: 1,
        }];
        let unfelt = incident("unfelt", ["12:00", "12:01", "", "12:10", "12:15"]);
        let also = incident("also", ["13:00", "13:01", "", "13:20", "13:25"]);
        step.incidents = vec![felt, unfelt, also];
    });
    let answer = ready(incidents(&stage.store(), &explained())).expect("it answers");
    let item = &answer.report.items[0];
    let mean = |sample: wire::v1::Sample| (sample.count, sample.mean_seconds.map(|mean| mean.value()));
    assert_eq!(mean(item.figures.mttr_with_service), (1, Some(3600.0)));
    assert_eq!(mean(item.figures.mttr_without_service), (2, Some(900.0)));
    assert_eq!(mean(item.figures.mttr), (3, Some(1800.0)));
    let behind = item.incident_numbers.as_ref().expect("asked for");
    assert_eq!(behind["mttr_with_service"].len(), 1);
    assert_eq!([&behind["mttr_with_service"][..], &behind["mttr_without_service"]].concat().len(), 3);
    let headed = report::table::render(&answer, report::Style::default());
    let header = headed.lines().find(|line| line.contains("MTTR")).expect("a heading").trim_start();
    assert!(header.starts_with("MTTR (SERVICES)"), "{header}");
}

/// Each row of a length of time is what asking for that time alone gives, and says which time that is.
#[test]
fn a_row_of_a_period_has_its_instants_and_is_what_asking_for_them_gives() {
    let store = worked_example::stage().store();
    let cut = Question { step: Some(Step::Every(Span::from_hours(7))), ..of_the_day() };
    let answer = ready(availability(&store, &cut)).expect("it answers");
    let of_checkout: Vec<_> = answer.report.items.iter().filter(|item| item.figures.service == "checkout").collect();
    assert_eq!(of_checkout.len(), 5, "counted from 1970 the fifth begins at 23:00");
    for item in of_checkout {
        let period = item.period.expect("it is of a period");
        assert_eq!(item.figures.group["step"], period.from.0.to_string());
        let alone =
            Question { services: vec!["checkout".into()], ..Question::new(period.from.0, period.to.0, cut.now) };
        let mut expected = ready(availability(&store, &alone)).expect("it answers").report.items.remove(0);
        assert_eq!(expected.period, None);
        expected.figures.group = item.figures.group.clone();
        assert_eq!(item.figures, expected.figures, "{period:?}");
    }
    let json: Value = serde_json::from_str(&answer.to_json()).expect("it is JSON");
    let row = &json["items"][0];
    assert_eq!((&row["from"], &row["to"]), (&"2026-05-04T00:00:00Z".into(), &"2026-05-04T02:00:00Z".into()));
}

#[test]
fn hours_alerts_and_incidents_stand_behind_noise() {
    let store: Store = worked_example::stage().store();
    let answer = ready(noise(&store, &explained())).expect("it answers");
    let item = &answer.report.items[0];
    assert_eq!(item.origins.alerts["alerts"].len() as u64, item.figures.alerts);
    let numbers = item.incident_numbers.as_ref().expect("asked for");
    assert_eq!(numbers["incidents"].len() as u64, item.figures.incidents);
    for (figure, count) in
        [("events", item.figures.events), ("episodes", item.figures.episodes), ("told", item.figures.told)]
    {
        assert_eq!(item.origins.hours[figure].iter().map(|hour| hour.count).sum::<u64>(), count, "{figure}");
    }
}

/// A service that is agreed on every other minute of a working day.
fn stage_of_minutes() -> Stage {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7");
    cmdb.calendars.push(CalendarDef {
        id: "minutes".into(),
        time_zone: "UTC".into(),
        hours: (0..720)
            .map(|nth| Hours {
                days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
                from_minute: nth * 2,
                to_minute: nth * 2 + 1,
            })
            .collect(),
        holidays: Vec::new(),
    });
    cmdb.items[0].objectives.calendar = Some("minutes".into());
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| step.coverage = vec![spoken("db-7", "mon", "-01:00")]);
    stage
}

#[test]
fn more_behind_a_report_than_it_may_name_is_refused() {
    let stage = stage_of_minutes();
    let years = |days: i64, include| Question {
        from: at("+00:00") - Span::from_days(days),
        include_intervals: include,
        ..of_the_day()
    };
    let ask = |question: &Question| ready(availability(&stage.store(), question));
    assert!(ask(&years(100, true)).is_ok());
    assert!(ask(&years(4_000, false)).is_ok());
    let told = ask(&years(4_000, true)).expect_err("some two million stretches").to_string();
    assert!(told.contains("REPORT_ORIGINS_MAX") && told.contains("without `include`"), "{told}");
}

/// Whoever asks for a page has not asked for what its figures came from.
#[test]
fn a_page_draws_what_its_figures_came_from_as_far_as_that_goes() {
    let stage = stage_of_minutes();
    let page = |days: i64| {
        let from = at("+00:00") - Span::from_days(days);
        let question = Question { from, draws_intervals: true, ..of_the_day() };
        ready(availability(&stage.store(), &question)).expect("it answers")
    };
    let (drawn, plain) = (page(100), page(4_000));
    assert!(drawn.notes.is_empty() && drawn.report.items.iter().all(|row| row.intervals.is_some()));
    assert!(plain.notes.iter().any(|note| note.contains("more than a page draws")), "{:?}", plain.notes);
    assert!(plain.report.items.len() == 1 && plain.report.items.iter().all(|row| row.intervals.is_none()));
}
