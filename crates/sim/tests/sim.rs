//! A share of seeds: `WATCHFIRE_SIM_SEEDS` of them, from `WATCHFIRE_SIM_FIRST`. A seed that fails prints how to repeat it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sim::sometimes::Sometimes;
use sim::{Life, live};

/// Without a wish, as many seeds.
const SEEDS: u64 = 50;

fn wish(name: &str, unless_said: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(unless_said)
}

/// Lives of seeds `[first, first + count)`, on as many threads as there are cores.
fn lives(first: u64, count: u64) -> Vec<Life> {
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let one_thread = || {
        let mut lives = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return lives;
            }
            let mut life = live(seed, None, false);
            life.dump = String::new();
            lives.push(life);
        }
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a life ends by itself")).collect()
    })
}

/// I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, I11, I12, I13, I14, I15, I17, I18 and I19 over the share; and each rare path
/// ran in it at least once.
#[test]
fn no_life_breaks_an_invariant_and_every_rare_path_is_walked() {
    let (first, count) = (wish("WATCHFIRE_SIM_FIRST", 1), wish("WATCHFIRE_SIM_SEEDS", SEEDS));
    let began = Instant::now();
    let lives = lives(first, count);
    let mut sometimes = Sometimes::default();
    let mut failed = String::new();
    for life in &lives {
        sometimes.add(&life.sometimes);
        if let Some(violation) = life.violations.first() {
            failed.push_str(&format!(
                "\nseed {}: {violation}\n  repeat: cargo run -p sim -- --seed {} --trace\n",
                life.seed, life.seed
            ));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let pushes: usize = lives.iter().map(|life| life.pushes).sum();
    let commits: u64 = lives.iter().map(|life| life.commits).sum();
    let line = format!(
        "{count} seeds from {first}, {pushes} pushes, {commits} commits: {:.1} seeds/s\n{sometimes:?}\n",
        count as f64 / seconds
    );
    std::io::stderr().write_all(line.as_bytes()).expect("the test can speak");
    assert!(failed.is_empty(), "{failed}");
    if count >= SEEDS {
        assert!(sometimes.never().is_empty(), "never happened: {:?}", sometimes.never());
    }
}

/// I16: the same seed twice, the same bytes: what happened, and every row.
#[test]
fn a_seed_repeats_itself_to_the_byte() {
    for seed in 1..=4 {
        let (one, other) = (live(seed, None, true), live(seed, None, true));
        assert_eq!(one.trace.lines(), other.trace.lines(), "seed {seed}");
        assert_eq!(one.trace.digest(), other.trace.digest(), "seed {seed}");
        assert!(one.dump == other.dump, "seed {seed} left two different stores");
        assert!(!one.dump.is_empty());
    }
}
