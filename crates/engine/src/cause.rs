//! Cause: which item explains the incident, ranked, with what speaks for and against each.
//!
//! A first honest form: fixed weights, every one of them shown as evidence. Below medium confidence no title names it.

use std::collections::{BTreeMap, BTreeSet};

use model::fact::Change;
use model::incident::{Cause, Confidence, Incident, SuspectChange, Verdict};
use model::reason::{CauseEvidence, SymptomKind};
use model::{Alert, AlertId, CiId, IncidentId, Reason, SourceName, Span, Timestamp, limits};
use topology::ItemIdx;

use crate::correlate::weigh::DISTANCE_MAX;
use crate::desk::Desk;
use crate::incident::facts::{Alerting, Facts};

/// Alerting items that are weighed, the earliest first.
const ITEMS_MAX: usize = 200;
/// Items below one alerting item that may be its silent cause.
const BELOW_MAX: usize = 500;
/// A change so long before the start may have caused it.
const CHANGE_BEFORE_MAX: Span = Span::from_minutes(60);
/// Firing so long after the first, an item is no longer early.
const EARLY_WITHIN: Span = Span::from_minutes(5);
/// Another cause takes the first rank only by this margin.
const MARGIN: u32 = 50;
/// Explaining every alerting item; of what explains fewer, their share.
const EXPLAINS: i64 = 560;
/// Next to what alerts; of several silent items that explain the same, the nearest is the simplest.
const NEAR: i64 = 120;

struct Scene<'a> {
    alerting: BTreeMap<ItemIdx, &'a Alerting>,
    first: Timestamp,
    /// For each candidate the alerting items that need it, itself included, with the distance.
    explains: BTreeMap<ItemIdx, BTreeMap<ItemIdx, u32>>,
    /// For an alerting item one that it needs, that alerts too and does not need it in turn.
    below: BTreeMap<ItemIdx, ItemIdx>,
    only_source: Option<&'a SourceName>,
}

impl Desk<'_> {
    pub(crate) fn look_for_causes(&mut self, id: IncidentId, facts: &Facts) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        // What was known at restoration stays.
        if incident.restored_at.is_some() && !incident.causes.is_empty() {
            return;
        }
        let Some(scene) = self.scene(facts) else { return };
        let changes = self.suspect_changes(incident, &scene);
        let mut causes: Vec<Cause> =
            scene.explains.keys().map(|candidate| self.weigh_cause(*candidate, &scene, &changes, incident)).collect();
        rank(&mut causes, incident.causes.first().map(|cause| &cause.ci));
        causes.truncate(limits::CAUSES_MAX);
        self.set_causes(id, causes, changes);
    }

    fn set_causes(&mut self, id: IncidentId, causes: Vec<Cause>, changes: Vec<SuspectChange>) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let named = |causes: &[Cause]| {
            causes.first().filter(|cause| cause.confidence >= Confidence::Medium).map(|cause| cause.ci.clone())
        };
        let (was, is) = (named(&incident.causes), named(&causes));
        let unknown_before = incident.causes.is_empty();
        let first = causes.first().cloned();
        incident.causes = causes;
        incident.changes = changes;
        match (is, first) {
            (Some(ci), Some(first)) if was.as_ref() != Some(&ci) => {
                self.decide_incident(id, Reason::CauseNamed { ci, score: first.score, confidence: first.confidence });
            }
            (None, Some(_)) if was.is_some() || unknown_before => self.decide_incident(id, Reason::CauseUnclear),
            _ => {}
        }
        self.match_known_error(id);
    }

    fn scene<'a>(&self, facts: &'a Facts) -> Option<Scene<'a>> {
        let items = facts.alerting.iter();
        let alerting: BTreeMap<ItemIdx, &Alerting> =
            items.filter_map(|(ci, alerting)| Some((self.item(ci)?, alerting))).collect();
        let first = alerting.values().map(|alerting| alerting.start).min()?;
        let mut earliest: Vec<(Timestamp, ItemIdx)> = alerting.iter().map(|(item, seen)| (seen.start, *item)).collect();
        earliest.sort();
        earliest.truncate(ITEMS_MAX);
        let mut explains: BTreeMap<ItemIdx, BTreeMap<ItemIdx, u32>> = BTreeMap::new();
        for (_, item) in earliest {
            explains.entry(item).or_default().insert(item, 0);
            for (below, distance) in self.graph().walk_down(item, DISTANCE_MAX, BELOW_MAX).reached {
                explains.entry(below).or_default().insert(item, distance);
            }
        }
        // A silent item that only one alerting item needs explains nothing that item does not explain itself, unless
        // somebody has just changed it.
        let changed = self.changed_before(first);
        explains.retain(|candidate, items| {
            alerting.contains_key(candidate) || items.len() > 1 || changed.contains(candidate)
        });
        let alone = facts.counting_sources.len() == 1 && alerting.len() > 2;
        let only_source = facts.counting_sources.first().filter(|_| alone);
        let below = alerting_below(&alerting, &explains);
        Some(Scene { alerting, first, explains, below, only_source })
    }

    pub(crate) fn kind(&self, alert: &Alert) -> SymptomKind {
        let known = self.state.kinds.get(&alert.id).copied();
        known.unwrap_or_else(|| kind_of(alert.alertname(), &alert.summary))
    }

    /// Reading words is slow, and a member is looked at whenever its incident is settled: once is enough.
    pub(crate) fn note_kind(&mut self, id: AlertId) {
        if let Some(alert) = self.state.alerts.get(&id) {
            let kind = kind_of(alert.alertname(), &alert.summary);
            self.state.kinds.insert(id, kind);
        }
    }

    /// Items that a change touched shortly before an instant.
    fn changed_before(&self, first: Timestamp) -> BTreeSet<ItemIdx> {
        let lately =
            |change: &&Change| began(change).is_some_and(|began| began <= first && first - began <= CHANGE_BEFORE_MAX);
        let changes = self.state.changes.values().filter(lately);
        changes.flat_map(|change| &change.cis).filter_map(|ci| self.item(ci)).collect()
    }

    fn weigh_cause(&self, candidate: ItemIdx, scene: &Scene, changes: &[SuspectChange], incident: &Incident) -> Cause {
        let ci = self.graph().id(candidate).clone();
        let mut weight = Weight::default();
        self.weigh_reach(candidate, scene, &mut weight);
        self.weigh_symptoms(candidate, scene, &mut weight);
        if let Some(change) = changes.iter().find(|change| change.ci == ci) {
            let before = change.before;
            weight.add(
                scaled(220, CHANGE_BEFORE_MAX - before, CHANGE_BEFORE_MAX),
                CauseEvidence::Change { reference: change.reference.clone(), before },
            );
        }
        self.weigh_quiet(candidate, scene, &mut weight);
        self.weigh_below(candidate, scene, &mut weight);
        if let Some(source) = scene.only_source.filter(|source| self.others_see_health(source, scene)) {
            weight.take(200, CauseEvidence::OnlyOneSource { source: source.clone() });
        }
        let verdict = incident.causes.iter().find(|cause| cause.ci == ci).and_then(|cause| cause.verdict);
        Cause {
            ci,
            score: weight.score.clamp(0, 1000) as u32,
            confidence: Confidence::Low,
            because: weight.because,
            verdict,
        }
    }

    /// What share of the alerting items needs it, and how near they are.
    fn weigh_reach(&self, candidate: ItemIdx, scene: &Scene, weight: &mut Weight) {
        let Some(items) = scene.explains.get(&candidate) else { return };
        let (explained, of) = (items.len() as i64, scene.alerting.len().max(1) as i64);
        weight.add(EXPLAINS * explained / of, CauseEvidence::Explains { items: explained as u32, of: of as u32 });
        let nearest =
            items.iter().filter(|(item, _)| **item != candidate).min_by_key(|(item, distance)| (**distance, **item));
        if let Some((item, distance)) = nearest {
            let near = NEAR / i64::from((*distance).max(1));
            weight.add(near, CauseEvidence::Near { ci: self.graph().id(*item).clone(), distance: *distance });
        }
    }

    fn weigh_symptoms(&self, candidate: ItemIdx, scene: &Scene, weight: &mut Weight) {
        let Some(seen) = scene.alerting.get(&candidate) else {
            weight.take(60, CauseEvidence::Silent);
            return;
        };
        // Early and loud says the less, the fewer of the others it explains: victims are both, too.
        let explained = scene.explains.get(&candidate).map_or(0, |items| items.len() as i64);
        let of = scene.alerting.len().max(1) as i64;
        let worth = |full: i64| full * (of + explained) / (2 * of);
        let after = seen.start - scene.first;
        weight.add(
            scaled(worth(220), EARLY_WITHIN - after.min(EARLY_WITHIN), EARLY_WITHIN),
            CauseEvidence::FiredAfterFirst { after },
        );
        let kind = match seen.kind {
            SymptomKind::Unreachable => 170,
            SymptomKind::Saturation => 140,
            SymptomKind::Errors => 80,
            SymptomKind::Other => 70,
            SymptomKind::Latency => 40,
        };
        weight.add(worth(kind), CauseEvidence::Kind { kind: seen.kind, alertname: seen.alertname.clone() });
    }

    /// Dependents that are watched and say nothing speak against it, else DNS would always win.
    fn weigh_quiet(&self, candidate: ItemIdx, scene: &Scene, weight: &mut Weight) {
        let graph = self.graph();
        let mut watched = 0;
        let mut quiet = 0;
        for dependent in graph.dependents(candidate).take(BELOW_MAX) {
            let covered = self.is_covered(&graph.item(dependent.to).id);
            watched += u32::from(covered);
            quiet += u32::from(covered && !self.alerts_or_explains(dependent.to, scene));
        }
        if quiet > 0 {
            weight.take(
                300 * i64::from(quiet) / i64::from(watched.max(1)),
                CauseEvidence::QuietDependents { quiet, watched },
            );
        }
    }

    /// It alerts, or something that needs it does.
    fn alerts_or_explains(&self, item: ItemIdx, scene: &Scene) -> bool {
        scene.alerting.contains_key(&item) || scene.explains.get(&item).is_some_and(|items| !items.is_empty())
    }

    fn is_covered(&self, ci: &CiId) -> bool {
        let from = (ci.clone(), SourceName::from(""));
        self.state.covered.range(from..).next().is_some_and(|((covered, _), _)| covered == ci)
    }

    /// It needs something that alerts too, and that does not need it in turn.
    fn weigh_below(&self, candidate: ItemIdx, scene: &Scene, weight: &mut Weight) {
        if let Some(below) = scene.below.get(&candidate) {
            weight.take(180, CauseEvidence::DependsOnAlerting { ci: self.graph().id(*below).clone() });
        }
    }

    /// Every alerting item is watched by another source too, which is alive and says nothing.
    fn others_see_health(&self, only: &SourceName, scene: &Scene) -> bool {
        scene.alerting.keys().all(|item| {
            let ci = self.graph().id(*item);
            let from = (ci.clone(), SourceName::from(""));
            let watching = self.state.covered.range(from..).take_while(|((covered, _), _)| covered == ci);
            watching.map(|((_, source), _)| source).any(|source| {
                source != only && self.state.sources.get(source).is_some_and(|source| source.silent_since.is_none())
            })
        })
    }

    /// Changes that touched a candidate, or what alerts, shortly before.
    fn suspect_changes(&self, incident: &Incident, scene: &Scene) -> Vec<SuspectChange> {
        let mut suspects: Vec<SuspectChange> = Vec::new();
        for change in self.state.changes.values() {
            let Some(before) = began(change).map(|began| incident.started_at - began) else { continue };
            if before < Span::ZERO || before > CHANGE_BEFORE_MAX {
                continue;
            }
            let touched = change.cis.iter().filter_map(|ci| Some((ci, scene.explains.get(&self.item(ci)?)?)));
            let Some((ci, explained)) =
                touched.max_by_key(|(ci, items)| (items.len(), std::cmp::Reverse((*ci).clone())))
            else {
                continue;
            };
            let share = explained.len() as i64 * 500 / scene.alerting.len().max(1) as i64;
            let score = share + scaled(500, CHANGE_BEFORE_MAX - before, CHANGE_BEFORE_MAX);
            suspects.push(SuspectChange {
                id: change.id,
                reference: change.reference.clone(),
                summary: change.summary.clone(),
                ci: ci.clone(),
                before,
                score: score.clamp(0, 1000) as u32,
            });
        }
        suspects.sort_by_key(|suspect| (std::cmp::Reverse(suspect.score), suspect.id));
        suspects
    }

    pub(crate) fn set_verdict(&mut self, id: IncidentId, ci: &CiId, verdict: Verdict, by: &str) {
        let Some(incident) = self.incident_mut(id) else { return };
        let evidence = match verdict {
            Verdict::Confirmed => CauseEvidence::Confirmed { by: by.into() },
            Verdict::Rejected => CauseEvidence::Rejected { by: by.into() },
        };
        match incident.causes.iter_mut().find(|cause| cause.ci == *ci) {
            Some(cause) => {
                cause.verdict = Some(verdict);
                cause.because.push(evidence);
            }
            None => incident.causes.push(Cause {
                ci: ci.clone(),
                score: 0,
                confidence: Confidence::Low,
                because: vec![evidence],
                verdict: Some(verdict),
            }),
        }
        rank(&mut incident.causes, None);
    }
}

/// Found once for all, from below: a look from each item would be at every other.
fn alerting_below(
    alerting: &BTreeMap<ItemIdx, &Alerting>,
    explains: &BTreeMap<ItemIdx, BTreeMap<ItemIdx, u32>>,
) -> BTreeMap<ItemIdx, ItemIdx> {
    let mut found = BTreeMap::new();
    for below in alerting.keys() {
        let needs_it = explains.get(below).into_iter().flat_map(BTreeMap::keys);
        for above in needs_it.filter(|above| *above != below) {
            let in_turn = explains.get(above).is_some_and(|items| items.contains_key(below));
            if !in_turn && alerting.contains_key(above) {
                found.entry(*above).or_insert(*below);
            }
        }
    }
    found
}

#[derive(Default)]
struct Weight {
    score: i64,
    because: Vec<CauseEvidence>,
}

impl Weight {
    fn add(&mut self, score: i64, evidence: CauseEvidence) {
        self.score += score;
        self.because.push(evidence);
    }

    fn take(&mut self, score: i64, evidence: CauseEvidence) {
        self.add(-score, evidence);
    }
}

/// Best first, with confidence by score and lead; people's word above all. The first stays unless clearly beaten.
fn rank(causes: &mut [Cause], first: Option<&CiId>) {
    for cause in causes.iter_mut() {
        match cause.verdict {
            Some(Verdict::Confirmed) => cause.score = 1000,
            Some(Verdict::Rejected) => cause.score = 0,
            None => {}
        }
    }
    let standing = |cause: &Cause| cause.score + if Some(&cause.ci) == first { MARGIN } else { 0 };
    causes.sort_by(|a, b| {
        let confirmed = |cause: &Cause| cause.verdict == Some(Verdict::Confirmed);
        (confirmed(b), standing(b)).cmp(&(confirmed(a), standing(a))).then_with(|| a.ci.cmp(&b.ci))
    });
    let second = causes.get(1).map_or(0, |cause| cause.score);
    if let Some(best) = causes.first_mut() {
        let lead = best.score.saturating_sub(second);
        best.confidence = match best.verdict {
            Some(Verdict::Confirmed) => Confidence::High,
            Some(Verdict::Rejected) => Confidence::Low,
            None if best.score >= 620 && lead >= 120 => Confidence::High,
            None if best.score >= 430 && lead >= 50 => Confidence::Medium,
            None => Confidence::Low,
        };
    }
}

/// When a change began to act, as far as anybody said.
fn began(change: &Change) -> Option<Timestamp> {
    use model::fact::ChangeStatus::{Finished, Planned, Started};
    match change.status {
        Planned => change.starts_at,
        Started | Finished => change.starts_at.or(change.ends_at).or(Some(change.received_at)),
    }
}

fn scaled(full: i64, part: Span, whole: Span) -> i64 {
    full * part.micros().max(0) / whole.micros().max(1)
}

/// What kind of symptom an alert's words speak of, the more telling first.
pub(crate) fn kind_of(alertname: &str, summary: &str) -> SymptomKind {
    const WORDS: [(SymptomKind, &[&str]); 4] = [
        (
            SymptomKind::Unreachable,
            &[
                "unreachable",
                "down",
                "offline",
                "not responding",
                "no response",
                "lost",
                "dead",
                "unavailable",
                "nodata",
                "ping",
            ],
        ),
        (
            SymptomKind::Saturation,
            &[
                "full",
                "exhaust",
                "saturat",
                "out of memory",
                "oom",
                "disk",
                "memory",
                "cpu",
                "capacity",
                "quota",
                "backlog",
                "queue",
            ],
        ),
        (SymptomKind::Errors, &["error", "fail", "5xx", "exception", "timeout", "refused", "crash"]),
        (SymptomKind::Latency, &["latency", "slow", "response time", "delay", "lag", "duration"]),
    ];
    let text = format!("{alertname} {summary}").to_lowercase();
    let spoken = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    spoken.map_or(SymptomKind::Other, |(kind, _)| *kind)
}
