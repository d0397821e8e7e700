//! Planted bugs: each is a mistake that somebody could make, made at the world's edge, so that the shipped code stays as
//! it is. An oracle that finds none of them proves nothing.

use model::Timestamp;
use model::event::Event;
use runtime::{Item, Push};
use store::{Commit, Loaded};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Answers once a push waits, not once it is in.
    AcknowledgeBeforeCommit,
    /// Sends a commit whose fate is unknown once more, on whatever the store has now.
    BlindRetry,
    /// Takes the stored position for nothing: what is in is decided again.
    IgnoreStoredPosition,
    /// Commits whatever another process did meanwhile.
    NoFence,
    /// Positions in a transaction of their own, after the effects.
    PositionsApart,
    DropOutbox,
    DropDeadLetters,
    DropAudit,
    DropReceipts,
    DropStep,
    DropRepeats,
    DropOutages,
    /// Order by arrival.
    ForgetInstants,
    /// What waits is kept in memory only.
    ForgetTimers,
    /// Timers fire an hour early.
    EarlyTimers,
    /// A silence takes the alert away, not only its telling.
    LoseSuppressed,
}

impl Mutant {
    pub const ALL: [Mutant; 16] = [
        Mutant::AcknowledgeBeforeCommit,
        Mutant::BlindRetry,
        Mutant::IgnoreStoredPosition,
        Mutant::NoFence,
        Mutant::PositionsApart,
        Mutant::DropOutbox,
        Mutant::DropDeadLetters,
        Mutant::DropAudit,
        Mutant::DropReceipts,
        Mutant::DropStep,
        Mutant::DropRepeats,
        Mutant::DropOutages,
        Mutant::ForgetInstants,
        Mutant::ForgetTimers,
        Mutant::EarlyTimers,
        Mutant::LoseSuppressed,
    ];

    /// What goes to the store is not what the machine gave.
    pub fn spoil_commit(self, commit: &mut Commit) {
        match self {
            Mutant::DropOutbox => commit.steps.iter_mut().for_each(|step| step.outbox.clear()),
            Mutant::DropDeadLetters => commit.dead_letters.clear(),
            Mutant::DropAudit => commit.audit.clear(),
            Mutant::DropReceipts => commit.receipts.clear(),
            Mutant::DropStep => commit.steps.clear(),
            Mutant::DropRepeats => commit.steps.iter_mut().for_each(|step| step.repeats.clear()),
            Mutant::DropOutages => commit.steps.iter_mut().for_each(|step| step.outages.clear()),
            Mutant::LoseSuppressed => {
                for step in &mut commit.steps {
                    step.alerts.retain(|alert| alert.suppressed.is_none());
                    step.episodes.retain(|known| known.episode.suppressed.is_none());
                }
            }
            _ => {}
        }
    }

    /// What comes to the machine is not what was sent.
    pub fn spoil_push(self, push: &mut Push) {
        if self != Mutant::ForgetInstants {
            return;
        }
        for item in &mut push.items {
            if let Item::Event(Event::Alert(alert)) = item {
                let alert = std::sync::Arc::make_mut(alert);
                (alert.at, alert.starts_at, alert.ends_at) = (None, None, None);
            }
        }
    }

    /// What is loaded is not what the store has.
    pub fn spoil_load(self, loaded: &mut Loaded) {
        if self == Mutant::IgnoreStoredPosition {
            loaded.positions.clear();
        }
        if self != Mutant::ForgetTimers {
            return;
        }
        for incident in loaded.domains.values_mut().flat_map(|domain| &mut domain.incidents) {
            incident.clocks = Default::default();
        }
    }

    pub fn wall_at_tick(self, wall: Timestamp) -> Timestamp {
        if self == Mutant::EarlyTimers { wall + model::Span::HOUR } else { wall }
    }
}
