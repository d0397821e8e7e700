//! `watchfire incidents`: listing, looking, acting, watching.

use anyhow::anyhow;
use model::incident::RESOLVED_AS_CHANGE;
use report::Style;
use serde_json::{Value, json};

use super::page::{self, Page, each, sentence, word};
use super::records::{ALERTS, alert_among, whole_id};
use super::sheet::{self, Show};
use super::watched::Watched;
use super::words::resolution;
use super::{Desk, but_all, explained, problems, review, said, similar, words};
use crate::cli::{
    Detector, Format, HoldFor, IncidentList, Incidents, MajorState, Named, Open, Shown, Split, Unlink, Watch,
};
use crate::client::{Query, Refused, of_item, segment};
use crate::config::nearest;
use crate::console::{Colour, Console};
use crate::outcome::Outcome;

const PATH: &str = "/api/v1/incidents";
/// In the service's words.
const FORCE_IT: &str = "force it with a reason";
const NOT_OVER: &str = "open,acknowledged,on_hold,restored,resolved";
/// Incidents that a watch knows from before it began.
const KNOWN_MAX: usize = 10_000;
/// Alerts that a page about an incident lists.
const ALERTS_SHOWN_MAX: usize = 100;
/// Causes that a page about an incident tells of, as `incidents explain` does.
const CAUSES_SHOWN: usize = 3;
/// Past incidents that a page about one lists; `incidents similar` has the others.
const SEEN_BEFORE_SHOWN: usize = 3;
/// Incidents that the page of a storm lists.
const OF_STORM_SHOWN: usize = 20;
/// Of an id, what a table shows; `alerts show` finds it by that.
const SHORT_ID: usize = "alr_".len() + 8;
const ALERT_COLUMNS: [Show; 6] = [
    ("state", |row| sheet::text(&row["state"])),
    ("severity", |row| sheet::text(&row["severity"])),
    ("item", |row| sheet::text(&row["ci"])),
    ("since", |row| sheet::instant(&row["since"])),
    ("id", |row| sheet::text(&row["short"])),
    ("summary", |row| sheet::text(&row["summary"])),
];
const COLUMNS: [Show; 7] = [
    ("number", |row| sheet::text(&row["number"])),
    ("priority", |row| sheet::text(&row["priority"])),
    ("state", |row| sheet::text(&row["state"])),
    ("age", |row| sheet::age(&row["opened_at"])),
    ("alerts", alerts),
    ("team", |row| sheet::text(&row["team"])),
    ("title", |row| sheet::text(&row["title"])),
];

/// Those that are not listed count too.
fn alerts(row: &Value) -> report::Cell {
    let listed = each(&row["alerts"]).count() as u64;
    report::Cell::Count(listed + row["alerts_unlisted"].as_u64().unwrap_or(0))
}

pub(in crate::commands) async fn incidents(command: Incidents, console: &Console) -> anyhow::Result<Outcome> {
    use Incidents::{
        Ack, Assign, Cause, Close, Comment, Declare, Explain, FalsePositive, Hold, List, Merge, Open, Reopen, Resolve,
        Review, Reviews, Show, Similar, Split, Unack, Unhold, Unlink, Update, Watch,
    };
    let at = |moment: crate::moment::Moment| moment.resolve(crate::moment::now()).to_string();
    let (number, action, body, shown) = match command {
        List(args) => return list(&args, console).await,
        Show(args) => return show(&args, console).await,
        Explain(args) => return explained::explain(&args, console).await,
        Review(args) => return review::review(&args, console).await,
        Reviews(args) => return review::reviews(&args, console).await,
        Similar(args) => return seen_before(&args, console).await,
        Watch(args) => return watch(&args, console).await,
        Open(args) => return open(&args, console).await,
        Ack(args) => (args.number, "acknowledge", json!({}), args.shown),
        Unack(args) => (args.number, "unacknowledge", json!({}), args.shown),
        Update(args) => (args.number, "update", json!({"priority": args.priority, "title": args.title}), args.shown),
        Declare(args) => {
            let body = json!({"state": major(args.state), "reason": args.reason.unwrap_or_default()});
            (args.number, "major", body, args.shown)
        }
        Cause(args) => {
            let verdict = if args.reject { "rejected" } else { "confirmed" };
            (args.number, "cause", json!({"ci": args.ci, "verdict": verdict}), args.shown)
        }
        Unhold(args) => (args.number, "unhold", json!({}), args.shown),
        Reopen(args) => (args.number, "reopen", json!({}), args.shown),
        Assign(args) => (args.number, "assign", json!({"team": args.team, "assignee": args.assignee}), args.shown),
        Hold(args) => {
            let body = json!({"for": held_for(args.held_for), "until": args.until.map(at), "reason": args.reason});
            (args.number, "hold", body, args.shown)
        }
        Resolve(args) => {
            let slip = args.code.as_deref().and_then(slip_of_a_code);
            slip.iter().for_each(|slip| console.say_with(Colour::Yellow, "note:", slip));
            let body = json!({"code": args.code, "notes": args.notes, "force": args.force});
            (args.number, "resolve", body, args.shown)
        }
        Close(args) => (args.number, "close", json!({"notes": args.notes, "force": args.force}), args.shown),
        Merge(args) => (args.number, "merge", json!({"into": full(&args.into)}), args.shown),
        Split(args) => return split(&args, console).await,
        Unlink(args) => return unlink(&args, console).await,
        FalsePositive(args) => (args.number, "false_positive", json!({"reason": args.reason}), args.shown),
        Comment(args) => (args.number, "comment", json!({"text": args.text}), args.shown),
    };
    act(&number, action, &body, &shown, console).await
}

async fn act(number: &str, action: &str, body: &Value, shown: &Shown, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(shown, console)?;
    let answer = desk.client.post(&format!("{}/{action}", path_of(number)), body).await;
    let incident = answer.map_err(|error| with_the_flags(if names_item(&error) { of_item(error) } else { error }))?;
    desk.one(&incident, |incident| sheet::table(std::slice::from_ref(incident), &COLUMNS, "", console.table_style()))
}

/// Any code may be said; one that nearly is a word that means something is hardly meant.
fn slip_of_a_code(code: &str) -> Option<String> {
    let near = nearest(code, &[RESOLVED_AS_CHANGE]).filter(|near| *near != code)?;
    Some(format!("the code `{code}` means nothing to the measures: did you mean `{near}`?"))
}

/// What is not there may be the incident, or an item that is said to be its cause.
fn names_item(error: &anyhow::Error) -> bool {
    error.to_string().contains("configuration item")
}

/// What the service calls to force, the command line has flags for.
fn with_the_flags(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Refused>().filter(|refused| refused.to_string().contains(FORCE_IT)) {
        Some(refused) => {
            anyhow!(refused.to_string().replace(FORCE_IT, &format!("{FORCE_IT}: --force --notes \"…\"")))
        }
        None => error,
    }
}

async fn list(args: &IncidentList, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let now = crate::moment::now();
    let query: Query<'_> = [
        words("state", but_all(&args.state)),
        words("priority", &args.priority),
        said("service", args.service.as_ref()),
        said("ci", args.ci.as_ref()),
        said("team", args.team.as_ref()),
        said("problem", args.problem.as_deref().map(problems::full)),
        said("parent", args.parent.as_deref().map(full)),
        said("from", args.from.map(|from| from.resolve(now))),
        said("to", args.to.map(|to| to.resolve(now))),
        said("q", args.q.as_ref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let listed = desk.client.listed(PATH, &query, args.limit).await?;
    if listed.rows.is_empty() {
        let asked = [("services", args.service.as_ref()), ("cis", args.ci.as_ref())];
        for (of, id) in asked.into_iter().filter_map(|(of, id)| Some((of, id?))) {
            known(&desk, of, id).await?;
        }
    }
    desk.rows(listed, &COLUMNS, "No incidents.")
}

/// Nothing of an item that there is not is a slip of the pen, as in a report.
async fn known(desk: &Desk<'_>, of: &str, id: &str) -> anyhow::Result<()> {
    desk.client.get(&format!("/api/v1/{of}/{}", segment(id)), &Vec::new()).await.map(drop).map_err(of_item)
}

async fn show(args: &Named, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let incident = desk.client.get(&path_of(&args.number), &Vec::new()).await?;
    let id = word(&incident["id"]);
    let mut incident = desk.numbered(incident).await;
    if desk.format == Format::Table && each(&incident["alerts"]).next().is_some() {
        let query: Query<'_> = vec![("incident", id.clone())];
        let rows = desk.client.list(ALERTS, &query, ALERTS_SHOWN_MAX).await?;
        incident["alerts_in_full"] = rows.iter().map(|row| alert_row(row, &id)).collect();
    }
    if desk.format == Format::Table && incident["storm"] == true {
        let listed = desk.client.listed(PATH, &vec![("parent", id)], OF_STORM_SHOWN).await?;
        incident["of_storm"] = Value::Array(listed.rows);
        incident["of_storm_more"] = listed.more.into();
    }
    if desk.format == Format::Table {
        let query: Query<'_> = vec![("limit", SEEN_BEFORE_SHOWN.to_string())];
        incident["similar"] = desk.client.get(&format!("{}/similar", path_of(&args.number)), &query).await?;
    }
    desk.one(&incident, in_full)
}

async fn seen_before(args: &Named, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let found = desk.client.get(&format!("{}/similar", path_of(&args.number)), &Vec::new()).await?;
    desk.one(&found, |found| similar::in_full(&full(&args.number), found))
}

/// As a line of the incident's page has it; since when is that of its last firing in that incident.
fn alert_row(alert: &Value, incident: &str) -> Value {
    let here = each(&alert["episodes"]).filter(|episode| episode["incident"] == incident).last();
    let episode = here.or_else(|| each(&alert["episodes"]).last()).unwrap_or(&Value::Null);
    let short: String = word(&alert["id"]).chars().take(SHORT_ID).collect();
    json!({
        "state": alert["state"], "severity": alert["severity"], "ci": alert["ci"], "summary": alert["summary"],
        "since": episode["started_at"], "short": short,
    })
}

fn alert_lines(incident: &Value) -> Vec<String> {
    let rows = each(&incident["alerts_in_full"]).cloned().collect::<Vec<_>>();
    if rows.is_empty() {
        return each(&incident["alerts"]).map(word).collect();
    }
    let mut lines: Vec<String> =
        sheet::table(&rows, &ALERT_COLUMNS, "", Style::default()).lines().map(str::to_owned).collect();
    let report::Cell::Count(total) = alerts(incident) else { return lines };
    let more = total.saturating_sub(rows.len() as u64);
    let number = word(&incident["number"]);
    lines.extend((more > 0).then(|| {
        format!("and {more} more: `watchfire alerts --incident {number} --state all --limit {total}` lists them")
    }));
    lines
}

fn of_storm(incident: &Value) -> Vec<String> {
    let rows = each(&incident["of_storm"]).cloned().collect::<Vec<_>>();
    if rows.is_empty() {
        return Vec::new();
    }
    let table = sheet::table(&rows, &COLUMNS, "", Style::default());
    let number = word(&incident["number"]);
    let more = (incident["of_storm_more"] == true)
        .then(|| format!("and more: `watchfire incidents list --parent {number} --state all` lists them"));
    table.lines().map(str::to_owned).chain(more).collect()
}

/// Alerts may be named by the beginnings of their ids, as the incident's page has them.
async fn split(args: &Split, console: &Console) -> anyhow::Result<Outcome> {
    let ids = members(&args.number, &args.shown, console).await?;
    let named = args.alerts.iter().map(|said| alert_among(&ids, said)).collect::<anyhow::Result<Vec<_>>>()?;
    let done = act(&args.number, "split", &json!({"alerts": named}), &args.shown, console).await?;
    if let Some(alert) = named.first() {
        moved(&args.number, alert, &args.shown, console).await?;
    }
    Ok(done)
}

async fn unlink(args: &Unlink, console: &Console) -> anyhow::Result<Outcome> {
    let ids = members(&args.number, &args.shown, console).await?;
    let desk = Desk::of(&args.shown, console)?;
    // It may be in another incident, and then the service says in which.
    let named = whole_id(&desk, &alert_among(&ids, &args.alert)?).await?;
    let done = act(&args.number, "unlink", &json!({"alert": named}), &args.shown, console).await?;
    moved(&args.number, &named, &args.shown, console).await?;
    Ok(done)
}

/// Where an alert is that was taken out of an incident: in one of its own, in another, or as yet in none.
async fn moved(number: &str, alert: &str, shown: &Shown, console: &Console) -> anyhow::Result<()> {
    let desk = Desk::of(shown, console)?;
    let alert = desk.client.get(&format!("{ALERTS}/{}", segment(alert)), &Vec::new()).await?;
    let Some(id) = each(&alert["episodes"]).last().and_then(|last| last["incident"].as_str()) else { return Ok(()) };
    let holder = word(&desk.client.get(&format!("{PATH}/{}", segment(id)), &Vec::new()).await?["number"]);
    if holder != full(number) {
        let short: String = word(&alert["id"]).chars().take(SHORT_ID).collect();
        console.say(format_args!("{short} is in {holder} now"));
    }
    Ok(())
}

async fn members(number: &str, shown: &Shown, console: &Console) -> anyhow::Result<Vec<String>> {
    let desk = Desk::of(shown, console)?;
    let incident = desk.client.get(&path_of(number), &Vec::new()).await?;
    Ok(each(&incident["alerts"]).map(word).collect())
}

async fn open(args: &Open, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let detected_by = match args.detected_by {
        Detector::Customer => "customer",
        Detector::Staff => "staff",
    };
    let started_at = args.started_at.map(|at| at.resolve(crate::moment::now()).to_string());
    let body = json!({
        "title": args.title, "detected_by": detected_by, "cis": args.ci,
        "priority": args.priority, "team": args.team, "started_at": started_at,
    });
    let incident = desk.client.post(PATH, &body).await.map_err(of_item)?;
    desk.one(&incident, |incident| sheet::table(std::slice::from_ref(incident), &COLUMNS, "", console.table_style()))
}

/// Until control-C, or until the service ends it.
async fn watch(args: &Watch, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let mut watched = Watched::of(present(&desk).await?);
    let mut stream = desk.client.stream("/api/v1/stream").await?;
    while let Some(told) = stream.next().await? {
        if told.kind == "reset" {
            watched = Watched::of(present(&desk).await?);
            console.say("some changes were missed here: `watchfire incidents list` shows how everything stands");
        }
        if told.kind != "incident" {
            continue;
        }
        let incident: Value = serde_json::from_str(&told.data)?;
        if desk.format == Format::Json {
            desk.say(&(told.data + "\n"))?;
            continue;
        }
        let incident = desk.numbered(incident).await;
        let changes = watched.changes(&incident);
        if !changes.is_empty() {
            desk.say(&(changed(&incident, &changes) + "\n"))?;
        }
    }
    console.say("the service ended the stream");
    Ok(Outcome::Done)
}

/// What a change is told against: everything that is not over for good.
async fn present(desk: &Desk<'_>) -> anyhow::Result<Vec<Value>> {
    match desk.format {
        Format::Json => Ok(Vec::new()),
        Format::Table => desk.client.list(PATH, &vec![("state", NOT_OVER.to_owned())], KNOWN_MAX).await,
    }
}

fn changed(incident: &Value, changes: &[String]) -> String {
    let [number, priority, state, title] = ["number", "priority", "state", "title"].map(|key| word(&incident[key]));
    let at = report::text::instant(crate::moment::now());
    page::safe(&format!("{at}  {number}  {priority}  {state:12}  {}  {title}", changes.join(", ")))
}

fn in_full(incident: &Value) -> String {
    let title = format!("{}  {}", word(&incident["number"]), word(&incident["title"]));
    let mut page = Page::titled(&title).with_names("false positive".len());
    for key in ["state", "priority", "team", "assignee", "major", "detected_by"] {
        page.line(&key.replace('_', " "), word(&incident[key]));
    }
    for key in ["started_at", "detected_at", "opened_at", "acknowledged_at", "restored_at", "resolved_at", "closed_at"]
    {
        page.line(key.trim_end_matches("_at"), word(&incident[key]));
    }
    for key in ["problem", "workaround", "parent", "merged_into", "residual_of", "recurrence_of", "false_positive"] {
        page.line(&key.replace('_', " "), word(&incident[key]));
    }
    page.line("resolution", resolution(&incident["resolution"]));
    page.line("items", word(&incident["cis"]));
    let longest = each(&incident["services"]).map(|service| word(&service["id"]).chars().count()).max().unwrap_or(0);
    page.part(
        "Services",
        each(&incident["services"]).map(|service| {
            let [id, state, now, since] = ["id", "state", "now", "since"].map(|key| word(&service[key]));
            let now = if now == state { String::new() } else { format!(", now {now}") };
            format!("{id:longest$}  {state}{now}  since {since}")
        }),
    );
    page.part("Agreements", each(&incident["agreements"]).map(agreement));
    page.part("Probable causes", causes(incident));
    page.part(
        "Changes shortly before",
        each(&incident["changes"]).map(|change| {
            let [reference, ci, summary] = ["reference", "ci", "summary"].map(|key| word(&change[key]));
            format!("{reference}  {ci}  {summary}: {}", sentence(change))
        }),
    );
    page.part("Seen before", similar::lines(&incident["similar"]));
    page.part("Incidents of this storm", of_storm(incident));
    page.part("Alerts", alert_lines(incident));
    page.part(
        "Comments",
        each(&incident["comments"])
            .map(|comment| format!("{}  {}: {}", word(&comment["at"]), word(&comment["by"]), word(&comment["text"]))),
    );
    page.text()
}

/// `gold (sla): to respond within 15m, breached at …`.
fn agreement(agreement: &Value) -> String {
    let [id, kind, target, state, at] = ["agreement", "kind", "target", "state", "at"].map(|key| word(&agreement[key]));
    let within = report::text::duration(agreement["target_seconds"].as_f64().unwrap_or_default());
    let stands = match (&*state, at.is_empty()) {
        ("running", true) => "stands still".to_owned(),
        ("running", false) => format!("breaches at {at}"),
        _ => format!("{state} at {at}"),
    };
    format!("{id} ({kind}): to {target} within {within}, {stands}")
}

/// The first with what speaks for and against them; of the others, how many there are.
fn causes(incident: &Value) -> Vec<String> {
    let cause = |cause: &Value| {
        let said = |speaks: &str| -> Vec<String> {
            each(&cause["because"]).filter(|because| because["speaks"] == speaks).map(sentence).collect()
        };
        let parts = [("", said("for")), ("against it: ", said("against"))];
        let parts = parts.into_iter().filter(|(_, said)| !said.is_empty());
        let why: Vec<String> = parts.map(|(name, said)| format!("{name}{}", said.join("; "))).collect();
        let [ci, confidence, score] = ["ci", "confidence", "score"].map(|key| word(&cause[key]));
        format!("{ci}  {confidence} confidence (score {score}): {}", why.join("; "))
    };
    let more = each(&incident["causes"]).count().saturating_sub(CAUSES_SHOWN);
    let number = word(&incident["number"]);
    let rest =
        (more > 0).then(|| format!("and {more} more: `watchfire incidents show {number} --format json` has them"));
    each(&incident["causes"]).take(CAUSES_SHOWN).map(cause).chain(rest).collect()
}

pub(super) fn path_of(number: &str) -> String {
    format!("{PATH}/{}", segment(&full(number)))
}

/// People leave the letters and the zeros out.
pub(super) fn full(number: &str) -> String {
    let digits = number.strip_prefix("INC").or_else(|| number.strip_prefix("inc")).unwrap_or(number);
    match digits.parse::<u64>() {
        Ok(count) => model::incident::number_text(count),
        Err(_) => number.to_owned(),
    }
}

fn major(state: MajorState) -> &'static str {
    match state {
        MajorState::Declared => "declared",
        MajorState::Rejected => "rejected",
        MajorState::Proposed => "proposed",
        MajorState::None => "none",
    }
}

fn held_for(whom: HoldFor) -> &'static str {
    match whom {
        HoldFor::Customer => "customer",
        HoldFor::Supplier => "supplier",
        HoldFor::Problem => "problem",
        HoldFor::Change => "change",
        HoldFor::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_short() {
        for (typed, meant) in
            [("INC0000123", "INC0000123"), ("inc123", "INC0000123"), ("123", "INC0000123"), ("inc_0a", "inc_0a")]
        {
            assert_eq!(full(typed), meant);
        }
    }

    #[test]
    fn a_code_that_nearly_means_something_is_a_slip() {
        for slip in ["chnage", "Change", "changes"] {
            assert!(slip_of_a_code(slip).unwrap().ends_with("did you mean `change`?"), "{slip}");
        }
        assert_eq!(["change", "fixed", "replaced"].map(slip_of_a_code), [None, None, None]);
    }

    #[test]
    fn an_incident_in_full_has_what_it_has() {
        let incident = json!({
            "number": "INC0000001", "title": "checkout DOWN", "state": "open", "priority": "P1", "team": null,
            "opened_at": "2026-05-01T10:00:00Z", "cis": ["db-7"],
            "services": [{"id": "checkout", "state": "down", "now": "up", "since": "2026-05-01T10:00:00Z"}],
            "causes": [{"ci": "db-7", "confidence": "high", "score": 0.873, "because": [
                {"code": "x", "speaks": "for", "text": "it fired first"},
                {"code": "y", "speaks": "against", "text": "2 of 3 are quiet"},
            ]}, {"ci": "web-1", "confidence": "low", "score": 0.2, "because": [
                {"code": "z", "speaks": "against", "text": "ana rejected it"},
            ]}, {"ci": "web-2", "confidence": "low", "score": 0.1}, {"ci": "web-3"}, {"ci": "web-4"}],
        });
        let shown = in_full(&incident);
        for wanted in [
            "INC0000001  checkout DOWN",
            "opened          2026",
            "checkout  down, now up",
            "high confidence (score 0.873): it fired first; against it: 2 of 3 are quiet",
            "web-1  low confidence (score 0.2): against it: ana rejected it",
            "web-2  low",
            "and 2 more: `watchfire incidents show INC0000001 --format json` has them",
        ] {
            assert!(shown.contains(wanted), "{shown}");
        }
        assert!(!shown.contains("team") && !shown.contains("Comments"), "{shown}");
        assert!(!shown.contains("web-3"), "{shown}");
    }
}
