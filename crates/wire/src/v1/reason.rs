//! Reasons as people's tools read them: as the model keeps them, but with instants in RFC 3339, spans in seconds and
//! scores as shares of 1.
//!
//! The model spells all of these as whole numbers, so what a number means is told by its key; the tests hold the table
//! here to every variant there is.

pub(super) mod cause;
mod decided;
#[cfg(test)]
mod tests;
pub(super) mod told;

use model::alert::Suppression;
use model::reason::{Binding, CauseEvidence, Joining};
use model::{Reason, Span, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::cause::cause_text;
use self::cause::speaks_for;
use super::{Instant, Ratio, Seconds};

/// `{"code":…}` and its figures; why an incident was opened or joined in a sentence too, in `text`.
pub fn reason(reason: &Reason) -> Value {
    match reason {
        Reason::IncidentOpened { evidence, .. } => with_text(spell(reason), told::opened(evidence)),
        Reason::EpisodeJoined { joining, .. } => {
            with_text(spell(reason), format!("an alert joined: {}", told::joined(joining)))
        }
        other => spell(other),
    }
}

/// The same as a line of the timeline, where each says its sentence.
pub fn decided(reason: &Reason) -> Value {
    with_text(spell(reason), decided::text(reason))
}

/// The sentence alone.
pub fn decided_text(reason: &Reason) -> String {
    decided::text(reason)
}

/// Why an alert is told to nobody, and the sentence people read in `text`.
pub fn suppression(suppression: &Suppression) -> Value {
    with_text(spell(suppression), decided::held_back(suppression))
}

/// How an alert's names led to its item, and the sentence people read in `text`.
pub fn binding(binding: &Binding) -> Value {
    with_text(spell(binding), decided::bound(binding))
}

/// Why an episode is in its incident, with the near misses, and the sentence people read in `text`.
pub fn joining(joining: &Joining) -> Value {
    with_text(spell(joining), told::joined(joining))
}

/// A cause's evidence, with whether it speaks `for` or `against` in `speaks`, and the sentence people read in `text`.
pub fn cause_evidence(evidence: &CauseEvidence) -> Value {
    let mut spelt = with_text(spell(evidence), cause_text(evidence));
    if let Value::Object(fields) = &mut spelt {
        fields.insert("speaks".to_owned(), if speaks_for(evidence) { "for" } else { "against" }.into());
    }
    spelt
}

fn with_text(mut spelt: Value, text: String) -> Value {
    if let Value::Object(fields) = &mut spelt {
        fields.insert("text".to_owned(), text.into());
    }
    spelt
}

fn spell(value: &impl Serialize) -> Value {
    respell(serde_json::to_value(value).expect("what the store keeps as JSON is JSON"))
}

fn respell(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(respell).collect(),
        Value::Object(fields) => {
            let code = fields.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
            fields.into_iter().map(|(key, value)| field(&code, key, value)).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

enum Meaning {
    Instant,
    Span,
    Score,
    Count,
}

fn field(code: &str, key: String, value: Value) -> (String, Value) {
    let Some(number) = value.as_i64() else { return (key, respell(value)) };
    match meaning(code, &key) {
        Meaning::Instant => (key, spelt(Instant(Timestamp::from_micros(number)))),
        Meaning::Span => (format!("{key}_seconds"), spelt(Seconds::from(Span::from_micros(number)))),
        Meaning::Score => (key, spelt(Ratio(number as f64 / 1000.0))),
        Meaning::Count => (key, value),
    }
}

fn meaning(code: &str, key: &str) -> Meaning {
    match (code, key) {
        ("resolved_quiet", "quiet") | ("earlier_start", "by") => Meaning::Span,
        (_, "at" | "until" | "since" | "said" | "taken") => Meaning::Instant,
        (_, "gap" | "length" | "age" | "allowed" | "after" | "within" | "before") => Meaning::Span,
        (_, "score" | "needed") => Meaning::Score,
        _ => Meaning::Count,
    }
}

fn spelt(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("a scalar is JSON")
}
