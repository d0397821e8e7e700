//! What is wrong in a file, or remarkable: always with its place, and with what to do.

use std::fmt;

use model::Span;
use model::incident::Priority;
use thiserror::Error;
use wire::cmdb::Location;

/// `file:line:column: what, and what to do`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
#[error("{at}: {what}")]
pub struct FileError {
    pub at: Location,
    /// What is wrong, and what to do.
    pub what: String,
}

/// A remark on a file that is used all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// A value that another one leaves nothing to say.
    NoEffect { at: Location, key: &'static str, because: String },
    /// Whatever is a target of an inhibition is a source too, or the other way.
    InhibitsItself { at: Location },
    /// Incidents are over before anybody is told of them.
    ToldTooLate { at: Location, group_wait: Span, over: Over, over_after: Span },
    /// What is graver is called less urgent.
    Inverted { at: Location, graver: Priority, milder: Priority },
    /// Two pipelines name some source equally closely.
    SameRank { at: Location, first: String, source: String },
}

/// By what an incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Over {
    Cleared,
    /// Nothing is heard of it any more.
    Unrepeated,
}

impl Notice {
    pub fn at(&self) -> &Location {
        match self {
            Notice::NoEffect { at, .. }
            | Notice::InhibitsItself { at }
            | Notice::ToldTooLate { at, .. }
            | Notice::Inverted { at, .. }
            | Notice::SameRank { at, .. } => at,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::NoEffect { at, key, because } => {
                write!(f, "{at}: `{key}` has no effect here: {because}; change that, or leave it out")
            }
            Notice::InhibitsItself { at } => write!(
                f,
                "{at}: what matches the one of `source` and `target` matches the other too, so that such alerts explain \
                 each other, and whichever comes first holds the rest: add a matcher that tells them apart if that is \
                 not meant"
            ),
            Notice::ToldTooLate { at, group_wait, over, over_after } => {
                let (what, by) = match over {
                    Over::Cleared => ("cleared at once", "`quiet_period`"),
                    Over::Unrepeated => ("not repeated", "`resolve_timeout` and `quiet_period`"),
                };
                write!(
                    f,
                    "{at}: what is {what} is over after {over_after} ({by}), before `group_wait` ({group_wait}) has \
                     passed: shorten `group_wait`, or nobody may be told"
                )
            }
            Notice::Inverted { at, graver, milder } => write!(
                f,
                "{at}: `matrix` makes what is graver {} and what is milder {}: rows are impact 1 (the gravest) to 3, their \
                 entries urgency 1 to 3, so none is more urgent than the one before it or above it, unless that is meant",
                graver.as_str(),
                milder.as_str()
            ),
            Notice::SameRank { at, first, source } => write!(
                f,
                "{at}: {first} names sources such as `{source}` just as closely, and goes first because its pattern, or \
                 its name, comes first: narrow one of the two if the other is meant"
            ),
        }
    }
}
