//! The noise report: how much it took to tell people something, and what kept the rest from them. The formulas are
//! `reliability::noise`'s.
//!
//! Of events, episodes and messages only how many there were in each hour is kept. Therefore all figures are of whole
//! hours, in UTC: those that overlap the window, and now. An hour counts in the period that its first instant lies in.
//! Why a firing was suppressed is what its alert still remembers of it.

use std::collections::BTreeMap;

use model::alert::{Alert, Suppression};
use model::limits::PAGE_ROWS_MAX;
use model::{Interval, Span, Timestamp, source};
use reliability::{IncidentFact, Noise, NoiseFacts, incident_means};
use store::{AlertFilter, PageRequest, Store};
use wire::v1::{Group, NoiseRow, Ratio};

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::periods::{Part, Periods, hour_of, next_hour};
use crate::question::Question;

/// Noise over the window, or of each of its periods.
///
/// # Errors
/// A window, time zone or group that makes no sense here; a service, since events are counted together; a store that
/// does not answer.
pub async fn noise(store: &Store, question: &Question) -> Result<Answer<NoiseRow>, ReportError> {
    if !question.services.is_empty() {
        return Err(ReportError::NotByService);
    }
    question.only_grouped_by(
        "noise",
        |by| by.step().is_some(),
        "it counts all events together; cut it into periods",
    )?;
    let asked = Periods::of(question)?;
    let note = note(store, question, &asked).await?;
    let periods = asked.in_whole_hours();
    let now = next_hour(question.now + Span::MICROSECOND) - Span::MICROSECOND;
    let mut facts: Vec<NoiseFacts> = vec![NoiseFacts::default(); periods.parts().len()];
    count_events(store, now, &periods, &mut facts).await?;
    count_alerts(store, now, &periods, &mut facts).await?;
    count_incidents(store, now, &periods, &mut facts).await?;
    let rows = periods.parts().iter().zip(facts).map(|(part, facts)| row(part, question, reliability::noise(facts)));
    let answer = Answer::new(question, definitions::NOISE, rows.collect::<Result<_, ReportError>>()?);
    answer.noting(note).corrected(store, question).await
}

/// Which time the figures are really of, where that is not the time asked for. An hour that is not over yet is no
/// other time: nothing is known of the rest of it.
async fn note(store: &Store, question: &Question, asked: &Periods) -> Result<Option<String>, ReportError> {
    let extent = asked.extent();
    let end = extent.end().min(question.now + Span::MICROSECOND);
    let cut = |at: Timestamp| next_hour(at) != at;
    let past_the_end = cut(end) && store.clock().await?.is_some_and(|clock| clock >= end);
    let between = asked.parts().iter().skip(1).any(|part| cut(part.window.start()));
    if extent.is_empty() || !(cut(extent.start()) || past_the_end || between) {
        return Ok(None);
    }
    let (from, to) = (hour_of(extent.start()), next_hour(end));
    let edges = "; one in which a period gives way to the next is counted in the period in which it begins";
    let edges = if between { edges } else { "" };
    Ok(Some(format!("events are kept by the hour, so every figure is of whole hours, in UTC: {from} to {to}{edges}")))
}

async fn count_events(
    store: &Store,
    now: Timestamp,
    periods: &Periods,
    facts: &mut [NoiseFacts],
) -> Result<(), ReportError> {
    let over = periods.extent();
    let begun = Interval::or_empty(over.start(), over.end().min(now + Span::MICROSECOND));
    for hour in store.counts_per_hour(begun, None).await? {
        if let Some(facts) = periods.place(hour.hour).and_then(|place| facts.get_mut(place)) {
            let counts = hour.counts;
            facts.events += counts.events.saturating_sub(counts.recorded + counts.rejected);
            facts.episodes += counts.opened + counts.reopened + counts.suppressed;
            facts.suppressed_on_arrival += counts.suppressed;
            facts.told += counts.told;
        }
    }
    Ok(())
}

/// Page by page: there may be more alerts than fit into memory.
async fn count_alerts(
    store: &Store,
    now: Timestamp,
    periods: &Periods,
    facts: &mut [NoiseFacts],
) -> Result<(), ReportError> {
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    loop {
        let page = store.alerts(&AlertFilter::default(), &request).await?;
        // What Watchfire says itself was no event.
        for alert in page.items.iter().filter(|alert| alert.source.as_str() != source::OWN) {
            count_alert(alert, now, periods, facts);
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

fn count_alert(alert: &Alert, now: Timestamp, periods: &Periods, facts: &mut [NoiseFacts]) {
    let spoken = Interval::or_empty(alert.hot.first_received_at, alert.hot.last_received_at + Span::MICROSECOND);
    for (part, facts) in periods.parts().iter().zip(facts.iter_mut()) {
        facts.alerts += u64::from(spoken.intersect(part.window).is_some_and(|shared| shared.start() <= now));
    }
    for episode in alert.episodes.iter().filter(|episode| episode.first_received_at <= now) {
        let Some(by) = &episode.suppressed else { continue };
        if let Some(facts) = periods.place(episode.first_received_at).and_then(|place| facts.get_mut(place)) {
            *facts.suppressed.entry(code(by).into()).or_default() += 1;
        }
    }
}

fn code(suppression: &Suppression) -> &'static str {
    match suppression {
        Suppression::Silence { .. } => "silence",
        Suppression::Maintenance { .. } => "maintenance",
        Suppression::Limit { .. } => "limit",
    }
}

async fn count_incidents(
    store: &Store,
    now: Timestamp,
    periods: &Periods,
    facts: &mut [NoiseFacts],
) -> Result<(), ReportError> {
    for incident in store.incident_briefs(periods.extent()).await? {
        let fact = IncidentFact::of(&incident, now);
        let place = periods.place(incident.opened_at);
        if let Some((part, facts)) = place.and_then(|place| Some((periods.parts().get(place)?, facts.get_mut(place)?)))
        {
            facts.incidents += incident_means([&fact], part.window, now).opened;
        }
    }
    Ok(())
}

fn row(part: &Part, question: &Question, figures: Noise) -> Result<Explained<NoiseRow>, ReportError> {
    let label = question.period()?.zip(part.label.clone());
    Ok(Explained::plain(NoiseRow {
        group: label.map(|(by, label)| (by.as_str().to_owned(), label)).into_iter().collect::<Group>(),
        events: figures.events,
        alerts: figures.alerts,
        episodes: figures.episodes,
        incidents: figures.incidents,
        told: figures.told,
        suppressed: figures
            .suppressed
            .into_iter()
            .map(|(code, count)| (code.into(), count))
            .collect::<BTreeMap<_, _>>(),
        compression: figures.compression.map(Ratio),
        deduplication: figures.deduplication.map(Ratio),
        suppressed_share: figures.suppressed_share.map(Ratio),
        told_per_incident: figures.told_per_incident.map(Ratio),
    }))
}
