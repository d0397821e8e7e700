//! The real `watchfire` binary as a process, over real HTTP on the loopback interface.
//!
//! What is tested comes first: [`kill`] (killed at any moment, nothing acknowledged is lost or doubled), [`store_door`]
//! (a second process, a newer version's store), [`moving`] (to PostgreSQL), [`standby`] (two processes), [`kafka`] (what
//! stands in topics is read once, whatever dies), [`load`] (what is sent in bulk is stored), [`full_disk`], [`bad_input`], and [`peers`] (a real Prometheus, a real
//! Alertmanager, `amtool`). What it is tested with follows: a folder, a process, the service in it, an HTTP client, a look
//! behind the service's back, a PostgreSQL of one's own, and a proxy before it.
//!
//! Rules: no crate of the product is used here, so that a mistake cannot hide in what both share; only processes that a
//! test started are ended, and each ends with its test; whatever is waited for is waited for with a limit.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod bad_input;
mod full_disk;
mod kafka;
mod kill;
mod load;
mod moving;
mod peers;
mod standby;
mod store_door;

mod behind;
mod binary;
mod budget;
mod cluster;
mod folder;
mod http;
mod process;
mod proxy;
mod random;
mod said;
mod wait;
mod watchfire;
