//! When an attempt that failed is made again. docs/formats.md section 8.

use model::{OutboxId, Span, Timestamp};

/// From each failed attempt to the next. After the last of them a message is given up.
const WAITS: [Span; 9] = [
    Span::from_seconds(5),
    Span::from_minutes(5),
    Span::from_minutes(30),
    Span::from_hours(2),
    Span::from_hours(5),
    Span::from_hours(10),
    Span::from_hours(14),
    Span::from_hours(20),
    Span::from_hours(24),
];
/// The longest a receiver's `Retry-After` is followed.
const ASKED_MAX: Span = Span::from_hours(24);
/// A wait is longer by up to this share, so that what failed together does not come back together.
const JITTER_SHARE: f64 = 0.2;

/// When to try again after `failures` attempts failed, the newest at `now`; `None`: never. `jitter` is in [0, 1); `asked`
/// is what the receiver asked for, if anything.
pub fn next_attempt(failures: u64, now: Timestamp, jitter: f64, asked: Option<Span>) -> Option<Timestamp> {
    let wait = *WAITS.get(usize::try_from(failures.checked_sub(1)?).ok()?)?;
    let longer = Span::from_seconds_f64(wait.seconds_f64() * JITTER_SHARE * jitter.clamp(0.0, 1.0)).unwrap_or_default();
    let asked = asked.unwrap_or_default().clamp(Span::ZERO, ASKED_MAX);
    Some(now + (wait + longer).max(asked))
}

/// How long a message is tried at most: the age at which one is given up that was never tried at all, because its target
/// was left alone.
pub fn given_up_after() -> Span {
    let waits = WAITS.iter().fold(Span::ZERO, |sum, wait| sum + *wait);
    waits + Span::from_seconds_f64(waits.seconds_f64() * JITTER_SHARE).unwrap_or_default()
}

/// A jitter for each message, the same at every attempt: ids are hashes, so any of their bytes will do.
pub fn jitter_of(id: OutboxId) -> f64 {
    let [.., high, low] = id.bytes();
    f64::from(u16::from_be_bytes([high, low])) / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<Option<Span>> = (1..=10).map(|n| next_attempt(n, NOW, 0.0, None).map(|at| at - NOW)).collect();
        assert_eq!(waits[0], Some(Span::from_seconds(5)));
        assert!(waits.windows(2).take(8).all(|pair| pair[0] < pair[1]), "{waits:?}");
        assert_eq!((waits[8], waits[9]), (Some(Span::from_hours(24)), None));
        assert_eq!(next_attempt(0, NOW, 0.0, None), None, "nothing failed yet");
    }

    #[test]
    fn jitter_lengthens_a_wait_by_a_fifth_at_most() {
        for jitter in [0.0, 0.5, 0.999, 7.0] {
            let at = next_attempt(2, NOW, jitter, None).unwrap();
            assert!(at >= NOW + Span::from_minutes(5) && at <= NOW + Span::from_minutes(6), "{jitter}");
        }
        let id = |byte: u8| OutboxId::from_bytes([byte; 16]);
        assert_ne!(jitter_of(id(1)), jitter_of(id(200)));
        assert!((0.0..1.0).contains(&jitter_of(id(255))));
    }

    #[test]
    fn a_receiver_may_ask_for_more_patience_but_not_for_any() {
        assert_eq!(next_attempt(1, NOW, 0.0, Some(Span::from_hours(1))), Some(NOW + Span::from_hours(1)));
        assert_eq!(next_attempt(1, NOW, 0.0, Some(Span::from_seconds(1))), Some(NOW + Span::from_seconds(5)));
        assert_eq!(next_attempt(1, NOW, 0.0, Some(Span::from_days(99))), Some(NOW + Span::from_hours(24)));
    }
}
