//! Load from outside: `cargo run --release -p load-tests -- --help`.
//!
//! `run` sends one profile, open loop: an event is due when it is due, however long the ones before take, and what it
//! waits counts. In the end what was sent is held against what is stored. `direct` measures Kafka's direct mode beside a
//! bare loop that reads the same topic. Both talk to the loopback interface only, and end by themselves.

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod direct;
mod events;
mod figures;
mod kafka;
mod profile;
mod run;
mod service;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Load over HTTP or Kafka, and a reckoning")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One profile against a service that runs, then the reckoning
    Run(run::Run),
    /// Direct mode from a real topic, beside a bare consume-and-parse loop
    Direct(direct::Direct),
}

fn main() -> anyhow::Result<()> {
    // A library must not choose one; whoever has chosen already is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match Args::parse().command {
            Command::Run(run) => run.carry_out().await,
            Command::Direct(direct) => direct.carry_out().await,
        }
    })
}
