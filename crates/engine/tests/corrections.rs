//! What people say of outages, whatever comes before and after it. I13

use engine::{Input, Policy};
use proptest::prelude::*;
use testkit::{SplitMix64, clear, clock, firing};

use crate::budget::cases;
use crate::naming::Names;
use crate::script::{What, line};
use crate::sweeps::{Expected, from_scratch, on_record};
use crate::world::World;

const GRAPH: &str = "shop{service} -> db-7 disk-1\nmail{service} -> disk-1";

fn said(text: &str, names: &Names) -> Input {
    match line(text, names).what {
        What::Input(input) => input,
        What::Cmdb(_) | What::Restart | What::Tick => panic!("`{text}` is no input"),
    }
}

/// Whole firings of the past, in minutes after ten, heard hours later.
fn heard(nth: usize, (start, length, grave): (i64, i64, bool)) -> Input {
    let minute = |minutes: i64| format!("{:02}:{:02}:00", 10 + minutes / 60, minutes % 60);
    let key = format!("a{nth}/{}", if nth.is_multiple_of(2) { "db-7" } else { "disk-1" });
    let severity = if grave { "critical" } else { "major" };
    let (starts, ends) = (format!("starts={}", minute(start)), format!("ends={}", minute(start + length)));
    Input::Event(clear(&key).word(severity).word(&starts).word(&ends).event())
}

/// Each of the past, as it was said: from, to, how it was, in minutes after ten.
fn corrected(nth: usize, (start, length, state): (i64, i64, usize), names: &Names) -> Input {
    let minute = |minutes: i64| format!("{:02}:{:02}:00", 10 + minutes / 60, minutes % 60);
    let state = ["up", "down", "degraded", "down planned"][state];
    said(&format!("16:00:00 correct C{nth} on shop {}..{} {state}", minute(start), minute(start + length)), names)
}

/// At four in the afternoon, one after another: of corrections the later holds, so they keep their order.
fn lived(inputs: &[Input]) -> Vec<Expected> {
    let mut world = World::new(testkit::topology(GRAPH), Policy::default());
    for (nth, input) in inputs.iter().enumerate() {
        world.feed(clock("16:00:00") + model::Span::from_seconds(nth as i64), input.clone());
    }
    world.run_until(clock("18:00:00"));
    let found = on_record(&world);
    assert_eq!(found, from_scratch(&world));
    found
}

/// The same two sequences, put into one another otherwise.
fn mixed(events: &[Input], corrections: &[Input], random: &mut SplitMix64) -> Vec<Input> {
    let (mut events, mut corrections) = (events.to_vec(), corrections.iter());
    let mut inputs = Vec::new();
    while !events.is_empty() {
        if random.once_in(2) {
            inputs.extend(corrections.next().cloned());
        }
        inputs.push(events.remove(random.below(events.len())));
    }
    inputs.extend(corrections.cloned());
    inputs
}

proptest! {
    #![proptest_config(cases())]

    /// I16: outages are the same whether what was late came before a correction of its time or after it.
    #[test]
    fn late_statements_and_corrections_may_come_in_any_order(
        firings in proptest::collection::vec((0..200_i64, 1..90_i64, any::<bool>()), 1..6),
        corrections in proptest::collection::vec((0..200_i64, 1..90_i64, 0..4_usize), 1..4),
        seed in any::<u64>(),
    ) {
        let events: Vec<Input> = firings.into_iter().enumerate().map(|(nth, firing)| heard(nth, firing)).collect();
        let names = Names::default();
        let corrections: Vec<Input> =
            corrections.into_iter().enumerate().map(|(nth, known)| corrected(nth, known, &names)).collect();
        let mut random = SplitMix64::new(seed);
        let one = lived(&mixed(&events, &corrections, &mut random));
        prop_assert_eq!(&one, &lived(&mixed(&events, &corrections, &mut random)));
        prop_assert_eq!(one, lived(&corrections.iter().chain(&events).cloned().collect::<Vec<_>>()));
    }
}

#[test]
fn what_was_said_and_taken_back_leaves_outages_and_their_incidents_as_they_were() {
    let mut world = World::new(testkit::topology(GRAPH), Policy::default());
    world.feed(clock("10:00:00"), Input::Event(firing("down/db-7").word("starts=10:00:00").event()));
    world.feed(clock("10:30:00"), Input::Event(clear("down/db-7").word("ends=10:30:00").event()));
    world.feed(clock("10:40:00"), Input::Event(firing("slow/disk-1").word("major").word("starts=10:40:00").event()));
    let outages = |world: &World| {
        let whole = |outage: &model::Outage| (outage.service.clone(), outage.from, outage.to, outage.incident);
        world.rows.outages.values().map(whole).collect::<std::collections::BTreeSet<_>>()
    };
    let before = outages(&world);
    for (nth, text) in [
        "correct C0 on shop 10:00:00..10:30:00 up of=10:00:00",
        "correct C1 on shop 09:50:00..10:45:00 degraded of=10:00:00",
        "correct C2 on shop 10:40:00..10:41:00 down planned of=10:40:00",
        "correct C3 on shop 10:50:00.. down",
    ]
    .iter()
    .enumerate()
    {
        let now = clock("11:00:00") + model::Span::from_minutes(nth as i64);
        let input = said(&format!("11:00:00 {text}"), &world.names);
        world.feed(now, input);
        assert_ne!(outages(&world), before, "{text}");
        let input = said(&format!("11:00:00 withdraw C{nth}"), &world.names);
        world.feed(now + model::Span::SECOND, input);
        assert_eq!(outages(&world), before, "{text}");
    }
}
