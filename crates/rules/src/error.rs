//! What is wrong in a file, or remarkable: always with its place, and with what to do.

use std::fmt;

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
    /// `storm` is read and checked, and nothing is made of it in this version.
    StormHasNoEffect { at: Location },
}

impl Notice {
    pub fn at(&self) -> &Location {
        match self {
            Notice::StormHasNoEffect { at } => at,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::StormHasNoEffect { at } => {
                write!(f, "{at}: storm parents come in a later version; the value is checked and has no effect yet")
            }
        }
    }
}
