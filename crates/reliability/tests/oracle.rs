//! The formulas against an obvious re-implementation that shares no code with them.
//!
//! Time is cut at every edge that any fact has and at every quarter of an hour; within such a piece nothing changes,
//! so a piece is judged by its first instant alone: what the local clock says, whether a window of maintenance is
//! open, what state the service is in. Hours and changes of the clocks fall on quarters of an hour.

use calendar::Calendar;
use jiff::ToSpan;
use jiff::civil;
use model::item::{CalendarDef, Date, Hours, SloWindow, Weekday};
use model::outage::OutageState::{self, Degraded, Down};
use model::{CiId, Interval, Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use reliability::gaps::Targets;
use reliability::{BURN_WINDOWS, ContinuityFacts, OutageFact, Reached, ServiceFacts, availability, continuity, slo};

const QUARTER: i64 = 15 * 60 * 1_000_000;
const DAY: i64 = 96 * QUARTER;
const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];

/// Where something happens: the clocks change, both ways; a leap day; the turn of a year.
const EVENTFUL: [&str; 8] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2028-02-29T12:00:00Z",
    "2026-12-31T23:00:00Z",
];

const DAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

#[expect(clippy::disallowed_methods, reason = "the budget of a proof is the one thing a test may take from outside")]
fn cases() -> ProptestConfig {
    let cases = std::env::var("PROVE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Everything one case is about, in microseconds. `None` as an end: for ever.
#[derive(Clone, Debug)]
struct World {
    hours: Option<CalendarDef>,
    outages: Vec<(i64, Option<i64>, OutageState, bool)>,
    maintenance: Vec<(i64, i64)>,
    blind: Vec<(i64, i64)>,
    live: (i64, i64),
    from: i64,
    to: i64,
    now: i64,
    weight: f64,
}

/// What a piece of time counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    agreed: i64,
    down: i64,
    degraded: i64,
    planned: i64,
    blind: i64,
    /// Round the clock: all of it, what was down, what was degraded, planned or not.
    all: i64,
    any_down: i64,
    any_degraded: i64,
}

impl World {
    fn in_hours(&self, at: i64) -> bool {
        let Some(def) = &self.hours else { return true };
        let instant = jiff::Timestamp::from_microsecond(at).expect("within the calendar");
        let local = instant.in_tz(&def.time_zone).expect("a zone that exists").datetime();
        let holiday = |date: &Date| civil::date(date.year, date.month as i8, date.day as i8) == local.date();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let weekday = DAYS[local.weekday().to_monday_zero_offset() as usize];
        let open = |hours: &Hours| {
            hours.days.contains(&weekday) && minute >= hours.from_minute.into() && minute < hours.to_minute.into()
        };
        !def.holidays.iter().any(holiday) && def.hours.iter().any(open)
    }

    /// Edges of every fact and every quarter, within `[from, to]`.
    fn edges(&self, from: i64, to: i64) -> Vec<i64> {
        let mut edges = vec![from, to, self.now, self.live.0, self.live.1];
        edges.extend(self.outages.iter().flat_map(|&(from, to, ..)| [from, to.unwrap_or(from)]));
        edges.extend(self.maintenance.iter().chain(&self.blind).flat_map(|&(from, to)| [from, to]));
        edges.extend((from.div_euclid(QUARTER)..=to.div_euclid(QUARTER)).map(|quarter| quarter * QUARTER));
        edges.retain(|edge| from <= *edge && *edge <= to);
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    fn has(&self, at: i64, state: OutageState, planned: impl Fn(bool) -> bool) -> bool {
        let lasts = |from: i64, to: Option<i64>| from <= at && to.is_none_or(|to| at < to);
        self.outages.iter().any(|&(from, to, s, p)| s == state && planned(p) && lasts(from, to))
    }

    /// Over `[from, to)`; facts about outages end at `now`.
    fn totals(&self, from: i64, to: i64) -> Totals {
        let mut totals = Totals::default();
        for piece in self.edges(from, to.max(from)).windows(2) {
            let (at, length) = (piece[0], piece[1] - piece[0]);
            if !(self.live.0 <= at && at < self.live.1) {
                continue;
            }
            let within = |set: &[(i64, i64)]| set.iter().any(|&(from, to)| from <= at && at < to);
            let known = at < self.now;
            let agreed = self.in_hours(at) && !within(&self.maintenance);
            let down = known && self.has(at, Down, |planned| !planned);
            let degraded = known && !down && self.has(at, Degraded, |planned| !planned);
            let any_down = known && self.has(at, Down, |_| true);
            let any_degraded = known && !any_down && self.has(at, Degraded, |_| true);
            let planned = known && self.has(at, Down, |planned| planned) && self.in_hours(at);
            for (total, counts) in [
                (&mut totals.agreed, agreed),
                (&mut totals.down, agreed && down),
                (&mut totals.degraded, agreed && degraded),
                (&mut totals.planned, planned),
                (&mut totals.blind, agreed && within(&self.blind)),
                (&mut totals.all, true),
                (&mut totals.any_down, any_down),
                (&mut totals.any_degraded, any_degraded),
            ] {
                *total += if counts { length } else { 0 };
            }
        }
        totals
    }

    /// Unplanned down outages with an instant inside the calendar, up to now: start, end if any, length.
    fn failures(&self) -> Vec<(i64, Option<i64>, i64)> {
        let mut failures = Vec::new();
        for &(from, to, state, planned) in &self.outages {
            let end = to.unwrap_or(self.now).min(self.now);
            let some_instant_inside =
                || self.edges(from, end.max(from)).windows(2).any(|piece| self.in_hours(piece[0]));
            if state == Down && !planned && from < end && some_instant_inside() {
                failures.push((from, to.filter(|to| *to <= self.now), end - from));
            }
        }
        failures
    }

    fn counts(&self, at: i64) -> bool {
        self.from <= at && at < self.to && at <= self.now && self.live.0 <= at && at < self.live.1
    }

    fn lost(&self, totals: Totals) -> f64 {
        totals.down as f64 + self.weight * totals.degraded as f64
    }

    /// Hands the world, in the words of the crate, to a check.
    fn with_facts<T>(&self, check: impl FnOnce(&ServiceFacts<'_>, Interval, Timestamp) -> T) -> T {
        let calendar = match &self.hours {
            Some(def) => Calendar::compile(def).expect("the definition is sound"),
            None => Calendar::always(),
        };
        let outages: Vec<OutageFact> = self
            .outages
            .iter()
            .map(|&(from, to, state, planned)| OutageFact { from: at(from), to: to.map(at), state, planned })
            .collect();
        let set = |parts: &[(i64, i64)]| parts.iter().map(|&(from, to)| interval(from, to)).collect();
        let facts = ServiceFacts {
            outages: &outages,
            maintenance: &set(&self.maintenance),
            blind: &set(&self.blind),
            first_heard: &[],
            calendar: &calendar,
            degraded_weight: self.weight,
            live: interval(self.live.0, self.live.1),
        };
        check(&facts, interval(self.from, self.to), at(self.now))
    }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn interval(from: i64, to: i64) -> Interval {
    Interval::or_empty(at(from), at(to))
}

/// Seconds back to the microsecond they came from.
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

fn near(actual: Option<f64>, expected: Option<f64>) -> bool {
    match (actual, expected) {
        (Some(actual), Some(expected)) => (actual - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (actual, expected) => actual == expected,
    }
}

fn mean(lengths: &[i64]) -> Option<f64> {
    let sum: i128 = lengths.iter().copied().map(i128::from).sum();
    (!lengths.is_empty()).then(|| sum as f64 / lengths.len() as f64 / 1e6)
}

fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then_some(part / whole)
}

fn hours(event: i64) -> impl Strategy<Value = CalendarDef> {
    let minutes = (0u16..96, 1u16..=96).prop_map(|(from, length)| (from * 15, (from + length).min(96) * 15));
    let hours = (subsequence(DAYS.to_vec(), 1..=7), minutes).prop_map(|(days, (from_minute, to_minute))| Hours {
        days,
        from_minute,
        to_minute,
    });
    let holiday = (-3i64..3).prop_map(move |days| {
        let (year, month, day) = at(event + days * DAY).date();
        Date { year: year as i16, month, day }
    });
    (select(&ZONES[..]), prop::collection::vec(hours, 0..4), prop::collection::vec(holiday, 0..3))
        .prop_map(|(zone, hours, holidays)| CalendarDef { id: "tried".into(), time_zone: zone.into(), hours, holidays })
}

/// Lengths of time, the awkward ones often.
fn length(most: i64) -> impl Strategy<Value = i64> {
    prop_oneof![2 => Just(0), 1 => Just(1), 8 => 0..most, 2 => (0..most / QUARTER).prop_map(|n| n * QUARTER)]
}

/// Outages of one service follow each other; some touch, some have no length, the last may last. They should not
/// overlap; where they do all the same, no instant counts twice.
fn outages(start: i64) -> impl Strategy<Value = Vec<(i64, Option<i64>, OutageState, bool)>> {
    let gap = prop_oneof![9 => length(DAY), 1 => -DAY..0];
    let state = select(vec![Down, Down, Degraded]);
    let outage = (gap, length(2 * DAY), state, prop::bool::weighted(0.3));
    (prop::collection::vec(outage, 0..8), any::<bool>()).prop_map(move |(outages, lasts)| {
        let mut end = start;
        let mut made: Vec<_> = outages
            .into_iter()
            .map(|(gap, length, state, planned)| {
                let from = end + gap;
                end = from + length;
                (from, Some(end), state, planned)
            })
            .collect();
        if let Some(last) = made.last_mut().filter(|_| lasts) {
            last.1 = None;
        }
        made
    })
}

fn intervals(start: i64) -> impl Strategy<Value = Vec<(i64, i64)>> {
    let interval = (length(8 * DAY), length(DAY)).prop_map(move |(gap, length)| (start + gap, start + gap + length));
    prop::collection::vec(interval, 0..4)
}

fn world() -> impl Strategy<Value = World> {
    select(&EVENTFUL[..]).prop_flat_map(|event| {
        let event = Timestamp::parse(event).expect("an instant").micros();
        let start = event - 4 * DAY;
        let live = prop_oneof![
            3 => Just((i64::MIN / 4, i64::MAX / 4)),
            1 => (0..4 * DAY, 0..8 * DAY).prop_map(move |(from, length)| (start + from, start + from + length)),
        ];
        let window =
            (0..5 * DAY, length(5 * DAY)).prop_map(move |(from, length)| (start + from, start + from + length));
        let now = prop_oneof![Just(start + 20 * DAY), (0..9 * DAY).prop_map(move |now| start + now)];
        (
            prop::option::weighted(0.7, hours(event)),
            outages(start),
            (intervals(start), intervals(start)),
            live,
            window,
            now,
            select(vec![0.0, 0.5, 0.1, 1.0]),
        )
            .prop_map(|(hours, outages, (maintenance, blind), live, (from, to), now, weight)| World {
                hours,
                outages,
                maintenance,
                blind,
                live,
                from,
                to,
                now,
                weight,
            })
    })
}

/// The month or quarter that holds the instant before `to`, by the zone's own dates.
fn period_before(to: i64, zone: &str, months: i8) -> (i64, i64) {
    let before = jiff::Timestamp::from_microsecond(to - 1).expect("within the calendar");
    let date = before.in_tz(zone).expect("a zone that exists").date();
    let first = civil::date(date.year(), (date.month() - 1) / months * months + 1, 1);
    let start = |date: civil::Date| date.in_tz(zone).expect("no clock changes there").timestamp().as_microsecond();
    (start(first), start(first.checked_add(i32::from(months).months()).expect("within the calendar")))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn availability_is_what_counting_piece_by_piece_gives(world in world()) {
        let row = world.with_facts(|facts, window, now| availability(facts, Some(0.99), window, now));
        let totals = world.totals(world.from, world.to.min(world.now));
        prop_assert_eq!(micros(row.agreed_seconds), totals.agreed);
        prop_assert_eq!(micros(row.down_seconds), totals.down);
        prop_assert_eq!(micros(row.degraded_seconds), totals.degraded);
        prop_assert_eq!(micros(row.planned_seconds), totals.planned);
        prop_assert_eq!(micros(row.blind_seconds), totals.blind);
        let up = totals.agreed as f64 - world.lost(totals);
        prop_assert!(near(row.availability, over(up, totals.agreed as f64)), "{:?}", row);
        prop_assert_eq!(row.met, row.availability.map(|share| share >= 0.99));
        let felt = totals.all as f64 - totals.any_down as f64 - world.weight * totals.any_degraded as f64;
        prop_assert!(near(row.availability_as_experienced, over(felt, totals.all as f64)), "{:?}", row);

        let failures = world.failures();
        let begun = failures.iter().filter(|(from, ..)| world.counts(*from)).count();
        let ended = failures.iter().filter(|(_, to, _)| to.is_some_and(|to| world.counts(to)));
        let ended: Vec<i64> = ended.map(|(_, _, length)| *length).collect();
        prop_assert_eq!(row.outages, begun as u64);
        prop_assert_eq!(row.outages_ended, ended.len() as u64);
        prop_assert!(near(row.mean_outage_seconds, mean(&ended)));
        let mtbf = over(up / 1e6, begun as f64);
        prop_assert!(near(row.mtbf_seconds, mtbf));
        prop_assert!(near(row.mtbsi_seconds, mtbf.zip(mean(&ended)).map(|(between, mean)| between + mean)));
    }

    #[test]
    fn budgets_and_burn_rates_are_what_counting_piece_by_piece_gives(
        world in world(),
        window in prop_oneof![
            (0..6 * DAY).prop_map(|length| SloWindow::Rolling(Span::from_micros(length))),
            Just(SloWindow::Month),
            Just(SloWindow::Quarter),
        ],
        objective in select(vec![0.5, 0.99, 0.9995, 1.0]),
    ) {
        let row = world.with_facts(|facts, _, now| slo(facts, objective, window, at(world.to), now));
        let end = world.to.min(world.now);
        let zone = world.hours.as_ref().map_or("UTC", |def| &def.time_zone);
        let (start, stop) = match window {
            SloWindow::Rolling(length) => (end - length.micros(), end),
            SloWindow::Month => period_before(world.to, zone, 1),
            SloWindow::Quarter => period_before(world.to, zone, 3),
        };
        let (whole, to_date) = (world.totals(start, stop), world.totals(start, stop.min(end)));
        prop_assert_eq!((row.period.start(), row.period.end()), (at(start), at(stop)));
        prop_assert_eq!(micros(row.agreed_seconds), whole.agreed);
        let (budget, consumed) = ((1.0 - objective) * whole.agreed as f64 / 1e6, world.lost(to_date) / 1e6);
        prop_assert!(near(Some(row.budget_seconds), Some(budget)));
        prop_assert!(near(Some(row.consumed_seconds), Some(consumed)));
        prop_assert!(near(Some(row.remaining_seconds), Some(budget - consumed)));
        for ((name, rate), (_, length)) in row.burn_rate.named().into_iter().zip(BURN_WINDOWS) {
            let totals = world.totals(end - length.micros(), end);
            let burned = over(world.lost(totals), totals.agreed as f64);
            let expected = burned.filter(|_| objective < 1.0).map(|burned| burned / (1.0 - objective));
            prop_assert!(near(rate, expected), "{}: {:?}, not {:?}", name, rate, expected);
        }
    }

    #[test]
    fn recoveries_are_failures_that_ended_and_one_that_outlasts_its_objective(
        world in world(), rto in prop::option::weighted(0.8, length(DAY / 2))
    ) {
        let targets = Targets { rto: rto.map(Span::from_micros), rpo: None, mtpd: None };
        let row = world.with_facts(|facts, window, now| {
            let service = CiId::from("tried");
            continuity(&ContinuityFacts { targets, ..nothing_but(facts, &service) }, window, now)
        });
        let live_now = world.live.0 <= world.now && world.now < world.live.1;
        let open_counts = world.from <= world.now && world.now <= world.to && live_now;
        let lengths: Vec<i64> = world.failures().into_iter().filter_map(|(_, to, length)| match to {
            Some(to) => world.counts(to).then_some(length),
            None => (open_counts && rto.is_some_and(|rto| length > rto)).then_some(length),
        }).collect();
        let met = rto.map(|rto| lengths.iter().filter(|length| **length <= rto).count() as u64);
        prop_assert_eq!(row.recoveries, lengths.len() as u64);
        prop_assert_eq!(row.rto_met, met);
        prop_assert!(near(row.rto_attainment, met.and_then(|met| over(met as f64, lengths.len() as f64))));
        prop_assert_eq!(row.worst_recovery_seconds.map(micros), lengths.iter().max().copied());
        prop_assert!(near(row.mean_recovery_seconds, mean(&lengths)));
    }

    #[test]
    fn exposure_is_the_age_of_the_newest_point_wherever_one_looks(
        stores in prop::collection::vec(prop::collection::vec(0i64..60, 0..6), 0..4),
        own in prop::collection::vec(0i64..60, 0..4),
        from in 0i64..50, length in 0i64..20, now in 0i64..70,
    ) {
        let points = |store: &Vec<i64>| store.iter().copied().map(at).collect::<Vec<Timestamp>>();
        let timed: Vec<Vec<Timestamp>> = stores.iter().map(points).collect();
        let own_points = points(&own);
        let reached = |points| Reached { id: "store".into(), rto: None, rpo: None, points };
        let items: Vec<Reached<'_>> = timed.iter().map(|points| reached(points)).collect();
        let world = World {
            hours: None, outages: vec![], maintenance: vec![], blind: vec![],
            live: (i64::MIN / 4, i64::MAX / 4), from, to: from + length, now, weight: 0.0,
        };
        let row = world.with_facts(|facts, window, now| {
            let service = CiId::from("tried");
            continuity(&ContinuityFacts { points: &own_points, reached: &items, ..nothing_but(facts, &service) }, window, now)
        });
        let end = now.min(from + length);
        let all: Vec<&Vec<i64>> = stores.iter().chain([&own]).filter(|store| store.iter().any(|p| *p <= end)).collect();
        // Just before the instant `next`, the newest point is the last one earlier than that.
        let age_before = |store: &Vec<i64>, next: i64| {
            next - store.iter().copied().filter(|point| *point < next).max().unwrap_or(from).min(next)
        };
        let worst = all.iter().flat_map(|store| ((from + 1)..=end).map(|next| age_before(store, next))).max();
        let age = all.iter().filter_map(|store| store.iter().filter(|point| **point <= end).max()).map(|point| end - point).max();
        prop_assert_eq!(row.rpo_worst_seconds.map(micros), worst);
        prop_assert_eq!(row.rpo_exposure_seconds.map(micros), age);
    }
}

fn nothing_but<'a>(facts: &'a ServiceFacts<'a>, service: &'a CiId) -> ContinuityFacts<'a> {
    ContinuityFacts {
        service,
        facts,
        targets: Targets::default(),
        exercise_every: None,
        points: &[],
        requires: &[],
        groups: &[],
        reached: &[],
        exercises: &[],
    }
}
