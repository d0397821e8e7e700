//! What an event would become: it is read by the pipeline that is asked, and decided by engines of their own that stand
//! where those of this service stand by their last commit. Nothing of it is kept, and nobody is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use model::event::{Event, Status};
use model::limits::EVENTS_TRIED_MAX;
use model::reason::Disposition;
use model::step::Answer as Became;
use model::text::counted;
use model::{Domain, Incident, Reason, SourceName, Timestamp};
use rules::PipelineSet;
use runtime::{Domains, Item, ItemAnswer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Loaded;
use utoipa::ToSchema;
use wire::{Context, Decoder, Format, Input, Received, Refused, v1};

use crate::asked::Said;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

/// What is tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Try {
    /// native, prometheus, alertmanager, cloudevents; native unless said.
    #[serde(default)]
    format: Option<String>,
    /// Of events that name none; the format's word unless said.
    #[serde(default)]
    source: Option<String>,
    /// What a source would send: JSON, or its text.
    #[schema(value_type = Object)]
    body: Value,
}

/// What would become of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tried {
    pipeline: String,
    /// As if it had come then.
    at: v1::Instant,
    /// Why nothing of the body can be used: it would be a dead letter, or be refused.
    refused: Option<String>,
    events: Vec<TriedEvent>,
    /// What was taken otherwise than it was said.
    notices: Vec<v1::Noticed>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriedEvent {
    /// Counts from 0 the events of the body.
    index: u64,
    /// `alert`, `heartbeat`, `change`, `maintenance`, `recovery_point`, `exercise`; `null` where it cannot be read.
    kind: Option<&'static str>,
    /// Why it cannot be read: it would be a dead letter.
    error: Option<String>,
    /// Whose it is by the pipelines in force, which may be another than was asked.
    taken_by: String,
    /// Names its item may go by, the most trusted first.
    names: Vec<String>,
    #[schema(value_type = Option<String>)]
    disposition: Option<Disposition>,
    #[schema(value_type = Option<Object>)]
    reason: Option<Value>,
    /// The alert as it would be then.
    alert: Option<v1::Alert>,
    /// Why it would belong to its incident, with the near misses.
    #[schema(value_type = Option<Object>)]
    joining: Option<Value>,
    incident: Option<TriedIncident>,
    /// In sentences that people read.
    in_words: Vec<String>,
}

/// The incident that would hold it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriedIncident {
    /// `null`: it would be a new one.
    number: Option<String>,
    title: String,
    state: String,
    priority: String,
}

/// What a body would become by this pipeline, as things stand now: how it reads, which alert and item it is about, what
/// would be decided, and why. Nothing is committed and nobody is told.
#[utoipa::path(post, path = "/api/v1/pipelines/{name}/try", tag = "pipelines", request_body = Try,
    params(("name" = String, Path, description = "the pipeline's name")),
    responses((status = 200, body = Tried)))]
pub(crate) async fn attempt(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(name): Path<String>,
    Said(Try { format, source, body }): Said<Try>,
) -> Answer<Tried> {
    let set = api.pipelines();
    let decoder = set.decoder_of(&name).ok_or_else(|| Fault::not_found(format!("pipeline `{name}`")))?;
    let format = format_of(format.as_deref().unwrap_or_default())?;
    let source = source.as_deref().map(str::trim).filter(|source| !source.is_empty()).unwrap_or(format.as_str());
    let body = match body {
        Value::String(text) => text,
        Value::Null => return Err(Fault::invalid("`body` is missing: say what the source would send")),
        json => json.to_string(),
    };
    let _turn = api.turns().next().await?;
    let loaded = api.store().load().await?;
    let attempt = Attempt { set: Arc::clone(&set), format, source: source.into(), now: api.now() };
    let read = attempt.read(decoder, &body);
    if read.events.len() > EVENTS_TRIED_MAX {
        let held = counted(read.events.len(), "event");
        return Err(Fault::invalid(format!(
            "it holds {held}: try {EVENTS_TRIED_MAX} at most (limit EVENTS_TRIED_MAX)"
        )));
    }
    let decided = tokio::task::spawn_blocking(move || attempt.decide(loaded, read));
    let (events, at, read) = decided.await.map_err(|error| Fault::internal(error.to_string()))?;
    Ok(Json(Tried { pipeline: name, at: v1::Instant(at), refused: read.refused, events, notices: read.notices }))
}

fn format_of(word: &str) -> Result<Format, Fault> {
    let word = if word.is_empty() { Format::Native.as_str() } else { word };
    Format::from_word(word).ok_or_else(|| {
        let known = Format::ALL.map(Format::as_str).join(", ");
        Fault::invalid(format!("`format` is `{word}`: write {known}"))
    })
}

struct Attempt {
    set: Arc<PipelineSet>,
    format: Format,
    source: SourceName,
    now: Timestamp,
}

/// A body, read.
struct Read {
    refused: Option<String>,
    notices: Vec<v1::Noticed>,
    events: Vec<Received>,
}

impl Attempt {
    fn read(&self, decoder: &Decoder, body: &str) -> Read {
        let context = Context { receipt: self.now, replay: false };
        let decoded = decoder.decode(self.format, &self.source, body.as_bytes(), &context);
        let refused = decoded.refused.map(|refused| match refused {
            Refused::Unreadable(why) => why.to_string(),
            Refused::TooMany { limit } => format!("it holds more than {limit} events"),
        });
        let of_body = decoded.notices.iter().map(|notice| noticed(None, notice));
        let of_events = decoded
            .received
            .iter()
            .flat_map(|received| received.notices.iter().map(|notice| noticed(Some(received.index as u64), notice)));
        Read { refused, notices: of_body.chain(of_events).collect(), events: decoded.received }
    }

    /// One after the other, as they would be: what the second becomes may follow from the first.
    fn decide(&self, loaded: Loaded, mut read: Read) -> (Vec<TriedEvent>, Timestamp, Read) {
        let topology = runtime::topology_of(&loaded);
        let mut domains = Domains::restore(loaded, topology, self.set.policy());
        // Time never goes back for an engine, and this one may have been read a moment after the clock was.
        let at = self.now.max(domains.clock());
        let events = std::mem::take(&mut read.events);
        let tried = events.into_iter().map(|received| self.tried(&mut domains, at, received)).collect();
        (tried, at, read)
    }

    fn tried(&self, domains: &mut Domains, at: Timestamp, received: Received) -> TriedEvent {
        let (index, read) = (received.index as u64, received.result);
        let taken_by = |source: &SourceName| self.set.decoder(self.format, source).name.to_string();
        let event = match read {
            Ok(Input::Event(event)) => event,
            Ok(Input::Command(_)) => return unread(index, taken_by(&self.source), COMMAND.to_owned()),
            Err(why) => return unread(index, taken_by(&self.source), why.to_string()),
        };
        let (kind, whose) = kind_of(&event);
        let taken_by = taken_by(whose.unwrap_or(&self.source));
        let said = match &event {
            Event::Alert(alert) => Some(Arc::clone(alert)),
            _ => None,
        };
        let (decided, _) = domains.decide(vec![(at, Item::Event(event))]);
        let Some(ItemAnswer::Event(Became::Event { alert, disposition, reason })) = decided.answers.into_iter().next()
        else {
            return TriedEvent { kind: Some(kind), ..unread(index, taken_by, String::new()) };
        };
        let domain = said.as_ref().map_or_else(Domain::default, |said| said.domain.clone());
        let state = domains.state_of(&domain);
        let alert = alert.and_then(|id| state?.alert(id));
        let episode = alert.and_then(|alert| alert.episodes.last());
        let incident = episode.and_then(|episode| state?.incident(episode.incident?));
        let mut in_words = vec![became(disposition, &reason)];
        in_words.extend(alert.map(|alert| sentence(&v1::binding(&alert.binding))));
        in_words.extend(alert.and_then(|alert| alert.suppressed.as_ref()).map(|why| sentence(&v1::suppression(why))));
        let joining = episode.and_then(|episode| episode.joining.as_ref()).map(v1::joining);
        let fires = said.as_ref().is_some_and(|said| said.status == Status::Firing);
        in_words.extend(said.as_ref().map(|_| belongs(incident, joining.as_ref(), fires)));
        TriedEvent {
            index,
            kind: Some(kind),
            error: None,
            taken_by,
            names: said.iter().flat_map(|said| &said.ci_names).map(ToString::to_string).collect(),
            disposition: Some(disposition),
            reason: Some(v1::decided(&reason)),
            alert: alert.map(v1::Alert::from_model),
            joining,
            incident: incident.map(TriedIncident::of),
            in_words,
        }
    }
}

const COMMAND: &str = "commands of people come through a replay only";

fn noticed(index: Option<u64>, notice: &wire::Notice) -> v1::Noticed {
    v1::Noticed { index, code: notice.code().to_owned(), text: notice.to_string() }
}

/// What it is, and the source that it names itself.
fn kind_of(event: &Event) -> (&'static str, Option<&SourceName>) {
    match event {
        Event::Alert(alert) => ("alert", Some(&alert.source)),
        Event::Heartbeat(heartbeat) => ("heartbeat", Some(&heartbeat.source)),
        Event::Change(_) => ("change", None),
        Event::Maintenance(_) => ("maintenance", None),
        Event::RecoveryPoint(_) => ("recovery_point", None),
        Event::Exercise(_) => ("exercise", None),
    }
}

fn unread(index: u64, taken_by: String, why: String) -> TriedEvent {
    let in_words = vec!["It could not be read, and would be kept as a dead letter.".to_owned()];
    TriedEvent {
        index,
        kind: None,
        in_words: if why.is_empty() { Vec::new() } else { in_words },
        error: Some(why).filter(|why| !why.is_empty()),
        taken_by,
        names: Vec::new(),
        disposition: None,
        reason: None,
        alert: None,
        joining: None,
        incident: None,
    }
}

fn became(disposition: Disposition, reason: &Reason) -> String {
    let what = match disposition {
        Disposition::Opened => "A new alert begins",
        Disposition::Repeated => "An alert that is known is said again, and only counts one more",
        Disposition::Escalated => "The severity of an alert changes",
        Disposition::Cleared => "An alert ends",
        Disposition::Reopened => "An alert fires again",
        Disposition::Suppressed => "It is kept and visible, opens nothing and tells nobody",
        Disposition::Stale => "It belongs to the past and changes nothing that is open",
        Disposition::Rejected => "It is refused",
        Disposition::Recorded => "It is kept on record",
    };
    format!("{what}: {}.", v1::decided_text(reason))
}

/// The sentence of a reason, as one.
fn sentence(reason: &Value) -> String {
    let text = reason["text"].as_str().unwrap_or_default().trim_end_matches('.');
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn belongs(incident: Option<&Incident>, joining: Option<&Value>, fires: bool) -> String {
    let why =
        joining.and_then(|joining| joining["text"].as_str()).map(|why| format!(": {}", why.trim_end_matches('.')));
    let why = why.unwrap_or_default();
    match incident {
        None if fires => "It belongs to no incident.".to_owned(),
        None => "No incident is affected.".to_owned(),
        Some(incident) if incident.number.is_none() => format!("It opens a new incident, {}{why}.", incident.title),
        Some(incident) => format!("It belongs to {}, {}{why}.", incident.label(), incident.title),
    }
}

impl TriedIncident {
    fn of(incident: &Incident) -> TriedIncident {
        TriedIncident {
            number: incident.number.map(model::incident::number_text),
            title: incident.title.to_string(),
            state: incident.state().as_str().to_owned(),
            priority: incident.priority.as_str().to_owned(),
        }
    }
}
