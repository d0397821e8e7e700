//! An engine that follows a log: time is in it, and whoever decides the same records comes to the same. `[I16]`

use model::alert::{Alert, Statement};
use std::num::NonZeroU32;

use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::event::{AlertEvent, Event as Said};
use model::step::Counts;
use model::{Span, Timestamp};
use runtime::{Event, Item};
use store::{Fault, Loaded, Memory, ready};
use testkit::{clear, firing};

use crate::shell::{Record, Shell, alert};

/// Two hours of a log: alerts that promise to be said again and are not, that come and go, of two tenants, several in
/// one record and several records in one millisecond, with a tick every half minute.
fn log() -> Vec<Record> {
    let began = testkit::clock("10:00:00");
    let mut records = Vec::new();
    for nth in 0..240_i64 {
        let at = began + Span::from_seconds(30 * nth);
        if nth % 7 == 0 {
            records.push((at, vec![promises("disk/db-7", at), alert("acme", "lag/db-7")]));
            records.push((at, vec![promises("disk/db-7", at)]));
        }
        if nth % 11 == 0 {
            let said = if nth % 2 == 0 { firing("cpu/web-1") } else { clear("cpu/web-1") };
            records.push((at, vec![Item::Event(said.event()), alert("acme", &format!("cpu/web-{}", nth % 3))]));
        }
        records.push((at, Vec::new()));
    }
    records
}

fn promises(key: &str, at: Timestamp) -> Item {
    Item::Event(Said::from(firing(key).at(at).starts(at).ends(at + Span::MINUTE).alert()))
}

/// What there is once the log was followed, in portions of these sizes over and over.
fn followed(portions: &[usize]) -> Loaded {
    let mut shell = Shell::following(&Memory::new());
    shell.follow_all(&log(), portions);
    shell.memory.load().unwrap()
}

/// Without what does not follow from the log: numbers that people use are given at commit, and which row says when
/// something was said last follows from when rows were written.
pub(crate) fn state(mut loaded: Loaded) -> impl PartialEq + std::fmt::Debug {
    for snapshot in loaded.domains.values_mut() {
        snapshot.incidents.iter_mut().for_each(|incident| incident.number = None);
        snapshot.problems.iter_mut().for_each(|problem| problem.number = None);
        snapshot.clock = Timestamp::EPOCH;
        snapshot.alerts.iter_mut().for_each(lay_over);
    }
    (loaded.clock, loaded.positions, loaded.domains)
}

fn lay_over(alert: &mut Alert) {
    let Some(repeated) = alert.hot.repeated.take() else { return };
    for statement in &mut alert.statements {
        if statement.key() == repeated.statement
            && let Statement::Firing(firing) = statement
        {
            firing.last_received_at = repeated.last_received_at;
            firing.ends_at = repeated.ends_at;
        }
    }
}

#[test]
fn in_whatever_portions_a_log_is_read_it_comes_to_the_same() {
    let whole = followed(&[1_000]);
    let incidents: usize = whole.domains.values().map(|snapshot| snapshot.incidents.len()).sum();
    assert!(incidents >= 2, "the log says something: {incidents}");
    let whole = state(whole);
    for portions in [&[1][..], &[2], &[3, 1, 5], &[17, 2], &[100, 1]] {
        assert_eq!(state(followed(portions)), whole, "{portions:?}");
    }
}

/// Whoever reads the log again has what a person acted on and the action in one portion.
#[test]
fn a_command_finds_what_comes_before_it_in_the_same_portion() {
    let at = testkit::clock("10:00:00");
    let Item::Event(Said::Alert(said)) = alert("acme", "disk/db-7") else { panic!("an alert is an alert") };
    let (target, action) = (IncidentTarget::HoldsAlert(said.fingerprint), IncidentAction::Acknowledge);
    let action = Action::Incident { target, action };
    let command = Item::Command(Box::new(Command { by: "ann".into(), at: None, action }));
    let records = [(at, vec![Item::Event(Said::Alert(said))]), (at + Span::MINUTE, vec![command])];
    let followed = |portion: usize| {
        let mut shell = Shell::following(&Memory::new());
        for (nth, records) in records.chunks(portion).enumerate() {
            shell.follow(nth as u64, (nth * portion) as u64, records);
            shell.land_all();
        }
        shell.memory.load().unwrap()
    };
    let incidents = |loaded: &Loaded| loaded.domains.values().flat_map(|snapshot| snapshot.incidents.clone()).collect();
    let (whole, apart) = (followed(2), followed(1));
    let acknowledged: Vec<model::Incident> = incidents(&apart);
    assert!(acknowledged[0].acknowledged_at.is_some(), "{acknowledged:?}");
    assert_eq!(state(whole), state(apart));
}

#[test]
fn a_process_that_goes_on_where_another_ended_comes_to_the_same() {
    let whole = state(followed(&[1_000]));
    let records = log();
    let memory = Memory::new();
    for (from, to) in [(0, 40), (40, 41), (41, 150), (150, records.len())] {
        let mut shell = Shell::following(&memory);
        shell.follow(1, from as u64, &records[from..to]);
        shell.land_all();
        // It looks at its clock, to no avail, and dies.
        shell.now = shell.now + Span::DAY;
        shell.feed(Event::Tick);
        assert!(shell.commits.is_empty());
    }
    assert_eq!(state(memory.load().unwrap()), whole);
}

#[test]
fn after_commits_of_which_nothing_is_heard_it_comes_to_the_same() {
    let whole = state(followed(&[1_000]));
    let records = log();
    for fault in [Fault::Before, Fault::After] {
        let mut shell = Shell::following(&Memory::new());
        for (nth, portion) in records.chunks(20).enumerate() {
            let from = (nth * 20) as u64;
            shell.follow(from, from, portion);
            if nth % 3 == 0 {
                shell.land_with(fault);
                shell.load();
            }
            shell.land_all();
            assert!(shell.is_in(from), "{fault:?}");
        }
        assert_eq!(state(shell.memory.load().unwrap()), whole, "{fault:?}");
    }
}

#[test]
fn the_wall_clock_moves_nothing() {
    let mut shell = Shell::following(&Memory::new());
    let at = testkit::clock("10:00:00");
    shell.follow(1, 0, &[(at, vec![promises("disk/db-7", at)])]);
    shell.land_all();
    shell.now = at + Span::DAY;
    shell.feed(Event::Tick);
    assert!(shell.commits.is_empty() && shell.machine.next_deadline().is_none(), "its promise ended an hour ago");
    shell.follow(2, 1, &[(at + Span::HOUR, Vec::new())]);
    shell.land_all();
    let loaded = shell.memory.load().unwrap();
    assert_eq!(loaded.clock, Some(at + Span::HOUR));
    let alert = &loaded.domains.values().next().unwrap().alerts[0];
    assert!(alert.open_episode().is_none(), "the log says that it is later");
}

/// Every item three times over, one by one or as one with a count.
fn said_three_times(counted: bool) -> (Loaded, Counts) {
    let mut shell = Shell::following(&Memory::new());
    let thrice = |item: &Item| match item {
        Item::Event(Said::Alert(alert)) if counted => {
            let times = NonZeroU32::new(3).unwrap();
            vec![Item::Event(Said::from(AlertEvent { times, ..(**alert).clone() }))]
        }
        other => vec![other.clone(); 3],
    };
    let records: Vec<Record> = log().iter().map(|(at, items)| (*at, items.iter().flat_map(thrice).collect())).collect();
    shell.follow(1, 0, &records);
    shell.land_all();
    let mut counts = Counts::default();
    for step in shell.published.iter().flat_map(|published| &published.steps) {
        counts.events += step.counts.events;
        counts.opened += step.counts.opened;
        counts.repeated += step.counts.repeated;
        counts.cleared += step.counts.cleared;
        counts.reopened += step.counts.reopened;
        counts.stale += step.counts.stale;
    }
    (shell.memory.load().unwrap(), counts)
}

#[test]
fn what_is_said_again_at_once_comes_to_the_same_as_a_count() {
    let (one_by_one, counts) = said_three_times(false);
    let (counted, counts_of_counted) = said_three_times(true);
    assert_eq!(counts_of_counted, counts);
    assert!(counts.repeated > counts.opened && counts.cleared > 0, "{counts:?}");
    assert_eq!(state(counted), state(one_by_one));
}

/// The same log, with a CMDB that comes into force in the middle of it.
fn followed_with_a_cmdb(portions: &[usize], heard_at: usize) -> (Loaded, usize) {
    let memory = Memory::new();
    let from = testkit::clock("10:45:10");
    let cmdb = testkit::cmdb("shop -> web-0");
    ready(memory.store().announce_cmdb(cmdb, from, Span::ZERO, None)).unwrap();
    let announced = ready(memory.store().topology_after(0)).unwrap();
    let mut shell = Shell::following(&memory);
    let records = log();
    let (mut at, mut bound) = (0, 0);
    for size in portions.iter().cycle() {
        let Some(rest) = records.get(at..).filter(|rest| !rest.is_empty()) else { break };
        if at >= heard_at {
            shell.feed(Event::Announced(announced.clone()));
        }
        let portion = rest.get(..*size).unwrap_or(rest);
        shell.follow(at as u64, at as u64, portion);
        shell.land_all();
        at += portion.len();
    }
    let loaded = memory.load().unwrap();
    bound += loaded.domains.values().flat_map(|snapshot| &snapshot.alerts).filter(|alert| alert.ci.is_some()).count();
    (loaded, bound)
}

#[test]
fn a_version_of_the_cmdb_is_in_force_from_its_instant_in_the_log_wherever_it_was_heard_of() {
    let (whole, bound) = followed_with_a_cmdb(&[1_000], 0);
    assert!(bound > 0, "the CMDB says something of the log's alerts");
    let whole = state(whole);
    for (portions, heard_at) in [(&[1][..], 0), (&[7], 100), (&[3, 40], 60)] {
        let (loaded, _) = followed_with_a_cmdb(portions, heard_at);
        assert_eq!(state(loaded), whole, "{portions:?}");
    }
}
