//! Random histories: small estates with cycles and groups, a few days around an instant at which something odd happens
//! to clocks, and everything that can be told of them, much of it late.

use model::command::IncidentAction;
use model::event::Heartbeat;
use model::fact::{Correction, Exercise, InsteadOf, MaintenanceWindow, RecoveryPoint, Recurrence};
use model::incident::{HoldFor, Priority};
use model::item::{
    AgreedTarget, Agreement, AgreementKind, CalendarDef, Class, Date, Hours, Objectives, RedundantGroup, Relation,
    RelationKind, SloWindow, Weekday,
};
use model::outage::OutageState;
use model::{
    CiId, Cmdb, ConfigurationItem, CorrectionId, Domain, Effect, Interval, MaintenanceId, OutageId, Severity, Span,
    Timestamp,
};
use replay::Given;
use store::{Store, ready};
use testkit::SplitMix64;
use testkit::clock::EVENTFUL;
use testkit::oracle::episodes::Said;
use testkit::oracle::recurring::{Ends, Every, Recurring};

use crate::told::{Alert, OLD, SOURCES, Told};

/// With their classes; `net-1` is of one that a major alert takes down.
const ITEMS: [(&str, &str); 9] = [
    ("shop", "service"),
    ("mail", "service"),
    ("app-1", "application"),
    ("app-2", "application"),
    ("db-1", "database"),
    ("web-1", "host"),
    ("web-2", "host"),
    ("web-3", "host"),
    ("net-1", "network"),
];
/// A service that only one of two versions has.
const PASSING: &str = "portal";
/// One that may live for a part of the time. What is retired answers to no name, so no alert names it.
const MORTAL: &str = "mail";
const SERVICES: [&str; 2] = ["shop", "mail"];

const TEAMS: [&str; 2] = ["net", "data"];
const SUPPLIER: &str = "acme";

const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];
const DAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// Alerts speak within so many days, so that nothing of them becomes final; late ones follow it.
const LIFE: Span = Span::from_days(4);

#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) versions: Vec<(Timestamp, Cmdb)>,
    /// By receipt.
    pub(crate) told: Vec<(Timestamp, Told)>,
    pub(crate) until: Timestamp,
    /// The window of its reports.
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Every item is asked about by name; else all services.
    pub(crate) of_items: bool,
}

impl Story {
    pub(crate) fn given(&self) -> Vec<(Timestamp, Given)> {
        self.told.iter().map(|(at, told)| (*at, told.given())).collect()
    }

    /// The same, with one of two incidents of it merged into the other at the end, where it has two.
    pub(crate) fn merged(mut self, store: &Store) -> Story {
        let all = Interval::or_empty(Timestamp::MIN, Timestamp::MAX);
        let mut incidents = ready(store.incidents_touching(all)).expect("it answers");
        incidents.retain(|incident| incident.closed_at.is_none() && incident.merged_into.is_none());
        if let [into, one, ..] = &incidents[..] {
            let (target, action) = (one.id, IncidentAction::Merge { into: into.id });
            self.told.push((self.until, Told::ActsOn(target, action)));
        }
        self
    }

    /// Stories that lack one thing of this one.
    pub(crate) fn fewer(&self) -> impl Iterator<Item = Story> {
        let told = (0..self.told.len()).rev().map(|nth| self.without(nth));
        let edges =
            (0..self.versions.len() * ITEMS.len()).map(|nth| self.unbound(nth / ITEMS.len(), nth % ITEMS.len()));
        told.chain(edges.flatten())
    }

    fn without(&self, nth: usize) -> Story {
        let mut fewer = self.clone();
        if let (_, Told::Cmdb(_)) = fewer.told.remove(nth) {
            fewer.versions.pop();
        }
        fewer
    }

    /// An item needs nothing.
    fn unbound(&self, version: usize, item: usize) -> Option<Story> {
        let mut fewer = self.clone();
        let (at, cmdb) = fewer.versions.get_mut(version)?;
        let item = cmdb.items.get_mut(item).filter(|item| !(item.relations.is_empty() && item.groups.is_empty()))?;
        (item.relations, item.groups) = (Vec::new(), Vec::new());
        let (at, cmdb) = (*at, cmdb.clone());
        for (_, told) in fewer.told.iter_mut().filter(|(told_at, _)| *told_at == at) {
            if let Told::Cmdb(imported) = told {
                imported.clone_from(&cmdb);
            }
        }
        Some(fewer)
    }
}

impl std::fmt::Display for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Story { versions, told, until, from, to, of_items } = self;
        writeln!(f, "[{from}, {to}) until {until}, items: {of_items}")?;
        for (at, cmdb) in versions {
            writeln!(f, "{at} {:?}", cmdb.calendars)?;
            for item in &cmdb.items {
                let needs: Vec<String> = item
                    .relations
                    .iter()
                    .map(|relation| format!("{} {}", relation.kind.as_str(), relation.to))
                    .collect();
                writeln!(f, "  {} {needs:?} {:?}", item.id, item.groups)?;
                writeln!(f, "    {:?} {:?} {:?}", item.live_since, item.retired_at, item.objectives)?;
            }
        }
        for (at, told) in told.iter().filter(|(_, told)| !matches!(told, Told::Cmdb(_))) {
            writeln!(f, "{at} {told:?}")?;
        }
        Ok(())
    }
}

pub(crate) fn random(random: &mut SplitMix64) -> Story {
    let event: &str = random.pick::<&str>(&EVENTFUL);
    let event = Timestamp::parse(event).expect("an instant");
    let start = event - LIFE + Span::from_hours(20);
    let mut making = Making { start, event, life: (None, None), random, told: Vec::new() };
    making.life();
    making.alerts();
    making.old_alerts();
    making.windows();
    making.corrections();
    making.points_and_exercises();
    making.heartbeats();
    making.people();
    making.story()
}

/// As who reads what was sent understands it.
fn recurrence(recurring: &Recurring) -> Option<Recurrence> {
    let (first, zone) = (recurring.first, Some(recurring.zone));
    wire::native::recurrence_of(first, Some(&recurring.rule()), zone, &recurring.except).expect("it is understood")
}

struct Making<'r> {
    start: Timestamp,
    event: Timestamp,
    /// From when to when what is mortal lives: every version says the same.
    life: (Option<Timestamp>, Option<Timestamp>),
    random: &'r mut SplitMix64,
    told: Vec<(Timestamp, Told)>,
}

impl Making<'_> {
    fn story(mut self) -> Story {
        let first = self.cmdb();
        let mut versions = vec![(Timestamp::EPOCH, first)];
        if self.random.once_in(2) {
            versions.push((self.instant(), self.cmdb()));
        }
        let passing = self.random.below(3);
        if let Some((_, cmdb)) = versions.get_mut(passing) {
            let mut item = ConfigurationItem::new(PASSING, "service");
            item.relations.push(Relation { kind: RelationKind::Requires, to: "app-1".into() });
            item.objectives = self.objectives();
            cmdb.items.push(item);
        }
        self.told.extend(versions.iter().skip(1).map(|(at, cmdb)| (*at, Told::Cmdb(cmdb.clone()))));
        // Who was told at one instant was told in this order.
        self.told.sort_by_key(|(at, _)| *at);
        let last = self.told.last().map_or(self.event, |(at, _)| *at);
        let until = if self.random.once_in(3) { last } else { last + self.length(Span::from_days(3)) };
        let from = self.instant();
        let to = match self.random.below(4) {
            0 => until.max(from),
            1 => from + self.length(Span::from_days(1)),
            _ => from + self.length(LIFE + LIFE),
        };
        // A window of no time is refused.
        let to = to.max(from + Span::MICROSECOND);
        Story { versions, told: self.told, until, from, to, of_items: self.random.once_in(3) }
    }

    fn instant(&mut self) -> Timestamp {
        self.start + self.length(LIFE)
    }

    /// Up to `most`: often a multiple of ten minutes, so that things coincide, sometimes nothing, or next to nothing.
    fn length(&mut self, most: Span) -> Span {
        let tens = (most.micros() / Span::from_minutes(10).micros()) as usize;
        match self.random.below(10) {
            0 => Span::ZERO,
            1 => Span::MICROSECOND,
            2..=5 => Span::from_minutes(10).saturating_mul(self.random.below(tens + 1) as i64),
            _ => Span::from_micros(self.random.below(most.micros() as usize) as i64),
        }
    }

    /// How long after it was true something is heard.
    fn delay(&mut self) -> Span {
        match self.random.below(10) {
            0..=3 => Span::ZERO,
            4..=6 => self.length(Span::from_minutes(2)),
            7..=8 => self.length(Span::from_hours(3)),
            _ => self.length(Span::from_days(2)),
        }
    }

    fn life(&mut self) {
        let live_since = self.random.once_in(4).then(|| self.instant());
        let after = live_since.unwrap_or(self.start);
        let retired_at = self.random.once_in(4).then(|| after + Span::SECOND + self.length(LIFE));
        self.life = (live_since, retired_at);
    }

    fn item(&mut self) -> CiId {
        CiId::from(self.random.pick(&ITEMS).0)
    }

    fn alert(&mut self, name: &str) -> Alert {
        let named: Vec<&str> = ITEMS.iter().map(|(id, _)| *id).filter(|id| *id != MORTAL).collect();
        let ci = CiId::from(*self.random.pick(&named));
        let effects = [None, None, None, Some(Effect::Down), Some(Effect::Degraded), Some(Effect::None)];
        let source = *self.random.pick(&SOURCES);
        Alert { key: format!("{name}/{ci}"), ci, source, effect: *self.random.pick(&effects) }
    }

    fn severity(&mut self) -> Severity {
        use Severity::{Critical, Info, Major, Minor, Warning};
        *self.random.pick(&[Critical, Critical, Critical, Major, Minor, Warning, Info])
    }

    /// Each says what it says in any order, sometimes twice.
    fn alerts(&mut self) {
        for nth in 0..1 + self.random.below(6) {
            let alert = self.alert(&format!("a{nth}"));
            let promises = self.random.once_in(3);
            for _ in 0..1 + self.random.below(6) {
                let said = self.said(promises);
                for _ in 0..1 + usize::from(self.random.once_in(4)) {
                    let at = said.receipt + self.delay();
                    self.told.push((at, Told::Alert(alert.clone(), Said { receipt: at, ..said.clone() })));
                }
            }
        }
    }

    fn said(&mut self, promises: bool) -> Said {
        let start = self.instant();
        let severity = self.severity();
        let later = start + self.length(Span::from_hours(8));
        let starts_at = (!self.random.once_in(4)).then_some(start);
        if self.random.once_in(2) {
            return Said { clear: true, at: Some(later), starts_at, ends_at: None, severity, receipt: later };
        }
        let at = (starts_at.is_none() || self.random.once_in(2)).then_some(later);
        let receipt = at.unwrap_or(start);
        let ends_at = promises.then(|| receipt + self.length(Span::from_hours(12)));
        Said { clear: false, at, starts_at, ends_at, severity, receipt }
    }

    /// Whole firings that are heard of a week and more after they were over.
    fn old_alerts(&mut self) {
        for nth in 0..self.random.below(3) {
            let alert = self.alert(&format!("{OLD}{nth}"));
            let start = self.instant();
            let end = start + self.length(Span::from_hours(9));
            let receipt = end + Span::from_days(6) + self.length(Span::from_days(9));
            let severity = self.severity();
            let said = Said { clear: true, at: Some(end), starts_at: Some(start), ends_at: None, severity, receipt };
            self.told.push((receipt, Told::Alert(alert, said)));
        }
    }

    /// Announced or told of late; with a name that was said before it replaces that one.
    fn windows(&mut self) {
        for nth in 0..self.random.below(5) {
            let start = self.instant();
            let interval = Interval::or_empty(start, start + self.length(Span::from_hours(10)));
            // What is long over is told of under a name of its own: of a window that it has forgotten the engine does not
            // know which items it named.
            let again = format!("MW{}", self.random.below(4));
            let (name, received_at) = match self.random.below(3) {
                0 => (again, self.start),
                1 => (again, self.instant()),
                _ => (format!("late{nth}"), self.instant() + self.length(Span::from_days(12))),
            };
            let cis = (0..1 + self.random.below(2)).map(|_| self.item()).collect();
            let id = MaintenanceId::derive(|hash| {
                hash.text(&name);
            });
            let recurring = self.random.once_in(3).then(|| self.recurring(interval));
            let window = MaintenanceWindow {
                id,
                reference: name.into(),
                cis,
                interval,
                recurrence: recurring.as_ref().and_then(recurrence),
                reason: "upgrade".into(),
                by: None,
                received_at,
                deleted: self.random.once_in(8),
            };
            self.told.push((received_at, Told::Window(window, recurring)));
        }
    }

    fn recurring(&mut self, first: Interval) -> Recurring {
        let every = match self.random.below(2) {
            0 => Every::Days(1 + self.random.below(3) as i32),
            _ => {
                let mut days = DAYS.to_vec();
                self.random.shuffle(&mut days);
                days.truncate(1 + self.random.below(3));
                Every::Weeks(1 + self.random.below(2) as i32, days)
            }
        };
        // Whatever the rule, it gives a day in two weeks and one.
        let ends = match (self.random.below(3), &every) {
            (0, Every::Weeks(..)) => Ends::Never,
            (1, _) => Ends::At((first.start() + Span::from_days(15) + self.length(LIFE)).floor(Span::SECOND)),
            _ => Ends::After(1 + self.random.below(8)),
        };
        let zone = *self.random.pick(&ZONES);
        let all = Recurring { first, zone, every, ends, except: Vec::new() };
        let known = all.occurrences(first.end() + Span::from_days(21));
        let left_out = if self.random.once_in(3) { vec![self.random.pick(&known).start()] } else { Vec::new() };
        Recurring { except: left_out, ..all }
    }

    /// Of some sources, which then stop for a while, or for good. Nothing else falls on these microseconds.
    fn heartbeats(&mut self) {
        for source in SOURCES {
            for _ in 0..self.random.below(6) {
                let at = self.instant() + Span::from_micros(3);
                let every = Span::from_minutes(1) + self.length(Span::from_hours(12)) + Span::from_micros(7);
                let heartbeat = Heartbeat {
                    source: source.into(),
                    every: (!self.random.once_in(8)).then_some(every),
                    grace: self.random.once_in(2).then(|| self.length(Span::from_hours(2))),
                    ci: None,
                    severity: None,
                };
                self.told.push((at, Told::Heartbeat(heartbeat)));
            }
        }
    }

    fn corrections(&mut self) {
        for nth in 0..self.random.below(4) {
            let from = self.instant();
            let end = from + self.length(Span::from_hours(9)) + Span::MICROSECOND;
            let state = *self.random.pick(&[None, Some(OutageState::Down), Some(OutageState::Degraded)]);
            let to = if state.is_some() && self.random.once_in(4) { None } else { Some(end) };
            let stood = self.random.once_in(2).then(|| {
                let start = self.instant().min(end);
                let interval = Interval::or_empty(start, start + self.length(Span::from_hours(6)));
                let outage = OutageId::from_bytes([1; 16]);
                (interval, InsteadOf { outage, incident: None, interval, ended: self.random.once_in(3) })
            });
            let last = stood.as_ref().map_or(end, |(interval, _)| interval.end().max(end));
            let at = last + self.delay() + if self.random.once_in(4) { Span::from_days(8) } else { Span::ZERO };
            let id = CorrectionId::derive(|hash| {
                hash.text(&nth.to_string());
            });
            let known = Correction {
                id,
                domain: Domain::default(),
                service: CiId::from(*self.random.pick(&SERVICES)),
                from,
                to,
                state,
                planned: self.random.once_in(4),
                instead_of: stood.map(|(_, of)| of),
                reason: "customers said so".into(),
                by: "ana".into(),
                at,
                withdrawn: None,
            };
            self.told.push((at, Told::Correction(known.clone())));
            if self.random.once_in(4) {
                let at = at + self.delay() + Span::SECOND;
                self.told.push((at, Told::Withdrawn(known)));
            }
        }
    }

    fn points_and_exercises(&mut self) {
        for _ in 0..self.random.below(8) {
            let (ci, completed_at) = (self.item(), self.instant());
            let as_of = self.random.once_in(2).then(|| completed_at - self.length(Span::from_hours(5)));
            let received_at = completed_at + self.delay();
            let point = RecoveryPoint { ci, completed_at, as_of, verified: false, received_at };
            self.told.push((received_at, Told::Point(point)));
        }
        for _ in 0..self.random.below(4) {
            let (ci, held_at) = (self.item(), self.instant());
            let received_at = held_at + self.delay();
            let exercise = Exercise {
                ci,
                held_at,
                recovery: self.random.once_in(2).then(|| self.length(Span::from_hours(5))),
                recovery_point: self.random.once_in(2).then(|| self.length(Span::from_hours(5))),
                passed: self.random.once_in(2),
                every: self.random.once_in(2).then(|| self.length(LIFE)),
                received_at,
            };
            self.told.push((received_at, Told::Exercise(exercise)));
        }
    }

    fn people(&mut self) {
        let keys: Vec<(Alert, Timestamp)> = self
            .told
            .iter()
            .filter_map(|(at, told)| match told {
                Told::Alert(alert, _) if !alert.is_old() => Some((alert.clone(), *at)),
                _ => None,
            })
            .collect();
        for _ in 0..self.random.below(12) {
            let (key, heard_at) = self.random.pick(&keys).clone();
            let at = heard_at + self.length(Span::from_hours(2));
            let action = match self.random.below(6) {
                0 | 1 => IncidentAction::Acknowledge,
                2 => self.hold(at),
                3 => IncidentAction::Unhold,
                4 => IncidentAction::Resolve { code: None, notes: None, force: false },
                _ => IncidentAction::Close { notes: None, force: false },
            };
            self.told.push((at, Told::Acts(key, action)));
        }
        // When no more is heard of these alerts, and before anything is closed by the clock: of what is closed the engine
        // has forgotten some, and whoever asks hands it in, which a recording does not.
        let last = self.told.iter().filter(|(_, told)| matches!(told, Told::Alert(alert, _) if !alert.is_old()));
        let last = last.map(|(at, _)| *at).max().unwrap_or(self.event);
        for _ in 0..self.random.below(3) {
            let action = IncidentAction::FalsePositive { reason: "a wrong probe".into() };
            let (at, (key, _)) = (last + self.length(Span::HOUR), self.random.pick(&keys).clone());
            self.told.push((at, Told::Acts(key, action)));
        }
    }

    fn hold(&mut self, at: Timestamp) -> IncidentAction {
        use HoldFor::{Change, Customer, Other, Problem, Supplier};
        let until = self.random.once_in(2).then(|| at + Span::SECOND + self.length(Span::from_hours(8)));
        let reason_for = *self.random.pick(&[Customer, Supplier, Problem, Change, Other]);
        IncidentAction::Hold { reason_for, until, reason: "waiting".into() }
    }

    fn cmdb(&mut self) -> Cmdb {
        let network = Class { down_at: Severity::Major, ..Class::implied("network") };
        let calendars = vec![self.calendar()];
        let items = ITEMS.iter().map(|(id, class)| self.described(id, class)).collect();
        let agreements = (0..self.random.below(4)).map(|nth| self.agreement(nth)).collect();
        Cmdb { classes: vec![network], calendars, items, agreements }
    }

    fn agreement(&mut self, nth: usize) -> Agreement {
        let party = self.random.below(3);
        let mut lengths = [None; 2];
        let mut target = |priority| {
            for length in &mut lengths {
                *length = (!self.random.once_in(4)).then(|| Span::from_minutes(5) + self.length(Span::from_hours(3)));
            }
            AgreedTarget { priority, respond: lengths[0], restore: lengths[1] }
        };
        let targets = Priority::ALL.into_iter().map(&mut target).collect();
        Agreement {
            id: format!("agreed-{nth}").into(),
            kind: AgreementKind::Sla,
            service: (party == 0).then(|| CiId::from(*self.random.pick(&SERVICES))),
            team: (party == 1).then(|| (*self.random.pick(&TEAMS)).into()),
            supplier: (party == 2).then(|| SUPPLIER.into()),
            calendar: self.random.once_in(2).then(|| "office".into()),
            targets,
        }
    }

    fn described(&mut self, id: &str, class: &str) -> ConfigurationItem {
        let mut item = ConfigurationItem::new(id, class);
        for (other, _) in ITEMS.iter().filter(|(other, _)| *other != id) {
            let kind = match self.random.below(14) {
                0 | 1 => RelationKind::Requires,
                2 => RelationKind::Uses,
                _ => continue,
            };
            item.relations.push(Relation { kind, to: CiId::from(*other) });
        }
        if self.random.once_in(3) {
            let mut others: Vec<CiId> = ITEMS.iter().map(|(other, _)| CiId::from(*other)).collect();
            others.retain(|other| other.as_str() != id);
            self.random.shuffle(&mut others);
            others.truncate(2 + self.random.below(3));
            let k = 1 + self.random.below(others.len()) as u32;
            item.groups.push(RedundantGroup { of: others, k });
        }
        item.objectives = self.objectives();
        item.criticality = 1 + self.random.below(4) as u8;
        item.team = self.random.once_in(2).then(|| (*self.random.pick(&TEAMS)).into());
        item.supplier = self.random.once_in(3).then(|| SUPPLIER.into());
        if id == MORTAL {
            (item.live_since, item.retired_at) = self.life;
        }
        item
    }

    fn objectives(&mut self) -> Objectives {
        let windows = [
            None,
            Some(SloWindow::Rolling(Span::from_hours(30))),
            Some(SloWindow::Rolling(Span::from_days(30))),
            Some(SloWindow::Month),
            Some(SloWindow::Quarter),
        ];
        let mut some = |most: Span| {
            let length = self.length(most) + Span::MICROSECOND;
            (!self.random.once_in(3)).then_some(length)
        };
        let (rto, rpo, mtpd) = (some(Span::from_hours(4)), some(Span::from_hours(4)), some(Span::from_hours(4)));
        let exercise_every = some(LIFE);
        Objectives {
            slo: *self.random.pick(&[None, Some(0.5), Some(0.99), Some(0.9995), Some(1.0)]),
            slo_window: *self.random.pick(&windows),
            degraded_weight: *self.random.pick(&[0.0, 0.0, 0.5, 0.1, 1.0]),
            rto,
            rpo,
            mtpd,
            exercise_every,
            calendar: self.random.once_in(2).then(|| "office".into()),
        }
    }

    fn calendar(&mut self) -> CalendarDef {
        let mut hours = Vec::new();
        for _ in 0..1 + self.random.below(3) {
            let mut days = DAYS.to_vec();
            self.random.shuffle(&mut days);
            days.truncate(1 + self.random.below(7));
            let from = self.random.below(96);
            let to = from + 1 + self.random.below(96 - from);
            hours.push(Hours { days, from_minute: from as u16 * 15, to_minute: to as u16 * 15 });
        }
        let holidays = (0..self.random.below(3)).map(|_| {
            let (year, month, day) = self.instant().date();
            Date { year: year as i16, month, day }
        });
        let holidays = holidays.collect();
        let time_zone = (*self.random.pick(&ZONES)).into();
        CalendarDef { id: "office".into(), time_zone, hours, holidays }
    }
}
