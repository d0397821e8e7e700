//! `"kind":"alert"`, the hot path: one pass over the bytes, no copy of text that has no escapes.

use model::Effect;
use model::event::{Event, Status};
use serde::Deserialize;

use super::{instant, word_of};
use crate::decoder::{Sender, Statement, Taken};
use crate::malformed::Problem;
use crate::scalar::{Instant, Pairs, Text};
use crate::{Input, Notice};

/// The names of [`AlertFields`].
pub(crate) const FIELDS: [&str; 17] = [
    "kind",
    "source",
    "id",
    "status",
    "severity",
    "effect",
    "environment",
    "summary",
    "labels",
    "annotations",
    "ci",
    "dedup_key",
    "url",
    "starts_at",
    "ends_at",
    "at",
    "received_at",
];

pub(crate) const STATUS: [(&str, Status); 2] = [("firing", Status::Firing), ("resolved", Status::Resolved)];
pub(super) const EFFECT: [(&str, Effect); 3] =
    [("down", Effect::Down), ("degraded", Effect::Degraded), ("none", Effect::None)];

#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
pub(crate) struct AlertFields<'a> {
    #[serde(borrow)]
    pub(crate) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) source: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) severity: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) effect: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) environment: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) summary: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    pub(crate) annotations: Option<Pairs<'a>>,
    #[serde(borrow)]
    pub(crate) ci: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) dedup_key: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) url: Option<Text<'a>>,
    pub(crate) starts_at: Option<Instant>,
    pub(crate) ends_at: Option<Instant>,
    pub(crate) at: Option<Instant>,
    pub(crate) received_at: Option<Instant>,
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
    pub(crate) fn alert(&self, fields: AlertFields<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
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
        Ok(Taken { input: Input::Event(Event::from(event)), received_at, own_ci })
    }
}
