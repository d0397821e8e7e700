//! What needs what, as one graph: all of it, or what lies around some items.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::Json;
use axum::extract::State;
use model::outage::ItemState;
use serde::Serialize;
use topology::{DependencyKind, Graph, ItemIdx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::board::Board;
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(dependencies))
}

/// Edges to go from the items asked about, in both directions, unless it is said.
const DEPTH: usize = 2;
/// More than these no answer has.
const ITEMS_MAX: usize = 5_000;

/// Items as they stand, and what each needs of the others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Dependencies {
    /// Of the CMDB.
    pub(crate) version: u64,
    /// By id.
    pub(crate) items: Vec<DependencyItem>,
    /// By the place of `from` among the items, then of `to`.
    pub(crate) edges: Vec<DependencyEdge>,
    /// There are more items than are shown.
    pub(crate) cut: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DependencyItem {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) service: bool,
    pub(crate) criticality: u8,
    #[schema(value_type = String)]
    pub(crate) state: ItemState,
    pub(crate) in_maintenance: bool,
}

/// `from` needs `to`: their places among the items, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DependencyEdge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: Need,
}

/// How something is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Need {
    /// Cannot work without it.
    Requires,
    /// Works worse without it.
    Uses,
    /// One of a redundant group.
    Redundant,
}

/// Items and what each needs of the others, as they stand. With `around` only those at most `depth` edges from any of
/// these, in either direction; without, all of them: of more than 5000 those of the most critical services first.
#[utoipa::path(get, path = "/api/v1/dependencies", tag = "items",
    params(
        ("around" = Option<String>, Query, description = "ids of items"),
        ("depth" = Option<u32>, Query, description = "edges to go from them, 2 unless said"),
    ),
    responses((status = 200, body = Dependencies)))]
pub(crate) async fn dependencies(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<Dependencies> {
    asked.only(&["around", "depth"])?;
    let board = api.board().await?;
    let depth = asked.number("depth")?.unwrap_or(DEPTH);
    let find = |id: &str| board.graph.find(id).ok_or_else(|| Fault::no_item(id, &board.graph));
    // An id may hold a comma: what is an item as it stands is meant so.
    let mut around = Vec::new();
    for said in asked.each("around") {
        match board.graph.find(said) {
            Some(item) => around.push(item),
            None => around.extend(said.split(',').map(|id| find(id.trim())).collect::<Result<Vec<_>, _>>()?),
        }
    }
    let (items, cut) = if around.is_empty() { whole(&board.graph) } else { vicinity(&board.graph, around, depth) };
    Ok(Json(shown(&board, &items, cut)))
}

/// From the most critical services downwards, then whatever no service needs.
fn whole(graph: &Graph) -> (BTreeSet<ItemIdx>, bool) {
    if graph.len() <= ITEMS_MAX {
        return (graph.indices().collect(), false);
    }
    let mut services: Vec<ItemIdx> = graph.services().collect();
    services.sort_by_key(|item| (graph.criticality(*item), *item));
    let start = services.into_iter().chain(graph.indices());
    (walked(start, usize::MAX, |item| graph.dependencies(item).map(|edge| edge.to).collect()).0, true)
}

fn vicinity(graph: &Graph, around: Vec<ItemIdx>, depth: usize) -> (BTreeSet<ItemIdx>, bool) {
    let start = || around.iter().copied();
    let (mut items, below) = walked(start(), depth, |item| graph.dependencies(item).map(|edge| edge.to).collect());
    let (up, above) = walked(start(), depth, |item| graph.dependents(item).map(|edge| edge.to).collect());
    let before = items.len() + up.len();
    items.extend(up.into_iter().take(ITEMS_MAX.saturating_sub(items.len())));
    (items, below || above || before > ITEMS_MAX + around.len())
}

/// Breadth first, the first found kept; whether there was more than may be shown.
fn walked(
    start: impl Iterator<Item = ItemIdx>,
    depth: usize,
    next: impl Fn(ItemIdx) -> Vec<ItemIdx>,
) -> (BTreeSet<ItemIdx>, bool) {
    let mut found = BTreeSet::new();
    for first in start {
        let mut waiting = VecDeque::from([(first, 0)]);
        while let Some((item, distance)) = waiting.pop_front() {
            if found.contains(&item) {
                continue;
            }
            if found.len() == ITEMS_MAX {
                return (found, true);
            }
            found.insert(item);
            if distance < depth {
                waiting.extend(next(item).into_iter().map(|item| (item, distance + 1)));
            }
        }
    }
    (found, false)
}

fn shown(board: &Board, items: &BTreeSet<ItemIdx>, cut: bool) -> Dependencies {
    let graph = &board.graph;
    let places: BTreeMap<ItemIdx, usize> = items.iter().enumerate().map(|(place, item)| (*item, place)).collect();
    let item = |item: &ItemIdx| DependencyItem {
        id: graph.id(*item).to_string(),
        name: graph.label(*item).to_owned(),
        class: graph.class_of(*item).id.to_string(),
        service: graph.is_service(*item),
        criticality: graph.criticality(*item),
        state: board.state(*item),
        in_maintenance: board.is_in_maintenance(*item),
    };
    let edges_of = |(item, from): (&ItemIdx, &usize)| {
        let mut needs: BTreeMap<usize, Need> = BTreeMap::new();
        for (edge, to) in graph.dependencies(*item).filter_map(|edge| Some((edge, *places.get(&edge.to)?))) {
            let need = match edge.kind {
                DependencyKind::Requires => Need::Requires,
                DependencyKind::Uses => Need::Uses,
                DependencyKind::Member { .. } => Need::Redundant,
            };
            // Of several needs the strongest is drawn.
            needs.entry(to).and_modify(|known| *known = need.min(*known)).or_insert(need);
        }
        let from = *from;
        needs.into_iter().map(move |(to, kind)| DependencyEdge { from, to, kind })
    };
    Dependencies {
        version: graph.version(),
        items: items.iter().map(item).collect(),
        edges: places.iter().flat_map(edges_of).collect(),
        cut,
    }
}
