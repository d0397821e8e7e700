//! The review of a declared major incident: what happened, in figures and as it was decided, and what people make of it;
//! as data, and as Markdown for where such things are kept.

mod escape;
mod markdown;
mod names;

use model::problem::Problem;
use model::step::Subject;
use model::{CiId, Incident, Interval, Outage, Span, Timestamp, limits};
use reliability::{Lost, OutageFact, Scope, lost};
use store::{OutageFilter, PageRequest, ProblemKey, Store};
use wire::v1::{self, HurtService, ReviewPage, SimilarProblem, TimelineEntry};

pub(crate) use escape::turns;
pub use markdown::markdown;
pub use names::Names;

use crate::error::ReportError;

/// `object` is the incident as lists show it.
///
/// # Errors
/// A store that does not answer.
pub async fn review(
    store: &Store,
    incident: &Incident,
    object: v1::Incident,
    now: Timestamp,
) -> Result<ReviewPage, ReportError> {
    let all = PageRequest::first(limits::PAGE_ROWS_MAX);
    let timeline = store.timeline(&Subject::Incident(incident.id), &all).await?;
    let problem = match incident.problem {
        Some(id) => store.problem(ProblemKey::Id(id)).await?,
        None => None,
    };
    let since_start = |at: Timestamp| at - incident.started_at;
    Ok(ReviewPage {
        review: object.review.clone(),
        detected_after_seconds: since_start(incident.detected_at).into(),
        acknowledged_after_seconds: incident.acknowledged_at.map(since_start).map(Into::into),
        restored_after_seconds: incident.restored_at.map(since_start).map(Into::into),
        resolved_after_seconds: incident.resolved_at.map(since_start).map(Into::into),
        services: hurt(store, incident, now).await?,
        problem: problem.as_ref().map(|problem: &Problem| SimilarProblem::from_model(problem)),
        timeline: timeline.items.iter().map(|line| TimelineEntry::from_model(&line.decision)).collect(),
        timeline_cut: timeline.next.is_some(),
        incident: object,
    })
}

/// Its affected services, with what each lost by the outages that are of this incident.
async fn hurt(store: &Store, incident: &Incident, now: Timestamp) -> Result<Vec<HurtService>, ReportError> {
    let mut services = Vec::with_capacity(incident.services.len());
    let from = incident.started_at.min(incident.opened_at) - limits::LATE_HORIZON;
    let window = Interval::or_empty(from, now + Span::MICROSECOND);
    for service in &incident.services {
        let lost = lost_by(&outages_of(store, &service.id, window).await?, incident, Scope::new(window, now));
        services.push(HurtService {
            id: service.id.to_string(),
            state: service.state,
            since: service.since.into(),
            criticality: service.criticality,
            down_seconds: lost.down.into(),
            degraded_seconds: lost.degraded.into(),
        });
    }
    Ok(services)
}

fn lost_by(outages: &[Outage], incident: &Incident, scope: Scope) -> Lost {
    let of_it = outages.iter().filter(|outage| outage.incident == Some(incident.id));
    lost(&of_it.map(OutageFact::from).collect::<Vec<_>>(), scope)
}

/// The first of them: an incident is opened near the beginning of what it is about.
async fn outages_of(store: &Store, service: &CiId, window: Interval) -> Result<Vec<Outage>, ReportError> {
    let filter = OutageFilter { services: vec![service.clone()], overlapping: Some(window) };
    Ok(store.outages(&filter, &PageRequest::first(limits::PAGE_ROWS_MAX)).await?.items)
}
