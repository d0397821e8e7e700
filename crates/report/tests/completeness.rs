//! What came in over a report's window, and what became of it: the sum at its foot.

use model::Step;
use model::step::Counts;
use report::{Question, Style, availability, csv, table};
use store::ready;
use wire::v1::{Completeness, IntakeGap, SourceSilence};

use crate::stage::{Stage, at, of_the_day, source};

/// Seven events, one of them rejected, in the hour of noon; two dead letters and three lost records in the next.
fn stage() -> Stage {
    let mut stage = Stage::of("shop{service}");
    let counts = Counts { events: 7, opened: 2, repeated: 4, rejected: 1, ..Counts::default() };
    stage.step(Step { clock: at("12:10"), counts, ..Step::default() });
    stage.unread(at("13:30"), 2, 3);
    stage
}

fn of(stage: &Stage, question: &Question) -> Completeness {
    ready(availability(&stage.store(), question)).expect("it answers").completeness
}

fn sums(known: &Completeness) -> [Option<u64>; 4] {
    [known.events_in, known.stored, known.dead_lettered, known.rejected]
}

#[test]
fn events_in_are_what_was_stored_dead_lettered_or_rejected() {
    let stage = stage();
    let day = of(&stage, &of_the_day());
    assert_eq!(sums(&day), [Some(9), Some(6), Some(2), Some(1)]);
    assert_eq!(day.dispositions.values().sum::<u64>(), 6);
    assert_eq!((day.from, day.to), (Some(at("00:00").into()), Some(at("+00:00").into())));
    for (from, to, now, expected) in [
        ("12:30", "12:40", "+00:00", [7, 6, 0, 1]),
        ("13:00", "14:00", "+00:00", [2, 0, 2, 0]),
        ("00:00", "+00:00", "12:59", [7, 6, 0, 1]),
        ("14:00", "15:00", "+00:00", [0, 0, 0, 0]),
    ] {
        let known = of(&stage, &Question::new(at(from), at(to), at(now)));
        assert_eq!(sums(&known), expected.map(Some), "{from} {to} {now}");
    }
}

#[test]
fn what_was_lost_and_who_was_silent_is_listed() {
    let mut stage = stage();
    stage.facts(|step| step.sources = vec![source("prom", Some("20:00"))]);
    let day = of(&stage, &of_the_day());
    let at_noon = Some(at("13:30").into());
    let gap = IntakeGap { origin: "kafka/alerts/0".to_owned(), from: 0, to: 3, count: 3, at: at_noon };
    assert_eq!((day.lost, day.gaps), (3, vec![gap]));
    let silence = SourceSilence { source: "prom".to_owned(), from: at("20:00").into(), to: at("+00:00").into() };
    assert_eq!((day.silent, day.more), (vec![silence], 0));
    let answer = ready(availability(&stage.store(), &of_the_day())).expect("it answers");
    let last = table::render(&answer, Style::default()).lines().last().map(str::to_owned);
    assert_eq!(last.as_deref(), Some("silent: prom from 2026-05-04T20:00:00Z to 2026-05-05T00:00:00Z"));
    let before = of(&stage, &Question::new(at("10:00"), at("13:00"), at("+00:00")));
    assert_eq!((before.lost, before.silent), (0, Vec::new()));
}

#[test]
fn of_time_in_which_nothing_was_heard_a_report_says_so() {
    for (from, to, now, expected) in [
        ("12:30", "+00:00", "+00:00", None),
        ("11:59", "13:00", "+00:00", Some("the first event came in the hour of 2026-05-04T12:00:00Z: ")),
        ("08:00", "09:00", "+00:00", Some("the first event came in the hour of 2026-05-04T12:00:00Z: ")),
        ("14:00", "15:00", "+00:00", Some("nothing came in over this time: ")),
        ("14:00", "15:00", "14:00", Some("all of this time is yet to come: ")),
    ] {
        let question = Question::new(at(from), at(to), at(now));
        let notes = ready(availability(&stage().store(), &question)).expect("it answers").notes;
        let told = notes.first().map(|note| note.split_inclusive(": ").next().unwrap_or_default());
        assert_eq!((told, notes.len()), (expected, usize::from(expected.is_some())), "{from} {to} {now}");
    }
    let never = ready(availability(&Stage::of("shop{service}").store(), &of_the_day())).expect("it answers");
    assert!(never.notes.is_empty(), "there each service is without evidence, and says so itself");
}

#[test]
fn a_table_has_it_at_its_foot_and_csv_has_none_of_it() {
    let answer = ready(availability(&stage().store(), &of_the_day())).expect("it answers");
    let table = table::render(&answer, Style::default());
    let foot: Vec<&str> = table.lines().rev().take(3).collect();
    assert_eq!(
        foot,
        [
            "  3 of kafka/alerts/0, positions 0 to 3, noticed 2026-05-04T13:30:00Z",
            "gaps: 3 records were lost before they could be read",
            "completeness: 9 events in = 6 stored + 2 dead-lettered + 1 rejected",
        ]
    );
    assert!(!csv::render(&answer).contains("dead"), "rows alone");
}

#[test]
fn hours_of_which_nothing_was_kept_are_told_from_none() {
    let mut answer = ready(availability(&stage().store(), &of_the_day())).expect("it answers");
    answer.completeness.not_kept_before = Some(at("12:00").into());
    let partly = table::render(&answer, Style::default());
    let told = "\nnot kept before 2026-05-04T12:00:00Z: what came earlier is not in these sums\n";
    assert!(partly.contains("completeness: 9 events in") && partly.contains(told), "{partly}");
    answer.completeness.events_in = None;
    let none = table::render(&answer, Style::default());
    assert!(none.contains("completeness: not kept for this time\n"), "{none}");
}
