//! The agreements of a version of the CMDB, ready to judge incidents by. docs/measures.md section 7 says which incidents
//! an agreement is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::{Calendar, IntervalSet};
use model::incident::Priority;
use model::item::Agreement;
use model::{CiId, Incident, IncidentBrief, Span, Timestamp};
use reliability::sla::{Judged, stopped};
use reliability::{Outcome, Task};
use topology::Graph;
use wire::v1::{Clock, IncidentAgreement, TargetKind};

use crate::error::ReportError;
use crate::services::Calendars;

/// Those of one version, by id.
#[derive(Debug)]
pub struct Agreements<'g> {
    graph: &'g Graph,
    agreed: Vec<Agreed<'g>>,
    of_service: BTreeMap<&'g str, Vec<usize>>,
    of_team: BTreeMap<&'g str, Vec<usize>>,
    of_supplier: BTreeMap<&'g str, Vec<usize>>,
}

#[derive(Debug)]
pub(crate) struct Agreed<'g> {
    pub(crate) agreement: &'g Agreement,
    calendar: Arc<Calendar>,
}

/// An incident as targets judge it.
pub(crate) struct Subject<'i> {
    pub(crate) incident: &'i IncidentBrief,
    stopped: IntervalSet,
    now: Timestamp,
}

impl<'g> Agreements<'g> {
    /// # Errors
    /// A calendar that no import would have taken.
    pub fn of(graph: &'g Graph) -> Result<Agreements<'g>, ReportError> {
        let mut calendars = Calendars::default();
        let mut agreed = Vec::with_capacity(graph.agreements().len());
        for agreement in graph.agreements() {
            let calendar = calendars.of(graph, agreement.calendar.as_deref())?;
            agreed.push(Agreed { agreement, calendar });
        }
        agreed.sort_by_key(|agreed| &agreed.agreement.id);
        let mut agreements = Agreements {
            graph,
            agreed,
            of_service: BTreeMap::new(),
            of_team: BTreeMap::new(),
            of_supplier: BTreeMap::new(),
        };
        for (nth, Agreed { agreement, .. }) in agreements.agreed.iter().enumerate() {
            let Agreement { service, team, supplier, .. } = agreement;
            let parties = [
                (service.as_ref().map(CiId::as_str), &mut agreements.of_service),
                (team.as_deref(), &mut agreements.of_team),
                (supplier.as_deref(), &mut agreements.of_supplier),
            ];
            for (party, known) in parties {
                party.into_iter().for_each(|party| known.entry(party).or_default().push(nth));
            }
        }
        Ok(agreements)
    }

    pub(crate) fn all(&self) -> &[Agreed<'g>] {
        &self.agreed
    }

    /// The places in [`Agreements::all`] of those that an incident is of, in order.
    pub(crate) fn about(&self, incident: &IncidentBrief) -> BTreeSet<usize> {
        if incident.excluded || self.agreed.is_empty() {
            return BTreeSet::new();
        }
        let services = incident.services.iter().filter_map(|service| self.of_service.get(service.as_str()));
        let team = incident.team.as_deref().and_then(|team| self.of_team.get(team));
        let suppliers = self.suppliers(incident);
        let suppliers = suppliers.iter().filter_map(|supplier| self.of_supplier.get(supplier));
        services.chain(team).chain(suppliers).flatten().copied().collect()
    }

    /// How an incident stands against each target of what it is of, as known at `now`: by agreement, then by what is to be
    /// done. A target that was not decided before the incident was over is none of them.
    pub fn standing(&self, incident: &Incident, now: Timestamp) -> Vec<IncidentAgreement> {
        if self.agreed.is_empty() {
            return Vec::new();
        }
        let brief = IncidentBrief::from(incident);
        let subject = Subject::of(&brief, now);
        let about = self.about(&brief).into_iter().filter_map(|nth| self.agreed.get(nth));
        about.flat_map(|agreed| agreed.standing(&subject)).collect()
    }

    /// Of the item that is its cause; while no cause is named, of each of its items.
    fn suppliers(&self, incident: &IncidentBrief) -> BTreeSet<&'g str> {
        let items = match &incident.cause {
            Some(cause) => std::slice::from_ref(cause),
            None => &incident.cis,
        };
        items.iter().filter_map(|item| self.graph.supplier(self.graph.find(item.as_str())?)).collect()
    }
}

impl Agreed<'_> {
    /// Each target with its length, by priority.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (Priority, TargetKind, Span)> {
        self.agreement.targets.iter().flat_map(|target| {
            let lengths = [(TargetKind::Respond, target.respond), (TargetKind::Restore, target.restore)];
            lengths.into_iter().filter_map(|(kind, length)| Some((target.priority, kind, length?)))
        })
    }

    fn standing(&self, subject: &Subject<'_>) -> Vec<IncidentAgreement> {
        let targets = self.targets().filter(|(priority, _, _)| *priority == subject.incident.priority);
        let standing = targets.filter_map(|(_, target, length)| {
            let (state, at) = clock(self.judge(subject, target, length).outcome()?);
            Some(IncidentAgreement {
                agreement: self.agreement.id.to_string(),
                kind: self.agreement.kind,
                target,
                target_seconds: length.into(),
                state,
                at: at.map(Into::into),
            })
        });
        standing.collect()
    }

    pub(crate) fn judge<'s>(&'s self, subject: &'s Subject<'_>, kind: TargetKind, target: Span) -> Judged<'s> {
        let incident = subject.incident;
        let done_at = match kind {
            TargetKind::Respond => incident.acknowledged_at,
            TargetKind::Restore => incident.restored_at,
        };
        let task = Task {
            opened_at: incident.opened_at,
            done_at,
            over_at: incident.resolved_at,
            target,
            calendar: &self.calendar,
            stopped: &subject.stopped,
        };
        task.judge(subject.now)
    }
}

impl<'i> Subject<'i> {
    /// As known at `now`.
    pub(crate) fn of(incident: &'i IncidentBrief, now: Timestamp) -> Subject<'i> {
        Subject { incident, stopped: stopped(&incident.holds, now), now }
    }
}

/// The state of a clock, and its instant: when it was done, or when the clock passed, or will pass, the target.
pub(crate) fn clock(outcome: Outcome) -> (Clock, Option<Timestamp>) {
    match outcome {
        Outcome::Met { at } => (Clock::Met, Some(at)),
        Outcome::Breached { at } => (Clock::Breached, Some(at)),
        Outcome::Running { breaches_at } => (Clock::Running, breaches_at),
    }
}
