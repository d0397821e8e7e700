//! What the service keeps as codes and figures, in words for people.

use serde_json::Value;

use super::page::{each, sentence, word};

/// One of several things that have parts: a relation, a redundant group, or anything else with its figures.
pub(super) fn entry(value: &Value) -> String {
    match (value["type"].as_str(), value["to"].as_str(), value["k"].as_u64()) {
        (Some(kind), Some(to), _) => format!("{} {to}", kind.replace('_', " ")),
        _ if value["text"].is_string() && value["by"].is_string() => {
            format!("{}  {}: {}", word(&value["at"]), word(&value["by"]), word(&value["text"]))
        }
        (_, _, Some(k)) => format!("needs {k} of {}", each(&value["of"]).map(word).collect::<Vec<_>>().join(", ")),
        _ => sentence(value),
    }
}

/// How an incident was resolved: its code, who said so, and why.
pub(super) fn resolution(resolution: &Value) -> String {
    if !resolution.is_object() {
        return String::new();
    }
    let [code, by, notes] = ["code", "by", "notes"].map(|key| word(&resolution[key]));
    let by = if by.is_empty() { "by itself".to_owned() } else { format!("by {by}") };
    let forced = if resolution["forced"] == true { ", forced" } else { "" };
    let code = if code.is_empty() { code } else { format!(", as {code}") };
    let notes = if notes.is_empty() { notes } else { format!(": {notes}") };
    format!("{by}{forced}{code}{notes}")
}

/// Of an instant with parts of seconds, the second it lies in; `None` of all else.
pub(super) fn whole_seconds(text: &str) -> Option<String> {
    let is_finer = text.contains('T') && text.contains('.') && text.ends_with('Z');
    model::Timestamp::parse(text).filter(|_| is_finer).map(report::text::instant)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn relations_and_groups_are_said_in_words() {
        assert_eq!(entry(&json!({"to": "san-1", "type": "requires"})), "requires san-1");
        assert_eq!(entry(&json!({"to": "rack-1", "type": "located_in"})), "located in rack-1");
        let comment = json!({"at": "2026-05-01T10:00:00.5Z", "by": "ana", "text": "a new disk is ordered"});
        assert_eq!(entry(&comment), "2026-05-01T10:00:00Z  ana: a new disk is ordered");
        assert_eq!(entry(&json!({"of": ["web-1", "web-2"], "k": 1})), "needs 1 of web-1, web-2");
    }

    #[test]
    fn a_resolution_says_by_whom_and_why() {
        for (said, told) in [
            (json!({"code": null, "notes": null, "by": null, "forced": false}), "by itself"),
            (json!({"code": "fixed", "notes": "new disk", "by": "ana", "forced": false}), "by ana, as fixed: new disk"),
            (
                json!({"code": null, "notes": "we know better", "by": "ana", "forced": true}),
                "by ana, forced: we know better",
            ),
            (Value::Null, ""),
        ] {
            assert_eq!(resolution(&said), told);
        }
    }

    #[test]
    fn only_whole_instants_lose_parts_of_seconds() {
        assert_eq!(whole_seconds("2026-11-21T19:33:50.999999Z").unwrap(), "2026-11-21T19:33:50Z");
        for kept in ["2026-11-21T19:33:50Z", "db-7.prod", "1.2.3", "T.Z", ""] {
            assert_eq!(whole_seconds(kept), None, "{kept}");
        }
    }
}
