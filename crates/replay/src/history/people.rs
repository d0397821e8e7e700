//! What people did, from the audit: what moves an incident through its life is done again, by an alert that it held.
//!
//! What people said about the decisions themselves (merged, split, unlinked, false positive, causes) is left out: it is
//! what a policy is judged by ([`crate::word`]). Nothing is forced: what a person cleared is cleared without it, and
//! where another policy holds more in an incident, a person would have been refused.

use std::collections::BTreeMap;

use model::alert::Episode;
use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::{AlertId, Fingerprint, IncidentId, Timestamp};
use store::AuditLine;

/// The episodes that each incident holds, by their receipt.
pub(super) type Members<'h> = BTreeMap<IncidentId, Vec<(AlertId, &'h Episode)>>;

/// What of the audit is done again.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) commands: Vec<(Timestamp, Command, IncidentId)>,
    /// Acts on incidents that hold nothing which is played.
    pub(super) left_out: u64,
    /// Incidents that people opened.
    pub(super) by_hand: u64,
}

/// The action on an incident that a line of the audit tells of.
pub(crate) fn action_of(line: &AuditLine) -> Option<(IncidentId, IncidentAction)> {
    let action: Action = serde_json::from_str(&line.entry.detail).ok()?;
    let Action::Incident { target, action } = action else { return None };
    let id = match target {
        IncidentTarget::Id(id) => id,
        // Done in a recording: the line names the incident.
        IncidentTarget::HoldsAlert(_) => IncidentId::parse(&line.entry.subject)?,
    };
    Some((id, action))
}

pub(super) fn done(
    audit: &[AuditLine],
    members: &Members<'_>,
    latest: impl Fn(AlertId, Timestamp) -> Option<Timestamp>,
    survivor: impl Fn(IncidentId) -> IncidentId,
) -> Done {
    let mut done = Done::default();
    for line in audit {
        done.by_hand += u64::from(&*line.entry.action == "open_incident");
        let Some((id, action)) = action_of(line) else { continue };
        let Some(action) = unforced(action) else { continue };
        let at = line.entry.at;
        let held = members.get(&survivor(id)).into_iter().flatten();
        // The incident is found by an alert's newest episode.
        let by = held.filter(|(alert, episode)| {
            episode.first_received_at <= at && latest(*alert, at) == Some(episode.first_received_at)
        });
        match by.min_by_key(|(alert, episode)| (episode.first_received_at, *alert)) {
            Some((alert, _)) => {
                let target = IncidentTarget::HoldsAlert(Fingerprint::from(*alert));
                let action = Action::Incident { target, action };
                done.commands.push((at, Command { by: line.entry.by.clone(), at: None, action }, survivor(id)));
            }
            None => done.left_out += 1,
        }
    }
    done
}

/// `None` where it is a word on what was decided.
fn unforced(action: IncidentAction) -> Option<IncidentAction> {
    Some(match action {
        IncidentAction::Merge { .. }
        | IncidentAction::Split { .. }
        | IncidentAction::Unlink { .. }
        | IncidentAction::FalsePositive { .. }
        | IncidentAction::Cause { .. } => return None,
        IncidentAction::Resolve { code, notes, .. } => IncidentAction::Resolve { code, notes, force: false },
        IncidentAction::Close { notes, .. } => IncidentAction::Close { notes, force: false },
        other => other,
    })
}
