//! What the service keeps as codes and figures, in words for people.

use serde_json::Value;

use super::page::{each, sentence, word};

/// Why nobody is told of an alert, and how it came to its item; `None`: the code is of something else.
pub(super) fn told(reason: &Value) -> Option<String> {
    let [by, until, name] = ["by", "until", "name"].map(|key| word(&reason[key]));
    Some(match reason["code"].as_str()? {
        "silence" => format!("held back by a silence of {by} until {until}: {}", word(&reason["comment"])),
        "maintenance" => {
            format!("held back by maintenance {} of {} until {until}", word(&reason["reference"]), word(&reason["ci"]))
        }
        "limit" => {
            format!("held back: {} alerts are open, {} may be", word(&reason["open"]), word(&reason["limit"]))
        }
        "suppressed" => told(&reason["by"])?,
        "suppression_ended" => format!("no longer {}", told(&reason["was"])?),
        "bound" if reason["binding"].is_object() => told(&reason["binding"])?,
        "bound" => format!("bound by {} {name}", kind(&word(&reason["how"]))),
        "ambiguous" => format!("bound to no item: `{name}` may be any of {}", word(&reason["candidates"])),
        "unbound" => "bound to no item: none goes by a name it gave".to_owned(),
        _ => return None,
    })
}

fn kind(how: &str) -> &str {
    if how == "shortened" { "the shortened name" } else { how }
}

/// One of several things that have parts: a relation, a redundant group, or anything else with its figures.
pub(super) fn entry(value: &Value) -> String {
    match (value["type"].as_str(), value["to"].as_str(), value["k"].as_u64()) {
        (Some(kind), Some(to), _) => format!("{} {to}", kind.replace('_', " ")),
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

/// Spans with parts of seconds, such as `50m42.958785s`, as `50m 43s`, and instants to the second; all else as it stands.
pub(super) fn rounded(text: &str) -> String {
    let round = |said: &str| {
        let bare = said.trim_end_matches([',', ';', ':', ')', '.']);
        let rest = said.strip_prefix(bare).unwrap_or_default();
        let shown = seconds(bare).map(report::text::duration).or_else(|| whole_seconds(bare));
        shown.map_or_else(|| said.to_owned(), |shown| shown + rest)
    };
    text.split(' ').map(round).collect::<Vec<_>>().join(" ")
}

/// Only of a span that has parts of seconds.
fn seconds(span: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut number = String::new();
    for c in span.strip_suffix('s').filter(|rest| rest.contains('.'))?.chars() {
        let unit = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'w' => 604_800.0,
            'd' => 86_400.0,
            'h' => 3600.0,
            'm' => 60.0,
            _ => return None,
        };
        total += std::mem::take(&mut number).parse::<f64>().ok()? * unit;
    }
    Some(total + number.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn codes_are_said_in_words() {
        let window = json!({"code": "maintenance", "window": "mwn_1", "reference": "MW1", "ci": "db-7", "until": "T"});
        let silence = json!({"code": "silence", "silence": "sil_1", "by": "ana", "comment": "known", "until": "T"});
        for (reason, said) in [
            (window.clone(), "held back by maintenance MW1 of db-7 until T"),
            (silence, "held back by a silence of ana until T: known"),
            (json!({"code": "suppressed", "by": window}), "held back by maintenance MW1 of db-7 until T"),
            (
                json!({"code": "suppression_ended", "was": window}),
                "no longer held back by maintenance MW1 of db-7 until T",
            ),
            (json!({"code": "limit", "open": 7, "limit": 6}), "held back: 7 alerts are open, 6 may be"),
            (json!({"code": "bound", "how": "id", "name": "db-7"}), "bound by id db-7"),
            (json!({"code": "bound", "how": "shortened", "name": "db-7"}), "bound by the shortened name db-7"),
            (json!({"code": "bound", "binding": {"code": "unbound"}}), "bound to no item: none goes by a name it gave"),
            (
                json!({"code": "ambiguous", "name": "db", "candidates": ["a", "b"]}),
                "bound to no item: `db` may be any of a, b",
            ),
        ] {
            assert_eq!(sentence(&reason), said);
        }
    }

    #[test]
    fn relations_and_groups_are_said_in_words() {
        assert_eq!(entry(&json!({"to": "san-1", "type": "requires"})), "requires san-1");
        assert_eq!(entry(&json!({"to": "rack-1", "type": "located_in"})), "located in rack-1");
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

    #[test]
    fn spans_have_no_parts_of_seconds() {
        for (text, said) in [
            ("it began 50m42.958785s from that, 30m are allowed", "it began 50m 43s from that, 30m are allowed"),
            ("they began 1m30.5s apart (score 0.873); not in it", "they began 1m 31s apart (score 0.873); not in it"),
            ("db.example.s is version 1.2.3 of hosts", "db.example.s is version 1.2.3 of hosts"),
            ("over since 2026-05-01T10:00:00.999Z, by it", "over since 2026-05-01T10:00:00Z, by it"),
        ] {
            assert_eq!(rounded(text), said);
        }
    }
}
