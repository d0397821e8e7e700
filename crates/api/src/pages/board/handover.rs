//! What one watch tells the next: who is wanted, what is held and until when, what ends soon, and what cannot be seen.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::Span;
use wire::v1;

use super::row::Row;
use super::words::{self, SourceSaid};
use super::{TABS, Tabs};
use crate::Api;
use crate::asked::Asked;
use crate::board::open::{self, OpenIncidents};
use crate::facts::{maintenance, silences};
use crate::ops;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/handover", get(handover))
}

/// As long as the watch that takes over.
const SOON: Span = Span::from_hours(12);
/// Rows of each part, so that all of them together stay a page that is read.
const ROWS: &str = "25";
const ENDS_SHOWN: usize = 60;
/// Silences and windows that are looked through for those that end soon.
const FACTS: &str = "1000";

#[derive(Template)]
#[template(path = "handover.html")]
struct Handover {
    shell: Shell,
    tabs: Tabs,
    here: &'static str,
    headline: String,
    as_of: v1::Instant,
    parts: Vec<Part>,
    ends: Vec<End>,
    ends_unshown: usize,
    sources: Vec<SourceSaid>,
    dead_letters: u64,
}

/// Incidents that have something in common, for who takes over.
struct Part {
    id: &'static str,
    heading: &'static str,
    /// What stands there where there is none.
    none: &'static str,
    rows: Vec<Row>,
    more: usize,
    address: &'static str,
}

/// Something that begins or ends by itself before the next handover.
#[derive(Debug)]
struct End {
    at: v1::Instant,
    id: String,
    /// `Silence ends`, `Maintenance begins`.
    what: &'static str,
    name: String,
    comment: String,
    by: Option<String>,
    address: String,
}

async fn handover(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Handover>, Trouble> {
    asked.only(&[])?;
    let mut parts = Vec::new();
    let mut headline = String::new();
    for (id, heading, none, filter, address) in PARTS {
        let asked = Asked::of(&[*filter, ("limit", ROWS)]);
        let open = open::open(visitor.by(), State(api.clone()), asked).await?.0;
        headline = words::headline(&open);
        parts.push(Part::of(id, heading, none, open, address));
    }
    let status = ops::status(visitor.by(), State(api.clone())).await?.0;
    let mut ends = ends(&api, &visitor).await?;
    let ends_unshown = ends.len().saturating_sub(ENDS_SHOWN);
    ends.truncate(ENDS_SHOWN);
    let shell = Shell::new(&api, visitor, "/", "Handover");
    let sources = words::sources(&status);
    let dead_letters = status.dead_letters_new;
    Ok(Page(Handover {
        as_of: v1::Instant(shell.now),
        shell,
        tabs: TABS,
        here: "/handover",
        headline,
        parts,
        ends,
        ends_unshown,
        sources,
        dead_letters,
    }))
}

type Said = (&'static str, &'static str, &'static str, (&'static str, &'static str), &'static str);

/// Name in the page, heading, what is said where there is none, what is asked for, and where all of them are.
const PARTS: &[Said] = &[
    ("waiting", "Not acknowledged", "Nobody is waited for.", ("state", "open"), "/?state=open"),
    ("held", "On hold", "Nothing is on hold.", ("state", "on_hold"), "/?state=on_hold"),
    ("at-work", "Acknowledged", "Nobody is at work on one.", ("state", "acknowledged"), "/?state=acknowledged"),
    ("restored", "Restored, not resolved yet", "Nothing is.", ("state", "restored"), "/?state=restored"),
    (
        "residual",
        "Of these, with mild alerts that still fire",
        "Nothing is left over.",
        ("residual", "true"),
        "/?residual=true",
    ),
    (
        "stale",
        "Stale: their sources are silent",
        "No incident waits for a silent source.",
        ("stale", "true"),
        "/?stale=true",
    ),
];

impl Part {
    fn of(
        id: &'static str,
        heading: &'static str,
        none: &'static str,
        open: OpenIncidents,
        address: &'static str,
    ) -> Part {
        let rows: Vec<Row> = open.items.into_iter().map(Row::of).collect();
        Part { id, heading, none, more: open.found - rows.len().min(open.found), rows, address }
    }
}

async fn ends(api: &Api, visitor: &Visitor) -> Result<Vec<End>, Trouble> {
    let (now, soon) = (api.now(), api.now() + SOON);
    let within = |at: &v1::Instant| now <= at.0 && at.0 <= soon;
    let all = || Asked::of(&[("limit", FACTS)]);
    let silences = silences::list(visitor.by(), State(api.clone()), all()).await?.0.items;
    let mut ends: Vec<End> = silences.iter().filter(|silence| within(&silence.ends_at)).map(End::of_silence).collect();
    let span = (now.to_string(), soon.to_string());
    let overlapping = Asked::of(&[("from", &span.0), ("to", &span.1), ("limit", FACTS)]);
    let windows = maintenance::list(visitor.by(), State(api.clone()), overlapping).await?.0.items;
    for window in &windows {
        let Some(next) = window.next else { continue };
        ends.extend(within(&next.starts_at).then(|| End::of_window(window, "Maintenance begins", next.starts_at)));
        ends.extend(within(&next.ends_at).then(|| End::of_window(window, "Maintenance ends", next.ends_at)));
    }
    ends.sort_by_key(|end| end.at);
    Ok(ends)
}

impl End {
    fn of_silence(silence: &v1::Silence) -> End {
        End {
            at: silence.ends_at,
            id: silence.id.clone(),
            what: "Silence ends",
            name: silence.matchers.join(", "),
            comment: silence.comment.clone(),
            by: Some(silence.by.clone()),
            address: format!("/silences/{}", super::encoded(&silence.id)),
        }
    }

    fn of_window(window: &v1::MaintenanceWindow, what: &'static str, at: v1::Instant) -> End {
        let named = match window.reason.is_empty() {
            true => window.reference.clone(),
            false => window.reason.clone(),
        };
        End {
            at,
            id: format!("{} {what}", window.id),
            what,
            name: window.ci.join(", "),
            comment: named,
            by: window.by.clone(),
            address: format!("/maintenance/{}", super::encoded(&window.id)),
        }
    }
}
