//! Facts beside alerts: changes, maintenance windows, silences.

pub(crate) mod changes;
pub(crate) mod maintenance;
pub(crate) mod occurrences;
pub(crate) mod silences;

use model::{Interval, Span, Timestamp};
use wire::v1;

use crate::fault::Fault;

/// From a start (now, unless said) to an end, or for so long.
fn interval(
    starts_at: Option<v1::Instant>,
    ends_at: Option<v1::Instant>,
    duration: Option<&str>,
    now: Timestamp,
) -> Result<Interval, Fault> {
    let start = starts_at.map_or(now, |at| at.0);
    let end = match (ends_at, duration) {
        (Some(end), None) => end.0,
        (None, Some(word)) => start + length(word)?,
        (None, None) => return Err(Fault::invalid("say when it ends: `ends_at`, or a `duration` such as 2h")),
        (Some(_), Some(_)) => return Err(Fault::invalid("`ends_at` and `duration` both say when it ends: keep one")),
    };
    let backwards = || Fault::invalid(format!("it would end ({end}) before it begins ({start}): exchange them"));
    Interval::new(start, end).filter(|interval| !interval.is_empty()).ok_or_else(backwards)
}

fn length(word: &str) -> Result<Span, Fault> {
    Span::parse(word).ok_or_else(|| Fault::bad(format!("`duration` is `{word}`: write one such as 30m, 2h or 1d")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_one_end_and_it_comes_last() {
        let now = Timestamp::from_seconds(1000);
        let at = |seconds| Some(v1::Instant(Timestamp::from_seconds(seconds)));
        let ok = |start, end| Interval::new(Timestamp::from_seconds(start), Timestamp::from_seconds(end));
        for (starts, ends, duration, expected) in [
            (None, at(1060), None, ok(1000, 1060)),
            (at(2000), None, Some("1m"), ok(2000, 2060)),
            (None, None, None, None),
            (None, at(1060), Some("1m"), None),
            (at(2000), at(1500), None, None),
            (None, at(1000), None, None),
            (None, None, Some("soon"), None),
        ] {
            assert_eq!(interval(starts, ends, duration, now).ok(), expected, "{starts:?} {ends:?} {duration:?}");
        }
    }
}
