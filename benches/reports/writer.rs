//! Commits one after the other.

use model::{CommitHash, Step};
use store::{CmdbVersion, Commit, Store};

pub(crate) struct Writer {
    store: Store,
    epoch: u64,
    previous: CommitHash,
}

impl Writer {
    pub(crate) async fn of(store: &Store) -> anyhow::Result<Writer> {
        let epoch = store.claim().await?;
        let previous = store.load().await?.last_hash;
        Ok(Writer { store: store.clone(), epoch, previous })
    }

    pub(crate) async fn commit(&mut self, topology: Option<CmdbVersion>, step: Step) -> anyhow::Result<()> {
        let now = step.clock;
        let commit = Commit {
            epoch: self.epoch,
            previous: self.previous,
            positions: Vec::new(),
            steps: vec![step],
            dead_letters: Vec::new(),
            audit: Vec::new(),
            receipts: Vec::new(),
            topology,
            owed: None,
            holds: None,
            outputs: Vec::new(),
            now,
        };
        self.previous = self.store.commit(commit).await?.hash;
        Ok(())
    }
}
