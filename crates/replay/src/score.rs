//! How well a grouping, and the causes named, agree with a known truth.
//!
//! B-cubed precision and recall (Bagga and Baldwin 1998), the adjusted Rand index (Hubert and Arabie 1985), adjusted
//! mutual information with the arithmetic mean (Vinh, Epps and Bailey 2010), and counts of pairs.

use std::collections::BTreeMap;

use model::incident::Confidence;

use crate::outcome::{Named, Outcome};
use crate::truth::Truth;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grouping {
    pub events: usize,
    pub b_cubed_precision: f64,
    pub b_cubed_recall: f64,
    pub b_cubed_f1: f64,
    pub adjusted_rand: f64,
    pub adjusted_mutual_information: f64,
    pub pairs_wrongly_joined: u64,
    pub pairs_wrongly_apart: u64,
    /// Incidents found per true incident.
    pub incidents_per_true: f64,
    /// Events that the truth knows and the recording does not have: they are not graded, and mean that the two are not
    /// of the same recording.
    pub events_missing: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CauseScore {
    pub incidents: usize,
    pub top_1: f64,
    pub top_3: f64,
    pub mean_reciprocal_rank: f64,
    /// How many incidents hold firing events of one true incident, on average.
    pub incidents_per_fault: f64,
    /// Incidents whose first cause is named with high confidence, and those of them that name the right one.
    pub sure: usize,
    pub sure_and_right: usize,
}

/// Compares two groupings of the same things, given as pairs of labels.
pub fn grouping<A: Ord + Clone, B: Ord + Clone>(pairs: &[(A, B)]) -> Grouping {
    let table = Table::of(pairs);
    let n = pairs.len() as f64;
    if pairs.is_empty() {
        return Grouping::default();
    }
    let precision =
        table.cells.iter().map(|((found, _), both)| square(*both) / table.size_found(found)).sum::<f64>() / n;
    let recall = table.cells.iter().map(|((_, truth), both)| square(*both) / table.size_true(truth)).sum::<f64>() / n;
    let both: u64 = table.cells.values().map(|count| choose_2(*count)).sum();
    let joined: u64 = table.found.values().map(|count| choose_2(*count)).sum();
    let together: u64 = table.truth.values().map(|count| choose_2(*count)).sum();
    Grouping {
        events: pairs.len(),
        b_cubed_precision: precision,
        b_cubed_recall: recall,
        b_cubed_f1: harmonic(precision, recall),
        adjusted_rand: adjusted_rand(both, joined, together, choose_2(pairs.len() as u64)),
        adjusted_mutual_information: table.adjusted_mutual_information(),
        pairs_wrongly_joined: joined - both,
        pairs_wrongly_apart: together - both,
        incidents_per_true: table.found.len() as f64 / table.truth.len() as f64,
        events_missing: 0,
    }
}

/// Grades the events that the truth knows. An event in no incident stands alone; one that was never recorded is counted
/// as missing.
pub fn against_truth(outcome: &Outcome, truth: &Truth) -> Grouping {
    let alone = outcome.incidents.len();
    let pairs: Vec<(usize, &str)> = truth
        .incident_of
        .iter()
        .filter_map(|(index, truth)| {
            let at = usize::try_from(*index).ok()?;
            Some((outcome.incident_of.get(at)?.unwrap_or(alone + at), truth.as_str()))
        })
        .collect();
    Grouping { events_missing: truth.incident_of.len() - pairs.len(), ..grouping(&pairs) }
}

impl std::fmt::Display for Grouping {
    /// One sentence for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "B-cubed F1 {:.3} (precision {:.3}, recall {:.3}), {:.2} incidents per true one",
            self.b_cubed_f1, self.b_cubed_precision, self.b_cubed_recall, self.incidents_per_true
        )?;
        match self.events_missing {
            0 => Ok(()),
            missing => write!(f, "; {missing} events of the truth are not in the recording: is it of another one?"),
        }
    }
}

/// The causes of a true incident are read from the incident that holds most of its firing events, and what is said with
/// high confidence from every incident most of whose firing events are of one true incident with a known cause.
pub fn causes(outcome: &Outcome, truth: &Truth) -> CauseScore {
    let held = Held::of(outcome, truth);
    let mut score = CauseScore::default();
    for (label, causes) in &truth.causes_of {
        let Some(holder) = held.mostly_in(label) else { continue };
        let ranked = holder.and_then(|holder| outcome.incidents.get(holder)).map(|incident| &incident.causes);
        let right = |named: &Named| causes.iter().any(|cause| named.ci.as_str() == cause);
        let rank = ranked.and_then(|ranked| ranked.iter().position(right));
        score.incidents += 1;
        score.top_1 += f64::from(u8::from(rank == Some(0)));
        score.top_3 += f64::from(u8::from(rank.is_some_and(|rank| rank < 3)));
        score.mean_reciprocal_rank += rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
        score.incidents_per_fault += held.incidents_of(label) as f64;
    }
    for (place, incident) in outcome.incidents.iter().enumerate() {
        let Some(first) = incident.causes.first().filter(|first| first.confidence == Some(Confidence::High)) else {
            continue;
        };
        if let Some(causes) = held.mostly_of(place).and_then(|label| truth.causes_of.get(label)) {
            score.sure += 1;
            score.sure_and_right += usize::from(causes.iter().any(|cause| first.ci.as_str() == cause));
        }
    }
    let n = score.incidents.max(1) as f64;
    CauseScore {
        top_1: score.top_1 / n,
        top_3: score.top_3 / n,
        mean_reciprocal_rank: score.mean_reciprocal_rank / n,
        incidents_per_fault: score.incidents_per_fault / n,
        ..score
    }
}

/// How many firing events of each true incident each found one holds.
#[derive(Default)]
struct Held<'t> {
    by_truth: BTreeMap<&'t str, BTreeMap<usize, usize>>,
    by_found: BTreeMap<usize, BTreeMap<&'t str, usize>>,
}

impl<'t> Held<'t> {
    fn of(outcome: &Outcome, truth: &'t Truth) -> Held<'t> {
        let mut held = Held::default();
        for (index, label) in &truth.incident_of {
            let Ok(at) = usize::try_from(*index) else { continue };
            let holders = held.by_truth.entry(label).or_default();
            let found = outcome.incident_of.get(at).copied().flatten();
            if let Some(found) = found.filter(|_| outcome.firing.get(at).copied().unwrap_or(false)) {
                *holders.entry(found).or_default() += 1;
                *held.by_found.entry(found).or_default().entry(label).or_default() += 1;
            }
        }
        held
    }

    /// `None` where the truth has no event of it; `Some(None)` where no incident holds one.
    fn mostly_in(&self, label: &str) -> Option<Option<usize>> {
        let holders = self.by_truth.get(label)?;
        let most = holders.iter().max_by_key(|(found, count)| (**count, std::cmp::Reverse(**found)));
        Some(most.map(|(found, _)| *found))
    }

    fn mostly_of(&self, found: usize) -> Option<&'t str> {
        let most = self.by_found.get(&found)?.iter().max_by_key(|(label, count)| (**count, std::cmp::Reverse(**label)));
        most.map(|(label, _)| *label)
    }

    fn incidents_of(&self, label: &str) -> usize {
        self.by_truth.get(label).map_or(0, BTreeMap::len)
    }
}

/// Counts of what both groupings make of each thing.
struct Table<A, B> {
    cells: BTreeMap<(A, B), u64>,
    found: BTreeMap<A, u64>,
    truth: BTreeMap<B, u64>,
    n: u64,
}

impl<A: Ord + Clone, B: Ord + Clone> Table<A, B> {
    fn of(pairs: &[(A, B)]) -> Table<A, B> {
        let mut table =
            Table { cells: BTreeMap::new(), found: BTreeMap::new(), truth: BTreeMap::new(), n: pairs.len() as u64 };
        for (found, truth) in pairs {
            *table.cells.entry((found.clone(), truth.clone())).or_default() += 1;
            *table.found.entry(found.clone()).or_default() += 1;
            *table.truth.entry(truth.clone()).or_default() += 1;
        }
        table
    }

    fn size_found(&self, label: &A) -> f64 {
        self.found.get(label).copied().unwrap_or(0) as f64
    }

    fn size_true(&self, label: &B) -> f64 {
        self.truth.get(label).copied().unwrap_or(0) as f64
    }

    fn adjusted_mutual_information(&self) -> f64 {
        let n = self.n as f64;
        if self.found.len() == self.truth.len() && (self.found.len() == 1 || self.found.len() as u64 == self.n) {
            return 1.0;
        }
        let information: f64 = self
            .cells
            .iter()
            .map(|((found, truth), both)| {
                let both = *both as f64;
                both / n * (n * both / (self.size_found(found) * self.size_true(truth))).ln()
            })
            .sum();
        let expected = self.expected_information();
        let mean = (entropy(self.found.values(), n) + entropy(self.truth.values(), n)) / 2.0;
        let denominator = mean - expected;
        if denominator.abs() < f64::EPSILON { 0.0 } else { (information - expected) / denominator }
    }

    /// Over all ways to group things into groups of these sizes.
    fn expected_information(&self) -> f64 {
        let n = self.n;
        let ln_factorial = ln_factorials(n);
        let of = |k: u64| ln_factorial.get(k as usize).copied().unwrap_or(0.0);
        let mut sizes: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for a in self.found.values() {
            for b in self.truth.values() {
                *sizes.entry((*a, *b)).or_default() += 1;
            }
        }
        let mut expected = 0.0;
        for ((a, b), times) in sizes {
            let least = (a + b).saturating_sub(n).max(1);
            for both in least..=a.min(b) {
                let information = both as f64 / n as f64 * (n as f64 * both as f64 / (a as f64 * b as f64)).ln();
                let ways = of(a) + of(b) + of(n - a) + of(n - b)
                    - of(n)
                    - of(both)
                    - of(a - both)
                    - of(b - both)
                    - of(n + both - a - b);
                expected += times as f64 * information * ways.exp();
            }
        }
        expected
    }
}

fn ln_factorials(n: u64) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain((1..=n).map(|k| {
            sum += (k as f64).ln();
            sum
        }))
        .collect()
}

fn entropy<'a>(sizes: impl Iterator<Item = &'a u64>, n: f64) -> f64 {
    sizes.map(|size| *size as f64 / n).map(|share| -share * share.ln()).sum()
}

fn adjusted_rand(both: u64, joined: u64, together: u64, all: u64) -> f64 {
    let expected = joined as f64 * together as f64 / (all as f64).max(1.0);
    let most = (joined as f64 + together as f64) / 2.0;
    if (most - expected).abs() < f64::EPSILON { 1.0 } else { (both as f64 - expected) / (most - expected) }
}

fn choose_2(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

fn square(n: u64) -> f64 {
    (n as f64) * (n as f64)
}

fn harmonic(a: f64, b: f64) -> f64 {
    if a + b == 0.0 { 0.0 } else { 2.0 * a * b / (a + b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn equal_groupings_score_one_whatever_they_are_called() {
        let pairs: Vec<(u8, char)> = vec![(1, 'a'), (1, 'a'), (2, 'b'), (3, 'c'), (3, 'c')];
        let score = grouping(&pairs);
        assert!(near(score.b_cubed_f1, 1.0) && near(score.adjusted_rand, 1.0));
        assert!(near(score.adjusted_mutual_information, 1.0));
        assert_eq!((score.pairs_wrongly_joined, score.pairs_wrongly_apart), (0, 0));
    }

    #[test]
    fn rows_of_the_truth_past_the_last_event_are_counted_and_said() {
        let incident_of = |index: u64| (index, "disk".to_owned());
        let truth = Truth { incident_of: [0, 1, 7, 8].map(incident_of).into(), ..Truth::default() };
        let held = |events: usize| Outcome { incident_of: vec![Some(0); events], ..Outcome::default() };
        let score = against_truth(&held(2), &truth);
        assert_eq!((score.events, score.events_missing), (2, 2));
        assert!(score.to_string().contains("2 events of the truth are not in the recording"), "{score}");
        let all = against_truth(&held(9), &truth);
        assert_eq!((all.events, all.events_missing), (4, 0));
        assert!(!all.to_string().contains("truth are"), "{all}");
    }

    /// Worked by hand: found {1,2,3}{4,5,6}, truth {1,2}{3,4,5}{6}.
    #[test]
    fn the_textbook_example_scores_as_worked_by_hand() {
        let pairs = [(1, 'a'), (1, 'a'), (1, 'b'), (2, 'b'), (2, 'b'), (2, 'c')];
        let score = grouping(&pairs);
        assert!(near(score.b_cubed_precision, (4.0 / 3.0 + 1.0 / 3.0 + 4.0 / 3.0 + 1.0 / 3.0) / 6.0));
        assert!(near(score.b_cubed_recall, (2.0 + 1.0 / 3.0 + 4.0 / 3.0 + 1.0) / 6.0));
        assert_eq!((score.pairs_wrongly_joined, score.pairs_wrongly_apart), (4, 2));
        // both = 2, joined = 6, together = 4, all = 15: (2 - 1.6) / (5 - 1.6)
        assert!(near(score.adjusted_rand, 0.4 / 3.4));
    }

    /// scikit-learn 1.5, adjusted_mutual_info_score([0,0,1,1],[0,0,1,2]) and ([0,0,0,1,1,1],[0,0,1,1,2,2]).
    #[test]
    fn adjusted_mutual_information_agrees_with_a_published_implementation() {
        let score = grouping(&[(0, 0), (0, 0), (1, 1), (1, 2)]);
        assert!((score.adjusted_mutual_information - 0.571_428_571_428_571_4).abs() < 1e-6, "{score:?}");
        let score = grouping(&[(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (1, 2)]);
        assert!((score.adjusted_mutual_information - 0.298_792_458_170_789_9).abs() < 1e-6, "{score:?}");
    }
}
