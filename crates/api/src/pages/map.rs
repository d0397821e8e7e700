//! The map: what needs what, drawn. The page is small; the picture comes after it, and what changes in it comes by itself.

mod chosen;
mod layout;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use model::outage::ItemState;
use serde::Serialize;

use super::page::Page;
use super::shell::Shell;
use super::visitor::Visitor;
use super::{Trouble, told};
use crate::Api;
use crate::asked::Asked;
use crate::dependencies::{self, Dependencies, Need};
use crate::fault::Fault;
use chosen::{Show, chosen};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/map", get(map)).route("/map/graph.json", get(graph)).route("/map/states.json", get(states))
}

/// Above so many items a map begins with services alone.
const ALL_AT_ONCE: usize = 400;
/// Lines of the list that says the same.
const LISTED: usize = 60;
const NEEDS_LISTED: usize = 8;

#[derive(Template)]
#[template(path = "map.html")]
struct MapPage {
    shell: Shell,
    show: Show,
    around: String,
    depth: String,
    items: usize,
    troubled: usize,
    cut: bool,
    /// Where the picture comes from.
    source: String,
    lines: Vec<Line>,
    /// Where the list goes on.
    next: Option<String>,
    q: String,
}

/// One item of the list.
struct Line {
    id: String,
    name: String,
    class: String,
    state: ItemState,
    service: bool,
    needs: Vec<(String, String)>,
    needs_more: usize,
    needed_by: usize,
}

/// What a browser draws.
#[derive(Serialize)]
struct Drawn {
    version: u64,
    width: i32,
    height: i32,
    cut: bool,
    items: Vec<DrawnItem>,
    /// From, to, and 0 for what is required, 1 for what is used, 2 for one of a redundant group.
    edges: Vec<(usize, usize, u8)>,
}

/// Id, name, class, state (0 up to 3 down), x, y, whether it is a service, in maintenance, and how many stand behind it.
#[derive(Serialize)]
struct DrawnItem(String, String, String, u8, i32, i32, u8, u8, usize);

#[derive(Serialize)]
struct States {
    version: u64,
    /// By id, of what is not up or is in maintenance: the state, and whether it is in maintenance.
    states: BTreeMap<String, (u8, u8)>,
}

async fn map(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<MapPage>, Trouble> {
    let graph = asked_for(&visitor, &api, &asked).await?;
    let show = show(&asked, graph.items.len())?;
    let items = graph.items.len();
    let troubled = graph.items.iter().filter(|item| item.state != ItemState::Up).count();
    let cut = graph.cut;
    let said = |name: &str| asked.one(name).unwrap_or_default().to_owned();
    let (around, depth, q) = (said("around"), said("depth"), said("q"));
    let collapsed: Vec<&str> = asked.each("collapse").collect();
    let query = query(show, &around, &depth, &collapsed);
    let from = asked.number("from")?.unwrap_or(0);
    let (lines, more) = lines(&chosen(graph, show, &[]).graph, &q, from);
    let find = if q.is_empty() { String::new() } else { format!("&q={}", told::encoded(&q)) };
    let next = more.then(|| format!("/map?{query}{find}&from={}#list", from + LISTED));
    let shell = Shell::new(&api, visitor, "/map", "Map");
    let source = format!("/map/graph.json?{query}");
    Ok(Page(MapPage { shell, show, around, depth, items, troubled, cut, source, lines, next, q }))
}

async fn graph(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Json<Drawn>, Trouble> {
    let graph = asked_for(&visitor, &api, &asked).await?;
    let show = show(&asked, graph.items.len())?;
    let collapsed: Vec<&str> = asked.each("collapse").collect();
    Ok(Json(drawn(chosen(graph, show, &collapsed))))
}

async fn states(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Json<States>, Trouble> {
    // Of the very items that the map asked for: all of them may be more than are told at once.
    let graph = asked_for(&visitor, &api, &asked).await?;
    let told = graph.items.into_iter().filter(|item| item.state != ItemState::Up || item.in_maintenance);
    let states = told.map(|item| (item.id, (number(item.state), u8::from(item.in_maintenance)))).collect();
    Ok(Json(States { version: graph.version, states }))
}

async fn asked_for(visitor: &Visitor, api: &Api, asked: &Asked) -> Result<Dependencies, Fault> {
    let said = |name| asked.one(name).unwrap_or_default();
    let question = Asked::of(&[("around", said("around")), ("depth", said("depth"))]);
    Ok(dependencies::dependencies(visitor.by(), State(api.clone()), question).await?.0)
}

/// Of many items services come first; around one item, all.
fn show(asked: &Asked, items: usize) -> Result<Show, Fault> {
    let said = asked.words("show", Show::from_word, &["all", "services", "troubled"])?.pop();
    let few = items <= ALL_AT_ONCE || asked.one("around").is_some();
    Ok(said.unwrap_or(if few { Show::All } else { Show::Services }))
}

fn query(show: Show, around: &str, depth: &str, collapsed: &[&str]) -> String {
    let mut query = format!("show={}", show.as_str());
    let pairs = [("around", around), ("depth", depth)].into_iter();
    for (name, value) in
        pairs.chain(collapsed.iter().map(|id| ("collapse", *id))).filter(|(_, value)| !value.is_empty())
    {
        query.push_str(&format!("&{name}={}", told::encoded(value)));
    }
    query
}

fn number(state: ItemState) -> u8 {
    match state {
        ItemState::Up => 0,
        ItemState::AtRisk => 1,
        ItemState::Degraded => 2,
        ItemState::Down => 3,
    }
}

fn drawn(chosen: chosen::Chosen) -> Drawn {
    let graph = chosen.graph;
    let edges: Vec<(usize, usize)> = graph.edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let placed = layout::place(graph.items.len(), &edges);
    let kind = |need: Need| match need {
        Need::Requires => 0,
        Need::Uses => 1,
        Need::Redundant => 2,
    };
    let items = graph.items.into_iter().zip(placed.at).zip(chosen.hidden);
    Drawn {
        version: graph.version,
        width: placed.width,
        height: placed.height,
        cut: graph.cut,
        edges: graph.edges.iter().map(|edge| (edge.from, edge.to, kind(edge.kind))).collect(),
        items: items
            .map(|((item, (x, y)), hidden)| {
                let (service, maintenance) = (u8::from(item.service), u8::from(item.in_maintenance));
                DrawnItem(item.id, item.name, item.class, number(item.state), x, y, service, maintenance, hidden)
            })
            .collect(),
    }
}

/// The worst first, then by name; and whether there are more.
fn lines(graph: &Dependencies, q: &str, from: usize) -> (Vec<Line>, bool) {
    let wanted = q.to_lowercase();
    let fits = |item: &dependencies::DependencyItem| {
        item.name.to_lowercase().contains(&wanted) || item.id.to_lowercase().contains(&wanted)
    };
    let mut places: Vec<usize> =
        graph.items.iter().enumerate().filter(|(_, item)| fits(item)).map(|(place, _)| place).collect();
    places.sort_by_key(|place| {
        let item = &graph.items[*place];
        (std::cmp::Reverse(item.state), item.name.as_str(), item.id.as_str())
    });
    let more = places.len() > from.saturating_add(LISTED);
    let line = |place: usize| {
        let item = &graph.items[place];
        let needs: Vec<usize> = graph.edges.iter().filter(|edge| edge.from == place).map(|edge| edge.to).collect();
        let named = |to: &usize| (graph.items[*to].name.clone(), path(&graph.items[*to].id, graph.items[*to].service));
        Line {
            id: item.id.clone(),
            name: item.name.clone(),
            class: item.class.clone(),
            state: item.state,
            service: item.service,
            needs_more: needs.len().saturating_sub(NEEDS_LISTED),
            needs: needs.iter().take(NEEDS_LISTED).map(named).collect(),
            needed_by: graph.edges.iter().filter(|edge| edge.to == place).count(),
        }
    };
    (places.into_iter().skip(from).take(LISTED).map(line).collect(), more)
}

fn path(id: &str, service: bool) -> String {
    format!("/{}/{}", if service { "services" } else { "cis" }, told::encoded(id))
}

impl Line {
    fn state(&self) -> &'static str {
        told::state(self.state)
    }

    fn class(&self) -> &'static str {
        told::class(self.state)
    }

    fn path(&self) -> String {
        path(&self.id, self.service)
    }

    fn map_path(&self) -> String {
        format!("/map?around={}", told::encoded(&self.id))
    }
}
