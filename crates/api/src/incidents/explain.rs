//! Why an incident holds what it holds, and what nearly belonged to it: figures, and words.

mod known;
mod team;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use model::reason::NearMiss;
use model::step::Subject;
use model::{CiId, EpisodeId, Incident, IncidentId, Span, limits};
use serde::Serialize;
use serde_json::Value;
use store::{EpisodeRecord, IncidentFilter, PageRequest};
use utoipa::ToSchema;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};
use known::Known;

const MEMBERS_UNLESS_SAID: usize = 100;
/// Firings that the words are about, the first ones.
const TOLD_MAX: usize = 1000;
/// Incidents of about the same time that are asked what nearly was here.
const BESIDE_MAX: usize = 50;
/// Near misses that are told.
const NEARLY_MAX: usize = 10;
/// How far around it others are looked for: what begins further away was never near.
const AROUND: Span = Span::from_hours(1);

/// Why an incident holds what it holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentExplained {
    id: String,
    number: Option<String>,
    /// In sentences that a person reads.
    pub(crate) in_words: v1::Story,
    /// Suspects, the likeliest first, each with why in `text`.
    changes: Vec<v1::SuspectChange>,
    /// Each firing in it, with the evidence that put it there, and the incidents it nearly joined.
    pub(crate) members: v1::List<MemberExplained>,
    /// What was decided about it, oldest first.
    pub(crate) timeline: v1::List<v1::TimelineEntry>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberExplained {
    pub(crate) alert: String,
    pub(crate) summary: String,
    pub(crate) ci: Option<String>,
    episode: String,
    pub(crate) started_at: v1::Instant,
    /// `null` where nobody remembers that firing: neither its alert nor the incident's own decisions.
    #[schema(value_type = Option<Object>)]
    pub(crate) joining: Option<Value>,
}

/// Why it was opened and what was linked to it; near misses, and why not.
#[utoipa::path(get, path = "/api/v1/incidents/{number}/explain", tag = "incidents",
    params(
        ("number" = String, Path, description = "`INC0000123`, or the id `inc_…`"),
        ("limit" = Option<u32>, Query, description = "lines of the timeline, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the timeline's page before"),
        ("members_limit" = Option<u32>, Query, description = "firings, 100 unless said, at most 1000"),
        ("members_cursor" = Option<String>, Query, description = "`next` of the page of firings before"),
    ),
    responses((status = 200, body = IncidentExplained)))]
pub(crate) async fn explain(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(number): Path<String>,
    asked: Asked,
) -> Answer<IncidentExplained> {
    asked.only(&["limit", "cursor", "members_limit", "members_cursor"])?;
    let incident = api.incident_named(&number).await?;
    let timeline = api.timeline(&Subject::Incident(incident.id), &asked.page()?).await?;
    let episodes = api.store().episodes_of_incidents(&[incident.id]).await?;
    let (shown, next) = page(&episodes, &asked)?;
    let mut known = api.known(&episodes[..episodes.len().min(TOLD_MAX)], shown).await?;
    api.recall(&mut known, incident.id, &episodes).await?;
    let mut in_words = api.story(&incident, &episodes, &known).await?;
    in_words.team.extend(team::why(&incident, &api.runtime().graph()));
    Ok(Json(IncidentExplained {
        id: incident.id.to_string(),
        number: incident.number.map(model::incident::number_text),
        in_words,
        changes: incident.changes.iter().map(v1::SuspectChange::from_model).collect(),
        members: v1::List { items: shown.iter().map(|episode| explained(episode, &known)).collect(), next },
        timeline,
    }))
}

/// The oldest first; the cursor is the last firing shown.
fn page<'e>(episodes: &'e [EpisodeRecord], asked: &Asked) -> Result<(&'e [EpisodeRecord], Option<String>), Fault> {
    let begin = match asked.one("members_cursor") {
        None => 0,
        Some(cursor) => {
            let shown = EpisodeId::parse(cursor);
            let place = episodes.iter().position(|episode| Some(episode.id) == shown);
            place.ok_or_else(|| Fault::bad(format!("`{cursor}` is no cursor of this list: begin without one")))? + 1
        }
    };
    let limit = asked.number("members_limit")?.unwrap_or(MEMBERS_UNLESS_SAID).clamp(1, limits::PAGE_ROWS_MAX);
    let later = episodes.get(begin..).unwrap_or_default();
    let shown = later.get(..limit).unwrap_or(later);
    let next = shown.last().filter(|_| shown.len() < later.len()).map(|episode| episode.id.to_string());
    Ok((shown, next))
}

fn explained(record: &EpisodeRecord, known: &Known) -> MemberExplained {
    let alert = known.alert(record.alert);
    MemberExplained {
        alert: record.alert.to_string(),
        summary: alert.map_or_else(|| record.alert_name.to_string(), |alert| alert.summary.to_string()),
        ci: record.ci.as_ref().map(CiId::to_string),
        episode: record.id.to_string(),
        started_at: v1::Instant(record.start),
        joining: known.joining(record).map(v1::joining),
    }
}

fn member<'a>(record: &'a EpisodeRecord, known: &'a Known) -> v1::Member<'a> {
    let alert = known.alert(record.alert);
    v1::Member {
        summary: alert.map_or(&record.alert_name, |alert| &alert.summary),
        ci: record.ci.as_ref(),
        source: alert.map(|alert| &alert.source),
        started_at: record.start,
        joining: known.joining(record),
    }
}

impl Api {
    async fn story(&self, incident: &Incident, episodes: &[EpisodeRecord], known: &Known) -> Result<v1::Story, Fault> {
        let told = &episodes[..episodes.len().min(TOLD_MAX)];
        let beside = self.beside(incident, told).await?;
        let elsewhere = self.store().episodes_of_incidents(&beside).await?;
        let elsewhere = &elsewhere[..elsewhere.len().min(TOLD_MAX)];
        let others = self.known(elsewhere, &[]).await?;
        let members: Vec<v1::Member<'_>> = told.iter().map(|record| member(record, known)).collect();
        let here = told.iter().flat_map(|record| near_misses(record, known).map(|near| Near { is_here: true, ..near }));
        let there = elsewhere.iter().flat_map(|record| near_misses(record, &others));
        let mut near: Vec<Near<'_>> = here.chain(there.filter(|near| near.missed.incident == incident.id)).collect();
        near.sort_by_key(|near| std::cmp::Reverse(near.missed.score));
        near.truncate(NEARLY_MAX);
        let names = self.names(&near.iter().filter_map(Near::other).collect::<Vec<_>>()).await?;
        let nearly: Vec<v1::Nearly<'_>> = near.iter().filter_map(|near| near.told(&names)).collect();
        Ok(v1::story(incident, &members, &nearly))
    }

    /// Incidents that opened at about the same time.
    async fn beside(&self, incident: &Incident, told: &[EpisodeRecord]) -> Result<Vec<IncidentId>, Fault> {
        let begun = told.iter().map(|episode| episode.start);
        let first = begun.clone().min().unwrap_or(incident.started_at);
        let last = begun.max().unwrap_or(incident.started_at);
        let filter =
            IncidentFilter { from: Some(first - AROUND), to: Some(last + AROUND), ..IncidentFilter::default() };
        let page = PageRequest { limit: Some(limits::PAGE_ROWS_MAX), cursor: None };
        let mut near = self.store().incidents(&filter, &page).await?.items;
        near.retain(|other| other.id != incident.id);
        near.sort_by_key(|other| ((other.opened_at - incident.opened_at).abs(), other.id));
        near.truncate(BESIDE_MAX);
        Ok(near.iter().map(|other| other.id).collect())
    }

    /// What people call incidents.
    pub(crate) async fn names(&self, ids: &[IncidentId]) -> Result<BTreeMap<IncidentId, String>, Fault> {
        let name = |other: &Incident| other.number.map_or_else(|| other.id.to_string(), model::incident::number_text);
        let named = self.store().incidents_by_id(ids).await?;
        Ok(named.iter().map(|other| (other.id, name(other))).collect())
    }
}

/// A near miss of a firing.
struct Near<'a> {
    record: &'a EpisodeRecord,
    summary: &'a str,
    /// The firing is in the incident that is explained.
    is_here: bool,
    missed: &'a NearMiss,
}

impl Near<'_> {
    fn other(&self) -> Option<IncidentId> {
        if self.is_here { Some(self.missed.incident) } else { self.record.incident }
    }

    fn told(&self, names: &BTreeMap<IncidentId, String>) -> Option<v1::Nearly<'_>> {
        let other = self.other()?;
        let other = names.get(&other).cloned().unwrap_or_else(|| other.to_string());
        let (summary, ci) = (self.summary, self.record.ci.as_ref());
        Some(v1::Nearly { summary, ci, other, is_here: self.is_here, near: self.missed })
    }
}

fn near_misses<'a>(record: &'a EpisodeRecord, known: &'a Known) -> impl Iterator<Item = Near<'a>> {
    let firing = member(record, known);
    let missed = firing.joining.into_iter().flat_map(|joining| &joining.near_misses);
    missed.map(move |missed| Near { record, summary: firing.summary, is_here: false, missed })
}
