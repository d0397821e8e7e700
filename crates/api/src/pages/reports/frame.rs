//! What every page of reports has in common: which time and what of it is looked at, and the ways from one to another.
//! All of it stands in the address, so that a page can be sent to somebody.

use model::Timestamp;
use report::issued::Kind;
use wire::v1::Instant;

use super::period::{Chosen, Offer};
use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::told::encoded;

/// Reports in the order of their tabs, with the name of each.
pub(super) const KINDS: [(Kind, &str); 8] = [
    (Kind::Availability, "Availability"),
    (Kind::Incidents, "Incidents"),
    (Kind::Slo, "Objectives"),
    (Kind::Sla, "Agreements"),
    (Kind::Continuity, "Continuity"),
    (Kind::Problems, "Problems"),
    (Kind::Changes, "Changes"),
    (Kind::Noise, "Noise"),
];

/// What leaves something out.
const FILTERS: [&str; 6] = ["service", "team", "priority", "class", "environment", "criticality"];
const KNOWN: [&str; 14] = [
    "period",
    "from",
    "to",
    "zone",
    "service",
    "team",
    "priority",
    "class",
    "environment",
    "criticality",
    "by",
    "sort",
    "page",
    "tab",
];

/// For templates `frame`.
pub(super) struct Frame {
    pub(super) chosen: Chosen,
    pub(super) offers: [Vec<Offer>; 3],
    /// `None`: all of them.
    pub(super) kind: Option<Kind>,
    pub(super) filters: Vec<(&'static str, String)>,
    pub(super) by: String,
    pub(super) sort: String,
    pub(super) page: usize,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) now: Instant,
}

impl Frame {
    pub(super) fn of(asked: &Asked, now: Timestamp, kind: Option<Kind>) -> Result<Frame, Fault> {
        asked.only(&KNOWN)?;
        let chosen = Chosen::of(asked, now)?;
        let said = |name: &'static str| {
            let values: Vec<&str> = asked.many(name).collect();
            (!values.is_empty()).then(|| (name, values.join(",")))
        };
        let [from, to] = chosen.dates();
        Ok(Frame {
            offers: chosen.offers(now),
            chosen,
            kind,
            filters: FILTERS.into_iter().filter_map(said).collect(),
            by: asked.one("by").unwrap_or_default().to_owned(),
            sort: asked.one("sort").unwrap_or_default().to_owned(),
            page: asked.number("page")?.unwrap_or(1).max(1),
            from,
            to,
            now: now.into(),
        })
    }

    /// What the chooser offers, in groups.
    pub(super) fn offered(&self) -> [(&'static str, &[Offer]); 3] {
        let [rolling, months, quarters] = &self.offers;
        [("Up to now", rolling), ("Months", months), ("Quarters", quarters)]
    }

    /// A month or a quarter that is longer ago than those offered.
    pub(super) fn is_unoffered(&self) -> bool {
        self.chosen.word != "own" && !self.offers.iter().flatten().any(|(word, _)| *word == self.chosen.word)
    }

    pub(super) fn filter(&self, name: &str) -> &str {
        self.filters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// As the chooser calls it.
    pub(super) fn word(&self, filter: &str) -> &'static str {
        match filter {
            "class" => "Class",
            "environment" => "Environment",
            _ => "Criticality",
        }
    }

    /// Whether the report that is looked at has use for a filter.
    pub(super) fn has(&self, filter: &str) -> bool {
        has(self.kind, filter)
    }

    /// The filters that a report has use for.
    fn filters_of(&self, kind: Option<Kind>) -> impl Iterator<Item = (&'static str, &str)> {
        self.filters.iter().filter(move |(name, _)| has(kind, name)).map(|(name, value)| (*name, value.as_str()))
    }

    /// The question of a report over the time that is looked at.
    pub(super) fn question(&self, kind: Kind) -> Vec<(&'static str, String)> {
        self.over(kind, self.chosen.window)
    }

    /// The same over the time before.
    pub(super) fn question_before(&self, kind: Kind) -> Vec<(&'static str, String)> {
        self.over(kind, self.chosen.before)
    }

    fn over(&self, kind: Kind, window: model::Interval) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("from", window.start().to_string()), ("to", window.end().to_string())];
        if self.chosen.zone.name() != "UTC" {
            pairs.push(("time_zone", self.chosen.zone.name().to_owned()));
        }
        pairs.extend(self.filters_of(Some(kind)).map(|(name, value)| (name, value.to_owned())));
        pairs
    }

    /// What the address says of time and filters, for another report: `?period=2026-10&team=pay`.
    pub(super) fn query(&self, kind: Option<Kind>) -> String {
        let mut query = format!("?period={}", encoded(&self.chosen.word));
        if self.chosen.word == "own" {
            query += &format!("&from={}&to={}", self.from, self.to);
        }
        if self.chosen.zone.name() != "UTC" {
            query += &format!("&zone={}", encoded(self.chosen.zone.name()));
        }
        for (name, value) in self.filters_of(kind) {
            query += &format!("&{name}={}", encoded(value));
        }
        query
    }

    /// This very report with something else beside it, such as `by`.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let mut query = self.query(self.kind);
        for (known, said) in [("by", &self.by), ("sort", &self.sort)] {
            if known != name && !said.is_empty() {
                query += &format!("&{known}={}", encoded(said));
            }
        }
        if value.is_empty() { query } else { format!("{query}&{name}={}", encoded(value)) }
    }

    pub(super) fn at_page(&self, page: &usize) -> String {
        self.with("page", &page.to_string())
    }

    /// Path, name and whether one is there.
    pub(super) fn tabs(&self) -> Vec<(String, &'static str, bool)> {
        let overview = (format!("/reports{}", self.query(None)), "Overview", self.kind.is_none());
        let tab = |(kind, name): (Kind, &'static str)| {
            (format!("/reports/{}{}", kind.as_str(), self.query(Some(kind))), name, self.kind == Some(kind))
        };
        std::iter::once(overview).chain(KINDS.into_iter().map(tab)).collect()
    }

    /// The API's own answer as a file.
    pub(super) fn csv(&self, kind: Kind, more: &[(&str, &str)]) -> String {
        format!("/api/v1/measures/{}?{}&format=csv", kind.as_str(), asking(&self.question(kind), more))
    }

    /// What a figure came from; `of` says whose it is.
    pub(super) fn behind(&self, kind: &str, figure: &str, window: model::Interval, of: &[(&str, &str)]) -> String {
        let known = Kind::from_word(kind).unwrap_or(Kind::Availability);
        let mut pairs = self.over(known, window);
        pairs.retain(|(name, _)| !of.iter().any(|(other, _)| other == name));
        format!("/reports/behind?report={kind}&figure={figure}&{}", asking(&pairs, of))
    }
}

/// As the query of an address.
pub(super) fn asking(pairs: &[(&'static str, String)], more: &[(&str, &str)]) -> String {
    let pair = |(name, value): (&str, &str)| match name {
        // Instants need no escape.
        "from" | "to" => format!("{name}={value}"),
        _ => format!("{name}={}", encoded(value)),
    };
    let all = pairs.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied());
    all.map(pair).collect::<Vec<_>>().join("&")
}

/// As each report says it when it is asked: docs/contract.md section 8.
fn has(kind: Option<Kind>, filter: &str) -> bool {
    match (kind, filter) {
        (Some(Kind::Noise), _) => false,
        (_, "service") => true,
        (Some(Kind::Problems | Kind::Changes), _) => false,
        (_, "team") => true,
        (Some(Kind::Incidents | Kind::Sla), "priority") => true,
        (_, "priority") => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(pairs: &[(&str, &str)], kind: Option<Kind>) -> Frame {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        Frame::of(&Asked::of(pairs), now, kind).unwrap()
    }

    #[test]
    fn the_address_says_what_is_looked_at_and_another_report_keeps_what_it_has_use_for() {
        let asked = [("period", "2026-10"), ("team", "a&b"), ("priority", "P1,P2"), ("by", "team")];
        let frame = frame(&asked, Some(Kind::Incidents));
        assert_eq!(frame.with("page", "2"), "?period=2026-10&team=a%26b&priority=P1%2CP2&by=team&page=2");
        assert_eq!(frame.query(Some(Kind::Slo)), "?period=2026-10&team=a%26b");
        assert_eq!(frame.query(Some(Kind::Noise)), "?period=2026-10");
        assert_eq!(
            frame.csv(Kind::Slo, &[]),
            "/api/v1/measures/slo?from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z&team=a%26b&format=csv"
        );
    }

    #[test]
    fn what_is_behind_a_figure_is_asked_of_its_row_alone() {
        let frame = frame(&[("period", "2026-10"), ("service", "a,b"), ("team", "x")], Some(Kind::Availability));
        let link = frame.behind("availability", "outages", frame.chosen.window, &[("service", "b")]);
        assert!(link.starts_with("/reports/behind?report=availability&figure=outages&from="), "{link}");
        assert!(link.ends_with("&team=x&service=b"), "{link}");
    }
}
