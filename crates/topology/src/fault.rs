//! What can be wrong with a CMDB, in words that say where and what to do. docs/contract.md section 4.

use std::fmt;

use model::incident::Priority;
use model::limits::AGREED_TARGET_MAX;
use model::{CiId, Cmdb, Span};

use crate::build;

/// One thing that is wrong with a CMDB, or merely odd.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub severity: FaultSeverity,
    /// The item whose entry is at fault; `None` where it is a class, a calendar or an agreement.
    pub item: Option<CiId>,
    pub kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultSeverity {
    /// Imported all the same.
    Warning,
    /// Nothing is imported; a lenient import leaves out what is at fault and no more.
    Error,
}

/// What is wrong. Each says what a lenient build makes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// The id is empty or blank. The item is left out.
    EmptyId,
    /// Another item has the same id. The first stays.
    DuplicateItem,
    /// Two classes of one id. The first stays.
    DuplicateClass { class: Box<str> },
    /// Two calendars of one id. The first stays.
    DuplicateCalendar { calendar: Box<str> },
    /// A relation to an id that no item has. The relation is left out.
    UnknownTarget { relation: Box<str>, target: CiId },
    /// A relation of an item to itself. It is left out.
    SelfRelation { relation: Box<str> },
    /// A group (counted from 0) names an id that no item has. The member is left out.
    UnknownMember { group: usize, member: CiId },
    /// A group names an id twice. It counts once.
    MemberTwice { group: usize, member: CiId },
    /// A group names the item that needs it. The member is left out.
    MemberSelf { group: usize },
    /// Not `1 <= k <= n`, where `n` counts the members that are left. The group is left out.
    GroupBounds { group: usize, k: u32, n: u32 },
    /// Not 1 to 4. Taken as 3.
    Criticality { value: u8 },
    /// Not in (0, 1]. Taken as absent.
    Slo { value: f64 },
    /// Not in [0, 1]. Taken as 0.
    DegradedWeight { value: f64 },
    /// Negative, or zero where only a time recovery point objective may be. Taken as absent.
    Duration { field: &'static str, value: Span },
    /// No such calendar. Taken as 24x7.
    UnknownCalendar { calendar: Box<str> },
    /// A calendar without hours. It is kept, and no instant is inside.
    CalendarNeverOpens { calendar: Box<str> },
    /// Something is wrong with an agreement.
    Agreement { agreement: Box<str>, fault: AgreementFault },
    /// `retired_at` is not after `live_since`: the item never counts. Both are kept.
    NeverLive,
    /// An empty alias, which nothing can match. It is left out.
    EmptyAlias,
    /// Another item of the same environment has this alias too: neither is found by it. Both are kept.
    AliasShared { alias: Box<str>, with: CiId },
    /// The alias is another item's id, and an id wins over an alias. It is kept.
    AliasIsId { alias: Box<str> },
}

/// What is wrong with an agreement. Each says what a lenient build makes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum AgreementFault {
    /// The id is empty or blank. It is left out.
    EmptyId,
    /// Two of one id. The first stays.
    Duplicate,
    /// Not just one of service, team and supplier. It is left out.
    Parties { count: usize },
    /// No item has the id. It is left out.
    UnknownService { service: CiId },
    /// The item is no service, so no incident affects it. It is kept.
    NoService { item: CiId },
    /// No item names the supplier, so no incident is its. It is kept.
    UnknownSupplier { supplier: Box<str> },
    /// No such calendar. Taken as 24x7.
    UnknownCalendar { calendar: Box<str> },
    /// No priority has a target. It is left out.
    NoTargets,
    /// A priority has neither target. The priority is left out.
    EmptyTarget { priority: Priority },
    /// Not above zero, or above [`AGREED_TARGET_MAX`]. Taken as absent.
    Target { priority: Priority, field: &'static str, value: Span },
    /// Responding may take longer than restoring. Both are kept.
    RespondLonger { priority: Priority, respond: Span, restore: Span },
}

/// Everything that is wrong with a CMDB, errors and warnings, by item.
pub fn check(cmdb: &Cmdb) -> Vec<Fault> {
    build::build(cmdb, 0).1
}

impl Fault {
    pub(crate) fn of(item: &CiId, kind: FaultKind) -> Fault {
        Fault { severity: kind.severity(), item: Some(item.clone()), kind }
    }

    pub(crate) fn of_file(kind: FaultKind) -> Fault {
        Fault { severity: kind.severity(), item: None, kind }
    }

    /// The agreement at fault.
    pub fn agreement(&self) -> Option<&str> {
        match &self.kind {
            FaultKind::Agreement { agreement, .. } => Some(agreement),
            _ => None,
        }
    }

    /// It names an item that does not exist: a lenient import leaves that out, and anything else wrong is as bad as ever.
    pub fn is_dangling(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::UnknownTarget { .. }
                | FaultKind::UnknownMember { .. }
                | FaultKind::Agreement { fault: AgreementFault::UnknownService { .. }, .. }
        )
    }

    pub fn is_error(&self) -> bool {
        self.severity == FaultSeverity::Error
    }
}

impl FaultKind {
    pub fn severity(&self) -> FaultSeverity {
        match self {
            FaultKind::EmptyId
            | FaultKind::DuplicateItem
            | FaultKind::DuplicateClass { .. }
            | FaultKind::DuplicateCalendar { .. }
            | FaultKind::UnknownTarget { .. }
            | FaultKind::SelfRelation { .. }
            | FaultKind::UnknownMember { .. }
            | FaultKind::MemberTwice { .. }
            | FaultKind::MemberSelf { .. }
            | FaultKind::GroupBounds { .. }
            | FaultKind::Criticality { .. }
            | FaultKind::Slo { .. }
            | FaultKind::DegradedWeight { .. }
            | FaultKind::Duration { .. }
            | FaultKind::UnknownCalendar { .. }
            | FaultKind::CalendarNeverOpens { .. }
            | FaultKind::NeverLive => FaultSeverity::Error,
            FaultKind::EmptyAlias | FaultKind::AliasShared { .. } | FaultKind::AliasIsId { .. } => {
                FaultSeverity::Warning
            }
            FaultKind::Agreement { fault, .. } => fault.severity(),
        }
    }
}

impl AgreementFault {
    fn severity(&self) -> FaultSeverity {
        match self {
            AgreementFault::NoService { .. } | AgreementFault::UnknownSupplier { .. } => FaultSeverity::Warning,
            _ => FaultSeverity::Error,
        }
    }

    /// Nothing of such an agreement can be judged.
    pub(crate) fn leaves_it_out(&self) -> bool {
        use AgreementFault::{EmptyId, NoTargets, Parties, UnknownService};
        matches!(self, EmptyId | Parties { .. } | UnknownService { .. } | NoTargets)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.item {
            Some(item) => write!(f, "item `{item}`: {}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::EmptyId => f.write_str("the id is empty; give the item an id"),
            FaultKind::DuplicateItem => {
                f.write_str("another item has the same id; rename one, or merge the two entries")
            }
            FaultKind::DuplicateClass { class } => {
                write!(f, "class `{class}` is defined twice; remove one of the definitions")
            }
            FaultKind::DuplicateCalendar { calendar } => {
                write!(f, "calendar `{calendar}` is defined twice; remove or rename one")
            }
            FaultKind::UnknownTarget { relation, target } => {
                write!(f, "`{relation}` names `{target}`, which no item has as its id; add that item or correct the id")
            }
            FaultKind::SelfRelation { relation } => {
                write!(f, "`{relation}` names the item itself; remove that entry")
            }
            FaultKind::UnknownMember { group, member } => write!(
                f,
                "redundant group {} names `{member}`, which no item has as its id; add that item or correct the id",
                group + 1
            ),
            FaultKind::MemberTwice { group, member } => {
                write!(f, "redundant group {} names `{member}` twice; remove one", group + 1)
            }
            FaultKind::MemberSelf { group } => {
                write!(f, "redundant group {} names the item itself; remove it from the group", group + 1)
            }
            FaultKind::GroupBounds { group, k: 0, .. } => {
                write!(f, "redundant group {} needs k of at least 1; say how many members must not be down", group + 1)
            }
            FaultKind::GroupBounds { group, k, n } => write!(
                f,
                "redundant group {} needs {k} members and has {n} that are usable; lower k or add members",
                group + 1
            ),
            FaultKind::Criticality { value } => {
                write!(f, "criticality is {value}; write 1 (most critical) to 4")
            }
            FaultKind::Slo { value } => {
                write!(f, "slo is {value}; write a share above 0 and at most 1, such as 0.999 for 99.9 %")
            }
            FaultKind::DegradedWeight { value } => {
                write!(f, "degraded_weight is {value}; write a share from 0 to 1")
            }
            FaultKind::Duration { field, value } => {
                write!(f, "{field} is {value}; write a duration above zero, such as 30m, or leave it out")
            }
            FaultKind::UnknownCalendar { calendar } => {
                write!(f, "calendar `{calendar}` is not defined; add it under calendars, or write 24x7")
            }
            FaultKind::CalendarNeverOpens { calendar } => write!(
                f,
                "calendar `{calendar}` has hours on no day, so nothing is ever agreed; give it hours with days, or take it out"
            ),
            FaultKind::Agreement { agreement, fault } => write!(f, "agreement `{agreement}`: {fault}"),
            FaultKind::NeverLive => {
                f.write_str("retired_at is not after live_since, so the item would never count; correct one of them")
            }
            FaultKind::EmptyAlias => f.write_str("an alias is empty and matches nothing; remove it"),
            FaultKind::AliasShared { alias, with } => write!(
                f,
                "alias `{alias}` also belongs to `{with}` in the same environment, so it finds neither; keep it at one"
            ),
            FaultKind::AliasIsId { alias } => {
                write!(f, "alias `{alias}` is the id of another item, and the id wins; remove the alias")
            }
        }
    }
}

impl fmt::Display for AgreementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AgreementFault::EmptyId => f.write_str("the id is empty; give the agreement an id"),
            AgreementFault::Duplicate => {
                f.write_str("another agreement has the same id; rename one, or merge the two entries")
            }
            AgreementFault::Parties { count: 0 } => {
                f.write_str("it does not say whose incidents it is about; write one of service, team and supplier")
            }
            AgreementFault::Parties { count } => {
                write!(
                    f,
                    "it names {count} of service, team and supplier; keep one, and make an agreement for each other"
                )
            }
            AgreementFault::UnknownService { service } => {
                write!(f, "`service` names `{service}`, which no item has as its id; add that item or correct the id")
            }
            AgreementFault::NoService { item } => {
                write!(f, "`{item}` is no service, and incidents affect services only; name the service that needs it")
            }
            AgreementFault::UnknownSupplier { supplier } => {
                write!(
                    f,
                    "no item has the supplier `{supplier}`; say `supplier: {supplier}` of the items it answers for"
                )
            }
            AgreementFault::UnknownCalendar { calendar } => {
                write!(f, "calendar `{calendar}` is not defined; add it under calendars, or write 24x7")
            }
            AgreementFault::NoTargets => {
                f.write_str("it has no target; write one such as targets: {P1: {respond: 15m, restore: 4h}}")
            }
            AgreementFault::EmptyTarget { priority } => {
                write!(f, "{} has no target; write respond, restore or both", priority.as_str())
            }
            AgreementFault::Target { priority, field, value } => write!(
                f,
                "{field} of {} is {value}; write a duration above zero and at most {AGREED_TARGET_MAX}, such as 4h",
                priority.as_str()
            ),
            AgreementFault::RespondLonger { priority, respond, restore } => write!(
                f,
                "{} is to be restored within {restore} and responded to only within {respond}; exchange them, or mend one",
                priority.as_str()
            ),
        }
    }
}
