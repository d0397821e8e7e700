//! Whether an error budget burns so fast that somebody has to know: multi-window, multi-burn-rate alerts, as chapter 5 of
//! Google's *The Site Reliability Workbook* recommends them. docs/measures.md section 6; the burn rate is
//! `reliability::burn_rate`'s.

use model::item::SloWindow;
use model::{Span, Timestamp};
use reliability::ServiceFacts;

/// What the windows of a [`BurnAlert`] are meant for.
pub const REFERENCE: Span = Span::from_days(30);
/// A calendar quarter, whichever it is: an alert does not change its windows from one to the next.
const QUARTER: Span = Span::from_days(90);
/// Shorter windows are taken as so long: nobody looks more often.
const SHORTEST: Span = Span::MINUTE;

/// Whom it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A person, now.
    Page,
    /// A person, in the days to come.
    Ticket,
}

/// One alert, for an objective over 30 days. It begins once the burn rate over both windows exceeds `burn_rate`, and is
/// over once that over the short one does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnAlert {
    pub urgency: Urgency,
    pub long: Span,
    pub short: Span,
    /// 1 is just as fast as the objective allows.
    pub burn_rate: f64,
}

/// The workbook's: 2 % of the budget in an hour, 5 % in six, 10 % in three days.
pub const WORKBOOK: [BurnAlert; 3] = [
    BurnAlert { urgency: Urgency::Page, long: Span::HOUR, short: Span::from_minutes(5), burn_rate: 14.4 },
    BurnAlert { urgency: Urgency::Page, long: Span::from_hours(6), short: Span::from_minutes(30), burn_rate: 6.0 },
    BurnAlert { urgency: Urgency::Ticket, long: Span::from_days(3), short: Span::from_hours(6), burn_rate: 1.0 },
];

/// One alert held against a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// As it is for 30 days.
    pub alert: BurnAlert,
    /// The windows as they are for this objective, the long one first.
    pub over: [Span; 2],
    /// The burn rates over them; `None` where nothing was agreed, or the objective leaves no budget.
    pub rates: [Option<f64>; 2],
}

impl Urgency {
    pub const fn as_str(self) -> &'static str {
        match self {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
        }
    }
}

impl BurnAlert {
    /// The windows for an objective over `window`: in proportion to it, so that the same share of the budget is gone when
    /// the alert begins.
    pub fn windows(&self, window: SloWindow) -> [Span; 2] {
        let length = match window {
            SloWindow::Rolling(length) => length,
            SloWindow::Month => REFERENCE,
            SloWindow::Quarter => QUARTER,
        };
        [self.long, self.short].map(|span| in_proportion(span, length).max(SHORTEST))
    }

    /// As things stand at `now`.
    pub fn held_against(&self, facts: &ServiceFacts<'_>, objective: f64, window: SloWindow, now: Timestamp) -> Burn {
        let over = self.windows(window);
        let rates = over.map(|over| reliability::burn_rate(facts, objective, over, now));
        Burn { alert: *self, over, rates }
    }
}

impl Burn {
    /// Both windows say so: it is much, and it goes on.
    pub fn begins(&self) -> bool {
        self.rates.iter().all(|rate| self.exceeds(*rate))
    }

    /// What has begun lasts while the short window says so.
    pub fn lasts(&self) -> bool {
        self.exceeds(self.rates[1])
    }

    fn exceeds(&self, rate: Option<f64>) -> bool {
        rate.is_some_and(|rate| rate > self.alert.burn_rate)
    }
}

/// In whole seconds.
fn in_proportion(span: Span, length: Span) -> Span {
    let seconds = |span: Span| i128::from(span.micros() / Span::SECOND.micros());
    let scaled = seconds(span) * seconds(length) / seconds(REFERENCE);
    Span::from_seconds(i64::try_from(scaled).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use calendar::Calendar;
    use model::Interval;
    use model::outage::OutageState::Down;
    use reliability::{IntervalSet, OutageFact};

    use super::*;

    const NOW: i64 = 90 * 86_400;

    /// Rates over both windows of an alert, of a service with this objective that was down in these seconds before now.
    fn burn(alert: BurnAlert, window: SloWindow, objective: f64, down: &[(i64, i64)]) -> Burn {
        let at = |before: i64| Timestamp::from_seconds(NOW - before);
        let outage = |(from, to): &(i64, i64)| OutageFact {
            from: at(*from),
            to: (*to > 0).then(|| at(*to)),
            state: Down,
            planned: false,
        };
        let outages: Vec<OutageFact> = down.iter().map(outage).collect();
        let (never, calendar) = (IntervalSet::new(), Calendar::always());
        let facts = ServiceFacts {
            outages: &outages,
            maintenance: &never,
            blind: &never,
            first_heard: &[],
            calendar: &calendar,
            degraded_weight: 0.0,
            live: Interval::or_empty(Timestamp::MIN, Timestamp::MAX),
        };
        alert.held_against(&facts, objective, window, at(0))
    }

    const MONTH: SloWindow = SloWindow::Rolling(REFERENCE);

    #[test]
    fn it_begins_where_both_windows_exceed_and_lasts_while_the_short_one_does() {
        let [page, slower, ticket] = WORKBOOK;
        // Of an hour, at 99.9 %: 14.4 times as fast is 51.84 s; of five minutes, 4.32 s.
        for (alert, down, begins, lasts) in [
            (page, &[(60, 0)][..], true, true),
            (page, &[(51, 0)], false, true),
            (page, &[(52, 0)], true, true),
            (page, &[(3000, 2000)], false, false),
            (page, &[(3000, 2000), (10, 5)], true, true),
            (page, &[(3000, 2000), (10, 6)], false, false),
            (slower, &[(7200, 7000)], false, false),
            (slower, &[(7200, 7080), (1800, 1780)], true, true),
            // A budget that is just used up is no alert.
            (ticket, &[(259_200, 258_940), (100, 79)], false, false),
            (ticket, &[(259_200, 258_940), (100, 78)], true, true),
            (ticket, &[], false, false),
        ] {
            let found = burn(alert, MONTH, 0.999, down);
            assert_eq!((found.begins(), found.lasts()), (begins, lasts), "{down:?} {found:?}");
        }
    }

    #[test]
    fn windows_are_in_proportion_to_the_objectives_and_never_shorter_than_a_minute() {
        let spans = |window| WORKBOOK.map(|alert| alert.windows(window).map(|span| span.to_string()).join(" "));
        let days = |days| SloWindow::Rolling(Span::from_days(days));
        for (window, expected) in [
            (days(30), ["1h 5m", "6h 30m", "3d 6h"]),
            (SloWindow::Month, ["1h 5m", "6h 30m", "3d 6h"]),
            (SloWindow::Quarter, ["3h 15m", "18h 1h30m", "9d 18h"]),
            (days(90), ["3h 15m", "18h 1h30m", "9d 18h"]),
            (days(7), ["14m 1m10s", "1h24m 7m", "16h48m 1h24m"]),
            (days(1), ["2m 1m", "12m 1m", "2h24m 12m"]),
        ] {
            assert_eq!(spans(window), expected, "{window:?}");
        }
    }

    #[test]
    fn over_its_own_windows_the_same_share_of_any_budget_is_gone_when_it_begins() {
        for window in [SloWindow::Rolling(Span::from_days(7)), MONTH, SloWindow::Quarter] {
            for (alert, share) in WORKBOOK.iter().zip([0.02, 0.05, 0.1]) {
                let [long, _] = alert.windows(window);
                let whole = match window {
                    SloWindow::Rolling(length) => length,
                    _ => QUARTER,
                };
                let gone = alert.burn_rate * long.seconds_f64() / whole.seconds_f64();
                assert!((gone - share).abs() < 1e-9, "{window:?} {alert:?}: {gone}");
            }
        }
    }

    #[test]
    fn an_objective_without_a_budget_burns_none() {
        let found = burn(WORKBOOK[0], MONTH, 1.0, &[(3600, 0)]);
        assert_eq!((found.rates, found.begins(), found.lasts()), ([None, None], false, false));
    }
}
