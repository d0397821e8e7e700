//! Means and percentiles of samples of durations. docs/measures.md section 3.

use model::Span;

/// A sample's figures; with count 0 the rest are `None`.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sample {
    pub count: u64,
    pub mean_seconds: Option<f64>,
    pub median_seconds: Option<f64>,
    pub p90_seconds: Option<f64>,
    pub p95_seconds: Option<f64>,
}

impl Sample {
    pub fn of(mut durations: Vec<Span>) -> Sample {
        durations.sort_unstable();
        Sample {
            count: durations.len() as u64,
            mean_seconds: mean(&durations),
            median_seconds: percentile(&durations, 50),
            p90_seconds: percentile(&durations, 90),
            p95_seconds: percentile(&durations, 95),
        }
    }
}

/// The mean in seconds; the sum is exact. `None` of nothing.
pub(crate) fn mean(durations: &[Span]) -> Option<f64> {
    let sum: i128 = durations.iter().map(|duration| i128::from(duration.micros())).sum();
    (!durations.is_empty()).then(|| sum as f64 / durations.len() as f64 / 1e6)
}

/// The `percent`th percentile in seconds of durations that are sorted: between the closest ranks, `h = (n - 1) q`, as
/// NumPy and PostgreSQL's `percentile_cont` have it. Exact until the last division. `None` of nothing.
pub fn percentile(sorted: &[Span], percent: u8) -> Option<f64> {
    let hundredths = sorted.len().checked_sub(1)? * usize::from(percent.min(100));
    let (rank, part) = (hundredths / 100, hundredths % 100);
    let micros = |rank: usize| sorted.get(rank).map(|duration| i128::from(duration.micros()));
    let below = micros(rank)?;
    let above = micros(rank + 1).unwrap_or(below);
    Some((below * 100 + (above - below) * part as i128) as f64 / 1e8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(sample: &[i64]) -> Vec<Span> {
        sample.iter().copied().map(Span::from_seconds).collect()
    }

    #[test]
    fn percentiles_lie_between_the_closest_ranks() {
        for (sample, percent, expected) in [
            (&[][..], 50, None),
            (&[7], 95, Some(7.0)),
            (&[1, 2], 50, Some(1.5)),
            (&[0, 10, 15, 20, 40], 90, Some(32.0)),
            (&[0, 10, 15, 20, 40], 95, Some(36.0)),
            (&[0, 10, 15, 20, 40], 0, Some(0.0)),
            (&[0, 10, 15, 20, 40], 100, Some(40.0)),
            (&[-4, 0, 4], 25, Some(-2.0)),
        ] {
            assert_eq!(percentile(&seconds(sample), percent), expected, "p{percent} of {sample:?}");
        }
    }

    #[test]
    fn order_does_not_matter_and_nothing_has_no_mean() {
        assert_eq!(Sample::of(seconds(&[40, 0, 15, 20, 10])), Sample::of(seconds(&[0, 10, 15, 20, 40])));
        assert_eq!(Sample::of(Vec::new()), Sample::default());
        assert_eq!(Sample::of(seconds(&[0])).mean_seconds, Some(0.0));
    }

    #[test]
    fn sums_beyond_64_bits_are_exact() {
        let longest = Span::from_micros(i64::MAX);
        assert_eq!(mean(&[longest, longest, longest]), Some(longest.seconds_f64()));
        assert_eq!(percentile(&[longest, longest], 95), Some(longest.seconds_f64()));
    }
}
