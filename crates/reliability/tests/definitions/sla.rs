//! Section 7: the clock of a target, and how targets were kept.

use calendar::Calendar;
use model::incident::HoldFor;
use model::item::{CalendarDef, Hours, Weekday};
use model::{HoldBrief, Interval, Span, Timestamp};
use reliability::sla::{Task, stopped};
use reliability::{IntervalSet, Outcome, sla};

use crate::stage::{hour, hours, nine_to_five};

fn hold(reason_for: HoldFor, from: i64, to: Option<i64>, until: Option<i64>) -> HoldBrief {
    HoldBrief { from: hour(from), to: to.map(hour), until: until.map(hour), reason_for }
}

fn met(at: i64) -> Option<Outcome> {
    Some(Outcome::Met { at: hour(at) })
}

fn breached(at: i64) -> Option<Outcome> {
    Some(Outcome::Breached { at: hour(at) })
}

fn running(at: impl Into<Option<i64>>) -> Option<Outcome> {
    Some(Outcome::Running { breaches_at: at.into().map(hour) })
}

/// An incident that is to be done within four hours on a calendar.
struct Agreed {
    calendar: Calendar,
    opened: i64,
    done: Option<i64>,
    over: Option<i64>,
    holds: Vec<HoldBrief>,
}

/// From nine to five, opened on Monday at some hour.
fn agreed(opened: i64, done: Option<i64>) -> Agreed {
    Agreed { calendar: nine_to_five(), opened, done, over: None, holds: Vec::new() }
}

impl Agreed {
    fn held(self, holds: impl Into<Vec<HoldBrief>>) -> Agreed {
        Agreed { holds: holds.into(), ..self }
    }

    fn over(self, at: i64) -> Agreed {
        Agreed { over: Some(at), ..self }
    }

    fn within(&self, window: Option<Interval>, now: i64) -> Option<Outcome> {
        let stopped = stopped(&self.holds, hour(now));
        let task = Task {
            opened_at: hour(self.opened),
            done_at: self.done.map(hour),
            over_at: self.over.map(hour),
            target: Span::from_hours(4),
            calendar: &self.calendar,
            stopped: &stopped,
        };
        let judged = task.judge(hour(now));
        window.map_or_else(|| judged.outcome(), |window| judged.within(window))
    }

    fn at(&self, now: i64) -> Option<Outcome> {
        self.within(None, now)
    }
}

/// Opened at midnight, done or not, to be done in two hours of the clock.
fn judged(done: Option<i64>, now: i64) -> Option<Outcome> {
    let task = Task {
        opened_at: hour(0),
        done_at: done.map(hour),
        over_at: None,
        target: Span::from_hours(2),
        calendar: &Calendar::always(),
        stopped: &IntervalSet::new(),
    };
    task.judge(hour(now)).outcome()
}

#[test]
fn sla_met_is_done_while_the_clock_shows_no_more_than_the_target() {
    assert_eq!([judged(Some(1), 9), judged(Some(2), 9)], [met(1), met(2)]);
}

#[test]
fn sla_breached_is_where_the_clock_passed_the_target_done_or_not() {
    assert_eq!([judged(Some(3), 9), judged(None, 3)], [breached(2), breached(2)]);
}

#[test]
fn sla_running_says_when_it_will_breach() {
    assert_eq!([judged(None, 1), judged(None, 2)], [running(2), running(2)]);
    assert_eq!(judged(Some(3), 1), judged(None, 1), "what happened later is not known yet");
}

#[test]
fn hold_stops_the_clock_for_the_customer_and_the_supplier() {
    use HoldFor::{Change, Customer, Supplier};
    let supplier = hold(Supplier, 12, Some(14), None);
    for (incident, now, expected) in [
        (agreed(11, Some(15)), 99, met(15)),
        (agreed(11, Some(16)), 99, breached(15)),
        (agreed(11, Some(16)), 12, running(15)),
        (agreed(11, None), 15, running(15)),
        (agreed(11, None), 16, breached(15)),
        (agreed(11, Some(16)).held([supplier]), 99, met(16)),
        (agreed(11, None).held([supplier]), 20, running(24 + 9)),
        (agreed(11, None).held([hold(Change, 12, Some(14), None)]), 16, breached(15)),
        (agreed(11, None).held([hold(Customer, 12, None, None)]), 500, running(None)),
        (agreed(11, None).held([hold(Customer, 12, None, Some(13))]), 14, running(16)),
        (agreed(11, None).held([supplier]), 13, running(None)),
        (agreed(11, None).held([hold(Supplier, 12, Some(14), None)]), 11, running(15)),
    ] {
        let Agreed { opened, done, holds, .. } = &incident;
        assert_eq!(incident.at(now), expected, "opened {opened}, done {done:?}, {holds:?}, now {now}");
    }
}

#[test]
fn hold_over_night_stops_only_the_agreed_hours_in_it() {
    use HoldFor::{Customer, Supplier};
    // From Monday at 15:00: an hour of Monday, then Tuesday from 10:00 on.
    let over_night = || vec![hold(Customer, 16, Some(24 + 10), None)];
    assert_eq!(agreed(15, None).held(over_night()).at(24 + 10), running(24 + 13));
    assert_eq!(agreed(15, Some(24 + 13)).held(over_night()).at(99), met(24 + 13), "just at the target");
    assert_eq!(agreed(15, Some(24 + 14)).held(over_night()).at(99), breached(24 + 13));
    // Outside of the agreed hours a hold takes nothing away, and two that overlap take it once.
    assert_eq!(agreed(15, None).held([hold(Supplier, 18, Some(24 + 8), None)]).at(24 + 9), running(24 + 11));
    let two = [hold(Customer, 15, Some(16), None), hold(Supplier, 15, Some(16), None)];
    assert_eq!(agreed(15, None).held(two).at(20), running(24 + 12));
}

#[test]
fn sla_met_is_work_after_hours_while_the_clock_stands_at_the_target() {
    assert_eq!(agreed(13, Some(20)).at(999), met(20));
    assert_eq!(agreed(13, Some(24 + 10)).at(999), breached(24 + 9));
}

#[test]
fn a_repeated_hour_runs_twice_on_the_clock_of_a_target_and_a_skipped_one_not_at_all() {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let hours = vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], from_minute: 60, to_minute: 240 }];
    let def = CalendarDef { id: "night".into(), time_zone: "Europe/Berlin".into(), hours, holidays: vec![] };
    let calendar = Calendar::compile(&def).expect("the calendar is sound");
    let utc = |text: &str| Timestamp::parse(text).expect("an instant");
    for (opened, minutes, breaches) in [
        // In autumn the three hours from 01:00 to 04:00 take four; of the next night half an hour is left.
        ("2026-10-24T22:30:00Z", 210, "2026-10-25T02:30:00Z"),
        ("2026-10-24T22:30:00Z", 270, "2026-10-26T00:30:00Z"),
        // In spring they take two.
        ("2026-03-28T23:30:00Z", 90, "2026-03-29T01:30:00Z"),
        ("2026-03-28T23:30:00Z", 150, "2026-03-29T23:30:00Z"),
    ] {
        let task = Task {
            opened_at: utc(opened),
            done_at: None,
            over_at: None,
            target: Span::from_minutes(minutes),
            calendar: &calendar,
            stopped: &IntervalSet::new(),
        };
        let expected = Outcome::Running { breaches_at: Some(utc(breaches)) };
        assert_eq!(task.judge(utc(opened)).outcome(), Some(expected), "{opened} {minutes}");
    }
}

#[test]
fn a_target_counts_in_the_window_in_which_it_was_decided_and_runs_in_those_before() {
    let windows = [hours(0, 11), hours(11, 15), hours(15, 16), hours(16, 24), hours(24, 48)];
    let counted = |incident: &Agreed, now: i64| windows.map(|window| incident.within(Some(window), now));
    assert_eq!(counted(&agreed(11, Some(16)), 99), [None, running(15), breached(15), None, None]);
    assert_eq!(counted(&agreed(11, Some(15)), 99), [None, running(15), met(15), None, None]);
    assert_eq!(counted(&agreed(14, Some(15)), 99), [None, running(24 + 10), met(15), None, None]);
    // What is not yet decided runs at the end of each, the one to come included.
    assert_eq!(
        counted(&agreed(14, None), 15),
        [None, running(24 + 10), running(24 + 10), running(24 + 10), running(24 + 10)]
    );
    assert_eq!(counted(&agreed(11, None), 10), [None; 5], "it was not there yet");
}

#[test]
fn what_was_over_before_anybody_did_it_or_was_late_counts_in_nothing() {
    let windows = [hours(11, 12), hours(12, 14), hours(14, 24)];
    let counted = |incident: &Agreed| windows.map(|window| incident.within(Some(window), 99));
    assert_eq!(counted(&agreed(11, None).over(13)), [running(15), None, None]);
    assert_eq!(agreed(11, None).over(13).at(99), None);
    assert_eq!(agreed(11, None).over(13).at(12), running(15), "as it was seen before");
    assert_eq!(counted(&agreed(11, None).over(20)), [running(15), running(15), breached(15)]);
}

#[test]
fn sla_running_follows_a_clock_that_hardly_ever_runs_for_years_and_not_for_ever() {
    let def = CalendarDef { id: "never".into(), time_zone: "UTC".into(), hours: vec![], holidays: vec![] };
    let never = Calendar::compile(&def).expect("it compiles");
    assert_eq!(Agreed { calendar: never, ..agreed(11, None) }.at(99), running(None));
    let years = 24 * 366 * 3;
    let long = |years| hold(HoldFor::Customer, 12, None, Some(years));
    assert_eq!(agreed(11, None).held([long(24 * 21 + 10)]).at(99), running(24 * 21 + 13));
    let on_monday = 24 * 7 * 156;
    assert!(on_monday < years, "three years are followed");
    assert_eq!(agreed(11, None).held([long(on_monday + 10)]).at(99), running(on_monday + 13));
    assert_eq!(agreed(11, None).held([long(24 * 366 * 5)]).at(99), running(None));
}

#[test]
fn next_breach_is_that_of_the_first_of_those_running() {
    let [soon, late] = [hour(3), hour(9)].map(|at| Outcome::Running { breaches_at: Some(at) });
    let (never, over) = (Outcome::Running { breaches_at: None }, Outcome::Breached { at: hour(1) });
    assert_eq!(sla([late, over, never, soon]).next_breach_at, Some(hour(3)), "what is breached is no more to come");
    assert_eq!(sla([over, never]).next_breach_at, None);
}

#[test]
fn attainment_is_of_what_is_decided() {
    let outcomes = || [met(1), breached(2), running(None), met(3)].into_iter().flatten();
    let counts = sla(outcomes());
    assert_eq!((counts.met, counts.breached, counts.running, counts.attainment), (2, 1, 1, Some(2.0 / 3.0)));
    assert_eq!(sla(running(None)).attainment, None);
}
