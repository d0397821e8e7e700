//! Section 7: the clock of a target, and how targets were kept.

use calendar::Calendar;
use model::Span;
use model::incident::{Hold, HoldFor};
use model::item::CalendarDef;
use reliability::sla::stopped;
use reliability::{IntervalSet, Outcome, outcome, sla};

use crate::stage::{hour, nine_to_five};

/// Opened at midnight, done or not, to be done in two hours of the clock.
fn judged(done: Option<i64>, now: i64) -> Outcome {
    let target = Span::from_hours(2);
    outcome(hour(0), done.map(hour), target, &Calendar::always(), &IntervalSet::new(), hour(now))
}

#[test]
fn sla_met_is_done_while_the_clock_shows_no_more_than_the_target() {
    assert_eq!([judged(Some(1), 9), judged(Some(2), 9)], [Outcome::Met; 2]);
}

#[test]
fn sla_breached_is_where_the_clock_passed_the_target_done_or_not() {
    assert_eq!([judged(Some(3), 9), judged(None, 3)], [Outcome::Breached { at: hour(2) }; 2]);
}

#[test]
fn sla_running_says_when_it_will_breach() {
    assert_eq!([judged(None, 1), judged(None, 2)], [Outcome::Running { breaches_at: Some(hour(2)) }; 2]);
    assert_eq!(judged(Some(3), 1), judged(None, 1), "what happened later is not known yet");
    let never = CalendarDef { id: "never".into(), time_zone: "UTC".into(), hours: vec![], holidays: vec![] };
    let never = Calendar::compile(&never).expect("the calendar is sound");
    let judged = outcome(hour(0), None, Span::HOUR, &never, &IntervalSet::new(), hour(999));
    assert_eq!(judged, Outcome::Running { breaches_at: None }, "a clock that never runs never passes anything");
}

#[test]
fn hold_stops_the_clock_for_the_customer_and_the_supplier() {
    let office = nine_to_five();
    let hold = |reason_for, from, to: Option<i64>, until: Option<i64>| Hold {
        from: hour(from),
        to: to.map(hour),
        until: until.map(hour),
        reason_for,
        reason: "parts".into(),
        by: "ana".into(),
    };
    let supplier = hold(HoldFor::Supplier, 12, Some(14), None);
    let change = hold(HoldFor::Change, 12, Some(14), None);
    let open = hold(HoldFor::Customer, 12, None, None);
    let until = hold(HoldFor::Customer, 12, None, Some(13));
    let (breached, running) =
        (|at| Outcome::Breached { at: hour(at) }, |at: Option<i64>| Outcome::Running { breaches_at: at.map(hour) });
    // Opened on Monday at 11:00, to be done within four agreed hours.
    for (done, holds, now, expected) in [
        (Some(15), vec![], 99, Outcome::Met),
        (Some(16), vec![], 99, breached(15)),
        (Some(16), vec![], 12, running(Some(15))),
        (None, vec![], 15, running(Some(15))),
        (None, vec![], 16, breached(15)),
        (Some(16), vec![supplier.clone()], 99, Outcome::Met),
        (None, vec![supplier], 20, running(Some(24 + 9))),
        (None, vec![change], 16, breached(15)),
        (None, vec![open], 500, running(None)),
        (None, vec![until], 14, running(Some(16))),
    ] {
        let target = Span::from_hours(4);
        let judged = outcome(hour(11), done.map(hour), target, &office, &stopped(&holds), hour(now));
        assert_eq!(judged, expected, "done {done:?}, {holds:?}, now {now}");
    }
}

#[test]
fn sla_met_is_work_after_hours_while_the_clock_stands_at_the_target() {
    let office = nine_to_five();
    let judge =
        |done| outcome(hour(13), Some(hour(done)), Span::from_hours(4), &office, &IntervalSet::new(), hour(999));
    assert_eq!(judge(20), Outcome::Met);
    assert_eq!(judge(24 + 10), Outcome::Breached { at: hour(24 + 9) });
}

#[test]
fn attainment_is_of_what_is_decided() {
    let (breached, running) = (Outcome::Breached { at: hour(0) }, Outcome::Running { breaches_at: None });
    let counts = sla([Outcome::Met, breached, running, Outcome::Met]);
    assert_eq!((counts.met, counts.breached, counts.running, counts.attainment), (2, 1, 1, Some(2.0 / 3.0)));
    assert_eq!(sla([running]).attainment, None);
}
