//! The model as a CMDB file: what is default is left out, and what is written reads back equal.

use model::incident::Priority;
use model::item::{Agreement, CalendarDef, Class, Objectives, RelationKind, Weekday};
use model::{Cmdb, ConfigurationItem, Domain};
use serde_saphyr::Spanned;

use super::shape::{
    AgreementShape, CalendarShape, ClassShape, FileShape, GroupShape, HoursShape, ItemShape, ObjectivesShape,
    RelationshipShape, TargetShape, TargetsShape,
};
use crate::v1::slo_window;

/// A whole file.
pub fn to_yaml(cmdb: &Cmdb) -> String {
    let options = serde_saphyr::ser_options! { compact_list_indent: false };
    serde_saphyr::to_string_with_options(&file(cmdb), options).expect("a file's keys are text")
}

/// A whole file, in the JSON that loads fastest.
pub fn to_json(cmdb: &Cmdb) -> String {
    serde_json::to_string(&file(cmdb)).expect("a file's keys are text")
}

/// A file with one item, and the relationships that begin at it.
pub fn item_to_yaml(item: &ConfigurationItem) -> String {
    to_yaml(&Cmdb { items: vec![item.clone()], ..Cmdb::default() })
}

fn file(cmdb: &Cmdb) -> FileShape {
    FileShape {
        classes: Some(cmdb.classes.iter().map(class).collect()),
        calendars: Some(cmdb.calendars.iter().map(calendar).collect()),
        items: Some(cmdb.items.iter().map(item).collect()),
        relationships: Some(cmdb.items.iter().flat_map(relationships).collect()),
        agreements: Some(cmdb.agreements.iter().map(agreement).collect()),
    }
}

fn class(class: &Class) -> ClassShape {
    let implied = Class::implied(&class.id);
    ClassShape {
        id: class.id.to_string(),
        down_at: (class.down_at != implied.down_at).then(|| spanned(class.down_at)),
        service: (class.service != implied.service).then_some(class.service),
    }
}

fn calendar(calendar: &CalendarDef) -> CalendarShape {
    let hours = |hours: &model::item::Hours| HoursShape {
        days: hours.days.iter().map(|day| spanned(day_word(*day))).collect(),
        from: spanned(time_of_day(hours.from_minute)),
        to: spanned(time_of_day(hours.to_minute)),
    };
    let date = |date: &model::item::Date| spanned(format!("{:04}-{:02}-{:02}", date.year, date.month, date.day));
    CalendarShape {
        id: calendar.id.to_string(),
        time_zone: calendar.time_zone.to_string(),
        hours: calendar.hours.iter().map(hours).collect(),
        holidays: Some(calendar.holidays.iter().map(date).collect()),
    }
}

fn item(item: &ConfigurationItem) -> ItemShape {
    let default = ConfigurationItem::new(item.id.clone(), &item.class);
    let named = |kind: &RelationKind| {
        Some(
            item.relations
                .iter()
                .filter(|relation| relation.kind == *kind)
                .map(|relation| spanned(&relation.to))
                .collect(),
        )
    };
    let group =
        |group: &model::item::RedundantGroup| GroupShape { of: group.of.iter().map(spanned).collect(), k: group.k };
    ItemShape {
        id: spanned(&item.id),
        class: item.class.to_string(),
        name: item.name.as_deref().map(str::to_owned),
        environment: (item.environment != default.environment).then(|| item.environment.to_string()),
        criticality: (item.criticality != default.criticality).then_some(item.criticality),
        team: item.team.as_deref().map(str::to_owned),
        supplier: item.supplier.as_deref().map(str::to_owned),
        users: item.users,
        aliases: Some(item.aliases.iter().map(ToString::to_string).collect()),
        domain: (item.domain != Domain::default()).then(|| item.domain.to_string()),
        requires: named(&RelationKind::Requires),
        uses: named(&RelationKind::Uses),
        redundant: Some(item.groups.iter().map(group).collect()),
        objectives: (item.objectives != Objectives::default()).then(|| objectives(&item.objectives)),
        live_since: item.live_since.map(spanned),
        retired_at: item.retired_at.map(spanned),
    }
}

fn objectives(objectives: &Objectives) -> ObjectivesShape {
    ObjectivesShape {
        slo: objectives.slo,
        slo_window: objectives.slo_window.map(|window| spanned(slo_window(window))),
        degraded_weight: Some(objectives.degraded_weight).filter(|weight| *weight != 0.0),
        rto: objectives.rto.map(spanned),
        rpo: objectives.rpo.map(spanned),
        mtpd: objectives.mtpd.map(spanned),
        exercise_every: objectives.exercise_every.map(spanned),
        calendar: objectives.calendar.as_deref().map(str::to_owned),
    }
}

fn agreement(agreement: &Agreement) -> AgreementShape {
    let target = |priority: Priority| {
        let target = agreement.targets.iter().find(|target| target.priority == priority)?;
        Some(TargetShape { respond: target.respond.map(spanned), restore: target.restore.map(spanned) })
    };
    let [p1, p2, p3, p4, p5] = Priority::ALL.map(target);
    AgreementShape {
        id: spanned(&agreement.id),
        kind: spanned(agreement.kind.as_str()),
        service: agreement.service.as_ref().map(spanned),
        team: agreement.team.as_deref().map(str::to_owned),
        supplier: agreement.supplier.as_deref().map(str::to_owned),
        calendar: agreement.calendar.as_deref().map(str::to_owned),
        targets: TargetsShape { p1, p2, p3, p4, p5 },
    }
}

/// What an item's own keys have no room for.
fn relationships(item: &ConfigurationItem) -> impl Iterator<Item = RelationshipShape> {
    let beside =
        item.relations.iter().filter(|relation| !matches!(relation.kind, RelationKind::Requires | RelationKind::Uses));
    beside.map(|relation| RelationshipShape {
        from: spanned(&item.id),
        kind: relation.kind.as_str().to_owned(),
        to: spanned(&relation.to),
    })
}

fn day_word(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}

fn time_of_day(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn spanned(value: impl ToString) -> Spanned<String> {
    Spanned::new(value.to_string(), serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}
