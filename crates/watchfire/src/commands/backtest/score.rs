//! How well a way of deciding agrees with a truth: of a file, or of people's word in a store; and what it falls short of.

use std::path::Path;

use anyhow::Context as _;
use replay::outcome::Outcome as Decided;
use replay::score::{CauseScore, Grouping, against_truth, causes};
use replay::truth::Truth;
use replay::word::{Word, WordScore};

use super::tape::What;
use crate::cli::{Minima, is_word};
use crate::outcome::WrongUse;

pub(super) enum Known {
    File(Truth),
    Word(Word),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Score {
    File(Grouping, CauseScore),
    Word(WordScore),
}

impl Known {
    pub(super) fn of(path: &Path, what: &What) -> anyhow::Result<Known> {
        match (is_word(path), what) {
            (true, What::Store { history, rebuilt }) => Ok(Known::Word(Word::of(history, rebuilt))),
            (true, What::Recording { .. } | What::Topic { .. }) => {
                let why = "`--truth store` is what people said in a store, and nothing of that is here: name a truth file, \
                           or play a store such as sqlite://watchfire-data/watchfire.db";
                Err(WrongUse(why.to_owned()).into())
            }
            (false, What::Store { .. }) => {
                let why = "a truth file numbers the events of a recording, and a store keeps no such numbers: write \
                           `--truth store`";
                Err(WrongUse(why.to_owned()).into())
            }
            (false, What::Recording { cmdb, .. } | What::Topic { cmdb, .. }) => {
                let text =
                    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
                Ok(Known::File(Truth::parse_about(&text, cmdb).with_context(|| path.display().to_string())?))
            }
        }
    }

    pub(super) fn score(&self, decided: &Decided) -> Score {
        match self {
            Known::File(truth) => Score::File(against_truth(decided, truth), causes(decided, truth)),
            Known::Word(word) => Score::Word(word.score(decided)),
        }
    }
}

/// Minima that a truth of this kind cannot give.
pub(super) fn misplaced(minima: &Minima, truth: &Path) -> Result<(), WrongUse> {
    let whole = [("--min-ari", minima.min_ari), ("--min-ami", minima.min_ami)];
    let (odd, why) = if is_word(truth) {
        let why = "is of a truth that knows all events, and people judged some pairs: use --min-agreement";
        (whole.into_iter().find(|(_, least)| least.is_some()), why)
    } else {
        let why = "is of what people said: it needs `--truth store`";
        ([("--min-agreement", minima.min_agreement)].into_iter().find(|(_, least)| least.is_some()), why)
    };
    odd.map_or(Ok(()), |(option, _)| Err(WrongUse(format!("{option} {why}"))))
}

/// A score with its name and its option; `None` where nothing was judged that it is of.
type Reached = (&'static str, &'static str, Option<f64>, Option<f64>);

/// What a score falls short of.
pub(super) fn below(minima: &Minima, score: &Score) -> Vec<String> {
    let told = |(what, option, least, is): Reached| {
        let least = least?;
        match is {
            Some(is) if is >= least => None,
            Some(is) => Some(format!("{what} is {is:.4}, below {least} ({option})")),
            None => Some(format!("{what} cannot be told, since people judged nothing that it is of ({option})")),
        }
    };
    reached(minima, score).into_iter().filter_map(told).collect()
}

fn reached(minima: &Minima, score: &Score) -> Vec<Reached> {
    let (mut reached, causes) = match score {
        Score::File(grouping, causes) => (of_file(minima, grouping), *causes),
        Score::Word(word) => (of_word(minima, word), word.causes),
    };
    let judged = |share: f64| (matches!(score, Score::File(..)) || causes.incidents > 0).then_some(share);
    reached.extend([
        ("the share of causes named first", "--min-top1", minima.min_top1, judged(causes.top_1)),
        ("the share of causes among the first three", "--min-top3", minima.min_top3, judged(causes.top_3)),
        ("the mean reciprocal rank of causes", "--min-mrr", minima.min_mrr, judged(causes.mean_reciprocal_rank)),
    ]);
    reached
}

fn of_file(minima: &Minima, grouping: &Grouping) -> Vec<Reached> {
    let Grouping { b_cubed_f1, b_cubed_precision, b_cubed_recall, .. } = *grouping;
    let information = grouping.adjusted_mutual_information;
    vec![
        ("B-cubed F1", "--min-f1", minima.min_f1, Some(b_cubed_f1)),
        ("B-cubed precision", "--min-precision", minima.min_precision, Some(b_cubed_precision)),
        ("B-cubed recall", "--min-recall", minima.min_recall, Some(b_cubed_recall)),
        ("the adjusted Rand index", "--min-ari", minima.min_ari, Some(grouping.adjusted_rand)),
        ("the adjusted mutual information", "--min-ami", minima.min_ami, Some(information)),
    ]
}

fn of_word(minima: &Minima, word: &WordScore) -> Vec<Reached> {
    vec![
        ("the F1 of judged pairs", "--min-f1", minima.min_f1, word.f1()),
        ("the precision of judged pairs", "--min-precision", minima.min_precision, word.precision()),
        ("the recall of judged pairs", "--min-recall", minima.min_recall, word.recall()),
        ("the agreement on judged pairs", "--min-agreement", minima.min_agreement, word.agreement()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_score_below_its_minimum_is_told_with_its_option() {
        let score = Score::File(
            Grouping { b_cubed_f1: 0.9, ..Grouping::default() },
            CauseScore { top_1: 0.5, ..CauseScore::default() },
        );
        let minima = Minima { min_f1: Some(0.95), min_top1: Some(0.5), ..Minima::default() };
        assert_eq!(below(&minima, &score), ["B-cubed F1 is 0.9000, below 0.95 (--min-f1)"]);
        assert!(below(&Minima::default(), &score).is_empty());
    }

    #[test]
    fn what_nobody_judged_reaches_no_minimum() {
        let word = WordScore { apart: 4, apart_kept: 3, ..WordScore::default() };
        let minima = Minima { min_f1: Some(0.0), min_agreement: Some(0.75), ..Minima::default() };
        let told = below(&minima, &Score::Word(word));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("the F1 of judged pairs cannot be told"), "{told:?}");
        assert!(!below(&Minima { min_top1: Some(0.0), ..Minima::default() }, &Score::Word(word)).is_empty());
    }
}
