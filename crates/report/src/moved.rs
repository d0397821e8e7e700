//! What truth that came late moved: outages that people corrected, incidents that were none, windows recorded after they
//! began. docs/measures.md section 14.
//!
//! Rule: no second formula. The services concerned are swept from episodes twice, with these and without, and what
//! `reliability` says of the one is less than what it says of the other by what they moved. Where there are none nothing is swept.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{IntervalSet, Occurrences};
use model::fact::{Correction, MaintenanceWindow};
use model::limits::{CORRECTIONS_SHOWN_MAX, PAGE_ROWS_MAX, REPORT_OCCURRENCES_MAX};
use model::step::Subject;
use model::{CiId, Incident, IncidentId, Interval, Reason, Span, Timestamp};
use reliability::ServiceFacts;
use store::{EpisodeRecord, PageRequest, Store, StoreError};
use topology::{Topology, WindowInterval, sweep};
use wire::v1::{Corrected, CorrectedKind, Corrections, Moved, Seconds};

use crate::error::ReportError;
use crate::maintenance::rolled_up;
use crate::outages::{as_people_have_it, everything_below, facts, faults_of};
use crate::question::Question;
use crate::services::{Service, asked, bear_days};
use crate::versions::Versions;
use crate::windows::{bear_occurrences, recorded_over};

/// What was corrected of the services that are asked about, as far as it bears on the time that is over, and what it moved.
pub(crate) async fn moved(store: &Store, question: &Question) -> Result<Corrections, ReportError> {
    let over = question.elapsed();
    let late = Late::read(store, question, over).await?;
    if late.is_empty() {
        return Ok(Corrections::default());
    }
    let versions = Versions::asked(store, question).await?;
    let topology = versions.since(over.start()).await?;
    let services = asked(&topology, question)?;
    let about: Vec<(About, BTreeSet<CiId>)> =
        late.each().map(|one| (one, late.concerned(one, &topology, &services))).collect();
    let about: Vec<(About, BTreeSet<CiId>)> = about.into_iter().filter(|(_, of)| !of.is_empty()).collect();
    let concerned: BTreeSet<CiId> = about.iter().flat_map(|(_, of)| of.iter().cloned()).collect();
    bear_days(concerned.len(), over)?;
    let mut known = Known::read(store, late, &topology, concerned, over, question.now).await?;
    let services: Vec<&Service<'_>> = services.iter().filter(|service| known.concerned.contains(&service.id)).collect();
    known.with = known.figures(&services, &BTreeSet::new(), question);
    let all: BTreeSet<About> = about.iter().map(|(one, _)| *one).collect();
    let mut items = Vec::new();
    for (one, of) in about.iter().take(CORRECTIONS_SHOWN_MAX) {
        let services: Vec<&Service<'_>> = services.iter().filter(|service| of.contains(&service.id)).copied().collect();
        items.push(known.told(store, *one, known.moved(&services, &BTreeSet::from([*one]), question)).await?);
    }
    items.sort_by_key(|item| (item.at.map(|at| at.0), item.kind, item.id.clone()));
    Ok(Corrections { count: about.len() as u64, moved_seconds: known.moved(&services, &all, question), items })
}

/// One of them, by its place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Correction(usize),
    FalsePositive(IncidentId),
    Window(usize),
}

/// What there is of all three kinds.
struct Late {
    corrections: Vec<Correction>,
    false_positives: Vec<EpisodeRecord>,
    windows: Vec<MaintenanceWindow>,
    /// Their places among the windows.
    late_windows: Vec<usize>,
}

impl Late {
    /// A read for each kind.
    async fn read(store: &Store, question: &Question, over: Interval) -> Result<Late, ReportError> {
        if over.is_empty() {
            return Ok(Late {
                corrections: Vec::new(),
                false_positives: Vec::new(),
                windows: Vec::new(),
                late_windows: Vec::new(),
            });
        }
        let windows = recorded_over(store, over, question.now).await?;
        bear_occurrences(recurring(&windows, over))?;
        // What begins with the very second in which it was received was not recorded late.
        let is_late = |window: &MaintenanceWindow| {
            let received = window.received_at.floor(Span::SECOND);
            Occurrences::of(window).overlapping(over).any(|occurrence| occurrence.start() < received)
        };
        let late = windows.iter().enumerate().filter(|(_, window)| is_late(window)).map(|(at, _)| at).collect();
        Ok(Late {
            corrections: store.corrections_overlapping(&[], over).await?,
            false_positives: store.false_positives(over).await?,
            late_windows: late,
            windows,
        })
    }

    fn is_empty(&self) -> bool {
        self.corrections.is_empty() && self.false_positives.is_empty() && self.late_windows.is_empty()
    }

    fn each(&self) -> impl Iterator<Item = About> + '_ {
        let incidents: BTreeSet<IncidentId> =
            self.false_positives.iter().filter_map(|episode| episode.incident).collect();
        let windows = self.late_windows.iter().copied().map(About::Window);
        let corrections = (0..self.corrections.len()).map(About::Correction);
        corrections.chain(incidents.into_iter().map(About::FalsePositive)).chain(windows)
    }

    /// Of the services that are asked about, those that it can bear on.
    fn concerned(&self, one: About, topology: &Topology, services: &[Service<'_>]) -> BTreeSet<CiId> {
        let reached: BTreeSet<CiId> = match one {
            About::Correction(at) => self.corrections.get(at).map(|known| known.service.clone()).into_iter().collect(),
            About::FalsePositive(id) => {
                let of = self.false_positives.iter().filter(|episode| episode.incident == Some(id));
                above(topology, of.filter_map(|episode| episode.ci.as_ref()))
            }
            About::Window(at) => above(topology, self.windows.get(at).into_iter().flat_map(|window| &window.cis)),
        };
        services.iter().map(|service| &service.id).filter(|id| reached.contains(*id)).cloned().collect()
    }
}

/// How many occurrences there are, of each item by itself; not counted further than a report goes.
fn recurring(windows: &[MaintenanceWindow], over: Interval) -> usize {
    let of = |window: &MaintenanceWindow| {
        Occurrences::of(window)
            .overlapping(over)
            .take(REPORT_OCCURRENCES_MAX + 1)
            .count()
            .saturating_mul(window.cis.len())
    };
    let mut count = 0_usize;
    windows
        .iter()
        .take_while(|window| {
            count = count.saturating_add(of(window));
            count <= REPORT_OCCURRENCES_MAX
        })
        .for_each(drop);
    count
}

/// The items and all that needs them, by any version.
fn above<'c>(topology: &Topology, items: impl Iterator<Item = &'c CiId>) -> BTreeSet<CiId> {
    let items: Vec<&CiId> = items.collect();
    let of = |graph: &topology::Graph| {
        let start: Vec<_> = items.iter().filter_map(|ci| graph.find(ci.as_str())).collect();
        graph.all_above(start).into_iter().map(|item| graph.id(item).clone()).collect::<Vec<_>>()
    };
    topology.versions().iter().flat_map(|(_, graph)| of(graph)).collect()
}

/// The facts of the services concerned.
struct Known<'t> {
    late: Late,
    topology: &'t Topology,
    concerned: BTreeSet<CiId>,
    /// By item.
    episodes: BTreeMap<CiId, Vec<EpisodeRecord>>,
    /// The figures as they are, of the services concerned.
    with: BTreeMap<CiId, [f64; 4]>,
    over: Interval,
    now: Timestamp,
}

impl<'t> Known<'t> {
    async fn read(
        store: &Store,
        late: Late,
        topology: &'t Topology,
        concerned: BTreeSet<CiId>,
        over: Interval,
        now: Timestamp,
    ) -> Result<Known<'t>, StoreError> {
        let needed: Vec<CiId> = everything_below(topology, &concerned).into_iter().collect();
        let mut episodes: BTreeMap<CiId, Vec<EpisodeRecord>> = BTreeMap::new();
        for episode in store.episodes_of_items(&needed, over).await? {
            if let Some(ci) = episode.ci.clone() {
                episodes.entry(ci).or_default().push(episode);
            }
        }
        Ok(Known { late, topology, concerned, episodes, with: BTreeMap::new(), over, now })
    }

    /// By how much figures of these services are greater than without some of what was corrected.
    fn moved(&self, services: &[&Service<'_>], without: &BTreeSet<About>, question: &Question) -> Moved {
        let mut moved = [0.0; 4];
        for (service, without) in self.figures(services, without, question) {
            let with = self.with.get(&service).copied().unwrap_or(without);
            moved.iter_mut().zip(with).zip(without).for_each(|((moved, with), without)| *moved += with - without);
        }
        let [down, degraded, planned, agreed] = moved.map(Seconds::new);
        Moved { down, degraded, planned, agreed }
    }

    /// Down, degraded, planned and agreed seconds of each of these services. Of what is known only that is gone through which
    /// can bear on them.
    fn figures(
        &self,
        services: &[&Service<'_>],
        left_out: &BTreeSet<About>,
        question: &Question,
    ) -> BTreeMap<CiId, [f64; 4]> {
        let ids: BTreeSet<CiId> = services.iter().map(|service| service.id.clone()).collect();
        let below = everything_below(self.topology, &ids);
        let windows = self.windows(left_out, &below);
        let maintenance = rolled_up(self.topology, windows.clone(), self.over, &ids.iter().collect());
        let outages = self.outages(&ids, &below, &windows, left_out);
        let never = IntervalSet::new();
        let of = |service: &&Service<'_>| {
            let facts = ServiceFacts {
                outages: outages.get(&service.id).map(Vec::as_slice).unwrap_or_default(),
                maintenance: maintenance.get(&service.id).unwrap_or(&never),
                blind: &never,
                first_heard: &[],
                calendar: &service.calendar,
                degraded_weight: service.objectives().degraded_weight,
                live: service.live,
            };
            let figures = reliability::availability(&facts, None, self.over, question.now);
            let of = [figures.down_seconds, figures.degraded_seconds, figures.planned_seconds, figures.agreed_seconds];
            (service.id.clone(), of)
        };
        services.iter().map(of).collect()
    }

    fn outages(
        &self,
        ids: &BTreeSet<CiId>,
        below: &BTreeSet<CiId>,
        windows: &[WindowInterval],
        left_out: &BTreeSet<About>,
    ) -> BTreeMap<CiId, Vec<reliability::OutageFact>> {
        let counts = |episode: &&EpisodeRecord| {
            let judged = episode.incident.is_some_and(|id| left_out.contains(&About::FalsePositive(id)));
            !episode.false_positive || judged
        };
        let bearing = below.iter().filter_map(|ci| self.episodes.get(ci)).flatten();
        let faults = faults_of(bearing.filter(counts));
        let told = sweep(self.topology, &faults, windows, self.over, &|graph, idx| ids.contains(graph.id(idx)));
        let said = self
            .late
            .corrections
            .iter()
            .enumerate()
            .filter(|(at, known)| ids.contains(&known.service) && !left_out.contains(&About::Correction(*at)));
        let said: Vec<Correction> = said.map(|(_, known)| known.clone()).collect();
        facts(&as_people_have_it(self.topology, told, &said, self.over), self.now + Span::MICROSECOND)
    }

    /// Of a window that is left out, what began before it was recorded.
    fn windows(&self, left_out: &BTreeSet<About>, below: &BTreeSet<CiId>) -> Vec<WindowInterval> {
        let mut named = Vec::new();
        for (at, window) in self.late.windows.iter().enumerate() {
            let cis: Vec<&CiId> = window.cis.iter().filter(|ci| below.contains(*ci)).collect();
            if cis.is_empty() {
                continue;
            }
            let late = left_out.contains(&About::Window(at));
            let occurrences = Occurrences::of(window);
            let counts = |occurrence: &Interval| !late || window.received_at <= occurrence.start();
            for interval in occurrences.overlapping(self.over).filter(counts) {
                named.extend(cis.iter().map(|ci| WindowInterval { ci: (*ci).clone(), interval }));
            }
        }
        named
    }

    async fn told(&self, store: &Store, one: About, seconds: Moved) -> Result<Corrected, StoreError> {
        Ok(match one {
            About::Correction(at) => self.late.corrections.get(at).map(|known| of_outage(known, seconds)),
            About::Window(at) => self.late.windows.get(at).map(|window| of_window(window, seconds)),
            About::FalsePositive(id) => Some(of_incident(store, id, seconds).await?),
        }
        .expect("it was found at this place"))
    }
}

fn of_outage(known: &Correction, seconds: Moved) -> Corrected {
    Corrected {
        kind: CorrectedKind::Outage,
        id: known.id.to_string(),
        service: Some(known.service.to_string()),
        incident: None,
        window: None,
        reason: known.reason.to_string(),
        by: Some(known.by.to_string()),
        at: Some(known.at.into()),
        seconds,
    }
}

fn of_window(window: &MaintenanceWindow, seconds: Moved) -> Corrected {
    Corrected {
        kind: CorrectedKind::LateWindow,
        id: window.id.to_string(),
        service: None,
        incident: None,
        window: Some(window.reference.to_string()),
        reason: window.reason.to_string(),
        by: window.by.as_ref().map(ToString::to_string),
        at: Some(window.received_at.into()),
        seconds,
    }
}

/// Its timeline says who called it that, and when; where that is no longer kept, whoever resolved it.
async fn of_incident(store: &Store, id: IncidentId, seconds: Moved) -> Result<Corrected, StoreError> {
    let incident = store.incidents_by_id(&[id]).await?.pop();
    let decided = store.timeline(&Subject::Incident(id), &PageRequest::first(PAGE_ROWS_MAX)).await?;
    let judged = decided.items.into_iter().rev().map(|line| line.decision);
    let judged = judged.into_iter().find(|decision| matches!(decision.reason, Reason::FalsePositive { .. }));
    let resolved_by = |incident: &Incident| Some(incident.resolution.as_ref()?.by.as_ref()?.to_string());
    let incident = incident.as_ref();
    let by = judged.as_ref().and_then(|decision| decision.by.as_ref()).map(ToString::to_string);
    Ok(Corrected {
        kind: CorrectedKind::FalsePositive,
        id: id.to_string(),
        service: None,
        incident: incident.and_then(|incident| incident.number).map(model::incident::number_text),
        window: None,
        reason: incident.and_then(|incident| incident.false_positive.as_deref()).unwrap_or_default().to_owned(),
        by: by.or_else(|| incident.and_then(resolved_by)),
        at: judged.map(|decision| decision.at).or_else(|| incident.and_then(|one| one.closed_at)).map(Into::into),
        seconds,
    })
}
