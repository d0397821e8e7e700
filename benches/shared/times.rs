//! How long each of many took: what most took, and what the slowest one in a hundred took.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The time that `share` of them (0 to 1) did not exceed; nothing where there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most, slow, all] = [0.5, 0.9, 0.99, 1.0].map(|share| self.quantile(share).as_secs_f64() * 1e6);
        write!(f, "p50 {half:.1} µs, p90 {most:.1} µs, p99 {slow:.1} µs, max {all:.1} µs of {}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let mut times = Times::default();
        (1..=100).for_each(|micros| times.add(Duration::from_micros(micros)));
        assert_eq!(times.quantile(0.5), Duration::from_micros(50));
        assert_eq!(times.quantile(0.99), Duration::from_micros(99));
        assert_eq!(times.to_string(), "p50 50.0 µs, p90 90.0 µs, p99 99.0 µs, max 100.0 µs of 100");
    }
}
