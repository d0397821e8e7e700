//! Whether an ID token says what it says to us, now, from our provider. OpenID Connect Core 1.0, 3.1.3.7.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use model::{Span, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::keys::{self, Key};

/// Two machines' clocks may differ by so much.
const CLOCKS_APART_MAX: Span = Span::from_minutes(1);

/// What a token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that whoever reads it must understand. We understand none.
    crit: Option<Value>,
}

/// What it says of somebody.
///
/// # Errors
/// A sentence for who wanted to sign in.
pub(super) fn claims(token: &str, keys: &[Key], expected: &Expected<'_>) -> Result<Map<String, Value>, String> {
    let unread = || "What the identity provider says of you does not read as an ID token.".to_owned();
    let (said, signature) = token.rsplit_once('.').ok_or_else(unread)?;
    let (header, claims) = said.split_once('.').ok_or_else(unread)?;
    let header: Header = decoded(header).ok_or_else(unread)?;
    if header.crit.is_some() {
        return Err(unread());
    }
    let signature = BASE64.decode(signature).map_err(|_| unread())?;
    keys::verify(keys, &header.alg, header.kid.as_deref(), said.as_bytes(), &signature)?;
    let claims: Map<String, Value> = decoded(claims).ok_or_else(unread)?;
    expected.hold(&claims)?;
    Ok(claims)
}

impl Expected<'_> {
    fn hold(&self, claims: &Map<String, Value>) -> Result<(), String> {
        let said = |name: &str| claims.get(name).and_then(Value::as_str);
        if said("iss") != Some(self.issuer) {
            return Err(format!("What came back was said by another than {}. Sign in again.", self.issuer));
        }
        if !self.is_for_us(claims) {
            return Err(format!("What came back was not said to `{}`, the client of this service.", self.client_id));
        }
        if said("sub").is_none_or(str::is_empty) {
            return Err("What came back says of nobody that it is they.".to_owned());
        }
        if said("nonce") != Some(self.nonce) {
            return Err("What came back answers another sign-in. Sign in again.".to_owned());
        }
        let ends = claims.get("exp").and_then(Value::as_f64).and_then(Span::from_seconds_f64);
        let ends = ends.map(|since| Timestamp::EPOCH + since + CLOCKS_APART_MAX);
        if ends.is_none_or(|ends| ends <= self.now) {
            return Err("What came back is over already: sign in again, and if that repeats, look at the clocks of \
                        this machine and of the identity provider."
                .to_owned());
        }
        Ok(())
    }

    /// Among several it has to name the one it was made for.
    fn is_for_us(&self, claims: &Map<String, Value>) -> bool {
        let made_for = claims.get("azp").map(|party| party == self.client_id);
        match claims.get("aud") {
            Some(Value::String(one)) => one == self.client_id && made_for.unwrap_or(true),
            Some(Value::Array(many)) => {
                many.iter().any(|one| one == self.client_id) && made_for.unwrap_or(many.len() == 1)
            }
            _ => false,
        }
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}
