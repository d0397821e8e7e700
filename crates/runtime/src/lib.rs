//! Runs the engine: intake, deciding, committing, acknowledging, recovering, and the live view.
//!
//! The machines have no I/O ([`machine`], [`intake`], [`domains`]); [`driver`] drives them with tokio, the simulator
//! drives the same ones. Only [`clock`] gives domain time. The only door is [`driver::Runtime::push`].
//!
//! Keeps I2, I3, I14, I17, I18.

mod announced;
mod assemble;
pub mod clock;
mod combine;
pub mod domains;
pub mod driver;
mod facts;
mod follow;
mod forward;
mod holds;
mod import;
pub mod intake;
mod keys;
mod lag;
pub mod live;
mod log;
mod log_record;
pub mod machine;
mod ours;
mod outputs;
mod pace;
mod pieces;
mod policies;
mod portions;
pub mod push;
mod recompute;

pub use assemble::audit;
pub use clock::Time;
pub use domains::{Decided, Domains};
pub use driver::{Positions, Runtime};
pub use facts::load_facts;
pub use forward::{EventLog, LogWrite, NotWritten, Sources};
pub use import::topology_of;
pub use lag::Lag;
pub use live::{Change, Changed, LiveView};
pub use log_record::{LOG_RECORD_VERSION, LogRecord, NoLogRecord, written};
pub use machine::{Effect, Event, Machine, PUSH_SLOT, Published};
pub use ours::Ours;
pub use push::{
    Item, ItemAnswer, Key, Logged, Origin, OtherBody, Overload, Push, PushAnswer, PushId, RecordAt, Unreadable, Word,
};
pub use recompute::Asked;
pub use store::{PositionAdvance, SlotName};
