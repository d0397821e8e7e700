//! What each command does, one module for each.

mod backtest;
mod check;
mod cmdb;
mod completions;
mod keep;
mod people;
mod play;
mod reports;
mod run;
mod schemas;
mod trial;

use std::time::Duration;

use crate::cli::Command;
use crate::console::Console;
use crate::outcome::Outcome;

const END_AT_MOST: Duration = Duration::from_secs(10);

pub(crate) fn carry_out(command: Command, console: &Console) -> anyhow::Result<Outcome> {
    match command {
        Command::Demo(args) => waiting(crate::demo::demo(args, console)),
        Command::Run(args) => waiting(run::run(args, console)),
        Command::Check(args) => check::check(&args, console),
        Command::Test(args) => trial::test(&args, console),
        Command::Replay(args) => waiting(play::replay(args, console)),
        Command::Backtest(args) => backtest::backtest(args, console),
        Command::Report(args) => waiting(reports::report(args, console)),
        Command::Reports(args) => waiting(people::reports(args, console)),
        Command::Cmdb(command) => cmdb::cmdb(command, console),
        Command::Store(command) => waiting(keep::store(command, console)),
        Command::OpenApi(_) => schemas::openapi(console),
        Command::Schema(args) => schemas::schema(&args, console),
        Command::Incidents(command) => waiting(people::incidents(command, console)),
        Command::Alerts(args) => waiting(people::alerts(args, console)),
        Command::Problems(args) => waiting(people::problems(args, console)),
        Command::Outages(args) => waiting(people::outages(args, console)),
        Command::Services(args) => waiting(people::services(args, console)),
        Command::Maintenance(command) => waiting(people::maintenance(command, console)),
        Command::Silence(command) => waiting(people::silence(command, console)),
        Command::Status(args) => waiting(people::status(args, console)),
        Command::Completions(args) => completions::completions(&args, console),
    }
}

/// For what waits for a store or for another process.
fn waiting(work: impl Future<Output = anyhow::Result<Outcome>>) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // What still waits for somebody who does not answer, as a broker that is away, is not waited for.
    runtime.shutdown_timeout(END_AT_MOST);
    outcome
}
