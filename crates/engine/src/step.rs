//! One step: inputs in, decisions out. Time goes on from input to input; before it does, every timer that is due has
//! fired and everything is settled.
//!
//! The order is that of docs/contract.md section 7: at one instant inputs come before timers, and before an input with
//! receipt `r` all timers due before `r` have fired, however the inputs were batched. `[I16]`

use model::step::Answer;
use model::{Span, Step, Timestamp};
use topology::Topology;

use crate::desk::Desk;
use crate::input::{Batch, Input, Received};
use crate::policy::Policy;
use crate::state::{State, Touched};
use crate::timer::Timer;

/// Decides a batch. Pure: the same state, topology, policy and batch give the same step. `[I16]`
pub fn step(state: &mut State, topology: &Topology, policy: &Policy, batch: &Batch) -> Step {
    let now = state.clock;
    let out = Step { domain: state.domain.clone(), ..Step::default() };
    let mut desk = Desk { state, topology, policy, out, now, by: None };
    for received in &batch.inputs {
        desk.input(received);
    }
    desk.settle_instant();
    desk.finish()
}

impl Desk<'_> {
    fn input(&mut self, received: &Received) {
        let at = received.at.max(self.state.clock);
        self.advance(at);
        let answer = match &received.input {
            Input::Event(event) => self.event(event),
            Input::Command(command) => Answer::Command(self.command(command)),
            Input::Tick => {
                self.settle_instant();
                self.fire_before(at + Span::MICROSECOND);
                Answer::Nothing
            }
            Input::Resumed => {
                self.resumed();
                Answer::Nothing
            }
            Input::TopologyChanged => {
                self.topology_changed();
                Answer::Nothing
            }
            Input::Recompute(facts) => {
                self.recompute(facts);
                Answer::Nothing
            }
        };
        if let Answer::Event { disposition, .. } = &answer {
            self.out.counts.add(*disposition);
        }
        self.out.answers.push(answer);
    }

    /// Time goes on to `to`: what is due before it fires, each timer at its own instant.
    fn advance(&mut self, to: Timestamp) {
        if to > self.state.clock {
            self.settle_instant();
        }
        self.fire_before(to);
        self.arrive(to);
    }

    fn fire_before(&mut self, limit: Timestamp) {
        while let Some((at, timer)) = self.state.timers.take_before(limit) {
            self.arrive(at);
            self.fire(timer);
            let another_now = self.state.timers.next().is_some_and(|next| next <= self.now);
            if !another_now {
                self.settle_instant();
            }
        }
    }

    /// The clock never goes back.
    fn arrive(&mut self, at: Timestamp) {
        self.now = at.max(self.state.clock);
        self.state.clock = self.now;
    }

    fn settle_instant(&mut self) {
        self.judge_awaiting();
        self.settle_all();
        self.sweep_dirty();
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Maintenance(id) => self.window_edge(id),
            Timer::Silence(id) => self.silence_edge(id),
            Timer::Sweep(ci) => self.outages_dirty(&ci, self.now),
            Timer::Deadline(id) => self.judge(id),
            Timer::Steady(id) => self.steady(id),
            Timer::Heartbeat(source) => self.heartbeat_missed(&source),
            Timer::Unhold(id) => self.unhold_by_clock(id),
            Timer::Tell(id) => self.tell_opened(id),
            Timer::Unacknowledged(id) => self.tell_unacknowledged(id),
            Timer::Resolve(id) => self.resolve_by_clock(id),
            Timer::Close(id) => {
                self.close_by_clock(id);
                self.retire(id);
            }
            Timer::Forget(id) => self.forget(id),
        }
    }

    fn topology_changed(&mut self) {
        let rebound = self.rebind();
        self.reindex();
        for incident in rebound {
            self.record_affected(incident);
        }
        self.review_maintenance();
        self.everything_dirty();
    }

    /// Current rows of everything touched, each once.
    fn finish(mut self) -> Step {
        let touched = std::mem::take(&mut self.state.touched);
        let Touched {
            alerts, mut repeats, forgotten, incidents, problems, silences, windows, changes, sources, ..
        } = touched;
        repeats.sort_unstable();
        repeats.dedup();
        let state = &*self.state;
        let out = &mut self.out;
        out.clock = state.clock;
        out.repeats = repeats
            .into_iter()
            .filter(|id| !alerts.contains(id))
            .filter_map(|id| Some((id, state.alerts.get(&id)?.hot)))
            .collect();
        out.alerts.extend(alerts.iter().filter_map(|id| state.alerts.get(id).cloned()));
        out.alerts_forgotten = forgotten;
        out.incidents.extend(incidents.iter().filter_map(|id| state.incidents.get(id).cloned()));
        out.problems = problems.iter().filter_map(|id| state.problems.get(id).cloned()).collect();
        out.silences = silences.iter().filter_map(|id| state.silences.get(id).cloned()).collect();
        out.maintenance = windows.iter().filter_map(|id| state.windows.get(id).cloned()).collect();
        out.changes = changes.iter().filter_map(|id| state.changes.get(id).cloned()).collect();
        out.sources = sources.iter().filter_map(|name| state.sources.get(name).cloned()).collect();
        for id in &alerts {
            self.drop_history(*id);
        }
        debug_assert!(self.out.counts.add_up(), "I2: every event has one disposition");
        self.out
    }
}
