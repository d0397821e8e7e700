//! The reader against librdkafka's own mock cluster: a group coordinator, errors that are asked for, brokers that go
//! away; and a store in memory that fails, forgets and goes back. What needs a broker that keeps its word on disk is
//! tested with the real one, in `tests/broker`.
//!
//! Names of tests that begin with `row` are rows of the failure table in docs/operations.md.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

#[path = "../common/mod.rs"]
mod common;
mod failures;
mod past;
mod reading;
mod world;
