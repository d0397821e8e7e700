//! What an incident's members say together: its instants, and whether anything still fires. docs/measures.md section 2.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use model::alert::{Alert, Episode};
use model::reason::{Evidence, SymptomKind};
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
    /// When it fired anew last, after a quiet in which it could have been over.
    pub(crate) again_at: Option<Timestamp>,
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
    /// What the members say of each item, in the order of its id.
    pub(crate) items: Vec<OnItem>,
    pub(crate) sources: BTreeSet<SourceName>,
    pub(crate) counting_sources: BTreeSet<SourceName>,
    /// The worst alert of all.
    pub(crate) worst: Option<Worst>,
}

/// What members say of an item together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OnItem {
    pub(crate) ci: CiId,
    pub(crate) worst: Worst,
    /// What counts of them.
    pub(crate) alerting: Option<Alerting>,
}

/// What an alerting item is known by: when its first alert began, and the most telling of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Alerting {
    pub(crate) start: Timestamp,
    pub(crate) kind: SymptomKind,
    pub(crate) alert: AlertId,
    /// How many different things are said of it: alerts by their names.
    pub(crate) names: u32,
}

impl Facts {
    pub(crate) fn on(&self, ci: &CiId) -> Option<&OnItem> {
        let at = self.items.binary_search_by(|on| on.ci.cmp(ci)).ok()?;
        self.items.get(at)
    }
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
        facts.items = self.on_items(&members);
        for (alert, episode) in &members {
            note_words(alert, episode, &mut facts);
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
        for (alert, episode) in counting {
            let start = episode.counts_from.unwrap_or(episode.start);
            let detected = episode.counts_from.unwrap_or(episode.first_received_at);
            facts.started_at = earliest(facts.started_at, start);
            facts.detected_at = earliest(facts.detected_at, detected);
            facts.first_start = earliest(facts.first_start, episode.start);
            // What goes off and on keeps its incident from closing, but does not make it younger.
            let again = episode.joining.as_ref().is_some_and(|joining| joining.evidence == Evidence::SameAlert);
            let anew = again && self.begins_anew(alert, episode);
            if anew {
                facts.again_at = facts.again_at.max(Some(episode.start));
            }
            if anew || !again {
                facts.newest_start = facts.newest_start.max(Some(episode.start));
            }
            if episode.severities.len() > 1 {
                facts.newest_start = facts.newest_start.max(self.became_worse(alert, episode).last().copied());
            }
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
    /// What is said of each item: what a search for causes and a title need.
    fn on_items(&self, members: &[(&Alert, &Episode)]) -> Vec<OnItem> {
        let mut said: Vec<(&CiId, &(&Alert, &Episode))> =
            members.iter().filter_map(|member| Some((member.0.ci.as_ref()?, member))).collect();
        // Of two that say as much the first member's word is taken: the sort keeps their order.
        said.sort_by_key(|(ci, _)| *ci);
        let each = said.chunk_by(|(one, _), (other, _)| one == other);
        each.filter_map(|on| self.on_item(on)).collect()
    }

    fn on_item(&self, said: &[(&CiId, &(&Alert, &Episode))]) -> Option<OnItem> {
        let (ci, _) = said.first()?;
        let worst = said.iter().map(|(_, (alert, episode))| Worst::of(alert, episode)).max()?;
        let counting = || said.iter().map(|(_, member)| *member).filter(|(_, episode)| episode.counts());
        let start = counting().map(|(_, episode)| episode.start).min();
        let telling = counting().map(|(alert, _)| (self.kind(alert), alert.id)).min_by_key(|(kind, _)| *kind);
        let names = different(counting().map(|(alert, _)| alert.alertname()));
        let alerting = start.zip(telling).map(|(start, (kind, alert))| Alerting { start, kind, alert, names });
        Some(OnItem { ci: (*ci).clone(), worst, alerting })
    }
}

fn different<'a>(names: impl Iterator<Item = &'a str>) -> u32 {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.len() as u32
}

/// Who speaks, and who says the most.
fn note_words(alert: &Alert, episode: &Episode, facts: &mut Facts) {
    facts.worst = facts.worst.max(Some(Worst::of(alert, episode)));
    note(&mut facts.sources, &alert.source);
    if episode.counts() && alert.ci.is_some() {
        note(&mut facts.counting_sources, &alert.source);
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
