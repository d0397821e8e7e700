//! The fold against the oracle: any set of statements, in any order, however often each is said. `[I4]`

use engine::fold::{FoldRules, fold};
use engine::{Input, Pipeline, Policy};
use model::alert::{Clear, Firing, Statement};
use model::event::AlertEvent;
use model::{Severity, Span, Timestamp};
use proptest::prelude::*;
use testkit::oracle::episodes::{Lasted, Said, episodes};
use testkit::{Says, SplitMix64, clear, clock, firing};

use crate::budget::cases;

use crate::sweeps::from_scratch;
use crate::world::World;

const GRAPH: &str = "shop{service} -> db-7\nclass application down_at=major";

fn minute(minutes: i64) -> Timestamp {
    clock("10:00:00") + Span::from_minutes(minutes)
}

/// What one source says: it promises with every firing, or never.
fn any_set() -> impl Strategy<Value = Vec<Said>> {
    (proptest::collection::vec(any_said(), 1..9), any::<bool>()).prop_map(|(mut said, promises)| {
        for said in said.iter_mut().filter(|said| !said.clear) {
            said.ends_at = said.ends_at.filter(|_| promises);
        }
        said
    })
}

fn any_said() -> impl Strategy<Value = Said> {
    let severity = prop_oneof![Just(Severity::Warning), Just(Severity::Major), Just(Severity::Critical)];
    let times = (0..12_i64, proptest::option::of(0..4_i64), 0..6_i64);
    (any::<bool>(), times, proptest::bool::weighted(0.7), severity, 12..20_i64).prop_map(
        |(clear, (start, at, promise), starts, severity, receipt)| {
            let receipt = minute(receipt);
            if clear {
                let starts_at = starts.then_some(minute(start));
                let at = Some(minute(start + at.unwrap_or(2)));
                return Said { clear, at, starts_at, ends_at: None, severity, receipt };
            }
            let at = at.map(|after| minute(start + after));
            let ends_at = Some(at.unwrap_or(minute(start)) + Span::from_minutes(promise));
            Said { clear, at, starts_at: Some(minute(start)), ends_at, severity, receipt }
        },
    )
}

fn statement(said: &Said) -> Statement {
    let receipt = said.receipt;
    if said.clear {
        let instant = said.at.unwrap_or(receipt);
        let start = said.starts_at.filter(|start| *start <= instant);
        return Statement::Clear(Clear { instant, start, severity: said.severity, effect: None, received_at: receipt });
    }
    let instant = said.at.or(said.starts_at).unwrap_or(receipt);
    Statement::Firing(Firing {
        instant,
        start: said.starts_at.unwrap_or(instant).min(instant),
        own_instant: said.at.is_some() || said.starts_at.is_none(),
        undated: said.at.is_none() && said.starts_at.is_none(),
        severity: said.severity,
        effect: None,
        first_received_at: receipt,
        last_received_at: receipt,
        ends_at: said.ends_at,
    })
}

fn event(said: &Said) -> AlertEvent {
    let mut says: Says = if said.clear { clear("disk/db-7") } else { firing("disk/db-7") }.severity(said.severity);
    if let Some(start) = said.starts_at {
        says = says.starts(start);
    }
    if let Some(at) = said.at {
        says = if said.clear { says.ends(at) } else { says.at(at) };
    }
    if let Some(promise) = said.ends_at {
        says = says.ends(promise);
    }
    says.alert()
}

/// An alert keeps each statement once: its earliest receipt, its latest, its greatest promise, its worst severity.
fn as_set(statements: &[Statement]) -> Vec<Statement> {
    let mut set: Vec<Statement> = Vec::new();
    for statement in statements {
        if !set.iter_mut().any(|known| said_again(known, statement)) {
            set.push(*statement);
        }
    }
    set
}

fn said_again(known: &mut Statement, statement: &Statement) -> bool {
    match (known, statement) {
        (Statement::Clear(known), Statement::Clear(clear)) => {
            let again = (known.instant, known.start) == (clear.instant, clear.start);
            known.severity = if again { known.severity.max(clear.severity) } else { known.severity };
            again
        }
        (Statement::Firing(known), Statement::Firing(firing)) => {
            let words = |firing: &Firing| (firing.instant, firing.start, firing.own_instant, firing.severity);
            let again = words(known) == words(firing);
            if again {
                known.first_received_at = known.first_received_at.min(firing.first_received_at);
                known.last_received_at = known.last_received_at.max(firing.last_received_at);
                known.ends_at = known.ends_at.max(firing.ends_at);
            }
            again
        }
        _ => false,
    }
}

/// What the fold makes of statements, promises judged at `now`.
fn folded(statements: &[Statement], now: Timestamp) -> Vec<Lasted> {
    let folded = fold(statements, &FoldRules::of(&Pipeline::standard("default")));
    folded
        .iter()
        .map(|episode| {
            let promised = episode.deadline.map(|(at, _)| at.max(episode.start)).filter(|at| *at <= now);
            let end = episode.end.map(|(at, _)| at).or(promised);
            let holds = |at: Timestamp| at == episode.start || end.is_none_or(|end| at < end);
            let steps = episode.severities.iter().filter(|step| holds(step.at));
            Lasted { start: episode.start, end, severities: steps.map(|step| (step.at, step.severity)).collect() }
        })
        .collect()
}

/// One severity for each start: what is said of a start again then says nothing new, whatever the order.
fn settled(said: &mut [Said]) {
    for said in said.iter_mut().filter(|said| !said.clear && said.at.is_none()) {
        let minutes = said.starts_at.map_or(0, |start| (start - minute(0)).micros() / Span::MINUTE.micros());
        said.severity = [Severity::Warning, Severity::Major, Severity::Critical][minutes as usize % 3];
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_fold_is_what_the_text_says(said in any_set()) {
        let now = minute(60);
        let statements: Vec<Statement> = said.iter().map(statement).collect();
        prop_assert_eq!(folded(&as_set(&statements), now), episodes(&said, now));
    }

    #[test]
    fn order_and_repetition_of_statements_change_nothing(
        said in any_set(),
        seed in any::<u64>(),
    ) {
        let mut random = SplitMix64::new(seed);
        let statements = as_set(&said.iter().map(statement).collect::<Vec<_>>());
        let mut others = statements.clone();
        let firings = statements.iter().filter(|statement| matches!(statement, Statement::Firing(_)));
        others.extend(firings.filter(|_| random.once_in(2)));
        random.shuffle(&mut others);
        prop_assert_eq!(folded(&others, minute(60)), folded(&statements, minute(60)));
    }

    /// I4, I16: episodes and outages do not depend on the order of arrival.
    #[test]
    fn events_in_any_order_end_in_the_same_episodes_and_outages(
        mut said in any_set(),
        seed in any::<u64>(),
    ) {
        settled(&mut said);
        let mut random = SplitMix64::new(seed);
        let mut arriving = said.clone();
        arriving.extend(said.iter().filter(|_| random.once_in(3)).cloned());
        random.shuffle(&mut arriving);
        let mut world = World::new(testkit::topology(GRAPH), Policy::default());
        for (said, minutes) in arriving.iter().zip(30..) {
            let event = model::event::Event::from(event(said));
            world.feed(minute(minutes), Input::Event(event));
        }
        let now = minute(60);
        world.run_until(now);
        let snapshot = world.state.snapshot();
        let found: Vec<Lasted> = snapshot.alerts.iter().flat_map(|alert| &alert.episodes).map(|episode| Lasted {
            start: episode.start,
            end: episode.end,
            severities: episode.severities.iter().map(|step| (step.at, step.severity)).collect(),
        }).collect();
        prop_assert_eq!(found, episodes(&said, now));
        let outages: Vec<_> = snapshot.outages.iter().map(|outage| (outage.from, outage.to, outage.state)).collect();
        let expected: Vec<_> = from_scratch(&world).into_iter().map(|(_, from, to, state, _)| (from, to, state)).collect();
        prop_assert_eq!(outages, expected);
    }
}
