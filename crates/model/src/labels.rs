//! Labels: a small sorted map of text, packed into one piece of text that its copies share.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names and values, sorted by name, each name once.
///
/// One allocation however many there are, for a million alerts are held in memory; and a copy allocates nothing, for
/// what an alert is called stands in its event, its row and its views alike. Packed as each name and each value after
/// its own length (`numeral`), so that equal labels are equal text.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Labels(Arc<str>);

impl Labels {
    /// Sorts, and keeps the last of equal names. Empty values are kept: whether they count is for identity to say.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Labels {
        let mut pairs: Vec<(N, V)> = pairs.into_iter().collect();
        sort(&mut pairs);
        Labels::from_sorted(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
    }

    /// Of pairs that are sorted by name, each name once, as [`sort`] leaves them.
    pub fn from_sorted<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)> + Clone) -> Labels {
        let length = pairs.clone().map(|(name, value)| numeral::DIGITS_MAX * 2 + name.len() + value.len()).sum();
        let mut packer = Packer::with_capacity(length);
        for (name, value) in pairs {
            packer.push(name, value);
        }
        debug_assert!(packer.is_sorted(), "sorted by name, each once: {packer:?}");
        packer.finish()
    }

    pub fn len(&self) -> usize {
        self.iter().count()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorted by name.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter { packed: &self.0, at: 0 }
    }

    /// The value of a label; `None` where it is absent. Few labels: a walk beats a search.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut parts = self.iter();
        // Compared as bytes, of one length first: this is asked a dozen times of every event.
        while let Some((start, end)) = parts.next_part() {
            let found = end - start == name.len() && self.0.as_bytes().get(start..end) == Some(name.as_bytes());
            let (start, end) = parts.next_part()?;
            if found {
                return self.0.get(start..end);
            }
        }
        None
    }
}

/// Sorts by name, and keeps the last of equal names. What is sorted already, as most senders have it, is only looked at.
pub fn sort<N: AsRef<str>, V>(pairs: &mut Vec<(N, V)>) {
    if pairs.is_sorted_by(|a, b| a.0.as_ref() < b.0.as_ref()) {
        return;
    }
    pairs.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
    // Of two that are equal the second is put in the place of the first, and goes.
    pairs.dedup_by(|later, kept| {
        let equal = later.0.as_ref() == kept.0.as_ref();
        if equal {
            std::mem::swap(later, kept);
        }
        equal
    });
}

/// More than most alerts have of labels, or of annotations.
const USUAL: usize = 16;

/// Packs names and values one after the other, in whatever order they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packer {
    packed: String,
    /// Where the last name stands.
    last: (usize, usize),
    sorted: bool,
}

impl Packer {
    pub fn with_capacity(bytes: usize) -> Packer {
        Packer { packed: String::with_capacity(bytes), last: (0, 0), sorted: true }
    }

    #[inline]
    pub fn push(&mut self, name: &str, value: &str) {
        let (start, end) = self.last;
        let last = self.packed.as_bytes().get(start..end).unwrap_or_default();
        self.sorted &= last < name.as_bytes() || self.packed.is_empty();
        self.part(name);
        self.last = (self.packed.len() - name.len(), self.packed.len());
        self.part(value);
    }

    #[inline]
    fn part(&mut self, part: &str) {
        numeral::push(&mut self.packed, part.len());
        self.packed.push_str(part);
    }

    /// Whether they came sorted by name, each name once.
    pub fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// In the order in which they came.
    pub fn iter(&self) -> Iter<'_> {
        Iter { packed: &self.packed, at: 0 }
    }

    /// As they came where that was sorted; else sorted, and the last of equal names is kept.
    pub fn finish(self) -> Labels {
        if self.sorted {
            return Labels(self.packed.into());
        }
        let mut pieces = self.pieces();
        sort(&mut pieces);
        let mut packed = String::with_capacity(self.packed.len());
        packed.extend(pieces.iter().map(|(_, piece)| *piece));
        Labels(packed.into())
    }

    /// Each name, and it and its value as they are packed.
    fn pieces(&self) -> Vec<(&str, &str)> {
        let mut pieces = Vec::with_capacity(USUAL);
        let (mut pairs, mut from) = (self.iter(), 0);
        while let Some((name, _)) = pairs.next() {
            pieces.push((name, self.packed.get(from..pairs.at).unwrap_or_default()));
            from = pairs.at;
        }
        pieces
    }
}

/// Walks over names and values, sorted by name.
#[derive(Clone, Debug)]
pub struct Iter<'l> {
    packed: &'l str,
    at: usize,
}

impl Iter<'_> {
    /// From where to where the next name or value goes.
    #[inline]
    fn next_part(&mut self) -> Option<(usize, usize)> {
        let (length, start) = numeral::read(self.packed.as_bytes(), self.at)?;
        self.at = start + length;
        Some((start, self.at))
    }
}

impl<'l> Iterator for Iter<'l> {
    type Item = (&'l str, &'l str);

    #[inline]
    fn next(&mut self) -> Option<(&'l str, &'l str)> {
        let (name, value) = (self.next_part()?, self.next_part()?);
        Some((self.packed.get(name.0..name.1)?, self.packed.get(value.0..value.1)?))
    }
}

/// Numbers as ASCII, so that they may stand within text: six bits a character, the low ones first, and in all but the
/// last character the seventh bit is set. Below 64, which most are, that is one character.
mod numeral {
    /// Of the largest number.
    pub(super) const DIGITS_MAX: usize = usize::BITS.div_ceil(6) as usize;

    #[inline]
    pub(super) fn push(text: &mut String, mut number: usize) {
        while number >= 64 {
            text.push(char::from(number as u8 & 63 | 64));
            number >>= 6;
        }
        text.push(char::from(number as u8));
    }

    /// The number that begins at `at`, and where it has ended; `None` at the end of the text.
    #[inline]
    pub(super) fn read(text: &[u8], at: usize) -> Option<(usize, usize)> {
        let digit = usize::from(*text.get(at)?);
        if digit < 64 { Some((digit, at + 1)) } else { read_long(text, at) }
    }

    fn read_long(text: &[u8], mut at: usize) -> Option<(usize, usize)> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let digit = usize::from(*text.get(at)?);
            at += 1;
            number |= (digit & 63) << shift;
            if digit < 64 {
                return Some((number, at));
            }
            shift += 6;
        }
    }
}

/// By the first name or value in which they differ.
impl Ord for Labels {
    fn cmp(&self, other: &Labels) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Labels) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// As Prometheus writes them: `{alertname="DiskFull", host="db-7"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of text values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut pairs: Vec<(String, String)> = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Labels::from_pairs(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_and_the_last_of_equals_wins() {
        let labels = Labels::from_pairs([("b", "1"), ("a", "2"), ("b", "3"), ("c", "")]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3"), ("c", "")]);
        assert_eq!(labels.get("b"), Some("3"));
        assert_eq!(labels.get("d"), None);
        assert_eq!(labels.to_string(), r#"{a="2", b="3", c=""}"#);
        assert_eq!(labels.len(), 3);
    }

    #[test]
    fn of_equal_names_the_last_wins_however_many_there_are() {
        let labels = Labels::from_pairs([("b", "1"), ("a", "1"), ("b", "2"), ("b", "3"), ("a", "2")]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
    }

    #[test]
    fn what_was_packed_in_any_order_is_packed_as_if_it_had_come_sorted() {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
            let long = "v".repeat(70);
            let all = [("a", ""), ("b", &*long), ("b", "2"), ("host", "é")];
            let pairs = || order.iter().map(|place| all[*place]);
            let mut packer = Packer::with_capacity(0);
            pairs().for_each(|(name, value)| packer.push(name, value));
            assert_eq!(packer.finish(), Labels::from_pairs(pairs()), "{order:?}");
        }
    }

    #[test]
    fn text_of_every_length_comes_back_as_it_was() {
        for length in [0, 1, 63, 64, 65, 4095, 4096, 4097, 300_000] {
            let (value, name) = ("é".repeat(length), "n".repeat(length));
            let labels = Labels::from_pairs([(name.as_str(), value.as_str()), ("z", "end")]);
            assert_eq!(labels.iter().collect::<Vec<_>>(), [(name.as_str(), value.as_str()), ("z", "end")], "{length}");
            assert_eq!((labels.get(&name), labels.get("z"), labels.get("y")), (Some(&*value), Some("end"), None));
        }
        let many = Labels::from_pairs((0..5000).map(|number| (format!("{number:04}"), "v")));
        assert_eq!((many.len(), many.iter().count(), many.get("4999")), (5000, 5000, Some("v")));
        assert_eq!(Labels::from_pairs::<&str, &str>([]), Labels::default());
        assert_eq!((Labels::default().len(), Labels::default().iter().next()), (0, None));
    }

    #[test]
    fn labels_are_ordered_by_the_first_that_differs() {
        let of = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied());
        let ordered =
            [of(&[]), of(&[("a", "1")]), of(&[("a", "1"), ("b", "0")]), of(&[("a", "10")]), of(&[("ab", "")])];
        assert!(ordered.is_sorted_by(|a, b| a < b), "{ordered:?}");
    }
}
