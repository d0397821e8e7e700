//! `watchfire incidents review` and `reviews`: what is learnt from declared major incidents.

use anyhow::anyhow;
use report::Cell;
use serde_json::{Value, json};

use super::incidents::path_of;
use super::page::each;
use super::sheet::{self, Show};
use super::{Desk, said};
use crate::cli::{Format, Review, Reviews};
use crate::client::Query;
use crate::console::Console;
use crate::outcome::{Outcome, WrongUse};

const PATH: &str = "/api/v1/reviews";
/// Between what an action is, its owner, and its last day.
const PARTS_APART: char = ';';
const COLUMNS: [Show; 6] = [
    ("number", |row| sheet::text(&row["number"])),
    ("state", |row| sheet::text(&row["state"])),
    ("resolved", |row| sheet::instant(&row["resolved_at"])),
    ("written", |row| sheet::instant(&row["written_at"])),
    ("actions", actions),
    ("title", |row| sheet::text(&row["title"])),
];

/// Those that are still to be done.
fn actions(row: &Value) -> Cell {
    let overdue = each(&row["actions_overdue"]).count();
    match (row["actions_open"].as_u64().unwrap_or(0), overdue) {
        (0, _) => Cell::Nothing,
        (open, 0) => Cell::Text(format!("{open} open")),
        (open, overdue) => Cell::Text(format!("{open} open, {overdue} overdue")),
    }
}

pub(super) async fn reviews(args: &Reviews, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let query: Query<'_> = said("overdue", args.overdue.then_some(true)).into_iter().collect();
    let rows = desk.client.listed(PATH, &query, args.limit).await?;
    desk.rows(rows, &COLUMNS, if args.overdue { "Nothing is overdue." } else { "No declared major incidents." })
}

/// Shows it; what is said beside is written first.
pub(super) async fn review(args: &Review, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let path = format!("{}/review", path_of(&args.number));
    if let Some(body) = changed(args, &desk, &path).await? {
        desk.client.post(&path, &body).await?;
    }
    match desk.format {
        Format::Json => desk.one(&desk.client.get(&path, &Vec::new()).await?, |_| String::new()),
        Format::Table => {
            let query: Query<'_> = vec![("format", "markdown".to_owned())];
            desk.say(&desk.client.text(&path, &query).await?)
        }
    }
}

/// The review as it is to be; `None`: nothing was said.
async fn changed(args: &Review, desk: &Desk<'_>, path: &str) -> anyhow::Result<Option<Value>> {
    if args.summary.is_none() && args.factor.is_empty() && args.action.is_empty() && args.done.is_empty() {
        return Ok(None);
    }
    let page = desk.client.get(path, &Vec::new()).await?;
    rewritten(&page["review"], args).map(Some)
}

/// What is said anew takes the place of what was; actions are added, and some are done now.
fn rewritten(before: &Value, args: &Review) -> anyhow::Result<Value> {
    let summary = args.summary.clone().map_or_else(|| before["summary"].clone(), Value::String);
    if !summary.is_string() {
        return Err(WrongUse("there is no review yet: say --summary \"…\"".to_owned()).into());
    }
    let factors: Vec<Value> = match args.factor.is_empty() {
        true => each(&before["contributing_factors"]).cloned().collect(),
        false => args.factor.iter().cloned().map(Value::String).collect(),
    };
    let mut actions: Vec<Value> = each(&before["actions"]).cloned().collect();
    for said in &args.action {
        actions.push(action(said)?);
    }
    for nth in &args.done {
        let known = actions.len();
        let missing = || anyhow!(WrongUse(format!("there is no action {nth}: the review has {known}")));
        actions.get_mut(nth.wrapping_sub(1)).ok_or_else(missing)?["done"] = true.into();
    }
    Ok(json!({"summary": summary, "contributing_factors": factors, "actions": actions}))
}

/// `what; owner; 2026-06-01`
fn action(said: &str) -> anyhow::Result<Value> {
    let parts: Vec<&str> = said.rsplitn(3, PARTS_APART).map(str::trim).collect();
    match parts.as_slice() {
        [due, owner, what] => Ok(json!({"what": what, "owner": owner, "due": due})),
        _ => {
            Err(WrongUse(format!("--action is `{said}`: say what, who and until when, 'watch it; ana; 2026-06-01'"))
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command, Incidents};

    fn asked(words: &[&str]) -> Review {
        let words = ["watchfire", "incidents", "review", "INC1"].iter().chain(words);
        match Cli::try_parse_from(words).unwrap().command {
            Command::Incidents(Incidents::Review(args)) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_said_is_put_into_the_review_there_is() {
        let before = json!({"summary": "full", "contributing_factors": ["growth"], "written_by": "ana", "actions": [
            {"what": "watch it", "owner": "ana", "due": "2026-06-01", "done": false}]});
        let args = asked(&["--action", "buy; more; bo; 2026-07-01", "--done", "1"]);
        let actions = json!([
            {"what": "watch it", "owner": "ana", "due": "2026-06-01", "done": true},
            {"what": "buy; more", "owner": "bo", "due": "2026-07-01"},
        ]);
        let expected = json!({"summary": "full", "contributing_factors": ["growth"], "actions": actions});
        assert_eq!(rewritten(&before, &args).unwrap(), expected);
        let anew = asked(&["--summary", "full again", "--factor", "nobody looked"]);
        let written = rewritten(&Value::Null, &anew).unwrap();
        let expected = json!({"summary": "full again", "contributing_factors": ["nobody looked"], "actions": []});
        assert_eq!(written, expected);
        for (args, says) in [
            (&["--done", "1"][..], "say --summary"),
            (&["--summary", "x", "--done", "1"], "there is no action 1"),
            (&["--summary", "x", "--action", "watch it"], "until when"),
        ] {
            let error = rewritten(&Value::Null, &asked(args)).unwrap_err();
            assert!(crate::outcome::is_wrong_use(&error) && error.to_string().contains(says), "{error}");
        }
    }
}
