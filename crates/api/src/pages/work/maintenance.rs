//! Maintenance windows: in force, to come, past; a calendar of the coming four weeks. One of them is in `window`, the
//! drawing of the calendar in `calendar`, a rule in words in `recurs`.

mod calendar;
mod recurs;
mod window;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::text::counted;
use model::{Span, Timestamp};
use wire::v1;

use self::calendar::Drawing;
use self::recurs::recurs;
use super::address::Address;
use super::shown::{Items, brief};
use crate::Api;
use crate::asked::Asked;
use crate::facts::{maintenance, occurrences};
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/maintenance", get(list)).merge(window::routes())
}

/// The calendar reaches so far.
const AHEAD: Span = Span::from_days(28);
/// Rows of the list beside the calendar.
const OCCURRENCES_MAX: usize = 40;

#[derive(Template)]
#[template(path = "maintenance.html")]
struct Maintenance {
    shell: Shell,
    address: Address,
    view: View,
    drawing: Drawing,
    coming: Vec<occurrences::WindowOccurrence>,
    windows: v1::List<v1::MaintenanceWindow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// In force and planned.
    Planned,
    Past,
}

/// How a window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    InForce,
    ToCome,
    Over,
    Cancelled,
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Maintenance>, Trouble> {
    let address = Address::of("/maintenance", &asked, &["view", "ci"])?;
    let view = if address.said("view") == "past" { View::Past } else { View::Planned };
    let own: &[(&str, &str)] = match view {
        View::Planned => &[("from", "now")],
        View::Past => &[("to", "now"), ("deleted", "true")],
    };
    let asking = address.asking(&asked, &["ci"], own);
    let mut windows = maintenance::list(visitor.by(), State(api.clone()), asking).await?.0;
    let now = api.now();
    match view {
        View::Planned => windows.items.sort_by_key(|window| window.next.map(|next| next.starts_at)),
        View::Past => windows.items.retain(|window| window.deleted || window.previous.is_some()),
    }
    let mut coming = match view {
        View::Planned => coming(&visitor, &api, &address, now).await?,
        View::Past => Vec::new(),
    };
    let drawing = Drawing::of(&coming, now, AHEAD);
    coming.truncate(OCCURRENCES_MAX);
    let shell = Shell::new(&api, visitor, "/maintenance", "Maintenance windows");
    Ok(Page(Maintenance { shell, address, view, drawing, coming, windows }))
}

async fn coming(
    visitor: &Visitor,
    api: &Api,
    address: &Address,
    now: Timestamp,
) -> Result<Vec<occurrences::WindowOccurrence>, Trouble> {
    let (from, to) = (now.to_string(), (now + AHEAD).to_string());
    let asking = Asked::of(&[("from", &from), ("to", &to), ("ci", address.said("ci"))]);
    Ok(occurrences::list(visitor.by(), State(api.clone()), asking).await?.0.items)
}

impl Maintenance {
    /// Which time of a window that recurs, and is not in force, is skipped.
    fn skipped(&self, window: &v1::MaintenanceWindow) -> String {
        let next = window.next.filter(|_| window.rrule.is_some() && self.stage(window) != Stage::InForce);
        next.map(|next| next.starts_at.to_string()).unwrap_or_default()
    }

    fn in_force(&self) -> Vec<&v1::MaintenanceWindow> {
        self.of(Stage::InForce)
    }

    fn to_come(&self) -> Vec<&v1::MaintenanceWindow> {
        self.of(Stage::ToCome)
    }

    fn of(&self, stage: Stage) -> Vec<&v1::MaintenanceWindow> {
        self.windows.items.iter().filter(|window| Stage::of(window, self.shell.now) == stage).collect()
    }

    fn stage(&self, window: &v1::MaintenanceWindow) -> Stage {
        Stage::of(window, self.shell.now)
    }

    fn is_past(&self) -> bool {
        self.view == View::Past
    }

    /// What is in force and to come, in a sentence.
    fn headline(&self) -> String {
        let to_come = counted(self.to_come().len(), "window");
        let more = if self.windows.next.is_some() || self.address.is_later { " on this page" } else { "" };
        match self.in_force().as_slice() {
            [] => format!("Nothing is in maintenance now; {to_come} to come{more}."),
            some => format!("{} in force now; {to_come} to come{more}.", counted(some.len(), "window")),
        }
    }
}

impl Stage {
    fn of(window: &v1::MaintenanceWindow, now: Timestamp) -> Stage {
        match window.next {
            _ if window.deleted => Stage::Cancelled,
            Some(next) if next.starts_at.0 <= now => Stage::InForce,
            Some(_) => Stage::ToCome,
            None => Stage::Over,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Stage::InForce => "state planned",
            Stage::ToCome | Stage::Over | Stage::Cancelled => "state none",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Stage::InForce => "in force",
            Stage::ToCome => "to come",
            Stage::Over => "over",
            Stage::Cancelled => "taken back",
        }
    }
}

/// What a window is called: its reason, else the name it goes by.
fn title(window: &v1::MaintenanceWindow) -> &str {
    called(&window.reason, &window.reference)
}

fn called<'a>(reason: &'a str, reference: &'a str) -> &'a str {
    if reason.trim().is_empty() { reference } else { reason }
}

/// `weekly on Sunday`; empty where it does not recur.
fn recurring(rule: &Option<String>) -> String {
    rule.as_deref().map(recurs).unwrap_or_default()
}
