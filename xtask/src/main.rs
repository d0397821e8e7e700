//! The project's own chores: `cargo xtask COMMAND`.
//!
//! [`tidy`] holds code and documents together, [`proof`] runs the tests with their budgets, [`ci`] is both and the
//! linters: what `.ci/run` calls; [`services`] are the servers that tests talk to,
//! [`yardstick`] measures grouping and causes, [`screenshots`] shows the pages. A chore is a list of [`parts`]: named, timed, run in order until one fails.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people: what it prints is its purpose")]

mod args;
mod budget;
mod ci;
mod deny;
mod packages;
mod parts;
mod proof;
mod screenshots;
mod services;
mod tidy;
mod workshop;
mod yardstick;

use std::process::ExitCode;

use crate::args::{Chore, Request};
use crate::budget::Budget;
use crate::workshop::Workshop;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let request = match Request::parse(&words) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("{error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match carry_out(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(request: &Request) -> anyhow::Result<()> {
    let (parts, budget) = match request.chore {
        Chore::Help => {
            println!("{}", args::USAGE);
            return Ok(());
        }
        Chore::Tidy => return tidy::run(&Workshop::new(Budget::SHARE)),
        Chore::Services(order) => return services::carry_out(order, &Workshop::new(Budget::SHARE)),
        Chore::Yardstick => return yardstick::write(&Workshop::new(Budget::SHARE)),
        Chore::Screenshots => return screenshots::make(&Workshop::new(Budget::SHARE), request.out.as_deref()),
        Chore::Test => (proof::parts(), Budget::SHARE),
        Chore::Prove => (proof::full_parts(), Budget::FULL),
        Chore::Ci => (ci::parts(), Budget::SHARE),
    };
    let parts = parts::select(parts, &request.only)?;
    if request.list {
        parts.iter().for_each(|part| println!("{:<10} {}", part.name, part.about));
        return Ok(());
    }
    let workshop = Workshop::new(budget);
    // What a change must pass is all of it.
    let workshop = if request.chore == Chore::Ci { workshop.requiring_services() } else { workshop };
    parts::run(&parts, &workshop)
}
