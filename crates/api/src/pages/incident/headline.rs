//! An incident in one sentence, for somebody who has just been woken.

use model::Timestamp;
use model::incident::{Confidence, Verdict};
use model::outage::ItemState;
use model::text::counted;
use wire::v1;

use super::drawing::listed;
use crate::incidents::map::IncidentMap;
use crate::pages::told;

/// `db-7 (storage) is the probable cause; checkout and 3 more services have been affected for 14 min.`
pub(super) fn headline(incident: &v1::Incident, map: &IncidentMap, now: Timestamp) -> String {
    if incident.merged_into.is_some() {
        return "It was merged into another incident, which goes on.".to_owned();
    }
    if incident.storm {
        return "A storm: it stands for all the incidents that name it as their parent.".to_owned();
    }
    if incident.false_positive.is_some() {
        return "A false positive: nothing was wrong, and it counts in no measure.".to_owned();
    }
    format!("{}; {}.", cause(incident, map), affected(incident, map, now))
}

fn cause(incident: &v1::Incident, map: &IncidentMap) -> String {
    let named = |ci: &str| {
        let item = map.items.iter().find(|item| item.id == ci);
        let name = item.map_or(ci, |item| item.name.as_str());
        match item.and_then(|item| item.class.as_deref()) {
            Some(class) => format!("{name} ({class})"),
            None => name.to_owned(),
        }
    };
    let Some(ci) = map.cause.as_deref() else { return "The cause is unclear".to_owned() };
    let cause = incident.causes.iter().find(|cause| cause.ci == ci);
    match cause.map(|cause| (cause.verdict, cause.confidence)) {
        Some((Some(Verdict::Confirmed), _)) => format!("{} is the cause, as was confirmed", named(ci)),
        Some((_, Confidence::High)) => format!("{} is the probable cause", named(ci)),
        _ => format!("{} is the probable cause, not for certain", named(ci)),
    }
}

fn affected(incident: &v1::Incident, map: &IncidentMap, now: Timestamp) -> String {
    let hurt: Vec<&v1::AffectedService> =
        incident.services.iter().filter(|service| service.state != ItemState::Up).collect();
    let Some(since) = hurt.iter().map(|service| service.since).min() else {
        return "no service is affected".to_owned();
    };
    let over = is_over(incident);
    let until = incident.restored_at.or(incident.resolved_at).map_or(now, |at| at.0);
    let lasted = told::age(until - since.0);
    let still: Vec<&v1::AffectedService> =
        hurt.iter().copied().filter(|service| !over && service.now != ItemState::Up).collect();
    let (subject, one) = subject(if still.is_empty() { &hurt } else { &still }, map);
    match (still.is_empty(), one) {
        (false, true) => format!("{subject} has been affected for {lasted}"),
        (false, false) => format!("{subject} have been affected for {lasted}"),
        (true, true) => format!("{subject} was affected for {lasted}"),
        (true, false) => format!("{subject} were affected for {lasted}"),
    }
}

/// The most critical by name, and how many more; whether it is one.
fn subject(services: &[&v1::AffectedService], map: &IncidentMap) -> (String, bool) {
    let mut services = services.to_vec();
    services.sort_by_key(|service| (service.criticality, std::cmp::Reverse(service.state), service.since));
    let name = |service: &&v1::AffectedService| {
        let known = map.services.iter().find(|known| known.id == service.id);
        known.map_or_else(|| service.id.clone(), |known| known.name.clone())
    };
    let names: Vec<String> = services.iter().map(name).collect();
    match names.as_slice() {
        [one] => (one.clone(), true),
        [one, other] => (listed(&[one, other]), false),
        [first, rest @ ..] => (format!("{first} and {}", counted(rest.len(), "more service")), false),
        [] => (String::new(), false),
    }
}

/// Resolved, closed or merged: it tells of the past.
pub(super) fn is_over(incident: &v1::Incident) -> bool {
    incident.resolved_at.is_some() || incident.closed_at.is_some() || incident.merged_into.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::incidents::map::{MapItem, MapService};

    const NOW: &str = "2026-06-01T11:14:00Z";

    fn incident(changed: Value) -> v1::Incident {
        let began = "2026-06-01T11:00:00Z";
        let mut said = json!({
            "id": "inc_1", "domain": "default", "state": "open", "priority": "P1", "impact": 1, "urgency": 1,
            "major": "none", "title": "x", "detected_by": "monitoring", "started_at": began, "detected_at": began,
            "opened_at": began, "reopened_at": [], "holds": [], "cis": [], "sources": [], "alerts": [],
            "alerts_unlisted": 0, "causes": [cause("high", Value::Null)], "changes": [], "storm": false,
            "merge_suggested": [], "residual": false, "preexisting": false, "stale": false, "external": [],
            "comments": [], "version": 1, "services": [service("mail", 2, "down"), service("checkout", 1, "down")],
        });
        for (name, value) in changed.as_object().unwrap() {
            said[name] = value.clone();
        }
        serde_json::from_value(said).unwrap()
    }

    fn cause(confidence: &str, verdict: Value) -> Value {
        json!({"ci": "db-7", "score": 0.9, "confidence": confidence, "because": [], "verdict": verdict})
    }

    fn service(id: &str, criticality: u8, now: &str) -> Value {
        json!({"id": id, "state": "down", "now": now, "since": "2026-06-01T11:00:00Z", "criticality": criticality})
    }

    fn told(changed: Value, cause: Option<&str>) -> String {
        let item = MapItem {
            id: "db-7".to_owned(),
            name: "db-7".to_owned(),
            class: Some("storage".to_owned()),
            service: false,
            rank: Some(1),
            states: Vec::new(),
        };
        let services: Vec<MapService> = Vec::new();
        let map = IncidentMap {
            id: "inc_1".to_owned(),
            number: None,
            topology_version: 1,
            cause: cause.map(str::to_owned),
            items: vec![item],
            links: Vec::new(),
            cut: false,
            steps: Vec::new(),
            services,
            services_cut: false,
        };
        headline(&incident(changed), &map, Timestamp::parse(NOW).unwrap())
    }

    #[test]
    fn one_sentence_says_what_broke_and_whom_it_hurts() {
        let db = Some("db-7");
        for (changed, cause, expected) in [
            (json!({}), db, "db-7 (storage) is the probable cause; checkout and mail have been affected for 14 min."),
            (
                json!({"causes": [cause("medium", json!("confirmed"))], "services": [service("checkout", 1, "down")]}),
                db,
                "db-7 (storage) is the cause, as was confirmed; checkout has been affected for 14 min.",
            ),
            (
                json!({"causes": [cause("low", Value::Null)], "services": []}),
                None,
                "The cause is unclear; no service is affected.",
            ),
            (
                json!({"restored_at": "2026-06-01T11:05:00Z", "resolved_at": "2026-06-01T11:10:00Z"}),
                db,
                "db-7 (storage) is the probable cause; checkout and mail were affected for 5 min.",
            ),
            (
                json!({"services": [service("a", 3, "down"), service("b", 2, "down"), service("c", 1, "up")]}),
                db,
                "db-7 (storage) is the probable cause; b and a have been affected for 14 min.",
            ),
            (
                json!({"services": (["a", "b", "c", "d"].map(|id| service(id, 1, "down")))}),
                db,
                "db-7 (storage) is the probable cause; a and 3 more services have been affected for 14 min.",
            ),
            (json!({"merged_into": "inc_2"}), db, "It was merged into another incident, which goes on."),
        ] {
            assert_eq!(told(changed, cause), expected);
        }
    }
}
