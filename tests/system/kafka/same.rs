//! Whether two stores came to the same, row by row, whoever wrote them and in how many commits. What a number of commits
//! decides is left out: numbers that people use, when a row was written last, and what an alert's wide row knew of its
//! repeats then. (How often each alert was said the account compares.)

use std::collections::BTreeSet;

use crate::behind::Behind;
use crate::wait::holds;

/// What is compared, and the rows of it. What only says how long a row is kept is left out, too.
const COMPARED: [(&str, &str); 5] = [
    ("episodes", "SELECT to_jsonb(episode) - 'needed' FROM episode"),
    ("outages", "SELECT to_jsonb(outage) FROM outage"),
    (
        "incidents",
        "SELECT to_jsonb(incident) - '{number,body,search,needed_until}'::text[], body::jsonb - 'number' FROM incident",
    ),
    ("problems", "SELECT to_jsonb(problem) - '{number,body,search}'::text[], body::jsonb - 'number' FROM problem"),
    ("alerts", "SELECT to_jsonb(alert) - '{changed_at,body}'::text[], body::jsonb - 'hot' FROM alert"),
];

/// How many rows are the same; an error that names some that are not.
pub(super) fn same(one: &Behind, other: &Behind) -> Result<usize, String> {
    let mut rows = 0;
    for (what, question) in COMPARED {
        let [ours, theirs] = [set(one, question)?, set(other, question)?];
        holds(ours == theirs, || {
            let only = |of: &BTreeSet<Vec<String>>, not: &BTreeSet<Vec<String>>| {
                let few: Vec<&Vec<String>> = of.difference(not).take(2).collect();
                format!("{} of {}, such as {few:?}", of.difference(not).count(), of.len())
            };
            format!("{what}: only here {}; only there {}", only(&ours, &theirs), only(&theirs, &ours))
        })?;
        rows += ours.len();
    }
    Ok(rows)
}

fn set(store: &Behind, question: &str) -> Result<BTreeSet<Vec<String>>, String> {
    Ok(store.try_rows(question)?.into_iter().collect())
}
