//! How well the CMDB fits what the alerts say: names that lead to no item, services that nothing watches.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use model::reason::Binding;
use model::{Alert, CiId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{By, Viewer};
use crate::{Answer, Api};

/// Names shown; the most missed first.
const NAMES_MAX: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    version: u64,
    items: usize,
    services: usize,
    /// Alerts that fire and are bound to no item.
    alerts_unbound: usize,
    /// The names they go by, the most missed first: aliases to add, or items that are missing.
    names_missed: Vec<NameMissed>,
    /// Services of which no source has spoken, nor of anything they require: no evidence, not health.
    services_without_evidence: Vec<String>,
    /// What is odd in the CMDB in force.
    remarks: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct NameMissed {
    name: String,
    alerts: usize,
    sources: Vec<String>,
    /// Items of which each could be meant.
    candidates: Vec<String>,
}

#[derive(Default)]
struct Missed {
    alerts: usize,
    sources: BTreeSet<String>,
    candidates: BTreeSet<String>,
}

/// Names most often missed with aliases to accept, services without evidence, oddities.
#[utoipa::path(get, path = "/api/v1/cmdb/health", tag = "cmdb", responses((status = 200, body = Health)))]
pub(crate) async fn health(_: By<Viewer>, State(api): State<Api>) -> Answer<Health> {
    let graph = api.runtime().graph();
    let covered: BTreeSet<CiId> = api.store().coverage(None).await?.into_iter().map(|line| line.ci).collect();
    let silent = graph
        .services()
        .filter(|service| graph.requires_closure(*service).into_iter().all(|item| !covered.contains(graph.id(item))));
    let alerts = api.runtime().live().alerts();
    let unbound: Vec<&Alert> = alerts.iter().map(|alert| &**alert).filter(|alert| alert.ci.is_none()).collect();
    Ok(Json(Health {
        version: graph.version(),
        items: graph.len(),
        services: graph.services().count(),
        alerts_unbound: unbound.len(),
        names_missed: names_missed(&unbound),
        services_without_evidence: silent.map(|service| graph.id(service).to_string()).collect(),
        remarks: topology::check(graph.cmdb()).iter().map(ToString::to_string).collect(),
    }))
}

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
    names.truncate(NAMES_MAX);
    names
}

/// The name its pipeline trusts most, or the one that several items go by.
fn name_of(alert: &Alert) -> Option<(&str, &[CiId])> {
    match &alert.binding {
        Binding::Ambiguous { name, candidates } => Some((name, candidates)),
        Binding::Bound { .. } | Binding::Unbound => alert.names.first().map(|name| (&**name, [].as_slice())),
    }
}
