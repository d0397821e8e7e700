//! The piece of the dependency graph that an incident is about: what alerts, what is affected, what probably caused it
//! and what ties them together, with how each stood from when on.

mod chosen;
mod spread;

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use model::incident::{Confidence, Verdict};
use model::outage::ItemState;
use model::{CiId, Incident, limits};
use serde::Serialize;
use topology::{DependencyKind, Graph, ItemIdx};
use utoipa::ToSchema;
use wire::v1;

use crate::auth::{By, Viewer};
use crate::board::Board;
use crate::fault::Fault;
use crate::{Answer, Api};
use chosen::chosen;
use spread::Spread;

/// Items that are drawn; more is not read any more.
const ITEMS_MAX: usize = 48;
/// Services in reach that are told beside those affected.
const REACHED_MAX: usize = 100;
/// Items that are asked for by name; where there are more, all are asked for.
const NAMED_MAX: usize = 5_000;
/// Edges to go for services in reach.
const REACH: u32 = 10;

/// Items that an incident is about, how they depend on each other, and how the fault spread.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentMap {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    /// Of the CMDB that it is drawn by, which is the one in force.
    pub(crate) topology_version: u64,
    /// The probable cause, where one is known at medium confidence or better, or confirmed.
    pub(crate) cause: Option<String>,
    pub(crate) items: Vec<MapItem>,
    pub(crate) links: Vec<MapLink>,
    /// There is more of it than stands here.
    pub(crate) cut: bool,
    /// Instants at which something changed in it, oldest first.
    pub(crate) steps: Vec<v1::Instant>,
    /// Services that it affects or affected, then those that what alerts could reach, the most critical first.
    pub(crate) services: Vec<MapService>,
    /// There are more services in reach than stand here.
    pub(crate) services_cut: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapItem {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `null`: the CMDB in force does not know it.
    pub(crate) class: Option<String>,
    pub(crate) service: bool,
    /// Its place among the causes, from 1; `null`: it is none.
    pub(crate) rank: Option<u64>,
    /// How it stood through the alerts of this incident, each from then on; before the first it was up.
    pub(crate) states: Vec<MapState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MapState {
    pub(crate) at: v1::Instant,
    #[schema(value_type = String)]
    pub(crate) state: ItemState,
    /// An alert fires on the item itself.
    pub(crate) alerting: bool,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MapLink {
    /// What depends on the other.
    pub(crate) from: String,
    pub(crate) to: String,
    /// `requires`, `uses`, or `group`: one of several, of which `k` must not be down.
    pub(crate) kind: String,
    pub(crate) k: Option<u32>,
    pub(crate) of: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapService {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) criticality: u8,
    /// The worst it was through this incident; `null`: nothing, though it could be reached.
    #[schema(value_type = Option<String>)]
    pub(crate) worst: Option<ItemState>,
    /// What it is through this incident.
    #[schema(value_type = String)]
    pub(crate) now: ItemState,
    /// What it is through all that fires, in other incidents too.
    #[schema(value_type = String)]
    pub(crate) state: ItemState,
    /// Since when the incident affects, or affected, it.
    pub(crate) since: Option<v1::Instant>,
    /// A source has spoken of it, or of something it requires: that nothing is heard means something.
    pub(crate) watched: bool,
}

/// The items that an incident is about, how they depend on each other, how each stood from when on, and the services in
/// reach with how they stand.
#[utoipa::path(get, path = "/api/v1/incidents/{number}/map", tag = "incidents",
    params(("number" = String, Path, description = "`INC0000123`, or the id `inc_…`")),
    responses((status = 200, body = IncidentMap)))]
pub(crate) async fn map(_: By<Viewer>, State(api): State<Api>, Path(number): Path<String>) -> Answer<IncidentMap> {
    let incident = api.incident_named(&number).await?;
    let episodes = api.store().episodes_of_incidents(&[incident.id]).await?;
    let board = api.board().await?;
    let graph = &board.graph;
    let cause = cause(&incident);
    let (shown, cut) = chosen(graph, &incident, cause, &episodes, ITEMS_MAX);
    let spread = Spread::of(graph, &episodes, &shown);
    let (services, services_cut) = api.services_around(&board, &incident).await?;
    let items = shown.iter().map(|ci| item(graph, &incident, ci, spread.states(ci))).collect();
    Ok(Json(IncidentMap {
        id: incident.id.to_string(),
        number: incident.number.map(model::incident::number_text),
        topology_version: graph.version(),
        cause: cause.map(CiId::to_string),
        items,
        links: links(graph, &shown),
        cut: cut || spread.cut,
        steps: spread.steps(),
        services,
        services_cut,
    }))
}

/// What is the probable cause, as far as it may be named.
fn cause(incident: &Incident) -> Option<&CiId> {
    let confirmed = incident.causes.iter().find(|cause| cause.verdict == Some(Verdict::Confirmed));
    let first = incident.causes.iter().find(|cause| cause.verdict != Some(Verdict::Rejected));
    let named = first.filter(|cause| cause.confidence >= Confidence::Medium);
    confirmed.or(named).map(|cause| &cause.ci)
}

fn item(graph: &Graph, incident: &Incident, ci: &CiId, states: Vec<MapState>) -> MapItem {
    let known = graph.find(ci.as_str());
    let rank = incident.causes.iter().position(|cause| cause.ci == *ci);
    MapItem {
        id: ci.to_string(),
        name: known.map_or_else(|| ci.to_string(), |item| graph.label(item).to_owned()),
        class: known.map(|item| graph.class_of(item).id.to_string()),
        service: known.is_some_and(|item| graph.is_service(item)),
        rank: rank.map(|place| place as u64 + 1),
        states,
    }
}

/// One for each two items: the strongest need.
fn links(graph: &Graph, shown: &[CiId]) -> Vec<MapLink> {
    let known: BTreeSet<ItemIdx> = shown.iter().filter_map(|ci| graph.find(ci.as_str())).collect();
    let mut links = Vec::new();
    for from in &known {
        let mut seen = BTreeSet::new();
        for edge in graph.dependencies(*from).filter(|edge| known.contains(&edge.to)) {
            if edge.to != *from && seen.insert(edge.to) {
                links.push(link(graph, *from, edge.to, edge.kind));
            }
        }
    }
    links
}

fn link(graph: &Graph, from: ItemIdx, to: ItemIdx, kind: DependencyKind) -> MapLink {
    let group = match kind {
        DependencyKind::Member { group } => graph.groups(from).nth(group as usize),
        DependencyKind::Requires | DependencyKind::Uses => None,
    };
    let kind = match kind {
        DependencyKind::Requires => "requires",
        DependencyKind::Uses => "uses",
        DependencyKind::Member { .. } => "group",
    };
    MapLink {
        from: graph.id(from).to_string(),
        to: graph.id(to).to_string(),
        kind: kind.to_owned(),
        k: group.map(|(k, _)| k),
        of: group.map(|(_, members)| members.len() as u64),
    }
}

impl Api {
    async fn services_around(&self, board: &Board, incident: &Incident) -> Result<(Vec<MapService>, bool), Fault> {
        let graph = &board.graph;
        let affected: BTreeMap<&CiId, &model::incident::AffectedService> =
            incident.services.iter().map(|service| (&service.id, service)).collect();
        let (mut reached, mut cut) = in_reach(graph, incident);
        reached.retain(|item| !affected.contains_key(graph.id(*item)));
        reached.sort_by_key(|item| (graph.criticality(*item), *item));
        cut |= reached.len() > REACHED_MAX;
        reached.truncate(REACHED_MAX);

        let known = affected.keys().filter_map(|ci| graph.find(ci.as_str())).chain(reached.iter().copied());
        let behind: BTreeMap<ItemIdx, Vec<ItemIdx>> = known.map(|item| (item, graph.requires_closure(item))).collect();
        let asked: BTreeSet<ItemIdx> = behind.values().flatten().copied().collect();
        let asked: Vec<CiId> = asked.into_iter().map(|item| graph.id(item).clone()).collect();
        let few = (asked.len() <= NAMED_MAX).then_some(asked.as_slice());
        let spoken: BTreeSet<CiId> = self.store().coverage(few).await?.into_iter().map(|line| line.ci).collect();
        let watched = |item: ItemIdx| {
            let mut behind = behind.get(&item).into_iter().flatten();
            behind.any(|item| spoken.contains(graph.id(*item)))
        };

        let mut services: Vec<MapService> = affected
            .values()
            .map(|service| {
                let known = graph.find(service.id.as_str());
                MapService {
                    id: service.id.to_string(),
                    name: known.map_or_else(|| service.id.to_string(), |item| graph.label(item).to_owned()),
                    criticality: service.criticality,
                    worst: Some(service.state),
                    now: if incident.is_open() { service.now } else { ItemState::Up },
                    state: known.map_or(ItemState::Up, |item| board.state(item)),
                    since: Some(v1::Instant(service.since)),
                    watched: known.is_some_and(watched),
                }
            })
            .collect();
        services.extend(reached.into_iter().map(|item| MapService {
            id: graph.id(item).to_string(),
            name: graph.label(item).to_owned(),
            criticality: graph.criticality(item),
            worst: None,
            now: ItemState::Up,
            state: board.state(item),
            since: None,
            watched: watched(item),
        }));
        Ok((services, cut))
    }
}

/// Services that depend on what alerts, directly or not, and those that alert themselves.
fn in_reach(graph: &Graph, incident: &Incident) -> (Vec<ItemIdx>, bool) {
    let mut reached = BTreeSet::new();
    let mut cut = false;
    for item in incident.cis.iter().take(ITEMS_MAX).filter_map(|ci| graph.find(ci.as_str())) {
        let walk = graph.walk_up(item, REACH, limits::WALK_ITEMS_MAX);
        cut |= walk.cut;
        reached.extend(walk.reached.into_iter().map(|(above, _)| above).chain([item]));
    }
    let services = reached.into_iter().filter(|item| graph.is_service(*item)).collect();
    (services, cut || incident.cis.len() > ITEMS_MAX)
}
