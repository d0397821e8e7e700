//! One core, from bytes to a decision: parsed, read with its fingerprint, folded into 200 000 alerts that fire.
//!
//! `cargo bench -p benches --bench fold`

use std::hint::black_box;

use benches::bare;
use benches::crowd::Crowd;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::{Batch, Input, Policy, Received, State, step};
use model::{Domain, Span, Timestamp};
use rules::PipelineSet;
use topology::{Graph, Topology};
use wire::{Context, Format};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ALERTS: usize = 200_000;
/// Alerts of one push, as Prometheus sends them.
const PUSH: usize = 64;
/// Pushes that the engine is given at once: what waits while a commit is under way.
const PUSHES: usize = 64;
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// An engine that knows all of the crowd, and reads what it says.
struct Bench {
    pipelines: PipelineSet,
    policy: Policy,
    topology: Topology,
    state: State,
    clock: Timestamp,
}

impl Bench {
    fn new(crowd: &Crowd) -> Bench {
        let pipelines = PipelineSet::builtin();
        let policy = pipelines.policy();
        let topology = Topology::new(Graph::empty());
        let state = State::new(Domain::default());
        let mut bench = Bench { pipelines, policy, topology, state, clock: NOW };
        let numbers: Vec<usize> = (0..ALERTS).collect();
        for chunk in numbers.chunks(PUSH * PUSHES) {
            let inputs = bench.decode(&crowd.body(chunk.iter().copied()));
            bench.fold(inputs);
        }
        assert_eq!(bench.state.open_alerts(), ALERTS, "all of them fire");
        bench
    }

    fn decode(&self, body: &[u8]) -> Vec<Input> {
        let source = "prometheus".into();
        let decoder = self.pipelines.decoder(Format::AlertmanagerV2, &source);
        let context = Context { receipt: NOW, replay: true };
        let received = decoder.decode(Format::AlertmanagerV2, &source, body, &context).received;
        let inputs: Vec<Input> = received.into_iter().map(|received| input(received.result)).collect();
        assert_ne!(inputs.len(), 0, "the body is read");
        inputs
    }

    fn fold(&mut self, inputs: Vec<Input>) -> usize {
        self.clock = self.clock + Span::MICROSECOND;
        let at = self.clock;
        let inputs = inputs.into_iter().map(|input| Received { at, input }).collect();
        let step = step(&mut self.state, &self.topology, &self.policy, &Batch { inputs });
        step.answers.len()
    }
}

fn input(read: Result<wire::Input, wire::Malformed>) -> Input {
    match read {
        Ok(wire::Input::Event(event)) => Input::Event(event),
        other => panic!("the crowd says alerts, not {other:?}"),
    }
}

fn benches(criterion: &mut Criterion) {
    let mut crowd = Crowd::new(ALERTS, "info", NOW);
    let mut bench = Bench::new(&crowd);
    let bodies: Vec<Vec<u8>> = (0..PUSHES).map(|_| crowd.drawn(PUSH)).collect();
    let mut group = criterion.benchmark_group("one core");
    group.throughput(Throughput::Elements((PUSH * PUSHES) as u64));
    group.bench_function("bare parse", |bencher| {
        bencher.iter(|| {
            for body in &bodies {
                black_box(bare::parse(black_box(body)));
            }
        });
    });
    group.bench_function("decode and fingerprint", |bencher| {
        bencher.iter(|| {
            for body in &bodies {
                black_box(bench.decode(black_box(body)));
            }
        });
    });
    group.bench_function("decode, fingerprint and fold", |bencher| {
        bencher.iter(|| {
            let inputs = bodies.iter().flat_map(|body| bench.decode(black_box(body))).collect();
            black_box(bench.fold(inputs))
        });
    });
    let inputs: Vec<Input> = bodies.iter().flat_map(|body| bench.decode(body)).collect();
    group.bench_function("fold alone", |bencher| {
        bencher.iter_batched(|| inputs.clone(), |inputs| black_box(bench.fold(inputs)), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(group, benches);
criterion_main!(group);
