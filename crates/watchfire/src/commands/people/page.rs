//! One object in full, for a person: a heading, lines of names and values, and parts under headings of their own.
//!
//! Names come from outside: what could move the cursor does not reach the terminal.

use serde_json::Value;

use super::words;

/// A page in the making.
#[derive(Debug, Default)]
pub(in crate::commands) struct Page {
    text: String,
    /// Where values stand, if names are longer than usual.
    widest: usize,
}

/// Where values stand.
const NAME_WIDTH: usize = 14;

impl Page {
    pub(in crate::commands) fn titled(title: &str) -> Page {
        Page { text: format!("{}\n\n", safe(title)), widest: 0 }
    }

    /// With the longest of the names that are to come: values stand behind it.
    pub(in crate::commands) fn with_names(mut self, longest: usize) -> Page {
        self.widest = longest;
        self
    }

    /// Nothing where there is nothing.
    pub(in crate::commands) fn line(&mut self, name: &str, value: impl AsRef<str>) {
        let value = safe(value.as_ref());
        if !value.is_empty() {
            let width = NAME_WIDTH.max(self.widest + 2);
            self.text.push_str(&format!("{name:width$}{value}\n"));
        }
    }

    /// A line for each, under a heading.
    pub(in crate::commands) fn part(&mut self, heading: &str, lines: impl IntoIterator<Item = String>) {
        let lines: Vec<String> = lines.into_iter().map(|line| format!("  {}\n", safe(&line))).collect();
        if !lines.is_empty() {
            let gap = if self.text.ends_with("\n\n") { "" } else { "\n" };
            self.text.push_str(&format!("{gap}{heading}\n{}", lines.concat()));
        }
    }

    pub(in crate::commands) fn text(self) -> String {
        self.text
    }
}

/// Every key in its order; what holds more has a part of its own.
pub(super) fn object(object: &Value, title: &str) -> String {
    let entries = || object.as_object().into_iter().flatten().filter(|(key, _)| *key != title);
    let is_large = |value: &Value| value.is_object() || each(value).any(Value::is_object);
    let longest =
        entries().filter(|(_, value)| !is_large(value)).map(|(key, value)| named(key, value).0.chars().count()).max();
    let mut page = Page::titled(&word(&object[title])).with_names(longest.unwrap_or(0));
    for (key, value) in entries().filter(|(_, value)| !is_large(value)) {
        let (name, value) = named(key, value);
        page.line(&name, value);
    }
    for (key, value) in entries().filter(|(_, value)| is_large(value)) {
        let pairs = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let lines = pairs.map(|(key, value)| named(key, value)).map(|(name, value)| format!("{name}  {value}"));
        page.part(&key.replace('_', " "), lines.chain(each(value).map(words::entry)));
    }
    page.text()
}

/// A figure under its name: `exercise every`, `180d`.
fn named(key: &str, value: &Value) -> (String, String) {
    match key.strip_suffix("_seconds").zip(value.as_f64()) {
        Some((name, seconds)) => (name.replace('_', " "), report::text::duration(seconds)),
        None => (key.replace('_', " "), word(value)),
    }
}

/// A value in a word, an instant in whole seconds; several with commas between.
pub(in crate::commands) fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => words::whole_seconds(text).unwrap_or_else(|| text.clone()),
        Value::Array(parts) => parts.iter().map(word).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The sentence of a reason; without one its code and its figures: `resolved quiet (quiet 5m)`.
pub(super) fn sentence(reason: &Value) -> String {
    let told = word(&reason["text"]);
    if !told.is_empty() || !reason.is_object() {
        return if told.is_empty() { word(reason) } else { told };
    }
    let entries = || reason.as_object().into_iter().flatten().filter(|(key, _)| *key != "code");
    let figures: Vec<String> = entries().filter_map(|(key, value)| figure(key, value)).collect();
    let code = word(&reason["code"]).replace('_', " ");
    match (code.is_empty(), figures.is_empty()) {
        (_, true) => code,
        (true, false) => figures.join(", "),
        (false, false) => format!("{code} ({})", figures.join(", ")),
    }
}

/// A figure with its name; spans in words, nothing where there is nothing.
fn figure(key: &str, value: &Value) -> Option<String> {
    let name = key.trim_end_matches("_seconds").replace('_', " ");
    let shown = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::Bool(true) => return Some(name),
        Value::Number(number) if key.ends_with("_seconds") => report::text::duration(number.as_f64()?),
        Value::Object(_) => sentence(value),
        Value::Array(parts) => parts.iter().map(sentence).collect::<Vec<_>>().join("; "),
        other => word(other),
    };
    (!shown.is_empty()).then(|| format!("{name} {shown}"))
}

pub(in crate::commands) fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// `at  who  what`, of a timeline.
pub(super) fn timeline(entries: &Value) -> Vec<String> {
    timeline_with(entries, |_| None)
}

/// The same, with a sentence of whoever knows a better one.
pub(super) fn timeline_with(entries: &Value, better: impl Fn(&Value) -> Option<String>) -> Vec<String> {
    let line = |entry: &Value| {
        let by = word(&entry["by"]);
        let by = if by.is_empty() { String::new() } else { format!("{by}: ") };
        let said = better(entry).unwrap_or_else(|| sentence(&entry["reason"]));
        format!("{}  {by}{said}", word(&entry["at"]))
    };
    each(entries).map(line).collect()
}

pub(super) fn safe(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_leaves_out_what_is_not_there() {
        let mut page = Page::titled("INC1 checkout\u{1b}[2J down");
        page.line("state", word(&json!("open")));
        page.line("team", word(&Value::Null));
        page.part("Nothing", []);
        page.part("Causes", ["db-7".to_owned()]);
        assert_eq!(page.text(), "INC1 checkout [2J down\n\nstate         open\n\nCauses\n  db-7\n");
    }

    #[test]
    fn values_stand_in_one_column_whatever_the_names() {
        let told = object(&json!({"name": "db", "in_maintenance": false, "a_name_of_many_letters": 1}), "name");
        let values: Vec<Option<usize>> =
            told.lines().skip(2).map(|line| line.find("false").or(line.find('1'))).collect();
        assert_eq!(values, [Some(24), Some(24)], "{told}");
    }

    #[test]
    fn spans_are_said_in_words_under_their_names() {
        let service = json!({"id": "db", "agreed_seconds": 90.5, "objectives": {"exercise_every_seconds": 15_552_000}});
        let told = object(&service, "id");
        assert!(told.contains("\nobjectives\n  exercise every  180d\n"), "{told}");
        assert!(told.contains("\nagreed        1m 31s\n") && !told.contains("seconds"), "{told}");
    }

    #[test]
    fn a_part_below_the_title_has_one_empty_line_above() {
        let mut page = Page::titled("INC1");
        page.part("Alerts", ["a".to_owned()]);
        assert_eq!(page.text(), "INC1\n\nAlerts\n  a\n");
    }

    #[test]
    fn a_reason_without_a_sentence_says_its_code_and_its_figures() {
        for (reason, told) in [
            (json!({"code": "incident_opened"}), "incident opened"),
            (json!({"code": "resolved_quiet", "quiet_seconds": 300}), "resolved quiet (quiet 5m)"),
            (json!({"code": "held", "forced": true, "late": false, "by": "ana", "x": null}), "held (by ana, forced)"),
            (
                json!({"evidence": {"code": "topology", "ci": "db-7"}, "near_misses": [], "score": 0.5}),
                "evidence topology (ci db-7), score 0.5",
            ),
            (json!({"code": "x", "text": "in so many words"}), "in so many words"),
            (Value::Null, ""),
        ] {
            assert_eq!(sentence(&reason), told, "{reason}");
        }
    }

    #[test]
    fn a_timeline_says_who_and_why() {
        let entries = json!([
            {"at": "T1", "by": "ana", "reason": {"code": "x", "text": "because"}},
            {"at": "T2", "by": null, "reason": {"code": "quiet"}},
        ]);
        assert_eq!(timeline(&entries), ["T1  ana: because", "T2  quiet"]);
    }
}
