//! The problems report: what each cost, the dearest first.

use model::outage::OutageState::{Degraded, Down};
use model::problem::{Problem, ProblemOrigin, ProblemState};
use model::{Incident, IncidentId, Outage, ProblemId};
use report::{GroupBy, Question, problems};
use store::{Store, ready};
use wire::v1::ProblemsRow;

use crate::stage::{Stage, at, incident, of_items, of_the_day, outage};

fn problem(name: &str, incidents: &[&Incident]) -> Problem {
    Problem {
        id: ProblemId::derive(|hash| {
            hash.text(name);
        }),
        number: None,
        domain: Default::default(),
        state: ProblemState::Open,
        origin: ProblemOrigin::Person,
        title: name.into(),
        ci: Some("db".into()),
        signature: None,
        incidents: incidents.iter().map(|incident| incident.id).collect(),
        opened_at: at("00:00"),
        resolved_at: None,
        closed_at: None,
        known_error: false,
        workaround: None,
        cause: None,
        team: None,
        assignee: None,
        duplicate_of: None,
        comments: Vec::new(),
        version: 1,
    }
}

fn of(incident: IncidentId, outage: Outage) -> Outage {
    Outage { incident: Some(incident), ..outage }
}

/// Two problems and an incident of none; one incident was merged into another.
fn stage() -> Stage {
    let mut stage = Stage::of("shop{service} mail{service}");
    stage.facts(|step| {
        let [dear, merged, cheap, none, before] = [
            incident("dear", ["10:00", "10:00", "", "", ""]),
            incident("merged", ["10:05", "10:05", "", "", ""]),
            incident("cheap", ["12:00", "12:00", "", "", ""]),
            incident("none", ["14:00", "14:00", "", "", ""]),
            incident("before", ["-23:00", "-23:00", "", "", ""]),
        ];
        let merged = Incident { merged_into: Some(dear.id), ..merged };
        step.problems = vec![problem("cheap", &[&cheap, &before]), problem("dear", &[&dear]), problem("idle", &[])];
        step.outages = vec![
            of(dear.id, outage("shop", "10:00", "11:00", Down, false)),
            of(dear.id, outage("shop", "11:00", "11:30", Degraded, false)),
            of(dear.id, outage("shop", "15:00", "16:00", Down, true)),
            of(merged.id, outage("mail", "10:00", "11:00", Down, false)),
            of(cheap.id, outage("mail", "12:00", "12:30", Down, false)),
            of(before.id, outage("shop", "-23:00", "00:30", Down, false)),
            of(none.id, outage("shop", "14:00", "14:30", Down, false)),
            outage("mail", "20:00", "", Down, false),
        ];
        step.incidents = vec![dear, merged, cheap, none, before];
    });
    stage
}

fn rows(store: &Store, question: &Question) -> Vec<ProblemsRow> {
    ready(problems(store, question)).expect("it answers").rows().cloned().collect()
}

fn told(rows: &[ProblemsRow]) -> Vec<(&str, u64, f64, f64, Vec<&str>)> {
    let told = |row: &'_ ProblemsRow| (row.incidents, row.lost_seconds.value(), row.degraded_seconds.value());
    rows.iter()
        .map(|row| {
            let (incidents, lost, degraded) = told(row);
            (row.title.as_str(), incidents, lost, degraded, row.services.iter().map(String::as_str).collect())
        })
        .collect()
}

#[test]
fn the_problem_that_cost_most_service_time_comes_first() {
    let store = stage().store();
    let found = rows(&store, &of_the_day());
    let expected =
        vec![("dear", 1, 7200.0, 1800.0, vec!["mail", "shop"]), ("cheap", 1, 3600.0, 0.0, vec!["mail", "shop"])];
    assert_eq!(told(&found), expected, "planned time, and what began before the window, is cut off");
    let of_mail = rows(&store, &of_items(&["mail"]));
    let expected = vec![("dear", 1, 3600.0, 0.0, vec!["mail"]), ("cheap", 1, 1800.0, 0.0, vec!["mail"])];
    assert_eq!(told(&of_mail), expected);
    let early = Question { to: at("10:30"), ..of_the_day() };
    assert_eq!(told(&rows(&store, &early))[0], ("dear", 1, 3600.0, 0.0, vec!["mail", "shop"]));
}

#[test]
fn a_row_is_of_a_problem_and_of_nothing_else() {
    let question = Question { group_by: vec![GroupBy::Service], ..of_the_day() };
    let refused = ready(problems(&stage().store(), &question)).expect_err("it is refused").to_string();
    assert!(refused.contains("each row is of a problem"), "{refused}");
}

#[test]
fn a_problem_names_its_incidents_and_the_outages_that_cost_time() {
    let question = Question { include_intervals: true, ..of_the_day() };
    let answer = ready(problems(&stage().store(), &question)).expect("it answers");
    assert_eq!(answer.report.items.len(), 2);
    for item in &answer.report.items {
        let row = &item.figures;
        let numbers = &item.incident_numbers.as_ref().expect("asked for")["incidents"];
        assert_eq!(numbers.len() as u64, row.incidents);
        for (figure, value) in [("lost_seconds", row.lost_seconds), ("degraded_seconds", row.degraded_seconds)] {
            let outages = &item.origins.outages[figure];
            let within = outages.iter().map(|one| one.to.expect("it ended").0 - one.from.0.max(question.from));
            assert_eq!(within.map(|length| length.seconds_f64()).sum::<f64>(), value.value(), "{} {figure}", row.title);
            assert!(outages.iter().all(|outage| outage.ids.len() == 1 && outage.incidents.len() == 1));
        }
    }
}

/// Merged away, twice, when none of it had to do with the day; what it began lasts into the day.
#[test]
fn an_outage_counts_for_what_its_incident_was_merged_into_long_before() {
    let mut stage = Stage::of("shop{service} mail{service}");
    stage.facts(|step| {
        let [whole, second, first] = [
            incident("whole", ["-10:00", "-10:00", "", "", ""]),
            incident("second", ["-10:00", "-10:00", "", "", ""]),
            incident("first", ["-10:00", "-10:00", "", "", ""]),
        ];
        let into = |other: &Incident, merged: Incident| Incident {
            merged_into: Some(other.id),
            closed_at: Some(at("-10:30")),
            ..merged
        };
        step.problems = vec![problem("dear", &[&whole])];
        step.outages = vec![of(first.id, outage("shop", "-10:00", "01:00", Down, false))];
        step.incidents = vec![into(&second, first), into(&whole, second), whole];
    });
    let rows = rows(&stage.store(), &of_the_day());
    assert_eq!(told(&rows), [("dear", 0, 3600.0, 0.0, vec!["shop"])]);
}
