//! The machine between its hand-offs.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod births;
mod commits;
mod following;
mod late;
mod logs;
mod portions;
mod shell;
