//! The order of an incident's causes: by what each is worth, with people's word above all; and how sure the first is.

use model::incident::{Cause, Confidence, Verdict};
use model::limits;
use model::reason::{CauseEvidence, SymptomKind};

/// How many items a silent cause explains before anybody may be sure of it.
const EXPLAINED_TO_BE_SURE: u32 = 3;

/// In the order they have, which keeps the first where another is ahead by too little; but what a person confirmed comes
/// first, and what one rejected last.
pub(super) fn by_word(causes: &mut Vec<Cause>) {
    causes.sort_by_key(|cause| match cause.verdict {
        Some(Verdict::Confirmed) => 0,
        None => 1,
        Some(Verdict::Rejected) => 2,
    });
    bound(causes);
    note_confidence(causes);
}

/// The last go first, but those that a person judged only after all others.
fn bound(causes: &mut Vec<Cause>) {
    while causes.len() > limits::CAUSES_MAX {
        let unjudged = causes.iter().rposition(|cause| cause.verdict.is_none());
        causes.remove(unjudged.unwrap_or(causes.len() - 1));
    }
}

/// A person's word outlasts every look, also on what nothing else speaks for.
pub(super) fn keep_word(causes: &mut Vec<Cause>, known: &[Cause]) {
    for judged in known.iter().filter(|cause| cause.verdict.is_some()) {
        match causes.iter_mut().find(|cause| cause.ci == judged.ci) {
            Some(cause) => cause.because.extend(judged.because.iter().filter(|said| is_word(said)).cloned()),
            None => causes.push(judged.clone()),
        }
    }
}

pub(super) fn is_word(said: &CauseEvidence) -> bool {
    matches!(said, CauseEvidence::Confirmed { .. } | CauseEvidence::Rejected { .. })
}

/// A score as people's word on it leaves it.
pub(super) fn judged(score: u32, verdict: Option<Verdict>) -> u32 {
    match verdict {
        Some(Verdict::Confirmed) => 1000,
        Some(Verdict::Rejected) => 0,
        None => score,
    }
}

/// Only the first can be known for sure, by its score and its lead; and what a person confirmed.
fn note_confidence(causes: &mut [Cause]) {
    let second = causes.get(1).map_or(0, |cause| cause.score);
    for (nth, cause) in causes.iter_mut().enumerate() {
        let lead = cause.score.saturating_sub(second);
        cause.confidence = match cause.verdict {
            Some(Verdict::Confirmed) => Confidence::High,
            None if nth == 0 && cause.score >= 620 && lead >= 120 && tells(cause) => Confidence::High,
            None if nth == 0 && cause.score >= 430 && lead >= 50 => Confidence::Medium,
            _ => Confidence::Low,
        };
    }
}

/// Whether what speaks for a cause can only be said of a cause. It was changed; or it is down; or it is full or fails, and
/// others with it. What is busy, slow or merely unusual may be what those that need it made of it: load comes down the edges that
/// failures go up. What alerts alone may be the victim of something that nobody watches, or that the CMDB does not know.
fn tells(cause: &Cause) -> bool {
    if cause.because.iter().any(|evidence| matches!(evidence, CauseEvidence::Change { .. })) {
        return cause.alerts_alone() || explained(cause) > 1;
    }
    match kind(cause) {
        Some(SymptomKind::Unreachable) => cause.alerts_alone() || explained(cause) > 1,
        Some(SymptomKind::Exhausted | SymptomKind::Errors) => explained(cause) > 1,
        Some(SymptomKind::Saturation | SymptomKind::Latency | SymptomKind::Other) => false,
        None => explained(cause) >= EXPLAINED_TO_BE_SURE,
    }
}

/// How it shows; `None` of what is silent.
fn kind(cause: &Cause) -> Option<SymptomKind> {
    cause.because.iter().find_map(|evidence| match evidence {
        CauseEvidence::Kind { kind, .. } => Some(*kind),
        _ => None,
    })
}

fn explained(cause: &Cause) -> u32 {
    let items = cause.because.iter().filter_map(|evidence| match evidence {
        CauseEvidence::Explains { items, .. } => Some(*items),
        _ => None,
    });
    items.max().unwrap_or(0)
}
