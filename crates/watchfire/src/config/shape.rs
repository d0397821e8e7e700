//! The keys of a configuration as they are written. Unknown ones are refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::{Error, Spanned};

use crate::files::TextFile;
use crate::outcome::Faults;

/// The keys at the top.
pub(crate) const KEYS: [&str; 14] = [
    "http",
    "store",
    "pipelines",
    "cmdb",
    "kafka",
    "auth",
    "retention",
    "sources",
    "slo_alerts",
    "watchdog",
    "notify",
    "notify_allow",
    "reports",
    "log",
];

/// A value and where it stands.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) http: Option<HttpShape>,
    pub(super) store: Option<StoreShape>,
    pub(super) pipelines: Option<Vec<Text>>,
    pub(super) cmdb: Option<Vec<Text>>,
    pub(super) kafka: Option<Spanned<KafkaShape>>,
    pub(super) auth: Option<AuthShape>,
    pub(super) retention: Option<RetentionShape>,
    pub(super) sources: Option<Vec<SourceShape>>,
    pub(super) slo_alerts: Option<SloAlertsShape>,
    pub(super) watchdog: Option<WatchdogShape>,
    pub(super) notify: Option<Vec<TargetShape>>,
    pub(super) notify_allow: Option<Vec<Text>>,
    pub(super) reports: Option<Vec<ReportShape>>,
    pub(super) log: Option<LogShape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpShape {
    pub(super) listen: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreShape {
    pub(super) url: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KafkaShape {
    pub(super) brokers: Option<Vec<Text>>,
    pub(super) group: Option<Text>,
    pub(super) sources: Option<Vec<KafkaSourceShape>>,
    pub(super) outputs: Option<bool>,
    pub(super) events: Option<Text>,
    pub(super) properties: Option<BTreeMap<String, serde_json::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KafkaSourceShape {
    pub(super) topic: Text,
    pub(super) format: Option<Text>,
    pub(super) source: Option<Text>,
    pub(super) pipeline: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthShape {
    pub(super) tokens: Option<Vec<TokenShape>>,
    pub(super) oidc: Option<OidcShape>,
    pub(super) open: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OidcShape {
    pub(super) issuer: Text,
    pub(super) client_id: Text,
    pub(super) client_secret: Option<Text>,
    pub(super) client_secret_file: Option<Text>,
    pub(super) redirect_url: Text,
    pub(super) scopes: Option<Vec<Text>>,
    pub(super) name_claim: Option<Text>,
    pub(super) roles_claim: Option<Text>,
    pub(super) roles: Option<BTreeMap<String, Text>>,
    pub(super) default_role: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenShape {
    pub(super) name: Text,
    pub(super) role: Text,
    pub(super) token: Option<Text>,
    pub(super) token_file: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionShape {
    pub(super) statements: Option<Text>,
    pub(super) timeline: Option<Text>,
    pub(super) dead_letters: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceShape {
    pub(super) name: Text,
    pub(super) heartbeat: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SloAlertsShape {
    pub(super) page: Option<Vec<BurnShape>>,
    pub(super) ticket: Option<Vec<BurnShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BurnShape {
    pub(super) long: Text,
    pub(super) short: Text,
    pub(super) burn_rate: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchdogShape {
    pub(super) url: Text,
    pub(super) every: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetShape {
    pub(super) webhook: Text,
    pub(super) secret: Option<Text>,
    pub(super) secret_file: Option<Text>,
    pub(super) r#match: Option<Vec<Text>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportShape {
    pub(super) name: Text,
    pub(super) report: Text,
    pub(super) every: Text,
    pub(super) time_zone: Option<Text>,
    pub(super) services: Option<Vec<Text>>,
    pub(super) group_by: Option<Vec<Text>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogShape {
    pub(super) format: Option<Text>,
    pub(super) level: Option<Text>,
}

impl Shape {
    pub(super) fn parse(file: &TextFile) -> Result<Shape, Faults> {
        let shape: Result<Option<Shape>, Error> =
            serde_saphyr::from_str_with_options(without_mark(&file.text), options());
        shape.map(Option::unwrap_or_default).map_err(|error| {
            let error = error.without_snippet();
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            Faults::one(format!("{}:{line}:{column}: {}", file.name(), words(error)))
        })
    }
}

/// The same as a tree, for variables to change. The file has been parsed before.
pub(super) fn tree(file: &TextFile) -> serde_json::Value {
    let tree: Result<Option<serde_json::Value>, Error> =
        serde_saphyr::from_str_with_options(without_mark(&file.text), options());
    tree.ok().flatten().unwrap_or_else(|| serde_json::json!({}))
}

/// A value as YAML has it.
pub(super) fn value(text: &str) -> Option<serde_json::Value> {
    serde_saphyr::from_str_with_options(text, options()).ok()
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { with_snippet: false, strict_booleans: true }
}

fn words(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown_key(field, expected),
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing: add it"),
        Error::DuplicateMappingKey { key, .. } => {
            format!("`{}` stands here twice: keep one", key.as_deref().unwrap_or("a key"))
        }
        other => {
            let said = other.to_string();
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            format!("{said}: mend it; `watchfire schema configuration` says what goes here")
        }
    }
}

fn unknown_key(said: &str, known: &[&str]) -> String {
    match nearest(said, known) {
        Some(near) => format!("unknown key `{said}`: did you mean `{near}`?"),
        None => format!("unknown key `{said}`: take it out; known here are {}", known.join(", ")),
    }
}

/// The known word that a slip of the fingers may have meant.
pub(crate) fn nearest<'w>(said: &str, known: &[&'w str]) -> Option<&'w str> {
    let slips_max = (said.chars().count() / 3).clamp(1, 3);
    let judged = known.iter().map(|word| (strsim::osa_distance(&said.to_lowercase(), word), *word));
    judged.min_by_key(|(slips, _)| *slips).filter(|(slips, _)| *slips <= slips_max).map(|(_, word)| word)
}
