//! What the demo's monitoring systems say, with what is known to be true of it.

use model::{Span, Timestamp};
use serde_json::{Value, json};

/// One event on its way to the service.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// When its source says it.
    pub(crate) at: Timestamp,
    pub(crate) event: Value,
    /// The true fault behind it; `None`: noise, or no alert.
    pub(crate) truth: Option<&'static str>,
}

/// An alert that a story holds: it fires, and clears unless its source cannot say so any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Complaint<'a> {
    pub(crate) source: &'a str,
    pub(crate) ci: &'a str,
    pub(crate) alertname: &'a str,
    pub(crate) severity: &'a str,
    pub(crate) summary: &'a str,
}

impl Complaint<'_> {
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.ci, self.alertname)
    }

    fn event(&self, status: &str, start: Timestamp, end: Option<Timestamp>) -> Value {
        json!({
            "kind": "alert", "source": self.source, "status": status, "severity": self.severity,
            "summary": self.summary, "labels": {"alertname": self.alertname, "host": self.ci}, "ci": self.ci,
            "dedup_key": self.key(), "starts_at": start.to_string(), "ends_at": end.map(|end| end.to_string()),
        })
    }

    /// Noticed `late` after it began.
    pub(crate) fn fires(&self, start: Timestamp, late: Span, truth: Option<&'static str>) -> Said {
        Said { at: start + late, event: self.event("firing", start, None), truth }
    }

    pub(crate) fn clears(&self, start: Timestamp, end: Timestamp, late: Span, truth: Option<&'static str>) -> Said {
        Said { at: end + late, event: self.event("resolved", start, Some(end)), truth }
    }
}

/// Something that is no alert.
pub(crate) fn fact(at: Timestamp, event: Value) -> Said {
    Said { at, event, truth: None }
}
