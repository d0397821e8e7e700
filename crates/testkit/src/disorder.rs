//! Arrival as networks make it: late, out of order, twice.

use model::{Span, Timestamp};

use crate::random::SplitMix64;

/// When each of `said` arrives, with its place in the order in which it was said: up to `late` after it, every second
/// one twice.
pub fn disordered(said: &[Timestamp], late: Span, seed: u64) -> Vec<(Timestamp, usize)> {
    let mut random = SplitMix64::new(seed);
    let mut arrivals = Vec::with_capacity(said.len() * 2);
    for (place, at) in said.iter().enumerate() {
        let times = if random.once_in(2) { 2 } else { 1 };
        for _ in 0..times {
            let delay = random.below(late.micros().max(1) as usize) as i64;
            arrivals.push((*at + Span::from_micros(delay), place));
        }
    }
    arrivals.sort_unstable();
    arrivals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_within_its_time_and_some_of_it_twice() {
        let said: Vec<Timestamp> = (0..100).map(Timestamp::from_seconds).collect();
        let arrivals = disordered(&said, Span::MINUTE, 1);
        assert!(arrivals.is_sorted());
        assert!((130..=170).contains(&arrivals.len()), "{} arrivals", arrivals.len());
        for (place, at) in said.iter().enumerate() {
            let mine: Vec<Timestamp> = arrivals.iter().filter(|(_, of)| *of == place).map(|(at, _)| *at).collect();
            assert!(
                !mine.is_empty() && mine.iter().all(|arrival| (Span::ZERO..Span::MINUTE).contains(&(*arrival - *at)))
            );
        }
    }
}
