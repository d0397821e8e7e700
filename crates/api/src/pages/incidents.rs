//! All incidents, past ones too: filtered by what stands in the address, page by page.

pub(super) mod query;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::incident::{IncidentState, Priority};
use wire::v1;

use super::Trouble;
use super::incident::clocks;
use super::page::Page;
use super::shell::Shell;
use super::visitor::Visitor;
use super::wording as filters;
use crate::Api;
use crate::asked::Asked;
use crate::incidents;
use query::Kept;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/incidents", get(list))
}

/// What may stand in the address, beside the cursor.
const FILTERS: [&str; 10] = ["state", "priority", "service", "ci", "team", "problem", "parent", "from", "to", "q"];
const OF_PAGE: &str = "50";
/// Services that a row names.
const SERVICES_MAX: usize = 3;
/// Kinds of states that people look for, with the words of the API.
const STATES: [(&str, &str); 6] = [
    ("open,acknowledged,restored,on_hold", "all that are open"),
    ("open", "open, nobody has them"),
    ("acknowledged", "acknowledged"),
    ("on_hold", "on hold"),
    ("resolved,closed", "resolved or closed"),
    ("merged", "merged"),
];
const PERIODS: [(&str, &str); 5] = [
    ("-1d", "last 24 hours"),
    ("-7d", "last 7 days"),
    ("-30d", "last 30 days"),
    ("-90d", "last 90 days"),
    ("-365d", "last year"),
];

#[derive(Template)]
#[template(path = "incidents.html")]
struct Incidents {
    shell: Shell,
    rows: Vec<Row>,
    kept: Kept,
    next: Option<String>,
    is_first: bool,
}

struct Row {
    incident: v1::Incident,
    label: String,
    cause: Option<String>,
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Incidents>, Trouble> {
    let kept = Kept::of(&asked, &FILTERS)?;
    let found = incidents::list(visitor.by(), State(api.clone()), kept.asked(OF_PAGE, asked.one("cursor"))).await?.0;
    let next = found.next.map(|cursor| kept.address("/incidents", Some(&cursor)));
    Ok(Page(Incidents {
        shell: Shell::new(&api, visitor, "/incidents", "Incidents"),
        rows: found.items.into_iter().map(row).collect(),
        next,
        is_first: asked.one("cursor").is_none(),
        kept,
    }))
}

fn row(incident: v1::Incident) -> Row {
    let cause = incident.causes.first().filter(|cause| cause.confidence > model::incident::Confidence::Low);
    let cause = cause.map(|cause| format!("{}, {} confidence", cause.ci, cause.confidence.as_str()));
    Row { label: incident.number.clone().unwrap_or_else(|| incident.id.clone()), cause, incident }
}

impl Row {
    fn state(&self) -> &'static str {
        clocks::state(self.incident.state)
    }

    fn class(&self) -> &'static str {
        clocks::class(self.incident.state)
    }

    fn services(&self) -> &[v1::AffectedService] {
        let services = &self.incident.services;
        services.get(..SERVICES_MAX).unwrap_or(services)
    }

    fn more(&self) -> usize {
        self.incident.services.len().saturating_sub(SERVICES_MAX)
    }

    /// How long it lasted, where service is back.
    fn lasted(&self) -> Option<String> {
        let until = self.incident.restored_at.or(self.incident.resolved_at)?;
        Some(super::told::age(until.0 - self.incident.started_at.0))
    }

    fn can_be_had(&self) -> bool {
        self.incident.state == IncidentState::Open
    }
}

impl Incidents {
    /// Filters that no field of the form shows.
    fn beside(&self) -> Vec<(&'static str, &str)> {
        self.kept.beside(&["q", "state", "priority", "from", "service", "team"])
    }

    fn newest(&self) -> String {
        self.kept.address("/incidents", None)
    }

    fn states(&self) -> [(&'static str, &'static str); 6] {
        STATES
    }

    fn periods(&self) -> [(&'static str, &'static str); 5] {
        PERIODS
    }

    fn priorities(&self) -> [&'static str; 5] {
        Priority::ALL.map(Priority::as_str)
    }
}
