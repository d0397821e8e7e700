//! What is open now, narrowed and ordered as whoever watches wants it, and how much of it there is.
//!
//! It comes from the live view: a store of years is not asked which few incidents are open.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::incident::{IncidentState, Priority};
use model::outage::ItemState;
use model::{Incident, IncidentId, Timestamp, limits};
use report::Agreements;
use serde::Serialize;
use utoipa::ToSchema;
use wire::v1;
use wire::v1::Clock;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

const FILTERS: [&str; 12] =
    ["state", "priority", "team", "service", "q", "parts", "residual", "stale", "since", "sort", "limit", "cursor"];
const ORDERS: [(&str, Order); 6] = [
    ("priority", Order::Priority),
    ("oldest", Order::Oldest),
    ("newest", Order::Newest),
    ("breach", Order::Breach),
    ("services", Order::Services),
    ("changed", Order::Changed),
];
/// What stands for nobody where a team is asked for.
const NOBODY: &str = "-";
const ROWS_UNLESS_SAID: usize = 100;

/// Open incidents, and how many there are of what kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenIncidents {
    /// All that are neither resolved, closed nor merged, whatever was asked for.
    pub(crate) open: usize,
    /// So many fit what was asked for.
    pub(crate) found: usize,
    pub(crate) counts: OpenCounts,
    pub(crate) items: Vec<v1::Incident>,
    /// The cursor of the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// Of all that are open, whatever was asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct OpenCounts {
    pub(crate) states: BTreeMap<String, usize>,
    pub(crate) priorities: BTreeMap<String, usize>,
    pub(crate) teams: BTreeMap<String, usize>,
    /// Of no team.
    pub(crate) teamless: usize,
    /// Part of a storm that is open.
    pub(crate) parts: usize,
    /// Services that are affected now, the worst first.
    pub(crate) services: Vec<OpenService>,
}

/// A service that open incidents affect now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenService {
    pub(crate) id: String,
    #[schema(value_type = String)]
    pub(crate) state: ItemState,
    pub(crate) incidents: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The worst first, and of equals the one that has lasted longest.
    Priority,
    Oldest,
    Newest,
    /// Whose agreement is breached next.
    Breach,
    /// That affects most services now.
    Services,
    /// To which something happened last.
    Changed,
}

/// What of an incident must hold.
#[derive(Debug, Default)]
struct Wanted {
    states: Vec<IncidentState>,
    priorities: Vec<Priority>,
    teams: Vec<String>,
    services: Vec<String>,
    text: Option<String>,
    parts: Option<bool>,
    residual: Option<bool>,
    stale: Option<bool>,
    since: Option<Timestamp>,
}

/// Open incidents as people on watch look at them: by priority and age unless said, with counts of all that are open.
#[utoipa::path(get, path = "/api/v1/board", tag = "incidents",
    params(
        ("state" = Option<String>, Query, description = "open, acknowledged, restored, on_hold: these four unless said; resolved"),
        ("priority" = Option<String>, Query, description = "P1 to P5"),
        ("team" = Option<String>, Query, description = "assigned to any of these teams; - is to none"),
        ("service" = Option<String>, Query, description = "that affect, or affected, any of these services"),
        ("q" = Option<String>, Query, description = "text in number, title, team, assignee, services, items or causes"),
        ("parts" = Option<bool>, Query, description = "part of a storm that is open, or not so"),
        ("residual" = Option<bool>, Query, description = "restored while mild alerts still fire, or not so"),
        ("stale" = Option<bool>, Query, description = "whose sources are silent, or not so"),
        ("since" = Option<String>, Query, description = "something happened to it at or after, such as -1h"),
        ("sort" = Option<String>, Query, description = "priority, oldest, newest, breach, services, changed"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = OpenIncidents)))]
pub(crate) async fn open(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<OpenIncidents> {
    asked.only(&FILTERS)?;
    let now = api.now();
    let wanted = Wanted::of(&asked, now)?;
    let order = order(&asked)?;
    let from = asked.number("cursor")?.unwrap_or(0);
    let limit = asked.number("limit")?.unwrap_or(ROWS_UNLESS_SAID).clamp(1, limits::PAGE_ROWS_MAX);

    let all = api.runtime().live().incidents();
    let storms = storms(&all);
    let counts = counted(&all, &storms);
    let mut found: Vec<Arc<Incident>> = all.iter().filter(|one| wanted.fits(one, &storms)).cloned().collect();
    let graph = api.runtime().graph();
    let agreements = (order == Order::Breach).then(|| Agreements::of(&graph).ok()).flatten();
    let breach = |incident: &Incident| {
        let standing = agreements.as_ref().map(|agreements| agreements.standing(incident, now)).unwrap_or_default();
        next_breach(&standing).and_then(|next| next.at).map(|at| at.0)
    };
    sort(&mut found, order, breach);
    let page: Vec<Incident> = found.iter().skip(from).take(limit).map(|one| Incident::clone(one)).collect();
    let shown = from.saturating_add(page.len());
    Ok(Json(OpenIncidents {
        open: all.iter().filter(|incident| incident.is_open()).count(),
        found: found.len(),
        counts,
        items: api.incident_objects(&page).await?,
        next: (shown < found.len()).then(|| shown.to_string()),
    }))
}

/// The target that its clock passes next.
pub(crate) fn next_breach(standing: &[v1::IncidentAgreement]) -> Option<&v1::IncidentAgreement> {
    let running = standing.iter().filter(|target| target.state == Clock::Running && target.at.is_some());
    running.min_by_key(|target| target.at)
}

impl Wanted {
    fn of(asked: &Asked, now: Timestamp) -> Result<Wanted, Fault> {
        let state = |word: &str| OPEN.into_iter().find(|state| state.as_str() == word);
        let texts = |name| asked.many(name).map(str::to_owned).collect();
        let states = asked.words("state", state, &OPEN.map(IncidentState::as_str))?;
        Ok(Wanted {
            states: if states.is_empty() { OPEN_UNLESS_SAID.to_vec() } else { states },
            priorities: asked.words("priority", Priority::from_word, &Priority::ALL.map(Priority::as_str))?,
            teams: texts("team"),
            services: texts("service"),
            text: asked.one("q").map(str::to_lowercase),
            parts: asked.flag("parts")?,
            residual: asked.flag("residual")?,
            stale: asked.flag("stale")?,
            since: asked.instant("since", now)?,
        })
    }

    fn fits(&self, incident: &Incident, storms: &BTreeSet<IncidentId>) -> bool {
        let team = incident.team.as_deref().unwrap_or(NOBODY);
        let service = |id: &String| incident.services.iter().any(|service| service.id.as_str() == id);
        self.states.contains(&incident.state())
            && (self.priorities.is_empty() || self.priorities.contains(&incident.priority))
            && (self.teams.is_empty() || self.teams.iter().any(|wanted| wanted == team))
            && (self.services.is_empty() || self.services.iter().any(service))
            && self.parts.is_none_or(|wanted| wanted == is_part(incident, storms))
            && self.residual.is_none_or(|wanted| wanted == incident.residual)
            && self.stale.is_none_or(|wanted| wanted == incident.stale)
            && self.since.is_none_or(|since| changed_at(incident) >= since)
            && self.text.as_ref().is_none_or(|text| says(incident, text))
    }
}

/// Whatever the live view has of incidents.
const OPEN: [IncidentState; 5] = [
    IncidentState::Open,
    IncidentState::Acknowledged,
    IncidentState::Restored,
    IncidentState::OnHold,
    IncidentState::Resolved,
];
const OPEN_UNLESS_SAID: [IncidentState; 4] =
    [IncidentState::Open, IncidentState::Acknowledged, IncidentState::Restored, IncidentState::OnHold];

fn order(asked: &Asked) -> Result<Order, Fault> {
    let order = |word: &str| ORDERS.into_iter().find(|(known, _)| *known == word).map(|(_, order)| order);
    let said = asked.words("sort", order, &ORDERS.map(|(word, _)| word))?;
    Ok(said.first().copied().unwrap_or(Order::Priority))
}

fn sort(incidents: &mut [Arc<Incident>], order: Order, breach: impl Fn(&Incident) -> Option<Timestamp>) {
    match order {
        Order::Priority => incidents.sort_by_key(|one| (one.priority, one.opened_at, one.id)),
        Order::Oldest => incidents.sort_by_key(|one| (one.opened_at, one.id)),
        Order::Newest => incidents.sort_by_key(|one| (Reverse(one.opened_at), one.id)),
        Order::Breach => incidents.sort_by_cached_key(|one| {
            let at = breach(one);
            (at.is_none(), at, one.priority, one.opened_at, one.id)
        }),
        Order::Services => {
            incidents.sort_by_cached_key(|one| (Reverse(affected(one).count()), one.priority, one.opened_at, one.id));
        }
        Order::Changed => incidents.sort_by_cached_key(|one| (Reverse(changed_at(one)), one.id)),
    }
}

fn affected(incident: &Incident) -> impl Iterator<Item = &model::incident::AffectedService> {
    incident.services.iter().filter(|service| service.now != ItemState::Up)
}

/// When something happened to it last that a person would tell another.
fn changed_at(incident: &Incident) -> Timestamp {
    let instants = [incident.acknowledged_at, incident.restored_at, incident.resolved_at];
    let holds = incident.holds.iter().map(|hold| hold.to.unwrap_or(hold.from));
    let reopened = incident.reopened_at.iter().copied();
    let said = incident.comments.iter().map(|comment| comment.at);
    instants.into_iter().flatten().chain(holds).chain(reopened).chain(said).fold(incident.opened_at, Timestamp::max)
}

/// `text` is in lower case.
fn says(incident: &Incident, text: &str) -> bool {
    let holds = |said: &str| said.to_lowercase().contains(text);
    holds(&incident.label())
        || holds(&incident.title)
        || incident.team.as_deref().is_some_and(holds)
        || incident.assignee.as_deref().is_some_and(holds)
        || incident.services.iter().any(|service| holds(service.id.as_str()))
        || incident.cis.iter().any(|ci| holds(ci.as_str()))
        || incident.causes.iter().any(|cause| holds(cause.ci.as_str()))
}

fn storms(incidents: &[Arc<Incident>]) -> BTreeSet<IncidentId> {
    incidents.iter().filter(|one| one.storm && one.is_open()).map(|one| one.id).collect()
}

fn is_part(incident: &Incident, storms: &BTreeSet<IncidentId>) -> bool {
    incident.parent.is_some_and(|parent| storms.contains(&parent))
}

fn counted(incidents: &[Arc<Incident>], storms: &BTreeSet<IncidentId>) -> OpenCounts {
    let mut counts = OpenCounts::default();
    let mut services: BTreeMap<&str, (ItemState, usize)> = BTreeMap::new();
    for incident in incidents.iter().filter(|incident| incident.is_open()) {
        *counts.states.entry(incident.state().as_str().to_owned()).or_default() += 1;
        *counts.priorities.entry(incident.priority.as_str().to_owned()).or_default() += 1;
        match incident.team.as_deref() {
            Some(team) => *counts.teams.entry(team.to_owned()).or_default() += 1,
            None => counts.teamless += 1,
        }
        counts.parts += usize::from(is_part(incident, storms));
        for service in affected(incident) {
            let known = services.entry(service.id.as_str()).or_default();
            *known = (known.0.max(service.now), known.1 + 1);
        }
    }
    let service =
        |(id, (state, incidents)): (&str, (ItemState, usize))| OpenService { id: id.to_owned(), state, incidents };
    counts.services = services.into_iter().map(service).collect();
    counts.services.sort_by_key(|service| (Reverse(service.state), Reverse(service.incidents)));
    counts
}
