//! The noise report: how much it took to tell people something, and what kept the rest from them. The formulas are
//! `reliability::noise`'s.
//!
//! Of events, episodes and messages only how many there were in each hour is kept. Therefore all figures are of whole
//! hours, in UTC: those that overlap the window, and now. An hour counts in the period that its first instant lies in.
//! Why a firing was suppressed is what its alert still remembers of it.

use std::collections::BTreeMap;
use std::ops::Range;

use model::alert::{Alert, Suppression};
use model::limits::PAGE_ROWS_MAX;
use model::{Interval, Span, Timestamp, source};
use reliability::{IncidentFact, Noise, NoiseFacts, incident_means};
use store::{AlertFilter, PageRequest, Store};
use wire::v1::{Group, NoiseRow, Ratio};

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::origins::{HourOrigin, Origins, Rows, bear_origins, by_figure};
use crate::periods::{Part, Periods, hour_of, next_hour};
use crate::question::{Question, Step};

/// Noise over the window, or of each of its periods.
///
/// # Errors
/// A window, time zone or group that makes no sense here; a service, since events are counted together; a store that
/// does not answer.
pub async fn noise(store: &Store, question: &Question) -> Result<Answer<NoiseRow>, ReportError> {
    if !question.services.is_empty() {
        return Err(ReportError::NotByService);
    }
    question.only_filtered_by("noise", &[])?;
    if matches!(question.step, Some(Step::Every(length)) if length < Span::HOUR) {
        return Err(ReportError::NoiseByTheHour);
    }
    question.only_grouped_by("noise", |by| by.is_period(), "it counts all events together; cut it into periods")?;
    let asked = Periods::of(question)?;
    let note = note(store, question, &asked).await?;
    let periods = asked.in_whole_hours();
    let now = next_hour(question.now + Span::MICROSECOND) - Span::MICROSECOND;
    let mut known: Vec<Known> = vec![Known::of(question); periods.parts().len()];
    count_events(store, now, &periods, &mut known).await?;
    count_alerts(store, now, &periods, &mut known).await?;
    count_incidents(store, now, &periods, &mut known).await?;
    let rows = periods.parts().iter().zip(known).map(|(part, known)| row(part, question, known));
    let rows: Vec<Explained<NoiseRow>> = rows.collect::<Result<_, ReportError>>()?;
    let answer = Answer::new(question, definitions::NOISE, Rows::all(rows)?);
    answer.noting(note).corrected(store, question).await
}

/// Of one period: what there was, and which, where that is asked.
#[derive(Clone)]
struct Known {
    facts: NoiseFacts,
    origins: Option<Box<Named>>,
}

#[derive(Clone, Default)]
struct Named {
    hours: BTreeMap<Timestamp, [u64; 3]>,
    alerts: Vec<String>,
    suppressed: Vec<String>,
    incidents: Vec<String>,
}

impl Known {
    fn of(question: &Question) -> Known {
        Known { facts: NoiseFacts::default(), origins: question.include_intervals.then(Box::default) }
    }

    fn name(&mut self, push: impl FnOnce(&mut Named)) {
        if let Some(named) = self.origins.as_deref_mut() {
            push(named);
        }
    }
}

impl Named {
    fn origins(self) -> (Origins, BTreeMap<String, Vec<String>>) {
        let hours = |place: usize| {
            let counted = self.hours.iter().filter(move |(_, counts)| counts[place] > 0);
            let origin = move |(from, counts): (&Timestamp, &[u64; 3])| HourOrigin {
                from: (*from).into(),
                to: (*from + Span::HOUR).into(),
                count: counts[place],
            };
            counted.map(origin).collect::<Vec<_>>()
        };
        let hours = by_figure([("events", hours(0)), ("episodes", hours(1)), ("told", hours(2))]);
        let alerts = by_figure([("alerts", self.alerts), ("suppressed", self.suppressed)]);
        (Origins { hours, alerts, ..Origins::default() }, by_figure([("incidents", self.incidents)]))
    }
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
    known: &mut [Known],
) -> Result<(), ReportError> {
    let over = periods.extent();
    let begun = Interval::or_empty(over.start(), over.end().min(now + Span::MICROSECOND));
    for hour in store.counts_per_hour(begun, None).await? {
        if let Some(known) = periods.place(hour.hour).and_then(|place| known.get_mut(place)) {
            let (counts, facts) = (hour.counts, &mut known.facts);
            let events = counts.events.saturating_sub(counts.recorded + counts.rejected);
            let episodes = counts.opened + counts.reopened + counts.suppressed;
            facts.events += events;
            facts.episodes += episodes;
            facts.suppressed_on_arrival += counts.suppressed;
            facts.told += counts.told;
            known.name(|named| {
                let of_hour = named.hours.entry(hour.hour).or_default();
                of_hour.iter_mut().zip([events, episodes, counts.told]).for_each(|(sum, count)| *sum += count);
            });
        }
    }
    Ok(())
}

/// Page by page: there may be more alerts than fit into memory.
async fn count_alerts(
    store: &Store,
    now: Timestamp,
    periods: &Periods,
    known: &mut [Known],
) -> Result<(), ReportError> {
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    let mut named = 0;
    let mut spoken = Spoken::over(known.len());
    loop {
        let page = store.alerts(&AlertFilter::default(), &request).await?;
        // What Watchfire says itself was no event.
        for alert in page.items.iter().filter(|alert| alert.source.as_str() != source::OWN) {
            let places = spoken_in(alert, now, periods);
            spoken.add(&places);
            if known.first().is_some_and(|known| known.origins.is_some()) {
                named += places.len();
                bear_origins(named)?;
                let of_alert = known.get_mut(places).into_iter().flatten();
                of_alert.for_each(|known| known.name(|named| named.alerts.push(alert.id.to_string())));
            }
            named += count_suppressed(alert, now, periods, known);
        }
        bear_origins(named)?;
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    known.iter_mut().zip(spoken.counts()).for_each(|(known, count)| known.facts.alerts += count);
    Ok(())
}

/// How many alerts span each period: one that spans all of them costs no more than one that spans one.
struct Spoken {
    /// At each place how many more begin than have ended just before it.
    edges: Vec<i64>,
}

impl Spoken {
    fn over(periods: usize) -> Spoken {
        Spoken { edges: vec![0; periods + 1] }
    }

    fn add(&mut self, places: &Range<usize>) {
        for (place, one) in [(places.start, 1), (places.end, -1)] {
            self.edges.get_mut(place).into_iter().for_each(|edge| *edge += one);
        }
    }

    fn counts(&self) -> impl Iterator<Item = u64> + '_ {
        self.edges.iter().scan(0_i64, |spoken, edge| {
            *spoken += edge;
            Some(spoken.unsigned_abs())
        })
    }
}

/// The places of the periods that its span overlaps, up to now.
fn spoken_in(alert: &Alert, now: Timestamp, periods: &Periods) -> Range<usize> {
    let (first, last) = (alert.hot.first_received_at, alert.hot.last_received_at);
    let begun = Interval::or_empty(first, last.min(now) + Span::MICROSECOND);
    if first > now { 0..0 } else { periods.places(begun) }
}

/// How often it is named.
fn count_suppressed(alert: &Alert, now: Timestamp, periods: &Periods, known: &mut [Known]) -> usize {
    let mut times = 0;
    for episode in alert.episodes.iter().filter(|episode| episode.first_received_at <= now) {
        let Some(by) = &episode.suppressed else { continue };
        if let Some(known) = periods.place(episode.first_received_at).and_then(|place| known.get_mut(place)) {
            *known.facts.suppressed.entry(code(by).into()).or_default() += 1;
            known.name(|named| {
                named.suppressed.push(alert.id.to_string());
                times += 1;
            });
        }
    }
    times
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
    known: &mut [Known],
) -> Result<(), ReportError> {
    for incident in store.incident_briefs(periods.extent()).await? {
        let fact = IncidentFact::of(&incident, now);
        let place = periods.place(incident.opened_at);
        if let Some((part, known)) = place.and_then(|place| Some((periods.parts().get(place)?, known.get_mut(place)?)))
        {
            let opened = incident_means([&fact], part.window, now).opened;
            known.facts.incidents += opened;
            known.name(|named| named.incidents.extend((opened > 0).then(|| incident.label())));
        }
    }
    Ok(())
}

fn row(part: &Part, question: &Question, known: Known) -> Result<Explained<NoiseRow>, ReportError> {
    let figures: Noise = reliability::noise(known.facts);
    let (origins, incidents) = known.origins.map(|named| named.origins()).unzip();
    let label = question.period()?.zip(part.label.clone());
    let row = NoiseRow {
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
    };
    let row = Explained::plain(row).of(part);
    Ok(Explained { origins: origins.unwrap_or_default(), incident_numbers: incidents, ..row })
}
