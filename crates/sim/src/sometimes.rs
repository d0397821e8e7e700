//! Rare paths that must have run somewhere in a share of seeds: a fault that never strikes proves nothing.

use std::collections::BTreeMap;

macro_rules! rare {
    ($($name:ident),* $(,)?) => {
        /// A path that is easy to miss.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rare { $($name),* }

        impl Rare {
            pub const ALL: &'static [Rare] = &[$(Rare::$name),*];
        }
    };
}

rare! {
    // Faults.
    UnknownCommitThatWasIn,
    UnknownCommitThatWasNot,
    DiskFull,
    CrashWithCommitUnderWay,
    CrashWithMoreDecidedOrWaiting,
    CommitOfTheDead,
    Fenced,
    Reload,
    StoreDark,
    StoreRewound,
    AnswerLost,
    RetriedByKey,
    AnsweredByReceipt,
    KeyUnderWay,
    Refused,
    ClockSetBack,
    ImportUnknown,
    // What the engine decides.
    DeadLetter,
    IncidentReopened,
    IncidentMerged,
    IncidentSplit,
    Residual,
    FalsePositive,
    ForcedResolve,
    FlappingLatched,
    StaleAlert,
    SourceSilent,
    Suppressed,
    SuppressionEnded,
    TooOld,
    ClockAhead,
    WholePastEpisode,
    Expired,
    TimedOut,
    Forgotten,
    Recompute,
    ProblemOpened,
    Rebound,
    ClosedByClock,
    OutageCorrected,
    CorrectedByPerson,
    CorrectionWithdrawn,
    PlannedOutage,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sometimes(BTreeMap<Rare, u64>);

impl Sometimes {
    pub fn saw(&mut self, rare: Rare) {
        *self.0.entry(rare).or_default() += 1;
    }

    pub fn saw_if(&mut self, rare: Rare, happened: bool) {
        if happened {
            self.saw(rare);
        }
    }

    pub fn times(&self, rare: Rare) -> u64 {
        self.0.get(&rare).copied().unwrap_or(0)
    }

    pub fn add(&mut self, other: &Sometimes) {
        for (rare, times) in &other.0 {
            *self.0.entry(*rare).or_default() += times;
        }
    }

    /// What never happened.
    pub fn never(&self) -> Vec<Rare> {
        Rare::ALL.iter().copied().filter(|rare| self.times(*rare) == 0).collect()
    }
}
