//! The rows of agreements, each incident counted by hand: docs/measures.md section 7.

use std::collections::BTreeSet;

use model::incident::{Confidence, Verdict};
use model::item::Agreement;
use model::{CiId, Cmdb, Incident, Span, Timestamp};
use testkit::oracle::agreement::{Owed, Stands, counts};
use testkit::oracle::hours::Agreed;
use testkit::oracle::service::Asked;
use testkit::oracle::{is_share, over};
use wire::v1::{Ratio, SlaRow, TargetKind};

/// How far a clock is followed: what passes its target later is not compared.
const AHEAD: Span = Span::from_days(14);

/// What rows say and the counts by hand do not; `cmdb` is the version in force at the end.
pub(crate) fn differences(cmdb: &Cmdb, incidents: &[Incident], asked: Asked, rows: &[SlaRow]) -> Vec<String> {
    let mut agreements: Vec<&Agreement> = cmdb.agreements.iter().collect();
    agreements.sort_by_key(|agreement| &agreement.id);
    let expected = agreements.into_iter().flat_map(|agreement| targets(agreement).map(move |of| (agreement, of)));
    let expected: Vec<_> = expected.collect();
    if expected.len() != rows.len() {
        return vec![format!("{} rows of agreements, not {}", rows.len(), expected.len())];
    }
    let row = |((agreement, target), row): (&(&Agreement, Target), &SlaRow)| {
        let counted = counted(cmdb, agreement, target, incidents, asked);
        let [met, breached] = [counted.met, counted.breached].map(|count| count as f64);
        let shown = row.attainment.map(|Ratio(share)| share);
        let is_same = (&*row.agreement, row.priority.as_str(), row.target)
            == (&*agreement.id, target.priority, target.kind)
            && (row.met, row.breached, row.running) == (counted.met, counted.breached, counted.running)
            && is_share(shown, over(met, met + breached))
            && is_next(row.next_breach_at.map(|at| at.0), counted.next, asked);
        (!is_same).then(|| format!("sla of {agreement:?}: {row:?}\n  not {counted:?}"))
    };
    expected.iter().zip(rows).filter_map(row).collect()
}

/// Where none is seen so far ahead, none or a later one.
fn is_next(shown: Option<Timestamp>, expected: Option<Timestamp>, asked: Asked) -> bool {
    match (shown, expected) {
        (Some(shown), None) => shown > asked.end() + AHEAD,
        (shown, expected) => shown == expected,
    }
}

struct Target {
    priority: &'static str,
    kind: TargetKind,
    length: Span,
}

fn targets(agreement: &Agreement) -> impl Iterator<Item = Target> + '_ {
    agreement.targets.iter().flat_map(|target| {
        let kinds = [(TargetKind::Respond, target.respond), (TargetKind::Restore, target.restore)];
        let of = |(kind, length): (TargetKind, Option<Span>)| {
            Some(Target { priority: target.priority.as_str(), kind, length: length? })
        };
        kinds.into_iter().filter_map(of)
    })
}

#[derive(Debug, Default)]
struct Counted {
    met: u64,
    breached: u64,
    running: u64,
    next: Option<Timestamp>,
}

fn counted(cmdb: &Cmdb, agreement: &Agreement, target: &Target, incidents: &[Incident], asked: Asked) -> Counted {
    let calendar = agreement.calendar.as_ref();
    let hours = Agreed::of(calendar.and_then(|id| cmdb.calendars.iter().find(|calendar| calendar.id == *id)));
    let mut counted = Counted::default();
    let of = incidents.iter().filter(|incident| incident.priority.as_str() == target.priority);
    for incident in of.filter(|incident| is_about(cmdb, agreement, incident)) {
        let owed = Owed {
            opened_at: incident.opened_at,
            done_at: match target.kind {
                TargetKind::Respond => incident.acknowledged_at,
                TargetKind::Restore => incident.restored_at,
            },
            over_at: incident.resolved_at,
            target: target.length,
            hours: &hours,
            holds: &incident.holds,
        };
        match counts(&owed, asked, asked.end().max(incident.opened_at) + AHEAD) {
            None => {}
            Some(Stands::Met) => counted.met += 1,
            Some(Stands::Breached { .. }) => counted.breached += 1,
            Some(Stands::Running { breaches_at }) => {
                counted.running += 1;
                counted.next = counted.next.into_iter().chain(breaches_at).min();
            }
        }
    }
    counted
}

fn is_about(cmdb: &Cmdb, agreement: &Agreement, incident: &Incident) -> bool {
    let counts = incident.merged_into.is_none() && incident.false_positive.is_none() && !incident.storm;
    let affects = |service: &CiId| incident.services.iter().any(|affected| affected.id == *service);
    counts
        && (agreement.service.as_ref().is_some_and(affects)
            || agreement.team.is_some() && agreement.team == incident.team
            || agreement.supplier.as_ref().is_some_and(|supplier| suppliers(cmdb, incident).contains(supplier)))
}

/// Of its cause, where that is known; else of every item that alerts in it.
fn suppliers(cmdb: &Cmdb, incident: &Incident) -> BTreeSet<Box<str>> {
    let confirmed = incident.causes.iter().find(|cause| cause.verdict == Some(Verdict::Confirmed));
    let likely = |confidence| matches!(confidence, Confidence::Medium | Confidence::High);
    let first = incident.causes.iter().find(|cause| cause.verdict.is_none() && likely(cause.confidence));
    let items: Vec<&CiId> = match confirmed.or(first) {
        Some(cause) => vec![&cause.ci],
        None => incident.cis.iter().collect(),
    };
    cmdb.items.iter().filter(|item| items.contains(&&item.id)).filter_map(|item| item.supplier.clone()).collect()
}
