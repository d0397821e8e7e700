//! Which pages there are: the one list that every test of all pages goes by.
//!
//! A page that is new gets a line; one that the menu leads to and that has none fails a test.

/// Name, as in a picture's file, and path. What stands in braces is the first such thing of the demo's company:
/// `{incident}`, `{alert}`, `{service}`, `{item}`, `{problem}`.
pub(crate) const PAGES: &[(&str, &str)] = &[
    ("board", "/"),
    ("handover", "/handover"),
    ("suppressed", "/suppressed"),
    ("recent", "/recent"),
    ("team", "/team/team-storage"),
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
    ("report-problems", "/reports/problems"),
    ("report-changes", "/reports/changes"),
    ("report-noise", "/reports/noise"),
    ("report-outages", "/reports/outages"),
    ("reviews", "/reviews"),
    ("cmdb", "/cmdb"),
    ("cmdb-health", "/cmdb/health"),
    ("cmdb-import", "/cmdb/import"),
    ("dead-letters", "/dead-letters"),
    ("pipelines", "/pipelines"),
    ("sources", "/sources"),
    ("audit", "/audit"),
];

/// Where one signs in: only a service with tokens has it.
pub(crate) const SIGN_IN: (&str, &str) = ("sign-in", "/sign-in");
