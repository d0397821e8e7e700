//! What a candidate is worth as the cause, in thousandths, and what speaks for and against it.

use model::Span;
use model::incident::SuspectChange;
use model::reason::{CauseEvidence, SymptomKind};
use topology::ItemIdx;

use super::changes::lately;
use super::scene::{Candidate, Scene};
use crate::desk::Desk;

/// Dependents that are asked whether they are quiet.
const DEPENDENTS_MAX: usize = 500;
/// Firing so long after the first, an item is no longer early.
const EARLY_WITHIN: Span = Span::from_minutes(5);
/// Explaining every alerting item; of what explains fewer, their share.
const EXPLAINS: i64 = 560;
/// Next to what alerts; of several silent items that explain the same, the nearest is the simplest.
const NEAR: i64 = 120;

/// Twice as many different alerts fire on it: what fails shows it in many ways, its victims in one.
const DOUBLED: i64 = 300;
/// More different alerts than this say nothing more.
const NAMES_MAX: u32 = 32;
/// It leaves all that unexplained which nothing else explains.
const UNEXPLAINED: i64 = 300;
/// Watched, and silent; or watched by nobody.
const SILENT: i64 = 110;
const UNWATCHED: i64 = 40;
/// From here on a score draws near one, and never reaches it.
const BENDS_AT: i64 = 800;

#[derive(Default)]
pub(super) struct Weight {
    score: i64,
    /// `None` where nobody asks for reasons: most candidates are only compared.
    because: Option<Vec<CauseEvidence>>,
}

impl Weight {
    /// By which candidates are compared.
    pub(super) fn sum(&self) -> i64 {
        self.score
    }

    /// The same as a share of one, in thousandths: what there is of evidence has no end, a score has.
    pub(super) fn score(&self) -> u32 {
        let room = 1000 - BENDS_AT;
        let bent =
            if self.score <= BENDS_AT { self.score } else { 1000 - room * room / (self.score - BENDS_AT + room) };
        bent.clamp(0, 1000) as u32
    }

    fn add(&mut self, score: i64, evidence: impl FnOnce() -> CauseEvidence) {
        self.score += score;
        if let Some(because) = &mut self.because {
            because.push(evidence());
        }
    }

    fn take(&mut self, score: i64, evidence: impl FnOnce() -> CauseEvidence) {
        self.add(-score, evidence);
    }
}

impl Desk<'_> {
    pub(super) fn weigh(&self, candidate: &Candidate, scene: &Scene, changes: &[(ItemIdx, &SuspectChange)]) -> Weight {
        let mut weight = Weight::default();
        self.weigh_all(candidate, scene, changes, &mut weight);
        weight
    }

    pub(super) fn weigh_with_reasons(
        &self,
        candidate: &Candidate,
        scene: &Scene,
        changes: &[(ItemIdx, &SuspectChange)],
    ) -> (u32, Vec<CauseEvidence>) {
        let mut weight = Weight { because: Some(Vec::new()), ..Weight::default() };
        self.weigh_all(candidate, scene, changes, &mut weight);
        (weight.score(), weight.because.unwrap_or_default())
    }

    fn weigh_all(
        &self,
        candidate: &Candidate,
        scene: &Scene,
        changes: &[(ItemIdx, &SuspectChange)],
        weight: &mut Weight,
    ) {
        self.weigh_reach(candidate, scene, weight);
        self.weigh_symptoms(candidate, scene, weight);
        if let Some((_, change)) = changes.iter().find(|(item, _)| *item == candidate.item) {
            let SuspectChange { before, stood, .. } = **change;
            let evidence = || CauseEvidence::Change { reference: change.reference.clone(), before, stood };
            weight.add(lately(220, stood, before), evidence);
        }
        self.weigh_quiet(candidate, scene, weight);
        // It needs something that alerts too, and that does not need it in turn.
        if let Some(below) = candidate.below {
            weight.take(180, || {
                let group = self.group_between(candidate.item, below);
                CauseEvidence::DependsOnAlerting { ci: self.graph().id(below).clone(), group }
            });
        }
        // Whatever else alerts for no other reason began by itself at the same time, if this is the cause.
        let unexplained = scene.roots.saturating_sub(candidate.roots);
        if unexplained > 0 {
            let taken = UNEXPLAINED * i64::from(unexplained) / i64::from(scene.roots);
            weight.take(taken, || CauseEvidence::Unexplained { items: unexplained, of: scene.roots });
        }
        if let Some(source) = scene.monitor {
            weight.take(200, || CauseEvidence::OnlyOneSource { source: source.clone() });
        }
    }

    /// What share of the alerting items needs it, and how near they are.
    fn weigh_reach(&self, candidate: &Candidate, scene: &Scene, weight: &mut Weight) {
        let (explained, of) = (i64::from(candidate.explains), scene.of());
        let share = i64::from(candidate.accounts_for) * EXPLAINS / (1000 * of);
        weight.add(share, || {
            let itself = candidate.alerting.is_some();
            CauseEvidence::Explains { items: explained as u32, of: of as u32, itself }
        });
        if let Some((distance, item)) = candidate.nearest {
            let near = NEAR / i64::from(distance.max(1));
            weight.add(near, || {
                let group = self.group_between(item, candidate.item);
                CauseEvidence::Near { ci: self.graph().id(item).clone(), distance, group }
            });
        }
    }

    fn weigh_symptoms(&self, candidate: &Candidate, scene: &Scene, weight: &mut Weight) {
        let Some(seen) = candidate.alerting else {
            if self.alerts_now(candidate.item) {
                return weight.add(0, || CauseEvidence::Elsewhere);
            }
            // Who is never heard of may well fail in silence.
            let watched = self.state.marks.covered().contains(candidate.item);
            weight.take(if watched { SILENT } else { UNWATCHED }, || CauseEvidence::Silent);
            return;
        };
        // Early and loud says the less, the fewer of the others it explains: victims are both, too.
        let (explained, of) = (i64::from(candidate.explains), scene.of());
        let worth = |full: i64| full * (of + explained) / (2 * of);
        let after = seen.start - scene.first;
        weight.add(scaled(worth(220), EARLY_WITHIN - after.min(EARLY_WITHIN), EARLY_WITHIN), || {
            CauseEvidence::FiredAfterFirst { after }
        });
        let kind = match seen.kind {
            SymptomKind::Unreachable => 170,
            SymptomKind::Exhausted | SymptomKind::Saturation => 140,
            SymptomKind::Errors => 80,
            SymptomKind::Other => 70,
            SymptomKind::Latency => 40,
        };
        if seen.names > 1 {
            weight.add(many_alerts(seen.names), || CauseEvidence::ManyAlerts { names: seen.names });
        }
        weight.add(worth(kind), || {
            let alertname = self.state.alerts.get(&seen.alert).map(|alert| alert.alertname()).unwrap_or_default();
            CauseEvidence::Kind { kind: seen.kind, alertname: alertname.into() }
        });
    }

    /// Dependents that are watched and say nothing speak against it, else DNS would always win.
    fn weigh_quiet(&self, candidate: &Candidate, scene: &Scene, weight: &mut Weight) {
        let covered = self.state.marks.covered();
        let mut watched = 0;
        let mut quiet = 0;
        for dependent in self.graph().dependents(candidate.item).take(DEPENDENTS_MAX).map(|edge| edge.to) {
            let covered = covered.contains(dependent);
            watched += u32::from(covered);
            // It says nothing, and neither does anything that needs it.
            quiet += u32::from(covered && !scene.concerned.contains(dependent));
        }
        if quiet > 0 {
            let taken = 300 * i64::from(quiet) / i64::from(watched.max(1));
            weight.take(taken, || self.quiet_dependents(candidate, scene));
        }
    }

    /// For people each item counts once, however many ways it depends, and what fires elsewhere is not quiet.
    fn quiet_dependents(&self, candidate: &Candidate, scene: &Scene) -> CauseEvidence {
        let dependents = self.graph().dependents(candidate.item).take(DEPENDENTS_MAX).map(|edge| edge.to);
        let mut watched: Vec<ItemIdx> = dependents.filter(|item| self.state.marks.covered().contains(*item)).collect();
        watched.dedup();
        let silent = watched.iter().filter(|item| !scene.concerned.contains(**item));
        let (elsewhere, quiet): (Vec<ItemIdx>, Vec<ItemIdx>) = silent.partition(|item| self.alerts_now(**item));
        let count = |items: &[ItemIdx]| items.len() as u32;
        CauseEvidence::QuietDependents { quiet: count(&quiet), elsewhere: count(&elsewhere), watched: count(&watched) }
    }

    /// Whether an incident has an alert on an item that still fires.
    fn alerts_now(&self, item: ItemIdx) -> bool {
        let members = self.state.index.at(item).flat_map(|(_, presence)| presence.members());
        members.filter_map(|member| self.episode(*member)).any(|(_, episode)| episode.is_open() && episode.counts())
    }
}

/// What so many different alerts on one item say, between two doublings in proportion.
fn many_alerts(names: u32) -> i64 {
    let names = names.clamp(1, NAMES_MAX);
    let doublings = names.ilog2();
    let power = 1_i64 << doublings;
    DOUBLED * i64::from(doublings) + DOUBLED * (i64::from(names) - power) / power
}

pub(super) fn scaled(full: i64, part: Span, whole: Span) -> i64 {
    full * part.micros().max(0) / whole.micros().max(1)
}
