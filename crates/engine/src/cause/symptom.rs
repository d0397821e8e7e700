//! What kind of symptom an alert speaks of, by its words.

use model::reason::SymptomKind;
use model::{Alert, AlertId};

use crate::desk::Desk;

impl Desk<'_> {
    pub(crate) fn kind(&self, alert: &Alert) -> SymptomKind {
        let known = self.state.kinds.get(&alert.id).copied();
        known.unwrap_or_else(|| kind_of(alert.alertname(), &alert.summary))
    }

    /// Reading words is slow, and a member is looked at whenever its incident is settled: once is enough.
    pub(crate) fn note_kind(&mut self, id: AlertId) {
        if let Some(alert) = self.state.alerts.get(&id) {
            let kind = kind_of(alert.alertname(), &alert.summary);
            self.state.kinds.insert(id, kind);
        }
    }
}

/// What kind of symptom an alert's words speak of, the more telling first.
fn kind_of(alertname: &str, summary: &str) -> SymptomKind {
    const WORDS: [(SymptomKind, &[&str]); 5] = [
        (
            SymptomKind::Unreachable,
            &[
                "unreachable",
                "down",
                "offline",
                "not responding",
                "no response",
                "lost",
                "dead",
                "unavailable",
                "nodata",
                "ping",
            ],
        ),
        (
            SymptomKind::Exhausted,
            &["full", "exhaust", "out of memory", "oom", "out of space", "no space", "quota", "capacity"],
        ),
        (SymptomKind::Saturation, &["saturat", "disk", "memory", "cpu", "backlog", "queue"]),
        (SymptomKind::Errors, &["error", "fail", "5xx", "exception", "timeout", "refused", "crash", "availability"]),
        (SymptomKind::Latency, &["latency", "slow", "response time", "delay", "lag", "duration"]),
    ];
    let text = format!("{alertname} {summary}").to_lowercase();
    let spoken = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    spoken.map_or(SymptomKind::Other, |(kind, _)| *kind)
}
