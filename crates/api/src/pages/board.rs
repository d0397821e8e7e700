//! The board: what is broken now, the worst first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use wire::v1;

use super::Trouble;
use super::page::Page;
use super::shell::Shell;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::incidents;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/", get(board))
}

#[derive(Template)]
#[template(path = "board.html")]
struct Board {
    shell: Shell,
    incidents: Vec<v1::Incident>,
}

async fn board(visitor: Visitor, State(api): State<Api>, _: Asked) -> Result<Page<Board>, Trouble> {
    let asked = Asked::of(&[("state", "open,acknowledged,restored,on_hold")]);
    let found = incidents::list(visitor.by(), State(api.clone()), asked).await?;
    Ok(Page(Board { shell: Shell::new(&api, visitor, "/", "Board"), incidents: found.0.items }))
}
