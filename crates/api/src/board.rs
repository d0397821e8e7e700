//! How everything stands now, as of one commit: the states of items, what is in maintenance, which incidents affect
//! what. Made when it is first asked for and shared until the next commit. Then what people on watch ask of it: which
//! incidents are `open`, and what is `quiet`.

pub(crate) mod open;
pub(crate) mod quiet;

use std::collections::BTreeMap;
use std::sync::Arc;

use calendar::Occurrences;
use model::outage::ItemState;
use model::{Alert, CiId, Incident, Interval, Outage, Span, Timestamp};
use store::{PageRequest, WindowFilter};
use topology::{Graph, ItemIdx, Rollup};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::Api;
use crate::fault::Fault;

/// How far back an outage is looked for that says since when a service is up.
const SINCE_MAX: Span = Span::from_days(30);
/// Windows begin and end between commits: a board is never used for longer.
const AGE_MAX: Span = Span::from_seconds(1);

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(open::open)).routes(routes!(quiet::quiet))
}

#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) graph: Arc<Graph>,
    states: Rollup,
    maintenance: Rollup,
    incidents: Vec<Arc<Incident>>,
    since: BTreeMap<CiId, Timestamp>,
    commit: u64,
    at: Timestamp,
}

impl Api {
    pub(crate) async fn board(&self) -> Result<Arc<Board>, Fault> {
        let now = self.now();
        let graph = self.runtime().graph();
        let commit = self.runtime().live().commit();
        if let Some(board) = self.kept_board()
            && board.serves(&graph, commit, now)
        {
            return Ok(board);
        }
        let board = Arc::new(Board {
            states: states(&graph, &self.runtime().live().alerts()),
            maintenance: self.in_maintenance(&graph, now).await?,
            incidents: self.runtime().live().incidents(),
            since: self.since(now).await?,
            graph,
            commit,
            at: now,
        });
        self.keep_board(&board);
        Ok(board)
    }

    async fn in_maintenance(&self, graph: &Graph, now: Timestamp) -> Result<Rollup, Fault> {
        let filter = WindowFilter {
            overlapping: Some(Interval::or_empty(now, now + Span::MICROSECOND)),
            ..WindowFilter::default()
        };
        let mut maintenance = Rollup::new();
        let mut request = PageRequest::first(model::limits::PAGE_ROWS_MAX);
        loop {
            let page = self.store().maintenance_windows(&filter, &request).await?;
            let in_force = page.items.iter().filter(|window| Occurrences::of(window).covering(now).is_some());
            for item in in_force.flat_map(|window| &window.cis).filter_map(|ci| graph.find(ci.as_str())) {
                maintenance.set_own(graph, item, ItemState::Down);
            }
            let Some(next) = page.next else { return Ok(maintenance) };
            request.cursor = Some(next);
        }
    }

    /// When each service's newest outage began, where it lasts, or ended.
    async fn since(&self, now: Timestamp) -> Result<BTreeMap<CiId, Timestamp>, Fault> {
        let span = Interval::or_empty(now - SINCE_MAX, now + Span::MICROSECOND);
        let outages = self.store().outages_overlapping(span).await?;
        let newest = |outage: Outage| (outage.service.clone(), outage.to.unwrap_or(outage.from));
        Ok(outages.into_iter().map(newest).collect())
    }
}

impl Board {
    fn serves(&self, graph: &Arc<Graph>, commit: u64, now: Timestamp) -> bool {
        Arc::ptr_eq(&self.graph, graph) && self.commit == commit && (now - self.at).abs() < AGE_MAX
    }

    pub(crate) fn state(&self, item: ItemIdx) -> ItemState {
        self.states.state(item)
    }

    pub(crate) fn is_in_maintenance(&self, item: ItemIdx) -> bool {
        self.maintenance.state(item) == ItemState::Down
    }

    /// Items whose own faults make it what it is.
    pub(crate) fn because(&self, item: ItemIdx) -> Vec<CiId> {
        self.states.contributors(&self.graph, item).into_iter().map(|item| self.graph.id(item).clone()).collect()
    }

    pub(crate) fn service(&self, item: ItemIdx) -> v1::Service {
        let id = self.graph.id(item);
        let affects = |incident: &&Arc<Incident>| {
            let now = |service: &model::incident::AffectedService| service.id == *id && service.now != ItemState::Up;
            incident.is_open() && incident.services.iter().any(now)
        };
        v1::Service {
            state: self.state(item),
            since: self.since.get(id).copied().map(v1::Instant),
            in_maintenance: self.is_in_maintenance(item),
            incidents: self.incidents.iter().filter(affects).map(|incident| incident.label()).collect(),
            ..v1::Service::from_model(self.graph.item(item))
        }
    }
}

/// docs/measures.md section 4: each item's own state is that of its worst alert, suppressed or not.
fn states(graph: &Graph, alerts: &[Arc<Alert>]) -> Rollup {
    let mut own: BTreeMap<ItemIdx, ItemState> = BTreeMap::new();
    for alert in alerts {
        let Some(item) = alert.ci.as_ref().and_then(|ci| graph.find(ci.as_str())) else { continue };
        let Some(episode) = alert.open_episode().filter(|episode| !episode.false_positive) else { continue };
        let state = graph.own_state(item, episode.severity(), episode.effect());
        let worst = own.entry(item).or_default();
        *worst = state.max(*worst);
    }
    let mut states = Rollup::new();
    for (item, state) in own {
        states.set_own(graph, item, state);
    }
    states
}
