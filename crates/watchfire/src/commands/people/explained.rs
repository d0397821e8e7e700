//! `watchfire incidents explain`: why an incident is what it is, and what was decided, for a person.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Desk;
use super::incidents::path_of;
use super::page::{self, Page, each, sentence, word};
use super::words::resolution;
use crate::cli::{Explain, Format};
use crate::client::Query;
use crate::console::Console;
use crate::outcome::Outcome;

/// Alerts that are told one by one unless all are asked for.
const ALERTS_TOLD_MAX: usize = 50;

pub(super) async fn explain(args: &Explain, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.named.shown, console)?;
    let query: Query<'_> = vec![("members_limit", "1000".to_owned()), ("limit", "1000".to_owned())];
    let explained = desk.client.get(&format!("{}/explain", path_of(&args.named.number)), &query).await?;
    let incident = match desk.format {
        Format::Table => desk.client.get(&path_of(&args.named.number), &Vec::new()).await?,
        Format::Json => Value::Null,
    };
    let explained = desk.numbered(explained).await;
    let most = if args.all { usize::MAX } else { ALERTS_TOLD_MAX };
    desk.one(&explained, |explained| why(explained, &incident, most))
}

fn why(explained: &Value, incident: &Value, most: usize) -> String {
    let mut page = Page::titled(&format!("{}  {}", word(&explained["number"]), word(&incident["title"])));
    let [priority, impact, urgency] = ["priority", "impact", "urgency"].map(|key| word(&incident[key]));
    page.line("priority", format!("{priority} (impact {impact}, urgency {urgency}; 1 is the gravest)"));
    page.line("resolution", resolution(&incident["resolution"]));
    for (part, title) in [
        ("together", "Why these alerts are one incident"),
        ("cause", "Probable cause"),
        ("changes", "Changes shortly before"),
        ("nearly", "What nearly belonged"),
        ("team", "Which team has it"),
    ] {
        page.part(title, each(&explained["in_words"][part]).map(word));
    }
    let members = &explained["members"]["items"];
    let number = word(&explained["number"]);
    page.part("Each alert", at_most(each(members).map(told).collect(), most, "alerts", &number));
    let unbound: BTreeSet<String> =
        each(members).filter(|member| word(&member["ci"]).is_empty()).map(|member| word(&member["alert"])).collect();
    let unbound = unbound.iter().map(|alert| {
        format!("{alert}: no item goes by a name it gave; `watchfire alerts show {alert}` has its names and labels")
    });
    page.part("On no item of the CMDB", at_most(unbound.collect(), most, "alerts", &number));
    page.part("What was decided", decided(explained, incident, most));
    if ["members", "timeline"].iter().any(|part| explained[part]["next"].is_string()) {
        page.part("There is more", ["GET …/explain answers the rest page by page".to_owned()]);
    }
    page.text()
}

/// A firing and what put it there.
fn told(member: &Value) -> String {
    let [summary, ci, at] = ["summary", "ci", "started_at"].map(|key| word(&member[key]));
    let named = ci.is_empty() || model::text::has_name(&summary, &ci);
    let on = if named { String::new() } else { format!(" on {ci}") };
    format!("{at}  {summary}{on}: {}", sentence(&member["joining"]))
}

/// The timeline; of alerts that joined or left the first.
fn decided(explained: &Value, incident: &Value, most: usize) -> Vec<String> {
    let members = &explained["members"]["items"];
    let of_an_alert =
        |entry: &Value| matches!(entry["reason"]["code"].as_str(), Some("episode_joined" | "episode_left"));
    let mut moved = 0;
    let mut shown = Vec::new();
    for entry in each(&explained["timeline"]["items"]) {
        moved += usize::from(of_an_alert(entry));
        if moved <= most || !of_an_alert(entry) {
            shown.push(entry.clone());
        }
    }
    let better = |entry: &Value| commented(entry, incident).or_else(|| about_an_alert(entry, members));
    let mut lines = page::timeline_with(&Value::Array(shown), better);
    lines.extend(more(moved, most, "alerts that joined or left", &word(&explained["number"])));
    lines
}

/// The first of the lines, and how to see the others.
fn at_most(mut lines: Vec<String>, most: usize, what: &str, number: &str) -> Vec<String> {
    let more = more(lines.len(), most, what, number);
    lines.truncate(most);
    lines.extend(more);
    lines
}

fn more(count: usize, most: usize, what: &str, number: &str) -> Option<String> {
    let more = count.saturating_sub(most);
    (more > 0).then(|| format!("and {more} more {what}: `watchfire incidents explain {number} --all` tells of each"))
}

/// The text of a comment stands with the incident, and the timeline says when and by whom there was one.
fn commented(entry: &Value, incident: &Value) -> Option<String> {
    let is_it = |comment: &&Value| entry["at"] == comment["at"] && entry["by"] == comment["by"];
    let entry_is = entry["reason"]["code"] == "commented";
    let found = each(&incident["comments"]).find(|comment| entry_is && is_it(comment))?;
    Some(format!("commented: {}", word(&found["text"])))
}

/// Which alert it was stands with the members.
fn about_an_alert(entry: &Value, members: &Value) -> Option<String> {
    let is_it = |member: &&Value| member["alert"] == entry["reason"]["alert"];
    let code = entry["reason"]["code"].as_str();
    let member = each(members).find(is_it).filter(|_| matches!(code, Some("episode_joined" | "flapping_latched")))?;
    Some(sentence(&entry["reason"]).replacen("an alert", &format!("“{}”", word(&member["summary"])), 1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_explanation_has_what_people_wrote() {
        let at = "2026-05-01T10:00:00.5Z";
        let entry = |by: &str, code: &str| json!({"at": at, "by": by, "reason": {"code": code}});
        let entries = [entry("ana", "commented"), entry("bo", "commented"), entry("ana", "acknowledged")];
        let joined = json!({"at": at, "by": null, "reason": {"code": "episode_joined", "alert": "alr_1", "text": "an alert joined: near"}});
        let entries = entries.into_iter().chain([joined]).collect::<Vec<_>>();
        let members = json!({"items": [{"alert": "alr_1", "summary": "disk full", "joining": {}}]});
        let explained = json!({"number": "INC0000001", "timeline": {"items": entries}, "members": members});
        let incident = json!({
            "title": "x", "comments": [{"at": at, "by": "ana", "text": "on my way"}],
            "resolution": {"code": "fixed", "notes": "new disk", "by": "ana", "forced": true},
        });
        let told = why(&explained, &incident, ALERTS_TOLD_MAX);
        assert!(told.contains("\nresolution    by ana, forced, as fixed: new disk\n"), "{told}");
        let decided: Vec<&str> = told.lines().skip_while(|line| *line != "What was decided").skip(1).collect();
        let expected = ["ana: commented: on my way", "bo: commented", "ana: acknowledged", "“disk full” joined: near"]
            .map(|what| format!("  2026-05-01T10:00:00Z  {what}"));
        assert_eq!(decided, expected);
    }

    #[test]
    fn of_many_alerts_the_first_are_told_and_how_to_see_the_others() {
        let at = "2026-05-01T10:00:00Z";
        let alert = |nth: usize| json!({"alert": format!("alr_{nth}"), "summary": format!("alert {nth}"), "ci": "a", "joining": {}});
        let joined = |nth: usize| json!({"at": at, "by": null, "reason": {"code": "episode_joined", "alert": format!("alr_{nth}"), "text": "an alert joined"}});
        let (alerts, entries): (Vec<Value>, Vec<Value>) = (0..60).map(|nth| (alert(nth), joined(nth))).unzip();
        let explained = json!({"number": "INC0000001", "timeline": {"items": entries}, "members": {"items": alerts}});
        let told = why(&explained, &json!({"title": "x"}), ALERTS_TOLD_MAX);
        assert!(told.contains("and 10 more alerts: `watchfire incidents explain INC0000001 --all`"), "{told}");
        assert!(told.contains("and 10 more alerts that joined or left: "), "{told}");
        assert!(told.contains("“alert 49” joined") && !told.contains("alert 50"), "{told}");
        let told = why(&explained, &json!({"title": "x"}), usize::MAX);
        assert!(told.contains("“alert 59” joined") && !told.contains("more"), "{told}");
    }
}
