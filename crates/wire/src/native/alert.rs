//! `"kind":"alert"`, the hot path: one pass over the bytes, no copy of text that has no escapes.

use model::Effect;
use model::event::{Event, Status};
use serde::Deserialize;

use super::{instant, word_of};
use crate::decoder::{Sender, Statement, Taken};
use crate::malformed::Problem;
use crate::scalar::{Instant, Pairs, Text};
use crate::{Input, Notice};

const STATUS: [(&str, Status); 2] = [("firing", Status::Firing), ("resolved", Status::Resolved)];
pub(super) const EFFECT: [(&str, Effect); 3] =
    [("down", Effect::Down), ("degraded", Effect::Degraded), ("none", Effect::None)];

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct AlertFields<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    severity: Option<Text<'a>>,
    #[serde(borrow)]
    effect: Option<Text<'a>>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    annotations: Option<Pairs<'a>>,
    #[serde(borrow)]
    ci: Option<Text<'a>>,
    #[serde(borrow)]
    dedup_key: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    at: Option<Instant>,
    received_at: Option<Instant>,
}

impl AlertFields<'_> {
    /// An event is an alert unless it says otherwise.
    pub(super) fn is_alert(&self) -> bool {
        self.kind.as_ref().is_none_or(|kind| kind.as_str() == "alert")
    }

    pub(super) fn kind(&self) -> &str {
        self.kind.as_ref().map_or("alert", Text::as_str)
    }
}

impl Sender<'_> {
    pub(super) fn alert(&self, fields: AlertFields<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let status = word_of("status", fields.status.as_ref(), &STATUS)?.unwrap_or(Status::Firing);
        let effect = word_of("effect", fields.effect.as_ref(), &EFFECT)?;
        let source = self.source_of(fields.source, notices)?;
        let ci = fields.ci.clone();
        let said = Statement {
            status,
            severity: fields.severity,
            effect,
            environment: fields.environment,
            summary: fields.summary,
            summary_identifies: true,
            labels: fields.labels.unwrap_or_default(),
            annotations: fields.annotations.unwrap_or_default(),
            url: fields.url,
            dedup_key: fields.dedup_key,
            external_id: fields.id,
            ci: fields.ci,
            at: instant(fields.at),
            starts_at: instant(fields.starts_at),
            ends_at: instant(fields.ends_at),
        };
        let stand_in = match status {
            Status::Firing => said.starts_at.or(said.at),
            Status::Resolved => said.ends_at.or(said.at),
        };
        let event = self.decoder.alert(source, said, notices)?;
        let own_ci = ci.and_then(|ci| event.ci_names.iter().position(|name| **name == *ci));
        let received_at = self.receipt(fields.received_at, stand_in);
        Ok(Taken { input: Input::Event(Event::Alert(Box::new(event))), received_at, own_ci })
    }
}
