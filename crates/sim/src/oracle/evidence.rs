//! Everything that the store holds, read once through its public questions, and which pushes are in it.

use std::collections::BTreeMap;

use model::alert::Alert;
use model::fact::{Correction, MaintenanceWindow};
use model::step::Counts;
use model::{AlertId, Incident, IncidentId, Outage, Problem, Timestamp};
use runtime::PushAnswer;
use store::{
    AlertFilter, AuditEntry, AuditFilter, CorrectionFilter, DeadLetter, DeadLetterFilter, EpisodeRecord, Finding,
    IncidentFilter, Intake, Loaded, Page, PageRequest, ProblemFilter, Range, Store, StoreError, TimelineLine,
    WindowFilter, ready,
};

use crate::world::World;

#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) loaded: Loaded,
    pub(crate) alerts: BTreeMap<AlertId, Alert>,
    pub(crate) episodes: BTreeMap<AlertId, Vec<EpisodeRecord>>,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) outages: Vec<Outage>,
    pub(crate) windows: Vec<MaintenanceWindow>,
    pub(crate) corrections: Vec<Correction>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) letters: Vec<DeadLetter>,
    pub(crate) ranges: Vec<Range>,
    pub(crate) counts: Counts,
    pub(crate) intake: Intake,
    pub(crate) timeline: Vec<TimelineLine>,
    pub(crate) waiting_outbox: u64,
    pub(crate) findings: Vec<Finding>,
    /// By number of the push.
    pub(crate) accepted: BTreeMap<usize, Accepted>,
}

/// A push that is in the store.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The receipt of everything in it.
    pub(crate) at: Timestamp,
    /// What it was answered, where the store or its sender knows.
    pub(crate) answer: Option<PushAnswer>,
}

impl Evidence {
    /// `all`: what takes long as well, the timeline and the store's own check.
    pub(crate) fn gather(world: &World, all: bool) -> Result<Evidence, StoreError> {
        let store = world.memory.store();
        let loaded = ready(store.load())?;
        let alerts: BTreeMap<AlertId, Alert> =
            pages(|page| ready(store.alerts(&AlertFilter::default(), page)))?.into_iter().map(|a| (a.id, a)).collect();
        let mut episodes = BTreeMap::new();
        for id in alerts.keys() {
            episodes.insert(*id, ready(store.episodes_of_alert(*id))?);
        }
        let incidents = pages(|page| ready(store.incidents(&IncidentFilter::default(), page)))?;
        let letters = letters(&store)?;
        let hours = ready(store.counts_per_hour(world.ever(), None))?;
        let accepted = accepted(world, &store, &letters)?;
        Ok(Evidence {
            alerts,
            episodes,
            incidents: incidents.into_iter().map(|incident| (incident.id, incident)).collect(),
            problems: pages(|page| ready(store.problems(&ProblemFilter::default(), page)))?,
            outages: ready(store.outages_overlapping(world.ever()))?,
            windows: pages(|page| ready(store.maintenance_windows(&WindowFilter::default(), page)))?,
            corrections: pages(|page| ready(store.corrections(&CorrectionFilter::default(), page)))?,
            audit: pages(|page| ready(store.audit(&AuditFilter::default(), page)))?
                .into_iter()
                .map(|line| line.entry)
                .collect(),
            letters,
            ranges: ready(store.ranges())?,
            counts: hours.iter().fold(Counts::default(), |all, hour| sum(all, hour.counts)),
            intake: ready(store.intake(world.ever()))?,
            timeline: if all { timeline(&store)? } else { Vec::new() },
            waiting_outbox: ready(store.depths())?.outbox.pending,
            findings: if all { ready(store.check())? } else { Vec::new() },
            accepted,
            loaded,
        })
    }
}

fn pages<T>(mut ask: impl FnMut(&PageRequest) -> Result<Page<T>, StoreError>) -> Result<Vec<T>, StoreError> {
    let mut all = Vec::new();
    let mut request = PageRequest { limit: Some(1000), ..PageRequest::default() };
    loop {
        let page = ask(&request)?;
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        request.cursor = Some(next);
    }
}

fn timeline(store: &Store) -> Result<Vec<TimelineLine>, StoreError> {
    let mut all: Vec<TimelineLine> = Vec::new();
    loop {
        let more = ready(store.timeline_after(all.last().map_or(0, |line| line.seq), 1000))?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

fn letters(store: &Store) -> Result<Vec<DeadLetter>, StoreError> {
    let lines = pages(|page| ready(store.dead_letters(&DeadLetterFilter::default(), page)))?;
    let mut letters = Vec::new();
    for line in lines {
        letters.extend(ready(store.dead_letter(line.id))?.map(|(letter, _)| letter));
    }
    Ok(letters)
}

/// Which pushes are in: their bytes lie among the dead letters, or their key has its answer.
fn accepted(world: &World, store: &Store, letters: &[DeadLetter]) -> Result<BTreeMap<usize, Accepted>, StoreError> {
    let by_bytes: BTreeMap<&[u8], Timestamp> =
        letters.iter().map(|letter| (&*letter.raw, letter.received_at)).collect();
    let mut accepted = BTreeMap::new();
    for (nth, sent) in world.journal.sent.iter().enumerate() {
        if let Some(at) = sent.mark.as_ref().and_then(|mark| by_bytes.get(&**mark)) {
            let answer = match &sent.fate {
                crate::journal::Fate::Acknowledged(answer) => Some(answer.clone()),
                _ => None,
            };
            accepted.insert(nth, Accepted { at: *at, answer });
        }
        let Some(key) = &sent.key else { continue };
        if let Some(receipt) = ready(store.receipt(key))? {
            accepted.insert(nth, Accepted { at: receipt.at, answer: serde_json::from_str(&receipt.answer).ok() });
        }
    }
    Ok(accepted)
}

fn sum(all: Counts, more: Counts) -> Counts {
    Counts {
        events: all.events + more.events,
        opened: all.opened + more.opened,
        repeated: all.repeated + more.repeated,
        escalated: all.escalated + more.escalated,
        cleared: all.cleared + more.cleared,
        reopened: all.reopened + more.reopened,
        suppressed: all.suppressed + more.suppressed,
        stale: all.stale + more.stale,
        rejected: all.rejected + more.rejected,
        recorded: all.recorded + more.recorded,
        told: all.told + more.told,
    }
}
