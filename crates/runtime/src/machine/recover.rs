//! After a commit of which nothing is known, and at the start: what the store has is loaded, and what was under way is
//! answered or decided again.

use engine::Input;
use model::Timestamp;
use store::{CmdbVersion, CommitError, Disposition, Loaded, PositionAdvance};

use super::{Aside, Effect, Machine, PUSH_SLOT, Phase};
use crate::announced::Announced;
use crate::assemble::Batch;
use crate::clock::Clock;
use crate::domains::Domains;
use crate::import::topology_of;
use crate::log::Log;
use crate::pace::Pace;
use crate::push::{ItemAnswer, Logged, Overload, PushAnswer};

impl Machine {
    /// Not a clean `Ok`: drop what is in memory, load, go on from the stored position; again until it succeeds. `[I17]`
    pub(super) fn unknown(&mut self, error: &CommitError, effects: &mut Vec<Effect>) {
        // A full disk took nothing, for certain.
        if let Some(batch) = self.in_flight.take_if(|_| matches!(error, CommitError::Full)) {
            self.turn_away(batch, Overload::StoreUnavailable, effects);
        }
        self.domains = None;
        match error.disposition() {
            Disposition::Stop => {
                self.phase = Phase::Stopped;
                self.refuse_everything(Overload::Stopping, effects);
                effects.push(Effect::Fatal(error.to_string()));
            }
            Disposition::Reload => {
                self.phase = Phase::Loading;
                effects.push(Effect::Load { again: false });
            }
            Disposition::Wait => {
                self.phase = Phase::Loading;
                effects.push(Effect::Load { again: true });
            }
        }
    }

    /// Whether the store has everything that was read. Where it has a part, somebody else read it: then the push is not
    /// the next one, and its reader is told so.
    fn is_read(&self, logged: &Logged) -> bool {
        let is_in =
            |advance: &PositionAdvance| self.positions.get(&advance.slot).is_some_and(|next| *next >= advance.to);
        // One without positions says nothing of itself: it is decided again.
        !logged.positions.is_empty() && logged.positions.iter().all(is_in)
    }

    pub(super) fn refuse_everything(&mut self, why: Overload, effects: &mut Vec<Effect>) {
        let batches: Vec<Batch> = self.in_flight.take().into_iter().chain(self.decided.drain(..)).collect();
        batches.into_iter().for_each(|batch| self.turn_away(batch, why, effects));
        self.turn_away_waiting(why, effects);
    }

    pub(super) fn loaded(&mut self, mut loaded: Loaded, epoch: u64, wall: Timestamp, effects: &mut Vec<Effect>) {
        self.positions = std::mem::take(&mut loaded.positions);
        let held = self.position(&self.slot);
        self.epoch = epoch;
        self.hash = loaded.last_hash;
        self.slot = format!("{PUSH_SLOT}/{epoch}").into();
        self.sequence = self.position(&self.slot);
        let committed = loaded.clock.unwrap_or_default();
        // What is decided again of a log has the instants that it had; wall time does not go back.
        self.clock = Clock::after(if self.follows() { committed } else { committed.max(self.clock.last()) });
        if self.follows() {
            self.announced = Announced::taken_out_of(&mut loaded);
            self.log = Log::after(std::mem::take(&mut loaded.followed));
        }
        let topology = topology_of(&loaded);
        self.recomputes.restore(std::mem::take(&mut loaded.owed));
        self.settle_unknown(held, &loaded.topology, effects);
        let policy = self.policies.committed(committed).clone();
        let domains = Domains::restore_at(self.home.clone(), loaded, topology, policy);
        self.domains = Some(domains);
        self.phase = Phase::Running;
        self.refusing = false;
        // Silence is measured by the log's own time where there is one, in which a pause of ours is none.
        if self.follows() {
            return;
        }
        // How far readers were is not how far the store is.
        if self.reads {
            self.pace = Pace::Waiting { since: wall };
            self.resumes = true;
        }
        self.decide_resumed(self.time(wall));
    }

    /// Once time goes with the wall clock again.
    pub(super) fn resume(&mut self, wall: Timestamp) {
        if self.resumes && self.pace == Pace::Wall && self.decided.is_empty() {
            self.resumes = false;
            self.decide_resumed(wall);
        }
    }

    /// What was not heard while nothing was read is nobody's silence; that is committed like any other step.
    fn decide_resumed(&mut self, time: Timestamp) {
        let Some(domains) = &mut self.domains else { return };
        let now = self.clock.stamp(time);
        let resumed = domains.decide_everywhere(now, &Input::Resumed);
        self.decided.push_back(Batch::of_steps(resumed.steps, self.sequence, now));
    }

    /// The stored position says which pushes are in: those are answered, the others are decided anew. The stored versions
    /// of the CMDB say it of an import.
    fn settle_unknown(&mut self, position: u64, versions: &[CmdbVersion], effects: &mut Vec<Effect>) {
        self.aside.retain(|aside| matches!(aside, Aside::Cmdb(_)));
        let batches: Vec<Batch> = self.in_flight.take().into_iter().chain(self.decided.drain(..)).collect();
        let mut again = Vec::new();
        for batch in batches {
            if let Some((version, from)) = batch.version {
                let is_in = versions.iter().any(|known| (known.version, known.from) == (version, from));
                let refused = |id| Effect::Answer(id, PushAnswer::Overloaded(Overload::StoreUnavailable));
                let told = |(id, answer)| if is_in { Effect::Answer(id, answer) } else { refused(id) };
                effects.extend(batch.answers.into_iter().map(told));
                continue;
            }
            for (sequence, push) in batch.pushes {
                let is_in = match push.logged.as_deref() {
                    Some(logged) => self.is_read(logged),
                    None => sequence.is_some_and(|sequence| sequence < position),
                };
                if !is_in {
                    again.push(push);
                    continue;
                }
                self.release_key(&push);
                let answer = batch.answers.iter().find(|(id, _)| *id == push.id).map(|(_, answer)| answer.clone());
                let nothing = PushAnswer::Committed { answers: Vec::<ItemAnswer>::new(), at: batch.now };
                effects.push(Effect::Answer(push.id, answer.unwrap_or(nothing)));
            }
        }
        self.intake.put_back(again);
    }
}
