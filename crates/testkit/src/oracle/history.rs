//! From all that is known to a service's outages: docs/measures.md section 4, at each elementary interval.

use std::collections::{BTreeMap, BTreeSet};

use model::fact::Correction;
use model::outage::OutageState::{self, Down};
use model::{CiId, Cmdb, ConfigurationItem, Effect, Interval, Severity, Timestamp};

use super::hours::Agreed;
use super::service::{Lost, Service};
use super::states::{States, least, own_state};

/// An alert's severity held on an item during `[from, to)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub ci: CiId,
    pub from: Timestamp,
    /// `None` while it lasts.
    pub to: Option<Timestamp>,
    pub severity: Severity,
    pub effect: Option<Effect>,
}

/// Everything that bears on states.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// With the instants from which they are in force, in order; the first for all time before it too.
    pub versions: Vec<(Timestamp, Cmdb)>,
    pub faults: Vec<Fault>,
    /// Which items windows of maintenance name, and when.
    pub windows: Vec<(CiId, Interval)>,
    pub corrections: Vec<Correction>,
}

/// Between two edges, where nothing changes.
#[derive(Debug)]
struct Piece<'h> {
    from: Timestamp,
    to: Timestamp,
    cmdb: &'h Cmdb,
    /// By what alerts say, and by what windows name.
    states: States,
    maintained: States,
}

/// All of time, in pieces.
#[derive(Debug)]
pub struct Lived<'h> {
    history: &'h History,
    pieces: Vec<Piece<'h>>,
}

impl History {
    pub fn lived(&self) -> Lived<'_> {
        let mut edges = BTreeSet::from([Timestamp::MIN, Timestamp::MAX]);
        edges.extend(self.versions.iter().skip(1).map(|(from, _)| *from));
        edges.extend(self.versions.iter().flat_map(|(_, cmdb)| &cmdb.items).flat_map(life_edges));
        edges.extend(self.faults.iter().flat_map(|fault| [Some(fault.from), fault.to]).flatten());
        edges.extend(self.windows.iter().flat_map(|(_, window)| [window.start(), window.end()]));
        for known in &self.corrections {
            edges.extend([Some(known.from), known.to].into_iter().flatten());
            edges.extend(known.instead_of.iter().flat_map(|of| [of.interval.start(), of.interval.end()]));
        }
        let edges: Vec<Timestamp> = edges.into_iter().collect();
        Lived { history: self, pieces: edges.windows(2).map(|piece| self.piece(piece[0], piece[1])).collect() }
    }

    fn piece(&self, from: Timestamp, to: Timestamp) -> Piece<'_> {
        let cmdb = self.in_force(from);
        let mut own = States::new();
        let fires = |fault: &&Fault| fault.from <= from && fault.to.is_none_or(|to| from < to);
        for fault in self.faults.iter().filter(fires) {
            let worst = own.entry(fault.ci.clone()).or_default();
            *worst = (*worst).max(own_state(cmdb, &fault.ci, fault.severity, fault.effect));
        }
        let named = self.windows.iter().filter(|(_, window)| window.contains(from));
        let named: States = named.map(|(ci, _)| (ci.clone(), Some(Down))).collect();
        let exist = |states: States| -> States {
            states.into_iter().filter(|(id, _)| cmdb.items.iter().any(|item| item.id == *id)).collect()
        };
        Piece { from, to, cmdb, states: least(cmdb, &exist(own)), maintained: least(cmdb, &exist(named)) }
    }

    fn in_force(&self, at: Timestamp) -> &Cmdb {
        let newest = self.versions.iter().rev().find(|(from, _)| *from <= at);
        &newest.or(self.versions.first()).expect("there is a first version").1
    }

    /// The item as the newest version that has it by `by` describes it, and that version.
    pub fn described(&self, id: &CiId, by: Timestamp) -> Option<(&Cmdb, &ConfigurationItem)> {
        let known = self.versions.iter().enumerate().rev().filter(|(nth, (from, _))| *nth == 0 || *from <= by);
        known.map(|(_, (_, cmdb))| cmdb).find_map(|cmdb| Some((cmdb, cmdb.items.iter().find(|item| item.id == *id)?)))
    }

    /// From the version that brought it, or its `live_since`, until it is retired or the CMDB has it no more.
    fn life(&self, id: &CiId, item: &ConfigurationItem) -> Interval {
        let has = |(_, cmdb): &(Timestamp, Cmdb)| cmdb.items.iter().any(|item| item.id == *id);
        let first = self.versions.iter().position(has);
        let added = first.filter(|first| *first > 0).map(|first| self.versions[first].0);
        let last = self.versions.iter().rposition(has);
        let gone = last.and_then(|last| self.versions.get(last + 1)).map(|(from, _)| *from);
        let end = [item.retired_at, gone].into_iter().flatten().min();
        Interval::or_empty(item.live_since.or(added).unwrap_or(Timestamp::MIN), end.unwrap_or(Timestamp::MAX))
    }
}

/// What people said last of a service at an instant, which may be that it was up; `None`: nothing, or that alerts have
/// their say.
pub fn said(corrections: &[Correction], service: &CiId, at: Timestamp) -> Option<Option<(OutageState, bool)>> {
    let stands = |known: &&Correction| known.service == *service && known.withdrawn.is_none();
    let mut said: Vec<&Correction> = corrections.iter().filter(stands).collect();
    said.sort_by_key(|known| std::cmp::Reverse((known.at, known.id)));
    for known in said {
        if known.from <= at && known.to.is_none_or(|to| at < to) {
            return Some(known.state.map(|state| (state, known.planned)));
        }
        let Some(of) = &known.instead_of else { continue };
        if of.interval.contains(at) {
            return Some(None);
        }
        if of.ended && at >= of.interval.end() {
            return None;
        }
    }
    None
}

fn life_edges(item: &ConfigurationItem) -> impl Iterator<Item = Timestamp> {
    [item.live_since, item.retired_at].into_iter().flatten()
}

impl Lived<'_> {
    /// An item as reports of `by` see it, with all that is known at `now`; `None` of one that nobody knows.
    pub fn service(&self, id: &CiId, by: Timestamp, now: Timestamp) -> Option<Service> {
        let (cmdb, item) = self.history.described(id, by)?;
        let calendar = item.objectives.calendar.as_ref();
        let calendar = calendar.and_then(|id| cmdb.calendars.iter().find(|calendar| calendar.id == *id));
        Some(Service {
            hours: Agreed::of(calendar),
            outages: self.outages(id, now),
            maintenance: self.maintenance(id),
            blind: Vec::new(),
            live: self.history.life(id, item),
            weight: item.objectives.degraded_weight,
        })
    }

    /// Maximal intervals of one state, planned or not. What lasts at `now` has no end.
    pub fn outages(&self, id: &CiId, now: Timestamp) -> Vec<Lost> {
        let mut outages: Vec<Lost> = Vec::new();
        for piece in self.pieces.iter().filter(|piece| piece.from <= now) {
            let Some((state, planned)) = self.state(id, piece) else { continue };
            let to = Some(piece.to).filter(|to| *to <= now);
            match outages.last_mut() {
                Some(last) if (last.to, last.state, last.planned) == (Some(piece.from), state, planned) => last.to = to,
                _ => outages.push(Lost { from: piece.from, to, state, planned }),
            }
        }
        outages
    }

    fn state(&self, id: &CiId, piece: &Piece<'_>) -> Option<(OutageState, bool)> {
        let item = piece.cmdb.items.iter().find(|item| item.id == *id)?;
        let lives = item.live_since.is_none_or(|since| since <= piece.from)
            && item.retired_at.is_none_or(|end| piece.from < end);
        let planned = piece.maintained.get(id) == Some(&Some(Down));
        let told = piece.states.get(id).copied().flatten().map(|state| (state, planned));
        said(&self.history.corrections, id, piece.from).unwrap_or(told).filter(|_| lives)
    }

    fn maintenance(&self, id: &CiId) -> Vec<Interval> {
        let maintained = self.pieces.iter().filter(|piece| piece.maintained.get(id) == Some(&Some(Down)));
        maintained.map(|piece| Interval::or_empty(piece.from, piece.to)).collect()
    }
}

/// The faults that a whole set of alerts makes: each step of severity is one.
pub fn faults_of(ci: &CiId, effect: Option<Effect>, lasted: &[super::episodes::Lasted]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for episode in lasted {
        for (nth, (from, severity)) in episode.severities.iter().enumerate() {
            let next = episode.severities.get(nth + 1).map(|(at, _)| *at);
            let to = next.or(episode.end);
            faults.push(Fault { ci: ci.clone(), from: *from, to, severity: *severity, effect });
        }
    }
    faults
}

/// Points of recovery by item.
pub type Points = BTreeMap<CiId, Vec<Timestamp>>;

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    fn hour(hour: i64) -> Timestamp {
        Timestamp::EPOCH + Span::from_hours(hour)
    }

    /// A window from two to four cuts a fault from one to five; what lasts at now has no end; a correction takes an hour
    /// of it back.
    #[test]
    fn outages_are_cut_by_windows_and_people_have_the_last_word() {
        let fault =
            Fault { ci: "db".into(), from: hour(1), to: Some(hour(5)), severity: Severity::Critical, effect: None };
        let mut history = History {
            versions: vec![(Timestamp::EPOCH, crate::graph::cmdb("shop{service} -> db"))],
            faults: vec![fault],
            windows: vec![("db".into(), Interval::or_empty(hour(2), hour(4)))],
            corrections: Vec::new(),
        };
        let outages = |history: &History, now| -> Vec<(i64, Option<i64>, bool)> {
            let hours = |at: Timestamp| (at - hour(0)).micros() / Span::HOUR.micros();
            let lost = history.lived().outages(&"shop".into(), hour(now));
            lost.iter().map(|lost| (hours(lost.from), lost.to.map(hours), lost.planned)).collect()
        };
        assert_eq!(outages(&history, 9), [(1, Some(2), false), (2, Some(4), true), (4, Some(5), false)]);
        assert_eq!(outages(&history, 3), [(1, Some(2), false), (2, None, true)]);
        history.corrections.push(Correction {
            id: model::CorrectionId::from_bytes([1; 16]),
            domain: model::Domain::default(),
            service: "shop".into(),
            from: hour(1),
            to: Some(hour(3)),
            state: None,
            planned: false,
            instead_of: None,
            reason: "it was not".into(),
            by: "ana".into(),
            at: hour(9),
            withdrawn: None,
        });
        assert_eq!(outages(&history, 9), [(3, Some(4), true), (4, Some(5), false)]);
    }
}
