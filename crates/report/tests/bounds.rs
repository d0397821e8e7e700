//! Questions at the edges: no time, all of time, nobody at work, everybody by name, filters.

use std::time::{Duration, Instant};

use model::incident::{AffectedService, Priority};
use model::item::{AgreedTarget, Agreement, AgreementKind, CalendarDef, Hours, Weekday};
use model::outage::ItemState;
use model::outage::OutageState::Down;
use model::{CiId, Cmdb, Severity, Span, Timestamp};
use report::{
    Filter, GroupBy, Question, ReportError, Step, availability, changes, continuity, incidents, noise, problems, sla,
    slo,
};
use store::{Store, ready};

use crate::stage::{Stage, alert, at, incident, of_the_day, outage, spoken, window};

/// Far more than any of these takes; a slow death takes longer.
const BOUND: Duration = Duration::from_secs(120);

fn all(store: &Store, question: &Question) -> Vec<(&'static str, Result<usize, ReportError>)> {
    let begun = Instant::now();
    let told = vec![
        ("availability", ready(availability(store, question)).map(|answer| answer.rows().count())),
        ("slo", ready(slo(store, question)).map(|answer| answer.rows().count())),
        ("sla", ready(sla(store, question)).map(|answer| answer.rows().count())),
        ("continuity", ready(continuity(store, question)).map(|answer| answer.rows().count())),
        ("incidents", ready(incidents(store, question)).map(|answer| answer.rows().count())),
        ("changes", ready(changes(store, question)).map(|answer| answer.rows().count())),
        ("noise", ready(noise(store, question)).map(|answer| answer.rows().count())),
        ("problems", ready(problems(store, question)).map(|answer| answer.rows().count())),
    ];
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    told
}

fn office(id: &str, days: Vec<Weekday>) -> CalendarDef {
    let hours = Hours { days, from_minute: 8 * 60, to_minute: 18 * 60 };
    CalendarDef { id: id.into(), time_zone: "Europe/Berlin".into(), hours: vec![hours], holidays: Vec::new() }
}

fn shops(count: usize, calendar: CalendarDef) -> Cmdb {
    let names: Vec<String> = (0..count).map(|nth| format!("s{nth}{{service}}")).collect();
    let mut cmdb = testkit::cmdb(&names.join("\n"));
    for item in &mut cmdb.items {
        item.objectives.calendar = Some(calendar.id.clone());
        (item.objectives.slo, item.objectives.rto) = (Some(0.99), Some(Span::HOUR));
    }
    cmdb.calendars.push(calendar);
    cmdb
}

#[test]
fn a_window_of_no_time_is_refused_by_every_report() {
    let store = Stage::of("shop{service}").store();
    let question = Question { to: at("00:00"), ..of_the_day() };
    for (report, told) in all(&store, &question) {
        assert!(matches!(told, Err(ReportError::NoTime { .. })), "{report}: {told:?}");
    }
}

#[test]
fn the_edges_of_the_calendar_are_times_like_any_others() {
    let mut stage = Stage::with(shops(2, office("office", vec![Weekday::Mon])));
    stage.facts(|step| {
        step.coverage = vec![spoken("s0", "mon", "00:00")];
        step.outages = vec![outage("s0", "10:00", "11:00", Down, false)];
        let every = calendar::recurrence(crate::stage::span("01:00", "02:00"), "FREQ=DAILY", "UTC", &[]).unwrap();
        step.maintenance = vec![model::fact::MaintenanceWindow {
            recurrence: Some(every),
            ..window("MW1", "s1", crate::stage::span("01:00", "02:00"))
        }];
    });
    let store = stage.store();
    for (from, to) in [
        (Timestamp::MIN, Timestamp::MAX),
        (at("00:00"), Timestamp::MAX),
        (Timestamp::MAX - Span::MICROSECOND, Timestamp::MAX),
        (Timestamp::MIN, Timestamp::MIN + Span::MICROSECOND),
        (Timestamp::EPOCH - Span::DAY, Timestamp::EPOCH + Span::DAY),
        (at("00:00"), at("00:00") + Span::MICROSECOND),
    ] {
        for (report, told) in all(&store, &Question { from, to, ..of_the_day() }) {
            assert!(told.is_ok(), "{report} {from} {to}: {told:?}");
        }
    }
    // As seen at either end of the calendar too.
    for now in [Timestamp::MIN, Timestamp::MAX] {
        for (report, told) in all(&store, &Question { now, ..of_the_day() }) {
            assert!(told.is_ok(), "{report} at {now}: {told:?}");
        }
    }
}

#[test]
fn a_century_of_one_service_is_answered_and_of_ten_thousand_refused_with_the_limit() {
    let century = Question { from: at("+00:00") - Span::from_days(36_525), ..of_the_day() };
    let days = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let one = Stage::with(shops(1, office("office", days.clone()))).store();
    for (report, told) in all(&one, &century) {
        assert!(told.is_ok(), "{report}: {told:?}");
    }
    let many = Stage::with(shops(10_000, office("office", days))).store();
    let begun = Instant::now();
    for told in [
        ready(availability(&many, &century)).map(|_| ()).expect_err("too many days").to_string(),
        ready(continuity(&many, &century)).map(|_| ()).expect_err("too many days").to_string(),
    ] {
        assert!(told.contains("10000 services") && told.contains("REPORT_SERVICE_DAYS_MAX"), "{told}");
    }
    assert!(begun.elapsed() < BOUND);
    let told = ready(noise(&many, &Question { step: Some(Step::Day), ..century })).expect_err("too many periods");
    assert!(told.to_string().contains("REPORT_PERIODS_MAX"), "{told}");
}

#[test]
fn more_occurrences_of_maintenance_than_a_report_goes_through_are_refused_with_the_limit() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let first = crate::stage::span("00:00", "00:01");
        let first =
            model::Interval::or_empty(first.start() - Span::from_days(36_500), first.end() - Span::from_days(36_500));
        let hourly = calendar::recurrence(first, "FREQ=HOURLY", "UTC", &[]);
        let every = hourly.or_else(|_| calendar::recurrence(first, "FREQ=DAILY", "UTC", &[])).unwrap();
        let items = (0..1_000).map(|nth| CiId::from(format!("db-{nth}").as_str())).collect();
        step.maintenance = vec![model::fact::MaintenanceWindow {
            recurrence: Some(every),
            cis: items,
            ..window("MW1", "shop", first)
        }];
    });
    let store = stage.store();
    let century = Question { from: at("+00:00") - Span::from_days(36_500), ..of_the_day() };
    let begun = Instant::now();
    for (report, told) in all(&store, &century).into_iter().filter(|(report, _)| *report == "availability") {
        let told = told.expect_err("36 million").to_string();
        assert!(told.contains("REPORT_OCCURRENCES_MAX"), "{report}: {told}");
    }
    assert!(begun.elapsed() < BOUND);
    assert!(ready(availability(&store, &of_the_day())).is_ok());
}

#[test]
fn a_calendar_that_is_never_open_agrees_to_nothing() {
    let mut stage = Stage::with(shops(1, office("never", Vec::new())));
    stage.facts(|step| {
        step.coverage = vec![spoken("s0", "mon", "00:00")];
        step.outages = vec![outage("s0", "10:00", "11:00", Down, false), outage("s0", "20:00", "", Down, false)];
    });
    for from in [at("00:00"), Timestamp::MIN] {
        let question = Question { from, ..of_the_day() };
        for (report, told) in all(&stage.store(), &question) {
            assert!(told.is_ok(), "{report}: {told:?}");
        }
        let row = ready(availability(&stage.store(), &question)).unwrap().rows().next().cloned().unwrap();
        assert_eq!((row.agreed_seconds.value(), row.availability, row.met, row.outages), (0.0, None, None, 0));
        let row = ready(slo(&stage.store(), &question)).unwrap().rows().next().cloned().unwrap();
        assert_eq!((row.budget_seconds.value(), row.burn_rate.day), (0.0, None));
    }
}

#[test]
fn ten_thousand_names_are_answered_and_one_more_is_refused() {
    let mut stage = Stage::with(shops(10_001, office("office", vec![Weekday::Mon])));
    stage.facts(|step| {
        step.outages = (0..10_001).map(|nth| outage(&format!("s{nth}"), "10:00", "11:00", Down, false)).collect();
        step.incidents =
            (0..500).map(|nth| incident(&nth.to_string(), ["10:00", "10:01", "", "11:00", "11:05"])).collect();
    });
    let store = stage.store();
    let named = |count: usize| Question {
        services: (0..count).map(|nth| CiId::from(format!("s{nth}").as_str())).collect(),
        ..of_the_day()
    };
    let begun = Instant::now();
    let answer = ready(availability(&store, &named(10_000))).expect("it answers");
    assert_eq!(answer.rows().count(), 10_000);
    assert!(answer.rows().all(|row| row.outages == 1));
    assert!(ready(incidents(&store, &named(10_000))).is_ok() && ready(slo(&store, &named(10_000))).is_ok());
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    for (report, told) in all(&store, &named(10_001)).into_iter().filter(|(report, _)| *report != "noise") {
        assert!(matches!(told, Err(ReportError::TooManyNames { .. })), "{report}: {told:?}");
    }
}

#[test]
fn services_are_filtered_by_what_the_cmdb_says_of_them() {
    let mut cmdb = testkit::cmdb("shop{service}\nmail{service}\nwiki{service}\ndb-7");
    for (item, team, environment, criticality) in [
        (0, "pay", "production", 1),
        (1, "office", "production", 3),
        (2, "office", "staging", 4),
        (3, "pay", "production", 1),
    ] {
        let item = &mut cmdb.items[item];
        (item.team, item.environment, item.criticality) = (Some(team.into()), environment.into(), criticality);
    }
    let store = Stage::with(cmdb).store();
    let listed = |filter: Filter, services: &[&str]| -> Vec<String> {
        let services = services.iter().map(|id| CiId::from(*id)).collect();
        let answer = ready(availability(&store, &Question { filter, services, ..of_the_day() })).expect("it answers");
        answer.rows().map(|row| row.service.clone()).collect()
    };
    let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let teams = |words: &[&str]| Filter { teams: texts(words), ..Filter::default() };
    assert_eq!(listed(teams(&["office"]), &[]), ["mail", "wiki"]);
    assert_eq!(listed(teams(&["office", "pay"]), &[]), ["mail", "shop", "wiki"]);
    assert_eq!(listed(teams(&["pay"]), &["db-7", "mail"]), ["db-7"]);
    assert_eq!(listed(Filter { criticalities: vec![1, 4], ..Filter::default() }, &[]), ["shop", "wiki"]);
    assert_eq!(listed(Filter { environments: texts(&["staging"]), ..teams(&["office"]) }, &[]), ["wiki"]);
    assert_eq!(listed(Filter { classes: texts(&["service"]), ..Filter::default() }, &["db-7", "shop"]), ["shop"]);
    assert_eq!(listed(teams(&["nobody"]), &[]), Vec::<String>::new());
    let misspelt = Question { filter: teams(&["nobody"]), ..of_the_day() };
    let notes = [
        ready(availability(&store, &misspelt)).expect("it answers").notes,
        ready(slo(&store, &misspelt)).expect("it answers").notes,
        ready(continuity(&store, &misspelt)).expect("it answers").notes,
    ];
    assert!(notes.iter().all(|notes| notes.iter().any(|note| note.contains("no service fits"))), "{notes:?}");
}

#[test]
fn incidents_are_filtered_by_priority_team_and_items() {
    let mut cmdb = testkit::cmdb("shop{service}\nmail{service}");
    (cmdb.items[0].criticality, cmdb.items[1].criticality) = (1, 3);
    cmdb.items[1].environment = "staging".into();
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| {
        for (name, priority, team, ci) in [
            ("a", Priority::P1, "pay", "shop"),
            ("b", Priority::P2, "pay", "mail"),
            ("c", Priority::P1, "net", "nowhere"),
        ] {
            let mut one = incident(name, ["10:00", "10:01", "", "", ""]);
            (one.priority, one.team, one.cis) = (priority, Some(team.into()), vec![ci.into()]);
            step.incidents.push(one);
        }
    });
    let opened = |filter: Filter| {
        let answer = ready(incidents(&stage.store(), &Question { filter, ..of_the_day() })).expect("it answers");
        answer.rows().next().map(|row| row.opened).expect("there is always one")
    };
    let none = Filter::default();
    assert_eq!(opened(none.clone()), 3);
    assert_eq!(opened(Filter { priorities: vec![Priority::P1], ..none.clone() }), 2);
    assert_eq!(opened(Filter { teams: vec!["pay".to_owned()], ..none.clone() }), 2);
    assert_eq!(opened(Filter { criticalities: vec![1], ..none.clone() }), 1);
    assert_eq!(opened(Filter { environments: vec!["staging".to_owned()], ..none.clone() }), 1);
    assert_eq!(opened(Filter { classes: vec!["service".to_owned()], ..none.clone() }), 2);
    let both = Filter { priorities: vec![Priority::P1], teams: vec!["net".to_owned()], ..none };
    assert_eq!(opened(both), 1);
}

#[test]
fn a_filter_that_a_report_has_no_use_for_is_refused_and_says_what_it_has() {
    let store = Stage::of("shop{service}").store();
    let filter = Filter { priorities: vec![Priority::P1], ..Filter::default() };
    for (report, told) in all(&store, &Question { filter, ..of_the_day() }) {
        match told {
            Ok(_) => assert!(["incidents", "sla"].contains(&report), "{report}"),
            Err(error) => assert!(error.to_string().contains("is not filtered by priority: it has "), "{error}"),
        }
    }
}

#[test]
fn noise_is_cut_into_hours_and_nothing_finer() {
    let store = Stage::of("shop{service}").store();
    let cut = |step: &str| {
        let step = Step::from_word(step);
        ready(noise(&store, &Question { step, ..of_the_day() })).map(|answer| answer.rows().count())
    };
    assert_eq!(cut("6h").expect("it answers"), 4);
    assert!(cut("30m").expect_err("too fine").to_string().contains("at least 1h"));
    let short = Question { step: Some(Step::Every(Span::from_micros(10))), ..of_the_day() };
    assert!(ready(availability(&store, &short)).expect_err("too short").to_string().contains("REPORT_STEP_MIN"));
    let two = Question { step: Step::from_word("6h"), group_by: vec![GroupBy::Month], ..of_the_day() };
    assert!(ready(availability(&store, &two)).expect_err("two kinds").to_string().contains("month and step"));
}

/// Each has a year of office hours, and runs in each of as many periods as a report has.
#[test]
fn targets_that_run_for_long_are_counted_in_every_period_and_listed_up_to_the_limit() {
    let mut cmdb = shops(1, office("office", vec![Weekday::Mon, Weekday::Tue]));
    cmdb.agreements = vec![Agreement {
        id: "gold".into(),
        kind: AgreementKind::Sla,
        service: Some("s0".into()),
        team: None,
        supplier: None,
        calendar: Some("office".into()),
        targets: vec![AgreedTarget { priority: Priority::P1, respond: None, restore: Some(Span::from_days(100)) }],
    }];
    let mut stage = Stage::with(cmdb);
    let opened = |nth: usize| {
        let mut incident = incident(&nth.to_string(), ["00:00", "00:00", "", "", ""]);
        incident.priority = Priority::P1;
        incident.services = vec![AffectedService {
            id: "s0".into(),
            state: ItemState::Down,
            now: ItemState::Down,
            since: at("00:00"),
            criticality: 1,
        }];
        incident
    };
    stage.facts(|step| step.incidents = (0..300).map(opened).collect());
    let store = stage.store();
    let end = at("00:00") + Span::from_hours(4_000);
    let hourly = Question { step: Some(Step::Every(Span::HOUR)), ..Question::new(at("00:00"), end, end) };
    let begun = Instant::now();
    let answer = ready(sla(&store, &hourly)).expect("it answers");
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert!(answer.rows().count() == 4_000 && answer.rows().all(|row| row.running == 300));
    let told = ready(sla(&store, &Question { include_intervals: true, ..hourly })).expect_err("they are 1 200 000");
    assert!(told.to_string().contains("REPORT_ORIGINS_MAX"), "{told}");
}

#[test]
fn alerts_that_are_spoken_of_for_long_are_counted_in_every_hour_and_listed_up_to_the_limit() {
    let end = at("00:00") + Span::from_hours(4_000);
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let spoken = |nth: usize| {
            let mut alert = alert(&nth.to_string(), "shop", &[("00:00", Severity::Major)], "");
            alert.hot.last_received_at = end;
            alert
        };
        step.alerts = (0..300).map(spoken).collect();
    });
    let store = stage.store();
    let hourly = Question { step: Some(Step::Every(Span::HOUR)), ..Question::new(at("00:00"), end, end) };
    let answer = ready(noise(&store, &hourly)).expect("it answers");
    assert!(answer.rows().count() == 4_000 && answer.rows().all(|row| row.alerts == 300));
    let told = ready(noise(&store, &Question { include_intervals: true, ..hourly })).expect_err("they are 1 200 000");
    assert!(told.to_string().contains("REPORT_ORIGINS_MAX"), "{told}");
}
