//! The problems report: what each problem cost in the window, the dearest first. The formula is `reliability::lost`'s,
//! docs/measures.md section 12.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use model::limits::PAGE_ROWS_MAX;
use model::{CiId, IncidentBrief, IncidentId, Outage, Problem, ProblemId, Span};
use reliability::{Lost, OutageFact, Scope, lost};
use store::{PageRequest, ProblemFilter, Store};
use wire::v1::ProblemsRow;

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::origins::{OnRecord, Origins, Rows, by_figure};
use crate::question::Question;

/// What one problem has in the window.
#[derive(Default)]
struct Cost {
    /// By number.
    incidents: Vec<String>,
    outages: BTreeMap<CiId, Vec<Outage>>,
}

/// Each problem with an incident or an outage of one in the window, the dearest first.
///
/// # Errors
/// A window that makes no sense; groups, since a row is of a problem; a store that does not answer.
pub async fn problems(store: &Store, question: &Question) -> Result<Answer<ProblemsRow>, ReportError> {
    question.only_grouped_by("problems", |_| false, "each row is of a problem; ask for one window after another")?;
    question.only_filtered_by("problems", &[])?;
    let window = question.window()?;
    let named = question.named()?;
    let scope = Scope::new(window, question.now);
    let problems = all(store).await?;
    let mut incidents = store.incident_briefs(window).await?;
    incidents.retain(|incident| !incident.excluded);
    incidents.sort_unstable_by_key(|incident| incident.id);
    let mut outages = store.outages_overlapping(window).await?;
    outages.retain(|outage| named.has(&outage.service));
    let mut links = Links::of(&problems);
    links.follow(store, outages.iter().filter_map(|outage| outage.incident), &incidents).await?;
    let mut costs: BTreeMap<ProblemId, Cost> = BTreeMap::new();
    for incident in incidents.iter().filter(|incident| scope.holds(incident.opened_at)) {
        if let Some(problem) = links.problem(incident.id) {
            costs.entry(problem).or_default().incidents.push(incident.label());
        }
    }
    for outage in outages {
        let Some(problem) = outage.incident.and_then(|incident| links.problem(incident)) else { continue };
        costs.entry(problem).or_default().outages.entry(outage.service.clone()).or_default().push(outage);
    }
    let mut rows: Vec<Explained<ProblemsRow>> = Vec::new();
    for (problem, cost) in problems.iter().filter_map(|problem| Some((problem, costs.get(&problem.id)?))) {
        let mut row = Explained::plain(row(problem, cost, scope));
        if question.include_intervals {
            row.origins = origins(store, cost, scope).await?;
            row.incident_numbers = Some(by_figure([("incidents", cost.incidents.clone())]));
        }
        rows.push(row);
    }
    rows.sort_by(|a, b| {
        let (a, b) = (&a.figures, &b.figures);
        let cost = |row: &ProblemsRow| [row.lost_seconds, row.degraded_seconds].map(|seconds| seconds.value());
        let [[a_lost, a_degraded], [b_lost, b_degraded]] = [cost(a), cost(b)];
        let by_cost = b_lost.total_cmp(&a_lost).then(b_degraded.total_cmp(&a_degraded));
        by_cost.then_with(|| (Reverse(a.incidents), &a.problem).cmp(&(Reverse(b.incidents), &b.problem)))
    });
    Answer::new(question, definitions::PROBLEMS, Rows::all(rows)?).corrected(store, question).await
}

/// Few, as long as the store is.
async fn all(store: &Store) -> Result<Vec<Problem>, ReportError> {
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    let mut problems = Vec::new();
    loop {
        let page = store.problems(&ProblemFilter::default(), &request).await?;
        problems.extend(page.items);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(problems),
        }
    }
}

/// Which problem an incident is of.
struct Links {
    problems: BTreeMap<IncidentId, ProblemId>,
    merged: BTreeMap<IncidentId, IncidentId>,
}

impl Links {
    fn of(problems: &[Problem]) -> Links {
        let linked = problems.iter().flat_map(|problem| problem.incidents.iter().map(|id| (*id, problem.id)));
        Links { problems: linked.collect(), merged: BTreeMap::new() }
    }

    /// Looks up what the incidents of outages were merged into, whenever that was. `apart` are some that were not, by id.
    async fn follow(
        &mut self,
        store: &Store,
        of_outages: impl Iterator<Item = IncidentId>,
        apart: &[IncidentBrief],
    ) -> Result<(), ReportError> {
        let is_known = |id: &IncidentId| apart.binary_search_by_key(id, |incident| incident.id).is_ok();
        let mut seen = BTreeSet::new();
        let mut asked: BTreeSet<IncidentId> = of_outages.collect();
        while !asked.is_empty() {
            asked.retain(|id| !self.problems.contains_key(id) && !is_known(id) && seen.insert(*id));
            let ids: Vec<IncidentId> = std::mem::take(&mut asked).into_iter().collect();
            for some in ids.chunks(PAGE_ROWS_MAX) {
                let found = store.incidents_by_id(some).await?;
                self.merged.extend(found.iter().filter_map(|incident| Some((incident.id, incident.merged_into?))));
            }
            asked.extend(ids.iter().filter_map(|id| self.merged.get(id)));
        }
        Ok(())
    }

    /// Of one that was merged away, that of what it was merged into.
    fn problem(&self, incident: IncidentId) -> Option<ProblemId> {
        let mut incident = incident;
        let mut seen = BTreeSet::new();
        while let Some(into) = self.merged.get(&incident).filter(|_| seen.insert(incident)) {
            incident = *into;
        }
        self.problems.get(&incident).copied()
    }
}

fn facts(outages: &[Outage]) -> Vec<OutageFact> {
    outages.iter().map(OutageFact::from).collect()
}

/// The outages that cost some time of themselves.
async fn origins(store: &Store, cost: &Cost, scope: Scope) -> Result<Origins, ReportError> {
    let all: Vec<Outage> = cost.outages.values().flatten().cloned().collect();
    let on_record = OnRecord::of(store, all).await?;
    let costing = |counts: fn(Lost) -> bool| {
        let of = |(service, outages): (&CiId, &Vec<Outage>)| {
            let facts = facts(outages).into_iter().filter(|fact| counts(lost([fact], scope)));
            facts.map(|fact| on_record.named(service, &fact, scope.end())).collect::<Vec<_>>()
        };
        cost.outages.iter().flat_map(of).collect::<Vec<_>>()
    };
    let outages = by_figure([
        ("lost_seconds", costing(|lost| lost.down > Span::ZERO)),
        ("degraded_seconds", costing(|lost| lost.degraded > Span::ZERO)),
    ]);
    Ok(Origins { outages, ..Origins::default() })
}

fn row(problem: &Problem, cost: &Cost, scope: Scope) -> ProblemsRow {
    let hurt: Vec<(&CiId, Lost)> = cost
        .outages
        .iter()
        .map(|(service, outages)| (service, lost(&facts(outages), scope)))
        .filter(|(_, lost)| *lost != Lost::default())
        .collect();
    let total = hurt.iter().fold(Lost::default(), |total, (_, lost)| total.and(*lost));
    ProblemsRow {
        problem: problem.label(),
        title: problem.title.to_string(),
        state: problem.state,
        known_error: problem.known_error,
        ci: problem.ci.as_ref().map(ToString::to_string),
        incidents: cost.incidents.len() as u64,
        lost_seconds: total.down.into(),
        degraded_seconds: total.degraded.into(),
        services: hurt.into_iter().map(|(service, _)| service.to_string()).collect(),
    }
}
