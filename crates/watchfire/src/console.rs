//! Where results and words go: results to standard output, everything a person is told to standard error.
//!
//! Rules: a reader that has seen enough and closes the pipe is no error; colours only reach a terminal, and none does
//! where `NO_COLOR` is set (no-color.org).

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use report::Style;

use crate::outcome::{Faults, Outcome, is_wrong_use};

/// Wrong use of the command line.
const WRONG_USE: u8 = 2;
const BAR_CELLS: usize = 30;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Whether standard output may be coloured.
    pub(crate) colour: bool,
    colour_of_words: bool,
    terminal: bool,
    /// Characters in a line of the terminal that results go to.
    width: Option<usize>,
}

#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Bold,
    Green,
    Red,
    Yellow,
}

impl Console {
    pub(crate) fn of_process() -> Console {
        let wished = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        let terminal = io::stderr().is_terminal();
        let width = terminal_size::terminal_size_of(io::stdout())
            .map(|(width, _)| usize::from(width.0))
            .filter(|width| *width > 0);
        Console { colour: wished && io::stdout().is_terminal(), colour_of_words: wished && terminal, terminal, width }
    }

    /// How tables look there; what goes to a file or a pipe is never cut.
    pub(crate) fn table_style(&self) -> Style {
        Style { colour: self.colour, width: self.width }
    }

    /// Writes a result. A closed pipe ends the writing, not the command.
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    /// A line for the person at the terminal.
    pub(crate) fn say(&self, line: impl Display) {
        // With standard error gone there is nobody to tell.
        drop(writeln!(io::stderr().lock(), "{line}"));
    }

    /// `word: line`, the word coloured.
    pub(crate) fn say_with(&self, colour: Colour, word: &str, line: impl Display) {
        self.say(format_args!("{} {line}", self.painted(colour, word)));
    }

    pub(crate) fn painted(&self, colour: Colour, word: &str) -> String {
        if self.colour_of_words { painted(colour, word) } else { word.to_owned() }
    }

    /// How far something is, where somebody looks; `share` in [0, 1].
    pub(crate) fn progress(&self, share: f64) {
        if self.terminal {
            let share = share.clamp(0.0, 1.0);
            let done = (share * BAR_CELLS as f64).round() as usize;
            let (bar, rest) = ("█".repeat(done), "·".repeat(BAR_CELLS - done));
            drop(write!(io::stderr().lock(), "\r{bar}{rest} {:3.0} %", share * 100.0));
        }
    }

    /// Takes the bar away.
    pub(crate) fn progress_done(&self) {
        if self.terminal {
            drop(write!(io::stderr().lock(), "\r\u{1b}[K"));
        }
    }

    /// Tells how it ended, and gives the exit status for it.
    pub(crate) fn concluded(&self, outcome: anyhow::Result<Outcome>) -> ExitCode {
        let error = match outcome {
            Ok(outcome) => return outcome.code(),
            Err(error) if is_closed_pipe(&error) => return ExitCode::SUCCESS,
            Err(error) => error,
        };
        if error.is::<Faults>() {
            self.say(&error);
            return ExitCode::FAILURE;
        }
        self.say_with(Colour::Red, "error:", chain(&error));
        if is_wrong_use(&error) { ExitCode::from(WRONG_USE) } else { ExitCode::FAILURE }
    }
}

fn painted(colour: Colour, word: &str) -> String {
    let code = match colour {
        Colour::Bold => "\u{1b}[1m",
        Colour::Green => "\u{1b}[32m",
        Colour::Red => "\u{1b}[31m",
        Colour::Yellow => "\u{1b}[33m",
    };
    format!("{code}{word}\u{1b}[0m")
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe))
}

/// The error and what caused it, each said once.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let error = anyhow!("no such file").context("a.yaml: no such file").context("nothing was read");
        assert_eq!(chain(&error), "nothing was read: a.yaml: no such file");
    }

    #[test]
    fn a_closed_pipe_is_no_failure_wherever_it_was_met() {
        let closed = Err::<(), _>(io::Error::from(ErrorKind::BrokenPipe)).context("while writing");
        assert!(is_closed_pipe(&closed.unwrap_err()));
        assert!(!is_closed_pipe(&anyhow!(io::Error::from(ErrorKind::NotFound))));
    }
}
