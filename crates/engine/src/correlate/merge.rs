//! Merge: two incidents that turn out to be one, at most one of which a person has touched; else it is a suggestion.

use model::incident::{Incident, Major, Priority};
use model::reason::{Evidence, Joining};
use model::step::{Subject, TellKind};
use model::{IncidentId, Reason, limits};

use super::weigh;
use crate::desk::Desk;
use crate::state::Member;
use crate::timer::Timer;

impl Desk<'_> {
    /// Evidence ties two incidents strongly that are open, or would be had everything been heard in time.
    pub(crate) fn tie_together(&mut self, one: IncidentId, other: IncidentId, score: u32) {
        // Either may have been merged only now, by a tie of the same episode.
        let (Some(a), Some(b)) = (self.follow_merges(one), self.follow_merges(other)) else { return };
        let (one, other) = (a.id, b.id);
        if one == other || !self.open_in_time(a) || !self.open_in_time(b) {
            return;
        }
        if (a.touched && b.touched) || self.parted(one, other) {
            self.suggest_merge(one, other, score);
            return;
        }
        let (survivor, gone) = if outranks(b, a) { (other, one) } else { (one, other) };
        self.merge(gone, survivor, score);
    }

    /// Whether a person took an alert out of one that is in the other now.
    fn parted(&self, one: IncidentId, other: IncidentId) -> bool {
        let taken = |from: IncidentId, by: IncidentId| {
            let members = self.state.members.get(&by).into_iter().flatten();
            let mut left = members.filter_map(|member| self.episode(*member)?.1.unlinked_from);
            left.any(|left| left == from || self.follow_merges(left).is_some_and(|now| now.id == from))
        };
        taken(one, other) || taken(other, one)
    }

    fn suggest_merge(&mut self, one: IncidentId, other: IncidentId, score: u32) {
        for (here, with) in [(one, other), (other, one)] {
            let known = self.state.incidents.get(&here).is_none_or(|incident| incident.merge_suggested.contains(&with));
            if known {
                continue;
            }
            if let Some(incident) = self.incident_mut(here) {
                incident.merge_suggested.push(with);
            }
            self.decide_incident(here, Reason::MergeSuggested { with, score });
        }
    }

    /// Every member moves; the survivor takes the earliest instants and the union of holds. `[I8]`
    pub(crate) fn merge(&mut self, gone: IncidentId, survivor: IncidentId, score: u32) {
        let Some(merged) = self.state.incidents.get(&gone).cloned() else { return };
        let members: Vec<Member> = self.state.members.get(&gone).into_iter().flatten().copied().collect();
        for member in members {
            let joining = self.episode(member).and_then(|(_, episode)| episode.joining.clone());
            self.detach(member);
            let joining = joining.unwrap_or(Joining {
                evidence: Evidence::OneEpisode,
                score: weigh::SAME_ALERT,
                silently: true,
                near_misses: Vec::new(),
            });
            self.attach(member, survivor, joining);
        }
        // The two opened once, when the first did.
        self.state.openings.remove(merged.opened_at, gone);
        if let Some(kept) = self.state.incidents.get(&survivor) {
            self.state.openings.remove(kept.opened_at, survivor);
            self.state.openings.insert(kept.opened_at.min(merged.opened_at), survivor);
        }
        let forget_at = self.now + limits::LATE_HORIZON;
        self.state.timers.set(forget_at, Timer::Close(gone));
        if let Some(incident) = self.incident_mut(survivor) {
            absorb(incident, &merged);
            if let Some(at) = incident.clocks.unhold_at {
                self.state.timers.set(at, Timer::Unhold(survivor));
            }
        }
        self.go_on(survivor, &merged);
        self.take_problem(survivor, &merged);
        // Both are one: what was counted of it counts no more.
        if merged.resolved_at.is_some() || !merged.reopened_at.is_empty() {
            self.forget_recurrence(gone);
        }
        self.unindex(gone);
        if let Some(incident) = self.incident_mut(gone) {
            incident.merged_into = Some(survivor);
            incident.version += 1;
            let version = incident.version;
            let told = incident.told.opened;
            incident.clocks = model::incident::Clocks { close_at: Some(forget_at), ..Default::default() };
            self.decide_incident(gone, Reason::Merged { into: survivor, score });
            self.decide(Subject::Incident(survivor), Reason::MergedHere { from: gone });
            if told {
                self.send(Subject::Incident(gone), TellKind::Merged, version, true);
            }
        }
        self.state.members.remove(&gone);
        self.state.impacts.remove(&gone);
        self.unsettle_storm_of(gone);
    }

    /// What still goes on is not over because it is merged into what was. What is closed stays so.
    fn go_on(&mut self, survivor: IncidentId, merged: &Incident) {
        let over =
            self.state.incidents.get(&survivor).is_some_and(|known| known.resolved_at.is_some() && !known.is_final());
        if !over {
            return;
        }
        if !merged.is_open() {
            return self.over_when_both_were(survivor, merged);
        }
        if merged.restored_at.is_none() {
            self.reopen(survivor, None);
        }
        let Some(incident) = self.incident_mut(survivor) else { return };
        // Restored, it is quiet for no longer than the merged one: settling says until when.
        (incident.restored_at, incident.resolved_at, incident.resolution) = (None, None, None);
        incident.told.resolved = false;
        incident.clocks.close_at = None;
        incident.acknowledged_by = merged.acknowledged_by.clone();
    }

    /// Resolved is what both say together once the later of them was.
    fn over_when_both_were(&mut self, survivor: IncidentId, merged: &Incident) {
        let Some(incident) = self.incident_mut(survivor).filter(|known| known.resolved_at < merged.resolved_at) else {
            return;
        };
        incident.resolved_at = merged.resolved_at;
        incident.resolution = merged.resolution.clone();
        incident.clocks.close_at = merged.clocks.close_at;
        if let Some(at) = merged.clocks.close_at {
            self.state.timers.set(at, Timer::Close(survivor));
        }
    }
}

/// Touched by a person, then of higher priority, then older.
fn outranks(a: &Incident, b: &Incident) -> bool {
    let rank = |incident: &Incident| (!incident.touched, incident.priority, incident.opened_at, incident.id);
    rank(a) < rank(b)
}

/// A person's word goes before what is only proposed, and what was declared stays so.
fn settled(major: Major) -> u8 {
    match major {
        Major::None => 0,
        Major::Proposed => 1,
        Major::Rejected => 2,
        Major::Declared => 3,
    }
}

fn absorb(incident: &mut Incident, merged: &Incident) {
    let follows_merged = merged.priority < incident.priority;
    if follows_merged {
        incident.acknowledged_by = merged.acknowledged_by.clone();
    }
    incident.started_at = incident.started_at.min(merged.started_at);
    incident.detected_at = incident.detected_at.min(merged.detected_at);
    incident.opened_at = incident.opened_at.min(merged.opened_at);
    incident.acknowledged_at = [incident.acknowledged_at, merged.acknowledged_at].into_iter().flatten().min();
    // On hold for as long as either was: one without an end is ended by a person.
    incident.clocks.unhold_at = match (incident.hold(), merged.hold()) {
        (Some(_), Some(_)) => incident.clocks.unhold_at.zip(merged.clocks.unhold_at).map(|(a, b)| a.max(b)),
        (None, Some(_)) => merged.clocks.unhold_at,
        (_, None) => incident.clocks.unhold_at,
    };
    incident.holds.extend(merged.holds.iter().cloned());
    incident.holds.sort_by_key(|hold| (hold.from, hold.to));
    incident.comments.extend(merged.comments.iter().cloned());
    incident.comments.sort_by_key(|comment| comment.at);
    incident.priority = incident.priority.min(merged.priority);
    incident.impact = incident.impact.min(merged.impact);
    incident.urgency = incident.urgency.min(merged.urgency);
    incident.major = std::cmp::max_by_key(incident.major, merged.major, |major| settled(*major));
    for ci in &merged.cis {
        if let Err(at) = incident.cis.binary_search(ci) {
            incident.cis.insert(at, ci.clone());
        }
    }
    incident.by_hand |= merged.by_hand;
    incident.touched |= merged.touched;
    // What was kept quiet takes in what was to be told.
    if incident.residual_of.is_some() && merged.residual_of.is_none() && !incident.told.opened {
        incident.told.priority = Some(Priority::P5);
        incident.told.down.clear();
    }
    incident.told.opened |= merged.told.opened;
    incident.told.priority = match (incident.told.priority, merged.told.priority) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    for ci in &merged.told.down {
        if !incident.told.down.contains(ci) {
            incident.told.down.push(ci.clone());
        }
    }
    for service in &merged.services {
        match incident.services.iter_mut().find(|known| known.id == service.id) {
            None => incident.services.push(service.clone()),
            Some(known) if known.state == service.state => known.since = known.since.min(service.since),
            Some(known) if known.state < service.state => {
                (known.state, known.since) = (service.state, service.since);
            }
            Some(_) => {}
        }
    }
    incident.services.sort_by(|a, b| a.id.cmp(&b.id));
    incident.merge_suggested.retain(|other| *other != merged.id);
}
