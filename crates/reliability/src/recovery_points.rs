//! Recovery points: how much work would be lost. docs/measures.md section 8, "RPO exposure".
//!
//! Rule: a point is the instant that can be restored to. A store is an item that has at least one by the instant
//! asked about; of several stores the worst one speaks for the service.

use model::{Interval, Span, Timestamp};

/// The age of the newest point at `at`, of the store where it is largest. `None` without a store.
pub fn exposure<'a>(items: impl IntoIterator<Item = &'a [Timestamp]>, at: Timestamp) -> Option<Span> {
    items.into_iter().filter_map(|points| newest(points, at)).map(|newest| at - newest).max()
}

/// The largest exposure over `over`. Where a store has no point by its start, the start stands for one.
pub fn worst_exposure<'a>(items: impl IntoIterator<Item = &'a [Timestamp]>, over: Interval) -> Option<Span> {
    let stores = items.into_iter().filter(|points| newest(points, over.end()).is_some());
    stores.filter(|_| !over.is_empty()).filter_map(|points| longest_gap(points, over)).map(Interval::length).max()
}

/// The newest by then.
pub fn newest(points: &[Timestamp], by: Timestamp) -> Option<Timestamp> {
    points.iter().copied().filter(|point| *point <= by).max()
}

/// From which point until when the exposure of a store was largest: it grows until the next point comes, so just before
/// one, or at the end.
pub fn longest_gap(points: &[Timestamp], over: Interval) -> Option<Interval> {
    let first = newest(points, over.start()).unwrap_or(over.start());
    let within = points.iter().copied().filter(|point| over.start() < *point && *point < over.end());
    let mut edges: Vec<Timestamp> = [first, over.end()].into_iter().chain(within).collect();
    edges.sort_unstable();
    let gaps = edges.iter().zip(edges.iter().skip(1)).map(|(point, next)| Interval::or_empty(*point, *next));
    gaps.max_by_key(|gap| gap.length())
}
