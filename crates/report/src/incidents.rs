//! The incidents report: how many, and how long it took to detect, acknowledge, restore and resolve them.
//! docs/contract.md section 8; the formulas are `reliability::incidents`', docs/measures.md section 3.
//!
//! Rule: one row for each group that counts anything in the window, and of each such group one for every period; without
//! a group, always one.

use std::collections::BTreeMap;

use model::{IncidentBrief, Timestamp};
use reliability::{IncidentFact, IncidentMeans, incident_means};
use store::Store;
use topology::Topology;
use wire::v1::{Group, IncidentsRow, Sample, Seconds};

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::filter::FilterBy;
use crate::gathered::Gathered;
use crate::groups::{columns, concerned, key, named};
use crate::origins::Rows;
use crate::periods::{Part, Periods};
use crate::question::{GroupBy, Named, Question};
use crate::services::asked;
use crate::versions::Versions;

/// Incident figures, sorted by their groups in the order asked.
///
/// # Errors
/// A window, item, time zone or periods that make no sense; a store that does not answer.
pub async fn incidents(store: &Store, question: &Question) -> Result<Answer<IncidentsRow>, ReportError> {
    question.only_filtered_by("incidents", &FilterBy::ALL)?;
    let periods = Periods::of(question)?;
    let named = question.named()?;
    let incidents = store.incident_briefs(question.window()?).await?;
    let topology = topology(store, question, &incidents).await?;
    let by = columns(question)?;
    let known: Vec<Known<'_>> = incidents
        .iter()
        .filter(|incident| is_asked_for(incident, question, &named))
        .filter(|incident| question.filter.fits_incident(incident, topology.as_ref()))
        .map(|incident| Known { incident, fact: IncidentFact::of(incident, question.now) })
        .collect();
    let mut groups = Gathered::new();
    for known in &known {
        let within = groups.within(known.incident, &by, &named, topology.as_ref());
        // Before they are made: an incident that affects many is in each combination.
        periods.bear(groups.len().max(within.count()), "groups")?;
        groups.put(&within, known);
        periods.bear(groups.len(), "groups")?;
    }
    if is_groupless(&by) {
        groups.ensure(&[]); // there is one group of everything, also of nothing
    }
    let rows = rows(&groups, &by, &periods, question)?;
    let answer = Answer::new(question, definitions::INCIDENTS, rows);
    answer.corrected(store, &question.unfiltered()).await
}

struct Known<'a> {
    incident: &'a IncidentBrief,
    fact: IncidentFact,
}

impl Known<'_> {
    fn affects(&self) -> bool {
        !self.incident.services.is_empty()
    }
}

/// The CMDB, where the question is about what items were when an incident opened; and a name is told from a slip of the pen.
async fn topology(
    store: &Store,
    question: &Question,
    incidents: &[IncidentBrief],
) -> Result<Option<Topology>, ReportError> {
    let by_items = question.group_by.contains(&GroupBy::Class) || question.filter.asks_of_items();
    if !by_items && question.services.is_empty() {
        return Ok(None);
    }
    let versions = Versions::asked(store, question).await?;
    if !question.services.is_empty() {
        asked(&versions.since(question.elapsed().start()).await?, &question.unfiltered())?;
    }
    Ok(if by_items { Some(versions.as_opened(incidents).await?) } else { None })
}

fn is_asked_for(incident: &IncidentBrief, question: &Question, named: &Named) -> bool {
    (named.is_all() || concerned(incident, named).next().is_some())
        && (!question.with_service_only || !incident.services.is_empty())
}

fn is_groupless(by: &[GroupBy]) -> bool {
    by.iter().all(|by| by.is_period())
}

fn rows(
    groups: &Gathered<'_, &Known<'_>>,
    by: &[GroupBy],
    periods: &Periods,
    question: &Question,
) -> Result<Vec<Explained<IncidentsRow>>, ReportError> {
    let groupless = is_groupless(by);
    let mut rows = Vec::with_capacity(groups.len() * periods.parts().len()); // no more than a report bears
    for (group, members) in groups.sorted() {
        let of_group = rows_of(members, periods, question);
        if groupless || of_group.iter().any(|(_, row)| counts_anything(&row.figures)) {
            rows.extend(of_group.into_iter().map(|(part, row)| labelled(by, &group, part, row)));
        }
    }
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    Rows::all(rows.into_iter().map(|(_, row)| row))
}

fn rows_of<'p>(
    members: &[&Known<'_>],
    periods: &'p Periods,
    question: &Question,
) -> Vec<(&'p Part, Explained<IncidentsRow>)> {
    let mut within: Vec<Vec<&Known<'_>>> = vec![Vec::new(); periods.parts().len()];
    for known in members {
        for place in instants(&known.fact).filter_map(|at| periods.place(at)) {
            let Some(of_period) = within.get_mut(place) else { continue };
            if !of_period.last().is_some_and(|last| std::ptr::eq(*last, *known)) {
                of_period.push(known);
            }
        }
    }
    periods.parts().iter().zip(within).map(|(part, known)| (part, row(&known, part, question))).collect()
}

/// Every instant by which an incident may count in a period.
fn instants(fact: &IncidentFact) -> impl Iterator<Item = Timestamp> {
    let once = [Some(fact.opened_at), Some(fact.detected_at), fact.acknowledged_at, fact.restored_at, fact.resolved_at];
    once.into_iter().flatten().chain(fact.reopened_at.iter().copied())
}

fn row(known: &[&Known<'_>], part: &Part, question: &Question) -> Explained<IncidentsRow> {
    let means = |known: &[&Known<'_>]| incident_means(known.iter().map(|known| &known.fact), part.window, question.now);
    let all = means(known);
    let figures = match known.iter().filter(|known| known.affects()).count() {
        0 => written(&all, &IncidentMeans::default(), &all),
        affect if affect == known.len() => written(&all, &all, &IncidentMeans::default()),
        _ => {
            let (with_service, without): (Vec<&Known<'_>>, Vec<&Known<'_>>) =
                known.iter().copied().partition(|known| known.affects());
            written(&all, &means(&with_service), &means(&without))
        }
    };
    let incident_numbers = question.include_intervals.then(|| origins(known, part, question.now));
    Explained { incident_numbers, ..Explained::plain(figures) }
}

/// By figure the incidents it counts: those that make a figure of their own when they stand alone.
fn origins(known: &[&Known<'_>], part: &Part, now: Timestamp) -> BTreeMap<String, Vec<String>> {
    let beside = ["mttr_with_service", "mttr_without_service"].map(|figure| (figure.to_owned(), Vec::new()));
    let mut origins: BTreeMap<String, Vec<String>> = BTreeMap::from(beside);
    let mut known = known.to_vec();
    known.sort_by_key(|known| (known.incident.number, known.incident.id));
    for Known { incident, fact } in known {
        let alone = incident_means([fact], part.window, now);
        let beside = if incident.services.is_empty() { "mttr_without_service" } else { "mttr_with_service" };
        for (figure, count) in counts(&alone).into_iter().chain([(beside, alone.mttr.count)]) {
            let of_figure = origins.entry(figure.to_owned()).or_default();
            of_figure.extend((count > 0).then(|| incident.label()));
        }
    }
    origins
}

fn counts(figures: &IncidentMeans) -> [(&'static str, u64); 8] {
    [
        ("opened", figures.opened),
        ("resolved", figures.resolved),
        ("reopened", figures.reopened),
        ("never_acknowledged", figures.never_acknowledged),
        ("mttd", figures.mttd.count),
        ("mtta", figures.mtta.count),
        ("mttr", figures.mttr.count),
        ("mttr_resolve", figures.mttr_resolve.count),
    ]
}

fn counts_anything(row: &IncidentsRow) -> bool {
    let samples = [row.mttd, row.mtta, row.mttr, row.mttr_resolve];
    row.opened + row.resolved + row.reopened + samples.iter().map(|sample| sample.count).sum::<u64>() > 0
}

fn labelled<'k>(
    by: &[GroupBy],
    group: &[&'k str],
    part: &'k Part,
    mut row: Explained<IncidentsRow>,
) -> (Vec<&'k str>, Explained<IncidentsRow>) {
    let key = key(by, group, part);
    row.figures.group = named(by, &key);
    (key, row.of(part))
}

fn written(figures: &IncidentMeans, with_service: &IncidentMeans, without: &IncidentMeans) -> IncidentsRow {
    IncidentsRow {
        group: Group::new(),
        opened: figures.opened,
        resolved: figures.resolved,
        reopened: figures.reopened,
        never_acknowledged: figures.never_acknowledged,
        mttd: sample(figures.mttd),
        mtta: sample(figures.mtta),
        mttr: sample(figures.mttr),
        mttr_with_service: sample(with_service.mttr),
        mttr_without_service: sample(without.mttr),
        mttr_resolve: sample(figures.mttr_resolve),
    }
}

fn sample(sample: reliability::Sample) -> Sample {
    let seconds = |figure: Option<f64>| figure.map(Seconds::new);
    Sample {
        count: sample.count,
        mean_seconds: seconds(sample.mean_seconds),
        median_seconds: seconds(sample.median_seconds),
        p90_seconds: seconds(sample.p90_seconds),
        p95_seconds: seconds(sample.p95_seconds),
    }
}
