//! The SLA report: how many incidents met, and how many breached, each target of each agreement. docs/contract.md
//! section 8; the formulas are `reliability::sla`'s, docs/measures.md section 7.
//!
//! Rule: agreements are those of the CMDB in force at `min(now, to)`, whatever was agreed when an incident opened; so what
//! a report over a past quarter says does not change with what is agreed later.

use model::incident::Priority;
use model::{FixedMap, IncidentBrief, Span};
use reliability::{Outcome, Sla};
use store::Store;
use wire::v1::{Group, Ratio, SlaIncident, SlaRow, TargetKind};

use crate::agreements::{Agreed, Agreements, Subject, clock};
use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::groups::concerned;
use crate::origins::bear_origins;
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
    if !named.is_all() {
        asked(&versions.since(question.elapsed().start()).await?, question)?;
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
    let of_items = question.filter.asks_of_items();
    let then = if of_items { Some(versions.as_opened(&incidents).await?) } else { None };
    let concerns = |incident: &IncidentBrief| {
        (named.is_all() || concerned(incident, &named).next().is_some())
            && (!question.with_service_only || !incident.services.is_empty())
            && question.filter.fits_incident(incident, then.as_ref())
    };
    let mut members: FixedMap<usize, Vec<&IncidentBrief>> = FixedMap::new();
    for incident in incidents.iter().filter(|incident| concerns(incident)) {
        for nth in agreements.about(incident) {
            members.get_or_insert_with(nth, Vec::new).push(incident);
        }
    }
    let (mut rows, mut listed_so_far) = (Vec::new(), 0);
    for (nth, agreed) in listed {
        let incidents = members.get(&nth).map(Vec::as_slice).unwrap_or_default();
        rows.extend(rows_of(agreed, incidents, &periods, question, &mut listed_so_far)?);
    }
    Answer::new(question, definitions::SLA, rows).corrected(store, &question.unfiltered()).await
}

/// What came of one target in one period.
#[derive(Clone, Default)]
struct Tally<'i> {
    counts: Sla,
    /// Where they are asked for.
    standing: Vec<Standing<'i>>,
}

/// How one incident stands in one period.
type Standing<'i> = (&'i IncidentBrief, Outcome);

/// By target, then by period. `listed` counts the incidents that are listed, in these rows and those before.
fn rows_of(
    agreed: &Agreed<'_>,
    incidents: &[&IncidentBrief],
    periods: &Periods,
    question: &Question,
    listed: &mut usize,
) -> Result<Vec<Explained<SlaRow>>, ReportError> {
    let targets: Vec<(Priority, TargetKind, Span)> = agreed.targets().collect();
    let mut tallies = vec![vec![Tally::default(); periods.parts().len()]; targets.len()];
    for incident in incidents {
        let subject = Subject::of(incident, question.now);
        let of_priority = targets.iter().zip(&mut tallies).filter(|((priority, ..), _)| *priority == incident.priority);
        for ((_, kind, target), tallies) in of_priority {
            let judged = agreed.judge(&subject, *kind, *target);
            for (place, part) in periods.within(judged.extent()) {
                let Some((tally, outcome)) = tallies.get_mut(place).zip(judged.within(part.window)) else { continue };
                tally.counts.count(outcome);
                if question.include_intervals {
                    tally.standing.push((incident, outcome));
                    *listed += 1;
                    bear_origins(*listed)?;
                }
            }
        }
    }
    let of_target = targets.into_iter().zip(tallies);
    let each = of_target.flat_map(|(target, tallies)| {
        let of_period = periods.parts().iter().zip(tallies);
        of_period.map(move |(part, tally)| row(agreed, target, part, tally, question))
    });
    Ok(each.collect())
}

fn row(
    agreed: &Agreed<'_>,
    (priority, target, length): (Priority, TargetKind, Span),
    part: &Part,
    tally: Tally<'_>,
    question: &Question,
) -> Explained<SlaRow> {
    let Tally { counts, standing } = tally;
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
        next_breach_at: counts.next_breach_at.map(Into::into),
        incidents: question.include_intervals.then(|| told(standing)),
    };
    Explained::plain(figures).of(part)
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
