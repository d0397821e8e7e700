//! What a request asks for: the words of its query, and its body. A word that is not known is refused, never ignored: a
//! filter that is misspelt would otherwise find everything.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use model::{Span, Timestamp};
use serde::de::DeserializeOwned;
use store::PageRequest;

use crate::fault::Fault;

/// The query's pairs, in their order.
#[derive(Debug)]
pub(crate) struct Asked(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked, Fault> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        pairs.map(|pairs| Asked(pairs.0)).map_err(|error| Fault::bad(format!("the query does not read: {error}")))
    }
}

impl Asked {
    /// What a page asks for itself.
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Asked {
        Asked(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// Refuses every name but these, and those of a page.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        let stranger = self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name));
        match stranger {
            None => Ok(()),
            Some(name) if known.is_empty() => {
                Err(Fault::bad(format!("`{name}` is asked for, and nothing can be here")))
            }
            Some(name) => Err(Fault::bad(format!("`{name}` is unknown here: known are {}", known.join(", ")))),
        }
    }

    /// The last of a name; empty is absent.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(said, _)| said == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// Each of a name, as it stands.
    pub(crate) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(said, value)| said == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Values between commas, or the name several times.
    pub(crate) fn many<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.each(name).flat_map(|value| value.split(',')).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Words that must be among those of a kind.
    pub(crate) fn words<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        known: &[&str],
    ) -> Result<Vec<T>, Fault> {
        let wrong = |word: &str| Fault::bad(format!("`{name}` is `{word}`: write {}", known.join(", ")));
        self.many(name).map(|word| read(word).ok_or_else(|| wrong(word))).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        let Some(word) = self.one(name) else { return Ok(None) };
        let value = match word {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(Fault::bad(format!("`{name}` is `{word}`: write true or false"))),
        };
        Ok(Some(value))
    }

    /// RFC 3339, milliseconds since 1970, `now`, or a duration before now such as `-7d`.
    pub(crate) fn instant(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        let Some(word) = self.one(name) else { return Ok(None) };
        let wrong = || {
            Fault::bad(format!(
                "`{name}` is `{word}`: write an instant such as 2026-05-01T10:00:00Z, its milliseconds since 1970 \
                 (1777629600000), or -7d before now"
            ))
        };
        instant(word, now).ok_or_else(wrong).map(Some)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, Fault> {
        let Some(word) = self.one(name) else { return Ok(None) };
        word.parse().map(Some).map_err(|_| Fault::bad(format!("`{name}` is `{word}`: write a whole number")))
    }

    pub(crate) fn page(&self) -> Result<PageRequest, Fault> {
        Ok(PageRequest { cursor: self.one("cursor").map(str::to_owned), limit: self.number("limit")? })
    }
}

pub(crate) fn instant(word: &str, now: Timestamp) -> Option<Timestamp> {
    if word == "now" {
        return Some(now);
    }
    match word.strip_prefix('-') {
        Some(length) => Span::parse(length).map(|length| (now - length).clamp_to_calendar()),
        None => Timestamp::parse(word).or_else(|| of_milliseconds(word)),
    }
}

/// As programs write them, such as Grafana's `${__from}`. Fewer digits may as well be seconds, or a year.
fn of_milliseconds(word: &str) -> Option<Timestamp> {
    let plain = (12..=15).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    let millis: i64 = word.parse().ok().filter(|_| plain)?;
    let at = Timestamp::from_micros(millis.checked_mul(1_000)?);
    (at == at.clamp_to_calendar()).then_some(at)
}

/// What people's requests may carry; files have a limit of their own.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;

/// A JSON body; nothing at all is an empty object.
#[derive(Debug)]
pub(crate) struct Said<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Said<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Said<T>, Fault> {
        let body = bytes(request, state, BODY_BYTES_MAX).await?;
        let text: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { &body };
        if says_nul(text) {
            return Err(Fault::bad("a text of the body holds U+0000, which nothing can show: leave it out"));
        }
        serde_json::from_slice(text).map(Said).map_err(|error| Fault::bad(format!("the body does not read: {error}")))
    }
}

/// Whether JSON spells U+0000 somewhere: its escape, behind no backslash that is itself escaped. Databases have no text
/// for it.
fn says_nul(json: &[u8]) -> bool {
    let escape = b"\\u0000";
    let found = json.windows(escape.len()).enumerate().filter(|(_, window)| window == escape);
    let behind = |at: usize| json.iter().take(at).rev().take_while(|byte| **byte == b'\\').count();
    found.into_iter().any(|(at, _)| behind(at) % 2 == 0)
}

/// A body as it came.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Raw, Fault> {
        bytes(request, state, model::limits::BODY_BYTES_MAX).await.map(Raw)
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S, bytes_max: usize) -> Result<Bytes, Fault> {
    let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::too_large(bytes_max),
        _ => Fault::bad(format!("{}: send it again", rejection.body_text())),
    })?;
    if body.len() > bytes_max { Err(Fault::too_large(bytes_max)) } else { Ok(body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u0000_is_noticed_and_its_name_is_not() {
        for (json, says) in
            [(r#"{"a":"x\u0000"}"#, true), (r#"{"a":"\\\u0000"}"#, true), (r#"{"a":"\\u0000"}"#, false), ("{}", false)]
        {
            assert_eq!(says_nul(json.as_bytes()), says, "{json}");
        }
    }

    fn asked(query: &str) -> Asked {
        let uri = format!("/x?{query}").parse().unwrap();
        Asked(Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap().0)
    }

    #[test]
    fn values_stand_between_commas_or_the_name_several_times() {
        let asked = asked("state=open,on_hold&state=restored&q=a%20b&q=&limit=5");
        assert_eq!(asked.many("state").collect::<Vec<_>>(), ["open", "on_hold", "restored"]);
        assert_eq!(asked.one("q"), None, "the last of a name counts, and empty is absent");
        assert_eq!(asked.page().unwrap(), PageRequest { cursor: None, limit: Some(5) });
    }

    #[test]
    fn what_is_misspelt_is_refused_with_what_is_known() {
        let detail = |fault: Fault| fault.detail;
        assert!(detail(asked("stat=open").only(&["state", "q"]).unwrap_err()).contains("known are state, q"));
        assert!(detail(asked("suppressed=yes").flag("suppressed").unwrap_err()).contains("true or false"));
        assert!(detail(asked("limit=ten").page().unwrap_err()).contains("whole number"));
        assert!(detail(asked("from=yesterday").instant("from", Timestamp::EPOCH).unwrap_err()).contains("-7d"));
    }

    #[test]
    fn instants_are_absolute_or_before_now() {
        let now = Timestamp::from_seconds(1_000_000);
        assert_eq!(instant("-1h30m", now), Some(now - Span::from_minutes(90)));
        assert_eq!(instant("1970-01-01T00:00:01Z", now), Some(Timestamp::from_seconds(1)));
        assert_eq!(instant("now", now), Some(now));
        assert_eq!(instant("-soon", now), None);
        assert_eq!(instant("1594671549254", now), Timestamp::parse("2020-07-13T20:19:09.254Z"));
        assert_eq!(instant("2020-07-13T20:19:09.254Z", now), Timestamp::parse("2020-07-13T20:19:09.254Z"));
        assert_eq!(instant("253402300799999", now), Timestamp::parse("9999-12-31T23:59:59.999Z"));
        assert_eq!(instant("-4000000d", now), Some(Timestamp::MIN), "the calendar has a beginning");
        for ambiguous in ["2026", "1594671549", "20260501", "999999999999999", "1594671549254.5", "+594671549254"] {
            assert_eq!(instant(ambiguous, now), None, "{ambiguous}");
        }
    }
}
