//! The built binary, as a user meets it.

mod support;

mod offline;
mod replay;
mod service;
mod worked_example;
