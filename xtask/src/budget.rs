//! How much each proof may spend: the share that every run gives, and the full counts that `prove` runs.
//!
//! A budget reaches the tests through the environment. What the caller has set already wins, so that
//! `WATCHFIRE_SIM_SEEDS=100000 cargo xtask prove` does what it says.

use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Cases of each property.
    pub(crate) cases: u32,
    /// Seeds of the simulator.
    pub(crate) sim_seeds: u32,
    /// Rounds of killing and restarting the real process.
    pub(crate) kill_rounds: u32,
    /// Faults of each of the two loops over Kafka and PostgreSQL, one process at a time and several.
    pub(crate) kafka_faults: u32,
    /// Seconds for which the store is away under full load.
    pub(crate) stall_seconds: u32,
}

impl Budget {
    pub(crate) const SHARE: Budget =
        Budget { cases: 256, sim_seeds: 50, kill_rounds: 5, kafka_faults: 9, stall_seconds: 10 };
    pub(crate) const FULL: Budget =
        Budget { cases: 4096, sim_seeds: 5000, kill_rounds: 100, kafka_faults: 80, stall_seconds: 60 };

    /// The variables that say it. proptest reads `PROPTEST_CASES` by itself; tests that count their own cases read
    /// `PROVE_CASES`.
    pub(crate) fn variables(self) -> [(&'static str, u32); 6] {
        [
            ("PROVE_CASES", self.cases),
            ("PROPTEST_CASES", self.cases),
            ("WATCHFIRE_SIM_SEEDS", self.sim_seeds),
            ("WATCHFIRE_KILL_ROUNDS", self.kill_rounds),
            ("WATCHFIRE_KAFKA_FAULTS", self.kafka_faults),
            ("WATCHFIRE_STALL_SECONDS", self.stall_seconds),
        ]
    }

    pub(crate) fn give_to(self, command: &mut Command) {
        for (name, value) in self.unset(|name| std::env::var_os(name).is_some()) {
            command.env(name, value.to_string());
        }
    }

    fn unset(self, is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = (&'static str, u32)> {
        self.variables().into_iter().filter(move |(name, _)| !is_set(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_budget_is_more_of_everything() {
        for ((name, share), (_, full)) in Budget::SHARE.variables().into_iter().zip(Budget::FULL.variables()) {
            assert!(share > 0 && full > share, "{name}");
        }
    }

    #[test]
    fn what_the_caller_set_wins() {
        let given: Vec<&str> = Budget::FULL.unset(|name| name == "WATCHFIRE_SIM_SEEDS").map(|(name, _)| name).collect();
        let others = ["WATCHFIRE_KILL_ROUNDS", "WATCHFIRE_KAFKA_FAULTS", "WATCHFIRE_STALL_SECONDS"];
        assert_eq!(given, [&["PROVE_CASES", "PROPTEST_CASES"][..], &others].concat());
    }
}
