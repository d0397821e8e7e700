//! `watchfire alerts`, `services`, `silence`, `status`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use model::{Matcher, Span};
use serde_json::{Value, json};

use super::page::{self, Page, each, sentence, word};
use super::sheet::{self, Show};
use super::{Desk, but_all, said, words};
use crate::cli::{AlertList, Alerts, AlertsCommand, Services, ServicesCommand, Silence, SilenceAdd, SpanAsked, Status};
use crate::client::{Query, of_item, over_already, segment};
use crate::console::Console;
use crate::moment::Moment;
use crate::outcome::{Outcome, WrongUse};

pub(super) const ALERTS: &str = "/api/v1/alerts";
const SERVICES: &str = "/api/v1/services";
const SILENCES: &str = "/api/v1/silences";

const ALERT_COLUMNS: [Show; 8] = [
    ("id", |row| sheet::text(&row["id"])),
    ("state", |row| sheet::text(&row["state"])),
    ("severity", |row| sheet::text(&row["severity"])),
    ("heard", |row| sheet::age(&row["last_received_at"])),
    ("count", |row| sheet::count(&row["count"])),
    ("item", |row| sheet::text(&row["ci"])),
    ("suppressed", |row| sheet::text(&row["suppressed"]["code"])),
    ("summary", |row| sheet::text(&row["summary"])),
];
const SERVICE_COLUMNS: [Show; 7] = [
    ("service", |row| sheet::text(&row["id"])),
    ("state", |row| sheet::text(&row["state"])),
    ("for", |row| sheet::age(&row["since"])),
    ("criticality", |row| sheet::count(&row["criticality"])),
    ("team", |row| sheet::text(&row["team"])),
    ("maintenance", |row| sheet::mark(&row["in_maintenance"], "now")),
    ("incidents", |row| sheet::text(&row["incidents"])),
];
const SILENCE_COLUMNS: [Show; 6] = [
    ("silence", |row| sheet::text(&row["id"])),
    ("from", |row| sheet::instant(&row["starts_at"])),
    ("to", |row| sheet::instant(&row["ends_at"])),
    ("by", |row| sheet::text(&row["by"])),
    ("matchers", |row| sheet::text(&row["matchers"])),
    ("comment", |row| sheet::text(&row["comment"])),
];

pub(in crate::commands) async fn alerts(args: Alerts, console: &Console) -> anyhow::Result<Outcome> {
    let list = match args.command {
        Some(AlertsCommand::Show(args)) => {
            let desk = Desk::of(&args.shown, console)?;
            let path = format!("{ALERTS}/{}", segment(&whole_id(&desk, &args.id).await?));
            let mut alert = desk.client.get(&path, &Vec::new()).await?;
            alert["explained"] = desk.client.get(&format!("{path}/explain"), &Vec::new()).await?;
            return desk.one(&desk.numbered(alert).await, alert_in_full);
        }
        Some(AlertsCommand::List(list)) => list,
        None => args.list,
    };
    let desk = Desk::of(&list.shown, console)?;
    let rows = desk.client.listed(ALERTS, &alert_query(&list), list.limit).await.map_err(|error| {
        // By its number, what is not found is the incident.
        if list.service.is_empty() { error } else { of_item(error) }
    })?;
    desk.rows(rows, &ALERT_COLUMNS, "No alerts.")
}

fn alert_query(list: &AlertList) -> Query<'_> {
    [
        words("state", but_all(&list.state)),
        words("severity", &list.severity),
        words("ci", &list.ci),
        words("service", &list.service),
        said("incident", list.incident.as_ref()),
        said("suppressed", list.suppressed),
        said("q", list.q.as_ref()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Alerts that are looked through for the beginning of an id, those that changed last first.
const LOOKED_THROUGH_MAX: usize = 10_000;

/// Tables show the beginnings of ids, and those are what people copy.
pub(super) async fn whole_id(desk: &Desk<'_>, said: &str) -> anyhow::Result<String> {
    if model::AlertId::parse(said).is_some() || !said.starts_with(ALERT_PREFIX) {
        return Ok(said.to_owned());
    }
    let rows = desk.client.list(ALERTS, &Vec::new(), LOOKED_THROUGH_MAX).await?;
    alert_among(&rows.iter().map(|row| word(&row["id"])).collect::<Vec<_>>(), said)
}

const ALERT_PREFIX: &str = "alr_";

/// The one that begins so; where none does, what was said, for the service to judge.
pub(super) fn alert_among(ids: &[String], said: &str) -> anyhow::Result<String> {
    let found: Vec<&String> = ids.iter().filter(|id| said.len() > ALERT_PREFIX.len() && id.starts_with(said)).collect();
    match found.as_slice() {
        [] => Ok(said.to_owned()),
        [only] => Ok((*only).clone()),
        several => {
            let named: Vec<&str> = several.iter().take(5).map(|id| id.as_str()).collect();
            Err(WrongUse(format!("several alerts begin with `{said}`: name one, such as {}", named.join(", "))).into())
        }
    }
}

fn alert_in_full(alert: &Value) -> String {
    let mut page = Page::titled(&word(&alert["summary"]));
    for key in ["id", "state", "severity", "effect", "source", "ci", "environment", "dedup_key", "url", "count"] {
        page.line(&key.replace('_', " "), word(&alert[key]));
    }
    page.line("suppressed", sentence(&alert["suppressed"]));
    page.line("binding", sentence(&alert["explained"]["binding"]));
    page.line("names", word(&alert["explained"]["names"]));
    for part in ["labels", "annotations"] {
        let pairs = alert[part].as_object().into_iter().flatten();
        // As they came, whatever they look like.
        page.part(part, pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())));
    }
    page.part(
        "firings",
        each(&alert["episodes"]).map(|episode| {
            let [from, to, by, incident] =
                ["started_at", "ended_at", "ended_by", "incident"].map(|key| word(&episode[key]));
            let until = if to.is_empty() { "still firing".to_owned() } else { format!("to {to} ({by})") };
            format!("{from} {until}  {incident}")
        }),
    );
    page.part("what was decided", page::timeline(&alert["explained"]["timeline"]["items"]));
    page.text()
}

pub(in crate::commands) async fn services(args: Services, console: &Console) -> anyhow::Result<Outcome> {
    let list = match args.command {
        Some(ServicesCommand::Show(args)) => {
            let desk = Desk::of(&args.shown, console)?;
            let path = format!("{SERVICES}/{}", segment(&args.id));
            let service = desk.client.get(&path, &Vec::new()).await.map_err(of_item)?;
            return desk.object(&desk.numbered(service).await, "name");
        }
        Some(ServicesCommand::List(list)) => list,
        None => args.list,
    };
    let desk = Desk::of(&list.shown, console)?;
    let rows = desk.client.listed(SERVICES, &Vec::new(), list.limit).await?;
    desk.rows(rows, &SERVICE_COLUMNS, "No services: import a CMDB with `watchfire cmdb import`.")
}

pub(in crate::commands) async fn silence(command: Silence, console: &Console) -> anyhow::Result<Outcome> {
    match command {
        Silence::List(args) => {
            let desk = Desk::of(&args.shown, console)?;
            let rows = desk.client.listed(SILENCES, &Vec::new(), args.limit).await?;
            desk.rows(rows, &SILENCE_COLUMNS, "No silences.")
        }
        Silence::Add(args) => hush(&args, console).await,
        Silence::End(args) => {
            let desk = Desk::of(&args.shown, console)?;
            let path = format!("{SILENCES}/{}/end", segment(&args.id));
            let ended = desk.client.post(&path, &json!({})).await.map_err(over_already)?;
            desk.one(&ended, |_| format!("{} has ended\n", args.id))
        }
    }
}

async fn hush(args: &SilenceAdd, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    for matcher in &args.matchers {
        Matcher::parse(matcher).map_err(|error| WrongUse(error.to_string()))?;
    }
    let mut body = json!({"matchers": args.matchers, "comment": args.comment});
    when(&args.span, &mut body)?;
    let silence = desk.client.post(SILENCES, &body).await?;
    desk.one(&silence, |silence| {
        sheet::table(std::slice::from_ref(silence), &SILENCE_COLUMNS, "", console.table_style())
    })
}

/// Writes down when it begins and ends. What begins now begins when the service hears of it, by its own clock: a start
/// that is past by then would be one that was recorded late.
///
/// What is said relative to now begins and ends with a second: lists show no more of an instant, and people copy those.
pub(super) fn when(asked: &SpanAsked, body: &mut Value) -> anyhow::Result<()> {
    let now = crate::moment::now().floor(Span::SECOND);
    let from = asked.from.resolve(now);
    let begins_now = asked.from == Moment::NOW;
    if !begins_now {
        body["starts_at"] = json!(from.to_string());
    }
    if let (true, Some(length)) = (begins_now, asked.length) {
        body["duration"] = json!(length.to_string());
        return Ok(());
    }
    let to = asked.length.map(|length| from + length).or_else(|| asked.to.map(|to| to.resolve(now)));
    let to = to.context("say --for or --to")?;
    if to <= from {
        return Err(WrongUse(format!("it would end ({to}) before it begins ({from}): exchange them")).into());
    }
    body["ends_at"] = json!(to.to_string());
    Ok(())
}

pub(in crate::commands) async fn status(args: Status, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let status = desk.client.get("/api/v1/status", &Vec::new()).await?;
    desk.one(&status, status_page)
}

fn status_page(status: &Value) -> String {
    let mut page = Page::titled(&format!("watchfire {}", word(&status["version"])));
    for (name, key) in [
        ("last commit", "last_commit_at"),
        ("incidents", "incidents_open"),
        ("alerts", "alerts_firing"),
        ("CMDB version", "cmdb_version"),
        ("CMDB items", "cmdb_items"),
        ("outbox", "outbox_pending"),
        ("outputs", "outputs_waiting"),
        ("dead letters", "dead_letters_new"),
    ] {
        page.line(name, word(&status[key]));
    }
    page.part(
        "Sources",
        each(&status["sources"]).map(|source| {
            let [name, heard, silent, unheard] =
                ["name", "heard_at", "silent_since", "unheard_since"].map(|key| word(&source[key]));
            let silent = if silent.is_empty() { String::new() } else { format!("  SILENT since {silent}") };
            let heard = match unheard.is_empty() {
                true => format!("heard {heard}"),
                false => format!("never heard since it is waited for, from {unheard} on"),
            };
            format!("{name}  {heard}{silent}")
        }),
    );
    page.part("Kafka, records behind", lags(status));
    page.text()
}

/// A line for each topic that is read.
fn lags(status: &Value) -> impl Iterator<Item = String> {
    let mut topics: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for partition in each(&status["kafka"]) {
        let (partitions, behind) = topics.entry(word(&partition["topic"])).or_default();
        *partitions += 1;
        *behind += partition["lag"].as_u64().unwrap_or(0);
    }
    let line = |(topic, (partitions, behind))| format!("{topic}  {behind} in {partitions} partitions");
    topics.into_iter().map(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_goes_by_the_beginning_of_its_id_where_that_is_one_s_only() {
        let ids = ["alr_aa11", "alr_aa22", "alr_bb33"].map(str::to_owned);
        assert_eq!(alert_among(&ids, "alr_bb").unwrap(), "alr_bb33");
        assert_eq!(alert_among(&ids, "alr_cc").unwrap(), "alr_cc");
        assert_eq!(alert_among(&ids, "alr_").unwrap(), "alr_", "no beginning at all");
        assert!(alert_among(&ids, "alr_aa").unwrap_err().to_string().contains("alr_aa11, alr_aa22"));
    }

    #[test]
    fn an_alert_on_no_item_shows_the_names_and_labels_it_came_with() {
        let alert = json!({
            "id": "alr_1", "summary": "disk full", "labels": {"host": "ghost-1", "seen": "2026-05-01T10:00:00.25Z"},
            "explained": {"binding": {"code": "unbound"}, "names": ["ghost", "ghost-1"]},
            "episodes": [{"started_at": "2026-05-01T10:00:00.25Z"}],
        });
        let shown = alert_in_full(&alert);
        assert!(shown.contains("\nnames         ghost, ghost-1\n"), "{shown}");
        assert!(shown.contains("\n  host=ghost-1\n  seen=2026-05-01T10:00:00.25Z\n"), "{shown}");
        assert!(shown.contains("\n  2026-05-01T10:00:00Z still firing"), "{shown}");
    }
}
