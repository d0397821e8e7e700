//! What a browser keeps for us: anybody can read it, nobody else can write it, and it ends.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use model::Timestamp;
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What all keys are made of.
pub(super) struct Root(Key);

/// Whoever has something that is sealed can try secrets on it, so that each try has to be dear. OWASP's figure of 2023
/// for PBKDF2 with HMAC-SHA256.
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

impl Root {
    /// Takes a good part of a second, once.
    pub(super) fn of(secret: &str, salt: &str) -> Root {
        let mut bytes = [0; 32];
        pbkdf2::derive(PBKDF2_HMAC_SHA256, ROUNDS, salt.as_bytes(), secret.as_bytes(), &mut bytes);
        Root(Key::new(HMAC_SHA256, &bytes))
    }
}

/// `BODY.CODE`, both in base64 for addresses: the instant of its end with what is said, and an HMAC over it.
#[derive(Clone)]
pub(super) struct Seal(Key);

impl Seal {
    /// Each purpose has a key of its own: what was sealed for one says nothing where another is wanted.
    pub(super) fn new(root: &Root, purpose: &str) -> Seal {
        Seal(Key::new(HMAC_SHA256, hmac::sign(&root.0, purpose.as_bytes()).as_ref()))
    }

    pub(super) fn seal(&self, what: &impl Serialize, until: Timestamp) -> String {
        // What is sealed are texts, which always can be written.
        let body = BASE64.encode(serde_json::to_vec(&(until.micros(), what)).unwrap_or_default());
        let code = BASE64.encode(hmac::sign(&self.0, body.as_bytes()));
        format!("{body}.{code}")
    }

    /// With the instant of its end.
    pub(super) fn open<T: DeserializeOwned>(&self, sealed: &str, now: Timestamp) -> Option<(T, Timestamp)> {
        let (body, code) = sealed.split_once('.')?;
        hmac::verify(&self.0, body.as_bytes(), &BASE64.decode(code).ok()?).ok()?;
        let (until, what): (i64, T) = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
        let until = Timestamp::from_micros(until);
        (now < until).then_some((what, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Timestamp = Timestamp::from_seconds(1000);
    const BEFORE: Timestamp = Timestamp::from_seconds(999);

    #[test]
    fn what_is_sealed_says_the_same_until_its_end() {
        let seal = Seal::new(&Root::of("secret", "salt"), "session");
        let sealed = seal.seal(&("ana", "admin"), UNTIL);
        assert_eq!(seal.open(&sealed, BEFORE), Some((("ana".to_owned(), "admin".to_owned()), UNTIL)));
        assert_eq!(seal.open::<(String, String)>(&sealed, UNTIL), None);
    }

    #[test]
    fn whatever_is_changed_opens_nothing() {
        let root = Root::of("secret", "salt");
        let seal = Seal::new(&root, "session");
        let sealed = seal.seal(&"viewer", UNTIL);
        for nth in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[nth] = if changed[nth] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(seal.open::<String>(&changed, BEFORE), None, "{nth}: {changed}");
        }
        let others = [Root::of("other", "salt"), Root::of("secret", "other")].map(|root| Seal::new(&root, "session"));
        for other in others.into_iter().chain([Seal::new(&root, "sign-in")]) {
            assert_eq!(other.open::<String>(&sealed, BEFORE), None);
        }
        let cut = sealed.split_at(sealed.len() - 4).0;
        for not in ["", ".", "a.b", cut] {
            assert_eq!(seal.open::<String>(not, BEFORE), None, "{not}");
        }
    }
}
