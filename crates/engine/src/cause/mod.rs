//! Cause: which item explains the incident, ranked, with what speaks for and against each.
//!
//! Fixed weights, every one of them shown as evidence. Below medium confidence no title names it.
//! [`scene`] has who alerts and who could explain it, [`weigh`] what each candidate is worth, [`rank`] people's word on
//! them and how sure the first is, [`changes`] the changes that came shortly before, [`symptom`] what an alert's words
//! speak of.

mod changes;
mod rank;
mod scene;
mod symptom;
mod weigh;

use std::cmp::Reverse;

use model::incident::{Cause, Confidence, SuspectChange, Verdict};
use model::reason::CauseEvidence;
use model::{CiId, IncidentId, Reason, limits};
use topology::ItemIdx;

use crate::desk::Desk;
use crate::incident::facts::Facts;
use scene::{Candidate, Scene};

/// Another cause takes the first rank only by this margin.
const MARGIN: i64 = 50;

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
        rank::keep_word(&mut causes, &incident.causes);
        rank::by_word(&mut causes);
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
            let margin = if known.first == Some(candidate.item) { MARGIN } else { 0 };
            let sum = self.weigh(candidate, scene, &touched).sum() + margin;
            (Reverse((verdict != Some(Verdict::Rejected), verdict == Some(Verdict::Confirmed), sum)), candidate.item)
        };
        let mut best: Vec<_> = scene.candidates.iter().map(|candidate| (standing(candidate), candidate)).collect();
        best.sort_unstable_by_key(|(standing, _)| *standing);
        best.truncate(limits::CAUSES_MAX);
        let cause = |candidate: &Candidate| {
            let (score, because) = self.weigh_with_reasons(candidate, scene, &touched);
            let ci = self.graph().id(candidate.item).clone();
            let verdict = known.verdict(candidate.item);
            Cause { ci, score: rank::judged(score, verdict), confidence: Confidence::Low, because, verdict }
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
            // What a person confirmed is said already, and is no guess.
            (Some(_), Some(first)) if first.verdict == Some(Verdict::Confirmed) => {}
            (Some(ci), Some(first)) if was.as_ref() != Some(&ci) => {
                self.decide_incident(id, Reason::CauseNamed { ci, score: first.score, confidence: first.confidence });
            }
            (None, Some(_)) if was.is_some() || unknown_before => self.decide_incident(id, Reason::CauseUnclear),
            _ => {}
        }
        self.match_known_error(id);
    }

    pub(crate) fn set_verdict(&mut self, id: IncidentId, ci: &CiId, verdict: Verdict, by: &str) {
        if verdict == Verdict::Confirmed {
            self.replace_confirmed(id, ci);
        }
        let Some(incident) = self.incident_mut(id) else { return };
        let evidence = match verdict {
            Verdict::Confirmed => CauseEvidence::Confirmed { by: by.into() },
            Verdict::Rejected => CauseEvidence::Rejected { by: by.into() },
        };
        match incident.causes.iter_mut().find(|cause| cause.ci == *ci) {
            Some(cause) => {
                cause.verdict = Some(verdict);
                cause.score = rank::judged(cause.score, cause.verdict);
                cause.because.retain(|said| !rank::is_word(said));
                cause.because.push(evidence);
            }
            None => incident.causes.push(Cause {
                ci: ci.clone(),
                score: rank::judged(0, Some(verdict)),
                confidence: Confidence::Low,
                because: vec![evidence],
                verdict: Some(verdict),
            }),
        }
        rank::by_word(&mut incident.causes);
    }

    /// A person knows one cause at a time: what was confirmed before is weighed again as if nobody had said so.
    fn replace_confirmed(&mut self, id: IncidentId, by: &CiId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        let confirmed = |cause: &&Cause| cause.verdict == Some(Verdict::Confirmed) && cause.ci != *by;
        let before: Vec<CiId> = incident.causes.iter().filter(confirmed).map(|cause| cause.ci.clone()).collect();
        for ci in before {
            let score = self.unjudged(id, &ci);
            let Some(incident) = self.incident_mut(id) else { return };
            for cause in incident.causes.iter_mut().filter(|cause| cause.ci == ci) {
                cause.verdict = None;
                cause.because.retain(|said| !rank::is_word(said));
                cause.score = score.unwrap_or(0);
            }
            // Nothing but that person spoke for it.
            incident.causes.retain(|cause| cause.ci != ci || !cause.because.is_empty());
        }
    }

    /// What an item is worth as the cause by evidence alone.
    fn unjudged(&self, id: IncidentId, ci: &CiId) -> Option<u32> {
        let incident = self.state.incidents.get(&id)?;
        let facts = self.facts(id);
        let scene = self.scene(&facts)?;
        let candidate = scene.candidate(self.item(ci)?)?;
        Some(self.weigh(candidate, &scene, &self.touched(&incident.changes)).score())
    }
}
