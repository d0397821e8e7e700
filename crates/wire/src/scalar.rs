//! The scalars of events, read without a copy where the sender's bytes can stay as they are.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use model::labels::Packer;
use model::limits::{LABEL_NAME_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX};
use model::{Span, Timestamp};
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Text: a piece of the body, or a copy where the body spells it with escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// Names and values in the order sent; a `null` value is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pairs<'a> {
    /// Every name and value is fit to be kept as it is, unless it is empty.
    Fit(Fit),
    /// Some are not.
    Sent(Vec<(Text<'a>, Text<'a>)>),
}

/// Packed for keeping while they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) packer: Packer,
    pub(crate) count: usize,
    pub(crate) some_empty: bool,
}

/// One name or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names<'a>(pub(crate) Vec<Text<'a>>);

/// An instant; `None` is Go's zero time, by which senders mean none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Option<Timestamp>);

/// A length of time that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) Span);

impl<'a> Text<'a> {
    /// Of text that was no piece of JSON, or is one no longer, and so may hold U+0000 as it is.
    pub(crate) fn of(text: &'a str) -> Text<'a> {
        Text(if text.contains('\0') { Cow::Owned(text.to_owned()) } else { Cow::Borrowed(text) })
    }
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// JSON forbids U+0000 unless it is escaped, and what was escaped is a copy.
    #[inline]
    pub(crate) fn has_nul(&self) -> bool {
        matches!(&self.0, Cow::Owned(copy) if copy.as_bytes().contains(&0))
    }
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Default for Pairs<'_> {
    fn default() -> Self {
        Pairs::Fit(Fit::new(0))
    }
}

impl<'a> Pairs<'a> {
    /// Adds a pair that the sender did not write among them, unless there are as many as there may be.
    pub(crate) fn add(&mut self, name: Text<'a>, value: Text<'a>) {
        let count = match self {
            Pairs::Fit(fit) => fit.count,
            Pairs::Sent(pairs) => pairs.len(),
        };
        if count >= LABELS_MAX {
            return;
        }
        if let Pairs::Fit(fit) = self {
            if fit.take(&name, &value) {
                return;
            }
            *self = Pairs::Sent(fit.sent());
        }
        if let Pairs::Sent(pairs) = self {
            pairs.push((name, value));
        }
    }
}

impl Pairs<'_> {
    /// The first value of a name that is not empty.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let wanted = |pair: &(&str, &str)| pair.0 == name && !pair.1.is_empty();
        match self {
            Pairs::Fit(fit) => fit.packer.iter().find(wanted).map(|(_, value)| value),
            Pairs::Sent(pairs) => pairs.iter().map(|(name, value)| (&**name, &**value)).find(wanted).map(|(_, v)| v),
        }
    }

    /// Whether no value says anything.
    pub(crate) fn all_empty(&self) -> bool {
        match self {
            Pairs::Fit(fit) => fit.packer.iter().all(|(_, value)| value.is_empty()),
            Pairs::Sent(pairs) => pairs.iter().all(|(_, value)| value.is_empty()),
        }
    }
}

impl Fit {
    fn new(bytes: usize) -> Fit {
        Fit { packer: Packer::with_capacity(bytes), count: 0, some_empty: false }
    }

    /// Takes a pair in if it is fit.
    #[inline]
    fn take(&mut self, name: &Text<'_>, value: &Text<'_>) -> bool {
        let fit = (1..=LABEL_NAME_BYTES_MAX).contains(&name.len())
            && value.len() <= LABEL_VALUE_BYTES_MAX
            && !name.has_nul()
            && !value.has_nul();
        if fit {
            self.packer.push(name, value);
            self.count += 1;
            self.some_empty |= value.is_empty();
        }
        fit
    }

    fn sent(&self) -> Vec<(Text<'static>, Text<'static>)> {
        let copy = |text: &str| Text(Cow::Owned(text.to_owned()));
        self.packer.iter().map(|(name, value)| (copy(name), copy(value))).collect()
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Text<'_>> for Box<str> {
    fn from(text: Text<'_>) -> Box<str> {
        text.0.into()
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Text<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            #[inline]
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text))
            }
        }
        deserializer.deserialize_str(Read).map(Text)
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<'a>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pairs<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of text values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut fit, mut sent) = (Fit::new(USUAL_BYTES), Vec::new());
                while let Some((name, value)) = map.next_entry::<Text<'de>, OrNull<'de>>()? {
                    let Some(value) = value.0 else { continue };
                    if sent.is_empty() && fit.take(&name, &value) {
                        continue;
                    }
                    if sent.is_empty() {
                        sent = fit.sent();
                    }
                    sent.push((name, value));
                }
                Ok(if sent.is_empty() { Pairs::Fit(fit) } else { Pairs::Sent(sent) })
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// Text or `null`, as an `Option` of text reads too, but so small that it is compiled into the loop.
struct OrNull<'a>(Option<Text<'a>>);

impl<'a, 'de: 'a> Deserialize<'de> for OrNull<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OrNull<'a>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Option<Text<'de>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            #[inline]
            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            #[inline]
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            #[inline]
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                Text::deserialize(deserializer).map(Some)
            }
        }
        deserializer.deserialize_option(Read).map(OrNull)
    }
}

/// Room for the labels, or the annotations, of nearly every alert.
const USUAL_BYTES: usize = 480;

impl<'a, 'de: 'a> Deserialize<'de> for Names<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names<'a>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Vec<Text<'de>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(vec![Text(Cow::Borrowed(text))])
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![Text(Cow::Owned(text.to_owned()))])
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(names)
            }
        }
        deserializer.deserialize_any(Read).map(Names)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Instant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant such as \"2026-05-01T10:00:00Z\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                let instant = Timestamp::parse(text);
                let instant = instant.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))?;
                Ok(Instant((instant != Timestamp::GO_ZERO).then_some(instant)))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Instant, E> {
                let instant = unix_instant(number);
                instant.map(|at| Instant(Some(at))).ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Instant, E> {
                match i64::try_from(number) {
                    Ok(number) => self.visit_i64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Instant, E> {
                let micros = Span::from_seconds_f64(number).map(|span| Timestamp::EPOCH + span);
                let instant = micros.filter(|at| (Timestamp::MIN..=Timestamp::MAX).contains(at));
                instant.map(|at| Instant(Some(at))).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// Unix time: seconds, or milli-, micro- or nanoseconds where so many seconds would lie past the year 5000.
/// docs/formats.md section 5.
fn unix_instant(number: i64) -> Option<Timestamp> {
    let micros = match number.unsigned_abs() {
        0..100_000_000_000 => number.checked_mul(1_000_000)?,
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1000)?,
        100_000_000_000_000..100_000_000_000_000_000 => number,
        _ => number / 1000,
    };
    let at = Timestamp::from_micros(micros);
    (Timestamp::MIN..=Timestamp::MAX).contains(&at).then_some(at)
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Length, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"60s\" or \"1h30m\", or a number of seconds")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Length, E> {
                let span = Span::parse(text).filter(|span| *span >= Span::ZERO);
                span.map(Length).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Length, E> {
                self.visit_f64(number as f64)
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Length, E> {
                self.visit_f64(number as f64)
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Length, E> {
                let span = Span::from_seconds_f64(number).filter(|span| *span >= Span::ZERO);
                span.map(Length).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(json: &str) -> Result<Option<Timestamp>, String> {
        serde_json::from_str::<Instant>(json).map(|read| read.0).map_err(|error| error.to_string())
    }

    #[test]
    fn every_timestamp_of_formats_c7_with_a_zone_is_understood() {
        let at = Timestamp::parse("2026-01-01T00:05:00Z");
        for json in [
            r#""2026-01-01T00:05:00.000000000Z""#,
            r#""2026-01-01T01:05:00+01:00""#,
            r#""2026-01-01T00:05:00.000+0000""#,
            r#""2026-01-01 00:05:00""#,
            "1767225900",
            "1767225900.0",
            "1767225900000",
            "1767225900000000",
            "1767225900000000000",
        ] {
            assert_eq!(instant(json), Ok(at), "{json}");
        }
        assert_eq!(instant(r#""0001-01-01T00:00:00Z""#), Ok(None));
    }

    #[test]
    fn numbers_out_of_range_are_no_instants_and_no_durations() {
        for json in ["1e300", "-1e300", "18446744073709551615", "-99999999999", "9.3e18"] {
            assert!(instant(json).is_err(), "{json}");
        }
        for json in ["-1", "1e300", "\"-5m\"", "\"soon\"", "true"] {
            assert!(serde_json::from_str::<Length>(json).is_err(), "{json}");
        }
        let quarter = serde_json::from_str::<Length>("0.25").expect("reads");
        assert_eq!(quarter, Length(Span::from_micros(250_000)));
    }

    #[test]
    fn pairs_are_packed_as_they_are_read_unless_one_of_them_is_unfit() {
        let read = |json: &str| -> Vec<(String, String)> {
            let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            match serde_json::from_str(json).expect("reads") {
                Pairs::Fit(fit) => fit.packer.iter().map(own).collect(),
                Pairs::Sent(pairs) => pairs.iter().map(|(n, v)| own((n, v))).chain([own(("sent", ""))]).collect(),
            }
        };
        let own =
            |pairs: &[(&str, &str)]| -> Vec<_> { pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect() };
        let usual = read(r#"{"b": "1", "a\n": "d\u00e9", "e": null, "b": ""}"#);
        assert_eq!(usual, own(&[("b", "1"), ("a\n", "dé"), ("b", "")]));
        for unfit in [r#""": "v""#, r#""n": "\u0000""#, r#""\u0000": "v""#] {
            let pairs = read(&format!(r#"{{"b": "1", {unfit}, "c": null, "a": "2"}}"#));
            assert_eq!(
                (pairs.len(), pairs.first(), pairs.last()),
                (4, own(&[("b", "1")]).first(), own(&[("sent", "")]).first())
            );
        }
        let long = |bytes: usize| read(&format!(r#"{{"b": "{}"}}"#, "x".repeat(bytes))).len();
        assert_eq!((long(LABEL_VALUE_BYTES_MAX), long(LABEL_VALUE_BYTES_MAX + 1)), (1, 2));
    }
}
