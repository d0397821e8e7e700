//! Reasons as people's tools read them: as the model keeps them, but with instants in RFC 3339, spans in seconds and
//! scores as shares of 1.
//!
//! The model spells all of these as whole numbers, so what a number means is told by its key; the tests hold the table
//! here to every variant there is.

pub(super) mod cause;
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

/// `{"code":…}` and its figures; where those are not plain, a sentence too, in `text`.
pub fn reason(reason: &Reason) -> Value {
    match told::decided(reason) {
        Some(text) => with_text(spell(reason), text),
        None => spell(reason),
    }
}

/// Why an alert is told to nobody.
pub fn suppression(suppression: &Suppression) -> Value {
    spell(suppression)
}

/// How an alert's names led to its item.
pub fn binding(binding: &Binding) -> Value {
    spell(binding)
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

/// A span for people: to a tenth of a second, above a minute to the second.
pub(super) fn rough(span: Span) -> Span {
    let unit = match span.abs() {
        span if span < Span::SECOND => Span::SECOND.micros() / 1000,
        span if span < Span::MINUTE => Span::SECOND.micros() / 10,
        _ => Span::SECOND.micros(),
    };
    Span::from_micros((span.micros() + unit / 2).div_euclid(unit) * unit)
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
