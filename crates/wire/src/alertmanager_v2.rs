//! Alertmanager's API v2: what Prometheus, `amtool` and Grafana post, and what they expect to read. docs/formats.md
//! section 2.
//!
//! An alert is firing while its `endsAt` lies after the receipt: that is a promise, kept by `expiry`, not a clear.

mod alert;
mod fingerprint;
mod shown;
mod silence;
mod status;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::event::{Event, Status as AlertStatus};
use model::{Span, Timestamp};
use serde::Deserialize;

use crate::decoder::{Decoded, Decoder, Sender, Statement, Taken, decode_events};
use crate::json::Misfit;
use crate::malformed::Problem;
use crate::scalar::{Instant, Pairs, Text};
use crate::{Input, Notice};

pub use alert::{AlertGroup, GettableAlert, GettableAlertStatus, Receiver};
pub use fingerprint::fingerprint;
pub use silence::{
    GettableSilence, PostableSilence, SilenceMatcher, SilenceStatus, Silenced, silence_id, silence_uuid,
};
pub use status::{Cluster, Config, Peer, ServerStatus, VersionInfo};

/// How long an alert without an `endsAt` fires on; Alertmanager's default.
pub const RESOLVE_TIMEOUT: Span = Span::from_minutes(5);

#[derive(Deserialize)]
#[serde(expecting = "an object", rename_all = "camelCase")]
struct PostableAlert<'a> {
    #[serde(borrow)]
    labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    annotations: Option<Pairs<'a>>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    #[serde(borrow, rename = "generatorURL")]
    generator_url: Option<Text<'a>>,
}

pub(crate) fn decode(sender: &Sender<'_>, body: &[u8]) -> Decoded {
    decode_events(sender.context, body, |read: Result<(&str, PostableAlert<'_>), Misfit<'_>>, notices| {
        let (_, fields) = read.map_err(|misfit| misfit.problem)?;
        sender.posted_alert(fields, notices)
    })
}

impl Sender<'_> {
    /// docs/formats.md section 2. An absent `startsAt` stays absent, which makes the receipt stand for it, as `now`
    /// does there; an absent `endsAt` becomes a promise of [`RESOLVE_TIMEOUT`].
    fn posted_alert(&self, fields: PostableAlert<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let receipt = self.context.receipt;
        let starts_at = fields.starts_at.and_then(|said| said.0);
        let said_end = fields.ends_at.and_then(|said| said.0);
        if let (Some(start), Some(end)) = (starts_at, said_end)
            && end < start
        {
            let what = format!("{end} is before `startsAt` ({start}): send an end that is not before the start");
            return Err(Problem::of_field("endsAt", what));
        }
        let ends_at = said_end.unwrap_or(receipt + RESOLVE_TIMEOUT);
        let status = if ends_at <= receipt { AlertStatus::Resolved } else { AlertStatus::Firing };
        let labelled = Labelled {
            status,
            labels: fields.labels,
            annotations: fields.annotations,
            starts_at,
            ends_at: Some(ends_at),
            url: fields.generator_url,
            external_id: None,
        };
        self.labelled_alert(labelled, notices)
    }

    /// An alert that is told from others by its labels alone, as all of Alertmanager's are.
    pub(crate) fn labelled_alert(&self, said: Labelled<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        let labels = said.labels.unwrap_or_default();
        if labels.all_empty() {
            return Err(Problem::missing("labels", "give the alert at least one label that is not empty"));
        }
        let annotations = said.annotations.unwrap_or_default();
        let stand_in = match said.status {
            AlertStatus::Firing => said.starts_at,
            AlertStatus::Resolved => said.ends_at,
        };
        let statement = Statement {
            status: said.status,
            severity: None,
            effect: None,
            environment: None,
            summary: summary_of(&annotations),
            summary_identifies: false,
            labels,
            annotations,
            url: said.url,
            dedup_key: None,
            external_id: said.external_id,
            ci: None,
            at: None,
            starts_at: said.starts_at,
            ends_at: said.ends_at,
        };
        let event = Decoder::alert(self.decoder, self.source.clone(), statement, notices)?;
        let received_at = stand_in.filter(|_| self.context.replay);
        Ok(Taken { input: Input::Event(Event::from(event)), received_at, own_ci: None })
    }
}

/// What Alertmanager's own formats have in common.
pub(crate) struct Labelled<'a> {
    pub(crate) status: AlertStatus,
    pub(crate) labels: Option<Pairs<'a>>,
    pub(crate) annotations: Option<Pairs<'a>>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) url: Option<Text<'a>>,
    pub(crate) external_id: Option<Text<'a>>,
}

/// The annotations by which rules say what is wrong, the shortest first.
pub(crate) fn summary_of(annotations: &Pairs<'_>) -> Option<Text<'static>> {
    let said = ["summary", "message", "description"].into_iter().find_map(|name| annotations.first(name))?;
    Some(Text(Cow::Owned(said.to_owned())))
}
