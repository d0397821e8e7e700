//! The formulas against an obvious re-implementation that shares no code with them: `testkit::oracle`.

use calendar::Calendar;
use model::incident::{Hold, HoldFor};
use model::item::{CalendarDef, Date, Hours, SloWindow, Weekday};
use model::outage::OutageState::{self, Degraded, Down};
use model::{CiId, HoldBrief, Incident, IncidentBrief, IncidentId, Interval, Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use reliability::gaps::Targets;
use reliability::sla::{Task, stopped};
use reliability::{
    ContinuityFacts, IncidentFact, OutageFact, Outcome, Reached, Sample, ServiceFacts, availability, burn_down,
    continuity, incident_means, slo,
};
use testkit::clock::EVENTFUL;
use testkit::oracle::agreement::{Stands, stands};
use testkit::oracle::availability::availability as obvious_availability;
use testkit::oracle::continuity::{exposure, recoveries, worst_exposure};
use testkit::oracle::hours::Agreed;
use testkit::oracle::incidents::{self, means};
use testkit::oracle::service::{Asked, Lost, Service};
use testkit::oracle::slo::{exhausted_at, left, slo as obvious_slo};
use testkit::oracle::{is_seconds, is_share, over};

const QUARTER: i64 = 15 * 60 * 1_000_000;
const DAY: i64 = 96 * QUARTER;
const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];

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

impl World {
    fn asked(&self) -> Asked {
        Asked { from: at(self.from), to: at(self.to), now: at(self.now) }
    }

    /// In the words of the oracle.
    fn service(&self) -> Service {
        let lost = |&(from, to, state, planned): &(i64, Option<i64>, OutageState, bool)| Lost {
            from: at(from),
            to: to.map(at),
            state,
            planned,
        };
        Service {
            hours: Agreed::of(self.hours.as_ref()),
            outages: self.outages.iter().map(lost).collect(),
            maintenance: self.maintenance.iter().map(|&(from, to)| interval(from, to)).collect(),
            blind: self.blind.iter().map(|&(from, to)| interval(from, to)).collect(),
            live: interval(self.live.0, self.live.1),
            weight: self.weight,
        }
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

/// Whole microseconds, exactly.
fn is_exactly(seconds: f64, micros: i64) -> bool {
    seconds == Span::from_micros(micros).seconds_f64()
}

fn seconds(micros: Option<i64>) -> Option<f64> {
    micros.map(|micros| Span::from_micros(micros).seconds_f64())
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

/// Those of a calendar that is never open are looked for to the end of time: once, elsewhere.
fn open_hours(event: i64) -> impl Strategy<Value = CalendarDef> {
    hours(event).prop_filter("open at some time", |def| !def.hours.is_empty())
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

fn windows() -> impl Strategy<Value = SloWindow> {
    let rolling = (0..6 * DAY).prop_map(|length| SloWindow::Rolling(Span::from_micros(length)));
    prop_oneof![rolling, Just(SloWindow::Month), Just(SloWindow::Quarter)]
}

/// A world and incidents in it, with what may be odd about them.
fn incident_of(start: i64) -> impl Strategy<Value = Incident> {
    let step = || prop_oneof![1 => Just(0), 4 => 0..6 * QUARTER];
    let instants = (0..8 * DAY, step(), step(), prop::option::of(step()), prop::option::of(step()), step());
    let odd = (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.1), any::<bool>());
    let again = prop::collection::vec(0..8 * DAY, 0..3);
    (instants, odd, again, holds(start)).prop_map(move |(instants, odd, again, holds)| {
        let (started, detected, opened, acknowledged, restored, resolved) = instants;
        let (preexisting, merged, mistaken, is_resolved) = odd;
        let detected_at = at(start + started + detected);
        let opened_at = detected_at + Span::from_micros(opened);
        let restored_at = restored.map(|after| opened_at + Span::from_micros(after));
        let id = |name: &str| {
            IncidentId::derive(|hash| {
                hash.text(name);
            })
        };
        Incident {
            started_at: at(start + started),
            detected_at,
            acknowledged_at: acknowledged.map(|after| opened_at + Span::from_micros(after)),
            restored_at,
            resolved_at: restored_at.filter(|_| is_resolved).map(|at| at + Span::from_micros(resolved)),
            reopened_at: again.into_iter().map(|after| at(start + after)).collect(),
            holds,
            preexisting,
            merged_into: merged.then(|| id("other")),
            false_positive: mistaken.then(|| "a probe".into()),
            ..testkit::incident(id("tried"), opened_at)
        }
    })
}

/// Some overlap, some are empty, some last.
fn holds(start: i64) -> impl Strategy<Value = Vec<Hold>> {
    use HoldFor::{Change, Customer, Other, Problem, Supplier};
    let ends = (length(DAY), prop::bool::weighted(0.8), prop::option::of(length(3 * DAY)));
    let hold = (0..8 * DAY, ends, select(vec![Customer, Supplier, Problem, Change, Other]));
    let hold = hold.prop_map(move |(from, (length, is_over, until), reason_for)| Hold {
        from: at(start + from),
        to: is_over.then(|| at(start + from + length)),
        until: until.map(|until| at(start + from + until)),
        reason_for,
        reason: "".into(),
        by: "ana".into(),
    });
    prop::collection::vec(hold, 0..4)
}

fn is_sample(shown: Sample, expected: &incidents::Sample) -> bool {
    shown.count == expected.count
        && is_seconds(shown.mean_seconds, expected.mean)
        && is_seconds(shown.median_seconds, expected.median)
        && is_seconds(shown.p90_seconds, expected.p90)
        && is_seconds(shown.p95_seconds, expected.p95)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn availability_is_what_counting_piece_by_piece_gives(world in world()) {
        let row = world.with_facts(|facts, window, now| availability(facts, Some(0.99), window, now));
        let expected = obvious_availability(&world.service(), world.asked());
        prop_assert!(is_exactly(row.agreed_seconds, expected.totals.agreed));
        prop_assert!(is_exactly(row.down_seconds, expected.totals.down));
        prop_assert!(is_exactly(row.degraded_seconds, expected.totals.degraded));
        prop_assert!(is_exactly(row.planned_seconds, expected.totals.planned));
        prop_assert!(is_exactly(row.blind_seconds, expected.totals.blind));
        prop_assert!(is_share(row.availability, expected.availability), "{:?} {:?}", row, expected);
        prop_assert_eq!(row.met, row.availability.map(|share| share >= 0.99));
        prop_assert!(is_share(row.availability_as_experienced, expected.as_experienced), "{:?} {:?}", row, expected);
        prop_assert_eq!(row.outages, expected.outages);
        prop_assert_eq!(row.outages_ended, expected.outages_ended);
        prop_assert!(is_seconds(row.mean_outage_seconds, expected.mean_outage));
        prop_assert!(is_seconds(row.mtbf_seconds, expected.mtbf));
        prop_assert!(is_seconds(row.mtbsi_seconds, expected.mtbsi));
    }

    #[test]
    fn budgets_and_burn_rates_are_what_counting_piece_by_piece_gives(
        world in world(),
        window in windows(),
        objective in select(vec![0.5, 0.99, 0.9995, 1.0]),
    ) {
        let row = world.with_facts(|facts, _, now| slo(facts, objective, window, at(world.to), now));
        let expected = obvious_slo(&world.service(), objective, window, world.asked());
        prop_assert_eq!((row.period.start(), row.period.end()), expected.period);
        prop_assert!(is_exactly(row.agreed_seconds, expected.agreed));
        prop_assert!(is_seconds(Some(row.budget_seconds), Some(expected.budget)));
        prop_assert!(is_seconds(Some(row.consumed_seconds), Some(expected.consumed)));
        prop_assert!(is_seconds(Some(row.remaining_seconds), Some(expected.remaining)));
        for ((name, rate), expected) in row.burn_rate.named().into_iter().zip(expected.burn_rates) {
            prop_assert!(is_share(rate, expected), "{}: {:?}, not {:?}", name, rate, expected);
        }
    }

    #[test]
    fn a_burn_down_is_what_counting_piece_by_piece_leaves(
        world in world(),
        window in windows(),
        objective in select(vec![0.5, 0.9, 0.99, 1.0]),
        mut shares in prop::collection::vec(0i64..=1000, 0..6),
    ) {
        shares.sort_unstable();
        let (asked, service) = (world.asked(), world.service());
        let expected = obvious_slo(&service, objective, window, asked);
        let (from, to) = (expected.period.0, expected.period.1.min(asked.end()));
        prop_assume!(from <= to);
        let instants: Vec<Timestamp> =
            shares.iter().map(|share| from + Span::from_micros((to - from).micros() / 1000 * share)).chain([to]).collect();
        let (row, burned) = world.with_facts(|facts, _, now| {
            let row = slo(facts, objective, window, asked.to, now);
            let burned = burn_down(facts, &row, asked.end(), instants.iter().copied());
            (row, burned)
        });
        prop_assert_eq!(burned.points.iter().map(|point| point.at).collect::<Vec<_>>(), instants);
        for point in &burned.points {
            let left = left(&service, &expected, point.at, asked);
            prop_assert!(is_seconds(Some(point.remaining_seconds), Some(left)), "{:?}, not {}", point, left);
        }
        prop_assert_eq!(burned.points.last().map(|last| last.remaining_seconds), Some(row.remaining_seconds));
        // Below nought by half a microsecond, but for what a float of many of them can be off by.
        let exhausted = |least| exhausted_at(&service, &expected, asked, least);
        let (early, late) = (exhausted(-0.49), exhausted(-0.51));
        let is_between = burned.exhausted_at.map_or(late.is_none(), |at| {
            early.is_some_and(|early| early <= at) && late.is_none_or(|late| at <= late)
        });
        prop_assert!(is_between, "{:?}, not from {:?} to {:?}", burned.exhausted_at, early, late);
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
        let expected = recoveries(&world.service(), targets.rto, world.asked());
        prop_assert_eq!((row.recoveries, row.rto_met), (expected.count, expected.met));
        let attained = expected.met.and_then(|met| over(met as f64, expected.count as f64));
        prop_assert!(is_share(row.rto_attainment, attained));
        prop_assert_eq!(row.worst_recovery_seconds, seconds(expected.worst));
        prop_assert!(is_seconds(row.mean_recovery_seconds, expected.mean));
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
        let all: Vec<Vec<Timestamp>> = timed.iter().cloned().chain([own_points.clone()]).collect();
        let end = world.asked().end();
        prop_assert_eq!(row.rpo_worst_seconds, seconds(worst_exposure(&all, at(from), end)));
        prop_assert_eq!(row.rpo_exposure_seconds, seconds(exposure(&all, end)));
    }

    #[test]
    fn means_and_percentiles_are_those_of_samples_picked_by_hand(
        incidents in prop::collection::vec(incident_of(0), 0..12),
        from in 0..6 * DAY, length in length(8 * DAY), now in 0..10 * DAY,
    ) {
        let asked = Asked { from: at(from), to: at(from + length), now: at(now) };
        let briefs: Vec<IncidentBrief> = incidents.iter().map(IncidentBrief::from).collect();
        let facts: Vec<IncidentFact> = briefs.iter().map(|brief| IncidentFact::of(brief, asked.now)).collect();
        let row = incident_means(&facts, interval(from, from + length), asked.now);
        let expected = means(&incidents, asked);
        prop_assert_eq!(
            (row.opened, row.resolved, row.reopened, row.never_acknowledged),
            (expected.opened, expected.resolved, expected.reopened, expected.never_acknowledged)
        );
        for (name, shown, expected) in [
            ("mttd", row.mttd, &expected.mttd),
            ("mtta", row.mtta, &expected.mtta),
            ("mttr", row.mttr, &expected.mttr),
            ("mttr_resolve", row.mttr_resolve, &expected.mttr_resolve),
        ] {
            prop_assert!(is_sample(shown, expected), "{}: {:?}, not {:?}", name, shown, expected);
        }
    }

    #[test]
    fn a_target_is_passed_where_its_clock_stands_at_more(
        (hours, holds, event) in select(&EVENTFUL[..]).prop_flat_map(|event| {
            let event = Timestamp::parse(event).expect("an instant").micros();
            (prop::option::weighted(0.7, open_hours(event)), holds(event - 2 * DAY), Just(event))
        }),
        opened in 0..3 * DAY,
        done in prop::option::of(length(3 * DAY)),
        target in length(DAY / 2),
        now in 0..9 * DAY,
    ) {
        let opened_at = at(event - 2 * DAY + opened);
        let (done_at, now) = (done.map(|done| opened_at + Span::from_micros(done)), opened_at + Span::from_micros(now));
        let calendar = match &hours {
            Some(def) => Calendar::compile(def).expect("the definition is sound"),
            None => Calendar::always(),
        };
        let target = Span::from_micros(target);
        // Past it nothing changes any more: no hold, no holiday, the same clock; four weeks of hours pass any target.
        let horizon = opened_at + Span::from_days(40);
        let expected = stands(opened_at, done_at, target, &Agreed::of(hours.as_ref()), &holds, now, horizon);
        // What passes within the horizon only is not to be had by waiting, where hours are minutes a week.
        prop_assume!(expected != Stands::Running { breaches_at: None } || never_runs(&calendar, &holds, now, horizon));
        let holds: Vec<HoldBrief> = holds.iter().map(HoldBrief::from).collect();
        let (calendar, stopped) = (&calendar, &stopped(&holds, now));
        let task = Task { opened_at, done_at, over_at: None, target, calendar, stopped };
        let found = task.judge(now).outcome().map(|outcome| match outcome {
            Outcome::Met { .. } => Stands::Met,
            Outcome::Breached { at } => Stands::Breached { at },
            Outcome::Running { breaches_at } => Stands::Running { breaches_at },
        });
        prop_assert_eq!(found, Some(expected));
    }
}

/// No hour is ever agreed, or a hold that nothing ends, as far as is known by then, stops the clock for good.
fn never_runs(calendar: &Calendar, holds: &[Hold], now: Timestamp, horizon: Timestamp) -> bool {
    let stops = |hold: &Hold| matches!(hold.reason_for, HoldFor::Customer | HoldFor::Supplier) && hold.from <= now;
    let is_endless = |hold: &Hold| hold.to.is_none_or(|to| to > now) && hold.until.is_none();
    holds.iter().any(|hold| stops(hold) && is_endless(hold))
        || !calendar.touches(Interval::or_empty(horizon, horizon + Span::from_days(21)))
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
