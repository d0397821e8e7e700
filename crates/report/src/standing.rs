//! How each service stands now, all of them in one read: what gauges show, and what burn alerts are made of. The figures
//! are those of the reports, by the same formulas: docs/measures.md sections 5 and 6.

use model::{CiId, Interval, Span, Timestamp};
use reliability::{IntervalSet, ServiceFacts, Slo};
use store::Store;

use crate::burn::{Burn, BurnAlert};
use crate::error::ReportError;
use crate::maintenance::Maintenance;
use crate::outages::Outages;
use crate::question::Question;
use crate::services::{Service, asked};
use crate::slo;
use crate::versions::Versions;
use crate::watch::Watch;

/// One service that is in force now.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub service: CiId,
    /// 1 is the most critical.
    pub criticality: u8,
    /// Over the window of its objective, 30 days where it has none; `None` where nothing was agreed in it, and where
    /// nothing is known of the service.
    pub availability: Option<f64>,
    /// `None` of a service without an objective, and of one of which nothing is known.
    pub slo: Option<Slo>,
    /// Each alert that was asked for, where there is an objective.
    pub burns: Vec<Burn>,
}

/// The most critical first, those by id.
///
/// # Errors
/// A store that does not answer; a CMDB that cannot be read.
pub async fn standing(store: &Store, now: Timestamp, alerts: &[BurnAlert]) -> Result<Vec<Standing>, ReportError> {
    let question = Question::new(now - Span::MICROSECOND, now, now);
    let versions = Versions::read(store, now).await?;
    let mut topology = versions.since(question.from).await?;
    let span = span(&in_force(asked(&topology, &question)?, now), &question, alerts);
    if !versions.begin_alike(span.start(), question.from) {
        topology = versions.since(span.start()).await?;
    }
    let services = in_force(asked(&topology, &question)?, now);
    let known = Known {
        outages: Outages::read(store, &question, &versions, &services, span).await?,
        maintenance: Maintenance::read(store, &topology, &services, span, now).await?,
        watch: Watch::read(store, &question, &services, span).await?,
        now,
        alerts,
    };
    let mut standing: Vec<Standing> = services.iter().map(|service| known.standing(service)).collect();
    standing.sort_by(|one, other| (one.criticality, &one.service).cmp(&(other.criticality, &other.service)));
    Ok(standing)
}

/// What is retired, or not yet live, stands nowhere.
fn in_force(mut services: Vec<Service<'_>>, now: Timestamp) -> Vec<Service<'_>> {
    services.retain(|service| service.live.contains(now));
    services
}

/// What any of the windows can look at.
fn span(services: &[Service<'_>], question: &Question, alerts: &[BurnAlert]) -> Interval {
    let reach = |service: &Service<'_>| {
        let longest = alerts.iter().flat_map(|alert| alert.windows(slo::window(service))).max();
        question.to - longest.unwrap_or(Span::ZERO)
    };
    let reported = slo::span(services, question);
    let start = services.iter().map(reach).fold(reported.start(), Timestamp::min);
    Interval::or_empty(start, reported.end())
}

struct Known<'a> {
    outages: Outages,
    maintenance: Maintenance,
    watch: Watch,
    now: Timestamp,
    alerts: &'a [BurnAlert],
}

impl Known<'_> {
    fn standing(&self, service: &Service<'_>) -> Standing {
        let never = IntervalSet::new();
        let facts = ServiceFacts {
            outages: self.outages.of(&service.id),
            maintenance: self.maintenance.of(&service.id),
            blind: &never,
            first_heard: &[],
            calendar: &service.calendar,
            degraded_weight: service.objectives().degraded_weight,
            live: service.live,
        };
        let (objective, window) = (service.objectives().slo, slo::window(service));
        // Of what nobody ever spoke of, any figure would be a claim.
        let period = reliability::slo::period(&facts, window, self.now, self.now);
        let evident = slo::is_evident(service, &facts, &self.watch, period, self.now);
        let figures = |objective| reliability::slo(&facts, objective, window, self.now, self.now);
        let burns = |objective| self.alerts.iter().map(move |alert| (alert, objective));
        Standing {
            service: service.id.clone(),
            criticality: service.graph.item(service.idx).criticality,
            availability: self.availability(&facts, period).filter(|_| evident),
            slo: objective.map(figures).filter(|_| evident),
            burns: objective
                .into_iter()
                .flat_map(burns)
                .map(|(alert, objective)| alert.held_against(&facts, objective, window, self.now))
                .collect(),
        }
    }

    fn availability(&self, facts: &ServiceFacts<'_>, period: Interval) -> Option<f64> {
        reliability::availability(facts, None, period, self.now).availability
    }
}
