//! What an incident's members say together: its instants, and whether anything still fires. docs/measures.md section 2.

use std::collections::BTreeSet;

use model::alert::{Alert, Episode};
use model::{CiId, IncidentId, Severity, SourceName, Timestamp};

use crate::desk::Desk;
use crate::policy::Pipeline;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) members: usize,
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
}

impl Desk<'_> {
    pub(crate) fn facts(&self, incident: IncidentId) -> Facts {
        let members = self.members(incident);
        let counting: Vec<&(&Alert, &Episode)> = members.iter().filter(|(_, episode)| episode.counts()).collect();
        let policy = self.policy_of(incident);
        let threshold = restore_threshold(&counting, policy);
        let mut facts = Facts { members: members.len(), ..Facts::default() };
        let mut newest_detected = None;
        for (alert, episode) in &members {
            facts.cis.extend(alert.ci.clone());
            facts.sources.insert(alert.source.clone());
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
