//! A review as a Markdown document. What people and monitoring wrote is escaped; the rest is ours.

use model::Timestamp;
use model::fact::ChangeStood;
use model::incident::Verdict;
use model::outage::ItemState;
use serde_json::Value;
use wire::v1::{Cause, Instant, ReviewPage, Seconds, SuspectChange, TimelineEntry};

use super::escape::{block, inline, paragraphs};
use super::names::Names;
use crate::text;

/// Causes that are told with what speaks for and against them.
const CAUSES_TOLD: usize = 3;

/// The whole document, with what people call things; what is overdue is so at `now`.
pub fn markdown(page: &ReviewPage, names: &Names, now: Timestamp) -> String {
    let parts = [
        head(page),
        summary(page),
        facts(page),
        services(page, names),
        causes(page, names),
        factors(page),
        actions(page, now),
        timeline(page, names),
    ];
    let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    told.join("\n\n") + "\n"
}

fn head(page: &ReviewPage) -> String {
    let incident = &page.incident;
    let number = incident.number.as_deref().unwrap_or(&incident.id);
    let mut told = vec![
        format!("**{}**", incident.priority.as_str()),
        "declared major".to_owned(),
        incident.state.as_str().replace('_', " "),
    ];
    told.extend(incident.team.as_deref().map(|team| format!("team {}", inline(team))));
    told.extend(incident.environment.as_deref().map(|environment| format!("environment {}", inline(environment))));
    format!("# {}: {}\n\n{}", inline(number), inline(&incident.title), told.join(", "))
}

fn summary(page: &ReviewPage) -> String {
    match &page.review {
        None => "## Summary\n\n_No review is written yet._".to_owned(),
        Some(review) => {
            let by = format!("_Written by {}, {}._", inline(&review.updated_by), instant(review.updated_at));
            format!("## Summary\n\n{}\n\n{by}", paragraphs(&review.summary))
        }
    }
}

fn facts(page: &ReviewPage) -> String {
    let incident = &page.incident;
    let after = |seconds: Option<Seconds>| seconds.map(duration).unwrap_or_default();
    let lines = [
        ("started", Some(incident.started_at), None),
        ("detected", Some(incident.detected_at), Some(page.detected_after_seconds)),
        ("acknowledged", incident.acknowledged_at, page.acknowledged_after_seconds),
        ("restored", incident.restored_at, page.restored_after_seconds),
        ("resolved", incident.resolved_at, page.resolved_after_seconds),
        ("closed", incident.closed_at, None),
    ];
    let lines = lines
        .into_iter()
        .filter_map(|(name, at, length)| Some(format!("\n| {name} | {} | {} |", instant(at?), after(length))));
    format!("## Facts\n\n| | at | after its start |\n|---|---|---|{}", lines.collect::<String>())
}

fn services(page: &ReviewPage, names: &Names) -> String {
    if page.services.is_empty() {
        return "### Services\n\nNo service was affected.".to_owned();
    }
    let line = |service: &wire::v1::HurtService| {
        let [down, degraded] = [service.down_seconds, service.degraded_seconds].map(duration);
        let (name, state, since) = (inline(&names.item(&service.id)), state(service.state), instant(service.since));
        format!("\n| {name} | {} | {state} | {since} | {down} | {degraded} |", service.criticality)
    };
    let lines: String = page.services.iter().map(line).collect();
    format!(
        "### Services\n\n| service | criticality | worst | since | down | degraded |\n|---|---|---|---|---|---|{lines}"
    )
}

fn causes(page: &ReviewPage, names: &Names) -> String {
    let incident = &page.incident;
    let mut lines: Vec<String> = incident.causes.iter().take(CAUSES_TOLD).map(|one| cause(one, names)).collect();
    let of_incident = incident.caused_by_change.as_deref();
    lines.extend(incident.changes.iter().map(|one| change(one, of_incident == Some(one.id.as_str()), names)));
    if let Some(problem) = &page.problem {
        let number = problem.number.as_deref().unwrap_or(&problem.id);
        let known = problem.cause.as_deref().map(|cause| format!("; cause: {}", inline(cause))).unwrap_or_default();
        let helps =
            problem.workaround.as_deref().map(|helps| format!("; workaround: {}", inline(helps))).unwrap_or_default();
        lines.push(format!("- Problem {}: {}{known}{helps}", inline(number), inline(&problem.title)));
    }
    if let Some(resolution) = &incident.resolution {
        let by = resolution.by.as_deref().map_or_else(|| "by itself".to_owned(), |by| format!("by {}", inline(by)));
        let code = resolution.code.as_deref().map(|code| format!(" as {}", inline(code))).unwrap_or_default();
        let notes = resolution.notes.as_deref().map(|notes| format!(": {}", inline(notes))).unwrap_or_default();
        lines.push(format!("- Resolved {by}{code}{notes}"));
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("## Cause\n\n{}", lines.join("\n"))
}

/// What speaks for it and what against it, each in a list of its own.
fn cause(cause: &Cause, names: &Names) -> String {
    let standing = match cause.verdict {
        Some(Verdict::Confirmed) => "confirmed".to_owned(),
        Some(Verdict::Rejected) => "rejected".to_owned(),
        None => format!("{} confidence", cause.confidence.as_str()),
    };
    let sides = ["for", "against"].map(|speaks| side(cause, speaks, names));
    format!("- **{}**, {standing}{}", inline(&names.item(&cause.ci)), sides.concat())
}

fn side(cause: &Cause, speaks: &str, names: &Names) -> String {
    let said = cause.because.iter().filter(|reason| reason["speaks"] == speaks);
    let lines: String = said.map(|reason| format!("\n    - {}", told(reason, names))).collect();
    if lines.is_empty() { lines } else { format!("\n  - {speaks} it:{lines}") }
}

fn change(change: &SuspectChange, is_cause: bool, names: &Names) -> String {
    let item = names.item(&change.ci);
    let [reference, summary, item] = [&change.reference, &change.summary, &item].map(|text| inline(text));
    let taken = if is_cause { ", taken for what caused it" } else { "" };
    let before = duration(change.before_seconds);
    let when = match change.stood {
        ChangeStood::Over => format!("{before} before"),
        ChangeStood::UnderWay => "under way when it began".to_owned(),
        ChangeStood::Planned => format!("planned for {before} before"),
    };
    format!("- Change {reference} on {item}, {when}{taken}: {summary}")
}

fn factors(page: &ReviewPage) -> String {
    let factors = page.review.iter().flat_map(|review| &review.contributing_factors);
    let lines: Vec<String> = factors.map(|factor| format!("- {}", block(factor))).collect();
    if lines.is_empty() { String::new() } else { format!("## Contributing factors\n\n{}", lines.join("\n")) }
}

fn actions(page: &ReviewPage, now: Timestamp) -> String {
    let actions = page.review.iter().flat_map(|review| &review.actions);
    let line = |action: &wire::v1::ReviewAction| {
        let overdue = action.to_model().is_some_and(|action| action.is_overdue(now));
        let stands = if action.done {
            "done"
        } else if overdue {
            "**overdue**"
        } else {
            "open"
        };
        let [what, owner, due] = [&action.what, &action.owner, &action.due].map(|text| inline(text));
        format!("\n| {what} | {owner} | {due} | {stands} |")
    };
    let lines: String = actions.map(line).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("## Actions\n\n| what | owner | due | |\n|---|---|---|---|{lines}")
}

/// Alerts that join one after another are one line: a major incident may have thousands.
fn timeline(page: &ReviewPage, names: &Names) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut joining: Vec<&TimelineEntry> = Vec::new();
    for entry in &page.timeline {
        if entry.reason["code"] == "episode_joined" {
            joining.push(entry);
            continue;
        }
        lines.extend(joined(&std::mem::take(&mut joining), page, names));
        lines.push(decided(entry, page, names));
    }
    lines.extend(joined(&joining, page, names));
    lines.extend(page.timeline_cut.then(|| "- and more, which is not shown here".to_owned()));
    if lines.is_empty() { String::new() } else { format!("## Timeline\n\n{}", lines.join("\n")) }
}

fn joined(entries: &[&TimelineEntry], page: &ReviewPage, names: &Names) -> Option<String> {
    let (first, last) = (entries.first()?, entries.last()?);
    Some(match entries.len() {
        1 => decided(first, page, names),
        count => format!("- {} {count} alerts joined, until {}", instant(first.at), instant(last.at)),
    })
}

fn decided(entry: &TimelineEntry, page: &ReviewPage, names: &Names) -> String {
    let by = entry.by.as_deref().map(|by| format!("{}: ", inline(by))).unwrap_or_default();
    let said = comment(entry, page).map(|text| format!(": {}", inline(text))).unwrap_or_default();
    format!("- {} {by}{}{said}", instant(entry.at), told(&entry.reason, names))
}

/// The text of a comment stands with the incident, and the timeline says when and by whom there was one.
fn comment<'p>(entry: &TimelineEntry, page: &'p ReviewPage) -> Option<&'p str> {
    let comments = page.incident.comments.iter().filter(|_| entry.reason["code"] == "commented");
    let mut of_it = comments.filter(|one| one.at == entry.at && entry.by.as_deref() == Some(&*one.by));
    of_it.next().map(|one| &*one.text)
}

fn told(reason: &Value, names: &Names) -> String {
    inline(&names.put(sentence(reason)))
}

/// Every line of a timeline and every piece of evidence says one.
fn sentence(reason: &Value) -> &str {
    reason["text"].as_str().unwrap_or_default()
}

fn state(state: ItemState) -> String {
    state.as_str().replace('_', " ")
}

fn instant(at: Instant) -> String {
    text::instant(at.0)
}

fn duration(seconds: Seconds) -> String {
    text::duration(seconds.value())
}
