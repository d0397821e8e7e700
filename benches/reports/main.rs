//! How long reports take over two years of a large company: of all services, of one, and of the incidents, at a tenth of
//! it and at the whole, before its past days are packed and after, and then while it is written to.
//!
//! `cargo bench -p benches --bench reports`, into a file that goes again; `--store` names another place, also in PostgreSQL,
//! which stays filled for the next time.
//! The figures asked: a quarter's availability of 10 000 services 300 ms, a year of one service by day 20 ms, a quarter's
//! incident means by service and month 500 ms.

mod history;
mod ingest;
mod writer;

use std::time::{Duration, Instant};

use benches::times::Times;
use clap::Parser;
use model::{Span, Step, Timestamp};
use report::{GroupBy, Question};
use store::{CmdbVersion, Store};

use crate::history::NOW;
use crate::ingest::Ingestion;
use crate::writer::Writer;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Facts of one commit.
const TOGETHER: usize = 5_000;
/// Each question is asked so often.
const ASKED: usize = 7;

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 10_000)]
    services: usize,
    /// Outages, and as many incidents.
    #[arg(long, default_value_t = 1_000_000)]
    facts: usize,
    /// Only this share of them too, as a comparison; 1 for none.
    #[arg(long, default_value_t = 10)]
    shares: usize,
    /// Only the questions in whose names this is.
    #[arg(long, default_value = "")]
    only: String,
    /// A store that is filled already, or is kept for the next time.
    #[arg(long)]
    store: Option<String>,
    /// What cargo says to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    for share in [args.shares, 1].into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().rev() {
        let facts = args.facts / share;
        let url = match &args.store {
            Some(url) if share == 1 => url.clone(),
            _ => format!("sqlite://{}/{facts}.db", folder.path().display()),
        };
        let store = Store::open(&url).await?;
        if store.newest_topology().await?.is_none() {
            let took = fill(&store, args.services, facts).await?;
            say(&format!("{} services, {facts} outages and incidents: written in {took:.0?}", args.services));
        }
        ask(&store, &args.only).await?;
        let began = Instant::now();
        while store.pack(1_000).await? {}
        say(&format!("days that are past, packed in {:.0?}", began.elapsed()));
        ask(&store, &args.only).await?;
        let ingestion = Ingestion::begin(&store, args.services, facts).await?;
        let began = Instant::now();
        say("while it is written to");
        ask(&store, &args.only).await?;
        let written = ingestion.end().await?;
        say(&format!("  {:.0} facts a second were written", written as f64 / began.elapsed().as_secs_f64()));
    }
    Ok(())
}

async fn fill(store: &Store, services: usize, facts: usize) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut writer = Writer::of(store).await?;
    let start = NOW - history::YEARS;
    let topology = CmdbVersion { version: 1, from: start, cmdb: history::cmdb(services) };
    writer.commit(Some(topology), Step { clock: start, ..Step::default() }).await?;
    for first in (0..facts).step_by(TOGETHER) {
        let some = first..(first + TOGETHER).min(facts);
        let incidents = some.clone().map(|nth| history::incident(nth, facts, services)).collect();
        let outages: Vec<_> = some.map(|nth| history::outage(nth, facts, services)).collect();
        let clock = outages.iter().filter_map(|outage| outage.to).max().unwrap_or(NOW).min(NOW);
        writer.commit(None, Step { clock, incidents, outages, ..Step::default() }).await?;
    }
    Ok(began.elapsed())
}

async fn ask(store: &Store, only: &str) -> anyhow::Result<()> {
    let days = |days: i64| NOW - Span::from_days(days);
    let quarters = [("the newest quarter", days(90), NOW), ("a quarter a year ago", days(455), days(365))];
    for (when, from, to) in quarters {
        let all = Question::new(from, to, NOW);
        timed(only, &format!("availability of all, {when}"), async || {
            Ok(written(&report::availability(store, &all).await?))
        })
        .await?;
    }
    let one = Question {
        services: vec![history::service(7)],
        group_by: vec![GroupBy::Day],
        ..Question::new(days(365), NOW, NOW)
    };
    timed(only, "availability of one, a year by day", async || Ok(written(&report::availability(store, &one).await?)))
        .await?;
    for (when, from, to) in quarters {
        let means = means(from, to);
        timed(only, &format!("incidents by service and month, {when}"), async || {
            Ok(written(&report::incidents(store, &means).await?))
        })
        .await?;
    }
    Ok(())
}

fn means(from: Timestamp, to: Timestamp) -> Question {
    Question { group_by: vec![GroupBy::Service, GroupBy::Month], ..Question::new(from, to, NOW) }
}

/// As it leaves the API; how many bytes.
fn written<T: serde::Serialize>(answer: &report::Answer<T>) -> usize {
    serde_json::to_vec(answer).map_or(0, |json| json.len())
}

async fn timed(only: &str, name: &str, question: impl AsyncFn() -> anyhow::Result<usize>) -> anyhow::Result<()> {
    if !name.contains(only) {
        return Ok(());
    }
    let mut times = Times::default();
    let began = Instant::now();
    let bytes = question().await?;
    let first = began.elapsed();
    for _ in 0..ASKED {
        let began = Instant::now();
        question().await?;
        times.add(began.elapsed());
    }
    let half = times.quantile(0.5);
    say(&format!(
        "  {name}: {half:.1?} (the first {first:.1?}, the slowest {:.1?}), {} KiB",
        times.quantile(1.0),
        bytes / 1024
    ));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is what the bench is run for")]
fn say(line: &str) {
    println!("{line}");
}
