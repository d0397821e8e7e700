//! Figures in words for people: `2h 20m`, `99.95 %`.
//!
//! Rule: a share is cut, never rounded up, so that nothing short of everything reads as 100 %; so is an instant, so that
//! nothing reads as later than it was.

use model::Timestamp;

/// An instant in whole seconds: `2026-05-01T10:00:00Z`.
pub fn instant(at: Timestamp) -> String {
    Timestamp::from_seconds(at.micros().div_euclid(MICROS_PER_SECOND)).to_string()
}

/// A length of time in its two largest units, rounded to the smaller one; below a minute in seconds.
pub fn duration(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    format!("{sign}{}", positive_duration(seconds.abs()))
}

/// A share of 1 in per cent: three decimals, and near 100 as many as show what is missing.
pub fn share(share: f64) -> String {
    percent(share, 3.max(decimals_to_see(1.0 - share)))
}

/// A share that somebody wrote down, with the digits they wrote.
pub fn objective(share: f64) -> String {
    percent(share, DECIMALS_MAX)
}

/// A plain number with two decimals, fewer where it is large.
pub fn factor(factor: f64) -> String {
    trimmed(format!("{factor:.*}", if factor.abs() < 100.0 { 2 } else { 0 }))
}

const MICROS_PER_SECOND: i64 = 1_000_000;
const DECIMALS_MAX: usize = 6;
const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

fn positive_duration(seconds: f64) -> String {
    let rounded = |unit: f64| (seconds / unit).round();
    if seconds < 0.9995 {
        let text = trimmed(format!("{:.1}", seconds * 1000.0));
        return if text == "0" {
            if seconds > 0.0 { "<0.1ms".to_owned() } else { "0s".to_owned() }
        } else {
            text + "ms"
        };
    }
    if seconds < 59.95 {
        return trimmed(format!("{seconds:.1}")) + "s";
    }
    // The smaller unit decides which larger one is reached: 59m 59.9s is 1h.
    if rounded(1.0) < HOUR {
        return two(rounded(1.0), MINUTE, "m", "s");
    }
    if rounded(MINUTE) < DAY / MINUTE {
        return two(rounded(MINUTE), HOUR / MINUTE, "h", "m");
    }
    two(rounded(HOUR), DAY / HOUR, "d", "h")
}

fn two(small: f64, in_large: f64, large_unit: &str, small_unit: &str) -> String {
    let (large, rest) = ((small / in_large).floor(), small % in_large);
    if rest == 0.0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit} {rest}{small_unit}") }
}

/// Enough for two digits of what is missing.
fn decimals_to_see(missing: f64) -> usize {
    let mut percent = missing * 100.0;
    let mut decimals = 1;
    while percent > 0.0 && percent < 0.95 && decimals < DECIMALS_MAX {
        percent *= 10.0;
        decimals += 1;
    }
    decimals
}

fn percent(share: f64, decimals: usize) -> String {
    let scale = 10_f64.powi(decimals as i32);
    // What a product of two decimals loses in binary is no reason to lose a digit.
    let cut = (share * 100.0 * scale + 1e-6).floor() / scale;
    trimmed(format!("{cut:.decimals$}")) + " %"
}

fn trimmed(number: String) -> String {
    if !number.contains('.') {
        return number;
    }
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_and_carry_over() {
        for (seconds, expected) in [
            (0.0, "0s"),
            (0.000_04, "<0.1ms"),
            (0.000_4, "0.4ms"),
            (0.25, "250ms"),
            (0.9996, "1s"),
            (12.5, "12.5s"),
            (17.0, "17s"),
            (59.96, "1m"),
            (90.0, "1m 30s"),
            (3599.6, "1h"),
            (8400.0, "2h 20m"),
            (7199.0, "2h"),
            (86_399.0, "1d"),
            (597_600.0, "6d 22h"),
            (2_592_000.0, "30d"),
            (-3024.0, "-50m 24s"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn instants_have_whole_seconds_that_were_reached() {
        for (at, expected) in [
            ("2026-11-21T19:33:50.06032Z", "2026-11-21T19:33:50Z"),
            ("2026-11-21T19:33:50.999999Z", "2026-11-21T19:33:50Z"),
            ("2026-11-21T19:33:50Z", "2026-11-21T19:33:50Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(instant(Timestamp::parse(at).unwrap()), expected, "{at}");
        }
    }

    #[test]
    fn a_share_is_cut_and_nothing_less_reads_as_everything() {
        for (of_one, expected) in [
            (0.0, "0 %"),
            (0.875, "87.5 %"),
            (0.893_939_393_9, "89.393 %"),
            (0.9995, "99.95 %"),
            (0.999_9, "99.99 %"),
            (0.999_993, "99.9993 %"),
            (0.999_999_999, "99.999999 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(share(of_one), expected, "{of_one}");
        }
    }

    #[test]
    fn objectives_keep_the_digits_they_were_written_with() {
        for (of_one, expected) in [(0.99, "99 %"), (0.9995, "99.95 %"), (0.999_99, "99.999 %"), (1.0, "100 %")] {
            assert_eq!(objective(of_one), expected);
        }
    }

    #[test]
    fn factors_have_as_many_digits_as_matter() {
        for (number, expected) in [(25.0, "25"), (4.166_666, "4.17"), (0.5, "0.5"), (1234.5678, "1235")] {
            assert_eq!(factor(number), expected);
        }
    }
}
