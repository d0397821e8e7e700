//! Decisions link by ids, and people say numbers: in the sentences of a timeline ids become numbers.

use std::collections::{BTreeMap, BTreeSet};

use model::incident::number_text;
use model::{IncidentId, ProblemId, problem};
use serde_json::Value;
use store::{ProblemKey, Store};
use wire::v1::TimelineEntry;

use crate::error::ReportError;

/// An id that nothing goes by any more stays.
pub(super) async fn put(store: &Store, timeline: &mut [TimelineEntry]) -> Result<(), ReportError> {
    let numbers = numbers(store, &ids(timeline)).await?;
    for entry in timeline {
        if let Some(text) = entry.reason["text"].as_str() {
            let said = numbers.iter().fold(text.to_owned(), |text, (id, number)| text.replace(id, number));
            entry.reason["text"] = Value::String(said);
        }
    }
    Ok(())
}

fn ids(timeline: &[TimelineEntry]) -> BTreeSet<&str> {
    let texts = timeline.iter().filter_map(|entry| entry.reason["text"].as_str());
    texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect()
}

async fn numbers(store: &Store, words: &BTreeSet<&str>) -> Result<BTreeMap<String, String>, ReportError> {
    let incidents: Vec<IncidentId> = words.iter().filter_map(|word| IncidentId::parse(word)).collect();
    let mut numbers = BTreeMap::new();
    for incident in store.incidents_by_id(&incidents).await? {
        numbers.extend(incident.number.map(|number| (incident.id.to_string(), number_text(number))));
    }
    for id in words.iter().filter_map(|word| ProblemId::parse(word)) {
        let problem = store.problem(ProblemKey::Id(id)).await?;
        let number = problem.and_then(|problem| problem.number);
        numbers.extend(number.map(|number| (id.to_string(), problem::number_text(number))));
    }
    Ok(numbers)
}
