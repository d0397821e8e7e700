//! How well alerts are grouped and causes named, beside simpler ways: `cargo bench -p benches --bench yardstick`.

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod judged;
mod recording;

use std::path::PathBuf;

use clap::Parser;
use testkit::estate::Plan;

use recording::Recording;

#[derive(Debug, Parser)]
struct Args {
    /// Folders of recorded faults, each with events.ndjson.gz, cmdb.yaml and truth.ndjson
    #[arg(long, num_args = 0..)]
    recordings: Vec<PathBuf>,
    /// Items of each generated estate
    #[arg(long, default_value = "1000")]
    items: Vec<usize>,
    #[arg(long, default_value = "1")]
    first: u64,
    #[arg(long, default_value = "5")]
    seeds: u64,
    #[arg(long, default_value = "12")]
    rounds: usize,
    #[arg(long, default_value = "0")]
    wrong: f64,
    #[arg(long, default_value = "0.02")]
    unbound: f64,
    #[arg(long, default_value = "0.2")]
    noise: f64,
    #[arg(long)]
    naive: bool,
    /// Show incidents of the first recording that are not as they should be
    #[arg(long)]
    show: bool,
    #[arg(long)]
    why: bool,
    #[arg(long)]
    write: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    for folder in &args.recordings {
        let recording = Recording::read(folder)?;
        judged::judge(&[recording], &args).await?;
    }
    for items in args.items.iter().filter(|items| **items > 0) {
        let plan = |seed| Plan {
            edges_wrong: args.wrong,
            unbound: args.unbound,
            noise: args.noise,
            ..Plan::new(seed, *items, args.rounds)
        };
        let recordings: Vec<Recording> =
            (args.first..args.first + args.seeds).map(|seed| Recording::generated(&plan(seed))).collect();
        if let Some(folder) = &args.write {
            recordings[0].write(folder)?;
        }
        judged::judge(&recordings, &args).await?;
    }
    Ok(())
}
