//! What the `type` of a CloudEvent says: which condition, and whether it has come or gone.
//!
//! CloudEvents has no word for "resolved", so senders end their types with one: `com.example.disk.fired`,
//! `com.example.disk.resolved`. What is left without that word is the same for both, and names the condition.

use model::event::Status;

use crate::native::STATUS;

const FIRING: [&str; 10] =
    ["fired", "firing", "triggered", "opened", "open", "raised", "created", "active", "alerting", "problem"];
const RESOLVED: [&str; 6] = ["resolved", "cleared", "closed", "recovered", "ok", "inactive"];
/// Before a status word they turn it round: `disk.not_ok`.
const NEGATIONS: [&str; 4] = ["not", "no", "non", "un"];
const SEPARATORS: [char; 4] = ['.', '_', '-', '/'];
/// Of a type that is nothing but a status.
const NAMELESS: &str = "alert";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventType<'a> {
    /// Without the status word; the whole where it ends with none.
    pub(super) stem: &'a str,
    pub(super) status: Option<Status>,
}

impl<'a> EventType<'a> {
    pub(super) fn of(text: &'a str) -> EventType<'a> {
        let (stem, word) = match last_word(text) {
            (before, version) if is_version(version) => last_word(before),
            split => split,
        };
        let is_negated = NEGATIONS.iter().any(|not| not.eq_ignore_ascii_case(last_word(stem).1));
        match status(word).filter(|_| !is_negated) {
            Some(status) if stem.is_empty() => EventType { stem: NAMELESS, status: Some(status) },
            Some(status) => EventType { stem, status: Some(status) },
            None => EventType { stem: text, status: None },
        }
    }

    pub(super) fn status_or_firing(&self) -> Status {
        self.status.unwrap_or(Status::Firing)
    }
}

/// What any of the words for a status means.
pub(super) fn status(word: &str) -> Option<Status> {
    let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    match () {
        () if is_one_of(&FIRING) => Some(Status::Firing),
        () if is_one_of(&RESOLVED) => Some(Status::Resolved),
        () => None,
    }
}

/// What a word of our own events means.
pub(super) fn our_status(word: &str) -> Option<Status> {
    STATUS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, status)| *status)
}

/// Our own word.
pub(super) fn word(status: Status) -> &'static str {
    STATUS.iter().find(|(_, known)| *known == status).map_or("firing", |(word, _)| word)
}

/// What stands before the last word, and that word.
fn last_word(text: &str) -> (&str, &str) {
    let (before, word) = text.rsplit_once(SEPARATORS).unwrap_or(("", text));
    (before.trim_end_matches(SEPARATORS), word)
}

/// `v1`, `V2`: types of later versions are still about the same.
fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix(['v', 'V']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_type_is_its_status_and_the_rest_its_name() {
        use Status::{Firing, Resolved};
        for (text, stem, status) in [
            ("com.example.alert.fired", "com.example.alert", Some(Firing)),
            ("com.example.alert.RESOLVED", "com.example.alert", Some(Resolved)),
            ("disk_full_cleared", "disk_full", Some(Resolved)),
            ("org/disk-full-ok", "org/disk-full", Some(Resolved)),
            ("com.example.disk.fired.v2", "com.example.disk", Some(Firing)),
            ("com.example.disk.v2", "com.example.disk.v2", None),
            ("com.example.disk", "com.example.disk", None),
            ("com.example.disk.not_ok", "com.example.disk.not_ok", None),
            ("com.example.disk.refired", "com.example.disk.refired", None),
            ("com.example.disk..fired", "com.example.disk", Some(Firing)),
            ("fired", NAMELESS, Some(Firing)),
            (".resolved", NAMELESS, Some(Resolved)),
            ("not.closed", "not.closed", None),
            ("v1", "v1", None),
            ("", "", None),
            ("...", "...", None),
            ("störung.öffnet", "störung.öffnet", None),
        ] {
            assert_eq!(EventType::of(text), EventType { stem, status }, "{text}");
        }
    }

    #[test]
    fn every_word_has_one_meaning_and_ours_are_among_them() {
        assert!(FIRING.iter().all(|word| status(word) == Some(Status::Firing)));
        assert!(RESOLVED.iter().all(|word| status(word) == Some(Status::Resolved)));
        for (known, meaning) in STATUS {
            assert_eq!((status(known), our_status(known), word(meaning)), (Some(meaning), Some(meaning), known));
        }
    }
}
