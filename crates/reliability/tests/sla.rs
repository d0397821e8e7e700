//! The clock of a target against one that is walked minute by minute.

use calendar::{Calendar, IntervalSet};
use model::incident::HoldFor;
use model::item::{CalendarDef, Date, Hours, Weekday};
use model::{HoldBrief, Span, Timestamp};
use proptest::prelude::*;
use reliability::Outcome;
use reliability::sla::{Task, stopped};

#[expect(clippy::disallowed_methods, reason = "the budget of a proof is the one thing a test may take from outside")]
fn cases() -> ProptestConfig {
    let cases = std::env::var("PROVE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// As far as the slow clock walks; what is drawn is over by then, or stands for good.
const HORIZON_MINUTES: i64 = 24 * 60 * 40;

/// Some minute of the weeks around the end of summer time in Berlin: 25 October 2026.
fn minute(minute: i64) -> Timestamp {
    Timestamp::from_date(2026, 10, 12) + Span::from_minutes(minute)
}

#[derive(Clone, Debug)]
struct Drawn {
    calendar: Calendar,
    opened: i64,
    target: i64,
    done: Option<i64>,
    over: Option<i64>,
    holds: Vec<HoldBrief>,
    now: i64,
}

fn calendar() -> impl Strategy<Value = Calendar> {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let days = proptest::sample::subsequence(vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], 1..7);
    let part = (days, 0..20_u16, 1..5_u16).prop_map(|(days, from, hours)| Hours {
        days,
        from_minute: from * 60,
        to_minute: (from + hours) * 60,
    });
    let zone = proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]);
    let weekly = (proptest::collection::vec(part, 1..3), zone, 12..30_u8).prop_map(|(hours, zone, day)| {
        let holidays = vec![Date { year: 2026, month: 10, day }];
        let def = CalendarDef { id: "drawn".into(), time_zone: zone.into(), hours, holidays };
        Calendar::compile(&def).expect("it is sound")
    });
    prop_oneof![1 => Just(Calendar::always()), 4 => weekly]
}

fn hold() -> impl Strategy<Value = HoldBrief> {
    let reason = proptest::sample::select(vec![HoldFor::Customer, HoldFor::Supplier, HoldFor::Change]);
    let later = || proptest::option::weighted(0.8, 1..3_000_i64);
    (0..20_000_i64, later(), later(), reason).prop_map(|(from, to, until, reason_for)| HoldBrief {
        from: minute(from),
        to: to.map(|length| minute(from + length)),
        until: until.map(|length| minute(from + length)),
        reason_for,
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let later = || proptest::option::of(0..9_000_i64);
    let holds = proptest::collection::vec(hold(), 0..4);
    (calendar(), 0..15_000_i64, 1..900_i64, later(), later(), holds, 0..30_000_i64).prop_map(
        |(calendar, opened, target, done, over, holds, now)| {
            let done = done.map(|after| opened + after);
            // It is resolved when it was restored, or later.
            let over = over.map(|after| done.unwrap_or(opened) + after);
            Drawn { calendar, opened, target, done, over, holds, now }
        },
    )
}

impl Drawn {
    fn runs(&self, at: i64) -> bool {
        let known = |hold: &&HoldBrief| hold.from <= minute(self.now) && hold.reason_for != HoldFor::Change;
        let end = |hold: &HoldBrief| match hold.to {
            Some(to) if to <= minute(self.now) => to,
            _ => hold.until.unwrap_or(Timestamp::MAX),
        };
        let held = self.holds.iter().filter(known).any(|hold| hold.from <= minute(at) && minute(at) < end(hold));
        self.calendar.contains(minute(at)) && !held
    }

    /// Where a minute begins to run that is one too many.
    fn passes(&self) -> Option<i64> {
        let mut shown = 0;
        for at in self.opened..HORIZON_MINUTES {
            if self.runs(at) {
                if shown == self.target {
                    return Some(at);
                }
                shown += 1;
            }
        }
        None
    }

    fn expected(&self) -> Option<Outcome> {
        let [done, over] = [self.done, self.over].map(|at| at.filter(|at| *at <= self.now));
        let passes = self.passes();
        match (self.opened > self.now, passes.filter(|at| *at < done.or(over).unwrap_or(self.now)), done, over) {
            (true, ..) => None,
            (false, Some(at), ..) => Some(Outcome::Breached { at: minute(at) }),
            (false, None, Some(at), _) => Some(Outcome::Met { at: minute(at) }),
            (false, None, None, Some(_)) => None,
            (false, None, None, None) => Some(Outcome::Running { breaches_at: passes.map(minute) }),
        }
    }

    fn found(&self) -> Option<Outcome> {
        let stopped: IntervalSet = stopped(&self.holds, minute(self.now));
        let task = Task {
            opened_at: minute(self.opened),
            done_at: self.done.map(minute),
            over_at: self.over.map(minute),
            target: Span::from_minutes(self.target),
            calendar: &self.calendar,
            stopped: &stopped,
        };
        task.judge(minute(self.now)).outcome()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_target_stands_as_a_clock_says_that_is_walked_minute_by_minute(drawn in drawn()) {
        let (found, expected) = (drawn.found(), drawn.expected());
        match (found, expected) {
            // Where one hour a week is agreed, a long target passes after the slow clock has stopped walking.
            (Some(Outcome::Running { breaches_at: Some(at) }), Some(Outcome::Running { breaches_at: None })) => {
                prop_assert!(at >= minute(HORIZON_MINUTES), "{drawn:?}: {at}");
            }
            (found, expected) => prop_assert_eq!(found, expected, "{:?}", drawn),
        }
    }
}
