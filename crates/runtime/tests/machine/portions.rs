//! What rows say of when they were written does not follow from the portions in which a log was read. `[I16]`

use std::sync::Arc;

use engine::Policy;
use model::command::{Action, Command};
use model::event::Event as Said;
use model::fact::Silence;
use model::matcher::{MatchOp, Matcher};
use model::{Interval, SilenceId, Span, Timestamp};
use runtime::{Event, Item, Origin, Unreadable};
use store::{Memory, Partition, ready};
use testkit::{clear, firing};

use crate::shell::{Record, Shell, alert};

/// Ten minutes around a full hour: several records in one second, promises that end between records and within their
/// second, silences that begin and end, what cannot be read, and long silence.
fn log() -> Vec<Record> {
    let began = testkit::clock("10:55:00");
    let mut records = Vec::new();
    for nth in 0..120_i64 {
        let at = began + Span::from_seconds(5 * nth);
        let part = |micros| at + Span::from_micros(micros);
        if nth % 5 == 0 {
            let promises = firing("disk/db-7").at(at).starts(at).ends(part(12_300_000)).alert();
            records
                .push((part(100_000), vec![Item::Event(Said::Alert(Arc::new(promises))), alert("acme", "lag/db-7")]));
            records.push((part(100_000), vec![alert("acme", &format!("cpu/web-{}", nth % 3))]));
        }
        if nth % 7 == 0 {
            let said = if nth % 2 == 0 { firing("cpu/web-1") } else { clear("cpu/web-1") };
            records.push((part(900_000), vec![Item::Event(said.event())]));
            records.push((part(900_000), vec![unreadable(nth)]));
        }
        if nth % 13 == 0 {
            records.push((part(950_000), vec![silence(nth as u8, part(2_950_000))]));
        }
        // Silence over the hour, but for what comes at its end.
        if !(50..70).contains(&nth) {
            records.push((part(999_000), Vec::new()));
        }
    }
    records
}

fn unreadable(nth: i64) -> Item {
    let origin = Origin { place: format!("kafka/t/-/0/{nth}").into(), headers: Vec::new() };
    let (source, format, why) = ("prom".into(), "native".into(), "no JSON".into());
    let raw = format!("{nth}").into_bytes().into();
    Item::Unreadable(Box::new(Unreadable { source, format, why, raw, origin: Some(Box::new(origin)) }))
}

/// Of a person, for some seconds.
fn silence(nth: u8, at: Timestamp) -> Item {
    let by: Box<str> = format!("person-{nth}").into();
    let silence = Silence {
        id: SilenceId::from_bytes([nth; 16]),
        matchers: vec![Matcher::new("alertname", MatchOp::Equal, "DiskFull").unwrap()],
        interval: Interval::or_empty(at, at + Span::from_seconds(7)),
        by: by.clone(),
        comment: "moving racks".into(),
        updated_at: at,
    };
    Item::Command(Box::new(Command { by, at: None, action: Action::Silence(silence) }))
}

/// Rows of these tables, as they are but for their places among those of all domains; of an alert its id and when it was written, for which of its rows says when it was
/// last repeated follows from when rows were laid down.
fn rows(portions: &[usize]) -> Vec<String> {
    rows_with(portions, |_| {})
}

/// With what else is said to the machine before it reads.
fn rows_with(portions: &[usize], say: impl FnOnce(&mut Shell)) -> Vec<String> {
    const PLACE: Option<usize> = Some(1);
    const WHOLE: [(&str, Option<usize>); 6] = [
        ("timeline", PLACE),
        ("audit", PLACE),
        ("dead_letter", None),
        ("receipt", None),
        ("count_hour", None),
        ("outage", None),
    ];
    let mut shell = Shell::following_part(&Memory::new(), Partition::nth(0).unwrap());
    say(&mut shell);
    shell.follow_all(&log(), portions);
    let dump = ready(shell.memory.store().dump()).unwrap();
    let mut table = "";
    let mut rows = Vec::new();
    for line in dump.lines() {
        if !line.starts_with(' ') {
            table = line;
        } else if let Some(place) = WHOLE.iter().find_map(|(name, place)| (*name == table).then_some(*place)) {
            let cells = line.split(' ').enumerate().filter(|(nth, _)| Some(*nth) != place);
            rows.push(cells.fold(table.to_owned(), |row, (_, cell)| format!("{row} {cell}")));
        } else if table == "alert" {
            let cells: Vec<&str> = line.split(' ').collect();
            rows.push(format!("{table} {} {}", cells[1], cells[9]));
        }
    }
    rows.sort();
    rows
}

#[test]
fn in_whatever_portions_a_log_is_read_its_rows_say_the_same_of_when_they_were_written() {
    let whole = rows(&[1_000]);
    for table in ["alert", "timeline", "audit", "dead_letter", "receipt", "count_hour"] {
        let found = whole.iter().filter(|row| row.starts_with(&format!("{table} "))).count();
        assert!(found > 1, "{table}: {found}");
    }
    for portions in [&[1][..], &[2], &[3, 1, 5], &[17, 2], &[100, 1]] {
        let parts = rows(portions);
        let differs: Vec<_> = whole.iter().zip(&parts).filter(|(whole, part)| whole != part).take(3).collect();
        assert!(parts.len() == whole.len() && differs.is_empty(), "{portions:?}: {differs:#?}");
    }
}

/// Under it nothing opens an incident.
fn policy_that_opens_nothing() -> Policy {
    Policy::default().with_alerts_open_max(0)
}

#[test]
fn a_policy_is_in_force_from_its_instant_in_the_log_in_whatever_portions_that_is_read() {
    let from = testkit::clock("10:55:20");
    let with = |portions: &[usize]| {
        rows_with(portions, |shell| shell.feed(Event::Policy(Box::new(policy_that_opens_nothing()), from)))
    };
    let opened = |rows: &[String]| rows.iter().filter(|row| row.contains("incident_opened")).count();
    let whole = with(&[1_000]);
    let (before, all) = (opened(&whole), opened(&rows(&[1_000])));
    assert!(0 < before && before < all, "{before} of {all} were opened by then");
    for portions in [&[1][..], &[3, 1, 5], &[100, 1]] {
        assert!(with(portions) == whole, "{portions:?}");
    }
}
