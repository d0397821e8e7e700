//! Issues the report that is due, and revises one whose figures are no longer what was issued.
//!
//! Rule: what was issued is never written again. Its figures are bound to what they stood on: the version of the
//! definitions, of the CMDB, and the commits of a moment at which they were what they are. `[I20]`

use std::collections::BTreeSet;

use model::limits::{REPORT_CHANGES_SHOWN_MAX, REPORT_REVISED_WITHIN};
use model::{Interval, Timestamp};
use serde_json::Value;
use store::{Binding, BoundCommit, IssuedFilter, IssuedLine, IssuedReport, Store, StoreError};
use wire::v1::ChangedCell;

use super::cells::changed;
use super::kind::{Figures, Kind};
use super::schedule::{Asked, Schedule};
use crate::definitions;
use crate::error::ReportError;
use crate::question::Question;
use crate::versions::Versions;

/// How often figures are made anew until they are the same twice, so that a commit between the two is one they stand on.
const TRIES: usize = 3;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    /// There is nothing to issue.
    Nothing,
    Done(IssuedLine),
    /// Another process was first.
    Already,
    /// The figures changed each time they were made: later again.
    Unsettled,
}

/// Issues the report of the oldest period that is over and has none. One that cannot be made, as of a service that nobody
/// knew then, keeps no later one waiting.
///
/// # Errors
/// A question that makes no sense in any period that is left, such as one of a service that no version of the CMDB has; a
/// store that does not answer.
pub async fn issue_next(store: &Store, schedule: &Schedule, now: Timestamp) -> Result<Issued, ReportError> {
    let Some(first) = store.first_hour().await? else { return Ok(Issued::Nothing) };
    let of_name = IssuedFilter { name: Some(schedule.name.clone()), ..IssuedFilter::default() };
    let lines = store.every_issued_report(&of_name).await?;
    let issued: BTreeSet<Timestamp> = lines.iter().map(|line| line.period.start()).collect();
    let mut why = None;
    for period in schedule.missing(&issued, first, now)? {
        match issue_of(store, schedule, period, now).await {
            Err(error) if !matches!(error, ReportError::Store(_)) => why = why.or(Some(error)),
            issued => return issued,
        }
    }
    why.map_or(Ok(Issued::Nothing), Err)
}

async fn issue_of(store: &Store, schedule: &Schedule, period: Interval, now: Timestamp) -> Result<Issued, ReportError> {
    let question = schedule.question(period, now);
    let cmdb = Versions::asked(store, &question).await?.last();
    let question = Question { cmdb: Some(cmdb.unwrap_or(0)), ..question };
    let Some((figures, commits)) = settled(store, schedule.kind, &question).await? else {
        return Ok(Issued::Unsettled);
    };
    let binding = Binding { definitions: definitions::VERSION, cmdb, commits };
    put(store, schedule, period, 1, now, binding, figures, &[]).await
}

/// Issues a further revision of the newest one of a period, where its figures are no longer what was issued. Those that were
/// issued under other definitions are left as they are: nothing could be held against them.
///
/// # Errors
/// As [`issue_next`].
pub async fn revise(store: &Store, newest: &IssuedLine, now: Timestamp) -> Result<Issued, ReportError> {
    let is_recent = now - newest.period.end() <= REPORT_REVISED_WITHIN;
    let Some(kind) = Kind::from_word(&newest.kind).filter(|_| is_recent) else { return Ok(Issued::Nothing) };
    if newest.binding.definitions != definitions::VERSION {
        return Ok(Issued::Nothing);
    }
    let Some(known) = store.issued_report(newest.id).await? else { return Ok(Issued::Nothing) };
    let asked: Asked = read(&newest.asked)?;
    let schedule = Schedule::then(&newest.name, kind, &asked);
    let cmdb = Some(newest.binding.cmdb.unwrap_or(0));
    let question = Question { cmdb, ..schedule.question(newest.period, now) };
    let before: Value = read(&known.answer)?;
    let looked = kind.figures(store, &question).await?;
    if changed(kind, &before, &read(&looked.json)?).is_empty() {
        return Ok(Issued::Nothing);
    }
    let Some((figures, commits)) = settled(store, kind, &question).await? else { return Ok(Issued::Unsettled) };
    let changes = changed(kind, &before, &read(&figures.json)?);
    if changes.is_empty() {
        return Ok(Issued::Nothing);
    }
    let binding = Binding { definitions: definitions::VERSION, cmdb: newest.binding.cmdb, commits };
    put(store, &schedule, newest.period, newest.revision + 1, now, binding, figures, &changes).await
}

/// Figures that were the same before and after a moment, and the commits of that moment. `None`: they never were.
async fn settled(
    store: &Store,
    kind: Kind,
    question: &Question,
) -> Result<Option<(Figures, Vec<BoundCommit>)>, ReportError> {
    let mut before = kind.figures(store, question).await?;
    for _ in 0..TRIES {
        let commits = store.bound_commits().await?;
        let after = kind.figures(store, question).await?;
        if before == after {
            return Ok(Some((after, commits)));
        }
        before = after;
    }
    Ok(None)
}

#[expect(clippy::too_many_arguments, reason = "each is a column of what is issued")]
async fn put(
    store: &Store,
    schedule: &Schedule,
    period: Interval,
    revision: u64,
    now: Timestamp,
    binding: Binding,
    figures: Figures,
    changes: &[ChangedCell],
) -> Result<Issued, ReportError> {
    let line = IssuedLine {
        id: IssuedLine::id_of(&schedule.name, period.start(), revision),
        name: schedule.name.as_str().into(),
        kind: schedule.kind.as_str().into(),
        period,
        revision,
        issued_at: now,
        binding,
        digest: IssuedLine::digest_of(&figures.json),
        changed: changes.len() as u64,
        asked: written(&schedule.asked()),
    };
    let shown = &changes[..changes.len().min(REPORT_CHANGES_SHOWN_MAX)];
    let Figures { json, csv } = figures;
    let report = IssuedReport { line: line.clone(), changes: written(shown), answer: json.into(), csv: csv.into() };
    Ok(if store.issue(report).await? { Issued::Done(line) } else { Issued::Already })
}

fn written<T: serde::Serialize + ?Sized>(what: &T) -> Box<str> {
    serde_json::to_string(what).expect("texts and figures under names that are texts").into()
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ReportError> {
    serde_json::from_str(text)
        .map_err(|error| ReportError::Store(StoreError::Corrupt { what: format!("table issued_report: {error}") }))
}
