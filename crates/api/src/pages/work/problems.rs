//! Problems: what incidents have in common as their cause. The list, with what is worked on first; one of them is in
//! `problem`, what may be done to it when in `steps`.

mod problem;
mod steps;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use wire::v1;

use super::address::Address;
use super::shown::brief;
use crate::Api;
use crate::asked::Asked;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;
use crate::problems;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/problems", get(list)).merge(problem::routes())
}

/// Not settled yet: what is shown unless something else is asked for.
const UNSETTLED: &str = "proposed,open,analysis,fix_in_progress,risk_accepted";

/// What the list may be narrowed to, and how it is called.
const STATES: [(&str, &str); 11] = [
    ("", "Not settled"),
    ("all", "All"),
    ("proposed", "Proposed"),
    ("open", "Open"),
    ("analysis", "In analysis"),
    ("fix_in_progress", "Being fixed"),
    ("risk_accepted", "Risk accepted"),
    ("resolved", "Resolved"),
    ("closed", "Closed"),
    ("rejected", "Rejected"),
    ("duplicate", "Duplicate"),
];

#[derive(Template)]
#[template(path = "problems.html")]
struct Problems {
    shell: Shell,
    address: Address,
    found: v1::List<v1::Problem>,
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Problems>, Trouble> {
    let address = Address::of("/problems", &asked, &["state", "q", "ci", "record"])?;
    let state = match address.said("state") {
        "" => UNSETTLED,
        "all" => "",
        named => named,
    };
    let asking = address.asking(&asked, &["q", "ci"], &[("state", state)]);
    let found = problems::list(visitor.by(), State(api.clone()), asking).await?.0;
    Ok(Page(Problems { shell: Shell::new(&api, visitor, "/problems", "Problems"), address, found }))
}

impl Problems {
    fn states(&self) -> &'static [(&'static str, &'static str)] {
        &STATES
    }
}

/// By what people call it, and where it is found.
fn name(problem: &v1::Problem) -> &str {
    problem.number.as_deref().unwrap_or(&problem.id)
}

/// Who has it, as far as anybody does.
fn owner(problem: &v1::Problem) -> String {
    let both = [problem.assignee.as_deref(), problem.team.as_deref()];
    both.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
