//! How things stand at the end of a case, as its expectation writes it.

use model::alert::{Alert, Episode};
use model::incident::{Incident, Major};
use model::{Outage, Problem, Timestamp};
use testkit::shown;

use crate::world::World;

pub(crate) fn ending(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for id in world.names.incidents() {
        if let Some(known) = world.rows.incidents.get(id) {
            lines.extend(incident(known, world));
        }
    }
    let mut alerts: Vec<&Alert> = world.rows.alerts.values().collect();
    alerts.sort_by_key(|alert| (alert.hot.first_received_at, world.names.alert(alert.id)));
    lines.extend(alerts.into_iter().flat_map(|known| alert(known, world)));
    let mut outages: Vec<&Outage> = world.rows.outages.values().collect();
    outages.sort_by_key(|outage| (outage.service.clone(), outage.from));
    lines.extend(outages.into_iter().map(|known| outage(known, world)));
    let problems = world.names.problems().iter().filter_map(|id| world.rows.problems.get(id));
    lines.extend(problems.map(|known| problem(known, world)));
    lines
}

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), shown)
}

fn incident(incident: &Incident, world: &World) -> Vec<String> {
    let name = world.names.incident(incident.id);
    let (state, priority) = (incident.state().as_str(), incident.priority.as_str());
    let mut lines = vec![
        format!(
            "{name} {state} {priority} (impact {}, urgency {}): {}",
            incident.impact, incident.urgency, incident.title
        ),
        format!(
            "  started {}, detected {}, opened {}, acknowledged {}, restored {}, resolved {}, closed {}",
            shown(incident.started_at),
            shown(incident.detected_at),
            shown(incident.opened_at),
            instant(incident.acknowledged_at),
            instant(incident.restored_at),
            instant(incident.resolved_at),
            instant(incident.closed_at)
        ),
    ];
    let mut add = |what: &str, list: Vec<String>| {
        if !list.is_empty() {
            lines.push(format!("  {what}: {}", list.join(", ")));
        }
    };
    let services = incident.services.iter();
    add(
        "services",
        services
            .map(|service| format!("{} {} since {}", service.id, service.state.as_str(), shown(service.since)))
            .collect(),
    );
    let causes = incident.causes.iter().take(3);
    add("causes", causes.map(|cause| format!("{} {}", cause.ci, cause.confidence.as_str())).collect());
    add("changes", incident.changes.iter().map(|change| change.reference.to_string()).collect());
    add("flags", flags(incident, world));
    lines
}

fn flags(incident: &Incident, world: &World) -> Vec<String> {
    let mut flags = Vec::new();
    let said = [
        (incident.residual, "residual"),
        (incident.preexisting, "preexisting"),
        (incident.stale, "stale"),
        (incident.false_positive.is_some(), "false positive"),
        (incident.by_hand, "by hand"),
        (incident.storm, "storm"),
    ];
    flags.extend(said.iter().filter(|(holds, _)| *holds).map(|(_, word)| (*word).to_owned()));
    let links = [
        ("merged into", incident.merged_into),
        ("part of", incident.parent),
        ("residual of", incident.residual_of),
        ("recurrence of", incident.recurrence_of),
    ];
    flags.extend(links.iter().filter_map(|(word, id)| Some(format!("{word} {}", world.names.incident((*id)?)))));
    flags.extend(incident.merge_suggested.iter().map(|id| format!("suggested {}", world.names.incident(*id))));
    flags.extend(incident.reopened_at.iter().map(|at| format!("reopened {}", shown(*at))));
    let holds = incident.holds.iter();
    flags.extend(holds.map(|hold| format!("held {}-{}", shown(hold.from), instant(hold.to))));
    match incident.major {
        Major::None => {}
        major => flags.push(format!("major {major:?}").to_lowercase()),
    }
    flags.extend(incident.review.as_ref().map(|review| {
        let done = review.said.actions.iter().filter(|action| action.done).count();
        format!("reviewed by {}, {done} of {} done", review.updated_by, review.said.actions.len())
    }));
    flags.extend(incident.problem.map(|id| world.names.problem(id)));
    flags.extend(incident.workaround.as_ref().map(|text| format!("workaround {text}")));
    flags
}

fn alert(alert: &Alert, world: &World) -> Vec<String> {
    let key = world.names.alert(alert.id);
    let state = format!("{:?}", alert.state()).to_lowercase();
    let mut notes = vec![state];
    notes.extend(alert.suppressed.as_ref().map(|by| format!("suppressed by {}", code(by))));
    notes.extend(alert.flapping.since.map(|since| format!("flaps since {}", shown(since))));
    let head = format!("{key} {}, said {}x", notes.join(", "), alert.hot.count);
    std::iter::once(head).chain(alert.episodes.iter().map(|known| episode(known, world))).collect()
}

fn episode(episode: &Episode, world: &World) -> String {
    let by = episode.ended_by.map_or(String::new(), |by| format!(" by {by:?}").to_lowercase());
    let steps: Vec<String> = episode
        .severities
        .iter()
        .map(|step| match step.at == episode.start {
            true => step.severity.to_string(),
            false => format!("{} {}", shown(step.at), step.severity),
        })
        .collect();
    let mut notes = vec![steps.join(", ")];
    match episode.incident {
        Some(id) => notes.push(world.names.incident(id)),
        None => notes.extend(episode.suppressed.as_ref().map(|by| format!("suppressed by {}", code(by)))),
    }
    if let Some(joining) = &episode.joining {
        let silently = if joining.silently { " silently" } else { "" };
        notes.push(format!("{}{silently}", code(&joining.evidence)));
    }
    let marks = [
        (episode.counting_since.is_none(), "does not count"),
        (episode.too_old, "too old"),
        (episode.preexisting, "preexisting"),
        (episode.false_positive, "false positive"),
    ];
    notes.extend(marks.iter().filter(|(holds, _)| *holds).map(|(_, word)| (*word).to_owned()));
    format!("  {}-{}{by}: {}", shown(episode.start), instant(episode.end), notes.join("; "))
}

fn outage(outage: &Outage, world: &World) -> String {
    let planned = if outage.planned { " planned" } else { "" };
    let incident = outage.incident.map_or("no incident".to_owned(), |id| world.names.incident(id));
    let (from, to) = (shown(outage.from), instant(outage.to));
    format!("{} {}{planned} {from}-{to}, {incident}", outage.service, outage.state.as_str())
}

fn problem(problem: &Problem, world: &World) -> String {
    let incidents: Vec<String> = problem.incidents.iter().map(|id| world.names.incident(*id)).collect();
    let name = world.names.problem(problem.id);
    let mut notes = vec![problem.state.as_str().to_owned()];
    notes.extend(problem.ci.as_ref().map(|ci| format!("cause {ci}")));
    notes.extend(problem.known_error.then(|| "known error".to_owned()));
    notes.extend(problem.workaround.as_ref().map(|text| format!("workaround {text}")));
    notes.extend(problem.duplicate_of.map(|of| format!("of {}", world.names.problem(of))));
    format!("{name} {} ({}): {}", notes.join(", "), incidents.join(", "), problem.title)
}

/// The name of a variant.
pub(crate) fn code(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.chars().take_while(|c| c.is_alphanumeric()).collect()
}
