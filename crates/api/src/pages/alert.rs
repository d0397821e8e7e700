//! An alert's page: what was said, which incident it is in and why, which it nearly joined, and why nobody was told.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::AlertId;
use model::alert::{AlertState, EndedBy};
use model::step::Subject;
use serde_json::Value;
use wire::v1;

use super::Trouble;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use super::wording as filters;
use crate::Api;
use crate::alerts::{self, AlertExplained, EpisodeExplained};
use crate::asked::Asked;
use crate::fault::Fault;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/alerts/{id}", get(alert))
}

/// Lines of the timeline that are read at once, and that are shown, the newest.
const LINES_SHOWN: usize = 60;
/// Firings, labels and names that a page holds.
const FIRINGS_MAX: usize = 20;
const LABELS_MAX: usize = 40;

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    shell: Shell,
    alert: v1::Alert,
    explained: AlertExplained,
    /// The newest first.
    firings: Vec<Firing>,
    /// The newest, oldest first.
    timeline: Vec<v1::TimelineEntry>,
}

/// One firing: as it was said, and where it was put.
struct Firing {
    said: Option<v1::Episode>,
    put: EpisodeExplained,
}

async fn alert(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Page<AlertPage>, Trouble> {
    asked.only(&[])?;
    let alert = alerts::show(visitor.by(), State(api.clone()), Path(id.clone())).await?.0;
    let mut explained = alerts::explain(visitor.by(), State(api.clone()), Path(id), Asked::of(&[])).await?.0;
    let subject = AlertId::parse(&alert.id).map(Subject::Alert);
    let subject = subject.ok_or_else(|| Fault::not_found(format!("alert `{}`", alert.id)))?;
    let timeline = api.newest_lines(&subject, LINES_SHOWN).await?;
    let said: BTreeMap<&str, &v1::Episode> =
        alert.episodes.iter().map(|episode| (episode.id.as_str(), episode)).collect();
    let firing = |put: EpisodeExplained| Firing { said: said.get(put.id.as_str()).map(|said| (*said).clone()), put };
    let firings = std::mem::take(&mut explained.episodes).into_iter().rev().take(FIRINGS_MAX).map(firing).collect();
    let shell = Shell::new(&api, visitor, "/alerts", model::text::cut(&alert.summary, 80));
    Ok(Page(AlertPage { shell, firings, timeline, alert, explained }))
}

/// A word for its state, and the class that shows it.
pub(super) fn state_of(alert: &v1::Alert) -> (&'static str, &'static str) {
    super::incident::alert_state(alert.state)
}

pub(super) fn text_of(reason: &Value) -> Option<String> {
    reason["text"].as_str().map(str::to_owned)
}

impl Firing {
    /// How it went: severities in their order.
    fn severities(&self) -> String {
        let steps = self.said.iter().flat_map(|said| &said.severities).map(|step| step.severity.as_str());
        let mut words: Vec<&str> = steps.collect();
        words.dedup();
        words.truncate(8);
        words.join(", then ")
    }

    fn ended_by(&self) -> &'static str {
        match self.said.as_ref().and_then(|said| said.ended_by) {
            Some(EndedBy::Clear) => "by its source",
            Some(EndedBy::Expiry) => "as it was promised to, for its source said nothing else",
            Some(EndedBy::Timeout) => "because nobody said it again in time",
            Some(EndedBy::Person) => "by a person",
            None => "",
        }
    }

    fn lasted(&self) -> Option<String> {
        self.put.ended_at.map(|end| told::age(end.0 - self.put.started_at.0))
    }

    fn suppressed(&self) -> Option<String> {
        self.put.suppressed.as_ref().and_then(text_of)
    }

    fn label(&self) -> Option<&String> {
        self.put.number.as_ref().or(self.put.incident.as_ref())
    }
}

impl AlertPage {
    fn state(&self) -> &'static str {
        state_of(&self.alert).0
    }

    fn class(&self) -> &'static str {
        state_of(&self.alert).1
    }

    fn is_firing(&self) -> bool {
        self.alert.state != AlertState::Resolved
    }

    fn suppressed(&self) -> Option<String> {
        self.alert.suppressed.as_ref().and_then(text_of)
    }

    fn binding(&self) -> String {
        text_of(&self.explained.binding).unwrap_or_default()
    }

    fn link(&self) -> Option<&str> {
        told::link(self.alert.url.as_deref()?)
    }

    fn link_of(&self, text: &str) -> Option<String> {
        told::link(text).map(str::to_owned)
    }

    fn labels(&self) -> Vec<(String, String)> {
        pairs(&self.alert.labels)
    }

    fn annotations(&self) -> Vec<(String, String)> {
        pairs(&self.alert.annotations)
    }

    /// Where a silence of what is like it is begun: of its item and its name, as far as it has them, else of its source.
    fn silenced_at(&self) -> String {
        let quoted = |name: &str, value: &str| format!("{name}={}", Value::from(value));
        let ci = self.alert.ci.as_deref().map(|ci| quoted("ci", ci));
        let name = self.alert.labels.get("alertname").map(|name| quoted("alertname", name));
        let lines: Vec<String> = ci.into_iter().chain(name).collect();
        let lines = if lines.is_empty() { vec![quoted("source", &self.alert.source)] } else { lines };
        format!("/silences?matcher={}", told::encoded(&lines.join("\n")))
    }

    /// The newest first.
    fn lines(&self) -> Vec<(&v1::TimelineEntry, String)> {
        let names =
            self.firings.iter().filter_map(|firing| Some((firing.put.incident.clone()?, firing.label()?.clone())));
        let nearly = self.firings.iter().flat_map(|firing| &firing.put.nearly);
        let names: BTreeMap<String, String> =
            names.chain(nearly.map(|near| (near.incident.clone(), near.number.clone()))).collect();
        let lines = self.timeline.iter().rev();
        let text = |line: &v1::TimelineEntry| text_of(&line.reason).unwrap_or_default();
        lines.map(|line| (line, super::incident::named(text(line), &names))).collect()
    }

    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }
}

fn pairs(labels: &model::Labels) -> Vec<(String, String)> {
    labels.iter().take(LABELS_MAX).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
