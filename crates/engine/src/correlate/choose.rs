//! Where a new episode belongs: its own alert's incident, what a rule says, what explains it, what it is tied to best —
//! or an incident of its own.

use model::alert::{Alert, Episode};
use model::incident::Incident;
use model::outage::ItemState;
use model::reason::{Evidence, Joining, MissedBecause, NearMiss};
use model::step::Subject;
use model::{AlertId, IncidentId, Reason, Span, Timestamp, limits};

use super::related::{Link, Tie};
use super::weigh;
use crate::desk::Desk;
use crate::policy::{Anchor, Pipeline, Rule};
use crate::state::Member;
use crate::suppress::{field, matches};

/// What the search for an incident found.
struct Found {
    incident: IncidentId,
    evidence: Evidence,
    score: u32,
    silently: bool,
}

/// An incident that ties point to, judged.
struct Candidate {
    incident: IncidentId,
    tie: Tie,
    score: u32,
    missed: Option<MissedBecause>,
}

impl Desk<'_> {
    /// A counting episode that no incident holds: suppressed, joined or the first of a new incident. `[I5]`
    pub(crate) fn admit(&mut self, member: Member) {
        let Some((alert, episode)) = self.episode(member) else { return };
        if !episode.counts() || episode.incident.is_some() {
            return;
        }
        if episode.is_open()
            && let Some(by) = self.suppression(alert, episode)
        {
            self.suppress(member, by);
            return;
        }
        let pipeline = self.pipeline(&alert.pipeline);
        let own = self.own_incident(alert, episode, pipeline);
        // Where its own alert has it is settled; which other incidents are one with that is not.
        let mut candidates = own.as_ref().map(|_| self.candidates(alert, episode)).unwrap_or_default();
        let found = own
            .or_else(|| self.inhibiting(alert, episode, pipeline))
            .or_else(|| self.by_rule(alert, episode, pipeline))
            .or_else(|| {
                candidates = self.candidates(alert, episode);
                self.best(alert, episode, &candidates)
            });
        // What was in an incident before has begun before, and been learned from; what stands apart teaches nothing.
        let again = self.stands_apart(alert, pipeline)
            || episode.joining.is_some()
            || matches!(&found, Some(Found { evidence: Evidence::SameAlert, .. }));
        match found {
            Some(found) => self.join_found(member, found, &candidates),
            None => {
                let rule = self.rule_key(alert, pipeline).map(|(_, key)| key);
                let joining = Joining {
                    evidence: Evidence::Opened,
                    score: 0,
                    silently: false,
                    near_misses: near_misses(&candidates, None),
                };
                self.open_incident(member, joining, rule);
            }
        }
        if !again {
            self.learn(member);
        }
    }

    fn join_found(&mut self, member: Member, found: Found, candidates: &[Candidate]) {
        // By its own alert it needs no reason why no other.
        let near_misses = match found.evidence {
            Evidence::SameAlert => Vec::new(),
            _ => near_misses(candidates, Some(found.incident)),
        };
        let joining = Joining { evidence: found.evidence, score: found.score, silently: found.silently, near_misses };
        self.decide(
            Subject::Incident(found.incident),
            Reason::EpisodeJoined { alert: member.0, joining: joining.clone() },
        );
        self.attach(member, found.incident, joining);
        // Its own alert may have brought it where no tie would have.
        let joinable = |candidate: &&Candidate| candidate.missed.is_none();
        let tied = candidates.iter().filter(joinable).find(|candidate| candidate.incident == found.incident);
        let Some(chosen) = tied else { return };
        let others = candidates.iter().filter(joinable).filter(|other| other.incident != chosen.incident);
        let strongly = |candidate: &Candidate| candidate.tie.may_merge && candidate.score >= weigh::MERGE;
        let one: Vec<(IncidentId, u32)> = others
            .filter(|other| {
                self.turn_out_one(member, chosen, other)
                    || (strongly(chosen) && strongly(other))
                    || self.lies_between(member, chosen, other)
            })
            .map(|other| (other.incident, other.score))
            .collect();
        for (other, score) in one {
            self.tie_together(found.incident, other, score);
        }
    }

    /// Whether the episode's item needs what alerts in one, and is needed by what alerts in the other: what the one does to
    /// the other leads through it.
    fn lies_between(&self, member: Member, one: &Candidate, other: &Candidate) -> bool {
        let item = self.episode(member).and_then(|(alert, _)| self.item(alert.ci.as_ref()?));
        let above = |candidate: &Candidate| match candidate.tie.link {
            Link::Dependency { from, to, .. } if candidate.score >= weigh::MERGE => match item {
                Some(item) if item == to => Some(true),
                Some(item) if item == from => Some(false),
                _ => None,
            },
            _ => None,
        };
        above(one).zip(above(other)).is_some_and(|(one, other)| one != other)
    }

    /// Whether two incidents are one, because the episode could join either and
    /// - they began at once, or
    /// - it began no later than one of them: heard in time, it would have joined the other, and drawn this one after it.
    ///
    /// Either way round, so that it does not matter which of the three was heard first. `[I16]`
    fn turn_out_one(&self, member: Member, one: &Candidate, other: &Candidate) -> bool {
        let first = |candidate: &Candidate| {
            let incident = self.state.incidents.get(&candidate.incident)?;
            Some(incident.clocks.first_start.unwrap_or(incident.started_at))
        };
        let start = self.episode(member).map(|(_, episode)| episode.start);
        let (Some(start), Some(one), Some(other)) = (start, first(one), first(other)) else { return false };
        start <= one.max(other) || (one - other).abs() <= weigh::AT_ONCE
    }

    /// The incident that holds the alert's episode before this one, while it is open or may be reopened.
    fn own_incident(&self, alert: &Alert, episode: &Episode, pipeline: &Pipeline) -> Option<Found> {
        let earlier = alert.episodes.iter().rev().filter(|other| other.id != episode.id);
        let incident = earlier.filter_map(|other| other.incident).next()?;
        let incident = self.follow_merges(incident)?;
        let allowed = self.reaches(incident, episode.start, pipeline.reopen_window);
        (allowed && episode.unlinked_from != Some(incident.id)).then_some(Found {
            incident: incident.id,
            evidence: Evidence::SameAlert,
            score: weigh::SAME_ALERT,
            silently: false,
        })
    }

    /// The incident an id stands for after merges; `None` where it is gone.
    pub(crate) fn follow_merges(&self, mut id: IncidentId) -> Option<&Incident> {
        loop {
            let incident = self.state.incidents.get(&id)?;
            match incident.merged_into {
                Some(into) => id = into,
                None => return Some(incident),
            }
        }
    }

    /// An alert that the pipeline's `inhibit` lets explain this one.
    fn inhibiting(&self, alert: &Alert, episode: &Episode, pipeline: &Pipeline) -> Option<Found> {
        let mut rules = pipeline.inhibit.iter().filter(|rule| matches(&rule.target, alert));
        let (source, incident) = rules.find_map(|rule| {
            let sources = self.state.open_alerts.iter().filter_map(|id| self.state.alerts.get(id));
            let explaining = sources.filter(|source| {
                source.id != alert.id
                    && matches(&rule.source, source)
                    && rule.equal.iter().all(|name| field(source, name) == field(alert, name))
            });
            explaining
                .filter_map(|source| Some((source.id, self.open_holder(source)?)))
                .find(|(_, incident)| episode.unlinked_from != Some(*incident))
        })?;
        let evidence = Evidence::Inhibited { by: source };
        Some(Found { incident, evidence, score: weigh::INHIBITED, silently: true })
    }

    /// The open incident that holds what of the alert fires. What is suppressed explains nothing.
    fn open_holder(&self, alert: &Alert) -> Option<IncidentId> {
        let incident = alert.open_episode().filter(|open| open.suppressed.is_none())?.incident?;
        self.state.incidents.get(&incident).filter(|incident| incident.is_open()).map(|incident| incident.id)
    }

    fn by_rule(&self, alert: &Alert, episode: &Episode, pipeline: &Pipeline) -> Option<Found> {
        let (rule, key) = self.rule_key(alert, pipeline)?;
        let within = |incident: &&Incident| {
            let since = match rule.anchor {
                Anchor::First => self.now - incident.opened_at,
                Anchor::Last => self.now - incident.clocks.newest_received_at.unwrap_or(incident.opened_at),
                Anchor::Start => (episode.start - incident.started_at).abs(),
            };
            let here = environment(alert.environment.as_deref()) == environment(incident.environment.as_deref());
            here && incident.is_open() && since <= rule.window && episode.unlinked_from != Some(incident.id)
        };
        let incidents = self.state.index.by_rule(&key).filter_map(|id| self.state.incidents.get(&id)).filter(within);
        let incident = incidents.max_by_key(|incident| (incident.opened_at, incident.id))?;
        Some(Found {
            incident: incident.id,
            evidence: Evidence::Rule { rule: rule.name.clone(), key },
            score: weigh::RULE,
            silently: false,
        })
    }

    /// Where a rule will look for a member's incident, whatever it was that made it join. Whether that is the only place
    /// where it may be found.
    pub(crate) fn index_rule(&mut self, member: Member, incident: IncidentId) -> bool {
        let Some(alert) = self.state.alerts.get(&member.0) else { return false };
        let found = self.rule_key(alert, self.pipeline(&alert.pipeline));
        let exclusive = found.as_ref().is_some_and(|(rule, _)| rule.exclusive);
        let key = found.map(|(_, key)| key);
        self.state.index.set_rule(key, incident, member);
        exclusive
    }

    /// A rule takes it for itself.
    fn stands_apart(&self, alert: &Alert, pipeline: &Pipeline) -> bool {
        self.rule_key(alert, pipeline).is_some_and(|(rule, _)| rule.exclusive)
    }

    /// An alert's words have changed: so may have what they speak of, and what a rule groups it by.
    pub(crate) fn reworded(&mut self, id: AlertId) {
        if self.state.kinds.contains_key(&id) {
            self.note_kind(id);
        }
        let Some(alert) = self.state.alerts.get(&id) else { return };
        let rules = &self.pipeline(&alert.pipeline).rules;
        if rules.is_empty() {
            return;
        }
        // Only then may it turn out to stand apart, or no longer to.
        let may_stand_elsewhere = rules.iter().any(|rule| rule.exclusive);
        let held = alert.episodes.iter().filter_map(|episode| Some(((id, episode.id), episode.incident?)));
        let live: Vec<(Member, IncidentId)> = held.filter(|(_, incident)| self.is_live(*incident)).collect();
        for (member, incident) in live {
            if may_stand_elsewhere {
                self.index_anew(member, incident);
            } else {
                self.index_rule(member, incident);
            }
        }
    }

    /// The first rule that matches and has all its labels; a rule that lacks one on this alert does not match.
    fn rule_key<'p>(&self, alert: &Alert, pipeline: &'p Pipeline) -> Option<(&'p Rule, Box<str>)> {
        pipeline.rules.iter().filter(|rule| rule.matchers.is_empty() || matches(&rule.matchers, alert)).find_map(
            |rule| {
                let mut key = format!("{}/{}", pipeline.name, rule.name);
                for label in &rule.group_by {
                    let value = field(alert, label);
                    if value.is_empty() {
                        return None;
                    }
                    key.push_str(&format!("/{label}={value:?}"));
                }
                Some((rule, key.into()))
            },
        )
    }

    fn candidates(&self, alert: &Alert, episode: &Episode) -> Vec<Candidate> {
        let pipeline = self.pipeline(&alert.pipeline);
        if self.stands_apart(alert, pipeline) {
            return Vec::new();
        }
        let ties = self.ties(alert, episode, pipeline.join_window.gap);
        let mut candidates: Vec<Candidate> = ties
            .best
            .into_iter()
            .filter_map(|(id, tie)| Some((self.state.incidents.get(&id)?, tie)))
            .map(|(incident, tie)| {
                let score = tie.score;
                let missed = self.missed(alert, episode, incident, &tie, score);
                Candidate { incident: incident.id, tie, score, missed }
            })
            .collect();
        candidates.sort_by_key(|candidate| std::cmp::Reverse((candidate.score, candidate.incident)));
        candidates
    }

    /// Why an episode may not join an incident that it is tied to.
    fn missed(
        &self,
        alert: &Alert,
        episode: &Episode,
        incident: &Incident,
        tie: &Tie,
        score: u32,
    ) -> Option<MissedBecause> {
        let window = self.pipeline(&incident.pipeline).join_window;
        let (gap, age) = beside(incident, episode.start);
        if !self.reaches(incident, episode.start, Span::ZERO) {
            return Some(MissedBecause::OutsideJoinWindow {
                gap: episode.start - incident.restored_at.unwrap_or(episode.start),
                allowed: self.pipeline(&incident.pipeline).quiet_period,
            });
        }
        if episode.unlinked_from == Some(incident.id) {
            return Some(MissedBecause::Unlinked);
        }
        if environment(alert.environment.as_deref()) != environment(incident.environment.as_deref()) {
            return Some(MissedBecause::OtherEnvironment);
        }
        if gap > window.gap {
            return Some(MissedBecause::OutsideJoinWindow { gap, allowed: window.gap });
        }
        if age > window.cap {
            return Some(MissedBecause::CapReached { age, allowed: window.cap });
        }
        if score < weigh::JOIN {
            return Some(match &tie.hub {
                Some((hub, dependents)) => {
                    MissedBecause::Hub { ci: self.graph().id(*hub).clone(), dependents: *dependents }
                }
                None => MissedBecause::ScoreTooLow { needed: weigh::JOIN },
            });
        }
        None
    }

    fn best(&self, alert: &Alert, episode: &Episode, candidates: &[Candidate]) -> Option<Found> {
        let chosen = candidates.iter().filter(|candidate| candidate.missed.is_none()).max_by_key(|candidate| {
            let opened = self.state.incidents.get(&candidate.incident).map(|incident| incident.opened_at);
            (candidate.score, std::cmp::Reverse(opened), candidate.incident)
        })?;
        let explained = self.upstream_cause(alert, episode, chosen);
        let silently = explained.is_some();
        let evidence = explained.unwrap_or_else(|| self.evidence(alert, &chosen.tie));
        Some(Found { incident: chosen.incident, evidence, score: chosen.score, silently })
    }

    /// The incident's faults make the item what its alert says it is: the alert is explained.
    fn upstream_cause(&self, alert: &Alert, episode: &Episode, chosen: &Candidate) -> Option<Evidence> {
        let Link::Dependency { from: item, to: cause, .. } = chosen.tie.link else { return None };
        let graph = self.graph();
        if alert.ci.as_ref() != Some(graph.id(item)) || !episode.is_open() {
            return None;
        }
        let explains = self.state.impacts.get(&chosen.incident)?.state(item) > ItemState::AtRisk;
        let path = graph.path_down(item, cause, weigh::DISTANCE_MAX).filter(|_| explains)?;
        let path = path.into_iter().map(|item| graph.id(item).clone()).collect();
        Some(Evidence::UpstreamCause { cause: graph.id(cause).clone(), path, group: self.group_between(item, cause) })
    }
}

/// How far an instant lies outside an incident's episodes, and how long it would then have grown.
fn beside(incident: &Incident, start: Timestamp) -> (Span, Span) {
    let first = incident.clocks.first_start.unwrap_or(incident.started_at);
    let newest = incident.clocks.newest_start.unwrap_or(first);
    let gap = if start < first { first - start } else { (start - newest).max(Span::ZERO) };
    (gap, newest.max(start) - first.min(start))
}

fn environment(named: Option<&str>) -> &str {
    named.filter(|name| !name.is_empty()).unwrap_or("production")
}

/// The best of those it did not join, with the reason.
fn near_misses(candidates: &[Candidate], joined: Option<IncidentId>) -> Vec<NearMiss> {
    let others = candidates.iter().filter(|candidate| Some(candidate.incident) != joined && candidate.score > 0);
    others
        .take(limits::NEAR_MISSES_MAX)
        .filter_map(|candidate| {
            let why = candidate.missed.clone().or_else(|| joined.map(|by| MissedBecause::Outscored { by }))?;
            Some(NearMiss { incident: candidate.incident, why, score: candidate.score })
        })
        .collect()
}
