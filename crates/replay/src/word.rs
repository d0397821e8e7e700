//! What people said of a store's incidents, as a truth: what they merged and took apart, causes they confirmed and
//! rejected, false positives. docs/contract.md section 7.
//!
//! Judged are only pairs of episodes of which a person moved one, and only where what the person did still stands: that
//! people left the rest alone says nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use model::alert::Episode;
use model::command::IncidentAction;
use model::incident::Verdict;
use model::{AlertId, Incident, IncidentId, Timestamp};

use crate::history::{History, Rebuilt, action_of};
use crate::outcome::{Outcome, Survivors};
use crate::score::{CauseScore, causes};
use crate::truth::Truth;

/// People's word on events, which are named by their places in what was rebuilt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pairs: Vec<Pairs>,
    confirmed: Truth,
    rejected: Truth,
    /// The events of each incident that a person said was none.
    false_alarms: Vec<Vec<usize>>,
}

/// Every event of the one side with every one of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pairs {
    together: bool,
    one: Vec<usize>,
    other: Vec<usize>,
}

/// How well a way of deciding agrees with people's word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WordScore {
    pub together: u64,
    pub together_kept: u64,
    pub apart: u64,
    pub apart_kept: u64,
    /// Incidents with a cause that people confirmed.
    pub causes: CauseScore,
    /// Incidents with causes that people rejected, and those of them where one is named first.
    pub rejected: usize,
    pub rejected_named_first: usize,
    /// Incidents that people said were none, and those of them of which something is in an incident.
    pub false_alarms: usize,
    pub false_alarms_opened: usize,
}

impl WordScore {
    /// The share of judged pairs that are as people said; `None` where none was judged.
    pub fn agreement(&self) -> Option<f64> {
        share(self.together_kept + self.apart_kept, self.together + self.apart)
    }

    /// Of the judged pairs that are joined, those that people want together.
    pub fn precision(&self) -> Option<f64> {
        share(self.together_kept, self.together_kept + self.apart - self.apart_kept)
    }

    /// Of the judged pairs that people want together, those that are joined.
    pub fn recall(&self) -> Option<f64> {
        share(self.together_kept, self.together)
    }

    /// `None` where people never said that anything belongs together.
    pub fn f1(&self) -> Option<f64> {
        let wrong = self.together - self.together_kept + self.apart - self.apart_kept;
        share(2 * self.together_kept, 2 * self.together_kept + wrong).filter(|_| self.together > 0)
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

impl Word {
    pub fn of(history: &History, rebuilt: &Rebuilt) -> Word {
        let survivors = history.survivors();
        let mut members: BTreeMap<IncidentId, Vec<Member<'_>>> = BTreeMap::new();
        for (alert, episode) in history.episodes() {
            let event = rebuilt.first.get(&(alert, episode.id));
            if let (Some(incident), Some(event)) = (episode.incident, event) {
                let member = Member { alert, episode, event: *event };
                members.entry(survivors.of_incident(incident)).or_default().push(member);
            }
        }
        let said = Said { history, survivors, members };
        let mut word = Word { pairs: said.pairs(), ..Word::default() };
        for incident in history.incidents.iter().filter(|incident| incident.merged_into.is_none()) {
            said.on_incident(incident, &mut word);
        }
        word
    }

    pub fn score(&self, outcome: &Outcome) -> WordScore {
        let rejected = causes(outcome, &self.rejected);
        let mut score = WordScore {
            causes: causes(outcome, &self.confirmed),
            rejected: rejected.incidents,
            rejected_named_first: (rejected.top_1 * rejected.incidents as f64).round() as usize,
            false_alarms: self.false_alarms.len(),
            ..WordScore::default()
        };
        for pairs in &self.pairs {
            let all = (pairs.one.len() * pairs.other.len()) as u64;
            let joined = joined(outcome, pairs);
            if pairs.together {
                score.together += all;
                score.together_kept += joined;
            } else {
                score.apart += all;
                score.apart_kept += all - joined;
            }
        }
        let opened = |events: &&Vec<usize>| events.iter().any(|event| incident_of(outcome, *event).is_some());
        score.false_alarms_opened = self.false_alarms.iter().filter(opened).count();
        score
    }
}

fn incident_of(outcome: &Outcome, event: usize) -> Option<usize> {
    outcome.incident_of.get(event).copied().flatten()
}

/// What is in no incident stands alone.
fn joined(outcome: &Outcome, pairs: &Pairs) -> u64 {
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    for incident in pairs.one.iter().filter_map(|event| incident_of(outcome, *event)) {
        *counts.entry(incident).or_default() += 1;
    }
    let others = pairs.other.iter().filter_map(|event| incident_of(outcome, *event));
    others.map(|incident| counts.get(&incident).copied().unwrap_or(0)).sum()
}

#[derive(Clone, Copy)]
struct Member<'h> {
    alert: AlertId,
    episode: &'h Episode,
    event: usize,
}

struct Said<'h> {
    history: &'h History,
    survivors: Survivors,
    /// Of what each incident is now.
    members: BTreeMap<IncidentId, Vec<Member<'h>>>,
}

impl Said<'_> {
    fn pairs(&self) -> Vec<Pairs> {
        let mut pairs = Vec::new();
        for line in &self.history.audit {
            let Some((id, action)) = action_of(line) else { continue };
            let at = line.entry.at;
            match action {
                IncidentAction::Merge { into } => pairs.push(self.merged(id, into, at)),
                IncidentAction::Unlink { alert } => pairs.extend(self.parted(id, &[alert], at)),
                IncidentAction::Split { alerts } => pairs.extend(self.parted(id, &alerts, at)),
                _ => {}
            }
        }
        pairs.retain(|pairs| !pairs.one.is_empty() && !pairs.other.is_empty());
        pairs
    }

    /// What the one held with what the other did, as far as both are in one incident still.
    fn merged(&self, gone: IncidentId, into: IncidentId, at: Timestamp) -> Pairs {
        let survivor = self.survivors.of_incident(into);
        let of_gone = self.of_gone(gone);
        let still = self.survivors.of_incident(gone) == survivor;
        let known = self.known(survivor, at).filter(|_| still);
        let (one, other): (Vec<Member<'_>>, Vec<_>) = known.partition(|member| of_gone.contains(&member.alert));
        Pairs { together: true, one: events(&one), other: events(&other) }
    }

    /// The alerts that joined an incident before it was merged, and the one that opened it.
    fn of_gone(&self, gone: IncidentId) -> BTreeSet<AlertId> {
        let mut alerts = self.history.merged.get(&gone).cloned().unwrap_or_default();
        let opened_at = self.history.incidents.iter().find(|incident| incident.id == gone).map(|gone| gone.opened_at);
        let now = self.members.get(&self.survivors.of_incident(gone)).into_iter().flatten();
        let opened = |member: &&Member<'_>| {
            let evidence = member.episode.joining.as_ref().map(|joining| &joining.evidence);
            let opened = matches!(evidence, Some(model::reason::Evidence::Opened));
            opened && Some(member.episode.first_received_at) == opened_at
        };
        alerts.extend(now.filter(opened).map(|member| member.alert));
        alerts
    }

    /// What was taken out with what was left, as far as it is not in one incident again; and what was split off together
    /// with each other.
    fn parted(&self, from: IncidentId, alerts: &[AlertId], at: Timestamp) -> Vec<Pairs> {
        let left = self.survivors.of_incident(from);
        let taken = self.members.iter().filter(|(holder, _)| **holder != left).map(|(_, members)| {
            let taken = members
                .iter()
                .filter(|member| member.episode.unlinked_from == Some(from) && alerts.contains(&member.alert));
            taken.map(|member| member.event).collect::<Vec<usize>>()
        });
        let taken: Vec<Vec<usize>> = taken.filter(|events| !events.is_empty()).collect();
        let known: Vec<Member<'_>> = self.known(left, at).collect();
        let left = events(&known);
        let apart = Pairs { together: false, one: taken.iter().flatten().copied().collect(), other: left };
        let together = taken.iter().flat_map(|events| {
            events.iter().enumerate().map(|(place, event)| Pairs {
                together: true,
                one: vec![*event],
                other: events.iter().skip(place + 1).copied().collect(),
            })
        });
        let together: Vec<Pairs> = together.filter(|_| alerts.len() > 1).collect();
        std::iter::once(apart).chain(together).collect()
    }

    /// What an incident holds that was heard by an instant.
    fn known(&self, incident: IncidentId, at: Timestamp) -> impl Iterator<Item = Member<'_>> {
        let members = self.members.get(&incident).into_iter().flatten().copied();
        members.filter(move |member| member.episode.first_received_at <= at)
    }

    fn on_incident(&self, incident: &Incident, word: &mut Word) {
        let Some(members) = self.members.get(&incident.id) else { return };
        let label = incident.label();
        for (verdict, truth) in [(Verdict::Confirmed, &mut word.confirmed), (Verdict::Rejected, &mut word.rejected)] {
            let said = incident.causes.iter().filter(|cause| cause.verdict == Some(verdict));
            let items: Vec<String> = said.map(|cause| cause.ci.as_str().to_owned()).collect();
            if !items.is_empty() {
                truth.incident_of.extend(members.iter().map(|member| (member.event as u64, label.clone())));
                truth.causes_of.insert(label.clone(), items);
            }
        }
        if incident.false_positive.is_some() {
            word.false_alarms.push(events(members));
        }
    }
}

fn events(members: &[Member<'_>]) -> Vec<usize> {
    members.iter().map(|member| member.event).collect()
}
