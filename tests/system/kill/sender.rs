//! Pushes batches of firing and resolving alerts, each under a key of its own and until it is acknowledged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::book::{Book, Statement};
use super::life::Life;
use crate::http::{Http, Reply};
use crate::random::Random;

pub(crate) const HOSTS: u64 = 20;
const CONDITIONS: u64 = 90;
const EVENTS_MAX: u64 = 16;
/// One push of so many carries something that cannot be read.
const UNREADABLE_ONE_IN: u64 = 5;
const SEVERITIES: [&str; 4] = ["critical", "major", "minor", "warning"];
/// A push that failed while the service goes on is sent again after that.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Sender {
    nth: u64,
    random: Random,
    life: Arc<Life>,
    http: Http,
    /// Which of its conditions fire, and since when.
    firing: Vec<Option<Timestamp>>,
    now: Timestamp,
    book: Book,
    figures: Figures,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) pushes: u64,
    pub(super) acknowledged: u64,
    pub(super) retried: u64,
}

/// A batch, and what it says.
struct Push {
    key: String,
    events: Vec<Value>,
    statements: Vec<Statement>,
    /// Places in the batch of what cannot be read.
    unreadable: Vec<usize>,
}

impl Sender {
    pub(super) fn new(nth: u64, seed: u64, life: &Arc<Life>) -> Sender {
        Sender {
            nth,
            random: Random::new(seed),
            life: Arc::clone(life),
            http: Http::new(),
            firing: vec![None; CONDITIONS as usize],
            now: now(),
            book: Book::default(),
            figures: Figures::default(),
        }
    }

    /// Sends until the last life finishes; then says what was acknowledged.
    pub(super) fn start(mut self) -> JoinHandle<(Book, Figures)> {
        std::thread::spawn(move || {
            while !self.life.is_finishing() {
                let push = self.next();
                let reply = self.send(&push);
                self.acknowledged(push, &reply);
            }
            (self.book, self.figures)
        })
    }

    fn next(&mut self) -> Push {
        self.figures.pushes += 1;
        let key = format!("{}-{}", self.nth, self.figures.pushes);
        let mut push = Push { key, events: Vec::new(), statements: Vec::new(), unreadable: Vec::new() };
        // Each condition at most once: so nothing that is decided about it may read the same twice.
        let conditions: BTreeSet<u64> =
            (0..=self.random.below(EVENTS_MAX)).map(|_| self.random.below(CONDITIONS)).collect();
        for condition in conditions {
            let (event, statement) = self.statement(condition);
            push.events.push(event);
            push.statements.push(statement);
        }
        if self.random.below(UNREADABLE_ONE_IN) == 0 {
            push.unreadable.push(push.events.len());
            push.events.push(json!({"labels": {"says": "nothing", "push": push.key}}));
        }
        push
    }

    /// What fires is resolved, what does not fires; never two at one instant.
    fn statement(&mut self, condition: u64) -> (Value, Statement) {
        self.now = now().max(self.now + 1.millisecond());
        let now = self.now;
        let dedup_key = format!("{}/{condition}", self.nth);
        let severity = SEVERITIES[self.random.below(SEVERITIES.len() as u64) as usize];
        let mut event = json!({
            "source": "killer",
            "dedup_key": dedup_key,
            "ci": format!("host-{}", condition % HOSTS),
            "severity": severity,
            "summary": format!("condition {condition} of sender {}", self.nth),
        });
        let fired = &mut self.firing[condition as usize];
        match fired.take() {
            None => {
                *fired = Some(now);
                event["starts_at"] = json!(now.to_string());
                (event, Statement::Fires { key: dedup_key, from: now })
            }
            Some(from) => {
                event["status"] = json!("resolved");
                event["starts_at"] = json!(from.to_string());
                event["ends_at"] = json!(now.to_string());
                (event, Statement::Resolves { key: dedup_key, to: now })
            }
        }
    }

    fn send(&mut self, push: &Push) -> Reply {
        let body = Value::from(push.events.clone()).to_string();
        loop {
            let alive = self.life.address();
            let url = format!("{}/ingest/v1/events", alive.address);
            match self.http.post(&url, &[("Idempotency-Key", &push.key)], body.as_bytes()) {
                Ok(reply) if reply.status == 202 => return reply,
                Ok(reply) if reply.status == 503 => {
                    assert!(!reply.header("retry-after").is_empty(), "503 without Retry-After: {}", reply.text());
                }
                Ok(reply) => panic!("a push was answered {}: {}", reply.status, reply.text()),
                Err(_) => {}
            }
            self.figures.retried += 1;
            self.life.wait_past(&alive, AGAIN_AFTER);
        }
    }

    /// The answer is about every event of the push, also where an earlier one was lost on its way.
    fn acknowledged(&mut self, push: Push, reply: &Reply) {
        let answer = reply.json();
        assert_eq!(answer["accepted"], push.statements.len(), "{answer}");
        let rejected = answer["rejected"].as_array().expect("an answer says what it rejected");
        let places: Vec<usize> =
            rejected.iter().filter_map(|one| one["index"].as_u64()).map(|at| at as usize).collect();
        assert_eq!(places, push.unreadable, "{answer}");
        for (one, place) in rejected.iter().zip(&push.unreadable) {
            let id = one["dead_letter"].as_str().expect("what cannot be read is kept").to_owned();
            self.book.letters.insert(id, push.events[*place].to_string().into_bytes());
        }
        self.book.acknowledge(push.statements);
        self.book.keys.push(push.key);
        self.figures.acknowledged += 1;
        self.life.acknowledged();
    }
}

/// To the microsecond, which is what the product promises to keep.
fn now() -> Timestamp {
    let micros = Timestamp::now().as_microsecond();
    Timestamp::from_microsecond(micros).expect("the present is within bounds")
}

impl Figures {
    pub(super) fn add(&mut self, other: &Figures) {
        self.pushes += other.pushes;
        self.acknowledged += other.acknowledged;
        self.retried += other.retried;
    }
}
