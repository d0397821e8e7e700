//! What was read of each partition and is not handed in yet, and in which order it is: by when the logs took it, so that
//! catching up is heard as it happened, whichever partition a broker sends first. Pure.
//!
//! While a partition lies behind and its records are on their way, nothing later than they may be is given out; but not
//! for longer than [`AWAITED_AT_MOST`], for a partition whose broker is gone keeps nobody waiting.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use model::{Span, Timestamp};
use runtime::{PositionAdvance, SlotName};

use crate::record::{Part, Record};

/// How long the records of a partition that lies behind are waited for.
pub(crate) const AWAITED_AT_MOST: Duration = Duration::from_secs(5);
/// What is no older than this is handed in as it comes: it is not catching up.
const LIVE: Span = Span::from_seconds(1);
/// Further behind than this, and timers wait for what was read.
const BEHIND_AFTER: Span = Span::from_seconds(10);
/// What is read ahead of all partitions together; while one of them is awaited, twice as much.
const READ_AHEAD_BYTES_MAX: usize = 16 << 20;
/// Beyond that it is read so much at once, for meanwhile partitions may have to wait.
const STEP_BYTES: usize = 1 << 20;
/// The least that is read ahead of one while others are awaited.
const PARTITION_BYTES_MIN: usize = 64 << 10;

#[derive(Debug, Default)]
pub(crate) struct Queues {
    parts: BTreeMap<Part, Queue>,
    /// Of all of them together.
    bytes: usize,
}

#[derive(Debug)]
struct Queue {
    slot: SlotName,
    /// Where the next range begins that is handed in; `None` until the first record of a log that was never read.
    next: Option<u64>,
    /// Where a log is read from of which the store knows nothing yet; `None`: from its beginning.
    from: Option<u64>,
    /// The store knows nothing of it, as far as we know: the next that is handed in is its beginning.
    is_new: bool,
    /// Behind the last record that was read.
    read_to: Option<u64>,
    records: VecDeque<Record>,
    bytes: usize,
    /// The latest instant that a record had.
    last_at: Timestamp,
    /// Where the log ends, as the broker said last; `None`: it has said nothing yet.
    end: Option<u64>,
    /// Up to where there is nothing left to fetch.
    seen_to: Option<u64>,
    /// Since when there should be records, and are none.
    awaited_since: Option<Instant>,
    paused: bool,
}

/// Records in their order, and the positions that they lead to.
#[derive(Debug, Default)]
pub(crate) struct Released {
    pub(crate) records: Vec<Record>,
    pub(crate) positions: Vec<PositionAdvance>,
    /// Slots of logs that were never read before.
    pub(crate) begins: Vec<SlotName>,
    pub(crate) bytes: usize,
}

impl Released {
    /// When the first of them was received; a record that does not say was received just now.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.records.iter().filter_map(|record| record.at).min()
    }
}

impl Queues {
    pub(crate) fn assign(&mut self, part: Part, slot: SlotName, next: Option<u64>, now: Instant) {
        let queue = Queue {
            slot,
            next,
            from: next,
            is_new: next.is_none(),
            read_to: next,
            records: VecDeque::new(),
            bytes: 0,
            last_at: Timestamp::EPOCH,
            end: None,
            seen_to: None,
            awaited_since: Some(now),
            paused: false,
        };
        let before = self.parts.insert(part, queue);
        self.bytes -= before.map_or(0, |queue| queue.bytes);
    }

    pub(crate) fn revoke(&mut self, part: Part) {
        self.bytes -= self.parts.remove(&part).map_or(0, |queue| queue.bytes);
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = (Part, &SlotName, Option<u64>)> {
        self.parts.iter().map(|(part, queue)| (*part, &queue.slot, queue.next))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.values().all(|queue| queue.records.is_empty())
    }

    pub(crate) fn records(&self) -> usize {
        self.parts.values().map(|queue| queue.records.len()).sum()
    }

    pub(crate) fn is_empty_of(&self, part: Part) -> bool {
        self.parts.get(&part).is_none_or(|queue| queue.records.is_empty())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How much may have been read ahead after the next look: what is awaited may lie behind much that is not.
    pub(crate) fn bytes_max(&self, now: Instant) -> usize {
        if self.bytes > READ_AHEAD_BYTES_MAX && self.awaits(now) {
            (self.bytes + STEP_BYTES).min(2 * READ_AHEAD_BYTES_MAX)
        } else {
            READ_AHEAD_BYTES_MAX
        }
    }

    /// Takes a record in; one that was read before, or of a partition that is not ours any more, is let go. An instant that
    /// lies ahead is none.
    pub(crate) fn push(&mut self, mut record: Record, wall: Timestamp) {
        record.at = record.at.filter(|at| *at <= wall);
        let Some(queue) = self.parts.get_mut(&record.part) else { return };
        if queue.read_to.is_some_and(|read_to| record.offset < read_to) {
            return;
        }
        queue.read_to = Some(record.offset + 1);
        queue.awaited_since = None;
        let bytes = record.bytes();
        queue.bytes += bytes;
        self.bytes += bytes;
        queue.records.push_back(record);
    }

    /// The broker says where a log ends.
    pub(crate) fn ends_at(&mut self, part: Part, end: u64, now: Instant) {
        let Some(queue) = self.parts.get_mut(&part) else { return };
        // What was said before may be heard later.
        queue.end = queue.end.max(Some(end));
        if !queue.is_behind() {
            queue.awaited_since = None;
        } else if queue.records.is_empty() {
            queue.awaited_since.get_or_insert(now);
        }
    }

    /// Everything before `end` was fetched and taken: what is left of it is nothing that readers see, such as the marks of
    /// transactions. Said by whoever fetches, and perhaps of a moment ago: it is shown, and no position rests on it.
    pub(crate) fn is_seen_to(&mut self, part: Part, end: u64) {
        if let Some(queue) = self.parts.get_mut(&part) {
            queue.seen_to = Some(end);
        }
    }

    /// How far a partition is read, for those who watch: over what readers never see, where everything else is in.
    pub(crate) fn shown_to(&self, part: Part, committed: u64) -> u64 {
        let queue = self.parts.get(&part).filter(|queue| queue.next == Some(committed) && queue.records.is_empty());
        queue.and_then(|queue| queue.seen_to).map_or(committed, |seen| seen.max(committed))
    }

    /// The next records in order, at most so many; none while something earlier is awaited.
    pub(crate) fn release(&mut self, records_max: usize, bytes_max: usize, wall: Timestamp, now: Instant) -> Released {
        let mut released = Released::default();
        let mut ranges: BTreeMap<Part, (u64, u64)> = BTreeMap::new();
        let mut waits = self.waits_for(wall, now);
        let mut heads = self.heads(wall);
        while released.records.len() < records_max && released.bytes < bytes_max {
            let Some((at, part)) = heads.pop_first() else { break };
            if waits.is_some_and(|live_too| live_too || wall - at > LIVE) {
                break;
            }
            let Some(queue) = self.parts.get_mut(&part) else { break };
            let Some(mut record) = queue.take(wall, now) else { break };
            heads.extend(queue.head_at(wall).map(|at| (at, part)));
            record.at = Some(at);
            let bytes = record.bytes();
            released.bytes += bytes;
            self.bytes -= bytes;
            if std::mem::take(&mut queue.is_new) {
                released.begins.push(queue.slot.clone());
            }
            let from = queue.next.unwrap_or(record.offset);
            queue.next = Some(record.offset + 1);
            if queue.records.is_empty() {
                waits = self.waits_for(wall, now);
            }
            ranges.entry(part).or_insert((from, from)).1 = record.offset + 1;
            released.records.push(record);
        }
        for (part, (from, to)) in ranges {
            let slot = self.parts.get(&part).map(|queue| queue.slot.clone());
            released.positions.extend(slot.map(|slot| PositionAdvance::new(slot, from, to)));
        }
        released
    }

    /// When each partition's next record was, the earliest first; within a partition time does not go back.
    fn heads(&self, wall: Timestamp) -> BTreeSet<(Timestamp, Part)> {
        self.parts.iter().filter_map(|(part, queue)| Some((queue.head_at(wall)?, *part))).collect()
    }

    fn awaits(&self, now: Instant) -> bool {
        self.parts.values().any(|queue| queue.is_awaited(now))
    }

    /// Whether something earlier may come of a partition; and if so, whether it lies so far back that what comes live waits
    /// for it, too.
    fn waits_for(&self, wall: Timestamp, now: Instant) -> Option<bool> {
        let awaited = self.parts.values().filter(|queue| queue.is_awaited(now));
        awaited.map(|queue| wall - queue.last_at > BEHIND_AFTER).reduce(|one, other| one || other)
    }

    /// The earliest receipt that may still come, where it lies behind by more than is usual; `None`: nothing does.
    /// `on_their_way`: of what was handed in and may come back.
    pub(crate) fn behind(&self, wall: Timestamp, now: Instant, on_their_way: Option<Timestamp>) -> Option<Timestamp> {
        let lying_behind = self.parts.values().filter(|queue| !queue.records.is_empty() || queue.is_awaited(now));
        let heads = lying_behind.map(|queue| queue.head_at(wall).unwrap_or(queue.last_at));
        let earliest = heads.chain(on_their_way).min()?;
        (wall - earliest > BEHIND_AFTER).then_some(earliest)
    }

    /// How many records of each partition there are behind what was handed in, where that is known.
    pub(crate) fn lag(&self) -> impl Iterator<Item = (Part, u64)> {
        self.parts.iter().filter_map(|(part, queue)| Some((*part, queue.lag()?)))
    }

    /// Partitions of which nothing more is to come, and those of which there is room again. What librdkafka has fetched of
    /// a partition that pauses it lets go and fetches anew: so it pauses only those that stand in the way of one that is
    /// awaited, and all where nothing goes on (`stands_still`).
    pub(crate) fn pauses(&mut self, stands_still: bool, now: Instant) -> (Vec<Part>, Vec<Part>) {
        let share = (READ_AHEAD_BYTES_MAX / self.parts.len().max(1)).max(PARTITION_BYTES_MIN);
        let in_the_way = self.bytes > READ_AHEAD_BYTES_MAX && self.awaits(now);
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for (part, queue) in &mut self.parts {
            let is_to_wait = stands_still || (in_the_way && queue.bytes > share);
            if is_to_wait && !queue.paused {
                queue.paused = true;
                pause.push(*part);
            } else if queue.paused && !is_to_wait && queue.bytes < share / 2 {
                queue.paused = false;
                resume.push(*part);
            }
        }
        (pause, resume)
    }

    /// Partitions of which nothing is fetched until there is room.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Part> {
        self.parts.iter().filter(|(_, queue)| queue.paused).map(|(part, _)| *part)
    }

    /// Nothing that was read counts: reading goes on where the store is.
    pub(crate) fn rewind(&mut self, next: impl Fn(&SlotName) -> Option<u64>, now: Instant) {
        self.bytes = 0;
        for queue in self.parts.values_mut() {
            queue.records.clear();
            queue.bytes = 0;
            let known = next(&queue.slot);
            queue.is_new = known.is_none();
            queue.next = known.or(queue.from);
            queue.read_to = queue.next;
            queue.last_at = Timestamp::EPOCH;
            queue.seen_to = None;
            queue.awaited_since = Some(now);
            queue.paused = false;
        }
    }
}

impl Queue {
    /// When the log took the next record. Within a partition time does not go back; a record that does not say came after
    /// the one before it, and the first of all now.
    fn head_at(&self, wall: Timestamp) -> Option<Timestamp> {
        let unsaid = if self.last_at == Timestamp::EPOCH { wall } else { self.last_at };
        self.records.front().map(|record| record.at.unwrap_or(unsaid).max(self.last_at).min(wall))
    }

    fn take(&mut self, wall: Timestamp, now: Instant) -> Option<Record> {
        let at = self.head_at(wall)?;
        let record = self.records.pop_front()?;
        self.last_at = at;
        self.bytes -= record.bytes();
        if self.records.is_empty() && self.is_behind() {
            self.awaited_since = Some(now);
        }
        Some(record)
    }

    /// Where nothing was read yet it is not known how much of the log is still there, unless there never was anything.
    fn lag(&self) -> Option<u64> {
        let end = self.end?;
        let first = || self.records.front().map(|record| record.offset).or((end == 0).then_some(0));
        if self.records.is_empty() && self.seen_to.is_some_and(|seen| seen >= end) && self.next == self.read_to {
            return Some(0);
        }
        Some(end.saturating_sub(self.next.or_else(first)?))
    }

    fn is_behind(&self) -> bool {
        match self.end {
            Some(end) => self.read_to.unwrap_or(0).max(self.seen_to.unwrap_or(0)) < end,
            None => true,
        }
    }

    fn is_awaited(&self, now: Instant) -> bool {
        let since = self.awaited_since.filter(|_| self.records.is_empty() && self.is_behind());
        since.is_some_and(|since| now.duration_since(since) < AWAITED_AT_MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Timestamp = Timestamp::from_seconds(100_000);
    const A: Part = Part { topic: 0, partition: 0 };
    const B: Part = Part { topic: 0, partition: 1 };

    fn record(part: Part, offset: u64, seconds_ago: i64) -> Record {
        let at = Some(WALL - Span::from_seconds(seconds_ago));
        Record { part, offset, at, logged_at: at, value: Some(vec![b'x'; 100].into()), headers: Vec::new() }
    }

    fn queues(now: Instant) -> Queues {
        let mut queues = Queues::default();
        queues.assign(A, "kafka/t/-/0".into(), Some(10), now);
        queues.assign(B, "kafka/t/-/1".into(), None, now);
        queues
    }

    /// The same, of which everything is known.
    fn known(now: Instant) -> Queues {
        let mut queues = queues(now);
        queues.ends_at(A, 10, now);
        queues.ends_at(B, 0, now);
        queues
    }

    fn offsets(released: &Released) -> Vec<(i32, u64)> {
        released.records.iter().map(|record| (record.part.partition, record.offset)).collect()
    }

    fn ranges(released: &Released) -> Vec<(&str, u64, u64)> {
        released.positions.iter().map(|advance| (advance.slot.as_str(), advance.from, advance.to)).collect()
    }

    #[test]
    fn what_is_behind_comes_in_the_order_in_which_the_logs_took_it() {
        let now = Instant::now();
        let mut queues = queues(now);
        for (offset, ago) in [(10, 900), (11, 700), (12, 500)] {
            queues.push(record(A, offset, ago), WALL);
        }
        assert!(queues.release(100, 1 << 20, WALL, now).records.is_empty(), "of B nothing is known yet");
        for (offset, ago) in [(7, 800), (9, 600)] {
            queues.push(record(B, offset, ago), WALL);
        }
        queues.ends_at(A, 13, now);
        queues.ends_at(B, 10, now);
        assert_eq!(queues.behind(WALL, now, None), Some(WALL - Span::from_seconds(900)));
        let released = queues.release(100, 1 << 20, WALL, now);
        assert_eq!(offsets(&released), [(0, 10), (1, 7), (0, 11), (1, 9), (0, 12)]);
        assert_eq!(ranges(&released), [("kafka/t/-/0", 10, 13), ("kafka/t/-/1", 7, 10)], "a hole is passed over");
        assert_eq!(queues.behind(WALL, now, None), None);
        assert_eq!(released.since(), Some(WALL - Span::from_seconds(900)));
        assert_eq!(queues.behind(WALL, now, released.since()), released.since(), "it may come back");
        assert_eq!(queues.behind(WALL, now, Some(WALL - Span::SECOND)), None, "that is no longer than usual");
        assert_eq!(queues.lag().collect::<Vec<_>>(), [(A, 0), (B, 0)]);
    }

    #[test]
    fn a_partition_that_sends_nothing_is_not_waited_for_for_ever() {
        let now = Instant::now();
        let mut queues = queues(now);
        queues.push(record(A, 10, 900), WALL);
        queues.ends_at(A, 11, now);
        assert!(queues.release(100, 1 << 20, WALL, now).records.is_empty());
        let later = now + AWAITED_AT_MOST;
        assert_eq!(offsets(&queues.release(100, 1 << 20, WALL, later)), [(0, 10)]);
        assert_eq!(queues.behind(WALL, later, None), None);
    }

    #[test]
    fn what_comes_live_waits_for_nobody() {
        let now = Instant::now();
        let mut queues = queues(now);
        for part in [A, B] {
            queues.push(record(part, 10, 0), WALL);
            queues.ends_at(part, 11, now);
        }
        drop(queues.release(100, 1 << 20, WALL, now));
        // Something of B is on its way, but nothing that is old.
        queues.ends_at(B, 12, now);
        queues.push(record(A, 11, 0), WALL);
        assert_eq!(offsets(&queues.release(100, 1 << 20, WALL, now)), [(0, 11)]);
    }

    #[test]
    fn time_within_a_partition_does_not_go_back_nor_ahead_of_the_wall() {
        let now = Instant::now();
        let mut queues = known(now);
        queues.revoke(B);
        queues.push(record(A, 10, 5), WALL);
        queues.push(record(A, 11, 9), WALL);
        queues.push(record(A, 12, -60), WALL);
        queues.push(Record { at: None, ..record(A, 13, 0) }, WALL);
        let released = queues.release(100, 1 << 20, WALL, now);
        let five = WALL - Span::from_seconds(5);
        assert_eq!(
            released.records.iter().filter_map(|record| record.at).collect::<Vec<_>>(),
            [five, five, five, five]
        );
    }

    #[test]
    fn what_was_read_before_or_belongs_to_another_is_let_go() {
        let now = Instant::now();
        let mut queues = known(now);
        queues.push(record(A, 9, 0), WALL);
        queues.push(record(A, 10, 0), WALL);
        queues.push(record(A, 10, 0), WALL);
        queues.revoke(B);
        queues.push(record(B, 1, 0), WALL);
        assert_eq!(offsets(&queues.release(100, 1 << 20, WALL, now)), [(0, 10)]);
    }

    #[test]
    fn the_marks_of_transactions_are_no_lag_once_everything_before_them_is_handed_in() {
        let now = Instant::now();
        let mut queues = known(now);
        queues.push(record(A, 10, 0), WALL);
        queues.ends_at(A, 12, now);
        queues.is_seen_to(A, 12);
        assert_eq!(queues.lag().collect::<Vec<_>>(), [(A, 2), (B, 0)], "a record waits");
        drop(queues.release(100, 1 << 20, WALL, now));
        assert_eq!(queues.lag().collect::<Vec<_>>(), [(A, 0), (B, 0)]);
        assert_eq!((queues.shown_to(A, 10), queues.shown_to(A, 11)), (10, 12), "once it is committed");
        let released = {
            queues.push(record(A, 12, 0), WALL);
            queues.release(9, 1 << 20, WALL, now)
        };
        assert_eq!(ranges(&released), [("kafka/t/-/0", 11, 13)], "no position rests on it");
        queues.rewind(|_| Some(11), now);
        assert_eq!(queues.shown_to(A, 11), 11);
    }

    #[test]
    fn a_log_that_is_read_from_its_middle_begins_there_again_until_the_store_knows_it() {
        let now = Instant::now();
        let mut queues = Queues::default();
        queues.assign(A, "kafka/t/a~1/0".into(), Some(90), now);
        queues.rewind(|_| None, now);
        assert_eq!(queues.parts().map(|(_, _, next)| next).collect::<Vec<_>>(), [Some(90)]);
        queues.push(record(A, 90, 0), WALL);
        queues.ends_at(A, 91, now);
        let released = queues.release(9, 1 << 20, WALL, now);
        assert_eq!((ranges(&released), released.begins.len()), (vec![("kafka/t/a~1/0", 90, 91)], 1));
    }

    #[test]
    fn a_log_of_which_nothing_can_be_seen_has_no_lag() {
        let now = Instant::now();
        let mut queues = queues(now);
        queues.ends_at(B, 0, now);
        assert_eq!(queues.lag().collect::<Vec<_>>(), [(B, 0)]);
        queues.ends_at(B, 5, now);
        queues.is_seen_to(B, 5);
        assert_eq!(queues.lag().collect::<Vec<_>>(), [(B, 0)]);
    }

    #[test]
    fn what_comes_live_waits_while_another_partition_lies_far_behind() {
        let now = Instant::now();
        let mut queues = queues(now);
        queues.push(record(A, 10, 0), WALL);
        queues.ends_at(A, 11, now);
        queues.push(record(B, 1, 3600), WALL);
        queues.ends_at(B, 3, now);
        assert_eq!(offsets(&queues.release(9, 1 << 20, WALL, now)), [(1, 1)], "more of B is on its way");
        queues.push(record(B, 2, 3599), WALL);
        assert_eq!(offsets(&queues.release(9, 1 << 20, WALL, now)), [(1, 2), (0, 10)]);
    }

    #[test]
    fn the_beginning_of_a_log_is_said_with_its_first_record() {
        let now = Instant::now();
        let mut queues = queues(now);
        queues.push(record(A, 10, 0), WALL);
        queues.push(record(B, 7, 0), WALL);
        queues.ends_at(A, 11, now);
        queues.ends_at(B, 8, now);
        let begun = |released: Released| released.begins.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(begun(queues.release(9, 1 << 20, WALL, now)), ["kafka/t/-/1"]);
        queues.push(record(B, 8, 0), WALL);
        assert_eq!(begun(queues.release(9, 1 << 20, WALL, now)), [""; 0]);
    }

    #[test]
    fn reading_ahead_is_bounded_and_a_partition_waits_only_where_another_is_awaited() {
        let now = Instant::now();
        let mut queues = known(now);
        let mut offset = 10;
        while queues.bytes() <= queues.bytes_max(now) {
            queues.push(Record { value: Some(vec![b'x'; 64 << 10].into()), ..record(A, offset, 900) }, WALL);
            offset += 1;
        }
        assert_eq!(queues.pauses(false, now), (vec![], vec![]), "it need only not be read on");
        queues.ends_at(B, 5, now);
        assert!(queues.bytes() <= queues.bytes_max(now), "what is awaited is read all the same");
        assert_eq!(queues.pauses(false, now), (vec![A], vec![]));
        assert_eq!(queues.pauses(false, now), (vec![], vec![]), "said once");
        queues.push(record(B, 4, 900), WALL);
        drop(queues.release(usize::MAX, READ_AHEAD_BYTES_MAX / 2, WALL, now));
        assert_eq!(queues.pauses(false, now), (vec![], vec![]), "not before half of its share is free");
        drop(queues.release(usize::MAX, READ_AHEAD_BYTES_MAX, WALL, now));
        assert_eq!((queues.bytes(), queues.pauses(false, now)), (0, (vec![], vec![A])));
    }

    #[test]
    fn where_nothing_goes_on_all_partitions_wait() {
        let now = Instant::now();
        let mut queues = known(now);
        queues.push(record(A, 10, 0), WALL);
        assert_eq!(queues.pauses(true, now), (vec![A, B], vec![]));
        assert_eq!(queues.pauses(false, now), (vec![], vec![A, B]));
    }

    #[test]
    fn after_a_rewind_reading_goes_on_where_the_store_is() {
        let now = Instant::now();
        let mut queues = known(now);
        queues.push(record(A, 10, 0), WALL);
        queues.push(record(A, 11, 0), WALL);
        drop(queues.release(1, usize::MAX, WALL, now));
        queues.rewind(|slot| (slot.as_str() == "kafka/t/-/0").then_some(10), now);
        assert!(queues.is_empty());
        queues.push(record(A, 10, 0), WALL);
        assert_eq!(ranges(&queues.release(9, usize::MAX, WALL, now)), [("kafka/t/-/0", 10, 11)]);
    }
}
