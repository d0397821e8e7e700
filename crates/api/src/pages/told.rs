//! What templates write besides plain text: instants and how long ago they are, links that came from outside.
//!
//! A browser shows instants in the zone and the clock that its person chose (`assets/time.js`); what stands here is what
//! is read without it, in UTC.

use std::fmt;

use askama::filters::HtmlSafe;
use model::outage::ItemState;
use model::{Span, Timestamp};

/// `2026-06-01 11:03`, or to the second, as an element that knows the exact instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) at: Timestamp,
    pub(crate) seconds: bool,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // So many characters: up to the second, up to the minute.
        let (said, shown) = if self.seconds { ("=second", 19) } else { ("", 16) };
        write!(f, "<time datetime=\"{}\" data-at{said}>{} UTC</time>", self.at, cut(self.at, shown))
    }
}

impl HtmlSafe for At {}

/// `14 min` as an element that goes on counting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ago {
    pub(crate) at: Timestamp,
    pub(crate) now: Timestamp,
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\" data-ago>{}</time>", self.at, age(self.now - self.at))
    }
}

impl HtmlSafe for Ago {}

/// As the element reads: `under 1 min`, `14 min`, `3 h 20 min`, `2 d 4 h`. `assets/time.js` says the same.
pub(crate) fn age(span: Span) -> String {
    let minutes = span.abs().micros() / 60_000_000;
    let two = |big: i64, unit: &str, small: i64, of: &str| match small {
        0 => format!("{big} {unit}"),
        _ => format!("{big} {unit} {small} {of}"),
    };
    match minutes {
        0 => "under 1 min".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1440 => two(minutes / 60, "h", minutes % 60, "min"),
        1440..14_400 => two(minutes / 1440, "d", minutes / 60 % 24, "h"),
        _ => format!("{} d", minutes / 1440),
    }
}

fn cut(at: Timestamp, shown: usize) -> String {
    at.to_string().get(..shown).unwrap_or_default().replace('T', " ")
}

/// Counted from 1.
pub(crate) fn month_name(month: u8) -> &'static str {
    match month {
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        12 => "December",
        _ => "January",
    }
}

/// How a state is called where people read it; colours and marks go by [`class`].
pub(crate) fn state(state: ItemState) -> &'static str {
    match state {
        ItemState::Up => "up",
        ItemState::AtRisk => "at risk",
        ItemState::Degraded => "degraded",
        ItemState::Down => "down",
    }
}

/// The class of `style.css` that shows a state.
pub(crate) fn class(state: ItemState) -> &'static str {
    match state {
        ItemState::Up => "up",
        ItemState::AtRisk => "at-risk",
        ItemState::Degraded => "degraded",
        ItemState::Down => "down",
    }
}

/// An address that a page may lead to; `None`: it stands there as text.
pub(crate) fn link(address: &str) -> Option<&str> {
    let address = address.trim();
    let scheme = address.split(':').next()?.to_ascii_lowercase();
    let known = ["http", "https", "mailto"].contains(&scheme.as_str()) && address.len() > scheme.len() + 1;
    (known && !address.chars().any(|c| c.is_control() || c.is_whitespace())).then_some(address)
}

/// As one part of an address's path or query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_at_a_glance() {
        for (seconds, expected) in [
            (0, "under 1 min"),
            (59, "under 1 min"),
            (60, "1 min"),
            (840, "14 min"),
            (7200, "2 h"),
            (12_000, "3 h 20 min"),
            (187_200, "2 d 4 h"),
            (864_000, "10 d"),
        ] {
            assert_eq!(age(Span::from_seconds(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn only_addresses_that_cannot_act_are_links() {
        for fine in ["https://a.example/x?y=1", "HTTP://a", "mailto:a@b.example"] {
            assert_eq!(link(fine), Some(fine));
        }
        for not in
            ["javascript:alert(1)", " java\tscript:x", "data:text/html,x", "//a", "a", "", "http:", "https://a b"]
        {
            assert_eq!(link(not), None, "{not}");
        }
    }

    #[test]
    fn an_instant_is_an_element_that_knows_it_exactly() {
        let at = Timestamp::parse("2026-06-01T11:03:04.5Z").unwrap();
        let told = |seconds| At { at, seconds }.to_string();
        assert_eq!(told(false), "<time datetime=\"2026-06-01T11:03:04.5Z\" data-at>2026-06-01 11:03 UTC</time>");
        assert_eq!(
            told(true),
            "<time datetime=\"2026-06-01T11:03:04.5Z\" data-at=second>2026-06-01 11:03:04 UTC</time>"
        );
    }

    #[test]
    fn what_stands_in_an_address_is_encoded() {
        assert_eq!(encoded("/a?b=c&d ü"), "%2Fa%3Fb%3Dc%26d%20%C3%BC");
    }
}
