//! Monitoring systems: each watches some conditions and says what it sees, in its own way and by its own clock: it
//! repeats, changes its mind, clears late or never, speaks of the past, and promises.

use model::event::{AlertEvent, Event, Heartbeat, Status};
use model::fact::{Change, ChangeKind, ChangeStatus, Exercise, MaintenanceWindow, RecoveryPoint};
use model::{
    ChangeId, CiId, Domain, Fingerprint, Interval, Labels, MaintenanceId, PipelineName, Severity, SourceName, Span,
    Timestamp,
};

use crate::profile::{PIPELINES, Pace, Profile};
use crate::random::Random;

#[derive(Clone, Debug)]
pub struct Monitor {
    name: SourceName,
    pipeline: &'static str,
    /// Its clock, against the true one.
    skew: Span,
    conditions: Vec<Condition>,
    facts: u64,
}

#[derive(Clone, Debug)]
struct Condition {
    key: String,
    name: &'static str,
    item: String,
    severity: Severity,
    since: Option<Timestamp>,
    habit: Habit,
}

/// Which instants it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// When it began.
    Starts,
    /// When it began, and when it looked.
    StartsAndAt,
    /// Nothing but that it fires.
    Bare,
    /// When it began, and until when at least.
    Promises,
}

const NAMES: [&str; 5] = ["HostDown", "HighLatency", "DiskFull", "Errors", "Saturated"];

impl Monitor {
    pub fn new(random: &mut Random, profile: &Profile, at: usize) -> Monitor {
        let pipeline = if at == 0 { "default" } else { *random.pick(&PIPELINES) };
        let skew = match random.below(10) {
            0 => Span::from_minutes(12),
            1..=3 => random.seconds(-40, 40),
            _ => Span::ZERO,
        };
        let count = random.below(6) + 3;
        let conditions = (0..count).map(|nth| Condition::new(random, profile, pipeline, nth)).collect();
        Monitor { name: format!("mon-{at}").into(), pipeline, skew, conditions, facts: 0 }
    }

    /// What it says now: one thing, or many at once.
    pub fn says(&mut self, random: &mut Random, truth: Timestamp, pace: Pace) -> Vec<Event> {
        if random.chance(60) {
            return vec![self.fact(random, truth)];
        }
        let many = if random.chance(80) { self.conditions.len() } else { random.below(3) + 1 };
        (0..many).map(|_| self.says_one(random, truth, pace)).collect()
    }

    fn says_one(&mut self, random: &mut Random, truth: Timestamp, pace: Pace) -> Event {
        let now = truth + self.skew;
        let at = random.below(self.conditions.len());
        let condition = &mut self.conditions[at];
        let word = match condition.since {
            None => random.weighed(&[(60, Word::Fire), (8, Word::Whole), (6, Word::Clear), (2, Word::LongAgo)]),
            Some(_) => random.weighed(&[(35, Word::Repeat), (15, Word::Change), (45, Word::Clear), (4, Word::Earlier)]),
        };
        let said = condition.say(random, now, word, pace);
        let key = condition.key.clone();
        Event::from(AlertEvent {
            fingerprint: Fingerprint::of_dedup_key(&Domain::default(), self.name.as_str(), &key),
            domain: Domain::default(),
            source: self.name.clone(),
            pipeline: PipelineName::from(self.pipeline),
            status: said.status,
            severity: said.severity,
            effect: None,
            environment: None,
            summary: format!("{} on {}", condition.name, condition.item).into(),
            labels: Labels::from_pairs([("alertname", condition.name), ("cluster", cluster(&condition.item))]),
            annotations: Labels::default(),
            url: None,
            dedup_key: Some(key.into()),
            external_id: None,
            ci_names: vec![condition.item.as_str().into()],
            at: said.at,
            starts_at: said.starts_at,
            ends_at: said.ends_at,
            heard_at: None,
            times: model::event::ONCE,
        })
    }

    fn fact(&mut self, random: &mut Random, truth: Timestamp) -> Event {
        self.facts += 1;
        let ci = CiId::from(self.conditions[random.below(self.conditions.len())].item.as_str());
        match random.below(6) {
            0 | 1 => Event::Heartbeat(Heartbeat {
                source: self.name.clone(),
                every: random.chance(800).then(|| random.seconds(60, 600)),
                grace: None,
                ci: None,
                severity: None,
            }),
            2 => Event::Change(Box::new(change(&self.name, self.facts, ci, truth))),
            3 => Event::RecoveryPoint(RecoveryPoint {
                ci,
                completed_at: truth,
                as_of: None,
                verified: true,
                received_at: truth,
            }),
            4 => Event::Exercise(Exercise {
                ci,
                held_at: truth,
                recovery: Some(Span::HOUR),
                recovery_point: None,
                passed: true,
                every: None,
                received_at: truth,
            }),
            _ => Event::Maintenance(Box::new(window(random, &format!("{}-{}", self.name, self.facts), ci, truth))),
        }
    }
}

fn change(source: &SourceName, nth: u64, ci: CiId, truth: Timestamp) -> Change {
    let reference = format!("CHG-{source}-{}", nth / 2);
    Change {
        id: ChangeId::derive(|hash| {
            hash.text(&reference);
        }),
        reference: reference.into(),
        kind: ChangeKind::Normal,
        status: ChangeStatus::Started,
        result: None,
        summary: "upgrade".into(),
        cis: vec![ci],
        starts_at: Some(truth - Span::MINUTE),
        ends_at: None,
        received_at: truth,
    }
}

/// A window that has begun, or soon will.
pub fn window(random: &mut Random, reference: &str, ci: CiId, truth: Timestamp) -> MaintenanceWindow {
    let start = truth + random.seconds(-1200, 600);
    let interval = Interval::or_empty(start, start + random.seconds(60, 7200));
    MaintenanceWindow {
        id: MaintenanceId::derive(|hash| {
            hash.text(reference);
        }),
        reference: reference.into(),
        cis: vec![ci],
        interval,
        recurrence: None,
        reason: "agreed".into(),
        by: None,
        received_at: truth,
        deleted: false,
    }
}

fn cluster(item: &str) -> &'static str {
    if item.len().is_multiple_of(2) { "blue" } else { "green" }
}

#[derive(Clone, Copy)]
enum Word {
    Fire,
    Repeat,
    Change,
    Clear,
    /// A clear that names its start, of something nobody heard of.
    Whole,
    /// The same, too long ago to matter.
    LongAgo,
    /// It began earlier than was said.
    Earlier,
}

struct Said {
    status: Status,
    severity: Severity,
    at: Option<Timestamp>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

impl Condition {
    fn new(random: &mut Random, profile: &Profile, pipeline: &str, nth: usize) -> Condition {
        let item = if random.chance(60) {
            "nowhere".to_owned()
        } else {
            let id = random.below(profile.items);
            if random.chance(300) { format!("i{id}.example") } else { format!("i{id}") }
        };
        let habits = [(5, Habit::Starts), (2, Habit::StartsAndAt), (1, Habit::Bare), (2, Habit::Promises)];
        let promises = [(1, Habit::Starts), (6, Habit::Promises)];
        Condition {
            key: format!("k{nth}"),
            name: random.pick::<&str>(&NAMES),
            item,
            severity: Severity::Critical,
            since: None,
            habit: if pipeline == "prom" { random.weighed(&promises) } else { random.weighed(&habits) },
        }
    }

    fn say(&mut self, random: &mut Random, now: Timestamp, word: Word, pace: Pace) -> Said {
        match word {
            Word::Fire => {
                self.since = Some(now - random.seconds(0, 90));
                self.severity = *random.pick(&Severity::ALL);
            }
            Word::Change => self.severity = *random.pick(&Severity::ALL),
            Word::Earlier => self.since = self.since.map(|since| since - random.seconds(1, 1800)),
            Word::Whole | Word::LongAgo => return self.whole(random, now, matches!(word, Word::LongAgo)),
            Word::Clear => {
                let since = self.since.take();
                return self.clear(random, now, since);
            }
            Word::Repeat => {}
        }
        let promise = match pace {
            Pace::Storm => random.seconds(20, 300),
            Pace::Day | Pace::Month => random.seconds(60, 3600),
        };
        let starts = self.since.filter(|_| self.habit != Habit::Bare);
        Said {
            status: Status::Firing,
            severity: self.severity,
            at: (self.habit == Habit::StartsAndAt).then_some(now),
            starts_at: starts,
            ends_at: (self.habit == Habit::Promises).then(|| now + promise),
        }
    }

    fn clear(&self, random: &mut Random, now: Timestamp, since: Option<Timestamp>) -> Said {
        let late = if random.chance(100) { random.seconds(0, 600) } else { Span::ZERO };
        let end = now - late;
        Said {
            status: Status::Resolved,
            severity: self.severity,
            at: None,
            starts_at: since.filter(|since| *since <= end && self.habit != Habit::Bare),
            ends_at: (self.habit != Habit::Bare).then_some(end),
        }
    }

    fn whole(&self, random: &mut Random, now: Timestamp, long_ago: bool) -> Said {
        let ago = if long_ago { Span::from_days(random.within(8, 12)) } else { random.seconds(60, 7200) };
        let end = now - ago;
        Said {
            status: Status::Resolved,
            severity: *random.pick(&Severity::ALL),
            at: None,
            starts_at: Some(end - random.seconds(30, 3600)),
            ends_at: Some(end),
        }
    }
}
