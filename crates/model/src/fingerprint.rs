//! Fingerprints and derived ids: BLAKE3 cut to 128 bits.
//!
//! A cryptographic hash because labels come from outside: a crafted collision would fold one system's alert into
//! another's. The bytes hashed are part of the contract with every store ever written; the golden tests here may not
//! change.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AlertId, write_hex};
use crate::name::Domain;
use crate::time::Timestamp;

/// The identity of one condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(AlertId);

impl Fingerprint {
    /// The identity a source gives itself: `dedup_key` within `source`.
    pub fn of_dedup_key(domain: &Domain, source: &str, dedup_key: &str) -> Fingerprint {
        Fingerprint(AlertId::derive(|hash| {
            hash.text(domain.as_str()).text("dedup_key").text(source).text(dedup_key);
        }))
    }

    /// The identity by labels, which come sorted by name and without empty values.
    pub fn of_labels<'a>(domain: &Domain, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Fingerprint {
        Fingerprint(AlertId::derive(|hash| {
            hash.text(domain.as_str()).text("labels");
            for (name, value) in labels {
                hash.text(name).text(value);
            }
        }))
    }

    pub const fn alert(self) -> AlertId {
        self.0
    }
}

impl From<AlertId> for Fingerprint {
    fn from(id: AlertId) -> Fingerprint {
        Fingerprint(id)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0.bytes())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A hash over fields, each framed by its length, so that no two field lists give the same bytes.
///
/// Gathered first and hashed at once: many small updates cost more than the hash itself.
#[derive(Debug)]
pub struct Derivation(Vec<u8>);

impl Derivation {
    pub(crate) fn new(kind: &str) -> Derivation {
        let mut derivation = Derivation(Vec::with_capacity(512));
        derivation.text(kind);
        derivation
    }

    pub fn text(&mut self, text: &str) -> &mut Derivation {
        self.bytes(text.as_bytes())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Derivation {
        self.0.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn number(&mut self, number: i64) -> &mut Derivation {
        self.bytes(&number.to_le_bytes())
    }

    pub fn instant(&mut self, at: Timestamp) -> &mut Derivation {
        self.number(at.micros())
    }

    pub(crate) fn finish(self) -> [u8; 16] {
        let mut cut = [0; 16];
        cut.copy_from_slice(blake3::hash(&self.0).as_bytes().split_at(16).0);
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These values stand in every store written since 0.1: changing them orphans every alert.
    #[test]
    fn fingerprints_are_golden() {
        let domain = Domain::default();
        let by_key = Fingerprint::of_dedup_key(&domain, "zabbix-eu", "db-7/disk");
        let by_labels = Fingerprint::of_labels(&domain, [("alertname", "DiskFull"), ("host", "db-7.prod")]);
        assert_eq!(by_key.to_string(), "86ffd66350b72fb3c4f2143f4e0fbc8c");
        assert_eq!(by_labels.to_string(), "896588a2894335ca41a2c01ef3549b3a");
    }

    #[test]
    fn fields_are_framed() {
        let domain = Domain::default();
        assert_ne!(Fingerprint::of_labels(&domain, [("a", "bc")]), Fingerprint::of_labels(&domain, [("ab", "c")]));
        assert_ne!(Fingerprint::of_dedup_key(&domain, "a", "bc"), Fingerprint::of_dedup_key(&domain, "ab", "c"));
    }
}
