//! How bad an alert is, and what it means for its item.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Ordered: `Info < Warning < Minor < Major < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    /// Also what a missing or unknown severity is taken as.
    #[default]
    Warning,
    Minor,
    Major,
    Critical,
}

/// What an alert says about the availability of its item, where it says so itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A failed backup is critical and takes nothing down.
    None,
    Degraded,
    Down,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::Major, Severity::Minor, Severity::Warning, Severity::Info];

    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Major => "major",
            Severity::Minor => "minor",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }

    /// Understands the field's common words; docs/formats.md section 4 has the table. `None` is for the caller to take
    /// as a warning, with a notice.
    pub fn from_word(word: &str) -> Option<Severity> {
        const WORDS: [(&str, Severity); 34] = [
            ("critical", Severity::Critical),
            ("crit", Severity::Critical),
            ("fatal", Severity::Critical),
            ("emergency", Severity::Critical),
            ("emerg", Severity::Critical),
            ("disaster", Severity::Critical),
            ("page", Severity::Critical),
            ("blocker", Severity::Critical),
            ("sev0", Severity::Critical),
            ("p1", Severity::Critical),
            ("down", Severity::Critical),
            ("major", Severity::Major),
            ("error", Severity::Major),
            ("err", Severity::Major),
            ("high", Severity::Major),
            ("alert", Severity::Major),
            ("sev1", Severity::Major),
            ("p2", Severity::Major),
            ("minor", Severity::Minor),
            ("average", Severity::Minor),
            ("medium", Severity::Minor),
            ("moderate", Severity::Minor),
            ("warning", Severity::Warning),
            ("warn", Severity::Warning),
            ("sev2", Severity::Warning),
            ("p3", Severity::Warning),
            ("info", Severity::Info),
            ("informational", Severity::Info),
            ("information", Severity::Info),
            ("notice", Severity::Info),
            ("low", Severity::Info),
            ("none", Severity::Info),
            ("debug", Severity::Info),
            ("p4", Severity::Info),
        ];
        let word = word.trim();
        WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, severity)| *severity)
    }
}

impl Effect {
    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::None => "none",
            Effect::Degraded => "degraded",
            Effect::Down => "down",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
