//! Two years of a large company, made up: services that stand on databases and hosts, their outages and incidents, spread
//! evenly over time. The same each time.

use model::incident::{AffectedService, Cause, Confidence, Priority};
use model::item::{CalendarDef, Hours, Objectives, Relation, RelationKind, SloWindow, Weekday};
use model::outage::{ItemState, OutageState};
use model::reason::CauseEvidence;
use model::{CiId, Cmdb, ConfigurationItem, Incident, IncidentId, Outage, OutageId, Span, Timestamp};
use testkit::SplitMix64;

/// When the two years end.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const YEARS: Span = Span::from_days(730);
const TEAMS: usize = 200;
/// Services to a database, and databases to a host.
const SHARED: usize = 5;

pub(crate) fn service(nth: usize) -> CiId {
    format!("service-{nth:05}").into()
}

fn database(nth: usize) -> CiId {
    format!("db-{:05}", nth / SHARED).into()
}

/// A third of the services has office hours.
pub(crate) fn cmdb(services: usize) -> Cmdb {
    let needs = |to: CiId| vec![Relation { kind: RelationKind::Requires, to }];
    let mut items = Vec::new();
    for nth in 0..services {
        let mut item = ConfigurationItem::new(service(nth), "service");
        item.team = Some(team(nth));
        item.criticality = 1 + (nth % 4) as u8;
        item.relations = needs(database(nth));
        item.objectives = Objectives {
            slo: Some(0.999),
            slo_window: Some(SloWindow::Rolling(Span::from_days(30))),
            calendar: (nth % 3 == 0).then(|| "office".into()),
            ..Objectives::default()
        };
        items.push(item);
        if nth % SHARED == 0 {
            let mut item = ConfigurationItem::new(database(nth), "database");
            let host = CiId::from(format!("host-{:05}", nth / SHARED / SHARED));
            item.relations = needs(host.clone());
            items.push(item);
            if nth % (SHARED * SHARED) == 0 {
                items.push(ConfigurationItem::new(host, "host"));
            }
        }
    }
    Cmdb { calendars: vec![office()], items, ..Cmdb::default() }
}

fn office() -> CalendarDef {
    let days = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let hours = vec![Hours { days, from_minute: 8 * 60, to_minute: 18 * 60 }];
    CalendarDef { id: "office".into(), time_zone: "Europe/Berlin".into(), hours, holidays: Vec::new() }
}

fn team(nth: usize) -> Box<str> {
    format!("team-{}", nth % TEAMS).into()
}

/// Where the nth of so many things begins.
fn spread(nth: usize, of: usize) -> Timestamp {
    NOW - YEARS + Span::from_micros(YEARS.micros() / of as i64 * nth as i64)
}

/// The services take turns, so that no two outages of one overlap.
pub(crate) fn outage(nth: usize, of: usize, services: usize) -> Outage {
    let mut random = SplitMix64::new(nth as u64);
    let from = spread(nth, of);
    Outage {
        id: OutageId::derive(|hash| {
            hash.number(nth as i64);
        }),
        service: service(nth % services),
        from,
        to: Some(from + Span::from_seconds(60 + random.below(7_000) as i64)),
        state: if random.once_in(3) { OutageState::Down } else { OutageState::Degraded },
        planned: random.once_in(20),
        incident: Some(incident_id(nth)),
    }
}

fn incident_id(nth: usize) -> IncidentId {
    IncidentId::derive(|hash| {
        hash.number(nth as i64);
    })
}

/// It is closed a week after it was resolved.
pub(crate) fn incident(nth: usize, of: usize, services: usize) -> Incident {
    let mut random = SplitMix64::new(nth as u64);
    let opened_at = spread(nth, of);
    let minutes = |from: i64, spread: usize, random: &mut SplitMix64| {
        Span::from_seconds(from * 60 + random.below(spread * 60) as i64)
    };
    let acknowledged_at = opened_at + minutes(1, 20, &mut random);
    let restored_at = acknowledged_at + minutes(1, 120, &mut random);
    let resolved_at = restored_at + Span::from_minutes(5);
    let closed_at = resolved_at + Span::from_days(7);
    let reached = |at: Timestamp| (at <= NOW).then_some(at);
    let affected = |nth: usize| AffectedService {
        id: service(nth % services),
        state: ItemState::Down,
        now: ItemState::Up,
        since: opened_at,
        criticality: 1 + (nth % 4) as u8,
    };
    let cause = database(nth % services);
    Incident {
        started_at: opened_at - Span::from_seconds(random.below(180) as i64),
        acknowledged_at: reached(acknowledged_at).filter(|_| !random.once_in(4)),
        restored_at: reached(restored_at),
        resolved_at: reached(resolved_at),
        closed_at: reached(closed_at),
        priority: *random.pick(&[Priority::P1, Priority::P2, Priority::P3, Priority::P4]),
        title: format!("{} DOWN – probable cause {cause} (database): disk full", service(nth % services)).into(),
        team: Some(team(nth)),
        services: (0..=random.below(3)).map(|more| affected(nth + more)).collect(),
        cis: vec![cause.clone(), service(nth % services)],
        sources: vec![["prometheus", "zabbix", "synthetic"][random.below(3)].into()],
        causes: vec![named(cause), named(format!("host-{:05}", nth % services / SHARED / SHARED).into())],
        ..testkit::incident(incident_id(nth), opened_at)
    }
}

fn named(ci: CiId) -> Cause {
    let because = vec![
        CauseEvidence::Explains { items: 2, of: 2, itself: true },
        CauseEvidence::FiredAfterFirst { after: Span::ZERO },
    ];
    Cause { ci, score: 905, confidence: Confidence::High, because, verdict: None }
}
