//! What was seen before: past incidents like one, when they were, and what resolved them.

use serde_json::Value;

use super::page::{Page, each, word};
use super::words::resolution;

/// A page of its own.
pub(super) fn in_full(number: &str, similar: &Value) -> String {
    let mut page = Page::titled(&format!("Seen before: {number}"));
    page.line("cause", word(&similar["ci"]));
    page.line("alerts", word(&similar["alert_names"]));
    match each(&similar["items"]).next() {
        Some(_) => page.part("Past incidents, the likest first", lines(similar)),
        None => page.line("found", "nothing with this cause or these alerts"),
    }
    page.text()
}

/// A line for each, and below it what is known of its problem.
pub(super) fn lines(similar: &Value) -> Vec<String> {
    each(&similar["items"]).flat_map(of_one).collect()
}

fn of_one(seen: &Value) -> Vec<String> {
    let [number, at, title] = ["number", "started_at", "title"].map(|key| word(&seen[key]));
    let lasted = seen["lasted_seconds"].as_f64().map(|seconds| format!(" for {}", report::text::duration(seconds)));
    let mut lines = vec![format!("{number}  {at}{}  {title}", lasted.unwrap_or_default())];
    let resolved = resolution(&seen["resolution"]);
    if !resolved.is_empty() {
        lines.push(format!("  resolved {resolved}"));
    }
    let problem = &seen["problem"];
    if problem.is_object() {
        let known = if problem["known_error"] == true { ", known error" } else { "" };
        let [number, state] = ["number", "state"].map(|key| word(&problem[key]));
        let said = ["cause", "workaround"].map(|key| (key, word(&problem[key])));
        let said = said.iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| format!("; {key}: {text}"));
        lines.push(format!("  {number} ({}{known}){}", state.replace('_', " "), said.collect::<String>()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_seen_before_says_when_how_long_and_what_helped() {
        let similar = json!({"ci": "db-7", "alert_names": ["DiskFull"], "items": [
            {
                "number": "INC0000007", "title": "checkout DOWN", "started_at": "2026-05-01T10:00:00Z",
                "lasted_seconds": 600, "resolution": {"code": "fixed", "notes": "purged", "by": "ana", "forced": false},
                "problem": {"number": "PRB0000001", "state": "fix_in_progress", "known_error": true, "cause": "log rotation",
                    "workaround": "purge logs"},
            },
            {"number": "INC0000003", "title": "slow", "started_at": "2026-04-01T10:00:00Z", "problem": null},
        ]});
        let shown = in_full("INC0000009", &similar);
        let below: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("Past")).skip(1).collect();
        assert_eq!(
            below,
            [
                "  INC0000007  2026-05-01T10:00:00Z for 10m  checkout DOWN",
                "    resolved by ana, as fixed: purged",
                "    PRB0000001 (fix in progress, known error); cause: log rotation; workaround: purge logs",
                "  INC0000003  2026-04-01T10:00:00Z  slow",
            ]
        );
        assert!(in_full("INC1", &json!({"items": []})).contains("nothing with this cause"));
    }
}
