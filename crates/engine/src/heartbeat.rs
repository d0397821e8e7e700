//! Heartbeats: a source that promised to say it is alive, and did not.

use model::event::{Heartbeat, Status};
use model::reason::Disposition;
use model::step::{Answer, Subject};
use model::{Reason, Severity, SourceName, Timestamp};

use crate::desk::Desk;
use crate::timer::Timer;

impl Desk<'_> {
    pub(crate) fn heartbeat(&mut self, heartbeat: Heartbeat) -> Answer {
        let name = heartbeat.source.clone();
        self.hear(&name);
        self.source_back(&name);
        let due = heartbeat.patience().map(|patience| self.now + patience);
        if let Some(source) = self.state.sources.get_mut(&name) {
            source.heartbeat_due = due;
            source.heartbeat = heartbeat.every.is_some().then_some(heartbeat);
            self.state.touched.sources.insert(name.clone());
        }
        if let Some(due) = due {
            self.state.timers.set(due, Timer::Heartbeat(name));
        }
        Answer::Event { alert: None, disposition: Disposition::Recorded, reason: Reason::HeartbeatRecorded }
    }

    /// The heartbeat is due and did not come.
    pub(crate) fn heartbeat_missed(&mut self, name: &SourceName) {
        let now = self.now;
        let Some(source) = self.state.sources.get_mut(name) else { return };
        let Some(heartbeat) = source.heartbeat.clone().filter(|_| source.heartbeat_due.is_some_and(|due| due <= now))
        else {
            return;
        };
        source.heartbeat_due = None;
        let since = source.progress;
        let newly = source.silent_since.is_none();
        source.silent_since.get_or_insert(since);
        self.state.touched.sources.insert(name.clone());
        if newly {
            self.decide(Subject::Source(name.clone()), Reason::SourceSilent { source: name.clone(), since });
        }
        let severity = heartbeat.severity.unwrap_or(Severity::Major);
        let mut event = self.own_event("HeartbeatMissed", name, Status::Firing, severity, now);
        event.ci_names.extend(heartbeat.ci.map(|ci| ci.as_str().into()));
        self.alert_event(&event, 1);
    }

    /// Reading goes on at `now` after it had stopped: every heartbeat, and every promise that waits for its source, gets its
    /// patience anew. Said before time goes there, so that nothing is missed over what nobody could hear.
    pub(crate) fn resumes(&mut self, now: Timestamp) {
        self.state.reading_since = now;
        let mut due: Vec<(Timestamp, SourceName)> = Vec::new();
        for source in self.state.sources.values_mut() {
            let Some(patience) = source.heartbeat.as_ref().and_then(Heartbeat::patience) else { continue };
            if source.heartbeat_due.is_some() {
                source.heartbeat_due = Some(now + patience);
                due.push((now + patience, source.name.clone()));
            }
        }
        for (at, name) in due {
            self.state.touched.sources.insert(name.clone());
            self.state.timers.set(at, Timer::Heartbeat(name));
        }
    }

    /// Promises that wait for their sources are looked at again.
    pub(crate) fn resumed(&mut self) {
        self.state.touched.heard.extend(self.state.awaiting.keys().cloned());
    }
}
