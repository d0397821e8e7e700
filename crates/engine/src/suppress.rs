//! Suppress: who is told and what opens an incident, never what is measured. Always with its reason, always
//! reversible.

use model::alert::{Alert, Episode, Suppression};
use model::fact::{MaintenanceWindow, Silence};
use model::outage::ItemState;
use model::step::Subject;
use model::{AlertId, CiId, EpisodeId, Interval, Matcher, Reason, SilenceId, Timestamp, limits};

use crate::desk::Desk;
use crate::state::{Member, State};
use crate::timer::Timer;
use crate::windows::Window;

impl Desk<'_> {
    /// Why this episode may open nothing now; `None` where it may.
    pub(crate) fn suppression(&self, alert: &Alert, episode: &Episode) -> Option<Suppression> {
        self.over_limit(episode).or_else(|| self.silenced(alert)).or_else(|| self.maintained(alert, episode))
    }

    /// Whether an episode that is over would have opened nothing when it began, as far as what is on record says: by a
    /// window on its item that was known by now, or by what is in force.
    pub(crate) fn was_suppressed(&self, alert: &Alert, episode: &Episode) -> bool {
        let begun = |window: &Window| window.covers(episode.start) && window.said.received_at <= self.now;
        let named = |ci: &CiId| self.state.windows.values().any(|window| window.names(ci) && begun(window));
        alert.ci.as_ref().is_some_and(named) || self.suppression(alert, episode).is_some()
    }

    fn over_limit(&self, episode: &Episode) -> Option<Suppression> {
        let (open, limit) = (self.state.open_alerts.len(), self.policy.alerts_open_max());
        (episode.is_open() && open > limit).then_some(Suppression::Limit { open: open as u64, limit: limit as u64 })
    }

    /// The silence that holds longest of those that match.
    fn silenced(&self, alert: &Alert) -> Option<Suppression> {
        let matching = self.silences_now().filter(|silence| silence.matches(alert));
        let longest = matching.max_by_key(|silence| (silence.interval.end(), silence.id))?;
        Some(Suppression::Silence {
            silence: longest.id,
            by: longest.by.clone(),
            comment: longest.comment.clone(),
            until: longest.interval.end(),
        })
    }

    /// On an item that a window names: always. On one only rolled up into it: where the alert takes the item down or
    /// degrades it, and no unsuppressed fault explains it too.
    fn maintained(&self, alert: &Alert, episode: &Episode) -> Option<Suppression> {
        let ci = alert.ci.as_ref()?;
        if let Some((window, until)) = self.longest_window(|window| window.names(ci)) {
            return Some(by_window(&window.said, ci, until));
        }
        let item = self.item(ci)?;
        if self.state.maintenance.state(item) != ItemState::Down {
            return None;
        }
        let effect = self.graph().own_state(item, episode.severity(), episode.effect());
        if effect == ItemState::Up || self.explained_by_fault(ci) {
            return None;
        }
        let contributors: Vec<&CiId> = self
            .state
            .maintenance
            .contributors(self.graph(), item)
            .into_iter()
            .map(|item| self.graph().id(item))
            .collect();
        let concerns = |window: &Window| window.said.cis.iter().any(|named| contributors.contains(&named));
        let (window, until) = self.longest_window(concerns)?;
        let named = window.said.cis.iter().find(|named| contributors.contains(named))?;
        Some(by_window(&window.said, named, until))
    }

    /// Of the windows in force that which lasts longest, and until when.
    fn longest_window(&self, concerns: impl Fn(&Window) -> bool) -> Option<(&Window, Timestamp)> {
        let now = self.now;
        let known = self.state.windows.values().filter(|window| window.said.received_at <= now && concerns(window));
        let in_force = known.filter_map(|window| Some((window, window.occurrences.covering(now)?.end())));
        in_force.max_by_key(|(window, until)| (*until, window.said.id))
    }

    fn explained_by_fault(&self, ci: &CiId) -> bool {
        let Some(item) = self.item(ci) else { return false };
        self.weighing_on(item).into_iter().any(|(id, impact)| {
            let open = self.state.incidents.get(&id).is_some_and(model::Incident::is_open);
            open && impact.own(item) == ItemState::Up && impact.state(item) > ItemState::AtRisk
        })
    }

    /// Keeps an episode from opening anything, with the reason.
    pub(crate) fn suppress(&mut self, member: Member, by: Suppression) {
        if let Some(alert) = self.alert_mut(member.0) {
            alert.suppressed = Some(by.clone());
        }
        if let Some(episode) = self.episode_mut(member) {
            episode.suppressed = Some(by.clone());
        }
        self.state.suppressed.insert(member);
        self.state.limited |= matches!(by, Suppression::Limit { .. });
        self.decide(Subject::Alert(member.0), Reason::Suppressed { by });
    }

    /// Looks again at everything suppressed: what still fires and is suppressed no more opens or joins.
    pub(crate) fn review_suppressed(&mut self) {
        let members: Vec<Member> = self.state.suppressed.iter().copied().collect();
        for member in members {
            self.review(member);
        }
    }

    /// A suppressed episode goes on that was over: it is watched again, and judged at once.
    pub(crate) fn suppressed_again(&mut self, member: Member) {
        self.state.suppressed.insert(member);
        let was = self.episode(member).and_then(|(_, episode)| episode.suppressed.clone());
        if let Some(alert) = self.state.alerts.get(&member.0)
            && alert.suppressed != was
            && let Some(alert) = self.alert_mut(member.0)
        {
            alert.suppressed = was;
        }
        self.review(member);
    }

    fn review(&mut self, member: Member) {
        let Some((alert, episode)) = self.episode(member).filter(|(_, episode)| episode.is_open()) else {
            self.state.suppressed.remove(&member);
            return;
        };
        let was = episode.suppressed.clone();
        match self.suppression(alert, episode) {
            Some(by) if Some(&by) == was.as_ref() => {}
            Some(by) => self.suppress(member, by),
            None => self.unsuppress(member, was),
        }
    }

    /// What incidents make of items has changed, or fewer alerts are open: what was suppressed for want of that is
    /// looked at again. Whether there was anything to look at.
    pub(crate) fn review_explained(&mut self) -> bool {
        let items = std::mem::take(&mut self.state.touched.explained);
        let limited = self.state.limited && self.state.open_alerts.len() <= self.policy.alerts_open_max();
        if limited {
            self.state.limited = false;
        } else if items.is_empty() {
            return false;
        }
        let concerned = |member: &&Member| {
            let suppressed = self.episode(**member).map(|(alert, episode)| (&alert.ci, &episode.suppressed));
            match suppressed {
                Some((_, Some(Suppression::Limit { .. }))) => limited,
                Some((Some(ci), Some(Suppression::Maintenance { .. }))) => items.contains(ci),
                _ => false,
            }
        };
        let members: Vec<Member> = self.state.suppressed.iter().filter(concerned).copied().collect();
        members.iter().for_each(|member| self.review(*member));
        !members.is_empty()
    }

    /// After a restart: whether anything waits for fewer open alerts.
    pub(crate) fn watch_limited(&mut self) {
        let limited = |member: &Member| {
            let suppressed = self.episode(*member).and_then(|(_, episode)| episode.suppressed.as_ref());
            matches!(suppressed, Some(Suppression::Limit { .. }))
        };
        self.state.limited = self.state.suppressed.iter().any(limited);
    }

    fn unsuppress(&mut self, member: Member, was: Option<Suppression>) {
        let now = self.now;
        self.state.suppressed.remove(&member);
        if let Some(alert) = self.alert_mut(member.0) {
            alert.suppressed = None;
        }
        if let Some(episode) = self.episode_mut(member) {
            episode.suppressed = None;
            // Under maintenance it was no incident's concern: for its incident it begins here.
            if matches!(was, Some(Suppression::Maintenance { .. })) {
                episode.counts_from = Some(now);
            }
        }
        if let Some(was) = was {
            self.decide(Subject::Alert(member.0), Reason::SuppressionEnded { was });
        }
        self.admit(member);
    }

    pub(crate) fn set_silence(&mut self, silence: Silence) {
        let (id, interval) = (silence.id, silence.interval);
        self.state.silences.insert(id, silence);
        self.state.touched.silences.insert(id);
        for at in edges(interval) {
            if at > self.now {
                self.state.timers.set(at, Timer::Silence(id));
            }
        }
        self.silence_edge(id);
    }

    /// A silence begins, ends or was changed. What is in an incident stays there; it is only shown as silenced.
    pub(crate) fn silence_edge(&mut self, id: SilenceId) {
        let Some(silence) = self.state.silences.get(&id).cloned() else { return };
        self.review_suppressed();
        self.show_silenced();
        if silence.interval.end() + limits::LATE_HORIZON <= self.now {
            self.state.silences.remove(&id);
        }
    }

    /// Whether open alerts that are in an incident show a silence.
    fn show_silenced(&mut self) {
        let open: Vec<AlertId> = self.state.open_alerts.iter().copied().collect();
        for id in open {
            let Some(alert) = self.state.alerts.get(&id) else { continue };
            if alert.open_episode().is_some_and(|episode| episode.suppressed.is_some()) {
                continue;
            }
            let shown = self.silenced(alert);
            if shown != alert.suppressed
                && let Some(alert) = self.alert_mut(id)
            {
                alert.suppressed = shown;
            }
        }
    }
}

impl State {
    /// Suppressed episodes that are watched: each is looked at again when what suppresses it may be over.
    pub fn suppressed(&self) -> impl Iterator<Item = (AlertId, EpisodeId)> {
        self.suppressed.iter().copied()
    }
}

/// Where something begins, ends, and lies behind the horizon, to be forgotten.
pub(crate) fn edges(interval: Interval) -> [Timestamp; 3] {
    [interval.start(), interval.end(), interval.end() + limits::LATE_HORIZON]
}

fn by_window(window: &MaintenanceWindow, ci: &CiId, until: Timestamp) -> Suppression {
    Suppression::Maintenance { window: window.id, reference: window.reference.clone(), ci: ci.clone(), until }
}

/// Whether every matcher holds for the alert's labels and named fields.
pub(crate) fn matches(matchers: &[Matcher], alert: &Alert) -> bool {
    !matchers.is_empty() && matchers.iter().all(|matcher| matcher.matches_value(&field(alert, &matcher.name)))
}

/// A label; where there is none of that name, a field of the alert.
pub(crate) fn field<'a>(alert: &'a Alert, name: &str) -> std::borrow::Cow<'a, str> {
    alert.field(name)
}
