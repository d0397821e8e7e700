//! The incidents report: how many, and how long it took to detect, acknowledge, restore and resolve them.
//! docs/contract.md section 8; the formulas are `reliability::incidents`', docs/measures.md section 3.
//!
//! Rule: one row for each group that counts anything in the window, and of each such group one for every period; without
//! a group, always one.

use std::collections::{BTreeMap, BTreeSet};

use model::{FixedMap, IncidentBrief, Timestamp};
use reliability::{IncidentFact, IncidentMeans, incident_means};
use store::Store;
use topology::Topology;
use wire::v1::{Group, IncidentsRow, Sample, Seconds};

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::filter::FilterBy;
use crate::groups::{columns, concerned, groups_of, named};
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
    let topology = topology(store, question).await?;
    let incidents = store.incident_briefs(question.window()?).await?;
    let known: Vec<Known<'_>> = incidents
        .iter()
        .filter(|incident| is_asked_for(incident, question, &named))
        .filter(|incident| question.filter.fits_incident(incident, topology.as_ref()))
        .map(|incident| Known { incident, fact: IncidentFact::of(incident, question.now) })
        .collect();
    let mut groups: FixedMap<Vec<String>, Vec<&Known<'_>>> = FixedMap::new();
    for known in &known {
        let within = groups_of(known.incident, &question.group_by, &named, topology.as_ref());
        // Before they are made: an incident that affects many is in each combination.
        periods.bear(groups.len().max(within.count()), "groups")?;
        for group in within.each() {
            groups.get_or_insert_with(group, Vec::new).push(known);
        }
        periods.bear(groups.len(), "groups")?;
    }
    let groupless = question.group_by.iter().all(|by| by.is_period());
    if groupless {
        groups.get_or_insert_with(Vec::new(), Vec::new); // there is one group of everything, also of nothing
    }
    let by = columns(question)?;
    let mut rows: BTreeMap<Vec<String>, Explained<IncidentsRow>> = BTreeMap::new();
    for (group, members) in groups.sorted() {
        let of_group = rows_of(members, &periods, question);
        if groupless || of_group.iter().any(|(_, row)| counts_anything(&row.figures)) {
            rows.extend(of_group.into_iter().map(|(part, row)| labelled(&by, group, part, row)));
        }
    }
    let answer = Answer::new(question, definitions::INCIDENTS, Rows::all(rows.into_values())?);
    answer.corrected(store, &question.unfiltered()).await
}

struct Known<'a> {
    incident: &'a IncidentBrief,
    fact: IncidentFact,
}

/// The CMDB, where the question needs it: for classes, and to know a name from a slip of the pen.
async fn topology(store: &Store, question: &Question) -> Result<Option<Topology>, ReportError> {
    let by_items = question.group_by.contains(&GroupBy::Class) || question.filter.asks_of_items();
    if !by_items && question.services.is_empty() {
        return Ok(None);
    }
    let versions = Versions::asked(store, question).await?;
    let topology = versions.since(question.elapsed().start()).await?;
    asked(&topology, &question.unfiltered())?;
    Ok(by_items.then_some(topology))
}

fn is_asked_for(incident: &IncidentBrief, question: &Question, named: &Named) -> bool {
    (named.is_all() || concerned(incident, named).next().is_some())
        && (!question.with_service_only || !incident.services.is_empty())
}

fn rows_of<'p>(
    members: &[&Known<'_>],
    periods: &'p Periods,
    question: &Question,
) -> Vec<(&'p Part, Explained<IncidentsRow>)> {
    let mut within: Vec<Vec<&Known<'_>>> = vec![Vec::new(); periods.parts().len()];
    for known in members {
        let places: BTreeSet<usize> = instants(&known.fact).filter_map(|at| periods.place(at)).collect();
        for place in places {
            if let Some(of_period) = within.get_mut(place) {
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
    let means = |counts: &dyn Fn(&IncidentBrief) -> bool| {
        let counting = known.iter().filter(|known| counts(known.incident));
        incident_means(counting.map(|known| &known.fact), part.window, question.now)
    };
    let affects = |incident: &IncidentBrief| !incident.services.is_empty();
    let [all, with_service, without] = [means(&|_| true), means(&affects), means(&|incident| !affects(incident))];
    let figures = written(&all, &with_service, &without);
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

fn labelled(
    by: &[GroupBy],
    group: &[String],
    part: &Part,
    mut row: Explained<IncidentsRow>,
) -> (Vec<String>, Explained<IncidentsRow>) {
    let (key, named) = named(by, group, part);
    row.figures.group = named;
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
