//! What people say of a service's outages, laid over what was swept from its alerts. docs/measures.md section 4.
//!
//! The one place that does so: the engine, reports and whoever checks them ask it. Corrections are laid down in the order
//! in which they were said, so what arrived when makes no difference. `[I13]`

use std::sync::Arc;

use model::fact::Correction;
use model::outage::ItemState;
use model::{CiId, Domain, Interval, Timestamp};

use crate::graph::Graph;
use crate::sweep::Segment;
use crate::versions::Topology;

/// The segments of a service within `span` as people have them, from those that its alerts told of; of `corrections` those
/// of this service that stand. `domain`: whose outages they are, where it is one domain's.
///
/// Like what is swept, what people say holds only while the graph in force has the service, and while that lives.
pub fn corrected<'c>(
    topology: &Topology,
    service: &CiId,
    told: Vec<Segment>,
    corrections: impl IntoIterator<Item = &'c Correction>,
    span: Interval,
    domain: Option<&Domain>,
) -> Vec<Segment> {
    let concern = |correction: &&Correction| {
        correction.service == *service && correction.stands() && correction.extent().intersect(span).is_some()
    };
    let mut said: Vec<&Correction> = corrections.into_iter().filter(concern).collect();
    if said.is_empty() {
        return told;
    }
    said.sort_by_key(|correction| (correction.at, correction.id));
    let mut segments = told.clone();
    for correction in said {
        lay(&mut segments, correction, &told, span, domain);
    }
    joined(while_alive(&segments, &lives(topology, service, span)))
}

fn lay(
    segments: &mut Vec<Segment>,
    correction: &Correction,
    told: &[Segment],
    span: Interval,
    domain: Option<&Domain>,
) {
    if let Some(of) = &correction.instead_of {
        replace(segments, of.interval, Vec::new());
        let after = Interval::or_empty(of.interval.end(), Timestamp::MAX);
        if of.ended {
            replace(segments, after, told.iter().filter_map(|segment| cut(segment, after)).collect());
        }
    }
    let over = Interval::or_empty(correction.from, correction.to.unwrap_or(Timestamp::MAX));
    let Some(within) = over.intersect(span) else { return };
    let ours = domain.is_none_or(|domain| *domain == correction.domain);
    let state = correction.state.filter(|_| ours).map(ItemState::from);
    let segment = |state| Segment { from: within.start(), to: within.end(), state, planned: correction.planned };
    replace(segments, within, state.map(segment).into_iter().collect());
}

/// Nothing but `with` is left over `span`.
fn replace(segments: &mut Vec<Segment>, span: Interval, with: Vec<Segment>) {
    let before = Interval::or_empty(Timestamp::MIN, span.start());
    let after = Interval::or_empty(span.end(), Timestamp::MAX);
    let beside = segments.iter().flat_map(|segment| [cut(segment, before), cut(segment, after)]).flatten();
    let mut next: Vec<Segment> = beside.chain(with).collect();
    next.sort_by_key(|segment| segment.from);
    *segments = next;
}

fn cut(segment: &Segment, to: Interval) -> Option<Segment> {
    let shared = Interval::or_empty(segment.from, segment.to).intersect(to)?;
    Some(Segment { from: shared.start(), to: shared.end(), ..*segment })
}

/// When the graph in force has the service, and it lives, within the span.
fn lives(topology: &Topology, service: &CiId, span: Interval) -> Vec<Interval> {
    let versions = topology.versions();
    let ends = versions.iter().skip(1).map(|(from, _)| *from).chain([Timestamp::MAX]);
    let alive = |((from, graph), end): (&(Timestamp, Arc<Graph>), Timestamp)| {
        let (live_since, retired_at) = graph.life(graph.find(service.as_str())?);
        let life = Interval::or_empty(live_since.unwrap_or(Timestamp::MIN), retired_at.unwrap_or(Timestamp::MAX));
        Interval::or_empty(*from, end).intersect(life)?.intersect(span)
    };
    versions.iter().zip(ends).filter_map(alive).collect()
}

fn while_alive(segments: &[Segment], lives: &[Interval]) -> Vec<Segment> {
    segments.iter().flat_map(|segment| lives.iter().filter_map(|life| cut(segment, *life))).collect()
}

fn joined(segments: Vec<Segment>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::with_capacity(segments.len());
    for segment in segments {
        match joined.last_mut() {
            Some(last) if (last.to, last.state, last.planned) == (segment.from, segment.state, segment.planned) => {
                last.to = segment.to;
            }
            _ => joined.push(segment),
        }
    }
    joined
}
