//! How the engine's time goes: with the wall clock, or, while logs are being caught up with, no faster than what was read
//! of them, so that no timer overtakes the record that forbids it. Where one log holds everything that is decided, time is
//! in it.

use model::Timestamp;
use model::limits::READERS_WAIT_MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// With the wall clock: everything that is read is read as it comes.
    Wall,
    /// It stands until readers say how far they are, or have taken too long to.
    Waiting { since: Timestamp },
    /// The earliest receipt that may still come.
    Behind { from: Timestamp },
    /// As the log says, record by record, and in no other way.
    Log,
}

impl Pace {
    /// Which time it is; `last` is the latest that was given.
    pub(crate) fn time(self, wall: Timestamp, last: Timestamp) -> Timestamp {
        match self {
            Pace::Wall => wall,
            Pace::Waiting { .. } | Pace::Log => last,
            Pace::Behind { from } => wall.min(from).max(last),
        }
    }

    pub(crate) fn is_waiting(self) -> bool {
        matches!(self, Pace::Waiting { .. })
    }

    /// Readers that take too long are not waited for.
    pub(crate) fn after_waiting(self, wall: Timestamp) -> Pace {
        match self {
            Pace::Waiting { since } if wall - since >= READERS_WAIT_MAX => Pace::Wall,
            other => other,
        }
    }

    /// Whether a timer can fire at `due`, at some time of this pace.
    pub(crate) fn reaches(self, due: Timestamp, last: Timestamp) -> bool {
        match self {
            Pace::Wall => true,
            Pace::Waiting { .. } => due <= last,
            Pace::Behind { from } => due <= from.max(last),
            Pace::Log => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    const TEN: Timestamp = Timestamp::from_seconds(36_000);

    #[test]
    fn time_stands_while_nobody_knows_how_far_the_readers_are_but_not_for_ever() {
        let pace = Pace::Waiting { since: TEN };
        let last = TEN - Span::HOUR;
        assert_eq!(pace.time(TEN + Span::from_seconds(1), last), last);
        assert_eq!(pace.after_waiting(TEN + Span::from_seconds(1)), pace);
        assert_eq!(pace.after_waiting(TEN + READERS_WAIT_MAX), Pace::Wall);
    }

    #[test]
    fn time_goes_as_far_as_what_was_read_and_never_back_nor_ahead_of_the_wall() {
        let behind = |from| Pace::Behind { from };
        assert_eq!(behind(TEN).time(TEN + Span::HOUR, TEN - Span::HOUR), TEN);
        assert_eq!(behind(TEN).time(TEN + Span::HOUR, TEN + Span::MINUTE), TEN + Span::MINUTE);
        assert_eq!(behind(TEN + Span::DAY).time(TEN, TEN - Span::HOUR), TEN);
        assert!(behind(TEN).reaches(TEN, TEN) && !behind(TEN).reaches(TEN + Span::MINUTE, TEN));
    }
}
