//! What each client expects to hear. docs/contract.md section 5, docs/formats.md section 7.

use axum::Json;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::limits::{BODY_BYTES_MAX, BODY_WAIT_MAX};
use model::reason::Disposition;
use model::step::Answer;
use runtime::{ItemAnswer, Overload};
use serde::Serialize;
use wire::v1::{Noticed, ProblemDetails, PushAnswer, Rejected};
use wire::{Format, Notice};

use crate::gate::Denied;

/// Who asks, by the path: each path answers what its clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// Our own paths: JSON, and problems as RFC 9457 has them.
    Own,
    /// `POST /api/v2/alerts`: `200` without a body, errors as a JSON string.
    Alertmanager,
}

/// A push that is committed.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) format: Format,
    pub(crate) answers: Vec<ItemAnswer>,
    /// Why each of its events could not be read, where it could not.
    pub(crate) whys: Vec<Option<Box<str>>>,
    /// The body as a whole could not be read.
    pub(crate) whole: bool,
    /// What was taken otherwise than it was said, by the number of its event.
    pub(crate) notices: Vec<(Option<u64>, Notice)>,
}

/// Notices told in one answer; the others are only counted.
const NOTICES_TOLD_MAX: usize = 100;

/// The media types of CloudEvents that are read.
const EVENT_TYPES: &str = "application/cloudevents+json, application/cloudevents-batch+json";

/// A push of which nothing was kept.
#[derive(Debug)]
pub(crate) enum Failure {
    Denied(Denied),
    TooLarge,
    TooMany {
        limit: usize,
    },
    NotRead(String),
    TooSlow,
    Overloaded(Overload),
    UnknownCoding(String),
    /// Of events: CloudEvents in another encoding than JSON.
    UnknownEncoding(Box<str>),
    UnknownFormat(String),
    OtherMethod,
    BadKey,
    KeyReused,
    BadSource,
}

#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    problem: ProblemDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter: Option<&'a str>,
}

impl Client {
    pub(crate) fn of_path(path: &str) -> Client {
        if path.starts_with("/api/v2/") { Client::Alertmanager } else { Client::Own }
    }
}

impl Done {
    pub(crate) fn answer(&self, client: Client) -> Response {
        let answer = self.summary();
        match client {
            Client::Own if self.whole => self.unreadable(&answer),
            Client::Own => (StatusCode::ACCEPTED, Json(answer)).into_response(),
            Client::Alertmanager if answer.rejected.is_empty() => StatusCode::OK.into_response(),
            Client::Alertmanager => {
                let errors: Vec<&str> = answer.rejected.iter().map(|rejected| rejected.error.as_str()).collect();
                (StatusCode::BAD_REQUEST, Json(errors.join("; "))).into_response()
            }
        }
    }

    fn unreadable(&self, answer: &PushAnswer) -> Response {
        let letter = answer.rejected.first().and_then(|rejected| rejected.dead_letter.as_deref());
        let why = answer.rejected.first().map(|rejected| rejected.error.as_str()).unwrap_or_default();
        let detail = format!(
            "{why}. Its bytes are kept as {}: mend the sender, then discard or replay it",
            letter.unwrap_or("a dead letter")
        );
        let title = format!("The body could not be read as {}", self.format.as_str());
        problem(StatusCode::BAD_REQUEST, &title, detail, letter)
    }

    fn summary(&self) -> PushAnswer {
        let rejected: Vec<Rejected> = self.answers.iter().enumerate().filter_map(|nth| self.rejected(nth)).collect();
        let notices = self.notices.iter().take(NOTICES_TOLD_MAX).map(|(index, notice)| Noticed {
            index: *index,
            code: notice.code().to_owned(),
            text: notice.to_string(),
        });
        let accepted = (self.answers.len() - rejected.len()) as u64;
        PushAnswer { accepted, rejected, notices: notices.collect() }
    }

    fn rejected(&self, (index, answer): (usize, &ItemAnswer)) -> Option<Rejected> {
        let rejected = |error: String, dead_letter| Some(Rejected { index: index as u64, error, dead_letter });
        match answer {
            ItemAnswer::DeadLetter(id) => {
                let why = self.whys.get(index).and_then(Option::as_deref);
                rejected(why.unwrap_or("unreadable: the dead letter says why").to_owned(), Some(id.to_string()))
            }
            ItemAnswer::Event(Answer::Event { disposition: Disposition::Rejected, reason, .. }) => {
                rejected(wire::v1::reason(reason).to_string(), None)
            }
            ItemAnswer::Event(_) | ItemAnswer::Command(_) => None,
        }
    }
}

impl Failure {
    pub(crate) fn answer(self, client: Client) -> Response {
        let (status, title, detail) = self.words();
        let mut response = match client {
            Client::Own => problem(status, title, detail, None),
            Client::Alertmanager => (status, Json(detail)).into_response(),
        };
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn words(&self) -> (StatusCode, &'static str, String) {
        let mebibytes = BODY_BYTES_MAX >> 20;
        match self {
            Failure::Denied(denied @ (Denied::Missing | Denied::Unknown)) => (
                StatusCode::UNAUTHORIZED,
                if *denied == Denied::Missing { "No token" } else { "A token that nobody has" },
                "send `Authorization: Bearer` with a token of the role ingest".to_owned(),
            ),
            Failure::Denied(Denied::Forbidden) => (
                StatusCode::FORBIDDEN,
                "The token may not push",
                "pushing needs a token of the role ingest or admin".to_owned(),
            ),
            Failure::Denied(Denied::Foreign) => (
                StatusCode::FORBIDDEN,
                "A page of another site",
                "a page of another site may not push here: configure `auth.tokens`, and send one of the role ingest"
                    .to_owned(),
            ),
            Failure::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time",
                format!("a body has to arrive within {BODY_WAIT_MAX}: send smaller batches; nothing was kept"),
            ),
            Failure::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                format!(
                    "a body has at most {mebibytes} MiB unpacked: send smaller batches; nothing of this one was kept"
                ),
            ),
            Failure::TooMany { limit } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too many events in one push",
                format!("a push holds at most {limit} events: send smaller batches; nothing of this one was kept"),
            ),
            Failure::NotRead(why) => {
                (StatusCode::BAD_REQUEST, "The body did not arrive", format!("{why}: send it again"))
            }
            Failure::Overloaded(why) => (StatusCode::SERVICE_UNAVAILABLE, "Not taken now", overload(*why).to_owned()),
            Failure::UnknownCoding(said) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unknown Content-Encoding",
                format!("`{said}` is not unpacked here: send gzip, zstd, or the body as it is"),
            ),
            Failure::UnknownEncoding(said) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unknown encoding of events",
                format!(
                    "`{said}` is not read here: send {EVENT_TYPES}, or the attributes as headers; nothing was kept"
                ),
            ),
            Failure::UnknownFormat(said) => (
                StatusCode::NOT_FOUND,
                "Unknown format",
                format!("there is no format `{said}`: known are {}; nothing was kept", formats()),
            ),
            Failure::OtherMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Another method is meant",
                "events are sent with POST; OPTIONS asks whether CloudEvents may be, and names who asks in \
                 `WebHook-Request-Origin`"
                    .to_owned(),
            ),
            Failure::BadKey => (
                StatusCode::BAD_REQUEST,
                "Not an Idempotency-Key",
                "an Idempotency-Key has 1 to 255 visible ASCII characters; nothing was kept".to_owned(),
            ),
            Failure::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The Idempotency-Key is already used",
                "this key was used for another body, or for another `source=`: send a new key; nothing of this push \
                 was kept"
                    .to_owned(),
            ),
            Failure::BadSource => (
                StatusCode::BAD_REQUEST,
                "Not a name for a source",
                "a source's name has 1 to 200 characters and no control characters; nothing was kept".to_owned(),
            ),
        }
    }

    fn header(&self) -> Option<(axum::http::HeaderName, HeaderValue)> {
        match self {
            Failure::Denied(Denied::Missing | Denied::Unknown) => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Failure::Overloaded(Overload::Full | Overload::UnderWay) => {
                Some((RETRY_AFTER, HeaderValue::from_static("1")))
            }
            Failure::TooSlow => Some((CONNECTION, HeaderValue::from_static("close"))),
            Failure::Overloaded(Overload::StoreUnavailable | Overload::Unheard | Overload::Stopping) => {
                Some((RETRY_AFTER, HeaderValue::from_static("5")))
            }
            Failure::UnknownCoding(_) => Some((ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"))),
            Failure::OtherMethod => Some((ALLOW, HeaderValue::from_static("POST"))),
            Failure::UnknownEncoding(_) => Some((ACCEPT, HeaderValue::from_static(EVENT_TYPES))),
            _ => None,
        }
    }
}

fn overload(why: Overload) -> &'static str {
    match why {
        Overload::Full => "more waits for the engine than may: send it again; nothing of this push was kept",
        Overload::UnderWay => "a push with this Idempotency-Key is under way: ask again for its answer",
        Overload::Unheard => "it may have been kept, and nobody can tell: send it again",
        Overload::StoreUnavailable => {
            "the store, or the log before it, takes nothing at the moment: send it again; nothing was kept"
        }
        Overload::Stopping => "this process is stopping: send it again, to its successor; nothing was kept",
        Overload::NotNext => "these are not the next records of their log: nothing was kept",
    }
}

fn formats() -> String {
    Format::ALL.map(Format::as_str).join(", ")
}

fn problem(status: StatusCode, title: &str, detail: String, dead_letter: Option<&str>) -> Response {
    let explained = Explained { problem: ProblemDetails::new(status.as_u16(), title, detail), dead_letter };
    let mut response = (status, Json(explained)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
