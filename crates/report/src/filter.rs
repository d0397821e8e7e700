//! Which services, or incidents, a report is of beside those named. docs/contract.md section 8.
//!
//! Rule: a filter that a report has no use for is refused, never ignored: it would find everything.

use model::incident::Priority;
use model::{CiId, IncidentBrief};
use topology::{Graph, ItemIdx, Topology};

use crate::error::ReportError;
use crate::question::Question;

/// Of each kind those that fit; an empty kind fits all. What fits one of every kind is in the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub teams: Vec<String>,
    pub priorities: Vec<Priority>,
    pub classes: Vec<String>,
    pub environments: Vec<String>,
    /// 1 is the most critical.
    pub criticalities: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterBy {
    Team,
    Priority,
    Class,
    Environment,
    Criticality,
}

impl FilterBy {
    pub const ALL: [FilterBy; 5] =
        [FilterBy::Team, FilterBy::Priority, FilterBy::Class, FilterBy::Environment, FilterBy::Criticality];

    /// What a service has.
    pub(crate) const OF_SERVICES: [FilterBy; 4] =
        [FilterBy::Team, FilterBy::Class, FilterBy::Environment, FilterBy::Criticality];

    /// Its word in a question.
    pub const fn as_str(self) -> &'static str {
        match self {
            FilterBy::Team => "team",
            FilterBy::Priority => "priority",
            FilterBy::Class => "class",
            FilterBy::Environment => "environment",
            FilterBy::Criticality => "criticality",
        }
    }
}

impl Filter {
    fn asks(&self, by: FilterBy) -> bool {
        match by {
            FilterBy::Team => !self.teams.is_empty(),
            FilterBy::Priority => !self.priorities.is_empty(),
            FilterBy::Class => !self.classes.is_empty(),
            FilterBy::Environment => !self.environments.is_empty(),
            FilterBy::Criticality => !self.criticalities.is_empty(),
        }
    }

    /// Whether an item is to be looked up to say what fits.
    pub(crate) fn asks_of_items(&self) -> bool {
        [FilterBy::Class, FilterBy::Environment, FilterBy::Criticality].into_iter().any(|by| self.asks(by))
    }

    /// A service, by its own team.
    pub(crate) fn fits(&self, graph: &Graph, idx: ItemIdx) -> bool {
        any_or_none(&self.teams, |team| graph.item(idx).team.as_deref() == Some(team)) && self.fits_item(graph, idx)
    }

    /// An incident: by its own team and priority, and by what alerts in it or is affected, as it was when it opened. One
    /// such item has to fit them all.
    pub(crate) fn fits_incident(&self, incident: &IncidentBrief, topology: Option<&Topology>) -> bool {
        let own = any_or_none(&self.teams, |team| incident.team.as_deref() == Some(team))
            && (self.priorities.is_empty() || self.priorities.contains(&incident.priority));
        own && (!self.asks_of_items() || topology.is_some_and(|topology| self.fits_an_item_of(incident, topology)))
    }

    fn fits_an_item_of(&self, incident: &IncidentBrief, topology: &Topology) -> bool {
        let graph = topology.at(incident.opened_at);
        let items = incident.cis.iter().chain(&incident.services);
        items.filter_map(|ci: &CiId| graph.find(ci.as_str())).any(|idx| self.fits_item(graph, idx))
    }

    fn fits_item(&self, graph: &Graph, idx: ItemIdx) -> bool {
        let item = graph.item(idx);
        any_or_none(&self.classes, |class| *graph.class_of(idx).id == *class)
            && any_or_none(&self.environments, |environment| *item.environment == *environment)
            && (self.criticalities.is_empty() || self.criticalities.contains(&item.criticality))
    }
}

fn any_or_none(of: &[String], fits: impl Fn(&str) -> bool) -> bool {
    of.is_empty() || of.iter().any(|one| fits(one))
}

impl Question {
    /// Refuses filters that the report has no use for.
    pub(crate) fn only_filtered_by(&self, report: &'static str, has: &[FilterBy]) -> Result<(), ReportError> {
        let stranger = FilterBy::ALL.into_iter().find(|by| self.filter.asks(*by) && !has.contains(by));
        let told = || {
            let of = [&["service"][..], &has.iter().map(|by| by.as_str()).collect::<Vec<_>>()].concat();
            if report == "noise" { "no filter".to_owned() } else { of.join(", ") }
        };
        stranger.map_or(Ok(()), |by| Err(ReportError::NotFiltered { report, by, has: told() }))
    }

    /// What to say of no rows, where that may be a slip of the pen.
    pub(crate) fn note_of_filter(&self, rows: usize) -> Option<String> {
        let filtered = FilterBy::ALL.into_iter().any(|by| self.filter.asks(by));
        let told = "no service fits the filter: look how its team, class and environment are written in the CMDB";
        (filtered && rows == 0).then(|| told.to_owned())
    }

    /// The same of services, where the filter is one of incidents.
    pub(crate) fn unfiltered(&self) -> Question {
        Question { filter: Filter::default(), ..self.clone() }
    }
}
