//! What figures came from, beside intervals: outages with their incidents, items, recovery points, exercises, hours,
//! alerts, changes. docs/contract.md section 8, `include`.
//!
//! Rule: a list names what its figure counts, chosen by the same formula; so whoever counts the list has the figure.

use std::collections::{BTreeMap, BTreeSet};

use calendar::IntervalSet;
use model::limits::{PAGE_ROWS_MAX, REPORT_ORIGINS_MAX};
use model::outage::OutageState;
use model::{CiId, IncidentId, Interval, Outage, Timestamp};
use reliability::{Failure, OutageFact};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};
use wire::v1;

use crate::answer::Explained;
use crate::error::ReportError;
use crate::question::Question;

/// Each by figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origins {
    /// The outages that it counts, or that its time lies in; each whole, as known now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outages: BTreeMap<String, Vec<OutageOrigin>>,
    /// The items that it counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cis: BTreeMap<String, Vec<String>>,
    /// The time without a recovery point of each store, the longest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recovery_points: BTreeMap<String, Vec<PointOrigin>>,
    /// The exercises that had been held, the last first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exercises: BTreeMap<String, Vec<v1::Exercise>>,
    /// How much of it there was in which hour.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<String, Vec<HourOrigin>>,
    /// The ids of the alerts that it counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alerts: BTreeMap<String, Vec<String>>,
    /// The changes that it counts, by the names that their own system gives them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<String, Vec<String>>,
}

/// An outage of a service, as one sees it; where several domains saw it, it is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutageOrigin {
    pub service: String,
    pub from: v1::Instant,
    /// `None` while it lasts.
    pub to: Option<v1::Instant>,
    pub state: OutageState,
    pub planned: bool,
    /// The outages on record that it is; none of an item that is no service, of which none are kept.
    pub ids: Vec<String>,
    /// Their incidents, by number.
    pub incidents: Vec<String>,
}

/// From a recovery point, or from where one is taken to be, to the instant that is looked at or the next point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointOrigin {
    pub ci: String,
    pub from: v1::Instant,
    pub to: v1::Instant,
}

/// `[from, to)`, and what was counted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourOrigin {
    pub from: v1::Instant,
    pub to: v1::Instant,
    pub count: u64,
}

impl Origins {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Origins::default()
    }

    fn len(&self) -> usize {
        let Origins { outages, cis, recovery_points, exercises, hours, alerts, changes } = self;
        let texts = [cis, alerts, changes].into_iter().map(size).sum::<usize>();
        size(outages) + texts + size(recovery_points) + size(exercises) + size(hours)
    }
}

fn size<T>(by_figure: &BTreeMap<String, Vec<T>>) -> usize {
    by_figure.values().map(Vec::len).sum()
}

/// Rows, with no more behind them than one report may have.
pub(crate) struct Rows<T> {
    rows: Vec<Explained<T>>,
    origins: usize,
}

impl<T> Rows<T> {
    fn push(&mut self, row: Explained<T>) -> Result<(), ReportError> {
        self.origins += row.intervals.as_ref().map_or(0, size);
        self.origins += row.incident_numbers.as_ref().map_or(0, size);
        self.origins += row.origins.len();
        bear_origins(self.origins)?;
        self.rows.push(row);
        Ok(())
    }

    pub(crate) fn all(rows: impl IntoIterator<Item = Explained<T>>) -> Result<Vec<Explained<T>>, ReportError> {
        let rows = rows.into_iter();
        let mut bounded = Rows { rows: Vec::with_capacity(rows.size_hint().0), origins: 0 };
        for row in rows {
            bounded.push(row)?;
        }
        Ok(bounded.rows)
    }
}

/// Refuses more than one report names.
pub(crate) fn bear_origins(count: usize) -> Result<(), ReportError> {
    if count > REPORT_ORIGINS_MAX { Err(ReportError::TooManyOrigins) } else { Ok(()) }
}

/// The outages on record, to be named behind figures.
#[derive(Default)]
pub(crate) struct OnRecord {
    of: BTreeMap<CiId, Vec<Recorded>>,
    numbers: BTreeMap<IncidentId, String>,
}

/// One of a service's, in the order in which they began.
struct Recorded {
    outage: Outage,
    /// The latest end of it and of those before it: several domains' may overlap.
    reach: Timestamp,
}

impl OnRecord {
    /// Those that share an instant with `span`, of the items asked about; nothing where nobody asks what figures came from.
    pub(crate) async fn read(store: &Store, question: &Question, span: Interval) -> Result<OnRecord, ReportError> {
        if !question.include_intervals {
            return Ok(OnRecord::default());
        }
        let named = question.named()?;
        let mut outages = store.outages_overlapping(span).await?;
        outages.retain(|outage| named.has(&outage.service));
        OnRecord::of(store, outages).await
    }

    pub(crate) async fn of(store: &Store, outages: Vec<Outage>) -> Result<OnRecord, ReportError> {
        bear_origins(outages.len())?;
        let incidents: BTreeSet<IncidentId> = outages.iter().filter_map(|outage| outage.incident).collect();
        let numbers = numbers(store, &incidents.into_iter().collect::<Vec<_>>()).await?;
        let mut of: BTreeMap<CiId, Vec<Recorded>> = BTreeMap::new();
        let mut outages = outages;
        outages.sort_by_key(|outage| (outage.from, outage.id));
        for outage in outages {
            let of_service = of.entry(outage.service.clone()).or_default();
            let before = of_service.last().map_or(Timestamp::MIN, |last: &Recorded| last.reach);
            let reach = before.max(outage.to.unwrap_or(Timestamp::MAX));
            of_service.push(Recorded { outage, reach });
        }
        Ok(OnRecord { of, numbers })
    }

    /// Each of these failures of a service.
    pub(crate) fn failures(&self, service: &CiId, failures: &[Failure], now: Timestamp) -> Vec<OutageOrigin> {
        let fact = |of: &Failure| OutageFact { from: of.from, to: of.to, state: OutageState::Down, planned: false };
        failures.iter().map(|failure| self.named(service, &fact(failure), now)).collect()
    }

    /// Those of a service that any of this time lies in.
    pub(crate) fn within<'f>(
        &self,
        service: &CiId,
        facts: impl Iterator<Item = &'f OutageFact>,
        time: &IntervalSet,
        now: Timestamp,
    ) -> Vec<OutageOrigin> {
        let bears = facts.filter(|fact| time.touches(fact.extent(now)));
        bears.map(|fact| self.named(service, fact, now)).collect()
    }

    pub(crate) fn named(&self, service: &CiId, fact: &OutageFact, now: Timestamp) -> OutageOrigin {
        let extent = fact.extent(now);
        let same = |outage: &&Outage| {
            let shared = OutageFact::from(*outage).extent(now).intersect(extent);
            shared.is_some_and(|shared| !shared.is_empty()) || (outage.from, outage.to) == (fact.from, fact.to)
        };
        let of_service = self.of.get(service).map(Vec::as_slice).unwrap_or_default();
        let first = of_service.partition_point(|recorded| recorded.reach < extent.start());
        let end = of_service.partition_point(|recorded| recorded.outage.from <= extent.end());
        let near = of_service.get(first..end).unwrap_or_default().iter().map(|recorded| &recorded.outage);
        let on_record: Vec<&Outage> = near.filter(same).collect();
        let incidents: BTreeSet<&String> =
            on_record.iter().filter_map(|outage| self.numbers.get(&outage.incident?)).collect();
        OutageOrigin {
            service: service.to_string(),
            from: fact.from.into(),
            to: fact.to.filter(|to| *to <= now).map(Into::into),
            state: fact.state,
            planned: fact.planned,
            ids: on_record.iter().map(|outage| outage.id.to_string()).collect(),
            incidents: incidents.into_iter().cloned().collect(),
        }
    }
}

async fn numbers(store: &Store, ids: &[IncidentId]) -> Result<BTreeMap<IncidentId, String>, StoreError> {
    let mut numbers = BTreeMap::new();
    for some in ids.chunks(PAGE_ROWS_MAX) {
        let known = store.incidents_by_id(some).await?;
        numbers.extend(known.into_iter().map(|incident| (incident.id, incident.label())));
    }
    Ok(numbers)
}

/// Lists under the names of their figures.
pub(crate) fn by_figure<T, const N: usize>(lists: [(&str, Vec<T>); N]) -> BTreeMap<String, Vec<T>> {
    lists.into_iter().map(|(figure, list)| (figure.to_owned(), list)).collect()
}
