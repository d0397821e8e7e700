//! Reports of months that are over: issued once, bound to what they stand on, revised where the past was otherwise.

use model::outage::OutageState;
use model::step::Counts;
use model::{Interval, Step, Timestamp};
use report::issued::{Every, Issued, Kind, Schedule, issue_next, revise};
use report::{GroupBy, definitions};
use serde_json::{Value, json};
use store::{IssuedFilter, IssuedLine, IssuedReport, ready};

use crate::html::markup;
use crate::stage::{Stage, at, incident, outage, window};

const SHOP: &str = "shop{service} -> db-7";

fn on(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn june() -> Timestamp {
    on("2026-06-01T01:00:00Z")
}

fn monthly(kind: Kind) -> Schedule {
    Schedule {
        name: "leadership".to_owned(),
        kind,
        every: Every::Month,
        time_zone: None,
        services: Vec::new(),
        group_by: Vec::new(),
    }
}

fn some(events: u64) -> Counts {
    Counts { events, opened: events, ..Counts::default() }
}

/// The shop was down from ten to twelve on the fourth of May, and an incident told of it.
fn stage() -> Stage {
    let mut stage = Stage::of(SHOP);
    stage.facts(|step| {
        step.counts = some(3);
        step.outages.push(outage("shop", "10:00", "12:00", OutageState::Down, false));
        step.incidents.push(incident("slow", ["10:00", "10:01", "", "12:00", "12:05"]));
    });
    stage
}

fn done(issued: Result<Issued, report::ReportError>) -> IssuedLine {
    match issued.expect("it answers") {
        Issued::Done(line) => line,
        other => panic!("{other:?}"),
    }
}

fn whole(stage: &Stage, line: &IssuedLine) -> IssuedReport {
    ready(stage.store().issued_report(line.id)).expect("it answers").expect("it is kept")
}

fn changes(stage: &Stage, line: &IssuedLine) -> Value {
    serde_json::from_str(&whole(stage, line).changes).expect("it is JSON")
}

/// `I20`
#[test]
fn a_month_is_issued_once_an_hour_after_its_end_and_says_what_it_stands_on() {
    let stage = stage();
    let (store, schedule) = (stage.store(), monthly(Kind::Availability));
    let early = on("2026-06-01T00:59:59Z");
    assert_eq!(ready(issue_next(&store, &schedule, early)).expect("it answers"), Issued::Nothing);
    let line = done(ready(issue_next(&store, &schedule, june())));
    assert_eq!(line.period, Interval::or_empty(on("2026-05-01T00:00:00Z"), on("2026-06-01T00:00:00Z")));
    assert_eq!((line.revision, line.issued_at, line.changed), (1, june(), 0));
    assert_eq!((line.binding.definitions, line.binding.cmdb), (definitions::VERSION, Some(1)));
    let commit = &line.binding.commits[0];
    let head = &ready(store.heads()).expect("it answers")[0];
    assert_eq!((commit.partition, commit.sequence, commit.hash), (None, head.commits, head.hash));
    assert_eq!(ready(issue_next(&store, &schedule, june())).expect("it answers"), Issued::Nothing);
    let report = whole(&stage, &line);
    assert_eq!(IssuedLine::digest_of(&report.answer), line.digest);
    let answer: Value = serde_json::from_str(&report.answer).expect("it is JSON");
    assert_eq!(answer["items"][0]["down_seconds"], json!(7200));
    assert_eq!(answer["completeness"]["events_in"], json!(3));
    assert!(report.csv.starts_with("service,availability,"));
    assert!(Kind::Availability.table(&report.answer, report::Style::default()).expect("it reads").contains("shop"));
    assert_eq!(ready(store.check()).expect("it answers"), []);
}

#[test]
fn before_anything_came_nothing_is_issued() {
    let stage = Stage::of(SHOP);
    let nothing = ready(issue_next(&stage.store(), &monthly(Kind::Availability), june()));
    assert_eq!(nothing.expect("it answers"), Issued::Nothing);
}

/// The outage was over sooner; an incident was none; an hour had been agreed on.
#[test]
fn a_later_correction_makes_a_revision_that_names_the_cells() {
    type Late = (Kind, fn(&mut Step), Value);
    let cases: [Late; 3] = [
        (
            Kind::Availability,
            |step| step.outages.push(outage("shop", "10:00", "11:00", OutageState::Down, false)),
            json!({"row": {"service": "shop"}, "figure": "down_seconds", "before": 7200, "after": 3600}),
        ),
        (
            Kind::Incidents,
            |step| {
                let mut known = incident("slow", ["10:00", "10:01", "", "12:00", "12:05"]);
                known.false_positive = Some("a wrong probe".into());
                step.incidents.push(known);
            },
            json!({"row": {}, "figure": "opened", "before": 1, "after": 0}),
        ),
        (
            Kind::Availability,
            |step| step.maintenance.push(window("MW1", "shop", Interval::or_empty(at("20:00"), at("21:00")))),
            json!({"row": {"service": "shop"}, "figure": "agreed_seconds", "before": 2_678_400, "after": 2_674_800}),
        ),
    ];
    for (kind, late, expected) in cases {
        let mut stage = stage();
        let first = done(ready(issue_next(&stage.store(), &monthly(kind), june())));
        let as_issued = whole(&stage, &first);
        assert_eq!(ready(revise(&stage.store(), &first, june())).expect("it answers"), Issued::Nothing);
        let mut step = Step { clock: on("2026-06-02T00:00:00Z"), ..Step::default() };
        late(&mut step);
        stage.step(step);
        let now = on("2026-06-02T00:01:00Z");
        let second = done(ready(revise(&stage.store(), &first, now)));
        assert_eq!((second.revision, second.period, second.issued_at), (2, first.period, now));
        let told = changes(&stage, &second);
        let cells = told.as_array().expect("a list");
        assert!(cells.contains(&expected), "{kind:?}: {told}");
        assert_eq!(cells.len() as u64, second.changed);
        assert_eq!(whole(&stage, &first), as_issued, "it stays as it was issued");
        assert_eq!(ready(revise(&stage.store(), &second, now)).expect("it answers"), Issued::Nothing);
        // Whoever still knows only the first is too late.
        assert_eq!(ready(revise(&stage.store(), &first, now)).expect("it answers"), Issued::Already);
        assert_eq!(ready(stage.store().check()).expect("it answers"), []);
    }
}

#[test]
fn a_page_says_which_revision_it_is_what_it_stands_on_and_what_changed() {
    let mut stage = stage();
    let first = done(ready(issue_next(&stage.store(), &monthly(Kind::Availability), june())));
    let page = |line: &IssuedLine| Kind::Availability.page(&whole(&stage, line)).expect("it reads");
    let of_first = page(&first);
    markup::is_sound(&of_first);
    for told in ["revision 1</h2>", &first.id.to_string(), &first.digest.to_string(), "As it was first issued"] {
        assert!(of_first.contains(told), "{told}");
    }
    stage.step(Step {
        clock: on("2026-06-02T00:00:00Z"),
        outages: vec![outage("shop", "10:00", "11:00", OutageState::Down, false)],
        ..Step::default()
    });
    let second = done(ready(revise(&stage.store(), &first, on("2026-06-02T00:01:00Z"))));
    let of_second = Kind::Availability.page(&whole(&stage, &second)).expect("it reads");
    markup::is_sound(&of_second);
    let cell = "<tr><th scope=\"row\"><bdi>shop</bdi></th><td class=\"t\">down</td><td>2h</td><td>1h</td></tr>";
    for told in ["revision 2</h2>", "What changed since revision 1", cell] {
        assert!(of_second.contains(told), "{told}");
    }
}

#[test]
fn a_newer_cmdb_and_what_came_in_later_months_change_nothing_of_what_was_issued() {
    let mut stage = stage();
    let first = done(ready(issue_next(&stage.store(), &monthly(Kind::Availability), june())));
    let mut cmdb = testkit::cmdb("shop{service} -> db-7\nmail{service} -> db-7");
    cmdb.items[0].objectives.slo = Some(0.999);
    stage.import(cmdb, on("2026-06-03T00:00:00Z"));
    stage.step(Step { clock: on("2026-06-09T00:00:00Z"), counts: some(9), ..Step::default() });
    let now = on("2026-06-10T00:00:00Z");
    assert_eq!(ready(revise(&stage.store(), &first, now)).expect("it answers"), Issued::Nothing);
    let next = done(ready(issue_next(&stage.store(), &monthly(Kind::Availability), on("2026-07-02T00:00:00Z"))));
    assert_eq!((next.binding.cmdb, next.revision), (Some(2), 1));
}

#[test]
fn what_is_old_or_was_issued_under_other_definitions_stays_as_it_is() {
    let mut stage = stage();
    let first = done(ready(issue_next(&stage.store(), &monthly(Kind::Availability), june())));
    stage.step(Step {
        clock: on("2026-06-02T00:00:00Z"),
        outages: vec![outage("shop", "10:00", "11:00", OutageState::Down, false)],
        ..Step::default()
    });
    let long_after = on("2027-07-07T00:00:00Z");
    assert_eq!(ready(revise(&stage.store(), &first, long_after)).expect("it answers"), Issued::Nothing);
    let mut other = first.clone();
    other.binding.definitions += 1;
    assert_eq!(ready(revise(&stage.store(), &other, june())).expect("it answers"), Issued::Nothing);
    assert!(matches!(ready(revise(&stage.store(), &first, june())).expect("it answers"), Issued::Done(_)));
}

#[test]
fn months_that_were_missed_are_caught_up_the_oldest_first() {
    let stage = stage();
    let schedule = Schedule { group_by: vec![GroupBy::Priority], ..monthly(Kind::Incidents) };
    let now = on("2026-09-15T00:00:00Z");
    let starts: Vec<String> =
        (0..4).map(|_| done(ready(issue_next(&stage.store(), &schedule, now))).period.start().to_string()).collect();
    assert_eq!(starts, ["05", "06", "07", "08"].map(|month| format!("2026-{month}-01T00:00:00Z")));
    assert_eq!(ready(issue_next(&stage.store(), &schedule, now)).expect("it answers"), Issued::Nothing);
    let all = ready(stage.store().every_issued_report(&IssuedFilter::default())).expect("it answers");
    assert!(all.iter().all(|line| line.asked.contains("\"group_by\":[\"priority\"]")), "{all:?}");
}

/// Nobody knows the mail of before June: nothing can be said of it in May, and much of it later.
#[test]
fn a_month_that_cannot_be_reported_keeps_no_later_one_waiting() {
    let mut stage = stage();
    stage.import(testkit::cmdb("shop{service} -> db-7\nmail{service}"), on("2026-06-03T00:00:00Z"));
    let schedule = Schedule { services: vec!["mail".into()], ..monthly(Kind::Availability) };
    let now = on("2026-08-02T00:00:00Z");
    let starts: Vec<String> =
        (0..2).map(|_| done(ready(issue_next(&stage.store(), &schedule, now))).period.start().to_string()).collect();
    assert_eq!(starts, ["2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"]);
    let why = ready(issue_next(&stage.store(), &schedule, now)).expect_err("May is still missing").to_string();
    assert!(why.contains("`mail`"), "{why}");
}
