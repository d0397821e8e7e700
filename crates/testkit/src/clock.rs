//! Times of one fixed day, 2026-05-01 UTC: `10:00:00`, `10:00:00.3`, and `2d10:00:00` two days later.

use model::{Span, Timestamp};

/// Instants near which something happens, for histories that are made up: clocks change, both ways, in several zones; a leap
/// day; the turn of a year. And one at which nothing does.
pub const EVENTFUL: [&str; 9] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2028-02-29T12:00:00Z",
    "2026-12-31T23:00:00Z",
    "2026-05-13T10:00:00Z",
];

/// Midnight before every time that a fixture writes.
pub fn day() -> Timestamp {
    Timestamp::from_date(2026, 5, 1)
}

/// Reads a time; `None` where the text is none.
pub fn time(text: &str) -> Option<Timestamp> {
    let (days, clock) = match text.split_once('d') {
        Some((days, clock)) => (days.parse().ok()?, clock),
        None => (0, text),
    };
    let [hours, minutes, seconds] = *clock.split(':').collect::<Vec<_>>() else { return None };
    let seconds = Span::from_seconds_f64(seconds.parse().ok()?)?;
    let whole = Span::from_hours(hours.parse().ok()?) + Span::from_minutes(minutes.parse().ok()?);
    Some(day() + Span::from_days(days) + whole + seconds)
}

/// The time, which must be one.
pub fn clock(text: &str) -> Timestamp {
    time(text).unwrap_or_else(|| panic!("`{text}` is no time: write 10:00:00, 10:00:00.3 or 2d10:00:00"))
}

/// As fixtures write it.
pub fn shown(at: Timestamp) -> String {
    let since = (at - day()).micros();
    let (days, in_day) =
        (since.div_euclid(Span::DAY.micros()), Span::from_micros(since.rem_euclid(Span::DAY.micros())));
    let seconds = in_day.micros() / Span::SECOND.micros();
    let micros = in_day.micros() % Span::SECOND.micros();
    let mut text = if days == 0 { String::new() } else { format!("{days}d") };
    text.push_str(&format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if micros > 0 {
        text.push_str(format!(".{micros:06}").trim_end_matches('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_it_was_written() {
        for text in ["10:00:00", "00:00:00.3", "23:59:59.000001", "2d10:00:00", "-1d23:00:00"] {
            assert_eq!(shown(clock(text)), text);
        }
        assert_eq!(clock("10:00:00").to_string(), "2026-05-01T10:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "10:00", "ten", "10:00:xx", "xd10:00:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
