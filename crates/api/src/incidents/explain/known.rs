//! What is known of the firings of an incident: by their alerts, and where those no longer remember a firing, by what was
//! decided when it came.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::reason::Joining;
use model::step::Subject;
use model::{Alert, AlertId, EpisodeId, IncidentId, Reason, limits};
use store::{EpisodeRecord, PageRequest};

use crate::Api;
use crate::fault::Fault;

/// Pages of decisions that are looked through for firings that their alerts forgot.
const PAGES_MAX: usize = 5;

#[derive(Default)]
pub(super) struct Known {
    alerts: BTreeMap<AlertId, Alert>,
    recalled: BTreeMap<EpisodeId, Joining>,
}

impl Known {
    pub(super) fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    pub(super) fn joining(&self, record: &EpisodeRecord) -> Option<&Joining> {
        let remembered = self.alert(record.alert).and_then(|alert| alert.episode(record.id)?.joining.as_ref());
        remembered.or_else(|| self.recalled.get(&record.id))
    }
}

impl Api {
    pub(super) async fn known(&self, told: &[EpisodeRecord], shown: &[EpisodeRecord]) -> Result<Known, Fault> {
        let ids: BTreeSet<AlertId> = told.iter().chain(shown).map(|episode| episode.alert).collect();
        let alerts = self.store().alerts_by_id(&ids.into_iter().collect::<Vec<_>>()).await?;
        Ok(Known { alerts: alerts.into_iter().map(|alert| (alert.id, alert)).collect(), recalled: BTreeMap::new() })
    }

    /// An alert forgets firings that are long over; the decisions of their incident stay.
    pub(super) async fn recall(
        &self,
        known: &mut Known,
        incident: IncidentId,
        episodes: &[EpisodeRecord],
    ) -> Result<(), Fault> {
        let mut forgotten: Vec<&EpisodeRecord> =
            episodes.iter().filter(|record| known.joining(record).is_none()).collect();
        if forgotten.is_empty() {
            return Ok(());
        }
        forgotten.sort_by_key(|record| (record.first_received_at, record.id));
        let mut decided = self.joined(incident).await?;
        for record in forgotten {
            let joined = decided.of.get_mut(&record.alert).and_then(VecDeque::pop_front);
            // Who opened it is told without a name: it is the one that nothing says to have joined.
            if let Some(joining) = joined.or_else(|| decided.opened.take()) {
                known.recalled.insert(record.id, joining);
            }
        }
        Ok(())
    }

    async fn joined(&self, incident: IncidentId) -> Result<Joined, Fault> {
        let mut joined = Joined::default();
        let mut page = PageRequest::first(limits::PAGE_ROWS_MAX);
        for _ in 0..PAGES_MAX {
            let read = self.store().timeline(&Subject::Incident(incident), &page).await?;
            read.items.into_iter().for_each(|line| joined.note(line.decision.reason));
            let Some(next) = read.next else { break };
            page = PageRequest { limit: Some(limits::PAGE_ROWS_MAX), ..PageRequest::after(next) };
        }
        Ok(joined)
    }
}

/// How firings came into an incident, as it was decided: of each alert in their order.
#[derive(Default)]
struct Joined {
    opened: Option<Joining>,
    of: BTreeMap<AlertId, VecDeque<Joining>>,
}

impl Joined {
    fn note(&mut self, reason: Reason) {
        match reason {
            Reason::IncidentOpened { evidence, score } => {
                self.opened = Some(Joining { evidence, score, silently: false, near_misses: Vec::new() });
            }
            Reason::EpisodeJoined { alert, joining } => self.of.entry(alert).or_default().push_back(joining),
            _ => {}
        }
    }
}
