//! What is on record: outages of services, and who changed what.

use axum::Json;
use axum::extract::{Path, State};
use model::{CiId, OutageId};
use serde_json::Value;
use store::{AuditFilter, AuditLine, OutageFilter};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Manager, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(outages)).routes(routes!(outage)).routes(routes!(audit))
}

/// Outages by service, each service's oldest first.
#[utoipa::path(get, path = "/api/v1/outages", tag = "outages",
    params(
        ("service" = Option<String>, Query, description = "of any of these services"),
        ("from" = Option<String>, Query, description = "that end after, or still last, such as -30d"),
        ("to" = Option<String>, Query, description = "that begin before"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Outage>)))]
async fn outages(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Outage>> {
    asked.only(&["service", "from", "to", "limit", "cursor"])?;
    let filter = OutageFilter {
        services: asked.many("service").map(CiId::new).collect(),
        overlapping: asked.window(api.now())?,
    };
    let page = api.store().outages(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: page.items.iter().map(v1::Outage::from_model).collect(), next: page.next }))
}

/// One outage.
#[utoipa::path(get, path = "/api/v1/outages/{id}", tag = "outages",
    params(("id" = String, Path, description = "`out_…`")),
    responses((status = 200, body = v1::Outage)))]
async fn outage(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Outage> {
    let missing = || Fault::not_found(format!("outage `{id}`"));
    let outage = api.store().outage(OutageId::parse(&id).ok_or_else(missing)?).await?;
    Ok(Json(v1::Outage::from_model(&outage.ok_or_else(missing)?)))
}

/// Who changed what, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit",
    params(
        ("by" = Option<String>, Query, description = "the name of a token"),
        ("action" = Option<String>, Query, description = "such as acknowledge"),
        ("subject" = Option<String>, Query, description = "an id, such as `inc_…`"),
        ("from" = Option<String>, Query, description = "at or after, such as -7d"),
        ("to" = Option<String>, Query, description = "before"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::AuditEntry>)))]
async fn audit(_: By<Manager>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::AuditEntry>> {
    asked.only(&["by", "action", "subject", "from", "to", "limit", "cursor"])?;
    let now = api.now();
    let text = |name| asked.one(name).map(str::to_owned);
    let filter = AuditFilter {
        by: text("by"),
        action: text("action"),
        subject: text("subject"),
        from: asked.instant("from", now)?,
        to: asked.instant("to", now)?,
    };
    let page = api.store().audit(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: page.items.into_iter().map(entry).collect(), next: page.next }))
}

fn entry(line: AuditLine) -> v1::AuditEntry {
    let detail = serde_json::from_str(&line.entry.detail).map(v1::asked);
    let detail = detail.unwrap_or(Value::String(line.entry.detail.into()));
    v1::AuditEntry {
        id: line.id.to_string(),
        at: v1::Instant(line.entry.at),
        by: line.entry.by.into(),
        action: line.entry.action.into(),
        subject: subject(&line.entry.subject),
        detail,
    }
}

/// An id says by its prefix what it is of.
fn subject(id: &str) -> Option<v1::Subject> {
    const KINDS: [(&str, &str); 9] = [
        ("alr_", "alert"),
        ("inc_", "incident"),
        ("prb_", "problem"),
        ("out_", "outage"),
        ("sil_", "silence"),
        ("mwn_", "maintenance_window"),
        ("chg_", "change"),
        ("dl_", "dead_letter"),
        ("", "other"),
    ];
    let kind = KINDS.into_iter().find(|(prefix, _)| id.starts_with(prefix)).filter(|_| !id.is_empty())?.1;
    Some(v1::Subject { kind: kind.to_owned(), id: id.to_owned() })
}
