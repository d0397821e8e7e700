//! Where messages go, and which.

use model::{Matcher, OutboxId};
use reqwest::Url;
use wire::standard_webhooks::Secret;

/// A webhook of the configuration.
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) url: Url,
    pub(crate) secret: Secret,
    pub(crate) matchers: Vec<Matcher>,
    key: String,
}

/// What of a message a matcher may be about; a name may have several values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facets(Vec<(&'static str, Vec<String>)>);

/// Names that a matcher may be about.
const NAMES: [&str; 11] =
    ["type", "priority", "state", "team", "environment", "domain", "number", "title", "service", "ci", "source"];

impl Target {
    /// `secret` as Standard Webhooks writes it (`whsec_…`); every matcher has to hold, none: everything.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the configuration, and what to write.
    pub fn new(url: &str, secret: &str, matchers: Vec<Matcher>) -> Result<Target, String> {
        let parsed = Url::parse(url).map_err(|error| format!("`{url}` is no URL ({error}): write https://…"))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
            return Err(format!("`{url}` is no webhook: write https://…"));
        }
        if let Some(unknown) = matchers.iter().find(|matcher| !NAMES.contains(&&*matcher.name)) {
            return Err(format!("nothing told has a `{}` to match: known are {}", unknown.name, NAMES.join(", ")));
        }
        let key = OutboxId::derive(|hash| {
            hash.text("target").text(parsed.as_str()).text(secret.trim());
        });
        Ok(Target { url: parsed, secret: Secret::parse(secret)?, matchers, key: key.to_string() })
    }

    /// What it is known by in the record of what was delivered: a hash of all of its URL and its secret, so that two
    /// that differ in either are two, and no secret stands there.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What it is called in logs: without what may be secret in its query.
    pub(crate) fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}{}", self.url.scheme(), self.url.path())
    }

    pub(crate) fn wants(&self, facets: &Facets) -> bool {
        self.matchers.iter().all(|matcher| facets.hold(matcher))
    }
}

impl Facets {
    pub(crate) fn with(mut self, name: &'static str, values: impl IntoIterator<Item = impl ToString>) -> Facets {
        self.0.push((name, values.into_iter().map(|value| value.to_string()).collect()));
        self
    }

    /// A positive matcher holds for any of the values, a negative one for all of them.
    fn hold(&self, matcher: &Matcher) -> bool {
        let values = self.0.iter().find(|(name, _)| *name == &*matcher.name).map(|(_, values)| values.as_slice());
        match values {
            None | Some([]) => matcher.matches_empty(),
            Some(values) if matcher.op.is_positive() => values.iter().any(|value| matcher.matches_value(value)),
            Some(values) => values.iter().all(|value| matcher.matches_value(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    fn target(matchers: &[&str]) -> Result<Target, String> {
        let matchers = matchers.iter().map(|text| Matcher::parse(text).unwrap()).collect();
        Target::new("https://hooks.example/in?token=x", SECRET, matchers)
    }

    #[test]
    fn a_target_wants_what_all_its_matchers_hold_for() {
        let facets =
            Facets::default().with("priority", ["P1"]).with("service", ["mail", "checkout"]).with("team", [""; 0]);
        for (matchers, wanted) in [
            (&[][..], true),
            (&["priority=~\"P1|P2\""], true),
            (&["service=checkout"], true),
            (&["service!=checkout"], false),
            (&["service!=web"], true),
            (&["team=dba"], false),
            (&["team!=dba"], true),
            (&["priority=P1", "service=web"], false),
        ] {
            assert_eq!(target(matchers).unwrap().wants(&facets), wanted, "{matchers:?}");
        }
    }

    #[test]
    fn a_target_that_cannot_be_is_refused_with_what_to_write() {
        assert!(target(&["colour=red"]).unwrap_err().contains("known are type, priority"));
        for (url, secret, says) in [
            ("hooks.example", SECRET, "https://"),
            ("ftp://hooks.example", SECRET, "https://"),
            ("https://hooks.example", "short", "whsec_"),
        ] {
            assert!(Target::new(url, secret, Vec::new()).unwrap_err().contains(says), "{url}");
        }
    }

    #[test]
    fn a_name_tells_no_secret() {
        assert_eq!(target(&[]).unwrap().name(), "https://hooks.example/in");
    }
}
