//! The board: what is broken now, the worst first, and the other ways in which people on watch look at it.
//!
//! Read in this order: [`view`] (what the address asks for), [`row`] (an incident in a row), [`words`] (all of it in a
//! sentence), [`list`] (rows and filters), then `handover`, `team`, `suppressed` and `recent`, a page each.

mod handover;
mod list;
mod recent;
mod row;
mod suppressed;
mod team;
mod view;
mod words;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use self::list::List;
use self::view::View;
use self::words::SourceSaid;
use super::Trouble;
use super::page::Page;
use super::shell::Shell;
use super::told::encoded;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::board::open;
use crate::{ops, services};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/", get(board))
        .merge(handover::routes())
        .merge(team::routes())
        .merge(suppressed::routes())
        .merge(recent::routes())
}

/// The ways to look at it: where each is, and its name.
type Tabs = &'static [(&'static str, &'static str)];

const TABS: Tabs = &[
    ("/", "Board"),
    ("/team", "My team"),
    ("/handover", "Handover"),
    ("/recent", "Last hour"),
    ("/suppressed", "Suppressed"),
];
/// Services that a field proposes: more would make the page heavy, and any other can be typed.
const SERVICES_PROPOSED: &str = "150";

#[derive(Template)]
#[template(path = "board.html")]
struct Board {
    shell: Shell,
    tabs: Tabs,
    here: &'static str,
    headline: String,
    sources: Vec<SourceSaid>,
    list: List,
    proposed: Proposed,
}

/// What fields propose.
struct Proposed {
    teams: Vec<String>,
    services: Vec<(String, String)>,
    /// Who looks, where it is known.
    me: Option<String>,
}

async fn board(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Board>, Trouble> {
    let view = View::of("/", None, &asked)?;
    let open = open::open(visitor.by(), State(api.clone()), view.asked()).await?.0;
    let status = ops::status(visitor.by(), State(api.clone())).await?.0;
    let headline = words::headline(&open);
    let list = List::of(view, open);
    let proposed = Proposed::of(&api, &visitor, &list).await?;
    let shell = Shell::new(&api, visitor, "/", "Board");
    Ok(Page(Board { shell, tabs: TABS, here: "/", headline, sources: words::sources(&status), list, proposed }))
}

impl Proposed {
    async fn of(api: &Api, visitor: &Visitor, list: &List) -> Result<Proposed, Trouble> {
        let asked = Asked::of(&[("limit", SERVICES_PROPOSED)]);
        let services = services::services(visitor.by(), State(api.clone()), asked).await?.0.items;
        let mut teams: Vec<String> = services.iter().filter_map(|service| service.team.clone()).collect();
        teams.extend(list.teams.iter().cloned());
        teams.sort();
        teams.dedup();
        let me = visitor.signed_in.then(|| visitor.name().to_owned());
        Ok(Proposed { teams, services: services.into_iter().map(|service| (service.id, service.name)).collect(), me })
    }
}

/// As it begins a sentence.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
