//! Instants, durations and shares as the contract spells them.

use model::{Span, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
pub struct Instant(pub Timestamp);

/// A duration in seconds, exact to the microsecond; a whole number has no decimal point.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "f64")]
pub struct Seconds(f64);

/// A share or a factor, with every digit it has; a whole number has no decimal point.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Ratio(pub f64);

impl Seconds {
    /// Rounded to whole microseconds.
    pub fn new(seconds: f64) -> Seconds {
        Seconds(Span::from_seconds_f64(seconds).map_or(seconds, Span::seconds_f64))
    }

    pub fn value(self) -> f64 {
        self.0
    }
}

impl Ratio {
    pub(super) fn of_thousandths(thousandths: u32) -> Ratio {
        Ratio(f64::from(thousandths) / 1000.0)
    }

    pub(super) fn thousandths(self) -> u32 {
        (self.0 * 1000.0).round() as u32
    }
}

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Instant {
        Instant(at)
    }
}

impl From<Span> for Seconds {
    fn from(span: Span) -> Seconds {
        Seconds(span.seconds_f64())
    }
}

impl From<f64> for Seconds {
    fn from(seconds: f64) -> Seconds {
        Seconds::new(seconds)
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let at = Timestamp::parse(&text);
        at.map(Instant).ok_or_else(|| Error::custom("no instant: write RFC 3339, such as 2026-05-01T10:00:00Z"))
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(self.0, serializer)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(self.0, serializer)
    }
}

/// Up to here every whole number is an `f64` of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

fn number<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() <= WHOLE_MAX {
        return serializer.serialize_i64(value as i64);
    }
    serializer.serialize_f64(value)
}
