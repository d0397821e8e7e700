//! What a store keeps of an interval, as inputs that can be played again, and what became of each when it happened.
//! docs/contract.md section 7 says what cannot be had back.

mod people;
mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::alert::Episode;
use model::command::{Action, Command, IncidentAction};
use model::event::{Event, Status};
use model::fact::{Change, MaintenanceWindow, Silence};
use model::step::Subject;
use model::{AlertId, Cmdb, EpisodeId, Incident, IncidentId, Interval, Reason, Timestamp};
use rules::PipelineSet;
use store::{AuditFilter, AuditLine, ChangeFilter, CmdbVersion, IncidentFilter, Store, StoreError, Told, WindowFilter};
use wire::Input;

use crate::outcome::{Outcome, Survivors};
use crate::output::every;
use crate::player::Given;

pub(crate) use people::action_of;

/// What is kept, as it is kept.
#[derive(Debug)]
pub struct History {
    pub interval: Interval,
    pub(crate) told: Vec<Told>,
    pub(crate) incidents: Vec<Incident>,
    /// Oldest first.
    pub(crate) audit: Vec<AuditLine>,
    /// Of each incident that a person merged into another, the alerts that had joined it.
    pub(crate) merged: BTreeMap<IncidentId, BTreeSet<AlertId>>,
    versions: Vec<CmdbVersion>,
    silences: Vec<Silence>,
    windows: Vec<MaintenanceWindow>,
    changes: Vec<Change>,
    /// Events of the interval that only said again what was said, which are counted and not kept.
    repeats: u64,
    /// Messages to people that were decided in it.
    messages: u64,
}

/// The inputs, in the order of their receipt.
#[derive(Debug)]
pub struct Rebuilt {
    /// In force where it begins.
    pub cmdb: Cmdb,
    /// Further versions of the CMDB among them.
    pub given: Vec<(Timestamp, Given)>,
    /// Of each input that is no version of the CMDB, the incident that holds it in the store.
    holders: Vec<Option<IncidentId>>,
    firing: Vec<bool>,
    /// Of each episode, the input that began it.
    pub(crate) first: BTreeMap<(AlertId, EpisodeId), usize>,
    pub lost: Lost,
}

/// What of an interval is not played as it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Events that only said again what was said.
    pub repeats: u64,
    /// Episodes of which the statements are kept no longer: they are pieced together from their severities.
    pub pieced: u64,
    /// What people did to incidents that hold nothing which is played.
    pub acts: u64,
    /// Incidents that people opened: no policy opens them.
    pub by_hand: u64,
    /// Versions of the CMDB that are played, the first included.
    pub versions: u64,
}

impl History {
    /// An episode that overlaps the interval is read whole, from its first statement on.
    pub async fn read(store: &Store, interval: Interval) -> Result<History, StoreError> {
        let (from, to) = (interval.start(), interval.end());
        let windows = WindowFilter { overlapping: Some(interval), ..WindowFilter::default() };
        let changes =
            ChangeFilter { to: Some(to), from: Some(from - model::limits::LATE_HORIZON), ..Default::default() };
        let acts = AuditFilter { from: Some(from), to: Some(to), ..AuditFilter::default() };
        let mut audit = every(async |page| store.audit(&acts, &page).await).await?;
        audit.sort_by_key(|line| (line.entry.at, line.seq));
        let silences = every(async |page| store.silences(Some(from), &page).await).await?;
        let hours = store.counts_per_hour(interval, None).await?;
        Ok(History {
            interval,
            told: store.history(interval).await?,
            incidents: every(async |page| store.incidents(&IncidentFilter::default(), &page).await).await?,
            merged: merged(store, &audit).await?,
            audit,
            versions: store.topology_versions().await?,
            silences: silences.into_iter().filter(|silence| silence.interval.start() < to).collect(),
            windows: every(async |page| store.maintenance_windows(&windows, &page).await).await?,
            changes: every(async |page| store.changes(&changes, &page).await).await?,
            repeats: hours.iter().map(|hour| hour.counts.repeated).sum(),
            messages: hours.iter().map(|hour| hour.counts.told).sum(),
        })
    }

    /// With another CMDB for all of it, or the versions that were in force.
    pub fn rebuilt(&self, cmdb: Option<&Cmdb>) -> Rebuilt {
        let mut lost = Lost { repeats: self.repeats, ..Lost::default() };
        let mut entries = self.facts();
        for told in &self.told {
            let (spoken, pieced) = said::spoken(told);
            lost.pieced += pieced;
            entries.extend(spoken.into_iter().map(|spoken| Entry::of(told, spoken)));
        }
        let done = self.done();
        (lost.acts, lost.by_hand) = (done.left_out, done.by_hand);
        entries.extend(done.commands.into_iter().map(|(at, command, _)| Entry::plain(at, 2, command_of(command))));
        entries.retain(|entry| entry.at < self.interval.end());
        entries.sort_by_key(|entry| entry.order);
        let begins = entries.first().map_or(self.interval.start(), |entry| entry.at);
        let (cmdb, later) = match cmdb {
            Some(cmdb) => (cmdb.clone(), Vec::new()),
            None => self.in_force(begins),
        };
        lost.versions = later.len() as u64 + 1;
        Rebuilt::of(cmdb, later, entries, lost)
    }

    /// What really happened to what was rebuilt: the store's own incidents, people's corrections included.
    pub fn happened(&self, rebuilt: &Rebuilt) -> Outcome {
        let outcome = Outcome::of(rebuilt.holders.iter().copied(), rebuilt.firing.clone(), &self.incidents);
        Outcome { told: self.messages, ..outcome.of_what_is_held() }
    }

    pub(crate) fn survivors(&self) -> Survivors {
        Survivors::of(&self.incidents)
    }

    /// Every episode that is played, with its alert.
    pub(crate) fn episodes(&self) -> impl Iterator<Item = (AlertId, &Episode)> {
        self.told.iter().flat_map(|told| told.alert.episodes.iter().map(|episode| (told.alert.id, episode)))
    }

    /// What is no alert, each once, as it stood in the end.
    fn facts(&self) -> Vec<Entry> {
        let silence = |silence: &Silence| {
            let at = silence.updated_at.min(silence.interval.start());
            let action = Action::Silence(silence.clone());
            Entry::plain(at, 0, command_of(Command { by: silence.by.clone(), at: None, action }))
        };
        let window = |window: &MaintenanceWindow| {
            Entry::plain(window.received_at, 0, Input::Event(Event::Maintenance(Box::new(window.clone()))))
        };
        let change = |change: &Change| {
            let at = change.starts_at.map_or(change.received_at, |start| start.min(change.received_at));
            Entry::plain(at, 0, Input::Event(Event::Change(Box::new(change.clone()))))
        };
        let silences = self.silences.iter().map(silence);
        silences.chain(self.windows.iter().map(window)).chain(self.changes.iter().map(change)).collect()
    }

    fn done(&self) -> people::Done {
        let survivors = self.survivors();
        let mut members = people::Members::new();
        let mut receipts: BTreeMap<AlertId, Vec<Timestamp>> = BTreeMap::new();
        for (alert, episode) in self.episodes() {
            receipts.entry(alert).or_default().push(episode.first_received_at);
            if let Some(incident) = episode.incident {
                members.entry(survivors.of_incident(incident)).or_default().push((alert, episode));
            }
        }
        let latest = |alert: AlertId, at: Timestamp| {
            receipts.get(&alert).into_iter().flatten().filter(|received| **received <= at).max().copied()
        };
        people::done(&self.audit, &members, latest, |id| survivors.of_incident(id))
    }

    /// The version in force at an instant, and those that came after it within the interval.
    fn in_force(&self, at: Timestamp) -> (Cmdb, Vec<(Timestamp, Cmdb)>) {
        let first = self.versions.partition_point(|version| version.from <= at).saturating_sub(1);
        let mut versions = self.versions.iter().skip(first).map(|version| (version.from, version.cmdb.clone()));
        let cmdb = versions.next().map(|(_, cmdb)| cmdb).unwrap_or_default();
        (cmdb, versions.filter(|(from, _)| *from < self.interval.end()).collect())
    }
}

impl Rebuilt {
    fn of(cmdb: Cmdb, later: Vec<(Timestamp, Cmdb)>, entries: Vec<Entry>, lost: Lost) -> Rebuilt {
        let mut rebuilt = Rebuilt {
            cmdb,
            given: Vec::with_capacity(entries.len() + later.len()),
            holders: Vec::with_capacity(entries.len()),
            firing: Vec::with_capacity(entries.len()),
            first: BTreeMap::new(),
            lost,
        };
        let mut later = later.into_iter().peekable();
        for (index, entry) in entries.into_iter().enumerate() {
            while let Some((from, cmdb)) = later.next_if(|(from, _)| *from <= entry.at) {
                rebuilt.given.push((from, Given::Cmdb(Box::new(cmdb))));
            }
            if let Some(episode) = entry.episode.filter(|_| entry.firing) {
                rebuilt.first.entry(episode).or_insert(index);
            }
            rebuilt.holders.push(entry.holder);
            rebuilt.firing.push(entry.firing);
            rebuilt.given.push((entry.at, Given::Input(entry.input)));
        }
        rebuilt
    }

    /// The version of the CMDB that is in force in the end.
    pub fn newest_cmdb(&self) -> &Cmdb {
        let newest = self.given.iter().rev().find_map(|(_, given)| match given {
            Given::Cmdb(cmdb) => Some(cmdb.as_ref()),
            Given::Input(_) | Given::Unreadable { .. } => None,
        });
        newest.unwrap_or(&self.cmdb)
    }

    /// The inputs as these pipelines take them. What decoded them is kept by its name alone, so that each goes to the
    /// pipeline that names its source, and where that names a format too, to the one of the same name.
    pub fn given_to<'r>(&'r self, pipelines: &'r PipelineSet) -> impl Iterator<Item = (Timestamp, Given)> + 'r {
        self.given.iter().map(|(at, given)| (*at, by(pipelines, given)))
    }
}

fn by(pipelines: &PipelineSet, given: &Given) -> Given {
    if let Given::Input(Input::Event(Event::Alert(alert))) = given {
        let name = pipelines.for_kept(&alert.pipeline, &alert.source);
        if *name != alert.pipeline {
            let mut alert = Arc::clone(alert);
            Arc::make_mut(&mut alert).pipeline = name.clone();
            return Given::Input(Input::Event(Event::Alert(alert)));
        }
    }
    given.clone()
}

async fn merged(store: &Store, audit: &[AuditLine]) -> Result<BTreeMap<IncidentId, BTreeSet<AlertId>>, StoreError> {
    let mut merged = BTreeMap::new();
    for (gone, action) in audit.iter().filter_map(action_of) {
        if !matches!(action, IncidentAction::Merge { .. }) {
            continue;
        }
        let subject = Subject::Incident(gone);
        let lines = every(async |page| store.timeline(&subject, &page).await).await?;
        let joined = lines.into_iter().filter_map(|line| match line.decision.reason {
            Reason::EpisodeJoined { alert, .. } => Some(alert),
            _ => None,
        });
        merged.insert(gone, joined.collect());
    }
    Ok(merged)
}

/// An input and its place among the others.
#[derive(Debug)]
struct Entry {
    at: Timestamp,
    /// Facts before alerts before people: those know of what came with it. The order within an instant is not kept.
    order: (Timestamp, u8, Timestamp, Option<AlertId>),
    input: Input,
    episode: Option<(AlertId, EpisodeId)>,
    holder: Option<IncidentId>,
    firing: bool,
}

impl Entry {
    fn plain(at: Timestamp, class: u8, input: Input) -> Entry {
        Entry { at, order: (at, class, at, None), input, episode: None, holder: None, firing: false }
    }

    fn of(told: &Told, spoken: said::Spoken) -> Entry {
        let alert = told.alert.id;
        let episode = told.alert.episodes.get(spoken.episode);
        Entry {
            at: spoken.at,
            order: (spoken.at, 1, spoken.instant, Some(alert)),
            firing: spoken.event.status == Status::Firing,
            input: Input::Event(spoken.event.into()),
            episode: episode.map(|episode| (alert, episode.id)),
            holder: episode.and_then(|episode| episode.incident),
        }
    }
}

fn command_of(command: Command) -> Input {
    Input::Command(Box::new(command))
}
