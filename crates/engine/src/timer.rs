//! Timers are data: an instant and what is due then. `[I11]`
//!
//! The entity a timer belongs to says whether it is still wanted, so moving a timer is adding another; a timer that
//! nobody wants any more does nothing when it comes.

use std::collections::BTreeSet;

use model::{AlertId, CiId, IncidentId, SilenceId, SourceName, Timestamp, id::MaintenanceId};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A window begins or ends.
    Maintenance(MaintenanceId),
    /// A silence begins or ends.
    Silence(SilenceId),
    /// A fault that was said to begin or end here does.
    Sweep(CiId),
    /// An alert's promise or timeout passes.
    Deadline(AlertId),
    /// A flapping alert was steady long enough.
    Steady(AlertId),
    /// A heartbeat is missed.
    Heartbeat(SourceName),
    Unhold(IncidentId),
    Tell(IncidentId),
    Unacknowledged(IncidentId),
    Resolve(IncidentId),
    Close(IncidentId),
    /// An alert lies behind the horizon.
    Forget(AlertId),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Windows come first of all that is due at an instant.
    pub(crate) fn another_window_turns(&self, now: Timestamp) -> bool {
        self.0.first().is_some_and(|(at, timer)| *at <= now && matches!(timer, Timer::Maintenance(_)))
    }

    /// The next timer due before `limit`, taken out.
    pub(crate) fn take_before(&mut self, limit: Timestamp) -> Option<(Timestamp, Timer)> {
        if self.next()? < limit { self.0.pop_first() } else { None }
    }
}
