//! What the benches have in common: alerts that talk as real ones do ([`crowd`]), an estate that they are about
//! ([`estate`]), and how long something took in the words that matter ([`times`]).

pub mod bare;
pub mod crowd;
pub mod estate;
pub mod times;
