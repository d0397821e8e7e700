//! Whether a promise that has passed means that the condition has: judged by the engine's clock, or by how far the
//! source itself has come. docs/measures.md section 1.

use model::alert::EndedBy;
use model::event::{AlertEvent, Status};
use model::source::{self, Source, SourceGap};
use model::step::{Subject, TellKind};
use model::{
    AlertId, Domain, Fingerprint, Interval, Labels, PipelineName, Reason, Severity, SourceName, Span, Timestamp,
};

use crate::desk::Desk;
use crate::policy::Expiry;
use crate::reconcile::cut_at;
use crate::timer::Timer;

enum Verdict {
    /// The promise still holds, or the source may still renew it: look again then.
    Alive {
        again: Timestamp,
    },
    Stale {
        again: Timestamp,
    },
    Ended,
}

impl Desk<'_> {
    /// A sign of life of a source.
    pub(crate) fn hear(&mut self, name: &SourceName) {
        let now = self.now;
        let Some(source) = self.state.sources.get_mut(name) else {
            let source = Source {
                name: name.clone(),
                first_received_at: now,
                progress: now,
                heartbeat: None,
                heartbeat_due: None,
                silent_since: None,
            };
            self.state.sources.insert(name.clone(), source);
            self.state.touched.sources.insert(name.clone());
            return;
        };
        if source.progress < now {
            source.progress = now;
            // Who promised a heartbeat is back when it comes, not before.
            let was_silent = source.silent_since.is_some() && source.heartbeat.is_none();
            self.state.touched.sources.insert(name.clone());
            if was_silent {
                self.source_back(name);
            }
            if self.state.awaiting.contains_key(name) {
                self.state.touched.heard.insert(name.clone());
            }
        }
    }

    /// Sources have come further: what waited for that can be judged, once all they said at this instant is heard.
    pub(crate) fn judge_awaiting(&mut self) {
        while let Some(name) = self.state.touched.heard.pop_first() {
            let waiting: Vec<AlertId> = self.state.awaiting.get(&name).into_iter().flatten().copied().collect();
            for id in waiting {
                self.judge(id);
            }
        }
    }

    /// Looks whether the open episode's promise has passed.
    pub(crate) fn judge(&mut self, id: AlertId) {
        let Some(alert) = self.state.alerts.get(&id) else { return };
        let Some(open) = alert.open_episode() else { return };
        let Some((deadline, by)) = open.deadline else { return };
        let source = alert.source.clone();
        match self.verdict(id, deadline) {
            Verdict::Alive { again } => {
                self.state.timers.set(again, Timer::Deadline(id));
                if again > deadline {
                    self.state.awaiting.entry(source).or_default().insert(id);
                }
                self.set_stale(id, false);
            }
            Verdict::Stale { again } => {
                self.state.timers.set(again, Timer::Deadline(id));
                self.state.awaiting.entry(source.clone()).or_default().insert(id);
                self.set_stale(id, true);
                self.source_silent(&source);
            }
            Verdict::Ended => self.expire(id, deadline, by),
        }
    }

    fn verdict(&self, id: AlertId, deadline: Timestamp) -> Verdict {
        if self.now < deadline {
            return Verdict::Alive { again: deadline };
        }
        let Some(alert) = self.state.alerts.get(&id) else { return Verdict::Ended };
        let pipeline = self.pipeline(&alert.pipeline);
        if pipeline.expiry == Expiry::Clock {
            return Verdict::Ended;
        }
        let progress = self.state.sources.get(&alert.source).map_or(Timestamp::EPOCH, |source| source.progress);
        if progress >= deadline {
            return Verdict::Ended;
        }
        // While we did not read, nobody was silent.
        let heard = progress.max(self.state.reading_since);
        let given_up = deadline.max(self.state.reading_since) + pipeline.stale_limit;
        if self.now >= given_up {
            return Verdict::Ended;
        }
        // A source promises for several of its own rounds: silent for half a promise, it is not merely between two.
        let promise = deadline - alert.hot.last_received_at;
        let patience = Span::from_micros(promise.micros().max(0) / 2).max(Span::SECOND);
        let silent_from = (heard + patience).max(deadline);
        if self.now < silent_from { Verdict::Alive { again: silent_from } } else { Verdict::Stale { again: given_up } }
    }

    fn expire(&mut self, id: AlertId, deadline: Timestamp, by: EndedBy) {
        let now = self.now;
        let Some(alert) = self.alert_mut(id) else { return };
        alert.hot.repeated = None;
        let pipeline = alert.pipeline.clone();
        let Some(open) = alert.open_episode_mut() else { return };
        open.end = Some(deadline.max(open.start));
        open.ended_by = Some(by);
        open.ended_received_at = Some(now);
        open.deadline = None;
        cut_at(&mut open.severities, deadline.max(open.start));
        let (episode, end) = (open.id, deadline.max(open.start));
        self.state.touched.episodes.insert((id, episode));
        self.decide(Subject::Alert(id), Reason::Ended { by, at: end });
        let pipeline = self.pipeline(&pipeline);
        self.flap(id, pipeline);
        self.mark_open(id);
        self.alert_dirty(id, end);
        self.episode_ended((id, episode));
    }

    fn set_stale(&mut self, id: AlertId, stale: bool) {
        if self.state.alerts.get(&id).is_none_or(|alert| alert.stale == stale) {
            return;
        }
        let mut holders = Vec::new();
        if let Some(alert) = self.alert_mut(id) {
            alert.stale = stale;
            holders.extend(alert.open_episode().and_then(|open| open.incident));
        }
        for incident in holders {
            self.incident_mut(incident);
        }
    }

    /// Opens the alert of a source that fell silent while it had promised to speak.
    fn source_silent(&mut self, name: &SourceName) {
        let Some(source) = self.state.sources.get_mut(name) else { return };
        if source.silent_since.is_some() || name.as_str() == source::OWN {
            return;
        }
        let since = source.progress;
        source.silent_since = Some(since);
        self.state.touched.sources.insert(name.clone());
        self.decide(Subject::Source(name.clone()), Reason::SourceSilent { source: name.clone(), since });
        let mut event = self.own_event("SourceSilent", name, Status::Firing, Severity::Major, since);
        // It came back at its last sign of life: this is another silence, not that one.
        let known = self.state.alerts.get(&event.fingerprint.alert());
        let over = known.and_then(|alert| alert.episodes.last()?.end).map(|end| end + Span::MICROSECOND);
        event.starts_at = event.starts_at.max(over);
        self.alert_event(&event, 1);
        self.tell_at_once(event.fingerprint.alert());
        let version = since.micros().unsigned_abs();
        self.send(Subject::Source(name.clone()), TellKind::SourceSilent, version, false);
    }

    /// People are told of it as an incident, once, and that does not wait.
    fn tell_at_once(&mut self, own: AlertId) {
        let now = self.now;
        let own = self.state.alerts.get(&own).and_then(|alert| alert.open_episode());
        let Some(id) = own.and_then(|open| open.incident) else { return };
        let Some(incident) = self.incident_mut(id) else { return };
        if incident.clocks.tell_at.is_some_and(|tell_at| tell_at > now) {
            incident.clocks.tell_at = Some(now);
            self.state.timers.set(now, Timer::Tell(id));
        }
    }

    /// The source speaks again.
    pub(crate) fn source_back(&mut self, name: &SourceName) {
        let now = self.now;
        let Some(source) = self.state.sources.get_mut(name) else { return };
        let Some(since) = source.silent_since.take() else { return };
        self.state.touched.sources.insert(name.clone());
        self.out.source_gaps.push(SourceGap { source: name.clone(), interval: Interval::or_empty(since, now) });
        self.decide(Subject::Source(name.clone()), Reason::SourceBack { source: name.clone() });
        for (alertname, severity) in [("SourceSilent", Severity::Major), ("HeartbeatMissed", Severity::Major)] {
            let event = self.own_event(alertname, name, Status::Resolved, severity, now);
            let open =
                self.state.alerts.get(&event.fingerprint.alert()).is_some_and(|alert| alert.open_episode().is_some());
            if open {
                self.alert_event(&event, 1);
            }
        }
    }

    /// A statement of our own about a source: an alert like any other.
    pub(crate) fn own_event(
        &self,
        alertname: &str,
        about: &SourceName,
        status: Status,
        severity: Severity,
        instant: Timestamp,
    ) -> AlertEvent {
        let key = format!("{alertname}/{about}");
        let domain: Domain = self.state.domain.clone();
        let summary = match alertname {
            "HeartbeatMissed" => format!("{about} has missed its heartbeat"),
            _ => format!("{about} is silent while its alerts are open: no all-clear can be trusted"),
        };
        AlertEvent {
            fingerprint: Fingerprint::of_dedup_key(&domain, source::OWN, &key),
            domain,
            source: SourceName::from(source::OWN),
            pipeline: PipelineName::from(source::OWN),
            status,
            severity,
            effect: None,
            environment: None,
            summary: summary.into(),
            labels: Labels::from_pairs([("alertname", alertname), ("source", about.as_str())]),
            annotations: Labels::default(),
            url: None,
            dedup_key: Some(key.into()),
            external_id: None,
            ci_names: Vec::new(),
            at: None,
            starts_at: (status == Status::Firing).then_some(instant),
            ends_at: (status == Status::Resolved).then_some(instant),
            heard_at: None,
            times: model::event::ONCE,
        }
    }
}
