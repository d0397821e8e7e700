//! What people say of the outages of services, in place of what alerts say. docs/measures.md section 4, "Corrections".
//!
//! Rule: nothing here touches an outage. A correction is a fact, like a maintenance window: it makes its service dirty over
//! its time, and the sweep lays it over what it finds.

use model::command::Outcome;
use model::fact::{Correction, Withdrawn};
use model::limits::LATE_HORIZON;
use model::reason::Reason;
use model::step::Subject;
use model::{CiId, IncidentId, Outage};

use crate::command::{invalid, not_found};
use crate::desk::Desk;
use crate::timer::Timer;

impl Desk<'_> {
    pub(crate) fn correct(&mut self, asked: &Correction, by: &str) -> Outcome {
        if let Some(refused) = self.refused(asked) {
            return refused;
        }
        let mut correction = Correction { at: self.now, by: by.into(), withdrawn: None, ..asked.clone() };
        self.end_what_a_person_said(&mut correction);
        let why = correction.reason.clone();
        match &correction.instead_of {
            Some(of) => self.tell_once(&correction, Subject::Outage(of.outage), Reason::OutageCorrected { why }),
            None => self.tell_once(&correction, Subject::Item(asked.service.clone()), Reason::OutageRecorded { why }),
        }
        let id = correction.id;
        self.set_correction(correction);
        Outcome::Correction(id)
    }

    fn refused(&self, asked: &Correction) -> Option<Outcome> {
        let Correction { service, from, to, state, reason, .. } = asked;
        let serves = self.topology.versions().iter().filter_map(|(_, graph)| {
            let item = graph.find(service.as_str())?;
            Some(graph.is_service(item))
        });
        match serves.max() {
            None => return Some(not_found(&format!("service `{service}`"))),
            Some(false) => {
                return Some(invalid(&format!("`{service}` is no service: outages are on record of services only")));
            }
            Some(true) => {}
        }
        let end = to.unwrap_or(self.now);
        if reason.trim().is_empty() {
            return Some(invalid("a correction needs its reason: every report shows it"));
        }
        if *from > self.now || end > self.now {
            return Some(invalid(&format!("people say what was: nothing after now ({}) can be corrected", self.now)));
        }
        if to.is_some_and(|to| to <= *from) {
            return Some(invalid(&format!("it would end at {end}, and begins at {from}: it ends after it begins")));
        }
        (to.is_none() && state.is_none()).then(|| invalid("that a service is up holds until an instant: say `to`"))
    }

    /// An outage that a person recorded lasts until a person says that it is over; any other until its alerts clear.
    fn end_what_a_person_said(&self, correction: &mut Correction) {
        let endless = |known: &Correction| known.to.is_none() && known.id != correction.id;
        let known = self.state.corrections.get(&correction.service).into_iter().flatten();
        let lasts = known.filter(|known| known.stands()).any(endless);
        if let Some(of) = &mut correction.instead_of {
            of.ended &= lasts;
        }
    }

    pub(crate) fn withdraw_correction(&mut self, known: &Correction, reason: &str, by: &str) -> Outcome {
        if reason.trim().is_empty() {
            return invalid("taking a correction back needs a reason, as the correction did");
        }
        if !known.stands() {
            return invalid("the correction has been taken back already");
        }
        let withdrawn = Some(Withdrawn { at: self.now, by: by.into(), reason: reason.into() });
        let correction = Correction { withdrawn, ..known.clone() };
        let of = correction.instead_of.as_ref().map(|of| Subject::Outage(of.outage));
        let subject = of.unwrap_or_else(|| Subject::Item(correction.service.clone()));
        self.tell_once(&correction, subject, Reason::CorrectionWithdrawn { why: reason.into() });
        let id = correction.id;
        self.set_correction(correction);
        Outcome::Correction(id)
    }

    /// Every domain keeps the correction; one says so.
    fn tell_once(&mut self, correction: &Correction, subject: Subject, reason: Reason) {
        if self.state.domain == correction.domain {
            self.decide(subject, reason);
        }
    }

    /// What lies behind the horizon is on record, and comes back with the facts of its time.
    fn set_correction(&mut self, correction: Correction) {
        let horizon = self.ago(LATE_HORIZON);
        let within = |known: &Correction| known.extent().end() > horizon;
        let (service, from) = (correction.service.clone(), correction.extent().start());
        let said = self.state.corrections.entry(service.clone()).or_default();
        said.retain(|known| known.id != correction.id && within(known));
        if correction.stands() && within(&correction) {
            let place = said.partition_point(|known| known.id < correction.id);
            said.insert(place, correction.clone());
        }
        if said.is_empty() {
            self.state.corrections.remove(&service);
        }
        self.out.corrections.retain(|known| known.id != correction.id);
        self.out.corrections.push(correction);
        self.outages_dirty(&service, from);
        self.look_again_as_corrections_end(&service);
    }

    /// Whoever said it may have a clock that is ahead of this one: where what was said ends, what alerts say begins to count
    /// again, and nothing else says so then.
    pub(crate) fn look_again_as_corrections_end(&mut self, service: &CiId) {
        let said = self.state.corrections.get(service).into_iter().flatten();
        let ends = said.flat_map(|known| [known.to, known.instead_of.as_ref().map(|of| of.interval.end())]);
        for at in ends.flatten().filter(|at| *at > self.now) {
            self.state.timers.set(at, Timer::Sweep(service.clone()));
        }
    }

    /// What is said of a service: in memory, and of what is forgotten as it was loaded.
    pub(crate) fn said_of<'s>(&'s self, service: &CiId, loaded: &'s [Correction]) -> Vec<&'s Correction> {
        let memory = self.state.corrections.get(service).map(Vec::as_slice).unwrap_or_default();
        let horizon = self.ago(LATE_HORIZON);
        // Memory has all that reach within the horizon: what it lacks of those is taken back.
        let forgotten = loaded.iter().filter(|known| known.service == *service && known.extent().end() <= horizon);
        let forgotten = forgotten.filter(|known| memory.iter().all(|newer| newer.id != known.id));
        memory.iter().chain(forgotten).collect()
    }

    /// The incident of the outage that the newest correction over its start was said of.
    pub(crate) fn incident_said_of(&self, outage: &Outage, loaded: &[Correction]) -> Option<IncidentId> {
        let covers = |known: &&&Correction| {
            known.stands() && known.from <= outage.from && known.to.is_none_or(|to| outage.from < to)
        };
        let said = self.said_of(&outage.service, loaded);
        let newest = said.iter().filter(covers).max_by_key(|known| (known.at, known.id))?;
        let incident = newest.instead_of.as_ref()?.incident?;
        match self.follow_merges(incident) {
            Some(known) => Some(known.id).filter(|_| known.false_positive.is_none()),
            None => Some(incident),
        }
    }
}
