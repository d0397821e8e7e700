//! What the oracle makes of a story, held against what reports say of the store that the story led to.

use std::collections::{BTreeMap, BTreeSet};

use model::event::Heartbeat;
use model::fact::{Correction, Exercise, MaintenanceWindow};
use model::item::SloWindow;
use model::outage::OutageState::Down;
use model::{CiId, Cmdb, ConfigurationItem, Fingerprint, Incident, Interval, MaintenanceId, Outage, Span, Timestamp};
use report::{Question, availability, continuity, incidents, sla, slo};
use store::{OutageFilter, PageRequest, Store, ready};
use testkit::oracle::availability::availability as expected_availability;
use testkit::oracle::continuity::{exercised, exposure, gaps, recoveries, worst_exposure};
use testkit::oracle::episodes::{Lasted, Said, episodes};
use testkit::oracle::history::{History, Lived, Points, faults_of};
use testkit::oracle::incidents::{self as expected_incidents, means};
use testkit::oracle::recurring::Recurring;
use testkit::oracle::service::{Asked, Lost, Service};
use testkit::oracle::silence::{Beat, silences};
use testkit::oracle::slo::slo as expected_slo;
use testkit::oracle::states::required;
use testkit::oracle::{is_seconds, is_share, over};
use wire::v1::{AvailabilityRow, ContinuityRow, GapKind, IncidentsRow, Ratio, Sample, Seconds, SlaRow, SloRow};

use crate::agreed;
use crate::story::Story;
use crate::told::{Alert, SOURCES, Told};

/// What the product says and the oracle does not, or the other way round.
pub(crate) fn differences(story: &Story, store: &Store) -> Vec<String> {
    let now = ready(store.clock()).expect("it answers").expect("it has a clock");
    let known = Known::of(story, store, now);
    let lived = known.history.lived();
    let judge = Judge { known: &known, lived, asked: Asked { from: story.from, to: story.to, now } };
    let mut found = judge.outages(store);
    let question = Question { services: judge.named(story), ..Question::new(story.from, story.to, now) };
    let services = judge.services(&question);
    let rows = ready(availability(store, &question)).expect("it answers").report.items;
    found.extend(judge.rows(
        &services,
        rows,
        |row| row.figures.service.clone(),
        |id, row| judge.availability(id, &row.figures),
    ));
    let rows = ready(slo(store, &question)).expect("it answers").report.items;
    let promised = |holds: fn(&ConfigurationItem) -> bool| -> Vec<CiId> {
        services.iter().filter(|id| judge.described(id).is_some_and(|(_, item)| holds(item))).cloned().collect()
    };
    let of_slo = promised(|item| item.objectives.slo.is_some());
    found.extend(judge.rows(&of_slo, rows, |row| row.figures.service.clone(), |id, row| judge.slo(id, &row.figures)));
    let rows = ready(continuity(store, &question)).expect("it answers").report.items;
    let of_continuity = promised(|item| {
        let objectives = &item.objectives;
        objectives.rto.is_some() || objectives.rpo.is_some() || objectives.mtpd.is_some()
    });
    let row = |id: &CiId, row: &report::Explained<ContinuityRow>| judge.continuity(id, &row.figures);
    found.extend(judge.rows(&of_continuity, rows, |row| row.figures.service.clone(), row));
    let everything = Question { services: Vec::new(), ..question };
    let rows = ready(incidents(store, &everything)).expect("it answers").report.items;
    found.extend(rows.iter().flat_map(|row| judge.incidents(&known.incidents, &row.figures)));
    let rows = ready(sla(store, &everything)).expect("it answers").report.items;
    let rows: Vec<SlaRow> = rows.into_iter().map(|row| row.figures).collect();
    found.extend(agreed::differences(judge.agreements(), &known.incidents, judge.asked, &rows));
    found
}

/// Everything that was told, as the oracle wants it.
struct Known {
    history: History,
    /// When any source first spoke of an item.
    first_heard: BTreeMap<CiId, Timestamp>,
    /// When one of them first spoke of an item.
    spoken: BTreeMap<(&'static str, CiId), Timestamp>,
    silent: BTreeMap<&'static str, Vec<Interval>>,
    points: Points,
    exercises: BTreeMap<CiId, Vec<Exercise>>,
    incidents: Vec<Incident>,
}

impl Known {
    fn of(story: &Story, store: &Store, now: Timestamp) -> Known {
        let all = Interval::or_empty(Timestamp::MIN, Timestamp::MAX);
        let incidents = ready(store.incidents_touching(all)).expect("it answers");
        let mut known = Known {
            history: History { versions: story.versions.clone(), ..History::default() },
            first_heard: BTreeMap::new(),
            spoken: BTreeMap::new(),
            silent: BTreeMap::new(),
            points: Points::new(),
            exercises: BTreeMap::new(),
            incidents,
        };
        let mut alerts: BTreeMap<&str, (&Alert, Vec<Said>)> = BTreeMap::new();
        let mut windows: BTreeMap<MaintenanceId, (&MaintenanceWindow, Option<&Recurring>)> = BTreeMap::new();
        let mut heard: BTreeMap<&'static str, Vec<Timestamp>> = BTreeMap::new();
        let mut beats: BTreeMap<String, Vec<Beat>> = BTreeMap::new();
        for (at, told) in &story.told {
            match told {
                Told::Alert(alert, said) => {
                    known.first_heard.entry(alert.ci.clone()).or_insert(*at);
                    known.spoken.entry((alert.source, alert.ci.clone())).or_insert(*at);
                    heard.entry(alert.source).or_default().push(*at);
                    alerts.entry(&alert.key).or_insert((alert, Vec::new())).1.push(said.clone());
                }
                Told::Window(window, recurring) => {
                    windows.insert(window.id, (window, recurring.as_ref()));
                }
                Told::Heartbeat(heartbeat) => {
                    let beat = Beat { at: *at, patience: patience(heartbeat) };
                    beats.entry(heartbeat.source.to_string()).or_default().push(beat);
                }
                Told::Correction(correction) => known.corrected(correction, *at),
                Told::Withdrawn(correction) => known.history.corrections.retain(|known| known.id != correction.id),
                Told::Point(point) => known.points.entry(point.ci.clone()).or_default().push(point.instant()),
                Told::Exercise(exercise) => {
                    known.exercises.entry(exercise.ci.clone()).or_default().push(exercise.clone());
                }
                Told::Acts(..) | Told::ActsOn(..) | Told::Cmdb(_) => {}
            }
        }
        // The last instant that any report looks at lies within the quarter after it.
        let horizon = story.to.max(now) + Span::from_days(93);
        for (window, recurring) in windows.into_values().filter(|(window, _)| !window.deleted) {
            let occurrences = recurring.map_or(vec![window.interval], |recurring| recurring.occurrences(horizon));
            for ci in &window.cis {
                known.history.windows.extend(occurrences.iter().map(|occurrence| (ci.clone(), *occurrence)));
            }
        }
        for source in SOURCES {
            let heard = heard.remove(source).unwrap_or_default();
            let beats = beats.remove(source).unwrap_or_default();
            known.silent.insert(source, silences(&heard, &beats, now));
        }
        let never = known.never_fired(store);
        for (alert, said) in alerts.into_values() {
            let id = alert.fingerprint();
            let fired: Vec<Lasted> = episodes(&said, now);
            let fired: Vec<Lasted> =
                fired.into_iter().filter(|episode| !never.contains(&(id, episode.start))).collect();
            known.history.faults.extend(faults_of(&alert.ci, alert.effect, &fired));
        }
        known
    }

    /// What lasted because a person had said so is over where a later correction says that it ended; no other is.
    fn corrected(&mut self, said: &Correction, at: Timestamp) {
        let mut said = said.clone();
        said.at = at;
        let lasts = self.history.corrections.iter().any(|known| known.service == said.service && known.to.is_none());
        if let Some(of) = &mut said.instead_of {
            of.ended &= lasts;
        }
        self.history.corrections.push(said);
    }

    /// The episodes, by their starts, of incidents that a person called false positives.
    fn never_fired(&self, store: &Store) -> BTreeSet<(Fingerprint, Timestamp)> {
        let judged = self.incidents.iter().filter(|incident| incident.false_positive.is_some());
        let judged: Vec<_> = judged.map(|incident| incident.id).collect();
        let episodes = ready(store.episodes_of_incidents(&judged)).expect("it answers");
        episodes.into_iter().map(|episode| (Fingerprint::from(episode.alert), episode.start)).collect()
    }
}

struct Judge<'k> {
    known: &'k Known,
    lived: Lived<'k>,
    asked: Asked,
}

impl Judge<'_> {
    fn described(&self, id: &CiId) -> Option<(&Cmdb, &ConfigurationItem)> {
        self.known.history.described(id, self.asked.end())
    }

    fn service(&self, id: &CiId) -> Service {
        let known = self.lived.service(id, self.asked.end(), self.asked.now).expect("a service that is known");
        Service { blind: self.blind(id), ..known }
    }

    /// When a source was silent that had spoken of the service by then, or of what it requires.
    fn blind(&self, id: &CiId) -> Vec<Interval> {
        let (cmdb, _) = self.described(id).expect("a service that is known");
        let required = required(cmdb, id);
        let covers = |source| {
            let of = |ci: &CiId| self.known.spoken.get(&(source, ci.clone())).copied();
            required.iter().filter_map(of).min()
        };
        let silent = self.known.silent.iter().filter_map(|(source, silent)| Some((silent, covers(*source)?)));
        silent
            .flat_map(|(silent, since)| silent.iter().map(move |gap| (gap.start().max(since), gap.end())))
            .map(|(from, to)| Interval::or_empty(from, to))
            .collect()
    }

    /// Of every version that was in force over the window, up to now; nothing where services are asked about.
    fn versions(&self) -> Vec<&Cmdb> {
        let (start, end) = (self.asked.from.min(self.asked.end()), self.asked.end());
        let versions = &self.known.history.versions;
        let first = versions.iter().rposition(|(from, _)| *from <= start).unwrap_or(0);
        let later = versions.iter().skip(first + 1).filter(|(from, _)| *from <= end);
        [&versions[first]].into_iter().chain(later).map(|(_, cmdb)| cmdb).collect()
    }

    fn named(&self, story: &Story) -> Vec<CiId> {
        if !story.of_items {
            return Vec::new();
        }
        let known = self.versions().into_iter().flat_map(|cmdb| &cmdb.items).map(|item| item.id.clone());
        known.collect::<BTreeSet<CiId>>().into_iter().collect()
    }

    fn services(&self, question: &Question) -> Vec<CiId> {
        if !question.services.is_empty() {
            return question.services.clone();
        }
        let items = self.versions().into_iter().flat_map(|cmdb| &cmdb.items).filter(|item| &*item.class == "service");
        items.map(|item| item.id.clone()).collect::<BTreeSet<CiId>>().into_iter().collect()
    }

    /// `[I13]`: what is on record is what was.
    fn outages(&self, store: &Store) -> Vec<String> {
        let page = ready(store.outages(&OutageFilter::default(), &PageRequest::first(1000))).expect("it answers");
        let mut stored: BTreeMap<CiId, Vec<Lost>> = BTreeMap::new();
        for Outage { service, from, to, state, planned, .. } in page.items {
            stored.entry(service).or_default().push(Lost { from, to, state, planned });
        }
        stored.values_mut().for_each(|outages| outages.sort_by_key(|outage| outage.from));
        let mut found = Vec::new();
        for id in ["shop", "mail", "portal"].map(CiId::from) {
            let stored = stored.remove(&id).unwrap_or_default();
            let expected = self.lived.outages(&id, self.asked.now);
            if stored != expected {
                found.push(format!("outages of {id}: {stored:?}\n  not {expected:?}"));
            }
        }
        found
    }

    /// A row for each, in order, and each as it ought to be.
    fn rows<R>(
        &self,
        services: &[CiId],
        rows: Vec<R>,
        id: impl Fn(&R) -> String,
        judged: impl Fn(&CiId, &R) -> Vec<String>,
    ) -> Vec<String> {
        let listed: Vec<String> = rows.iter().map(&id).collect();
        if listed != services.iter().map(ToString::to_string).collect::<Vec<_>>() {
            return vec![format!("rows of {listed:?}, not {services:?}")];
        }
        services.iter().zip(&rows).flat_map(|(service, row)| judged(service, row)).collect()
    }

    /// The share of the service and all that it requires that was spoken of by then.
    fn coverage(&self, id: &CiId) -> f64 {
        let (cmdb, _) = self.described(id).expect("a service that is known");
        let required = required(cmdb, id);
        let heard = |ci: &&CiId| self.known.first_heard.get(*ci).is_some_and(|first| *first <= self.asked.end());
        required.iter().filter(heard).count() as f64 / required.len() as f64
    }

    fn availability(&self, id: &CiId, row: &AvailabilityRow) -> Vec<String> {
        let service = self.service(id);
        let expected = expected_availability(&service, self.asked);
        let (_, item) = self.described(id).expect("a service that is known");
        let coverage = self.coverage(id);
        let lost = expected.totals.down + expected.totals.degraded + expected.totals.planned > 0;
        let failed = expected.outages > 0 || expected.outages_ended > 0;
        let felt = expected.as_experienced.is_some_and(|share| share < 1.0);
        let evident = coverage > 0.0 || lost || failed || felt;
        let objective = item.objectives.slo;
        let met = expected.availability.zip(objective).map(|(share, objective)| share >= objective);
        let mut check = Check::of(format!("availability of {id}"), &(row, &expected));
        check.seconds("agreed", Some(row.agreed_seconds), Some(expected.totals.agreed as f64));
        check.seconds("down", Some(row.down_seconds), Some(expected.totals.down as f64));
        check.seconds("degraded", Some(row.degraded_seconds), Some(expected.totals.degraded as f64));
        check.seconds("planned", Some(row.planned_seconds), Some(expected.totals.planned as f64));
        check.seconds("blind", Some(row.blind_seconds), Some(expected.totals.blind as f64));
        check.share("availability", row.availability, expected.availability);
        check.same("outages", row.outages, expected.outages);
        check.seconds("mean_outage", row.mean_outage_seconds, expected.mean_outage);
        check.seconds("mtbf", row.mtbf_seconds, expected.mtbf);
        check.seconds("mtbsi", row.mtbsi_seconds, expected.mtbsi);
        check.share("objective", row.objective, objective);
        check.same("met", row.met, met.filter(|_| evident));
        check.share("coverage", row.coverage, Some(coverage));
        check.share("as experienced", row.availability_as_experienced, expected.as_experienced);
        check.found
    }

    /// Of the version in force at the end.
    fn agreements(&self) -> &Cmdb {
        self.versions().last().copied().expect("there is a first version")
    }

    fn slo(&self, id: &CiId, row: &SloRow) -> Vec<String> {
        let service = self.service(id);
        let (_, item) = self.described(id).expect("a service that is known");
        let objective = item.objectives.slo.expect("it has one");
        let window = item.objectives.slo_window.unwrap_or(SloWindow::Rolling(Span::from_days(30)));
        let expected = expected_slo(&service, objective, window, self.asked);
        let (from, to) = (expected.period.0.min(self.asked.end() - Span::from_hours(72)), self.asked.end());
        let evident = self.coverage(id) > 0.0 || is_on_record(&service, Asked { from, to, now: self.asked.now });
        let if_evident = |micros: f64| Some(micros).filter(|_| evident);
        let mut check = Check::of(format!("slo of {id}"), &(row, &expected));
        check.seconds("agreed", Some(row.agreed_seconds), Some(expected.agreed as f64));
        check.seconds("budget", Some(row.budget_seconds), Some(expected.budget));
        check.seconds("consumed", row.consumed_seconds, if_evident(expected.consumed));
        check.seconds("remaining", row.remaining_seconds, if_evident(expected.remaining));
        let shown = [row.burn_rate.hour, row.burn_rate.six_hours, row.burn_rate.day, row.burn_rate.three_days];
        for (shown, expected) in shown.into_iter().zip(expected.burn_rates) {
            check.share("burn rate", shown, expected.filter(|_| evident));
        }
        check.found
    }

    fn continuity(&self, id: &CiId, row: &ContinuityRow) -> Vec<String> {
        let service = self.service(id);
        let (cmdb, item) = self.described(id).expect("a service that is known");
        let (objectives, end) = (&item.objectives, self.asked.end());
        let recovered = recoveries(&service, objectives.rto, self.asked);
        let points = |ci: &CiId| self.known.points.get(ci).cloned().unwrap_or_default();
        let stores: Vec<Vec<Timestamp>> = required(cmdb, id).iter().map(points).collect();
        let (from, to) = (self.asked.from.max(service.live.start()), end.min(service.live.end()));
        // It lives at some instant of the window, or at its very end.
        let lives = service.live.start() <= end && service.live.end() >= self.asked.from.min(end);
        let none = Vec::new();
        let (last, overdue) = exercised(self.known.exercises.get(id).unwrap_or(&none), objectives.exercise_every, end);
        let length = |span: Option<Span>| span.map(|span| span.micros() as f64);
        let micros = |micros: Option<i64>| micros.map(|micros| micros as f64);
        let mut check = Check::of(format!("continuity of {id}"), &(row, &recovered, from, to));
        check.seconds("rto", row.rto_seconds, length(objectives.rto));
        check.seconds("rpo", row.rpo_seconds, length(objectives.rpo));
        check.seconds("mtpd", row.mtpd_seconds, length(objectives.mtpd));
        check.same("recoveries", row.recoveries, recovered.count);
        check.same("rto_met", row.rto_met, recovered.met);
        let attained = recovered.met.and_then(|met| over(met as f64, recovered.count as f64));
        check.share("attainment", row.rto_attainment, attained);
        check.seconds("worst", row.worst_recovery_seconds, micros(recovered.worst));
        check.seconds("mean", row.mean_recovery_seconds, recovered.mean);
        check.seconds("exposure", row.rpo_exposure_seconds, micros(exposure(&stores, to).filter(|_| lives)));
        check.seconds("worst exposure", row.rpo_worst_seconds, micros(worst_exposure(&stores, from, to)));
        let kind = |kind| match kind {
            GapKind::NoObjective => "no_objective",
            GapKind::NoRecoveryPoint => "no_recovery_point",
            GapKind::RtoLonger => "rto_longer",
            GapKind::RtoOverMtpd => "rto_over_mtpd",
        };
        let shown: Vec<_> =
            row.gaps.iter().map(|gap| (gap.requires.clone(), kind(gap.kind), gap.rto_seconds)).collect();
        let expected = gaps(cmdb, id, &points, end).into_iter();
        let expected: Vec<_> = expected.map(|(id, kind, rto)| (id.to_string(), kind, rto.map(Seconds::from))).collect();
        check.same("gaps", &shown, &expected);
        check.same("last exercise", row.last_exercise.clone(), last.as_ref().map(wire::v1::Exercise::from_model));
        check.same("overdue", row.exercise_overdue, overdue);
        check.found
    }

    fn incidents(&self, known: &[Incident], row: &IncidentsRow) -> Vec<String> {
        let expected = means(known, self.asked);
        let mut check = Check::of("incidents".to_owned(), &(row, &expected));
        check.same("opened", row.opened, expected.opened);
        check.same("resolved", row.resolved, expected.resolved);
        check.same("reopened", row.reopened, expected.reopened);
        check.same("never acknowledged", row.never_acknowledged, expected.never_acknowledged);
        check.sample("mttd", row.mttd, &expected.mttd);
        check.sample("mtta", row.mtta, &expected.mtta);
        check.sample("mttr", row.mttr, &expected.mttr);
        check.sample("mttr (resolve)", row.mttr_resolve, &expected.mttr_resolve);
        check.found
    }
}

/// How long after one the next heartbeat is missed.
fn patience(heartbeat: &Heartbeat) -> Option<Span> {
    let every = heartbeat.every?;
    let twice = Span::from_micros(every.micros() * 2);
    Some(every + heartbeat.grace.unwrap_or(twice.max(Span::from_seconds(60))))
}

/// Whether an outage shares an instant with what is over of the window.
fn is_on_record(service: &Service, asked: Asked) -> bool {
    let over = Interval::or_empty(asked.from.max(service.live.start()), asked.end().min(service.live.end()));
    let shares = |outage: &Lost| Interval::or_empty(outage.from, outage.to.unwrap_or(asked.now)).intersect(over);
    service.outages.iter().any(|outage| shares(outage).is_some())
}

/// Says what differs, and of what.
struct Check {
    what: String,
    all: String,
    found: Vec<String>,
}

impl Check {
    fn of(what: String, all: &dyn std::fmt::Debug) -> Check {
        Check { what, all: format!("{all:?}"), found: Vec::new() }
    }

    fn holds(&mut self, figure: &str, holds: bool, told: String) {
        if !holds {
            self.found.push(format!("{}, {figure}: {told}\n  {}", self.what, self.all));
        }
    }

    fn seconds(&mut self, figure: &str, shown: Option<Seconds>, micros: Option<f64>) {
        let shown = shown.map(Seconds::value);
        self.holds(figure, is_seconds(shown, micros), format!("{shown:?} s, not {micros:?} µs"));
    }

    fn share(&mut self, figure: &str, shown: Option<Ratio>, share: Option<f64>) {
        let shown = shown.map(|Ratio(share)| share);
        self.holds(figure, is_share(shown, share), format!("{shown:?}, not {share:?}"));
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, figure: &str, shown: T, expected: T) {
        self.holds(figure, shown == expected, format!("{shown:?}, not {expected:?}"));
    }

    fn sample(&mut self, figure: &str, shown: Sample, expected: &expected_incidents::Sample) {
        self.same(figure, shown.count, expected.count);
        self.seconds(figure, shown.mean_seconds, expected.mean);
        self.seconds(figure, shown.median_seconds, expected.median);
        self.seconds(figure, shown.p90_seconds, expected.p90);
        self.seconds(figure, shown.p95_seconds, expected.p95);
    }
}

/// That cases are cases: how many of them had something that is worth being judged.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    failed: u64,
    planned: u64,
    lasting: u64,
    corrected: u64,
    mistaken: u64,
    merged: u64,
    held: u64,
    versions: u64,
    very_late: u64,
    recurring: u64,
    blind: u64,
    agreed: u64,
    breached: u64,
}

impl Seen {
    pub(crate) fn note(&mut self, story: &Story, store: &Store) {
        let page = ready(store.outages(&OutageFilter::default(), &PageRequest::first(1000))).expect("it answers");
        let all = Interval::or_empty(Timestamp::MIN, Timestamp::MAX);
        let incidents = ready(store.incidents_touching(all)).expect("it answers");
        let any = |holds: fn(&Outage) -> bool| u64::from(page.items.iter().any(holds));
        let some = |holds: fn(&Incident) -> bool| u64::from(incidents.iter().any(holds));
        let told = |holds: fn(&(Timestamp, Told)) -> bool| u64::from(story.told.iter().any(holds));
        self.failed += any(|outage| outage.state == Down && !outage.planned);
        self.planned += any(|outage| outage.planned);
        self.lasting += any(|outage| outage.to.is_none());
        self.corrected += told(|(_, told)| matches!(told, Told::Correction(_)));
        self.mistaken += some(|incident| incident.false_positive.is_some());
        self.merged += some(|incident| incident.merged_into.is_some());
        self.held += some(|incident| !incident.holds.is_empty());
        self.versions += u64::from(story.versions.len() > 1);
        self.very_late += told(|(at, told)| match told {
            Told::Alert(_, said) => said.at.is_some_and(|end| *at - end > Span::from_days(7)),
            _ => false,
        });
        self.recurring += told(|(_, told)| matches!(told, Told::Window(_, Some(_))));
        let gaps = ready(store.source_gaps(all)).expect("it answers");
        self.blind += u64::from(!gaps.is_empty());
        let question = Question::new(story.from, story.to, story.until);
        let rows = ready(sla(store, &question)).expect("it answers").report.items;
        let counted = |count: fn(&SlaRow) -> u64| u64::from(rows.iter().any(|row| count(&row.figures) > 0));
        self.agreed += counted(|row| row.met + row.running);
        self.breached += counted(|row| row.breached);
    }

    pub(crate) fn assert_enough(&self, cases: u64) {
        let Seen { failed, planned, lasting, corrected, mistaken, merged, held, versions, very_late, .. } = *self;
        let often = [failed, planned, lasting, corrected, mistaken, merged, held, versions, very_late];
        let Seen { recurring, blind, agreed, breached, .. } = *self;
        let often = [&often[..], &[recurring, blind, agreed, breached]].concat();
        assert!(often.into_iter().all(|seen| seen >= cases / 20), "of {cases}: {self:?}");
    }
}
