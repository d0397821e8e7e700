//! Silences as Alertmanager's clients post and read them; an id is a UUID there and 128 derived bits here.

use model::fact::Silence;
use model::matcher::MatchOp;
use model::{Interval, Matcher, SilenceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Malformed;
use crate::v1::Instant;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PostableSilence {
    /// Of the silence to change; absent or empty for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub matchers: Vec<SilenceMatcher>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub created_by: String,
    pub comment: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GettableSilence {
    pub id: String,
    pub status: SilenceStatus,
    pub updated_at: Instant,
    pub matchers: Vec<SilenceMatcher>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub created_by: String,
    pub comment: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SilenceMatcher {
    pub name: String,
    pub value: String,
    pub is_regex: bool,
    #[serde(default = "yes")]
    pub is_equal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SilenceStatus {
    /// `pending`, `active` or `expired`.
    pub state: String,
}

/// What posting a silence means for the ones there are.
#[derive(Clone, Debug, PartialEq)]
pub enum Silenced {
    /// A new one, or the old one under its own id.
    Set(Silence),
    /// What changed makes it another silence: the old one expires.
    Replaced { expired: SilenceId, by: Silence },
}

impl PostableSilence {
    /// Reads a posted body.
    pub fn parse(body: &[u8]) -> Result<PostableSilence, Malformed> {
        serde_json::from_slice(body).map_err(|error| Malformed { why: format!("the silence does not read: {error}") })
    }

    /// The id named; an error where it is none of ours, which Alertmanager answers with `404`.
    pub fn named(&self) -> Result<Option<SilenceId>, Malformed> {
        let id = self.id.as_deref().filter(|id| !id.is_empty());
        id.map(|id| silence_id(id).ok_or_else(|| malformed(format!("`{id}` is no UUID of a silence")))).transpose()
    }

    /// The silence that is meant, at `now`; `old` is the one it names. A start in the past is moved to `now`, and a
    /// silence whose matchers, or whose past start, changed is another one. docs/formats.md section 2.
    pub fn to_model(&self, old: Option<&Silence>, now: Timestamp) -> Result<Silenced, Malformed> {
        let matchers = self.checked_matchers()?;
        let (start, end) = (self.starts_at.0, self.ends_at.0);
        if end <= start {
            return Err(malformed(format!("`endsAt` ({end}) is not after `startsAt` ({start}): make it later")));
        }
        if end <= now {
            return Err(malformed(format!("`endsAt` ({end}) lies in the past: make it later than {now}")));
        }
        let begun = old.filter(|old| old.interval.start() == start);
        let start = if begun.is_some() { start } else { start.max(now) };
        let mut silence = Silence {
            id: SilenceId::from_bytes([0; 16]),
            matchers,
            interval: Interval::or_empty(start, end),
            by: self.created_by.as_str().into(),
            comment: self.comment.as_str().into(),
            updated_at: now,
        };
        silence.id = derived_id(&silence);
        Ok(match old {
            Some(old) if same_silence(old, &silence, now) => Silenced::Set(Silence { id: old.id, ..silence }),
            Some(old) => Silenced::Replaced { expired: old.id, by: silence },
            None => Silenced::Set(silence),
        })
    }

    fn checked_matchers(&self) -> Result<Vec<Matcher>, Malformed> {
        let matchers: Result<Vec<Matcher>, Malformed> = self.matchers.iter().map(SilenceMatcher::to_model).collect();
        let matchers = matchers?;
        if matchers.is_empty() {
            return Err(malformed("a silence needs a matcher: say which alerts it is for".to_owned()));
        }
        if matchers.iter().all(Matcher::matches_empty) {
            return Err(malformed(
                "every matcher holds for an absent label, so it would silence everything: add one that does not"
                    .to_owned(),
            ));
        }
        Ok(matchers)
    }
}

impl GettableSilence {
    pub fn from_model(silence: &Silence, now: Timestamp) -> GettableSilence {
        GettableSilence {
            id: silence_uuid(silence.id),
            status: SilenceStatus { state: state(silence, now).to_owned() },
            updated_at: Instant(silence.updated_at),
            matchers: silence.matchers.iter().map(SilenceMatcher::from_model).collect(),
            starts_at: Instant(silence.interval.start()),
            ends_at: Instant(silence.interval.end()),
            created_by: silence.by.to_string(),
            comment: silence.comment.to_string(),
        }
    }
}

impl SilenceMatcher {
    pub fn to_model(&self) -> Result<Matcher, Malformed> {
        if self.name.is_empty() {
            return Err(malformed("a matcher has no name: name the label it is about".to_owned()));
        }
        let op = match (self.is_regex, self.is_equal) {
            (false, true) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Pattern,
            (true, false) => MatchOp::NotPattern,
        };
        Matcher::new(&self.name, op, &self.value).map_err(|error| malformed(error.to_string()))
    }

    pub fn from_model(matcher: &Matcher) -> SilenceMatcher {
        SilenceMatcher {
            name: matcher.name.to_string(),
            value: matcher.value.to_string(),
            is_regex: matcher.op.is_pattern(),
            is_equal: matcher.op.is_positive(),
        }
    }
}

/// `8-4-4-4-12` hexadecimal digits.
pub fn silence_uuid(id: SilenceId) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in id.bytes().iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Reads a UUID, or our own spelling of the id.
pub fn silence_id(text: &str) -> Option<SilenceId> {
    let hyphens: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    let digits = match hyphens.as_slice() {
        [8, 13, 18, 23] => text.replace('-', "").to_ascii_lowercase(),
        _ => text.strip_prefix(SilenceId::PREFIX)?.to_owned(),
    };
    SilenceId::parse(&format!("{}{digits}", SilenceId::PREFIX))
}

fn derived_id(silence: &Silence) -> SilenceId {
    SilenceId::derive(|hash| {
        for matcher in &silence.matchers {
            hash.text(&matcher.to_string());
        }
        hash.instant(silence.interval.start()).instant(silence.interval.end());
        hash.text(&silence.by).text(&silence.comment).instant(silence.updated_at);
    })
}

/// Whether a change leaves it the silence it was.
fn same_silence(old: &Silence, new: &Silence, now: Timestamp) -> bool {
    let starts_alike = match state(old, now) {
        "active" => old.interval.start() == new.interval.start(),
        "pending" => true,
        _ => false,
    };
    old.matchers == new.matchers && starts_alike
}

fn state(silence: &Silence, now: Timestamp) -> &'static str {
    if now < silence.interval.start() {
        "pending"
    } else if now < silence.interval.end() {
        "active"
    } else {
        "expired"
    }
}

fn malformed(why: String) -> Malformed {
    Malformed { why }
}

fn yes() -> bool {
    true
}
