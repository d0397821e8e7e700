//! The outages that figures are made from. Those of services are in the store, and are the facts; those of any other
//! item are swept from the episodes in the store when somebody asks. docs/measures.md section 4.
//!
//! Rule: a sample is whole. A sweep is widened until no outage that it found crosses its edge, but for one that still
//! lasts now.

use std::collections::{BTreeMap, BTreeSet};

use model::alert::SeverityStep;
use model::fact::Correction;
use model::limits::PAGE_ROWS_MAX;
use model::{CiId, FixedMap, Interval, OutageBrief, Span, Timestamp};
use reliability::OutageFact;
use store::{EpisodeRecord, OutageFilter, PageRequest, Store, StoreError};
use topology::{FaultInterval, Graph, ItemIdx, Segment, Topology, corrected, sweep};

use crate::error::ReportError;
use crate::question::Question;
use crate::services::Service;
use crate::versions::Versions;
use crate::windows::windows_over;

#[derive(Debug, Default)]
pub(crate) struct Outages(FixedMap<CiId, Vec<OutageFact>>);

impl Outages {
    /// Of these items, each item's in order of time: those that overlap `span`, and those that end where it begins or
    /// begin where it ends.
    pub(crate) async fn read(
        store: &Store,
        question: &Question,
        versions: &Versions,
        services: &[Service<'_>],
        span: Interval,
    ) -> Result<Outages, ReportError> {
        let span = with_its_edges(span);
        let mut of: FixedMap<CiId, Vec<OutageFact>> = FixedMap::new();
        for outage in stored(store, question, services, span).await? {
            let fact = OutageFact::from(&outage);
            of.get_or_insert_with(outage.service, Vec::new).push(fact);
        }
        of.replace_each(as_one_sees_them);
        let others: BTreeSet<CiId> =
            services.iter().filter(|item| !item.is_service).map(|item| item.id.clone()).collect();
        if !others.is_empty() {
            for (item, facts) in swept(store, versions, &others, span, question.now).await? {
                of.insert(item, facts);
            }
        }
        Ok(Outages(of))
    }

    pub(crate) fn of(&self, item: &CiId) -> &[OutageFact] {
        self.0.get(item).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of the item that can bear on `window`: they are in order and disjoint `[I13]`, so they stand together.
    pub(crate) fn within(&self, item: &CiId, window: Interval) -> &[OutageFact] {
        let all = self.of(item);
        let first = all.partition_point(|outage| outage.to.is_some_and(|to| to < window.start()));
        let end = all.partition_point(|outage| outage.from <= window.end());
        all.get(first..end).unwrap_or_default()
    }
}

/// What the outages of items ought to be: computed anew from episodes and windows, never from the outages in the
/// store. Whole ones, of items that have any, that share an instant with `window`. `[I13]`
///
/// # Errors
/// An item that no version of the CMDB in force over the window has.
pub async fn recomputed(
    store: &Store,
    items: &[CiId],
    window: Interval,
    now: Timestamp,
) -> Result<BTreeMap<CiId, Vec<OutageFact>>, ReportError> {
    let versions = Versions::read(store, now).await?;
    let question = Question { services: items.to_vec(), ..Question::new(window.start(), window.end(), now) };
    let topology = versions.since(question.elapsed().start()).await?;
    let asked = crate::services::asked(&topology, &question)?;
    let ids = asked.into_iter().map(|item| item.id).collect();
    let known = Interval::or_empty(window.start(), window.end().min(now + Span::MICROSECOND));
    if known.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut found = swept(store, &versions, &ids, known, now).await?;
    for outages in found.values_mut() {
        outages.retain(|outage| outage.from < known.end() && outage.to.is_none_or(|to| to > known.start()));
    }
    found.retain(|_, outages| !outages.is_empty());
    Ok(found)
}

/// More than so many are looked for among all.
const NAMED_APART_MAX: usize = 100;

/// All in one read; of a few that were named, only theirs.
async fn stored(
    store: &Store,
    question: &Question,
    services: &[Service<'_>],
    span: Interval,
) -> Result<Vec<OutageBrief>, StoreError> {
    if question.services.is_empty() || services.len() > NAMED_APART_MAX {
        let mut all = store.outage_briefs(span).await?;
        all.retain(|outage| services.binary_search_by(|service| service.id.cmp(&outage.service)).is_ok());
        return Ok(all);
    }
    let named: Vec<CiId> = services.iter().filter(|item| item.is_service).map(|item| item.id.clone()).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let filter = OutageFilter { services: named, overlapping: Some(span) };
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    let mut outages = Vec::new();
    loop {
        let page = store.outages(&filter, &request).await?;
        outages.extend(page.items.iter().map(OutageBrief::from));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(outages),
        }
    }
}

/// In order of time and disjoint. Each domain sees its own outages of a service `[I13]`: where several see it out at once
/// it is as bad as the worst says, and planned where all say so.
fn as_one_sees_them(mut facts: Vec<OutageFact>) -> Vec<OutageFact> {
    facts.sort_unstable_by_key(|fact| (fact.from, fact.to.is_none(), fact.to));
    let reaches = |fact: &OutageFact, at: Timestamp| fact.to.is_none_or(|to| to > at);
    if facts.windows(2).all(|pair| !reaches(&pair[0], pair[1].from)) {
        return facts;
    }
    let mut edges: Vec<Timestamp> = facts.iter().flat_map(|fact| [Some(fact.from), fact.to]).flatten().collect();
    edges.sort_unstable();
    edges.dedup();
    let mut begun = facts.iter().peekable();
    // Few at any edge: one of each domain.
    let mut lasting: Vec<&OutageFact> = Vec::new();
    let mut merged: Vec<OutageFact> = Vec::new();
    for (nth, from) in edges.iter().enumerate() {
        lasting.extend(std::iter::from_fn(|| begun.next_if(|fact| fact.from <= *from)));
        lasting.retain(|fact| reaches(fact, *from));
        let Some(state) = lasting.iter().map(|fact| fact.state).max() else { continue };
        let planned = lasting.iter().all(|fact| fact.planned);
        let to = edges.get(nth + 1).copied();
        match merged.last_mut().filter(|last| last.to == Some(*from) && (last.state, last.planned) == (state, planned))
        {
            Some(last) => last.to = to,
            None => merged.push(OutageFact { from: *from, to, state, planned }),
        }
    }
    merged
}

/// Sweeps, wider and wider until what is found is whole. Each time the span at least doubles, so that there are few.
async fn swept(
    store: &Store,
    versions: &Versions,
    items: &BTreeSet<CiId>,
    span: Interval,
    now: Timestamp,
) -> Result<BTreeMap<CiId, Vec<OutageFact>>, ReportError> {
    // What begins now lasts, though nothing of it has passed.
    let last = now + Span::MICROSECOND;
    let mut span = Interval::or_empty(span.start().min(last), span.end().min(last));
    let mut topology = versions.since(span.start()).await?;
    let named: Vec<CiId> = items.iter().cloned().collect();
    loop {
        let needed: Vec<CiId> = everything_below(&topology, items).into_iter().collect();
        // One that ended just where the span begins may be one outage with what began there.
        let episodes = store.episodes_of_items(&needed, with_its_edges(span)).await?;
        let windows = windows_over(store, span, now).await?;
        let faults = faults(&episodes);
        let said = store.corrections_overlapping(&named, with_its_edges(span)).await?;
        let told = sweep(&topology, &faults, &windows, span, &|graph, idx| items.contains(graph.id(idx)));
        let segments = as_people_have_it(&topology, told, &said, span);
        let begun = episodes.iter().map(|episode| episode.start).chain(said.iter().map(|known| known.extent().start()));
        let Some(wider) = wider(span, &segments, begun.min(), last) else { return Ok(facts(&segments, last)) };
        if !versions.begin_alike(span.start(), wider.start()) {
            topology = versions.since(wider.start()).await?;
        }
        span = wider;
    }
}

/// `None` where no segment is cut by the edges of the span.
fn wider(
    span: Interval,
    segments: &BTreeMap<CiId, Vec<Segment>>,
    begun: Option<Timestamp>,
    last: Timestamp,
) -> Option<Interval> {
    let earliest = begun.filter(|start| *start < span.start());
    let at_start = segments.values().filter_map(|of_item| of_item.first()).any(|first| first.from == span.start());
    let at_end = segments.values().filter_map(|of_item| of_item.last()).any(|end| end.to == span.end());
    let length = span.length().max(Span::HOUR);
    // What lasted before the span has an episode, or a correction, that began before it: without one nothing is cut.
    let start = earliest.filter(|_| at_start).map_or(span.start(), |earliest| earliest.min(span.start() - length));
    let end = if at_end { (span.end() + length).min(last) } else { span.end() };
    let wider = Interval::or_empty(start.max(Timestamp::MIN), end);
    (wider != span).then_some(wider)
}

/// What people say laid over what alerts told of; of items of which nothing was said nothing changes.
pub(crate) fn as_people_have_it(
    topology: &Topology,
    mut told: BTreeMap<CiId, Vec<Segment>>,
    said: &[Correction],
    span: Interval,
) -> BTreeMap<CiId, Vec<Segment>> {
    for service in said.iter().map(|known| &known.service).collect::<BTreeSet<_>>() {
        let segments = told.remove(service).unwrap_or_default();
        told.insert(service.clone(), corrected(topology, service, segments, said, span, None));
    }
    told
}

pub(crate) fn facts(segments: &BTreeMap<CiId, Vec<Segment>>, last: Timestamp) -> BTreeMap<CiId, Vec<OutageFact>> {
    let fact = |segment: &Segment| {
        let to = (segment.to < last).then_some(segment.to);
        Some(OutageFact { from: segment.from, to, state: segment.state.outage()?, planned: segment.planned })
    };
    segments.iter().map(|(id, of_item)| (id.clone(), of_item.iter().filter_map(fact).collect())).collect()
}

/// One fault for each step of an episode's severity; suppressed or not, but no false positives.
fn faults(episodes: &[EpisodeRecord]) -> Vec<FaultInterval> {
    faults_of(episodes.iter().filter(|episode| !episode.false_positive))
}

pub(crate) fn faults_of<'e>(counting: impl Iterator<Item = &'e EpisodeRecord>) -> Vec<FaultInterval> {
    let bound = counting.filter_map(|episode| Some((episode.ci.as_ref()?, episode)));
    bound.flat_map(|(ci, episode)| steps(ci, &episode.severities, episode.end)).collect()
}

fn steps(ci: &CiId, severities: &[SeverityStep], end: Option<Timestamp>) -> impl Iterator<Item = FaultInterval> {
    let ends = severities.iter().skip(1).map(|next| Some(next.at)).chain([end]);
    severities.iter().zip(ends).map(|(step, end)| FaultInterval {
        ci: ci.clone(),
        start: step.at,
        end,
        severity: step.severity,
        effect: step.effect,
    })
}

/// The items and everything whose faults can bear on them, by any version.
pub(crate) fn everything_below(topology: &Topology, items: &BTreeSet<CiId>) -> BTreeSet<CiId> {
    let mut below = BTreeSet::new();
    for (_, graph) in topology.versions() {
        let start = items.iter().filter_map(|id| graph.find(id.as_str())).collect();
        below.extend(reach(graph, start).into_iter().map(|idx| graph.id(idx).clone()));
    }
    below
}

fn reach(graph: &Graph, start: Vec<ItemIdx>) -> BTreeSet<ItemIdx> {
    let mut seen: BTreeSet<ItemIdx> = start.iter().copied().collect();
    let mut waiting = start;
    while let Some(item) = waiting.pop() {
        waiting.extend(graph.dependencies(item).map(|edge| edge.to).filter(|to| seen.insert(*to)));
    }
    seen
}

/// Reads of what overlaps leave out what only touches.
fn with_its_edges(span: Interval) -> Interval {
    Interval::or_empty(span.start() - Span::MICROSECOND, span.end() + Span::MICROSECOND)
}

#[cfg(test)]
mod tests {
    use model::outage::OutageState::{self, Degraded, Down};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn out(from: i64, to: impl Into<Option<i64>>, state: OutageState, planned: bool) -> OutageFact {
        OutageFact { from: at(from), to: to.into().map(at), state, planned }
    }

    #[test]
    fn what_several_domains_see_at_once_is_one_outage_as_bad_as_the_worst() {
        let apart = vec![out(0, 10, Down, false), out(10, 20, Degraded, false), out(30, None, Down, true)];
        assert_eq!(as_one_sees_them(apart.clone()), apart);
        for (seen, expected) in [
            (vec![out(0, 10, Down, false), out(0, 10, Down, false)], vec![out(0, 10, Down, false)]),
            (
                vec![out(0, 30, Degraded, false), out(10, 20, Down, false)],
                vec![out(0, 10, Degraded, false), out(10, 20, Down, false), out(20, 30, Degraded, false)],
            ),
            (
                vec![out(0, 20, Down, true), out(10, 30, Down, false)],
                vec![out(0, 10, Down, true), out(10, 30, Down, false)],
            ),
            (vec![out(5, None, Down, false), out(0, 9, Down, false)], vec![out(0, None, Down, false)]),
            (
                vec![out(0, None, Degraded, false), out(4, None, Down, false)],
                vec![out(0, 4, Degraded, false), out(4, None, Down, false)],
            ),
        ] {
            assert_eq!(as_one_sees_them(seen), expected);
        }
    }

    #[test]
    fn as_many_outages_as_a_flapping_service_has_are_seen_as_one_sees_them_at_once() {
        let of = |nth: i64, begins: i64| out(10 * nth + begins, 10 * nth + 6, Down, false);
        let seen: Vec<OutageFact> = (0..50_000).flat_map(|nth| [of(nth, 0), of(nth, 3)]).collect();
        let begun = std::time::Instant::now();
        let found = as_one_sees_them(seen);
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
        assert!(found.iter().enumerate().all(|(nth, one)| *one == of(nth as i64, 0)) && found.len() == 50_000);
    }
}
