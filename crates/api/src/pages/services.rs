//! Services and items: how they stand now and how they stood, each with a page of its own.

mod burn;
mod calendar;
mod item;
mod list;
mod recurs;
mod service;
mod uptime;

use axum::Router;
use axum::routing::get;

use crate::Api;

pub(crate) use uptime::Uptimes;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/services", get(list::list))
        .route("/services/{id}", get(service::service))
        .route("/cis/{id}", get(item::item))
}
