//! How a command ends: done, a check that failed, or wrong use. docs/contract.md section 1.

use std::fmt;
use std::process::ExitCode;

/// What a command that ran to its end came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Something that was to be checked is not as it should be; what, is written already.
    Failed,
}

/// The command line asks for what cannot be: exit status 2.
#[derive(Debug)]
pub(crate) struct WrongUse(pub(crate) String);

/// Files, or what they hold, are not as they should be: a line for each, with its place and what to do.
#[derive(Debug)]
pub(crate) struct Faults(pub(crate) Vec<String>);

impl Outcome {
    pub(crate) fn of(failures: usize) -> Outcome {
        if failures == 0 { Outcome::Done } else { Outcome::Failed }
    }

    pub(crate) fn code(self) -> ExitCode {
        match self {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::Failed => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for WrongUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}

impl Faults {
    pub(crate) fn one(line: impl Into<String>) -> Faults {
        Faults(vec![line.into()])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}
