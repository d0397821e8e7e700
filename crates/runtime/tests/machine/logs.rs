//! What is read from logs: it goes in with its positions, once, and time waits for it.

use engine::Policy;
use model::event::{Event as Said, Heartbeat};
use model::{Span, Timestamp};
use runtime::intake::IntakeLimits;
use runtime::{Event, Item, Machine, Overload, PushAnswer};
use store::{AlertFilter, Fault, PageRequest, ready};
use testkit::firing;

use crate::shell::{Shell, alert};

const NOT_NEXT: PushAnswer = PushAnswer::Overloaded(Overload::NotNext);

fn now(shell: &Shell, items: Vec<Item>) -> Vec<(Timestamp, Item)> {
    items.into_iter().map(|item| (shell.now, item)).collect()
}

fn alerts(shell: &Shell) -> usize {
    let store = shell.memory.store();
    ready(store.alerts(&AlertFilter::default(), &PageRequest::first(1000))).unwrap().items.len()
}

#[test]
fn what_is_read_is_committed_with_its_position() {
    let mut shell = Shell::running();
    shell.read(1, 10, now(&shell, vec![alert("default", "a"), alert("default", "b")]));
    shell.land_all();
    assert!(shell.is_in(1));
    assert_eq!((shell.position(), alerts(&shell)), (Some(12), 2));
}

#[test]
fn what_does_not_go_on_where_reading_was_is_refused_and_nothing_of_it_is_kept() {
    let mut shell = Shell::running();
    shell.read(1, 10, now(&shell, vec![alert("default", "a")]));
    for (id, from) in [(2, 10), (3, 12), (4, 0)] {
        shell.read(id, from, now(&shell, vec![alert("default", "b")]));
        shell.land_all();
        assert_eq!(shell.answer(id), Some(&NOT_NEXT), "from {from}");
    }
    shell.read(5, 11, now(&shell, vec![alert("default", "c")]));
    shell.land_all();
    assert!(shell.is_in(5));
    assert_eq!((shell.position(), alerts(&shell)), (Some(12), 2));
}

#[test]
fn a_log_that_nobody_has_heard_of_is_begun_with_its_beginning() {
    let mut shell = Shell::running();
    shell.read(1, 0, now(&shell, vec![alert("default", "a")]));
    // The disk takes nothing of the beginning; what comes behind it must not begin in its place.
    shell.land_with(Fault::Full);
    shell.read(2, 1, now(&shell, vec![alert("default", "b")]));
    shell.load();
    shell.land_all();
    assert_eq!(shell.answer(2), Some(&NOT_NEXT));
    assert_eq!(shell.position(), None);
    shell.read(3, 0, now(&shell, vec![alert("default", "a"), alert("default", "b")]));
    shell.land_all();
    assert!(shell.is_in(3));
    assert_eq!((shell.position(), alerts(&shell)), (Some(2), 2));
}

#[test]
fn of_a_commit_of_which_nothing_is_heard_the_positions_say_whether_it_is_in() {
    for (fault, decided_again) in [(Fault::After, 0), (Fault::Before, 1)] {
        let mut shell = Shell::running();
        shell.read(1, 0, now(&shell, vec![alert("default", "a")]));
        shell.land_with(fault);
        shell.read(2, 1, now(&shell, vec![alert("default", "b")]));
        let before = shell.position();
        shell.load();
        assert_eq!(before.is_none(), decided_again == 1, "{fault:?}");
        shell.land_all();
        assert!(shell.is_in(1) && shell.is_in(2), "{fault:?}: {:?}", shell.answers);
        assert_eq!((shell.position(), alerts(&shell)), (Some(2), 2), "{fault:?}");
    }
}

#[test]
fn what_another_process_read_meanwhile_is_not_read_again() {
    let mut shell = Shell::running();
    shell.read(1, 0, now(&shell, vec![alert("default", "a")]));
    shell.land_with(Fault::Before);
    // It read further than this one, and is gone again.
    let mut other = Shell { memory: shell.memory.clone(), ..Shell::running() };
    other.loads = 1;
    other.machine = Machine::new(Policy::default(), IntakeLimits::default());
    other.load();
    other.read(1, 0, now(&other, vec![alert("default", "a"), alert("default", "b")]));
    other.land_all();
    shell.read(2, 1, now(&shell, vec![alert("default", "b")]));
    shell.load();
    shell.land_all();
    assert!(shell.is_in(1), "it is in, whoever read it");
    assert_eq!(shell.answer(2), Some(&NOT_NEXT));
    assert_eq!((shell.position(), alerts(&shell)), (Some(2), 2));
}

/// An alert that is over unless it is said again within a minute.
fn promises(key: &str, at: Timestamp) -> Item {
    let mut alert = firing(key).alert();
    alert.at = Some(at);
    alert.starts_at = Some(at);
    alert.ends_at = Some(at + Span::MINUTE);
    Item::Event(Said::from(alert))
}

fn is_firing(shell: &Shell) -> bool {
    let store = shell.memory.store();
    let page = ready(store.alerts(&AlertFilter::default(), &PageRequest::first(10))).unwrap();
    page.items.iter().any(|alert| alert.open_episode().is_some())
}

/// A reader that starts an hour behind, and reads repeats that came every half minute; how often the alert seemed to be
/// over in between.
fn catches_up(shell: &mut Shell, says_so: bool) -> usize {
    let began = shell.now - Span::HOUR;
    let (mut id, mut over) = (0, 0);
    for nth in 0..10 {
        let at = began + Span::from_seconds(30 * nth);
        if says_so {
            shell.feed(Event::Behind(Some(at)));
        }
        shell.read(id, id, vec![(at, promises("disk/db-7", at))]);
        shell.land_all();
        shell.feed(Event::Tick);
        shell.land_all();
        id += 1;
        over += usize::from(!is_firing(shell));
    }
    over
}

fn reading() -> Shell {
    let machine = Machine::new(Policy::default(), IntakeLimits::default());
    Shell::of(machine.that_reads(testkit::clock("10:00:00")))
}

#[test]
fn who_asks_whether_anything_is_committed_waits_for_no_reader_and_who_says_something_does() {
    let mut shell = reading();
    shell.push(1, Vec::new());
    shell.land_all();
    assert!(shell.is_in(1), "a process is there once its store is");
    shell.push(2, vec![alert("default", "a")]);
    shell.land_all();
    assert_eq!(shell.answer(2), None, "nobody knows yet which time it is");
    shell.feed(Event::Behind(None));
    shell.land_all();
    assert!(shell.is_in(2));
}

#[test]
fn no_timer_overtakes_the_repeat_that_forbids_it() {
    let mut shell = reading();
    assert_eq!(catches_up(&mut shell, true), 0);
    assert!(
        shell.memory.load().unwrap().clock.unwrap() < shell.now - Span::from_minutes(50),
        "time is where reading is"
    );
    shell.feed(Event::Behind(None));
    shell.now = shell.now + Span::from_seconds(1);
    shell.feed(Event::Tick);
    shell.land_all();
    assert!(shell.memory.load().unwrap().clock.unwrap() >= shell.now - Span::from_seconds(1), "it has caught up");
}

#[test]
fn where_nobody_says_that_it_is_behind_promises_end_by_the_clock() {
    let mut shell = Shell::running();
    assert_eq!(catches_up(&mut shell, false), 10, "that is what the test above is about");
    let clock = shell.memory.load().unwrap().clock.unwrap();
    assert!(clock >= shell.now - Span::from_seconds(1));
}

#[test]
fn a_push_that_comes_while_reading_is_behind_keeps_its_own_times() {
    let mut shell = reading();
    let an_hour_ago = shell.now - Span::HOUR;
    shell.feed(Event::Behind(Some(an_hour_ago)));
    let just_now = shell.now - Span::from_seconds(5);
    shell.push(1, vec![promises("disk/db-7", just_now)]);
    shell.land_all();
    let store = shell.memory.store();
    let page = ready(store.alerts(&AlertFilter::default(), &PageRequest::first(10))).unwrap();
    assert_eq!(page.items[0].episodes[0].start, just_now, "it is not ahead of when it came");
}

#[test]
fn readers_that_say_nothing_are_waited_for_but_not_for_ever() {
    let mut shell = reading();
    let began = shell.now;
    shell.now = began + Span::from_seconds(5);
    shell.push(1, vec![alert("default", "a")]);
    shell.land_all();
    assert_eq!(shell.answer(1), None, "which time it is nobody knows yet");
    shell.now = began + model::limits::READERS_WAIT_MAX;
    shell.feed(Event::Tick);
    shell.land_all();
    assert!(shell.is_in(1));
    let store = shell.memory.store();
    let page = ready(store.alerts(&AlertFilter::default(), &PageRequest::first(10))).unwrap();
    assert!(page.items[0].episodes[0].start >= began, "and not when somebody said something last");
}

#[test]
fn a_heartbeat_that_came_due_while_nobody_ran_is_not_missed() {
    for reads in [false, true] {
        let machine = |wall| {
            let machine = Machine::new(Policy::default(), IntakeLimits::default());
            if reads { machine.that_reads(wall) } else { machine }
        };
        let mut shell = Shell::of(machine(testkit::clock("10:00:00")));
        shell.feed(Event::Behind(None));
        let every = Some(Span::MINUTE);
        let alive = Heartbeat { source: "prom".into(), every, grace: None, ci: None, severity: None };
        shell.push(1, vec![Item::Event(Said::Heartbeat(alive))]);
        shell.land_all();
        shell.now = shell.now + Span::HOUR;
        shell.machine = machine(shell.now);
        shell.come_again();
        shell.feed(Event::Tick);
        shell.feed(Event::Behind(None));
        shell.land_all();
        assert_eq!(alerts(&shell), 0, "reads: {reads}");
        shell.now = shell.now + Span::from_minutes(4);
        shell.feed(Event::Tick);
        shell.land_all();
        assert_eq!(alerts(&shell), 1, "it has had its patience anew; reads: {reads}");
    }
}
