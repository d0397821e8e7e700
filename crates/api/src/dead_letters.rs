//! Dead letters: inputs that could not be read, as they came. Once what was wrong is mended they are replayed as if
//! they had been readable, and twice is once; or they are discarded, with the reason. `[I12]`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use model::{DeadLetterId, SourceName};
use rules::PipelineSet;
use runtime::{Item, ItemAnswer, Key, PushAnswer, Unreadable};
use serde::{Deserialize, Serialize};
use store::{AuditEntry, AuditFilter, DeadLetter, DeadLetterFilter, DeadLetterLine, DeadLetterState, PageRequest};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::{Context, Decoded, Format, Input, Refused, v1};

use crate::asked::{Asked, Said};
use crate::auth::{By, Manager, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(replay)).routes(routes!(discard))
}

const STATES: [(&str, DeadLetterState); 3] = [
    ("waiting", DeadLetterState::New),
    ("replayed", DeadLetterState::Replayed),
    ("discarded", DeadLetterState::Discarded),
];

/// A letter with its bytes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shown {
    #[serde(flatten)]
    pub(crate) letter: v1::DeadLetter,
    /// Of one that waits: why the pipelines in force cannot read it either, with the place in these bytes; `null`: they can.
    pub(crate) unreadable: Option<String>,
}

/// What became of a letter that was replayed.
#[derive(Debug, Serialize, ToSchema)]
struct Replayed {
    dead_letter: v1::DeadLetter,
    /// Events it held.
    accepted: u64,
    /// Parts that still cannot be read, each a dead letter of its own now.
    rejected: Vec<v1::Rejected>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Discard {
    /// Why it is of no use.
    reason: String,
}

/// Dead letters, the newest first; their bytes are shown one by one.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "dead letters",
    params(
        ("state" = Option<String>, Query, description = "waiting, replayed, discarded"),
        ("source" = Option<String>, Query, description = "of this source"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::DeadLetter>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::DeadLetter>> {
    asked.only(&["state", "source", "limit", "cursor"])?;
    let state = |word: &str| STATES.into_iter().find(|(known, _)| *known == word).map(|(_, state)| state);
    let filter = DeadLetterFilter {
        states: asked.words("state", state, &STATES.map(|(word, _)| word))?,
        source: asked.one("source").map(SourceName::from),
    };
    let page = api.store().dead_letters(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: page.items.iter().map(line).collect(), next: page.next }))
}

/// One dead letter, with its bytes, and whether it reads now.
#[utoipa::path(get, path = "/api/v1/dead-letters/{id}", tag = "dead letters",
    params(("id" = String, Path, description = "`dl_…`")),
    responses((status = 200, body = Shown)))]
pub(crate) async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<Shown> {
    let id = parse(&id)?;
    let (letter, state) = api.letter(id).await?;
    let waits = state == DeadLetterState::New;
    let unreadable = if waits { read(&api.pipelines(), &letter).err() } else { None };
    Ok(Json(Shown { letter: api.letter_object(id).await?, unreadable }))
}

/// Reads the letter again, by the pipelines in force now, and takes in what it holds as if it had been readable when it
/// came. `422`, and nothing changed, where it still cannot be read.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/replay", tag = "dead letters",
    params(("id" = String, Path, description = "`dl_…`")),
    responses((status = 200, body = Replayed)))]
async fn replay(by: By<Manager>, State(api): State<Api>, Path(id): Path<String>) -> Answer<Replayed> {
    let id = parse(&id)?;
    let (letter, state) = api.letter(id).await?;
    if state == DeadLetterState::Replayed {
        return Err(Fault::conflict(format!("{id} was replayed already: once is all it takes")));
    }
    let unread = |why| Fault::invalid(format!("it still cannot be read: {why}"));
    let items = read(&api.pipelines(), &letter).map_err(unread)?;
    let whys: Vec<Option<String>> = items.iter().map(why_unreadable).collect();
    // The key makes it once, also where this process ends between the push and the mark; where it is forwarded, commands
    // only: events may be heard again.
    let answer = api.once().push(items, letter.raw.len(), Key::unchecked(format!("dead letter {id}"))).await?;
    let answers = match answer {
        PushAnswer::Committed { answers, .. } => answers,
        PushAnswer::Overloaded(why) => return Err(Fault::from(why)),
    };
    let rejected = rejected(&answers, &whys);
    api.mark(&by, id, DeadLetterState::Replayed, "replay_dead_letter", "").await?;
    Ok(Json(Replayed {
        dead_letter: api.letter_object(id).await?,
        accepted: (answers.len() - rejected.len()) as u64,
        rejected,
    }))
}

/// Gives a letter up, with the reason.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/discard", tag = "dead letters", request_body = Discard,
    params(("id" = String, Path, description = "`dl_…`")),
    responses((status = 200, body = v1::DeadLetter)))]
async fn discard(
    by: By<Manager>,
    State(api): State<Api>,
    Path(id): Path<String>,
    Said(Discard { reason }): Said<Discard>,
) -> Answer<v1::DeadLetter> {
    let id = parse(&id)?;
    if reason.trim().is_empty() {
        return Err(Fault::invalid("`reason` is empty: say why it is of no use"));
    }
    api.letter(id).await?;
    if !api.mark(&by, id, DeadLetterState::Discarded, DISCARD, &reason).await? {
        return Err(Fault::conflict(format!("{id} was replayed or discarded already: nothing is left to discard")));
    }
    Ok(Json(api.letter_object(id).await?))
}

const DISCARD: &str = "discard_dead_letter";

fn parse(id: &str) -> Result<DeadLetterId, Fault> {
    DeadLetterId::parse(id).ok_or_else(|| Fault::not_found(format!("dead letter `{id}`")))
}

fn line(line: &DeadLetterLine) -> v1::DeadLetter {
    let id = line.id.to_string();
    let letter = v1::DeadLetter::waiting(id, line.received_at, line.source.as_str(), &line.format, &line.reason, &[]);
    v1::DeadLetter {
        origin: line.origin.to_string(),
        bytes: line.size,
        body: None,
        state: word(line.state).to_owned(),
        ..letter
    }
}

fn word(state: DeadLetterState) -> &'static str {
    STATES.into_iter().find(|(_, known)| *known == state).map_or("waiting", |(word, _)| word)
}

/// What the letter holds: at least one event, or the reason why there is none.
fn read(pipelines: &PipelineSet, letter: &DeadLetter) -> Result<Vec<Item>, String> {
    let format = Format::from_word(&letter.format);
    let format = format.ok_or_else(|| format!("`{}` is no format that is known here", letter.format))?;
    let reader = Reader { pipelines, format, letter };
    let (decoded, body) = reader.decode();
    match decoded.refused {
        Some(Refused::Unreadable(why)) => return Err(why.to_string()),
        Some(Refused::TooMany { limit }) => return Err(format!("it holds more than {limit} events")),
        None => {}
    }
    let items: Vec<Item> = decoded.received.into_iter().map(|received| reader.item(received, &body)).collect();
    let whys: Vec<String> = items.iter().filter_map(why_unreadable).collect();
    match whys.first() {
        Some(why) if whys.len() == items.len() => Err(why.clone()),
        None if items.is_empty() => Err("it holds no event".to_owned()),
        _ => Ok(items),
    }
}

struct Reader<'r> {
    pipelines: &'r PipelineSet,
    format: Format,
    letter: &'r DeadLetter,
}

impl Reader<'_> {
    /// As of when it came: what was a promise then is one now.
    fn context(&self) -> Context {
        Context { receipt: self.letter.received_at, replay: false }
    }

    /// The letter, read; and the bytes that places in it refer to.
    fn decode(&self) -> (Decoded, Arc<[u8]>) {
        let decode = |body: &[u8]| self.pipelines.decode(self.format, &self.letter.source, body, &self.context());
        let decoded = decode(&self.letter.raw);
        // One alert out of a group's message: it is read inside a message of its own.
        if self.format == Format::AlertmanagerWebhook && decoded.refused.is_some() {
            let message: Arc<[u8]> = [br#"{"version":"4","alerts":["#, &*self.letter.raw, b"]}"].concat().into();
            let again = decode(&message);
            if again.refused.is_none() {
                return (again, message);
            }
        }
        (decoded, Arc::clone(&self.letter.raw))
    }

    fn item(&self, received: wire::Received, body: &[u8]) -> Item {
        let raw = body.get(received.raw).unwrap_or_default();
        match received.result {
            Ok(Input::Event(event)) => Item::Event(event),
            Ok(Input::Command(command)) => Item::Command(command),
            Err(why) => Item::Unreadable(Box::new(Unreadable {
                source: self.letter.source.clone(),
                format: self.letter.format.clone(),
                why: why.to_string().into(),
                raw: raw.into(),
                origin: None,
            })),
        }
    }
}

fn why_unreadable(item: &Item) -> Option<String> {
    match item {
        Item::Unreadable(unreadable) => Some(unreadable.why.to_string()),
        Item::Event(_) | Item::Command(_) => None,
    }
}

fn rejected(answers: &[ItemAnswer], whys: &[Option<String>]) -> Vec<v1::Rejected> {
    let rejected = |(index, answer): (usize, &ItemAnswer)| match answer {
        ItemAnswer::DeadLetter(id) => Some(v1::Rejected {
            index: index as u64,
            error: whys.get(index).cloned().flatten().unwrap_or_default(),
            dead_letter: Some(id.to_string()),
        }),
        ItemAnswer::Event(_) | ItemAnswer::Command(_) => None,
    };
    answers.iter().enumerate().filter_map(rejected).collect()
}

impl Api {
    async fn letter(&self, id: DeadLetterId) -> Result<(DeadLetter, DeadLetterState), Fault> {
        self.store().dead_letter(id).await?.ok_or_else(|| Fault::not_found(format!("dead letter `{id}`")))
    }

    async fn letter_object(&self, id: DeadLetterId) -> Result<v1::DeadLetter, Fault> {
        let (letter, state) = self.letter(id).await?;
        let DeadLetter { source, format, origin, reason, raw, received_at, .. } = letter;
        let object = v1::DeadLetter::waiting(id.to_string(), received_at, source.as_str(), &format, &reason, &raw);
        let discarded = state == DeadLetterState::Discarded;
        let why = if discarded { self.why_discarded(id).await? } else { None };
        Ok(v1::DeadLetter { origin: origin.to_string(), state: word(state).to_owned(), reason: why, ..object })
    }

    async fn why_discarded(&self, id: DeadLetterId) -> Result<Option<String>, Fault> {
        let filter =
            AuditFilter { subject: Some(id.to_string()), action: Some(DISCARD.to_owned()), ..AuditFilter::default() };
        let line = self.store().audit(&filter, &PageRequest::first(1)).await?.items.pop();
        let detail = line.and_then(|line| serde_json::from_str::<serde_json::Value>(&line.entry.detail).ok());
        Ok(detail.and_then(|detail| detail.get("reason")?.as_str().map(str::to_owned)))
    }

    async fn mark<R>(
        &self,
        by: &By<R>,
        id: DeadLetterId,
        state: DeadLetterState,
        action: &str,
        reason: &str,
    ) -> Result<bool, Fault> {
        let audit = AuditEntry {
            at: self.now(),
            by: by.name().into(),
            action: action.into(),
            subject: id.to_string().into(),
            detail: serde_json::json!({ "reason": reason }).to_string().into(),
        };
        Ok(self.store().mark_dead_letter(id, state, audit).await?)
    }
}
