//! What became of an incident between two sights of it, in a few words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::page::{each, word};

/// Incidents as they were seen last, by their ids.
#[derive(Debug, Default)]
pub(super) struct Watched(BTreeMap<String, Value>);

impl Watched {
    pub(super) fn of(incidents: Vec<Value>) -> Watched {
        Watched(incidents.into_iter().map(|incident| (word(&incident["id"]), incident)).collect())
    }

    /// Empty where nothing changed that a person would see.
    pub(super) fn changes(&mut self, incident: &Value) -> Vec<String> {
        let id = word(&incident["id"]);
        let before = match is_over(incident) {
            true => self.0.remove(&id),
            false => self.0.insert(id, incident.clone()),
        };
        before.map_or_else(|| vec![first_seen(incident)], |before| between(&before, incident))
    }
}

fn is_over(incident: &Value) -> bool {
    matches!(incident["state"].as_str(), Some("closed" | "merged"))
}

fn first_seen(incident: &Value) -> String {
    match incident["state"].as_str() {
        Some("open") => "opened".to_owned(),
        _ => entered("", incident),
    }
}

fn between(before: &Value, now: &Value) -> Vec<String> {
    let was = word(&before["state"]);
    let state = (was != word(&now["state"])).then(|| entered(&was, now));
    let changes = [state, priority(before, now)].into_iter().flatten();
    let alerts = moved(total(before), total(now));
    let changes = changes.chain(alerts).chain(services(before, now));
    changes.chain([owner(before, now), comment(before, now), cause(before, now)].into_iter().flatten()).collect()
}

fn entered(was: &str, now: &Value) -> String {
    match (was, word(&now["state"]).as_str()) {
        ("on_hold", "open" | "acknowledged" | "restored") => "taken off hold".to_owned(),
        ("restored", "open" | "acknowledged") => "firing again".to_owned(),
        ("resolved" | "closed", "open" | "acknowledged" | "restored") => "reopened".to_owned(),
        ("acknowledged", "open") => "open again".to_owned(),
        (_, "on_hold") => "put on hold".to_owned(),
        (_, "merged") => format!("merged into {}", word(&now["merged_into"])),
        (_, state) => state.replace('_', " "),
    }
}

/// `P1` is the gravest.
fn priority(before: &Value, now: &Value) -> Option<String> {
    let (was, is) = (word(&before["priority"]), word(&now["priority"]));
    (was != is).then(|| format!("{} from {was}", if is < was { "raised" } else { "lowered" }))
}

fn total(incident: &Value) -> u64 {
    each(&incident["alerts"]).count() as u64 + incident["alerts_unlisted"].as_u64().unwrap_or(0)
}

fn moved(was: u64, is: u64) -> Option<String> {
    let alerts = |count: u64| if count == 1 { "1 alert".to_owned() } else { format!("{count} alerts") };
    match is.cmp(&was) {
        std::cmp::Ordering::Greater => Some(format!("{} joined", alerts(is - was))),
        std::cmp::Ordering::Less => Some(format!("{} left", alerts(was - is))),
        std::cmp::Ordering::Equal => None,
    }
}

fn services(before: &Value, now: &Value) -> Vec<String> {
    let known: BTreeMap<String, String> =
        each(&before["services"]).map(|service| (word(&service["id"]), word(&service["now"]))).collect();
    let changed = each(&now["services"]).map(|service| (word(&service["id"]), word(&service["now"])));
    let changed = changed.filter(|(id, state)| known.get(id) != Some(state));
    changed.map(|(id, state)| format!("{id} {}", state.replace('_', " "))).collect()
}

fn owner(before: &Value, now: &Value) -> Option<String> {
    let of = |incident: &Value| {
        let parts = ["team", "assignee"].map(|key| word(&incident[key]));
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    };
    let (was, is) = (of(before), of(now));
    (was != is && !is.is_empty()).then(|| format!("assigned to {is}"))
}

fn comment(before: &Value, now: &Value) -> Option<String> {
    let newest = each(&now["comments"]).last().filter(|newest| each(&before["comments"]).last() != Some(newest))?;
    Some(format!("comment of {}", word(&newest["by"])))
}

fn cause(before: &Value, now: &Value) -> Option<String> {
    let of = |incident: &Value| word(&incident["causes"][0]["ci"]);
    let (was, is) = (of(before), of(now));
    let probable = if now["causes"][0]["verdict"] == "confirmed" { "" } else { "probable " };
    (was != is && !is.is_empty()).then(|| format!("{probable}cause {is}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn incident(changes: Value) -> Value {
        let mut incident = json!({
            "id": "inc_1", "state": "open", "priority": "P3", "alerts": ["a"], "alerts_unlisted": 0,
            "services": [], "comments": [], "causes": [], "team": null, "assignee": null,
        });
        for (key, value) in changes.as_object().unwrap() {
            incident[key] = value.clone();
        }
        incident
    }

    #[test]
    fn each_change_is_said_once() {
        let mut watched = Watched::default();
        let down = json!([{"id": "checkout", "now": "down"}]);
        for (changes, said) in [
            (json!({}), "opened"),
            (json!({}), ""),
            (json!({"alerts": ["a", "b", "c"], "priority": "P1"}), "raised from P3, 2 alerts joined"),
            (json!({"alerts": ["a", "b"], "priority": "P1", "services": down}), "1 alert left, checkout down"),
            (json!({"alerts": ["a"], "alerts_unlisted": 1, "services": down}), "lowered from P1"),
            (json!({"state": "acknowledged", "team": "team-db"}), "acknowledged, 1 alert left, assigned to team-db"),
            (json!({"state": "on_hold", "team": "team-db"}), "put on hold"),
            (json!({"state": "acknowledged", "team": "team-db"}), "taken off hold"),
            (json!({"state": "restored", "comments": [{"by": "ana"}]}), "restored, comment of ana"),
            (json!({"causes": [{"ci": "db-7"}], "comments": [{"by": "ana"}]}), "firing again, probable cause db-7"),
            (json!({"state": "merged", "merged_into": "INC0000001"}), "merged into INC0000001"),
        ] {
            assert_eq!(watched.changes(&incident(changes)).join(", "), said);
        }
        assert!(watched.0.is_empty(), "what is over is not kept");
    }

    #[test]
    fn what_was_there_before_is_not_told_as_new() {
        let mut watched = Watched::of(vec![incident(json!({}))]);
        assert_eq!(watched.changes(&incident(json!({"state": "resolved"}))), ["resolved"]);
        assert_eq!(Watched::default().changes(&incident(json!({"state": "restored"}))), ["restored"]);
    }
}
