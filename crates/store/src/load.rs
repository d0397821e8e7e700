//! What an engine needs to go on: the state as it was committed last. `[I15]`
//!
//! Start-up and recovery are the same load; of a partition, it is that of its domains alone. What is loaded of each domain:
//! alerts it has not forgotten, with what repeats moved laid over them, the episodes it needs and the statements it
//! remembers; incidents that are not final, or were not one
//! horizon ago, or were declared major and may still be reviewed; every problem (they are few, and a rejected one must not be proposed again); outages that are open or
//! ended within the horizon; silences and windows that reach into it; changes received within it; every source and what
//! it covers; and of the incidents of the last 30 days what recurrence is judged by.

use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Episode, Hot, Statement};
use model::fact::{Change, Correction, MaintenanceWindow, Silence};
use model::learned::Learned;
use model::limits::{EPISODES_SHOWN_MAX, LATE_HORIZON};
use model::source::{Coverage, Source};
use model::step::{RecomputeWanted, Recurrence};
use model::{AlertId, CommitHash, Domain, Incident, Outage, Problem, Span, Timestamp};

use crate::commit::{CmdbVersion, Hold, SlotName};
use crate::error::StoreError;
use crate::partition::Partition;
use crate::rows::alert::{ALERT_LINE, alert_from, remembered_from, whole_episode_from};
use crate::rows::fact::{
    change_from, correction_from, coverage_from, learned_from, maintenance_from, silence_from, source_from,
};
use crate::rows::head::Head;
use crate::rows::hot::{Moved, hot_from, log_from, log_of};
use crate::rows::incident::{INCIDENT_LINE, incident_from, outage_of_domain, problem_from, recurrence_from};
use crate::rows::ledger::{clock_from, hold_from, owed_from, owner_from, position_from, topology_from};
use crate::rows::record::answered_from;
use crate::schema::{
    ALERT, ALERT_HOT, CHANGE, CORRECTION, COVERAGE, DOMAIN, EPISODE, HELD, HOT_LOG, INCIDENT, LEARNED, MAINTENANCE,
    OUTAGE, OWED, POSITION, PROBLEM, RECEIPT, RECURRENCE, REMEMBERED, SILENCE, SOURCE, TOPOLOGY,
};
use crate::select::{Condition, Select};
use crate::store::{Pages, Reading, Store};
use crate::value::{Cell, Row};

/// How far back incidents count towards a recurrence.
pub const RECURRENCE_WITHIN: Span = Span::from_days(30);
/// Alerts of the log whose rows are read together.
pub(crate) const ALERTS_AT_ONCE: usize = 4096;

#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The epoch in force; commit under the one that [`Store::claim`] gave.
    pub epoch: u64,
    /// What the next commit follows.
    pub last_hash: CommitHash,
    /// How many commits there were; 0: the store is empty, or nothing was written of the partition.
    pub commits: u64,
    /// The engine's clock as committed last.
    pub clock: Option<Timestamp>,
    pub positions: BTreeMap<SlotName, u64>,
    /// Oldest first.
    pub topology: Vec<CmdbVersion>,
    /// What the engine wants from behind its horizon and was never given, each domain's in order.
    pub owed: Vec<(Domain, RecomputeWanted)>,
    pub domains: BTreeMap<Domain, Snapshot>,
    /// Of a partition.
    pub followed: Followed,
}

/// What an engine that follows a log has to know of the records before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followed {
    pub holds: Vec<Hold>,
    /// Keys that were answered, and when. Some may be older than keys are remembered.
    pub answered: Vec<(Box<str>, Timestamp)>,
}

/// What the store keeps of one domain; every list is sorted by its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The domain's own engine time.
    pub clock: Timestamp,
    pub alerts: Vec<Alert>,
    pub incidents: Vec<Incident>,
    pub problems: Vec<Problem>,
    pub outages: Vec<Outage>,
    pub silences: Vec<Silence>,
    pub maintenance: Vec<MaintenanceWindow>,
    pub changes: Vec<Change>,
    /// Those that stand.
    pub corrections: Vec<Correction>,
    pub sources: Vec<Source>,
    pub coverage: Vec<Coverage>,
    pub learned: Vec<Learned>,
    pub recurrences: Vec<Recurrence>,
}

impl Store {
    /// Everything; with a handle of a partition, what is its own. Positions and versions of the topology are everybody's.
    pub async fn load(&self) -> Result<Loaded, StoreError> {
        let partition = self.partition();
        let mut reading = self.reading().await?;
        let head = Head::of(partition, &reading.select(Head::asked(partition)).await?)?;
        let positions = reading.all(Select::from(&POSITION), position_from).await?;
        let topology = reading.all(Select::from(&TOPOLOGY), topology_from).await?;
        let mut domains = Domains::read(&mut reading, partition).await?;
        let owed = reading.all(Select::from(&OWED).with_any(domains.own()), owed_from).await?;
        domains.alerts(&mut reading).await?;
        domains.incidents(&mut reading).await?;
        domains.facts(&mut reading).await?;
        domains.recurrences(&mut reading).await?;
        let followed = Followed::read(&mut reading, partition).await?;
        Ok(Loaded {
            epoch: head.epoch,
            last_hash: head.hash,
            commits: head.commits,
            clock: head.now(),
            positions: positions.into_iter().collect(),
            topology,
            owed,
            domains: domains.snapshots,
            followed,
        })
    }
}

impl Followed {
    /// Only a partition's writer follows a log.
    async fn read(reading: &mut Reading, partition: Partition) -> Result<Followed, StoreError> {
        if partition == Partition::WHOLE {
            return Ok(Followed::default());
        }
        let holds = reading.all(Select::from(&HELD).is("head", partition.head()), hold_from).await?;
        let answered = reading.all(Select::from(&RECEIPT).columns(&["token", "at"]), answered_from).await?;
        Ok(Followed { holds, answered })
    }
}

struct Domains {
    partition: Partition,
    snapshots: BTreeMap<Domain, Snapshot>,
    /// What ended before this is of no interest to any domain.
    horizon: Timestamp,
}

impl Domains {
    async fn read(reading: &mut Reading, partition: Partition) -> Result<Domains, StoreError> {
        let of = (partition != Partition::WHOLE).then(|| Condition::Is("head", partition.head().into()));
        let clocks = reading.all(Select::from(&DOMAIN).with_any(of), clock_from).await?;
        let snapshot = |(domain, clock)| (domain, Snapshot { clock, ..Snapshot::default() });
        let snapshots: BTreeMap<Domain, Snapshot> = clocks.into_iter().map(snapshot).collect();
        let least = snapshots.values().map(|snapshot| snapshot.clock).min().unwrap_or_default();
        Ok(Domains { partition, snapshots, horizon: least - LATE_HORIZON })
    }

    /// Only rows of these domains, where there are others.
    fn own(&self) -> Option<Condition> {
        let names = || self.snapshots.keys().map(Into::into).collect();
        (self.partition != Partition::WHOLE).then(|| Condition::AnyOf("domain", names()))
    }

    /// Every row has the domain of a step, and every step leaves its domain's clock.
    fn of(&mut self, domain: &Domain) -> Result<&mut Snapshot, StoreError> {
        let missing = || StoreError::Corrupt { what: format!("rows of domain {domain}, which has no clock") };
        self.snapshots.get_mut(domain).ok_or_else(missing)
    }

    /// The narrow table and its log have each alert that is remembered, and no other.
    async fn alerts(&mut self, reading: &mut Reading) -> Result<(), StoreError> {
        match self.partition {
            Partition::WHOLE => self.all_alerts(reading).await?,
            partition => self.own_alerts(reading, partition).await?,
        }
        for snapshot in self.snapshots.values_mut() {
            snapshot.alerts.sort_by_key(|alert| alert.id);
        }
        Ok(())
    }

    async fn all_alerts(&mut self, reading: &mut Reading) -> Result<(), StoreError> {
        let mut logged = log_from(&reading.select(Select::from(&HOT_LOG)).await?)?;
        let mut pages = Pages::of(Select::from(&ALERT_HOT));
        while let Some(rows) = pages.next(reading).await? {
            let laid = rows.iter().map(|row| hot_from(row)).collect::<Result<Vec<_>, _>>()?;
            let newest = laid.into_iter().map(|(alert, hot)| (alert, logged.remove(&alert).unwrap_or(Some(hot))));
            self.page(reading, &known(newest)).await?;
        }
        let mut rest = logged.into_iter().peekable();
        while rest.peek().is_some() {
            self.page(reading, &known(rest.by_ref().take(ALERTS_AT_ONCE))).await?;
        }
        Ok(())
    }

    /// Domain by domain, each in the order of its index: what others have is not looked at, however much it is.
    async fn own_alerts(&mut self, reading: &mut Reading, partition: Partition) -> Result<(), StoreError> {
        let mut logged = log_from(&reading.select(partition.rows_of(&HOT_LOG, "seq")).await?)?;
        for domain in self.snapshots.keys().cloned().collect::<Vec<_>>() {
            let ids = Select::from(&ALERT).columns(&["domain", "id"]).is("domain", &domain).ordered(&["domain", "id"]);
            let mut pages = Pages::of(ids);
            while let Some(rows) = pages.next(reading).await? {
                let ids: BTreeSet<AlertId> = rows.iter().filter_map(|row| row.last().and_then(AlertId::read)).collect();
                let laid = reading.all(Select::from(&ALERT_HOT).any_of("alert", ids.iter().copied()), hot_from).await?;
                let mut newest: Moved = laid.into_iter().map(|(alert, hot)| (alert, Some(hot))).collect();
                newest.extend(ids.iter().filter_map(|id| logged.remove_entry(id)));
                self.page(reading, &known(newest)).await?;
            }
        }
        Ok(())
    }

    async fn page(&mut self, reading: &mut Reading, hot: &BTreeMap<AlertId, Hot>) -> Result<(), StoreError> {
        let ids = || hot.keys().copied();
        let own = reading.select(Select::from(&ALERT).columns(ALERT_LINE).any_of("id", ids())).await?;
        let mut episodes = episodes(reading, needed(ids())).await?;
        let mut statements: BTreeMap<AlertId, Vec<Statement>> = BTreeMap::new();
        for row in reading.select(Select::from(&REMEMBERED).any_of("alert", ids())).await? {
            let (alert, statement) = remembered_from(&row)?;
            statements.entry(alert).or_default().push(statement);
        }
        for row in own {
            let mut alert = lay_over(alert_from(&row)?, hot);
            alert.episodes = episodes.remove(&alert.id).unwrap_or_default();
            alert.statements = statements.remove(&alert.id).unwrap_or_default();
            self.of(&alert.domain.clone())?.alerts.push(alert);
        }
        Ok(())
    }

    async fn incidents(&mut self, reading: &mut Reading) -> Result<(), StoreError> {
        let open = Select::from(&INCIDENT).columns(INCIDENT_LINE).with(Condition::Null("needed_until"));
        let least = self.horizon + LATE_HORIZON;
        let still = Select::from(&INCIDENT)
            .columns(INCIDENT_LINE)
            .with(Condition::AtLeast("needed_until", least.into()))
            .ordered(&["needed_until", "id"]);
        let mut incidents = reading.all(open.with_any(self.own()), incident_from).await?;
        incidents.extend(reading.all(still.with_any(self.own()), incident_from).await?);
        incidents.sort_by_key(|incident| incident.id);
        for incident in incidents {
            let domain = incident.domain.clone();
            let snapshot = self.of(&domain)?;
            let past = incident.clocks.close_at.is_some_and(|until| until <= snapshot.clock);
            if !(incident.is_final() && past) {
                snapshot.incidents.push(incident);
            }
        }
        for problem in reading.all(Select::from(&PROBLEM).with_any(self.own()), problem_from).await? {
            let domain = problem.domain.clone();
            self.of(&domain)?.problems.push(problem);
        }
        Ok(())
    }

    async fn facts(&mut self, reading: &mut Reading) -> Result<(), StoreError> {
        let late = || self.horizon;
        let just_after = late() + Span::MICROSECOND;
        let open = Select::from(&OUTAGE).with(Condition::Null("stop"));
        let ended = Select::from(&OUTAGE).with(Condition::AtLeast("stop", just_after.into())).ordered(&["stop", "id"]);
        // In the order of their index: by their key, SQLite would walk them all.
        let since = |table, column| {
            Select::from(table)
                .with(Condition::AtLeast(column, late().into()))
                .with_any(self.own())
                .ordered(&[column, "id", "domain"])
        };
        let silences = since(&SILENCE, "stop");
        let windows = since(&MAINTENANCE, "stop");
        let corrections = since(&CORRECTION, "stop").with(Condition::Flag("withdrawn", false));
        let changes = since(&CHANGE, "received_at");
        let mut outages = reading.all(open.with_any(self.own()), outage_of_domain).await?;
        outages.extend(reading.all(ended.with_any(self.own()), outage_of_domain).await?);
        outages.sort_by_key(|(_, outage)| outage.id);
        for (domain, outage) in outages {
            self.of(&domain)?.outages.push(outage);
        }
        for (domain, silence) in reading.all(silences, silence_from).await? {
            self.of(&domain)?.silences.push(silence);
        }
        for (domain, window) in reading.all(windows, maintenance_from).await? {
            self.of(&domain)?.maintenance.push(window);
        }
        for (domain, correction) in reading.all(corrections, correction_from).await? {
            self.of(&domain)?.corrections.push(correction);
        }
        for (domain, change) in reading.all(changes, change_from).await? {
            self.of(&domain)?.changes.push(change);
        }
        for (domain, source) in reading.all(Select::from(&SOURCE).with_any(self.own()), source_from).await? {
            self.of(&domain)?.sources.push(source);
        }
        for (domain, coverage) in reading.all(Select::from(&COVERAGE).with_any(self.own()), coverage_from).await? {
            self.of(&domain)?.coverage.push(coverage);
        }
        for (domain, learned) in reading.all(Select::from(&LEARNED).with_any(self.own()), learned_from).await? {
            self.of(&domain)?.learned.extend(learned);
        }
        self.drop_what_each_domain_is_past();
        Ok(())
    }

    /// The questions above go by the domain that is furthest behind.
    fn drop_what_each_domain_is_past(&mut self) {
        for snapshot in self.snapshots.values_mut() {
            let horizon = snapshot.clock - LATE_HORIZON;
            snapshot.outages.retain(|outage| outage.to.is_none_or(|to| to > horizon));
            snapshot.silences.retain(|silence| silence.interval.end() > horizon);
            snapshot.maintenance.retain(|window| window.extent().end() > horizon);
            snapshot.corrections.retain(|correction| correction.extent().end() > horizon);
            snapshot.corrections.sort_by_key(|correction| correction.id);
            snapshot.silences.sort_by_key(|silence| silence.id);
            snapshot.maintenance.sort_by_key(|window| window.id);
            snapshot.changes.sort_by_key(|change| change.id);
        }
    }

    async fn recurrences(&mut self, reading: &mut Reading) -> Result<(), StoreError> {
        let since = self.horizon + LATE_HORIZON - RECURRENCE_WITHIN;
        let recent = Select::from(&RECURRENCE).with(Condition::AtLeast("opened_at", since.into()));
        for (domain, recurrence) in reading.all(recent.with_any(self.own()), recurrence_from).await? {
            self.of(&domain)?.recurrences.push(recurrence);
        }
        for snapshot in self.snapshots.values_mut() {
            snapshot.recurrences.retain(|recurrence| recurrence.opened_at >= snapshot.clock - RECURRENCE_WITHIN);
            snapshot.recurrences.sort();
        }
        Ok(())
    }
}

/// Those that are not forgotten.
pub(crate) fn known(moved: impl IntoIterator<Item = (AlertId, Option<Hot>)>) -> BTreeMap<AlertId, Hot> {
    moved.into_iter().filter_map(|(alert, hot)| Some((alert, hot?))).collect()
}

/// Alerts from their rows, for people: what repeats moved laid over them, with the newest of their episodes (at most
/// [`EPISODES_SHOWN_MAX`]) and without what was said.
pub(crate) async fn shown_alerts(reading: &mut Reading, rows: &[Row]) -> Result<Vec<Alert>, StoreError> {
    let alerts = rows.iter().map(|row| alert_from(row)).collect::<Result<Vec<_>, _>>()?;
    let hot = hot_of(reading, &alerts).await?;
    with_episodes(reading, alerts, &hot).await
}

/// The same where it is known what repeats moved.
pub(crate) async fn with_episodes(
    reading: &mut Reading,
    mut alerts: Vec<Alert>,
    hot: &BTreeMap<AlertId, Hot>,
) -> Result<Vec<Alert>, StoreError> {
    // Of one that is forgotten nothing is needed, and all there is is shown.
    let (known, forgotten): (Vec<AlertId>, Vec<AlertId>) =
        alerts.iter().map(|alert| alert.id).partition(|id| hot.contains_key(id));
    let mut all = episodes(reading, needed(known)).await?;
    all.extend(episodes(reading, Select::from(&EPISODE).any_of("alert", forgotten)).await?);
    for alert in &mut alerts {
        alert.episodes = all.remove(&alert.id).unwrap_or_default();
        let older = alert.episodes.len().saturating_sub(EPISODES_SHOWN_MAX);
        alert.episodes.drain(..older);
    }
    Ok(alerts.into_iter().map(|alert| lay_over(alert, hot)).collect())
}

/// What repeats moved of those alerts that the engine still has.
pub(crate) async fn hot_of(reading: &mut Reading, alerts: &[Alert]) -> Result<BTreeMap<AlertId, Hot>, StoreError> {
    let ids: BTreeSet<AlertId> = alerts.iter().map(|alert| alert.id).collect();
    let domains: BTreeSet<&Domain> = alerts.iter().map(|alert| &alert.domain).collect();
    let laid = reading.all(Select::from(&ALERT_HOT).any_of("alert", ids.iter().copied()), hot_from).await?;
    let mut moved: Moved = laid.into_iter().map(|(alert, hot)| (alert, Some(hot))).collect();
    // Only the logs of who writes them: each writer has one, and each may be long.
    let owners = reading.all(Select::from(&DOMAIN).any_of("name", domains), owner_from).await?;
    for partition in owners.into_iter().map(|(_, owner)| owner).collect::<BTreeSet<_>>() {
        let log = reading.select(partition.rows_of(&HOT_LOG, "seq")).await?;
        moved.append(&mut log_of(&log, &ids)?);
    }
    Ok(known(moved))
}

/// The episodes that the engine still has.
fn needed(alerts: impl IntoIterator<Item = AlertId>) -> Select {
    Select::from(&EPISODE).any_of("alert", alerts).with(Condition::Flag("needed", true))
}

/// By alert, each alert's oldest first.
async fn episodes(reading: &mut Reading, select: Select) -> Result<BTreeMap<AlertId, Vec<Episode>>, StoreError> {
    let mut episodes: BTreeMap<AlertId, Vec<Episode>> = BTreeMap::new();
    for row in reading.select(select).await? {
        let (alert, episode) = whole_episode_from(&row)?;
        episodes.entry(alert).or_default().push(episode);
    }
    episodes.values_mut().for_each(|of_one| of_one.sort_by_key(|episode| (episode.start, episode.id)));
    Ok(episodes)
}

/// An alert that is forgotten has all it needs in its own row.
pub(crate) fn lay_over(mut alert: Alert, hot: &BTreeMap<AlertId, Hot>) -> Alert {
    alert.hot = *hot.get(&alert.id).unwrap_or(&alert.hot);
    alert
}
