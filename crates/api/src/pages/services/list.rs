//! All services: how they stand now, the worst first, and how they stood over ninety days.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use model::outage::ItemState;
use wire::v1;

use super::uptime::{Uptime, uptimes};
use crate::Api;
use crate::asked::Asked;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;
use crate::pages::{Trouble, told};
use crate::services::{self, ServiceStates};
use report::text::share as share_in_words;

/// As many as keep the page below its 100 KB with the worst of strips.
const ROWS: &str = "20";
const INCIDENTS_SHOWN: usize = 3;

#[derive(Template)]
#[template(path = "services.html")]
pub(super) struct Services {
    shell: Shell,
    states: ServiceStates,
    rows: Vec<Row>,
    asked: Wanted,
    /// Where the next page is.
    next: Option<String>,
    /// Strips could not be worked out, and why.
    without_strips: Option<String>,
}

/// What the address asks for.
#[derive(Clone, Debug, Default)]
struct Wanted {
    q: String,
    state: String,
    team: String,
    sort: String,
    cursor: String,
}

struct Row {
    service: v1::Service,
    uptime: Option<Arc<Uptime>>,
}

impl Row {
    fn state(&self) -> &'static str {
        told::state(self.service.state)
    }

    fn class(&self) -> &'static str {
        told::class(self.service.state)
    }

    fn is_troubled(&self) -> bool {
        self.service.state != ItemState::Up
    }

    fn path(&self) -> String {
        format!("/services/{}", told::encoded(&self.service.id))
    }

    fn incidents(&self) -> impl Iterator<Item = &String> {
        self.service.incidents.iter().take(INCIDENTS_SHOWN)
    }

    fn incidents_more(&self) -> usize {
        self.service.incidents.len().saturating_sub(INCIDENTS_SHOWN)
    }

    fn availability(&self) -> String {
        let share = self.uptime.as_ref().and_then(|uptime| uptime.availability);
        share.map_or_else(|| "no data".to_owned(), share_in_words)
    }

    fn objective(&self) -> Option<String> {
        self.service.objectives.slo.map(|slo| report::text::objective(slo.0))
    }

    /// Whether the ninety days are worse than what is aimed at, whatever the objective's own window.
    fn is_below(&self) -> bool {
        let share = self.uptime.as_ref().and_then(|uptime| uptime.availability);
        share.zip(self.service.objectives.slo).is_some_and(|(share, slo)| share < slo.0)
    }
}

impl Wanted {
    fn of(asked: &Asked) -> Wanted {
        let said = |name| asked.one(name).unwrap_or_default().to_owned();
        let sort = if said("sort") == "id" { "id" } else { "state" };
        Wanted { q: said("q"), state: said("state"), team: said("team"), sort: sort.to_owned(), cursor: said("cursor") }
    }

    fn query(&self) -> Asked {
        let pairs = [
            ("q", self.q.as_str()),
            ("state", &self.state),
            ("team", &self.team),
            ("sort", &self.sort),
            ("cursor", &self.cursor),
            ("limit", ROWS),
        ];
        Asked::of(&pairs)
    }

    fn is_filtered(&self) -> bool {
        !(self.q.is_empty() && self.state.is_empty() && self.team.is_empty())
    }

    /// The address of the same with another state, from the beginning.
    fn with_state(&self, state: &str) -> String {
        Wanted { state: state.to_owned(), cursor: String::new(), ..self.clone() }.path()
    }

    fn at(&self, cursor: &str) -> String {
        Wanted { cursor: cursor.to_owned(), ..self.clone() }.path()
    }

    fn path(&self) -> String {
        let sort = if self.sort == "id" { "id" } else { "" };
        let pairs = [
            ("q", self.q.as_str()),
            ("state", &self.state),
            ("team", &self.team),
            ("sort", sort),
            ("cursor", &self.cursor),
        ];
        let said = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = said.map(|(name, value)| format!("{name}={}", told::encoded(value))).collect();
        if query.is_empty() { "/services".to_owned() } else { format!("/services?{}", query.join("&")) }
    }
}

impl Services {
    /// State as the address has it, how it is called, and how many are so.
    fn counts(&self) -> [(&'static str, &'static str, &'static str, usize); 4] {
        [
            ("down", "down", "down", self.states.down),
            ("degraded", "degraded", "degraded", self.states.degraded),
            ("at_risk", "at risk", "at-risk", self.states.at_risk),
            ("up", "up", "up", self.states.up),
        ]
    }
}

pub(super) async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Services>, Trouble> {
    let asked = Wanted::of(&asked);
    let Json(states) = services::service_states(visitor.by(), State(api.clone())).await?;
    let Json(found) = services::services(visitor.by(), State(api.clone()), asked.query()).await?;
    let ids: Vec<&str> = found.items.iter().map(|service| service.id.as_str()).collect();
    let (mut strips, without_strips) = match uptimes(&api, &ids).await {
        Ok(strips) => (strips, None),
        Err(fault) => (BTreeMap::new(), Some(fault.detail)),
    };
    let row = |service: v1::Service| Row { uptime: strips.remove(&service.id), service };
    let rows = found.items.into_iter().map(row).collect();
    let next = found.next.map(|cursor| asked.at(&cursor));
    let shell = Shell::new(&api, visitor, "/services", "Services");
    Ok(Page(Services { shell, states, rows, asked, next, without_strips }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_kept_in_the_address_and_begins_anew() {
        let asked = Asked::of(&[("q", "db & co"), ("cursor", "30 x"), ("sort", "nonsense")]);
        let wanted = Wanted::of(&asked);
        assert_eq!(wanted.with_state("down"), "/services?q=db%20%26%20co&state=down");
        assert_eq!(wanted.at("10 y"), "/services?q=db%20%26%20co&cursor=10%20y");
        assert_eq!(Wanted::of(&Asked::of(&[])).path(), "/services");
    }
}
