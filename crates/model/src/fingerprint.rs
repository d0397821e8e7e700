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
/// Gathered first and hashed at once: many small updates cost more than the hash itself. What is short, as nearly all is,
/// is gathered where it costs no allocation.
pub struct Derivation {
    short: [u8; SHORT],
    filled: usize,
    /// All of it, once it is longer than `short`.
    long: Vec<u8>,
}

const SHORT: usize = 512;

impl Derivation {
    #[inline]
    pub(crate) fn new(kind: &str) -> Derivation {
        let mut derivation = Derivation { short: [0; SHORT], filled: 0, long: Vec::new() };
        derivation.text(kind);
        derivation
    }

    #[inline]
    pub fn text(&mut self, text: &str) -> &mut Derivation {
        self.bytes(text.as_bytes())
    }

    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Derivation {
        let frame = (bytes.len() as u64).to_le_bytes();
        let end = self.filled + frame.len() + bytes.len();
        match self.short.get_mut(self.filled..end).and_then(|place| place.split_first_chunk_mut()) {
            Some((before, place)) => {
                *before = frame;
                place.copy_from_slice(bytes);
                self.filled = end;
            }
            None => self.spill(&frame, bytes),
        }
        self
    }

    /// Moves over to where there is room for any length, for good.
    #[cold]
    fn spill(&mut self, frame: &[u8], bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend(self.short.iter().take(self.filled));
            self.filled = SHORT;
        }
        self.long.extend_from_slice(frame);
        self.long.extend_from_slice(bytes);
    }

    pub fn number(&mut self, number: i64) -> &mut Derivation {
        self.bytes(&number.to_le_bytes())
    }

    pub fn instant(&mut self, at: Timestamp) -> &mut Derivation {
        self.number(at.micros())
    }

    fn gathered(&self) -> &[u8] {
        if self.long.is_empty() { self.short.get(..self.filled).unwrap_or_default() } else { &self.long }
    }

    #[inline]
    pub(crate) fn finish(&self) -> [u8; 16] {
        let mut cut = [0; 16];
        cut.copy_from_slice(blake3::hash(self.gathered()).as_bytes().split_at(16).0);
        cut
    }
}

impl fmt::Debug for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Derivation").field(&self.gathered()).finish()
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

    #[test]
    fn what_is_hashed_is_the_frames_and_the_fields_however_long_they_are_together() {
        for lengths in [vec![0], vec![3, 485], vec![3, 486], vec![600], vec![100, 500, 2, 0], vec![7; 200]] {
            let fields: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let mut bytes = Vec::new();
            for field in std::iter::once("kind").chain(fields.iter().map(String::as_str)) {
                bytes.extend((field.len() as u64).to_le_bytes());
                bytes.extend(field.as_bytes());
            }
            let mut derivation = Derivation::new("kind");
            fields.iter().for_each(|field| {
                derivation.text(field);
            });
            assert_eq!(derivation.finish(), blake3::hash(&bytes).as_bytes()[..16], "{lengths:?}");
        }
    }
}
