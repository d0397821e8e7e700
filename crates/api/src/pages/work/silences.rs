//! Silences: what people do not want to be told of, until when, and how much each mutes now.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::Timestamp;
use model::text::counted;
use wire::v1;

use super::address::Address;
use super::shown::brief;
use crate::Api;
use crate::alerts;
use crate::asked::Asked;
use crate::facts::silences;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/silences", get(list)).route("/silences/{id}", get(show))
}

#[derive(Template)]
#[template(path = "silences.html")]
struct Silences {
    shell: Shell,
    address: Address,
    parts: Vec<Part>,
    next: Option<String>,
    muted: Muted,
}

#[derive(Template)]
#[template(path = "silence.html")]
struct Shown {
    shell: Shell,
    silence: v1::Silence,
    stage: Stage,
    alerts: Vec<v1::Alert>,
    muted: Muted,
}

/// Where a silence is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    InForce,
    ToCome,
    Past,
}

/// Silences of one stage, with a heading.
struct Part {
    stage: Stage,
    silences: Vec<v1::Silence>,
}

/// How many alerts each silence mutes now.
#[derive(Clone, Debug, Default)]
struct Muted {
    by_silence: BTreeMap<String, usize>,
    /// There are more than were counted.
    is_cut: bool,
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Silences>, Trouble> {
    let address = Address::of("/silences", &asked, &["ended", "matcher"])?;
    let past = asked.flag("ended")?.unwrap_or(false);
    let ended = if past { "true" } else { "false" };
    let asking = address.asking(&asked, &[], &[("ended", ended)]);
    let found = silences::list(visitor.by(), State(api.clone()), asking).await?.0;
    let muted = if past { Muted::default() } else { muted_now(&visitor, &api).await?.0 };
    let stages: &[Stage] = if past { &[Stage::Past] } else { &[Stage::InForce, Stage::ToCome] };
    let parts = stages.iter().map(|stage| Part::of(*stage, &found.items, api.now())).collect();
    let shell = Shell::new(&api, visitor, "/silences", "Silences");
    Ok(Page(Silences { shell, address, parts, next: found.next, muted }))
}

async fn show(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Page<Shown>, Trouble> {
    asked.only(&[])?;
    let silence = silences::show(visitor.by(), State(api.clone()), Path(id)).await?.0;
    let (muted, mut alerts) = muted_now(&visitor, &api).await?;
    alerts.retain(|alert| muted_by(alert) == Some(&silence.id));
    alerts.truncate(ALERTS_SHOWN_MAX);
    let stage = Stage::of(&silence, api.now());
    let title = format!("Silence: {}", brief(&silence.comment, 80));
    Ok(Page(Shown { shell: Shell::new(&api, visitor, "/silences", title), silence, stage, alerts, muted }))
}

const ALERTS_SHOWN_MAX: usize = 50;

/// Alerts that are muted, and how many by which silence.
async fn muted_now(visitor: &Visitor, api: &Api) -> Result<(Muted, Vec<v1::Alert>), Trouble> {
    let suppressed = Asked::of(&[("suppressed", "true"), ("state", "firing,stale"), ("limit", "1000")]);
    let found = alerts::list(visitor.by(), State(api.clone()), suppressed).await?.0;
    Ok((Muted::of(&found), found.items))
}

/// The silence that mutes an alert; of several the one that holds longest.
fn muted_by(alert: &v1::Alert) -> Option<&str> {
    alert.suppressed.as_ref().filter(|why| why["code"] == "silence").and_then(|why| why["silence"].as_str())
}

impl Muted {
    fn of(found: &v1::List<v1::Alert>) -> Muted {
        let mut by_silence = BTreeMap::new();
        for silence in found.items.iter().filter_map(muted_by) {
            *by_silence.entry(silence.to_owned()).or_default() += 1;
        }
        Muted { by_silence, is_cut: found.next.is_some() }
    }

    fn told(&self, silence: &str) -> String {
        let more = if self.is_cut { "at least " } else { "" };
        match self.by_silence.get(silence) {
            None | Some(0) => "nothing now".to_owned(),
            Some(some) => format!("{more}{}", counted(*some, "alert")),
        }
    }
}

impl Stage {
    fn of(silence: &v1::Silence, now: Timestamp) -> Stage {
        if silence.ends_at.0 <= now {
            Stage::Past
        } else if silence.starts_at.0 > now {
            Stage::ToCome
        } else {
            Stage::InForce
        }
    }

    fn id(self) -> &'static str {
        match self {
            Stage::InForce => "in-force",
            Stage::ToCome => "to-come",
            Stage::Past => "past",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Stage::InForce => "In force",
            Stage::ToCome => "To come",
            Stage::Past => "Past",
        }
    }

    fn nothing(self) -> &'static str {
        match self {
            Stage::InForce => "Nothing is silenced. Everybody is told of everything that fires.",
            Stage::ToCome => "No silence is to come.",
            Stage::Past => "No silence is over yet, or those on this page are not.",
        }
    }

    fn is_over(self) -> bool {
        self == Stage::Past
    }
}

impl Part {
    fn of(stage: Stage, found: &[v1::Silence], now: Timestamp) -> Part {
        let mut silences: Vec<v1::Silence> =
            found.iter().filter(|silence| Stage::of(silence, now) == stage).cloned().collect();
        match stage {
            // What ends first is asked about first.
            Stage::InForce => silences.sort_by_key(|silence| silence.ends_at),
            Stage::ToCome => silences.sort_by_key(|silence| silence.starts_at),
            Stage::Past => silences.sort_by_key(|silence| std::cmp::Reverse(silence.ends_at)),
        }
        Part { stage, silences }
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    fn silence(id: &str, starts: i64, ends: i64) -> v1::Silence {
        let at = |seconds| v1::Instant(Timestamp::from_seconds(seconds));
        v1::Silence {
            id: id.to_owned(),
            matchers: Vec::new(),
            starts_at: at(starts),
            ends_at: at(ends),
            by: String::new(),
            comment: String::new(),
            updated_at: at(starts),
        }
    }

    #[test]
    fn what_ends_first_stands_first() {
        let now = Timestamp::EPOCH + Span::from_seconds(100);
        let found =
            [silence("later", 0, 300), silence("soon", 50, 200), silence("next", 150, 300), silence("over", 0, 100)];
        let ids = |stage| {
            let part = Part::of(stage, &found, now);
            part.silences.into_iter().map(|silence| silence.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(Stage::InForce), ["soon", "later"]);
        assert_eq!(ids(Stage::ToCome), ["next"]);
        assert_eq!(ids(Stage::Past), ["over"]);
    }

    #[test]
    fn what_a_silence_mutes_is_told_in_a_few_words() {
        let mut muted = Muted::default();
        muted.by_silence.insert("sil_1".to_owned(), 3);
        assert_eq!(muted.told("sil_1"), "3 alerts");
        assert_eq!(muted.told("sil_2"), "nothing now");
        muted.is_cut = true;
        assert_eq!(muted.told("sil_1"), "at least 3 alerts");
    }
}
