//! One maintenance window: when it is in force, what it mutes, and ending it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::text::counted;
use wire::v1;

use super::{AHEAD, Stage, recurring, title};
use crate::Api;
use crate::asked::Asked;
use crate::facts::maintenance::Mutes;
use crate::facts::{maintenance, occurrences};
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;
use crate::pages::work::shown::{Items, brief};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/maintenance/{id}", get(show))
}

const SHORTENED_MAX: usize = 20;
const COMING_MAX: usize = 30;

#[derive(Template)]
#[template(path = "maintenance_window.html")]
struct Shown {
    shell: Shell,
    window: v1::MaintenanceWindow,
    stage: Stage,
    mutes: Mutes,
    /// Items that it mutes, but for services, which stand by themselves.
    others: Vec<String>,
    coming: Vec<occurrences::WindowOccurrence>,
}

async fn show(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Page<Shown>, Trouble> {
    asked.only(&[])?;
    let window = maintenance::show(visitor.by(), State(api.clone()), Path(id)).await?.0;
    let mutes = maintenance::muted(visitor.by(), State(api.clone()), Path(window.id.clone())).await?.0;
    let coming = coming(&visitor, &api, &window).await?;
    let stage = Stage::of(&window, api.now());
    let shell = Shell::new(&api, visitor, "/maintenance", format!("Maintenance: {}", brief(title(&window), 80)));
    let others = mutes.cis.iter().filter(|item| !mutes.services.contains(item)).cloned().collect();
    Ok(Page(Shown { shell, window, stage, mutes, others, coming }))
}

/// From the occurrence that lasts, or the next one, on.
async fn coming(
    visitor: &Visitor,
    api: &Api,
    window: &v1::MaintenanceWindow,
) -> Result<Vec<occurrences::WindowOccurrence>, Trouble> {
    let (Some(next), Some(ci)) = (window.next, window.ci.first()) else { return Ok(Vec::new()) };
    let from = next.starts_at.0.max(api.now());
    let (from, to) = (from.to_string(), (from + AHEAD).to_string());
    let asking = Asked::of(&[("from", &from), ("to", &to), ("ci", ci)]);
    let found = occurrences::list(visitor.by(), State(api.clone()), asking).await?.0.items;
    Ok(found.into_iter().filter(|one| one.id == window.id).take(COMING_MAX).collect())
}

impl Shown {
    fn recurs(&self) -> bool {
        self.window.rrule.is_some()
    }

    fn ends(&self) -> String {
        format!("/api/v1/maintenance-windows/{}/end", encoded(&self.window.id))
    }

    /// A manager may end it, or take it back.
    fn may_end(&self) -> bool {
        self.shell.manages() && matches!(self.stage, Stage::InForce | Stage::ToCome)
    }

    fn is_in_force(&self) -> bool {
        self.stage == Stage::InForce
    }

    /// Occurrences that a person ended early, the last first.
    fn shortened(&self) -> Vec<&v1::Occurrence> {
        self.window.shortened.iter().rev().take(SHORTENED_MAX).collect()
    }

    fn cancelled(&self) -> Vec<&v1::Instant> {
        self.window.exdate.iter().rev().take(SHORTENED_MAX).collect()
    }

    /// What it keeps quiet, in a sentence.
    fn quiet(&self) -> String {
        let items = counted(self.mutes.cis.len(), "item");
        let services = counted(self.mutes.services.len(), "service");
        let lasts = if self.is_in_force() { "now" } else { "while it lasts" };
        match self.mutes.cis.len() {
            0 => "Nothing: the CMDB in force has none of its items.".to_owned(),
            _ => format!("Faults of {items}, {services} among them, open no incident {lasts}."),
        }
    }
}
