//! What is on record of people: who changed what.

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use store::{AuditFilter, AuditLine};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Manager};
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(audit))
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
pub(crate) async fn audit(_: By<Manager>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::AuditEntry>> {
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
    const KINDS: [(&str, &str); 10] = [
        ("alr_", "alert"),
        ("inc_", "incident"),
        ("prb_", "problem"),
        ("out_", "outage"),
        ("cor_", "correction"),
        ("sil_", "silence"),
        ("mwn_", "maintenance_window"),
        ("chg_", "change"),
        ("dl_", "dead_letter"),
        ("", "other"),
    ];
    let kind = KINDS.into_iter().find(|(prefix, _)| id.starts_with(prefix)).filter(|_| !id.is_empty())?.1;
    Some(v1::Subject { kind: kind.to_owned(), id: id.to_owned() })
}
