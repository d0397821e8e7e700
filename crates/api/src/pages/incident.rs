//! An incident's page: what is broken, why, since when, and everything that can be done about it.
//!
//! `headline` says it in a sentence, `hurt` lists its services, `drawing` (laid out by `layers`) shows how it spread,
//! `clocks` and `told_here` put the rest into words, `offers` says which actions there are.

pub(super) mod clocks;
mod drawing;
mod headline;
mod hurt;
mod layers;
mod offers;
mod told_here;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::fact::ChangeStood;
use model::step::Subject;
use model::{IncidentId, Span};
use wire::v1;

use super::Trouble;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use super::wording as filters;
use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;
use crate::incidents::{self, explain, map};
use crate::{alerts, problems};
use clocks::ClockTold;
use drawing::Drawing;
use hurt::Hurt;
use offers::Offers;
use told_here::{AlertRow, CauseTold, Line, Related, SimilarTold};

pub(super) use told_here::{alert_state, named};

/// Alerts, firings and incidents of one kind that a page names.
const ALERTS_MAX: &str = "30";
const SIMILAR_MAX: &str = "5";
const CHILDREN_MAX: &str = "40";
const RELATED_MAX: usize = 12;
/// Lines of the timeline on a page.
const LINES_OF_PAGE: usize = 16;
/// Nobody goes through more than a thousand pages of them; the API has what is older.
const LINES_READ_MAX: usize = 20_000;
const MEMBERS_READ: &str = "1000";

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/incidents/{number}", get(incident))
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    shell: Shell,
    incident: v1::Incident,
    /// What people call it.
    label: String,
    headline: String,
    /// What an alert says people should read.
    runbook: Option<String>,
    hurt: Vec<Hurt>,
    unwatched: Vec<String>,
    services_cut: bool,
    drawing: Option<Drawing>,
    clocks: Vec<ClockTold>,
    causes: Vec<CauseTold>,
    alerts: Vec<AlertRow>,
    alerts_more: bool,
    story: v1::Story,
    lines: Vec<Line>,
    newer: Option<usize>,
    older: Option<usize>,
    similar: Vec<SimilarTold>,
    problem: Option<v1::Problem>,
    related: Vec<Related>,
    offers: Offers,
    /// What somebody else may change meanwhile, for who has a dialog open.
    facts: String,
}

async fn incident(
    visitor: Visitor,
    State(api): State<Api>,
    Path(number): Path<String>,
    asked: Asked,
) -> Result<Page<IncidentPage>, Trouble> {
    asked.only(&["lines"])?;
    let path = || Path(number.clone());
    let state = || State(api.clone());
    let incident = incidents::show(visitor.by(), state(), path()).await?.0;
    let map = map::map(visitor.by(), state(), path()).await?.0;
    let read = Asked::of(&[("members_limit", MEMBERS_READ)]);
    let explained = explain::explain(visitor.by(), state(), path(), read).await?.0;
    let subject = IncidentId::parse(&incident.id).map(Subject::Incident);
    let subject = subject.ok_or_else(|| Fault::not_found(format!("incident `{}`", incident.id)))?;
    let page = asked.number("lines")?.unwrap_or(1).max(1);
    // One more than is shown says whether there are older ones.
    let read = page.saturating_mul(LINES_OF_PAGE).saturating_add(1).min(LINES_READ_MAX);
    let timeline = api.newest_lines(&subject, read).await?;
    let of_it = Asked::of(&[("incident", &incident.id), ("limit", ALERTS_MAX)]);
    let listed = alerts::list(visitor.by(), state(), of_it).await?.0;
    let similar = incidents::similar(visitor.by(), state(), path(), Asked::of(&[("limit", SIMILAR_MAX)])).await?.0;
    let problem = match &incident.problem {
        // What is gone keeps nobody from looking at the incident.
        Some(id) => problems::show(visitor.by(), state(), Path(id.clone())).await.ok().map(|found| found.0),
        None => None,
    };
    let related = related(&visitor, &api, &incident).await?;

    let now = api.now();
    let over = headline::is_over(&incident);
    let (hurt, unwatched) = hurt::lists(&map, over);
    let names = names(&related, &listed.items, problem.as_ref());
    let (lines, newer, older) = told_here::lines(&timeline, &incident.comments, &names, page, LINES_OF_PAGE);
    let label = incident.number.clone().unwrap_or_else(|| incident.id.clone());
    let offers = Offers::of(&incident, Some(&visitor), now);
    let shell = Shell::new(&api, visitor, "/incidents", format!("{label} {}", model::text::cut(&incident.title, 120)));
    Ok(Page(IncidentPage {
        headline: headline::headline(&incident, &map, now),
        runbook: told_here::runbook(&listed.items, incident.causes.first().map(|cause| cause.ci.as_str())),
        drawing: Drawing::of(&map, over),
        clocks: clocks::clocks(&incident, now),
        causes: told_here::causes(&incident, &map),
        alerts: told_here::alerts(&listed.items, &explained.members.items, &incident.id, &map),
        alerts_more: listed.next.is_some() || incident.alerts_unlisted > 0,
        similar: similar.items.into_iter().map(SimilarTold::of).collect(),
        facts: told_here::facts(&incident),
        story: explained.in_words,
        services_cut: map.services_cut,
        shell,
        label,
        hurt,
        unwatched,
        lines,
        newer,
        older,
        problem,
        related,
        offers,
        incident,
    }))
}

/// Other incidents that it names, and how they are related.
async fn related(visitor: &Visitor, api: &Api, incident: &v1::Incident) -> Result<Vec<Related>, Trouble> {
    let one = |how: &'static str, id: &Option<String>| id.iter().map(move |id| (how, id.clone())).collect::<Vec<_>>();
    let mut ids = one("It goes on in", &incident.merged_into);
    ids.extend(one("Part of the storm", &incident.parent));
    ids.extend(incident.merge_suggested.iter().map(|id| ("It may be one with", id.clone())));
    ids.extend(one("It is what is left of", &incident.residual_of));
    ids.extend(one("It happened before, as", &incident.recurrence_of));
    let mut related = Vec::with_capacity(ids.len());
    for (how, id) in ids.into_iter().take(RELATED_MAX) {
        if let Ok(found) = incidents::show(visitor.by(), State(api.clone()), Path(id)).await {
            related.push(Related::of(how, &found.0));
        }
    }
    if incident.storm {
        let of_it = Asked::of(&[("parent", &incident.id), ("limit", CHILDREN_MAX)]);
        let children = incidents::list(visitor.by(), State(api.clone()), of_it).await?.0;
        related.extend(children.items.iter().map(|child| Related::of("It holds", child)));
    }
    Ok(related)
}

/// What people call what sentences name by its id.
fn names(related: &[Related], alerts: &[v1::Alert], problem: Option<&v1::Problem>) -> BTreeMap<String, String> {
    let incidents = related.iter().map(|other| (other.id.clone(), other.label.clone()));
    let alerts = alerts.iter().map(|alert| (alert.id.clone(), format!("“{}”", model::text::cut(&alert.summary, 80))));
    let problem = problem.and_then(|problem| Some((problem.id.clone(), problem.number.clone()?)));
    incidents.chain(alerts).chain(problem).collect()
}

impl IncidentPage {
    fn api(&self) -> String {
        format!("/api/v1/incidents/{}", told::encoded(&self.label))
    }

    fn state(&self) -> &'static str {
        clocks::state(self.incident.state)
    }

    fn state_class(&self) -> &'static str {
        clocks::class(self.incident.state)
    }

    fn marks(&self) -> Vec<(&'static str, &'static str)> {
        clocks::marks(&self.incident)
    }

    fn weight(&self) -> String {
        clocks::weight(&self.incident)
    }

    fn detected(&self) -> &'static str {
        clocks::detected(self.incident.detected_by)
    }

    fn hold(&self) -> Option<(&v1::Hold, &'static str)> {
        let hold = self.incident.holds.iter().find(|hold| hold.to.is_none())?;
        Some((hold, clocks::hold(hold.r#for)))
    }

    fn declared(&self) -> bool {
        self.incident.major == model::incident::Major::Declared
    }

    fn link(&self, address: &str) -> Option<String> {
        told::link(address).map(str::to_owned)
    }

    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }

    /// A change that is taken for the cause.
    fn is_taken(&self, change: &str) -> bool {
        self.incident.caused_by_change.as_deref() == Some(change)
    }

    /// When a change was made, as seen from its start.
    fn before(&self, change: &v1::SuspectChange) -> String {
        let before = told::age(Span::from_seconds_f64(change.before_seconds.value()).unwrap_or_default());
        match change.stood {
            ChangeStood::Over => format!("{before} before it began"),
            ChangeStood::UnderWay => "under way when it began".to_owned(),
            ChangeStood::Planned => format!("planned for {before} before it began"),
        }
    }

    /// From its start, in words.
    fn after(&self, at: &v1::Instant) -> String {
        told::age(at.0 - self.incident.started_at.0)
    }
}
