//! Planted bugs are found: what finds nothing proves nothing.

use sim::{Mutant, live};

/// Seeds that each mutant gets to show itself.
const SEEDS: u64 = 60;

fn is_found(mutant: Mutant) {
    let found = (1..=SEEDS).find_map(|seed| live(seed, Some(mutant), false).violations.into_iter().next());
    assert!(found.is_some(), "{mutant:?} lives through {SEEDS} seeds");
}

macro_rules! found {
    ($($name:ident: $mutant:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            is_found(Mutant::$mutant);
        })*

        #[test]
        fn every_mutant_has_its_test() {
            assert_eq!([$(Mutant::$mutant),*], Mutant::ALL);
        }
    };
}

found! {
    an_answer_before_its_commit_is_found: AcknowledgeBeforeCommit,
    a_commit_sent_twice_is_found: BlindRetry,
    a_position_from_memory_is_found: IgnoreStoredPosition,
    a_zombie_that_nobody_fences_is_found: NoFence,
    positions_in_a_transaction_of_their_own_are_found: PositionsApart,
    a_lost_outbox_is_found: DropOutbox,
    lost_dead_letters_are_found: DropDeadLetters,
    a_lost_audit_is_found: DropAudit,
    lost_receipts_are_found: DropReceipts,
    a_lost_step_is_found: DropStep,
    lost_repeats_are_found: DropRepeats,
    lost_outages_are_found: DropOutages,
    order_by_arrival_is_found: ForgetInstants,
    timers_in_memory_only_are_found: ForgetTimers,
    timers_that_are_early_are_found: EarlyTimers,
    a_silence_that_loses_alerts_is_found: LoseSuppressed,
}
