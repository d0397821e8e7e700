//! What is left of an incident after a person took alerts out: it names nothing more that only those touched.

use std::collections::BTreeSet;

use model::outage::ItemState;
use model::{CiId, IncidentId, SourceName};

use crate::desk::Desk;
use crate::state::Member;

impl Desk<'_> {
    /// Its lists are cumulative, and what was taken out never belonged to it. What a person said of it stays.
    pub(super) fn forget_taken_out(&mut self, id: IncidentId, taken: &[Member]) {
        let left: Vec<Member> = self.state.members.get(&id).into_iter().flatten().copied().collect();
        let worst = self.at_their_worst(&left);
        let graph = self.graph();
        let (cis, sources) = self.touched_by(&left);
        let (cis_taken, sources_taken) = self.touched_by(taken);
        // Of what is closed alerts may be forgotten.
        let Some(incident) = self.state.incidents.get_mut(&id).filter(|incident| incident.closed_at.is_none()) else {
            return;
        };
        incident.sources.retain(|source| sources.contains(source) || !sources_taken.contains(source));
        if !incident.by_hand {
            incident.cis.retain(|ci| cis.contains(ci) || !cis_taken.contains(ci));
        }
        incident.services.retain_mut(|service| {
            let state = graph.find(service.id.as_str()).map_or(ItemState::Up, |item| worst.state(item));
            service.state = service.state.min(state).max(service.now);
            service.state != ItemState::Up
        });
        // Settled anew, also where it is restored and would keep saying what it was.
        if incident.title_by.is_none() && incident.is_open() {
            incident.title = "".into();
        }
    }

    /// The items that they are about, and who told of them.
    fn touched_by(&self, members: &[Member]) -> (BTreeSet<CiId>, BTreeSet<SourceName>) {
        let alerts = || members.iter().filter_map(|(alert, _)| self.state.alerts.get(alert));
        (alerts().filter_map(|alert| alert.ci.clone()).collect(), alerts().map(|alert| alert.source.clone()).collect())
    }
}
