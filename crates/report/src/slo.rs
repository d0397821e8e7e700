//! The SLO report: error budget and burn rate of each service that has an objective, as they stand at `min(now, to)`, and how
//! it came to that where asked.
//! docs/contract.md section 8; the formulas are `reliability::slo`'s, docs/measures.md section 6.

use model::item::SloWindow;
use model::{Interval, Span, Timestamp};
use reliability::slo::Evidence;
use reliability::{BURN_WINDOWS, IntervalSet, OutageFact, Parts, ServiceFacts, Slo};
use store::Store;
use wire::v1::{BurnRate, Ratio, SloRow, slo_window};

use crate::answer::{Answer, Explained, Stretch};
use crate::availability::stretches;
use crate::burn_down::{Points, Steps, chosen};
use crate::definitions;
use crate::error::ReportError;
use crate::filter::FilterBy;
use crate::maintenance::Maintenance;
use crate::origins::{OnRecord, Origins, Rows, by_figure};
use crate::outages::Outages;
use crate::periods::bear;
use crate::question::{BurnDowns, GroupBy, Question};
use crate::services::{Service, asked, bear_days};
use crate::text;
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
    let instead = "it says how each service stands at the report's end; ask for several ends, or how it came to that with \
                   `include=burn_down`";
    let is_cut = question.burn_downs != BurnDowns::None;
    question.only_grouped_by("slo", |by| by == GroupBy::Service || is_cut && by.is_period(), instead)?;
    question.only_filtered_by("slo", &FilterBy::OF_SERVICES)?;
    let versions = Versions::asked(store, question).await?;
    let mut topology = versions.since(question.elapsed().start()).await?;
    let span = span(&with_objective(asked(&topology, question)?), question);
    // Who is gone since the report's start has a row as well, however short all windows are.
    let since = span.start().min(question.elapsed().start());
    if !versions.begin_alike(since, question.elapsed().start()) {
        topology = versions.since(since).await?;
    }
    let services = with_objective(asked(&topology, question)?);
    bear(services.len(), "services", 1)?;
    bear_days(services.len(), span)?;
    let known = Known {
        outages: Outages::read(store, question, &versions, &services, span).await?,
        maintenance: Maintenance::read(store, &topology, &services, span, question.now).await?,
        watch: Watch::read(store, question, &services, span).await?,
        on_record: OnRecord::read(store, question, span).await?,
    };
    let mut rows = Rows::all(services.iter().filter_map(|service| row(service, &known, question)))?;
    with_burn_downs(&mut rows, &services, &known, question)?;
    let note = if rows.is_empty() { question.note_of_filter(0) } else { Some(of_its_own_window(question)) };
    Answer::new(question, definitions::SLO, rows).noting(note).corrected(store, question).await
}

/// Whoever asks about ninety days would take what is left of thirty for theirs.
fn of_its_own_window(question: &Question) -> String {
    let end = text::instant(question.end());
    format!(
        "budgets and burn rates are those of each objective's own window, as it stood at {end}, whenever the report begins"
    )
}

struct Known {
    outages: Outages,
    maintenance: Maintenance,
    watch: Watch,
    on_record: OnRecord,
}

fn with_objective(mut services: Vec<Service<'_>>) -> Vec<Service<'_>> {
    services.retain(|service| service.objectives().slo.is_some());
    services
}

/// What its objective is over.
pub(crate) fn window(service: &Service<'_>) -> SloWindow {
    service.objectives().slo_window.unwrap_or(WINDOW_UNLESS_SAID)
}

fn longest_burn() -> Span {
    BURN_WINDOWS.iter().map(|(_, over)| *over).max().unwrap_or(Span::ZERO)
}

/// What any of the windows and burn rates can look at; facts beyond them do no harm.
pub(crate) fn span(services: &[Service<'_>], question: &Question) -> Interval {
    let end = question.end();
    let reach = |service: &Service<'_>| match window(service) {
        SloWindow::Rolling(length) => Interval::or_empty(end - length, end),
        SloWindow::Month | SloWindow::Quarter => service.calendar.quarter_of(question.to - Span::MICROSECOND),
    };
    services.iter().map(reach).fold(Interval::or_empty(end - longest_burn(), end), |all, one| {
        Interval::or_empty(all.start().min(one.start()), all.end().max(one.end()))
    })
}

/// What nothing here looks at.
const NEVER: &IntervalSet = &IntervalSet::new();

fn facts<'a>(service: &'a Service<'_>, known: &'a Known) -> ServiceFacts<'a> {
    ServiceFacts {
        outages: known.outages.of(&service.id),
        maintenance: known.maintenance.of(&service.id),
        blind: NEVER,
        first_heard: &[],
        calendar: &service.calendar,
        degraded_weight: service.objectives().degraded_weight,
        live: service.live,
    }
}

fn figures(service: &Service<'_>, facts: &ServiceFacts<'_>, question: &Question) -> Option<Slo> {
    let objective = service.objectives().slo?;
    Some(reliability::slo(facts, objective, window(service), question.to, question.now))
}

/// Each row is of the service in its place: all of them have an objective.
fn with_burn_downs(
    rows: &mut [Explained<SloRow>],
    services: &[Service<'_>],
    known: &Known,
    question: &Question,
) -> Result<(), ReportError> {
    let (steps, chosen) = (Steps::of(question)?, chosen(rows, question.burn_downs));
    let mut points = Points::of(chosen.len());
    for place in chosen {
        let (Some(row), Some(service)) = (rows.get_mut(place), services.get(place)) else { continue };
        let facts = facts(service, known);
        let Some(figures) = figures(service, &facts, question) else { continue };
        let burned = steps.of_budget(&facts, &figures, question.end())?;
        points.bear(burned.points.len())?;
        row.figures.burn_down = Some(burned);
    }
    Ok(())
}

fn row(service: &Service<'_>, known: &Known, question: &Question) -> Option<Explained<SloRow>> {
    let facts = facts(service, known);
    let figures = figures(service, &facts, question)?;
    let period = figures.period;
    // Of what nobody ever spoke of, an untouched budget would be a claim.
    let evident = is_evident(service, &facts, &known.watch, period, question.end());
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
        burn_down: None,
    };
    let evidence = || reliability::slo::evidence(&facts, period, question.end());
    let row = Explained::plain(figures);
    Some(match question.include_intervals {
        true => explained(row, service, &facts, &evidence(), known, question),
        false => row,
    })
}

/// With what the budget and its spending came from: of burn rates the downtime in their time.
fn explained(
    row: Explained<SloRow>,
    service: &Service<'_>,
    facts: &ServiceFacts<'_>,
    evidence: &Evidence,
    known: &Known,
    question: &Question,
) -> Explained<SloRow> {
    let mut intervals = stretches(&evidence.to_date);
    intervals.retain(|figure, _| figure == "down_seconds" || figure == "degraded_seconds");
    intervals.insert("agreed_seconds".to_owned(), Stretch::all(&evidence.agreed));
    let counts_degraded = facts.degraded_weight > 0.0;
    let lost = |parts: &Parts| if counts_degraded { parts.down.union(&parts.degraded) } else { parts.down.clone() };
    for ((name, _), parts) in BURN_WINDOWS.iter().zip(&evidence.burned) {
        intervals.insert(format!("burn_rate_{name}"), Stretch::all(&lost(parts)));
    }
    let unplanned = facts.outages.iter().filter(|fact| !fact.planned);
    let counting = unplanned.filter(|fact| counts_degraded || fact.is_unplanned_down());
    let consumed = known.on_record.within(&service.id, counting, &lost(&evidence.to_date), question.end());
    let origins = Origins { outages: by_figure([("consumed_seconds", consumed)]), ..Origins::default() };
    Explained { intervals: Some(intervals), origins, ..row }
}

/// Whether anything is known of the service by then: some source has spoken of it or of what it requires, or an outage of it
/// is on record. What lies before all that its figures look at says nothing, whoever else is asked about.
pub(crate) fn is_evident(
    service: &Service<'_>,
    facts: &ServiceFacts<'_>,
    watch: &Watch,
    period: Interval,
    by: Timestamp,
) -> bool {
    let looked_at = period.start().min(by - longest_burn());
    let on_record = |outage: &OutageFact| outage.from < by && outage.to.is_none_or(|to| to > looked_at);
    watch.heard_of(service, by) || facts.outages.iter().any(on_record)
}
