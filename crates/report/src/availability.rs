//! The availability report: a row for each service, or for each of its periods. docs/contract.md section 8; the formulas
//! are `reliability::availability`'s, docs/measures.md section 5.

use std::collections::BTreeMap;

use model::outage::OutageState;
use model::{Interval, Timestamp};
use reliability::{Failure, IntervalSet, Parts, ServiceFacts};
use store::Store;
use wire::v1::{AvailabilityRow, Group, Ratio, Seconds};

use crate::answer::{Answer, Explained, Stretch};
use crate::definitions;
use crate::error::ReportError;
use crate::filter::FilterBy;
use crate::maintenance::Maintenance;
use crate::origins::{OnRecord, Origins, Rows, by_figure};
use crate::outages::Outages;
use crate::periods::{Part, Periods};
use crate::question::{GroupBy, Question};
use crate::services::{Service, asked, bear_days};
use crate::versions::Versions;
use crate::watch::Watch;

/// Availability of services, by id and period.
///
/// # Errors
/// A window, item, time zone or group that makes no sense here; a store that does not answer.
pub async fn availability(store: &Store, question: &Question) -> Result<Answer<AvailabilityRow>, ReportError> {
    if question.include_intervals || !question.draws_intervals {
        return answered(store, question).await;
    }
    match answered(store, &Question { include_intervals: true, ..question.clone() }).await {
        Err(ReportError::TooManyOrigins) => Ok(answered(store, question).await?.noting(Some(UNDRAWN.to_owned()))),
        answer => answer,
    }
}

const UNDRAWN: &str =
    "when each service was out is more than a page draws: ask for less time or fewer services to see it";

async fn answered(store: &Store, question: &Question) -> Result<Answer<AvailabilityRow>, ReportError> {
    let grouped = |by: GroupBy| by == GroupBy::Service || by.is_period();
    question.only_grouped_by("availability", grouped, "it has a row for each service; filter those (by team, class, environment, criticality), or cut it into periods")?;
    question.only_filtered_by("availability", &FilterBy::OF_SERVICES)?;
    let periods = Periods::of(question)?;
    let over = question.elapsed();
    let versions = Versions::asked(store, question).await?;
    let topology = versions.since(over.start()).await?;
    let services = asked(&topology, question)?;
    periods.bear(services.len(), "services")?;
    bear_days(services.len(), over)?;
    let known = Known {
        outages: Outages::read(store, question, &versions, &services, over).await?,
        maintenance: Maintenance::read(store, &topology, &services, over, question.now).await?,
        watch: Watch::read(store, question, &services, over).await?,
        on_record: OnRecord::read(store, question, over).await?,
    };
    let items = Rows::all(services.iter().flat_map(|service| known.rows(service, &periods, question)))?;
    let note = question.note_of_filter(items.len());
    Answer::new(question, definitions::AVAILABILITY, items).noting(note).corrected(store, question).await
}

struct Known {
    outages: Outages,
    maintenance: Maintenance,
    watch: Watch,
    on_record: OnRecord,
}

impl Known {
    fn rows(&self, service: &Service<'_>, periods: &Periods, question: &Question) -> Vec<Explained<AvailabilityRow>> {
        let (first_heard, blind) = (self.watch.first_heard(service), self.watch.blind(service));
        let objectives = service.objectives();
        let row = |part: &Part| {
            let facts = ServiceFacts {
                outages: self.outages.within(&service.id, part.window),
                maintenance: self.maintenance.of(&service.id),
                blind: &blind,
                first_heard: &first_heard,
                calendar: &service.calendar,
                degraded_weight: objectives.degraded_weight,
                live: service.live,
            };
            let mut row = row(service, &facts, part, question);
            if question.include_intervals {
                row.origins = self.origins(service, &facts, part.window, question.now);
            }
            row
        };
        periods.parts().iter().map(row).collect()
    }

    fn origins(&self, service: &Service<'_>, facts: &ServiceFacts<'_>, window: Interval, now: Timestamp) -> Origins {
        let end = now.min(window.end());
        let parts = reliability::availability::evidence(facts, window, now);
        let failures = reliability::availability::failures(facts, window, now);
        let of = |state: OutageState, planned: bool, time: &IntervalSet| {
            let such = facts.outages.iter().filter(move |fact| (fact.state, fact.planned) == (state, planned));
            self.on_record.within(&service.id, such, time, now)
        };
        let failed = |failures: &[Failure]| self.on_record.failures(&service.id, failures, now);
        Origins {
            outages: by_figure([
                ("down_seconds", of(OutageState::Down, false, &parts.down)),
                ("degraded_seconds", of(OutageState::Degraded, false, &parts.degraded)),
                ("planned_seconds", of(OutageState::Down, true, &parts.planned)),
                ("outages", failed(&failures.begun)),
                ("mean_outage_seconds", failed(&failures.ended)),
            ]),
            cis: by_figure([("coverage", self.watch.spoken_of(service, end))]),
            ..Origins::default()
        }
    }
}

fn row(
    service: &Service<'_>,
    facts: &ServiceFacts<'_>,
    part: &Part,
    question: &Question,
) -> Explained<AvailabilityRow> {
    let figures = reliability::availability(facts, service.objectives().slo, part.window, question.now);
    let intervals = question.include_intervals.then(|| origins(facts, part.window, question));
    let customer_minutes_lost = figures.customer_minutes_lost(service.graph.users(service.idx));
    let mut figures = AvailabilityRow {
        group: group(service, part, question),
        service: service.id.to_string(),
        agreed_seconds: figures.agreed_seconds.into(),
        down_seconds: figures.down_seconds.into(),
        degraded_seconds: figures.degraded_seconds.into(),
        planned_seconds: figures.planned_seconds.into(),
        availability: figures.availability.map(Ratio),
        outages: figures.outages,
        mean_outage_seconds: figures.mean_outage_seconds.map(Seconds::new),
        mtbf_seconds: figures.mtbf_seconds.map(Seconds::new),
        mtbsi_seconds: figures.mtbsi_seconds.map(Seconds::new),
        objective: figures.objective.map(Ratio),
        met: figures.met,
        coverage: figures.coverage.map(Ratio),
        blind_seconds: figures.blind_seconds.into(),
        availability_as_experienced: figures.availability_as_experienced.map(Ratio),
        customer_minutes_lost: customer_minutes_lost.map(Ratio),
    };
    let evident = is_evident(&figures);
    figures.met = figures.met.filter(|_| evident);
    figures.customer_minutes_lost = figures.customer_minutes_lost.filter(|_| evident);
    Explained { intervals, ..Explained::plain(figures) }.of(part)
}

/// Whether anything is known of the service: some source has spoken of it or of what it requires, or an outage of it is
/// on record, as one told of later or by a person is. Without either its figures are those of a service nobody watches.
pub(crate) fn is_evident(row: &AvailabilityRow) -> bool {
    let lost = [row.down_seconds, row.degraded_seconds, row.planned_seconds].iter().any(|lost| lost.value() > 0.0);
    let failed = row.outages > 0 || row.mean_outage_seconds.is_some();
    let felt = row.availability_as_experienced.is_some_and(|Ratio(share)| share < 1.0);
    row.coverage != Some(Ratio(0.0)) || lost || failed || felt
}

/// Only of a row that is one of several of its service.
fn group(service: &Service<'_>, part: &Part, question: &Question) -> Group {
    let mut group = Group::new();
    if let (Some(label), Ok(Some(by))) = (&part.label, question.period()) {
        group.insert(GroupBy::Service.as_str().to_owned(), service.id.to_string());
        group.insert(by.as_str().to_owned(), label.clone());
    }
    group
}

fn origins(facts: &ServiceFacts<'_>, window: Interval, question: &Question) -> BTreeMap<String, Vec<Stretch>> {
    let mut by_figure = stretches(&reliability::availability::evidence(facts, window, question.now));
    let [down, degraded] = reliability::availability::experienced(facts, window, question.now);
    let felt = if facts.degraded_weight > 0.0 { down.union(&degraded) } else { down };
    by_figure.insert("availability_as_experienced".to_owned(), Stretch::all(&felt));
    by_figure
}

/// By the figure that is its length.
pub(crate) fn stretches(parts: &Parts) -> BTreeMap<String, Vec<Stretch>> {
    [
        ("agreed_seconds", &parts.agreed),
        ("down_seconds", &parts.down),
        ("degraded_seconds", &parts.degraded),
        ("planned_seconds", &parts.planned),
        ("blind_seconds", &parts.blind),
    ]
    .into_iter()
    .map(|(figure, set)| (figure.to_owned(), Stretch::all(set)))
    .collect()
}
