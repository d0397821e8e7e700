//! The SLO report: error budget and burn rate of each service that has an objective, as they stand at `min(now, to)`.
//! docs/contract.md section 8; the formulas are `reliability::slo`'s, docs/measures.md section 6.

use model::item::SloWindow;
use model::{Interval, Span, Timestamp};
use reliability::{BURN_WINDOWS, IntervalSet, OutageFact, Scope, ServiceFacts};
use store::Store;
use wire::v1::{BurnRate, Ratio, SloRow, slo_window};

use crate::answer::{Answer, Explained};
use crate::availability::stretches;
use crate::definitions;
use crate::error::ReportError;
use crate::maintenance::Maintenance;
use crate::outages::Outages;
use crate::periods::bear;
use crate::question::{GroupBy, Question};
use crate::services::{Service, asked};
use crate::versions::Versions;
use crate::watch::Watch;

/// What an objective without a window is over.
const WINDOW_UNLESS_SAID: SloWindow = SloWindow::Rolling(Span::from_days(30));

/// SLOs of services, by id.
///
/// # Errors
/// A window, item or group that makes no sense here; a store that does not answer.
pub async fn slo(store: &Store, question: &Question) -> Result<Answer<SloRow>, ReportError> {
    question.window()?;
    let instead = "it says how each service stands at the report's end; ask for several ends";
    question.only_grouped_by("slo", |by| by == GroupBy::Service, instead)?;
    let versions = Versions::read(store, question.now).await?;
    let mut topology = versions.since(question.elapsed().start()).await?;
    let span = span(&with_objective(asked(&topology, question)?), question);
    // Who is gone since the report's start has a row as well, however short all windows are.
    let since = span.start().min(question.elapsed().start());
    if !versions.begin_alike(since, question.elapsed().start()) {
        topology = versions.since(since).await?;
    }
    let services = with_objective(asked(&topology, question)?);
    bear(services.len(), "services", 1)?;
    let outages = Outages::read(store, question, &versions, &services, span).await?;
    let maintenance = Maintenance::read(store, &topology, &services, span, question.now).await?;
    let watch = Watch::read(store, question, &services, span).await?;
    let rows = services.iter().filter_map(|service| row(service, &outages, &maintenance, &watch, question));
    Answer::new(question, definitions::SLO, rows.collect()).corrected(store, question).await
}

fn with_objective(mut services: Vec<Service<'_>>) -> Vec<Service<'_>> {
    services.retain(|service| service.objectives().slo.is_some());
    services
}

fn window(service: &Service<'_>) -> SloWindow {
    service.objectives().slo_window.unwrap_or(WINDOW_UNLESS_SAID)
}

fn longest_burn() -> Span {
    BURN_WINDOWS.iter().map(|(_, over)| *over).max().unwrap_or(Span::ZERO)
}

/// What any of the windows and burn rates can look at; facts beyond them do no harm.
fn span(services: &[Service<'_>], question: &Question) -> Interval {
    let end = question.end();
    let reach = |service: &Service<'_>| match window(service) {
        SloWindow::Rolling(length) => Interval::or_empty(end - length, end),
        SloWindow::Month | SloWindow::Quarter => service.calendar.quarter_of(question.to - Span::MICROSECOND),
    };
    services.iter().map(reach).fold(Interval::or_empty(end - longest_burn(), end), |all, one| {
        Interval::or_empty(all.start().min(one.start()), all.end().max(one.end()))
    })
}

fn row(
    service: &Service<'_>,
    outages: &Outages,
    maintenance: &Maintenance,
    watch: &Watch,
    question: &Question,
) -> Option<Explained<SloRow>> {
    let objective = service.objectives().slo?;
    let never = IntervalSet::new();
    let facts = ServiceFacts {
        outages: outages.of(&service.id),
        maintenance: maintenance.of(&service.id),
        blind: &never,
        first_heard: &[],
        calendar: &service.calendar,
        degraded_weight: service.objectives().degraded_weight,
        live: service.live,
    };
    let figures = reliability::slo(&facts, objective, window(service), question.to, question.now);
    let origins = || stretches(&facts.parts(to_date(&facts, figures.period, question.end())));
    let intervals = question.include_intervals.then(origins).map(|mut intervals| {
        intervals.retain(|figure, _| figure == "down_seconds" || figure == "degraded_seconds");
        intervals
    });
    // Of what nobody ever spoke of, an untouched budget would be a claim.
    // Whoever else is asked about: what lies before all that this row looks at says nothing of it.
    let looked_at = figures.period.start().min(question.end() - longest_burn());
    let on_record = |outage: &OutageFact| outage.from < question.end() && outage.to.is_none_or(|to| to > looked_at);
    let evident = watch.heard_of(service, question.end()) || facts.outages.iter().any(on_record);
    let of_evidence = |seconds: f64| evident.then(|| seconds.into());
    let burn_rates = figures.burn_rate.0.map(|rate| rate.filter(|_| evident));
    let [hour, six_hours, day, three_days] = burn_rates.map(|rate| rate.map(Ratio));
    let figures = SloRow {
        service: service.id.to_string(),
        objective: Ratio(figures.objective),
        window: slo_window(figures.window),
        agreed_seconds: figures.agreed_seconds.into(),
        budget_seconds: figures.budget_seconds.into(),
        consumed_seconds: of_evidence(figures.consumed_seconds),
        remaining_seconds: of_evidence(figures.remaining_seconds),
        burn_rate: BurnRate { hour, six_hours, day, three_days },
    };
    Some(Explained { intervals, ..Explained::plain(figures) })
}

/// What the consumed downtime lies in.
fn to_date(facts: &ServiceFacts<'_>, period: Interval, end: Timestamp) -> Interval {
    Scope::new(period, end).cut(facts.live).elapsed()
}
