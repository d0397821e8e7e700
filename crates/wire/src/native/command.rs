//! `"kind":"command"`: what a person did, in a recording and nowhere else.

use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::incident::HoldFor;
use model::{Fingerprint, Timestamp};
use serde::Deserialize;

use super::{instant, one_of, word_of};
use crate::decoder::{Cleaner, Said, Sender, Taken};
use crate::malformed::Problem;
use crate::scalar::{Instant, Pairs, Text};
use crate::{Input, Notice};

const ACTIONS: [&str; 8] = ["acknowledge", "assign", "resolve", "hold", "unhold", "close", "false_positive", "comment"];
const HOLD_FOR: [(&str, HoldFor); 5] = [
    ("customer", HoldFor::Customer),
    ("supplier", HoldFor::Supplier),
    ("problem", HoldFor::Problem),
    ("change", HoldFor::Change),
    ("other", HoldFor::Other),
];

#[derive(Deserialize)]
pub(super) struct CommandFields<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    dedup_key: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    ci: Option<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    by: Option<Text<'a>>,
    at: Option<Instant>,
    #[serde(borrow, rename = "for")]
    hold_for: Option<Text<'a>>,
    until: Option<Instant>,
    force: Option<bool>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(borrow)]
    notes: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    code: Option<Text<'a>>,
    #[serde(borrow)]
    team: Option<Text<'a>>,
    #[serde(borrow)]
    assignee: Option<Text<'a>>,
    received_at: Option<Instant>,
}

impl Sender<'_> {
    pub(super) fn command(&self, mut fields: CommandFields<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let target = IncidentTarget::HoldsAlert(self.alert_meant(&mut fields, notices)?);
        let at: Option<Timestamp> = instant(fields.at);
        let received_at = self.receipt(fields.received_at, at);
        let by = Cleaner(notices).name("by", fields.by.take())?.map_or_else(|| "unknown".into(), Box::from);
        let action = incident_action(fields, notices)?;
        let command = Command { by, at, action: Action::Incident { target, action } };
        Ok(Taken { input: Input::Command(Box::new(command)), received_at, own_ci: None })
    }

    /// The alert whose incident is acted on: by its `dedup_key`, else by the labels its events have.
    fn alert_meant(&self, fields: &mut CommandFields<'_>, notices: &mut Vec<Notice>) -> Result<Fingerprint, Problem> {
        let source = self.source_of(fields.source.take(), notices)?;
        let mut cleaner = Cleaner(notices);
        let labels = cleaner.pairs("labels", fields.labels.take().unwrap_or_default())?;
        let dedup_key = cleaner.name("dedup_key", fields.dedup_key.take())?;
        let ci = cleaner.name("ci", fields.ci.take())?;
        let summary = cleaner.value("summary", fields.summary.take());
        if dedup_key.is_none() && summary.is_none() && labels.is_empty() {
            return Err(Problem::missing("dedup_key", "name the alert whose incident is meant"));
        }
        let domain = self.decoder.domain_of(&labels);
        let said = Said {
            source: source.as_str(),
            dedup_key: dedup_key.as_deref(),
            labels: &labels,
            ci: ci.as_deref(),
            summary: summary.as_deref(),
        };
        Ok(self.decoder.fingerprint(&domain, &said))
    }
}

fn incident_action(fields: CommandFields<'_>, notices: &mut Vec<Notice>) -> Result<IncidentAction, Problem> {
    let mut cleaner = Cleaner(notices);
    let force = fields.force.unwrap_or(false);
    let reason_for = word_of("for", fields.hold_for.as_ref(), &HOLD_FOR)?.unwrap_or_default();
    let notes = cleaner.value("notes", fields.notes.or_else(|| fields.reason.clone())).map(Box::from);
    let reason: Box<str> = cleaner.value("reason", fields.reason).map(Box::from).unwrap_or_default();
    let text = cleaner.value("text", fields.text).map_or_else(|| reason.clone(), Box::from);
    let code = cleaner.value("code", fields.code).map(Box::from);
    let team = cleaner.name("team", fields.team)?.map(Box::from);
    let assignee = cleaner.name("assignee", fields.assignee)?.map(Box::from);
    match fields.action.as_ref().map(Text::as_str) {
        Some("acknowledge") => Ok(IncidentAction::Acknowledge),
        Some("assign") => Ok(IncidentAction::Assign { team, assignee }),
        Some("resolve") => Ok(IncidentAction::Resolve { code, notes, force }),
        Some("hold") => Ok(IncidentAction::Hold { reason_for, until: instant(fields.until), reason }),
        Some("unhold") => Ok(IncidentAction::Unhold),
        Some("close") => Ok(IncidentAction::Close { notes, force }),
        Some("false_positive") => Ok(IncidentAction::FalsePositive { reason }),
        Some("comment") => Ok(IncidentAction::Comment { text }),
        Some(other) => Err(Problem::of_field("action", format!("`{other}` is no action: {}", one_of(&ACTIONS)))),
        None => Err(Problem::missing("action", &one_of(&ACTIONS))),
    }
}
