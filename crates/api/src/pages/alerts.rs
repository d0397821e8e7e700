//! All alerts: filtered by what stands in the address, page by page.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::Severity;
use wire::v1;

use super::Trouble;
use super::alert::{state_of, text_of};
use super::incidents::query::Kept;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use super::wording as filters;
use crate::Api;
use crate::alerts;
use crate::asked::Asked;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/alerts", get(list))
}

const FILTERS: [&str; 7] = ["state", "severity", "ci", "service", "incident", "suppressed", "q"];
const OF_PAGE: &str = "50";
const STATES: [(&str, &str); 4] =
    [("firing,stale", "firing or stale"), ("firing", "firing"), ("stale", "stale"), ("resolved", "cleared")];

#[derive(Template)]
#[template(path = "alerts.html")]
struct Alerts {
    shell: Shell,
    rows: Vec<v1::Alert>,
    kept: Kept,
    next: Option<String>,
    is_first: bool,
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Alerts>, Trouble> {
    let kept = Kept::of(&asked, &FILTERS)?;
    let found = alerts::list(visitor.by(), State(api.clone()), kept.asked(OF_PAGE, asked.one("cursor"))).await?.0;
    let next = found.next.map(|cursor| kept.address("/alerts", Some(&cursor)));
    let is_first = asked.one("cursor").is_none();
    Ok(Page(Alerts { shell: Shell::new(&api, visitor, "/alerts", "Alerts"), rows: found.items, kept, next, is_first }))
}

impl Alerts {
    /// Filters that no field of the form shows.
    fn beside(&self) -> Vec<(&'static str, &str)> {
        self.kept.beside(&["q", "state", "severity", "suppressed", "ci", "service"])
    }

    fn newest(&self) -> String {
        self.kept.address("/alerts", None)
    }

    fn states(&self) -> [(&'static str, &'static str); 4] {
        STATES
    }

    fn severities(&self) -> [&'static str; 5] {
        Severity::ALL.map(Severity::as_str)
    }

    fn word(&self, alert: &v1::Alert) -> &'static str {
        state_of(alert).0
    }

    fn class(&self, alert: &v1::Alert) -> &'static str {
        state_of(alert).1
    }

    fn suppressed(&self, alert: &v1::Alert) -> Option<String> {
        alert.suppressed.as_ref().and_then(text_of)
    }

    /// Since when it fires, or fired last.
    fn began(&self, alert: &v1::Alert) -> Option<v1::Instant> {
        alert.episodes.last().map(|episode| episode.started_at)
    }

    fn incident(&self, alert: &v1::Alert) -> Option<String> {
        alert.episodes.last().and_then(|episode| episode.incident.clone())
    }

    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }
}
