//! What is said in a group's life: alerts of tenants that come one after the other, some by sources that are asked whether
//! they still live, and facts that are everybody's.

use engine::{Expiry, Pipeline, Policy};
use model::command::{Action, Command};
use model::event::{AlertEvent, Event, Status};
use model::fact::{Change, ChangeKind, ChangeStatus, MaintenanceWindow, Silence};
use model::{
    ChangeId, CiId, Cmdb, Domain, Fingerprint, Interval, MaintenanceId, Matcher, SilenceId, Span, Timestamp,
    partition_of,
};
use runtime::Item;
use testkit::{clear, firing};

use super::{HAPPENINGS, PARTITIONS};
use crate::random::Random;

const TENANTS: usize = 12;
const ITEMS: usize = 3;
/// The pipeline of sources that are asked for their own progress.
const ASKED: &str = "prom";
/// Things that silences and windows are about: few, so that some are ended before their time.
const FACTS: usize = 4;

pub(super) fn policy() -> Policy {
    let asked = Pipeline { expiry: Expiry::Source, stale_limit: Span::from_minutes(5), ..Pipeline::standard(ASKED) };
    Policy::new([Pipeline::standard("default"), asked])
}

pub(super) fn cmdb() -> Cmdb {
    let services: Vec<String> = (0..ITEMS).map(|nth| format!("shop-{nth}{{service}} -> web-{nth}")).collect();
    testkit::cmdb(&services.join("\n"))
}

/// The `nth` that is said, and is told from every other by that, however often it is read. `happened`: how far the life is.
pub(super) fn something(random: &mut Random, nth: usize, now: Timestamp, happened: usize) -> Item {
    if random.chance(150) { fact(random, nth, now) } else { alert(random, nth, now, happened) }
}

fn alert(random: &mut Random, nth: usize, now: Timestamp, happened: usize) -> Item {
    // Nobody has heard of a tenant before its time.
    let tenant = random.below(1 + TENANTS * happened / HAPPENINGS);
    let name = if random.chance(500) { "disk" } else { "cpu" };
    let key = format!("{name}/web-{}", random.below(ITEMS));
    let said = if random.chance(300) { clear(&key) } else { firing(&key) };
    let mut alert = if random.chance(300) { said.pipeline(ASKED).source(ASKED).alert() } else { said.alert() };
    alert.domain = Domain::from(format!("tenant-{tenant}"));
    alert.fingerprint = Fingerprint::of_dedup_key(&alert.domain, alert.source.as_str(), &key);
    alert.external_id = Some(nth.to_string().into());
    if random.chance(400) && alert.status == Status::Firing {
        alert.ends_at = Some(now + random.seconds(30, 600));
    }
    Item::Event(Event::from(alert))
}

fn fact(random: &mut Random, nth: usize, now: Timestamp) -> Item {
    let which = random.below(FACTS);
    let begin = now + random.seconds(-60, 120);
    let interval = Interval::or_empty(begin, begin + random.seconds(60, 1200));
    let command = |action| Item::Command(Box::new(Command { by: nth.to_string().into(), at: None, action }));
    match random.below(6) {
        0 | 1 => command(Action::Silence(silence(which, interval, now))),
        2 => command(Action::ExpireSilence(silence(which, interval, now).id)),
        3 => Item::Event(Event::Maintenance(Box::new(window(random, which, nth, interval)))),
        4 => command(Action::EndMaintenance(window(random, which, nth, interval).id)),
        _ => Item::Event(Event::Change(Box::new(change(random, nth, begin)))),
    }
}

fn silence(which: usize, interval: Interval, now: Timestamp) -> Silence {
    let matchers = ["alertname=disk", "alertname=cpu", "ci=web-1", "alertname=none"];
    let matcher = matchers.get(which).and_then(|text| Matcher::parse(text).ok());
    Silence {
        id: SilenceId::derive(|hash| {
            hash.number(which as i64);
        }),
        matchers: matcher.into_iter().collect(),
        interval,
        by: "ann".into(),
        comment: "known".into(),
        updated_at: now,
    }
}

fn window(random: &mut Random, which: usize, nth: usize, interval: Interval) -> MaintenanceWindow {
    MaintenanceWindow {
        id: MaintenanceId::derive(|hash| {
            hash.number(which as i64);
        }),
        reference: nth.to_string().into(),
        cis: vec![item(random)],
        interval,
        recurrence: None,
        reason: "agreed".into(),
        by: None,
        received_at: Timestamp::EPOCH,
        deleted: false,
    }
}

fn change(random: &mut Random, nth: usize, begin: Timestamp) -> Change {
    Change {
        id: ChangeId::derive(|hash| {
            hash.number(nth as i64);
        }),
        reference: nth.to_string().into(),
        kind: ChangeKind::Normal,
        status: ChangeStatus::Started,
        result: None,
        summary: "a version".into(),
        cis: vec![item(random)],
        starts_at: Some(begin),
        ends_at: None,
        received_at: Timestamp::EPOCH,
    }
}

fn item(random: &mut Random) -> CiId {
    CiId::from(format!("web-{}", random.below(ITEMS)))
}

pub(super) fn alert_of(item: &Item) -> Option<&AlertEvent> {
    match item {
        Item::Event(Event::Alert(alert)) => Some(alert),
        _ => None,
    }
}

/// Which of all that was said it is.
pub(super) fn number_of(item: &Item) -> &str {
    match item {
        Item::Event(Event::Alert(alert)) => alert.external_id.as_deref().unwrap_or_default(),
        Item::Event(Event::Maintenance(window)) => &window.reference,
        Item::Event(Event::Change(change)) => &change.reference,
        Item::Command(command) => &command.by,
        _ => "",
    }
}

/// The partitions of the log that it stands in: an alert's is its domain's, what is everybody's stands in all.
pub(super) fn places_of(item: &Item) -> Vec<u32> {
    match alert_of(item) {
        Some(alert) => vec![partition_of(&alert.domain, PARTITIONS)],
        None => (0..PARTITIONS).collect(),
    }
}
