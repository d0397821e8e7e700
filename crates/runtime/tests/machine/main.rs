//! The machine between its hand-offs.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod commits;
mod following;
mod logs;
mod shell;
