//! Alertmanager's matchers: `name="value"`, `!=`, `=~`, `!~`; an absent label equals the empty value.

use std::fmt;

use regex::Regex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One condition on a label.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Spelt", into = "Spelt")]
pub struct Matcher {
    pub name: Box<str>,
    pub value: Box<str>,
    pub op: MatchOp,
    /// Anchored at both ends; present exactly where `op` is a pattern.
    pattern: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MatchOp {
    #[serde(rename = "=")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
    #[serde(rename = "=~")]
    Pattern,
    #[serde(rename = "!~")]
    NotPattern,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MatcherError {
    #[error("`{0}` is not a matcher: write name=\"value\", name!=\"value\", name=~\"pattern\" or name!~\"pattern\"")]
    Syntax(String),
    #[error("`{pattern}` is not a regular expression: {why}")]
    Pattern { pattern: String, why: String },
}

/// The largest compiled pattern, in bytes: a pattern comes from outside and may not eat the memory of everybody.
const PATTERN_BYTES_MAX: usize = 1 << 20;

impl Matcher {
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Matcher, MatcherError> {
        let pattern = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Pattern | MatchOp::NotPattern => Some(anchored(value)?),
        };
        Ok(Matcher { name: name.into(), value: value.into(), op, pattern })
    }

    /// Reads one matcher; quotes around the value may be left out, as `amtool` allows.
    pub fn parse(text: &str) -> Result<Matcher, MatcherError> {
        let syntax = || MatcherError::Syntax(text.to_owned());
        let at = text.find(['=', '!']).ok_or_else(syntax)?;
        let (name, rest) = text.split_at(at);
        let (op, value) =
            [("=~", MatchOp::Pattern), ("!~", MatchOp::NotPattern), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)]
                .into_iter()
                .find_map(|(sign, op)| rest.strip_prefix(sign).map(|value| (op, value)))
                .ok_or_else(syntax)?;
        let name = name.trim().trim_matches('"');
        if name.is_empty() {
            return Err(syntax());
        }
        Matcher::new(name, op, &unquote(value.trim()).ok_or_else(syntax)?)
    }

    /// Whether the value of this matcher's label (empty where the label is absent) satisfies it.
    pub fn matches_value(&self, value: &str) -> bool {
        let matched = self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(value));
        match self.op {
            MatchOp::Equal => *self.value == *value,
            MatchOp::NotEqual => *self.value != *value,
            MatchOp::Pattern => matched,
            MatchOp::NotPattern => !matched,
        }
    }

    /// Whether this matcher holds where its label is absent: such a matcher alone matches everything.
    pub fn matches_empty(&self) -> bool {
        self.matches_value("")
    }
}

impl MatchOp {
    pub const fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Pattern => "=~",
            MatchOp::NotPattern => "!~",
        }
    }

    pub const fn is_pattern(self) -> bool {
        matches!(self, MatchOp::Pattern | MatchOp::NotPattern)
    }

    pub const fn is_positive(self) -> bool {
        matches!(self, MatchOp::Equal | MatchOp::Pattern)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        (&self.name, &self.value, self.op) == (&other.name, &other.value, other.op)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:?}", self.name, self.op.as_str(), self.value)
    }
}

fn anchored(value: &str) -> Result<Regex, MatcherError> {
    regex::RegexBuilder::new(&format!("^(?:{value})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| MatcherError::Pattern { pattern: value.to_owned(), why: last_line(&error.to_string()) })
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().to_owned()
}

/// `None` where a quote opens and does not close.
fn unquote(value: &str) -> Option<String> {
    let Some(inner) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let inner = inner.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (false, '"') => return None,
            (false, c) => text.push(c),
            (true, 'n') => (text.push('\n'), escaped = false).1,
            (true, c @ ('"' | '\\')) => (text.push(c), escaped = false).1,
            (true, c) => (text.extend(['\\', c]), escaped = false).1,
        }
    }
    (!escaped).then_some(text)
}

#[derive(Serialize, Deserialize)]
struct Spelt {
    name: Box<str>,
    op: MatchOp,
    value: Box<str>,
}

impl TryFrom<Spelt> for Matcher {
    type Error = MatcherError;
    fn try_from(spelt: Spelt) -> Result<Matcher, MatcherError> {
        Matcher::new(&spelt.name, spelt.op, &spelt.value)
    }
}

impl From<Matcher> for Spelt {
    fn from(matcher: Matcher) -> Spelt {
        Spelt { name: matcher.name, op: matcher.op, value: matcher.value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(matcher: &str, value: &str) -> bool {
        Matcher::parse(matcher).expect("the matcher reads").matches_value(value)
    }

    #[test]
    fn the_four_operators_do_what_alertmanagers_do() {
        assert!(holds(r#"a="x""#, "x") && !holds(r#"a="x""#, "xy"));
        assert!(holds("a!=x", "") && !holds("a!=x", "x"));
        assert!(holds(r#"a=~"x.*|y""#, "xyz") && !holds(r#"a=~"x.*|y""#, "zy"));
        assert!(holds(r#"a!~"x.*""#, "") && !holds(r#"a!~"x.*""#, "x"));
        assert!(holds(r#"a="say \"hi\"\n""#, "say \"hi\"\n"));
    }

    #[test]
    fn what_is_no_matcher_says_how_to_write_one() {
        for text in ["", "a", "=x", "a=\"x", "a=~\"(\""] {
            assert!(Matcher::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_matcher_prints_and_reads_back() {
        let matcher = Matcher::parse(r#"a =~ "x|y\"" "#).expect("reads");
        assert_eq!(Matcher::parse(&matcher.to_string()), Ok(matcher));
    }
}
