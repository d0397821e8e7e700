//! Reports that were issued: each as it was. docs/measures.md section 16.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use model::ReportId;
use report::html::pieces::Pieces;
use report::issued::{Asked as AskedOf, Kind};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{IssuedFilter, IssuedLine, IssuedReport};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::measures::written::{Format, Written, file_name};
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// Issued reports without their figures, the one issued last first.
#[utoipa::path(get, path = "/api/v1/reports", tag = "reports",
    params(
        ("name" = Option<String>, Query, description = "of this schedule"),
        ("from" = Option<String>, Query, description = "of periods that begin at or after, such as -400d"),
        ("to" = Option<String>, Query, description = "of periods that begin before"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::IssuedReport>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::IssuedReport>> {
    asked.only(&["name", "from", "to", "limit", "cursor"])?;
    let now = api.now();
    let filter = IssuedFilter {
        name: asked.one("name").map(str::to_owned),
        from: asked.instant("from", now)?,
        to: asked.instant("to", now)?,
    };
    let page = api.store().issued_reports(&filter, &asked.page()?).await?;
    let items = page.items.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Json(v1::List { items, next: page.next }))
}

/// An issued report with its figures, to the byte as it was issued.
#[utoipa::path(get, path = "/api/v1/reports/{id}", tag = "reports",
    params(
        ("id" = String, Path, description = "`rep_…`"),
        ("format" = Option<String>, Query, description = "json unless said; csv: its rows alone; html: a page that stands \
            alone"),
    ),
    responses((status = 200, description = "also as CSV, and as a page",
        content(
            (v1::IssuedReportInFull = "application/json"),
            (String = "text/csv"),
            (String = "text/html"),
        ))))]
async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>, asked: Asked) -> Result<Response, Fault> {
    asked.only(&["format"])?;
    let format = asked.words("format", Format::from_word, &Format::WORDS)?.pop().unwrap_or(Format::Json);
    let report = api.issued_report_named(&id).await?;
    Ok(match format {
        Format::Json => Json(InFull::of(report)?).into_response(),
        Format::Csv => written(&report.line, format, report.csv.into_string().into_bytes()),
        Format::Html => written(&report.line, format, page(&report)?.into_bytes()),
    })
}

impl Api {
    async fn issued_report_named(&self, id: &str) -> Result<IssuedReport, Fault> {
        let named = || Fault::not_found(format_args!("issued report `{id}`"));
        let known = ReportId::parse(id).ok_or_else(named)?;
        self.store().issued_report(known).await?.ok_or_else(named)
    }
}

/// An issued report with its figures, and what a page of ours shows of them.
pub(crate) async fn in_full(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Result<InPieces, Fault> {
    let report = api.issued_report_named(&id).await?;
    let unknown = || Fault::internal(format!("an issued report is of an unknown kind, `{}`", report.line.kind));
    let kind = Kind::from_word(&report.line.kind).ok_or_else(unknown)?;
    Ok(InPieces {
        issued: shown(&report.line)?,
        changes: serde_json::from_str(&report.changes).map_err(|error| damaged(&error))?,
        pieces: kind.pieces(&report.answer).map_err(|error| damaged(&error))?,
    })
}

/// See [`in_full`].
pub(crate) struct InPieces {
    pub(crate) issued: v1::IssuedReport,
    pub(crate) changes: Vec<v1::ChangedCell>,
    pub(crate) pieces: Pieces,
}

/// As a file of its own; of a browser's doings it is as harmless as any report.
fn written(line: &IssuedLine, format: Format, body: Vec<u8>) -> Response {
    let name = file_name(&line.kind, [line.period.start(), line.period.end()], format);
    Written { format, name, body }.into_response()
}

fn page(report: &IssuedReport) -> Result<String, Fault> {
    let unknown = || Fault::internal(format!("an issued report is of an unknown kind, `{}`", report.line.kind));
    let kind = Kind::from_word(&report.line.kind).ok_or_else(unknown)?;
    kind.page(report).map_err(|error| damaged(&error))
}

/// As [`v1::IssuedReportInFull`], with the very bytes that were issued.
#[derive(Serialize)]
struct InFull {
    #[serde(flatten)]
    issued: v1::IssuedReport,
    changes: Box<RawValue>,
    answer: Box<RawValue>,
}

impl InFull {
    fn of(report: IssuedReport) -> Result<InFull, Fault> {
        let raw = |text: Box<str>| RawValue::from_string(text.into_string()).map_err(|error| damaged(&error));
        Ok(InFull { issued: shown(&report.line)?, changes: raw(report.changes)?, answer: raw(report.answer)? })
    }
}

fn damaged(error: &serde_json::Error) -> Fault {
    Fault::internal(format!("an issued report does not read: {error}"))
}

fn shown(line: &IssuedLine) -> Result<v1::IssuedReport, Fault> {
    let asked: AskedOf = serde_json::from_str(&line.asked).map_err(|error| damaged(&error))?;
    let commit = |bound: &store::BoundCommit| v1::IssuedCommit {
        partition: bound.partition,
        sequence: bound.sequence,
        hash: bound.hash.to_string(),
    };
    Ok(v1::IssuedReport {
        id: line.id.to_string(),
        name: line.name.to_string(),
        report: line.kind.to_string(),
        from: line.period.start().into(),
        to: line.period.end().into(),
        revision: line.revision,
        issued_at: line.issued_at.into(),
        every: asked.every.as_str().to_owned(),
        time_zone: asked.time_zone,
        services: asked.services,
        group_by: asked.group_by,
        definitions_version: line.binding.definitions,
        cmdb_version: line.binding.cmdb,
        commits: line.binding.commits.iter().map(commit).collect(),
        digest: line.digest.to_string(),
        changed: line.changed,
    })
}
