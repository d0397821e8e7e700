//! An engine that follows a log in which some of what was read stands late: what reading comes to is what it would have
//! come to in time, and nothing is done twice.

use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::event::Event as Said;
use model::limits::{BEHIND_LAPSES_AFTER, IDEMPOTENCY_KEEP};
use model::{Span, Timestamp};
use runtime::{Item, Key, Word};
use store::{Fault, Loaded, Memory, Partition, ready};
use testkit::firing;

use crate::shell::{Late, Shell};

const HALF_MINUTE: Span = Span::from_seconds(30);

fn began() -> Timestamp {
    testkit::clock("10:30:00")
}

/// One that says neither when it is nor when it ends.
fn undated(key: &str) -> Item {
    let mut alert = firing(key).alert();
    (alert.at, alert.starts_at, alert.ends_at) = (None, None, None);
    Item::Event(Said::from(alert))
}

/// One that is over unless it is said again within a minute.
fn promises(key: &str, at: Timestamp) -> Item {
    Item::Event(Said::from(firing(key).at(at).starts(at).ends(at + Span::MINUTE).alert()))
}

fn word(reader: &str, behind: Option<Timestamp>) -> Option<Word> {
    Some(Word { reader: reader.into(), behind })
}

/// What was said from half past ten on, every half minute.
fn said(nth: i64) -> (Timestamp, Vec<Item>) {
    let at = began() + HALF_MINUTE.saturating_mul(nth);
    let once = if nth == 3 { Some(undated("once")) } else { None };
    (at, [promises("disk/db-7", at)].into_iter().chain(once).collect())
}

/// From when, to when, and when it was first heard.
type Episode = (Timestamp, Option<Timestamp>, Timestamp);

fn episodes(loaded: &Loaded) -> Vec<(String, Vec<Episode>)> {
    let alerts = loaded.domains.values().flat_map(|snapshot| &snapshot.alerts);
    let of = |alert: &model::alert::Alert| {
        let episodes = alert.episodes.iter().map(|episode| (episode.start, episode.end, episode.first_received_at));
        (alert.summary.to_string(), episodes.collect())
    };
    alerts.map(of).collect()
}

fn read_late(nth: i64, written: Timestamp) -> Late {
    let (at, items) = said(nth);
    let items = items.into_iter().map(|item| (Some(at), item)).collect();
    (written + Span::from_micros(nth), word("a", None), items)
}

#[test]
fn what_is_read_late_comes_to_what_it_would_have_come_to_in_time() {
    let mut direct = Shell::running();
    direct.now = began() + Span::HOUR;
    direct.feed(runtime::Event::Behind(Some(began())));
    for nth in 0..40 {
        let (at, items) = said(nth);
        let from = direct.position().unwrap_or(0);
        direct.read(nth as u64, from, items.into_iter().map(|item| (at, item)).collect());
        direct.land_all();
    }
    let expected = episodes(&direct.loaded());
    assert_eq!(expected.iter().map(|(_, episodes)| episodes.len()).sum::<usize>(), 2, "{expected:?}");
    for portion in [1, 7, 40] {
        let mut shell = Shell::following_part(&Memory::new(), Partition::nth(0).unwrap());
        let records: Vec<Late> = (0..40).map(|nth| read_late(nth, began() + Span::HOUR)).collect();
        for (nth, records) in records.chunks(portion).enumerate() {
            shell.follow_late((nth * portion) as u64, records, Vec::new());
        }
        let loaded = shell.loaded();
        assert_eq!(episodes(&loaded), expected, "in portions of {portion}");
        assert_eq!(loaded.clock, Some(said(39).0), "time is where reading is");
    }
}

/// One reader has caught up and says so; what the other has yet to read says again what nearly ended.
fn one_is_behind() -> Vec<Late> {
    let (behind, written) = (began() + HALF_MINUTE, began() + Span::HOUR);
    let at = |seconds| written + Span::from_seconds(seconds);
    vec![
        read_late(0, began()),
        (at(0), word("b", Some(behind)), Vec::new()),
        (at(1), word("a", None), Vec::new()),
        (at(1), None, vec![(None, promises("pushed", at(1)))]),
        (at(2), word("a", None), vec![(Some(at(2)), promises("live", at(2)))]),
        (at(3), word("b", Some(behind)), vec![(Some(behind), promises("disk/db-7", behind))]),
    ]
}

#[test]
fn time_does_not_run_over_what_a_reader_has_yet_to_read() {
    for portion in [1, 2, 6] {
        let memory = Memory::new();
        for (nth, records) in one_is_behind().chunks(portion).enumerate() {
            // Whoever goes on knows what those before knew.
            Shell::following_part(&memory, Partition::nth(0).unwrap()).follow_late(
                (nth * portion) as u64,
                records,
                Vec::new(),
            );
        }
        let mut shell = Shell::following_part(&memory, Partition::nth(0).unwrap());
        let loaded = shell.loaded();
        let clock = loaded.clock.unwrap();
        assert!(clock - (began() + HALF_MINUTE) < Span::SECOND, "{clock:?}");
        let all = episodes(&loaded);
        assert!(all.iter().flat_map(|(_, episodes)| episodes).all(|(_, end, _)| end.is_none()), "{all:?}");
        let pushed = all.iter().find(|(name, _)| name == "pushed").unwrap();
        assert_eq!(pushed.1[0].0, began() + Span::HOUR + Span::SECOND, "it keeps its own times");
        let caught_up = began() + Span::HOUR + Span::from_seconds(4);
        shell.follow_late(6, &[(caught_up, word("b", None), Vec::new())], Vec::new());
        assert_eq!(shell.loaded().clock, Some(caught_up));
        assert_eq!(shell.loaded().followed.holds, []);
    }
}

#[test]
fn who_says_nothing_more_is_not_waited_for_for_ever() {
    let mut shell = Shell::following_part(&Memory::new(), Partition::nth(0).unwrap());
    shell.follow_late(0, &one_is_behind(), Vec::new());
    let said_last = began() + Span::HOUR + Span::from_seconds(3);
    let nearly = said_last + BEHIND_LAPSES_AFTER - Span::MICROSECOND;
    shell.follow_late(6, &[(nearly, word("a", None), Vec::new())], Vec::new());
    assert!(shell.loaded().clock.unwrap() < began() + Span::MINUTE);
    let at = said_last + BEHIND_LAPSES_AFTER;
    shell.follow_late(7, &[(at, word("a", None), Vec::new())], Vec::new());
    assert_eq!(shell.loaded().clock, Some(at));
}

#[test]
fn while_nobody_knows_how_far_reading_is_time_stands_but_for_what_is_pushed_first_of_all() {
    let mut shell = Shell::following_part(&Memory::new(), Partition::nth(0).unwrap());
    let at = began() + Span::HOUR;
    shell.follow_late(0, &[(at, word("a", Some(Timestamp::EPOCH)), Vec::new())], Vec::new());
    assert_eq!(shell.loaded().clock, Some(Timestamp::EPOCH), "what lies in the topics may be old");
    shell.follow_late(1, &[(at, None, vec![(None, undated("pushed"))])], Vec::new());
    assert_eq!(shell.loaded().clock, Some(at), "there is nothing to stand at");
    let later = at + Span::SECOND;
    shell.follow_late(2, &[(later, None, vec![(None, undated("again"))])], Vec::new());
    assert_eq!(shell.loaded().clock, Some(at + Span::MICROSECOND), "now there is");
}

fn command(fingerprint: &Item) -> Item {
    let Item::Event(Said::Alert(said)) = fingerprint else { panic!("an alert is an alert") };
    let (target, action) = (IncidentTarget::HoldsAlert(said.fingerprint), IncidentAction::Acknowledge);
    Item::Command(Box::new(Command { by: "ann".into(), at: None, action: Action::Incident { target, action } }))
}

#[test]
fn a_command_that_is_asked_for_again_with_its_key_is_carried_out_once() {
    let memory = Memory::new();
    let at = |seconds| began() + Span::from_seconds(seconds);
    let firing = undated("disk/db-7");
    let asks = |at: Timestamp| (at, None, vec![(None, command(&firing))]);
    let audited = |memory: &Memory| memory.dump().unwrap().matches("acknowledge").count();
    let key = |place| (place, Key::unchecked("k"));
    let mut shell = Shell::following_part(&memory, Partition::nth(0).unwrap());
    let first = [(at(0), None, vec![(None, firing.clone())]), asks(at(1)), asks(at(2))];
    shell.follow_late(0, &first, vec![key(1), key(2)]);
    let once = audited(&memory);
    assert!(once > 0);
    shell.follow_late(3, &[asks(at(3))], vec![key(0)]);
    let mut another = Shell::following_part(&memory, Partition::nth(0).unwrap());
    another.follow_late(4, &[asks(at(4))], vec![key(0)]);
    assert_eq!(audited(&memory), once, "whoever goes on knows the key too");
    another.follow_late(5, &[(began() + IDEMPOTENCY_KEEP + Span::MINUTE, None, Vec::new())], Vec::new());
    another.follow_late(6, &[asks(began() + IDEMPOTENCY_KEEP + Span::HOUR)], vec![key(0)]);
    assert!(audited(&memory) > once, "a day later it is another command");
}

#[test]
fn for_how_long_a_key_stands_is_not_held_back_by_who_is_behind() {
    let memory = Memory::new();
    let (firing, written) = (undated("disk/db-7"), began() + Span::from_days(3));
    let at = |seconds| written + Span::from_seconds(seconds);
    let asks = |seconds| (at(seconds), None, vec![(None, command(&firing))]);
    let mut shell = Shell::following_part(&memory, Partition::nth(0).unwrap());
    let behind = (at(0), word("b", Some(began())), vec![(Some(began()), firing.clone())]);
    shell.follow_late(0, &[behind, asks(1)], vec![(1, Key::unchecked("k"))]);
    let audited = |memory: &Memory| memory.dump().unwrap().matches("acknowledge").count();
    let once = audited(&memory);
    assert!(once > 0 && shell.loaded().clock.unwrap() < began() + Span::SECOND, "time stands");
    let receipt = ready(memory.store().receipt("k")).unwrap().unwrap();
    assert_eq!(receipt.at, at(1), "who asks again does so by the wall clock");
    let caught_up = [(at(2), word("b", None), Vec::new()), asks(3)];
    shell.follow_late(2, &caught_up, vec![(0, Key::unchecked("k"))]);
    assert_eq!(audited(&memory), once, "three days later for the engine, two seconds for who asks");
    let mut another = Shell::following_part(&memory, Partition::nth(0).unwrap());
    another.follow_late(4, &[asks(4)], vec![(0, Key::unchecked("k"))]);
    assert_eq!(audited(&memory), once, "whoever goes on knows the key too");
}

#[test]
fn what_is_decided_again_beside_a_command_that_was_passed_over_has_the_instants_that_it_had() {
    let at = |seconds| began() + Span::from_seconds(seconds);
    let asks = |firing: &Item| (None, command(firing));
    let firing = undated("disk/db-7");
    let key = |place| (place, Key::unchecked("k"));
    let dump_after = |fault: Option<Fault>| {
        let memory = Memory::new();
        let mut shell = Shell::following_part(&memory, Partition::nth(0).unwrap());
        shell.follow_late(0, &[(at(0), None, vec![(None, firing.clone()), asks(&firing)])], vec![key(1)]);
        fault.into_iter().for_each(|fault| memory.fail_next(fault));
        // What comes behind it in its record, and in the next, was received before it.
        let mixed = vec![asks(&firing), (Some(at(3)), undated("a")), (Some(at(3)), undated("b"))];
        let records = [(at(5), None, mixed), (at(6), None, vec![(Some(at(4)), undated("c"))])];
        shell.follow_late(1, &records, vec![key(0)]);
        if fault.is_some() {
            shell.load();
            shell.land_all();
        }
        assert_eq!(shell.position(), Some(3));
        episodes(&shell.loaded())
    };
    let undisturbed = dump_after(None);
    assert_eq!(undisturbed.len(), 4);
    assert_eq!(dump_after(Some(Fault::Before)), undisturbed);
}

#[test]
fn what_is_read_first_of_all_is_received_when_its_log_took_it_whoever_does_not_know_how_far_it_is() {
    let mut shell = Shell::following_part(&Memory::new(), Partition::nth(0).unwrap());
    let at = |seconds| began() + Span::from_seconds(seconds);
    let records = [
        (at(60), word("b", Some(Timestamp::EPOCH)), Vec::new()),
        (at(61), word("a", None), vec![(Some(at(0)), undated("first")), (Some(at(1)), undated("second"))]),
    ];
    shell.follow_late(0, &records, Vec::new());
    let mut starts: Vec<Timestamp> = episodes(&shell.loaded()).into_iter().map(|(_, all)| all[0].0).collect();
    starts.sort_unstable();
    assert_eq!(starts, [at(0), at(1)], "not long before anybody said anything");
    shell.follow_late(2, &[(at(62), word("a", None), vec![(Some(at(62)), undated("third"))])], Vec::new());
    assert_eq!(shell.loaded().clock, Some(at(1) + Span::MICROSECOND), "from then on time stands");
}
