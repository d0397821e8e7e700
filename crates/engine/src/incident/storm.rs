//! Storms: where so many incidents open at once, people are told of one, their parent, and of the gravest of them.
//!
//! The parent has no alerts of its own. It lasts as long as any of its incidents does, and is as urgent as the most
//! urgent of them.

use std::collections::BTreeMap;

use model::incident::{Incident, Major, Priority};
use model::text::counted;
use model::{IncidentId, Reason, Span, Timestamp};

use super::facts::Facts;
use super::open::blank;
use crate::desk::Desk;
use crate::policy::StormPolicy;
use crate::timer::Timer;

/// What is graver, or as grave, is told storm or not; so is what a person declared major.
const TOLD_ALL_THE_SAME: Priority = Priority::P2;

impl Desk<'_> {
    /// An incident has opened by itself: it may be one too many, or of a storm under way.
    pub(super) fn note_storm(&mut self, id: IncidentId) {
        let Some(policy) = self.policy_of(id).storm else { return };
        if let Some(parent) = self.storm_under_way(policy) {
            return self.shelter(id, parent);
        }
        let lately = self.state.openings.since(self.ago(policy.within), self.now);
        let of_storm: Vec<IncidentId> = lately.filter(|id| self.may_be_of_storm(*id)).collect();
        if of_storm.len() >= policy.incidents
            && let Some(parent) = self.open_storm(id, of_storm.len(), policy)
        {
            of_storm.into_iter().for_each(|child| self.shelter(child, parent));
        }
    }

    /// What people opened, what is left over of another, what is over, and what its pipeline keeps out, is of no storm.
    fn may_be_of_storm(&self, id: IncidentId) -> bool {
        let Some(incident) = self.state.incidents.get(&id).filter(|_| self.policy_of(id).storm.is_some()) else {
            return false;
        };
        let declared = incident.major == Major::Declared;
        incident.is_open()
            && !incident.by_hand
            && !declared
            && incident.parent.is_none()
            && incident.residual_of.is_none()
    }

    /// The storm that goes on: something of it lasts, and its last incident opened not long ago.
    fn storm_under_way(&self, policy: StormPolicy) -> Option<IncidentId> {
        let storm = self.state.incidents.get(&self.state.storm?)?;
        let last = storm.clocks.newest_received_at.unwrap_or(storm.opened_at);
        let lasts = storm.is_open() && storm.restored_at.is_none() && self.now - last <= policy.within;
        lasts.then_some(storm.id)
    }

    fn open_storm(&mut self, by: IncidentId, incidents: usize, policy: StormPolicy) -> Option<IncidentId> {
        let now = self.now;
        let id = IncidentId::derive(|hash| {
            hash.text("storm").bytes(&by.bytes());
        });
        let trigger = self.state.incidents.get(&by).filter(|_| !self.state.incidents.contains_key(&id))?;
        let mut storm = blank(id, trigger.pipeline.clone(), now);
        storm.domain = self.state.domain.clone();
        storm.topology_version = self.graph().version();
        storm.storm = true;
        let tell_at = now + self.pipeline(&storm.pipeline).group_wait_critical;
        storm.clocks.tell_at = Some(tell_at);
        self.state.incidents.insert(id, storm);
        self.state.members.entry(id).or_default();
        self.state.timers.set(tell_at, Timer::Tell(id));
        self.state.storm = Some(id);
        self.decide_incident(id, Reason::StormBegan { incidents: incidents as u32, within: policy.within });
        Some(id)
    }

    fn shelter(&mut self, child: IncidentId, parent: IncidentId) {
        let opened = self.state.incidents.get(&child).map(|child| child.opened_at);
        if let Some(incident) = self.incident_mut(child) {
            incident.parent = Some(parent);
        }
        if let Some(storm) = self.incident_mut(parent) {
            storm.clocks.newest_received_at = storm.clocks.newest_received_at.max(opened);
        }
        self.unsettle_storm_of(child);
        self.decide_incident(child, Reason::OfStorm { parent });
    }

    /// Whether people hear of it by its storm alone, for as long as that is open.
    pub(super) fn is_sheltered(&self, incident: &Incident) -> bool {
        let storm = incident.parent.and_then(|parent| self.state.incidents.get(&parent));
        let quiet = incident.priority > TOLD_ALL_THE_SAME && incident.major != Major::Declared;
        quiet && storm.is_some_and(|storm| storm.storm && storm.is_open())
    }

    /// A storm is over for people, and what it kept quiet goes on: nothing else may ever happen to that.
    pub(super) fn unsettle_sheltered(&mut self, storm: IncidentId) {
        let Some(sheltered) = self.state.sheltered.get(&storm) else { return };
        let lasting = sheltered.said.iter().filter(|(_, said)| said.lasts).map(|(child, _)| *child);
        self.state.touched.unsettled.extend(lasting);
    }

    /// What its incidents say together. Once resolved it stays so: what comes after is another storm, or none.
    pub(super) fn facts_of_storm(&self, id: IncidentId) -> Facts {
        let Some(sheltered) = self.state.sheltered.get(&id) else { return Facts::default() };
        let open = self.state.incidents.get(&id).is_some_and(|storm| storm.resolved_at.is_none());
        let mut facts = Facts {
            active: open && sheltered.lasting > 0,
            members: sheltered.said.len(),
            started_at: sheltered.started_at,
            detected_at: sheltered.detected_at,
            ..Facts::default()
        };
        // While one lasts it is not over, whoever ended the storm.
        if !facts.active && sheltered.lasting == 0 {
            for child in sheltered.said.keys().filter_map(|id| self.state.incidents.get(id)) {
                facts.ended_at = facts.ended_at.max(child.restored_at);
                facts.cleared_received_at =
                    facts.cleared_received_at.max(child.clocks.cleared_received_at.or(child.resolved_at));
            }
            let resolved = self.state.incidents.get(&id).and_then(|storm| storm.resolved_at);
            facts.ended_at = facts.ended_at.map(|ended| resolved.map_or(ended, |resolved| ended.min(resolved)));
        }
        facts
    }

    /// How many of its incidents last.
    pub(super) fn lasting_in(&self, storm: IncidentId) -> usize {
        self.state.sheltered.get(&storm).map_or(0, |sheltered| sheltered.lasting)
    }

    /// As urgent as the most urgent of them, and titled by how many they are.
    pub(super) fn weigh_storm(&mut self, id: IncidentId) {
        let Some(sheltered) = self.state.sheltered.get(&id) else { return };
        let (all, grave, worst) = (sheltered.said.len(), sheltered.grave, sheltered.worst);
        let Some(storm) = self.state.incidents.get_mut(&id) else { return };
        if let Some((priority, impact, urgency)) = worst {
            storm.impact = storm.impact.min(impact);
            storm.urgency = storm.urgency.min(urgency);
            if storm.priority_by.is_none() {
                storm.priority = storm.priority.min(priority);
            }
        }
        if storm.title_by.is_none() && storm.restored_at.is_none() {
            let grave = match grave {
                0 => "none of them P1 or P2".to_owned(),
                grave => format!("{grave} of them P1 or P2"),
            };
            let since = storm.started_at.micros() - storm.started_at.micros().rem_euclid(Span::SECOND.micros());
            let since = Timestamp::from_micros(since);
            storm.title = format!("Storm: {} since {since}, {grave}", counted(all, "incident")).into();
        }
    }

    /// An incident of a storm may have changed: where what it says to its storm has, that is looked at again.
    pub(crate) fn unsettle_storm_of(&mut self, id: IncidentId) {
        let Some(child) = self.state.incidents.get(&id) else { return };
        // A storm that is forgotten has nothing to hear any more.
        let Some(parent) = child.parent.filter(|parent| self.state.incidents.contains_key(parent)) else { return };
        if self.state.sheltered.entry(parent).or_default().hear(child) {
            self.state.touched.unsettled.insert(parent);
        }
    }

    /// The one under way is the one that began last.
    pub(crate) fn restore_storms(&mut self) {
        let incidents = self.state.incidents.values();
        let storms = incidents.clone().filter(|incident| incident.storm);
        self.state.storm = storms.max_by_key(|storm| (storm.opened_at, storm.id)).map(|storm| storm.id);
        let mut sheltered: BTreeMap<IncidentId, Sheltered> = BTreeMap::new();
        let kept = |parent: &IncidentId| self.state.incidents.contains_key(parent);
        for (child, parent) in incidents.filter_map(|child| Some((child, child.parent.filter(kept)?))) {
            sheltered.entry(parent).or_default().hear(child);
        }
        self.state.sheltered = sheltered;
    }
}

/// The incidents of a storm, and what they say together: kept as they change, for they may be thousands.
#[derive(Debug, Default)]
pub(crate) struct Sheltered {
    said: BTreeMap<IncidentId, Said>,
    lasting: usize,
    grave: usize,
    /// The most urgent that any was.
    worst: Option<(Priority, u8, u8)>,
    started_at: Option<Timestamp>,
    detected_at: Option<Timestamp>,
}

/// What one incident says to its storm.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Said {
    lasts: bool,
    grave: bool,
    started_at: Timestamp,
    detected_at: Timestamp,
    urgency: (Priority, u8, u8),
}

impl Sheltered {
    /// Whether it says something else than before. What is merged away says nothing.
    fn hear(&mut self, child: &Incident) -> bool {
        let said = child.merged_into.is_none().then(|| Said {
            lasts: child.is_open() && child.restored_at.is_none(),
            grave: child.priority <= TOLD_ALL_THE_SAME,
            started_at: child.started_at,
            detected_at: child.detected_at,
            urgency: (child.priority, child.impact, child.urgency),
        });
        let before = match said {
            Some(said) => self.said.insert(child.id, said),
            None => self.said.remove(&child.id),
        };
        if before == said {
            return false;
        }
        if let Some(before) = before {
            self.lasting -= usize::from(before.lasts);
            self.grave -= usize::from(before.grave);
        }
        if let Some(said) = said {
            self.lasting += usize::from(said.lasts);
            self.grave += usize::from(said.grave);
            self.worst = Some(self.worst.map_or(said.urgency, |worst| worst.min(said.urgency)));
            self.started_at = earliest(self.started_at, said.started_at);
            self.detected_at = earliest(self.detected_at, said.detected_at);
        }
        true
    }

    pub(super) fn forget(&mut self, child: IncidentId) {
        if let Some(said) = self.said.remove(&child) {
            self.lasting -= usize::from(said.lasts);
            self.grave -= usize::from(said.grave);
        }
    }
}

fn earliest(known: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(known.map_or(at, |known| known.min(at)))
}
