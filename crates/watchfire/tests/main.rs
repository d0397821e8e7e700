//! The built binary, as a user meets it.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod running;
mod support;

mod backtest;
mod demo;
mod deploy;
mod observed;
mod offline;
mod people;
mod replay;
mod revised;
mod service;
mod worked_cases;
mod worked_example;
