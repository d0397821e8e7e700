//! What is kept of an interval, as whoever plays it again needs it: the alerts that fired in it, whole, with all that was
//! said of them. docs/contract.md section 7.

use std::collections::BTreeMap;

use model::alert::{Alert, Episode, Repeated, Statement};
use model::{AlertId, Interval};

use super::overlapping;
use crate::error::StoreError;
use crate::load::{ALERTS_AT_ONCE, hot_of, lay_over};
use crate::rows::alert::{
    ALERT_LINE, StatementRecord, alert_from, remembered_from, statement_from, whole_episode_from,
};
use crate::schema::{ALERT, EPISODE, REMEMBERED, STATEMENT};
use crate::select::Select;
use crate::store::{Reading, Store};
use crate::value::Cell;

/// An alert that fired in an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// With those of its episodes that overlap the interval, and of its statements those that the engine remembers.
    pub alert: Alert,
    /// What was said of it, each once, as long as it is kept, by the statements' own instants.
    pub said: Vec<StatementRecord>,
}

impl Store {
    /// How many episodes overlap an interval.
    pub async fn count_episodes(&self, interval: Interval) -> Result<u64, StoreError> {
        self.reading().await?.count(within(interval)).await
    }

    /// The alerts with an episode that overlaps an interval, by id. All of one moment, however long it takes.
    pub async fn history(&self, interval: Interval) -> Result<Vec<Told>, StoreError> {
        let mut reading = self.reading().await?;
        let mut episodes: BTreeMap<AlertId, Vec<Episode>> = BTreeMap::new();
        let add = |row: &[_]| {
            let (alert, episode) = whole_episode_from(row)?;
            episodes.entry(alert).or_default().push(episode);
            Ok(())
        };
        reading.each(within(interval), add).await?;
        let mut told = Vec::with_capacity(episodes.len());
        let mut episodes = episodes.into_iter().peekable();
        while episodes.peek().is_some() {
            told.extend(some(&mut reading, episodes.by_ref().take(ALERTS_AT_ONCE).collect()).await?);
        }
        Ok(told)
    }
}

fn within(interval: Interval) -> Select {
    Select::from(&EPISODE).with_any(overlapping("start", "stop", interval))
}

/// These alerts, each with these of its episodes.
async fn some(reading: &mut Reading, mut episodes: BTreeMap<AlertId, Vec<Episode>>) -> Result<Vec<Told>, StoreError> {
    let ids = || episodes.keys().copied().collect::<Vec<AlertId>>();
    let rows = reading.select(Select::from(&ALERT).columns(ALERT_LINE).any_of("id", ids())).await?;
    let alerts = rows.iter().map(|row| alert_from(row)).collect::<Result<Vec<_>, _>>()?;
    let hot = hot_of(reading, &alerts).await?;
    let mut remembered: BTreeMap<AlertId, Vec<Statement>> = BTreeMap::new();
    for row in reading.select(Select::from(&REMEMBERED).any_of("alert", ids())).await? {
        let (alert, statement) = remembered_from(&row)?;
        remembered.entry(alert).or_default().push(statement);
    }
    let mut said: BTreeMap<AlertId, Vec<StatementRecord>> = BTreeMap::new();
    for row in reading.select(Select::from(&STATEMENT).any_of("alert", ids())).await? {
        let alert = row.first().and_then(AlertId::read);
        let alert = alert.ok_or_else(|| StoreError::Corrupt { what: "a statement of no alert".to_owned() })?;
        said.entry(alert).or_default().push(statement_from(&row)?);
    }
    let mut told: Vec<Told> = alerts
        .into_iter()
        .map(|alert| {
            let mut alert = lay_over(alert, &hot);
            alert.episodes = episodes.remove(&alert.id).unwrap_or_default();
            alert.episodes.sort_by_key(|episode| (episode.start, episode.id));
            alert.statements = remembered.remove(&alert.id).unwrap_or_default();
            apply(alert.hot.repeated, &mut alert.statements);
            Told { said: said.remove(&alert.id).unwrap_or_default(), alert }
        })
        .collect();
    told.sort_by_key(|told| told.alert.id);
    Ok(told)
}

/// What repeats moved of a statement stands in the narrow row until the statement's own is written again.
fn apply(repeated: Option<Repeated>, statements: &mut [Statement]) {
    let Some(repeated) = repeated else { return };
    let moved = statements.iter_mut().find(|statement| statement.key() == repeated.statement);
    if let Some(Statement::Firing(firing)) = moved {
        firing.last_received_at = firing.last_received_at.max(repeated.last_received_at);
        firing.ends_at = firing.ends_at.max(repeated.ends_at);
    }
}
