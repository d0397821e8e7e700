//! A partition's lane in the store: `kafka/<topic>/<incarnation>/<partition>`.
//!
//! The incarnation is the id that the broker gave the topic, `-` where it gives none; and, behind a `~`, how often its
//! log went on before where it had been read to. Positions in the store never go back, so a log that does, or that
//! begins anew under an old name, is another lane. `[I10]`

use runtime::{Positions, SlotName};

/// Which log it is that stands under a topic's name now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incarnation {
    /// `None`: the broker gives none.
    pub(crate) id: Option<String>,
    pub(crate) turn: u32,
}

/// A partition's lane, and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) incarnation: Incarnation,
    /// `None`: never.
    pub(crate) next: Option<u64>,
}

const KAFKA: &str = "kafka";
const NO_ID: &str = "-";

/// Whether a log of this topic was read that the broker gave an id.
pub(crate) fn has_named_lanes(positions: &Positions, topic: &str) -> bool {
    let prefix = format!("{KAFKA}/{topic}/");
    let slots = positions.range(SlotName::from(prefix.as_str())..).map(|(slot, _)| slot.as_str());
    let incarnations = slots.map_while(|slot| slot.strip_prefix(&prefix)?.split('/').next());
    incarnations.into_iter().any(|word| Incarnation::parse(word).id.is_some())
}

/// Whether a slot is of a partition of this topic.
pub(crate) fn is_of(slot: &SlotName, topic: &str) -> bool {
    slot.as_str().split('/').nth(1) == Some(topic)
}

/// The topic and partition that a lane is of.
pub(crate) fn part_of(slot: &SlotName) -> Option<(String, i32)> {
    let (topic, rest) = slot.as_str().strip_prefix(KAFKA)?.strip_prefix('/')?.split_once('/')?;
    let (_, partition) = rest.split_once('/')?;
    Some((topic.to_owned(), partition.parse().ok()?))
}

/// The lane of a partition of which nobody said which log it is.
pub(crate) fn unnamed(topic: &str, partition: i32) -> SlotName {
    Incarnation { id: None, turn: 0 }.slot(topic, partition)
}

impl Incarnation {
    pub(crate) fn slot(&self, topic: &str, partition: i32) -> SlotName {
        let id = self.id.as_deref().unwrap_or(NO_ID);
        match self.turn {
            0 => format!("{KAFKA}/{topic}/{id}/{partition}").into(),
            turn => format!("{KAFKA}/{topic}/{id}~{turn}/{partition}").into(),
        }
    }

    /// The log of a topic with this id.
    pub(crate) fn of(id: &str) -> Incarnation {
        Incarnation { id: Some(id.to_owned()), turn: 0 }
    }

    /// Whether the log with this id is certainly another one.
    pub(crate) fn is_not(&self, id: &str) -> bool {
        self.id.as_deref().is_some_and(|own| own != id)
    }

    /// The log after one that was cut short.
    pub(crate) fn after(&self) -> Incarnation {
        Incarnation { id: self.id.clone(), turn: self.turn + 1 }
    }

    fn parse(word: &str) -> Incarnation {
        let (id, turn) = word.split_once('~').unwrap_or((word, "0"));
        Incarnation { id: (id != NO_ID).then(|| id.to_owned()), turn: turn.parse().unwrap_or(0) }
    }
}

impl Lane {
    /// The newest lane of a partition of the log with this id. One that was begun while nobody said the id goes on, unless
    /// there is one of another.
    pub(crate) fn of(positions: &Positions, topic: &str, partition: i32, id: Option<&str>) -> Lane {
        let known = || lanes(positions, topic, partition);
        let same = known().filter(|lane| lane.incarnation.id.as_deref() == id).max_by_key(|lane| lane.incarnation.turn);
        let unnamed = || known().filter(|lane| lane.incarnation.id.is_none()).max_by_key(|lane| lane.incarnation.turn);
        let before = || if known().all(|lane| lane.incarnation.id.is_none()) { unnamed() } else { None };
        let never = || Lane { incarnation: Incarnation { id: id.map(str::to_owned), turn: 0 }, next: None };
        same.or_else(before).unwrap_or_else(never)
    }

    /// Of the same partition, but of a topic that is gone: what was read last of it.
    pub(crate) fn of_another_topic(&self, positions: &Positions, topic: &str, partition: i32) -> Option<Lane> {
        lanes(positions, topic, partition)
            .filter(|lane| lane.incarnation.id != self.incarnation.id)
            .max_by_key(|lane| lane.next)
    }
}

fn lanes(positions: &Positions, topic: &str, partition: i32) -> impl Iterator<Item = Lane> {
    let prefix = format!("{KAFKA}/{topic}/");
    let from = SlotName::from(prefix.as_str());
    let named = positions.range(from..).map(|(slot, next)| (slot.clone(), *next));
    let named = named.map_while(move |(slot, next)| Some((slot.as_str().strip_prefix(&prefix)?.to_owned(), next)));
    named.filter_map(move |(rest, next)| {
        let (incarnation, nth) = rest.split_once('/')?;
        (nth.parse() == Ok(partition)).then(|| Lane { incarnation: Incarnation::parse(incarnation), next: Some(next) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(slots: &[(&str, u64)]) -> Positions {
        slots.iter().map(|(slot, next)| (SlotName::from(*slot), *next)).collect()
    }

    #[test]
    fn a_lane_goes_by_topic_incarnation_and_partition() {
        let first = Incarnation { id: Some("Zx_1".to_owned()), turn: 0 };
        assert_eq!(first.slot("alerts", 3).as_str(), "kafka/alerts/Zx_1/3");
        assert_eq!(first.after().slot("alerts", 3).as_str(), "kafka/alerts/Zx_1~1/3");
        let unnamed = Incarnation { id: None, turn: 2 };
        assert_eq!(unnamed.slot("alerts", 3).as_str(), "kafka/alerts/-~2/3");
    }

    #[test]
    fn a_lane_says_of_which_partition_it_is() {
        let first = Incarnation { id: Some("Zx_1".to_owned()), turn: 0 };
        assert_eq!(part_of(&first.after().slot("alerts.eu", 3)), Some(("alerts.eu".to_owned(), 3)));
        assert_eq!(part_of(&unnamed("alerts", 7)), Some(("alerts".to_owned(), 7)));
        assert_eq!(part_of(&"push/3".into()), None);
    }

    #[test]
    fn the_newest_lane_of_the_same_log_is_read_on() {
        let known = positions(&[
            ("kafka/alerts/a/1", 10),
            ("kafka/alerts/a/11", 99),
            ("kafka/alerts/a~1/1", 4),
            ("kafka/alerts/b/1", 7),
            ("kafka/alerts.old/a/1", 70),
            ("push/3", 12),
        ]);
        let lane = |id, partition| Lane::of(&known, "alerts", partition, id);
        assert_eq!(lane(Some("a"), 1).next, Some(4), "after it was cut short");
        assert_eq!(lane(Some("b"), 1).next, Some(7));
        assert_eq!(lane(Some("c"), 1).next, None, "made anew under its name");
        assert_eq!(lane(Some("a"), 2).next, None, "a partition that was added");
        assert_eq!(lane(None, 1).next, None, "which of them it is nobody says");
        let unnamed = positions(&[("kafka/alerts/-/1", 10), ("kafka/alerts/-~1/1", 3)]);
        assert_eq!(Lane::of(&unnamed, "alerts", 1, Some("a")).next, Some(3), "begun while nobody said");
        assert!(has_named_lanes(&known, "alerts") && !has_named_lanes(&unnamed, "alerts"));
    }

    #[test]
    fn what_was_read_of_a_topic_that_is_gone_is_known() {
        let known = positions(&[("kafka/alerts/a/1", 10)]);
        let anew = Lane::of(&known, "alerts", 1, Some("b"));
        assert_eq!(anew.of_another_topic(&known, "alerts", 1).and_then(|lane| lane.next), Some(10));
        let same = Lane::of(&known, "alerts", 1, Some("a"));
        assert_eq!(same.of_another_topic(&known, "alerts", 1), None);
    }
}
