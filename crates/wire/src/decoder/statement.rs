//! From what a format read to an alert's event: cleaning, severity, effect, identity, names of the item.

use std::borrow::Cow;

use model::event::{AlertEvent, Status};
use model::limits::{LABEL_NAME_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX};
use model::{Effect, Labels, Severity, SourceName, Timestamp, labels};

use super::{BindName, Decoder, Said};
use crate::Notice;
use crate::malformed::Problem;
use crate::scalar::{Pairs, Text};

/// What a monitoring system said of an alert, in whichever format.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) status: Status,
    pub(crate) severity: Option<Text<'a>>,
    pub(crate) effect: Option<Effect>,
    pub(crate) environment: Option<Text<'a>>,
    pub(crate) summary: Option<Text<'a>>,
    /// Whether the summary stands in for a missing `alertname`, so that one of the two must be there. Not where it is
    /// text that changes with the figures in it.
    pub(crate) summary_identifies: bool,
    pub(crate) labels: Pairs<'a>,
    pub(crate) annotations: Pairs<'a>,
    pub(crate) url: Option<Text<'a>>,
    pub(crate) dedup_key: Option<Text<'a>>,
    pub(crate) external_id: Option<Text<'a>>,
    pub(crate) ci: Option<Text<'a>>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
}

impl Decoder {
    pub(crate) fn alert(
        &self,
        source: SourceName,
        said: Statement<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<AlertEvent, Problem> {
        let mut cleaner = Cleaner(notices);
        let labels = cleaner.pairs("labels", said.labels)?;
        let annotations = cleaner.pairs("annotations", said.annotations)?;
        let ci = cleaner.name("ci", said.ci)?;
        let dedup_key = cleaner.name("dedup_key", said.dedup_key)?;
        let summary = cleaner.value("summary", said.summary);
        if said.summary_identifies && summary.is_none() && labels.get("alertname").is_none() {
            return Err(Problem::whole(
                "an alert needs `summary` or `labels.alertname`: say what is wrong in one of them",
            ));
        }
        let domain = self.domain_of(&labels);
        let fingerprint = self.fingerprint(
            &domain,
            &Said {
                source: source.as_str(),
                dedup_key: dedup_key.as_deref(),
                labels: &labels,
                ci: ci.as_deref(),
                summary: summary.as_deref().filter(|_| said.summary_identifies),
            },
        );
        Ok(AlertEvent {
            fingerprint,
            domain,
            source,
            pipeline: self.name.clone(),
            status: said.status,
            severity: self.severity(said.severity.as_ref().map(Text::as_str), &labels, &mut cleaner),
            effect: said.effect.or_else(|| self.effect(&labels)),
            environment: cleaner
                .name("environment", said.environment)?
                .as_deref()
                .or_else(|| labels.get("environment"))
                .map(Box::from),
            summary: summary.map_or_else(|| titled(&labels), |summary| summary.into()),
            url: cleaner.value("url", said.url).map(Box::from),
            external_id: cleaner.value("id", said.external_id).map(Box::from),
            ci_names: self.ci_names(ci.as_deref(), &labels),
            dedup_key: dedup_key.map(Box::from),
            labels,
            annotations,
            at: said.at,
            starts_at: said.starts_at,
            ends_at: said.ends_at,
            heard_at: None,
            times: model::event::ONCE,
        })
    }

    /// Missing is a warning; unknown is too, with a notice.
    fn severity(&self, own: Option<&str>, labels: &Labels, cleaner: &mut Cleaner<'_>) -> Severity {
        let own = own.filter(|word| *self.severity_from == *"severity" && !word.trim().is_empty());
        let Some(word) = own.or_else(|| labels.get(&self.severity_from)) else { return Severity::Warning };
        self.severity_of_word(word).unwrap_or_else(|| cleaner.unknown_severity(word))
    }

    pub(crate) fn severity_of_word(&self, word: &str) -> Option<Severity> {
        let word = word.trim();
        let own = self.severity_map.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        own.map(|(_, severity)| *severity).or_else(|| Severity::from_word(word))
    }

    fn effect(&self, labels: &Labels) -> Option<Effect> {
        let holds = |matcher: &model::Matcher| matcher.matches_value(labels.get(&matcher.name).unwrap_or_default());
        self.effects.iter().find(|(matchers, _)| matchers.iter().all(holds)).map(|(_, effect)| *effect)
    }

    fn ci_names(&self, ci: Option<&str>, labels: &Labels) -> Vec<Box<str>> {
        let mut names: Vec<Box<str>> = Vec::with_capacity(self.bind.len());
        for place in &self.bind {
            let name = match place {
                BindName::Ci => ci,
                BindName::Label(label) => labels.get(label),
            };
            if let Some(name) = name.filter(|name| !names.iter().any(|known| **known == **name)) {
                names.push(name.into());
            }
        }
        names
    }
}

/// What to call an alert that says nothing of itself: its name, else its labels.
fn titled(labels: &Labels) -> Box<str> {
    labels.get("alertname").map_or_else(|| labels.to_string().into(), Box::from)
}

/// The last of equal names wins, also where it is empty: so the empty ones leave only after that.
fn without_empty<T: AsRef<str>>(mut pairs: Vec<(T, T)>) -> Labels {
    labels::sort(&mut pairs);
    pairs.retain(|(_, value)| !value.as_ref().is_empty());
    Labels::from_sorted(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
}

/// Makes text fit for every store, and remembers what it changed.
pub(crate) struct Cleaner<'n>(pub(crate) &'n mut Vec<Notice>);

impl Cleaner<'_> {
    /// A value: cut where it is too long. Empty is absent.
    pub(crate) fn value<'a>(&mut self, field: &str, text: Option<Text<'a>>) -> Option<Text<'a>> {
        let mut text = text?;
        self.without_nul(|| field.into(), &mut text);
        self.cut(|| field.into(), &mut text);
        Some(text).filter(|text| !text.is_empty())
    }

    /// A name, by which things are told apart: too long is an error, for a cut one might be another's.
    pub(crate) fn name<'a>(&mut self, field: &str, text: Option<Text<'a>>) -> Result<Option<Text<'a>>, Problem> {
        let Some(mut text) = text else { return Ok(None) };
        self.without_nul(|| field.into(), &mut text);
        if text.len() > LABEL_VALUE_BYTES_MAX {
            let what = format!("has {} bytes, and at most {LABEL_VALUE_BYTES_MAX} are allowed: shorten it", text.len());
            return Err(Problem::of_field(field, what));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// Labels or annotations, without those that are empty.
    pub(crate) fn pairs(&mut self, field: &str, pairs: Pairs<'_>) -> Result<Labels, Problem> {
        let count = match &pairs {
            Pairs::Fit(fit) => fit.count,
            Pairs::Sent(pairs) => pairs.len(),
        };
        if count > LABELS_MAX {
            let what = format!("has {count} entries, and at most {LABELS_MAX} are allowed: send fewer");
            return Err(Problem::of_field(field, what));
        }
        match pairs {
            Pairs::Fit(fit) if fit.some_empty => Ok(without_empty(fit.packer.iter().collect())),
            Pairs::Fit(fit) => Ok(fit.packer.finish()),
            Pairs::Sent(pairs) => self.cleaned(field, pairs),
        }
    }

    fn cleaned(&mut self, field: &str, mut pairs: Vec<(Text<'_>, Text<'_>)>) -> Result<Labels, Problem> {
        for (name, value) in &mut pairs {
            self.without_nul(|| field.into(), name);
            if name.is_empty() || name.len() > LABEL_NAME_BYTES_MAX {
                let bytes = name.len();
                let what = format!("a name has {bytes} bytes: give it 1 to {LABEL_NAME_BYTES_MAX}");
                return Err(Problem::of_field(field, what));
            }
            self.without_nul(|| format!("{field}.{}", name.as_str()), value);
            self.cut(|| format!("{field}.{}", name.as_str()), value);
        }
        Ok(without_empty(pairs))
    }

    pub(crate) fn unknown_severity(&mut self, word: &str) -> Severity {
        let mut said = Text(Cow::Borrowed(word));
        self.cut(|| "severity".to_owned(), &mut said);
        self.0.push(Notice::UnknownSeverity { said: said.into() });
        Severity::Warning
    }

    fn without_nul(&mut self, field: impl FnOnce() -> String, text: &mut Text<'_>) {
        if text.has_nul() {
            self.0.push(Notice::NulRemoved { field: field().into() });
            text.0.to_mut().retain(|c| c != '\0');
        }
    }

    fn cut(&mut self, field: impl FnOnce() -> String, text: &mut Text<'_>) {
        if text.len() <= LABEL_VALUE_BYTES_MAX {
            return;
        }
        self.0.push(Notice::ValueCut { field: field().into(), bytes: text.len() });
        let end = text.floor_char_boundary(LABEL_VALUE_BYTES_MAX);
        match &mut text.0 {
            Cow::Borrowed(text) => *text = text.get(..end).unwrap_or_default(),
            Cow::Owned(text) => text.truncate(end),
        }
    }
}
