//! What an incident's page tells: causes with their reasons, alerts, the timeline, what is related.

use std::collections::BTreeMap;

use model::alert::AlertState;
use model::incident::{Confidence, IncidentState, Verdict};
use serde_json::Value;
use wire::v1;

use super::clocks;
use super::drawing::address;
use crate::incidents::explain::MemberExplained;
use crate::incidents::map::IncidentMap;
use crate::pages::told;

/// Candidates that are told; what is ranked behind them is no cause.
const CAUSES_MAX: usize = 6;

#[derive(Debug)]
pub(crate) struct CauseTold {
    pub(crate) ci: String,
    pub(crate) name: String,
    pub(crate) class: Option<String>,
    pub(crate) address: String,
    pub(crate) percent: u32,
    pub(crate) confidence: &'static str,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) speaks_for: Vec<String>,
    pub(crate) speaks_against: Vec<String>,
}

impl CauseTold {
    pub(crate) fn is_confirmed(&self) -> bool {
        self.verdict == Some("confirmed")
    }

    pub(crate) fn is_rejected(&self) -> bool {
        self.verdict == Some("rejected")
    }
}

pub(super) fn causes(incident: &v1::Incident, map: &IncidentMap) -> Vec<CauseTold> {
    incident.causes.iter().take(CAUSES_MAX).map(|cause| cause_told(cause, map)).collect()
}

fn cause_told(cause: &v1::Cause, map: &IncidentMap) -> CauseTold {
    let item = map.items.iter().find(|item| item.id == cause.ci);
    let says = |wanted: &str| {
        let reasons = cause.because.iter().filter(|reason| reason["speaks"] == wanted);
        reasons.filter_map(|reason| reason["text"].as_str()).map(str::to_owned).collect()
    };
    CauseTold {
        name: item.map_or_else(|| cause.ci.clone(), |item| item.name.clone()),
        class: item.and_then(|item| item.class.clone()),
        address: address(&cause.ci, item.is_some_and(|item| item.service)),
        percent: (cause.score.0 * 100.0).round() as u32,
        confidence: match cause.confidence {
            Confidence::High => "high confidence",
            Confidence::Medium => "medium confidence",
            Confidence::Low => "low confidence",
        },
        verdict: cause.verdict.map(|verdict| match verdict {
            Verdict::Confirmed => "confirmed",
            Verdict::Rejected => "rejected",
        }),
        speaks_for: says("for"),
        speaks_against: says("against"),
        ci: cause.ci.clone(),
    }
}

#[derive(Debug)]
pub(crate) struct AlertRow {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) ci: Option<String>,
    pub(crate) ci_address: String,
    pub(crate) source: String,
    pub(crate) severity: &'static str,
    pub(crate) state: &'static str,
    pub(crate) class: &'static str,
    pub(crate) suppressed: Option<String>,
    pub(crate) flapping: bool,
    pub(crate) started_at: Option<v1::Instant>,
    pub(crate) because: Option<String>,
    firing: bool,
}

/// The annotations in which monitoring systems link what people should read.
const RUNBOOKS: [&str; 2] = ["runbook_url", "runbook"];

/// Of an alert on what is probably the cause, else of any.
pub(super) fn runbook(listed: &[v1::Alert], cause: Option<&str>) -> Option<String> {
    let of_cause = listed.iter().filter(|alert| alert.ci.as_deref() == cause);
    let books = of_cause.chain(listed).flat_map(|alert| RUNBOOKS.map(|name| alert.annotations.get(name)));
    books.flatten().find_map(told::link).map(str::to_owned)
}

/// Those that fire first, then in the order in which they began.
pub(super) fn alerts(
    listed: &[v1::Alert],
    members: &[MemberExplained],
    incident: &str,
    map: &IncidentMap,
) -> Vec<AlertRow> {
    let mut rows: Vec<AlertRow> = listed.iter().map(|alert| row(alert, members, incident, map)).collect();
    rows.sort_by_key(|row| (!row.firing, row.started_at));
    rows
}

fn row(alert: &v1::Alert, members: &[MemberExplained], incident: &str, map: &IncidentMap) -> AlertRow {
    let member = members.iter().rev().find(|member| member.alert == alert.id);
    let service = |ci: &str| map.items.iter().any(|item| item.id == ci && item.service);
    let episode = alert.episodes.iter().rev().find(|episode| episode.incident.as_deref() == Some(incident));
    let firing = alert.state != AlertState::Resolved && episode.is_none_or(|episode| episode.ended_at.is_none());
    let (state, class) = if firing { alert_state(alert.state) } else { alert_state(AlertState::Resolved) };
    AlertRow {
        id: alert.id.clone(),
        summary: alert.summary.clone(),
        ci: alert.ci.clone(),
        ci_address: alert.ci.as_deref().map(|ci| address(ci, service(ci))).unwrap_or_default(),
        source: alert.source.clone(),
        severity: alert.severity.as_str(),
        state,
        class,
        suppressed: alert.suppressed.as_ref().and_then(text_of),
        flapping: alert.flapping,
        started_at: episode.map(|episode| episode.started_at).or(member.map(|member| member.started_at)),
        because: member.and_then(|member| member.joining.as_ref()).and_then(text_of),
        firing,
    }
}

/// A word, and the class that shows it.
pub(crate) fn alert_state(state: AlertState) -> (&'static str, &'static str) {
    match state {
        AlertState::Firing => ("firing", "down"),
        AlertState::Stale => ("stale", "at-risk"),
        AlertState::Resolved => ("cleared", "up"),
    }
}

pub(crate) fn text_of(reason: &Value) -> Option<String> {
    reason["text"].as_str().map(str::to_owned)
}

/// A line of the timeline.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) at: v1::Instant,
    pub(crate) by: Option<String>,
    pub(crate) text: String,
    /// What was written, where it says that somebody wrote something.
    pub(crate) comment: Option<String>,
}

/// A page of lines, the newest first, and the numbers of the pages around it.
pub(super) fn lines(
    entries: &[v1::TimelineEntry],
    comments: &[v1::Comment],
    names: &BTreeMap<String, String>,
    page: usize,
    of_page: usize,
) -> (Vec<Line>, Option<usize>, Option<usize>) {
    let begin = (page - 1).saturating_mul(of_page);
    let shown = entries.iter().rev().skip(begin).take(of_page);
    let line = |entry: &v1::TimelineEntry| {
        let text = text_of(&entry.reason).unwrap_or_default();
        let said = |comment: &&v1::Comment| comment.at == entry.at && Some(&comment.by) == entry.by.as_ref();
        let comment = comments.iter().find(said).filter(|_| entry.reason["code"] == "commented");
        Line {
            at: entry.at,
            by: entry.by.clone(),
            text: named(text, names),
            comment: comment.map(|comment| comment.text.clone()),
        }
    };
    let older = (begin.saturating_add(of_page) < entries.len()).then(|| page + 1);
    (shown.map(line).collect(), (page > 1).then(|| page - 1), older)
}

/// With the names that people know in place of ids.
pub(crate) fn named(text: String, names: &BTreeMap<String, String>) -> String {
    if !text.contains('_') {
        return text;
    }
    names.iter().fold(text, |text, (id, name)| if text.contains(id) { text.replace(id, name) } else { text })
}

#[derive(Debug)]
pub(crate) struct Related {
    pub(crate) how: &'static str,
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) title: String,
    pub(crate) state: &'static str,
    pub(crate) class: &'static str,
    pub(crate) suggested: bool,
}

impl Related {
    pub(super) fn of(how: &'static str, incident: &v1::Incident) -> Related {
        Related {
            how,
            id: incident.id.clone(),
            label: incident.number.clone().unwrap_or_else(|| incident.id.clone()),
            title: incident.title.clone(),
            state: clocks::state(incident.state),
            class: clocks::class(incident.state),
            suggested: how == "It may be one with" && incident.state != IncidentState::Merged,
        }
    }
}

/// A past incident that is like it.
#[derive(Debug)]
pub(crate) struct SimilarTold {
    pub(crate) label: String,
    pub(crate) title: String,
    pub(crate) percent: u32,
    pub(crate) opened_at: v1::Instant,
    pub(crate) lasted: Option<String>,
    pub(crate) why: String,
    pub(crate) resolution: Option<String>,
    pub(crate) workaround: Option<String>,
    pub(crate) problem: Option<String>,
}

impl SimilarTold {
    pub(super) fn of(one: v1::SimilarIncident) -> SimilarTold {
        let cause =
            if one.same_ci { format!("the same cause, {}", one.ci) } else { format!("its cause was {}", one.ci) };
        let why = match one.alert_names.as_slice() {
            [] => cause,
            names => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("{cause}; both have {}", super::drawing::listed(&names))
            }
        };
        let resolution = one.resolution.and_then(|resolution| {
            let said: Vec<String> = [resolution.code, resolution.notes].into_iter().flatten().collect();
            (!said.is_empty()).then(|| said.join(": "))
        });
        let lasted = one.lasted_seconds.and_then(|lasted| model::Span::from_seconds_f64(lasted.value()));
        SimilarTold {
            label: one.number.unwrap_or(one.id),
            title: one.title,
            percent: (one.score.0 * 100.0).round() as u32,
            opened_at: one.opened_at,
            lasted: lasted.map(told::age),
            why,
            resolution,
            workaround: one.problem.as_ref().and_then(|problem| problem.workaround.clone()),
            problem: one.problem.and_then(|problem| problem.number),
        }
    }
}

/// What people decide about it, by name; a dialog that is open while one of them changes says so.
pub(super) fn facts(incident: &v1::Incident) -> String {
    let nobody = || "nobody".to_owned();
    let judged = |wanted: Verdict| {
        let judged =
            incident.causes.iter().filter(|cause| cause.verdict == Some(wanted)).map(|cause| cause.ci.as_str());
        let judged: Vec<&str> = judged.collect();
        if judged.is_empty() { "none".to_owned() } else { judged.join(", ") }
    };
    let facts = [
        ("State", clocks::state(incident.state).to_owned()),
        ("Acknowledged by", incident.acknowledged_by.clone().unwrap_or_else(nobody)),
        ("Team", incident.team.clone().unwrap_or_else(nobody)),
        ("Assigned to", incident.assignee.clone().unwrap_or_else(nobody)),
        ("Priority", incident.priority.as_str().to_owned()),
        ("Confirmed cause", judged(Verdict::Confirmed)),
        ("Rejected causes", judged(Verdict::Rejected)),
        ("Comments", incident.comments.len().to_string()),
        ("Review", incident.review.as_ref().map_or_else(|| "none".to_owned(), |review| review.updated_at.to_string())),
    ];
    let facts: serde_json::Map<String, Value> =
        facts.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    Value::Object(facts).to_string()
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use serde_json::json;

    use super::*;

    fn entry(seconds: i64, by: Option<&str>, reason: Value) -> v1::TimelineEntry {
        let subject = v1::Subject { kind: "incident".to_owned(), id: "inc_1".to_owned() };
        let at = v1::Instant(Timestamp::from_seconds(seconds));
        v1::TimelineEntry { at, subject, reason, by: by.map(str::to_owned) }
    }

    #[test]
    fn the_timeline_is_read_from_its_end_page_by_page() {
        let entries: Vec<_> = (0..5).map(|at| entry(at, None, json!({"text": format!("line {at}")}))).collect();
        let page = |number| lines(&entries, &[], &BTreeMap::new(), number, 2);
        let texts = |(lines, ..): &(Vec<Line>, Option<usize>, Option<usize>)| {
            lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>()
        };
        let first = page(1);
        assert_eq!((texts(&first), first.1, first.2), (vec!["line 4".to_owned(), "line 3".to_owned()], None, Some(2)));
        let last = page(3);
        assert_eq!((texts(&last), last.1, last.2), (vec!["line 0".to_owned()], Some(2), None));
        assert_eq!(texts(&page(usize::MAX)), Vec::<String>::new());
    }

    #[test]
    fn a_comment_stands_where_it_was_written_and_ids_have_their_names() {
        let at = v1::Instant(Timestamp::from_seconds(1));
        let comment = v1::Comment { at, by: "ana".to_owned(), text: "rebooted".to_owned() };
        let entries = [
            entry(0, None, json!({"text": "merged into inc_2", "code": "merged"})),
            entry(1, Some("ana"), json!({"text": "commented", "code": "commented"})),
        ];
        let names = BTreeMap::from([("inc_2".to_owned(), "INC0000002".to_owned())]);
        let (lines, ..) = lines(&entries, &[comment], &names, 1, 9);
        assert_eq!(lines[0].comment.as_deref(), Some("rebooted"));
        assert_eq!(lines[1].text, "merged into INC0000002");
    }
}
