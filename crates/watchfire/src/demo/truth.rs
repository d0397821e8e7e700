//! What was decided on the day against what is known to be true.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use model::{Domain, EpisodeId, Fingerprint, Incident, IncidentId, Timestamp};
use replay::score::{CauseScore, Grouping, causes, grouping};
use replay::truth::Truth;
use store::{EpisodeRecord, Store};

use super::day::TRUTHS;
use super::said::Said;

#[derive(Debug)]
pub(crate) struct Score {
    pub(crate) grouping: Grouping,
    pub(crate) causes: CauseScore,
}

/// What of the acknowledged events is in the store, and whether anything is there twice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
}

/// The episode of each event of the script; `None` for what is no alert.
pub(crate) async fn episodes(store: &Store, script: &[Said]) -> anyhow::Result<Vec<Option<EpisodeRecord>>> {
    let mut known: BTreeMap<Fingerprint, Vec<EpisodeRecord>> = BTreeMap::new();
    let mut found = Vec::with_capacity(script.len());
    for said in script {
        let Some((fingerprint, start)) = identity(said) else {
            found.push(None);
            continue;
        };
        if let Entry::Vacant(unknown) = known.entry(fingerprint) {
            unknown.insert(store.episodes_of_alert(fingerprint.alert()).await?);
        }
        let holds = |episode: &&EpisodeRecord| episode.start <= start && episode.end.is_none_or(|end| start <= end);
        found.push(known.get(&fingerprint).and_then(|episodes| episodes.iter().find(holds)).cloned());
    }
    Ok(found)
}

fn identity(said: &Said) -> Option<(Fingerprint, Timestamp)> {
    let key = said.event["dedup_key"].as_str()?;
    let source = said.event["source"].as_str()?;
    let start = Timestamp::parse(said.event["starts_at"].as_str()?)?;
    Some((Fingerprint::of_dedup_key(&Domain::default(), source, key), start))
}

/// Lost: acknowledged, and in no episode. Doubled: an episode that overlaps another of its alert, or a number given
/// twice.
pub(crate) fn accounts(
    script: &[Said],
    acknowledged: &[usize],
    episodes: &[Option<EpisodeRecord>],
    incidents: &[Incident],
) -> Accounts {
    let alerts = |index: &&usize| script.get(**index).is_some_and(|said| identity(said).is_some());
    let lost =
        acknowledged.iter().filter(alerts).filter(|index| episodes.get(**index).is_none_or(Option::is_none)).count();
    let mut spans: BTreeMap<_, BTreeMap<EpisodeId, (Timestamp, Timestamp)>> = BTreeMap::new();
    for episode in episodes.iter().flatten() {
        let end = episode.end.unwrap_or(Timestamp::MAX);
        spans.entry(episode.alert).or_default().insert(episode.id, (episode.start, end));
    }
    let overlaps = |spans: &BTreeMap<EpisodeId, (Timestamp, Timestamp)>| {
        let mut sorted: Vec<_> = spans.values().copied().collect();
        sorted.sort();
        sorted.windows(2).filter(|pair| matches!(pair, [a, b] if b.0 < a.1)).count()
    };
    let numbers: Vec<u64> = incidents.iter().filter_map(|incident| incident.number).collect();
    let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
    Accounts { lost, doubled: spans.values().map(overlaps).sum::<usize>() + numbers.len() - distinct.len() }
}

pub(crate) fn score(script: &[Said], episodes: &[Option<EpisodeRecord>], incidents: &[Incident]) -> Score {
    let merged: BTreeMap<IncidentId, IncidentId> =
        incidents.iter().filter_map(|incident| Some((incident.id, incident.merged_into?))).collect();
    let holder = |episode: &Option<EpisodeRecord>| {
        let incident = episode.as_ref()?.incident?;
        Some(merged.get(&incident).copied().unwrap_or(incident).to_string())
    };
    let mut truth = Truth::default();
    let mut found = Vec::new();
    let mut firing = Vec::new();
    for (said, episode) in script.iter().zip(episodes) {
        if let Some(fault) = said.truth {
            truth.incident_of.insert(found.len() as u64, fault.to_owned());
        }
        found.push(holder(episode));
        firing.push(said.event["status"] == "firing");
    }
    truth.causes_of.extend(TRUTHS.iter().map(|(fault, cause)| ((*fault).to_owned(), vec![(*cause).to_owned()])));
    let ranked = incidents
        .iter()
        .map(|incident| (incident.id.to_string(), incident.causes.iter().map(|cause| cause.ci.to_string()).collect()))
        .collect();
    let pairs: Vec<(String, String)> = truth
        .incident_of
        .iter()
        .filter_map(|(index, fault)| {
            let at = usize::try_from(*index).ok()?;
            let found = found.get(at)?.clone().unwrap_or_else(|| format!("none/{index}"));
            Some((found, fault.clone()))
        })
        .collect();
    Score { grouping: grouping(&pairs), causes: causes(&found, &firing, &ranked, &truth) }
}
