//! Services and configuration items: how they stand, what depends on them, what they depend on.

use axum::Json;
use axum::extract::{Path, State};
use model::outage::ItemState;
use model::{CiId, limits};
use serde::Serialize;
use std::collections::BTreeSet;
use topology::{ItemIdx, Walk};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::board::Board;
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(services))
        .routes(routes!(service_states))
        .routes(routes!(service))
        .routes(routes!(state))
        .routes(routes!(cis))
        .routes(routes!(ci))
        .routes(routes!(impact))
        .routes(routes!(causes))
}

const STATES: [(&str, ItemState); 4] = [
    ("up", ItemState::Up),
    ("at_risk", ItemState::AtRisk),
    ("degraded", ItemState::Degraded),
    ("down", ItemState::Down),
];
/// Edges a walk goes, unless it is said.
const DEPTH: usize = 10;

/// What a service is now, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceState {
    id: String,
    #[schema(value_type = String)]
    state: ItemState,
    since: Option<v1::Instant>,
    in_maintenance: bool,
    incidents: Vec<String>,
    /// Items whose own faults make it so.
    pub(crate) because: Vec<String>,
}

/// How many services there are in each state, and whose they are.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ServiceStates {
    pub(crate) services: usize,
    pub(crate) up: usize,
    pub(crate) at_risk: usize,
    pub(crate) degraded: usize,
    pub(crate) down: usize,
    /// Of all of them, whatever their state.
    pub(crate) in_maintenance: usize,
    /// Who owns any of them, by name.
    pub(crate) teams: Vec<String>,
}

/// A configuration item: as services are shown, and how it is linked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Item {
    #[serde(flatten)]
    pub(crate) item: v1::Service,
    /// Whether reports have a row for it.
    pub(crate) service: bool,
    /// Who outside answers for it.
    pub(crate) supplier: Option<String>,
    /// How many people use it.
    pub(crate) users: Option<u64>,
    pub(crate) aliases: Vec<String>,
    pub(crate) relations: Vec<ItemRelation>,
    pub(crate) redundant: Vec<Redundant>,
    /// What depends on it directly.
    pub(crate) dependents: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemRelation {
    pub(crate) r#type: String,
    pub(crate) to: String,
}

/// Of these, `k` must not be down.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redundant {
    pub(crate) of: Vec<String>,
    pub(crate) k: u32,
}

/// Items that a walk along dependencies reaches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reached {
    /// The nearest first.
    pub(crate) items: Vec<ReachedItem>,
    /// There is more than a walk visits.
    pub(crate) cut: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReachedItem {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) class: String,
    /// In edges.
    pub(crate) distance: u32,
    pub(crate) service: bool,
    criticality: u8,
    #[schema(value_type = String)]
    pub(crate) state: ItemState,
}

/// Services as they stand, by id.
#[utoipa::path(get, path = "/api/v1/services", tag = "services",
    params(
        ("state" = Option<String>, Query, description = "up, at_risk, degraded, down"),
        ("team" = Option<String>, Query, description = "owned by this team"),
        ("q" = Option<String>, Query, description = "text in id or name"),
        ("sort" = Option<String>, Query, description = "id unless said, or state: the worst first, then the most critical"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Service>)))]
pub(crate) async fn services(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Service>> {
    asked.only(&["state", "team", "q", "sort", "limit", "cursor"])?;
    let board = api.board().await?;
    Ok(Json(page(&board, &asked, board.graph.services())?))
}

/// How many services are in each state now, and the teams that own any.
#[utoipa::path(get, path = "/api/v1/service-states", tag = "services",
    responses((status = 200, body = ServiceStates)))]
pub(crate) async fn service_states(_: By<Viewer>, State(api): State<Api>) -> Answer<ServiceStates> {
    let board = api.board().await?;
    let mut told = ServiceStates::default();
    let mut teams = BTreeSet::new();
    for item in board.graph.services() {
        told.services += 1;
        told.in_maintenance += usize::from(board.is_in_maintenance(item));
        *match board.state(item) {
            ItemState::Up => &mut told.up,
            ItemState::AtRisk => &mut told.at_risk,
            ItemState::Degraded => &mut told.degraded,
            ItemState::Down => &mut told.down,
        } += 1;
        teams.extend(board.graph.team(item));
    }
    told.teams = teams.into_iter().map(str::to_owned).collect();
    Ok(Json(told))
}

/// One service. `since` is the edge of its newest outage within 30 days; `null`: it had none.
#[utoipa::path(get, path = "/api/v1/services/{id}", tag = "services",
    params(("id" = String, Path, description = "the item's id")),
    responses((status = 200, body = v1::Service)))]
pub(crate) async fn service(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Service> {
    let board = api.board().await?;
    Ok(Json(board.service(service_of(&board, &id)?)))
}

/// What a service is now, and whose faults make it so.
#[utoipa::path(get, path = "/api/v1/services/{id}/state", tag = "services",
    params(("id" = String, Path, description = "the item's id")),
    responses((status = 200, body = ServiceState)))]
pub(crate) async fn state(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<ServiceState> {
    let board = api.board().await?;
    let item = service_of(&board, &id)?;
    let v1::Service { id, state, since, in_maintenance, incidents, .. } = board.service(item);
    let because = board.because(item).iter().map(CiId::to_string).collect();
    Ok(Json(ServiceState { id, state, since, in_maintenance, incidents, because }))
}

/// Configuration items, by id, each as services are shown.
#[utoipa::path(get, path = "/api/v1/cis", tag = "items",
    params(
        ("state" = Option<String>, Query, description = "up, at_risk, degraded, down"),
        ("class" = Option<String>, Query, description = "of any of these classes"),
        ("team" = Option<String>, Query, description = "owned by this team"),
        ("q" = Option<String>, Query, description = "text in id or name"),
        ("sort" = Option<String>, Query, description = "id unless said, or state: the worst first, then the most critical"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Service>)))]
pub(crate) async fn cis(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Service>> {
    asked.only(&["state", "class", "team", "q", "sort", "limit", "cursor"])?;
    let board = api.board().await?;
    let graph = &board.graph;
    let classes: Vec<&str> = asked.many("class").collect();
    let of_class = |item: &ItemIdx| classes.is_empty() || classes.contains(&&*graph.class_of(*item).id);
    Ok(Json(page(&board, &asked, graph.indices().filter(of_class))?))
}

/// One item, and how it is linked.
#[utoipa::path(get, path = "/api/v1/cis/{id}", tag = "items",
    params(("id" = String, Path, description = "the item's id")),
    responses((status = 200, body = Item)))]
pub(crate) async fn ci(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<Item> {
    let board = api.board().await?;
    let item = item_of(&board, &id)?;
    let graph = &board.graph;
    let said = graph.item(item);
    let relation = |relation: &model::item::Relation| ItemRelation {
        r#type: relation.kind.as_str().to_owned(),
        to: relation.to.to_string(),
    };
    let group = |group: &model::item::RedundantGroup| Redundant {
        of: group.of.iter().map(CiId::to_string).collect(),
        k: group.k,
    };
    let mut dependents: Vec<String> = graph.dependents(item).map(|edge| graph.id(edge.to).to_string()).collect();
    dependents.dedup();
    Ok(Json(Item {
        item: board.service(item),
        service: graph.is_service(item),
        supplier: graph.supplier(item).map(str::to_owned),
        users: graph.users(item),
        aliases: said.aliases.iter().map(ToString::to_string).collect(),
        relations: said.relations.iter().map(relation).collect(),
        redundant: said.groups.iter().map(group).collect(),
        dependents,
    }))
}

/// What depends on an item, directly or not: whom its failure may reach.
#[utoipa::path(get, path = "/api/v1/cis/{id}/impact", tag = "items",
    params(
        ("id" = String, Path, description = "the item's id"),
        ("depth" = Option<u32>, Query, description = "edges to go, 10 unless said"),
    ),
    responses((status = 200, body = Reached)))]
pub(crate) async fn impact(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Answer<Reached> {
    let board = api.board().await?;
    let walk = board.graph.walk_up(item_of(&board, &id)?, depth(&asked)?, limits::WALK_ITEMS_MAX);
    Ok(Json(reached(&board, walk)))
}

/// What an item depends on, directly or not: where its failure may come from.
#[utoipa::path(get, path = "/api/v1/cis/{id}/causes", tag = "items",
    params(
        ("id" = String, Path, description = "the item's id"),
        ("depth" = Option<u32>, Query, description = "edges to go, 10 unless said"),
    ),
    responses((status = 200, body = Reached)))]
pub(crate) async fn causes(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Answer<Reached> {
    let board = api.board().await?;
    let walk = board.graph.walk_down(item_of(&board, &id)?, depth(&asked)?, limits::WALK_ITEMS_MAX);
    Ok(Json(reached(&board, walk)))
}

fn depth(asked: &Asked) -> Result<u32, Fault> {
    asked.only(&["depth"])?;
    Ok(u32::try_from(asked.number("depth")?.unwrap_or(DEPTH)).unwrap_or(u32::MAX))
}

fn item_of(board: &Board, id: &str) -> Result<ItemIdx, Fault> {
    board.graph.find(id).ok_or_else(|| Fault::no_item(id, &board.graph))
}

fn service_of(board: &Board, id: &str) -> Result<ItemIdx, Fault> {
    let item = item_of(board, id)?;
    let no_service = || Fault::not_found(format!("service `{id}` (it is an item: ask /api/v1/cis/{id})"));
    board.graph.is_service(item).then_some(item).ok_or_else(no_service)
}

fn reached(board: &Board, walk: Walk) -> Reached {
    let graph = &board.graph;
    let shown = |(item, distance): (ItemIdx, u32)| ReachedItem {
        id: graph.id(item).to_string(),
        name: graph.label(item).to_owned(),
        class: graph.class_of(item).id.to_string(),
        distance,
        service: graph.is_service(item),
        criticality: graph.criticality(item),
        state: board.state(item),
    };
    Reached { items: walk.reached.into_iter().map(shown).collect(), cut: walk.cut }
}

/// In which order items come.
#[derive(Clone, Copy)]
enum Sort {
    Id,
    State,
}

const SORTS: [(&str, Sort); 2] = [("id", Sort::Id), ("state", Sort::State)];

/// What comes first has the smaller one. A cursor is that of the last item shown, so that the next page goes on there,
/// whatever has changed meanwhile.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: u8,
    id: String,
}

impl Place {
    fn of(board: &Board, item: ItemIdx, sort: Sort) -> Place {
        let criticality = board.graph.criticality(item).min(9);
        let worse = match board.state(item) {
            ItemState::Down => 0,
            ItemState::Degraded => 1,
            ItemState::AtRisk => 2,
            ItemState::Up => 3,
        };
        let rank = match sort {
            Sort::Id => 0,
            Sort::State => worse * 10 + criticality,
        };
        Place { rank, id: board.graph.id(item).to_string() }
    }

    fn read(cursor: &str, sort: Sort) -> Result<Place, Fault> {
        let wrong = || Fault::bad(format!("`cursor` is `{cursor}`: take the `next` of the page before"));
        match sort {
            Sort::Id => Ok(Place { rank: 0, id: cursor.to_owned() }),
            Sort::State => {
                let (rank, id) = cursor.split_once(' ').ok_or_else(wrong)?;
                Ok(Place { rank: rank.parse().map_err(|_| wrong())?, id: id.to_owned() })
            }
        }
    }

    fn written(self, sort: Sort) -> String {
        match sort {
            Sort::Id => self.id,
            Sort::State => format!("{} {}", self.rank, self.id),
        }
    }
}

fn page(board: &Board, asked: &Asked, items: impl Iterator<Item = ItemIdx>) -> Result<v1::List<v1::Service>, Fault> {
    let graph = &board.graph;
    let state = |word: &str| STATES.into_iter().find(|(known, _)| *known == word).map(|(_, state)| state);
    let states = asked.words("state", state, &STATES.map(|(word, _)| word))?;
    let by = |word: &str| SORTS.into_iter().find(|(known, _)| *known == word).map(|(_, sort)| sort);
    let sort = asked.words("sort", by, &SORTS.map(|(word, _)| word))?.pop().unwrap_or(Sort::Id);
    let text = asked.one("q").map(str::to_lowercase);
    let request = asked.page()?;
    let limit = request.limit.unwrap_or(100).clamp(1, limits::PAGE_ROWS_MAX);
    let after = request.cursor.as_deref().map(|cursor| Place::read(cursor, sort)).transpose()?;
    let wanted = |item: &ItemIdx| {
        let named = |text: &String| {
            graph.id(*item).as_str().to_lowercase().contains(text) || graph.label(*item).to_lowercase().contains(text)
        };
        (states.is_empty() || states.contains(&board.state(*item)))
            && asked.one("team").is_none_or(|team| graph.team(*item) == Some(team))
            && text.as_ref().is_none_or(named)
    };
    let placed = items.filter(wanted).map(|item| (Place::of(board, item, sort), item));
    let mut found: Vec<(Place, ItemIdx)> =
        placed.filter(|(place, _)| after.as_ref().is_none_or(|after| place > after)).collect();
    found.sort();
    let more = found.len() > limit;
    found.truncate(limit);
    let shown = found.iter().map(|(_, item)| board.service(*item)).collect();
    let next = found.pop().filter(|_| more).map(|(place, _)| place.written(sort));
    Ok(v1::List { items: shown, next })
}
