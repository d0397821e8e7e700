//! What became of each fault of one recording, to see where it went wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{Alert, AlertId};
use replay::output::every;
use store::AlertFilter;

use crate::judged::{Played, played};
use crate::recording::Recording;

pub(crate) async fn incidents(recording: &Recording, why: bool) -> anyhow::Result<String> {
    let played = played(recording).await?;
    let mut text = String::new();
    for (incident, events) in played.outcome.incidents.iter().zip(played.outcome.events_of()) {
        let mut of: BTreeMap<&str, usize> = BTreeMap::new();
        events.iter().for_each(|event| *of.entry(recording.label(*event)).or_default() += 1);
        let most = of.iter().max_by_key(|(_, count)| **count).map_or("-", |(label, _)| *label);
        let Some(truth) = recording.truth.causes_of.get(most) else { continue };
        let first = incident.causes.first().map(|cause| cause.ci.as_str());
        let right = truth.iter().any(|cause| Some(cause.as_str()) == first);
        let named = |cause: &replay::outcome::Named| {
            format!("{} ({})", cause.ci, cause.confidence.map_or("", |confidence| confidence.as_str()))
        };
        let causes: Vec<String> = incident.causes.iter().take(4).map(named).collect();
        let mark = if right { ' ' } else { '!' };
        writeln!(text, "{mark} {} {} {of:?}", incident.number, incident.opened_at)?;
        writeln!(text, "    {}; in truth {}", causes.join(", "), truth.join(", "))?;
    }
    if why {
        text.push_str(&reasons(recording, &played).await?);
    }
    Ok(text)
}

/// Every firing of the incidents that hold several faults, or one of them in part, with why it joined.
async fn reasons(recording: &Recording, played: &Played) -> anyhow::Result<String> {
    let alerts = every(async |page| played.store.alerts(&AlertFilter::default(), &page).await).await?;
    let alerts: BTreeMap<AlertId, Alert> = alerts.into_iter().map(|alert| (alert.id, alert)).collect();
    let labels_of = |events: &[usize]| {
        let mut labels: Vec<&str> = events.iter().map(|event| recording.label(*event)).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    };
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for events in played.outcome.events_of() {
        labels_of(&events).into_iter().for_each(|label| *times.entry(label).or_default() += 1);
    }
    let mut text = String::new();
    for (incident, events) in played.outcome.incidents.iter().zip(played.outcome.events_of()) {
        let labels = labels_of(&events);
        if labels.len() < 2 && labels.iter().all(|label| times[label] < 2) {
            continue;
        }
        writeln!(text, "\n{} {labels:?}", incident.number)?;
        for event in events.iter().filter(|event| played.outcome.firing[**event]) {
            let line = &played.replayed.lines[*event];
            let Some(alert) = line.alert.and_then(|alert| alerts.get(&alert)) else { continue };
            let episode = alert.episodes.iter().find(|episode| episode.start == line.instant);
            let joining = episode.and_then(|episode| episode.joining.as_ref());
            let key = alert.dedup_key.as_deref().unwrap_or_default();
            let told = joining.map(|joining| format!("{} {:?}", joining.score, joining.evidence)).unwrap_or_default();
            writeln!(text, "  {} {:9} {key:28} {told}", line.instant, recording.label(*event))?;
        }
    }
    Ok(text)
}
