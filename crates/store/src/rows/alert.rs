//! Alerts, their episodes and their statements.

use std::borrow::Cow;

use model::alert::{
    Alert, AlertState, Clear, EndedBy, Episode, Firing, SeverityStep, Statement, StatementKey, Suppression,
};
use model::reason::Joining;
use model::severity::{Effect, Severity};
use model::step::KnownEpisode;
use model::{AlertId, CiId, EpisodeId, IncidentId, Timestamp};

use super::searchable;
use crate::error::StoreError;
use crate::schema::{ALERT, EPISODE, REMEMBERED};
use crate::value::{Cell, Cells, Row, Value, document, row, word};

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

/// The alert as its own row has it; the hot part, its episodes and statements are added by whoever reads them.
pub(crate) fn alert_from(row: &[Value]) -> Result<Alert, StoreError> {
    Cells::last(&ALERT, row).document()
}

/// What of an episode has no column.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Rest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_received_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<(Timestamp, EndedBy)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joining: Option<Cow<'a, Joining>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Cow<'a, Suppression>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unlinked_from: Option<IncidentId>,
}

impl Rest<'_> {
    fn of(episode: &Episode) -> Rest<'_> {
        Rest {
            ended_received_at: episode.ended_received_at,
            deadline: episode.deadline,
            joining: episode.joining.as_ref().map(Cow::Borrowed),
            suppressed: episode.suppressed.as_ref().map(Cow::Borrowed),
            unlinked_from: episode.unlinked_from,
        }
    }
}

/// What reports read of an episode.
pub(crate) const EPISODE_LINE: &[&str] = &[
    "alert",
    "id",
    "alert_name",
    "ci",
    "incident",
    "start",
    "stop",
    "ended_by",
    "received_at",
    "counting_since",
    "counts_from",
    "suppressed",
    "too_old",
    "preexisting",
    "false_positive",
    "steps",
];

pub(crate) fn episode_row(known: &KnownEpisode) -> Row {
    let KnownEpisode { alert, alert_name, ci, episode, needed } = known;
    row![
        *alert,
        episode.id,
        alert_name,
        ci.as_ref(),
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
        *needed,
        document(&Rest::of(episode)),
    ]
}

/// The episode as the engine has it.
pub(crate) fn whole_episode_from(row: &[Value]) -> Result<(AlertId, Episode), StoreError> {
    let record = episode_from(row)?;
    let rest: Rest<'static> = Cells::last(&EPISODE, row).document()?;
    let episode = Episode {
        id: record.id,
        start: record.start,
        end: record.end,
        ended_by: record.ended_by,
        deadline: rest.deadline,
        severities: record.severities,
        first_received_at: record.first_received_at,
        ended_received_at: rest.ended_received_at,
        counting_since: record.counting_since,
        incident: record.incident,
        joining: rest.joining.map(Cow::into_owned),
        suppressed: rest.suppressed.map(Cow::into_owned),
        counts_from: record.counts_from,
        too_old: record.too_old,
        preexisting: record.preexisting,
        false_positive: record.false_positive,
        unlinked_from: rest.unlinked_from,
    };
    Ok((record.alert, episode))
}

/// With what its row has of its alert.
pub(crate) fn known_episode_from(row: &[Value]) -> Result<KnownEpisode, StoreError> {
    let EpisodeRecord { alert_name, ci, .. } = episode_from(row)?;
    let (alert, episode) = whole_episode_from(row)?;
    let needed = row.get(EPISODE.place("needed")).and_then(bool::read).unwrap_or_default();
    Ok(KnownEpisode { alert, alert_name, ci, episode, needed })
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

/// The start of a statement that names none, in its key.
const NO_START: Timestamp = Timestamp::MIN;

pub(crate) fn remembered_key(alert: AlertId, key: &StatementKey) -> Row {
    row![alert, key.instant, key.start.unwrap_or(NO_START), i64::from(key.words)]
}

pub(crate) fn remembered_row(alert: AlertId, statement: &Statement) -> Row {
    let mut row = remembered_key(alert, &statement.key());
    row.extend(match statement {
        Statement::Firing(firing) => row![
            firing.own_instant,
            firing.undated,
            severity_rank(firing.severity),
            firing.effect.map(Effect::as_str),
            firing.first_received_at,
            firing.last_received_at,
            firing.ends_at,
        ],
        Statement::Clear(clear) => row![
            false,
            false,
            severity_rank(clear.severity),
            clear.effect.map(Effect::as_str),
            clear.received_at,
            clear.received_at,
            Value::Null,
        ],
        Statement::PersonClear { at } => row![false, false, NO_SEVERITY, Value::Null, *at, *at, Value::Null],
    });
    row
}

pub(crate) fn remembered_from(row: &[Value]) -> Result<(AlertId, Statement), StoreError> {
    let mut cells = Cells::new(&REMEMBERED, row);
    let alert = cells.take()?;
    let instant = cells.take()?;
    let start = cells.take()?;
    let words: u32 = cells.take()?;
    let (own_instant, undated) = (cells.take()?, cells.take()?);
    let severity = severity_of_rank(cells.take()?);
    let effect = cells.word_or_null()?;
    let (first_received_at, last_received_at) = (cells.take()?, cells.take()?);
    let ends_at = cells.take()?;
    let statement = match severity {
        None => Statement::PersonClear { at: instant },
        Some(severity) => {
            let named = Some(start).filter(|start| *start != NO_START);
            let clear =
                Statement::Clear(Clear { instant, start: named, severity, effect, received_at: first_received_at });
            let firing = Statement::Firing(Firing {
                instant,
                start,
                own_instant,
                undated,
                severity,
                effect,
                first_received_at,
                last_received_at,
                ends_at,
            });
            if firing.key().words == words as u16 { firing } else { clear }
        }
    };
    match u32::from(statement.key().words) == words {
        true => Ok((alert, statement)),
        false => Err(cells.wrong("a statement is not what its key says")),
    }
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
