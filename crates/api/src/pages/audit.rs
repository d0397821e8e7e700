//! The audit: who changed what.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::Value;
use wire::v1;

use super::Trouble;
use super::address::address;
use super::page::Page;
use super::shell::Shell;
use super::told::encoded;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::records;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/audit", get(audit))
}

const HERE: &str = "/audit";
/// Rows of a page, so that it stays small.
const ROWS: &str = "50";
/// Of what was asked for, in a row.
const PAIRS_SHOWN: usize = 6;
const CHARS_SHOWN: usize = 120;

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    shell: Shell,
    rows: Vec<Row>,
    filter: Filter,
    more: Option<String>,
}

/// What is asked for, as the form shows it.
#[derive(Debug, Default)]
struct Filter {
    by: String,
    action: String,
    subject: String,
    from: String,
    later: bool,
}

struct Row {
    id: String,
    at: v1::Instant,
    by: String,
    action: String,
    subject: Option<v1::Subject>,
    detail: Vec<(String, String)>,
}

impl Filter {
    fn page(&self, cursor: &str) -> String {
        let Filter { by, action, subject, from, .. } = self;
        address(HERE, &[("by", by), ("action", action), ("subject", subject), ("from", from), ("cursor", cursor)])
    }

    fn is_from(&self, from: &str) -> bool {
        self.from == from
    }

    fn is_empty(&self) -> bool {
        [&self.by, &self.action, &self.subject, &self.from].into_iter().all(String::is_empty)
    }
}

impl Row {
    fn of(entry: v1::AuditEntry) -> Row {
        let v1::AuditEntry { id, at, by, action, subject, detail } = entry;
        Row { id, at, by, action: action.replace('_', " "), subject, detail: pairs(&detail) }
    }

    /// Where what it is about is shown; `None`: there is no page of such a thing.
    fn link(&self) -> Option<String> {
        let subject = self.subject.as_ref()?;
        let page = match subject.kind.as_str() {
            "incident" => "incidents",
            "problem" => "problems",
            "alert" => "alerts",
            "change" => "changes",
            "maintenance_window" => "maintenance",
            "silence" => "silences",
            "dead_letter" => "dead-letters",
            _ => return None,
        };
        Some(format!("/{page}/{}", encoded(&subject.id)))
    }
}

impl Audit {
    fn periods(&self) -> [(&'static str, &'static str); 4] {
        [("-1h", "the last hour"), ("-24h", "the last day"), ("-7d", "the last week"), ("-30d", "the last 30 days")]
    }

    fn by(&self, by: &str) -> String {
        address(HERE, &[("by", by)])
    }
}

/// What was asked for, by name; what says nothing is left out.
fn pairs(detail: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    gather("", detail, &mut found);
    let more = found.len().saturating_sub(PAIRS_SHOWN);
    found.truncate(PAIRS_SHOWN);
    if more > 0 {
        found.push(("and".to_owned(), format!("{more} more")));
    }
    found
}

fn gather(name: &str, detail: &Value, found: &mut Vec<(String, String)>) {
    match detail {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::Object(fields) => fields.iter().for_each(|(inner, value)| gather(inner, value, found)),
        Value::Array(values) if values.is_empty() => {}
        Value::String(text) => found.push((said(name), short(text))),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            found.push((said(name), short(&texts.join(", "))));
        }
        other => found.push((said(name), short(&other.to_string()))),
    }
}

fn said(name: &str) -> String {
    name.replace('_', " ")
}

fn short(text: &str) -> String {
    match text.char_indices().nth(CHARS_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

async fn audit(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Audit>, Trouble> {
    asked.only(&["by", "action", "subject", "from", "cursor"])?;
    let one = |name| asked.one(name).unwrap_or_default().trim().to_owned();
    let cursor = one("cursor");
    let filter = Filter {
        by: one("by"),
        action: one("action").to_lowercase().replace(' ', "_"),
        subject: one("subject"),
        from: one("from"),
        later: !cursor.is_empty(),
    };
    if !visitor.manages() {
        let shell = Shell::new(&api, visitor, HERE, "Audit");
        return Ok(Page(Audit { shell, rows: Vec::new(), filter, more: None }));
    }
    let of_api = Asked::of(&[
        ("by", &filter.by),
        ("action", &filter.action),
        ("subject", &filter.subject),
        ("from", &filter.from),
        ("cursor", &cursor),
        ("limit", ROWS),
    ]);
    let found = records::audit(visitor.by(), State(api.clone()), of_api).await?.0;
    let more = found.next.map(|cursor| filter.page(&cursor));
    let rows = found.items.into_iter().map(Row::of).collect();
    Ok(Page(Audit { shell: Shell::new(&api, visitor, HERE, "Audit"), rows, filter, more }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_asked_for_is_told_by_name_and_what_says_nothing_is_not() {
        let detail =
            json!({"to": "risk_accepted", "reason": "", "until": null, "what": {"cis": ["a", "b"], "force": true}});
        let told = pairs(&detail);
        let expected = [("cis", "a, b"), ("force", "true"), ("to", "risk_accepted")];
        let mut told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        told.sort_unstable();
        assert_eq!(told, expected);
    }

    #[test]
    fn much_is_told_in_short() {
        let detail: serde_json::Map<String, Value> =
            (0..9).map(|at| (format!("f{at}"), json!("ä".repeat(500)))).collect();
        let told = pairs(&Value::Object(detail));
        assert_eq!(told.len(), PAIRS_SHOWN + 1);
        assert_eq!(told.last(), Some(&("and".to_owned(), "3 more".to_owned())));
        assert_eq!(told[0].1.chars().count(), CHARS_SHOWN + 1);
    }
}
