//! Standard Webhooks: the signature that proves a message to be ours. docs/formats.md section 8.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::{Span, Timestamp};
use sha2::Sha256;

/// How far a timestamp may lie from now, either way.
pub const TOLERANCE: Span = Span::from_minutes(5);
const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A key both sides know. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The three headers of a signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`: the same at every attempt, so that the other side takes it once.
    pub id: String,
    /// `webhook-timestamp`: of this attempt, in seconds since the Unix epoch.
    pub timestamp: String,
    /// `webhook-signature`: one or several, separated by spaces.
    pub signature: String,
}

/// Why a signature is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// The timestamp is no number of seconds.
    NoTimestamp,
    /// Too old, or from the future: a replay, or a clock that is wrong.
    OutsideTolerance,
    /// None of the signatures is by this secret over these bytes.
    NoMatch,
}

impl Secret {
    /// Reads `whsec_` and base64 of 24 to 64 bytes. The prefix may be left out.
    pub fn parse(text: &str) -> Result<Secret, String> {
        let text = text.trim();
        let key = STANDARD
            .decode(text.strip_prefix(SECRET_PREFIX).unwrap_or(text))
            .map_err(|_| "a webhook secret is `whsec_` and base64: generate one".to_owned())?;
        if !SECRET_BYTES.contains(&key.len()) {
            return Err(format!("a webhook secret has 24 to 64 bytes, this one {}: generate another", key.len()));
        }
        Ok(Secret(key))
    }

    /// The headers of a message with this id, attempted at `now`.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Headers {
        let timestamp = now.micros().div_euclid(1_000_000).to_string();
        let signature = format!("v1,{}", STANDARD.encode(self.mac(id, &timestamp, body).finalize().into_bytes()));
        Headers { id: id.to_owned(), timestamp, signature }
    }

    /// Whether the headers prove `body`. In constant time; several signatures stand there while secrets are rotated.
    pub fn verify(&self, headers: &Headers, body: &[u8], now: Timestamp) -> Result<(), Distrust> {
        let seconds: i64 = headers.timestamp.parse().map_err(|_| Distrust::NoTimestamp)?;
        let said = seconds.checked_mul(1_000_000).map(Timestamp::from_micros).ok_or(Distrust::NoTimestamp)?;
        if (now - said).abs() > TOLERANCE {
            return Err(Distrust::OutsideTolerance);
        }
        let believed = headers.signature.split(' ').any(|signature| {
            let mac = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            mac.is_some_and(|mac| self.mac(&headers.id, &headers.timestamp, body).verify_slice(&mac).is_ok())
        });
        if believed { Ok(()) } else { Err(Distrust::NoMatch) }
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"type":"incident.opened","data":{"id":"INC-1"}}"#;
    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn secret() -> Secret {
        Secret::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").expect("the secret reads")
    }

    #[test]
    fn the_vector_of_formats_c2_holds() {
        let headers = secret().sign("msg_01TEST", NOW, BODY);
        assert_eq!(headers.timestamp, "1767225600");
        assert_eq!(headers.signature, "v1,wkQZO7Vx/c/unZEiE+a+uWonSroLBYaeTYEb6v6xJZQ=");
    }

    #[test]
    fn what_was_signed_is_believed_and_nothing_else() {
        let signed = secret().sign("msg_1", NOW, BODY);
        assert_eq!(secret().verify(&signed, BODY, NOW + Span::from_minutes(5)), Ok(()));
        let rotated = Headers { signature: format!("v1a,xx v1,AAAA {}", signed.signature), ..signed.clone() };
        assert_eq!(secret().verify(&rotated, BODY, NOW), Ok(()));

        let other = Secret::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("reads without the prefix");
        assert_eq!(other.verify(&signed, BODY, NOW), Err(Distrust::NoMatch));
        assert_eq!(secret().verify(&signed, b"{}", NOW), Err(Distrust::NoMatch));
        let renamed = Headers { id: "msg_2".to_owned(), ..signed.clone() };
        assert_eq!(secret().verify(&renamed, BODY, NOW), Err(Distrust::NoMatch));
        for late in [Span::from_seconds(301), Span::from_seconds(-301)] {
            assert_eq!(secret().verify(&signed, BODY, NOW + late), Err(Distrust::OutsideTolerance));
        }
        for timestamp in ["", "soon", "9223372036854775807"] {
            let headers = Headers { timestamp: timestamp.to_owned(), ..signed.clone() };
            assert_eq!(secret().verify(&headers, BODY, NOW), Err(Distrust::NoTimestamp), "{timestamp}");
        }
    }

    #[test]
    fn a_secret_is_checked_and_never_printed() {
        for text in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all, surely"] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", secret()), "Secret(…)");
    }
}
