//! The bounded queue before the engine: hand-off ①. Natural batching: while one commit is under way the next batch
//! grows, so there is nothing to tune. `[I18]`

use std::collections::VecDeque;

use model::{Timestamp, limits};

use crate::push::{Overload, Push};

#[derive(Debug)]
pub struct Intake {
    waiting: VecDeque<Push>,
    items: usize,
    bytes: usize,
    limits: IntakeLimits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntakeLimits {
    /// Items waiting. One more push than fits is refused, however small the first.
    pub items_max: usize,
    pub bytes_max: usize,
    /// Items of one batch; a push is never divided, so a batch may exceed it by one push.
    pub batch_items_max: usize,
    /// From so many items on, a batch is decided while the commit before it is under way. Fewer gain more from growing
    /// meanwhile: deciding them takes less time than another commit.
    pub ahead_items_min: usize,
}

impl Default for IntakeLimits {
    fn default() -> IntakeLimits {
        IntakeLimits {
            items_max: limits::INTAKE_EVENTS_MAX,
            bytes_max: limits::INTAKE_BYTES_MAX,
            batch_items_max: limits::BATCH_EVENTS_MAX,
            ahead_items_min: limits::AHEAD_EVENTS_MIN,
        }
    }
}

impl Intake {
    pub fn new(limits: IntakeLimits) -> Intake {
        Intake { waiting: VecDeque::new(), items: 0, bytes: 0, limits }
    }

    /// Takes the push, or gives it back. An empty queue takes any push, so that none is too large for ever.
    pub fn offer(&mut self, push: Push) -> Result<(), (Push, Overload)> {
        let full =
            self.items + push.items.len() > self.limits.items_max || self.bytes + push.bytes > self.limits.bytes_max;
        if full && !self.waiting.is_empty() {
            return Err((push, Overload::Full));
        }
        self.items += push.items.len();
        self.bytes += push.bytes;
        self.waiting.push_back(push);
        Ok(())
    }

    /// Pushes whose commit did not happen stand first again, in their order.
    pub fn put_back(&mut self, pushes: Vec<Push>) {
        for push in pushes.into_iter().rev() {
            self.items += push.items.len();
            self.bytes += push.bytes;
            self.waiting.push_front(push);
        }
    }

    /// The next batch: all that waits, up to the limit.
    pub fn take(&mut self) -> Vec<Push> {
        let mut taken = Vec::new();
        let mut items = 0;
        while items < self.limits.batch_items_max
            && let Some(push) = self.waiting.pop_front()
        {
            items += push.items.len();
            self.items -= push.items.len();
            self.bytes -= push.bytes;
            taken.push(push);
        }
        taken
    }

    /// Everything that waits, to be told that it was not taken.
    pub fn drain(&mut self) -> Vec<Push> {
        self.items = 0;
        self.bytes = 0;
        self.waiting.drain(..).collect()
    }

    /// The receipt of the first that waits and was read from a log.
    pub fn next_receipt(&self) -> Option<Timestamp> {
        self.waiting.iter().find_map(|push| push.logged.as_deref()?.receipts.first().copied())
    }

    /// Whether what waits is worth deciding ahead of a commit under way.
    pub fn is_worth_deciding_ahead(&self) -> bool {
        self.items >= self.limits.ahead_items_min
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn items(&self) -> usize {
        self.items
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
