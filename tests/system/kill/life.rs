//! Where the service is at present, if it is, for senders that outlive it; and how much it has acknowledged in this life.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::wait::PATIENCE;

#[derive(Debug, Default)]
pub(super) struct Life {
    present: Mutex<Present>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Present {
    nth: u64,
    address: Option<String>,
    acknowledged: u64,
    finishing: bool,
}

/// A life as a sender saw it.
#[derive(Clone, Debug)]
pub(super) struct Alive {
    nth: u64,
    pub(super) address: String,
}

impl Life {
    pub(super) fn begin(&self, address: &str) {
        self.change(|present| {
            *present = Present { nth: present.nth + 1, address: Some(address.to_owned()), ..Present::default() };
        });
    }

    pub(super) fn end(&self) {
        self.change(|present| present.address = None);
    }

    /// No sender begins another push.
    pub(super) fn finish(&self) {
        self.change(|present| present.finishing = true);
    }

    pub(super) fn is_finishing(&self) -> bool {
        self.present.lock().unwrap().finishing
    }

    pub(super) fn acknowledged(&self) {
        self.change(|present| present.acknowledged += 1);
    }

    /// The service's address, as soon as it has one.
    pub(super) fn address(&self) -> Alive {
        let present = self.wait_while(PATIENCE, |present| present.address.is_none());
        let address = present.address.clone().expect("the service is not down for as long as that");
        Alive { nth: present.nth, address }
    }

    /// After a failure: until the next life, but not for long where this one goes on.
    pub(super) fn wait_past(&self, seen: &Alive, at_most: Duration) {
        drop(self.wait_while(at_most, |present| present.nth == seen.nth));
    }

    pub(super) fn wait_for_acknowledged(&self, count: u64, process: &Process) {
        let present = self.wait_while(PATIENCE, |present| present.acknowledged < count);
        let acknowledged = present.acknowledged;
        drop(present);
        assert!(acknowledged >= count, "{acknowledged} of {count} pushes acknowledged; it said:\n{}", process.said());
    }

    fn change(&self, change: impl FnOnce(&mut Present)) {
        change(&mut self.present.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait_while(&self, at_most: Duration, condition: impl Fn(&Present) -> bool) -> MutexGuard<'_, Present> {
        let until = Instant::now() + at_most;
        let mut present = self.present.lock().unwrap();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !condition(&present) {
                return present;
            }
            present = self.changed.wait_timeout(present, left).unwrap().0;
        }
    }
}
