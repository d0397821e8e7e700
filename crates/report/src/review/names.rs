//! What people call what a review speaks of: numbers of incidents and problems, the summaries of alerts, the names of
//! items. An id that nothing goes by any more stays.

use std::collections::{BTreeMap, BTreeSet};

use model::incident::number_text;
use model::{AlertId, Incident, IncidentId, ProblemId};
use store::{ProblemKey, Store};
use wire::v1::ReviewPage;

use crate::error::ReportError;
use crate::versions::Versions;

const PREFIXES: [&str; 3] = ["inc_", "prb_", "alr_"];
const HEX_DIGITS: usize = 32;
/// Ids that one review looks up; the others stay as they are.
const LOOKED_UP_MAX: usize = 200;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    ids: BTreeMap<String, String>,
    items: BTreeMap<String, String>,
}

impl Names {
    /// Items as they were called when the incident opened.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn of(store: &Store, incident: &Incident, page: &ReviewPage) -> Result<Names, ReportError> {
        let said = page.timeline.iter().filter_map(|entry| entry.reason["text"].as_str());
        let ids: BTreeSet<&str> = said.flat_map(ids_in).take(LOOKED_UP_MAX).collect();
        Ok(Names { ids: named(store, &ids).await?, items: items(store, incident, page).await? })
    }

    /// A sentence with names in place of ids.
    pub(super) fn put(&self, sentence: &str) -> String {
        let mut told = sentence.to_owned();
        for id in ids_in(sentence) {
            if let Some(name) = self.ids.get(id) {
                told = told.replace(id, name);
            }
        }
        told
    }

    /// `Checkout`, `Orders database (db-7)`: with its id, where sentences say nothing else.
    pub(super) fn item(&self, id: &str) -> String {
        match self.items.get(id) {
            Some(name) if name.eq_ignore_ascii_case(id) => name.clone(),
            Some(name) => format!("{name} ({id})"),
            None => id.to_owned(),
        }
    }
}

async fn named(store: &Store, ids: &BTreeSet<&str>) -> Result<BTreeMap<String, String>, ReportError> {
    let mut names = BTreeMap::new();
    let incidents: Vec<IncidentId> = ids.iter().filter_map(|id| IncidentId::parse(id)).collect();
    for incident in store.incidents_by_id(&incidents).await? {
        names.extend(incident.number.map(|number| (incident.id.to_string(), number_text(number))));
    }
    let alerts: Vec<AlertId> = ids.iter().filter_map(|id| AlertId::parse(id)).collect();
    for alert in store.alerts_by_id(&alerts).await? {
        names.insert(alert.id.to_string(), format!("“{}”", alert.summary));
    }
    for problem in ids.iter().filter_map(|id| ProblemId::parse(id)) {
        let found = store.problem(ProblemKey::Id(problem)).await?;
        names.extend(found.map(|problem| (problem.id.to_string(), problem.label())));
    }
    Ok(names)
}

async fn items(store: &Store, incident: &Incident, page: &ReviewPage) -> Result<BTreeMap<String, String>, ReportError> {
    let topology = Versions::read(store, incident.opened_at).await?.since(incident.opened_at).await?;
    let graph = topology.at(incident.opened_at);
    let services = page.services.iter().map(|service| &service.id);
    let causes = page.incident.causes.iter().map(|cause| &cause.ci);
    let changed = page.incident.changes.iter().map(|change| &change.ci);
    let label = |id: &String| Some((id.clone(), graph.label(graph.find(id)?).to_owned()));
    Ok(services.chain(causes).chain(changed).filter_map(label).collect())
}

fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    let found = PREFIXES.iter().flat_map(|prefix| text.match_indices(prefix));
    let whole = found.filter_map(|(at, prefix)| text.get(at..at + prefix.len() + HEX_DIGITS));
    whole.filter(|id| id.bytes().rev().take(HEX_DIGITS).all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_ids_stood() {
        let id = "inc_96f985419922693d535dee0479e31134";
        let other = "alr_96f985419922693d535dee0479e31134";
        let names = Names {
            ids: [(id.to_owned(), "INC0000007".to_owned())].into(),
            items: [("checkout", "Checkout"), ("db-7", "Orders database")]
                .map(|(id, name)| (id.into(), name.into()))
                .into(),
        };
        let said = format!("not in {id}: it is old; {other} was taken out; inc_short");
        assert_eq!(names.put(&said), format!("not in INC0000007: it is old; {other} was taken out; inc_short"));
        let called = ["checkout", "db-7", "web-1"].map(|id| names.item(id));
        assert_eq!(called, ["Checkout", "Orders database (db-7)", "web-1"]);
    }
}
