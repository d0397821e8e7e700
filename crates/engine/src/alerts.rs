//! From an event to its alert: the hot path for what is only said again, the fold for everything else.

use model::alert::{Alert, EndedBy, Episode, Firing, Flapping, Hot, Repeated, Statement};
use model::event::{AlertEvent, Status};
use model::reason::Disposition;
use model::step::{Answer, KnownEpisode, Subject};
use model::{AlertId, EpisodeId, Labels, Reason, Span, Timestamp, limits};

use crate::desk::Desk;
use crate::policy::{Order, Pipeline};
use crate::reconcile::{Delta, reconcile};
use crate::state::State;
use crate::statements::{
    Added, add, behind_final, cleared_since, extend_deadline, find_repeated, fold_bounded, make_final, repeat,
};
use crate::timer::Timer;
use crate::times::{Said, said};

/// How long after the horizon the engine still keeps what the store has, too: the store looks at its own clock.
const HISTORY_MARGIN: Span = Span::from_days(2);

impl Desk<'_> {
    /// `times`: how often it was said, at this instant.
    pub(crate) fn alert_event(&mut self, event: &AlertEvent, times: u32) -> Answer {
        let pipeline = self.pipeline(&event.pipeline);
        let Said { mut statement, clamped } = said(event, self.now, pipeline.order);
        self.hear(&event.source);
        let id = event.fingerprint.alert();
        let behind = self.is_behind(id, &mut statement, pipeline);
        if let (Statement::Firing(firing), None, false) = (&statement, &clamped, behind)
            && self.only_repeats(id, firing, times, pipeline)
        {
            return answer(id, Disposition::Repeated, Reason::AlreadySaid);
        }
        if let Some(reason) = clamped {
            self.decide(Subject::Alert(id), reason);
        }
        self.remember(id, event, times, &statement);
        if self.is_final(id, &mut statement, pipeline) {
            return answer(id, Disposition::Stale, Reason::BeforeKnownClear);
        }
        let too_old = self.too_old(id, &statement);
        if let (Some(age), Statement::Firing(_)) = (too_old, &statement) {
            self.mark_open(id);
            return answer(id, Disposition::Stale, Reason::TooOld { age });
        }
        let before = self.current(id);
        let added = self.state.alerts.get_mut(&id).map(|alert| add(alert, statement, pipeline.order));
        let delta = self.refold(id, pipeline);
        self.judge(id);
        match too_old {
            Some(age) => answer(id, Disposition::Stale, Reason::TooOld { age }),
            None => self.arrival(id, event.status, added, before, &delta),
        }
    }

    /// The hot path: an open episode's firing said again moves its receipt, its promise and its count, nothing else.
    fn only_repeats(&mut self, id: AlertId, said: &Firing, times: u32, pipeline: &Pipeline) -> bool {
        let Some(alert) = self.state.alerts.get_mut(&id) else { return false };
        let Some(open) = alert.open_episode() else { return false };
        let (open_start, undated) = (open.start, open.deadline.is_none());
        if undated && said.ends_at.is_some() {
            return false;
        }
        // A person's clear waits to hear whether it still fires; one that is final waits for nothing.
        let final_until = alert.final_until;
        let waits = |known: &Statement| matches!(known, Statement::PersonClear { at } if Some(*at) > final_until);
        if alert.stale || alert.statements.iter().any(waits) {
            return false;
        }
        let Some(at) = find_repeated(alert, said, pipeline.order) else { return false };
        let Some(Statement::Firing(known)) = alert.statements.get(at) else { return false };
        // What was said before a clear holds nothing open any more.
        if known.instant < open_start || cleared_since(alert, known) {
            return false;
        }
        let key = known.key();
        let said_by_another = alert.hot.repeated.is_some_and(|repeated| repeated.statement != key);
        if said_by_another {
            // The narrow row holds what one statement's repeats moved: the other's goes into its own row.
            self.state.note_said(id);
        }
        self.state.touched.repeats.push(id);
        let Some(alert) = self.state.alerts.get_mut(&id) else { return false };
        let Some(Statement::Firing(known)) = alert.statements.get_mut(at) else { return false };
        repeat(known, said);
        let promise = known.ends_at;
        alert.hot.repeated =
            Some(Repeated { statement: key, last_received_at: said.last_received_at, ends_at: promise });
        count_receipts(&mut alert.hot, self.now, times);
        extend_deadline(alert, promise, self.now, pipeline);
        true
    }

    /// Makes the alert known, and keeps what it was called last.
    fn remember(&mut self, id: AlertId, event: &AlertEvent, times: u32, statement: &Statement) {
        let now = self.now;
        self.comes_anew(id);
        if let Some(alert) = self.alert_mut(id) {
            count_receipts(&mut alert.hot, now, times);
            if describe(alert, event, statement) {
                self.reworded(id);
            }
            return;
        }
        let (ci, binding) = self.bind(event);
        if let Some(ci) = &ci {
            self.cover(ci, &event.source);
        }
        let alert = Alert {
            id,
            domain: event.domain.clone(),
            source: event.source.clone(),
            pipeline: event.pipeline.clone(),
            dedup_key: event.dedup_key.clone(),
            environment: event.environment.clone(),
            summary: event.summary.clone(),
            labels: event.labels.clone(),
            annotations: event.annotations.clone(),
            url: event.url.clone(),
            names: if ci.is_some() { Vec::new() } else { event.ci_names.clone() },
            ci,
            binding,
            statements: Vec::new(),
            episodes: Vec::new(),
            hot: Hot { count: u64::from(times), first_received_at: now, last_received_at: now, repeated: None },
            suppressed: None,
            stale: false,
            flapping: Flapping::default(),
            final_until: None,
            statements_coalesced: 0,
        };
        if let Some(ci) = &alert.ci {
            self.put_on(ci, id);
        }
        self.state.alerts.insert(id, alert);
        self.state.touched.alerts.insert(id);
        self.state.touched.said.entry(id).or_default();
    }

    /// Whether a statement is about what was final when the alert was last heard.
    fn is_behind(&self, id: AlertId, statement: &mut Statement, pipeline: &Pipeline) -> bool {
        self.state.alerts.get(&id).is_some_and(|alert| behind_final(alert, statement, pipeline.clears))
    }

    /// Whether a statement is about what is final: by now, whatever was heard between. [`Desk::remember`] has noted the
    /// row as changed before, so what becomes final here is kept.
    fn is_final(&mut self, id: AlertId, statement: &mut Statement, pipeline: &Pipeline) -> bool {
        let horizon = self.ago(limits::LATE_HORIZON);
        let Some(alert) = self.state.alerts.get_mut(&id) else { return false };
        make_final(alert, horizon);
        behind_final(alert, statement, pipeline.clears)
    }

    /// A statement about what lies behind the horizon, unless it ends what is open: the alert's state stays true.
    fn too_old(&self, id: AlertId, statement: &Statement) -> Option<Span> {
        let age = self.now - statement.instant();
        let open = self.state.alerts.get(&id).is_some_and(|alert| alert.open_episode().is_some());
        match statement {
            Statement::Firing(firing) => (firing.own_instant && age > limits::LATE_HORIZON && !open).then_some(age),
            // A whole past episode is history: it is folded, and counts in no incident.
            Statement::Clear(_) => (age > limits::LATE_HORIZON && !open).then_some(age),
            Statement::PersonClear { .. } => None,
        }
    }

    fn current(&self, id: AlertId) -> Current {
        let alert = self.state.alerts.get(&id);
        let open = alert.and_then(Alert::open_episode);
        Current {
            open: open.map(|episode| episode.id),
            severity: open.map(Episode::severity),
            episodes: alert.map_or(0, |alert| alert.episodes.len()),
            held: alert.map_or(0, held),
        }
    }

    /// Folds the alert's statements anew and lets every later stage know what that changed.
    pub(crate) fn refold(&mut self, id: AlertId, pipeline: &Pipeline) -> Delta {
        let now = self.now;
        let Some(alert) = self.alert_mut(id) else { return Delta::default() };
        let was_open = alert.open_episode().is_some();
        let moved = alert.hot.repeated.take().is_some();
        let folded = fold_bounded(alert, pipeline);
        let delta = reconcile(alert, folded, pipeline.open_at, now);
        make_final(alert, now - limits::LATE_HORIZON);
        // Mostly one of each, of which a vector makes room for four.
        alert.episodes.shrink_to_fit();
        alert.statements.shrink_to_fit();
        let open = alert.open_episode().map(|open| open.id);
        let is_open = open.is_some();
        if was_open != is_open {
            self.flap(id, pipeline);
        }
        self.mark_open(id);
        let touched = &mut self.state.touched;
        touched.episodes.extend(delta.written.iter().map(|episode| (id, *episode)));
        // Repeats moved its deadline, which only the narrow row said.
        touched.episodes.extend(open.filter(|_| moved).map(|open| (id, open)));
        let gone = delta.vanished.iter().chain(delta.absorbed.iter().map(|(gone, _)| gone));
        touched.episodes_removed.extend(gone.map(|gone| (id, gone.id)));
        if let Some(from) = delta.from {
            self.alert_dirty(id, from);
            self.sweep_later(id);
        }
        self.episodes_changed(id, &delta);
        delta
    }

    /// Final episodes well behind the horizon, of incidents that are over, are the store's alone from now on.
    pub(crate) fn drop_history(&mut self, id: AlertId) {
        let oldest = self.ago(limits::LATE_HORIZON + HISTORY_MARGIN);
        let Some(alert) = self.state.alerts.get(&id) else { return };
        let old = |episode: &Episode| {
            episode.end.is_some_and(|end| end < oldest) && !episode.incident.is_some_and(|held| self.is_live(held))
        };
        let finals = alert.episodes.iter().take(alert.finals());
        let gone: Vec<EpisodeId> = finals.filter(|episode| old(episode)).map(|episode| episode.id).collect();
        if gone.is_empty() {
            return;
        }
        let Some(alert) = self.state.alerts.get_mut(&id) else { return };
        let (dropped, kept): (Vec<Episode>, Vec<Episode>) =
            std::mem::take(&mut alert.episodes).into_iter().partition(|episode| gone.contains(&episode.id));
        alert.episodes = kept;
        let history = |episode: &Episode| KnownEpisode { needed: false, ..KnownEpisode::of(alert, episode) };
        self.out.episodes.extend(dropped.iter().map(history));
    }

    /// What was said to begin, to change or to end later does so then, whatever else the same statement changed.
    fn sweep_later(&mut self, id: AlertId) {
        let now = self.now;
        let Some((alert, ci)) = self.state.alerts.get(&id).and_then(|alert| Some((alert, alert.ci.clone()?))) else {
            return;
        };
        let instants = |episode: &Episode| {
            let steps: Vec<Timestamp> = episode.severities.iter().map(|step| step.at).collect();
            steps.into_iter().chain([episode.start]).chain(episode.end)
        };
        let later: Vec<Timestamp> = alert.episodes.iter().flat_map(instants).filter(|at| *at > now).collect();
        for at in later {
            self.state.timers.set(at, Timer::Sweep(ci.clone()));
        }
    }

    /// Keeps the indexes of open alerts and of deadlines.
    pub(crate) fn mark_open(&mut self, id: AlertId) {
        let Some(alert) = self.state.alerts.get(&id) else { return };
        match alert.open_episode() {
            Some(open) => {
                if let Some((at, _)) = open.deadline {
                    self.state.timers.set(at, Timer::Deadline(id));
                }
                self.note_open(id, true);
            }
            None => {
                let source = alert.source.clone();
                let stale = alert.stale;
                self.note_open(id, false);
                self.state.age(id);
                if let Some(awaiting) = self.state.awaiting.get_mut(&source) {
                    awaiting.remove(&id);
                }
                if stale && let Some(alert) = self.alert_mut(id) {
                    alert.stale = false;
                }
            }
        }
    }

    /// The alert lies behind the horizon: the engine needs it no more.
    pub(crate) fn forget(&mut self, id: AlertId) {
        self.state.ageing.remove(&id);
        let Some(alert) = self.state.alerts.get(&id) else { return };
        if alert.open_episode().is_some() {
            return;
        }
        if forgotten_at(alert) > self.now {
            return self.state.age(id);
        }
        let held = |episode: &Episode| episode.incident.is_some_and(|incident| self.is_live(incident));
        if alert.episodes.iter().any(held) {
            self.state.ageing.insert(id);
            return self.state.timers.set(self.now + limits::LATE_HORIZON, Timer::Forget(id));
        }
        // What its repeats moved goes into its own row.
        self.state.note_said(id);
        let Some(alert) = self.state.alerts.remove(&id) else { return };
        if let Some(ci) = &alert.ci {
            self.take_off(ci, id);
        }
        self.state.kinds.remove(&id);
        self.state.touched.forgotten.insert(id, alert);
    }

    /// An alert that this very step forgot is heard again: it comes anew, as if another step had forgotten it. What there
    /// was of it is history. `[I16]`
    fn comes_anew(&mut self, id: AlertId) {
        let Some(alert) = self.state.touched.forgotten.remove(&id) else { return };
        let history = |episode: &Episode| KnownEpisode { needed: false, ..KnownEpisode::of(&alert, episode) };
        self.out.episodes.extend(alert.episodes.iter().map(history));
    }

    /// Neither closed nor merged, nor forgotten.
    pub(crate) fn is_live(&self, incident: model::IncidentId) -> bool {
        self.state.incidents.get(&incident).is_some_and(|incident| !incident.is_final())
    }

    /// What arrival made of the event.
    fn arrival(&self, id: AlertId, status: Status, added: Option<Added>, before: Current, delta: &Delta) -> Answer {
        let Some(alert) = self.state.alerts.get(&id) else {
            return answer(id, Disposition::Stale, Reason::NothingToClear);
        };
        let now_open = alert.open_episode();
        let begun = delta.opened.iter().chain(&delta.ended).chain(&delta.moved).find_map(|id| alert.episode(*id));
        let suppressed = |episode: &Episode| episode.suppressed.clone();
        match (status, now_open, before.open) {
            (Status::Firing, Some(open), None) => match suppressed(open) {
                Some(by) => answer(id, Disposition::Suppressed, Reason::Suppressed { by }),
                None if delta.resumed.contains(&open.id) => answer(id, Disposition::Repeated, Reason::StillFiring),
                None if before.episodes > 0 => answer(id, Disposition::Reopened, Reason::FurtherEpisode),
                None => answer(id, Disposition::Opened, Reason::FirstStatement),
            },
            (Status::Firing, Some(open), Some(_)) if Some(open.severity()) != before.severity => {
                let from = before.severity.unwrap_or_default();
                answer(id, Disposition::Escalated, Reason::SeverityChanged { from, to: open.severity() })
            }
            (Status::Firing, Some(_), Some(_)) if delta.is_empty() => {
                let reason = if added == Some(Added::New) { Reason::StillFiring } else { Reason::AlreadySaid };
                answer(id, Disposition::Repeated, reason)
            }
            (Status::Firing, Some(open), Some(_)) => match delta.from.filter(|from| *from < self.now) {
                Some(from) if delta.moved.contains(&open.id) => {
                    answer(id, Disposition::Repeated, Reason::EarlierStart { by: self.now - from })
                }
                _ => answer(id, Disposition::Repeated, Reason::StillFiring),
            },
            (Status::Firing, None, _) if held(alert) > before.held => {
                answer(id, Disposition::Opened, Reason::BeforeKnownClear)
            }
            (Status::Firing, None, _) => answer(id, Disposition::Stale, Reason::BeforeKnownClear),
            (Status::Resolved, None, Some(_)) => {
                answer(id, Disposition::Cleared, Reason::Cleared { by: EndedBy::Clear })
            }
            (Status::Resolved, _, _) => match begun.and_then(|episode| episode.end.map(|end| end - episode.start)) {
                Some(length) => answer(id, Disposition::Cleared, Reason::WholeEpisode { length }),
                None => answer(id, Disposition::Stale, Reason::NothingToClear),
            },
        }
    }

    /// A forced resolve: a clear, by a person, of what is open.
    pub(crate) fn person_clears(&mut self, id: AlertId, at: Timestamp) {
        let Some(alert) = self.alert_mut(id) else { return };
        let pipeline = alert.pipeline.clone();
        let pipeline = self.pipeline(&pipeline);
        if let Some(alert) = self.alert_mut(id) {
            add(alert, Statement::PersonClear { at }, Order::Own);
        }
        self.refold(id, pipeline);
    }
}

impl State {
    /// Sees to it that an alert that fires no more is forgotten in time: one timer, however often it is asked.
    pub(crate) fn age(&mut self, id: AlertId) {
        let Some(alert) = self.alerts.get(&id) else { return };
        let at = forgotten_at(alert).max(self.clock);
        if self.ageing.insert(id) {
            self.timers.set(at, Timer::Forget(id));
        }
    }
}

/// When an alert that fires no more is needed no more: nothing of it that is heard later changes anything.
fn forgotten_at(alert: &Alert) -> Timestamp {
    let last = alert.episodes.iter().filter_map(|episode| episode.end).max();
    last.unwrap_or(Timestamp::MIN).max(alert.hot.last_received_at) + limits::LATE_HORIZON
}

struct Current {
    open: Option<EpisodeId>,
    severity: Option<model::Severity>,
    episodes: usize,
    /// Episodes that an incident holds.
    held: usize,
}

fn held(alert: &Alert) -> usize {
    alert.episodes.iter().filter(|episode| episode.incident.is_some()).count()
}

fn answer(alert: AlertId, disposition: Disposition, reason: Reason) -> Answer {
    Answer::Event { alert: Some(alert), disposition, reason }
}

fn count_receipts(hot: &mut Hot, receipt: Timestamp, times: u32) {
    hot.count += u64::from(times);
    hot.last_received_at = hot.last_received_at.max(receipt);
}

/// The newest statement says what is known of the alert, but what it is about only the newest firing: a clear tells that it
/// is over, often in words such as "OK". Whether it is called otherwise than before.
fn describe(alert: &mut Alert, event: &AlertEvent, statement: &Statement) -> bool {
    let is_firing = |known: &Statement| matches!(known, Statement::Firing(_));
    let newer = |known: &Statement| known.instant() > statement.instant();
    let mut reworded = false;
    let is_newest_firing =
        is_firing(statement) && !alert.statements.iter().any(|known| is_firing(known) && newer(known));
    if is_newest_firing && !event.summary.is_empty() && alert.summary != event.summary {
        alert.summary = event.summary.clone();
        reworded = true;
    }
    if alert.statements.iter().any(newer) {
        return reworded;
    }
    if event.dedup_key.is_some() && !event.labels.is_empty() && alert.labels != event.labels {
        alert.labels = event.labels.clone();
        reworded = true;
    }
    if event.annotations != Labels::default() {
        alert.annotations = event.annotations.clone();
    }
    if event.url.is_some() {
        alert.url = event.url.clone();
    }
    reworded
}
