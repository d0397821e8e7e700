//! Instants and durations as people say them: RFC 3339, a date, `now`, or so long before or after now (`-7d`).

use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{Span, Timestamp};

/// How far the clock of the service that was asked last is from this machine's, in microseconds; 0 until one is heard.
static APART: AtomicI64 = AtomicI64::new(0);

/// What the service's clock shows, as its last answer said it.
pub(crate) fn heard(shown: Timestamp) {
    APART.store((shown - runtime::clock::wall()).micros(), Ordering::Relaxed);
}

/// By the clock of the service that was asked, for ages are its affair; by this machine's until it has answered.
pub(crate) fn now() -> Timestamp {
    runtime::clock::wall() + Span::from_micros(APART.load(Ordering::Relaxed))
}

/// An instant that may hang on what is called now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    At(Timestamp),
    /// Before now where it is negative.
    FromNow(Span),
}

impl Moment {
    pub(crate) const NOW: Moment = Moment::FromNow(Span::ZERO);

    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Moment::At(at) => at,
            Moment::FromNow(span) => (now + span).clamp_to_calendar(),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let relative = || Span::parse(text.strip_prefix('+').unwrap_or(text)).map(Moment::FromNow);
        let date = || Timestamp::parse(&format!("{text}T00:00:00Z")).map(Moment::At);
        if text == "now" {
            return Ok(Moment::NOW);
        }
        Timestamp::parse(text).map(Moment::At).or_else(date).or_else(relative).ok_or_else(|| {
            format!("`{text}` is no instant: say one such as 2026-05-01T10:00:00Z, 2026-05-01, now or -7d")
        })
    }
}

/// For arguments that are a length of time.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    let positive = Span::parse(text).filter(|span| *span >= Span::ZERO);
    positive.ok_or_else(|| format!("`{text}` is no duration: say one such as 30s, 5m, 1h30m or 30d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_said_in_many_ways() {
        let now = Timestamp::from_date(2026, 5, 8);
        for (text, expected) in [
            ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z"),
            ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00Z"),
            ("2026-05-01", "2026-05-01T00:00:00Z"),
            ("now", "2026-05-08T00:00:00Z"),
            ("-7d", "2026-05-01T00:00:00Z"),
            ("-1h30m", "2026-05-07T22:30:00Z"),
            ("+2h", "2026-05-08T02:00:00Z"),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.resolve(now).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_says_what_would_be() {
        for text in ["", "yesterday", "7", "-7x", "2026-13-01"] {
            let told = text.parse::<Moment>().unwrap_err();
            assert!(told.contains("-7d"), "{told}");
        }
    }

    #[test]
    fn a_length_is_not_negative() {
        assert_eq!(span("1h30m"), Ok(Span::from_minutes(90)));
        assert!(span("-1h").is_err() && span("soon").is_err());
    }
}
