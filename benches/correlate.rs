//! One new episode among many that are open, on a graph of 100 000 items and on one of a million: bound, correlated,
//! its cause and the services it reaches decided.
//!
//! `cargo bench -p benches --bench correlate`. Beside criterion's figure, which is a mean, it prints the quantiles.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::estate::{estate, hosts};
use benches::times::Times;
use criterion::{Criterion, criterion_group, criterion_main};
use engine::{Batch, Input, Policy, Received, State, step};
use model::{Domain, Span, Timestamp};
use testkit::{SplitMix64, clear, firing};
use topology::{Graph, Topology};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Alerts of one fault: the host, and what stands on it.
const FAULT: usize = 10;
/// What is open began within this.
const STORM: Span = Span::from_minutes(15);

struct Bench {
    policy: Policy,
    topology: Topology,
    items: usize,
    state: State,
    random: SplitMix64,
    clock: Timestamp,
    said: u64,
}

impl Bench {
    fn new(items: usize, open: usize) -> Bench {
        let graph = Graph::build(&estate(items), 1).expect("the estate is sound");
        let mut bench = Bench {
            policy: Policy::default(),
            topology: Topology::new(graph),
            items,
            state: State::new(Domain::default()),
            random: SplitMix64::new(3),
            clock: Timestamp::from_seconds(1_800_000_000),
            said: 0,
        };
        let between = Span::from_micros(STORM.micros() / (open / FAULT) as i64);
        while bench.state.open_alerts() < open {
            bench.fault(FAULT.min(open - bench.state.open_alerts()));
            bench.clock = bench.clock + between;
        }
        bench
    }

    /// A host fails, and what stands on it complains.
    fn fault(&mut self, alerts: usize) {
        let mut items = vec![self.host()];
        let graph = self.topology.current_arc();
        let mut at = 0;
        while let Some(item) = items.get(at).cloned().filter(|_| items.len() < alerts) {
            let found = graph.find(&item).expect("it is an item of the estate");
            items.extend(graph.dependents(found).map(|edge| graph.id(edge.to).as_str().to_owned()));
            at += 1;
        }
        for item in items.iter().cycle().take(alerts) {
            let key = self.key(item);
            self.say(Input::Event(firing(&key).event()));
        }
    }

    fn host(&mut self) -> String {
        format!("host-{}", self.random.below(hosts(self.items)))
    }

    fn key(&mut self, item: &str) -> String {
        self.said += 1;
        format!("Unreachable{}/{item}", self.said)
    }

    fn say(&mut self, input: Input) -> Duration {
        self.clock = self.clock + Span::MICROSECOND;
        let batch = Batch { inputs: vec![Received { at: self.clock, input }] };
        let began = Instant::now();
        let step = step(&mut self.state, &self.topology, &self.policy, &batch);
        let took = began.elapsed();
        black_box(step);
        took
    }

    /// One more, and it is over again: as many are open as before.
    fn one_more(&mut self) -> Duration {
        let host = self.host();
        let key = self.key(&host);
        let took = self.say(Input::Event(firing(&key).event()));
        self.clock = self.clock + Span::from_micros(100_000);
        self.say(Input::Event(clear(&key).event()));
        took
    }
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("correlate one new episode");
    for (items, open) in [(100_000, 1_000), (100_000, 10_000), (1_000_000, 10_000)] {
        let mut bench = Bench::new(items, open);
        let mut times = Times::default();
        group.bench_function(format!("{items} items, {open} open"), |bencher| {
            bencher.iter_custom(|rounds| {
                let mut all = Duration::ZERO;
                for _ in 0..rounds {
                    let took = bench.one_more();
                    times.add(took);
                    all += took;
                }
                all
            });
        });
        print(&times, bench.state.incidents().count());
    }
    group.finish();
}

#[expect(clippy::print_stdout, reason = "it is what the bench is run for")]
fn print(times: &Times, incidents: usize) {
    println!("                        {times}; {incidents} incidents");
}

criterion_group!(group, benches);
criterion_main!(group);
