//! Records of Kafka in, with their positions, and records out; nothing but transport. docs/contract.md section 9.
//!
//! Read in this order: [`config`] (what it is told), `record` (what it reads), `slot` (where the store keeps how far),
//! `queues` (in which order it hands in), `decode` and `cloud_event` (from records to inputs), `hand_in` (to the engine,
//! and back), `client` and `complaint` (what librdkafka says by itself), `repair` (logs that are not what they were),
//! `fencings` (a place in the group that is another's), `topic_id`, `work` (a thread, and its end), and
//! [`reader`], the thread that does all of it; and [`writer`], which is the way out. Beside all of it [`past`] reads what
//! stood in a topic. Where there are several processes, [`events_log`] is what ingest processes write, and [`engines`]
//! shares its partitions out among those that decide.
//!
//! The rule: the positions in the store are the truth. They are committed with what came of the records, and whatever
//! goes wrong, reading goes on where the store is. Kafka's own offsets are told afterwards, for those who watch lag. Only
//! an ingest process, which has no store to commit to, keeps them with the group, in the transaction of what it wrote.
//! `[I1, I2]`

mod bounces;
mod client;
mod cloud_event;
mod complaint;
pub mod config;
mod decode;
pub mod engines;
pub mod events_log;
mod fencings;
mod hand_in;
mod member;
pub mod past;
mod queues;
pub mod reader;
mod record;
mod repair;
mod shared_out;
mod slot;
mod topic_id;
mod work;
pub mod writer;

pub use config::{Config, Topic};
pub use engines::Engines;
pub use events_log::{EventsLog, Membership};
pub use hand_in::Pipelines;
pub use reader::{Place, Reader};
pub use writer::{Writer, Written};
