//! Domains that are born late: what is everybody's is theirs too, whoever was there when it was said. `[I15, I16]`

use engine::{Expiry, Pipeline, Policy};
use model::alert::Suppression;
use model::command::{Action, Command};
use model::event::Event as Said;
use model::fact::{Change, ChangeKind, ChangeStatus, MaintenanceWindow, Silence};
use model::{Alert, CiId, Domain, Fingerprint, Interval, MaintenanceId, Matcher, SilenceId, Span, Timestamp, home_of};
use runtime::Item;
use store::{AuditFilter, Loaded, Memory, PageRequest, Partition, ready};
use testkit::{clock, firing};

use crate::following::state;
use crate::shell::{Record, Shell, alert};

fn silence(name: &str, matcher: &str, from: &str, to: &str) -> Item {
    let silence = Silence {
        id: SilenceId::derive(|hash| {
            hash.text(name);
        }),
        matchers: vec![Matcher::parse(matcher).unwrap()],
        interval: Interval::or_empty(clock(from), clock(to)),
        by: "ann".into(),
        comment: name.into(),
        updated_at: clock(from),
    };
    // Whoever asks again under one key asks for the same.
    Item::Command(Box::new(Command { by: name.into(), at: None, action: Action::Silence(silence) }))
}

fn window(ci: &str, from: &str, to: &str) -> Item {
    let window = MaintenanceWindow {
        id: MaintenanceId::derive(|hash| {
            hash.text(ci);
        }),
        reference: ci.into(),
        cis: vec![CiId::from(ci)],
        interval: Interval::or_empty(clock(from), clock(to)),
        recurrence: None,
        reason: "agreed".into(),
        by: None,
        received_at: clock(from),
        deleted: false,
    };
    Item::Event(Said::Maintenance(Box::new(window)))
}

fn change(ci: &str, at: &str) -> Item {
    let change = Change {
        id: model::ChangeId::derive(|hash| {
            hash.text(ci);
        }),
        reference: ci.into(),
        kind: ChangeKind::Normal,
        status: ChangeStatus::Started,
        result: None,
        summary: "new version".into(),
        cis: vec![CiId::from(ci)],
        starts_at: Some(clock(at)),
        ends_at: None,
        received_at: clock(at),
    };
    Item::Event(Said::Change(Box::new(change)))
}

/// What is everybody's, and minutes later the first that is said of a tenant; in one record with more of it, of another.
fn log() -> Vec<Record> {
    let mut records = vec![
        (clock("10:00:00"), vec![alert("default", "cpu/web-9")]),
        (clock("10:00:01"), vec![silence("disks", "alertname=disk", "10:00:01", "12:00:00")]),
        (clock("10:00:02"), vec![window("web-1", "10:00:02", "11:00:00"), change("web-2", "10:00:02")]),
        (clock("10:05:00"), ["disk/web-0", "cpu/web-1", "cpu/web-2"].map(|key| alert("acme", key)).into()),
        (clock("10:06:00"), {
            let before = vec![alert("default", "disk/web-8"), alert("born", "cpu/web-3")];
            let news = vec![window("web-4", "10:06:00", "11:30:00"), alert("default", "disk/web-7")];
            before.into_iter().chain(news).chain([alert("globex", "cpu/web-4")]).collect()
        }),
    ];
    let ticks = (0..150).map(|minute| (clock("10:07:00") + Span::from_minutes(minute), Vec::new()));
    records.extend(ticks);
    // Something that has everything suppressed looked at again.
    let nudge = |at: &str| (clock(at), vec![silence(at, "alertname=none", at, "13:00:00")]);
    records.extend(["10:20:30", "11:10:30"].map(nudge));
    records.sort_by_key(|(at, _)| *at);
    records
}

/// What there is once the log was followed in portions of so many records; by processes that die after each, or by one.
fn followed(portion: usize, dies: bool) -> Loaded {
    let memory = Memory::new();
    let services: Vec<String> = (0..5).map(|nth| format!("shop-{nth}{{service}} -> web-{nth}")).collect();
    let cmdb = testkit::cmdb(&services.join("\n"));
    ready(memory.store().announce_cmdb(cmdb, clock("09:00:00"), Span::ZERO, None)).unwrap();
    let mut shell = Shell::following(&memory);
    for (nth, records) in log().chunks(portion).enumerate() {
        if dies {
            shell = Shell::following(&memory);
        }
        shell.follow(nth as u64, (nth * portion) as u64, records);
        shell.land_all();
        assert!(shell.is_in(nth as u64));
    }
    memory.load().unwrap()
}

fn said(loaded: &Loaded, domain: &str, key: &str) -> Alert {
    let id = Fingerprint::of_dedup_key(&Domain::from(domain), "mon", key).alert();
    let alerts = &loaded.domains.get(&Domain::from(domain)).unwrap().alerts;
    alerts.iter().find(|alert| alert.id == id).unwrap().clone()
}

fn opened(loaded: &Loaded, domain: &str, key: &str) -> Option<Timestamp> {
    let incident = said(loaded, domain, key).episodes[0].incident?;
    let incidents = loaded.domains.values().flat_map(|snapshot| &snapshot.incidents);
    incidents.filter(|known| known.id == incident).map(|incident| incident.opened_at).next()
}

#[test]
fn who_is_born_late_is_silenced_and_in_maintenance_like_everybody() {
    let loaded = followed(1, false);
    assert_eq!(opened(&loaded, "acme", "disk/web-0"), Some(clock("12:00:00")), "the silence ends");
    assert_eq!(opened(&loaded, "acme", "cpu/web-1"), Some(clock("11:00:00")), "the window ends");
    assert_eq!(opened(&loaded, "globex", "cpu/web-4"), Some(clock("11:30:00")), "it was said in the same record");
    let incidents = &loaded.domains.get(&Domain::from("acme")).unwrap().incidents;
    assert!(incidents.iter().any(|incident| !incident.changes.is_empty()), "a change is suspected: {incidents:?}");
}

#[test]
fn processes_that_die_change_nothing_for_who_is_born_late() {
    let undisturbed = state(followed(1, false));
    for portion in [1, 3, 40] {
        assert_eq!(state(followed(portion, true)), undisturbed, "{portion}");
    }
}

#[test]
fn a_domain_is_born_with_what_comes_before_it_in_the_same_portion() {
    let one_by_one = state(followed(1, false));
    for portion in [2, 3, 4, 5, 6, 1_000] {
        assert_eq!(state(followed(portion, false)), one_by_one, "{portion}");
    }
}

/// The same in direct mode, where everything comes at once and the process dies in between.
#[test]
fn a_process_that_is_started_again_does_not_wake_people_who_are_silenced() {
    let mut shell = Shell::running();
    shell.push(1, vec![silence("disks", "alertname=disk", "10:00:00", "12:00:00"), alert("acme", "disk/web-0")]);
    shell.land_all();
    shell.die_and_come_again();
    shell.land_all();
    shell.push(2, vec![silence("another", "alertname=none", "10:00:00", "12:00:00")]);
    shell.land_all();
    let alert = said(&shell.memory.load().unwrap(), "acme", "disk/web-0");
    assert!(matches!(alert.suppressed, Some(Suppression::Silence { .. })), "{alert:?}");
    assert_eq!(alert.episodes[0].incident, None);
}

/// A source that is dead says nothing of its alerts; after the limit they end. Whoever takes the partition over missed
/// nothing of what the log holds.
#[test]
fn a_source_is_silent_for_as_long_however_often_its_engine_moves() {
    let policy = || Policy::new([Pipeline { expiry: Expiry::Source, ..Pipeline::standard("default") }]);
    let at = clock("10:00:00");
    let promise = firing("disk/db-7").at(at).starts(at).ends(clock("10:04:00")).event();
    let mut records = vec![(at, vec![Item::Event(promise)])];
    records.extend((1..180).map(|minute| (at + Span::from_minutes(minute), Vec::new())));
    let followed = |moves: usize| {
        let memory = Memory::new();
        for (nth, portion) in records.chunks(moves).enumerate() {
            let mut shell = Shell::following_by(&memory, policy());
            shell.follow(nth as u64, (nth * moves) as u64, portion);
            shell.land_all();
            let loaded = memory.load().unwrap();
            let stale = said(&loaded, "default", "disk/db-7").stale;
            let last = portion.last().unwrap().0;
            assert_eq!(stale, (clock("10:04:00")..clock("11:04:00")).contains(&last), "{last:?} of {moves}");
        }
        memory.load().unwrap()
    };
    let whole = followed(180);
    let episode = &said(&whole, "default", "disk/db-7").episodes[0];
    assert_eq!(episode.ended_received_at, Some(clock("11:04:00")));
    for moves in [1, 30, 70] {
        assert_eq!(state(followed(moves)), state(followed(180)), "{moves}");
    }
}

/// What is said of the log itself stands in no record of it, and takes none of the time of those that do.
#[test]
fn what_an_engine_says_of_its_log_moves_no_time() {
    let records = [(clock("10:00:00"), "disk/a"), (clock("10:10:00"), "disk/b"), (clock("10:20:00"), "disk/c")];
    let mut shell = Shell::following(&Memory::new());
    shell.follow(0, 0, &[(clock("09:59:00"), Vec::new())]);
    for (nth, (at, key)) in records.into_iter().enumerate() {
        let own = alert("default", &format!("lost/{nth}"));
        shell.follow_and_say(nth as u64 + 1, nth as u64 + 1, &[(at, vec![alert("default", key)])], [own]);
    }
    shell.land_all();
    let loaded = shell.memory.load().unwrap();
    for (at, key) in records {
        assert_eq!(said(&loaded, "default", key).episodes[0].first_received_at, at, "{key}");
    }
    assert_eq!(said(&loaded, "default", "lost/0").episodes[0].first_received_at, clock("10:00:00"));
}

#[test]
fn what_a_person_did_to_all_domains_is_on_record_once() {
    let in_partition = |nth: u32| {
        let (memory, partition) = (Memory::new(), Partition::nth(nth).unwrap());
        let mut shell = Shell::following_for(&memory, partition, Policy::default(), home_of(nth, 3));
        shell.follow(1, 0, &[(clock("10:00:00"), vec![silence("quiet", "host=web-1", "10:00:00", "11:00:00")])]);
        shell.land_all();
        let known = shell.loaded().domains.into_values().map(|snapshot| snapshot.silences.len()).sum::<usize>();
        assert_eq!(known, 1, "in partition {nth}");
        ready(memory.store().audit(&AuditFilter::default(), &PageRequest::first(10))).unwrap().items
    };
    let audit: Vec<String> = (0..3).flat_map(in_partition).map(|line| line.entry.by.into()).collect();
    assert_eq!(audit, ["quiet"]);
}
