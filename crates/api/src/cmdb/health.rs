//! How well the CMDB fits what the alerts say, and itself: names that lead to no item, services that nothing watches or
//! nobody owns, items that nobody speaks of, objectives that cannot hold together.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use model::limits::{HEALTH_LISTED_MAX, ITEM_STALE_AFTER, PAGE_ROWS_MAX};
use model::reason::Binding;
use model::source::OWN;
use model::{Alert, CiId, Interval, Timestamp};
use serde::Serialize;
use store::{ChangeFilter, PageRequest, WindowFilter};
use topology::Graph;
use topology::health::{Contradiction, contradictions, unlinked, without_owner};
use utoipa::ToSchema;

use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

/// Lists have at most `HEALTH_LISTED_MAX` entries; `counts` says how many there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) version: u64,
    pub(crate) items: usize,
    pub(crate) services: usize,
    /// Alerts that fire and are bound to no item; what Watchfire says itself of no item, such as that a budget burns, is not
    /// meant to be.
    pub(crate) alerts_unbound: usize,
    /// Of each list, how many there are.
    pub(crate) counts: Counts,
    /// The names they go by, the most missed first: aliases to add, or items that are missing.
    pub(crate) names_missed: Vec<NameMissed>,
    /// Services of which no source has spoken, nor of anything they require: no evidence, not health.
    pub(crate) services_without_evidence: Vec<String>,
    /// Services without a team.
    pub(crate) services_without_owner: Vec<String>,
    /// Items that a source has spoken of, and of which nothing was heard for 90 days.
    pub(crate) items_stale: Vec<String>,
    /// Items without an edge in either direction.
    pub(crate) items_unlinked: Vec<String>,
    /// Ids that are no item's, in maintenance windows that are not over, and in changes of the last 90 days or to come.
    pub(crate) unknown_ids: Vec<UnknownId>,
    /// Objectives that cannot hold together.
    pub(crate) contradictions: Vec<Contradicting>,
    /// What is odd in the CMDB in force.
    pub(crate) remarks: Vec<String>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) names_missed: usize,
    pub(crate) services_without_evidence: usize,
    pub(crate) services_without_owner: usize,
    pub(crate) items_stale: usize,
    pub(crate) items_unlinked: usize,
    pub(crate) unknown_ids: usize,
    pub(crate) contradictions: usize,
    pub(crate) remarks: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NameMissed {
    pub(crate) name: String,
    pub(crate) alerts: usize,
    pub(crate) sources: Vec<String>,
    /// Items of which each could be meant.
    pub(crate) candidates: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnknownId {
    pub(crate) id: String,
    /// References of the windows that name it.
    pub(crate) windows: Vec<String>,
    /// References of the changes that name it.
    pub(crate) changes: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Contradicting {
    pub(crate) ci: String,
    /// `rto_over_mtpd`, `slo_never_agreed`, `slo_window_without_slo`, `exercise_without_rto`, `slo_weaker`, `rto_longer`.
    pub(crate) kind: &'static str,
    /// What it requires, where it is about that.
    pub(crate) requires: Option<String>,
    /// A sentence that says what to do.
    pub(crate) text: String,
}

#[derive(Default)]
struct Missed {
    alerts: usize,
    sources: BTreeSet<String>,
    candidates: BTreeSet<String>,
}

/// Names most often missed with aliases to accept, services without evidence or owner, stale and unlinked items, unknown
/// ids, contradictory objectives, oddities.
#[utoipa::path(get, path = "/api/v1/cmdb/health", tag = "cmdb", responses((status = 200, body = Health)))]
pub(crate) async fn health(_: By<Viewer>, State(api): State<Api>) -> Answer<Health> {
    let (graph, now) = (api.runtime().graph(), api.now());
    let covered: BTreeMap<CiId, Timestamp> = covered(&api).await?;
    let silent = graph.services().filter(|service| {
        graph.requires_closure(*service).into_iter().all(|item| !covered.contains_key(graph.id(item)))
    });
    let silent: Vec<String> = silent.map(|service| graph.id(service).to_string()).collect();
    let alerts = api.runtime().live().alerts();
    let unbound: Vec<&Alert> = alerts.iter().map(|alert| &**alert).filter(|alert| lacks_item(alert)).collect();
    let firing: BTreeSet<&CiId> = alerts.iter().filter_map(|alert| alert.ci.as_ref()).collect();
    let stale = stale(&api, &graph, &covered, &firing, now).await?;
    let unknown = unknown_ids(&api, &graph, now).await?;
    let cmdb = graph.cmdb();
    let mut counts = Counts::default();
    Ok(Json(Health {
        version: graph.version(),
        items: graph.len(),
        services: graph.services().count(),
        alerts_unbound: unbound.len(),
        names_missed: listed(names_missed(&unbound), &mut counts.names_missed),
        services_without_evidence: listed(silent, &mut counts.services_without_evidence),
        services_without_owner: listed(texts(without_owner(cmdb)), &mut counts.services_without_owner),
        items_stale: listed(stale, &mut counts.items_stale),
        items_unlinked: listed(texts(unlinked(cmdb)), &mut counts.items_unlinked),
        unknown_ids: listed(unknown, &mut counts.unknown_ids),
        contradictions: listed(
            contradictions(cmdb).iter().map(Contradicting::of).collect(),
            &mut counts.contradictions,
        ),
        remarks: listed(texts(topology::check(cmdb)), &mut counts.remarks),
        counts,
    }))
}

/// The first of them, and how many there are.
fn listed<T>(mut all: Vec<T>, count: &mut usize) -> Vec<T> {
    *count = all.len();
    all.truncate(HEALTH_LISTED_MAX);
    all
}

fn texts<T: ToString>(all: Vec<T>) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// Items that were spoken of, each since when.
async fn covered(api: &Api) -> Result<BTreeMap<CiId, Timestamp>, Fault> {
    let mut covered: BTreeMap<CiId, Timestamp> = BTreeMap::new();
    for line in api.store().coverage(None).await? {
        let since = covered.entry(line.ci).or_insert(line.since);
        *since = line.since.min(*since);
    }
    Ok(covered)
}

async fn stale(
    api: &Api,
    graph: &Graph,
    covered: &BTreeMap<CiId, Timestamp>,
    firing: &BTreeSet<&CiId>,
    now: Timestamp,
) -> Result<Vec<String>, Fault> {
    let since = now - ITEM_STALE_AFTER;
    let quiet = |(ci, first): &(&CiId, &Timestamp)| **first < since && graph.find(ci.as_str()).is_some();
    let old: Vec<&CiId> = covered.iter().filter(quiet).map(|(ci, _)| ci).filter(|ci| !firing.contains(ci)).collect();
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let heard = api.store().items_changed_since(since).await?;
    Ok(old.into_iter().filter(|ci| !heard.contains(*ci)).map(CiId::to_string).collect())
}

/// By id.
async fn unknown_ids(api: &Api, graph: &Graph, now: Timestamp) -> Result<Vec<UnknownId>, Fault> {
    let mut unknown: BTreeMap<String, UnknownId> = BTreeMap::new();
    let mut named = |cis: &[CiId], reference: &str, of: fn(&mut UnknownId) -> &mut Vec<String>| {
        for ci in cis.iter().filter(|ci| graph.find(ci.as_str()).is_none()) {
            let fresh = || UnknownId { id: ci.to_string(), windows: Vec::new(), changes: Vec::new() };
            of(unknown.entry(ci.to_string()).or_insert_with(fresh)).push(reference.to_owned());
        }
    };
    let windows =
        WindowFilter { overlapping: Some(Interval::or_empty(now, Timestamp::MAX)), ..WindowFilter::default() };
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    loop {
        let page = api.store().maintenance_windows(&windows, &request).await?;
        page.items.iter().for_each(|window| named(&window.cis, &window.reference, |unknown| &mut unknown.windows));
        request.cursor = page.next;
        if request.cursor.is_none() {
            break;
        }
    }
    let changes = ChangeFilter { from: Some(now - ITEM_STALE_AFTER), ..ChangeFilter::default() };
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    loop {
        let page = api.store().changes(&changes, &request).await?;
        page.items.iter().for_each(|change| named(&change.cis, &change.reference, |unknown| &mut unknown.changes));
        request.cursor = page.next;
        if request.cursor.is_none() {
            break;
        }
    }
    Ok(unknown.into_values().collect())
}

impl Contradicting {
    fn of(found: &Contradiction) -> Contradicting {
        Contradicting {
            ci: found.item.to_string(),
            kind: found.kind.code(),
            requires: found.kind.requires().map(CiId::to_string),
            text: found.to_string(),
        }
    }
}

/// What Watchfire says itself, and names no item in, has none to find.
fn lacks_item(alert: &Alert) -> bool {
    let meant = alert.source.as_str() == OWN && alert.names.is_empty();
    alert.ci.is_none() && !meant
}

/// The most missed first.
fn names_missed(unbound: &[&Alert]) -> Vec<NameMissed> {
    let mut missed: BTreeMap<&str, Missed> = BTreeMap::new();
    for alert in unbound {
        let Some((name, candidates)) = name_of(alert) else { continue };
        let entry = missed.entry(name).or_default();
        entry.alerts += 1;
        entry.sources.insert(alert.source.to_string());
        entry.candidates.extend(candidates.iter().map(CiId::to_string));
    }
    let mut names: Vec<NameMissed> = missed
        .into_iter()
        .map(|(name, missed)| NameMissed {
            name: name.to_owned(),
            alerts: missed.alerts,
            sources: missed.sources.into_iter().collect(),
            candidates: missed.candidates.into_iter().collect(),
        })
        .collect();
    names.sort_by(|a, b| b.alerts.cmp(&a.alerts).then_with(|| a.name.cmp(&b.name)));
    names
}

/// The name its pipeline trusts most, or the one that several items go by.
fn name_of(alert: &Alert) -> Option<(&str, &[CiId])> {
    match &alert.binding {
        Binding::Ambiguous { name, candidates } => Some((name, candidates)),
        Binding::Bound { .. } | Binding::Unbound => alert.names.first().map(|name| (&**name, [].as_slice())),
    }
}
