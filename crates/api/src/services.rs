//! Services and configuration items: how they stand, what depends on them, what they depend on.

use axum::Json;
use axum::extract::{Path, State};
use model::outage::ItemState;
use model::{CiId, limits};
use serde::Serialize;
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
struct ServiceState {
    id: String,
    #[schema(value_type = String)]
    state: ItemState,
    since: Option<v1::Instant>,
    in_maintenance: bool,
    incidents: Vec<String>,
    /// Items whose own faults make it so.
    because: Vec<String>,
}

/// A configuration item: as services are shown, and how it is linked.
#[derive(Debug, Serialize, ToSchema)]
struct Item {
    #[serde(flatten)]
    item: v1::Service,
    aliases: Vec<String>,
    relations: Vec<ItemRelation>,
    redundant: Vec<Redundant>,
    /// What depends on it directly.
    dependents: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ItemRelation {
    r#type: String,
    to: String,
}

/// Of these, `k` must not be down.
#[derive(Debug, Serialize, ToSchema)]
struct Redundant {
    of: Vec<String>,
    k: u32,
}

/// Items that a walk along dependencies reaches.
#[derive(Debug, Serialize, ToSchema)]
struct Reached {
    /// The nearest first.
    items: Vec<ReachedItem>,
    /// There is more than a walk visits.
    cut: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReachedItem {
    id: String,
    name: String,
    class: String,
    /// In edges.
    distance: u32,
    service: bool,
    criticality: u8,
    #[schema(value_type = String)]
    state: ItemState,
}

/// Services as they stand, by id.
#[utoipa::path(get, path = "/api/v1/services", tag = "services",
    params(
        ("state" = Option<String>, Query, description = "up, at_risk, degraded, down"),
        ("team" = Option<String>, Query, description = "owned by this team"),
        ("q" = Option<String>, Query, description = "text in id or name"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Service>)))]
pub(crate) async fn services(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Service>> {
    asked.only(&["state", "team", "q", "limit", "cursor"])?;
    let board = api.board().await?;
    Ok(Json(page(&board, &asked, board.graph.services())?))
}

/// One service. `since` is the edge of its newest outage within 30 days; `null`: it had none.
#[utoipa::path(get, path = "/api/v1/services/{id}", tag = "services",
    params(("id" = String, Path, description = "the item's id")),
    responses((status = 200, body = v1::Service)))]
async fn service(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Service> {
    let board = api.board().await?;
    Ok(Json(board.service(service_of(&board, &id)?)))
}

/// What a service is now, and whose faults make it so.
#[utoipa::path(get, path = "/api/v1/services/{id}/state", tag = "services",
    params(("id" = String, Path, description = "the item's id")),
    responses((status = 200, body = ServiceState)))]
async fn state(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<ServiceState> {
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
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Service>)))]
pub(crate) async fn cis(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Service>> {
    asked.only(&["state", "class", "team", "q", "limit", "cursor"])?;
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
async fn ci(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<Item> {
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
async fn impact(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>, asked: Asked) -> Answer<Reached> {
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
async fn causes(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>, asked: Asked) -> Answer<Reached> {
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

/// The cursor is the id of the last item shown: items come in the order of their ids.
fn page(board: &Board, asked: &Asked, items: impl Iterator<Item = ItemIdx>) -> Result<v1::List<v1::Service>, Fault> {
    let graph = &board.graph;
    let state = |word: &str| STATES.into_iter().find(|(known, _)| *known == word).map(|(_, state)| state);
    let states = asked.words("state", state, &STATES.map(|(word, _)| word))?;
    let text = asked.one("q").map(str::to_lowercase);
    let request = asked.page()?;
    let limit = request.limit.unwrap_or(100).clamp(1, limits::PAGE_ROWS_MAX);
    let wanted = |item: &ItemIdx| {
        let after = request.cursor.as_deref().is_none_or(|cursor| graph.id(*item).as_str() > cursor);
        let named = |text: &String| {
            graph.id(*item).as_str().to_lowercase().contains(text) || graph.label(*item).to_lowercase().contains(text)
        };
        after
            && (states.is_empty() || states.contains(&board.state(*item)))
            && asked.one("team").is_none_or(|team| graph.team(*item) == Some(team))
            && text.as_ref().is_none_or(named)
    };
    let mut found: Vec<ItemIdx> = items.filter(wanted).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|item| graph.id(*item).to_string());
    Ok(v1::List { items: found.into_iter().map(|item| board.service(item)).collect(), next })
}
