//! Maintenance windows: what is in force, when that changes, and how people end them.
//!
//! Rule: only the next edge of a window has a timer, and sets the one after it; a window that recurs for years is one
//! timer.

use std::collections::BTreeSet;

use calendar::Occurrences;
use model::command::Outcome;
use model::fact::MaintenanceWindow;
use model::id::MaintenanceId;
use model::limits::{LATE_HORIZON, OCCURRENCES_SHORTENED_MAX};
use model::outage::ItemState;
use model::{CiId, Interval, Span, Timestamp};
use topology::{Rollup, WindowInterval};

use crate::command::{invalid, no_item, not_found};
use crate::desk::Desk;
use crate::state::State;
use crate::timer::Timer;

/// A window as it was said, and when it is in force.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) said: MaintenanceWindow,
    pub(crate) occurrences: Occurrences,
}

impl Window {
    pub(crate) fn new(said: MaintenanceWindow) -> Window {
        Window { occurrences: Occurrences::of(&said), said }
    }

    pub(crate) fn covers(&self, at: Timestamp) -> bool {
        self.occurrences.covering(at).is_some()
    }

    pub(crate) fn names(&self, ci: &CiId) -> bool {
        self.said.cis.contains(ci)
    }

    /// Which items are in maintenance, and when, as far as that reaches into the span.
    pub(crate) fn intervals(&self, span: Interval) -> impl Iterator<Item = WindowInterval> + '_ {
        let of = |interval| self.said.cis.iter().map(move |ci| WindowInterval { ci: ci.clone(), interval });
        self.occurrences.overlapping(span).flat_map(of)
    }

    /// When it has to be looked at after `at`: where it next begins or ends, and where it is forgotten.
    fn turns(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        let forgotten = Some(self.forgotten_at()).filter(|forgotten| *forgotten > at);
        self.occurrences.next_edge(at).into_iter().chain(forgotten)
    }

    fn forgotten_at(&self) -> Timestamp {
        self.said.extent().end() + LATE_HORIZON
    }

    /// From where on it was otherwise in force than before, up to and with `now`.
    fn differs_from(&self, before: Option<&Window>, now: Timestamp) -> Option<Timestamp> {
        let past = Interval::or_empty(Timestamp::MIN, now + Span::MICROSECOND);
        let after: Vec<Interval> = self.occurrences.overlapping(past).collect();
        let before_too: Vec<Interval> = before.iter().flat_map(|before| before.occurrences.overlapping(past)).collect();
        let same_items = before.is_some_and(|before| before.said.cis == self.said.cis);
        let alike = after.iter().zip(&before_too).take_while(|(after, before)| same_items && after == before).count();
        let [after, before] = [&after, &before_too].map(|all| all.get(alike).map(|first| first.start()));
        after.into_iter().chain(before).min()
    }
}

impl State {
    /// Of a window that was loaded. A timer that lies behind is due at once; one whose turn was taken does nothing when
    /// it comes again.
    pub(crate) fn restore_window(&mut self, said: MaintenanceWindow) {
        let window = Window::new(said);
        let id = window.said.id;
        for at in window.turns(self.clock - Span::MICROSECOND) {
            self.timers.set(at, Timer::Maintenance(id));
        }
        self.windows.insert(id, window);
    }
}

impl Desk<'_> {
    pub(crate) fn set_window(&mut self, said: MaintenanceWindow) {
        let id = said.id;
        let window = Window::new(said);
        for at in window.turns(self.now) {
            self.state.timers.set(at, Timer::Maintenance(id));
        }
        let from = window.differs_from(self.state.windows.get(&id), self.now);
        let named = window.said.cis.clone();
        let before = self.state.windows.insert(id, window);
        self.state.touched.windows.insert(id);
        // Whether a service's outage is planned changes where the window, or what it was before, lies in the past.
        let named_before = before.into_iter().flat_map(|before| before.said.cis);
        for ci in named.into_iter().chain(named_before) {
            if let Some(from) = from {
                self.outages_dirty(&ci, from);
            }
        }
        self.review_maintenance();
    }

    /// A window begins or ends. Thousands may at one instant, and each look is at all of them: the last one's is enough.
    pub(crate) fn window_edge(&mut self, id: MaintenanceId) {
        self.turn_window(id);
        if !self.state.timers.another_window_turns(self.now) {
            self.review_maintenance();
        }
    }

    fn turn_window(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.windows.get(&id) else { return };
        let (named, turns) = (window.said.cis.clone(), window.turns(self.now).collect::<Vec<_>>());
        for at in turns {
            self.state.timers.set(at, Timer::Maintenance(id));
        }
        for ci in named {
            self.outages_dirty(&ci, self.now);
        }
        self.forget_window(id);
    }

    /// What windows name has changed: so may what is suppressed.
    pub(crate) fn review_maintenance(&mut self) {
        self.rebuild_maintenance();
        self.review_suppressed();
    }

    pub(crate) fn rebuild_maintenance(&mut self) {
        let mut maintenance = Rollup::new();
        for ci in self.named_by_windows() {
            if let Some(item) = self.item(&ci) {
                maintenance.set_own(self.graph(), item, ItemState::Down);
            }
        }
        self.state.maintenance = maintenance;
    }

    /// By those in force now.
    pub(crate) fn named_by_windows(&self) -> BTreeSet<CiId> {
        let covering = self.state.windows.values().filter(|window| window.covers(self.now));
        covering.flat_map(|window| window.said.cis.iter().cloned()).collect()
    }

    /// The window that is forgotten once it lies behind the horizon.
    fn forget_window(&mut self, id: MaintenanceId) {
        if self.state.windows.get(&id).is_some_and(|window| window.forgotten_at() <= self.now) {
            self.state.windows.remove(&id);
        }
    }

    pub(crate) fn maintain(&mut self, window: &MaintenanceWindow, by: &str) -> Outcome {
        if window.cis.is_empty() {
            return invalid("a maintenance window names at least one item");
        }
        if window.interval.is_empty() {
            return invalid("a maintenance window ends after it begins");
        }
        if let Some(unknown) = window.cis.iter().find(|ci| self.item(ci).is_none()) {
            return no_item(unknown);
        }
        let id = window.id;
        self.set_window(MaintenanceWindow { received_at: self.now, by: Some(by.into()), ..window.clone() });
        Outcome::Maintenance(id)
    }

    /// Over now, with all that was yet to come; one that has not begun is taken back.
    pub(crate) fn end_maintenance(&mut self, id: MaintenanceId) -> Outcome {
        let now = self.now;
        let Some(window) = self.state.windows.get(&id) else { return not_found("such maintenance window") };
        if window.occurrences.current_or_next(now).is_none() {
            return invalid("the maintenance window is over already");
        }
        let mut ended = window.said.clone();
        ended.deleted = ended.interval.start() >= now;
        match &mut ended.recurrence {
            _ if ended.deleted => {}
            None => ended.interval = Interval::or_empty(ended.interval.start(), now),
            Some(recurrence) => {
                recurrence.last = window.occurrences.last_before(now);
                let lasting: Vec<Interval> = window.lasting(now).collect();
                if !shorten(&mut recurrence.shortened, &lasting, now) {
                    return too_many_shortened();
                }
            }
        }
        self.set_window(ended);
        Outcome::Maintenance(id)
    }

    /// Ends the occurrence that lasts now, or cancels the one that begins at an instant to come.
    pub(crate) fn end_occurrence(&mut self, id: MaintenanceId, begins_at: Option<Timestamp>) -> Outcome {
        let now = self.now;
        let Some(window) = self.state.windows.get(&id) else { return not_found("such maintenance window") };
        let mut ended = window.said.clone();
        let Some(recurrence) = &mut ended.recurrence else { return self.end_maintenance(id) };
        let asked: Vec<Interval> = match begins_at {
            None => window.lasting(now).collect(),
            Some(at) => {
                let found = window.occurrences.overlapping(Interval::or_empty(at, at + Span::MICROSECOND));
                found.filter(|occurrence| occurrence.start() == at && occurrence.end() > now).collect()
            }
        };
        if asked.is_empty() {
            return no_occurrence(window, begins_at, now);
        }
        if !shorten(&mut recurrence.shortened, &asked, now) {
            return too_many_shortened();
        }
        self.set_window(ended);
        Outcome::Maintenance(id)
    }
}

impl Window {
    fn lasting(&self, now: Timestamp) -> impl Iterator<Item = Interval> + '_ {
        self.occurrences.overlapping(Interval::or_empty(now, now + Span::MICROSECOND))
    }
}

/// These occurrences end now; one that has not begun does not take place. Whether there was room to say so.
fn shorten(shortened: &mut Vec<Interval>, occurrences: &[Interval], now: Timestamp) -> bool {
    for occurrence in occurrences {
        let start = occurrence.start();
        let ended = Interval::or_empty(start, now.max(start));
        match shortened.binary_search_by_key(&start, |known| known.start()) {
            Ok(place) => shortened.iter_mut().skip(place).take(1).for_each(|known| *known = ended),
            Err(place) => shortened.insert(place, ended),
        }
    }
    shortened.len() <= OCCURRENCES_SHORTENED_MAX
}

fn no_occurrence(window: &Window, begins_at: Option<Timestamp>, now: Timestamp) -> Outcome {
    let next = window.occurrences.current_or_next(now.max(begins_at.unwrap_or(now)));
    let what = match begins_at {
        None => "no occurrence of the maintenance window lasts now".to_owned(),
        Some(at) => format!("no occurrence of the maintenance window that is not over begins at {at}"),
    };
    match next {
        Some(next) => invalid(&format!(
            "{what}: the next one is {} to {}; name its start to cancel it, or end all of them",
            next.start(),
            next.end()
        )),
        None => invalid(&format!("{what}, and none is to come")),
    }
}

fn too_many_shortened() -> Outcome {
    invalid(&format!(
        "{OCCURRENCES_SHORTENED_MAX} occurrences of the maintenance window were cancelled or ended early: end all of \
         them, and set a new window"
    ))
}
