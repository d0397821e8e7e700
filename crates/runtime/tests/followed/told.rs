//! What the store has, and whether a view shows it and has told it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use model::alert::Hot;
use model::{
    Alert, AlertId, Incident, IncidentId, Interval, Outage, OutageId, Problem, ProblemId, Source, SourceName, Timestamp,
};
use runtime::{Changed, LiveView};
use store::{AlertFilter, IncidentFilter, Memory, PageRequest, ProblemFilter, ready};

/// What a watcher knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    alerts: BTreeMap<AlertId, Alert>,
    incidents: BTreeMap<IncidentId, Incident>,
    problems: BTreeMap<ProblemId, Problem>,
    pub(crate) outages: BTreeMap<OutageId, Outage>,
}

impl Known {
    /// Whoever reads everything; nothing while the store does not answer.
    pub(crate) fn of(memory: &Memory) -> Known {
        Known::read(memory).unwrap_or_default()
    }

    fn read(memory: &Memory) -> Result<Known, store::StoreError> {
        let (store, all) = (memory.store(), PageRequest::first(1000));
        let always = Interval::new(Timestamp::EPOCH, testkit::clock("23:00:00")).unwrap();
        let mut known = Known::default();
        ready(store.alerts(&AlertFilter::default(), &all))?.items.into_iter().for_each(|alert| known.alert(alert));
        let incidents = ready(store.incidents(&IncidentFilter::default(), &all))?.items;
        known.incidents.extend(incidents.into_iter().map(|incident| (incident.id, incident)));
        let problems = ready(store.problems(&ProblemFilter::default(), &all))?.items;
        known.problems.extend(problems.into_iter().map(|problem| (problem.id, problem)));
        known.outages.extend(ready(store.outages_overlapping(always))?.into_iter().map(|outage| (outage.id, outage)));
        Ok(known)
    }

    pub(crate) fn hear(&mut self, what: Changed) {
        match what {
            Changed::Alert(alert) => self.alert((*alert).clone()),
            Changed::Incident(incident) => drop(self.incidents.insert(incident.id, (*incident).clone())),
            Changed::Problem(problem) => drop(self.problems.insert(problem.id, (*problem).clone())),
            Changed::Outage(outage) => drop(self.outages.insert(outage.id, (*outage).clone())),
            Changed::OutageRemoved(service) => self.outages.retain(|_, outage| outage.service != service),
            Changed::Reset => *self = Known::default(),
        }
    }

    /// Repeats are told to nobody.
    fn alert(&mut self, alert: Alert) {
        let none =
            Hot { count: 0, first_received_at: Timestamp::EPOCH, last_received_at: Timestamp::EPOCH, repeated: None };
        self.alerts.insert(alert.id, Alert { hot: none, ..alert });
    }
}

/// Why the view, or what was told of it, is not what the store has; `None`: it is.
pub(crate) fn differs(memory: &Memory, live: &LiveView, known: &Known) -> Option<String> {
    let (Ok(loaded), Ok(stored)) = (memory.load(), Known::read(memory)) else {
        return Some("the store does not answer".to_owned());
    };
    let domains = || loaded.domains.values();
    let open = domains().flat_map(|domain| &domain.alerts).filter(|alert| alert.open_episode().is_some());
    let alerts: BTreeMap<AlertId, Alert> = open.map(unsaid).map(|alert| (alert.id, alert)).collect();
    let shown = live.alerts().iter().map(|alert| unsaid(alert)).map(|alert| (alert.id, alert)).collect();
    let incidents = domains().flat_map(|domain| &domain.incidents).filter(|incident| !incident.is_final());
    let incidents: BTreeMap<IncidentId, Incident> = incidents.map(|incident| (incident.id, incident.clone())).collect();
    let shown_incidents = live.incidents().iter().map(|incident| (incident.id, (**incident).clone())).collect();
    let mut heard_at: BTreeMap<SourceName, Timestamp> = BTreeMap::new();
    for Source { name, progress, .. } in domains().flat_map(|domain| &domain.sources) {
        let latest = heard_at.entry(name.clone()).or_default();
        *latest = (*latest).max(*progress);
    }
    let sources = live.sources().iter().map(|source| (source.name.clone(), source.progress)).collect();
    (differ("alerts", &shown, &alerts))
        .or_else(|| differ("incidents", &shown_incidents, &incidents))
        .or_else(|| differ("sources", &sources, &heard_at))
        .or_else(|| differ("what was told", known, &stored))
}

fn unsaid(alert: &Alert) -> Alert {
    Alert { statements: Vec::new(), ..alert.clone() }
}

fn differ<T: PartialEq + Debug>(what: &str, shown: &T, known: &T) -> Option<String> {
    (shown != known).then(|| format!("{what}: shown are\n{shown:#?}\nand known\n{known:#?}"))
}
