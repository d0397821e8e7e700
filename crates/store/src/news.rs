//! What was committed since somebody looked last, for processes that show what others commit: each commit of a partition
//! notes which rows it changed, and those are read as they stand now.
//!
//! A note names the commit that its own follows. So who looks knows whether it has heard of every commit, and of those of
//! this very chain: after a server that lost its newest commits came back, another one stands in their place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use model::{Alert, AlertId, CommitHash, Domain, Step, Timestamp};

use crate::commit::GENESIS;
use crate::error::StoreError;
use crate::load::{ALERTS_AT_ONCE, known, with_episodes};
use crate::partition::Partition;
use crate::rows::alert::{ALERT_LINE, alert_from};
use crate::rows::fact::source_from;
use crate::rows::head::Head;
use crate::rows::hot::{Moved, hot_from, log_from};
use crate::rows::incident::{INCIDENT_LINE, incident_from, outage_from, problem_from};
use crate::rows::note::{Note, Noted, place};
use crate::schema::{ALERT, ALERT_HOT, HEAD, HOT_LOG, INCIDENT, NOTED, OUTAGE, PROBLEM, SOURCE};
use crate::select::Select;
use crate::store::{Reading, Store};

/// Commits of one partition that are told at once; what comes after them is told next.
const COMMITS_AT_ONCE: u64 = 256;

/// Of which commits of each partition somebody has heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    marks: BTreeMap<Partition, Mark>,
    clock: Option<Timestamp>,
}

/// The commit of a partition that was heard of last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    commits: u64,
    hash: CommitHash,
}

/// What changed meanwhile.
#[derive(Clone, Debug)]
pub struct News {
    /// Only what is shown of a step: rows as they stand now, and what repeats moved. What was moved before the log of
    /// repeats was laid down is missing, until it is moved again.
    pub steps: Vec<Step>,
    pub heard: Heard,
    /// There are later commits already.
    pub more: bool,
}

impl Heard {
    /// How many commits, of all partitions together.
    pub fn commits(&self) -> u64 {
        self.marks.values().map(|mark| mark.commits).sum()
    }

    /// The clock as committed last, of the partition that is furthest ahead.
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    fn of(heads: &[Head]) -> Heard {
        Heard {
            marks: heads.iter().map(|head| (head.partition, Mark::of(head))).collect(),
            clock: heads.iter().filter_map(Head::now).max(),
        }
    }

    fn mark(&self, partition: Partition) -> Mark {
        self.marks.get(&partition).copied().unwrap_or(Mark { commits: 0, hash: GENESIS })
    }

    /// Nothing that was heard of is gone as a whole.
    fn are_all_in(&self, now: &Heard) -> bool {
        self.marks.keys().all(|partition| now.marks.contains_key(partition))
    }
}

impl Store {
    /// How far everything is committed.
    pub async fn heard(&self) -> Result<Heard, StoreError> {
        Ok(Heard::of(&heads(&mut self.reading().await?).await?))
    }

    /// What was committed after that; `None` where that cannot be said, because it is too long ago or the commits heard of
    /// are not those of this store any more: then everything is to be loaded.
    pub async fn news(&self, heard: &Heard) -> Result<Option<News>, StoreError> {
        let mut reading = self.reading().await?;
        let heads = heads(&mut reading).await?;
        let moved: Vec<(&Head, Mark)> = heads
            .iter()
            .map(|head| (head, heard.mark(head.partition)))
            .filter(|(head, mark)| !mark.is_of(head))
            .collect();
        let mut noted = notes(&mut reading, &moved).await?;
        let mut told = Told { heard: Heard::of(&heads), note: Note::default(), commits: Vec::new(), more: false };
        if !heard.are_all_in(&told.heard) || !moved.iter().all(|(head, mark)| told.add(head, *mark, &mut noted)) {
            return Ok(None);
        }
        let Told { heard, note, commits, more } = told;
        let moved = log_from(&reading.select(Select::from(&HOT_LOG).any_of("seq", commits)).await?)?;
        Ok(Some(News { steps: steps(&mut reading, note, &moved).await?, heard, more }))
    }
}

/// What the next commits of all partitions say.
struct Told {
    heard: Heard,
    note: Note,
    commits: Vec<u64>,
    more: bool,
}

impl Told {
    /// `false`: it is not known what those of a partition say.
    fn add(&mut self, head: &Head, mark: Mark, noted: &mut BTreeMap<u64, Noted>) -> bool {
        let Some(reached) = mark.reaches(head, noted) else { return false };
        let base = head.partition.base();
        for seq in base + mark.commits + 1..=base + reached.commits {
            noted.remove(&seq).into_iter().for_each(|noted| self.note.add(noted.note));
            self.commits.push(seq);
        }
        self.more |= !reached.is_of(head);
        self.heard.marks.insert(head.partition, reached);
        true
    }
}

impl Mark {
    fn of(head: &Head) -> Mark {
        Mark { commits: head.commits, hash: head.hash }
    }

    fn is_of(self, head: &Head) -> bool {
        self == Mark::of(head)
    }

    /// The commits after it whose notes are read: those that are told at once, and the one that follows them.
    fn next(self, head: &Head) -> RangeInclusive<u64> {
        self.commits + 1..=head.commits.min(self.commits + COMMITS_AT_ONCE + 1)
    }

    /// The last commit that is told; `None` where notes are missing, or are of others than followed.
    fn reaches(self, head: &Head, noted: &BTreeMap<u64, Noted>) -> Option<Mark> {
        let of = |nth: u64| noted.get(&(head.partition.base() + nth));
        let goes_on = of(self.commits + 1)?.previous == self.hash && self.next(head).all(|nth| of(nth).is_some());
        let commits = head.commits.min(self.commits + COMMITS_AT_ONCE);
        // Each commit's hash is in the note of the one that follows it.
        let hash = of(commits + 1).map_or(head.hash, |next| next.previous);
        goes_on.then_some(Mark { commits, hash })
    }
}

async fn heads(reading: &mut Reading) -> Result<Vec<Head>, StoreError> {
    Head::all(&reading.select(Select::from(&HEAD)).await?)
}

async fn notes(reading: &mut Reading, moved: &[(&Head, Mark)]) -> Result<BTreeMap<u64, Noted>, StoreError> {
    let places = moved.iter().flat_map(|(head, mark)| mark.next(head).map(|nth| place(head.partition, nth)));
    let noted = reading.all(Select::from(&NOTED).any_of("place", places), Noted::from_row).await?;
    Ok(noted.into_iter().map(|noted| (noted.seq, noted)).collect())
}

/// The rows as they stand now. Sources are those of their domains.
async fn steps(reading: &mut Reading, note: Note, moved: &Moved) -> Result<Vec<Step>, StoreError> {
    let Note { alerts, incidents, problems, outages, names } = note;
    let repeats = moved.iter().filter(|(alert, _)| !alerts.contains(*alert));
    let mut step = Step {
        repeats: repeats.filter_map(|(alert, hot)| Some((*alert, (*hot)?))).collect(),
        outages_removed: names.removed.into_iter().collect(),
        ..Step::default()
    };
    step.alerts = changed_alerts(reading, alerts, moved).await?;
    let lines = Select::from(&INCIDENT).columns(INCIDENT_LINE);
    step.incidents = reading.all(lines.any_of("id", incidents), incident_from).await?;
    step.problems = reading.all(Select::from(&PROBLEM).any_of("id", problems), problem_from).await?;
    step.outages = reading.all(Select::from(&OUTAGE).any_of("id", outages), outage_from).await?;
    let mut domains: BTreeMap<Domain, Step> = BTreeMap::from([(Domain::default(), step)]);
    for (domain, source) in reading.all(Select::from(&SOURCE).any_of("name", &names.sources), source_from).await? {
        let step = || Step { domain: domain.clone(), ..Step::default() };
        domains.entry(domain.clone()).or_insert_with(step).sources.push(source);
    }
    Ok(domains.into_values().collect())
}

/// Without the log of repeats but for its newest rows: what they do not say of an alert that changed was laid down, or it
/// is forgotten.
async fn changed_alerts(
    reading: &mut Reading,
    ids: BTreeSet<AlertId>,
    moved: &Moved,
) -> Result<Vec<Alert>, StoreError> {
    let ids: Vec<AlertId> = ids.into_iter().collect();
    let mut alerts = Vec::with_capacity(ids.len());
    for ids in ids.chunks(ALERTS_AT_ONCE) {
        let rows = Select::from(&ALERT).columns(ALERT_LINE).any_of("id", ids.iter().copied());
        let changed = reading.all(rows, alert_from).await?;
        let laid = Select::from(&ALERT_HOT).any_of("alert", ids.iter().copied());
        let laid = reading.all(laid, hot_from).await?.into_iter().map(|(alert, hot)| (alert, Some(hot)));
        let newest = ids.iter().filter_map(|id| moved.get_key_value(id)).map(|(alert, hot)| (*alert, *hot));
        let newest: Moved = laid.chain(newest).collect();
        alerts.extend(with_episodes(reading, changed, &known(newest)).await?);
    }
    Ok(alerts)
}
