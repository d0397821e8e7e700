//! Positions: what is committed of each slot tiles, and as many pushes are in as positions. `[I1]`

use std::collections::BTreeMap;

use store::{Range, SlotName};

use super::evidence::Evidence;

pub(super) fn broken(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    let mut slots: BTreeMap<&SlotName, Vec<&Range>> = BTreeMap::new();
    for range in &evidence.ranges {
        slots.entry(&range.slot).or_default().push(range);
    }
    for (slot, ranges) in &mut slots {
        ranges.sort_by_key(|range| range.start);
        for (earlier, later) in ranges.iter().zip(ranges.iter().skip(1)) {
            if earlier.stop != later.start {
                found.push(format!("I1: {slot} has {earlier:?}, then {later:?}"));
            }
        }
        let end = ranges.last().map(|range| range.stop);
        if end != evidence.loaded.positions.get(*slot).copied() {
            found.push(format!("I1: the ranges of {slot} end at {end:?}, its position is another"));
        }
    }
    let positions: u64 = evidence.ranges.iter().map(|range| range.stop - range.start).sum();
    if positions != evidence.accepted.len() as u64 {
        found.push(format!("I1: {positions} positions are committed, {} pushes are in", evidence.accepted.len()));
    }
    found
}
