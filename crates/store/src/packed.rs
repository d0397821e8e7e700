//! Incidents of a day as their pack has them: each name once, ids as bytes, instants as lengths of time since the opening.
//! A report over years reads a third of the bytes, and makes a name once for all that have it.

use std::sync::Arc;

use model::incident::Priority;
use model::{CiId, FixedMap, HoldBrief, IncidentBrief, IncidentId, SourceName, Span, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PackedIncidents {
    cis: Vec<CiId>,
    sources: Vec<SourceName>,
    teams: Vec<Box<str>>,
    incidents: Vec<Packed>,
}

/// Names are places in the lists beside it.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    id: [u8; 16],
    number: Option<u64>,
    opened_at: Timestamp,
    started: Span,
    detected: Span,
    acknowledged: Option<Span>,
    restored: Option<Span>,
    resolved: Option<Span>,
    reopened: Vec<Span>,
    holds: Vec<HoldBrief>,
    preexisting: bool,
    excluded: bool,
    priority: Priority,
    team: Option<u32>,
    cause: Option<u32>,
    services: Vec<u32>,
    cis: Vec<u32>,
    sources: Vec<u32>,
}

impl PackedIncidents {
    pub(crate) fn of(briefs: &[IncidentBrief]) -> PackedIncidents {
        let (mut cis, mut sources, mut teams) = (Names::default(), Names::default(), Names::default());
        let incidents = briefs.iter().map(|brief| packed(brief, &mut cis, &mut sources, &mut teams)).collect();
        let teams = teams.all.iter().map(|team: &Arc<str>| Box::from(&**team)).collect();
        PackedIncidents { cis: cis.all, sources: sources.all, teams, incidents }
    }

    /// `None` where a name is meant that is not there.
    pub(crate) fn unpacked(self) -> Option<Vec<IncidentBrief>> {
        let PackedIncidents { cis, sources, teams, incidents } = self;
        let teams: Vec<Arc<str>> = teams.into_iter().map(Arc::from).collect();
        incidents.into_iter().map(|packed| unpacked(packed, &cis, &sources, &teams)).collect()
    }
}

fn packed(
    brief: &IncidentBrief,
    cis: &mut Names<CiId>,
    sources: &mut Names<SourceName>,
    teams: &mut Names<Arc<str>>,
) -> Packed {
    let since = |at: Timestamp| at - brief.opened_at;
    Packed {
        id: brief.id.bytes(),
        number: brief.number,
        opened_at: brief.opened_at,
        started: since(brief.started_at),
        detected: since(brief.detected_at),
        acknowledged: brief.acknowledged_at.map(since),
        restored: brief.restored_at.map(since),
        resolved: brief.resolved_at.map(since),
        reopened: brief.reopened_at.iter().copied().map(since).collect(),
        holds: brief.holds.clone(),
        preexisting: brief.preexisting,
        excluded: brief.excluded,
        priority: brief.priority,
        team: brief.team.as_ref().map(|team| teams.place(team)),
        cause: brief.cause.as_ref().map(|cause| cis.place(cause)),
        services: brief.services.iter().map(|id| cis.place(id)).collect(),
        cis: brief.cis.iter().map(|id| cis.place(id)).collect(),
        sources: brief.sources.iter().map(|source| sources.place(source)).collect(),
    }
}

fn unpacked(packed: Packed, cis: &[CiId], sources: &[SourceName], teams: &[Arc<str>]) -> Option<IncidentBrief> {
    let opened_at = packed.opened_at;
    let at = |since: Span| opened_at + since;
    Some(IncidentBrief {
        id: IncidentId::from_bytes(packed.id),
        number: packed.number,
        started_at: at(packed.started),
        detected_at: at(packed.detected),
        opened_at,
        acknowledged_at: packed.acknowledged.map(at),
        restored_at: packed.restored.map(at),
        resolved_at: packed.resolved.map(at),
        reopened_at: packed.reopened.into_iter().map(at).collect(),
        holds: packed.holds,
        preexisting: packed.preexisting,
        excluded: packed.excluded,
        priority: packed.priority,
        team: one(packed.team, teams)?,
        cause: one(packed.cause, cis)?,
        services: all(&packed.services, cis)?,
        cis: all(&packed.cis, cis)?,
        sources: all(&packed.sources, sources)?,
    })
}

fn one<T: Clone>(place: Option<u32>, names: &[T]) -> Option<Option<T>> {
    match place {
        Some(place) => names.get(place as usize).cloned().map(Some),
        None => Some(None),
    }
}

fn all<T: Clone>(places: &[u32], names: &[T]) -> Option<Vec<T>> {
    places.iter().map(|place| names.get(*place as usize).cloned()).collect()
}

/// Each name once, in the order in which they came.
struct Names<T> {
    all: Vec<T>,
    places: FixedMap<T, u32>,
}

impl<T: Clone + Ord + std::hash::Hash> Names<T> {
    fn place(&mut self, name: &T) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.all.len() as u32;
        self.all.push(name.clone());
        self.places.insert(name.clone(), place);
        place
    }
}

impl<T: Ord + std::hash::Hash> Default for Names<T> {
    fn default() -> Names<T> {
        Names { all: Vec::new(), places: FixedMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use model::incident::HoldFor;

    use super::*;

    fn brief(nth: i64) -> IncidentBrief {
        let at = Timestamp::from_seconds(1_800_000_000 + nth * 60);
        let later = |minutes: i64| Some(at + Span::from_minutes(minutes)).filter(|_| nth % 2 == 0);
        IncidentBrief {
            id: IncidentId::derive(|hash| {
                hash.number(nth);
            }),
            number: later(0).map(|_| nth as u64),
            started_at: at - Span::from_minutes(3),
            detected_at: at - Span::MICROSECOND,
            opened_at: at,
            acknowledged_at: later(2),
            restored_at: later(-90),
            resolved_at: later(9),
            reopened_at: later(30).into_iter().chain(later(40)).collect(),
            holds: vec![HoldBrief { from: at, to: later(7), until: None, reason_for: HoldFor::Customer }],
            preexisting: nth % 3 == 0,
            excluded: nth % 5 == 0,
            priority: if nth % 2 == 0 { Priority::P1 } else { Priority::P4 },
            team: later(0).map(|_| "sea".into()),
            cause: later(0).map(|_| "db-7".into()),
            services: vec!["shop".into(), format!("service-{}", nth % 3).as_str().into()],
            cis: (0..nth).map(|n| format!("host-{n}").as_str().into()).collect(),
            sources: vec!["prometheus".into()],
        }
    }

    #[test]
    fn what_is_packed_comes_out_as_it_was_and_has_each_name_once() {
        let briefs: Vec<IncidentBrief> = (0..9).map(brief).collect();
        let packed = PackedIncidents::of(&briefs);
        assert_eq!(packed.cis.len(), 1 + 1 + 3 + 8, "the shop, its database, three services, eight hosts");
        assert_eq!((packed.sources.len(), packed.teams.len()), (1, 1));
        assert_eq!(packed.unpacked().as_deref(), Some(briefs.as_slice()));
    }

    #[test]
    fn a_name_that_is_not_there_is_found_missing() {
        let mut packed = PackedIncidents::of(&[brief(2)]);
        packed.sources.clear();
        assert_eq!(packed.unpacked(), None);
    }
}
