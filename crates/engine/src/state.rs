//! What one domain's engine remembers: small, because events are many and conditions few.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Statement, StatementKey};
use model::fact::{Change, Correction, MaintenanceWindow, Silence};
use model::id::MaintenanceId;
use model::learned::Learned;
use model::reason::SymptomKind;
use model::source::{Coverage, Source};
use model::step::Recurrence;
use model::{
    AlertId, ChangeId, CiId, Domain, EpisodeId, FixedMap, Incident, IncidentId, Outage, Problem, ProblemId, SilenceId,
    SourceName, Timestamp,
};
use topology::Rollup;

use crate::below::KnownBelow;
use crate::correlate::burst::Openings;
use crate::correlate::index::Index;
use crate::correlate::learned::Experience;
use crate::correlate::ways::KnownWays;
use crate::incident::storm::Sheltered;
use crate::kept::Alerts;
use crate::marks::Marks;
use crate::timer::Timers;
use crate::windows::Window;

/// When incidents opened; oldest first.
pub(crate) type Seen = Vec<(Timestamp, IncidentId)>;

/// A member of an incident.
pub(crate) type Member = (AlertId, EpisodeId);

#[derive(Debug, Default)]
pub struct State {
    pub(crate) domain: Domain,
    /// Engine time: the greatest receipt, or the latest tick.
    pub(crate) clock: Timestamp,
    /// Reading began, or began again, here.
    pub(crate) reading_since: Timestamp,

    pub(crate) alerts: Alerts,
    /// Every alert of an item, sorted: mostly one.
    pub(crate) alerts_of: FixedMap<CiId, Vec<AlertId>>,
    /// What kind of symptom the alerts of incidents speak of. Not stored: it follows from their words.
    pub(crate) kinds: FixedMap<AlertId, SymptomKind>,
    /// Alerts with an open episode.
    pub(crate) open_alerts: BTreeSet<AlertId>,
    /// Suppressed counting episodes that are still open.
    pub(crate) suppressed: BTreeSet<Member>,
    /// Some of them because too many alerts were open.
    pub(crate) limited: bool,
    /// Alerts whose promise passed and whose source has not come that far.
    pub(crate) awaiting: BTreeMap<SourceName, BTreeSet<AlertId>>,

    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) members: BTreeMap<IncidentId, BTreeSet<Member>>,
    /// What each open incident's own faults make of the items. Not stored: it follows from the members.
    pub(crate) impacts: BTreeMap<IncidentId, Rollup>,
    /// The storm that began last.
    pub(crate) storm: Option<IncidentId>,
    /// The incidents of each storm.
    pub(crate) sheltered: BTreeMap<IncidentId, Sheltered>,
    pub(crate) problems: BTreeMap<ProblemId, Problem>,
    /// Incidents by what recurs: cause item and signature; oldest first.
    pub(crate) recurrence: BTreeMap<(CiId, Box<str>), Seen>,

    pub(crate) silences: BTreeMap<SilenceId, Silence>,
    pub(crate) windows: BTreeMap<MaintenanceId, Window>,
    /// Which items are in maintenance now, by the roll-up of the windows alone.
    pub(crate) maintenance: Rollup,
    pub(crate) changes: BTreeMap<ChangeId, Change>,
    pub(crate) sources: BTreeMap<SourceName, Source>,
    /// When the incidents opened that are here, each under its own first instant.
    pub(crate) openings: Openings,
    /// What fired together before.
    pub(crate) experience: Experience,
    /// Which source has spoken of which item, and since when.
    pub(crate) covered: BTreeMap<(CiId, SourceName), Timestamp>,

    /// Outages of each service that are open or ended within the horizon, in order.
    pub(crate) outages: BTreeMap<CiId, Vec<Outage>>,
    /// What people say of a service's outages, as far as that stands and reaches within the horizon.
    pub(crate) corrections: BTreeMap<CiId, Vec<Correction>>,
    pub(crate) index: Index,
    /// Not stored: it follows from the names and the graph.
    pub(crate) marks: Marks,
    pub(crate) known_ways: KnownWays,
    pub(crate) known_below: KnownBelow,
    pub(crate) timers: Timers,
    /// Alerts with a timer by which they are forgotten: one each.
    pub(crate) ageing: BTreeSet<AlertId>,
    pub(crate) touched: Touched,
}

/// What the step under way has changed, to be written out at its end.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) alerts: BTreeSet<AlertId>,
    /// Episodes that are new or different.
    pub(crate) episodes: BTreeSet<Member>,
    pub(crate) episodes_removed: BTreeSet<Member>,
    /// What the rows have of an alert's statements, of each whose statements may have changed.
    pub(crate) said: BTreeMap<AlertId, Said>,
    /// Unsorted, with repetitions: the hot path only pushes.
    pub(crate) repeats: Vec<AlertId>,
    /// As they were: one that fires again in this very step is taken back.
    pub(crate) forgotten: BTreeMap<AlertId, Alert>,
    pub(crate) incidents: BTreeSet<IncidentId>,
    pub(crate) problems: BTreeSet<ProblemId>,
    pub(crate) silences: BTreeSet<SilenceId>,
    pub(crate) windows: BTreeSet<MaintenanceId>,
    pub(crate) changes: BTreeSet<ChangeId>,
    pub(crate) sources: BTreeSet<SourceName>,
    /// Sources that came further while alerts of theirs waited for that.
    pub(crate) heard: BTreeSet<SourceName>,
    /// Incidents whose derived facts must be looked at again before time goes on.
    pub(crate) unsettled: BTreeSet<IncidentId>,
    /// Items that open incidents make something else of: what maintenance suppresses there is looked at again.
    pub(crate) explained: BTreeSet<CiId>,
    /// Items whose states must be swept again, and from when.
    pub(crate) dirty: BTreeMap<CiId, Timestamp>,
}

/// An alert's statements before the step changed them.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) statements: Vec<Statement>,
    /// The one whose row is behind: what its repeats moved stands in the narrow row.
    pub(crate) behind: Option<StatementKey>,
}

/// Everything the store keeps of one domain, as the engine needs it to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub domain: Domain,
    pub clock: Timestamp,
    pub alerts: Vec<Alert>,
    pub incidents: Vec<Incident>,
    pub problems: Vec<Problem>,
    pub outages: Vec<Outage>,
    pub silences: Vec<Silence>,
    pub maintenance: Vec<MaintenanceWindow>,
    pub changes: Vec<Change>,
    pub corrections: Vec<Correction>,
    pub sources: Vec<Source>,
    pub coverage: Vec<Coverage>,
    pub learned: Vec<Learned>,
    /// Incidents of the last 30 days by what recurs, those no longer in `incidents` included.
    pub recurrences: Vec<Recurrence>,
}

impl State {
    pub fn new(domain: Domain) -> State {
        State { domain, ..State::default() }
    }

    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Engine time.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// When the next timer is due; the shell turns it into a tick.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// What an alert's rows have is kept in mind, before anything of its statements changes.
    pub(crate) fn note_said(&mut self, id: AlertId) {
        if let Entry::Vacant(unknown) = self.touched.said.entry(id)
            && let Some(alert) = self.alerts.get(&id)
        {
            let behind = alert.hot.repeated.map(|repeated| repeated.statement);
            unknown.insert(Said { statements: alert.statements.clone(), behind });
        }
    }

    /// How many alerts an incident holds.
    pub fn alerts_of_incident(&self, id: IncidentId) -> usize {
        let alerts = self.members.get(&id).into_iter().flatten().map(|(alert, _)| *alert);
        alerts.collect::<BTreeSet<AlertId>>().len()
    }

    pub fn open_alerts(&self) -> usize {
        self.open_alerts.len()
    }
}
