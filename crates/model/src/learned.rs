//! What experience says: how often something began, and how often two began together.

use serde::{Deserialize, Serialize};

use crate::id::AlertId;
use crate::name::CiId;
use crate::time::{Span, Timestamp};

/// What begins: an item, or an alert that is on none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Item(CiId),
    Alert(AlertId),
}

/// How often a party began, or two of them together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Learned {
    pub party: Party,
    /// The greater of two; `None` where it is about one alone.
    pub with: Option<Party>,
    /// In thousandths, as it was at the instant; since then it fades.
    pub count: u32,
    pub at: Timestamp,
}

/// What was learned counts half after so long.
pub const HALF_LIFE: Span = Span::from_days(30);

impl Learned {
    /// What is left of the count.
    pub fn left(&self, now: Timestamp) -> u32 {
        faded(self.count, now - self.at)
    }
}

/// Half for each half-life, and evenly in between.
pub fn faded(count: u32, age: Span) -> u32 {
    let age = age.max(Span::ZERO).micros();
    let halves = u32::try_from(age / HALF_LIFE.micros()).unwrap_or(u32::MAX);
    let halved = count.checked_shr(halves).unwrap_or(0);
    // Wider than either: a count may be as great as one likes.
    let rest = i128::from(halved) * i128::from(age % HALF_LIFE.micros()) / i128::from(2 * HALF_LIFE.micros());
    halved - u32::try_from(rest).unwrap_or(0)
}

/// The mark of a party in rows: `ci:db-7`, `alr_…`.
impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Party::Item(ci) => write!(f, "ci:{ci}"),
            Party::Alert(alert) => write!(f, "{alert}"),
        }
    }
}

impl Party {
    /// What [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Party> {
        match text.strip_prefix("ci:") {
            Some(ci) => Some(Party::Item(ci.into())),
            None => AlertId::parse(text).map(Party::Alert),
        }
    }

    /// What a person calls it.
    pub fn name(&self) -> String {
        match self {
            Party::Item(ci) => ci.to_string(),
            Party::Alert(alert) => alert.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_is_worth_half_after_a_half_life_and_nothing_in_the_end() {
        let days = Span::from_days;
        let left: Vec<u32> = [0, 15, 30, 45, 60, 3000].map(|age| faded(1000, days(age))).into();
        assert_eq!(left, [1000, 750, 500, 375, 250, 0]);
        assert_eq!(faded(u32::MAX, days(15)), u32::MAX - u32::MAX / 4, "however often it was");
        assert_eq!(faded(1000, days(-3)), 1000, "what is said to come later is not more");
    }

    #[test]
    fn parties_are_read_back_as_they_were_written() {
        for party in [Party::Item("ci:odd".into()), Party::Alert(AlertId::from_bytes([7; 16]))] {
            assert_eq!(Party::parse(&party.to_string()), Some(party));
        }
        assert_eq!(Party::parse("nothing"), None);
    }
}
