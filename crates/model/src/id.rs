//! Ids: 128 bits, derived from what caused the thing, printed with a prefix that says what it is.
//!
//! Derived, never drawn: a replay of the same inputs makes the same ids. People use numbers (`INC0000123`), which the
//! store gives at commit.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fingerprint::Derivation;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn from_bytes(bytes: [u8; 16]) -> $name {
                $name(bytes)
            }

            pub const fn bytes(self) -> [u8; 16] {
                self.0
            }

            /// The id of what `derivation` describes. The prefix takes part, so no two kinds share an id.
            pub fn derive(derivation: impl FnOnce(&mut Derivation)) -> $name {
                let mut hash = Derivation::new($prefix);
                derivation(&mut hash);
                $name(hash.finish())
            }

            pub fn parse(text: &str) -> Option<$name> {
                hex_decode(text.strip_prefix($prefix)?).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $name::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not an id with prefix ", $prefix)))
            }
        }
    )*};
}

ids! {
    /// An alert: one condition. Equal to its fingerprint, bit for bit.
    AlertId = "alr_",
    /// An audit entry.
    AuditId = "aud_",
    /// A change, in ITIL's sense.
    ChangeId = "chg_",
    /// A commit, and all before it: each is derived from the one it follows.
    CommitHash = "cmt_",
    /// What a person says of a service in place of its alerts.
    CorrectionId = "cor_",
    /// An input that could not be read.
    DeadLetterId = "dl_",
    /// One firing of an alert.
    EpisodeId = "epi_",
    /// What was issued as a report, to the byte.
    BodyDigest = "dig_",
    /// An incident.
    IncidentId = "inc_",
    /// A maintenance window.
    MaintenanceId = "mwn_",
    /// A message to the outside.
    OutboxId = "msg_",
    /// An outage of a service.
    OutageId = "out_",
    /// A problem.
    ProblemId = "prb_",
    /// A report as it was issued.
    ReportId = "rep_",
    /// A silence.
    SilenceId = "sil_",
}

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

pub(crate) fn hex_decode(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(*pair.first()?)? << 4 | hex_digit(*pair.last()?)?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_and_reads_back() {
        let id = IncidentId::derive(|d| {
            d.text("x");
        });
        assert_eq!(IncidentId::parse(&id.to_string()), Some(id));
        assert_eq!(IncidentId::parse("inc_12"), None);
        assert_eq!(ProblemId::parse(&id.to_string()), None);
    }

    #[test]
    fn two_kinds_never_share_an_id() {
        let describe = |d: &mut Derivation| {
            d.text("same");
        };
        assert_ne!(IncidentId::derive(describe).bytes(), ProblemId::derive(describe).bytes());
    }
}
