//! How a command ends: done, a check that failed, or wrong use. docs/contract.md section 1.

use std::fmt;
use std::process::ExitCode;

use report::ReportError;

use crate::client::Refused;

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

/// What a command that could not be carried out says of the command line, rather than of the world.
pub(crate) fn is_wrong_use(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<WrongUse>()
            || cause.downcast_ref::<Refused>().is_some_and(Refused::is_wrong_use)
            || cause.downcast_ref::<ReportError>().is_some_and(of_the_question)
    })
}

/// A store that does not answer, or that something else wrote, is nobody's wrong use.
fn of_the_question(error: &ReportError) -> bool {
    !matches!(error, ReportError::Store(_) | ReportError::Calendar(_))
}

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
