//! Facts beside alerts: heartbeats, changes, maintenance windows, recovery points, exercises.

use model::event::{Event, Heartbeat};
use model::fact::{Change, ChangeKind, ChangeResult, ChangeStatus, Exercise, MaintenanceWindow, RecoveryPoint};
use model::{CiId, Interval, Span, Timestamp};
use serde::{Deserialize, Deserializer};

use super::{change_id, in_order, instant, maintenance_id, overlap_of, recurrence_of, word_of};
use crate::decoder::{Cleaner, Sender, Taken};
use crate::malformed::Problem;
use crate::scalar::{Instant, Length, Names, Text};
use crate::{Input, Notice};

const KIND: [(&str, ChangeKind); 3] =
    [("standard", ChangeKind::Standard), ("normal", ChangeKind::Normal), ("emergency", ChangeKind::Emergency)];
const STATUS: [(&str, ChangeStatus); 3] =
    [("planned", ChangeStatus::Planned), ("started", ChangeStatus::Started), ("finished", ChangeStatus::Finished)];
const RESULT: [(&str, ChangeResult); 4] = [
    ("successful", ChangeResult::Successful),
    ("issues", ChangeResult::Issues),
    ("backed_out", ChangeResult::BackedOut),
    ("failed", ChangeResult::Failed),
];

#[derive(Deserialize)]
pub(super) struct HeartbeatFields<'a> {
    #[serde(borrow)]
    source: Option<Text<'a>>,
    /// `null` retires it; not to say it at all is a mistake.
    #[serde(default, deserialize_with = "said")]
    every: Option<Option<Length>>,
    grace: Option<Length>,
    #[serde(borrow)]
    ci: Option<Text<'a>>,
    #[serde(borrow)]
    severity: Option<Text<'a>>,
    received_at: Option<Instant>,
}

#[derive(Deserialize)]
pub(super) struct ChangeFields<'a> {
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    ci: Option<Names<'a>>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    received_at: Option<Instant>,
}

#[derive(Deserialize)]
pub(super) struct MaintenanceFields<'a> {
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    ci: Option<Names<'a>>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    #[serde(borrow)]
    rrule: Option<Text<'a>>,
    #[serde(borrow)]
    time_zone: Option<Text<'a>>,
    exdate: Option<Vec<Instant>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(borrow)]
    by: Option<Text<'a>>,
    received_at: Option<Instant>,
}

#[derive(Deserialize)]
pub(super) struct RecoveryPointFields<'a> {
    #[serde(borrow)]
    ci: Option<Text<'a>>,
    completed_at: Option<Instant>,
    as_of: Option<Instant>,
    verified: Option<bool>,
    received_at: Option<Instant>,
}

#[derive(Deserialize)]
pub(super) struct ExerciseFields<'a> {
    #[serde(borrow)]
    ci: Option<Text<'a>>,
    held_at: Option<Instant>,
    recovery_seconds: Option<Length>,
    recovery_point_seconds: Option<Length>,
    passed: Option<bool>,
    every: Option<Length>,
    received_at: Option<Instant>,
}

impl Sender<'_> {
    pub(super) fn heartbeat(&self, fields: HeartbeatFields<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let every =
            fields.every.ok_or_else(|| Problem::missing("every", "say how often it comes, or null to retire"))?;
        if every == Some(Length(Span::ZERO)) {
            return Err(Problem::of_field(
                "every",
                "no time lies between two of them: write a duration such as \"60s\"",
            ));
        }
        let severity = fields.severity.map(|word| {
            let known = self.decoder.severity_of_word(word.as_str());
            known.unwrap_or_else(|| Cleaner(notices).unknown_severity(word.as_str()))
        });
        let heartbeat = Heartbeat {
            every: every.map(|every| every.0),
            grace: fields.grace.map(|grace| grace.0),
            ci: item(self.or_subject(fields.ci), notices)?,
            severity,
            source: self.source_of(fields.source, notices)?,
        };
        Ok(self.fact(Event::Heartbeat(heartbeat), self.receipt(fields.received_at, None)))
    }

    pub(super) fn change(&self, fields: ChangeFields<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let source = self.source_of(fields.source, notices)?;
        let reference = required_name("id", fields.id, "give the change the name its own system has for it", notices)?;
        let result = word_of("result", fields.result.as_ref(), &RESULT)?;
        let implied = if result.is_some() { ChangeStatus::Finished } else { ChangeStatus::Planned };
        let (starts_at, ends_at) = (instant(fields.starts_at), instant(fields.ends_at));
        in_order(starts_at, ends_at)?;
        let received_at = self.receipt(fields.received_at, starts_at.or(ends_at));
        let change = Change {
            id: change_id(&source, &reference),
            kind: word_of("type", fields.kind.as_ref(), &KIND)?.unwrap_or(ChangeKind::Normal),
            status: word_of("status", fields.status.as_ref(), &STATUS)?.unwrap_or(implied),
            result,
            summary: Cleaner(notices).value("summary", fields.summary).map_or_else(|| reference.clone(), Box::from),
            cis: items(fields.ci, notices)?,
            starts_at,
            ends_at,
            received_at: received_at.unwrap_or(self.context.receipt),
            reference,
        };
        Ok(self.fact(Event::Change(Box::new(change)), received_at))
    }

    pub(super) fn maintenance(
        &self,
        fields: MaintenanceFields<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Taken, Problem> {
        let source = self.source_of(fields.source, notices)?;
        let reference = required_name("id", fields.id, "name the window; the same id again replaces it", notices)?;
        let cis = items(fields.ci, notices)?;
        if cis.is_empty() {
            return Err(Problem::missing("ci", "name the items that are worked on"));
        }
        let start = required_instant("starts_at", fields.starts_at)?;
        let end = required_instant("ends_at", fields.ends_at)?;
        let interval = Interval::new(start, end).filter(|interval| !interval.is_empty());
        let backwards = || Problem::of_field("ends_at", format!("{end} is not after `starts_at` ({start}): swap them"));
        let interval = interval.ok_or_else(backwards)?;
        let except: Vec<Timestamp> = fields.exdate.into_iter().flatten().filter_map(|at| at.0).collect();
        let (rule, zone) = (fields.rrule.as_deref(), fields.time_zone.as_deref());
        let recurrence = recurrence_of(interval, rule, zone, &except);
        let recurrence = recurrence.map_err(|wrong| Problem::of_field(wrong.key, wrong.what))?;
        let received_at = self.receipt(fields.received_at, Some(start));
        let window = MaintenanceWindow {
            id: maintenance_id(&source, &reference),
            reference,
            cis,
            interval,
            recurrence,
            reason: Cleaner(notices).value("reason", fields.reason).map(Box::from).unwrap_or_default(),
            by: Cleaner(notices).name("by", fields.by)?.map(Box::from),
            received_at: received_at.unwrap_or(self.context.receipt),
            deleted: false,
        };
        notices.extend(overlap_of(&window));
        Ok(self.fact(Event::Maintenance(Box::new(window)), received_at))
    }

    pub(super) fn recovery_point(
        &self,
        fields: RecoveryPointFields<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Taken, Problem> {
        let completed_at = required_instant("completed_at", fields.completed_at)?;
        let received_at = self.receipt(fields.received_at, Some(completed_at));
        let point = RecoveryPoint {
            ci: required_item(self.or_subject(fields.ci), notices)?,
            completed_at,
            as_of: instant(fields.as_of),
            verified: fields.verified.unwrap_or(false),
            received_at: received_at.unwrap_or(self.context.receipt),
        };
        Ok(self.fact(Event::RecoveryPoint(point), received_at))
    }

    pub(super) fn exercise(&self, fields: ExerciseFields<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let held_at = required_instant("held_at", fields.held_at)?;
        let received_at = self.receipt(fields.received_at, Some(held_at));
        let exercise = Exercise {
            ci: required_item(self.or_subject(fields.ci), notices)?,
            held_at,
            recovery: fields.recovery_seconds.map(|length| length.0),
            recovery_point: fields.recovery_point_seconds.map(|length| length.0),
            passed: fields.passed.ok_or_else(|| Problem::missing("passed", "write true or false"))?,
            every: fields.every.map(|length| length.0),
            received_at: received_at.unwrap_or(self.context.receipt),
        };
        Ok(self.fact(Event::Exercise(exercise), received_at))
    }

    /// The item that an event names, else the one that what it came in names.
    fn or_subject<'t>(&'t self, said: Option<Text<'t>>) -> Option<Text<'t>> {
        said.or_else(|| self.subject.map(Text::of))
    }

    fn fact(&self, event: Event, received_at: Option<Timestamp>) -> Taken {
        Taken { input: Input::Event(event), received_at, own_ci: None }
    }
}

/// Tells a key that says `null` from one that is not there.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Length>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn item(said: Option<Text<'_>>, notices: &mut Vec<Notice>) -> Result<Option<CiId>, Problem> {
    Ok(Cleaner(notices).name("ci", said)?.map(CiId::new))
}

fn items(said: Option<Names<'_>>, notices: &mut Vec<Notice>) -> Result<Vec<CiId>, Problem> {
    let mut items = Vec::new();
    for name in said.unwrap_or_default().0 {
        items.extend(item(Some(name), notices)?);
    }
    items.sort();
    items.dedup();
    Ok(items)
}

fn required_item(said: Option<Text<'_>>, notices: &mut Vec<Notice>) -> Result<CiId, Problem> {
    item(said, notices)?.ok_or_else(|| Problem::missing("ci", "name the item it is about"))
}

fn required_name(
    field: &str,
    said: Option<Text<'_>>,
    what_to_do: &str,
    notices: &mut Vec<Notice>,
) -> Result<Box<str>, Problem> {
    let name = Cleaner(notices).name(field, said)?;
    name.map(Box::from).ok_or_else(|| Problem::missing(field, what_to_do))
}

fn required_instant(field: &str, said: Option<Instant>) -> Result<Timestamp, Problem> {
    instant(said).ok_or_else(|| Problem::missing(field, "write an instant such as \"2026-05-01T10:00:00Z\""))
}
