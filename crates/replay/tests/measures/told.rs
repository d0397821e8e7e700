//! What is told of in a story, one thing at a time, as it goes in.

use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::event::{Event, Heartbeat};
use model::fact::{Correction, Exercise, MaintenanceWindow, RecoveryPoint};
use model::{CiId, Cmdb, Effect, Fingerprint, IncidentId};
use replay::Given;
use testkit::event::fingerprint;
use testkit::oracle::episodes::Said;
use testkit::oracle::recurring::Recurring;
use testkit::{Says, clear, firing};

/// An alert, by its key, on one item; all that it ever says has one effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alert {
    pub(crate) key: String,
    pub(crate) ci: CiId,
    /// Who tells of it.
    pub(crate) source: &'static str,
    pub(crate) effect: Option<Effect>,
}

/// Who tells of alerts, and may promise to be heard.
pub(crate) const SOURCES: [&str; 2] = [testkit::event::SOURCE, "eye"];

/// The names of alerts that are told of in one word, long after.
pub(crate) const OLD: &str = "old";

impl Alert {
    pub(crate) fn is_old(&self) -> bool {
        self.key.starts_with(OLD)
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.key, self.source)
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Told {
    Alert(Alert, Said),
    /// With how it recurs, where it does.
    Window(MaintenanceWindow, Option<Recurring>),
    Heartbeat(Heartbeat),
    Correction(Correction),
    /// The correction as it was said.
    Withdrawn(Correction),
    Point(RecoveryPoint),
    Exercise(Exercise),
    /// A person acts on the incident of an alert.
    Acts(Alert, IncidentAction),
    ActsOn(IncidentId, IncidentAction),
    Cmdb(Cmdb),
}

impl Told {
    pub(crate) fn given(&self) -> Given {
        let event = |event: Event| Given::Input(wire::Input::Event(event));
        let command =
            |action| Given::Input(wire::Input::Command(Box::new(Command { by: "ana".into(), at: None, action })));
        match self {
            Told::Alert(alert, said) => event(says(alert, said).event()),
            Told::Window(window, _) => event(Event::Maintenance(Box::new(window.clone()))),
            Told::Heartbeat(heartbeat) => event(Event::Heartbeat(heartbeat.clone())),
            Told::Point(point) => event(Event::RecoveryPoint(point.clone())),
            Told::Exercise(exercise) => event(Event::Exercise(exercise.clone())),
            Told::Cmdb(cmdb) => Given::Cmdb(Box::new(cmdb.clone())),
            Told::Correction(known) if known.instead_of.is_some() => command(Action::CorrectOutage(known.clone())),
            Told::Correction(known) => command(Action::RecordOutage(known.clone())),
            Told::Withdrawn(correction) => {
                command(Action::WithdrawCorrection { correction: correction.clone(), reason: "it was not so".into() })
            }
            Told::ActsOn(id, action) => {
                command(Action::Incident { target: IncidentTarget::Id(*id), action: action.clone() })
            }
            Told::Acts(alert, action) => command(Action::Incident {
                target: IncidentTarget::HoldsAlert(alert.fingerprint()),
                action: action.clone(),
            }),
        }
    }
}

fn says(alert: &Alert, said: &Said) -> Says {
    let says = if said.clear { clear(&alert.key) } else { firing(&alert.key) };
    let mut says = says.source(alert.source).severity(said.severity);
    if let Some(effect) = alert.effect {
        says = says.effect(effect);
    }
    if let Some(start) = said.starts_at {
        says = says.starts(start);
    }
    if let Some(at) = said.at {
        says = if said.clear { says.ends(at) } else { says.at(at) };
    }
    match said.ends_at {
        Some(promise) => says.ends(promise),
        None => says,
    }
}
