//! The words users type. docs/contract.md section 1.
//!
//! Rule: what stands here is only shape and help; what a command does stands in [`commands`](crate::commands) under the
//! same name. Every command shows an example.

mod backtest;
mod clock;
mod cmdb;
mod connection;
mod demo;
mod incidents;
mod keep;
mod offline;
mod outages;
mod problems;
mod records;
mod report;
mod reports;
mod run;
mod word;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

pub(crate) use backtest::{Backtest, BacktestFormat, Minima, Place, TopicPlace, is_word, place, simple};
pub(crate) use cmdb::{Cmdb, CmdbCheck, CmdbHealth, CmdbShow, Import};
pub(crate) use connection::{Connection, Format, Shown};
pub(crate) use demo::Demo;
pub(crate) use incidents::*;
pub(crate) use keep::{StoreCommand, StoreCopy, StoreUrl};
pub(crate) use offline::{Check, Completions, OpenApi, Replay, Schema, SchemaOf, Test};
pub(crate) use outages::*;
pub(crate) use problems::*;
pub(crate) use records::*;
pub(crate) use report::{Report, ReportFormat, ReportKind};
pub(crate) use reports::{IssuedFormat, ReportNamed, Reports, ReportsCommand, ReportsList};
pub(crate) use run::{Role, Run};

#[derive(Debug, Parser)]
#[command(
    name = "watchfire",
    version,
    about = "Turns monitoring alerts into few, explained incidents, and those into figures to trust.",
    after_help = "Examples:\n  watchfire run                        the service, on http://127.0.0.1:8080\n  \
                  watchfire check watchfire.yaml       is this configuration sound?\n  \
                  watchfire incidents list             what is open now?",
    max_term_width = 100,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Ends the process where the words do not read, or ask for help.
    pub(crate) fn of_process() -> Cli {
        let words: Vec<OsString> = std::env::args_os().collect();
        Cli::try_parse_from(&words).unwrap_or_else(|error| with_show(error, &words).exit())
    }
}

/// Lists that take no name: whoever writes one behind wants to see that thing.
const SHOWN_BY_NAME: [&str; 6] = ["alerts", "incidents", "outages", "problems", "reports", "services"];

fn with_show(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let [_, list, name] = words else { return error };
    let (Some(list), Some(name)) = (list.to_str(), name.to_str()) else { return error };
    let stray = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    let meant = error.get(ContextKind::SuggestedSubcommand).is_some();
    if stray && !meant && SHOWN_BY_NAME.contains(&list) && !name.starts_with('-') {
        let tip = format!("`watchfire {list} show {name}` shows one");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Run(Run),
    Check(Check),
    Test(Test),
    Replay(Replay),
    Backtest(Backtest),
    Report(Report),
    Reports(Reports),
    /// Import, check and show the CMDB.
    #[command(subcommand, after_help = "Example:\n  watchfire cmdb check cmdb.yaml")]
    Cmdb(Cmdb),
    /// Copy a store, and examine it.
    #[command(subcommand, after_help = "Example:\n  watchfire store check")]
    Store(StoreCommand),
    #[command(name = "openapi")]
    OpenApi(OpenApi),
    Schema(Schema),
    /// List incidents, look at them, act on them.
    #[command(subcommand, after_help = "Examples:\n  watchfire incidents list\n  watchfire incidents ack INC0000123")]
    Incidents(Incidents),
    Alerts(Alerts),
    Problems(Problems),
    Services(Services),
    Outages(Outages),
    /// Announce, list and end maintenance windows.
    #[command(subcommand, after_help = "Example:\n  watchfire maintenance list")]
    Maintenance(Maintenance),
    /// Add, list and end silences.
    #[command(subcommand, after_help = "Example:\n  watchfire silence list")]
    Silence(Silence),
    Status(Status),
    Completions(Completions),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn every(command: &clap::Command, visit: &mut impl FnMut(&clap::Command)) {
        visit(command);
        command.get_subcommands().for_each(|inner| every(inner, visit));
    }

    #[test]
    fn a_name_behind_a_list_is_told_how_to_be_shown() {
        let told = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            with_show(Cli::try_parse_from(&words).unwrap_err(), &words).to_string()
        };
        for list in SHOWN_BY_NAME {
            let said = told(&["watchfire", list, "checkout"]);
            assert!(said.contains(&format!("`watchfire {list} show checkout` shows one")), "{said}");
        }
        for other in
            [&["watchfire", "services", "--colour"][..], &["watchfire", "services", "shwo"], &["watchfire", "x"]]
        {
            assert!(!told(other).contains("shows one"), "{other:?}: {}", told(other));
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_an_example() {
        every(&Cli::command(), &mut |command| {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Example") && help.contains("watchfire "), "{}", command.get_name());
            assert!(command.get_about().is_some(), "{}", command.get_name());
        });
    }

    #[test]
    fn examples_are_understood() {
        every(&Cli::command(), &mut |command| {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            help.lines().for_each(understood);
        });
    }

    /// In blocks of code; what is built first begins with `cargo run`.
    #[test]
    fn commands_printed_in_documents_are_understood() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut found = 0;
        for document in ["README.md", "docs/operations.md"] {
            let text = std::fs::read_to_string(root.join(document)).unwrap();
            let blocks = text.split("```").skip(1).step_by(2);
            for line in blocks.flat_map(str::lines) {
                let line = line.replace("cargo run --release -- ", "watchfire ");
                found += usize::from(line.starts_with("watchfire "));
                understood(&line);
            }
        }
        assert!(found > 8, "{found} commands stand in documents");
    }

    fn understood(line: &str) {
        let line = line.trim();
        if !line.starts_with("watchfire ") {
            return;
        }
        let typed = line.split("  ").next().unwrap_or_default();
        let words = typed.split(" | ").next().unwrap_or_default().split(" > ").next().unwrap_or_default();
        let parsed = Cli::try_parse_from(quoted(words));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }

    /// As a shell would split it, with single quotes only.
    fn quoted(words: &str) -> Vec<String> {
        let mut split = vec![String::new()];
        let mut inside = false;
        for c in words.chars() {
            match (c, split.last_mut()) {
                ('\'', _) => inside = !inside,
                (' ', _) if !inside => split.push(String::new()),
                (c, Some(word)) => word.push(c),
                (_, None) => unreachable!("there is always a word"),
            }
        }
        split.retain(|word| !word.is_empty());
        split
    }
}
