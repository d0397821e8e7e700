//! What stands between a service and its recovery objectives. docs/measures.md section 8, "gaps".

use model::{CiId, Span, Timestamp};

/// Something the service directly requires, or a member of one of its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub id: CiId,
    pub rto: Option<Span>,
}

/// `k` of the members must be back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub k: u32,
    pub members: Vec<Dependency>,
}

/// An item reached through `requires` and groups at any depth, the service itself left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<'a> {
    pub id: CiId,
    pub rto: Option<Span>,
    pub rpo: Option<Span>,
    /// The instants it can be restored to, in any order.
    pub points: &'a [Timestamp],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The item concerned; the service itself where its own objectives are at odds.
    pub requires: CiId,
    pub kind: GapKind,
    /// The RTO of that item.
    pub rto_seconds: Option<f64>,
}

/// In the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// It has no RTO.
    NoObjective,
    /// It has an RPO and no recovery point.
    NoRecoveryPoint,
    /// Its RTO is longer than the service's.
    RtoLonger,
    /// The service's RTO exceeds its own MTPD.
    RtoOverMtpd,
}

/// The objectives that gaps are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Targets {
    pub rto: Option<Span>,
    pub rpo: Option<Span>,
    /// Maximum tolerable period of disruption.
    pub mtpd: Option<Span>,
}

/// The gaps of `service` at the instant `by`, sorted by item and kind. None where it has no RTO.
pub fn gaps(
    service: &CiId,
    targets: Targets,
    requires: &[Dependency],
    groups: &[Group],
    reached: &[Reached<'_>],
    by: Timestamp,
) -> Vec<Gap> {
    let Some(rto) = targets.rto else { return Vec::new() };
    let direct = requires.iter().chain(groups.iter().filter_map(Group::judged_by));
    let mut gaps: Vec<Gap> = direct.filter_map(|dependency| dependency.gap(rto)).collect();
    if targets.rpo.is_some() {
        gaps.extend(reached.iter().filter(|item| item.lacks_point(by)).map(|item| Gap {
            requires: item.id.clone(),
            kind: GapKind::NoRecoveryPoint,
            rto_seconds: item.rto.map(Span::seconds_f64),
        }));
    }
    if targets.mtpd.is_some_and(|mtpd| rto > mtpd) {
        let rto_seconds = Some(rto.seconds_f64());
        gaps.push(Gap { requires: service.clone(), kind: GapKind::RtoOverMtpd, rto_seconds });
    }
    gaps.sort_by(|a, b| (&a.requires, a.kind).cmp(&(&b.requires, b.kind)));
    gaps.dedup(); // a member that decides for a group may be required by itself too
    gaps
}

impl Group {
    /// The group is back with its `k`th member in order of RTO; members without one come last.
    fn judged_by(&self) -> Option<&Dependency> {
        let mut members: Vec<&Dependency> = self.members.iter().collect();
        members.sort_by_key(|member| (member.rto.is_none(), member.rto, &member.id));
        members.get((self.k as usize).checked_sub(1)?).copied()
    }
}

impl Dependency {
    fn gap(&self, own: Span) -> Option<Gap> {
        let kind = match self.rto {
            None => GapKind::NoObjective,
            Some(rto) if rto > own => GapKind::RtoLonger,
            Some(_) => return None,
        };
        Some(Gap { requires: self.id.clone(), kind, rto_seconds: self.rto.map(Span::seconds_f64) })
    }
}

impl Reached<'_> {
    fn lacks_point(&self, by: Timestamp) -> bool {
        self.rpo.is_some() && !self.points.iter().any(|point| *point <= by)
    }
}

impl GapKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            GapKind::NoObjective => "no_objective",
            GapKind::NoRecoveryPoint => "no_recovery_point",
            GapKind::RtoLonger => "rto_longer",
            GapKind::RtoOverMtpd => "rto_over_mtpd",
        }
    }
}
