//! The known word that a slip of the fingers may have meant.

/// At most a third of the letters may be wrong, and never more than three; the first of equally near words.
pub(crate) fn nearest<'w>(said: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let said: Vec<char> = said.to_lowercase().chars().collect();
    let slips_max = (said.len() / 3).clamp(1, 3);
    let judged = known.into_iter().map(|word| (slips(&said, &word.chars().collect::<Vec<_>>()), word));
    judged.min_by_key(|(slips, _)| *slips).filter(|(slips, _)| *slips <= slips_max).map(|(_, word)| word)
}

/// Those of the words that such a slip may have meant, without regard to case, the nearest first, then by the alphabet.
pub fn nearest_few<'w>(said: &str, known: impl IntoIterator<Item = &'w str>) -> Vec<&'w str> {
    let said: Vec<char> = said.to_lowercase().chars().collect();
    let slips_max = (said.len() / 3).clamp(1, 3);
    let of_like_length = |word: &&str| word.chars().count().abs_diff(said.len()) <= slips_max;
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter(of_like_length)
        .map(|word| (slips(&said, &word.to_lowercase().chars().collect::<Vec<_>>()), word))
        .filter(|(slips, _)| *slips <= slips_max)
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, word)| word).collect()
}

/// Items of names like it that a message shows.
const SHOWN_MAX: usize = 3;

/// The ids that a name which is none may have meant: first the item that goes by it otherwise, then those spelt like it.
pub fn ids_meant<'w>(said: &str, by_alias: Option<&'w str>, ids: impl IntoIterator<Item = &'w str>) -> Vec<Box<str>> {
    let spelt_like = nearest_few(said, ids).into_iter().filter(|id| by_alias != Some(*id));
    by_alias.into_iter().chain(spelt_like).take(SHOWN_MAX).map(Into::into).collect()
}

/// Letters to insert, take out, replace, or swap with their neighbour: the optimal string alignment distance.
fn slips(said: &[char], word: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=word.len()).collect();
    for (row, letter) in said.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, wanted) in word.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != wanted);
            let mut best = replaced.min(last[column + 1] + 1).min(next[column] + 1);
            let swapped = row > 0 && column > 0 && said[row - 1] == *wanted && word[column - 1] == *letter;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[word.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_strangers_are_not() {
        let known = ["group_wait", "group_by", "rules", "order", "quiet_period"];
        for (said, meant) in [
            ("group_wiat", Some("group_wait")),
            ("groupwait", Some("group_wait")),
            ("Rules", Some("rules")),
            ("ordr", Some("order")),
            ("quite_period", Some("quiet_period")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(said, known), meant, "{said}");
        }
    }

    #[test]
    fn all_words_that_may_be_meant_are_named_the_nearest_first() {
        let known = ["db-7", "DB-8", "web-1", "web-2", "db-17", "checkout"];
        for (said, near) in [
            ("db-77", ["db-17", "db-7"].as_slice()),
            ("DB7", &["db-7"]),
            ("db-8", &["DB-8", "db-7"]),
            ("web-9", &["web-1", "web-2"]),
            ("chekcout", &["checkout"]),
            ("nosuch", &[]),
        ] {
            assert_eq!(nearest_few(said, known), near, "{said}");
        }
    }

    #[test]
    fn a_distance_counts_slips_both_ways() {
        let count = |a: &str, b: &str| slips(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        for (a, b, slips) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "xbc", 1), ("ab", "ba", 1)]
        {
            assert_eq!((count(a, b), count(b, a)), (slips, slips), "{a} {b}");
        }
    }
}
