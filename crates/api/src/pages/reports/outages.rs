//! Outages on record, as a list: of services and of a time, each with its incident and what people said of it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use model::outage::{ItemState, OutageState};
use wire::v1;

use super::period::Chosen;
use crate::Api;
use crate::asked::Asked;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::{class, encoded, state};
use crate::pages::visitor::Visitor;
use crate::{incidents, outages as known};

const ROWS: &str = "60";

#[derive(Template)]
#[template(path = "reports_outages.html")]
pub(super) struct Outages {
    shell: Shell,
    chosen: Chosen,
    service: String,
    from: String,
    to: String,
    zone: String,
    rows: Vec<Line>,
    next: Option<String>,
}

/// An outage, as it is listed.
pub(super) struct Line {
    pub(super) outage: v1::Outage,
    pub(super) lasted: String,
    pub(super) state: (&'static str, &'static str),
    /// Number and title.
    pub(super) incident: Option<(String, String)>,
}

pub(super) async fn outages(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Outages>, Trouble> {
    asked.only(&["period", "service", "from", "to", "zone", "cursor"])?;
    let chosen = Chosen::of(&asked, api.now())?;
    let services: Vec<&str> = asked.many("service").collect();
    let service = services.join(",");
    let [start, end] = [chosen.window.start(), chosen.window.end()].map(|at| at.to_string());
    let mut pairs = vec![("from", start.as_str()), ("to", end.as_str()), ("limit", ROWS)];
    pairs.extend(asked.one("cursor").map(|cursor| ("cursor", cursor)));
    if !service.is_empty() {
        pairs.push(("service", &service));
    }
    let found = known::list(visitor.by(), State(api.clone()), Asked::of(&pairs)).await?.0;
    let numbers = numbers(&visitor, &api, &found.items).await;
    let rows = found.items.into_iter().map(|outage| Line::of(outage, &numbers, api.now())).collect();
    let [from, to] = chosen.dates();
    let zone = chosen.zone.name().to_owned();
    let next = found.next.map(|next| {
        format!(
            "/reports/outages?from={start}&to={end}&zone={}&service={}&cursor={}",
            encoded(&zone),
            encoded(&service),
            encoded(&next)
        )
    });
    let shell = Shell::new(&api, visitor, "/reports", format!("Outages, {}", chosen.name));
    Ok(Page(Outages { shell, chosen, service, from, to, zone, rows, next }))
}

/// Number and title of the incidents that outages belong to, by id; what cannot be read is left out.
async fn numbers(visitor: &Visitor, api: &Api, outages: &[v1::Outage]) -> BTreeMap<String, (String, String)> {
    let mut known = BTreeMap::new();
    for id in outages.iter().filter_map(|outage| outage.incident.as_ref()) {
        if known.contains_key(id) {
            continue;
        }
        if let Ok(incident) = incidents::show(visitor.by(), State(api.clone()), Path(id.clone())).await {
            let named = incident.0.number.unwrap_or_else(|| id.clone());
            known.insert(id.clone(), (named, incident.0.title));
        }
    }
    known
}

impl Line {
    pub(super) fn of(outage: v1::Outage, numbers: &BTreeMap<String, (String, String)>, now: model::Timestamp) -> Line {
        let lasted = outage.to.map_or(now, |to| to.0) - outage.from.0;
        let of = match outage.state {
            OutageState::Down => ItemState::Down,
            OutageState::Degraded => ItemState::Degraded,
        };
        Line {
            lasted: report::html::pieces::length(lasted.seconds_f64().floor()),
            state: if outage.planned { ("planned", "in maintenance") } else { (class(of), state(of)) },
            incident: outage.incident.as_ref().and_then(|id| numbers.get(id).cloned()),
            outage,
        }
    }
}
