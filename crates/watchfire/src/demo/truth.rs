//! What was decided on the day against what is known to be true.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use model::{Domain, EpisodeId, Fingerprint, Incident, Timestamp};
use replay::outcome::Outcome;
use replay::score::{CauseScore, Grouping, against_truth, causes};
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
    let mut truth = Truth::default();
    for (index, said) in script.iter().enumerate() {
        if let Some(fault) = said.truth {
            truth.incident_of.insert(index as u64, fault.to_owned());
        }
    }
    truth.causes_of.extend(TRUTHS.iter().map(|(fault, cause)| ((*fault).to_owned(), vec![(*cause).to_owned()])));
    let holders = episodes.iter().map(|episode| episode.as_ref()?.incident);
    let firing = script.iter().map(|said| said.event["status"] == "firing").collect();
    let outcome = Outcome::of(holders, firing, incidents);
    Score { grouping: against_truth(&outcome, &truth), causes: causes(&outcome, &truth) }
}
