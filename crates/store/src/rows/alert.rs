//! Alerts, what repeats move of them, their episodes and their statements.

use model::alert::{Alert, AlertState, EndedBy, Episode, Hot, Repeated, SeverityStep, Statement};
use model::severity::{Effect, Severity};
use model::{AlertId, CiId, EpisodeId, IncidentId, Timestamp};

use super::searchable;
use crate::error::StoreError;
use crate::schema::{ALERT, ALERT_HOT, EPISODE};
use crate::value::{Cells, Row, Value, document, row, word};

/// One firing of an alert, as the store keeps it for ever: what reports count, and what an alert's history shows.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeRecord {
    pub alert: AlertId,
    pub id: EpisodeId,
    pub alert_name: Box<str>,
    pub ci: Option<CiId>,
    pub incident: Option<IncidentId>,
    pub start: Timestamp,
    /// `None` while it fires.
    pub end: Option<Timestamp>,
    pub ended_by: Option<EndedBy>,
    pub first_received_at: Timestamp,
    /// At or above the pipeline's `open_at` since.
    pub counting_since: Option<Timestamp>,
    /// For its incident it starts and is detected here.
    pub counts_from: Option<Timestamp>,
    pub suppressed: bool,
    pub too_old: bool,
    pub preexisting: bool,
    pub false_positive: bool,
    /// What held from when, starting at `start`.
    pub severities: Vec<SeverityStep>,
}

/// A statement as it was received, kept for its retention time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRecord {
    pub instant: Timestamp,
    pub kind: StatementKind,
    pub severity: Option<Severity>,
    pub start: Option<Timestamp>,
    pub effect: Option<Effect>,
    pub received_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementKind {
    Firing,
    Clear,
    PersonClear,
}

/// The severity of a statement that has none, in its key.
const NO_SEVERITY: i64 = -1;

pub(crate) fn state_word(state: AlertState) -> &'static str {
    match state {
        AlertState::Firing => "firing",
        AlertState::Resolved => "resolved",
        AlertState::Stale => "stale",
    }
}

/// Greater is worse.
pub(crate) fn severity_rank(severity: Severity) -> i64 {
    severity as i64
}

fn severity_of_rank(rank: i64) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity_rank(*severity) == rank)
}

pub(crate) fn alert_row(alert: &Alert, changed_at: Timestamp) -> Row {
    row![
        alert.id,
        &alert.domain,
        &alert.source,
        state_word(alert.state()),
        severity_rank(alert.severity()),
        alert.ci.as_ref(),
        alert.environment.as_ref(),
        alert.suppressed.is_some(),
        changed_at,
        searchable(search_texts(alert)),
        document(alert),
    ]
}

fn search_texts(alert: &Alert) -> impl Iterator<Item = &str> {
    let names = [Some(&*alert.summary), alert.ci.as_ref().map(CiId::as_str), alert.dedup_key.as_deref()];
    names.into_iter().flatten().chain(alert.labels.iter().map(|(_, value)| value))
}

/// What lists of alerts read: what they are ordered by, and the document.
pub(crate) const ALERT_LINE: &[&str] = &["changed_at", "id", "body"];

/// The alert as its row has it; the hot part is laid over it by whoever reads both.
pub(crate) fn alert_from(row: &[Value]) -> Result<Alert, StoreError> {
    Cells::last(&ALERT, row).document()
}

pub(crate) fn hot_row(alert: AlertId, hot: &Hot) -> Row {
    let repeated = hot.repeated;
    row![
        alert,
        hot.count,
        hot.first_received_at,
        hot.last_received_at,
        repeated.map(|repeated| i64::from(repeated.statement)),
        repeated.map(|repeated| repeated.last_received_at),
        repeated.and_then(|repeated| repeated.ends_at),
    ]
}

pub(crate) fn hot_from(row: &[Value]) -> Result<(AlertId, Hot), StoreError> {
    let mut cells = Cells::new(&ALERT_HOT, row);
    let alert = cells.take()?;
    let (count, first_received_at, last_received_at) = (cells.take()?, cells.take()?, cells.take()?);
    let statement: Option<u32> = cells.take()?;
    let received_at: Option<Timestamp> = cells.take()?;
    let ends_at = cells.take()?;
    let repeated = statement.zip(received_at).map(|(statement, last_received_at)| Repeated {
        statement,
        last_received_at,
        ends_at,
    });
    Ok((alert, Hot { count, first_received_at, last_received_at, repeated }))
}

pub(crate) fn episode_row(alert: &Alert, episode: &Episode) -> Row {
    row![
        alert.id,
        episode.id,
        alert.alertname(),
        alert.ci.as_ref(),
        episode.incident,
        episode.start,
        episode.end,
        episode.ended_by.map_or(Value::Null, word),
        episode.first_received_at,
        episode.counting_since,
        episode.counts_from,
        episode.suppressed.is_some(),
        episode.too_old,
        episode.preexisting,
        episode.false_positive,
        document(&episode.severities),
    ]
}

pub(crate) fn episode_from(row: &[Value]) -> Result<EpisodeRecord, StoreError> {
    let mut cells = Cells::new(&EPISODE, row);
    Ok(EpisodeRecord {
        alert: cells.take()?,
        id: cells.take()?,
        alert_name: cells.take()?,
        ci: cells.take()?,
        incident: cells.take()?,
        start: cells.take()?,
        end: cells.take()?,
        ended_by: cells.word_or_null()?,
        first_received_at: cells.take()?,
        counting_since: cells.take()?,
        counts_from: cells.take()?,
        suppressed: cells.take()?,
        too_old: cells.take()?,
        preexisting: cells.take()?,
        false_positive: cells.take()?,
        severities: cells.document()?,
    })
}

pub(crate) fn statement_row(alert: AlertId, statement: &Statement) -> Row {
    let effect_word = |effect: Option<Effect>| effect.map(Effect::as_str);
    match statement {
        Statement::Firing(firing) => row![
            alert,
            firing.instant,
            word(StatementKind::Firing),
            severity_rank(firing.severity),
            firing.start,
            effect_word(firing.effect),
            firing.first_received_at,
        ],
        Statement::Clear(clear) => row![
            alert,
            clear.instant,
            word(StatementKind::Clear),
            severity_rank(clear.severity),
            clear.start,
            effect_word(clear.effect),
            clear.received_at,
        ],
        Statement::PersonClear { at } => {
            row![alert, *at, word(StatementKind::PersonClear), NO_SEVERITY, Value::Null, Value::Null, *at]
        }
    }
}

pub(crate) fn statement_from(row: &[Value]) -> Result<StatementRecord, StoreError> {
    let mut cells = Cells::new(&crate::schema::STATEMENT, row);
    cells.skip();
    Ok(StatementRecord {
        instant: cells.take()?,
        kind: cells.word()?,
        severity: severity_of_rank(cells.take()?),
        start: cells.take()?,
        effect: cells.word_or_null()?,
        received_at: cells.take()?,
    })
}
