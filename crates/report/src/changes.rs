//! The changes report: how many were finished, and the share of them that failed. docs/contract.md section 8; the
//! formula is `reliability::changes`', docs/measures.md section 13.
//!
//! Rule: a change counts once in each service that it touches: one of its items, or one that needs such an item,
//! directly or not, by the graph in force when it was finished.

use std::collections::{BTreeMap, BTreeSet};

use model::fact::Change;
use model::limits::PAGE_ROWS_MAX;
use model::{ChangeId, CiId, Incident};
use reliability::{ChangeFact, Scope};
use store::{ChangeFilter, PageRequest, Store};
use topology::Topology;
use wire::v1::{ChangesRow, Ratio};

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::groups::{columns, key, named};
use crate::origins::{Origins, Rows};
use crate::periods::{Part, Periods};
use crate::question::{GroupBy, Named, Question};
use crate::services::asked;
use crate::versions::Versions;

/// Figures of changes, sorted by their groups in the order asked.
///
/// # Errors
/// A window, item, time zone or group that makes no sense here; a store that does not answer.
pub async fn changes(store: &Store, question: &Question) -> Result<Answer<ChangesRow>, ReportError> {
    question.only_grouped_by(
        "changes",
        |by| by == GroupBy::Service || by.is_period(),
        "group it by service, or cut it into periods",
    )?;
    question.only_filtered_by("changes", &[])?;
    let periods = Periods::of(question)?;
    let named_items = question.named()?;
    let by_service = question.group_by.contains(&GroupBy::Service);
    let topology = topology(store, question, by_service).await?;
    let known = read(store, question).await?;
    let mut groups: BTreeMap<Vec<String>, Vec<&Known>> = BTreeMap::new();
    for change in &known {
        let touched = topology.as_ref().map(|topology| services_of(&change.change, topology, &named_items));
        for group in groups_of(touched, by_service) {
            groups.entry(group).or_default().push(change);
        }
        periods.bear(groups.len(), "services")?;
    }
    if !by_service {
        groups.entry(Vec::new()).or_default(); // there is one group of everything, also of nothing
    }
    let by = columns(question)?;
    let mut rows: BTreeMap<Vec<&str>, Explained<ChangesRow>> = BTreeMap::new();
    for (group, members) in &groups {
        let within = by_period(members, &periods);
        let of_group: Vec<_> =
            periods.parts().iter().zip(within).map(|(part, members)| (part, row(&members, part, question))).collect();
        if by_service && of_group.iter().all(|(_, row)| row.figures.finished == 0) {
            continue;
        }
        let group: Vec<&str> = group.iter().map(String::as_str).collect();
        rows.extend(of_group.into_iter().map(|(part, mut row)| {
            let key = key(&by, &group, part);
            row.figures.group = named(&by, &key);
            (key, row.of(part))
        }));
    }
    Answer::new(question, definitions::CHANGES, Rows::all(rows.into_values())?).corrected(store, question).await
}

struct Known {
    change: Change,
    fact: ChangeFact,
    /// What it caused, by number.
    incidents: Vec<String>,
}

/// The CMDB, where the question needs it.
async fn topology(store: &Store, question: &Question, by_service: bool) -> Result<Option<Topology>, ReportError> {
    if !by_service && question.services.is_empty() {
        return Ok(None);
    }
    let versions = Versions::asked(store, question).await?;
    let topology = versions.since(question.elapsed().start()).await?;
    asked(&topology, question)?;
    Ok(Some(topology))
}

/// Changes of the window, with what they caused as of now.
async fn read(store: &Store, question: &Question) -> Result<Vec<Known>, ReportError> {
    let window = question.window()?;
    let filter = ChangeFilter { from: Some(window.start()), to: Some(window.end()), ..ChangeFilter::default() };
    let mut known: BTreeMap<ChangeId, Known> = BTreeMap::new();
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    loop {
        let page = store.changes(&filter, &request).await?;
        let ids: Vec<ChangeId> = page.items.iter().map(|change| change.id).collect();
        let incidents = store.incidents_suspecting(&ids).await?;
        known.extend(page.items.into_iter().map(|change| (change.id, with_incidents(change, &incidents, question))));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(known.into_values().collect()),
        }
    }
}

fn with_incidents(change: Change, incidents: &[Incident], question: &Question) -> Known {
    let counted = incidents.iter().filter(|one| !one.is_excluded() && one.opened_at <= question.now);
    let caused = counted.filter(|one| one.caused_by().is_some_and(|cause| cause.id == change.id));
    let incidents: Vec<String> = caused.map(Incident::label).collect();
    Known { fact: ChangeFact::of(&change, !incidents.is_empty()), change, incidents }
}

/// Without a question about services, everything; else one for each that it touches, or all of those together.
fn groups_of(touched: Option<BTreeSet<CiId>>, by_service: bool) -> Vec<Vec<String>> {
    match touched {
        None => vec![Vec::new()],
        Some(touched) if by_service => touched.iter().map(|service| vec![service.to_string()]).collect(),
        Some(touched) => touched.first().map(|_| Vec::new()).into_iter().collect(),
    }
}

/// The services that it touches; of items that were asked for by name those.
fn services_of(change: &Change, topology: &Topology, named: &Named) -> BTreeSet<CiId> {
    let graph = topology.at(change.instant());
    let items = change.cis.iter().filter_map(|ci| graph.find(ci.as_str()));
    let above = items.flat_map(|item| {
        let walk = graph.walk_up(item, u32::MAX, usize::MAX);
        std::iter::once(item).chain(walk.reached.into_iter().map(|(item, _)| item))
    });
    let meant = |item: &topology::ItemIdx| match named.is_all() {
        true => graph.is_service(*item),
        false => named.has(graph.id(*item)),
    };
    above.filter(meant).map(|item| graph.id(item).clone()).collect()
}

/// A change counts in one period, so that each is looked at once, however many there are.
fn by_period<'k>(members: &[&'k Known], periods: &Periods) -> Vec<Vec<&'k Known>> {
    let mut within = vec![Vec::new(); periods.parts().len()];
    for known in members {
        let of_period = known.fact.finished_at.and_then(|at| within.get_mut(periods.place(at)?));
        of_period.into_iter().for_each(|of_period| of_period.push(*known));
    }
    within
}

fn row(members: &[&Known], part: &Part, question: &Question) -> Explained<ChangesRow> {
    let scope = Scope::new(part.window, question.now);
    let facts: Vec<ChangeFact> = members.iter().map(|known| known.fact).collect();
    let figures = reliability::changes(&facts, scope);
    let counted = members.iter().filter(|known| known.fact.finished_at.is_some_and(|at| scope.holds(at)));
    let numbers: BTreeSet<String> = counted.flat_map(|known| known.incidents.iter().cloned()).collect();
    let numbers = || BTreeMap::from([("caused_incident".to_owned(), numbers.into_iter().collect())]);
    let row = ChangesRow {
        group: BTreeMap::new(),
        finished: figures.finished,
        successful: figures.successful,
        issues: figures.issues,
        backed_out: figures.backed_out,
        failed: figures.failed,
        unknown: figures.unknown,
        caused_incident: figures.caused_incident,
        failures: figures.failures,
        failure_rate: figures.failure_rate.map(Ratio),
    };
    let plain = Explained::plain(row);
    match question.include_intervals {
        true => Explained { incident_numbers: Some(numbers()), origins: origins(members, scope), ..plain },
        false => plain,
    }
}

/// By figure the changes it counts: those that make a figure of their own when they stand alone.
fn origins(members: &[&Known], scope: Scope) -> Origins {
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for known in members {
        let alone = reliability::changes(&[known.fact], scope);
        for (figure, count) in [
            ("finished", alone.finished),
            ("successful", alone.successful),
            ("issues", alone.issues),
            ("backed_out", alone.backed_out),
            ("failed", alone.failed),
            ("unknown", alone.unknown),
            ("caused_incident", alone.caused_incident),
            ("failures", alone.failures),
        ] {
            let of_figure = changes.entry(figure.to_owned()).or_default();
            of_figure.extend((count > 0).then(|| known.change.reference.to_string()));
        }
    }
    Origins { changes, ..Origins::default() }
}
