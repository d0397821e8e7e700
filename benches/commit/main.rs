//! New alerts to disk: decided, planned and committed, beside a bare insert of the very same rows into the same tables.
//!
//! `cargo bench -p benches --bench commit`, for PostgreSQL with what `cargo xtask services up` says in its environment.
//! Each round has a file or a schema of its own; both sides write with a write-ahead log, synchronised at each commit,
//! in as many transactions.

mod file;
mod server;

use std::time::{Duration, Instant};

use benches::crowd::Crowd;
use benches::estate::{estate, hosts};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use model::{Span, Timestamp};
use rules::PipelineSet;
use runtime::{Domains, Item};
use store::{Commit, GENESIS, PositionAdvance, Store};
use topology::{Graph, Topology};
use wire::{Context, Format};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COMMITS: usize = 10;
/// New alerts of one commit.
const ALERTS: usize = 1_000;
const ITEMS: usize = 20_000;
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// What the pushes of one commit say.
type Said = Vec<Vec<Item>>;

/// All of a kind: which alert each commit hears first.
fn said(severity: &'static str) -> Said {
    let crowd = Crowd::new(1, severity, NOW).about(hosts(ITEMS));
    let pipelines = PipelineSet::builtin();
    let source = "prometheus".into();
    let decoder = pipelines.decoder(Format::AlertmanagerV2, &source);
    let context = Context { receipt: NOW, replay: true };
    let read = |nth: usize| {
        let body = crowd.body(nth * ALERTS..(nth + 1) * ALERTS);
        let decoded = decoder.decode(Format::AlertmanagerV2, &source, &body, &context);
        let item = |read| match read {
            Ok(wire::Input::Event(event)) => Item::Event(event),
            other => panic!("the crowd says alerts, not {other:?}"),
        };
        decoded.received.into_iter().map(|received| item(received.result)).collect()
    };
    (0..COMMITS).map(read).collect()
}

/// Decides and commits; what it takes from the inputs on, and of that what deciding takes.
async fn product(url: &str, said: &Said, topology: &Topology) -> (Duration, Duration) {
    let store = Store::open(url).await.expect("a new store opens");
    let epoch = store.claim().await.expect("nobody else has it");
    let loaded = store.load().await.expect("it is empty");
    let mut domains = Domains::restore(loaded, topology.clone(), PipelineSet::builtin().policy());
    let mut previous = GENESIS;
    let mut deciding = Duration::ZERO;
    let began = Instant::now();
    for (nth, items) in said.iter().enumerate() {
        let now = NOW + Span::from_seconds(nth as i64);
        let decides = Instant::now();
        let (decided, _) = domains.decide(items.iter().map(|item| (now, item.clone())).collect());
        deciding += decides.elapsed();
        let commit = Commit {
            epoch,
            previous,
            positions: vec![PositionAdvance::new("push/1", nth as u64, nth as u64 + 1)],
            steps: decided.steps,
            dead_letters: Vec::new(),
            audit: Vec::new(),
            receipts: Vec::new(),
            topology: None,
            owed: None,
            holds: None,
            outputs: Vec::new(),
            now,
        };
        previous = store.commit(commit).await.expect("it is committed").hash;
    }
    (began.elapsed(), deciding)
}

/// Places for new stores, and what writes the same rows without us.
trait Kind {
    const NAME: &'static str;
    type Copy;

    /// Where nothing is yet, as a URL.
    fn fresh(&mut self) -> String;
    /// What the store at a URL holds; how many rows.
    fn copy(&self, url: &str) -> (Self::Copy, usize);
    /// Writes all of it anew, in [`COMMITS`] transactions; what that takes, the tables made.
    fn insert(&mut self, copy: &Self::Copy) -> Duration;
}

fn benches(criterion: &mut Criterion) {
    both(criterion, &mut file::Files::new());
    match server::Schemas::new() {
        Some(mut schemas) => both(criterion, &mut schemas),
        None => print("SKIPPED: WATCHFIRE_TEST_POSTGRES names no PostgreSQL (`cargo xtask services up` starts one)"),
    }
}

fn both<K: Kind>(criterion: &mut Criterion, kind: &mut K) {
    let tokio = tokio::runtime::Runtime::new().expect("tokio starts");
    let topology = Topology::new(Graph::build(&estate(ITEMS), 1).expect("the estate is sound"));
    for (name, severity) in [("alerts", "info"), ("alerts that open or join incidents", "warning")] {
        let said = said(severity);
        let mut group = criterion.benchmark_group(format!("{}: 10000 new {name}", K::NAME));
        group.throughput(Throughput::Elements((COMMITS * ALERTS) as u64)).sample_size(10);
        group.sampling_mode(SamplingMode::Flat);
        let model = kind.fresh();
        let (all, deciding) = tokio.block_on(product(&model, &said, &topology));
        let (copy, rows) = kind.copy(&model);
        print(&format!("{}, {name}: {rows} rows, {deciding:.0?} of {all:.0?} are deciding", K::NAME));
        group.bench_function("decided and committed", |bencher| {
            bencher.iter_custom(|rounds| {
                let round = |_| tokio.block_on(product(&kind.fresh(), &said, &topology)).0;
                (0..rounds).map(round).sum()
            });
        });
        group.bench_function("bare insert of the same rows", |bencher| {
            bencher.iter_custom(|rounds| (0..rounds).map(|_| kind.insert(&copy)).sum());
        });
        group.finish();
    }
}

#[expect(clippy::print_stdout, reason = "it is what the bench is run for")]
fn print(line: &str) {
    println!("{line}");
}

criterion_group!(group, benches);
criterion_main!(group);
