//! The half of a pipeline that turns bytes into events, compiled: `rules` builds it from a pipeline file.
//!
//! It holds no state and asks nobody, so that many tasks decode at once. What decides (windows, grouping, timers) is the
//! other half, `engine::Policy`.

mod identity;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use model::command::Command;
use model::event::Event;
use model::limits::EVENTS_PER_PUSH_MAX;
use model::{Domain, Effect, Matcher, PipelineName, Severity, SourceName, Timestamp};
use serde::Deserialize;

use crate::json::{self, Body, Element, Misfit};
use crate::malformed::Problem;
use crate::{Malformed, Notice, alertmanager_v2, alertmanager_webhook, cloudevents, native};

pub(crate) use identity::Said;
pub(crate) use statement::{Cleaner, Statement};

/// How the events of a pipeline are read. docs/contract.md section 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    pub name: PipelineName,
    pub domain: DomainRule,
    pub identity: Identity,
    /// Labels that take no part in identity, such as those that tell replicas apart.
    pub drop: Vec<Box<str>>,
    /// Where the word for the severity stands: `severity` is the event's own field, else the label of that name; any
    /// other name is a label.
    pub severity_from: Box<str>,
    /// Words that this source uses, before the common ones.
    pub severity_map: BTreeMap<Box<str>, Severity>,
    /// The first whose matchers all hold says the effect of an event that does not say it itself.
    pub effects: Vec<(Vec<Matcher>, Effect)>,
    /// Where names of the configuration item stand, the most trusted first.
    pub bind: Vec<BindName>,
}

/// Which domain an event belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainRule {
    Fixed(Domain),
    /// The value of this label; the default domain where it is absent.
    Label(Box<str>),
}

/// Which labels tell one condition from another, where the source gives no `dedup_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    All,
    /// These. An event with none of them falls back to all, so that strangers never share an alert.
    Labels(Vec<Box<str>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindName {
    /// The event's own `ci`.
    Ci,
    Label(Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Native,
    AlertmanagerV2,
    AlertmanagerWebhook,
    CloudEvents,
}

/// When the bytes came, and whether they are a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    pub receipt: Timestamp,
    /// Only in a replay are `received_at` and commands of people honoured.
    pub replay: bool,
}

/// Everything one body held, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// Empty where the body is refused as a whole.
    pub received: Vec<Received>,
    /// Remarks on the body itself.
    pub notices: Vec<Notice>,
    pub refused: Option<Refused>,
}

/// Why nothing of a body can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// To the dead letters as it came, then `400`.
    Unreadable(Malformed),
    /// `413`, nothing of it kept.
    TooMany { limit: usize },
}

/// One event of a body, read or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// Counts from 0 the events of the body, the malformed ones too.
    pub index: usize,
    /// Where it stands in the body: the bytes of its dead letter.
    pub raw: Range<usize>,
    /// The receipt recorded with it, or what stands for it (docs/measures.md section 1); `None` outside a replay, and
    /// where a recording says nothing.
    pub received_at: Option<Timestamp>,
    pub result: Result<Input, Malformed>,
    /// Which of an alert's `ci_names` its sender wrote as its `ci`. `None`: it wrote none, or the pipeline does not bind
    /// by it.
    pub own_ci: Option<usize>,
    pub notices: Vec<Notice>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Event(Event),
    /// What a person did: in a replay only.
    Command(Box<Command>),
}

/// An input as a format read it, with the receipt that a recording gives it.
pub(crate) struct Taken {
    pub(crate) input: Input,
    pub(crate) received_at: Option<Timestamp>,
    pub(crate) own_ci: Option<usize>,
}

impl Decoder {
    /// The defaults of docs/contract.md section 2.
    pub fn standard(name: impl Into<PipelineName>) -> Decoder {
        let label = |name: &str| BindName::Label(name.into());
        Decoder {
            name: name.into(),
            domain: DomainRule::Fixed(Domain::default()),
            identity: Identity::All,
            drop: vec!["replica".into(), "prometheus".into()],
            severity_from: "severity".into(),
            severity_map: BTreeMap::from([("page".into(), Severity::Critical)]),
            effects: Vec::new(),
            bind: vec![BindName::Ci, label("ci"), label("host"), label("instance"), label("service")],
        }
    }

    /// Reads a body. Total: what cannot be read is in the answer, with its place and the reason.
    pub fn decode(&self, format: Format, source: &SourceName, body: &[u8], context: &Context) -> Decoded {
        let sender = Sender { decoder: self, source, context, subject: None };
        match format {
            Format::Native => native::decode(&sender, body),
            Format::AlertmanagerV2 => alertmanager_v2::decode(&sender, body),
            Format::AlertmanagerWebhook => alertmanager_webhook::decode(&sender, body),
            Format::CloudEvents => cloudevents::decode(&sender, body),
        }
    }
}

impl Format {
    pub const ALL: [Format; 4] =
        [Format::Native, Format::AlertmanagerV2, Format::AlertmanagerWebhook, Format::CloudEvents];

    /// The word of `match: {format: …}` and of the path `/ingest/v1/{format}`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Native => "native",
            Format::AlertmanagerV2 => "prometheus",
            Format::AlertmanagerWebhook => "alertmanager",
            Format::CloudEvents => "cloudevents",
        }
    }

    /// Whether an event may say itself which source it is of, so that events of one body have different pipelines.
    pub const fn names_sources(self) -> bool {
        matches!(self, Format::Native | Format::CloudEvents)
    }

    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// What is the same for all events of one body.
pub(crate) struct Sender<'d> {
    pub(crate) decoder: &'d Decoder,
    pub(crate) source: &'d SourceName,
    pub(crate) context: &'d Context,
    /// The item of a fact that names none, where what it came in names one.
    pub(crate) subject: Option<&'d str>,
}

/// Collects what a body held.
pub(crate) struct Collector {
    decoded: Decoded,
    limit: usize,
}

impl Collector {
    pub(crate) fn new(context: &Context) -> Collector {
        let limit = if context.replay { usize::MAX } else { EVENTS_PER_PUSH_MAX };
        Collector { decoded: Decoded::default(), limit }
    }

    /// Takes one element in; whether there is room for more.
    pub(crate) fn take<'a, T>(
        &mut self,
        body: &mut Body<'a>,
        element: Element<'a, T>,
        read: impl FnOnce(Result<(&'a str, T), Misfit<'a>>, &mut Vec<Notice>) -> Result<Taken, Problem>,
    ) -> bool {
        let index = self.decoded.received.len();
        if index == self.limit {
            self.decoded.refused = Some(Refused::TooMany { limit: self.limit });
            return false;
        }
        let mut notices = Vec::new();
        let taken = read(element.read, &mut notices);
        let (received_at, own_ci) = taken.as_ref().map_or((None, None), |taken| (taken.received_at, taken.own_ci));
        let result = taken.map(|taken| taken.input).map_err(|problem| body.malformed(element.raw.start, problem));
        self.decoded.received.push(Received { index, raw: element.raw, received_at, result, own_ci, notices });
        true
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.decoded.notices.push(notice);
    }

    /// What was collected; nothing of it where the whole is refused.
    pub(crate) fn finish(mut self, whole: Result<(), Malformed>) -> Decoded {
        if let Err(malformed) = whole {
            self.decoded.refused = Some(Refused::Unreadable(malformed));
        }
        if self.decoded.refused.is_some() {
            self.decoded.received.clear();
        }
        self.decoded
    }
}

/// Reads a body of events of one shape: an array, one object, or an object per line.
pub(crate) fn decode_events<'a, T: Deserialize<'a>>(
    context: &Context,
    bytes: &'a [u8],
    mut read: impl FnMut(Result<(&'a str, T), Misfit<'a>>, &mut Vec<Notice>) -> Result<Taken, Problem>,
) -> Decoded {
    let mut collector = Collector::new(context);
    let mut body = Body::new(bytes);
    let whole = json::events(&mut body, |body, element| collector.take(body, element, &mut read));
    collector.finish(whole)
}
