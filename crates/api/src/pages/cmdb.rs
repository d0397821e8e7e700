//! The CMDB: what is in it, how well it fits what the alerts say, and another version of it.

mod health;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use wire::v1;

use super::Trouble;
use super::address::address;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::cmdb::{self, Overview};
use crate::fault::Fault;
use crate::services;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/cmdb", get(items))
        .route("/cmdb/health", get(health::health))
        .route("/cmdb/import", get(import))
}

const HERE: &str = "/cmdb";
/// Rows of a page, so that it stays small.
const ROWS: &str = "50";

#[derive(Template)]
#[template(path = "cmdb.html")]
struct Items {
    shell: Shell,
    overview: Overview,
    items: Vec<v1::Service>,
    filter: Filter,
    /// Where the next page is.
    more: Option<String>,
}

/// What is asked for, as the form shows it.
#[derive(Debug, Default)]
struct Filter {
    q: String,
    class: String,
    team: String,
    state: String,
    /// This is not the first page.
    later: bool,
}

impl Filter {
    fn of(asked: &Asked) -> Result<Filter, Fault> {
        asked.only(&["q", "class", "team", "state", "cursor"])?;
        let one = |name| asked.one(name).unwrap_or_default().trim().to_owned();
        Ok(Filter {
            q: one("q"),
            class: one("class"),
            team: one("team"),
            state: one("state"),
            later: asked.one("cursor").is_some(),
        })
    }

    fn page(&self, cursor: &str) -> String {
        let Filter { q, class, team, state, .. } = self;
        address(HERE, &[("q", q), ("class", class), ("team", team), ("state", state), ("cursor", cursor)])
    }

    fn is_state(&self, state: &str) -> bool {
        self.state == state
    }

    fn is_empty(&self) -> bool {
        [&self.q, &self.class, &self.team, &self.state].into_iter().all(String::is_empty)
    }
}

impl Items {
    fn first(&self) -> String {
        self.filter.page("")
    }

    fn states(&self) -> [(&'static str, &'static str); 4] {
        [("down", "down"), ("degraded", "degraded"), ("at_risk", "at risk"), ("up", "up")]
    }

    fn class_of(&self, item: &v1::Service) -> &'static str {
        told::class(item.state)
    }

    fn state_of(&self, item: &v1::Service) -> &'static str {
        told::state(item.state)
    }

    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }
}

async fn items(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Items>, Trouble> {
    let filter = Filter::of(&asked)?;
    let of_api = Asked::of(&[
        ("q", &filter.q),
        ("class", &filter.class),
        ("team", &filter.team),
        ("state", &filter.state),
        ("cursor", asked.one("cursor").unwrap_or_default()),
        ("limit", ROWS),
    ]);
    let found = services::cis(visitor.by(), State(api.clone()), of_api).await?.0;
    let overview = cmdb::overview(visitor.by(), State(api.clone()), Asked::of(&[])).await?.0;
    let more = found.next.as_deref().map(|cursor| filter.page(cursor));
    let shell = Shell::new(&api, visitor, HERE, "CMDB");
    Ok(Page(Items { shell, overview, items: found.items, filter, more }))
}

#[derive(Template)]
#[template(path = "cmdb_import.html")]
struct Import {
    shell: Shell,
    overview: Overview,
}

async fn import(visitor: Visitor, State(api): State<Api>, _: Asked) -> Result<Page<Import>, Trouble> {
    let overview = cmdb::overview(visitor.by(), State(api.clone()), Asked::of(&[])).await?.0;
    Ok(Page(Import { shell: Shell::new(&api, visitor, HERE, "Import a CMDB file"), overview }))
}
