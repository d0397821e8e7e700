//! Ninety days before the day that is watched: ordinary faults, ordinary people, backups, changes.

use model::{Span, Timestamp};
use serde_json::{Value, json};

use super::estate;
use super::random::Random;
use super::said::Said;
use super::story::{blip, part, tell};

pub(crate) const DAYS: i64 = 90;
const FAULTS_A_DAY: i64 = 3;
const BLIPS_A_DAY: i64 = 25;

/// The recording, line by line, in the order of receipt: the same for the same seed.
pub(crate) fn recording(seed: u64, until: Timestamp) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut lines: Vec<(Timestamp, Value)> = Vec::new();
    for day in 0..DAYS {
        let midnight = until - Span::from_days(DAYS - day);
        for said in a_day(midnight, &mut random) {
            lines.push((said.at, received(said)));
        }
        lines.extend(backups(midnight));
        lines.extend(changes(midnight, day, &mut random));
    }
    // The fault that comes back: twice already, within thirty days.
    for days_ago in [19, 8] {
        let start = until - Span::from_days(days_ago) + Span::from_hours(16);
        let said = tell(&recurring(), start, start + Span::from_minutes(34), None, &mut random);
        lines.extend(said.into_iter().map(|said| (said.at, received(said))));
    }
    lines.push(exercise(until));
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line.to_string()).collect()
}

/// What comes back every week or so.
pub(crate) fn recurring() -> Vec<super::story::Part> {
    vec![part("db-hr", "DiskFull", "critical", 0, 0), part("hr-web", "HTTPErrors", "major", 40, 30)]
}

fn received(said: Said) -> Value {
    let mut event = said.event;
    event["received_at"] = json!(said.at.to_string());
    event
}

fn a_day(midnight: Timestamp, random: &mut Random) -> Vec<Said> {
    let mut said = Vec::new();
    for _ in 0..random.between(FAULTS_A_DAY - 1, FAULTS_A_DAY + 2) {
        let start = midnight + Span::from_seconds(random.between(0, 82_000));
        let lasts = Span::from_seconds(random.between(240, 2400));
        said.extend(tell(&some_fault(random), start, start + lasts, None, random));
    }
    for _ in 0..BLIPS_A_DAY {
        let host = format!("host-{:02}", random.between(1, 61));
        said.extend(blip(&host, midnight + Span::from_seconds(random.between(0, 85_000)), random));
    }
    said
}

fn some_fault(random: &mut Random) -> Vec<super::story::Part> {
    let apps: Vec<(&str, usize)> = estate::applications().collect();
    let databases: Vec<&str> = estate::databases().filter(|id| *id != "db-hr").collect();
    let (app, instances) = random.pick(&apps).copied().unwrap_or(("checkout-api", 3));
    match random.between(0, 10) {
        0..=4 => {
            let nth = random.between(1, instances as i64 + 1);
            vec![part(&format!("{app}-{nth}"), "InstanceDown", "critical", 0, 0)]
        }
        5..=7 => vec![part(app, "HTTPErrors", "major", 0, 0), part(app, "HighLatency", "minor", 20, 15)],
        8 => vec![part(app, "HTTPErrors", "critical", 0, 0)],
        _ => {
            let database = random.pick(&databases).copied().unwrap_or("db-cms");
            vec![part(database, "HighLatency", "major", 0, 0)]
        }
    }
}

/// Every database every six hours, but for one that is forgotten.
fn backups(midnight: Timestamp) -> Vec<(Timestamp, Value)> {
    let mut points = Vec::new();
    for (nth, database) in (0..).zip(estate::databases().filter(|id| *id != "db-stock")) {
        for hour in [1, 7, 13, 19] {
            let at = midnight + Span::from_hours(hour) + Span::from_minutes(nth);
            points.push((at, json!({"kind": "recovery_point", "ci": database, "completed_at": at.to_string(), "received_at": at.to_string()})));
        }
    }
    points
}

fn changes(midnight: Timestamp, day: i64, random: &mut Random) -> Vec<(Timestamp, Value)> {
    let apps: Vec<(&str, usize)> = estate::applications().collect();
    let at = midnight + Span::from_seconds(random.between(30_000, 60_000));
    let app = random.pick(&apps).map_or("cms", |(app, _)| app);
    let change = json!({
        "kind": "change", "source": "deployments", "id": format!("CHG{:04}", 900 + day), "type": "standard",
        "status": "finished", "result": "successful", "summary": format!("Deploy {app}"), "ci": [app],
        "starts_at": at.to_string(), "ends_at": (at + Span::from_minutes(4)).to_string(), "received_at": at.to_string(),
    });
    vec![(at, change)]
}

fn exercise(until: Timestamp) -> (Timestamp, Value) {
    let at = until - Span::from_days(60);
    let held = json!({
        "kind": "exercise", "ci": "checkout", "held_at": at.to_string(), "recovery_seconds": 1260,
        "recovery_point_seconds": 900, "passed": true, "every": "180d", "received_at": at.to_string(),
    });
    (at, held)
}
