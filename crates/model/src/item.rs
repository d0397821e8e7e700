//! Configuration items: what the CMDB says of each thing that delivers or supports a service.

use serde::{Deserialize, Serialize};

use crate::incident::Priority;
use crate::name::{CiId, Domain};
use crate::severity::Severity;
use crate::time::{Span, Timestamp};

/// One version of the CMDB, as its files say it, checked for nothing yet: `topology` does that.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Cmdb {
    pub classes: Vec<Class>,
    pub calendars: Vec<CalendarDef>,
    pub items: Vec<ConfigurationItem>,
    /// Versions that were stored before there were any have none.
    #[serde(default)]
    pub agreements: Vec<Agreement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    pub id: Box<str>,
    /// An alert at or above this severity takes an item of the class down.
    pub down_at: Severity,
    /// Whether items of the class are services: things reports list.
    pub service: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigurationItem {
    pub id: CiId,
    pub class: Box<str>,
    pub name: Option<Box<str>>,
    pub environment: Box<str>,
    /// 1 (most critical) to 4.
    pub criticality: u8,
    /// The owner.
    pub team: Option<Box<str>>,
    /// Who outside answers for it.
    #[serde(default)]
    pub supplier: Option<Box<str>>,
    /// How many people use it, of a service.
    #[serde(default)]
    pub users: Option<u64>,
    pub aliases: Vec<Box<str>>,
    pub domain: Domain,
    /// What this item needs and relates to.
    pub relations: Vec<Relation>,
    /// Groups of which `k` must not be down.
    pub groups: Vec<RedundantGroup>,
    pub objectives: Objectives,
    /// The item counts from here; `None`: from the version that brought it.
    pub live_since: Option<Timestamp>,
    /// The item counts no more from here.
    pub retired_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    pub kind: RelationKind,
    pub to: CiId,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// Cannot work without: what is down or degraded there is so here.
    Requires,
    /// Works worse without: what is down there degrades this.
    Uses,
    /// No direction; evidence for correlation only.
    Connected,
    /// Shared fate; evidence for correlation only.
    LocatedIn,
    PartOf,
    MonitoredBy,
    BackedUpBy,
    /// Kept and shown, nothing more.
    Other(Box<str>),
}

/// `k` of these must not be down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RedundantGroup {
    pub of: Vec<CiId>,
    pub k: u32,
}

#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Objectives {
    /// A share in (0, 1].
    pub slo: Option<f64>,
    pub slo_window: Option<SloWindow>,
    /// The share of degraded time that counts as downtime, in [0, 1]; 0 unless said.
    pub degraded_weight: f64,
    pub rto: Option<Span>,
    pub rpo: Option<Span>,
    pub mtpd: Option<Span>,
    pub exercise_every: Option<Span>,
    /// The id of a calendar; `None` is 24x7.
    pub calendar: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SloWindow {
    Rolling(Span),
    Month,
    Quarter,
}

/// What was promised of incidents: by when somebody responds, by when service is restored. docs/measures.md section 7.
/// Of `service`, `team` and `supplier` a sound one has just one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub id: Box<str>,
    pub kind: AgreementKind,
    pub service: Option<CiId>,
    pub team: Option<Box<str>>,
    pub supplier: Option<Box<str>>,
    /// The id of the calendar its clocks run on; `None` is 24x7.
    pub calendar: Option<Box<str>>,
    /// By priority, each once.
    pub targets: Vec<AgreedTarget>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    /// Service level agreement, with a customer.
    Sla,
    /// Operational level agreement, within the house.
    Ola,
    /// Underpinning contract, with a supplier.
    Uc,
}

/// Of incidents of one priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedTarget {
    pub priority: Priority,
    pub respond: Option<Span>,
    pub restore: Option<Span>,
}

/// Agreed hours. docs/measures.md section 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDef {
    pub id: Box<str>,
    /// An IANA name, such as `Europe/Berlin`.
    pub time_zone: Box<str>,
    pub hours: Vec<Hours>,
    pub holidays: Vec<Date>,
}

/// On these weekdays, from one minute of the local day to another (at most 1440, which is `24:00`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    pub days: Vec<Weekday>,
    pub from_minute: u16,
    pub to_minute: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A civil date; whether it exists is for `calendar` to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date {
    pub year: i16,
    pub month: u8,
    pub day: u8,
}

impl ConfigurationItem {
    /// An item of a class, with the contract's defaults.
    pub fn new(id: impl Into<CiId>, class: &str) -> ConfigurationItem {
        ConfigurationItem {
            id: id.into(),
            class: class.into(),
            name: None,
            environment: "production".into(),
            criticality: 3,
            team: None,
            supplier: None,
            users: None,
            aliases: Vec::new(),
            domain: Domain::default(),
            relations: Vec::new(),
            groups: Vec::new(),
            objectives: Objectives::default(),
            live_since: None,
            retired_at: None,
        }
    }

    /// What people call it.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id.as_str())
    }
}

impl RelationKind {
    /// The contract's words; `runs_on` and `hosted_on` are names for `requires`.
    pub const WORDS: [(&'static str, RelationKind); 9] = [
        ("requires", RelationKind::Requires),
        ("runs_on", RelationKind::Requires),
        ("hosted_on", RelationKind::Requires),
        ("uses", RelationKind::Uses),
        ("connected", RelationKind::Connected),
        ("located_in", RelationKind::LocatedIn),
        ("part_of", RelationKind::PartOf),
        ("monitored_by", RelationKind::MonitoredBy),
        ("backed_up_by", RelationKind::BackedUpBy),
    ];

    pub fn from_word(word: &str) -> RelationKind {
        let known = RelationKind::WORDS.into_iter().find(|(known, _)| *known == word);
        known.map_or_else(|| RelationKind::Other(word.into()), |(_, kind)| kind)
    }

    pub fn as_str(&self) -> &str {
        match self {
            RelationKind::Requires => "requires",
            RelationKind::Uses => "uses",
            RelationKind::Connected => "connected",
            RelationKind::LocatedIn => "located_in",
            RelationKind::PartOf => "part_of",
            RelationKind::MonitoredBy => "monitored_by",
            RelationKind::BackedUpBy => "backed_up_by",
            RelationKind::Other(word) => word,
        }
    }
}

impl AgreementKind {
    pub const ALL: [AgreementKind; 3] = [AgreementKind::Sla, AgreementKind::Ola, AgreementKind::Uc];

    pub const fn as_str(self) -> &'static str {
        match self {
            AgreementKind::Sla => "sla",
            AgreementKind::Ola => "ola",
            AgreementKind::Uc => "uc",
        }
    }
}

impl CalendarDef {
    /// It has no hours on any day: no instant is ever inside.
    pub fn never_opens(&self) -> bool {
        self.hours.iter().all(|hours| hours.days.is_empty() || hours.to_minute <= hours.from_minute)
    }
}

impl Class {
    /// What a class is where no file defines it: a service if that is its name, down at critical.
    pub fn implied(id: &str) -> Class {
        Class { id: id.into(), down_at: Severity::Critical, service: id == "service" }
    }
}
