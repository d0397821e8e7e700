//! Faults as they spread: what alerts, how long after the fault, and for how long.

use model::{Span, Timestamp};

use super::random::Random;
use super::said::{Complaint, Said};

/// One item's part in a fault.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) source: &'static str,
    pub(crate) ci: String,
    pub(crate) alertname: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) summary: String,
    /// Seconds after the fault's start, and before (or after) its end.
    pub(crate) after: i64,
    pub(crate) lasts_beyond: i64,
}

impl Part {
    pub(crate) fn complaint(&self) -> Complaint<'_> {
        let Part { source, ci, alertname, severity, summary, .. } = self;
        Complaint { source, ci, alertname, severity, summary }
    }
}

pub(crate) fn part(ci: &str, alertname: &'static str, severity: &'static str, after: i64, lasts_beyond: i64) -> Part {
    let source = match alertname {
        "HTTPErrors" | "HighLatency" => "prometheus-eu",
        _ => "zabbix-eu",
    };
    Part { source, ci: ci.to_owned(), alertname, severity, summary: summary(ci, alertname), after, lasts_beyond }
}

fn summary(ci: &str, alertname: &str) -> String {
    match alertname {
        "VolumeOffline" => format!("{ci}: volume offline"),
        "HostDown" => format!("{ci} is not responding"),
        "DatabaseDown" => format!("{ci} refuses connections"),
        "HTTPErrors" => format!("{ci} answers with errors"),
        "HighLatency" => format!("{ci} is slow"),
        "QueueDown" => format!("{ci} is down"),
        "DiskFull" => format!("disk almost full on {ci}"),
        "LinkDown" => format!("{ci} lost its carrier"),
        "InstanceDown" => format!("{ci} is down"),
        other => format!("{other} on {ci}"),
    }
}

/// Everything a fault makes its monitors say, from `start` to `end`.
pub(crate) fn tell(
    parts: &[Part],
    start: Timestamp,
    end: Timestamp,
    truth: Option<&'static str>,
    random: &mut Random,
) -> Vec<Said> {
    let mut said = Vec::new();
    for part in parts {
        let complaint = part.complaint();
        let began = start + Span::from_seconds(part.after);
        let over = (end + Span::from_seconds(part.lasts_beyond)).max(began + Span::MINUTE);
        let late = |random: &mut Random| Span::from_seconds(random.between(3, 25));
        said.push(complaint.fires(began, late(random), truth));
        said.push(complaint.clears(began, over, late(random), truth));
    }
    said
}

/// A passing complaint about nothing in particular.
pub(crate) fn blip(ci: &str, start: Timestamp, random: &mut Random) -> Vec<Said> {
    const KINDS: [(&str, &str); 4] =
        [("CpuHigh", "warning"), ("SwapUsed", "warning"), ("TimeDrift", "info"), ("DiskWillFill", "warning")];
    let (alertname, severity) = *random.pick(&KINDS).unwrap_or(&("CpuHigh", "warning"));
    let lasts = Span::from_seconds(random.between(90, 900));
    tell(&[part(ci, alertname, severity, 0, 0)], start, start + lasts, None, random)
}
