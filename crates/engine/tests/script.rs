//! One line of a case's time line: when, and what happens then.
//!
//! ```text
//! 10:00:00 fire disk/db-7 major starts=09:59:50      10:05:00 clear disk/db-7 ends=10:04:58
//! 10:01:00 ana: acknowledge INC1                     10:02:00 ana: resolve INC1 force notes=replaced
//! 10:00:00 maintenance MW1 on web-1,web-2 10:00:00..11:00:00        10:30:00 end MW1
//! 10:00:00 maintenance MW1 on db-7 10:00:00..11:00:00 rrule=FREQ=DAILY zone=Europe/Berlin
//! 10:30:00 end MW1 occurrence                                       10:30:00 end MW1 occurrence 1d10:00:00
//! 10:00:00 silence S1 alertname=disk 10:00:00..11:00:00             10:30:00 expire S1
//! 10:00:00 change CHG1 on db-7 started starts=09:50:00              10:00:00 heartbeat prom every=60s
//! 11:00:00 correct C1 on shop 10:00:00..10:30:00 down [planned]         11:00:00 correct C1 on shop 10:00:00.. down
//! 11:00:00 correct C2 on shop 10:00:00..10:10:00 down of=10:00:00   11:00:00 withdraw C1
//! 10:00:00 tick     10:00:00 resumed     10:00:00 restart      10:00:00 cmdb a -> b; b -> c
//! ```
//! A person's target is an incident or the key of an alert it holds.

use calendar::recurrence;
use engine::Input;
use model::command::{Action, Command};
use model::event::{Event, Heartbeat};
use model::fact::{Change, ChangeKind, ChangeStatus, Correction, InsteadOf, MaintenanceWindow, Silence};
use model::id::MaintenanceId;
use model::outage::OutageState;
use model::{ChangeId, CiId, CorrectionId, Domain, Interval, SilenceId, Span, Timestamp};
use testkit::{clear, clock, firing};

use crate::naming::Names;
use crate::person;
use crate::policy::matching;

/// What a line says, and under which name its answer is logged.
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) subject: String,
    pub(crate) what: What,
}

pub(crate) enum What {
    Input(Input),
    Cmdb(String),
    /// The process dies, and another begins with nothing but the rows.
    Restart,
    Tick,
}

pub(crate) fn line(text: &str, names: &Names) -> Line {
    let (at, rest) = text.split_once(' ').unwrap_or_else(|| panic!("`{text}`: a time, then what happens"));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let what = match *words {
        ["tick"] => What::Tick,
        ["restart"] => What::Restart,
        ["resumed"] => What::Input(Input::Resumed),
        ["cmdb", ..] => What::Cmdb(rest.trim_start_matches("cmdb ").replace("; ", "\n")),
        ["fire", key, ref said @ ..] => event(said.iter().fold(firing(key), |says, word| says.word(word)).event()),
        ["clear", key, ref said @ ..] => event(said.iter().fold(clear(key), |says, word| says.word(word)).event()),
        ["heartbeat", source, ref said @ ..] => event(Event::Heartbeat(heartbeat(source, said))),
        ["change", reference, "on", cis, status, ref said @ ..] => {
            event(Event::Change(Box::new(change(reference, cis, status, said))))
        }
        ["maintenance", reference, "on", cis, span, ref said @ ..] => {
            event(Event::Maintenance(Box::new(window(reference, cis, span, said))))
        }
        ["end", reference, "occurrence", ref at @ ..] => {
            let begins_at = at.first().map(|at| clock(at));
            by("ops", Action::EndOccurrence { window: window_id(reference), begins_at })
        }
        ["end", reference] => by("ops", Action::EndMaintenance(window_id(reference))),
        ["silence", name, matcher, span] => by("ops", Action::Silence(silence(name, matcher, span))),
        ["expire", name] => by("ops", Action::ExpireSilence(silence_id(name))),
        ["correct", name, "on", service, span, state, ref said @ ..] => {
            let at = clock(at);
            by("mia", correction(name, service, span, state, said, names, at))
        }
        ["withdraw", name] => {
            let known = names.find_correction(correction_id(name)).expect("it was said").clone();
            by("mia", Action::WithdrawCorrection { correction: known, reason: "not_so".into() })
        }
        [who, ref asked @ ..] if who.ends_with(':') => by(who.trim_end_matches(':'), person::action(asked, names)),
        _ => panic!("`{text}`: nothing that can happen"),
    };
    let subject = match *words {
        ["fire" | "clear", key, ..] => key.to_owned(),
        _ => rest.to_owned(),
    };
    Line { at: clock(at), subject, what }
}

fn event(event: Event) -> What {
    What::Input(Input::Event(event))
}

fn by(who: &str, action: Action) -> What {
    What::Input(Input::Command(Box::new(Command { by: who.into(), at: None, action })))
}

/// The value of `NAME=VALUE` among words.
pub(crate) fn value<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn heartbeat(source: &str, words: &[&str]) -> Heartbeat {
    let span = |name| value(words, name).map(|text| Span::parse(text).expect("a duration"));
    let ci = value(words, "ci").map(CiId::from);
    Heartbeat { source: source.into(), every: span("every"), grace: span("grace"), ci, severity: None }
}

pub(crate) fn cis(text: &str) -> Vec<CiId> {
    text.split(',').map(CiId::from).collect()
}

fn change(reference: &str, items: &str, status: &str, words: &[&str]) -> Change {
    Change {
        id: ChangeId::derive(|hash| {
            hash.text(reference);
        }),
        reference: reference.into(),
        kind: ChangeKind::Normal,
        status: match status {
            "planned" => ChangeStatus::Planned,
            "started" => ChangeStatus::Started,
            "finished" => ChangeStatus::Finished,
            other => panic!("`{other}` is no status of a change"),
        },
        result: None,
        summary: format!("{reference} on {items}").into(),
        cis: cis(items),
        starts_at: value(words, "starts").map(clock),
        ends_at: value(words, "ends").map(clock),
        received_at: Timestamp::EPOCH,
    }
}

fn interval(text: &str) -> Interval {
    let (from, to) = text.split_once("..").expect("a span is FROM..TO");
    Interval::new(clock(from), clock(to)).expect("a span ends after it begins")
}

fn window_id(reference: &str) -> MaintenanceId {
    MaintenanceId::derive(|hash| {
        hash.text(reference);
    })
}

fn window(reference: &str, items: &str, span: &str, words: &[&str]) -> MaintenanceWindow {
    let zone = value(words, "zone").unwrap_or("UTC");
    let recurring =
        |rule| recurrence(interval(span), rule, zone, &[]).unwrap_or_else(|error| panic!("`{rule}`: {error}"));
    MaintenanceWindow {
        id: window_id(reference),
        reference: reference.into(),
        cis: cis(items),
        interval: interval(span),
        recurrence: value(words, "rrule").map(recurring),
        reason: "agreed".into(),
        by: None,
        received_at: Timestamp::EPOCH,
        deleted: false,
    }
}

fn silence_id(name: &str) -> SilenceId {
    SilenceId::derive(|hash| {
        hash.text(name);
    })
}

fn silence(name: &str, matcher: &str, span: &str) -> Silence {
    Silence {
        id: silence_id(name),
        matchers: vec![matching(matcher)],
        interval: interval(span),
        by: "ops".into(),
        comment: name.into(),
        updated_at: Timestamp::EPOCH,
    }
}

pub(crate) fn correction_id(name: &str) -> CorrectionId {
    CorrectionId::derive(|hash| {
        hash.text(name);
    })
}

/// `of=FROM`: of the outage of the service that begins there.
fn correction(
    name: &str,
    service: &str,
    span: &str,
    state: &str,
    words: &[&str],
    names: &Names,
    now: Timestamp,
) -> Action {
    let (from, to) = span.split_once("..").expect("a span is FROM..TO, or FROM..");
    let of = value(words, "of").map(|from| names.find_outage(service, clock(from)).expect("there is such an outage"));
    let to = (!to.is_empty()).then(|| clock(to));
    let seen = value(words, "seen").map_or(now, clock);
    let correction = Correction {
        id: correction_id(name),
        domain: Domain::default(),
        service: service.into(),
        from: clock(from),
        to,
        state: match state {
            "up" => None,
            "degraded" => Some(OutageState::Degraded),
            "down" => Some(OutageState::Down),
            other => panic!("`{other}` is no state of a service"),
        },
        planned: words.contains(&"planned"),
        instead_of: of.map(|outage| InsteadOf {
            outage: outage.id,
            incident: outage.incident,
            interval: Interval::or_empty(outage.from, outage.to.unwrap_or(seen)),
            ended: outage.to.is_none() && to.is_some(),
        }),
        reason: "customers_say_so".into(),
        by: "mia".into(),
        at: Timestamp::EPOCH,
        withdrawn: None,
    };
    if correction.instead_of.is_some() { Action::CorrectOutage(correction) } else { Action::RecordOutage(correction) }
}
