//! `watchfire maintenance`: announcing, listing, looking, ending.

use anyhow::anyhow;
use model::Timestamp;
use report::Cell;
use serde_json::{Value, json};

use super::Desk;
use super::page::{Page, each, word};
use super::records::when;
use super::sheet::{self, Show};
use crate::cli::{
    Maintenance, MaintenanceAdd, MaintenanceEnd, MaintenanceList, MaintenanceNamed, WindowState as Asked,
};
use crate::client::{Query, Refused, of_item, over_already, segment};
use crate::console::{Colour, Console};
use crate::outcome::Outcome;

const WINDOWS: &str = "/api/v1/maintenance-windows";
/// In the service's words, and in those of the command line.
const WHICH_ENDS: [(&str, &str); 2] = [
    ("name its start to cancel it", "--occurrence with its start cancels it"),
    ("or end all of them", "--all ends all of them"),
];
const COLUMNS: [Show; 9] = [
    ("window", |row| sheet::text(&row["id"])),
    ("reference", |row| sheet::text(&row["reference"])),
    ("state", |row| Cell::Text(state(row, crate::moment::now()).as_str().to_owned())),
    ("from", |row| sheet::instant(&occurrence(row)["starts_at"])),
    ("to", |row| sheet::instant(&occurrence(row)["ends_at"])),
    ("recurs", |row| sheet::text(&row["rrule"])),
    ("cancelled", cancelled),
    ("items", |row| sheet::text(&row["ci"])),
    ("reason", |row| sheet::text(&row["reason"])),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Planned,
    InForce,
    Over,
    /// Nothing of it took or takes place.
    Cancelled,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::InForce => "in force",
            State::Over => "over",
            State::Cancelled => "cancelled",
        }
    }

    fn is(self, asked: Asked) -> bool {
        match asked {
            Asked::Planned => self == State::Planned,
            Asked::InForce => self == State::InForce,
            Asked::Over => self == State::Over,
            Asked::Cancelled => self == State::Cancelled,
            Asked::All => true,
        }
    }
}

/// The occurrence that lasts or comes next, else the last that took place, else the first.
fn occurrence(window: &Value) -> &Value {
    let known = ["next", "previous"].into_iter().map(|key| &window[key]).find(|one| one.is_object());
    known.filter(|_| window["deleted"] != true).unwrap_or(window)
}

fn state(window: &Value, now: Timestamp) -> State {
    match window["next"]["starts_at"].as_str().and_then(Timestamp::parse) {
        _ if window["deleted"] == true => State::Cancelled,
        Some(from) if now < from => State::Planned,
        Some(_) => State::InForce,
        None if window["previous"].is_object() => State::Over,
        None => State::Cancelled,
    }
}

/// How many of its occurrences do not take place.
fn cancelled(window: &Value) -> Cell {
    match each(&window["exdate"]).count() {
        0 => Cell::Nothing,
        count => Cell::Count(count as u64),
    }
}

pub(in crate::commands) async fn maintenance(command: Maintenance, console: &Console) -> anyhow::Result<Outcome> {
    match command {
        Maintenance::List(args) => list(&args, console).await,
        Maintenance::Show(args) => show(&args, console).await,
        Maintenance::Add(args) => announce(&args, console).await,
        Maintenance::End(args) => end(&args, console).await,
    }
}

async fn list(args: &MaintenanceList, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let query: Query<'_> = vec![("deleted", "true".to_owned())];
    let asked = |window: &Value| args.state.iter().any(|asked| state(window, crate::moment::now()).is(*asked));
    let rows = desk.client.listed_where(WINDOWS, &query, args.limit, asked).await?;
    desk.rows(rows, &COLUMNS, "No maintenance windows.")
}

async fn show(args: &MaintenanceNamed, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let window = desk.client.get(&format!("{WINDOWS}/{}", segment(&args.id)), &Vec::new()).await?;
    desk.one(&window, |window| in_full(window, crate::moment::now()))
}

fn in_full(window: &Value, now: Timestamp) -> String {
    let mut page = headed(window);
    page.line("state", state(window, now).as_str());
    described(&mut page, window);
    page.line("by", word(&window["by"]));
    page.line("next", from_to(&window["next"]));
    page.line("previous", from_to(&window["previous"]));
    page.line("last begins", word(&window["last_starts_at"]));
    page.part("Occurrences that are cancelled", each(&window["exdate"]).map(word));
    page.part("Occurrences that ended early", each(&window["shortened"]).map(from_to));
    page.text()
}

fn headed(window: &Value) -> Page {
    Page::titled(&format!("{}  {}", word(&window["reference"]), word(&window["reason"])))
}

fn described(page: &mut Page, window: &Value) {
    let keys = [("id", "id"), ("from", "starts_at"), ("to", "ends_at"), ("items", "ci")];
    for (name, key) in keys.into_iter().chain([("recurs", "rrule"), ("time zone", "time_zone")]) {
        page.line(name, word(&window[key]));
    }
}

fn from_to(occurrence: &Value) -> String {
    match occurrence.is_object() {
        true => format!("{} to {}", word(&occurrence["starts_at"]), word(&occurrence["ends_at"])),
        false => String::new(),
    }
}

async fn end(args: &MaintenanceEnd, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let now = crate::moment::now();
    let path = format!("{WINDOWS}/{}/end", segment(&args.id));
    let occurrence = args.occurrence.map(|at| at.resolve(now).to_string());
    let body = json!({ "all": args.all, "occurrence": occurrence });
    let ended = desk.client.post(&path, &body).await.map_err(|error| with_the_flags(over_already(error)))?;
    desk.one(&ended, |ended| has_ended(&args.id, args.all, occurrence.as_deref(), ended, now))
}

fn with_the_flags(error: anyhow::Error) -> anyhow::Error {
    let told = error.to_string();
    let with_flags = WHICH_ENDS.iter().fold(told.clone(), |text, (theirs, ours)| text.replace(theirs, ours));
    if told == with_flags { error } else { anyhow!(with_flags) }
}

/// What of it is over or will not be, and what is left of it.
fn has_ended(id: &str, all: bool, asked: Option<&str>, ended: &Value, now: Timestamp) -> String {
    if ended["deleted"] == true {
        return format!("{id} is cancelled: nothing of it takes place\n");
    }
    if ended["rrule"].is_null() {
        return format!("{id} has ended\n");
    }
    if all {
        return format!("{id} has ended, and does not recur any more\n");
    }
    let is_cancelled = asked.is_some_and(|at| each(&ended["exdate"]).any(|cancelled| cancelled == at));
    let what = match asked {
        Some(at) if is_cancelled => format!("the occurrence of {id} that was to begin at {at} is cancelled"),
        Some(at) => format!("the occurrence of {id} that began at {at} has ended"),
        None => format!("the occurrence of {id} that lasted has ended"),
    };
    format!("{what}; {}\n", what_is_left(&ended["next"], now))
}

fn what_is_left(next: &Value, now: Timestamp) -> String {
    let [from, to] = ["starts_at", "ends_at"].map(|key| word(&next[key]));
    match Timestamp::parse(&from) {
        None => "none is to come".to_owned(),
        Some(begins) if begins <= now => format!("the one that began at {from} lasts until {to}"),
        Some(_) => format!("the next one begins at {from}"),
    }
}

async fn announce(args: &MaintenanceAdd, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let mut body = json!({
        "id": args.id, "ci": args.ci, "reason": args.reason, "confirm": args.confirm,
        "rrule": args.rrule, "time_zone": args.time_zone,
        "exdate": args.exdate.iter().map(|at| at.resolve(crate::moment::now()).to_string()).collect::<Vec<_>>(),
    });
    when(&args.span, &mut body)?;
    let answer = desk.client.post(WINDOWS, &body).await.map_err(|error| unconfirmed(error, console))?;
    each(&answer["notes"]).for_each(|note| console.say_with(Colour::Yellow, "note:", word(note)));
    desk.one(&answer, announced)
}

/// What it would mute is what somebody who has to confirm it wants to know.
fn unconfirmed(error: anyhow::Error, console: &Console) -> anyhow::Error {
    let Some(mutes) = error.downcast_ref::<Refused>().map(|refused| &refused.problem["mutes"]) else { return error };
    if !mutes.is_object() {
        return of_item(error);
    }
    console.say(would_mute(mutes).trim());
    let critical = word(&mutes["services_most_critical"]);
    anyhow!("{critical} would be in maintenance: say --confirm if that is meant; nothing is set")
}

fn would_mute(mutes: &Value) -> String {
    let mut page = Page::default();
    page.part("It would mute", muted(mutes).map(|(what, whom)| format!("{what}: {whom}")));
    page.text()
}

fn muted(mutes: &Value) -> impl Iterator<Item = (String, String)> {
    let parts = mutes.as_object().into_iter().flatten();
    parts.map(|(what, whom)| (what.replace('_', " "), word(whom))).filter(|(_, whom)| !whom.is_empty())
}

/// The window, and what nobody will be told of through it.
fn announced(answer: &Value) -> String {
    let mut page = headed(&answer["window"]);
    described(&mut page, &answer["window"]);
    page.part("Mutes", muted(&answer["mutes"]).map(|(what, whom)| format!("{what}: {whom}")));
    page.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_1: &str = "2026-05-01T10:00:00Z";
    const DAY_2: &str = "2026-05-02T10:00:00Z";

    fn one(day: &str) -> Value {
        json!({"starts_at": day, "ends_at": day.replace("T10", "T11")})
    }

    /// Of two occurrences.
    fn window(next: Value, previous: Value) -> Value {
        json!({
            "starts_at": DAY_1, "ends_at": "2026-05-01T11:00:00Z", "rrule": "FREQ=DAILY;COUNT=2", "exdate": [],
            "next": next, "previous": previous, "deleted": false,
        })
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_window_is_planned_in_force_over_or_cancelled() {
        let taken_back = json!({"next": null, "previous": null, "deleted": true});
        for (window, now, expected) in [
            (window(one(DAY_1), Value::Null), "2026-05-01T09:59:59Z", State::Planned),
            (window(one(DAY_1), Value::Null), DAY_1, State::InForce),
            (window(one(DAY_2), one(DAY_1)), "2026-05-01T11:00:00Z", State::Planned),
            (window(Value::Null, one(DAY_2)), "2026-05-02T11:00:00Z", State::Over),
            (window(Value::Null, Value::Null), DAY_1, State::Cancelled),
            (taken_back, DAY_1, State::Cancelled),
        ] {
            assert_eq!(state(&window, at(now)), expected, "{window} {now}");
        }
    }

    #[test]
    fn what_is_over_shows_when_it_was_last() {
        let shown = |window: &Value| word(&occurrence(window)["ends_at"]);
        assert_eq!(shown(&window(Value::Null, one(DAY_2))), "2026-05-02T11:00:00Z");
        assert_eq!(shown(&window(one(DAY_2), one(DAY_1))), "2026-05-02T11:00:00Z");
        assert_eq!(shown(&window(Value::Null, Value::Null)), "2026-05-01T11:00:00Z");
    }

    #[test]
    fn what_is_ended_says_what_is_over_what_will_not_be_and_what_is_left() {
        let now = at("2026-05-01T10:30:00Z");
        let said = |all, asked, ended: &Value| has_ended("MW1", all, asked, ended, now);
        let mut cancelled = window(one(DAY_1), Value::Null);
        cancelled["exdate"] = json!([DAY_2]);
        let mut taken_back = window(Value::Null, Value::Null);
        taken_back["deleted"] = true.into();
        let once = json!({"rrule": null, "next": null, "deleted": false});
        for (all, asked, ended, expected) in [
            (false, None, &once, "MW1 has ended\n"),
            (false, None, &taken_back, "MW1 is cancelled: nothing of it takes place\n"),
            (true, None, &window(Value::Null, one(DAY_1)), "MW1 has ended, and does not recur any more\n"),
            (
                false,
                Some(DAY_2),
                &cancelled,
                "the occurrence of MW1 that was to begin at 2026-05-02T10:00:00Z is cancelled; the one that began at \
                 2026-05-01T10:00:00Z lasts until 2026-05-01T11:00:00Z\n",
            ),
            (
                false,
                Some(DAY_1),
                &window(one(DAY_2), one(DAY_1)),
                "the occurrence of MW1 that began at 2026-05-01T10:00:00Z has ended; the next one begins at \
                 2026-05-02T10:00:00Z\n",
            ),
            (
                false,
                None,
                &window(Value::Null, one(DAY_1)),
                "the occurrence of MW1 that lasted has ended; none is to come\n",
            ),
        ] {
            assert_eq!(said(all, asked, ended), expected);
        }
    }

    #[test]
    fn what_ends_is_told_with_the_flags_that_say_it() {
        let told = with_the_flags(anyhow!("none lasts: name its start to cancel it, or end all of them")).to_string();
        assert_eq!(told, "none lasts: --occurrence with its start cancels it, --all ends all of them");
        assert_eq!(with_the_flags(anyhow!("it is over already")).to_string(), "it is over already");
    }

    #[test]
    fn what_a_window_would_mute_is_said_part_by_part() {
        let mutes = json!({"services": ["checkout"], "services_most_critical": ["checkout"], "cis": ["db-7", "web-1"], "alerts": []});
        let said = would_mute(&mutes);
        assert!(said.contains("services: checkout\n") && said.contains("cis: db-7, web-1\n"), "{said}");
        assert!(!said.contains("alerts"), "{said}");
    }
}
