//! Watchfire's own events: one object, an array, or an object per line. docs/contract.md section 3.
//!
//! Nearly every event is an alert, so that is what is tried first; another `kind` is read again as what it is.

mod alert;
mod command;
mod fact;
#[cfg(test)]
mod tests;

use calendar::{Occurrences, RecurrenceError};
use model::fact::{MaintenanceWindow, Recurrence};
use model::{ChangeId, Interval, MaintenanceId, SourceName, Timestamp};
use serde::Deserialize;

use crate::Notice;
use crate::decoder::{Cleaner, Decoded, Sender, Taken, decode_events};
use crate::json::{Misfit, problem_of};
use crate::malformed::Problem;
use crate::scalar::{Instant, Text};

pub(crate) use alert::{AlertFields, FIELDS, STATUS};

/// The id of a change: its reference within its source.
pub fn change_id(source: &SourceName, reference: &str) -> ChangeId {
    ChangeId::derive(|hash| {
        hash.text(source.as_str()).text(reference);
    })
}

/// What of a recurring window cannot be, and the key that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongKey {
    pub key: &'static str,
    pub what: String,
}

/// How a window recurs, by the keys `rrule`, `time_zone` (UTC unless said) and `exdate`; `None` where it does not.
///
/// # Errors
/// A rule or a zone that is not understood, or that gives nothing, and an `exdate` where no occurrence begins.
pub fn recurrence_of(
    first: Interval,
    rrule: Option<&str>,
    time_zone: Option<&str>,
    exdate: &[Timestamp],
) -> Result<Option<Recurrence>, WrongKey> {
    let Some(rrule) = rrule else {
        let alone =
            || WrongKey { key: "exdate", what: "only of a window with an `rrule` occurrences can be left out".into() };
        return if exdate.is_empty() { Ok(None) } else { Err(alone()) };
    };
    let made = calendar::recurrence(first, rrule, time_zone.unwrap_or("UTC"), exdate);
    made.map(Some).map_err(|error| {
        let key = match &error {
            RecurrenceError::Rule(_) | RecurrenceError::Never { .. } => "rrule",
            RecurrenceError::Zone(_) => "time_zone",
            RecurrenceError::TooLong { .. } => "ends_at",
            RecurrenceError::NoOccurrence { .. } | RecurrenceError::TooManyShortened { .. } => "exdate",
        };
        WrongKey { key, what: error.to_string() }
    })
}

/// That an occurrence of the window lasts until after the next one has begun, where one does.
pub fn overlap_of(window: &MaintenanceWindow) -> Option<Notice> {
    Occurrences::of(window).overlap().map(|(one, next)| Notice::OccurrencesOverlap { one, next })
}

/// The id of a maintenance window: its reference within its source. The same again replaces the window.
pub fn maintenance_id(source: &SourceName, reference: &str) -> MaintenanceId {
    MaintenanceId::derive(|hash| {
        hash.text(source.as_str()).text(reference);
    })
}

pub(crate) fn decode(sender: &Sender<'_>, body: &[u8]) -> Decoded {
    decode_events(sender.context, body, |read: Result<(&str, AlertFields<'_>), Misfit<'_>>, notices| match read {
        Ok((_, fields)) if fields.is_alert() => {
            in_order(instant(fields.starts_at), instant(fields.ends_at))?;
            sender.alert(fields, notices)
        }
        Ok((raw, fields)) => sender.other(raw, fields.kind(), notices),
        Err(misfit) => match misfit.object.and_then(kind_of) {
            Some((raw, kind)) => sender.other(raw, &kind, notices),
            None => Err(misfit.problem),
        },
    })
}

/// What an object that is no alert says it is.
fn kind_of(raw: &str) -> Option<(&str, String)> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow)]
        kind: Text<'a>,
    }
    let Kind { kind } = serde_json::from_str(raw).ok()?;
    (kind.as_str() != "alert").then(|| (raw, kind.0.into_owned()))
}

impl Sender<'_> {
    /// What is no alert.
    pub(crate) fn other(&self, raw: &str, kind: &str, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        match kind {
            "heartbeat" => self.heartbeat(read(raw)?, notices),
            "change" => self.change(read(raw)?, notices),
            "maintenance" => self.maintenance(read(raw)?, notices),
            "recovery_point" => self.recovery_point(read(raw)?, notices),
            "exercise" => self.exercise(read(raw)?, notices),
            "command" if self.context.replay => self.command(read(raw)?, notices),
            "command" => Err(Problem::of_field(
                "kind",
                "commands are read in a replay only: use the actions of /api/v1/incidents or the command line",
            )),
            _ => Err(Problem::of_field("kind", format!("`{kind}` is no kind of event: {}", one_of(&KINDS)))),
        }
    }

    pub(crate) fn source_of(&self, said: Option<Text<'_>>, notices: &mut Vec<Notice>) -> Result<SourceName, Problem> {
        let said = Cleaner(notices).name("source", said)?;
        let own = said.filter(|name| **name != *self.source.as_str());
        Ok(own.map_or_else(|| self.source.clone(), SourceName::new))
    }

    /// The recorded receipt, or what stands for it where a recording says none; nothing outside a replay.
    /// docs/measures.md section 1.
    fn receipt(&self, said: Option<Instant>, stand_in: Option<Timestamp>) -> Option<Timestamp> {
        said.and_then(|said| said.0).or(stand_in).filter(|_| self.context.replay)
    }
}

/// What ends before it starts is a slip, and nobody knows in which of the two.
fn in_order(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>) -> Result<(), Problem> {
    match (starts_at, ends_at) {
        (Some(start), Some(end)) if end < start => {
            let what = format!("{end} is before `starts_at` ({start}): send an end that is not before the start");
            Err(Problem::of_field("ends_at", what))
        }
        _ => Ok(()),
    }
}

const KINDS: [&str; 7] =
    ["alert", "change", "heartbeat", "recovery_point", "exercise", "maintenance", "command (in a replay)"];

/// Whether a word is a kind of our own events, also where it may not be sent.
pub(crate) fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|kind| kind.split(' ').next() == Some(word))
}

fn read<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, Problem> {
    serde_json::from_str(raw).map_err(|error| problem_of(raw, &error))
}

fn one_of(words: &[&str]) -> String {
    format!("write {}", words.join(", "))
}

/// A word that has to be one of a few.
fn word_of<T: Copy>(field: &str, said: Option<&Text<'_>>, words: &[(&str, T)]) -> Result<Option<T>, Problem> {
    let Some(said) = said else { return Ok(None) };
    let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(said.as_str()));
    known.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let said: String = said.as_str().chars().take(80).collect();
        Problem::of_field(field, format!("`{said}` is not known: {}", one_of(&names)))
    })
}

pub(crate) fn instant(said: Option<Instant>) -> Option<Timestamp> {
    said.and_then(|said| said.0)
}
