//! What a replay leaves: `links.ndjson`, and the objects as the API would show them. docs/contract.md section 7.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use model::{AlertId, IncidentId};
use serde::Serialize;
use store::{AlertFilter, EpisodeRecord, IncidentFilter, OutageFilter, PageRequest, ProblemFilter, Store, StoreError};
use wire::v1;

use crate::outcome::{episode_of, episodes_by_alert};
use crate::player::{Line, Replayed};

/// Everything, in memory: replays are of a size that is looked at.
#[derive(Debug, Default)]
pub struct Written {
    pub links: Vec<v1::Link>,
    pub alerts: Vec<v1::Alert>,
    pub incidents: Vec<v1::Incident>,
    pub problems: Vec<v1::Problem>,
    pub outages: Vec<v1::Outage>,
}

impl Written {
    pub async fn read(store: &Store, replayed: &Replayed) -> Result<Written, StoreError> {
        let alerts = every(async |page| store.alerts(&AlertFilter::default(), &page).await).await?;
        let episodes = episodes_by_alert(store, alerts.iter().map(|alert| alert.id)).await?;
        let incidents = every(async |page| store.incidents(&IncidentFilter::default(), &page).await).await?;
        let members = members(episodes.values().flatten());
        let problems = every(async |page| store.problems(&ProblemFilter::default(), &page).await).await?;
        let outages = every(async |page| store.outages(&OutageFilter::default(), &page).await).await?;
        let mut written = Written {
            links: replayed.lines.iter().enumerate().map(|(index, line)| link(index, line, &episodes)).collect(),
            alerts: alerts.iter().map(v1::Alert::from_model).collect(),
            incidents: incidents
                .iter()
                .map(|incident| {
                    v1::Incident::from_model(incident, members.get(&incident.id).map_or(&[], Vec::as_slice))
                })
                .collect(),
            problems: problems.iter().map(v1::Problem::from_model).collect(),
            outages: outages.iter().map(v1::Outage::from_model).collect(),
        };
        written.incidents.sort_by(|a, b| a.number.cmp(&b.number));
        written.alerts.sort_by(|a, b| a.id.cmp(&b.id));
        written.problems.sort_by(|a, b| a.number.cmp(&b.number));
        written.outages.sort_by(|a, b| (&a.service, a.from, &a.id).cmp(&(&b.service, b.from, &b.id)));
        Ok(written)
    }

    /// One file for each kind of object.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        std::fs::create_dir_all(directory).map_err(|error| naming(directory, &error))?;
        lines(&directory.join("links.ndjson"), &self.links)?;
        lines(&directory.join("alerts.ndjson"), &self.alerts)?;
        lines(&directory.join("incidents.ndjson"), &self.incidents)?;
        lines(&directory.join("problems.ndjson"), &self.problems)?;
        lines(&directory.join("outages.ndjson"), &self.outages)
    }
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display()))
}

fn lines<T: Serialize>(path: &Path, rows: &[T]) -> io::Result<()> {
    written(path, rows).map_err(|error| naming(path, &error))
}

fn written<T: Serialize>(path: &Path, rows: &[T]) -> io::Result<()> {
    let mut file = io::BufWriter::new(std::fs::File::create(path)?);
    for row in rows {
        serde_json::to_writer(&mut file, row)?;
        file.write_all(b"\n")?;
    }
    file.flush()
}

/// All rows of a list, page by page.
pub async fn every<T>(
    mut page: impl AsyncFnMut(PageRequest) -> Result<store::Page<T>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = Vec::new();
    let mut request = PageRequest::first(model::limits::PAGE_ROWS_MAX);
    loop {
        let found = page(request).await?;
        rows.extend(found.items);
        let Some(next) = found.next else { return Ok(rows) };
        request = PageRequest { cursor: Some(next), limit: Some(model::limits::PAGE_ROWS_MAX) };
    }
}

/// The alerts of each incident, each once, in the order in which they began.
fn members<'e>(episodes: impl Iterator<Item = &'e EpisodeRecord>) -> BTreeMap<IncidentId, Vec<AlertId>> {
    let mut ordered: Vec<&EpisodeRecord> = episodes.collect();
    ordered.sort_by_key(|episode| (episode.start, episode.alert, episode.id));
    let mut seen = BTreeSet::new();
    let mut members: BTreeMap<IncidentId, Vec<AlertId>> = BTreeMap::new();
    for episode in ordered {
        if let Some(incident) = episode.incident.filter(|incident| seen.insert((*incident, episode.alert))) {
            members.entry(incident).or_default().push(episode.alert);
        }
    }
    members
}

/// The incident that at the end holds the event's episode.
fn link(index: usize, line: &Line, episodes: &BTreeMap<AlertId, Vec<EpisodeRecord>>) -> v1::Link {
    let of_alert = line.alert.and_then(|alert| episodes.get(&alert));
    let episode = of_alert.and_then(|episodes| episode_of(episodes, line.instant, line.resolved));
    let incident = episode.and_then(|episode| episode.incident);
    v1::Link::new(index as u64, line.alert, incident, line.disposition, &line.reason)
}
