//! Incidents, problems and outages.

use std::collections::{BTreeMap, BTreeSet};

use model::incident::{IncidentState, Major, Priority};
use model::limits::SIMILAR_LOOKED_AT_MAX;
use model::problem::ProblemState;
use model::step::{KnownEpisode, Recurrence};
use model::{
    AlertId, ChangeId, CiId, Domain, EpisodeId, FixedMap, Incident, IncidentId, Interval, Outage, OutageId, Problem,
    ProblemId, Span, Timestamp,
};

use super::alerts::in_order;
use super::{any_of, contains, within};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, page};
use crate::rows::alert::{EpisodeRecord, known_episode_from};
use crate::rows::incident::{
    INCIDENT_LINE, OUTAGE_LINE, Role, incident_from, outage_from, outage_of_domain, problem_from, recurrence_from,
};
use crate::schema::{ABOUT, EPISODE, INCIDENT, OUTAGE, PROBLEM, RECURRENCE, REVIEW};
use crate::select::{Condition, Select};
use crate::store::Store;
use crate::value::Cells;

/// Which incidents; an empty list, or `None`, means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    pub domain: Option<Domain>,
    pub states: Vec<IncidentState>,
    pub priorities: Vec<Priority>,
    /// That affect, or affected, this service.
    pub service: Option<CiId>,
    /// With alerts on this item.
    pub ci: Option<CiId>,
    pub team: Option<String>,
    pub problem: Option<ProblemId>,
    /// The children of a parent.
    pub parent: Option<IncidentId>,
    /// Opened in `[from, to)`.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Text that its number, title, team, assignee, a service or an item contains, in whatever case.
    pub q: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentKey {
    Id(IncidentId),
    Number(u64),
}

/// An alert in an incident, with those of its episodes that are.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub alert: AlertId,
    pub episodes: Vec<EpisodeId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProblemFilter {
    pub domain: Option<Domain>,
    pub states: Vec<ProblemState>,
    pub ci: Option<CiId>,
    pub q: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKey {
    Id(ProblemId),
    Number(u64),
}

/// What happened before, as it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenBefore {
    pub domain: Domain,
    /// `None`: only the complaints are looked for.
    pub ci: Option<CiId>,
    /// As [`model::problem::signature`] has it.
    pub signature: Box<str>,
    /// Opened earlier than this.
    pub before: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutageFilter {
    /// Of these services; empty: of any.
    pub services: Vec<CiId>,
    /// That overlap this interval.
    pub overlapping: Option<Interval>,
}

pub(super) fn about(role: Role, ci: &CiId) -> Condition {
    let subjects = Select::from(&ABOUT).columns(&["subject"]).is("ci", ci).is("role", role.as_str());
    Condition::Among("id", Box::new(subjects))
}

impl IncidentFilter {
    fn conditions(&self) -> Vec<Condition> {
        [
            self.domain.as_ref().map(|domain| Condition::Is("domain", domain.into())),
            any_of("state", self.states.iter().map(|state| state.as_str())),
            any_of("priority", self.priorities.iter().map(|priority| *priority as i64)),
            self.service.as_ref().map(|service| about(Role::Service, service)),
            self.ci.as_ref().map(|ci| about(Role::Item, ci)),
            self.team.as_deref().map(|team| Condition::Is("team", team.into())),
            self.problem.map(|problem| Condition::Is("problem", problem.into())),
            self.parent.map(|parent| Condition::Is("parent", parent.into())),
            contains("search", self.q.as_deref()),
        ]
        .into_iter()
        .flatten()
        .chain(within("opened_at", self.from, self.to))
        .collect()
    }
}

impl SeenBefore {
    /// Those that agree in both come by themselves: among many with the same cause, the newest may all have had other
    /// complaints.
    fn questions(&self) -> Vec<Select> {
        let earlier = || {
            Select::from(&RECURRENCE)
                .is("domain", &self.domain)
                .with(Condition::Less("opened_at", self.before.into()))
                .newest(&["opened_at", "incident"])
                .limit(SIMILAR_LOOKED_AT_MAX)
        };
        let mut questions = vec![earlier().is("signature", &*self.signature)];
        if let Some(ci) = &self.ci {
            questions.push(earlier().is("ci", ci));
            questions.push(earlier().is("ci", ci).is("signature", &*self.signature));
        }
        questions
    }
}

impl ProblemFilter {
    fn conditions(&self) -> impl Iterator<Item = Condition> {
        [
            self.domain.as_ref().map(|domain| Condition::Is("domain", domain.into())),
            any_of("state", self.states.iter().map(|state| state.as_str())),
            self.ci.as_ref().map(|ci| Condition::Is("ci", ci.into())),
            contains("search", self.q.as_deref()),
        ]
        .into_iter()
        .flatten()
    }
}

impl Store {
    /// Incidents, those opened last first.
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
        request: &PageRequest,
    ) -> Result<Page<Incident>, StoreError> {
        let select =
            Select::from(&INCIDENT).columns(INCIDENT_LINE).with_any(filter.conditions()).newest(&["opened_at", "id"]);
        page(&mut self.reading().await?, select, request, incident_from).await
    }

    /// Incidents of which any of these changes is a suspect, by id.
    pub async fn incidents_suspecting(&self, changes: &[ChangeId]) -> Result<Vec<Incident>, StoreError> {
        let names = changes.iter().map(ToString::to_string);
        let subjects = Select::from(&ABOUT).columns(&["subject"]).is("role", Role::Change.as_str()).any_of("ci", names);
        let among = Condition::Among("id", Box::new(subjects));
        let select = Select::from(&INCIDENT).columns(INCIDENT_LINE).with(among).ordered(&["id"]);
        self.reading().await?.all(select, incident_from).await
    }

    /// How many incidents a filter finds.
    pub async fn count_incidents(&self, filter: &IncidentFilter) -> Result<u64, StoreError> {
        self.reading().await?.count(Select::from(&INCIDENT).with_any(filter.conditions())).await
    }

    pub async fn incident(&self, key: IncidentKey) -> Result<Option<Incident>, StoreError> {
        let select = match key {
            IncidentKey::Id(id) => Select::one(&INCIDENT, [id.into()]),
            IncidentKey::Number(number) => Select::from(&INCIDENT).is("number", number),
        };
        Ok(self.reading().await?.all(select, incident_from).await?.pop())
    }

    /// Those of the incidents that there are, by id.
    pub async fn incidents_by_id(&self, ids: &[IncidentId]) -> Result<Vec<Incident>, StoreError> {
        let select = Select::from(&INCIDENT).columns(INCIDENT_LINE).any_of("id", ids.iter().copied());
        self.reading().await?.all(select, incident_from).await
    }

    /// Every incident of which any instant may lie in the interval, by id: what a report counts from.
    pub async fn incidents_touching(&self, interval: Interval) -> Result<Vec<Incident>, StoreError> {
        let mut reading = self.reading().await?;
        let begun =
            || Select::from(&INCIDENT).columns(INCIDENT_LINE).with(Condition::Less("opened_at", interval.end().into()));
        let ended = begun().with(Condition::AtLeast("until", interval.start().into())).ordered(&["until", "id"]);
        let mut incidents = reading.all(begun().with(Condition::Null("until")), incident_from).await?;
        incidents.extend(reading.all(ended, incident_from).await?);
        incidents.sort_by_key(|incident| incident.id);
        Ok(incidents)
    }

    /// Incidents that are declared major, those opened last first; or only those that still owe a review, or an action of
    /// it. A page may hold fewer than it is of: of some the declaration was taken back.
    pub async fn major_incidents(&self, owed: bool, request: &PageRequest) -> Result<Page<Incident>, StoreError> {
        let mut reading = self.reading().await?;
        let only = owed.then_some(Condition::Flag("owed", true));
        let select = Select::from(&REVIEW).with_any(only).newest(&["opened_at", "incident"]);
        let listed = page(&mut reading, select, request, |row| Cells::new(&REVIEW, row).take::<IncidentId>()).await?;
        let rows = Select::from(&INCIDENT).columns(INCIDENT_LINE).any_of("id", listed.items);
        let mut items = reading.all(rows, incident_from).await?;
        items.retain(|incident| incident.major == Major::Declared && incident.merged_into.is_none());
        items.sort_by_key(|incident| std::cmp::Reverse((incident.opened_at, incident.id)));
        Ok(Page { items, next: listed.next })
    }

    /// Past incidents as they count towards what recurs, opened before an instant, that had this cause, these complaints,
    /// or both: of each kind the newest [`SIMILAR_LOOKED_AT_MAX`], all by incident. However many there are, each kind is
    /// one walk of an index.
    pub async fn seen_before(&self, asked: &SeenBefore) -> Result<Vec<Recurrence>, StoreError> {
        let mut reading = self.reading().await?;
        let mut found = BTreeSet::new();
        for select in asked.questions() {
            let seen = reading.all(select, recurrence_from).await?;
            found.extend(seen.into_iter().map(|(_, seen)| (seen.incident, seen)));
        }
        Ok(found.into_iter().map(|(_, seen)| seen).collect())
    }

    /// The alerts of an incident, by id.
    pub async fn members(&self, incident: IncidentId) -> Result<Vec<Member>, StoreError> {
        let mut members: BTreeMap<AlertId, Vec<EpisodeId>> = BTreeMap::new();
        for episode in self.episodes_of_incidents(&[incident]).await? {
            members.entry(episode.alert).or_default().push(episode.id);
        }
        Ok(members.into_iter().map(|(alert, episodes)| Member { alert, episodes }).collect())
    }

    /// Every episode in any of these incidents, oldest first.
    pub async fn episodes_of_incidents(&self, incidents: &[IncidentId]) -> Result<Vec<EpisodeRecord>, StoreError> {
        let select = Select::from(&EPISODE).any_of("incident", incidents.iter().copied());
        in_order(&mut self.reading().await?, select).await
    }

    /// Every episode in this incident as the engine had it, by alert; at most so many.
    pub async fn whole_episodes_of_incident(
        &self,
        incident: IncidentId,
        limit: usize,
    ) -> Result<Vec<KnownEpisode>, StoreError> {
        let select = Select::from(&EPISODE).is("incident", incident).limit(limit);
        self.reading().await?.all(select, known_episode_from).await
    }

    /// Problems, those opened last first.
    pub async fn problems(&self, filter: &ProblemFilter, request: &PageRequest) -> Result<Page<Problem>, StoreError> {
        let select = Select::from(&PROBLEM).with_any(filter.conditions()).newest(&["opened_at", "id"]);
        page(&mut self.reading().await?, select, request, problem_from).await
    }

    pub async fn problem(&self, key: ProblemKey) -> Result<Option<Problem>, StoreError> {
        let select = match key {
            ProblemKey::Id(id) => Select::one(&PROBLEM, [id.into()]),
            ProblemKey::Number(number) => Select::from(&PROBLEM).is("number", number),
        };
        Ok(self.reading().await?.all(select, problem_from).await?.pop())
    }

    /// Outages by service, each service's oldest first.
    pub async fn outages(&self, filter: &OutageFilter, request: &PageRequest) -> Result<Page<Outage>, StoreError> {
        let overlap = filter.overlapping.map(|interval| super::overlapping("start", "stop", interval));
        let select = Select::from(&OUTAGE)
            .with_any(any_of("service", &filter.services))
            .with_any(overlap.into_iter().flatten())
            .ordered(&["service", "start", "id"]);
        page(&mut self.reading().await?, select, request, outage_from).await
    }

    /// The last outages of one service, so many at most, the newest first.
    pub async fn newest_outages(
        &self,
        service: &CiId,
        overlapping: Interval,
        limit: usize,
    ) -> Result<Vec<Outage>, StoreError> {
        let overlap = super::overlapping("start", "stop", overlapping);
        let select = Select::from(&OUTAGE).is("service", service).with_any(overlap);
        self.reading().await?.all(select.newest(&["service", "start", "id"]).limit(limit), outage_from).await
    }

    pub async fn outage(&self, id: OutageId) -> Result<Option<Outage>, StoreError> {
        Ok(self.reading().await?.all(Select::one(&OUTAGE, [id.into()]), outage_from).await?.pop())
    }

    /// The domain that sees an outage.
    pub async fn domain_of_outage(&self, id: OutageId) -> Result<Option<Domain>, StoreError> {
        let found = self.reading().await?.all(Select::one(&OUTAGE, [id.into()]), outage_of_domain).await?;
        Ok(found.into_iter().next().map(|(domain, _)| domain))
    }

    /// Every outage, of every service, that overlaps the interval: by service, each service's oldest first.
    pub async fn outages_overlapping(&self, interval: Interval) -> Result<Vec<Outage>, StoreError> {
        let mut reading = self.reading().await?;
        let begun = || Select::from(&OUTAGE).columns(OUTAGE_LINE).with(Condition::Less("start", interval.end().into()));
        let just_after_start = interval.start() + Span::MICROSECOND;
        let ended = begun().with(Condition::AtLeast("stop", just_after_start.into())).ordered(&["stop", "id"]);
        let mut services: FixedMap<CiId, Vec<Outage>> = FixedMap::new();
        for select in [begun().with(Condition::Null("stop")), ended] {
            for row in reading.select(select).await? {
                let outage = outage_from(&row)?;
                services.get_or_insert_with(outage.service.clone(), Vec::new).push(outage);
            }
        }
        let mut outages = Vec::new();
        for (_, of_service) in services.sorted() {
            let first = outages.len();
            outages.extend_from_slice(of_service);
            outages[first..].sort_by_key(|outage: &Outage| (outage.from, outage.id));
        }
        Ok(outages)
    }
}
