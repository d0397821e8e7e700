//! New alerts to disk: decided, planned and committed, beside a bare insert of the very same rows into the same tables.
//!
//! `cargo bench -p benches --bench commit`. Each round has a file of its own; both sides write with a write-ahead log,
//! synchronised at each commit, in as many transactions.

use std::path::Path;
use std::time::{Duration, Instant};

use benches::crowd::Crowd;
use benches::estate::{estate, hosts};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use model::{Span, Timestamp};
use rules::PipelineSet;
use runtime::{Domains, Item};
use rusqlite::Connection;
use rusqlite::types::Value;
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
async fn product(path: &Path, said: &Said, topology: &Topology) -> (Duration, Duration) {
    let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a new file opens");
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
            now,
        };
        previous = store.commit(commit).await.expect("it is committed").hash;
    }
    (began.elapsed(), deciding)
}

/// The tables and indexes of a store, and its rows.
struct Copy {
    schema: Vec<String>,
    tables: Vec<(String, Vec<Vec<Value>>)>,
}

impl Copy {
    fn of(path: &Path) -> Copy {
        let from = Connection::open(path).expect("the store is a file");
        let texts = |question: &str| -> Vec<String> {
            let mut asked = from.prepare(question).expect("it is SQL");
            asked.query_map([], |row| row.get(0)).expect("it is asked").map(|text| text.expect("a text")).collect()
        };
        let schema = texts("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'");
        let tables = texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        let rows = |table: &String| -> Vec<Vec<Value>> {
            let mut asked = from.prepare(&format!("SELECT * FROM {table}")).expect("a table of the schema");
            let columns = asked.column_count();
            let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
            asked.query_map([], row).expect("it is asked").map(|row| row.expect("a row")).collect()
        };
        let tables =
            tables.iter().map(|table| (table.clone(), rows(table))).filter(|(_, rows)| !rows.is_empty()).collect();
        Copy { schema, tables }
    }

    fn rows(&self) -> usize {
        self.tables.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// Writes all of it to a new file, a share of each table in each transaction; what that takes, the tables made.
    fn insert(&self, path: &Path) -> Duration {
        let mut to = Connection::open(path).expect("a new file opens");
        to.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").expect("SQLite knows them");
        for sql in &self.schema {
            to.execute_batch(sql).expect("it made the store");
        }
        to.set_prepared_statement_cache_capacity(64);
        let began = Instant::now();
        for nth in 0..COMMITS {
            let transaction = to.transaction().expect("nobody else writes");
            for (table, rows) in &self.tables {
                let part = rows.len() * nth / COMMITS..rows.len() * (nth + 1) / COMMITS;
                let marks = vec!["?"; rows.first().map_or(1, Vec::len)].join(", ");
                let sql = format!("INSERT INTO {table} VALUES ({marks})");
                let mut statement = transaction.prepare_cached(&sql).expect("it is SQL");
                for row in &rows[part] {
                    statement.execute(rusqlite::params_from_iter(row)).expect("the row is new");
                }
            }
            transaction.commit().expect("there is room");
        }
        began.elapsed()
    }
}

fn benches(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Runtime::new().expect("tokio starts");
    let topology = Topology::new(Graph::build(&estate(ITEMS), 1).expect("the estate is sound"));
    for (name, severity) in [("alerts", "info"), ("alerts that open or join incidents", "warning")] {
        let said = said(severity);
        let mut group = criterion.benchmark_group(format!("10000 new {name}"));
        group.throughput(Throughput::Elements((COMMITS * ALERTS) as u64)).sample_size(10);
        group.sampling_mode(SamplingMode::Flat);
        let folder = tempfile::tempdir().expect("a folder for files");
        let model = folder.path().join("model.db");
        let (all, deciding) = tokio.block_on(product(&model, &said, &topology));
        let copy = Copy::of(&model);
        print(&format!("{name}: {} rows, {deciding:.0?} of {all:.0?} are deciding", copy.rows()));
        let mut files = 0;
        let mut fresh = || {
            files += 1;
            folder.path().join(format!("{files}.db"))
        };
        group.bench_function("decided and committed", |bencher| {
            bencher.iter_custom(|rounds| {
                let round = |_| tokio.block_on(product(&fresh(), &said, &topology)).0;
                (0..rounds).map(round).sum()
            });
        });
        group.bench_function("bare insert of the same rows", |bencher| {
            bencher.iter_custom(|rounds| (0..rounds).map(|_| copy.insert(&fresh())).sum());
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
