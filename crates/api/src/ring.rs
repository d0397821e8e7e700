//! The last changes, kept so that who was away for a moment hears what it missed, each once.
//!
//! A change has a place: its commit, and its index in it. Who resumes after a place that is still remembered misses
//! nothing; who resumes after any other is told to read everything anew.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::{Change, Changed, LiveView};
use tokio::sync::broadcast;

/// Changes remembered, and changes a slow watcher may fall behind by.
const CHANGES_KEPT: usize = 4096;

/// `<commit>.<index>`, as event ids spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) commit: u64,
    pub(crate) index: u32,
}

/// What a watcher hears.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Change(Change),
    /// Something was lost on the way here: read everything anew.
    Reset(Place),
}

/// What a watcher begins with.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Missed since its place; a single reset where that is not known any more.
    pub(crate) missed: VecDeque<Told>,
    pub(crate) live: broadcast::Receiver<Told>,
}

#[derive(Clone, Debug)]
pub(crate) struct Ring(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    changes: VecDeque<Change>,
    /// Everything after this place is remembered.
    floor: Place,
    newest: Place,
    /// `None` once watching has ended.
    live: Option<broadcast::Sender<Told>>,
}

impl Place {
    pub(crate) fn of(change: &Change) -> Place {
        Place { commit: change.commit, index: change.index }
    }

    pub(crate) fn parse(text: &str) -> Option<Place> {
        let (commit, index) = text.trim().split_once('.')?;
        Some(Place { commit: commit.parse().ok()?, index: index.parse().ok()? })
    }

    /// After everything of a commit.
    fn end_of(commit: u64) -> Place {
        Place { commit, index: u32::MAX }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.commit, self.index)
    }
}

impl Ring {
    /// Remembers from now on, for as long as the view lives.
    pub(crate) fn follow(view: &LiveView) -> Ring {
        let mut changes = view.watch();
        let begun = Place::end_of(view.commit());
        let ring = Ring::empty(begun, CHANGES_KEPT);
        let filled = ring.clone();
        tokio::spawn(async move {
            loop {
                match changes.recv().await {
                    Ok(Change { commit, what: Changed::Reset, .. }) => filled.forget(Place::end_of(commit)),
                    Ok(change) => filled.remember(change, CHANGES_KEPT),
                    Err(broadcast::error::RecvError::Lagged(_)) => filled.forget_all(),
                    Err(broadcast::error::RecvError::Closed) => return filled.end(),
                }
            }
        });
        ring
    }

    fn empty(floor: Place, kept: usize) -> Ring {
        let live = Some(broadcast::channel(kept).0);
        Ring(Arc::new(Mutex::new(Kept { changes: VecDeque::new(), floor, newest: floor, live })))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, change: Change, most: usize) {
        let mut kept = self.kept();
        kept.newest = Place::of(&change);
        if kept.changes.len() == most
            && let Some(oldest) = kept.changes.pop_front()
        {
            kept.floor = Place::of(&oldest);
        }
        kept.changes.push_back(change.clone());
        kept.tell(Told::Change(change));
    }

    /// Changes were missed here: what is remembered has a hole now, so nothing of it is.
    fn forget_all(&self) {
        let newest = self.kept().newest.commit;
        self.forget(Place::end_of(newest));
    }

    /// Nothing up to this place can be resumed from, nor, after a store that went back, beyond it.
    fn forget(&self, floor: Place) {
        let mut kept = self.kept();
        kept.changes.clear();
        (kept.floor, kept.newest) = (floor, floor);
        let reset = Told::Reset(kept.floor);
        kept.tell(reset);
    }

    /// Every watcher's stream ends.
    pub(crate) fn end(&self) {
        self.kept().live = None;
    }

    /// From a place on, or from now on; `None` once watching has ended.
    pub(crate) fn watch(&self, after: Option<Place>) -> Option<Watch> {
        let kept = self.kept();
        let live = kept.live.as_ref()?.subscribe();
        let missed = match after {
            None => VecDeque::new(),
            Some(place) if kept.remembers(place) => {
                let later = kept.changes.iter().filter(|change| Place::of(change) > place);
                later.cloned().map(Told::Change).collect()
            }
            Some(_) => VecDeque::from([Told::Reset(kept.newest)]),
        };
        Some(Watch { missed, live })
    }
}

impl Kept {
    fn tell(&self, told: Told) {
        if let Some(live) = &self.live {
            // Nobody watching is no error.
            drop(live.send(told));
        }
    }

    fn remembers(&self, place: Place) -> bool {
        self.floor <= place && place <= self.newest.max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(commit: u64, index: u32) -> Change {
        Change { commit, index, what: Changed::OutageRemoved("checkout".into()) }
    }

    /// Three are remembered, of five; the first place was 7.
    fn ring() -> Ring {
        let ring = Ring::empty(Place::end_of(7), 8);
        for (commit, index) in [(8, 0), (8, 1), (9, 0), (9, 1), (11, 0)] {
            ring.remember(change(commit, index), 3);
        }
        ring
    }

    fn missed(ring: &Ring, after: &str) -> Vec<String> {
        let place = Place::parse(after);
        let watch = ring.watch(place).expect("watching goes on");
        let told = |told: Told| match told {
            Told::Change(change) => Place::of(&change).to_string(),
            Told::Reset(place) => format!("reset {place}"),
        };
        watch.missed.into_iter().map(told).collect()
    }

    #[test]
    fn who_was_away_hears_what_it_missed_and_else_is_told_to_begin_anew() {
        for (after, expected) in [
            ("", vec![]),
            ("11.0", vec![]),
            ("9.1", vec!["11.0"]),
            ("10.5", vec!["11.0"]),
            ("8.1", vec!["9.0", "9.1", "11.0"]),
            ("8.0", vec!["reset 11.0"]),
            ("3.0", vec!["reset 11.0"]),
            ("12.0", vec!["reset 11.0"]),
        ] {
            assert_eq!(missed(&ring(), after), expected, "{after}");
        }
    }

    #[test]
    fn a_hole_in_what_is_remembered_resets_everybody() {
        let ring = ring();
        let mut watching = ring.watch(None).expect("watching goes on");
        ring.forget_all();
        assert!(matches!(watching.live.try_recv(), Ok(Told::Reset(_))));
        assert_eq!(missed(&ring, "9.1"), [format!("reset {}", ring.kept().newest)]);
    }

    #[test]
    fn a_view_that_was_read_anew_is_resumed_from_nowhere_before() {
        for commit in [11, 12, 9] {
            let ring = ring();
            ring.forget(Place::end_of(commit));
            let reset = format!("reset {}", Place::end_of(commit));
            for after in ["9.0", "11.0"] {
                assert_eq!(missed(&ring, after), [reset.as_str()], "{commit} {after}");
            }
            ring.remember(change(commit + 1, 0), 3);
            assert_eq!(missed(&ring, &Place::end_of(commit).to_string()), [format!("{}.0", commit + 1)]);
        }
    }

    #[test]
    fn watching_ends_for_all() {
        let ring = ring();
        let mut watching = ring.watch(None).expect("watching goes on");
        ring.end();
        assert!(matches!(watching.live.try_recv(), Err(broadcast::error::TryRecvError::Closed)));
        assert!(ring.watch(None).is_none());
    }
}
