//! Commits that land, do not, or of which nothing is heard.

use model::command::{Action, Command, OpenIncident, ProblemAction};
use model::incident::{DetectedBy, Priority};
use model::{Domain, Span, Step};
use runtime::{Event, Item, Overload, PushAnswer};
use store::{AuditFilter, Fault, PageRequest, ready};
use testkit::firing;

use crate::shell::{REFUSED, Shell, alert};

#[test]
fn an_import_that_a_full_disk_refuses_is_answered() {
    let mut shell = Shell::running();
    shell.import(1, "db-7{database}");
    shell.import(2, "db-7{database} web-1");
    shell.land_with(Fault::Full);
    assert_eq!(shell.answer(1), Some(&REFUSED), "the disk took nothing, for certain");
    shell.feed(Event::LoadFailed);
    assert_eq!(shell.answer(2), Some(&REFUSED), "it was decided, and cannot be committed");
    shell.import(3, "db-7{database}");
    assert_eq!(shell.answer(3), Some(&REFUSED), "the store refuses");
    shell.load();
    shell.import(4, "db-7{database}");
    shell.land_all();
    assert!(shell.is_in(4));
}

#[test]
fn an_import_that_waits_for_a_load_is_answered_when_the_load_fails_and_when_the_process_ends() {
    let mut shell = Shell::running();
    shell.push(1, vec![alert("default", "Disk/db-7")]);
    shell.land_with(Fault::Before);
    shell.import(2, "db-7{database}");
    assert_eq!(shell.answer(2), None);
    shell.feed(Event::LoadFailed);
    assert_eq!(shell.answer(2), Some(&REFUSED));
    shell.feed(Event::Stop);
    assert!(shell.stopped);
    let stopping = PushAnswer::Overloaded(Overload::Stopping);
    assert_eq!(shell.answer(1), Some(&stopping), "its commit may be in: it waited for that");
    shell.import(3, "db-7{database}");
    assert_eq!(shell.answer(3), Some(&stopping));
}

#[test]
fn an_import_that_was_in_though_nobody_heard_is_answered_as_such_and_audited() {
    let mut shell = Shell::running();
    shell.import(1, "db-7{database}");
    shell.land_with(Fault::After);
    shell.load();
    assert!(shell.is_in(1));
    shell.import(2, "web-1");
    shell.land_with(Fault::Before);
    shell.load();
    assert_eq!(shell.answer(2), Some(&REFUSED));
    let audit = ready(shell.memory.store().audit(&AuditFilter::default(), &PageRequest::default())).unwrap().items;
    let lines: Vec<(&str, &str, &str)> =
        audit.iter().map(|line| &line.entry).map(|row| (&*row.by, &*row.action, &*row.subject)).collect();
    assert_eq!(lines, [("ana", "import_cmdb", "version 1")], "I14");
}

/// I11: each push finds the commit of the one before under way, so that nothing is ever idle.
#[test]
fn the_timers_of_a_quiet_domain_fire_while_another_one_is_busy() {
    let mut shell = Shell::running();
    shell.push(1, vec![alert("quiet", "Disk/db-7")]);
    shell.land_all();
    let mut told = None;
    shell.push(2, vec![alert("busy", "Errors/web-0")]);
    for nth in 0..60 {
        shell.now = shell.now + Span::SECOND;
        shell.push(10 + nth, vec![alert("busy", &format!("Errors/web-{nth}"))]);
        assert!(!shell.commits.is_empty(), "it is busy");
        let quiet = |step: &Step| step.domain == Domain::from("quiet") && !step.outbox.is_empty();
        if shell.commits.iter().any(|commit| commit.steps.iter().any(quiet)) {
            told = told.or(Some(nth));
        }
        shell.land();
    }
    assert!(told.is_some_and(|nth| nth < 35), "the incident is told after its 30 seconds: {told:?}");
}

#[test]
fn a_tick_decides_ahead_of_the_commit_under_way_and_only_once() {
    let mut shell = Shell::running();
    shell.push(1, vec![alert("quiet", "Disk/db-7")]);
    shell.land_all();
    shell.push(2, vec![alert("busy", "Errors/web-1")]);
    let due = shell.machine.next_deadline().unwrap();
    shell.now = shell.now.max(due);
    shell.feed(Event::Tick);
    assert_eq!(shell.machine.next_deadline(), None, "one batch is decided ahead");
    shell.land();
    assert_eq!(shell.commits.len(), 1);
    assert!(shell.commits[0].steps.iter().any(|step| step.domain == Domain::from("quiet")));
}

#[test]
fn a_push_that_is_decided_again_is_the_push_that_came() {
    let mut shell = Shell::running();
    let items = vec![alert("a", "Disk/db-7"), alert("b", "Disk/db-8"), alert("a", "Disk/db-9")];
    shell.push(1, items.clone());
    let first = shell.commits[0].steps.clone();
    shell.land_with(Fault::Before);
    shell.load();
    shell.land();
    let again: Vec<usize> = shell.commits[0].steps.iter().map(|step| step.alerts.len()).collect();
    assert_eq!(again, first.iter().map(|step| step.alerts.len()).collect::<Vec<_>>());
    shell.land();
    let Some(PushAnswer::Committed { answers, .. }) = shell.answer(1) else { panic!("{:?}", shell.answers) };
    assert_eq!(answers.len(), items.len());
}

/// An incident and a problem that are decided again before the commit that numbers them is heard of.
#[test]
fn what_is_decided_ahead_is_published_with_its_number() {
    let mut shell = Shell::running();
    let command = |action| Item::Command(Box::new(Command { by: "ana".into(), at: None, action }));
    let open = OpenIncident {
        title: "Odd noise".into(),
        detected_by: DetectedBy::Staff,
        cis: Vec::new(),
        priority: Some(Priority::P1),
        team: None,
        started_at: None,
    };
    shell.push(1, vec![command(Action::OpenIncident(open))]);
    let incident = shell.commits[0].steps[0].incidents[0].id;
    shell.land();
    shell.push(2, vec![command(Action::OpenProblem { title: "Noise".into(), ci: None, incidents: vec![incident] })]);
    let problem = shell.commits[0].steps[0].problems[0].id;
    let workaround = ProblemAction::Workaround { text: "wear ear plugs".into() };
    shell.push(3, vec![command(Action::Problem { problem, action: workaround })]);
    shell.land_all();
    let numbers: Vec<Option<u64>> = shell
        .published
        .iter()
        .flat_map(|published| &published.steps)
        .flat_map(|step| step.problems.iter().map(|problem| problem.number))
        .collect();
    assert_eq!(numbers, [Some(1), Some(1)]);
}

/// It began ten days ago.
fn long_ago(shell: &Shell, key: &str) -> Item {
    let began = shell.now - Span::from_days(10);
    Item::Event(firing(key).starts(began).event())
}

#[test]
fn facts_of_the_past_are_asked_for_one_at_a_time_and_again_until_they_come() {
    let mut shell = Shell::running();
    shell.import(1, "checkout{service}");
    shell.land_all();
    shell.push(2, vec![long_ago(&shell, "Down/checkout")]);
    shell.land_all();
    let first = shell.asked.pop_front().expect("the past is asked for");
    shell.push(3, vec![long_ago(&shell, "Slow/checkout")]);
    shell.land_all();
    assert!(shell.asked.is_empty(), "one question of a domain at a time");
    shell.feed(Event::Facts(first.domain.clone(), first.number, None));
    let again = shell.asked.pop_front().expect("the store did not answer: it is asked again");
    assert_eq!((&again.wanted, again.tries), (&first.wanted, 1));
    shell.answer_facts(&again);
    assert!(shell.asked.is_empty(), "what came of it is not committed yet");
    shell.land_all();
    let second = shell.asked.pop_front().expect("now the next");
    assert_eq!(second.tries, 0);
    shell.answer_facts(&second);
    shell.land_all();
    assert!(shell.asked.is_empty());
}

#[test]
fn facts_that_are_wanted_outlive_a_commit_of_which_nothing_was_heard_and_a_stop_waits_for_them() {
    let mut shell = Shell::running();
    shell.import(1, "checkout{service}");
    shell.land_all();
    shell.push(2, vec![long_ago(&shell, "Down/checkout")]);
    shell.land_with(Fault::After);
    shell.load();
    assert!(shell.is_in(2));
    let asked = shell.asked.pop_front().expect("it was in, and what it wanted is wanted");
    shell.land_all();
    shell.feed(Event::Stop);
    assert!(!shell.stopped);
    shell.answer_facts(&asked);
    shell.land_all();
    assert!(shell.stopped);
}

#[test]
fn facts_that_are_owed_are_asked_for_by_the_process_that_comes_after() {
    let mut shell = Shell::running();
    shell.import(1, "checkout{service}");
    shell.land_all();
    shell.push(2, vec![long_ago(&shell, "Down/checkout")]);
    shell.land_all();
    let asked = shell.asked.pop_front().expect("the past is asked for");
    shell.die_and_come_again();
    let again = shell.asked.pop_front().expect("it is owed still");
    assert_eq!((&again.domain, &again.wanted), (&asked.domain, &asked.wanted));
    shell.land_all();
    shell.answer_facts(&again);
    shell.land_all();
    shell.die_and_come_again();
    assert!(shell.asked.is_empty(), "it was given");
}
