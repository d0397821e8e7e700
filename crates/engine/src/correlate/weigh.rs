//! What each kind of evidence is worth, in thousandths.

use model::{Span, Timestamp};
use topology::DependencyKind;

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
/// Near, at the same instant, while nothing else happens.
pub(crate) const BURST: u32 = 640;
/// All that have a label's value are of one incident, and all of that have it.
const BELONGING: u32 = 700;
/// Two that always began together, as often as one likes.
const TOGETHER_BEFORE: u32 = 720;
/// Thousandths of an opening an hour that are to be expected anywhere.
const OPENINGS_LEAST: u32 = 150;
/// Where so many thousandths of another opening are to be expected in between, a coincidence says nothing.
const EXPECTED_MOST: i64 = 60;
pub(crate) const SHARED_FATE: u32 = 560;

/// How far along dependency edges evidence reaches.
pub(crate) const DISTANCE_MAX: u32 = 4;
/// How far from each of two items a dependency they share may lie.
pub(crate) const COMMON_DISTANCE_MAX: u32 = 2;
/// An item that so many depend on says little about two of them: what it is worth falls with their number.
pub(crate) const HUB_DEPENDENTS: u32 = 8;

/// What the first edge of a way down is worth, and what a way is no longer followed below.
pub(crate) const WAY: u32 = 900;
pub(crate) const WAY_LEAST: u32 = 150;
/// Items that one looks at below another.
pub(crate) const WAYS_MAX: usize = 2_000;
/// What a watched item that says nothing leaves of a way that leads through it.
pub(crate) const QUIET_BETWEEN: u32 = 550;

/// What a warning leaves of a way, at either end: it does not say that its item fails.
pub(crate) const WARNED: u32 = 600;
/// What is left of a way from a further cause to what has one already.
pub(crate) const EXPLAINED: u32 = 400;
/// What a watched item that says nothing leaves of the suspicion that it is at fault.
pub(crate) const QUIET_CAUSE: u32 = 750;

/// What is left of a way after its `distance`th edge.
pub(crate) fn along(worth: u32, distance: u32, kind: DependencyKind) -> u32 {
    let further = match distance {
        0 | 1 => 1000,
        2 => 890,
        3 => 820,
        _ => 770,
    };
    let edge = match kind {
        DependencyKind::Requires => 1000,
        DependencyKind::Uses => 850,
        DependencyKind::Member { .. } => 850,
    };
    worth * further / 1000 * edge / 1000
}

/// Two items need a third: `distance` is the sum of both ways, `alerting` of its direct `dependents` alert.
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

/// Of those that began near it and have a label's value, so many of `all` are of one incident, as are so many members.
pub(crate) fn belonging(having: u32, all: u32, members: u32) -> u32 {
    let of_it = 500 + 500 * having / members.max(1);
    BELONGING * having / all.max(1) * of_it / 1000
}

/// Both began in such a share of the times that either did, in thousandths: the more often, the more it says.
pub(crate) fn together_before(share: u32, times: u32) -> u32 {
    TOGETHER_BEFORE * share.min(1000) / 1000 * times / (times + 1)
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

/// So far apart in time two things that nothing leads between have nothing to do with each other.
pub(crate) const COINCIDENCE_FADES: Span = Span::from_minutes(5);

/// Evidence that one thing caused the other: where the cause begins after its effect it fades to nothing, fast.
pub(crate) fn causal(score: u32, cause: Timestamp, effect: Timestamp, allowed: Span) -> u32 {
    let late = cause - effect;
    if late <= CAUSE_LATE {
        return faded(score, late.abs(), allowed);
    }
    let left = (CAUSE_LATE + CAUSE_LATE_FADES - late).max(Span::ZERO).micros();
    u32::try_from(i64::from(score) * left / CAUSE_LATE_FADES.micros()).unwrap_or(0)
}

/// What only happens to begin at the same time says less the further apart the two begin, and nothing in the end.
pub(crate) fn coincidence(score: u32, gap: Span) -> u32 {
    let left = (COINCIDENCE_FADES - gap).max(Span::ZERO).micros();
    u32::try_from(i64::from(score) * left / COINCIDENCE_FADES.micros()).unwrap_or(0)
}

/// Two things near each other, of which one would expect `an_hour` thousandths of others in an hour, began `gap` apart.
pub(crate) fn rarity(an_hour: u32, gap: Span) -> u32 {
    // What began years ago is no coincidence, however many micros that is.
    let expected = gap.saturating_mul(an_hour.max(OPENINGS_LEAST).into()).micros() / Span::HOUR.micros();
    let left = (EXPECTED_MOST - expected).max(0);
    u32::try_from(i64::from(BURST) * left / EXPECTED_MOST).unwrap_or(0)
}

/// Evidence fades with the time between two starts: to six tenths at the far end of the join window.
pub(crate) fn faded(score: u32, gap: Span, allowed: Span) -> u32 {
    let allowed = allowed.micros().max(1);
    let gap = gap.micros().clamp(0, allowed);
    let lost = i64::from(score) * 4 * gap / (10 * allowed);
    score - u32::try_from(lost).unwrap_or(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_years_apart_is_no_rare_coincidence_however_much_happens() {
        assert_eq!(rarity(0, Span::ZERO), BURST);
        for years in [1, 60, 2000] {
            assert_eq!(rarity(256_000, Span::from_days(365 * years)), 0, "{years} years");
        }
    }
}
