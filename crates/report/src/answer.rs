//! What a report answers: the contract's rows, what its figures mean, and what each came from where that was asked.
//! docs/contract.md sections 5 and 8.

use std::collections::BTreeMap;

use calendar::IntervalSet;
use model::{Interval, Span};
use serde::{Deserialize, Serialize};
use store::Store;
use wire::v1;

use crate::completeness::completeness;
use crate::definitions;
use crate::error::ReportError;
use crate::moved::moved;
use crate::origins::Origins;
use crate::periods::Part;
use crate::question::Question;
use crate::unheard::unheard;
use crate::versions::Versions;

/// A report as the contract writes it down, and beside it `now` and `definitions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer<T> {
    #[serde(flatten)]
    pub report: v1::Report<Explained<T>>,
    /// As seen when.
    pub now: v1::Instant,
    /// Whose days, weeks, months and quarters are meant; `None`: UTC's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What was left out: what of each kind was asked about alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Vec<String>>,
    /// The version of the CMDB in force at `min(now, to)`; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmdb_version: Option<u64>,
    /// What truth that came late moved in availability's figures of these services.
    #[serde(default)]
    pub corrections: v1::Corrections,
    /// What came in over the window, and what became of it.
    #[serde(default)]
    pub completeness: v1::Completeness,
    /// What else there is to know of this answer, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What each figure means, once for all rows.
    #[serde(default)]
    pub definitions: BTreeMap<String, String>,
}

/// A row, with what its figures came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained<T> {
    #[serde(flatten)]
    pub figures: T,
    /// The period that the row is of, where the window is cut; cut to the window.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Stretch>,
    /// By figure: the stretches of time that it is the length of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<BTreeMap<String, Vec<Stretch>>>,
    /// By figure: the incidents that it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_numbers: Option<BTreeMap<String, Vec<String>>>,
    /// What else they came from.
    #[serde(default, skip_serializing_if = "Origins::is_empty")]
    pub origins: Origins,
}

/// `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub from: v1::Instant,
    pub to: v1::Instant,
}

impl<T> Answer<T> {
    pub(crate) fn new(question: &Question, definitions: definitions::Texts, items: Vec<Explained<T>>) -> Answer<T> {
        Answer {
            report: v1::Report { from: question.from.into(), to: question.to.into(), items },
            now: question.now.into(),
            time_zone: question.time_zone.clone(),
            filters: question.filters(),
            cmdb_version: None,
            corrections: v1::Corrections::default(),
            completeness: v1::Completeness::default(),
            notes: Vec::new(),
            definitions: definitions.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        }
    }

    /// Every report says what was corrected and whether all that came is in it (docs/measures.md sections 14 and 15), and
    /// which CMDB was in force at its end.
    pub(crate) async fn corrected(mut self, store: &Store, question: &Question) -> Result<Answer<T>, ReportError> {
        self.corrections = moved(store, question).await?;
        self.completeness = completeness(store, question).await?;
        self.notes.extend(unheard(store, question, &self.completeness).await?);
        self.cmdb_version = Versions::asked(store, question).await?.in_force(question.end());
        Ok(self)
    }

    pub(crate) fn noting(mut self, note: Option<String>) -> Answer<T> {
        self.notes.extend(note);
        self
    }

    /// Where it ends, to whoever reads it: a window that ends just past now, so that now is in it, ends now.
    pub fn until(&self) -> v1::Instant {
        if self.report.to.0 == self.now.0 + Span::MICROSECOND { self.now } else { self.report.to }
    }

    /// The rows without what they came from.
    pub fn rows(&self) -> impl Iterator<Item = &T> {
        self.report.items.iter().map(|item| &item.figures)
    }
}

impl<T: Serialize> Answer<T> {
    /// The answer as one JSON document, for people indented.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("rows are numbers and texts under names that are texts")
    }
}

impl<T> Explained<T> {
    pub fn plain(figures: T) -> Explained<T> {
        Explained { figures, period: None, intervals: None, incident_numbers: None, origins: Origins::default() }
    }

    /// Of one of several periods.
    pub(crate) fn of(self, part: &Part) -> Explained<T> {
        Explained { period: part.label.as_ref().map(|_| Stretch::of(part.window)), ..self }
    }
}

impl Stretch {
    pub(crate) fn all(intervals: &IntervalSet) -> Vec<Stretch> {
        intervals.iter().map(Stretch::of).collect()
    }

    pub(crate) fn of(interval: Interval) -> Stretch {
        Stretch { from: interval.start().into(), to: interval.end().into() }
    }
}
