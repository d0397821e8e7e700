//! Times, as quantiles of all of them.

use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration, count: usize) {
        self.0.extend(std::iter::repeat_n(time, count));
    }

    /// `p50 1.2 ms, p99 8.0 ms, p99.9 20.1 ms, most 31.0 ms`.
    pub(crate) fn text(mut self) -> String {
        self.0.sort_unstable();
        let at = |share: f64| {
            let place = (self.0.len() as f64 * share).ceil() as usize;
            self.0.get(place.saturating_sub(1)).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        format!("p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms, most {:.1} ms", at(0.5), at(0.99), at(0.999), at(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_least_time_that_so_many_do_not_exceed() {
        let mut times = Times::default();
        times.add(Duration::from_millis(1), 99);
        times.add(Duration::from_millis(7), 1);
        assert_eq!(times.text(), "p50 1.0 ms, p99 1.0 ms, p99.9 7.0 ms, most 7.0 ms");
    }
}
