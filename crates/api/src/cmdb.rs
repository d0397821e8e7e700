//! The CMDB: imported whole or not at all, and how well it fits what the alerts say.

pub(crate) mod health;
mod import;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use model::{CiId, Cmdb};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::asked::{Asked, Raw};
use crate::auth::{Admin, By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};
use import::{FieldChange, How, Import};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(overview, put)).routes(routes!(health::health))
}

/// The CMDB in force, in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    pub(crate) version: u64,
    pub(crate) items: usize,
    pub(crate) services: usize,
    /// Each with how many items are of it, by name.
    pub(crate) classes: Vec<Counted>,
    /// Each with how many items it owns, by name.
    pub(crate) teams: Vec<Counted>,
    /// Files that the configuration names: while there are any, requests import nothing.
    pub(crate) files: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) items: usize,
}

/// What is in the CMDB in force: how many items of which class, and of which team.
#[utoipa::path(get, path = "/api/v1/cmdb", tag = "cmdb", responses((status = 200, body = Overview)))]
pub(crate) async fn overview(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<Overview> {
    asked.only(&[])?;
    let graph = api.runtime().graph();
    let classes = graph.indices().map(|item| graph.class_of(item).id.to_string());
    let teams = graph.indices().filter_map(|item| graph.team(item).map(str::to_owned));
    Ok(Json(Overview {
        version: graph.version(),
        items: graph.len(),
        services: graph.services().count(),
        classes: counted(classes),
        teams: counted(teams),
        files: api.0.parts.cmdb_files.to_vec(),
    }))
}

fn counted(names: impl Iterator<Item = String>) -> Vec<Counted> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts.into_iter().map(|(name, items)| Counted { name, items }).collect()
}

/// What an import does, or would do.
#[derive(Debug, Serialize, ToSchema)]
struct Imported {
    /// Of the CMDB in force after it.
    version: u64,
    dry_run: bool,
    items: usize,
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
    /// What is different about those that changed: the first 500 fields.
    fields: Vec<FieldChange>,
    classes_changed: bool,
    calendars_changed: bool,
    agreements_changed: bool,
    /// What a lenient import left out, each with its place.
    left_out: Vec<String>,
    /// What is odd without being wrong.
    remarks: Vec<String>,
    /// What loses its item.
    orphaned: Orphaned,
}

/// What refers to items that are removed.
#[derive(Debug, Serialize, ToSchema)]
struct Orphaned {
    alerts: Vec<String>,
    incidents: Vec<String>,
}

/// Imports a CMDB file, YAML or JSON: an upsert by `id`, or with `replace` the whole. `422` names every fault with its
/// line, and nothing is imported; `409` where the configuration names the files that the CMDB comes from; a dry run is always answered.
#[utoipa::path(put, path = "/api/v1/cmdb", tag = "cmdb",
    request_body(content = String, content_type = "application/yaml", description = "contract section 4; JSON too"),
    params(
        ("dry_run" = Option<bool>, Query, description = "says what it would do, and does nothing"),
        ("replace" = Option<bool>, Query, description = "what the file does not name is removed"),
        ("allow_removals" = Option<bool>, Query, description = "with replace: more than 10 % may go"),
        ("lenient" = Option<bool>, Query, description = "leaves out what names an unknown item, and lists it"),
    ),
    responses((status = 200, body = Imported)))]
async fn put(by: By<Admin>, State(api): State<Api>, asked: Asked, Raw(body): Raw) -> Answer<Imported> {
    asked.only(&["dry_run", "replace", "allow_removals", "lenient"])?;
    let flag = |name| asked.flag(name).map(|said| said.unwrap_or(false));
    let how = How { replace: flag("replace")?, lenient: flag("lenient")? };
    let text = std::str::from_utf8(&body).map_err(|error| Fault::bad(format!("the file is no UTF-8: {error}")))?;
    let dry_run = flag("dry_run")?;
    if !dry_run {
        api.imports_by_request()?;
    }

    let _turn = api.importing().await;
    let newest = api.store().newest_topology().await?;
    let (version, known) = newest.map_or((0, Cmdb::default()), |newest| (newest.version, newest.cmdb));
    let import = Import::read(&known, text, how).map_err(faulty)?;
    if import.removes_too_much() && !flag("allow_removals")? {
        let why = format!(
            "{} of {} items would be removed: ask again with allow_removals=true if that is meant",
            import.diff.removed.len(),
            import.diff.items_before
        );
        return Err(Fault::conflict(why).with("removed", import.diff.removed.len().into()));
    }
    let orphaned = api.orphaned(&import.diff.removed);
    let applied = !dry_run && !import.diff.is_empty();
    let answer = imported(&import, version + u64::from(!import.diff.is_empty()), dry_run, orphaned);
    if applied {
        let set = api.runtime().set_cmdb(import.cmdb, Some(by.name())).await;
        set.map_err(|error| Fault::unavailable(error.to_string()))?;
        api.wait_for_graph(answer.version).await;
    }
    Ok(Json(answer))
}

fn faulty(faults: Vec<String>) -> Fault {
    let why = format!(
        "{} in the file, and nothing is imported: {}",
        model::text::counted(faults.len(), "fault"),
        first(&faults)
    );
    Fault::invalid(why).with("faults", faults.into())
}

fn first(faults: &[String]) -> &str {
    faults.first().map(String::as_str).unwrap_or_default()
}

fn imported(import: &Import, version: u64, dry_run: bool, orphaned: Orphaned) -> Imported {
    let ids = |ids: &[CiId]| ids.iter().map(CiId::to_string).collect();
    Imported {
        version,
        dry_run,
        items: import.cmdb.items.len(),
        added: ids(&import.diff.added),
        changed: ids(&import.diff.changed),
        removed: ids(&import.diff.removed),
        fields: import.fields.clone(),
        classes_changed: import.diff.classes_changed,
        calendars_changed: import.diff.calendars_changed,
        agreements_changed: import.diff.agreements_changed,
        left_out: import.left_out.clone(),
        remarks: import.remarks.clone(),
        orphaned,
    }
}

impl Api {
    /// What a request imported, the next reload of the files would undo.
    fn imports_by_request(&self) -> Result<(), Fault> {
        let files = &self.0.parts.cmdb_files;
        if files.is_empty() {
            return Ok(());
        }
        let files = files.join(", ");
        Err(Fault::conflict(format!("the CMDB comes from these files: {files}; change them and reload")))
    }

    fn orphaned(&self, removed: &[CiId]) -> Orphaned {
        let gone = |ci: &CiId| removed.binary_search(ci).is_ok();
        let live = self.runtime().live();
        let on_gone = live.alerts().into_iter().filter(|alert| alert.ci.as_ref().is_some_and(gone));
        let of_gone = live.incidents().into_iter().filter(|incident| incident.cis.iter().any(gone));
        Orphaned {
            alerts: on_gone.map(|alert| alert.id.to_string()).collect(),
            incidents: of_gone.map(|incident| incident.label()).collect(),
        }
    }

    /// The commit is answered a moment before its graph is shown: whoever imported sees what was imported.
    async fn wait_for_graph(&self, version: u64) {
        const LOOKS: u32 = 200;
        for _ in 0..LOOKS {
            if self.runtime().graph().version() >= version {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}
