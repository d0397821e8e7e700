//! What a CMDB leaves open or says against itself, though nothing of it is wrong.
//!
//! Every list is sorted by item.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use model::item::{Class, Objectives, RelationKind};
use model::{CiId, Cmdb, ConfigurationItem};

/// Services that nobody owns.
pub fn without_owner(cmdb: &Cmdb) -> Vec<CiId> {
    let serves = |class: &str| {
        let defined = cmdb.classes.iter().find(|known| *known.id == *class);
        class == "service" || defined.is_some_and(|class: &Class| class.service)
    };
    let without = |item: &&ConfigurationItem| {
        serves(&item.class) && item.team.as_deref().is_none_or(|team| team.trim().is_empty())
    };
    sorted(cmdb.items.iter().filter(without))
}

/// Items without an edge, of whatever kind, in either direction: nothing follows from their faults, nor to them.
pub fn unlinked(cmdb: &Cmdb) -> Vec<CiId> {
    let of_groups =
        |item: &ConfigurationItem| item.groups.iter().flat_map(|group| group.of.clone()).collect::<Vec<_>>();
    let named: BTreeSet<CiId> = cmdb
        .items
        .iter()
        .flat_map(|item| item.relations.iter().map(|relation| relation.to.clone()).chain(of_groups(item)))
        .collect();
    let is_alone =
        |item: &&ConfigurationItem| item.relations.is_empty() && item.groups.is_empty() && !named.contains(&item.id);
    sorted(cmdb.items.iter().filter(is_alone))
}

fn sorted<'c>(items: impl Iterator<Item = &'c ConfigurationItem>) -> Vec<CiId> {
    let mut ids: Vec<CiId> = items.map(|item| item.id.clone()).collect();
    ids.sort();
    ids
}

/// Objectives of an item that cannot hold together, or not with those of what it requires.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contradiction {
    pub item: CiId,
    pub kind: ContradictionKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContradictionKind {
    /// It may take longer to restore than its loss can be borne.
    RtoOverMtpd,
    /// Its objective is about hours of which there are none.
    SloNeverAgreed {
        calendar: Box<str>,
    },
    SloWindowWithoutSlo,
    /// Exercises are judged by an RTO.
    ExerciseWithoutRto,
    /// What it requires is promised less often than it is itself.
    SloWeaker {
        requires: CiId,
    },
    /// What it requires may take longer to restore than it may itself.
    RtoLonger {
        requires: CiId,
    },
}

/// By item, then by kind.
pub fn contradictions(cmdb: &Cmdb) -> Vec<Contradiction> {
    let never: BTreeSet<&str> = cmdb.calendars.iter().filter(|def| def.never_opens()).map(|def| &*def.id).collect();
    let objectives: BTreeMap<&CiId, &Objectives> = cmdb.items.iter().map(|item| (&item.id, &item.objectives)).collect();
    let mut found: Vec<Contradiction> = cmdb
        .items
        .iter()
        .filter(|item| item.objectives != Objectives::default())
        .flat_map(|item| {
            let required = item.relations.iter().filter(|relation| relation.kind == RelationKind::Requires);
            let needs = required.filter_map(|relation| objectives.get(&relation.to).map(|of| (&relation.to, *of)));
            let kinds = own(&item.objectives, &never).into_iter().chain(needs.flat_map(|need| with(item, need)));
            kinds.map(|kind| Contradiction { item: item.id.clone(), kind }).collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn own(objectives: &Objectives, never: &BTreeSet<&str>) -> Vec<ContradictionKind> {
    let Objectives { slo, slo_window, rto, mtpd, exercise_every, calendar, .. } = objectives;
    let calendar = calendar.as_deref().filter(|calendar| slo.is_some() && never.contains(calendar));
    [
        rto.zip(*mtpd).filter(|(rto, mtpd)| rto > mtpd).map(|_| ContradictionKind::RtoOverMtpd),
        calendar.map(|calendar| ContradictionKind::SloNeverAgreed { calendar: calendar.into() }),
        (slo_window.is_some() && slo.is_none()).then_some(ContradictionKind::SloWindowWithoutSlo),
        (exercise_every.is_some() && rto.is_none()).then_some(ContradictionKind::ExerciseWithoutRto),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What says nothing promises nothing, which the gaps of the continuity report are about.
fn with(item: &ConfigurationItem, (id, needed): (&CiId, &Objectives)) -> Vec<ContradictionKind> {
    let promised = &item.objectives;
    let weaker = promised.slo.zip(needed.slo).is_some_and(|(own, needed)| needed < own);
    let longer = promised.rto.zip(needed.rto).is_some_and(|(own, needed)| needed > own);
    [
        weaker.then(|| ContradictionKind::SloWeaker { requires: id.clone() }),
        longer.then(|| ContradictionKind::RtoLonger { requires: id.clone() }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl ContradictionKind {
    pub const fn code(&self) -> &'static str {
        match self {
            ContradictionKind::RtoOverMtpd => "rto_over_mtpd",
            ContradictionKind::SloNeverAgreed { .. } => "slo_never_agreed",
            ContradictionKind::SloWindowWithoutSlo => "slo_window_without_slo",
            ContradictionKind::ExerciseWithoutRto => "exercise_without_rto",
            ContradictionKind::SloWeaker { .. } => "slo_weaker",
            ContradictionKind::RtoLonger { .. } => "rto_longer",
        }
    }

    /// The item that it is promised against.
    pub const fn requires(&self) -> Option<&CiId> {
        match self {
            ContradictionKind::SloWeaker { requires } | ContradictionKind::RtoLonger { requires } => Some(requires),
            _ => None,
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = &self.item;
        match &self.kind {
            ContradictionKind::RtoOverMtpd => {
                write!(f, "item `{item}`: its rto is longer than its mtpd; shorten the rto, or correct the mtpd")
            }
            ContradictionKind::SloNeverAgreed { calendar } => write!(
                f,
                "item `{item}`: its slo is about calendar `{calendar}`, which has no hours; give the calendar hours"
            ),
            ContradictionKind::SloWindowWithoutSlo => {
                write!(f, "item `{item}`: it has an slo_window and no slo; add the slo, or take the window out")
            }
            ContradictionKind::ExerciseWithoutRto => write!(
                f,
                "item `{item}`: it has exercise_every and no rto that an exercise could be held to; add the rto"
            ),
            ContradictionKind::SloWeaker { requires } => write!(
                f,
                "item `{item}`: it requires `{requires}`, whose slo is lower than its own; raise that one, or lower this"
            ),
            ContradictionKind::RtoLonger { requires } => write!(
                f,
                "item `{item}`: it requires `{requires}`, whose rto is longer than its own; shorten that one, or \
                 lengthen this"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Span;
    use model::item::{CalendarDef, RedundantGroup, Relation, SloWindow};

    use super::*;

    fn item(id: &str, class: &str, requires: &[&str]) -> ConfigurationItem {
        let mut item = ConfigurationItem::new(id, class);
        let relation = |to: &&str| Relation { kind: RelationKind::Requires, to: (*to).into() };
        item.relations = requires.iter().map(relation).collect();
        item
    }

    fn ids(list: &[CiId]) -> Vec<&str> {
        list.iter().map(CiId::as_str).collect()
    }

    #[test]
    fn services_without_a_team_are_without_an_owner_and_other_items_may_be() {
        let mut owned = item("owned", "service", &[]);
        owned.team = Some("team-a".into());
        let mut blank = item("blank", "offering", &[]);
        blank.team = Some(" ".into());
        let items = vec![owned, item("shop", "service", &[]), blank, item("db", "database", &[])];
        let classes = vec![Class { service: true, ..Class::implied("offering") }];
        assert_eq!(ids(&without_owner(&Cmdb { items, classes, ..Cmdb::default() })), ["blank", "shop"]);
    }

    #[test]
    fn an_edge_in_either_direction_and_of_any_kind_links_an_item() {
        let mut grouped = item("grouped", "service", &[]);
        grouped.groups = vec![RedundantGroup { of: vec!["member".into()], k: 1 }];
        let mut fed = item("fed", "host", &[]);
        fed.relations = vec![Relation { kind: RelationKind::Other("feeds".into()), to: "reader".into() }];
        let lone = ["member", "reader", "needed", "alone", "also-alone"].map(|id| item(id, "host", &[]));
        let items = lone.into_iter().chain([grouped, fed, item("needs", "host", &["needed"])]).collect();
        assert_eq!(ids(&unlinked(&Cmdb { items, ..Cmdb::default() })), ["alone", "also-alone"]);
    }

    #[test]
    fn objectives_that_cannot_hold_together_are_told_with_what_to_do() {
        type Spoil = fn(&mut [ConfigurationItem; 2]);
        let cases: [(Spoil, &[&str]); 13] = [
            (|_| {}, &[]),
            (|[shop, _]| shop.objectives.mtpd = Some(Span::from_minutes(30)), &["rto_over_mtpd"]),
            (|[shop, _]| shop.objectives.mtpd = Some(Span::HOUR), &[]),
            (|[shop, _]| shop.objectives.calendar = Some("never".into()), &["slo_never_agreed"]),
            (|[shop, _]| shop.objectives.calendar = Some("unknown".into()), &[]),
            (|[_, db]| db.objectives.calendar = Some("never".into()), &[]),
            (|[shop, _]| shop.objectives.slo = None, &["slo_window_without_slo"]),
            (|[shop, _]| shop.objectives.rto = None, &["exercise_without_rto"]),
            (|[_, db]| db.objectives.slo = Some(0.99), &["slo_weaker"]),
            (|[_, db]| db.objectives.slo = Some(0.999), &[]),
            (|[_, db]| db.objectives.rto = Some(Span::from_hours(2)), &["rto_longer"]),
            (
                |[_, db]| (db.objectives.slo, db.objectives.rto) = (Some(0.9), Some(Span::DAY)),
                &["slo_weaker", "rto_longer"],
            ),
            (
                |[shop, db]| {
                    shop.relations.clear();
                    shop.groups = vec![RedundantGroup { of: vec!["db".into()], k: 1 }];
                    db.objectives.slo = Some(0.9);
                },
                &[],
            ),
        ];
        for (nth, (spoil, codes)) in cases.into_iter().enumerate() {
            let mut items = [item("shop", "service", &["db"]), item("db", "database", &[])];
            items[0].objectives = Objectives {
                slo: Some(0.999),
                slo_window: Some(SloWindow::Month),
                rto: Some(Span::HOUR),
                exercise_every: Some(Span::from_days(180)),
                ..Objectives::default()
            };
            spoil(&mut items);
            let never = CalendarDef { id: "never".into(), time_zone: "UTC".into(), hours: vec![], holidays: vec![] };
            let cmdb = Cmdb { items: items.to_vec(), calendars: vec![never], ..Cmdb::default() };
            let found = contradictions(&cmdb);
            assert_eq!(found.iter().map(|found| found.kind.code()).collect::<Vec<_>>(), codes, "case {nth}");
            for one in found {
                assert!(one.to_string().starts_with("item `shop`: ") && one.to_string().contains("; "), "{one}");
                let code = one.kind.code();
                let against = ["slo_weaker", "rto_longer"].contains(&code);
                assert_eq!(one.kind.requires().is_some(), against, "{code}");
            }
        }
    }
}
