//! Alertmanager's webhook, payload version "4". docs/formats.md section 3.
//!
//! One message mixes firing and resolved alerts, so each is read by its own `status`. A firing one says year 1 for its
//! end, which means none. Identity is by labels, as for what comes straight from Prometheus: both ways lead to one alert.

#[cfg(test)]
mod tests;

use model::event::Status;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::alertmanager_v2::Labelled;
use crate::decoder::{Collector, Decoded, Sender};
use crate::json::{self, Body, Element, Misfit};
use crate::malformed::Problem;
use crate::scalar::{Instant, Pairs, Text};
use crate::{Malformed, Notice};

#[derive(Deserialize)]
#[serde(expecting = "an object", rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    truncated_alerts: Option<u64>,
    #[serde(borrow)]
    alerts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object", rename_all = "camelCase")]
struct GroupedAlert<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    annotations: Option<Pairs<'a>>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    #[serde(borrow, rename = "generatorURL")]
    generator_url: Option<Text<'a>>,
    #[serde(borrow)]
    fingerprint: Option<Text<'a>>,
}

pub(crate) fn decode(sender: &Sender<'_>, bytes: &[u8]) -> Decoded {
    let mut collector = Collector::new(sender.context);
    let whole = message(sender, bytes, &mut collector);
    collector.finish(whole)
}

fn message(sender: &Sender<'_>, bytes: &[u8], collector: &mut Collector) -> Result<(), Malformed> {
    let mut body = Body::new(bytes);
    let text = body.text()?;
    if text.trim_ascii().is_empty() {
        return Ok(());
    }
    if !text.trim_ascii_start().starts_with('{') {
        return Err(body.malformed(0, Problem::whole("expected an object: send Alertmanager's own payload")));
    }
    let message: Message<'_> =
        serde_json::from_str(text).map_err(|error| body.malformed(0, json::problem_of(text, &error)))?;
    let refuse = |body: &mut Body<'_>, problem: Problem| Err(body.malformed(0, problem));
    match message.version.as_ref().map(Text::as_str) {
        Some("4") => {}
        Some(other) => return refuse(&mut body, Problem::of_field("version", unknown_version(other))),
        None => {
            return refuse(&mut body, Problem::missing("version", "send Alertmanager's own payload, version \"4\""));
        }
    }
    if let Some(alerts) = message.truncated_alerts.filter(|alerts| *alerts > 0) {
        collector.notice(Notice::AlertsTruncated { alerts });
    }
    let Some(alerts) = message.alerts.filter(|alerts| alerts.get().starts_with('[')) else {
        return refuse(&mut body, Problem::missing("alerts", "send a list, empty if need be"));
    };
    // Where the list stands in the body, both being parts of the same text.
    let start = alerts.get().as_ptr() as usize - text.as_ptr() as usize;
    let list = text.get(..start + alerts.get().len()).unwrap_or_default();
    json::array(&mut body, list, start, &mut |body: &mut Body<'_>, element: Element<'_, GroupedAlert<'_>>| {
        collector.take(body, element, |read: Result<(&str, GroupedAlert<'_>), Misfit<'_>>, notices| {
            let (_, fields) = read.map_err(|misfit| misfit.problem)?;
            sender.labelled_alert(labelled(fields)?, notices)
        })
    })
}

fn labelled(fields: GroupedAlert<'_>) -> Result<Labelled<'_>, Problem> {
    let status = match fields.status.as_ref().map(Text::as_str) {
        Some("firing") => Status::Firing,
        Some("resolved") => Status::Resolved,
        Some(other) => {
            let said: String = other.chars().take(80).collect();
            return Err(Problem::of_field("status", format!("`{said}` is not known: write firing or resolved")));
        }
        None => return Err(Problem::missing("status", "write firing or resolved")),
    };
    Ok(Labelled {
        status,
        labels: fields.labels,
        annotations: fields.annotations,
        starts_at: fields.starts_at.and_then(|said| said.0),
        ends_at: fields.ends_at.and_then(|said| said.0),
        url: fields.generator_url,
        external_id: fields.fingerprint,
    })
}

fn unknown_version(said: &str) -> String {
    let said: String = said.chars().take(80).collect();
    format!("`{said}` is not read here, only \"4\": Grafana's and templated payloads have paths of their own")
}
