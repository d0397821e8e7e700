//! The reader against Kafka's own broker, which `cargo xtask services up` runs: what a log that is kept on disk, a real
//! group, real transactions and real names and passwords do. Without a broker each test says that it did not run, and
//! with `WATCHFIRE_REQUIRE_SERVICES=1` it fails.
//!
//! Names of tests that begin with `row` are rows of the failure table in docs/operations.md.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod broker;
mod catching_up;
#[path = "../common/mod.rs"]
mod common;
mod groups;
mod lag;
mod logs;
mod outages;
mod past;
mod reading;
mod scaled;
mod security;
mod transactions;
mod world;
