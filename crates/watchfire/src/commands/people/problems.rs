//! `watchfire problems`: listing, looking, acting.

use clap::ValueEnum as _;
use serde_json::{Value, json};

use super::page::word;
use super::sheet::{self, Show};
use super::{Desk, but_all, incidents, said, words};
use crate::cli::{MoveTo, ProblemDuplicate, ProblemList, ProblemNamed, ProblemOpen, Problems, ProblemsCommand, Shown};
use crate::client::{Query, of_incident, of_item, segment};
use crate::console::{Colour, Console};
use crate::outcome::Outcome;

const PATH: &str = "/api/v1/problems";
const COLUMNS: [Show; 6] = [
    ("number", |row| sheet::text(&row["number"])),
    ("state", |row| sheet::text(&row["state"])),
    ("known error", |row| sheet::mark(&row["known_error"], "yes")),
    ("incidents", |row| sheet::length(&row["incidents"])),
    ("item", |row| sheet::text(&row["ci"])),
    ("title", |row| sheet::text(&row["title"])),
];

pub(in crate::commands) async fn problems(args: Problems, console: &Console) -> anyhow::Result<Outcome> {
    use ProblemsCommand::{Assign, Comment, Duplicate, KnownError, Link, List, Move, Open, Show, Unlink, Workaround};
    let (number, action, body, shown) = match args.command {
        None => return list(&args.list, console).await,
        Some(List(args)) => return list(&args, console).await,
        Some(Show(args)) => return show(&args, console).await,
        Some(Open(args)) => return open(&args, console).await,
        Some(Move(args)) => (args.number, "move", json!({"to": state(args.to)}), args.shown),
        Some(KnownError(args)) => {
            let body = json!({"cause": args.cause, "workaround": args.workaround});
            (args.number, "known_error", body, args.shown)
        }
        Some(Workaround(args)) => (args.number, "workaround", json!({"text": args.text}), args.shown),
        Some(Assign(args)) => {
            (args.number, "assign", json!({"team": args.team, "assignee": args.assignee}), args.shown)
        }
        Some(Comment(args)) => (args.said.number, "comment", json!({"text": args.said.text}), args.said.shown),
        Some(Link(args)) => (args.number, "link", json!({"incident": incidents::full(&args.incident)}), args.shown),
        Some(Unlink(args)) => {
            let body = json!({"incident": incidents::full(&args.link.incident)});
            (args.link.number, "unlink", body, args.link.shown)
        }
        Some(Duplicate(args)) => return duplicate(&args, console).await,
    };
    act(&number, action, &body, &shown, console).await
}

async fn act(number: &str, action: &str, body: &Value, shown: &Shown, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(shown, console)?;
    let answer = desk.client.post(&format!("{}/{action}", path_of(number)), body).await;
    let problem = answer.map_err(of_incident)?;
    desk.one(&problem, |problem| sheet::table(std::slice::from_ref(problem), &COLUMNS, "", console.table_style()))
}

/// Its incidents go over to the other problem, with that one's workaround or none.
async fn duplicate(args: &ProblemDuplicate, console: &Console) -> anyhow::Result<Outcome> {
    let done = act(&args.number, "duplicate", &json!({"of": full(&args.of)}), &args.shown, console).await?;
    let desk = Desk::of(&args.shown, console)?;
    let this = desk.client.get(&path_of(&args.number), &Vec::new()).await?;
    let other = desk.client.get(&path_of(&args.of), &Vec::new()).await?;
    if let Some(lost) = lost(&this, &other) {
        console.say_with(Colour::Yellow, "note:", lost);
    }
    Ok(done)
}

/// A workaround that is offered no more.
fn lost(this: &Value, other: &Value) -> Option<String> {
    let offers = |problem: &Value| problem["known_error"] == true && problem["workaround"].is_string();
    let [this_one, other_one] = [this, other].map(|problem| word(&problem["number"]));
    (offers(this) && !offers(other)).then(|| {
        format!(
            "the workaround of {this_one} is offered no more, since {other_one} has none: \
             `watchfire problems known-error {other_one}` gives it one"
        )
    })
}

async fn list(list: &ProblemList, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&list.shown, console)?;
    let query: Query<'_> =
        [words("state", but_all(&list.state)), said("ci", list.ci.as_ref()), said("q", list.q.as_ref())]
            .into_iter()
            .flatten()
            .collect();
    let rows = desk.client.listed(PATH, &query, list.limit).await?;
    desk.rows(rows, &COLUMNS, "No problems.")
}

async fn show(args: &ProblemNamed, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let problem = desk.client.get(&path_of(&args.number), &Vec::new()).await?;
    desk.object(&desk.numbered(problem).await, "title")
}

async fn open(args: &ProblemOpen, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let incidents: Vec<String> = args.incident.iter().map(|number| incidents::full(number)).collect();
    let body = json!({"title": args.title, "ci": args.ci, "incidents": incidents});
    let answer = desk.client.post(PATH, &body).await;
    let problem = answer.map_err(|error| of_item(of_incident(error)))?;
    desk.one(&problem, |problem| sheet::table(std::slice::from_ref(problem), &COLUMNS, "", console.table_style()))
}

/// As the contract spells it.
fn state(to: MoveTo) -> String {
    to.to_possible_value().map(|word| word.get_name().to_owned()).unwrap_or_default()
}

fn path_of(number: &str) -> String {
    format!("{PATH}/{}", segment(&full(number)))
}

/// People leave the letters and the zeros out.
pub(super) fn full(number: &str) -> String {
    let digits = number.strip_prefix("PRB").or_else(|| number.strip_prefix("prb")).unwrap_or(number);
    match digits.parse::<u64>() {
        Ok(count) => model::problem::number_text(count),
        Err(_) => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::problem::ProblemState;

    use super::*;

    #[test]
    fn numbers_may_be_short() {
        for (typed, meant) in
            [("PRB0000007", "PRB0000007"), ("prb7", "PRB0000007"), ("7", "PRB0000007"), ("prb_0a", "prb_0a")]
        {
            assert_eq!(full(typed), meant);
        }
    }

    #[test]
    fn a_workaround_that_is_offered_no_more_is_told() {
        let problem = |number: &str, workaround: Option<&str>| json!({"number": number, "known_error": workaround.is_some(), "workaround": workaround});
        let (with, without) = (problem("PRB0000001", Some("restart it")), problem("PRB0000002", None));
        assert!(lost(&with, &without).unwrap().contains("known-error PRB0000002"));
        assert_eq!([lost(&with, &with), lost(&without, &with), lost(&without, &without)], [None, None, None]);
    }

    #[test]
    fn every_state_to_move_to_is_one_of_the_contract() {
        for to in MoveTo::value_variants() {
            assert!(ProblemState::from_word(&state(*to)).is_some(), "{to:?}");
        }
        assert_eq!(state(MoveTo::FixInProgress), "fix_in_progress");
    }
}
