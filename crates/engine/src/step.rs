//! One step: inputs in, decisions out. Time goes on from input to input; before it does, every timer that is due has
//! fired and everything is settled.
//!
//! The order is that of docs/contract.md section 7: at one instant inputs come before timers, and before an input with
//! receipt `r` all timers due before `r` have fired, however the inputs were batched. `[I16]`

use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Statement, StatementKey};
use model::limits::EPISODES_SHOWN_MAX;
use model::step::{Answer, KnownEpisode};
use model::{AlertId, Span, Step, Timestamp};
use topology::Topology;

use crate::desk::Desk;
use crate::input::{Batch, Input, Received};
use crate::policy::Policy;
use crate::state::{Member, Said, State, Touched};
use crate::timer::Timer;

/// Decides a batch. Pure: the same state, topology, policy and batch give the same step. `[I16]`
pub fn step(state: &mut State, topology: &Topology, policy: &Policy, batch: &Batch) -> Step {
    let now = state.clock;
    let out = Step { domain: state.domain.clone(), ..Step::default() };
    let mut desk = Desk { state, topology, policy, out, now, by: None };
    desk.keep_places();
    for received in &batch.inputs {
        desk.input(received);
    }
    desk.settle_instant();
    desk.finish()
}

impl Desk<'_> {
    fn input(&mut self, received: &Received) {
        let at = received.at.max(self.state.clock);
        if matches!(received.input, Input::Resumed) {
            self.resumes(at);
        }
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
            alerts,
            mut repeats,
            mut episodes,
            episodes_removed,
            said,
            forgotten,
            incidents,
            problems,
            silences,
            windows,
            changes,
            sources,
            ..
        } = touched;
        repeats.sort_unstable();
        repeats.dedup();
        let state = &*self.state;
        let out = &mut self.out;
        let known = |id: &AlertId| state.alerts.get(id).or(forgotten.get(id));
        out.clock = state.clock;
        out.repeats = repeats
            .into_iter()
            .filter(|id| !alerts.contains(id))
            .filter_map(|id| Some((id, known(&id)?.hot)))
            .collect();
        out.alerts = alerts.iter().filter_map(|id| known(id).map(shown)).collect();
        episodes.extend(said.iter().filter_map(|(id, before)| promise_moved(before, state.alerts.get(id)?)));
        // Beside those that a person judged and that are remembered no more.
        out.episodes.extend(changed_episodes(&episodes, known));
        let gone = |member: &&Member| known(&member.0).is_none_or(|alert| alert.episode(member.1).is_none());
        out.episodes_removed = episodes_removed.iter().filter(gone).copied().collect();
        for (id, before) in said {
            let after = state.alerts.get(&id);
            changed_statements(id, before, after, out);
        }
        out.alerts_forgotten = forgotten.values().map(|alert| (alert.id, alert.hot)).collect();
        out.incidents.extend(incidents.iter().filter_map(|id| state.incidents.get(id).cloned()));
        out.problems = problems.iter().filter_map(|id| state.problems.get(id).cloned()).collect();
        out.silences = silences.iter().filter_map(|id| state.silences.get(id).cloned()).collect();
        out.maintenance = windows.iter().filter_map(|id| Some(state.windows.get(id)?.said.clone())).collect();
        out.changes = changes.iter().filter_map(|id| state.changes.get(id).cloned()).collect();
        out.sources = sources.iter().filter_map(|name| state.sources.get(name).cloned()).collect();
        for id in &alerts {
            self.drop_history(*id);
        }
        for alert in forgotten.values() {
            let history = |episode| KnownEpisode { needed: false, ..KnownEpisode::of(alert, episode) };
            self.out.episodes.extend(alert.episodes.iter().map(history));
        }
        debug_assert!(self.out.counts.add_up(), "I2: every event has one disposition");
        self.out
    }
}

/// What of an alert goes out whenever it changes: itself and its newest episodes.
fn shown(alert: &Alert) -> Alert {
    let Alert { id, domain, source, pipeline, dedup_key, environment, summary, labels, annotations, url, ci, .. } =
        alert;
    let newest = alert.episodes.len().saturating_sub(EPISODES_SHOWN_MAX);
    Alert {
        id: *id,
        domain: domain.clone(),
        source: source.clone(),
        pipeline: pipeline.clone(),
        dedup_key: dedup_key.clone(),
        environment: environment.clone(),
        summary: summary.clone(),
        labels: labels.clone(),
        annotations: annotations.clone(),
        url: url.clone(),
        ci: ci.clone(),
        binding: alert.binding.clone(),
        names: alert.names.clone(),
        statements: Vec::new(),
        final_until: alert.final_until,
        episodes: alert.episodes.iter().skip(newest).cloned().collect(),
        hot: alert.hot,
        suppressed: alert.suppressed.clone(),
        stale: alert.stale,
        flapping: alert.flapping.clone(),
        statements_coalesced: alert.statements_coalesced,
    }
}

fn changed_episodes<'a>(
    changed: &BTreeSet<Member>,
    known: impl Fn(&AlertId) -> Option<&'a Alert>,
) -> Vec<KnownEpisode> {
    let row = |member: &Member| {
        let alert = known(&member.0)?;
        Some(KnownEpisode::of(alert, alert.episode(member.1)?))
    };
    changed.iter().filter_map(row).collect()
}

/// The open episode whose end repeats had moved, as the narrow row says: its own row has to say so now.
fn promise_moved(before: &Said, alert: &Alert) -> Option<Member> {
    let ahead = alert.hot.repeated.map(|repeated| repeated.statement);
    let open = alert.open_episode()?;
    (before.behind.is_some() && before.behind != ahead).then_some((alert.id, open.id))
}

/// What is different from what the rows have. `after` is `None` where the alert is forgotten, and all that was said.
fn changed_statements(id: AlertId, before: Said, after: Option<&Alert>, out: &mut Step) {
    let mut rows: BTreeMap<StatementKey, Statement> =
        before.statements.iter().map(|statement| (statement.key(), *statement)).collect();
    let ahead = after.and_then(|alert| alert.hot.repeated).map(|repeated| repeated.statement);
    for statement in after.into_iter().flat_map(|alert| &alert.statements) {
        let key = statement.key();
        let as_it_was = rows.remove(&key) == Some(*statement);
        let behind = before.behind == Some(key) && ahead != Some(key);
        if !as_it_was || behind {
            out.statements.push((id, *statement));
        }
    }
    out.statements_forgotten.extend(rows.into_keys().map(|key| (id, key)));
}
