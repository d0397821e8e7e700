//! Which events a pipeline is for: `match: {format: …, source: …}`, and which of several is the most specific.

use wire::Format;

/// The events of a format, of the sources that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// `None`: any.
    pub format: Option<Format>,
    /// `*` stands for any text, none too.
    pub source: Box<str>,
}

impl Default for Selector {
    fn default() -> Selector {
        Selector { format: None, source: "*".into() }
    }
}

/// How closely a source is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Any,
    Pattern,
    Exactly,
}

impl Selector {
    pub fn selects(&self, format: Format, source: &str) -> bool {
        self.format.is_none_or(|own| own == format) && glob(&self.source, source)
    }

    /// Whether every event is meant.
    pub fn is_everything(&self) -> bool {
        self.format.is_none() && self.named() == Named::Any
    }

    /// The greater, the closer. An exact source goes before a pattern, a pattern with more letters before one with
    /// fewer; of the same source the one with a format goes first.
    pub(crate) fn specificity(&self) -> impl Ord + use<> {
        let letters = self.source.chars().filter(|c| *c != '*').count();
        (self.named(), letters, self.format.is_some())
    }

    /// A source that both mean, of which neither is closer; `None` where none is seen. Of an exact source, or one
    /// without a star, there is no doubt.
    pub(crate) fn contested(&self, other: &Selector) -> Option<String> {
        let formats_meet = self.format.is_none() || other.format.is_none() || self.format == other.format;
        let alike = self.specificity() == other.specificity() && self.named() == Named::Pattern;
        if !formats_meet || !alike {
            return None;
        }
        let between = |start: &Selector, end: &Selector| {
            let (first, _) = start.source.split_once('*')?;
            let (_, last) = end.source.rsplit_once('*')?;
            Some(format!("{first}{last}"))
        };
        let both = |source: &String| glob(&self.source, source) && glob(&other.source, source);
        let found = [between(self, other), between(other, self), between(self, self), between(other, other)];
        found.into_iter().flatten().find(both)
    }

    fn named(&self) -> Named {
        match self.source.chars().filter(|c| *c == '*').count() {
            0 => Named::Exactly,
            stars if stars == self.source.len() => Named::Any,
            _ => Named::Pattern,
        }
    }
}

/// The parts between the stars are found from the left; the last one has to stand at the end.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, matched) in [
            ("*", "", true),
            ("*", "zabbix", true),
            ("zabbix", "zabbix", true),
            ("zabbix", "zabbix-eu", false),
            ("zabbix-*", "zabbix-eu", true),
            ("zabbix-*", "zabbix-", true),
            ("zabbix-*", "zabbix", false),
            ("*-eu", "prom-eu", true),
            ("*-eu", "prom-eu-2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
        ] {
            assert_eq!(glob(pattern, text), matched, "{pattern} {text}");
        }
    }

    /// Obvious and slow: a star takes nothing, or one character and goes on.
    fn glob_by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', after)) => {
                glob_by_definition(after, text) || !text.is_empty() && glob_by_definition(pattern, &text[1..])
            }
            Some((c, after)) => text.split_first().is_some_and(|(t, rest)| t == c && glob_by_definition(after, rest)),
        }
    }

    #[test]
    fn a_pattern_matches_what_its_definition_says() {
        let mut words: Vec<String> = vec![String::new()];
        for length in 0..5 {
            let longer: Vec<String> = words.iter().filter(|word| word.len() == length).cloned().collect();
            words.extend(longer.iter().flat_map(|word| ["a", "b", "*"].map(|c| format!("{word}{c}"))));
        }
        let chars = |word: &str| word.chars().collect::<Vec<char>>();
        for pattern in &words {
            for text in words.iter().filter(|word| !word.contains('*')) {
                let wanted = glob_by_definition(&chars(pattern), &chars(text));
                assert_eq!(glob(pattern, text), wanted, "{pattern} {text}");
            }
        }
    }
}
