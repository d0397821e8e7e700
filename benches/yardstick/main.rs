//! How well alerts are grouped and causes named, beside simpler ways: `cargo xtask yardstick`, or
//! `cargo bench -p benches --bench yardstick -- --help` for one thing at a time.
//!
//! Generated estates with known faults, and recordings of real ones where `WATCHFIRE_RECORDINGS` names a folder of them.
//! With `--page` everything is played and written down; without it, what the options name, on the terminal.

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod judged;
mod page;
mod picture;
mod recording;
mod show;

use std::path::PathBuf;

use clap::Parser;
use mimalloc::MiMalloc;
use model::Span;
use testkit::estate::Plan;

use judged::Row;
use recording::Recording;

/// As in the product.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Seeds that nothing is tuned with.
const HELD_OUT: u64 = 101;

#[derive(Debug, Parser)]
struct Args {
    /// Play everything, and write this page
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// A folder of recorded faults: each in a folder with events.ndjson.gz, cmdb.yaml and truth.ndjson
    #[arg(long, value_name = "FOLDER", env = "WATCHFIRE_RECORDINGS")]
    recordings: Option<PathBuf>,
    /// Items of the generated estates; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1000)]
    items: usize,
    /// The first of the seeds
    #[arg(long, value_name = "SEED", default_value_t = HELD_OUT)]
    first: u64,
    #[arg(long, value_name = "N", default_value_t = 5)]
    seeds: u64,
    /// Rounds of three faults at once
    #[arg(long, value_name = "N", default_value_t = 12)]
    rounds: usize,
    /// Edges that the CMDB lacks or has wrong
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    wrong: f64,
    /// Alerts that name no item the CMDB knows
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    unbound: f64,
    /// Of what fires, what no fault caused
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    noise: f64,
    /// A firing alert is said again so often, as most monitoring does; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    again: i64,
    /// Of the items, those with a warning that stands all the time
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    standing: f64,
    /// How fast a recording is played, and nothing else
    #[arg(long)]
    speed: bool,
    /// The incidents of the first recording that hold a fault
    #[arg(long)]
    show: bool,
    /// Why each alert is where it is, of those that hold several faults, or one in part
    #[arg(long)]
    why: bool,
    /// As cargo calls it
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match &args.page {
        Some(page) => page::write(page, args.recordings.as_deref()).await,
        None => some(&args).await,
    }
}

async fn some(args: &Args) -> anyhow::Result<()> {
    for recording in Recording::all(args.recordings.as_deref())? {
        told(&recording.name.clone(), &[recording], args).await?;
    }
    if args.items > 0 {
        let plan = |seed| Plan {
            edges_wrong: args.wrong,
            unbound: args.unbound,
            noise: args.noise,
            standing: args.standing,
            again_every: (args.again > 0).then(|| Span::from_seconds(args.again)),
            ..Plan::new(seed, args.items, args.rounds)
        };
        let seeds = args.first..args.first + args.seeds;
        let recordings: Vec<Recording> = seeds.map(|seed| Recording::generated(&plan(seed))).collect();
        told(&format!("{} items", args.items), &recordings, args).await?;
    }
    Ok(())
}

async fn told(name: &str, recordings: &[Recording], args: &Args) -> anyhow::Result<()> {
    if args.speed {
        return speed(name, recordings).await;
    }
    let rows: Vec<Row> = judged::rows(recordings).await?;
    println!("{name}\n{}", page::table(&rows));
    if let Some(first) = recordings.first().filter(|_| args.show || args.why) {
        print!("{}", show::incidents(first, args.why).await?);
    }
    Ok(())
}

async fn speed(name: &str, recordings: &[Recording]) -> anyhow::Result<()> {
    for recording in recordings {
        let speed = judged::speed(recording).await?;
        let (events, firings, seconds) = (speed.events, speed.firings, speed.took.as_secs_f64());
        println!(
            "{name}: {events} events, {firings} firings in {seconds:.2} s: {:.0} events/s, {:.0} µs a firing",
            events as f64 / seconds,
            seconds * 1e6 / firings.max(1) as f64
        );
    }
    Ok(())
}
