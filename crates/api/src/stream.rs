//! The stream: every change as it is committed, as server-sent events. docs/contract.md section 5.
//!
//! Events are `incident`, `alert`, `problem`, `service`, with the objects of the lists, and `reset`: read everything
//! anew, something was missed. Their ids are places; a browser sends the last one back by itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Sse};
use futures_util::stream::unfold;
use model::CiId;
use runtime::Changed;
use serde::Serialize;
use telemetry::Metrics;
use tokio::sync::broadcast;
use tokio::time::{Instant, timeout_at};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::Api;
use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::ring::{Place, Told, Watch};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// A comment goes out so often where nothing happens, so that nobody on the way takes the connection for dead.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// A client waits this long before it comes again.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const KINDS: [&str; 4] = ["incident", "alert", "problem", "service"];

/// Every change as it is committed. Resumes after `Last-Event-ID`; an event `reset` says that something was missed: read
/// the lists anew.
#[utoipa::path(get, path = "/api/v1/stream", tag = "stream",
    params(
        ("kind" = Option<String>, Query, description = "incident, alert, problem, service: only these"),
        ("last_event_id" = Option<String>, Query, description = "for clients that cannot send the header"),
        ("Last-Event-ID" = Option<String>, Header, description = "the id of the last event heard"),
    ),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
async fn stream(
    by: By<Viewer>,
    State(api): State<Api>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<impl IntoResponse + use<>, Fault> {
    asked.only(&["kind", "last_event_id"])?;
    let kind = |word: &str| KINDS.into_iter().find(|kind| *kind == word);
    let kinds = asked.words("kind", kind, &KINDS)?;
    let said = headers.get("last-event-id").and_then(|value| value.to_str().ok()).or(asked.one("last_event_id"));
    // A place that does not read is one that is not remembered.
    let after = said.filter(|said| !said.is_empty()).map(|said| Place::parse(said).unwrap_or(NOWHERE));
    let ended = || Fault::unavailable("this process is stopping: watch its successor");
    let Watch { missed, live } = api.ring().watch(after).ok_or_else(ended)?;
    let metrics = api.runtime().metrics().clone();
    let until =
        by.until().map(|until| Instant::now() + Duration::from_micros((until - api.now()).micros().unsigned_abs()));
    let watcher = Watcher { missed, live, kinds, until, _counted: Counted::new(metrics), api, begun: false };
    Ok(Sse::new(unfold(watcher, Watcher::next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_EVERY)))
}

const NOWHERE: Place = Place { commit: u64::MAX, index: u32::MAX };

struct Watcher {
    missed: VecDeque<Told>,
    live: broadcast::Receiver<Told>,
    /// Empty: all.
    kinds: Vec<&'static str>,
    /// Who watches is signed out then, and has to come again.
    until: Option<Instant>,
    api: Api,
    begun: bool,
    _counted: Counted,
}

/// Somebody watches, for as long as this lives.
struct Counted(Metrics);

impl Counted {
    fn new(metrics: Metrics) -> Counted {
        metrics.watcher_came();
        Counted(metrics)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.watcher_left();
    }
}

impl Watcher {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Watcher)> {
        if !self.begun {
            self.begun = true;
            return Some((Ok(Event::default().retry(RETRY_AFTER).comment("watching")), self));
        }
        loop {
            // Also of one who never catches up: there is always something to be heard then.
            if self.until.is_some_and(|until| until <= Instant::now()) {
                return None;
            }
            let told = match self.missed.pop_front() {
                Some(told) => told,
                None => match self.heard().await? {
                    Ok(told) => told,
                    // It was too slow: what it missed may be remembered no more, so it is told at once.
                    Err(broadcast::error::RecvError::Lagged(_)) => Told::Reset(NOWHERE),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            };
            if let Some(event) = self.event(&told).await {
                return Some((Ok(event), self));
            }
        }
    }

    /// The next there is, or nothing any more.
    async fn heard(&mut self) -> Option<Result<Told, broadcast::error::RecvError>> {
        match self.until {
            None => Some(self.live.recv().await),
            Some(until) => timeout_at(until, self.live.recv()).await.ok(),
        }
    }

    /// `None` where it is of no kind that is watched. What cannot be told is a reset: a watcher must know that it was
    /// there.
    async fn event(&self, told: &Told) -> Option<Event> {
        match told {
            Told::Reset(place) => Some(reset(*place)),
            Told::Change(change) => {
                let place = Place::of(change);
                match self.changed(&change.what).await {
                    Ok(event) => event.map(|event| event.id(place.to_string())),
                    Err(_) => Some(reset(place)),
                }
            }
        }
    }

    async fn changed(&self, what: &Changed) -> Result<Option<Event>, Fault> {
        match what {
            Changed::Alert(alert) if self.watches("alert") => told("alert", &v1::Alert::from_model(alert)),
            Changed::Problem(problem) if self.watches("problem") => told("problem", &v1::Problem::from_model(problem)),
            Changed::Incident(incident) if self.watches("incident") => {
                told("incident", &self.api.incident_object(incident.as_ref().clone()).await?)
            }
            Changed::Outage(outage) if self.watches("service") => self.service(&outage.service).await,
            Changed::OutageRemoved(service) if self.watches("service") => self.service(service).await,
            Changed::Alert(_)
            | Changed::Problem(_)
            | Changed::Incident(_)
            | Changed::Outage(_)
            | Changed::OutageRemoved(_)
            | Changed::Reset => Ok(None),
        }
    }

    /// How the service stands now: of several changes to it the later ones say the same. `None` where the CMDB has it no
    /// more.
    async fn service(&self, id: &CiId) -> Result<Option<Event>, Fault> {
        let board = self.api.board().await?;
        match board.graph.find(id.as_str()) {
            Some(item) => told("service", &board.service(item)),
            None => Ok(None),
        }
    }

    fn watches(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

fn told<T: Serialize>(kind: &'static str, object: &T) -> Result<Option<Event>, Fault> {
    let event = Event::default().event(kind).json_data(object);
    event.map(Some).map_err(|error| Fault::internal(format!("the {kind} cannot be written: {error}")))
}

fn reset(place: Place) -> Event {
    let event = Event::default().event("reset").data(r#"{"why":"something was missed: read the lists anew"}"#);
    if place == NOWHERE { event } else { event.id(place.to_string()) }
}
