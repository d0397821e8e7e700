//! What changed lately: incidents, services, changes, windows, silences, sources, the CMDB, and what people did. For who
//! asks "what is different from an hour ago?".

mod moment;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::Span;
use model::text::counted;
use wire::v1;

use self::moment::{About, Lately, Moment};
use super::{TABS, Tabs};
use crate::Api;
use crate::asked::Asked;
use crate::board::open;
use crate::facts::{changes, maintenance, silences};
use crate::fault::Fault;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;
use crate::{incidents, ops, outages, records};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/recent", get(recent))
}

/// How far back one may look: word, name, length.
const SPANS: [(&str, &str, Span); 4] = [
    ("1h", "1 hour", Span::from_hours(1)),
    ("4h", "4 hours", Span::from_hours(4)),
    ("12h", "12 hours", Span::from_hours(12)),
    ("24h", "24 hours", Span::from_hours(24)),
];
/// Lines of the page: the newest.
const MOMENTS_SHOWN: usize = 150;
/// Rows of each kind that are looked through.
const ROWS: &str = "500";
/// What is closed now was opened at most so long before the time that is looked at.
const OPENED_BEFORE: Span = Span::from_hours(7 * 24);
const AUDIT_ROWS: &str = "60";

#[derive(Template)]
#[template(path = "recent.html")]
struct Recent {
    shell: Shell,
    tabs: Tabs,
    here: &'static str,
    headline: String,
    span: &'static str,
    spans: Vec<Choice>,
    kinds: Vec<Choice>,
    moments: Vec<Moment>,
    unshown: usize,
    /// What people did, for those who may read it.
    audit: Option<Vec<v1::AuditEntry>>,
}

struct Choice {
    name: String,
    address: String,
    chosen: bool,
    count: Option<usize>,
}

async fn recent(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Recent>, Trouble> {
    asked.only(&["span", "kind"])?;
    let known = || Fault::bad("`span` is one of 1h, 4h, 12h, 24h");
    let word = asked.one("span").unwrap_or("1h");
    let (word, name, length) = SPANS.into_iter().find(|(known, ..)| *known == word).ok_or_else(known)?;
    let kind = asked.words("kind", About::from_word, &About::ALL.map(About::word))?.first().copied();

    let lately = Lately { from: api.now() - length, to: api.now() };
    let mut moments = gathered(&api, &visitor, lately).await?;
    moments.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.name.cmp(&other.name)));
    let kinds = kinds(word, kind, &moments);
    let headline = headline(name, &moments);
    moments.retain(|moment| kind.is_none_or(|kind| kind == moment.about));
    let unshown = moments.len().saturating_sub(MOMENTS_SHOWN);
    moments.truncate(MOMENTS_SHOWN);
    let audit = if visitor.manages() { Some(audit(&api, &visitor, lately).await?) } else { None };
    Ok(Page(Recent {
        shell: Shell::new(&api, visitor, "/", "What changed"),
        tabs: TABS,
        here: "/recent",
        headline,
        span: name,
        spans: SPANS.into_iter().map(|(other, name, _)| Choice::of_span(other, name, word, kind)).collect(),
        kinds,
        moments,
        unshown,
        audit,
    }))
}

async fn gathered(api: &Api, visitor: &Visitor, lately: Lately) -> Result<Vec<Moment>, Fault> {
    let (from, to) = (lately.from.to_string(), lately.to.to_string());
    let within = || Asked::of(&[("from", &from), ("to", &to), ("limit", ROWS)]);
    let state = || State(api.clone());
    let mut moments = Vec::new();

    let all = [("state", "open,acknowledged,restored,on_hold,resolved"), ("sort", "changed")];
    let known = Asked::of(&[all[0], all[1], ("since", &from), ("limit", ROWS)]);
    let changed = open::open(visitor.by(), state(), known).await?.0.items;
    moments.extend(changed.iter().flat_map(|incident| Moment::of_incident(incident, lately)));
    // By when they were opened, which may be long before they were closed.
    let long_before = (lately.from - OPENED_BEFORE).to_string();
    let over = Asked::of(&[("state", "closed,merged"), ("from", &long_before), ("limit", ROWS)]);
    let over = incidents::list(visitor.by(), state(), over).await?.0.items;
    moments.extend(over.iter().flat_map(|incident| Moment::of_incident(incident, lately)));

    let outages = outages::list(visitor.by(), state(), within()).await?.0.items;
    moments.extend(outages.iter().flat_map(|outage| Moment::of_outage(outage, lately)));
    let latest = Asked::of(&[("from", &from), ("limit", ROWS)]);
    let changes = changes::list(visitor.by(), state(), latest).await?.0.items;
    moments.extend(changes.iter().filter_map(|change| Moment::of_change(change, lately)));
    let windows = maintenance::list(visitor.by(), state(), within()).await?.0.items;
    moments.extend(windows.iter().flat_map(|window| Moment::of_window(window, lately)));
    let silences =
        silences::list(visitor.by(), state(), Asked::of(&[("ended", "true"), ("limit", ROWS)])).await?.0.items;
    moments.extend(silences.iter().flat_map(|silence| Moment::of_silence(silence, lately)));
    let status = ops::status(visitor.by(), state()).await?.0;
    moments.extend(Moment::of_status(&status, lately));
    Ok(moments)
}

async fn audit(api: &Api, visitor: &Visitor, lately: Lately) -> Result<Vec<v1::AuditEntry>, Fault> {
    let from = lately.from.to_string();
    let asked = Asked::of(&[("from", &from), ("limit", AUDIT_ROWS)]);
    Ok(records::audit(visitor.by(), State(api.clone()), asked).await?.0.items)
}

fn kinds(span: &str, chosen: Option<About>, moments: &[Moment]) -> Vec<Choice> {
    let choice = |about: About| {
        let count = moments.iter().filter(|moment| moment.about == about).count();
        let is = chosen == Some(about);
        let address = address(span, (!is).then_some(about));
        (count > 0 || is).then(|| Choice { name: about.name().to_owned(), address, chosen: is, count: Some(count) })
    };
    About::ALL.into_iter().filter_map(choice).collect()
}

fn address(span: &str, kind: Option<About>) -> String {
    match kind {
        Some(kind) => format!("/recent?span={span}&kind={}", kind.word()),
        None => format!("/recent?span={span}"),
    }
}

impl Choice {
    fn of_span(word: &str, name: &str, chosen: &str, kind: Option<About>) -> Choice {
        Choice { name: name.to_owned(), address: address(word, kind), chosen: word == chosen, count: None }
    }
}

fn headline(span: &str, moments: &[Moment]) -> String {
    let of = |what: &str| moments.iter().filter(|moment| moment.what == what).count();
    let said: Vec<String> = [
        (of("opened"), "incident opened", "incidents opened"),
        (of("restored"), "restored", "restored"),
        (of("resolved"), "resolved", "resolved"),
        (of("went down"), "service went down", "services went down"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
    .collect();
    let changes = moments.iter().filter(|moment| moment.about == About::Changes).count();
    let changes = (changes > 0).then(|| counted(changes, "change"));
    let parts: Vec<String> = said.into_iter().chain(changes).collect();
    let span = span.strip_prefix("1 ").unwrap_or(span);
    match parts.as_slice() {
        [] if moments.is_empty() => format!("Nothing changed in the last {span}."),
        [] => format!("In the last {span} nothing opened and nothing was restored."),
        parts => format!("In the last {span}: {}.", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    fn moment(about: About, what: &'static str) -> Moment {
        Moment::new(v1::Instant(Timestamp::EPOCH), about, String::new(), what)
    }

    #[test]
    fn the_headline_counts_what_matters_and_says_when_nothing_did() {
        assert_eq!(headline("1 hour", &[]), "Nothing changed in the last hour.");
        assert_eq!(
            headline("4 hours", &[moment(About::Silences, "was set")]),
            "In the last 4 hours nothing opened and nothing was restored."
        );
        let many = [
            moment(About::Incidents, "opened"),
            moment(About::Incidents, "opened"),
            moment(About::Incidents, "restored"),
            moment(About::Changes, "began"),
        ];
        assert_eq!(headline("1 hour", &many), "In the last hour: 2 incidents opened, 1 restored, 1 change.");
    }
}
