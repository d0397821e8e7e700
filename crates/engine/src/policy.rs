//! What a pipeline decides for its alerts and incidents. `rules` compiles it from files; every default is the
//! contract's.

use model::incident::Priority;
use model::{Matcher, PipelineName, Severity, Span, limits};

/// Every pipeline, by name.
#[derive(Clone, Debug)]
pub struct Policy {
    pipelines: Vec<Pipeline>,
    /// For alerts whose pipeline is gone.
    fallback: Pipeline,
    alerts_open_max: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    pub name: PipelineName,
    pub order: Order,
    pub expiry: Expiry,
    /// How long a silent source keeps its alerts from expiring.
    pub stale_limit: Span,
    pub clears: Clears,
    /// An alert not said again for this long has ended.
    pub resolve_timeout: Option<Span>,
    /// Episodes at or above it count: they open, start and restore incidents.
    pub open_at: Severity,
    /// An incident is restored once nothing at or above it fires.
    pub restore_at: Severity,
    /// Holds back telling, never opening.
    pub group_wait: Span,
    /// The same, once a service of criticality 1 is down.
    pub group_wait_critical: Span,
    pub quiet_period: Span,
    pub reopen_window: Span,
    /// Said this long after a forced resolve that it still fires: it never cleared.
    pub recheck_after: Span,
    pub close_after: Span,
    pub join_window: JoinWindow,
    pub flapping: Option<FlappingPolicy>,
    pub storm: Option<StormPolicy>,
    /// Alerts an incident lists; further ones count for services and priority.
    pub max_alerts: usize,
    pub rules: Vec<Rule>,
    pub inhibit: Vec<Inhibit>,
    pub priority: PriorityMatrix,
    /// Declares a major incident instead of proposing it.
    pub auto_declare: bool,
}

/// Which instant orders an alert's statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Own,
    /// For sources whose times cannot be used.
    Arrival,
}

/// Whose clock judges that a promise has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Clock,
    /// The source's own progress: a dead Prometheus is not good news.
    Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clears {
    Always,
    /// The source never says that something ended: a forced resolve stands though it is said again.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinWindow {
    pub gap: Span,
    pub cap: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlappingPolicy {
    pub changes: usize,
    pub within: Span,
    pub steady: Span,
}

/// So many incidents that open within so long are a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StormPolicy {
    pub incidents: usize,
    pub within: Span,
}

/// Groups what matches by equal labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub name: Box<str>,
    pub matchers: Vec<Matcher>,
    pub group_by: Vec<Box<str>>,
    pub window: Span,
    pub anchor: Anchor,
    /// What it takes joins nothing by any other tie, and nothing is tied to it: it is no sign of what fails.
    pub exclusive: bool,
}

/// What a rule's window is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The receipt of the incident's first episode.
    First,
    /// The receipt of its newest.
    Last,
    /// The start of the condition, as its source says it.
    Start,
}

/// As Alertmanager's: a target is explained by a firing source with equal labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Inhibit {
    pub source: Vec<Matcher>,
    pub target: Vec<Matcher>,
    pub equal: Vec<Box<str>>,
}

/// `rows[impact - 1][urgency - 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorityMatrix(pub [[Priority; 3]; 3]);

impl Policy {
    /// Sorted by name; of two with one name the later counts.
    pub fn new(pipelines: impl IntoIterator<Item = Pipeline>) -> Policy {
        let mut by_name = std::collections::BTreeMap::new();
        for pipeline in pipelines {
            by_name.insert(pipeline.name.clone(), pipeline);
        }
        Policy {
            pipelines: by_name.into_values().collect(),
            fallback: Pipeline::standard("default"),
            alerts_open_max: limits::ALERTS_OPEN_MAX,
        }
    }

    /// With another limit of open alerts than [`limits::ALERTS_OPEN_MAX`].
    pub fn with_alerts_open_max(self, alerts_open_max: usize) -> Policy {
        Policy { alerts_open_max, ..self }
    }

    /// Alerts with an open episode in one domain; what fires beyond that opens and joins nothing.
    pub fn alerts_open_max(&self) -> usize {
        self.alerts_open_max
    }

    /// What alerts and incidents live by whose pipeline exists no more: the contract's defaults.
    pub fn fallback(&self) -> &Pipeline {
        &self.fallback
    }

    pub fn pipelines(&self) -> &[Pipeline] {
        &self.pipelines
    }

    pub fn pipeline(&self, name: &PipelineName) -> Option<&Pipeline> {
        let at = self.pipelines.binary_search_by(|pipeline| pipeline.name.cmp(name)).ok()?;
        self.pipelines.get(at)
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::new([Pipeline::standard("default")])
    }
}

impl Pipeline {
    /// The contract's defaults. section 2.
    pub fn standard(name: impl Into<PipelineName>) -> Pipeline {
        Pipeline {
            name: name.into(),
            order: Order::Own,
            expiry: Expiry::Clock,
            stale_limit: Span::HOUR,
            clears: Clears::Always,
            resolve_timeout: None,
            open_at: Severity::Warning,
            restore_at: Severity::Minor,
            group_wait: Span::from_seconds(30),
            group_wait_critical: Span::from_seconds(10),
            quiet_period: Span::from_minutes(5),
            reopen_window: Span::HOUR,
            recheck_after: Span::from_minutes(15),
            close_after: Span::from_days(7),
            join_window: JoinWindow { gap: Span::from_minutes(15), cap: Span::from_hours(24) },
            flapping: Some(FlappingPolicy {
                changes: 6,
                within: Span::from_minutes(30),
                steady: Span::from_minutes(15),
            }),
            storm: Some(StormPolicy { incidents: 20, within: Span::from_minutes(5) }),
            max_alerts: 1000,
            rules: Vec::new(),
            inhibit: Vec::new(),
            priority: PriorityMatrix::default(),
            auto_declare: false,
        }
    }
}

/// docs/measures.md section 9.
impl Default for PriorityMatrix {
    fn default() -> PriorityMatrix {
        use Priority::{P1, P2, P3, P4, P5};
        PriorityMatrix([[P1, P2, P3], [P2, P3, P4], [P3, P4, P5]])
    }
}

impl PriorityMatrix {
    /// Impact and urgency from 1 (high) to 3 (low); anything else is taken as low.
    pub fn priority(&self, impact: u8, urgency: u8) -> Priority {
        let at = |level: u8| usize::from(level.clamp(1, 3)) - 1;
        self.0.get(at(impact)).and_then(|row| row.get(at(urgency))).copied().unwrap_or(Priority::P5)
    }
}
