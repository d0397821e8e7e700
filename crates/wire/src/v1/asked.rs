//! What a person asked for, as the audit keeps it: the model's words, in the contract's spelling.

use model::Timestamp;
use serde_json::{Map, Value};

use super::Instant;

/// Names of things people may ask for and their states are in snake_case, instants RFC 3339. Texts stay as they are.
pub fn asked(stored: Value) -> Value {
    match stored {
        Value::Array(values) => values.into_iter().map(asked).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (snake_case(&key), field(&key, value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn field(key: &str, value: Value) -> Value {
    match (key, value) {
        (
            "at" | "due" | "until" | "from" | "start" | "end" | "updated_at" | "received_at" | "starts_at" | "ends_at"
            | "started_at",
            Value::Number(micros),
        ) => micros.as_i64().map_or(Value::Null, |micros| {
            serde_json::to_value(Instant(Timestamp::from_micros(micros))).expect("an instant is JSON")
        }),
        ("to", Value::Number(micros)) => field("from", Value::Number(micros)),
        (
            "action" | "to" | "state" | "status" | "kind" | "result" | "verdict" | "reason_for" | "detected_by",
            Value::String(word),
        ) => Value::String(snake_case(&word)),
        (_, other) => asked(other),
    }
}

fn snake_case(name: &str) -> String {
    let mut spelt = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            spelt.push('_');
        }
        spelt.push(letter.to_ascii_lowercase());
    }
    spelt
}

#[cfg(test)]
mod tests {
    use model::command::{Action, IncidentAction, IncidentTarget, OpenIncident, ProblemAction};
    use model::incident::{DetectedBy, HoldFor, Priority, Verdict};
    use model::problem::ProblemState;
    use model::{IncidentId, Interval, Matcher, ProblemId, SilenceId};
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_777_629_600 + seconds)
    }

    fn spelt(action: &Action) -> Value {
        asked(serde_json::to_value(action).unwrap())
    }

    #[test]
    fn what_people_ask_for_of_incidents_and_problems_is_told_in_the_contracts_words() {
        let id = IncidentId::from_bytes([1; 16]);
        let of = |action| Action::Incident { target: IncidentTarget::Id(id), action };
        let target = json!({ "id": id.to_string() });
        let hold = IncidentAction::Hold {
            reason_for: HoldFor::Supplier,
            until: Some(at(0)),
            reason: "waits for Their Part".into(),
        };
        for (action, expected) in [
            (IncidentAction::Acknowledge, json!("acknowledge")),
            (
                hold,
                json!({"hold": {"reason_for": "supplier", "until": "2026-05-01T10:00:00Z",
                                "reason": "waits for Their Part"}}),
            ),
            (
                IncidentAction::Cause { ci: "db-7".into(), verdict: Verdict::Confirmed },
                json!({"cause": {"ci": "db-7", "verdict": "confirmed"}}),
            ),
            (
                IncidentAction::Update { priority: Some(Priority::P2), title: None },
                json!({"update": {"priority": "P2", "title": null}}),
            ),
        ] {
            assert_eq!(spelt(&of(action)), json!({"incident": {"target": target, "action": expected}}));
        }
        let open = OpenIncident {
            title: "Shop Down".into(),
            detected_by: DetectedBy::Customer,
            cis: vec!["db-7".into()],
            priority: None,
            team: None,
            started_at: Some(at(1)),
        };
        let opened = &spelt(&Action::OpenIncident(open))["open_incident"];
        assert_eq!(opened["detected_by"], "customer");
        assert_eq!(opened["started_at"], "2026-05-01T10:00:01Z");
        assert_eq!(opened["title"], "Shop Down");
        let (problem, to) = (ProblemId::from_bytes([2; 16]), ProblemState::FixInProgress);
        let moved = spelt(&Action::Problem { problem, action: ProblemAction::Move { to } });
        assert_eq!(moved["problem"]["action"], json!({"move": {"to": "fix_in_progress"}}));
    }

    #[test]
    fn a_silence_says_its_instants() {
        let silence = model::fact::Silence {
            id: SilenceId::from_bytes([3; 16]),
            matchers: vec![Matcher::parse("Host=web-1").unwrap()],
            interval: Interval::or_empty(at(0), at(60)),
            by: "Ann".into(),
            comment: "known".into(),
            updated_at: at(0),
        };
        let told = &spelt(&Action::Silence(silence))["silence"];
        assert_eq!(told["interval"], json!({"start": "2026-05-01T10:00:00Z", "end": "2026-05-01T10:01:00Z"}));
        assert_eq!((&told["by"], &told["updated_at"]), (&json!("Ann"), &json!("2026-05-01T10:00:00Z")));
        assert!(told["matchers"].to_string().contains("Host"), "{told}");
    }

    #[test]
    fn what_else_is_on_record_stays_as_it_is() {
        let stored = json!({"items": 3, "reason": "Not Ours"});
        assert_eq!(asked(stored.clone()), stored);
    }
}
