//! What an incident's members say together: its instants, and whether anything still fires. docs/measures.md section 2.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Episode};
use model::reason::SymptomKind;
use model::{AlertId, CiId, IncidentId, Severity, SourceName, Timestamp};

use crate::desk::Desk;
use crate::policy::Pipeline;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) members: usize,
    /// Of the members, each alert once.
    pub(crate) alerts: usize,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) detected_at: Option<Timestamp>,
    pub(crate) first_start: Option<Timestamp>,
    pub(crate) newest_start: Option<Timestamp>,
    /// Something fires that keeps the incident from being restored.
    pub(crate) active: bool,
    /// Something milder still fires.
    pub(crate) residual: bool,
    /// The latest end of what kept it from being restored, in event time.
    pub(crate) ended_at: Option<Timestamp>,
    /// Receipt of the latest of those ends.
    pub(crate) cleared_received_at: Option<Timestamp>,
    pub(crate) worst_active: Option<Severity>,
    pub(crate) stale: bool,
    pub(crate) preexisting: bool,
    /// A flapping member holds it open until then.
    pub(crate) flapping_until: Option<Timestamp>,
    pub(crate) flaps: bool,
    pub(crate) cis: BTreeSet<CiId>,
    pub(crate) sources: BTreeSet<SourceName>,
    /// What counts on each item, and who speaks of it.
    pub(crate) alerting: BTreeMap<CiId, Alerting>,
    pub(crate) counting_sources: BTreeSet<SourceName>,
    /// The worst alert of all, and of each item.
    pub(crate) worst: Option<Worst>,
    pub(crate) worst_on: BTreeMap<CiId, Worst>,
}

/// What an alerting item is known by: when its first alert began, and the most telling of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alerting {
    pub(crate) start: Timestamp,
    pub(crate) kind: SymptomKind,
    pub(crate) alertname: Box<str>,
}

/// The more severe; of two the one that began first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Worst {
    severity: Severity,
    began: Reverse<(Timestamp, AlertId)>,
}

impl Worst {
    fn of(alert: &Alert, episode: &Episode) -> Worst {
        Worst { severity: episode.worst(), began: Reverse((episode.start, alert.id)) }
    }

    pub(crate) fn alert(self) -> AlertId {
        self.began.0.1
    }
}

impl Desk<'_> {
    pub(crate) fn facts(&self, incident: IncidentId) -> Facts {
        let members = self.members(incident);
        let counting: Vec<&(&Alert, &Episode)> = members.iter().filter(|(_, episode)| episode.counts()).collect();
        let policy = self.policy_of(incident);
        let threshold = restore_threshold(&counting, policy);
        // Members are in the order of their alerts.
        let alerts = members.chunk_by(|(one, _), (other, _)| one.id == other.id).count();
        let mut facts = Facts { members: members.len(), alerts, ..Facts::default() };
        let mut newest_detected = None;
        for (alert, episode) in &members {
            self.note_words(alert, episode, &mut facts);
            if episode.is_open() {
                facts.stale |= alert.stale;
                facts.flapping_until = facts.flapping_until.max(alert.flapping.steady_at);
                facts.flaps |= alert.flapping.since.is_some();
            }
            if alert.flapping.since.is_some() {
                facts.flapping_until = facts.flapping_until.max(alert.flapping.steady_at);
                facts.flaps = true;
            }
        }
        for (_, episode) in counting {
            let start = episode.counts_from.unwrap_or(episode.start);
            let detected = episode.counts_from.unwrap_or(episode.first_received_at);
            facts.started_at = earliest(facts.started_at, start);
            facts.detected_at = earliest(facts.detected_at, detected);
            facts.first_start = earliest(facts.first_start, episode.start);
            facts.newest_start = facts.newest_start.max(Some(episode.start));
            if newest_detected.is_none_or(|(known, _)| detected < known) {
                newest_detected = Some((detected, episode.preexisting));
            }
            if episode.is_open() && episode.severity() >= policy.open_at {
                facts.worst_active = facts.worst_active.max(Some(episode.severity()));
            }
            match fell_below(episode, threshold) {
                None => facts.active = true,
                Some((at, received)) if episode.worst() >= threshold => {
                    facts.ended_at = facts.ended_at.max(Some(at));
                    facts.cleared_received_at = facts.cleared_received_at.max(Some(received));
                    facts.residual |= episode.is_open() && episode.severity() >= policy.open_at;
                }
                Some(_) => facts.residual |= episode.is_open() && episode.severity() >= policy.open_at,
            }
        }
        facts.preexisting = newest_detected.is_some_and(|(_, preexisting)| preexisting);
        facts.started_at =
            facts.started_at.map(|start| facts.detected_at.map_or(start, |detected| start.min(detected)));
        facts
    }
}

impl Desk<'_> {
    /// Who speaks of what, and what says the most: what a search for causes and a title need.
    fn note_words(&self, alert: &Alert, episode: &Episode, facts: &mut Facts) {
        let worst = Worst::of(alert, episode);
        facts.worst = facts.worst.max(Some(worst));
        note(&mut facts.sources, &alert.source);
        if episode.counts() && alert.ci.is_some() {
            note(&mut facts.counting_sources, &alert.source);
        }
        let Some(ci) = &alert.ci else { return };
        note(&mut facts.cis, ci);
        match facts.worst_on.get_mut(ci) {
            Some(known) => *known = worst.max(*known),
            None => drop(facts.worst_on.insert(ci.clone(), worst)),
        }
        if !episode.counts() {
            return;
        }
        let (start, kind) = (episode.start, self.kind(alert));
        match facts.alerting.get_mut(ci) {
            Some(known) => {
                known.start = known.start.min(start);
                if kind < known.kind {
                    (known.kind, known.alertname) = (kind, alert.alertname().into());
                }
            }
            None => {
                let alerting = Alerting { start, kind, alertname: alert.alertname().into() };
                facts.alerting.insert(ci.clone(), alerting);
            }
        }
    }
}

fn note<T: Ord + Clone>(set: &mut BTreeSet<T>, value: &T) {
    if !set.contains(value) {
        set.insert(value.clone());
    }
}

/// What has to be over: `restore_at`, or whatever counts where nothing ever reached that.
fn restore_threshold(counting: &[&(&Alert, &Episode)], policy: &Pipeline) -> Severity {
    let reached = counting.iter().any(|(_, episode)| episode.worst() >= policy.restore_at);
    if reached { policy.restore_at } else { policy.open_at }
}

/// Since when (in event time, and received when) the episode is below a severity; `None` while it is not.
fn fell_below(episode: &Episode, threshold: Severity) -> Option<(Timestamp, Timestamp)> {
    let last_above = episode.severities.iter().rposition(|step| step.severity >= threshold);
    let Some(last_above) = last_above else {
        return Some((episode.start, episode.first_received_at));
    };
    match (episode.severities.get(last_above + 1), episode.end) {
        (Some(below), _) => Some((below.at, below.at.max(episode.first_received_at))),
        (None, Some(end)) => Some((end, episode.ended_received_at.unwrap_or(end))),
        (None, None) => None,
    }
}

fn earliest(known: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(known.map_or(at, |known| known.min(at)))
}
