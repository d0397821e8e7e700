//! The SLA report: how many incidents met, and how many breached, each target of each agreement. docs/contract.md
//! section 8; the formulas are `reliability::sla`'s, docs/measures.md section 7.
//!
//! Rule: agreements are those of the CMDB in force at `min(now, to)`, whatever was agreed when an incident opened; so what
//! a report over a past quarter says does not change with what is agreed later.

use std::collections::BTreeMap;

use model::{FixedMap, IncidentBrief};
use reliability::{Outcome, sla as counted};
use store::Store;
use wire::v1::{Group, Ratio, SlaIncident, SlaRow, TargetKind};

use crate::agreements::{Agreed, Agreements, Subject, clock};
use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::groups::concerned;
use crate::periods::{Part, Periods};
use crate::question::{GroupBy, Question};
use crate::services::asked;
use crate::versions::Versions;

/// A row for each target of each agreement, by agreement, priority, target and period; also where no incident was of it.
///
/// # Errors
/// A window, item, time zone or group that makes no sense here; a store that does not answer.
pub async fn sla(store: &Store, question: &Question) -> Result<Answer<SlaRow>, ReportError> {
    let instead = "it has a row for each target of each agreement; cut it into periods";
    question.only_grouped_by("sla", GroupBy::is_period, instead)?;
    let periods = Periods::of(question)?;
    let versions = Versions::asked(store, question).await?;
    let named = question.named()?;
    let past = versions.since(question.elapsed().start()).await?;
    if !named.is_all() {
        asked(&past, question)?;
    }
    let topology = versions.since(question.end()).await?;
    let agreements = Agreements::of(topology.at(question.end()))?;
    let is_asked_for = |agreed: &&Agreed<'_>| {
        let service = agreed.agreement.service.as_ref();
        service.is_none_or(|service| named.has(service))
    };
    let listed: Vec<(usize, &Agreed<'_>)> =
        agreements.all().iter().enumerate().filter(|(_, agreed)| is_asked_for(agreed)).collect();
    periods.bear(listed.iter().map(|(_, agreed)| agreed.targets().count()).sum(), "targets")?;

    let incidents = store.incident_briefs(question.window()?).await?;
    let concerns = |incident: &IncidentBrief| {
        (named.is_all() || concerned(incident, &named).next().is_some())
            && (!question.with_service_only || !incident.services.is_empty())
            && question.filter.fits_incident(incident, Some(&past))
    };
    let mut members: FixedMap<usize, Vec<&IncidentBrief>> = FixedMap::new();
    for incident in incidents.iter().filter(|incident| concerns(incident)) {
        for nth in agreements.about(incident) {
            members.get_or_insert_with(nth, Vec::new).push(incident);
        }
    }
    let mut rows = Vec::new();
    for (nth, agreed) in listed {
        let incidents = members.get(&nth).map(Vec::as_slice).unwrap_or_default();
        rows.extend(rows_of(agreed, incidents, &periods, question));
    }
    Answer::new(question, definitions::SLA, rows).corrected(store, question).await
}

/// How one incident stands in one period.
type Standing<'i> = (&'i IncidentBrief, Outcome);

fn rows_of(
    agreed: &Agreed<'_>,
    incidents: &[&IncidentBrief],
    periods: &Periods,
    question: &Question,
) -> Vec<Explained<SlaRow>> {
    let mut standing: BTreeMap<(usize, usize), Vec<Standing<'_>>> = BTreeMap::new();
    for incident in incidents {
        let subject = Subject::of(incident, question.now);
        for (nth, (priority, kind, target)) in agreed.targets().enumerate() {
            if priority != incident.priority {
                continue;
            }
            let judged = agreed.judge(&subject, kind, target);
            for (place, part) in periods.within(judged.extent()) {
                if let Some(outcome) = judged.within(part.window) {
                    standing.entry((nth, place)).or_default().push((incident, outcome));
                }
            }
        }
    }
    let mut rows = Vec::new();
    for (nth, (priority, target, length)) in agreed.targets().enumerate() {
        for (place, part) in periods.parts().iter().enumerate() {
            let standing = standing.remove(&(nth, place)).unwrap_or_default();
            let counts = counted(standing.iter().map(|(_, outcome)| *outcome));
            let figures = SlaRow {
                group: group(part, question),
                agreement: agreed.agreement.id.to_string(),
                priority: priority.as_str().to_owned(),
                target,
                target_seconds: length.into(),
                met: counts.met,
                breached: counts.breached,
                running: counts.running,
                attainment: counts.attainment.map(Ratio),
                incidents: question.include_intervals.then(|| told(standing)),
            };
            rows.push(Explained::plain(figures).of(part));
        }
    }
    rows
}

/// By number.
fn told(mut standing: Vec<Standing<'_>>) -> Vec<SlaIncident> {
    standing.sort_by_key(|(incident, _)| (incident.number, incident.id));
    let one = |(incident, outcome): &Standing<'_>| {
        let (state, at) = clock(*outcome);
        SlaIncident { incident: incident.label(), state, at: at.map(Into::into) }
    };
    standing.iter().map(one).collect()
}

fn group(part: &Part, question: &Question) -> Group {
    let period = question.period().ok().flatten().zip(part.label.clone());
    period.into_iter().map(|(by, label)| (by.as_str().to_owned(), label)).collect()
}

/// Its word in a row.
pub(crate) fn word(target: TargetKind) -> &'static str {
    match target {
        TargetKind::Respond => "respond",
        TargetKind::Restore => "restore",
    }
}
