//! What people say of a service, laid over what was swept, against every elementary interval: who said something last?

mod support;

use std::collections::BTreeSet;

use model::fact::{Correction, InsteadOf, Withdrawn};
use model::outage::{ItemState, OutageState};
use model::{CiId, CorrectionId, Domain, Interval, OutageId, Timestamp};
use proptest::prelude::*;
use support::{at, cmdb, graph};
use topology::{Graph, Segment, Topology, corrected};

/// What was swept ends here at the latest, and so does whatever `any_told` makes; what people say may go on.
const END: i64 = 45;

fn segment(from: i64, to: i64, state: ItemState, planned: bool) -> Segment {
    Segment { from: at(from), to: at(to), state, planned }
}

fn said(nth: u8, from: i64, to: Option<i64>, state: Option<OutageState>) -> Correction {
    Correction {
        id: CorrectionId::from_bytes([nth; 16]),
        domain: Domain::default(),
        service: CiId::from("s"),
        from: at(from),
        to: to.map(at),
        state,
        planned: false,
        instead_of: None,
        reason: "customers say so".into(),
        by: "mia".into(),
        at: at(i64::from(nth)),
        withdrawn: None,
    }
}

fn instead_of(from: i64, to: i64) -> Option<InsteadOf> {
    let outage = OutageId::from_bytes([1; 16]);
    Some(InsteadOf { outage, incident: None, interval: Interval::or_empty(at(from), at(to)), ended: false })
}

fn over(told: &[Segment], corrections: &[Correction]) -> Vec<Segment> {
    let span = Interval::or_empty(at(0), at(END));
    corrected(&Topology::new(graph("s:")), &"s".into(), told.to_vec(), corrections, span, None)
}

#[test]
fn a_corrected_outage_is_what_the_person_said_and_nothing_else_of_its_time() {
    use ItemState::{Degraded, Down};
    let told = [segment(10, 20, Down, false), segment(20, 25, Degraded, false)];
    let of = |correction| Correction { instead_of: instead_of(10, 20), ..correction };
    for (what, correction, expected) in [
        ("it was none", of(said(1, 10, Some(20), None)), vec![told[1]]),
        ("it was over sooner", of(said(1, 10, Some(15), Some(OutageState::Down))), {
            vec![segment(10, 15, Down, false), told[1]]
        }),
        (
            "it began sooner",
            of(said(1, 5, Some(20), Some(OutageState::Down))),
            vec![segment(5, 20, Down, false), told[1]],
        ),
        ("it was milder, and is one with what followed", of(said(1, 10, Some(20), Some(OutageState::Degraded))), {
            vec![segment(10, 25, Degraded, false)]
        }),
        ("it lasted longer", of(said(1, 10, Some(22), Some(OutageState::Down))), {
            vec![segment(10, 22, Down, false), segment(22, 25, Degraded, false)]
        }),
        ("no alert told of it", said(1, 30, Some(35), Some(OutageState::Down)), {
            vec![told[0], told[1], segment(30, 35, Down, false)]
        }),
        ("it lasts", said(1, 30, None, Some(OutageState::Down)), vec![told[0], told[1], segment(30, END, Down, false)]),
    ] {
        assert_eq!(over(&told, &[correction]), expected, "{what}");
    }
}

#[test]
fn what_a_person_says_ends_what_one_said_before_and_then_alerts_have_their_say() {
    let told = [segment(10, 12, ItemState::Down, false), segment(30, 35, ItemState::Degraded, false)];
    let begun = said(1, 5, None, Some(OutageState::Down));
    let over_now = Correction {
        instead_of: instead_of(5, 20).map(|of| InsteadOf { ended: true, ..of }),
        ..said(2, 5, Some(15), Some(OutageState::Down))
    };
    assert_eq!(over(&told, &[over_now, begun]), [segment(5, 15, ItemState::Down, false), told[1]]);
}

#[test]
fn what_people_say_of_a_service_holds_while_there_is_one() {
    let mut topology = Topology::new(graph("x:"));
    topology.push(at(10), Graph::build(&cmdb("s:"), 2).expect("sound"));
    topology.push(at(20), Graph::build(&cmdb("x:"), 3).expect("sound"));
    let span = Interval::or_empty(at(0), at(END));
    let correction = said(1, 5, None, Some(OutageState::Down));
    let found = corrected(&topology, &"s".into(), Vec::new(), [&correction], span, None);
    assert_eq!(found, [segment(10, 20, ItemState::Down, false)]);
}

#[test]
fn what_a_person_says_counts_in_one_domain_and_leaves_nothing_in_the_others() {
    let topology = Topology::new(graph("s:"));
    let span = Interval::or_empty(at(0), at(END));
    let told = vec![segment(10, 20, ItemState::Down, false)];
    let correction = said(1, 5, Some(25), Some(OutageState::Degraded));
    let seen_by = |domain: &str| {
        corrected(&topology, &"s".into(), told.clone(), [&correction], span, Some(&Domain::from(domain)))
    };
    assert_eq!(seen_by("default"), [segment(5, 25, ItemState::Degraded, false)]);
    assert_eq!(seen_by("other"), []);
}

/// What holds at an instant: whatever was said last of it, else what was told.
fn naive(told: &[Segment], corrections: &[Correction], t: Timestamp) -> Option<(ItemState, bool)> {
    let as_told =
        || told.iter().find(|one| one.from <= t && t < one.to).map(|segment| (segment.state, segment.planned));
    let mut standing: Vec<&Correction> = corrections.iter().filter(|known| known.withdrawn.is_none()).collect();
    standing.sort_by_key(|known| (known.at, known.id));
    for known in standing.into_iter().rev() {
        if known.from <= t && known.to.is_none_or(|to| t < to) {
            let state = known.state?;
            let state = if state == OutageState::Down { ItemState::Down } else { ItemState::Degraded };
            return Some((state, known.planned));
        }
        let Some(of) = &known.instead_of else { continue };
        if of.interval.contains(t) {
            return None;
        }
        if of.ended && of.interval.end() <= t {
            return as_told();
        }
    }
    as_told()
}

fn naive_segments(told: &[Segment], corrections: &[Correction]) -> Vec<Segment> {
    let mut cuts = BTreeSet::from([at(0), at(END)]);
    cuts.extend(told.iter().flat_map(|segment| [segment.from, segment.to]));
    for known in corrections {
        cuts.extend([Some(known.from), known.to].into_iter().flatten());
        cuts.extend(known.instead_of.iter().flat_map(|of| [of.interval.start(), of.interval.end()]));
    }
    let cuts: Vec<Timestamp> = cuts.into_iter().filter(|t| at(0) <= *t && *t <= at(END)).collect();
    let mut segments: Vec<Segment> = Vec::new();
    for pair in cuts.windows(2) {
        let Some((state, planned)) = naive(told, corrections, pair[0]) else { continue };
        match segments.last_mut() {
            Some(last) if (last.to, last.state, last.planned) == (pair[0], state, planned) => last.to = pair[1],
            _ => segments.push(Segment { from: pair[0], to: pair[1], state, planned }),
        }
    }
    segments
}

fn any_told() -> impl Strategy<Value = Vec<Segment>> {
    let piece = (0..6_i64, 1..6_i64, any::<bool>(), any::<bool>());
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| {
        let mut next = 0;
        let mut told: Vec<Segment> = Vec::new();
        for (gap, length, down, planned) in pieces {
            // Of one state and apart: two that touch would be one.
            let from = next + gap + 1;
            next = from + length;
            told.push(segment(from, next, if down { ItemState::Down } else { ItemState::Degraded }, planned));
        }
        told
    })
}

fn any_correction() -> impl Strategy<Value = Correction> {
    let state = prop_oneof![Just(None), Just(Some(OutageState::Down)), Just(Some(OutageState::Degraded))];
    let of = proptest::option::of((0..35_i64, 1..10_i64, any::<bool>()));
    let over = (0..35_i64, proptest::option::weighted(0.8, 1..12_i64));
    (0..5_u8, over, state, any::<bool>(), of, proptest::bool::weighted(0.2)).prop_map(
        |(nth, (from, length), state, planned, of, withdrawn)| {
            let withdrawn = withdrawn.then(|| Withdrawn { at: at(99), by: "mia".into(), reason: "no".into() });
            let of = of.and_then(|(start, length, ended)| {
                instead_of(start, start + length).map(|of| InsteadOf { ended, ..of })
            });
            let to = length.map(|length| from + length);
            Correction { planned, instead_of: of, withdrawn, ..said(nth, from, to, state) }
        },
    )
}

proptest! {
    #[test]
    fn corrections_agree_with_every_elementary_interval(
        told in any_told(),
        corrections in proptest::collection::vec(any_correction(), 0..6),
    ) {
        // Each has an id of its own.
        let corrections: Vec<Correction> = corrections.into_iter().enumerate()
            .map(|(nth, known)| Correction { id: CorrectionId::from_bytes([nth as u8; 16]), ..known }).collect();
        let found = over(&told, &corrections);
        let mut other_way = corrections.clone();
        other_way.reverse();
        prop_assert_eq!(&over(&told, &other_way), &found, "however they came");
        prop_assert_eq!(found, naive_segments(&told, &corrections));
    }

    #[test]
    fn what_was_taken_back_makes_no_difference(
        told in any_told(),
        mut corrections in proptest::collection::vec(any_correction(), 1..6),
    ) {
        corrections.iter_mut().for_each(|known| {
            known.withdrawn = Some(Withdrawn { at: at(99), by: "mia".into(), reason: "no".into() });
        });
        prop_assert_eq!(over(&told, &corrections), told);
    }
}
