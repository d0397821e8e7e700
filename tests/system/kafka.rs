//! What stands in topics of Kafka's own broker is read once, whatever dies: the process, its twin, the broker, PostgreSQL,
//! or the network between.
//!
//! What is tested comes first: [`arrives`] (what a foreign producer sends), [`rows`] (each failure by itself, as the walk
//! through failures numbers them), [`stall`] (the store is away under full load), [`faults`] (all of them, drawn from a
//! seed), [`scaled`] and [`scaled_faults`] (the same for several processes over one log). What it is tested with follows:
//! a broker and its topics, a producer, the processes between topics and a store, and the comparison of what stands in
//! both.
//!
//! `WATCHFIRE_KAFKA_FAULTS` says how many faults a loop draws, `WATCHFIRE_STALL_SECONDS` how long the store is away,
//! `WATCHFIRE_KILL_SEED` which faults and moments are chosen.

mod arrives;
mod faults;
mod rows;
mod scaled;
mod scaled_faults;
mod stall;

mod broker;
mod deck;
mod producer;
mod same;
mod several;
mod site;
mod truth;
mod watcher;
