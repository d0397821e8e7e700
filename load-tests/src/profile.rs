//! The shapes of load: what comes when.

use std::time::Duration;

use clap::ValueEnum;

use crate::events::{Event, Random, Zipf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Repeats by Zipf's law, at one rate.
    Steady,
    /// The same, ten times as fast in the middle fifth of the time.
    Storm,
    /// Every fingerprint fires and clears in turn.
    Flapping,
    /// Every event is an alert of its own.
    AllNew,
    /// As steady; the store of PostgreSQL is held up for a while in the middle (`--hold`).
    SlowStore,
    /// As steady; nothing is reckoned before all of it is sent: how fast is a backlog worked off.
    CatchUp,
}

/// Draws events, one after the other.
pub(crate) struct Source {
    profile: Profile,
    zipf: Zipf,
    fingerprints: u64,
    random: Random,
    nth: u64,
}

impl Source {
    pub(crate) fn new(profile: Profile, fingerprints: u64, seed: u64) -> Source {
        Source { profile, zipf: Zipf::of(fingerprints), fingerprints, random: Random::new(seed), nth: 0 }
    }

    pub(crate) fn next(&mut self) -> Event {
        let nth = self.nth;
        self.nth += 1;
        match self.profile {
            Profile::AllNew => Event { key: nth, resolved: false },
            Profile::Flapping => Event { key: nth % self.fingerprints, resolved: (nth / self.fingerprints) % 2 == 1 },
            Profile::Steady | Profile::Storm | Profile::SlowStore | Profile::CatchUp => {
                Event { key: self.zipf.draw(&mut self.random), resolved: false }
            }
        }
    }
}

impl Profile {
    /// When the `nth` event is due, at this rate a second over this time.
    pub(crate) fn due(self, nth: u64, rate: f64, lasts: Duration) -> Duration {
        let steady = nth as f64 / rate;
        if self != Profile::Storm {
            return Duration::from_secs_f64(steady);
        }
        // Two fifths at the rate, one at ten times as much, two at the rate again.
        let fifth = lasts.as_secs_f64() / 5.0;
        let (calm, storm) = (2.0 * fifth * rate, 10.0 * fifth * rate);
        let nth = nth as f64;
        Duration::from_secs_f64(if nth < calm {
            nth / rate
        } else if nth < calm + storm {
            2.0 * fifth + (nth - calm) / (10.0 * rate)
        } else {
            3.0 * fifth + (nth - calm - storm) / rate
        })
    }

    /// How many events there are in all.
    pub(crate) fn events(self, rate: f64, lasts: Duration) -> u64 {
        let fold = if self == Profile::Storm { 2.8 } else { 1.0 };
        (rate * lasts.as_secs_f64() * fold) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_lasts_as_long_as_what_is_steady_and_brings_more() {
        let lasts = Duration::from_secs(50);
        let all = Profile::Storm.events(100.0, lasts);
        assert_eq!(all, 14_000);
        let last = Profile::Storm.due(all, 100.0, lasts);
        assert!((last.as_secs_f64() - 50.0).abs() < 0.1, "{last:?}");
        let mut before = Duration::ZERO;
        for nth in 0..all {
            let due = Profile::Storm.due(nth, 100.0, lasts);
            assert!(due >= before);
            before = due;
        }
    }

    #[test]
    fn what_flaps_fires_and_clears_in_turn() {
        let mut source = Source::new(Profile::Flapping, 2, 1);
        let said: Vec<(u64, bool)> = (0..6).map(|_| source.next()).map(|event| (event.key, event.resolved)).collect();
        assert_eq!(said, [(0, false), (1, false), (0, true), (1, true), (0, false), (1, false)]);
    }
}
