//! What a case expects: dispositions, alerts, incidents.

use model::alert::AlertState;
use model::incident::{IncidentState, Priority};
use model::outage::ItemState;
use model::reason::Disposition;
use model::{CiId, Effect, Labels, Severity, SourceName};

use super::{Expect, Expected, ExpectedAlert, ExpectedIncident};
use crate::reader::{Field, Fields, Reader};
use crate::yaml::Value;

pub(super) const KEYS: [&str; 3] = ["dispositions", "alerts", "incidents"];
const ALERT_KEYS: [&str; 8] = ["summary_contains", "labels", "source", "ci", "state", "severity", "effect", "episodes"];
const INCIDENT_KEYS: [&str; 6] = ["title_contains", "state", "priority", "cause", "services", "alerts"];

/// docs/contract.md section 7.
const DISPOSITIONS: [(&str, Disposition); 9] = [
    ("opened", Disposition::Opened),
    ("repeated", Disposition::Repeated),
    ("escalated", Disposition::Escalated),
    ("cleared", Disposition::Cleared),
    ("reopened", Disposition::Reopened),
    ("suppressed", Disposition::Suppressed),
    ("stale", Disposition::Stale),
    ("rejected", Disposition::Rejected),
    ("recorded", Disposition::Recorded),
];
const ALERT_STATES: [(&str, AlertState); 3] =
    [("firing", AlertState::Firing), ("resolved", AlertState::Resolved), ("stale", AlertState::Stale)];
const EFFECTS: [(&str, Effect); 3] = [("down", Effect::Down), ("degraded", Effect::Degraded), ("none", Effect::None)];
const SERVICE_STATES: [(&str, ItemState); 3] =
    [("down", ItemState::Down), ("degraded", ItemState::Degraded), ("at_risk", ItemState::AtRisk)];

impl Reader<'_> {
    pub(super) fn expected(&mut self, fields: &Fields<'_>) -> Expect {
        let mut expect = Expect::default();
        self.take(fields, "dispositions", &mut expect.dispositions, |reader, field| {
            reader.each(field, |reader, word| reader.word(word, &DISPOSITIONS)).map(Some)
        });
        self.take(fields, "alerts", &mut expect.alerts, |reader, field| {
            reader.count_or_each(field, Reader::expected_alert).map(Some)
        });
        self.take(fields, "incidents", &mut expect.incidents, |reader, field| {
            reader.count_or_each(field, Reader::expected_incident).map(Some)
        });
        expect
    }

    fn count_or_each<'n, T>(
        &mut self,
        field: Field<'n>,
        read: impl FnMut(&mut Self, Field<'n>) -> Option<T>,
    ) -> Option<Expected<T>> {
        match field.node.value {
            Value::List(_) => self.each(field, read).map(Expected::Each),
            Value::Number(_) => self.count(field, 0).map(Expected::Count),
            _ => self.wrong(field, "how many there have to be, or a list with what each has to be"),
        }
    }

    fn expected_alert(&mut self, field: Field<'_>) -> Option<ExpectedAlert> {
        let fields = self.fields(field, &ALERT_KEYS)?;
        let mut alert = ExpectedAlert::default();
        self.optional(&fields, "summary_contains", &mut alert.summary_contains, Reader::boxed);
        self.take(&fields, "labels", &mut alert.labels, Reader::labels);
        self.optional(&fields, "source", &mut alert.source, |reader, field| reader.text(field).map(SourceName::from));
        self.optional(&fields, "ci", &mut alert.ci, Reader::item_or_none);
        self.optional(&fields, "state", &mut alert.state, |reader, field| reader.word(field, &ALERT_STATES));
        self.optional(&fields, "severity", &mut alert.severity, |reader, field| {
            reader.word(field, &Severity::ALL.map(|severity| (severity.as_str(), severity)))
        });
        self.optional(&fields, "effect", &mut alert.effect, |reader, field| match field.node.value {
            Value::Null => Some(None),
            _ => reader.word(field, &EFFECTS).map(Some),
        });
        self.optional(&fields, "episodes", &mut alert.episodes, |reader, field| reader.count(field, 0));
        Some(alert)
    }

    fn expected_incident(&mut self, field: Field<'_>) -> Option<ExpectedIncident> {
        let fields = self.fields(field, &INCIDENT_KEYS)?;
        let mut incident = ExpectedIncident::default();
        self.optional(&fields, "title_contains", &mut incident.title_contains, Reader::boxed);
        self.optional(&fields, "state", &mut incident.state, |reader, field| {
            reader.word(field, &IncidentState::ALL.map(|state| (state.as_str(), state)))
        });
        self.optional(&fields, "priority", &mut incident.priority, |reader, field| {
            reader.word(field, &Priority::ALL.map(|priority| (priority.as_str(), priority)))
        });
        self.optional(&fields, "cause", &mut incident.cause, Reader::item_or_none);
        self.optional(&fields, "services", &mut incident.services, Reader::services);
        self.optional(&fields, "alerts", &mut incident.alerts, |reader, field| reader.count(field, 0));
        Some(incident)
    }

    fn optional<'n, T>(
        &mut self,
        fields: &Fields<'n>,
        key: &'n str,
        place: &mut Option<T>,
        read: impl FnOnce(&mut Self, Field<'n>) -> Option<T>,
    ) {
        self.take(fields, key, place, |reader, field| read(reader, field).map(Some));
    }

    fn boxed(&mut self, field: Field<'_>) -> Option<Box<str>> {
        self.text(field).map(Box::from)
    }

    fn item_or_none(&mut self, field: Field<'_>) -> Option<Option<CiId>> {
        match field.node.value {
            Value::Null => Some(None),
            _ => self.text(field).map(|id| Some(CiId::from(id))),
        }
    }

    fn labels(&mut self, field: Field<'_>) -> Option<Labels> {
        let entries = self.dictionary(field, "a mapping from labels to values")?;
        let pairs = entries.iter().filter_map(|(key, node)| {
            let value = self.text(Field { key: &key.name, node })?;
            Some((&*key.name, value))
        });
        Some(Labels::from_pairs(pairs))
    }

    fn services(&mut self, field: Field<'_>) -> Option<Vec<(CiId, ItemState)>> {
        let entries = self.dictionary(field, "a mapping from services to their states, such as {checkout: down}")?;
        let mut services: Vec<(CiId, ItemState)> = entries
            .iter()
            .filter_map(|(key, node)| {
                let state = self.word(Field { key: &key.name, node }, &SERVICE_STATES)?;
                Some((CiId::from(&*key.name), state))
            })
            .collect();
        services.sort();
        Some(services)
    }
}
