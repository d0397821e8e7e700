//! What a seed is about: swarm testing, where each seed turns some things up and others off, so that no rare mixture is
//! drowned by the usual one.

use engine::{Clears, Expiry, FlappingPolicy, Order, Pipeline, Policy, Rule};
use model::{Severity, Span};
use runtime::intake::IntakeLimits;

use crate::random::Random;

#[derive(Clone, Debug)]
pub struct Profile {
    pub items: usize,
    pub monitors: usize,
    /// Things that somebody does.
    pub happenings: usize,
    pub pace: Pace,
    pub limits: IntakeLimits,
    /// Entries from which on the store lays its log of repeats down.
    pub hot_log_max: u64,
    pub policy: Policy,
    pub faults: Faults,
    /// Of a thousand happenings, those by people.
    pub people: u32,
    pub imports: bool,
}

/// How far apart things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Seconds: batches pile up behind a commit.
    Storm,
    /// Minutes.
    Day,
    /// Hours, now and then days: what closes and is forgotten.
    Month,
}

/// Per thousand of the occasions at which each may strike.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The commit fails and is not written.
    pub before: u32,
    /// It is written, and its answer is lost.
    pub after: u32,
    pub full: u32,
    /// The process is killed, at a hand-off.
    pub crash: u32,
    /// Another process takes the store over while this one goes on.
    pub takeover: u32,
    /// The store answers nothing for a while.
    pub dark: u32,
    /// The store goes back to an older image of itself.
    pub rewind: u32,
    /// An answer is lost between us and its client.
    pub unheard: u32,
    /// The wall clock of a process is set.
    pub clock: u32,
}

impl Profile {
    pub fn of(random: &mut Random) -> Profile {
        let pace = random.weighed(&[(3, Pace::Storm), (4, Pace::Day), (2, Pace::Month)]);
        let small = random.chance(300);
        Profile {
            items: random.below(50) + 10,
            monitors: random.below(3) + 1,
            happenings: random.below(120) + 60,
            pace,
            limits: IntakeLimits {
                items_max: if small { 12 } else { 200 },
                bytes_max: if small { 4000 } else { 1 << 20 },
                batch_items_max: if small { 6 } else { 64 },
                ahead_items_min: random.below(4),
            },
            hot_log_max: *random.pick(&[1, 8, 64, u64::MAX]),
            policy: policy(random),
            faults: Faults::of(random),
            people: if random.chance(200) { 0 } else { 150 + random.below(200) as u32 },
            imports: random.chance(600),
        }
    }
}

impl Faults {
    fn of(random: &mut Random) -> Faults {
        if random.chance(150) {
            return Faults::default();
        }
        let mut rate = |most: usize| if random.chance(400) { 0 } else { random.below(most) as u32 + 1 };
        Faults {
            before: rate(60),
            after: rate(60),
            full: rate(15),
            crash: rate(25),
            takeover: rate(10),
            dark: rate(15),
            rewind: rate(8),
            unheard: rate(40),
            clock: rate(15),
        }
    }
}

/// The names under which monitors speak.
pub const PIPELINES: [&str; 4] = ["default", "prom", "timeout", "arrival"];

fn policy(random: &mut Random) -> Policy {
    let mut pipelines = PIPELINES.map(Pipeline::standard);
    for pipeline in &mut pipelines {
        pipeline.close_after = *random.pick(&[Span::from_days(7), Span::from_hours(2), Span::from_days(1)]);
        if random.chance(300) {
            pipeline.flapping =
                Some(FlappingPolicy { changes: 3, within: Span::from_minutes(30), steady: Span::from_minutes(10) });
        }
        if random.chance(200) {
            pipeline.rules.push(by_cluster());
        }
        pipeline.auto_declare = random.chance(100);
        if random.chance(150) {
            pipeline.open_at = Severity::Minor;
        }
    }
    let [plain, prom, timeout, arrival] = &mut pipelines;
    if random.chance(200) {
        plain.clears = Clears::Never;
    }
    prom.expiry = Expiry::Source;
    timeout.resolve_timeout = Some(Span::from_minutes(10));
    arrival.order = Order::Arrival;
    Policy::new(pipelines)
}

fn by_cluster() -> Rule {
    Rule {
        name: "cluster".into(),
        matchers: Vec::new(),
        group_by: vec!["cluster".into()],
        window: Span::from_minutes(10),
        anchor: engine::Anchor::First,
        exclusive: false,
    }
}
