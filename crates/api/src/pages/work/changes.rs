//! Changes, the latest first, and what they are said to have caused; one of them with its incidents.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::fact::{ChangeKind, ChangeResult, ChangeStatus};
use model::text::counted;
use wire::{native, v1};

use super::address::Address;
use super::shown::{Items, brief, percent};
use crate::Api;
use crate::asked::Asked;
use crate::facts::changes;
use crate::incidents;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/changes", get(list)).route("/changes/{id}", get(show))
}

/// Since when, as the API hears it, and how that is called.
const SINCE: [(&str, &str); 6] = [
    ("", "At any time"),
    ("now", "To come"),
    ("-24h", "Last 24 hours, and to come"),
    ("-7d", "Last 7 days, and to come"),
    ("-30d", "Last 30 days, and to come"),
    ("-90d", "Last 90 days, and to come"),
];
/// Of the incidents that suspect a change a page shows the likeliest.
const SUSPECTING_MAX: usize = 30;

/// Words of the API, and how they are called.
const STATUSES: [(&str, &str); 3] = [("planned", "planned"), ("started", "under way"), ("finished", "finished")];
const RESULTS: [(&str, &str); 5] = [
    ("", "Not known yet"),
    ("successful", "Successful"),
    ("issues", "With issues"),
    ("backed_out", "Backed out"),
    ("failed", "Failed"),
];

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes {
    shell: Shell,
    address: Address,
    found: v1::List<v1::Change>,
}

#[derive(Template)]
#[template(path = "change.html")]
struct Shown {
    shell: Shell,
    change: v1::Change,
    suspecting: Vec<Suspecting>,
}

/// An incident, and how much it suspects the change.
struct Suspecting {
    by: v1::SuspectedIn,
    incident: v1::Incident,
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Changes>, Trouble> {
    const FILTERS: [&str; 4] = ["from", "to", "ci", "q"];
    let address = Address::of("/changes", &asked, &FILTERS)?;
    let found = changes::list(visitor.by(), State(api.clone()), address.asking(&asked, &FILTERS, &[])).await?.0;
    Ok(Page(Changes { shell: Shell::new(&api, visitor, "/changes", "Changes"), address, found }))
}

async fn show(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Page<Shown>, Trouble> {
    asked.only(&[])?;
    let change = changes::show(visitor.by(), State(api.clone()), Path(id)).await?.0;
    let mut suspecting = Vec::new();
    for by in change.incidents.iter().take(SUSPECTING_MAX) {
        let incident = incidents::show(visitor.by(), State(api.clone()), Path(by.id.clone())).await?.0;
        suspecting.push(Suspecting { by: by.clone(), incident });
    }
    let shell = Shell::new(&api, visitor, "/changes", format!("{}: {}", change.reference, brief(&change.summary, 80)));
    Ok(Page(Shown { shell, change, suspecting }))
}

impl Changes {
    /// What may be chosen; an instant of the address's own is kept.
    fn since(&self) -> Vec<(&str, &str)> {
        let said = self.address.said("from");
        let own = (!SINCE.iter().any(|(value, _)| *value == said)).then_some((said, "As in this address"));
        SINCE.into_iter().chain(own).collect()
    }
}

impl Shown {
    fn caused(&self) -> usize {
        self.change.incidents.iter().filter(|one| one.caused).count()
    }

    /// It was recorded by hand: said again under its name, it is the same change.
    fn is_ours(&self) -> bool {
        native::change_id(&changes::SOURCE.into(), &self.change.reference).to_string() == self.change.id
    }

    fn is_over(&self) -> bool {
        self.change.status == ChangeStatus::Finished
    }

    /// As a form says it.
    fn stands(&self) -> &'static str {
        match self.change.status {
            ChangeStatus::Planned => "planned",
            ChangeStatus::Started => "started",
            ChangeStatus::Finished => "finished",
        }
    }

    fn went(&self) -> &'static str {
        match self.change.result {
            None => "",
            Some(ChangeResult::Successful) => "successful",
            Some(ChangeResult::Issues) => "issues",
            Some(ChangeResult::BackedOut) => "backed_out",
            Some(ChangeResult::Failed) => "failed",
        }
    }

    fn statuses(&self) -> &'static [(&'static str, &'static str)] {
        &STATUSES
    }

    fn results(&self) -> &'static [(&'static str, &'static str)] {
        &RESULTS
    }

    fn items(&self) -> String {
        self.change.ci.join(",")
    }
}

/// What it is said to have done, for a list.
fn effect(change: &v1::Change) -> String {
    let caused = change.incidents.iter().filter(|one| one.caused).count();
    let suspected = change.incidents.len() - caused;
    match (caused, suspected) {
        (0, 0) => String::new(),
        (0, some) => format!("suspected in {}", counted(some, "incident")),
        (some, 0) => format!("caused {}", counted(some, "incident")),
        (some, more) => format!("caused {}, suspected in {more} more", counted(some, "incident")),
    }
}

fn kind(change: &v1::Change) -> &'static str {
    match change.r#type {
        ChangeKind::Standard => "standard",
        ChangeKind::Normal => "normal",
        ChangeKind::Emergency => "emergency",
    }
}

/// How it stands, and how it went where that is known.
fn state(change: &v1::Change) -> &'static str {
    match (change.result, change.status) {
        (Some(ChangeResult::Successful), _) => "successful",
        (Some(ChangeResult::Issues), _) => "with issues",
        (Some(ChangeResult::BackedOut), _) => "backed out",
        (Some(ChangeResult::Failed), _) => "failed",
        (None, ChangeStatus::Planned) => "planned",
        (None, ChangeStatus::Started) => "under way",
        (None, ChangeStatus::Finished) => "finished",
    }
}

fn class(change: &v1::Change) -> &'static str {
    match (change.result, change.status) {
        (Some(ChangeResult::Failed), _) => "tag bad",
        (Some(ChangeResult::Issues | ChangeResult::BackedOut), _) => "tag warn",
        (None, ChangeStatus::Started) => "tag open",
        _ => "tag",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(caused: &[bool]) -> v1::Change {
        let at = v1::Instant(model::Timestamp::EPOCH);
        let suspecting = |caused: &bool| v1::SuspectedIn {
            id: "inc_1".to_owned(),
            number: None,
            score: v1::Ratio(0.5),
            caused: *caused,
        };
        v1::Change {
            id: "chg_1".to_owned(),
            reference: "CHG1".to_owned(),
            r#type: ChangeKind::Normal,
            status: ChangeStatus::Finished,
            result: None,
            summary: String::new(),
            ci: Vec::new(),
            starts_at: None,
            ends_at: None,
            received_at: at,
            incidents: caused.iter().map(suspecting).collect(),
        }
    }

    #[test]
    fn what_a_change_did_is_told_in_a_few_words() {
        for (caused, expected) in [
            (&[][..], ""),
            (&[true], "caused 1 incident"),
            (&[false, false], "suspected in 2 incidents"),
            (&[true, false], "caused 1 incident, suspected in 1 more"),
        ] {
            assert_eq!(effect(&change(caused)), expected);
        }
    }

    #[test]
    fn how_it_went_says_more_than_that_it_is_over() {
        let over = change(&[]);
        assert_eq!((state(&over), class(&over)), ("finished", "tag"));
        let failed = v1::Change { result: Some(ChangeResult::Failed), ..over };
        assert_eq!((state(&failed), class(&failed)), ("failed", "tag bad"));
    }
}
