//! Every change, to topics: written down with the change, handed on in its order, and gone once it was taken.
//! docs/contract.md section 9.
//!
//! At least once: who ends between the taking and the striking out hands it on again under the same id.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use model::{DeadLetterId, IncidentId, OutboxId, incident, problem};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{IncidentKey, Output, ProblemKey, Store, StoreError, Untold};
use telemetry::Metrics;
use tokio::sync::watch;
use wire::v1::{self, Instant};

/// Handed on at one time.
const AT_ONCE: usize = 100;
/// A record's value, so that it fits what brokers take unless they were told otherwise (1 MiB, headers included). More: the
/// alerts of an incident are counted and not named, a dead letter is cut; either says so.
const VALUE_BYTES_MAX: usize = 900_000;
/// Of the headers that came with a dead letter; those behind are left out.
const HEADERS_BYTES_MAX: usize = 64 << 10;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After a failure, each time twice as long as before, up to this.
const AGAIN_AT_MOST: Duration = Duration::from_secs(30);

const INCIDENTS: &str = "watchfire.incidents";
const PROBLEMS: &str = "watchfire.problems";
const SERVICES: &str = "watchfire.services";
const DEAD_LETTERS: &str = "watchfire.dead-letter";

/// Every topic that is written.
pub const TOPICS: [&str; 4] = [INCIDENTS, PROBLEMS, SERVICES, DEAD_LETTERS];

/// What one topic is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub topic: &'static str,
    pub key: String,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub value: Vec<u8>,
}

/// What takes records, in their order, and says when all of them are there to stay.
pub trait Outlet: Send + Sync {
    fn hand_on(&self, records: Vec<Record>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>>;
}

/// The alerts of incidents, oldest first, as they are asked for in one pass.
type Members = BTreeMap<IncidentId, Vec<model::AlertId>>;

/// Hands on until told to stop.
#[derive(Clone)]
pub struct Outputs {
    store: Store,
    outlet: Arc<dyn Outlet>,
    metrics: Metrics,
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outputs").finish_non_exhaustive()
    }
}

impl Outputs {
    pub fn new(store: Store, outlet: Arc<dyn Outlet>, metrics: Metrics) -> Outputs {
        Outputs { store, outlet, metrics }
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut patience = LOOK_EVERY;
        while !*stop.borrow_and_update() {
            patience = match self.pass().await {
                Ok(told) if told >= AT_ONCE => Duration::ZERO,
                Ok(_) => LOOK_EVERY,
                Err(why) => {
                    self.metrics.output_failed();
                    telemetry::delivery_failed("the output topics", &why);
                    (patience * 2).clamp(LOOK_EVERY, AGAIN_AT_MOST)
                }
            };
            tokio::select! {
                changed = stop.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(patience) => {}
            }
        }
    }

    /// The oldest, in one go; how many there were.
    pub async fn pass(&self) -> Result<usize, String> {
        let untold = self.store.outputs(AT_ONCE).await.map_err(|error| error.to_string())?;
        if untold.is_empty() {
            return Ok(0);
        }
        let mut records = Vec::with_capacity(untold.len());
        let mut members = Members::default();
        for untold in &untold {
            match self.record(untold, &mut members).await.map_err(|error| error.to_string())? {
                Some(record) => records.push(record),
                None => self.drop_one(untold),
            }
        }
        self.outlet.hand_on(records).await?;
        self.store.outputs_told(&untold).await.map_err(|error| error.to_string())?;
        self.metrics.outputs_told(untold.len() as u64);
        Ok(untold.len())
    }

    /// What it is about is gone, or it was written by a version that said it otherwise.
    fn drop_one(&self, untold: &Untold) {
        self.metrics.output_dropped();
        let Output { kind, subject, .. } = &untold.output;
        telemetry::warning(&format!("a change is told to no topic, for it cannot be read: {kind} of {subject}"));
    }

    async fn record(&self, untold: &Untold, members: &mut Members) -> Result<Option<Record>, StoreError> {
        match untold.output.kind.split_once('.') {
            Some(("incident", _)) => self.incident(untold, members).await,
            Some(("problem", _)) => self.problem(untold).await,
            Some(("service", _)) => Ok(self.service(untold)),
            _ => self.dead_letter(untold).await,
        }
    }

    async fn incident(&self, untold: &Untold, known: &mut Members) -> Result<Option<Record>, StoreError> {
        let Ok(mut incident) = serde_json::from_str::<model::Incident>(&untold.output.body) else { return Ok(None) };
        // The number was given with the commit that this one is of, or one before.
        if incident.number.is_none() {
            let known = self.store.incident(IncidentKey::Id(incident.id)).await?;
            incident.number = known.and_then(|known| known.number);
        }
        let number = incident.number.map(incident::number_text);
        let members = match known.entry(incident.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.members(incident.id).await?),
        };
        let mut data = serde_json::to_value(v1::Incident::from_model(&incident, members)).unwrap_or_default();
        let record = event(INCIDENTS, untold, number.clone(), data.clone());
        if record.value.len() <= VALUE_BYTES_MAX {
            return Ok(Some(record));
        }
        data["alerts"] = json!([]);
        data["alerts_unlisted"] = json!(members.len());
        Ok(Some(event(INCIDENTS, untold, number, data)))
    }

    async fn members(&self, incident: IncidentId) -> Result<Vec<model::AlertId>, StoreError> {
        let mut seen = BTreeSet::new();
        let episodes = self.store.episodes_of_incidents(&[incident]).await?;
        Ok(episodes.into_iter().map(|episode| episode.alert).filter(|alert| seen.insert(*alert)).collect())
    }

    async fn problem(&self, untold: &Untold) -> Result<Option<Record>, StoreError> {
        let Ok(mut problem) = serde_json::from_str::<model::Problem>(&untold.output.body) else { return Ok(None) };
        if problem.number.is_none() {
            let known = self.store.problem(ProblemKey::Id(problem.id)).await?;
            problem.number = known.and_then(|known| known.number);
        }
        let number = problem.number.map(problem::number_text);
        let data = serde_json::to_value(v1::Problem::from_model(&problem)).unwrap_or_default();
        Ok(Some(event(PROBLEMS, untold, number, data)))
    }

    fn service(&self, untold: &Untold) -> Option<Record> {
        let data = match serde_json::from_str::<model::Outage>(&untold.output.body) {
            Ok(outage) => serde_json::to_value(v1::Outage::from_model(&outage)).ok()?,
            Err(_) => serde_json::from_str(&untold.output.body).ok()?,
        };
        Some(event(SERVICES, untold, Some(untold.output.subject.to_string()), data))
    }

    /// As it came, with why it was not read.
    async fn dead_letter(&self, untold: &Untold) -> Result<Option<Record>, StoreError> {
        let Some(id) = DeadLetterId::parse(&untold.output.subject) else { return Ok(None) };
        let Some((letter, _)) = self.store.dead_letter(id).await? else { return Ok(None) };
        let ours = [
            ("watchfire-id", untold.output.subject.to_string()),
            ("watchfire-reason", letter.reason.to_string()),
            ("watchfire-source", letter.source.to_string()),
            ("watchfire-format", letter.format.to_string()),
            ("watchfire-origin", letter.origin.to_string()),
            ("watchfire-received-at", letter.received_at.to_string()),
        ];
        let mut headers = headers_that_came(&untold.output.body);
        let whole = letter.raw.len();
        let value = letter.raw.get(..VALUE_BYTES_MAX).unwrap_or(&letter.raw).to_vec();
        if value.len() < whole {
            headers.push(header("watchfire-cut-from", whole.to_string()));
        }
        headers.extend(ours.map(|(name, value)| header(name, value)));
        let key = letter.source.to_string();
        Ok(Some(Record { topic: DEAD_LETTERS, key, headers, value }))
    }
}

fn header(name: &str, value: String) -> (String, Option<Vec<u8>>) {
    (name.to_owned(), Some(value.into_bytes()))
}

/// What stood beside a dead letter: text as text, other bytes as numbers.
fn headers_that_came(body: &str) -> Vec<(String, Option<Vec<u8>>)> {
    #[derive(Deserialize)]
    struct Beside {
        headers: Vec<(String, Option<Bytes>)>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Bytes {
        Text(String),
        Other(Vec<u8>),
    }
    let beside: Option<Beside> = serde_json::from_str(body).ok();
    let headers = beside.into_iter().flat_map(|beside| beside.headers);
    let bytes = |bytes| match bytes {
        Bytes::Text(text) => text.into_bytes(),
        Bytes::Other(bytes) => bytes,
    };
    let mut room = HEADERS_BYTES_MAX;
    let fits = |(name, value): &(String, Option<Vec<u8>>)| {
        room = room.saturating_sub(name.len() + value.as_ref().map_or(0, Vec::len));
        room > 0
    };
    headers.map(|(name, value)| (name, value.map(bytes))).take_while(fits).collect()
}

/// A CloudEvent in structured mode. Its id is made of what it says and of its place: the same however often it is handed on,
/// and no other change has it.
fn event(topic: &'static str, untold: &Untold, subject: Option<String>, data: Value) -> Record {
    let output = &untold.output;
    let id = OutboxId::derive(|hash| {
        hash.text("output").text(&output.kind).text(&output.subject).text(&output.body).bytes(&untold.id.to_le_bytes());
    });
    let event = json!({
        "specversion": "1.0",
        "id": id,
        "source": "/watchfire",
        "type": format!("watchfire.{}", output.kind),
        "subject": subject,
        "time": Instant(untold.at),
        "datacontenttype": "application/json",
        "data": data,
    });
    Record {
        topic,
        key: output.subject.to_string(),
        headers: vec![header("content-type", "application/cloudevents+json; charset=utf-8".to_owned())],
        value: event.to_string().into_bytes(),
    }
}
