//! Lives of the parts in several processes: `WATCHFIRE_SIM_SEEDS` of them; and planted bugs of that protocol are found.

use std::io::Write as _;

use sim::group::{GroupMutant, live_in_groups};

const SEEDS: u64 = 50;
/// Seeds that each mutant gets to show itself.
const MUTANT_SEEDS: u64 = 60;

fn seeds() -> u64 {
    std::env::var("WATCHFIRE_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

/// I1, I10, I15, I16 and I17; and each rare path runs in the share.
#[test]
fn whatever_happens_between_processes_each_record_is_decided_once_as_if_undisturbed() {
    let mut paths = std::collections::BTreeMap::new();
    let mut records = 0;
    for seed in 1..=seeds() {
        let life = live_in_groups(seed, None);
        assert_eq!(life.violations, [""; 0], "seed {seed}");
        records += life.records;
        for (path, count) in life.paths {
            *paths.entry(path).or_insert(0) += count;
        }
    }
    let line = format!("{} lives, {records} records: {paths:?}\n", seeds());
    std::io::stderr().write_all(line.as_bytes()).expect("the test can speak");
    let wanted = [
        "a commit fails",
        "a commit of which nothing is heard",
        "a full disk",
        "a transaction of which nothing is heard",
        "a turn that is over is refused",
        "a zombie is fenced",
        "an engine dies",
        "an engine hangs",
        "brokers give a transaction up",
        "ingest died in a transaction",
        "ingest hangs",
        "ingest wakes up",
        "offsets wait for a transaction",
        "shared out anew",
    ];
    let never: Vec<_> = wanted.iter().filter(|path| !paths.contains_key(*path)).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

#[test]
fn a_seed_repeats_itself() {
    for seed in 1..=4 {
        assert_eq!(live_in_groups(seed, None).digest, live_in_groups(seed, None).digest);
    }
}

#[test]
fn planted_bugs_of_the_protocol_are_found() {
    for mutant in GroupMutant::ALL {
        let found = (1..=MUTANT_SEEDS).find(|seed| !live_in_groups(*seed, Some(mutant)).violations.is_empty());
        assert!(found.is_some(), "{mutant:?} lives through {MUTANT_SEEDS} seeds");
    }
}
