//! What was closed long ago and was none.

use engine::{Input, Policy};
use model::command::{Action, Command, IncidentAction, IncidentTarget, Outcome, PastIncident};
use model::step::{Answer, KnownEpisode};
use model::{Incident, Timestamp};
use testkit::{clear, clock, firing};

use crate::sweeps::{from_scratch, on_record};
use crate::world::World;

const GRAPH: &str = "shop{service} -> db-7";

/// Down for half an hour at ten, and degraded meanwhile by another alert, in another incident or the same; days later.
fn long_after(later: &str) -> World {
    let mut world = World::new(testkit::topology(GRAPH), Policy::default());
    for (at, event) in [
        ("10:00:00", firing("down/db-7").word("starts=10:00:00")),
        ("10:30:00", clear("down/db-7").word("ends=10:30:00")),
        ("3d10:00:00", firing("slow/db-7").word("major").word("starts=3d10:00:00")),
        ("3d10:10:00", clear("slow/db-7").word("ends=3d10:10:00")),
    ] {
        world.feed(clock(at), Input::Event(event.event()));
    }
    world.run_until(clock(later));
    world
}

/// What the store has of the incident that opened first.
fn past(world: &World) -> PastIncident {
    let incident: Incident = world.rows.incidents[&world.names.incidents()[0]].clone();
    let of = world.rows.episodes.iter().filter(|(_, (_, episode))| episode.incident == Some(incident.id));
    let known =
        |((alert, _), (ci, episode)): (&(model::AlertId, _), &(Option<model::CiId>, model::Episode))| KnownEpisode {
            alert: *alert,
            alert_name: world.rows.alerts[alert].alertname().into(),
            ci: ci.clone(),
            episode: episode.clone(),
            needed: false,
        };
    let episodes = of.map(known).collect();
    PastIncident { incident, episodes }
}

fn asked(world: &mut World, at: Timestamp, action: Action) -> Outcome {
    let command = Command { by: "mia".into(), at: None, action };
    match world.feed(at, Input::Command(Box::new(command))).remove(0) {
        Answer::Command(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_closed_long_ago_is_called_a_false_positive_by_what_is_on_record() {
    for later in ["7d12:00:00", "14d12:00:00", "40d12:00:00"] {
        let mut world = long_after(later);
        let past = past(&world);
        let id = past.incident.id;
        assert_eq!(on_record(&world).len(), 2);
        let judged = asked(
            &mut world,
            clock(later),
            Action::FalsePositiveOfPast { past: Box::new(past), reason: "a wrong probe".into() },
        );
        assert_eq!(judged, Outcome::Incident(id), "{later}");
        let incident = &world.rows.incidents[&id];
        assert_eq!((incident.false_positive.as_deref(), incident.is_excluded()), (Some("a wrong probe"), true));
        let left = on_record(&world);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].1, clock("3d10:00:00"), "the other stands");
        assert_eq!(left, from_scratch(&world), "{later}");
    }
}

/// Closed some days ago it is remembered still, and so is its last alert; the first is not.
#[test]
fn what_is_forgotten_of_an_incident_that_is_not_is_taken_out_with_the_rest() {
    let mut world = World::new(testkit::topology(GRAPH), Policy::default());
    for (at, event) in [
        ("10:00:00", firing("down/db-7").word("starts=10:00:00")),
        ("10:00:30", firing("slow/db-7").word("starts=10:00:30")),
        ("10:10:00", clear("down/db-7").word("ends=10:10:00")),
        ("3d10:30:00", clear("slow/db-7").word("ends=3d10:30:00")),
    ] {
        world.feed(clock(at), Input::Event(event.event()));
    }
    // The first is looked at again a week after the incident held it still.
    let later = clock("15d12:00:00");
    world.run_until(later);
    let past = past(&world);
    let known: Vec<_> = past.episodes.iter().map(|known| world.state.alert(known.alert).is_some()).collect();
    assert_eq!((known.iter().filter(|known| **known).count(), known.len()), (1, 2), "the case is a case");
    assert!(
        past.incident.closed_at.is_some_and(|at| later < at + model::limits::LATE_HORIZON),
        "and not over for good"
    );
    let action = Action::FalsePositiveOfPast { past: Box::new(past), reason: "a wrong probe".into() };
    assert!(matches!(asked(&mut world, later, action), Outcome::Incident(_)));
    assert_eq!(on_record(&world), []);
    assert_eq!(from_scratch(&world), []);
}

#[test]
fn what_goes_on_or_was_merged_is_not_judged_as_past() {
    let mut world = long_after("40d12:00:00");
    let mut open = past(&world);
    open.incident.closed_at = None;
    let mut merged = past(&world);
    merged.incident.merged_into = Some(model::IncidentId::from_bytes([3; 16]));
    for past in [open, merged] {
        let action = Action::FalsePositiveOfPast { past: Box::new(past), reason: "x".into() };
        let refused = asked(&mut world, clock("40d12:00:00"), action);
        assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
    }
    assert_eq!(on_record(&world).len(), 2);
    let id = world.names.incidents()[0];
    let reason = "x".into();
    let action = Action::Incident { target: IncidentTarget::Id(id), action: IncidentAction::FalsePositive { reason } };
    let unknown = asked(&mut world, clock("40d12:00:00"), action);
    assert!(matches!(unknown, Outcome::Refused(_)), "the engine has forgotten it: {unknown:?}");
}
