//! Which policy is in force: a new one at once, or, where an engine follows a log, from an instant of the log on, so that it
//! makes no difference what was read together with what. `[I16]`

use engine::Policy;
use model::{Span, Timestamp};

#[derive(Debug)]
pub(crate) struct Policies {
    /// Of what is committed.
    in_force: Policy,
    /// Those that came later, each from its instant, in order.
    later: Vec<(Timestamp, Policy)>,
}

impl Policies {
    pub(crate) fn new(in_force: Policy) -> Policies {
        Policies { in_force, later: Vec::new() }
    }

    /// In force from now on, whatever was to come.
    pub(crate) fn set(&mut self, policy: Policy) {
        *self = Policies::new(policy);
    }

    /// In force from that instant on; what is decided stays decided.
    pub(crate) fn announce(&mut self, from: Timestamp, decided: Timestamp, policy: Policy) {
        let after = self.later.last().map_or(decided, |(last, _)| decided.max(*last)) + Span::MICROSECOND;
        self.later.push((from.max(after), policy));
    }

    /// The one in force once everything up to there is committed. Those before it are not needed any more.
    pub(crate) fn committed(&mut self, clock: Timestamp) -> &Policy {
        let passed = self.later.partition_point(|(from, _)| *from <= clock);
        if let Some((_, last)) = self.later.drain(..passed).next_back() {
            self.in_force = last;
        }
        &self.in_force
    }

    /// Those that come into force after what is decided, by `now`.
    pub(crate) fn due(&self, decided: Timestamp, now: Timestamp) -> Vec<(Timestamp, Policy)> {
        self.later.iter().filter(|(from, _)| *from > decided && *from <= now).cloned().collect()
    }
}
