//! The state × step tables: what is printed in the docs is what commands meet, cell by cell.

use std::path::Path;

use engine::{IncidentStep, Input, Policy, ProblemStep, allowed, incident_table, problem_allowed, problem_table};
use model::command::{Action, Command, IncidentAction, IncidentTarget, Outcome, ProblemAction, Refusal};
use model::incident::{HoldFor, IncidentState, Major, Verdict};
use model::problem::ProblemState;
use model::review::Said;
use model::step::Answer;
use model::{IncidentId, ProblemId, Span};
use testkit::{clear, clock, firing};

use crate::world::World;

const GRAPH: &str = "shop{service} -> db-1\nmail{service} -> db-2";

#[test]
fn the_table_in_the_docs_is_the_one_in_force() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/incident-states.md");
    let table = format!(
        "# Incident states\n\n\
         What a person may do to an incident in which state. `UPDATE_EXPECT=1 cargo test -p engine` rewrites this page.\n\n\
         {}",
        incident_table()
    );
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &table).expect("the page can be written");
    }
    let page = std::fs::read_to_string(&path).expect("the page is there: UPDATE_EXPECT=1 writes it");
    assert!(page == table, "docs/incident-states.md is not what the engine does: run with UPDATE_EXPECT=1");
}

#[test]
fn every_step_is_taken_or_refused_as_the_table_says() {
    for state in IncidentState::ALL {
        for step in IncidentStep::ALL {
            let mut world = World::new(testkit::topology(GRAPH), Policy::default());
            let (id, other) = bring_to(&mut world, state, step == IncidentStep::Review);
            assert_eq!(world.rows.incidents[&id].state(), state, "the way to {state:?}");
            let before = world.rows.incidents[&id].clone();
            let outcome = ask(&mut world, id, action(step, other));
            let what = format!("{} while {}", step.name(), state.as_str());
            match (allowed(state, step), outcome) {
                (Ok(()), Outcome::Incident(acted)) => assert_eq!(acted, id, "{what}"),
                (Err(why), Outcome::Refused(Refusal::NotAllowed { state: said, why: given })) => {
                    assert_eq!((&*said, &*given), (state.as_str(), why), "{what}");
                    assert_eq!(world.rows.incidents[&id], before, "{what} changed something");
                }
                (expected, outcome) => panic!("{what}: expected {expected:?}, got {outcome:?}"),
            }
        }
    }
}

#[test]
fn the_table_of_problems_in_the_docs_is_the_one_in_force() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/problem-states.md");
    let table = format!(
        "# Problem states\n\n\
         What a person may do to a problem in which state. `UPDATE_EXPECT=1 cargo test -p engine` rewrites this page.\n\n\
         {}",
        problem_table()
    );
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &table).expect("the page can be written");
    }
    let page = std::fs::read_to_string(&path).expect("the page is there: UPDATE_EXPECT=1 writes it");
    assert!(page == table, "docs/problem-states.md is not what the engine does: run with UPDATE_EXPECT=1");
}

#[test]
fn every_step_of_a_problem_is_taken_or_refused_as_the_table_says() {
    for state in ProblemState::ALL {
        for step in ProblemStep::ALL {
            let mut world = World::new(testkit::topology(GRAPH), Policy::default());
            let (id, other) = bring_problem_to(&mut world, state);
            assert_eq!(world.rows.problems[&id].state, state, "the way to {state:?}");
            let before = world.rows.problems[&id].clone();
            let action = problem_action(&world, step, other);
            let outcome = ask_problem(&mut world, id, action);
            let what = format!("{} while {}", step.name(), state.as_str());
            match (problem_allowed(state, step), outcome) {
                (Ok(()), Outcome::Problem(acted)) => assert_eq!(acted, id, "{what}"),
                (Err(why), Outcome::Refused(Refusal::NotAllowed { state: said, why: given })) => {
                    assert_eq!((&*said, &*given), (state.as_str(), why), "{what}");
                    assert_eq!(world.rows.problems[&id], before, "{what} changed something");
                }
                (expected, outcome) => panic!("{what}: expected {expected:?}, got {outcome:?}"),
            }
            let now = &world.rows.problems[&id];
            let over = matches!(now.state, ProblemState::Resolved | ProblemState::Closed | ProblemState::Rejected);
            assert!(!(over && now.known_error), "{what}: what is over is no known error");
            assert!(now.resolved_at.is_some() || now.state != ProblemState::Resolved, "{what}");
            assert!(
                now.resolved_at.is_none() || now.state == ProblemState::Resolved || !now.takes_incidents(),
                "{what}"
            );
            assert_eq!(now.closed_at.is_some(), now.state == ProblemState::Closed, "{what}");
        }
    }
}

/// Two problems: what recurred three times, in the state asked for, and one that a person opened.
fn bring_problem_to(world: &mut World, state: ProblemState) -> (ProblemId, ProblemId) {
    for hour in ["10", "13", "16"] {
        let at = clock(&format!("{hour}:00:00"));
        world.feed(at, Input::Event(firing("disk/db-1").starts(at).event()));
        let over = at + Span::from_minutes(10);
        world.feed(over, Input::Event(clear("disk/db-1").ends(over).event()));
        world.run_until(over + Span::from_minutes(6));
    }
    let open = Action::OpenProblem { title: "Disks".into(), ci: None, incidents: Vec::new() };
    assert!(matches!(command(world, open), Outcome::Problem(_)));
    let [id, other] = *world.names.problems() else { panic!("there are two problems") };
    let to = |to| ProblemAction::Move { to };
    let way = match state {
        ProblemState::Proposed => vec![],
        ProblemState::Closed => vec![to(ProblemState::Open), to(ProblemState::Resolved), to(state)],
        ProblemState::Resolved | ProblemState::RiskAccepted => vec![to(ProblemState::Open), to(state)],
        ProblemState::FixInProgress => vec![to(ProblemState::Analysis), to(state)],
        ProblemState::Duplicate => vec![ProblemAction::Duplicate { of: other }],
        ProblemState::Open | ProblemState::Analysis | ProblemState::Rejected => vec![to(state)],
    };
    for step in way {
        assert_eq!(ask_problem(world, id, step), Outcome::Problem(id), "the way to {state:?}");
    }
    (id, other)
}

fn ask_problem(world: &mut World, problem: ProblemId, action: ProblemAction) -> Outcome {
    command(world, Action::Problem { problem, action })
}

fn problem_action(world: &World, step: ProblemStep, other: ProblemId) -> ProblemAction {
    let first = world.names.incidents()[0];
    match step {
        ProblemStep::Move(to) => ProblemAction::Move { to },
        ProblemStep::KnownError => ProblemAction::KnownError { cause: "wear".into(), workaround: None },
        ProblemStep::Workaround => ProblemAction::Workaround { text: "purge".into() },
        ProblemStep::Assign => ProblemAction::Assign { team: Some("storage".into()), assignee: None },
        ProblemStep::Comment => ProblemAction::Comment { text: "noted".into() },
        ProblemStep::Link => ProblemAction::Link { incident: first },
        ProblemStep::Unlink => ProblemAction::Unlink { incident: first },
        ProblemStep::Duplicate => ProblemAction::Duplicate { of: other },
    }
}

fn command(world: &mut World, action: Action) -> Outcome {
    let at = world.state.clock() + Span::SECOND;
    let command = Command { by: "ana".into(), at: None, action };
    match world.feed(at, Input::Command(Box::new(command))).pop() {
        Some(Answer::Command(outcome)) => outcome,
        other => panic!("a command is answered: {other:?}"),
    }
}

fn ask(world: &mut World, id: IncidentId, action: IncidentAction) -> Outcome {
    command(world, Action::Incident { target: IncidentTarget::Id(id), action })
}

/// Two incidents; the first, of two alerts, in the state asked for, acknowledged where that can be taken back, and
/// declared major where that is asked.
fn bring_to(world: &mut World, state: IncidentState, major: bool) -> (IncidentId, IncidentId) {
    for (seconds, key) in [(0, "disk/db-1"), (1, "cpu/db-1"), (2, "disk/db-2")] {
        let at = clock("10:00:00") + Span::from_seconds(seconds);
        world.feed(at, Input::Event(firing(key).starts(at).event()));
    }
    let [id, other] = *world.names.incidents() else { panic!("there are two incidents") };
    if major {
        ask(world, id, action(IncidentStep::Major, other));
    }
    let forced = || IncidentAction::Resolve { code: None, notes: Some("done".into()), force: true };
    let way = match state {
        IncidentState::Open => vec![],
        IncidentState::Acknowledged => vec![IncidentAction::Acknowledge],
        IncidentState::Restored => vec![IncidentAction::Acknowledge],
        IncidentState::OnHold => vec![IncidentAction::Acknowledge, action(IncidentStep::Hold, other)],
        IncidentState::Resolved => vec![forced()],
        IncidentState::Closed => vec![action(IncidentStep::Close, other)],
        IncidentState::Merged => vec![action(IncidentStep::Merge, other)],
    };
    for step in way {
        let outcome = ask(world, id, step);
        assert_eq!(outcome, Outcome::Incident(id), "the way to {state:?}");
    }
    if state == IncidentState::Restored {
        for key in ["disk/db-1", "cpu/db-1"] {
            let at = world.state.clock() + Span::SECOND;
            world.feed(at, Input::Event(clear(key).ends(at).event()));
        }
    }
    (id, other)
}

fn action(step: IncidentStep, other: IncidentId) -> IncidentAction {
    let alert = firing("cpu/db-1").alert().fingerprint.alert();
    let notes = Some("because".into());
    match step {
        IncidentStep::Acknowledge => IncidentAction::Acknowledge,
        IncidentStep::Unacknowledge => IncidentAction::Unacknowledge,
        IncidentStep::Assign => IncidentAction::Assign { team: Some("storage".into()), assignee: None },
        IncidentStep::Comment => IncidentAction::Comment { text: "noted".into() },
        IncidentStep::Hold => {
            IncidentAction::Hold { reason_for: HoldFor::Supplier, until: None, reason: "parts".into() }
        }
        IncidentStep::Unhold => IncidentAction::Unhold,
        IncidentStep::Resolve => IncidentAction::Resolve { code: None, notes, force: true },
        IncidentStep::Close => IncidentAction::Close { notes, force: true },
        IncidentStep::Reopen => IncidentAction::Reopen,
        IncidentStep::Merge => IncidentAction::Merge { into: other },
        IncidentStep::Split => IncidentAction::Split { alerts: vec![alert] },
        IncidentStep::Unlink => IncidentAction::Unlink { alert },
        IncidentStep::FalsePositive => IncidentAction::FalsePositive { reason: "a test".into() },
        IncidentStep::Major => IncidentAction::Major { state: Major::Declared, reason: "it hurts".into() },
        IncidentStep::Cause => IncidentAction::Cause { ci: "db-1".into(), verdict: Verdict::Confirmed },
        IncidentStep::Review => IncidentAction::Review(Said {
            summary: "It was down".into(),
            contributing_factors: Vec::new(),
            actions: Vec::new(),
        }),
        IncidentStep::Update => IncidentAction::Update { priority: None, title: Some("All is slow".into()) },
    }
}
