//! How alike two incidents are: docs/measures.md section 11.

use model::Span;

/// What is compared of a past incident with one that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// They have the same item as their cause.
    pub same_ci: bool,
    /// Alert names that both have, …
    pub names_shared: usize,
    /// … of those that either has.
    pub names_all: usize,
    /// From the opening of the past one to that of the other.
    pub age: Span,
}

/// Thousandths for the same cause.
const SAME_CI: u32 = 500;
/// Thousandths for the same alert names; for some of them the share.
const SAME_NAMES: u32 = 400;
/// Thousandths for what was just now; half of it for what is [`HALF_AS_RECENT`] old, a third at twice that.
const RECENT: u32 = 100;
const HALF_AS_RECENT: Span = Span::from_days(30);

/// Thousandths. The same cause outweighs any names, and what is common outweighs how long ago it was.
pub fn likeness(compared: Compared) -> u32 {
    let Compared { same_ci, names_shared, names_all, age } = compared;
    let ci = if same_ci { SAME_CI } else { 0 };
    ci + share(SAME_NAMES, names_shared as u64, names_all as u64) + recency(age)
}

fn recency(age: Span) -> u32 {
    let half = HALF_AS_RECENT.micros();
    share(RECENT, half as u64, (half + age.micros().max(0)) as u64)
}

fn share(of: u32, part: u64, whole: u64) -> u32 {
    let share = (u128::from(of) * u128::from(part)).checked_div(u128::from(whole)).unwrap_or(0);
    u32::try_from(share).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(same_ci: bool, names_shared: usize, names_all: usize, days: i64) -> Compared {
        Compared { same_ci, names_shared, names_all, age: Span::from_days(days) }
    }

    #[test]
    fn the_figures_are_those_of_the_measures() {
        for (same_ci, shared, all, days, thousandths) in [
            (true, 2, 2, 0, 1000),
            (true, 2, 2, 30, 950),
            (true, 2, 2, 60, 933),
            (true, 1, 2, 30, 750),
            (true, 0, 3, 30, 550),
            (false, 2, 2, 30, 450),
            (false, 1, 3, 3650, 133),
            (false, 0, 0, 30, 50),
        ] {
            let compared = compared(same_ci, shared, all, days);
            assert_eq!(likeness(compared), thousandths, "{compared:?}");
        }
    }

    #[test]
    fn what_is_common_outweighs_how_long_ago_it_was() {
        let years = 3650;
        assert!(likeness(compared(true, 2, 2, years)) > likeness(compared(true, 1, 2, 0)));
        assert!(likeness(compared(true, 0, 9, years)) > likeness(compared(false, 9, 10, 0)) - RECENT);
        assert!(likeness(compared(false, 2, 2, years)) > likeness(compared(false, 1, 2, 0)));
    }
}
