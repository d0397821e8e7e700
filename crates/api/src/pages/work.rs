//! The work around incidents: problems, changes, maintenance windows, silences.
//!
//! Read in this order: `address` (what a list was asked for stands in its address), `shown` (items, shares and long texts
//! as these pages write them), then a module for each of the four.

mod address;
mod changes;
mod maintenance;
mod problems;
mod shown;
mod silences;

use axum::Router;

use crate::Api;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .merge(problems::routes())
        .merge(changes::routes())
        .merge(maintenance::routes())
        .merge(silences::routes())
}
