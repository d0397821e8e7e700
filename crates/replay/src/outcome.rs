//! What one way of deciding made of a recording: which events it holds together, and what it says caused them. What
//! scores and comparisons read.

use std::collections::BTreeMap;

use model::incident::{Cause, Confidence, number_text};
use model::{AlertId, CiId, Incident, IncidentId, Timestamp};
use store::{AlertFilter, EpisodeRecord, IncidentFilter, Store, StoreError};

use crate::output::every;
use crate::player::{Line, Replayed};

/// What was decided of every event of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Of each event, in order, the place in `incidents` of what holds its episode in the end; `None` where it counts
    /// for nothing.
    pub incident_of: Vec<Option<usize>>,
    /// Which events said that something fires: a clear says nothing of what belongs together.
    pub firing: Vec<bool>,
    pub incidents: Vec<Decided>,
    /// Messages to people.
    pub told: u64,
}

/// One incident, as far as two ways of deciding are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What people call it.
    pub number: String,
    pub title: String,
    pub opened_at: Timestamp,
    pub priority: String,
    /// Best first.
    pub causes: Vec<Named>,
}

/// An item as the cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub ci: CiId,
    /// `high`, `medium` or `low`; `None` where the way of deciding has no such word.
    pub confidence: Option<Confidence>,
}

impl Outcome {
    /// What the engine made of it, merges followed.
    pub async fn read(store: &Store, replayed: &Replayed) -> Result<Outcome, StoreError> {
        let alerts = every(async |page| store.alerts(&AlertFilter::default(), &page).await).await?;
        let episodes = episodes_by_alert(store, alerts.iter().map(|alert| alert.id)).await?;
        let incidents = every(async |page| store.incidents(&IncidentFilter::default(), &page).await).await?;
        let holder = |line: &Line| {
            let of_alert = episodes.get(&line.alert?)?;
            episode_of(of_alert, line.instant, line.resolved)?.incident
        };
        let firing = replayed.lines.iter().map(|line| line.alert.is_some() && !line.resolved).collect();
        Ok(Outcome { told: replayed.told, ..Outcome::of(replayed.lines.iter().map(holder), firing, &incidents) })
    }

    /// Of events by the incidents that hold them.
    pub fn of(holders: impl Iterator<Item = Option<IncidentId>>, firing: Vec<bool>, incidents: &[Incident]) -> Outcome {
        let survivors = Survivors::of(incidents);
        let grouping = |incident: &&Incident| incident.merged_into.is_none() && !incident.storm;
        let mut kept: Vec<&Incident> = incidents.iter().filter(grouping).collect();
        kept.sort_by_key(|incident| incident.number);
        let places: BTreeMap<IncidentId, usize> =
            kept.iter().enumerate().map(|(place, incident)| (incident.id, place)).collect();
        let place = |holder: Option<IncidentId>| places.get(&survivors.of_incident(holder?)).copied();
        Outcome {
            incident_of: holders.map(place).collect(),
            firing,
            incidents: kept.into_iter().map(Decided::of).collect(),
            told: 0,
        }
    }

    /// Without the incidents that hold no event.
    pub(crate) fn of_what_is_held(mut self) -> Outcome {
        let held = self.events_of();
        let mut places = held.iter().scan(0, |next, events| {
            let place = *next;
            *next += usize::from(!events.is_empty());
            Some(place)
        });
        let places: Vec<usize> = places.by_ref().collect();
        let mut kept = held.iter().map(|events| !events.is_empty());
        self.incidents.retain(|_| kept.next().unwrap_or(true));
        for incident in self.incident_of.iter_mut().flatten() {
            *incident = places.get(*incident).copied().unwrap_or(*incident);
        }
        self
    }

    /// The events of each incident, by their places.
    pub fn events_of(&self) -> Vec<Vec<usize>> {
        let mut events = vec![Vec::new(); self.incidents.len()];
        for (event, incident) in self.incident_of.iter().enumerate() {
            if let Some(held) = incident.and_then(|incident| events.get_mut(incident)) {
                held.push(event);
            }
        }
        events
    }
}

impl Decided {
    fn of(incident: &Incident) -> Decided {
        let named = |cause: &Cause| Named { ci: cause.ci.clone(), confidence: Some(cause.confidence) };
        Decided {
            number: incident.number.map_or_else(|| incident.id.to_string(), number_text),
            title: incident.title.to_string(),
            opened_at: incident.opened_at,
            priority: incident.priority.as_str().to_owned(),
            causes: incident.causes.iter().map(named).collect(),
        }
    }
}

/// Which incident is left of one that was merged.
pub(crate) struct Survivors(BTreeMap<IncidentId, IncidentId>);

impl Survivors {
    pub(crate) fn of(incidents: &[Incident]) -> Survivors {
        Survivors(incidents.iter().filter_map(|incident| Some((incident.id, incident.merged_into?))).collect())
    }

    pub(crate) fn of_incident(&self, mut id: IncidentId) -> IncidentId {
        while let Some(into) = self.0.get(&id) {
            id = *into;
        }
        id
    }
}

pub(crate) async fn episodes_by_alert(
    store: &Store,
    alerts: impl Iterator<Item = AlertId>,
) -> Result<BTreeMap<AlertId, Vec<EpisodeRecord>>, StoreError> {
    let mut episodes = BTreeMap::new();
    for alert in alerts {
        episodes.insert(alert, store.episodes_of_alert(alert).await?);
    }
    Ok(episodes)
}

/// The episode that an instant belongs to: for a clear the one that it may have ended, for a firing the one it may have
/// begun; where it lies in none (a clear of nothing, a firing of the past), the nearest.
pub(crate) fn episode_of(episodes: &[EpisodeRecord], at: Timestamp, resolved: bool) -> Option<&EpisodeRecord> {
    let distance = |episode: &EpisodeRecord| {
        let end = episode.end.unwrap_or(Timestamp::MAX);
        let outside = (episode.start - at).max(at - end).micros().max(0);
        let edge = if resolved { episode.end == Some(at) } else { episode.start == at };
        (outside, !edge, episode.start)
    };
    episodes.iter().min_by_key(|episode| distance(episode))
}
