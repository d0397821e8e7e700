//! The scene of an incident: who alerts, who could explain it, and how they stand to each other.
//!
//! Made anew whenever the incident is settled, of flat lists in the order of the items: what one alerting item needs is
//! little, and most of it is the same as what the next one needs.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use model::{FixedMap, SourceName, Timestamp};
use topology::{ItemIdx, ItemSet};

use crate::correlate::ways::{Way, Ways};
use crate::correlate::weigh::WAY;
use crate::desk::Desk;
use crate::incident::facts::{Alerting, Facts};

/// Alerting items that are weighed, the earliest first.
const ITEMS_MAX: usize = 200;
/// Items below one alerting item that may be its cause.
const BELOW_MAX: usize = 500;

pub(super) struct Scene<'a> {
    /// In the order of the items.
    pub(super) alerting: Vec<(ItemIdx, &'a Alerting)>,
    pub(super) first: Timestamp,
    /// When it fired anew last, after a quiet.
    pub(super) again_at: Option<Timestamp>,
    /// In the order of the items.
    pub(super) candidates: Vec<Candidate<'a>>,
    /// Alerting items that nothing else which alerts explains.
    pub(super) roots: u32,
    /// What alerts or could explain it.
    pub(super) concerned: ItemSet,
    /// All that is said comes from this source alone, while others see health.
    pub(super) monitor: Option<&'a SourceName>,
}

/// An item that could be the cause.
pub(super) struct Candidate<'a> {
    pub(super) item: ItemIdx,
    pub(super) alerting: Option<&'a Alerting>,
    /// How many alerting items need it, itself included.
    pub(super) explains: u32,
    /// How many of those that nothing else explains need it, itself included.
    pub(super) roots: u32,
    /// How well it explains them, together, in thousandths of one.
    pub(super) accounts_for: u32,
    /// The nearest of those but itself, with the distance.
    pub(super) nearest: Option<(u32, ItemIdx)>,
    /// An item that it needs, that alerts too and does not need it in turn.
    pub(super) below: Option<ItemIdx>,
}

/// An item, an alerting item that needs it, the distance (0 for itself), and how well the one explains the other, in
/// thousandths.
type Reach = (ItemIdx, ItemIdx, u32, u32);

impl<'a> Scene<'a> {
    pub(super) fn candidate(&self, item: ItemIdx) -> Option<&Candidate<'a>> {
        let at = self.candidates.binary_search_by_key(&item, |candidate| candidate.item).ok()?;
        self.candidates.get(at)
    }

    /// How many items alert, at least one.
    pub(super) fn of(&self) -> i64 {
        self.alerting.len().max(1) as i64
    }
}

impl Desk<'_> {
    pub(super) fn scene<'a>(&self, facts: &'a Facts) -> Option<Scene<'a>> {
        let counting = facts.items.iter().filter_map(|on| Some((&on.ci, on.alerting.as_ref()?)));
        let alerting: Vec<(ItemIdx, &Alerting)> =
            counting.filter_map(|(ci, alerting)| Some((self.item(ci)?, alerting))).collect();
        let first = alerting.iter().map(|(_, alerting)| alerting.start).min()?;
        let reaches = self.reaches_below(&alerting);
        let candidates = self.candidates_of(&alerting, &reaches, &self.changed_before(first, facts.again_at));
        let roots = candidates.iter().filter(|one| one.alerting.is_some() && one.below.is_none()).count() as u32;
        let concerned = alerting.iter().map(|(item, _)| *item).chain(candidates.iter().map(|one| one.item)).collect();
        let alone = facts.counting_sources.len() == 1 && alerting.len() > 2;
        let only_source = facts.counting_sources.first().filter(|_| alone);
        let monitor = only_source.filter(|source| self.others_see_health(source, &alerting));
        Some(Scene { alerting, first, again_at: facts.again_at, candidates, roots, concerned, monitor })
    }

    /// What the earliest of them need, themselves included; in the order of what is needed, then of who needs it.
    fn reaches_below(&self, alerting: &[(ItemIdx, &Alerting)]) -> Vec<Reach> {
        let mut earliest: Vec<(Timestamp, ItemIdx)> = alerting.iter().map(|(item, seen)| (seen.start, *item)).collect();
        earliest.sort_unstable();
        earliest.truncate(ITEMS_MAX);
        let mut reaches: Vec<Reach> = Vec::with_capacity(earliest.len() * 16);
        for (_, item) in earliest {
            reaches.push((item, item, 0, 1000));
            let worth = |way: &Way| way.worth * 1000 / WAY;
            let ways = looked_at(&self.ways_down(item), alerting);
            reaches.extend(ways.iter().map(|way| (way.to, item, way.distance, worth(way))));
        }
        reaches.sort_unstable();
        reaches
    }

    /// A silent item that only one alerting item needs explains nothing that item does not explain itself, unless
    /// somebody has just changed it.
    fn candidates_of<'a>(
        &self,
        alerting: &[(ItemIdx, &'a Alerting)],
        reaches: &[Reach],
        changed: &BTreeSet<ItemIdx>,
    ) -> Vec<Candidate<'a>> {
        let alerts = |item: ItemIdx| {
            let at = alerting.binary_search_by_key(&item, |(alerting, _)| *alerting).ok()?;
            alerting.get(at).map(|(_, seen)| *seen)
        };
        let below = alerting_below(reaches, |item| alerts(item).is_some());
        let candidate = |needing: &[Reach]| {
            let item = needing.first()?.0;
            let alerting = alerts(item);
            let others = needing.iter().filter(|(_, other, ..)| *other != item);
            (alerting.is_some() || needing.len() > 1 || changed.contains(&item)).then(|| Candidate {
                item,
                alerting,
                explains: needing.len() as u32,
                roots: needing.iter().filter(|(_, other, ..)| !below.contains_key(other)).count() as u32,
                accounts_for: needing.iter().map(|(.., worth)| worth).sum(),
                nearest: others.map(|(_, other, distance, _)| (*distance, *other)).min(),
                below: below.get(&item).copied(),
            })
        };
        reaches.chunk_by(|(one, ..), (other, ..)| one == other).filter_map(candidate).collect()
    }

    /// Every alerting item is watched by another source too, which is alive and says nothing.
    fn others_see_health(&self, only: &SourceName, alerting: &[(ItemIdx, &Alerting)]) -> bool {
        let lowest = SourceName::from("");
        alerting.iter().all(|(item, _)| {
            let ci = self.graph().id(*item);
            let from = (ci.clone(), lowest.clone());
            let watching = self.state.covered.range(from..).take_while(|((covered, _), _)| covered == ci);
            watching.map(|((_, source), _)| source).any(|source| {
                source != only && self.state.sources.get(source).is_some_and(|source| source.silent_since.is_none())
            })
        })
    }
}

/// What alerts before what is silent, and of each the nearest.
fn looked_at(ways: &Ways, alerting: &[(ItemIdx, &Alerting)]) -> Vec<Way> {
    let mut ways: Vec<Way> = ways.iter().copied().collect();
    if ways.len() > BELOW_MAX {
        let silent = |item: ItemIdx| alerting.binary_search_by_key(&item, |(alerting, _)| *alerting).is_err();
        ways.sort_unstable_by_key(|way| (silent(way.to), way.distance, Reverse(way.worth), way.to));
        ways.truncate(BELOW_MAX);
    }
    ways
}

/// Found once for all, from below: a look from each item would be at every other.
fn alerting_below(reaches: &[Reach], alerts: impl Fn(ItemIdx) -> bool) -> FixedMap<ItemIdx, ItemIdx> {
    let mut found = FixedMap::new();
    let needs = |above: ItemIdx, below: ItemIdx| {
        reaches.binary_search_by_key(&(below, above), |(below, above, ..)| (*below, *above)).is_ok()
    };
    for (below, above, ..) in reaches {
        if above != below && !found.contains_key(above) && alerts(*below) && !needs(*below, *above) {
            found.insert(*above, *below);
        }
    }
    found
}
