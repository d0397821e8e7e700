//! Planted bugs are found: what finds nothing proves nothing.

use sim::{Mutant, live};

/// Seeds that each mutant gets to show itself.
const SEEDS: u64 = 60;

/// Found, by an oracle that is there for it, in a life that is sound without it.
fn is_found(mutant: Mutant, by: &[&str]) {
    let found =
        (1..=SEEDS).find_map(|seed| Some((seed, live(seed, Some(mutant), false).violations.into_iter().next()?)));
    let (seed, violation) = found.unwrap_or_else(|| panic!("{mutant:?} lives through {SEEDS} seeds"));
    let named = by.iter().any(|invariant| violation.contains(&format!(" {invariant}: ")));
    assert!(named, "{mutant:?} was to be found by one of {by:?}: {violation}");
    assert_eq!(live(seed, None, false).violations, [""; 0], "seed {seed} is not sound without {mutant:?} either");
}

macro_rules! found {
    ($($name:ident: $mutant:ident by $by:tt),* $(,)?) => {
        $(#[test]
        fn $name() {
            is_found(Mutant::$mutant, &$by);
        })*

        #[test]
        fn every_mutant_has_its_test() {
            assert_eq!([$(Mutant::$mutant),*], Mutant::ALL);
        }
    };
}

found! {
    an_answer_before_its_commit_is_found: AcknowledgeBeforeCommit by ["I3"],
    a_commit_sent_twice_is_found: BlindRetry by ["I1", "I2", "I3", "I9"],
    a_position_from_memory_is_found: IgnoreStoredPosition by ["I1", "I2", "I3"],
    a_zombie_that_nobody_fences_is_found: NoFence by ["I1", "I2", "I3", "I4", "I6", "I9"],
    positions_in_a_transaction_of_their_own_are_found: PositionsApart by ["I1", "I2", "I3", "I12"],
    a_lost_outbox_is_found: DropOutbox by ["I9"],
    lost_dead_letters_are_found: DropDeadLetters by ["I1", "I2", "I3"],
    a_lost_audit_is_found: DropAudit by ["I14"],
    lost_receipts_are_found: DropReceipts by ["I1", "I2", "I3"],
    a_lost_step_is_found: DropStep by ["I2"],
    lost_repeats_are_found: DropRepeats by ["I3"],
    lost_outages_are_found: DropOutages by ["I13", "I15"],
    order_by_arrival_is_found: ForgetInstants by ["I4"],
    timers_in_memory_only_are_found: ForgetTimers by ["I7", "I11", "I15", "I17"],
    timers_that_are_early_are_found: EarlyTimers by ["I11"],
    a_silence_that_loses_alerts_is_found: LoseSuppressed by ["I3", "I4", "I5", "I15"],
}
