//! `watchfire completions`: a script that a shell reads.

use clap::CommandFactory as _;

use crate::cli::{Cli, Completions};
use crate::console::Console;
use crate::outcome::Outcome;

pub(super) fn completions(args: &Completions, console: &Console) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "watchfire", &mut script);
    console.result(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
