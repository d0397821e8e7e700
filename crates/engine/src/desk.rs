//! The desk a step is worked at: the state, what may be looked up, the instant it is, and what goes out.

use model::alert::{Alert, Episode};
use model::fact::Silence;
use model::incident::Incident;
use model::reason::{Evidence, Group};
use model::step::{Decision, OutboxMessage, Subject, TellKind};
use model::{AlertId, CiId, IncidentId, OutboxId, PipelineName, Reason, Span, Step, Timestamp};
use topology::{Graph, ItemIdx, Topology};

use crate::policy::{Pipeline, Policy};
use crate::state::{Member, State};
use crate::timer::Timer;

pub(crate) struct Desk<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) topology: &'a Topology,
    pub(crate) policy: &'a Policy,
    pub(crate) out: Step,
    /// Receipt of the input in hand, or the instant of the timer.
    pub(crate) now: Timestamp,
    /// The person whose command is in hand.
    pub(crate) by: Option<Box<str>>,
}

impl<'a> Desk<'a> {
    /// The graph in force.
    pub(crate) fn graph(&self) -> &'a Graph {
        self.topology.current()
    }

    pub(crate) fn item(&self, ci: &CiId) -> Option<ItemIdx> {
        self.graph().find(ci.as_str())
    }

    /// The group by which alone an item needs another, if it does so directly.
    pub(crate) fn group_between(&self, dependent: ItemIdx, dependency: ItemIdx) -> Option<Group> {
        let (k, members) = self.graph().group_between(dependent, dependency)?;
        Some(Group { k, n: members.len() as u32 })
    }

    pub(crate) fn pipeline(&self, name: &PipelineName) -> &'a Pipeline {
        self.policy.pipeline(name).unwrap_or(self.policy.fallback())
    }

    /// The policy an incident lives by.
    pub(crate) fn policy_of(&self, incident: IncidentId) -> &'a Pipeline {
        match self.state.incidents.get(&incident) {
            Some(incident) => self.pipeline(&incident.pipeline),
            None => self.policy.fallback(),
        }
    }

    pub(crate) fn decide(&mut self, subject: Subject, reason: Reason) {
        let by = self.by.clone().filter(|_| !follows(&reason));
        self.out.timeline.push(Decision { at: self.now, subject, reason, by });
    }

    /// What follows from what a person did is no act of theirs.
    pub(crate) fn decide_by_rule(&mut self, subject: Subject, reason: Reason) {
        self.out.timeline.push(Decision { at: self.now, subject, reason, by: None });
    }

    pub(crate) fn decide_incident(&mut self, incident: IncidentId, reason: Reason) {
        self.decide(Subject::Incident(incident), reason);
    }

    /// The incident, to be changed: its row is written and its facts are looked at again.
    pub(crate) fn incident_mut(&mut self, id: IncidentId) -> Option<&mut Incident> {
        let incident = self.state.incidents.get_mut(&id)?;
        self.state.touched.incidents.insert(id);
        self.state.touched.unsettled.insert(id);
        Some(incident)
    }

    /// The alert, to be changed: its row is written, and what changes of its statements.
    pub(crate) fn alert_mut(&mut self, id: AlertId) -> Option<&mut Alert> {
        if !self.state.alerts.contains_key(&id) {
            return None;
        }
        if self.state.touched.alerts.insert(id) {
            self.state.note_said(id);
        }
        self.state.alerts.get_mut(&id)
    }

    pub(crate) fn episode(&self, member: Member) -> Option<(&Alert, &Episode)> {
        let alert = self.state.alerts.get(&member.0)?;
        Some((alert, alert.episode(member.1)?))
    }

    /// The episode, to be changed: its row is written, and its alert's.
    pub(crate) fn episode_mut(&mut self, member: Member) -> Option<&mut Episode> {
        self.state.touched.episodes.insert(member);
        self.alert_mut(member.0)?.episode_mut(member.1)
    }

    /// The members of an incident with their alerts, in the order of their ids.
    pub(crate) fn members(&self, incident: IncidentId) -> Vec<(&Alert, &Episode)> {
        let members = self.state.members.get(&incident);
        members.into_iter().flatten().filter_map(|member| self.episode(*member)).collect()
    }

    /// The states of an item, and of all that needs it, must be swept again from `at`.
    pub(crate) fn outages_dirty(&mut self, ci: &CiId, at: Timestamp) {
        match self.state.touched.dirty.get_mut(ci) {
            Some(from) => *from = at.min(*from),
            None => {
                self.state.touched.dirty.insert(ci.clone(), at);
            }
        }
        if at > self.now {
            self.state.timers.set(at, Timer::Sweep(ci.clone()));
        }
    }

    /// The same for the item of an alert, if it has one.
    pub(crate) fn alert_dirty(&mut self, id: AlertId, at: Timestamp) {
        if let Some(ci) = self.state.alerts.get(&id).and_then(|alert| alert.ci.clone()) {
            self.outages_dirty(&ci, at);
        }
    }

    /// Writes a message to the outbox. One per subject, kind and version. `[I9]`
    pub(crate) fn send(&mut self, subject: Subject, kind: TellKind, version: u64, notify: bool) {
        let id = OutboxId::derive(|hash| {
            match &subject {
                Subject::Incident(id) => hash.text("incident").bytes(&id.bytes()),
                Subject::Problem(id) => hash.text("problem").bytes(&id.bytes()),
                Subject::Alert(id) => hash.text("alert").bytes(&id.bytes()),
                Subject::Outage(id) => hash.text("outage").bytes(&id.bytes()),
                Subject::Source(name) => hash.text("source").text(name.as_str()),
                Subject::Item(ci) => hash.text("item").text(ci.as_str()),
            };
            hash.text(kind.as_str()).number(version as i64);
            if let Subject::Source(_) | Subject::Item(_) = &subject {
                self.state.domain.tell_apart(hash);
            }
        });
        self.out.counts.told += u64::from(notify);
        self.out.outbox.push(OutboxMessage { id, at: self.now, kind, subject, version, notify });
    }

    /// Silences in force now, in the order of their ids.
    pub(crate) fn silences_now(&self) -> impl Iterator<Item = &Silence> {
        let now = self.now;
        self.state.silences.values().filter(move |silence| silence.interval.contains(now))
    }

    pub(crate) fn ago(&self, span: Span) -> Timestamp {
        self.now - span
    }
}

/// What a rule finds is no act of whoever set it off, such as by ending a maintenance window.
fn follows(reason: &Reason) -> bool {
    match reason {
        Reason::IncidentOpened { evidence, .. } => !matches!(evidence, Evidence::Person { .. }),
        Reason::EpisodeJoined { joining, .. } => !matches!(joining.evidence, Evidence::Person { .. }),
        Reason::ServiceAffected { .. } | Reason::CauseNamed { .. } | Reason::CauseUnclear => true,
        _ => false,
    }
}
