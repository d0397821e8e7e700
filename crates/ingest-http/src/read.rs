//! From a body to inputs: each event is read by the pipeline of its own source; what cannot be read is an input too.

use std::sync::Arc;

use model::SourceName;
use rules::PipelineSet;
use runtime::{Item, Unreadable};
use wire::{Context, Format, Input, Notice, Refused};

/// Where a push says it comes from, where it says so at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The path's last part: it chooses the pipeline, whatever the events say.
    pub(crate) path: Option<SourceName>,
    /// `?source=`, for events that name none.
    pub(crate) query: Option<SourceName>,
}

/// The alerts whose senders wrote a `ci`, by their numbers, each with its place among the names of the item.
pub(crate) type OwnCis = Vec<(u64, usize)>;

/// What a body came to.
#[derive(Debug)]
pub(crate) enum Reading {
    /// One for each event, in order, and what was taken otherwise than it was said.
    Items(Vec<Item>, Vec<(Option<u64>, Notice)>, OwnCis),
    /// The body as a whole, for the dead letters.
    Unreadable(Item),
    /// Nothing of it is kept.
    TooMany { limit: usize },
}

impl Origin {
    /// The source of what names none.
    pub(crate) fn fallback(&self, format: Format) -> SourceName {
        self.path.clone().or_else(|| self.query.clone()).unwrap_or_else(|| SourceName::from(format.as_str()))
    }
}

pub(crate) fn read(
    pipelines: &PipelineSet,
    format: Format,
    origin: &Origin,
    body: &[u8],
    context: &Context,
) -> Reading {
    let fallback = origin.fallback(format);
    let decoded = match &origin.path {
        Some(path) => pipelines.decoder(format, path).decode(format, &fallback, body, context),
        None => pipelines.decode(format, &fallback, body, context),
    };
    match decoded.refused {
        Some(Refused::TooMany { limit }) => return Reading::TooMany { limit },
        Some(Refused::Unreadable(why)) => {
            return Reading::Unreadable(unreadable(fallback, format, &why.to_string(), body));
        }
        None => {}
    }
    let mut notices: Vec<(Option<u64>, Notice)> = decoded.notices.into_iter().map(|notice| (None, notice)).collect();
    let mut items = Vec::with_capacity(decoded.received.len());
    let mut own_cis = Vec::new();
    for (index, received) in (0..).zip(decoded.received) {
        let raw = body.get(received.raw).unwrap_or_default();
        // Of what is unreadable the reason says enough.
        if received.result.is_ok() {
            notices.extend(received.notices.into_iter().map(|notice| (Some(index), notice)));
        }
        own_cis.extend(received.own_ci.map(|name| (index, name)));
        items.push(match received.result {
            Ok(Input::Event(event)) => Item::Event(event),
            Ok(Input::Command(command)) => Item::Command(command),
            Err(why) => unreadable(fallback.clone(), format, &why.to_string(), raw),
        });
    }
    Reading::Items(items, notices, own_cis)
}

/// Bytes that cannot be read, as an input.
pub(crate) fn unreadable(source: SourceName, format: Format, why: &str, raw: &[u8]) -> Item {
    Item::Unreadable(Box::new(Unreadable {
        source,
        format: format.as_str().into(),
        why: why.into(),
        raw: Arc::from(raw),
        origin: None,
    }))
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use model::event::Event;

    use super::*;

    fn pipelines() -> PipelineSet {
        let files = [
            ("zabbix.yaml", "name: zabbix\nmatch: {source: \"zabbix-*\"}\nseverity: {map: {disaster: minor}}\n"),
            ("nagios.yaml", "name: nagios\nmatch: {source: \"nagios\"}\n"),
        ];
        PipelineSet::parse(&files).unwrap().0
    }

    fn context() -> Context {
        Context { receipt: Timestamp::from_seconds(1_000), replay: false }
    }

    fn by_pipeline(origin: &Origin, body: &str) -> Vec<String> {
        let Reading::Items(items, ..) = read(&pipelines(), Format::Native, origin, body.as_bytes(), &context()) else {
            panic!("the body reads");
        };
        let describe = |item: &Item| match item {
            Item::Event(Event::Alert(alert)) => format!("{} by {}", alert.source, alert.pipeline),
            Item::Unreadable(unreadable) => format!("{} unreadable", unreadable.source),
            other => format!("{other:?}"),
        };
        items.iter().map(describe).collect()
    }

    #[test]
    fn each_event_is_read_by_the_pipeline_of_its_own_source() {
        let body = r#"[{"source":"zabbix-eu","summary":"a"},{"source":"nagios","summary":"b"},{"summary":"c"},{"source":"zabbix-us"}]"#;
        assert_eq!(
            by_pipeline(&Origin::default(), body),
            ["zabbix-eu by zabbix", "nagios by nagios", "native by default", "native unreadable"]
        );
    }

    #[test]
    fn the_path_chooses_the_pipeline_and_names_what_names_itself_nothing() {
        let origin = Origin { path: Some("nagios".into()), query: Some("zabbix-eu".into()) };
        let body = "{\"summary\":\"a\"}\n{\"source\":\"zabbix-eu\",\"summary\":\"b\"}";
        assert_eq!(by_pipeline(&origin, body), ["nagios by nagios", "zabbix-eu by nagios"]);
        let query_only = Origin { path: None, query: Some("zabbix-us".into()) };
        assert_eq!(by_pipeline(&query_only, r#"{"summary":"a"}"#), ["zabbix-us by zabbix"]);
    }

    #[test]
    fn a_body_that_is_no_events_is_unreadable_as_it_came() {
        let body = br#"[{"summary":"a"}"#;
        let read = read(&pipelines(), Format::Native, &Origin::default(), body, &context());
        let Reading::Unreadable(Item::Unreadable(unreadable)) = read else { panic!("{read:?}") };
        assert_eq!(&*unreadable.raw, body);
        assert!(unreadable.why.contains("line 1"), "{}", unreadable.why);
    }
}
