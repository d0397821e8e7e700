//! Cause: which item explains the incident, ranked, with what speaks for and against each.
//!
//! A first honest form: fixed weights, every one of them shown as evidence. Below medium confidence no title names it.
//! [`scene`] has who alerts and who could explain it, [`weigh`] what each candidate is worth, [`changes`] the changes
//! that came shortly before, [`symptom`] what an alert's words speak of.

mod changes;
mod scene;
mod symptom;
mod weigh;

use std::cmp::Reverse;

use model::incident::{Cause, Confidence, SuspectChange, Verdict};
use model::reason::{CauseEvidence, SymptomKind};
use model::{CiId, IncidentId, Reason, limits};
use topology::ItemIdx;

use crate::desk::Desk;
use crate::incident::facts::Facts;
use scene::{Candidate, Scene};

/// Another cause takes the first rank only by this margin.
const MARGIN: u32 = 50;

/// The causes an incident had: who was the first, and what people said of any.
struct Known {
    first: Option<ItemIdx>,
    verdicts: Vec<(ItemIdx, Verdict)>,
}

impl Known {
    fn verdict(&self, item: ItemIdx) -> Option<Verdict> {
        self.verdicts.iter().find(|(known, _)| *known == item).map(|(_, verdict)| *verdict)
    }
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
        let known = self.known(&incident.causes);
        let mut causes = self.best_causes(&scene, &changes, &known);
        keep_judged(&mut causes, &incident.causes);
        rank(&mut causes, incident.causes.first().map(|cause| &cause.ci));
        bound(&mut causes);
        self.set_causes(id, causes, changes);
    }

    fn known(&self, causes: &[Cause]) -> Known {
        let verdicts = causes.iter().filter_map(|cause| Some((self.item(&cause.ci)?, cause.verdict?))).collect();
        Known { first: causes.first().and_then(|cause| self.item(&cause.ci)), verdicts }
    }

    /// The best of all candidates: each is weighed, and what speaks for it written down only where it is kept.
    fn best_causes(&self, scene: &Scene, changes: &[SuspectChange], known: &Known) -> Vec<Cause> {
        let touched = self.touched(changes);
        let standing = |candidate: &Candidate| {
            let verdict = known.verdict(candidate.item);
            let score = judged(self.weigh(candidate, scene, &touched).score(), verdict);
            let margin = if known.first == Some(candidate.item) { MARGIN } else { 0 };
            (Reverse((verdict == Some(Verdict::Confirmed), score + margin)), candidate.item)
        };
        let mut best: Vec<_> = scene.candidates.iter().map(|candidate| (standing(candidate), candidate)).collect();
        best.sort_unstable_by_key(|(standing, _)| *standing);
        best.truncate(limits::CAUSES_MAX);
        let cause = |candidate: &Candidate| {
            let (score, because) = self.weigh_with_reasons(candidate, scene, &touched);
            let ci = self.graph().id(candidate.item).clone();
            Cause { ci, score, confidence: Confidence::Low, because, verdict: known.verdict(candidate.item) }
        };
        best.into_iter().map(|(_, candidate)| cause(candidate)).collect()
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
        bound(&mut incident.causes);
    }
}

/// What a person said of an item stands although nothing else speaks of it.
fn keep_judged(causes: &mut Vec<Cause>, before: &[Cause]) {
    let judged = before.iter().filter(|cause| cause.verdict.is_some());
    let silent: Vec<Cause> = judged.filter(|cause| causes.iter().all(|found| found.ci != cause.ci)).cloned().collect();
    causes.extend(silent);
}

/// The last go first, but those that a person judged only after all others.
fn bound(causes: &mut Vec<Cause>) {
    while causes.len() > limits::CAUSES_MAX {
        let unjudged = causes.iter().rposition(|cause| cause.verdict.is_none());
        causes.remove(unjudged.unwrap_or(causes.len() - 1));
    }
}

/// Best first, with confidence by score and lead; people's word above all. The first stays unless clearly beaten.
fn rank(causes: &mut [Cause], first: Option<&CiId>) {
    for cause in causes.iter_mut() {
        cause.score = judged(cause.score, cause.verdict);
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
            None if best.score >= 620 && lead >= 120 && tells(best) => Confidence::High,
            None if best.score >= 430 && lead >= 50 => Confidence::Medium,
            None => Confidence::Low,
        };
    }
}

/// How many items a silent, or merely slow, cause explains before anybody may be sure of it.
const EXPLAINED_TO_BE_SURE: u32 = 3;

/// Whether what speaks for a cause is more than that it is slow: victims are slow, too.
fn tells(cause: &Cause) -> bool {
    cause.because.iter().any(|evidence| match evidence {
        CauseEvidence::Kind { kind, .. } => *kind < SymptomKind::Latency,
        CauseEvidence::Change { .. } => true,
        CauseEvidence::Explains { items, .. } => *items >= EXPLAINED_TO_BE_SURE,
        _ => false,
    })
}

/// A score as people's word on it leaves it.
fn judged(score: u32, verdict: Option<Verdict>) -> u32 {
    match verdict {
        Some(Verdict::Confirmed) => 1000,
        Some(Verdict::Rejected) => 0,
        None => score,
    }
}
