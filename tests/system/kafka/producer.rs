//! Somebody who sends alerts without end: each batch has one under a key of its own, which the next batch resolves; the
//! rest is about conditions that come, are said again, and go. So there is always about as much that fires. Each host is
//! one tenant's, which matters where tenants are domains.
//!
//! A batch that the broker did not acknowledge is sent again, as any producer does; so a record may stand in the topic
//! twice, and what stands there is what counts. Whatever was acknowledged has to stand there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::broker::{Line, Topic};
use crate::kill::sender::HOSTS;
use crate::random::Random;
use crate::wait::PATIENCE;

#[derive(Debug)]
pub(super) struct Producer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Journal>,
}

/// What the broker acknowledged.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) values: BTreeSet<String>,
    pub(super) sent_again: u64,
}

/// What it says next.
#[derive(Debug)]
pub(super) struct Script {
    random: Random,
    now: Timestamp,
    batches: u64,
    /// The key of the batch before, and since when it fires.
    unique: Option<(String, Timestamp)>,
    /// Which of its conditions fire, and since when.
    firing: Vec<Option<Timestamp>>,
}

pub(super) const TENANTS: u64 = 10;
const CONDITIONS: u64 = 40;
const RECORDS_MAX: u64 = 5;
const SEVERITIES: [&str; 4] = ["critical", "major", "minor", "warning"];
const PAUSE: Duration = Duration::from_millis(20);
/// How far a producer that keeps step runs ahead of what is known to be committed.
const RECORDS_AHEAD_MAX: u64 = 100;
const AGAIN_AFTER: Duration = Duration::from_millis(100);

impl Producer {
    /// As fast as it can, whoever reads.
    pub(super) fn start(topic: &Topic, seed: u64) -> Producer {
        Producer::start_with(topic, seed, |_| true)
    }

    /// So that what is written while nobody commits does not grow with how slow the machine is.
    pub(super) fn start_in_step(topic: &Topic, seed: u64, committed: Arc<AtomicU64>) -> Producer {
        Producer::start_with(topic, seed, move |sent| {
            sent < committed.load(Ordering::Relaxed).saturating_add(RECORDS_AHEAD_MAX)
        })
    }

    fn start_with(topic: &Topic, seed: u64, goes_on: impl Fn(u64) -> bool + Send + 'static) -> Producer {
        let stop = Arc::new(AtomicBool::new(false));
        let (topic, stopped) = (topic.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let (mut script, mut journal, mut sent) = (Script::new(seed), Journal::default(), 0);
            while !stopped.load(Ordering::Relaxed) {
                if !goes_on(sent) {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                let batch = script.batch();
                sent += batch.len() as u64;
                journal.sent_again += deliver(&topic, &batch);
                journal.values.extend(batch.into_iter().map(|(_, value)| value));
                std::thread::sleep(PAUSE);
            }
            journal
        });
        Producer { stop, thread }
    }

    /// Ends once everything that it said is acknowledged.
    pub(super) fn stop(self) -> Journal {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("a broker takes records within a minute")
    }
}

/// How often it had to be sent again.
fn deliver(topic: &Topic, batch: &[Line]) -> u64 {
    let until = Instant::now() + PATIENCE;
    for again in 0.. {
        match topic.try_send(batch) {
            Ok(()) => return again,
            Err(why) => assert!(Instant::now() < until, "{why}"),
        }
        std::thread::sleep(AGAIN_AFTER);
    }
    unreachable!("it is tried until it is told")
}

impl Script {
    pub(super) fn new(seed: u64) -> Script {
        Script {
            random: Random::new(seed),
            now: Timestamp::UNIX_EPOCH,
            batches: 0,
            unique: None,
            firing: vec![None; CONDITIONS as usize],
        }
    }

    pub(super) fn batch(&mut self) -> Vec<Line> {
        self.batches += 1;
        let (key, since) = (format!("batch/{}", self.batches), self.later());
        let mut batch = vec![fires(&key, self.batches, since)];
        if let Some((key, since)) = self.unique.replace((key, since)) {
            batch.push(self.resolves(&key, self.batches - 1, since));
        }
        for _ in 0..self.random.below(RECORDS_MAX) {
            let condition = self.random.below(CONDITIONS);
            batch.push(self.statement(condition));
        }
        batch
    }

    /// What does not fire does now; what does is said again, or resolved.
    fn statement(&mut self, condition: u64) -> Line {
        let key = format!("condition/{condition}");
        let says_again = self.random.below(2) == 0;
        match self.firing[condition as usize] {
            None => {
                let now = self.later();
                self.firing[condition as usize] = Some(now);
                fires(&key, condition, now)
            }
            Some(since) if says_again => fires(&key, condition, since),
            Some(since) => {
                self.firing[condition as usize] = None;
                self.resolves(&key, condition, since)
            }
        }
    }

    fn resolves(&mut self, key: &str, condition: u64, since: Timestamp) -> Line {
        let mut event = event(key, condition, since);
        event["status"] = json!("resolved");
        event["ends_at"] = json!(self.later().to_string());
        (key.to_owned(), event.to_string())
    }

    /// Never two at one instant; to the microsecond, which is what the product promises to keep.
    fn later(&mut self) -> Timestamp {
        let micros = Timestamp::now().as_microsecond();
        let now = Timestamp::from_microsecond(micros).expect("the present is within bounds");
        self.now = now.max(self.now + 1.millisecond());
        self.now
    }
}

fn fires(key: &str, condition: u64, since: Timestamp) -> Line {
    let mut event = event(key, condition, since);
    event["severity"] = json!(SEVERITIES[condition as usize % SEVERITIES.len()]);
    (key.to_owned(), event.to_string())
}

fn event(key: &str, condition: u64, since: Timestamp) -> serde_json::Value {
    let host = condition % HOSTS;
    json!({
        "source": "killer",
        "dedup_key": key,
        "ci": format!("host-{host}"),
        "labels": {"tenant": format!("tenant-{}", host % TENANTS)},
        "summary": format!("what {key} says"),
        "starts_at": since.to_string(),
    })
}
