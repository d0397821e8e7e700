//! `watchfire outages`: listing, looking, saying what was otherwise.

use model::{OutageId, Span};
use serde_json::{Value, json};

use super::page::{Page, each, word};
use super::sheet::{self, Show};
use super::{Desk, said, words};
use crate::cli::{
    CorrectionList, CorrectionWithdraw, OutAs, OutageCorrect, OutageList, OutageRecord, Outages, OutagesCommand,
};
use crate::client::{Query, of_item, over_already, segment};
use crate::console::Console;
use crate::moment::Moment;
use crate::outcome::{Outcome, WrongUse};

const OUTAGES: &str = "/api/v1/outages";
const CORRECTIONS: &str = "/api/v1/corrections";
const COLUMNS: [Show; 8] = [
    ("id", |row| sheet::text(&row["id"])),
    ("service", |row| sheet::text(&row["service"])),
    ("state", |row| sheet::text(&row["state"])),
    ("from", |row| sheet::instant(&row["from"])),
    ("to", |row| sheet::instant(&row["to"])),
    ("planned", |row| sheet::mark(&row["planned"], "yes")),
    ("incident", |row| sheet::text(&row["incident"])),
    ("corrected by", |row| sheet::text(&row["correction"]["by"])),
];
const CORRECTION_COLUMNS: [Show; 8] = [
    ("id", |row| sheet::text(&row["id"])),
    ("service", |row| sheet::text(&row["service"])),
    ("was", |row| sheet::text(&row["state"])),
    ("from", |row| sheet::instant(&row["from"])),
    ("to", |row| sheet::instant(&row["to"])),
    ("by", |row| sheet::text(&row["by"])),
    ("withdrawn", |row| sheet::text(&row["withdrawn"]["by"])),
    ("reason", |row| sheet::text(&row["reason"])),
];
const PREFIX: &str = "out_";
/// Outages that are looked through for the beginning of an id.
const LOOKED_THROUGH_MAX: usize = 10_000;

pub(in crate::commands) async fn outages(args: Outages, console: &Console) -> anyhow::Result<Outcome> {
    match args.command {
        None => list(&args.list, console).await,
        Some(OutagesCommand::List(args)) => list(&args, console).await,
        Some(OutagesCommand::Show(args)) => {
            let desk = Desk::of(&args.shown, console)?;
            let id = whole_id(&desk, &args.id).await?;
            let outage = desk.client.get(&format!("{OUTAGES}/{}", segment(&id)), &Vec::new()).await?;
            desk.object(&desk.numbered(outage).await, "service")
        }
        Some(OutagesCommand::Record(args)) => record(&args, console).await,
        Some(OutagesCommand::Correct(args)) => correct(&args, console).await,
        Some(OutagesCommand::Corrections(args)) => corrections(&args, console).await,
        Some(OutagesCommand::Withdraw(args)) => withdraw(&args, console).await,
    }
}

async fn list(list: &OutageList, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&list.shown, console)?;
    let now = crate::moment::now();
    let query: Query<'_> = [
        words("service", &list.service),
        said("from", Some(list.from.resolve(now))),
        said("to", list.to.map(|to| to.resolve(now))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rows = desk.client.listed(OUTAGES, &query, list.limit).await?;
    desk.rows(rows, &COLUMNS, "No outages in this time; --from looks further back.")
}

async fn record(args: &OutageRecord, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let body = json!({
        "service": args.service, "from": instant(Some(args.from)), "to": instant(args.to),
        "state": state(args.state), "planned": args.planned, "reason": args.reason,
    });
    let done = desk.client.post(OUTAGES, &body).await.map_err(of_item)?;
    told(&desk, &done)
}

async fn correct(args: &OutageCorrect, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let id = whole_id(&desk, &args.id).await?;
    let body = json!({
        "from": instant(args.from), "to": instant(args.to), "state": args.state.map(state),
        "planned": args.planned, "never": args.never, "reason": args.reason,
    });
    let done = desk.client.post(&format!("{OUTAGES}/{}/correct", segment(&id)), &body).await?;
    told(&desk, &done)
}

async fn corrections(list: &CorrectionList, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&list.shown, console)?;
    let query: Query<'_> = [words("service", &list.service), said("withdrawn", list.withdrawn.then_some(true))]
        .into_iter()
        .flatten()
        .collect();
    let rows = desk.client.listed(CORRECTIONS, &query, list.limit).await?;
    desk.rows(rows, &CORRECTION_COLUMNS, "Nothing was corrected.")
}

async fn withdraw(args: &CorrectionWithdraw, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let path = format!("{CORRECTIONS}/{}/withdraw", segment(&args.id));
    let done = desk.client.post(&path, &json!({"reason": args.reason})).await.map_err(over_already)?;
    told(&desk, &done)
}

/// Lists show no more of an instant than its second, and what is said relative to now ends with one too.
fn instant(moment: Option<Moment>) -> Option<String> {
    let now = crate::moment::now().floor(Span::SECOND);
    moment.map(|moment| moment.resolve(now).to_string())
}

fn state(said: OutAs) -> &'static str {
    match said {
        OutAs::Down => "down",
        OutAs::Degraded => "degraded",
    }
}

/// What was said, and what it made of the service's outages.
fn told(desk: &Desk<'_>, done: &Value) -> anyhow::Result<Outcome> {
    desk.one(done, |done| {
        let correction = &done["correction"];
        let mut page = Page::titled(&word(&correction["service"]));
        for key in ["id", "from", "to", "state", "planned", "outage", "reason", "by"] {
            page.line(if key == "id" { "correction" } else { key }, word(&correction[key]));
        }
        page.line("withdrawn by", word(&correction["withdrawn"]["by"]));
        page.part("outages over this time", each(&done["outages"]).map(line));
        page.part("notes", each(&done["notes"]).map(word));
        page.text()
    })
}

fn line(outage: &Value) -> String {
    let [id, state, from, to] = ["id", "state", "from", "to"].map(|key| word(&outage[key]));
    let planned = if outage["planned"] == true { ", planned" } else { "" };
    let until = if to.is_empty() { "still".to_owned() } else { format!("to {to}") };
    format!("{id}  {state}{planned}  {from} {until}")
}

/// Tables may show the beginnings of ids, and those are what people copy.
async fn whole_id(desk: &Desk<'_>, said: &str) -> anyhow::Result<String> {
    if OutageId::parse(said).is_some() || !said.starts_with(PREFIX) {
        return Ok(said.to_owned());
    }
    let rows = desk.client.list(OUTAGES, &Vec::new(), LOOKED_THROUGH_MAX).await?;
    let ids: Vec<String> = rows.iter().map(|row| word(&row["id"])).collect();
    let found: Vec<&String> = ids.iter().filter(|id| said.len() > PREFIX.len() && id.starts_with(said)).collect();
    match found.as_slice() {
        [] => Ok(said.to_owned()),
        [only] => Ok((*only).clone()),
        several => {
            let named: Vec<&str> = several.iter().take(5).map(|id| id.as_str()).collect();
            Err(WrongUse(format!("several outages begin with `{said}`: name one, such as {}", named.join(", "))).into())
        }
    }
}
