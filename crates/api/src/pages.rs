//! Pages for the people on watch and the people who answer for it: HTML from this very binary, and small modules of
//! JavaScript that keep it fresh and carry out what people do.
//!
//! Read in this order: [`visitor`] (who looks, and who must sign in first), [`shell`] (what every page has around it),
//! `page` (a template becomes an answer, a fault becomes a page), [`told`] (instants, states and lengths as people read
//! them), `assets` (styles and scripts, from the binary), then a module for each page.
//!
//! The rule: a page asks the handlers of the API, as its visitor, and knows no store. What people do goes from the
//! browser to the API itself. What came from outside is text: templates escape it, [`told::link`] lets through only
//! `http`, `https` and `mailto`, and the Content-Security-Policy allows no script but ours.

mod address;
mod alert;
mod alerts;
mod assets;
mod audit;
mod board;
mod cmdb;
mod dead_letters;
mod incident;
mod incidents;
mod map;
mod page;
mod pipelines;
mod reports;
mod reviews;
mod services;
mod shell;
mod sign_in;
mod sources;
mod told;
mod visitor;
mod wording;
mod work;

use axum::Router;

use crate::Api;

pub(crate) use page::Trouble;
pub(crate) use services::Uptimes;

/// Every page, what they are made with, and signing in and out.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .merge(assets::routes())
        .merge(sign_in::routes())
        .merge(board::routes())
        .merge(cmdb::routes())
        .merge(dead_letters::routes())
        .merge(pipelines::routes())
        .merge(sources::routes())
        .merge(audit::routes())
        .merge(incidents::routes())
        .merge(incident::routes())
        .merge(alerts::routes())
        .merge(alert::routes())
        .merge(work::routes())
        .merge(reports::routes())
        .merge(reviews::routes())
        .merge(services::routes())
        .merge(map::routes())
}
