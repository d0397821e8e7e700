//! The promises, by what they are about. Each takes an empty store.

pub(crate) mod commits;
pub(crate) mod engine;
pub(crate) mod intake;
pub(crate) mod issued;
pub(crate) mod life;
pub(crate) mod news;
pub(crate) mod packs;
pub(crate) mod partitions;
pub(crate) mod questions;
