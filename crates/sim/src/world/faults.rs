//! What breaks: processes, the store, clocks; and the dispatcher, which sends what the outbox holds.

use model::Span;
use store::{Delivery, ready};

use super::{Happening, Pid, World};
use crate::profile::Pace;
use crate::sometimes::Rare;

impl World {
    /// Every fault gets its chance.
    pub(crate) fn strike(&mut self) {
        let faults = self.faults;
        let pids: Vec<Pid> = self.processes.keys().copied().collect();
        if let Some(pid) = pids.first().copied() {
            if self.random.chance(faults.crash) {
                self.crash(pid);
            }
            if self.random.chance(faults.clock) {
                self.set_clock(pid);
            }
        }
        if self.random.chance(faults.takeover) && self.processes.len() == 1 {
            self.start();
        }
        if self.random.chance(faults.dark) && !self.dark {
            self.sometimes.saw(Rare::StoreDark);
            self.trace.line(self.truth, format_args!("dark"));
            self.memory.set_unavailable(true);
            self.dark = true;
            let wait = self.random.seconds(1, 90);
            self.after(wait, Happening::Light);
        }
        if self.random.chance(faults.rewind) && !self.dark {
            self.rewind();
        }
    }

    pub(crate) fn faults_are_over(&self) -> bool {
        let faults = self.faults;
        let rates = [faults.before, faults.after, faults.full, faults.crash, faults.takeover, faults.dark];
        rates.iter().all(|rate| *rate == 0) && !self.dark
    }

    pub(crate) fn light(&mut self) {
        self.memory.set_unavailable(false);
        self.dark = false;
    }

    fn set_clock(&mut self, pid: Pid) {
        let skew = self.random.millis(-20_000, 5000);
        if let Some(process) = self.processes.get_mut(&pid) {
            self.sometimes.saw_if(Rare::ClockSetBack, skew < process.skew);
            process.skew = skew;
            self.trace.line(self.truth, format_args!("clock of {pid:?} is off by {skew}"));
        }
    }

    /// A failover to a replica that has lost the tail: what was answered since is lost, and nothing else.
    pub(crate) fn rewind(&mut self) {
        if self.images.is_empty() {
            return;
        }
        let back = self.random.below(self.images.len().min(3)) + 1;
        let kept = self.images.len() - back;
        let Some((image, commits)) = self.images.get(kept).cloned() else { return };
        self.sometimes.saw(Rare::StoreRewound);
        self.trace.line(self.truth, format_args!("the store goes back to commit {commits}"));
        self.memory.restore(&image);
        self.images.truncate(kept + 1);
        self.log.retain(|landed| landed.seq <= commits);
        self.newest = (0, model::Timestamp::EPOCH);
        crate::oracle::forgive_what_was_lost(self);
        for happening in self.queue.values_mut() {
            if let Happening::CommitSaid { result, lost, .. } = happening {
                *lost |= result.as_ref().as_ref().is_ok_and(|committed| committed.seq > commits);
            }
        }
    }

    /// Sends what is due; some targets fail at first.
    pub(crate) fn dispatch(&mut self) {
        let rest = match self.profile.pace {
            Pace::Month if !self.faults_are_over() => Span::HOUR,
            Pace::Storm | Pace::Day | Pace::Month => Span::from_seconds(60),
        };
        self.after(rest, Happening::Dispatch);
        let now = self.truth + Span::from_minutes(1);
        let Ok(due) = ready(self.memory.store().outbox_due(now, 1000)) else { return };
        let failing = if self.faults_are_over() { 0 } else { 200 };
        let mut marks = Vec::new();
        for outgoing in due {
            let delivery = if self.random.chance(failing) {
                Delivery::Failed { next_at: now + Span::MINUTE, error: "no answer".into(), progress: None }
            } else {
                Delivery::Delivered
            };
            marks.push((outgoing.message.id, delivery));
        }
        if !marks.is_empty() && ready(self.memory.store().mark_outbox(marks)).is_err() {
            self.trace.line(self.truth, format_args!("the outbox could not be marked"));
        }
    }
}
