//! CloudEvents 1.0 in the JSON format: one event, or an array of them. docs/formats.md section 9.
//!
//! Read in this order: `message` makes one JSON event of what a transport carries in headers, so that there is one way to
//! read them and a dead letter is whole; `envelope` (the attributes), `event_type` (what the type says), `data` (whose
//! object it is); and here what an alert comes to.
//!
//! The envelope fills what the data leaves open, and never the other way round. The `id` names a delivery, so it takes
//! no part in identity.

mod data;
mod envelope;
mod event_type;
mod message;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::event::Status;
use model::limits::{LABEL_NAME_BYTES_MAX, LABELS_MAX};
use model::{Severity, SourceName};

use crate::alertmanager_v2::summary_of;
use crate::decoder::{Decoded, Sender, Taken, decode_events};
use crate::json::{Misfit, problem_of};
use crate::malformed::Problem;
use crate::native::{AlertFields, instant};
use crate::scalar::{Instant, Pairs, Text};
use crate::{Format, Notice};

use data::{Data, Object};
use envelope::Envelope;
use event_type::EventType;

pub use message::{HTTP_PREFIX, KAFKA_PREFIX, Mode, Unreadable, UnsupportedEncoding, Values, envelope_of, mode_of};

pub(crate) fn decode(sender: &Sender<'_>, body: &[u8]) -> Decoded {
    decode_events(sender.context, body, |read: Result<(&str, Envelope<'_>), Misfit<'_>>, notices| {
        let (raw, envelope) = read.map_err(|misfit| misfit.problem)?;
        sender.enveloped(raw, &envelope, notices)
    })
}

impl Sender<'_> {
    fn enveloped(&self, raw: &str, envelope: &Envelope<'_>, notices: &mut Vec<Notice>) -> Result<Taken, Problem> {
        envelope.check()?;
        let unpacked = envelope.unpacked()?;
        let data = Data::of(raw, envelope, unpacked.as_ref());
        let source = self.source_by(envelope, notices)?;
        let sender =
            Sender { decoder: self.decoder, source: &source, context: self.context, subject: envelope.subject() };
        match data {
            Data::Ours(object) => {
                let fact = object.kind().filter(|kind| kind.as_str() != "alert");
                let taken = match &fact {
                    Some(kind) => sender.other(object.text, kind, notices),
                    None => sender.our_alert(envelope, &object, notices),
                };
                taken.map_err(|problem| problem.within(object.field, object.at))
            }
            Data::Foreign(object) => sender.foreign_alert(envelope, &object, notices),
            Data::Text(text) => {
                let fields = AlertFields { summary: Some(text), ..AlertFields::default() };
                sender.filled(envelope, fields, Vec::new(), notices)
            }
            Data::Nothing => sender.filled(envelope, AlertFields::default(), Vec::new(), notices),
        }
    }

    /// Whoever set up the way in and named its source knows better than the sender what we call it.
    fn source_by(&self, envelope: &Envelope<'_>, notices: &mut Vec<Notice>) -> Result<SourceName, Problem> {
        let is_named = self.source.as_str() != Format::CloudEvents.as_str();
        self.source_of(envelope.source.clone().filter(|_| !is_named), notices)
    }

    fn our_alert(
        &self,
        envelope: &Envelope<'_>,
        object: &Object<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Taken, Problem> {
        let fields: AlertFields<'_> =
            serde_json::from_str(object.text).map_err(|error| problem_of(object.text, &error))?;
        self.filled(envelope, fields, object.unknown(), notices)
    }

    /// An object of a shape of its own: what reads as one of our fields is one, and nothing in it is an error.
    fn foreign_alert(
        &self,
        envelope: &Envelope<'_>,
        object: &Object<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Taken, Problem> {
        let status = object.text_of("status");
        let ours = status.as_deref().and_then(event_type::our_status);
        let status = ours.or(envelope.event_type().status).or(status.as_deref().and_then(event_type::status));
        let fields = AlertFields {
            status: status.map(|status| Text::of(event_type::word(status))),
            severity: object.text_of("severity"),
            ci: object.text_of("ci"),
            url: object.text_of("url"),
            ..AlertFields::default()
        };
        self.filled(envelope, fields, object.without(&["severity", "ci", "url"]), notices)
    }

    /// An alert whose open fields are filled by its envelope. `others` are what else the data says.
    fn filled<'a>(
        &self,
        envelope: &'a Envelope<'_>,
        mut fields: AlertFields<'a>,
        others: Vec<(Text<'a>, Text<'a>)>,
        notices: &mut Vec<Notice>,
    ) -> Result<Taken, Problem> {
        let told = envelope.event_type();
        let subject = envelope.subject();
        let status = fields.status.get_or_insert(Text::of(event_type::word(told.status_or_firing())));
        let is_resolved = event_type::our_status(status) == Some(Status::Resolved);
        when(&mut fields, envelope.time, is_resolved);
        fields.id = said(fields.id).or_else(|| envelope.id.clone());
        fields.dedup_key = said(fields.dedup_key).or_else(|| dedup_key(&told, subject, fields.labels.as_ref()));
        let labels = fields.labels.get_or_insert_default();
        self.severity_by(envelope, &mut fields.severity, labels);
        if labels.first("alertname").is_none() {
            labels.add(Text::of("alertname"), Text::of(told.stem));
        }
        let annotations = fields.annotations.get_or_insert_default();
        add_absent(annotations, others);
        add_absent(annotations, envelope.extensions.clone());
        let title = || Text(Cow::Owned(title(&told, subject)));
        fields.summary = said(fields.summary).or_else(|| summary_of(annotations)).or_else(|| Some(title()));
        fields.ci = said(fields.ci);
        let has_own_ci = fields.ci.is_some();
        fields.ci = fields.ci.or_else(|| subject.map(Text::of));
        let taken = self.alert(fields, notices)?;
        // A subject may be anything, so that it is no item is nothing to remark on.
        Ok(Taken { own_ci: taken.own_ci.filter(|_| has_own_ci), ..taken })
    }

    /// The envelope's severity, where the data says none where the pipeline looks for it.
    fn severity_by<'a>(&self, envelope: &'a Envelope<'_>, severity: &mut Option<Text<'a>>, labels: &Pairs<'_>) {
        let is_said = severity.as_ref().is_some_and(|word| !word.trim().is_empty());
        if is_said || labels.first(&self.decoder.severity_from).is_some() {
            return;
        }
        let text = envelope.severity_text.as_deref().filter(|word| !word.trim().is_empty());
        let known = text.filter(|word| self.decoder.severity_of_word(word).is_some());
        let number = envelope.severity_number.map(Severity::as_str);
        *severity = known.or(number).or(text).map(Text::of);
    }
}

/// `time` is when a firing began and when a resolved ended, unless the data says either itself. docs/measures.md section 1.
fn when(fields: &mut AlertFields<'_>, time: Option<Instant>, is_resolved: bool) {
    let own = if is_resolved { &mut fields.ends_at } else { &mut fields.starts_at };
    if instant(*own).is_none() && instant(fields.at).is_none() {
        *own = time;
    }
}

/// The same condition has the same type but for its status, and the same subject. Where the data has labels they tell
/// conditions apart better.
fn dedup_key(told: &EventType<'_>, subject: Option<&str>, labels: Option<&Pairs<'_>>) -> Option<Text<'static>> {
    let has_labels = labels.is_some_and(|labels| !labels.all_empty());
    (!has_labels).then(|| Text(Cow::Owned(format!("{}/{}", told.stem, subject.unwrap_or_default()))))
}

fn title(told: &EventType<'_>, subject: Option<&str>) -> String {
    subject.map_or_else(|| told.stem.to_owned(), |subject| format!("{} on {subject}", told.stem))
}

/// As many as there may be; those under a name that is taken, or could be none, are passed over.
fn add_absent<'a>(annotations: &mut Pairs<'a>, others: Vec<(Text<'a>, Text<'a>)>) {
    let is_name = |name: &Text<'_>| (1..=LABEL_NAME_BYTES_MAX).contains(&name.len()) && !name.has_nul();
    for (name, value) in others.into_iter().filter(|(name, _)| is_name(name)).take(LABELS_MAX) {
        if annotations.first(&name).is_none() {
            annotations.add(name, value);
        }
    }
}

/// Empty is absent.
fn said(text: Option<Text<'_>>) -> Option<Text<'_>> {
    text.filter(|text| !text.is_empty())
}
