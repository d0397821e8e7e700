//! How far behind whoever reads logs is, for those who ask.

use std::sync::{Arc, PoisonError, RwLock};

/// Records of a partition that are not handed in yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lag {
    pub topic: Box<str>,
    pub partition: i32,
    pub records: u64,
}

/// As readers said it last; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lags(Arc<RwLock<Vec<Lag>>>);

impl Lags {
    pub(crate) fn set(&self, mut lags: Vec<Lag>) {
        lags.sort_unstable();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = lags;
    }

    pub(crate) fn get(&self) -> Vec<Lag> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
