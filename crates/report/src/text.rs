//! Figures in words for people: `99.95 %`; lengths of time, `2h 20m`, as everybody writes them.
//!
//! Rule: a share is cut, never rounded up, so that nothing short of everything reads as 100 %.

use model::text::trimmed;
pub use model::text::{duration, instant};

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

const DECIMALS_MAX: usize = 6;

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

#[cfg(test)]
mod tests {
    use super::*;

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
