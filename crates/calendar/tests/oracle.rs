//! A calendar against an obvious re-implementation that asks the time zone library about every quarter of an hour.
//!
//! Shares no code with what it checks: membership is read off a zoned date and time, instant by instant. Hours are
//! multiples of 15 minutes and so are all changes of the clocks tried here, so a quarter is inside or outside whole.

use calendar::{Calendar, IntervalSet, Period, Zone};
use jiff::civil;
use model::item::{CalendarDef, Date, Hours, Weekday};
use model::{Interval, Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const QUARTER: i64 = 15 * 60 * 1_000_000;
const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"];

/// Days near which something happens: clocks change (both ways, each zone), a leap day, the turn of a year.
const EVENTFUL: [&str; 9] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2028-02-29T12:00:00Z",
    "2026-12-31T23:00:00Z",
    "1969-12-31T12:00:00Z",
];

const DAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

#[expect(clippy::disallowed_methods, reason = "the budget of a proof is the one thing a test may take from outside")]
fn cases() -> ProptestConfig {
    let cases = std::env::var("PROVE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn local(zone: &str, at: i64) -> civil::DateTime {
    let at = jiff::Timestamp::from_microsecond(at).expect("tests stay within the calendar");
    at.in_tz(zone).expect("the zones of this test exist").datetime()
}

fn is_inside(def: &CalendarDef, at: i64) -> bool {
    let now = local(&def.time_zone, at);
    let holiday = |date: &Date| civil::date(date.year, date.month as i8, date.day as i8) == now.date();
    let minute = i32::from(now.hour()) * 60 + i32::from(now.minute());
    let weekday = DAYS[now.weekday().to_monday_zero_offset() as usize];
    let open = |hours: &Hours| {
        hours.days.contains(&weekday) && (i32::from(hours.from_minute)..i32::from(hours.to_minute)).contains(&minute)
    };
    !def.holidays.iter().any(holiday) && def.hours.iter().any(open)
}

/// Start and end of every quarter of an hour of `span`, cut to it.
fn quarters(span: Interval) -> impl Iterator<Item = (i64, i64)> {
    let (start, end) = (span.start().micros(), span.end().micros());
    (start.div_euclid(QUARTER)..=end.div_euclid(QUARTER))
        .map(move |quarter| ((quarter * QUARTER).max(start), ((quarter + 1) * QUARTER).min(end)))
        .filter(|(from, to)| from < to)
}

fn hours() -> impl Strategy<Value = Hours> {
    let minutes = (0u16..96, 1u16..=96).prop_map(|(from, length)| (from * 15, (from + length).min(96) * 15));
    (subsequence(DAYS.to_vec(), 1..=7), minutes).prop_map(|(days, (from_minute, to_minute))| Hours {
        days,
        from_minute,
        to_minute,
    })
}

fn instant_near_an_event() -> impl Strategy<Value = Timestamp> {
    let spread = 6 * Span::DAY.micros();
    (select(&EVENTFUL[..]), -spread..spread).prop_map(|(event, offset)| {
        Timestamp::parse(event).expect("the instants of this test are instants") + Span::from_micros(offset)
    })
}

prop_compose! {
    fn window()(start in instant_near_an_event(), length in prop_oneof![Just(0), 0..9 * Span::DAY.micros()])
        -> Interval { Interval::or_empty(start, start + Span::from_micros(length)) }
}

prop_compose! {
    fn definition()(
        zone in select(&ZONES[..]),
        hours in prop::collection::vec(hours(), 0..4),
        holidays in prop::collection::vec(instant_near_an_event(), 0..3),
    ) -> CalendarDef {
        let holidays = holidays.into_iter().map(|at| {
            let (year, month, day) = at.date();
            Date { year: year as i16, month, day }
        });
        CalendarDef { id: "tried".into(), time_zone: zone.into(), hours, holidays: holidays.collect() }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_instant_is_where_a_local_clock_says(def in definition(), span in window()) {
        let calendar = Calendar::compile(&def).expect("the definition is sound");
        let inside = calendar.inside(span);
        let mut expected = 0;
        for (from, to) in quarters(span) {
            let is_in = is_inside(&def, from);
            expected += if is_in { to - from } else { 0 };
            for at in [from, to - 1].map(Timestamp::from_micros) {
                prop_assert_eq!(calendar.contains(at), is_in, "{}", at);
                prop_assert_eq!(inside.contains(at), is_in, "{}", at);
            }
        }
        prop_assert_eq!(inside.length().micros(), expected);
        prop_assert_eq!(calendar.touches(span), expected > 0);
        prop_assert!(inside.as_slice().windows(2).all(|pair| pair[0].end() < pair[1].start()));
    }

    #[test]
    fn a_span_asked_in_two_halves_gives_the_same(def in definition(), span in window(), share in 0.0..1.0) {
        let calendar = Calendar::compile(&def).expect("the definition is sound");
        let middle = span.start() + Span::from_micros((span.length().micros() as f64 * share) as i64);
        let (left, right) = (Interval::or_empty(span.start(), middle), Interval::or_empty(middle, span.end()));
        prop_assert_eq!(calendar.inside(left).union(&calendar.inside(right)), calendar.inside(span));
    }

    #[test]
    fn periods_hold_their_instant_tile_time_and_begin_on_their_first_local_day(
        name in select(&ZONES[..]), at in instant_near_an_event()
    ) {
        let zone = Zone::named(name).expect("the zones of this test exist");
        for period in [Period::Day, Period::Week, Period::Month, Period::Quarter] {
            let held = zone.period_of(period, at);
            prop_assert!(held.contains(at));
            prop_assert_eq!(zone.period_of(period, held.end()).start(), held.end());
            prop_assert_eq!(zone.label(period, held.start()), zone.label(period, held.end() - Span::MICROSECOND));
            prop_assert_ne!(zone.label(period, held.start()), zone.label(period, held.end()));
            let first = local(name, held.start().micros());
            let right = match period {
                Period::Day => true,
                Period::Week => first.weekday() == civil::Weekday::Monday,
                Period::Month => first.day() == 1,
                Period::Quarter => first.day() == 1 && matches!(first.month(), 1 | 4 | 7 | 10),
            };
            prop_assert!(right, "{:?} begins {}", period, first);
            prop_assert_ne!(local(name, held.start().micros() - 1).date(), first.date());
        }
        let now = local(name, at.micros());
        prop_assert_eq!(zone.label(Period::Day, at), now.date().to_string());
        let week = now.date().iso_week_date();
        prop_assert_eq!(zone.label(Period::Week, at), format!("{}-W{:02}", week.year(), week.week()));
    }
}

/// A set of the instants 0 to 63, as the bits of a word.
fn bits(set: &IntervalSet) -> u64 {
    (0..64).filter(|&at| set.contains(Timestamp::from_micros(at))).fold(0, |word, at| word | 1 << at)
}

fn small_set() -> impl Strategy<Value = IntervalSet> {
    let interval = (0i64..64, 0i64..20).prop_map(|(start, length)| {
        Interval::or_empty(Timestamp::from_micros(start), Timestamp::from_micros((start + length).min(64)))
    });
    prop::collection::vec(interval, 0..6).prop_map(IntervalSet::from_iter)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn sets_behave_as_bits_do(a in small_set(), b in small_set(), from in 0i64..64, to in 0i64..65) {
        let span = Interval::or_empty(Timestamp::from_micros(from), Timestamp::from_micros(to));
        let window = bits(&IntervalSet::from(span));
        prop_assert_eq!(bits(&a.union(&b)), bits(&a) | bits(&b));
        prop_assert_eq!(bits(&a.intersect(&b)), bits(&a) & bits(&b));
        prop_assert_eq!(bits(&a.subtract(&b)), bits(&a) & !bits(&b));
        prop_assert_eq!(bits(&a.clip(span)), bits(&a) & window);
        prop_assert_eq!(a.length().micros(), i64::from(bits(&a).count_ones()));
        prop_assert_eq!(a.length_within(span).micros(), i64::from((bits(&a) & window).count_ones()));
        prop_assert_eq!(a.touches(span), bits(&a) & window != 0);
        for made in [a.union(&b), a.intersect(&b), a.subtract(&b), a.clip(span)] {
            prop_assert!(made.iter().all(|part| !part.is_empty()));
            prop_assert!(made.as_slice().windows(2).all(|pair| pair[0].end() < pair[1].start()));
        }
    }
}
