//! What a list was asked for stands in its address: who sends it on sends on what they see.

use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::told::encoded;

/// Rows of a page: enough to scan, and its HTML stays small.
pub(super) const ROWS: &str = "50";

/// A path and the filters that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    path: &'static str,
    said: Vec<(&'static str, String)>,
    /// It is not the first page.
    pub(super) is_later: bool,
}

impl Address {
    /// Of a list that knows these filters; others are refused.
    pub(super) fn of(path: &'static str, asked: &Asked, filters: &[&'static str]) -> Result<Address, Fault> {
        let known: Vec<&str> = filters.iter().copied().chain(["cursor"]).collect();
        asked.only(&known)?;
        let said = |name: &&'static str| asked.one(name).map(|value| (*name, value.to_owned()));
        Ok(Address { path, said: filters.iter().filter_map(said).collect(), is_later: asked.one("cursor").is_some() })
    }

    /// What was asked for under a name; nothing: empty.
    pub(super) fn said(&self, name: &str) -> &str {
        self.said.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Something was asked for: there may be more than is shown.
    pub(super) fn narrows(&self) -> bool {
        !self.said.is_empty()
    }

    /// The same list with another value of one filter, from its first page; empty: without it.
    pub(super) fn with(&self, name: &'static str, value: &str) -> String {
        let kept = self.said.iter().filter(|(known, _)| *known != name).map(|(known, kept)| (*known, kept.as_str()));
        written(self.path, kept.chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty())))
    }

    /// The list from its beginning.
    pub(super) fn first(&self) -> String {
        self.with("cursor", "")
    }

    /// The page that begins at a cursor.
    pub(super) fn next(&self, cursor: &str) -> String {
        self.with("cursor", cursor)
    }

    /// What to ask the API with: these of the filters under their names, the page, and what the page itself wants.
    pub(super) fn asking(&self, asked: &Asked, filters: &[&str], own: &[(&str, &str)]) -> Asked {
        let said = self.said.iter().filter(|(name, _)| filters.contains(name));
        let mut pairs: Vec<(&str, &str)> = said.map(|(name, value)| (*name, value.as_str())).collect();
        pairs.push(("limit", ROWS));
        pairs.extend(asked.one("cursor").map(|cursor| ("cursor", cursor)));
        pairs.extend(own);
        Asked::of(&pairs)
    }
}

fn written<'a>(path: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(pairs: &[(&str, &str)]) -> Address {
        Address::of("/changes", &Asked::of(pairs), &["q", "ci"]).unwrap()
    }

    #[test]
    fn a_filter_is_exchanged_and_the_others_stay() {
        let address = address(&[("q", "disk & co"), ("ci", "db-7"), ("cursor", "abc")]);
        assert_eq!(address.with("ci", "web/1"), "/changes?q=disk%20%26%20co&ci=web%2F1");
        assert_eq!(address.with("ci", ""), "/changes?q=disk%20%26%20co");
        assert_eq!(address.next("d=e"), "/changes?q=disk%20%26%20co&ci=db-7&cursor=d%3De");
        assert_eq!(address.first(), "/changes?q=disk%20%26%20co&ci=db-7");
        assert!(address.is_later && address.narrows());
    }

    #[test]
    fn what_a_list_does_not_know_is_refused() {
        assert!(Address::of("/changes", &Asked::of(&[("team", "x")]), &["q"]).is_err());
        assert!(!address(&[]).narrows());
    }

    #[test]
    fn the_api_is_asked_for_one_page() {
        let asked = Asked::of(&[("q", "disk"), ("ci", "db-7"), ("cursor", "abc")]);
        let address = Address::of("/changes", &asked, &["q", "ci"]).unwrap();
        let asking = address.asking(&asked, &["q"], &[("from", "now")]);
        assert_eq!((asking.one("q"), asking.one("ci"), asking.one("from")), (Some("disk"), None, Some("now")));
        assert_eq!((asking.one("limit"), asking.one("cursor")), (Some(ROWS), Some("abc")));
    }
}
