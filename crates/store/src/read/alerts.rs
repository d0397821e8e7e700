//! Alerts, their episodes and what was said of them.

use std::collections::BTreeSet;

use model::alert::{Alert, AlertState};
use model::severity::Severity;
use model::{AlertId, CiId, Domain, IncidentId, Interval, SourceName, Timestamp};

use super::{any_of, contains, overlapping};
use crate::error::StoreError;
use crate::load::shown_alerts;
use crate::page::{Page, PageRequest, page_of_rows};
use crate::rows::alert::{
    ALERT_LINE, EPISODE_LINE, EpisodeRecord, StatementRecord, episode_from, severity_rank, state_word, statement_from,
};
use crate::schema::{ALERT, EPISODE, STATEMENT};
use crate::select::{Condition, Select};
use crate::store::{Reading, Store};
use crate::value::{Cells, Value};

/// Which alerts; an empty list, or `None`, means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertFilter {
    pub domain: Option<Domain>,
    pub states: Vec<AlertState>,
    pub severities: Vec<Severity>,
    pub sources: Vec<SourceName>,
    /// On any of these items; of a service, it and all it requires.
    pub cis: Option<Vec<CiId>>,
    /// With an episode in this incident.
    pub incident: Option<IncidentId>,
    pub suppressed: Option<bool>,
    /// Text that its summary, item, key or a label's value contains, in whatever case.
    pub q: Option<String>,
}

impl AlertFilter {
    fn conditions(&self) -> Vec<Condition> {
        let of_incident = |incident: IncidentId| {
            Condition::Among("id", Box::new(Select::from(&EPISODE).columns(&["alert"]).is("incident", incident)))
        };
        let cis = self.cis.as_ref().map(|cis| Condition::AnyOf("ci", cis.iter().map(Into::into).collect()));
        [
            self.domain.as_ref().map(|domain| Condition::Is("domain", domain.into())),
            any_of("state", self.states.iter().map(|state| state_word(*state))),
            any_of("severity", self.severities.iter().map(|severity| severity_rank(*severity))),
            any_of("source", &self.sources),
            cis,
            self.incident.map(of_incident),
            self.suppressed.map(|suppressed| Condition::Flag("suppressed", suppressed)),
            contains("search", self.q.as_deref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Store {
    /// Alerts, those that changed last first. Repeats are no change. Each with the newest of its episodes, at most
    /// [`EPISODES_SHOWN_MAX`](model::limits::EPISODES_SHOWN_MAX), and without what was said of it.
    pub async fn alerts(&self, filter: &AlertFilter, request: &PageRequest) -> Result<Page<Alert>, StoreError> {
        let mut reading = self.reading().await?;
        let select =
            Select::from(&ALERT).columns(ALERT_LINE).with_any(filter.conditions()).newest(&["changed_at", "id"]);
        let (rows, next) = page_of_rows(&mut reading, select, request).await?;
        Ok(Page { items: shown_alerts(&mut reading, &rows).await?, next })
    }

    /// How many alerts a filter finds.
    pub async fn count_alerts(&self, filter: &AlertFilter) -> Result<u64, StoreError> {
        self.reading().await?.count(Select::from(&ALERT).with_any(filter.conditions())).await
    }

    /// Items on which an alert changed since an instant, began or ended among others. Repeats are no change.
    pub async fn items_changed_since(&self, at: Timestamp) -> Result<BTreeSet<CiId>, StoreError> {
        let changed = Condition::AtLeast("changed_at", at.into());
        let select =
            Select::from(&ALERT).columns(&["changed_at", "id", "ci"]).with(changed).newest(&["changed_at", "id"]);
        let ci = |row: &[Value]| Cells::last(&ALERT, row).take::<Option<CiId>>();
        Ok(self.reading().await?.all(select, ci).await?.into_iter().flatten().collect())
    }

    pub async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        Ok(self.alerts_by_id(&[id]).await?.pop())
    }

    /// Those of the alerts that there are, by id.
    pub async fn alerts_by_id(&self, ids: &[AlertId]) -> Result<Vec<Alert>, StoreError> {
        let mut reading = self.reading().await?;
        let select = Select::from(&ALERT).columns(ALERT_LINE).any_of("id", ids.iter().copied());
        let rows = reading.select(select).await?;
        shown_alerts(&mut reading, &rows).await
    }

    /// Every episode an alert ever had, oldest first.
    pub async fn episodes_of_alert(&self, id: AlertId) -> Result<Vec<EpisodeRecord>, StoreError> {
        in_order(&mut self.reading().await?, Select::from(&EPISODE).is("alert", id)).await
    }

    /// What was said of an alert, as long as it is kept, by the statements' own instants.
    pub async fn statements_of_alert(&self, id: AlertId) -> Result<Vec<StatementRecord>, StoreError> {
        self.reading().await?.all(Select::from(&STATEMENT).is("alert", id), statement_from).await
    }

    /// Episodes on these items that overlap an interval: the faults of reports on any item, and of a recomputation.
    pub async fn episodes_of_items(&self, cis: &[CiId], interval: Interval) -> Result<Vec<EpisodeRecord>, StoreError> {
        let select = Select::from(&EPISODE).any_of("ci", cis).with_any(overlapping("start", "stop", interval));
        in_order(&mut self.reading().await?, select).await
    }

    /// Episodes that overlap an interval and that a person called false positives.
    pub async fn false_positives(&self, interval: Interval) -> Result<Vec<EpisodeRecord>, StoreError> {
        let select = Select::from(&EPISODE)
            .with(Condition::Flag("false_positive", true))
            .with_any(overlapping("start", "stop", interval));
        in_order(&mut self.reading().await?, select).await
    }
}

pub(super) async fn in_order(reading: &mut Reading, select: Select) -> Result<Vec<EpisodeRecord>, StoreError> {
    let mut episodes = reading.all(select.columns(EPISODE_LINE), episode_from).await?;
    episodes.sort_by_key(|episode| (episode.start, episode.alert, episode.id));
    Ok(episodes)
}
