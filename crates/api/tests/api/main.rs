//! The API as its users meet it: requests in, answers out, a running engine and a store in memory behind it.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod alertmanager;
mod board;
mod board_pages;
mod cmdb;
mod dead_letters;
mod document;
mod facts;
mod incident_pages;
mod incidents;
mod measures;
mod oidc;
mod once;
mod operations;
mod outages;
mod pages_reports;
mod pages_run;
mod pipelines;
mod problems;
mod reports;
mod reviews;
mod roles;
mod service;
mod services_pages;
mod sign_in;
mod similar;
mod stream;
mod work_pages;
