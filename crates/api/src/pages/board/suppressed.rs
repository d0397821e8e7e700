//! What is told to nobody now, and why: so that a quiet night is known to be one.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::text::counted;

use super::{TABS, Tabs};
use crate::Api;
use crate::asked::Asked;
use crate::board::quiet::{self, Quiet, QuietReason};
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/suppressed", get(suppressed))
}

/// Alerts that each reason names, so that the page stays small where much is quiet.
const ALERTS_SHOWN: [(usize, &str); 3] = [(5, "20"), (20, "8"), (usize::MAX, "3")];
/// Reasons that the page shows.
const REASONS_SHOWN: usize = 60;

#[derive(Template)]
#[template(path = "suppressed.html")]
struct Suppressed {
    shell: Shell,
    tabs: Tabs,
    here: &'static str,
    headline: String,
    reasons: Vec<Reason>,
    unshown: usize,
}

struct Reason {
    kind: &'static str,
    said: QuietReason,
    /// Where it can be looked at, and ended.
    address: Option<String>,
    counted: String,
    /// It keeps more quiet than is named.
    more: usize,
}

async fn suppressed(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Suppressed>, Trouble> {
    asked.only(&[])?;
    let named = |limit: &'static str| {
        let (by, api) = (visitor.by(), api.clone());
        async move { quiet::quiet(by, State(api), Asked::of(&[("limit", limit)])).await }
    };
    let few = named("3").await?.0;
    let limit = ALERTS_SHOWN.iter().find(|(reasons, _)| few.reasons.len() <= *reasons).map_or("3", |(_, limit)| *limit);
    let quiet = if limit == "3" { few } else { named(limit).await?.0 };
    let headline = headline(&quiet);
    let unshown = quiet.reasons.len().saturating_sub(REASONS_SHOWN);
    let reasons = quiet.reasons.into_iter().take(REASONS_SHOWN).map(Reason::of).collect();
    let shell = Shell::new(&api, visitor, "/", "Suppressed now");
    Ok(Page(Suppressed { shell, tabs: TABS, here: "/suppressed", headline, reasons, unshown }))
}

fn headline(quiet: &Quiet) -> String {
    if quiet.reasons.is_empty() {
        return "Nothing is suppressed: whatever fires is told.".to_owned();
    }
    let fires = match quiet.alerts {
        0 => "No alert that fires is suppressed".to_owned(),
        1 => "1 alert fires and opens nothing".to_owned(),
        many => format!("{many} alerts fire and open nothing"),
    };
    let of = |kind: &str| quiet.reasons.iter().filter(|reason| reason.kind == kind).count();
    let in_force: Vec<String> =
        [(of("silence"), "silence"), (of("maintenance"), "maintenance window"), (of("storm"), "storm")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| counted(count, noun))
            .collect();
    match in_force.as_slice() {
        [] => format!("{fires}."),
        parts => format!("{fires}. In force now: {}.", parts.join(", ")),
    }
}

impl Reason {
    fn of(said: QuietReason) -> Reason {
        let (kind, noun) = match said.kind {
            "silence" => ("Silence", "alert"),
            "maintenance" => ("Maintenance", "alert"),
            "limit" => ("Limit of open alerts", "alert"),
            "storm" => ("Storm", "incident"),
            "inhibited" => ("Explained by another alert", "alert"),
            _ => ("Flapping", "alert"),
        };
        let address = match said.kind {
            "silence" => said.id.as_deref().map(|id| format!("/silences/{}", super::encoded(id))),
            "maintenance" => said.id.as_deref().map(|id| format!("/maintenance/{}", super::encoded(id))),
            "storm" => Some(format!("/incidents/{}", super::encoded(&said.name))),
            _ => None,
        };
        let counted = match said.count {
            0 => "Nothing that it matches fires now.".to_owned(),
            count => format!("{} now.", counted(count, noun)),
        };
        let more = said.count.saturating_sub(said.alerts.len() + said.incidents.len());
        Reason { kind, address, counted, more, said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(alerts: usize, kinds: &[&'static str]) -> Quiet {
        let reason = |kind: &&'static str| QuietReason {
            kind,
            id: None,
            name: "x".to_owned(),
            text: String::new(),
            by: None,
            comment: None,
            since: None,
            until: None,
            count: 0,
            alerts: Vec::new(),
            incidents: Vec::new(),
        };
        Quiet { alerts, reasons: kinds.iter().map(reason).collect() }
    }

    #[test]
    fn the_headline_tells_a_quiet_night_from_a_silenced_one() {
        for (quiet, expected) in [
            (quiet(0, &[]), "Nothing is suppressed: whatever fires is told."),
            (quiet(0, &["silence"]), "No alert that fires is suppressed. In force now: 1 silence."),
            (
                quiet(3, &["silence", "silence", "maintenance"]),
                "3 alerts fire and open nothing. In force now: 2 silences, 1 maintenance window.",
            ),
            (quiet(0, &["flapping"]), "No alert that fires is suppressed."),
        ] {
            assert_eq!(headline(&quiet), expected);
        }
    }
}
