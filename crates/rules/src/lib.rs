//! Pipeline files: parse, check, compile into what reads events ([`wire::Decoder`]) and what decides
//! ([`engine::Policy`]). docs/contract.md section 2.
//!
//! Read in this order: [`set`] (all pipelines of a configuration, and which is whose), [`pipeline`] (one file),
//! [`select`] (its `match`), `reader` and `yaml` (how a file is read so that each error has its line), `matching` and
//! `pattern` (what contradicts itself), [`schema`](mod@schema) (the same for editors), [`case`] (the cases beside a
//! pipeline), [`words`] (a pipeline in sentences), `remembered` (what need not be read again).
//!
//! The rule: a file is used whole or not at all. What is unknown, misspelt or contradictory is refused, all of it at
//! once, each with its place and with what to do. Nothing here opens a file: text comes in, names are only for errors.

pub mod case;
mod error;
mod matching;
mod near;
mod pattern;
pub mod pipeline;
mod reader;
mod remembered;
pub mod schema;
pub mod select;
pub mod set;
pub mod shipped;
pub mod words;
mod yaml;

pub use error::{FileError, Notice};
pub use near::{ids_meant, nearest_few};
pub use pipeline::Compiled;
pub use remembered::Remembered;
pub use schema::schema;
pub use select::Selector;
pub use set::PipelineSet;
pub use wire::cmdb::Location;
pub use words::Words;
