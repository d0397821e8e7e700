//! Episodes into and out of incidents, and every index that follows from it.

use model::alert::Episode;
use model::reason::{Evidence, Joining};
use model::step::Subject;
use model::{AlertId, IncidentId, Reason};

use super::impact::Say;
use crate::correlate::weigh;
use crate::desk::Desk;
use crate::policy::Pipeline;
use crate::reconcile::Delta;
use crate::state::Member;

impl Desk<'_> {
    /// What a fold changed reaches the incidents.
    pub(crate) fn episodes_changed(&mut self, alert: AlertId, delta: &Delta) {
        for (gone, into) in &delta.absorbed {
            self.absorbed(alert, gone, (alert, *into));
        }
        for gone in &delta.vanished {
            self.drop_member((alert, gone.id), gone);
        }
        for id in &delta.ended {
            self.episode_ended((alert, *id));
        }
        for id in delta.opened.iter().chain(&delta.resumed).chain(&delta.moved) {
            self.episode_moved((alert, *id));
        }
    }

    /// An episode is over: its incident may be restored; one that nobody knew opens an incident restored at once.
    pub(crate) fn episode_ended(&mut self, member: Member) {
        self.state.suppressed.remove(&member);
        if let Some(alert) = self.state.alerts.get(&member.0)
            && alert.suppressed.is_some()
            && alert.open_episode().is_none()
            && let Some(alert) = self.alert_mut(member.0)
        {
            alert.suppressed = None;
        }
        let holder = self.episode(member).and_then(|(_, episode)| episode.incident);
        // What began in this very step was never weighed while it lasted.
        let unweighed = holder.is_some_and(|holder| self.state.touched.unsettled.contains(&holder));
        self.member_moved(member, if unweighed { Say::AtWorst } else { Say::Now });
    }

    fn episode_moved(&mut self, member: Member) {
        self.member_moved(member, Say::AtWorst);
    }

    fn member_moved(&mut self, member: Member, say: Say) {
        let Some((alert, episode)) = self.episode(member) else { return };
        let fires = counts_now(episode, self.pipeline(&alert.pipeline));
        match episode.incident {
            // What is closed is never reopened: what turns out to fire still goes on in another.
            Some(incident) if fires && !self.is_live(incident) => {
                self.detach(member);
                self.admit(member);
            }
            Some(incident) => self.member_changed(member, incident, say),
            // It may never have counted before, though it was in an incident and a person took it out.
            None if episode.suppressed.is_none() => self.admit(member),
            // It goes on after it was over, or weighs otherwise: why it was suppressed may hold no more.
            None if episode.is_open() => self.suppressed_again(member),
            None => {}
        }
    }

    /// A member starts, ends or weighs otherwise.
    pub(crate) fn member_changed(&mut self, member: Member, incident: IncidentId, say: Say) {
        // What is closed takes nothing and hurts nobody: only its instants may still be corrected.
        if self.is_live(incident) {
            self.index_member(member, incident);
            self.update_impact(member, incident, say);
        }
        self.state.touched.unsettled.insert(incident);
    }

    pub(crate) fn attach(&mut self, member: Member, id: IncidentId, joining: Joining) {
        if let Some(episode) = self.episode_mut(member) {
            episode.incident = Some(id);
            episode.joining = Some(joining);
            episode.suppressed = None;
        }
        self.state.suppressed.remove(&member);
        self.state.members.entry(id).or_default().insert(member);
        let received = self.episode(member).map(|(_, episode)| episode.first_received_at);
        if let Some(incident) = self.incident_mut(id) {
            incident.clocks.newest_received_at = incident.clocks.newest_received_at.max(received);
        }
        self.relink_outages(member);
        self.member_changed(member, id, Say::AtWorst);
    }

    /// Which incident an outage names follows from who holds the alerts that contribute to it.
    fn relink_outages(&mut self, member: Member) {
        if let Some(start) = self.episode(member).map(|(_, episode)| episode.start) {
            self.alert_dirty(member.0, start);
        }
    }

    /// Takes a member out; where it goes is the caller's to say.
    pub(crate) fn detach(&mut self, member: Member) {
        let Some((alert, episode)) = self.episode(member) else { return };
        let Some(incident) = episode.incident else { return };
        let item = alert.ci.as_ref().and_then(|ci| self.item(ci));
        if let Some(episode) = self.episode_mut(member) {
            episode.incident = None;
        }
        self.relink_outages(member);
        self.leave(member, incident, item);
    }

    fn leave(&mut self, member: Member, incident: IncidentId, item: Option<topology::ItemIdx>) {
        self.take_from_index(member, incident, item);
        if let Some(members) = self.state.members.get_mut(&incident) {
            members.remove(&member);
        }
        if let Some(item) = item {
            self.update_impact_at(item, incident);
        }
        self.state.touched.unsettled.insert(incident);
        self.state.touched.incidents.insert(incident);
    }

    /// An episode that turned out never to have been leaves its incident.
    fn drop_member(&mut self, member: Member, gone: &Episode) {
        self.state.suppressed.remove(&member);
        let Some(incident) = gone.incident else { return };
        let ci = self.state.alerts.get(&member.0).and_then(|alert| alert.ci.clone());
        let item = ci.and_then(|ci| self.item(&ci));
        self.leave(member, incident, item);
    }

    /// Two episodes turned out to be one: so are their incidents, where nothing else holds the other.
    fn absorbed(&mut self, alert: AlertId, gone: &Episode, into: Member) {
        self.drop_member((alert, gone.id), gone);
        let Some(incident) = gone.incident else { return };
        let holder = self.episode(into).and_then(|(_, episode)| episode.incident);
        let emptied = self.state.members.get(&incident).is_none_or(|members| members.is_empty());
        let joining = Joining {
            evidence: Evidence::OneEpisode,
            score: weigh::SAME_ALERT,
            silently: true,
            near_misses: Vec::new(),
        };
        match holder {
            None => {
                if self.state.incidents.get(&incident).is_some_and(|incident| !incident.is_final()) {
                    self.attach(into, incident, joining);
                }
            }
            Some(holder) if holder != incident && emptied => self.merge(incident, holder, weigh::SAME_ALERT),
            Some(_) => self.decide(
                Subject::Incident(incident),
                Reason::EpisodeLeft { alert, why: "it is one with a later episode of its alert".into() },
            ),
        }
    }

    /// Puts a member where new episodes will look for it.
    fn index_member(&mut self, member: Member, incident: IncidentId) {
        self.note_kind(member.0);
        if self.index_rule(member, incident) {
            return;
        }
        let Some((alert, episode)) = self.episode(member) else { return };
        let item = alert.ci.as_ref().and_then(|ci| self.item(ci));
        let lasting = self.lasting(alert, episode);
        let bound = alert.ci.is_some();
        let graph = self.graph();
        match item {
            Some(item) => {
                let was_well = self.is_well(item);
                self.state.index.insert(graph, item, incident, member, lasting);
                self.note_turn(item, was_well);
            }
            None if !bound => {
                let name = alert.names.first().cloned();
                self.state.index.insert_unbound(incident, member, lasting, name);
            }
            None => {}
        }
    }

    /// The same, of one that may have stood elsewhere.
    pub(crate) fn index_anew(&mut self, member: Member, incident: IncidentId) {
        let ci = self.state.alerts.get(&member.0).and_then(|alert| alert.ci.clone());
        let item = ci.and_then(|ci| self.item(&ci));
        self.take_from_index(member, incident, item);
        self.index_member(member, incident);
    }

    /// An incident that takes nothing any more leaves the index.
    pub(crate) fn unindex(&mut self, incident: IncidentId) {
        let members: Vec<Member> = self.state.members.get(&incident).into_iter().flatten().copied().collect();
        for member in members {
            let ci = self.state.alerts.get(&member.0).and_then(|alert| alert.ci.clone());
            let item = ci.and_then(|ci| self.item(&ci));
            self.take_from_index(member, incident, item);
        }
    }

    fn take_from_index(&mut self, member: Member, incident: IncidentId, item: Option<topology::ItemIdx>) {
        let graph = self.graph();
        let was_well = item.map(|item| (item, self.is_well(item)));
        self.state.index.remove(graph, item, incident, member);
        if let Some((item, was_well)) = was_well {
            self.note_turn(item, was_well);
        }
    }

    /// Builds every index anew: after a restart, and when the graph changes.
    pub(crate) fn reindex(&mut self) {
        self.state.index = Default::default();
        self.state.known_ways = Default::default();
        self.state.known_below = Default::default();
        self.mark_items();
        self.state.impacts.clear();
        self.watch_limited();
        let incidents = self.state.incidents.values();
        let live: Vec<IncidentId> =
            incidents.filter(|incident| !incident.is_final()).map(|incident| incident.id).collect();
        for incident in live {
            let members: Vec<Member> = self.state.members.get(&incident).into_iter().flatten().copied().collect();
            for member in members {
                self.index_member(member, incident);
                self.restore_impact(member, incident);
            }
        }
    }
}

/// It counts, and still does: a downgrade below `open_at` clears for an incident.
pub(crate) fn counts_now(episode: &Episode, policy: &Pipeline) -> bool {
    episode.is_open() && episode.counts() && episode.severity() >= policy.open_at
}
