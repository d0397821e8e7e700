//! Recorded events through the very engine that runs live, on the events' own clock, deterministically.
//!
//! [`input`] opens recordings, `ahead` decodes them, [`player`] plays them into a store, [`output`] writes what came of it; [`outcome`] is what
//! was decided, [`score`] grades it by a known truth, [`compare`] holds two of them against each other, [`naive`] has
//! simpler ways; [`history`] has a store played again, [`word`] what people said of it; [`case`] plays the small cases that stand beside pipelines.

mod ahead;
pub mod case;
pub mod compare;
pub mod history;
pub mod input;
pub mod naive;
pub mod notices;
pub mod outcome;
pub mod output;
pub mod player;
pub mod score;
pub mod truth;
pub mod word;

pub use player::{Config, Given, Player, ReplayError, Replayed};
