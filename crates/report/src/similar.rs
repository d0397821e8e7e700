//! Past incidents that are like one, best first, however long ago: what is known of the same trouble. How alike they are
//! is `reliability::likeness`'s.

use std::collections::{BTreeMap, BTreeSet};

use model::incident::Confidence;
use model::problem::{signature, signature_names};
use model::step::Recurrence;
use model::{CiId, Incident, IncidentId, Problem, ProblemId};
use reliability::similar::{Compared, likeness};
use store::{EpisodeRecord, ProblemKey, SeenBefore, Store};
use wire::v1::{Likeness, SimilarIncident, SimilarIncidents};

use crate::error::ReportError;

/// At most `limit` of them. Incidents that were merged away, or were false positives, are no precedent.
///
/// # Errors
/// A store that does not answer.
pub async fn similar(store: &Store, incident: &Incident, limit: usize) -> Result<SimilarIncidents, ReportError> {
    let asked = asked(incident, &store.episodes_of_incidents(&[incident.id]).await?);
    let best = best(&asked, store.seen_before(&asked).await?, incident.id);
    let ids: Vec<IncidentId> = best.keys().copied().collect();
    let found = store.incidents_by_id(&ids).await?;
    let mut ranked: Vec<(&Incident, &Likeness)> = found
        .iter()
        .filter(|found| !found.is_excluded())
        .filter_map(|found| Some((found, best.get(&found.id)?)))
        .collect();
    ranked.sort_by_key(|(found, likeness)| (std::cmp::Reverse((likeness.thousandths, found.opened_at)), found.id));
    ranked.truncate(limit);
    let problems = problems(store, ranked.iter().filter_map(|(found, _)| found.problem)).await?;
    let row = |(found, likeness): (&Incident, &Likeness)| {
        let problem = found.problem.and_then(|id| problems.get(&id));
        SimilarIncident::from_model(found, problem, likeness.clone())
    };
    Ok(SimilarIncidents {
        ci: asked.ci.as_ref().map(ToString::to_string),
        alert_names: names(&asked.signature).into_iter().map(str::to_owned).collect(),
        items: ranked.into_iter().map(row).collect(),
    })
}

/// What it would recur by: the same cause with the same complaints, as the engine has it. Where nobody knows the cause,
/// there are only the complaints.
fn asked(incident: &Incident, episodes: &[EpisodeRecord]) -> SeenBefore {
    let known = incident.causes.first().filter(|cause| cause.confidence >= Confidence::Medium);
    let ci = known.map(|cause| cause.ci.clone());
    let on = |ci: Option<&CiId>| {
        let here = episodes.iter().filter(|episode| ci.is_none() || episode.ci.as_ref() == ci);
        signature(here.map(|episode| &*episode.alert_name))
    };
    let signature = Some(on(ci.as_ref())).filter(|names| !names.is_empty()).unwrap_or_else(|| on(None));
    SeenBefore { domain: incident.domain.clone(), ci, signature, before: incident.opened_at }
}

fn names(signature: &str) -> BTreeSet<&str> {
    signature_names(signature).into_iter().filter(|name| !name.is_empty()).collect()
}

/// An incident that was resolved more than once may have had another cause each time: the likest counts.
fn best(asked: &SeenBefore, seen: Vec<Recurrence>, but: IncidentId) -> BTreeMap<IncidentId, Likeness> {
    let wanted = names(&asked.signature);
    let mut best: BTreeMap<IncidentId, Likeness> = BTreeMap::new();
    for seen in seen.into_iter().filter(|seen| seen.incident != but) {
        let found = compare(asked, &wanted, &seen);
        match best.get(&seen.incident) {
            Some(known) if known.thousandths >= found.thousandths => {}
            _ => drop(best.insert(seen.incident, found)),
        }
    }
    best
}

fn compare(asked: &SeenBefore, wanted: &BTreeSet<&str>, seen: &Recurrence) -> Likeness {
    let had = names(&seen.signature);
    let shared: Vec<&str> = wanted.intersection(&had).copied().collect();
    let same_ci = asked.ci.as_ref() == Some(&seen.ci);
    let compared = Compared {
        same_ci,
        names_shared: shared.len(),
        names_all: wanted.union(&had).count(),
        age: asked.before - seen.opened_at,
    };
    Likeness {
        thousandths: likeness(compared),
        ci: seen.ci.to_string(),
        same_ci,
        alert_names: shared.into_iter().map(str::to_owned).collect(),
    }
}

/// Few of them: as many as rows are shown, at most.
async fn problems(
    store: &Store,
    ids: impl Iterator<Item = ProblemId>,
) -> Result<BTreeMap<ProblemId, Problem>, ReportError> {
    let mut problems = BTreeMap::new();
    for id in ids.collect::<BTreeSet<_>>() {
        problems.extend(store.problem(ProblemKey::Id(id)).await?.map(|problem| (id, problem)));
    }
    Ok(problems)
}
