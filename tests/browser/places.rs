//! Which pages there are: the one list that every test of all pages goes by.
//!
//! A page that comes takes its line from [`COMING`] to [`PAGES`]; one that nobody foresaw gets a line in `PAGES`.

/// Name, as in a picture's file, and path. What stands in braces is the first such thing of the demo's company:
/// `{incident}`, `{alert}`, `{service}`, `{item}`, `{problem}`.
pub(crate) const PAGES: &[(&str, &str)] = &[("board", "/")];

/// Not built yet. A test fails when one of these answers, so that none stays here by mistake.
pub(crate) const COMING: &[(&str, &str)] = &[
    ("handover", "/handover"),
    ("suppressed", "/suppressed"),
    ("recent", "/recent"),
    ("incidents", "/incidents"),
    ("incident", "/incidents/{incident}"),
    ("alerts", "/alerts"),
    ("alert", "/alerts/{alert}"),
    ("services", "/services"),
    ("service", "/services/{service}"),
    ("item", "/cis/{item}"),
    ("map", "/map"),
    ("problems", "/problems"),
    ("problem", "/problems/{problem}"),
    ("changes", "/changes"),
    ("maintenance", "/maintenance"),
    ("silences", "/silences"),
    ("reports", "/reports"),
    ("report-availability", "/reports/availability"),
    ("report-incidents", "/reports/incidents"),
    ("report-slo", "/reports/slo"),
    ("report-sla", "/reports/sla"),
    ("report-continuity", "/reports/continuity"),
    ("cmdb", "/cmdb"),
    ("dead-letters", "/dead-letters"),
    ("pipelines", "/pipelines"),
    ("sources", "/sources"),
    ("audit", "/audit"),
];

/// Where one signs in: only a service with tokens has it.
pub(crate) const SIGN_IN: (&str, &str) = ("sign-in", "/sign-in");
