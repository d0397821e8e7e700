//! Sources: who is heard and who is silent, and whether anything waits on our side.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::Span;
use wire::v1;

use super::Trouble;
use super::address::address;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::ops::{self, PartitionStatus, SourceStatus, Status};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/sources", get(sources))
}

const HERE: &str = "/sources";
/// Rows of a page, so that it stays small; those that are silent come first.
const ROWS: usize = 150;

#[derive(Template)]
#[template(path = "sources.html")]
struct Sources {
    shell: Shell,
    status: Status,
    rows: Vec<Row>,
    /// All that there are.
    known: usize,
    /// Those that match, whether they are shown or not.
    found: usize,
    q: String,
    lags: Vec<PartitionStatus>,
}

struct Row {
    name: String,
    heard: Heard,
    heard_at: v1::Instant,
    every: Option<String>,
}

/// How it is with a source, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    /// It should have said something, since then.
    Silent(v1::Instant),
    /// It should have said something, and nothing ever came.
    Never(v1::Instant),
    /// It is waited for, and still has time.
    Awaited(v1::Instant),
    Lives,
    /// It never said how often it speaks: its silence means nothing.
    Unpromised,
}

impl Row {
    fn of(source: SourceStatus) -> Row {
        let SourceStatus { name, heard_at, every_seconds, unheard_since, silent_since } = source;
        let promised = every_seconds.is_some();
        let heard = match (unheard_since, silent_since) {
            (Some(since), Some(_)) => Heard::Never(since),
            (_, Some(since)) => Heard::Silent(since),
            (Some(since), None) => Heard::Awaited(since),
            _ if promised => Heard::Lives,
            _ => Heard::Unpromised,
        };
        Row { name, heard, heard_at, every: every_seconds.map(|every| length(every.value())) }
    }

    fn is_never_heard(&self) -> bool {
        matches!(self.heard, Heard::Never(_) | Heard::Awaited(_))
    }

    fn since(&self) -> Option<v1::Instant> {
        match self.heard {
            Heard::Silent(since) | Heard::Never(since) => Some(since),
            Heard::Awaited(_) | Heard::Lives | Heard::Unpromised => None,
        }
    }

    fn class(&self) -> &'static str {
        match self.heard {
            Heard::Silent(_) | Heard::Never(_) => "down",
            Heard::Lives => "up",
            Heard::Awaited(_) | Heard::Unpromised => "none",
        }
    }

    fn word(&self) -> &'static str {
        match self.heard {
            Heard::Silent(_) => "silent",
            Heard::Never(_) => "never heard",
            Heard::Awaited(_) => "waited for",
            Heard::Lives => "heard",
            Heard::Unpromised => "not watched",
        }
    }

    fn letters(&self) -> String {
        address("/dead-letters", &[("source", &self.name)])
    }
}

/// `45 s`, `5 min`, `2 h`.
fn length(seconds: f64) -> String {
    for (unit, of) in [("h", 3600.0), ("min", 60.0)] {
        if seconds >= of && seconds % of == 0.0 {
            return format!("{} {unit}", seconds / of);
        }
    }
    format!("{seconds} s")
}

impl Sources {
    fn silent(&self) -> usize {
        self.status.sources_silent
    }

    fn headline(&self) -> String {
        match (self.known, self.silent()) {
            (0, _) => "Nothing has been heard yet.".to_owned(),
            (_, 0) => "No source is silent.".to_owned(),
            (_, 1) => "One source is silent: what it watches is not known now.".to_owned(),
            (_, many) => format!("{many} sources are silent: what they watch is not known now."),
        }
    }

    fn waited(&self) -> String {
        told::age(Span::from_seconds_f64(self.status.outbox_oldest_seconds.value()).unwrap_or(Span::ZERO))
    }

    fn is_behind(&self) -> bool {
        self.lags.iter().any(|lag| lag.lag > 0)
    }
}

async fn sources(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Sources>, Trouble> {
    asked.only(&["q"])?;
    let q = asked.one("q").unwrap_or_default().trim().to_owned();
    let mut status = ops::status(visitor.by(), State(api.clone())).await?.0;
    let known = status.sources.len();
    let mut rows: Vec<Row> = std::mem::take(&mut status.sources).into_iter().map(Row::of).collect();
    rows.retain(|row| row.name.to_lowercase().contains(&q.to_lowercase()));
    rows.sort_by(|a, b| a.heard.cmp(&b.heard).then_with(|| a.name.cmp(&b.name)));
    let found = rows.len();
    rows.truncate(ROWS);
    let mut lags = std::mem::take(&mut status.kafka);
    lags.sort_by_key(|lag| std::cmp::Reverse(lag.lag));
    lags.truncate(ROWS);
    Ok(Page(Sources { shell: Shell::new(&api, visitor, HERE, "Sources"), status, known, rows, found, q, lags }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn source(name: &str, every: Option<f64>, unheard: Option<i64>, silent: Option<i64>) -> SourceStatus {
        let at = |seconds| v1::Instant(Timestamp::from_seconds(seconds));
        SourceStatus {
            name: name.to_owned(),
            heard_at: at(0),
            every_seconds: every.map(v1::Seconds::from),
            unheard_since: unheard.map(at),
            silent_since: silent.map(at),
        }
    }

    #[test]
    fn the_silent_come_first_and_those_that_promised_nothing_last() {
        let mut rows: Vec<Row> = [
            source("quiet", None, None, None),
            source("lives", Some(60.0), None, None),
            source("new", Some(60.0), Some(5), Some(9)),
            source("starts", None, Some(5), None),
            source("dead", Some(60.0), None, Some(9)),
        ]
        .into_iter()
        .map(Row::of)
        .collect();
        rows.sort_by_key(|row| row.heard);
        let words: Vec<&str> = rows.iter().map(Row::word).collect();
        assert_eq!(words, ["silent", "never heard", "waited for", "heard", "not watched"]);
    }

    #[test]
    fn lengths_are_read_at_a_glance() {
        for (seconds, expected) in [(45.0, "45 s"), (300.0, "5 min"), (7200.0, "2 h"), (90.0, "90 s")] {
            assert_eq!(length(seconds), expected);
        }
    }
}
