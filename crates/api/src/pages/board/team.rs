//! One team's part of the board: its open incidents and its services. Which team is one's own, the browser remembers.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::outage::ItemState;

use super::list::List;
use super::view::View;
use super::{Proposed, TABS, Tabs};
use crate::Api;
use crate::asked::Asked;
use crate::board::open;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::{self, encoded};
use crate::pages::visitor::Visitor;
use crate::services;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/team", get(choose)).route("/team/{name}", get(team))
}

/// Services of a team that its page names.
const SERVICES_SHOWN: usize = 40;
const SERVICES_ASKED: &str = "1000";

#[derive(Template)]
#[template(path = "team_choice.html")]
struct Choice {
    shell: Shell,
    tabs: Tabs,
    here: &'static str,
    teams: Vec<TeamLine>,
    /// It was asked for: the remembered team is not gone to.
    asked_for: bool,
}

struct TeamLine {
    name: String,
    address: String,
    open: usize,
    services: usize,
}

#[derive(Template)]
#[template(path = "team.html")]
struct Team {
    shell: Shell,
    tabs: Tabs,
    here: &'static str,
    name: String,
    headline: String,
    services: Vec<ServiceLine>,
    services_up: usize,
    services_unshown: usize,
    list: List,
    proposed: Proposed,
}

struct ServiceLine {
    id: String,
    address: String,
    name: String,
    class: &'static str,
    state: &'static str,
    since: Option<wire::v1::Instant>,
    in_maintenance: bool,
}

async fn choose(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Choice>, Trouble> {
    asked.only(&["choose"])?;
    let open = open::open(visitor.by(), State(api.clone()), Asked::of(&[("limit", "1")])).await?.0;
    let all = Asked::of(&[("limit", SERVICES_ASKED)]);
    let services = services::services(visitor.by(), State(api.clone()), all).await?.0.items;
    let mut teams: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (team, count) in open.counts.teams {
        teams.entry(team).or_default().0 = count;
    }
    for team in services.into_iter().filter_map(|service| service.team) {
        teams.entry(team).or_default().1 += 1;
    }
    let line = |(name, (open, services)): (String, (usize, usize))| TeamLine {
        address: format!("/team/{}", encoded(&name)),
        name,
        open,
        services,
    };
    Ok(Page(Choice {
        asked_for: asked.flag("choose")?.unwrap_or(false),
        shell: Shell::new(&api, visitor, "/", "Choose a team"),
        tabs: TABS,
        here: "/team",
        teams: teams.into_iter().map(line).collect(),
    }))
}

async fn team(
    visitor: Visitor,
    State(api): State<Api>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Page<Team>, Trouble> {
    let view = View::of(format!("/team/{}", encoded(&name)), Some(name.clone()), &asked)?;
    let open = open::open(visitor.by(), State(api.clone()), view.asked()).await?.0;
    let of_team = Asked::of(&[("team", &name), ("limit", SERVICES_ASKED)]);
    let known = services::services(visitor.by(), State(api.clone()), of_team).await?.0.items;
    let count = open.counts.teams.get(&name).copied().unwrap_or(0);
    let headline = headline(&name, count, known.len());
    let mut services: Vec<ServiceLine> = known
        .iter()
        .filter(|service| service.state != ItemState::Up || service.in_maintenance)
        .map(ServiceLine::of)
        .collect();
    let services_up = known.len() - services.len();
    let services_unshown = services.len().saturating_sub(SERVICES_SHOWN);
    services.truncate(SERVICES_SHOWN);
    let list = List::of(view, open);
    let proposed = Proposed::of(&api, &visitor, &list).await?;
    let shell = Shell::new(&api, visitor, "/", format!("Team {name}"));
    let (tabs, here) = (TABS, "/team");
    Ok(Page(Team { shell, tabs, here, name, headline, services, services_up, services_unshown, list, proposed }))
}

fn headline(name: &str, open: usize, services: usize) -> String {
    let open = match open {
        0 => format!("Nothing is open for {name}."),
        1 => format!("1 incident is open for {name}."),
        many => format!("{many} incidents are open for {name}."),
    };
    let owns = match services {
        0 => "No service of the CMDB is theirs.".to_owned(),
        1 => "1 service is theirs.".to_owned(),
        many => format!("{many} services are theirs."),
    };
    format!("{open} {owns}")
}

impl ServiceLine {
    fn of(service: &wire::v1::Service) -> ServiceLine {
        ServiceLine {
            address: encoded(&service.id),
            id: service.id.clone(),
            name: service.name.clone(),
            class: told::class(service.state),
            state: told::state(service.state),
            since: service.since,
            in_maintenance: service.in_maintenance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_is_told_what_waits_for_it() {
        assert_eq!(headline("web", 0, 0), "Nothing is open for web. No service of the CMDB is theirs.");
        assert_eq!(headline("web", 1, 1), "1 incident is open for web. 1 service is theirs.");
        assert_eq!(headline("web", 3, 2), "3 incidents are open for web. 2 services are theirs.");
    }
}
