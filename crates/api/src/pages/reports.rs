//! Reports: for those who answer for services. Which time is looked at, and what of it, stands in the address.
//!
//! Read in this order: `period` (which time), `frame` (what all of these pages have), `told` (a report, whichever it is),
//! `change` (how a figure differs from before), `sheet` (rows), `one` (a report), `weeks` and `heat` (what availability has
//! beside its rows), `overview` (all of them), `behind` and `outages` (what a figure came from), `issued` (those that were).
//!
//! Rule: every figure is one that a handler of the API answered; a page takes nothing but the difference of two answers.

mod behind;
mod change;
mod frame;
mod heat;
mod issued;
mod one;
mod outages;
mod overview;
mod period;
mod sheet;
mod told;
mod weeks;

use axum::Router;
use axum::routing::get;

use crate::Api;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/reports", get(overview::overview))
        .route("/reports/behind", get(behind::behind))
        .route("/reports/outages", get(outages::outages))
        .route("/reports/issued/{id}", get(issued::issued))
        .route("/reports/{kind}", get(one::one))
}
