//! What was read of bodies, kept for when the same bytes come again: what fires is said to fire until it clears, mostly
//! in the same words, and what is read of the same bytes is the same.
//!
//! Exact: a body is taken for one that came before where every byte of it is the same. Bounded: what has not come for
//! longest goes. What came only once is not kept, so that a flood of what is new costs no more than a look.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use model::event::AlertEvent;
use model::limits::REMEMBERED_BYTES_MAX;

/// What is kept lies in sets, each with a lock of its own, so that nobody waits who reads beside others.
const SET_BYTES: usize = 16 << 10;
const SETS: usize = REMEMBERED_BYTES_MAX / SET_BYTES;
/// What an alert costs beside the text it was read of, which it holds again in parts.
const ALERT_BYTES: usize = 512;
/// Of how many bodies a set knows that they came once.
const ONCE: usize = 16;

/// Alerts by the bodies that they were read of, for many who read at once. One for each [`PipelineSet`](crate::PipelineSet):
/// another reads otherwise. It takes no room before it is asked.
#[derive(Debug, Default)]
pub struct Remembered(OnceLock<Box<[Mutex<Set>]>>);

#[derive(Debug, Default)]
struct Set {
    /// What was asked for last stands first.
    known: Vec<Known>,
    bytes: usize,
    /// Digests of what came once, the latest written over the earliest.
    once: [u64; ONCE],
    next: usize,
}

#[derive(Debug)]
struct Known {
    digest: u64,
    way: usize,
    body: Box<[u8]>,
    alert: Arc<AlertEvent>,
}

impl Remembered {
    /// The alert that this body is, if it came before by the same way in: `way` tells apart those whose bodies are read
    /// in different formats, by different pipelines or as different sources.
    pub fn recall(&self, way: usize, body: &[u8]) -> Option<Arc<AlertEvent>> {
        let digest = digest(way, body);
        self.set(digest)?.recall(digest, way, body)
    }

    /// This is all that the body is, whenever it comes by this way.
    pub fn keep(&self, way: usize, body: Box<[u8]>, alert: &Arc<AlertEvent>) {
        let digest = digest(way, &body);
        let known = Known { digest, way, body, alert: alert.clone() };
        if known.bytes() <= SET_BYTES
            && let Some(mut set) = self.set(digest)
            && set.came_before(digest)
        {
            set.keep(known);
        }
    }

    fn set(&self, digest: u64) -> Option<MutexGuard<'_, Set>> {
        let sets = self.0.get_or_init(|| (0..SETS).map(|_| Mutex::default()).collect());
        let set = sets.get(usize::try_from(digest).unwrap_or_default() % SETS)?;
        Some(set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Set {
    fn recall(&mut self, digest: u64, way: usize, body: &[u8]) -> Option<Arc<AlertEvent>> {
        let is = |known: &Known| known.digest == digest && known.way == way && *known.body == *body;
        let at = self.known.iter().position(is)?;
        self.known.get_mut(..=at)?.rotate_right(1);
        self.known.first().map(|known| known.alert.clone())
    }

    /// Whether it is not the first time. The first time is noted.
    fn came_before(&mut self, digest: u64) -> bool {
        if self.once.contains(&digest) {
            return true;
        }
        if let Some(place) = self.once.get_mut(self.next) {
            *place = digest;
        }
        self.next = (self.next + 1) % ONCE;
        false
    }

    fn keep(&mut self, known: Known) {
        self.bytes += known.bytes();
        self.known.insert(0, known);
        while self.bytes > SET_BYTES {
            self.bytes -= self.known.pop().map_or(self.bytes, |gone| gone.bytes());
        }
    }
}

impl Known {
    fn bytes(&self) -> usize {
        ALERT_BYTES + 2 * self.body.len()
    }
}

/// Where a body lies. Who sends bodies of one digest on purpose has them read each time, as if nothing were remembered.
fn digest(way: usize, body: &[u8]) -> u64 {
    let seed = (way as u64) << 32 ^ body.len() as u64;
    let mut lanes = [seed, !seed, seed.rotate_left(21), seed.rotate_left(42)];
    let (blocks, rest) = body.as_chunks::<{ 4 * WORD }>();
    for block in blocks {
        // Four at a time, none of which waits for another.
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<WORD>().0) {
            *lane = mixed(*lane, u64::from_le_bytes(*word));
        }
    }
    let (words, bytes) = rest.as_chunks::<WORD>();
    let mut last = [0; WORD];
    last.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    let digest = lanes.into_iter().chain(words).fold(0, mixed);
    // The low bits say the set.
    digest ^ digest >> 32
}

const WORD: usize = size_of::<u64>();

fn mixed(lane: u64, word: u64) -> u64 {
    (lane.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::firing;

    use super::*;

    fn alert(key: &str) -> Arc<AlertEvent> {
        Arc::new(firing(key).alert())
    }

    /// As who reads does it.
    fn read(remembered: &Remembered, way: usize, body: &[u8]) -> Option<Arc<AlertEvent>> {
        let recalled = remembered.recall(way, body);
        if recalled.is_none() {
            remembered.keep(way, body.into(), &alert(&format!("{way}/{body:?}")));
        }
        recalled
    }

    #[test]
    fn what_came_twice_is_known_the_third_time() {
        let remembered = Remembered::default();
        let known: Vec<bool> = (0..4).map(|_| read(&remembered, 0, b"{}").is_some()).collect();
        assert_eq!(known, [false, false, true, true]);
        assert!(read(&remembered, 1, b"{}").is_none(), "by another way it is another");
        assert!(read(&remembered, 0, b"{ }").is_none());
    }

    #[test]
    fn a_set_holds_no_more_than_it_may_and_forgets_what_did_not_come_for_longest() {
        let mut set = Set::default();
        let known = |nth: u64| {
            let body: Box<[u8]> = vec![0; SET_BYTES / 8].into();
            Known { digest: nth, way: 0, body, alert: alert("a") }
        };
        let body = known(0).body;
        for nth in 0..3 {
            set.keep(known(nth));
        }
        assert!(set.recall(0, 0, &body).is_some());
        set.keep(known(3));
        let left: Vec<u64> = set.known.iter().map(|known| known.digest).collect();
        assert_eq!(left, [3, 0, 2]);
        assert!(set.bytes <= SET_BYTES && set.bytes == set.known.iter().map(Known::bytes).sum::<usize>());
    }

    #[test]
    fn a_body_that_fills_a_set_alone_is_not_kept() {
        let remembered = Remembered::default();
        let body = vec![b'x'; SET_BYTES];
        assert!((0..5).all(|_| read(&remembered, 0, &body).is_none()));
    }

    proptest! {
        #[test]
        fn what_is_recalled_is_what_was_kept_of_that_very_body(
            bodies in prop::collection::vec((0_usize..2, "[ab]{0,3}|x{31,34}"), 1..60)
        ) {
            let remembered = Remembered::default();
            for (way, body) in &bodies {
                if let Some(recalled) = read(&remembered, *way, body.as_bytes()) {
                    prop_assert_eq!(recalled, alert(&format!("{way}/{:?}", body.as_bytes())));
                }
            }
        }
    }
}
