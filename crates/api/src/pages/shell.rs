//! What every page has around it: the way to the other pages, who looks, and what time it is here.

use model::Timestamp;
use wire::v1;

use super::visitor::Visitor;
use super::{assets, told};
use crate::Api;

/// Handed to each template as `shell`.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) title: String,
    /// `None`: nobody is known yet, as where one signs in.
    pub(crate) visitor: Option<Visitor>,
    /// The path of the place that is looked at, such as `/services`.
    here: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) version: &'static str,
}

/// A group of places: what it is called, and path and name of each.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// Where one can go, in the order of the menu.
const PLACES: &[Group] = &[
    (
        "Watch",
        &[
            ("/", "Board"),
            ("/incidents", "Incidents"),
            ("/alerts", "Alerts"),
            ("/services", "Services"),
            ("/map", "Map"),
        ],
    ),
    (
        "Work",
        &[
            ("/problems", "Problems"),
            ("/changes", "Changes"),
            ("/maintenance", "Maintenance"),
            ("/silences", "Silences"),
        ],
    ),
    ("Answer for", &[("/reports", "Reports"), ("/reviews", "Reviews")]),
    (
        "Run",
        &[
            ("/cmdb", "CMDB"),
            ("/sources", "Sources"),
            ("/pipelines", "Pipelines"),
            ("/dead-letters", "Dead letters"),
            ("/audit", "Audit"),
        ],
    ),
];

impl Shell {
    /// `here` is a path of the menu: that place is marked.
    pub(crate) fn new(api: &Api, visitor: Visitor, here: &'static str, title: impl Into<String>) -> Shell {
        Shell { title: title.into(), visitor: Some(visitor), here, now: api.now(), version: api.version() }
    }

    /// For who is not known.
    pub(crate) fn bare(now: Timestamp, version: &'static str, title: impl Into<String>) -> Shell {
        Shell { title: title.into(), visitor: None, here: "", now, version }
    }

    pub(crate) fn places(&self) -> &'static [Group] {
        PLACES
    }

    pub(crate) fn is_here(&self, path: &str) -> bool {
        self.here == path
    }

    pub(crate) fn responds(&self) -> bool {
        self.visitor.as_ref().is_some_and(Visitor::responds)
    }

    pub(crate) fn manages(&self) -> bool {
        self.visitor.as_ref().is_some_and(Visitor::manages)
    }

    pub(crate) fn administers(&self) -> bool {
        self.visitor.as_ref().is_some_and(Visitor::administers)
    }

    /// Where a style or a script is served from.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// How long ago an instant is, or how far ahead, for templates.
    pub(crate) fn ago(&self, at: &v1::Instant) -> told::Ago {
        told::Ago { at: at.0, now: self.now }
    }

    /// An instant itself, for templates.
    pub(crate) fn at(&self, at: &v1::Instant) -> told::At {
        told::At { at: at.0, seconds: false }
    }

    /// To the second, where a minute holds much.
    pub(crate) fn second(&self, at: &v1::Instant) -> told::At {
        told::At { at: at.0, seconds: true }
    }
}
