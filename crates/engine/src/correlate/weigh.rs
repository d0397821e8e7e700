//! What each kind of evidence is worth, in thousandths.

use model::{Span, Timestamp};

/// Enough to join.
pub(crate) const JOIN: u32 = 400;
/// Enough to say that two incidents are one.
pub(crate) const MERGE: u32 = 700;

pub(crate) const SAME_ALERT: u32 = 1000;
pub(crate) const RULE: u32 = 1000;
pub(crate) const INHIBITED: u32 = 980;
pub(crate) const SAME_ITEM: u32 = 950;
pub(crate) const SAME_GROUP: u32 = 780;
/// Something that both are needed by; only where they start together.
pub(crate) const COMMON_DEPENDENT: u32 = 720;
pub(crate) const CONNECTED: u32 = 600;
pub(crate) const SHARED_FATE: u32 = 560;

/// How far along dependency edges evidence reaches.
pub(crate) const DISTANCE_MAX: u32 = 4;
/// How far from each of two items a dependency they share may lie.
pub(crate) const COMMON_DISTANCE_MAX: u32 = 2;
/// An item that so many depend on says little about two of them: what it is worth falls with their number.
pub(crate) const HUB_DEPENDENTS: u32 = 8;

/// One item needs the other, so many edges away.
pub(crate) fn dependency(distance: u32) -> u32 {
    match distance {
        0 => SAME_ITEM,
        1 => 900,
        2 => 800,
        3 => 650,
        _ => 500,
    }
}

/// Two items need a third: `distance` is the sum of both ways, `alerting` of its `dependents` alert.
pub(crate) fn common_dependency(distance: u32, dependents: u32, alerting: u32) -> u32 {
    let near = match distance {
        0..=2 => 720,
        3 => 580,
        _ => 460,
    };
    // Where half of all that need it alert, it is no longer a coincidence, however many they are.
    let widespread = alerting.saturating_mul(2) >= dependents;
    if dependents <= HUB_DEPENDENTS || widespread { near } else { near * HUB_DEPENDENTS / dependents }
}

/// Two items stand in one place with so many others.
pub(crate) fn shared_fate(residents: u32) -> u32 {
    if residents <= HUB_DEPENDENTS { SHARED_FATE } else { SHARED_FATE * HUB_DEPENDENTS / residents }
}

/// So many of `of` labels are equal.
pub(crate) fn shared_labels(shared: u32, of: u32) -> u32 {
    if shared < 2 { 0 } else { 760 * shared / of.max(1) }
}

/// Starting within so long of each other, two faults of one item, or of one redundant group, are taken as one.
pub(crate) const TOGETHER: Span = Span::from_minutes(2);
/// Starting within so long of each other, two faults of different items that a third ties are taken as one: as good as
/// at once, for a service may well suffer from two faults within the same minute.
pub(crate) const AT_ONCE: Span = Span::from_seconds(10);
/// A cause may be noticed so long after its effect: clocks and sampling explain that much.
const CAUSE_LATE: Span = Span::from_minutes(2);
/// So long after that, what begins is no cause of it.
const CAUSE_LATE_FADES: Span = Span::from_minutes(5);

/// Evidence that one thing caused the other: where the cause begins after its effect it fades to nothing, fast.
pub(crate) fn causal(score: u32, cause: Timestamp, effect: Timestamp, allowed: Span) -> u32 {
    let late = cause - effect;
    if late <= CAUSE_LATE {
        return faded(score, late.abs(), allowed);
    }
    let left = (CAUSE_LATE + CAUSE_LATE_FADES - late).max(Span::ZERO).micros();
    u32::try_from(i64::from(score) * left / CAUSE_LATE_FADES.micros()).unwrap_or(0)
}

/// Evidence fades with the time between two starts: to six tenths at the far end of the join window.
pub(crate) fn faded(score: u32, gap: Span, allowed: Span) -> u32 {
    let allowed = allowed.micros().max(1);
    let gap = gap.micros().clamp(0, allowed);
    let lost = i64::from(score) * 4 * gap / (10 * allowed);
    score - u32::try_from(lost).unwrap_or(score)
}
