//! The roll-up, against its definition.

mod support;

use std::collections::BTreeMap;

use model::CiId;
use model::outage::ItemState::{self, AtRisk, Degraded, Down, Up};
use proptest::prelude::*;
use support::{any_cmdb, any_own_state, graph, ids, idx, naive_rollup};
use topology::{Graph, ItemIdx, Rollup};

/// Own states of some items.
type Owns = &'static [(&'static str, ItemState)];

/// One row: the graph, own states, and the state that `s` must have.
#[test]
fn states_follow_the_rules_of_section_4() {
    let cases: &[(&str, Owns, ItemState)] = &[
        ("s: requires a\na:", &[], Up),
        ("s: requires a\na:", &[("a", Degraded)], Degraded),
        ("s: requires a\na: requires b\nb:", &[("b", Down)], Down),
        ("s: requires a\na:", &[("a", Degraded), ("s", Down)], Down),
        ("s: uses a\na:", &[("a", Degraded)], Up),
        ("s: uses a\na:", &[("a", Down)], Degraded),
        ("s: uses a\na: uses b\nb:", &[("b", Down)], Up),
        ("s: 2 of a b c\na:\nb:\nc:", &[("a", Degraded)], AtRisk),
        ("s: 2 of a b c\na:\nb:\nc:", &[("a", Down)], AtRisk),
        ("s: 2 of a b c\na:\nb:\nc:", &[("a", Down), ("b", Degraded)], AtRisk),
        ("s: 2 of a b c\na:\nb:\nc:", &[("a", Down), ("b", Down)], Down),
        ("s: 3 of a b c\na:\nb:\nc:", &[("a", Down)], Down),
        ("s: 1 of a b\na:\nb:", &[("a", Down), ("b", Down)], Down),
        ("s: requires m\nm: 1 of a b\na:\nb:", &[("a", Down)], AtRisk),
        ("s: uses m\nm: 1 of a b\na:\nb:", &[("a", Down), ("b", Down)], Degraded),
        ("s: requires a, 1 of b c\na:\nb:\nc:", &[("a", Degraded), ("b", Down)], Degraded),
        ("s: 1 of a b, 2 of a b\na:\nb:", &[("a", Down)], Down),
        ("s: requires a\na: requires s", &[("a", Degraded)], Degraded),
        ("s: connected a, located_in b, part_of c\na:\nb:\nc:", &[("a", Down), ("b", Down), ("c", Down)], Up),
    ];
    for (text, owns, expected) in cases {
        let graph = graph(text);
        let mut rollup = Rollup::new();
        for (id, own) in *owns {
            rollup.set_own(&graph, idx(&graph, id), *own);
        }
        assert_eq!(rollup.state(idx(&graph, "s")), *expected, "{text} with {owns:?}");
    }
}

#[test]
fn a_cycle_does_not_hold_itself_down() {
    let graph = graph("a: requires b\nb: requires c\nc: requires a\ns: requires b");
    let mut rollup = Rollup::new();
    rollup.set_own(&graph, idx(&graph, "a"), Down);
    assert_eq!(rollup.affected().count(), 4);
    rollup.set_own(&graph, idx(&graph, "c"), Degraded);
    rollup.set_own(&graph, idx(&graph, "a"), Up);
    assert!(rollup.affected().all(|(_, state)| state == Degraded) && rollup.affected().count() == 4);
    rollup.set_own(&graph, idx(&graph, "c"), Up);
    assert_eq!(rollup.affected().count(), 0);
}

#[test]
fn changes_are_told_once_and_only_where_the_state_ends_up_another() {
    let graph = graph("s: requires a, requires b\na:\nb:");
    let (a, b) = (idx(&graph, "a"), idx(&graph, "b"));
    let mut rollup = Rollup::new();
    rollup.set_own(&graph, a, Down);
    assert_eq!(ids(&graph, rollup.take_changed()), ["a", "s"]);
    rollup.set_own(&graph, b, Down);
    rollup.set_own(&graph, a, Up);
    assert_eq!(ids(&graph, rollup.take_changed()), ["a", "b"]);
    rollup.set_own(&graph, b, Up);
    rollup.set_own(&graph, b, Down);
    assert!(rollup.take_changed().is_empty());
}

#[test]
fn contributors_are_those_whose_own_state_explains() {
    let cases: &[(&str, Owns, &[&str])] = &[
        ("s: requires a, requires b\na:\nb:", &[("a", Down), ("b", Degraded)], &["a"]),
        ("s: requires a, uses b\na:\nb:", &[("a", Degraded), ("b", Down)], &["a", "b"]),
        ("s: requires a, uses b\na:\nb:", &[("a", Down), ("b", Down)], &["a"]),
        ("s: requires a\na: requires b\nb:", &[("a", Down), ("b", Down), ("s", Down)], &["a", "b", "s"]),
        ("s: 2 of a b c\na:\nb:\nc:", &[("a", Down), ("b", Degraded)], &["a", "b"]),
        ("s: 2 of a b c\na:\nb:\nc:", &[("a", Down), ("b", Down), ("c", Degraded)], &["a", "b"]),
        ("s: 1 of a b\na: uses c\nb:\nc:", &[("a", Down), ("c", Down)], &["a", "c"]),
        ("s: requires a, 1 of b c\na:\nb:\nc:", &[("a", Degraded), ("b", Down)], &["a", "b"]),
        ("s: requires a\na: requires s", &[("a", Down)], &["a"]),
        ("s: requires a\na:", &[], &[]),
    ];
    for (text, owns, expected) in cases {
        let graph = graph(text);
        let mut rollup = Rollup::new();
        for (id, own) in *owns {
            rollup.set_own(&graph, idx(&graph, id), *own);
        }
        let contributors = rollup.contributors(&graph, idx(&graph, "s"));
        assert_eq!(ids(&graph, contributors), *expected, "{text} with {owns:?}");
    }
}

fn states(graph: &Graph, rollup: &Rollup) -> BTreeMap<CiId, ItemState> {
    graph.indices().map(|idx| (graph.id(idx).clone(), rollup.state(idx))).collect()
}

proptest! {
    #[test]
    fn after_any_sequence_of_changes_states_are_the_least_solution(
        cmdb in any_cmdb(),
        changes in proptest::collection::vec((0..8_usize, any_own_state(), any::<bool>()), 1..40),
    ) {
        let graph = Graph::build(&cmdb, 1).expect("the CMDB is sound");
        let mut rollup = Rollup::new();
        let mut own = BTreeMap::new();
        let mut told = states(&graph, &rollup);
        for (number, state, ask) in changes {
            let idx = idx(&graph, &format!("i{}", number % graph.len()));
            rollup.set_own(&graph, idx, state);
            own.insert(graph.id(idx).clone(), state);
            let now = naive_rollup(&cmdb, &own);
            prop_assert_eq!(&states(&graph, &rollup), &now);
            let affected: Vec<(ItemIdx, ItemState)> = rollup.affected().collect();
            let not_up: Vec<(ItemIdx, ItemState)> =
                graph.indices().map(|idx| (idx, now[graph.id(idx)])).filter(|(_, state)| *state != Up).collect();
            prop_assert_eq!(affected, not_up);
            if ask {
                let differs: Vec<ItemIdx> =
                    graph.indices().filter(|idx| told[graph.id(*idx)] != now[graph.id(*idx)]).collect();
                prop_assert_eq!(rollup.take_changed(), differs);
                told = now;
            }
        }
    }

    #[test]
    fn without_its_contributors_an_item_is_better_and_without_the_others_it_is_as_bad(
        cmdb in any_cmdb(),
        owns in proptest::collection::vec(any_own_state(), 8),
    ) {
        let graph = Graph::build(&cmdb, 1).expect("the CMDB is sound");
        let mut rollup = Rollup::new();
        for (idx, own) in graph.indices().zip(owns) {
            rollup.set_own(&graph, idx, own);
        }
        for idx in graph.indices() {
            let outage = rollup.state(idx).outage();
            let contributors = rollup.contributors(&graph, idx);
            prop_assert_eq!(contributors.is_empty(), outage.is_none());
            let (mut without, mut only) = (rollup.clone(), rollup.clone());
            for other in graph.indices() {
                let kept = if contributors.contains(&other) { &mut without } else { &mut only };
                kept.set_own(&graph, other, Up);
            }
            prop_assert!(outage.is_none() || without.state(idx).outage() < outage);
            prop_assert_eq!(only.state(idx).outage(), outage);
        }
    }
}
