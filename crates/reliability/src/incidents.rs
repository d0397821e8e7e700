//! How long incidents take to detect, acknowledge, restore and resolve. docs/measures.md section 3.
//!
//! Rule: each measure has its own instant that must lie in the window; its sample is whole.

use calendar::IntervalSet;
use model::{IncidentBrief, Interval, Span, Timestamp};

use crate::sample::Sample;
use crate::scope::Scope;

/// An incident's instants. section 2 says what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentFact {
    pub started_at: Timestamp,
    pub detected_at: Timestamp,
    pub opened_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub restored_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub reopened_at: Vec<Timestamp>,
    /// All time on hold, whatever for.
    pub held: IntervalSet,
    /// It began long before anybody spoke of it: no sample of MTTD.
    pub preexisting: bool,
    /// Merged away, a duplicate, or a false positive: counts in nothing.
    pub excluded: bool,
}

/// The figures of one group of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct IncidentMeans {
    pub opened: u64,
    pub resolved: u64,
    /// Reopenings: one incident may have several.
    pub reopened: u64,
    /// Of those resolved in the window: nobody acknowledged them, and nobody can any more.
    pub never_acknowledged: u64,
    /// Detect.
    pub mttd: Sample,
    /// Acknowledge.
    pub mtta: Sample,
    /// Restore service.
    pub mttr: Sample,
    /// Resolve, less time on hold.
    pub mttr_resolve: Sample,
}

/// The figures of `incidents` over `window` as seen at `now`.
pub fn incident_means<'f>(
    incidents: impl IntoIterator<Item = &'f IncidentFact>,
    window: Interval,
    now: Timestamp,
) -> IncidentMeans {
    let scope = Scope::new(window, now);
    let counting: Vec<&IncidentFact> = incidents.into_iter().filter(|incident| !incident.excluded).collect();
    let sample = |of: fn(&IncidentFact) -> Option<(Timestamp, Span)>| {
        let samples = counting.iter().copied().filter_map(of);
        Sample::of(samples.filter(|(dated, _)| scope.holds(*dated)).map(|(_, length)| length).collect())
    };
    let count = |counts: &dyn Fn(&IncidentFact) -> usize| counting.iter().map(|incident| counts(incident) as u64).sum();
    let resolved = |incident: &IncidentFact| incident.resolved_at.is_some_and(|at| scope.holds(at));
    let acknowledged = |incident: &IncidentFact| incident.acknowledged_at.is_some_and(|at| at <= now);
    IncidentMeans {
        opened: count(&|incident| usize::from(scope.holds(incident.opened_at))),
        resolved: count(&|incident| usize::from(resolved(incident))),
        reopened: count(&|incident| incident.reopened_at.iter().filter(|at| scope.holds(**at)).count()),
        never_acknowledged: count(&|incident| usize::from(resolved(incident) && !acknowledged(incident))),
        mttd: sample(IncidentFact::detection),
        mtta: sample(IncidentFact::acknowledgement),
        mttr: sample(IncidentFact::restoration),
        mttr_resolve: sample(IncidentFact::resolution),
    }
}

/// Each: the instant that must lie in the window, and the sample.
impl IncidentFact {
    fn detection(&self) -> Option<(Timestamp, Span)> {
        (!self.preexisting).then(|| (self.detected_at, self.detected_at - self.started_at))
    }

    fn acknowledgement(&self) -> Option<(Timestamp, Span)> {
        self.acknowledged_at.map(|at| (at, at - self.opened_at))
    }

    fn restoration(&self) -> Option<(Timestamp, Span)> {
        self.restored_at.map(|at| (at, at - self.started_at))
    }

    fn resolution(&self) -> Option<(Timestamp, Span)> {
        let at = self.resolved_at?;
        let held = self.held.length_within(Interval::or_empty(self.opened_at, at));
        Some((at, at - self.opened_at - held))
    }
}

impl IncidentFact {
    /// The facts of an incident as it is known at `now`.
    pub fn of(incident: &IncidentBrief, now: Timestamp) -> IncidentFact {
        IncidentFact {
            started_at: incident.started_at,
            detected_at: incident.detected_at,
            opened_at: incident.opened_at,
            acknowledged_at: incident.acknowledged_at,
            restored_at: incident.restored_at,
            resolved_at: incident.resolved_at,
            reopened_at: incident.reopened_at.clone(),
            held: held(incident, now),
            preexisting: incident.preexisting,
            excluded: incident.excluded,
        }
    }
}

fn held(incident: &IncidentBrief, now: Timestamp) -> IntervalSet {
    incident.holds.iter().map(|hold| Interval::or_empty(hold.from, hold.to.unwrap_or(now))).collect()
}
