//! The one binary: reads the command line, does what it says, and turns the result into an exit status.
//!
//! Read in this order: [`cli`] (the words users type), [`commands`] (what each does), [`config`] (what a running service
//! is told), [`service`] (how its parts are put together); beside them [`console`] (how results and errors are written), [`moment`] (instants as people say them),
//! [`files`] and [`inventory`] (what commands read from disk), [`place`] (store addresses).
//!
//! Rule: standard output carries what was asked for and nothing else; everything a person is told goes to standard error.

mod cli;
mod client;
mod commands;
mod config;
mod console;
mod demo;
mod files;
mod inventory;
mod moment;
mod outcome;
mod place;
mod service;

use std::process::ExitCode;

/// Events are many small texts, made on one thread and dropped on another: docs/benchmarks.md has what that costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let console = console::Console::of_process();
    let outcome = commands::carry_out(cli::Cli::of_process().command, &console);
    console.concluded(outcome)
}
