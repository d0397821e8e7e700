//! What the group shared out, written down for whoever looks for who has which partition.

use std::collections::{BTreeMap, BTreeSet};

/// Partitions, each with its topic.
pub(crate) fn notice(what: &str, parts: &[(String, i32)]) {
    if !parts.is_empty() {
        telemetry::notice(&format!("{what} {}", listed(parts)));
    }
}

fn listed(parts: &[(String, i32)]) -> String {
    let mut by_topic: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
    for (topic, partition) in parts {
        by_topic.entry(topic).or_default().insert(*partition);
    }
    let of = |(topic, parts): (&str, BTreeSet<i32>)| {
        let word = if parts.len() == 1 { "partition" } else { "partitions" };
        format!("{word} {} of {topic}", parts.iter().map(i32::to_string).collect::<Vec<_>>().join(", "))
    };
    by_topic.into_iter().map(of).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_listed_by_their_topics_in_their_order() {
        let parts = [("b", 10), ("a", 3), ("b", 2)].map(|(topic, partition)| (topic.to_owned(), partition));
        assert_eq!(listed(&parts), "partition 3 of a and partitions 2, 10 of b");
    }
}
