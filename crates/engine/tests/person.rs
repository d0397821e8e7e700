//! What a person does, in the words of the contract.

use model::command::{Action, IncidentAction, IncidentTarget, OpenIncident, ProblemAction};
use model::incident::{DetectedBy, HoldFor, Major, Priority, Verdict};
use model::problem::ProblemState;
use model::review::{ReviewAction, Said};
use model::{AlertId, CiId, IncidentId};
use testkit::{clock, event};

use crate::naming::Names;
use crate::script::{cis, value};

pub(crate) fn action(words: &[&str], names: &Names) -> Action {
    let (verb, rest) = words.split_first().expect("a person does something");
    match (*verb, rest) {
        ("open", rest) => Action::OpenIncident(open(rest)),
        ("open_problem", rest) => Action::OpenProblem {
            title: text(rest, "title").unwrap_or_default(),
            ci: value(rest, "ci").map(CiId::from),
            incidents: rest.iter().filter_map(|name| names.find_incident(name)).collect(),
        },
        (verb, [problem, rest @ ..]) if problem.starts_with("PRB") => Action::Problem {
            problem: names.find_problem(problem).expect("the problem is open"),
            action: problem_action(verb, rest, names),
        },
        (verb, [target, rest @ ..]) => {
            Action::Incident { target: self::target(target, names), action: incident_action(verb, rest, names) }
        }
        _ => panic!("`{}` is nothing a person can do", words.join(" ")),
    }
}

fn target(name: &str, names: &Names) -> IncidentTarget {
    match names.find_incident(name) {
        Some(id) => IncidentTarget::Id(id),
        None => IncidentTarget::HoldsAlert(event::fingerprint(name, event::SOURCE)),
    }
}

/// Underscores are spaces.
fn text(words: &[&str], name: &str) -> Option<Box<str>> {
    value(words, name).map(|text| text.replace('_', " ").into())
}

fn open(words: &[&str]) -> OpenIncident {
    OpenIncident {
        title: text(words, "title").unwrap_or_default(),
        detected_by: DetectedBy::Staff,
        cis: value(words, "cis").map(cis).unwrap_or_default(),
        priority: value(words, "priority").and_then(Priority::from_word),
        team: None,
        started_at: value(words, "started").map(clock),
    }
}

fn incident_action(verb: &str, words: &[&str], names: &Names) -> IncidentAction {
    let force = words.contains(&"force");
    let notes = text(words, "notes");
    let first = words.first().copied().unwrap_or_default();
    match verb {
        "acknowledge" => IncidentAction::Acknowledge,
        "unacknowledge" => IncidentAction::Unacknowledge,
        "assign" => IncidentAction::Assign { team: text(words, "team"), assignee: text(words, "assignee") },
        "comment" => IncidentAction::Comment { text: words.join(" ").into() },
        "hold" => IncidentAction::Hold {
            reason_for: value(words, "for").map(hold_for).unwrap_or_default(),
            until: value(words, "until").map(clock),
            reason: "waiting".into(),
        },
        "unhold" => IncidentAction::Unhold,
        "resolve" => IncidentAction::Resolve { code: None, notes, force },
        "close" => IncidentAction::Close { notes, force },
        "reopen" => IncidentAction::Reopen,
        "merge" => IncidentAction::Merge { into: incident(first, names) },
        "split" => IncidentAction::Split { alerts: words.iter().map(|key| alert(key, names)).collect() },
        "unlink" => IncidentAction::Unlink { alert: alert(first, names) },
        "false_positive" => IncidentAction::FalsePositive { reason: first.into() },
        "major" => IncidentAction::Major { state: major(first), reason: "it hurts".into() },
        "cause" => {
            let verdict = if words.contains(&"rejected") { Verdict::Rejected } else { Verdict::Confirmed };
            IncidentAction::Cause { ci: first.into(), verdict }
        }
        "review" => IncidentAction::Review(Said {
            summary: text(words, "summary").unwrap_or_default(),
            contributing_factors: text(words, "factor").into_iter().collect(),
            actions: value(words, "todo").map(|todo| review_action(todo, words)).into_iter().collect(),
        }),
        "update" => {
            let priority = value(words, "priority").and_then(Priority::from_word);
            IncidentAction::Update { priority, title: text(words, "title") }
        }
        other => panic!("`{other}` is nothing to do to an incident"),
    }
}

/// `todo=WHAT owner=WHO due=WHEN`, and `done`.
fn review_action(what: &str, words: &[&str]) -> ReviewAction {
    ReviewAction {
        what: what.replace('_', " ").into(),
        owner: text(words, "owner").unwrap_or_default(),
        due: value(words, "due").map(clock).unwrap_or_default(),
        done: words.contains(&"done"),
    }
}

fn problem_action(verb: &str, words: &[&str], names: &Names) -> ProblemAction {
    let first = words.first().copied().unwrap_or_default();
    match verb {
        "known_error" => ProblemAction::KnownError {
            cause: text(words, "cause").unwrap_or_default(),
            workaround: text(words, "workaround"),
        },
        "move" => ProblemAction::Move { to: ProblemState::from_word(first).expect("a state of a problem") },
        "workaround" => ProblemAction::Workaround { text: text(words, "text").unwrap_or_default() },
        "assign" => ProblemAction::Assign { team: text(words, "team"), assignee: text(words, "assignee") },
        "comment" => ProblemAction::Comment { text: words.join(" ").into() },
        "duplicate" => ProblemAction::Duplicate { of: names.find_problem(first).expect("the other problem is open") },
        "link" => ProblemAction::Link { incident: incident(first, names) },
        "unlink" => ProblemAction::Unlink { incident: incident(first, names) },
        other => panic!("`{other}` is nothing to do to a problem"),
    }
}

fn incident(name: &str, names: &Names) -> IncidentId {
    names.find_incident(name).unwrap_or_else(|| panic!("there is no {name} yet"))
}

fn alert(key: &str, names: &Names) -> AlertId {
    names.find_alert(key).unwrap_or_else(|| panic!("nothing was said of {key} yet"))
}

fn hold_for(word: &str) -> HoldFor {
    match word {
        "customer" => HoldFor::Customer,
        "supplier" => HoldFor::Supplier,
        "problem" => HoldFor::Problem,
        "change" => HoldFor::Change,
        _ => HoldFor::Other,
    }
}

fn major(word: &str) -> Major {
    match word {
        "declared" => Major::Declared,
        "rejected" => Major::Rejected,
        "proposed" => Major::Proposed,
        _ => Major::None,
    }
}
