//! What an alert costs, however much is said of it: rows written for what changed, memory within its bound, and nothing
//! invented or lost on the way.

use engine::{Batch, Input, Policy, Received, step};
use model::alert::{Alert, Statement};
use model::limits::{LATE_HORIZON, STATEMENTS_PER_ALERT_MAX};
use model::{AlertId, Severity, Span, Step, Timestamp};
use testkit::{Says, clear, clock, firing};

use crate::world::World;

const KEY: &str = "disk/db-7";

fn world() -> World {
    World::new(testkit::topology("shop{service} -> db-7"), Policy::default())
}

fn id() -> AlertId {
    firing(KEY).alert().fingerprint.alert()
}

fn minute(minutes: i64) -> Timestamp {
    clock("10:00:00") + Span::from_minutes(minutes)
}

/// One event as a batch of its own, with every timer due before it; what the store is to write of it.
fn said(world: &mut World, at: Timestamp, says: Says) -> Step {
    world.run_until(at - Span::MICROSECOND);
    let batch = Batch { inputs: vec![Received { at, input: Input::Event(says.event()) }] };
    let step = step(&mut world.state, &world.topology, &world.policy, &batch);
    world.rows.apply(&step);
    world.step(vec![Received { at, input: Input::Tick }]);
    step
}

fn alert(world: &World) -> &Alert {
    world.state.alert(id()).expect("it is known")
}

fn lengths(alert: &Alert) -> Vec<(Timestamp, Option<Timestamp>)> {
    alert.episodes.iter().map(|episode| (episode.start, episode.end)).collect()
}

/// Rows written: alerts, episodes, statements, and what is taken away.
fn rows(step: &Step) -> [usize; 5] {
    let gone = step.episodes_removed.len() + step.statements_forgotten.len();
    [step.alerts.len(), step.episodes.len(), step.statements.len(), step.repeats.len(), gone]
}

#[test]
fn one_more_firing_writes_what_it_changes_and_nothing_of_the_past() {
    let mut world = world();
    for nth in 0..20 {
        said(&mut world, minute(20 * nth), firing(KEY).at(minute(20 * nth)));
        said(&mut world, minute(20 * nth + 5), clear(KEY).ends(minute(20 * nth + 5)));
    }
    assert_eq!(alert(&world).episodes.len(), 20);
    assert_eq!(rows(&said(&mut world, minute(400), firing(KEY).at(minute(400)))), [1, 1, 1, 0, 0]);
    assert_eq!(rows(&said(&mut world, minute(405), clear(KEY).ends(minute(405)))), [1, 1, 1, 0, 0]);
}

#[test]
fn an_alert_that_comes_again_after_it_was_forgotten_takes_nothing_off_the_record() {
    let mut world = world();
    // It opens no incident: nothing holds it.
    let info = || firing(KEY).severity(Severity::Info);
    let first = said(&mut world, minute(0), info().at(minute(0)));
    said(&mut world, minute(5), clear(KEY).severity(Severity::Info).ends(minute(5)));
    let later = minute(6) + LATE_HORIZON;
    world.run_until(later);
    assert_eq!(world.state.alert(id()), None, "it lies behind the horizon");
    let again = said(&mut world, later + Span::HOUR, info().at(later + Span::HOUR));
    assert_eq!(again.episodes_removed, []);
    let kept = (id(), first.episodes[0].episode.id);
    assert!(world.rows.history.contains(&kept), "less than eight days old, and on record");
}

#[test]
fn a_statement_that_is_too_old_leaves_no_alert_behind_for_ever() {
    let mut world = world();
    let old = minute(0) - LATE_HORIZON - Span::HOUR;
    said(&mut world, minute(0), firing(KEY).at(old));
    assert_eq!(lengths(alert(&world)), []);
    world.run_until(minute(1) + LATE_HORIZON);
    assert_eq!(world.state.alert(id()), None);
}

#[test]
fn a_firing_without_instants_said_again_is_a_repeat() {
    let mut world = world();
    said(&mut world, minute(0), firing(KEY));
    for nth in 1..100 {
        assert_eq!(rows(&said(&mut world, minute(nth), firing(KEY))), [0, 0, 0, 1, 0], "the {nth}th");
    }
    assert_eq!((alert(&world).statements.len(), alert(&world).hot.count), (1, 100));
    assert_eq!(lengths(alert(&world)), [(minute(0), None)]);
    // Another severity, and back, is news.
    said(&mut world, minute(100), firing(KEY).severity(Severity::Major));
    said(&mut world, minute(101), firing(KEY));
    assert_eq!(alert(&world).statements.len(), 3);
    // So is a firing after a clear.
    said(&mut world, minute(102), clear(KEY));
    said(&mut world, minute(103), firing(KEY));
    assert_eq!(lengths(alert(&world)), [(minute(0), Some(minute(102))), (minute(103), None)]);
}

/// What comes late between two firings without instants splits as if both had been kept.
#[test]
fn what_turns_up_between_repeats_without_instants_comes_between_them() {
    for restarted in [false, true] {
        let mut world = world();
        said(&mut world, minute(0), firing(KEY));
        said(&mut world, minute(10), firing(KEY));
        if restarted {
            world.restart(true);
        }
        said(&mut world, minute(11), firing(KEY).severity(Severity::Major).at(minute(3)));
        let steps: Vec<_> = alert(&world).episodes[0].severities.iter().map(|step| (step.at, step.severity)).collect();
        let both = [(minute(0), Severity::Critical), (minute(3), Severity::Major), (minute(10), Severity::Critical)];
        assert_eq!(steps, both, "it is critical by its last word");
        said(&mut world, minute(12), clear(KEY).ends(minute(5)));
        assert_eq!(lengths(alert(&world)), [(minute(0), Some(minute(5))), (minute(10), None)]);
    }
}

/// Each firing lapses before the next: there is no outage between them, however many there are.
#[test]
fn firings_that_lapsed_stay_apart_past_what_is_remembered() {
    let mut world = world();
    let many = 2 * STATEMENTS_PER_ALERT_MAX as i64;
    for nth in 0..many {
        let at = minute(10 * nth);
        said(&mut world, at, firing(KEY).at(at).ends(at + Span::MINUTE));
    }
    world.run_until(minute(10 * many));
    let expected: Vec<_> = (0..many).map(|nth| (minute(10 * nth), Some(minute(10 * nth + 1)))).collect();
    assert_eq!(lengths(alert(&world)), expected);
    assert!(alert(&world).statements.len() <= STATEMENTS_PER_ALERT_MAX);
    assert_eq!(world.state.snapshot().outages.len(), expected.len());
}

/// An episode that nobody ends, of which no two neighbours say the same: the worst is never lost, nor the last word.
#[test]
fn of_what_always_differs_the_more_severe_stays() {
    let mut world = world();
    let said_so = |nth: i64| match nth % 10 {
        7 => Severity::Critical,
        odd if odd % 2 == 1 => Severity::Minor,
        _ => Severity::Warning,
    };
    let many = 3 * STATEMENTS_PER_ALERT_MAX as i64;
    for nth in 0..many {
        said(&mut world, minute(nth), firing(KEY).at(minute(nth)).severity(said_so(nth)));
        assert!(alert(&world).statements.len() <= STATEMENTS_PER_ALERT_MAX);
        assert_eq!(alert(&world).severity(), said_so(nth), "by its last word");
    }
    let known = alert(&world);
    assert_eq!(lengths(known), [(minute(0), None)]);
    let critical = |said: &&Statement| matches!(said, Statement::Firing(said) if said.severity == Severity::Critical);
    let worst = known.statements.iter().filter(critical).count() as i64;
    assert!(worst >= many / 10 / 2, "{worst} of {} are left", many / 10);
    assert_eq!(known.statements_coalesced, many as u64 - STATEMENTS_PER_ALERT_MAX as u64);
}

#[test]
fn clears_alone_stay_within_the_bound_and_a_late_firing_is_still_ended() {
    let mut world = world();
    let many = 5 * STATEMENTS_PER_ALERT_MAX as i64;
    for nth in 0..many {
        said(&mut world, minute(nth), clear(KEY).ends(minute(nth)));
        assert!(alert(&world).statements.len() <= STATEMENTS_PER_ALERT_MAX);
    }
    assert_eq!(alert(&world).statements_coalesced, (many as usize - STATEMENTS_PER_ALERT_MAX) as u64);
    said(&mut world, minute(many), firing(KEY).at(minute(1)));
    let [(start, Some(end))] = lengths(alert(&world))[..] else { panic!("it is over: {:?}", alert(&world).episodes) };
    assert!(start == minute(1) && end <= minute(many), "{start:?}..{end:?}");
    world.run_until(minute(many + 1) + LATE_HORIZON);
    assert_eq!(world.state.alert(id()), None);
}
