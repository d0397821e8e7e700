//! Noise: how many events it took to tell people something, and what kept the rest from them.

use std::collections::BTreeMap;

/// Counts over one window.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NoiseFacts {
    /// Alert events received.
    pub events: u64,
    /// Alerts with an event among them.
    pub alerts: u64,
    /// Episodes that began.
    pub episodes: u64,
    /// Incidents opened, those that count in no measure left out.
    pub incidents: u64,
    /// Messages to people.
    pub told: u64,
    /// Firings that were suppressed on arrival.
    pub suppressed_on_arrival: u64,
    /// Those of which the reason is still known, by its code.
    pub suppressed: BTreeMap<Box<str>, u64>,
}

/// Suppressed by a reason that is over, and that nobody remembers.
pub const LIFTED: &str = "lifted";

/// The counts, and the shares they make.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Noise {
    pub events: u64,
    pub alerts: u64,
    pub episodes: u64,
    pub incidents: u64,
    pub told: u64,
    pub suppressed: BTreeMap<Box<str>, u64>,
    /// `1 - incidents / events`: which share of the events opened no incident. `None` without events.
    pub compression: Option<f64>,
    /// `1 - episodes / events`: which share of the events began nothing. `None` without events.
    pub deduplication: Option<f64>,
    /// Suppressed episodes of all that began. `None` without episodes.
    pub suppressed_share: Option<f64>,
    /// Messages for each incident. `None` without incidents.
    pub told_per_incident: Option<f64>,
}

pub fn noise(facts: NoiseFacts) -> Noise {
    let mut suppressed = facts.suppressed;
    let known: u64 = suppressed.values().sum();
    let lifted = facts.suppressed_on_arrival.saturating_sub(known);
    if lifted > 0 {
        suppressed.insert(LIFTED.into(), lifted);
    }
    Noise {
        compression: ratio(facts.incidents, facts.events).map(|share| 1.0 - share),
        deduplication: ratio(facts.episodes, facts.events).map(|share| 1.0 - share),
        suppressed_share: ratio(facts.suppressed_on_arrival, facts.episodes),
        told_per_incident: ratio(facts.told, facts.incidents),
        events: facts.events,
        alerts: facts.alerts,
        episodes: facts.episodes,
        incidents: facts.incidents,
        told: facts.told,
        suppressed,
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_the_share_of_events_that_opened_nothing() {
        let suppressed = BTreeMap::from([("maintenance".into(), 3), ("silence".into(), 2)]);
        let facts = NoiseFacts {
            events: 1000,
            alerts: 40,
            episodes: 50,
            incidents: 5,
            told: 15,
            suppressed_on_arrival: 5,
            suppressed,
        };
        let noise = noise(facts);
        assert_eq!(noise.suppressed.get(LIFTED), None);
        assert_eq!(noise.compression, Some(0.995));
        assert_eq!(noise.deduplication, Some(0.95));
        assert_eq!(noise.suppressed_share, Some(0.1));
        assert_eq!(noise.told_per_incident, Some(3.0));
    }

    #[test]
    fn what_was_suppressed_by_a_reason_that_is_over_still_counts() {
        let suppressed = BTreeMap::from([("maintenance".into(), 1)]);
        let noise = noise(NoiseFacts { episodes: 8, suppressed_on_arrival: 4, suppressed, ..NoiseFacts::default() });
        assert_eq!(noise.suppressed, BTreeMap::from([("maintenance".into(), 1), (LIFTED.into(), 3)]));
        assert_eq!(noise.suppressed_share, Some(0.5));
    }

    #[test]
    fn silence_has_no_shares() {
        assert_eq!(noise(NoiseFacts::default()), Noise::default());
    }
}
