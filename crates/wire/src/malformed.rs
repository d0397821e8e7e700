//! What is said of an input that could not be read, or was read with a remark.

use std::fmt;

use model::limits::{AHEAD_MAX, START_AGE_MAX};
use model::{Interval, Timestamp};
use serde::{Deserialize, Serialize};

use crate::json::Place;

/// Why an event could not be read: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Malformed {
    pub why: String,
}

/// A remark beside an event that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Notice {
    /// No word for a severity that is known: taken as a warning.
    UnknownSeverity { said: Box<str> },
    /// Longer than a value may be (`bytes` of it): cut at a character.
    ValueCut { field: Box<str>, bytes: usize },
    /// U+0000, which no store keeps, was taken out.
    NulRemoved { field: Box<str> },
    /// The sender left out this many alerts of the group.
    AlertsTruncated { alerts: u64 },
    /// A fact, or an alert's own `ci`, about an item that the CMDB does not have, and the ids that may have been meant.
    UnknownItem { said: Box<str>, near: Vec<Box<str>> },
    /// Further ahead of its receipt than any clock may be: the receipt stands for it.
    ClockAhead { field: Box<str>, said: Timestamp },
    /// A firing began so long before its receipt that it is mostly a slip: taken as it is.
    LongAgo { said: Timestamp },
    /// A recurring window lasts until after the next time that it begins: taken as it is, and mostly a slip.
    OccurrencesOverlap { one: Interval, next: Interval },
}

impl Notice {
    /// The word that counts it; there are as many as variants.
    pub const fn code(&self) -> &'static str {
        match self {
            Notice::UnknownSeverity { .. } => "unknown_severity",
            Notice::ValueCut { .. } => "value_cut",
            Notice::NulRemoved { .. } => "nul_removed",
            Notice::AlertsTruncated { .. } => "alerts_truncated",
            Notice::UnknownItem { .. } => "unknown_item",
            Notice::ClockAhead { .. } => "clock_ahead",
            Notice::LongAgo { .. } => "long_ago",
            Notice::OccurrencesOverlap { .. } => "occurrences_overlap",
        }
    }
}

/// What is wrong with one event, before it is known where in the body the event stands.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What is wrong and what to do.
    pub(crate) what: String,
    /// Bytes from the start of the event; `None`: the event as a whole.
    pub(crate) at: Option<usize>,
    /// The path of the field, such as `labels.host`.
    pub(crate) field: Option<String>,
}

impl Problem {
    pub(crate) fn whole(what: impl Into<String>) -> Problem {
        Problem { what: what.into(), at: None, field: None }
    }

    pub(crate) fn of_field(field: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem { what: what.into(), at: None, field: Some(field.into()) }
    }

    pub(crate) fn missing(field: &str, what_to_do: &str) -> Problem {
        Problem::whole(format!("`{field}` is missing: {what_to_do}"))
    }

    /// The same of something that stands at `at` in the event, as its field `field`.
    pub(crate) fn within(self, field: &str, at: Option<usize>) -> Problem {
        let field = self.field.map_or_else(|| field.to_owned(), |inner| format!("{field}.{inner}"));
        let at = at.map(|start| start + self.at.unwrap_or_default());
        Problem { what: self.what, at, field: Some(field) }
    }

    pub(crate) fn at(self, place: Place) -> Malformed {
        let why = match self.field {
            Some(field) => format!("`{field}` ({place}): {}", self.what),
            None => format!("{place}: {}", self.what),
        };
        Malformed { why }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Malformed {}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::UnknownSeverity { said } => {
                write!(f, "severity `{said}` is unknown, taken as warning: add it to the pipeline's `severity.map`")
            }
            Notice::ValueCut { field, bytes } => write!(f, "`{field}` has {bytes} bytes and was cut"),
            Notice::NulRemoved { field } => write!(f, "`{field}` held U+0000, which was taken out"),
            Notice::AlertsTruncated { alerts } => {
                write!(f, "the sender left out {alerts} alerts: raise `max_alerts` of its webhook")
            }
            Notice::ClockAhead { field, said } => {
                write!(
                    f,
                    "`{field}` is {said}, more than {AHEAD_MAX} ahead of the receipt, which was taken in its place: \
                     correct it, or the sender's clock"
                )
            }
            Notice::LongAgo { said } => {
                write!(
                    f,
                    "`starts_at` is {said}, more than {START_AGE_MAX} before the receipt, and was taken as it is: correct \
                     it, or the sender's clock, unless that is meant"
                )
            }
            Notice::OccurrencesOverlap { one, next } => {
                let [start, end, next] = [one.start(), one.end(), next.start()];
                write!(
                    f,
                    "its occurrences overlap: that of {start} lasts until {end}, and the next begins at {next}: make them \
                     shorter, or let them be further apart, unless that is meant"
                )
            }
            Notice::UnknownItem { said, near } if near.is_empty() => {
                write!(f, "no item of the CMDB has the id `{said}`: correct it, or add the item")
            }
            Notice::UnknownItem { said, near } => {
                let near = near.join("`, `");
                write!(f, "no item of the CMDB has the id `{said}`: correct it (near are `{near}`), or add the item")
            }
        }
    }
}
