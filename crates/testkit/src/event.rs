//! What a monitoring system says, as short as it can be said.
//!
//! An alert goes by a key, `NAME/ITEM` or `NAME` for one about no item: the name is its `alertname`, the item the name
//! its item goes by, the whole its `dedup_key`.

use model::event::{AlertEvent, Event, Status};
use model::{Domain, Effect, Fingerprint, Labels, PipelineName, Severity, SourceName, Timestamp};

use crate::clock::clock;

/// A statement in the making.
#[derive(Clone, Debug)]
pub struct Says {
    key: String,
    source: String,
    pipeline: String,
    labels: Vec<(String, String)>,
    event: AlertEvent,
}

/// The alert fires, severity critical.
pub fn firing(key: &str) -> Says {
    Says::new(key, Status::Firing)
}

/// The alert is over.
pub fn clear(key: &str) -> Says {
    Says::new(key, Status::Resolved)
}

/// The identity of an alert by its key, of the source that fixtures speak for unless they say another.
pub fn fingerprint(key: &str, source: &str) -> Fingerprint {
    Fingerprint::of_dedup_key(&Domain::default(), source, key)
}

pub const SOURCE: &str = "mon";

impl Says {
    fn new(key: &str, status: Status) -> Says {
        let (name, item) = key.split_once('/').map_or((key, None), |(name, item)| (name, Some(item)));
        let event = AlertEvent {
            fingerprint: fingerprint(key, SOURCE),
            domain: Domain::default(),
            source: SourceName::from(SOURCE),
            pipeline: PipelineName::from("default"),
            status,
            severity: Severity::Critical,
            effect: None,
            environment: None,
            summary: item.map_or_else(|| name.to_owned(), |item| format!("{name} on {item}")).into(),
            labels: Labels::default(),
            annotations: Labels::default(),
            url: None,
            dedup_key: Some(key.into()),
            external_id: None,
            ci_names: item.into_iter().map(Into::into).collect(),
            at: None,
            starts_at: None,
            ends_at: None,
            heard_at: None,
            times: model::event::ONCE,
        };
        let labels = vec![("alertname".to_owned(), name.to_owned())];
        Says { key: key.into(), source: SOURCE.into(), pipeline: "default".into(), labels, event }
    }

    pub fn severity(mut self, severity: Severity) -> Says {
        self.event.severity = severity;
        self
    }

    pub fn effect(mut self, effect: Effect) -> Says {
        self.event.effect = Some(effect);
        self
    }

    pub fn source(mut self, source: &str) -> Says {
        self.source = source.into();
        self
    }

    pub fn pipeline(mut self, pipeline: &str) -> Says {
        self.pipeline = pipeline.into();
        self
    }

    pub fn environment(mut self, environment: &str) -> Says {
        self.event.environment = Some(environment.into());
        self
    }

    pub fn summary(mut self, summary: &str) -> Says {
        self.event.summary = summary.into();
        self
    }

    pub fn label(mut self, name: &str, value: &str) -> Says {
        self.labels.push((name.into(), value.into()));
        self
    }

    pub fn at(mut self, at: Timestamp) -> Says {
        self.event.at = Some(at);
        self
    }

    pub fn starts(mut self, at: Timestamp) -> Says {
        self.event.starts_at = Some(at);
        self
    }

    pub fn ends(mut self, at: Timestamp) -> Says {
        self.event.ends_at = Some(at);
        self
    }

    /// One word of a fixture: `major`, `starts=09:59:50`, `ends=…`, `at=…`, `effect=none`, `source=…`, `env=…`,
    /// `summary=…` (underscores are spaces), `label.job=api`.
    pub fn word(self, word: &str) -> Says {
        let Some((name, value)) = word.split_once('=') else {
            return self.severity(Severity::from_word(word).unwrap_or_else(|| panic!("`{word}` is no severity")));
        };
        match name {
            "starts" => self.starts(clock(value)),
            "ends" => self.ends(clock(value)),
            "at" => self.at(clock(value)),
            "source" => self.source(value),
            "pipeline" => self.pipeline(value),
            "env" => self.environment(value),
            "summary" => self.summary(&value.replace('_', " ")),
            "effect" => self.effect(match value {
                "none" => Effect::None,
                "degraded" => Effect::Degraded,
                "down" => Effect::Down,
                other => panic!("`{other}` is no effect"),
            }),
            other => match other.strip_prefix("label.") {
                Some(label) => self.label(label, value),
                None => panic!("`{word}` says nothing of an alert"),
            },
        }
    }

    pub fn alert(self) -> AlertEvent {
        AlertEvent {
            fingerprint: fingerprint(&self.key, &self.source),
            source: SourceName::from(self.source),
            pipeline: PipelineName::from(self.pipeline),
            labels: Labels::from_pairs(self.labels),
            ..self.event
        }
    }

    pub fn event(self) -> Event {
        Event::from(self.alert())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_the_name_and_the_item() {
        let alert = firing("DiskFull/db-7").word("major").word("starts=10:00:00").word("label.job=disk").alert();
        assert_eq!(alert.labels.get("alertname"), Some("DiskFull"));
        assert_eq!(alert.labels.get("job"), Some("disk"));
        assert_eq!(&*alert.ci_names[0], "db-7");
        assert_eq!((alert.severity, alert.starts_at), (Severity::Major, Some(clock("10:00:00"))));
        assert_eq!(&*alert.summary, "DiskFull on db-7");
    }

    #[test]
    fn the_same_key_is_the_same_alert_and_another_source_another() {
        assert_eq!(firing("a/b").alert().fingerprint, clear("a/b").alert().fingerprint);
        assert_ne!(firing("a/b").alert().fingerprint, firing("a/b").source("zbx").alert().fingerprint);
    }
}
