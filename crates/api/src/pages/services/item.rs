//! A configuration item: how it stands, what it needs and what needs it, and what happened to it. A service's page stands
//! on the same.

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use model::fact::{ChangeResult, ChangeStatus};
use model::outage::ItemState;
use wire::v1;

use super::calendar::{self, Month};
use crate::asked::Asked;
use crate::facts::changes;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;
use crate::pages::{Trouble, told};
use crate::services::{self, Item, ItemRelation, ReachedItem};
use crate::{Api, alerts, incidents};

const NEIGHBOURS_SHOWN: usize = 40;
const ROWS: &str = "15";

#[derive(Template)]
#[template(path = "item.html")]
pub(super) struct ItemPage {
    shell: Shell,
    about: About,
    alerts: Vec<v1::Alert>,
    alerts_more: bool,
}

/// What there is to say of any item.
pub(super) struct About {
    pub(super) item: Item,
    /// What it needs directly, the worst first.
    pub(super) needs: Vec<Neighbour>,
    pub(super) needs_more: usize,
    /// What needs it directly, the worst first.
    pub(super) needed_by: Vec<Neighbour>,
    pub(super) needed_by_more: usize,
    /// Services that its failure may reach, directly or not.
    pub(super) services_reached: usize,
    pub(super) incidents: Vec<v1::Incident>,
    pub(super) incidents_next: Option<String>,
    pub(super) changes: Vec<v1::Change>,
    pub(super) changes_more: bool,
    pub(super) month: Month,
}

pub(super) struct Neighbour {
    pub(super) item: ReachedItem,
}

impl Neighbour {
    pub(super) fn state(&self) -> &'static str {
        told::state(self.item.state)
    }

    pub(super) fn class(&self) -> &'static str {
        told::class(self.item.state)
    }

    pub(super) fn path(&self) -> String {
        path_of(&self.item.id, self.item.service)
    }
}

pub(super) fn path_of(id: &str, service: bool) -> String {
    format!("/{}/{}", if service { "services" } else { "cis" }, told::encoded(id))
}

pub(super) async fn item(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Page<ItemPage>, Trouble> {
    let about = About::of(&visitor, &api, &id, "ci", &asked).await?;
    let firing = Asked::of(&[("ci", id.as_str()), ("state", "firing,stale"), ("limit", ROWS)]);
    let Json(alerts) = alerts::list(visitor.by(), State(api.clone()), firing).await?;
    let here = if about.item.service { "/services" } else { "/cmdb" };
    let shell = Shell::new(&api, visitor, here, about.item.item.name.clone());
    Ok(Page(ItemPage { shell, about, alerts_more: alerts.next.is_some(), alerts: alerts.items }))
}

impl About {
    /// `as_what` says how incidents are asked for: as those of a `service`, or of a `ci`.
    pub(super) async fn of(
        visitor: &Visitor,
        api: &Api,
        id: &str,
        as_what: &'static str,
        asked: &Asked,
    ) -> Result<About, Trouble> {
        let state = || State(api.clone());
        let path = || Path(id.to_owned());
        let Json(item) = services::ci(visitor.by(), state(), path()).await?;
        let next = || Asked::of(&[("depth", "1")]);
        let Json(causes) = services::causes(visitor.by(), state(), path(), next()).await?;
        let Json(impact) = services::impact(visitor.by(), state(), path(), Asked::of(&[("depth", "1000")])).await?;
        let services_reached = impact.items.iter().filter(|item| item.service).count();
        let direct = impact.items.into_iter().filter(|item| item.distance == 1).collect();
        let (needs, needs_more) = worst_first(causes.items);
        let (needed_by, needed_by_more) = worst_first(direct);
        let from = asked.one("incidents").unwrap_or_default();
        let of_it = Asked::of(&[(as_what, id), ("limit", ROWS), ("cursor", from)]);
        let Json(incidents) = incidents::list(visitor.by(), state(), of_it).await?;
        let Json(changes) = changes::list(visitor.by(), state(), Asked::of(&[("ci", id), ("limit", ROWS)])).await?;
        let month = calendar::month(visitor, api, id, asked.one("month")).await?;
        Ok(About {
            item,
            needs,
            needs_more,
            needed_by,
            needed_by_more,
            services_reached,
            incidents: incidents.items,
            incidents_next: incidents.next.map(|cursor| told::encoded(&cursor)),
            changes_more: changes.next.is_some(),
            changes: changes.items,
            month,
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.item.item.id
    }

    pub(super) fn state(&self) -> &'static str {
        told::state(self.item.item.state)
    }

    pub(super) fn class(&self) -> &'static str {
        told::class(self.item.item.state)
    }

    pub(super) fn is_troubled(&self) -> bool {
        self.item.item.state != ItemState::Up
    }

    pub(super) fn path(&self) -> String {
        path_of(self.id(), self.item.service)
    }

    pub(super) fn encoded(&self) -> String {
        told::encoded(self.id())
    }

    pub(super) fn month_path(&self, month: &str) -> String {
        format!("?month={month}#maintenance")
    }

    pub(super) fn relation(&self, relation: &ItemRelation) -> String {
        relation.r#type.replace('_', " ")
    }

    pub(super) fn number(&self, incident: &v1::Incident) -> String {
        incident.number.clone().unwrap_or_else(|| incident.id.clone())
    }

    pub(super) fn status(&self, change: &v1::Change) -> &'static str {
        match (change.status, change.result) {
            (_, Some(ChangeResult::Successful)) => "successful",
            (_, Some(ChangeResult::Issues)) => "done, with issues",
            (_, Some(ChangeResult::BackedOut)) => "backed out",
            (_, Some(ChangeResult::Failed)) => "failed",
            (ChangeStatus::Planned, None) => "planned",
            (ChangeStatus::Started, None) => "under way",
            (ChangeStatus::Finished, None) => "finished",
        }
    }
}

/// As many as a page shows, and how many more there are.
fn worst_first(mut items: Vec<ReachedItem>) -> (Vec<Neighbour>, usize) {
    items.sort_by(|a, b| (b.state, &a.name, &a.id).cmp(&(a.state, &b.name, &b.id)));
    let more = items.len().saturating_sub(NEIGHBOURS_SHOWN);
    (items.into_iter().take(NEIGHBOURS_SHOWN).map(|item| Neighbour { item }).collect(), more)
}
