//! Sweeps from episodes, against one sweep over all time.

use model::alert::SeverityStep;
use model::fact::InsteadOf;
use model::outage::OutageState;
use model::{CiId, Interval, OutageId, Severity, Span, Timestamp};
use report::recomputed_outages;
use store::ready;
use testkit::SplitMix64;

use crate::stage::{Stage, alert_of, at, correction, episode, span, window};

const ITEMS: [&str; 5] = ["shop", "db-7", "web-1", "web-2", "mailer"];

fn instant(random: &mut SplitMix64) -> Timestamp {
    at("-00:00") + Span::from_minutes(random.below(2 * 24 * 4) as i64 * 15)
}

fn random_stage(random: &mut SplitMix64) -> Stage {
    let mut stage = Stage::of("shop{service} -> db-7\nshop -[1 of 2]-> web-1 web-2\nshop ~> mailer\ndb-7 -> web-1");
    if random.once_in(2) {
        stage.import(testkit::cmdb("shop{service} -> db-7 -> mailer\nshop -> web-2\nweb-1"), instant(random));
    }
    let severities = [Severity::Critical, Severity::Major, Severity::Minor];
    stage.facts(|step| {
        for number in 0..4 + random.below(12) {
            let (start, length) = (instant(random), Span::from_minutes(15 * (1 + random.below(40) as i64)));
            let end = (!random.once_in(8)).then(|| start + length);
            let mut steps = vec![SeverityStep { at: start, severity: *random.pick(&severities), effect: None }];
            if random.once_in(3) && end.is_none_or(|end| start + Span::from_minutes(5) < end) {
                let at = start + Span::from_minutes(5);
                steps.push(SeverityStep { at, severity: *random.pick(&severities), effect: None });
            }
            let key = number.to_string();
            let mut made = episode(&key, start, end, steps);
            made.false_positive = random.once_in(6);
            step.alerts.push(alert_of(&key, Some(*random.pick(&ITEMS)), vec![made]));
        }
        for number in 0..random.below(4) {
            let start = instant(random);
            let interval = Interval::or_empty(start, start + Span::from_minutes(30 * (1 + random.below(6) as i64)));
            step.maintenance.push(window(&number.to_string(), ITEMS[random.below(ITEMS.len())], interval));
        }
        for number in 0..random.below(4) {
            let from = instant(random);
            let to = (!random.once_in(6)).then(|| from + Span::from_minutes(15 * (1 + random.below(20) as i64)));
            let state = *random.pick(&[None, Some(OutageState::Down), Some(OutageState::Degraded)]);
            let mut known = correction(&number.to_string(), "shop", from, to, state);
            if random.once_in(2) {
                let stood = instant(random);
                let interval = Interval::or_empty(stood, stood + Span::from_hours(1 + random.below(4) as i64));
                let outage = OutageId::from_bytes([1; 16]);
                known.instead_of = Some(InsteadOf { outage, incident: None, interval, ended: random.once_in(4) });
            }
            step.corrections.push(known);
        }
    });
    stage
}

/// I13: however narrow the window, what is found in it is whole.
#[test]
fn a_narrow_sweep_finds_the_whole_outages_that_a_sweep_of_all_time_finds_there() {
    let items: Vec<CiId> = ITEMS.iter().map(|id| CiId::from(*id)).collect();
    let mut found_any = 0;
    for seed in 0..300 {
        let mut random = SplitMix64::new(seed);
        let store = random_stage(&mut random).store();
        let now = if random.once_in(3) { instant(&mut random) } else { at("+00:00") };
        let all_time = Interval::or_empty(at("-00:00") - Span::from_days(30), at("+00:00") + Span::DAY);
        let mut known = ready(recomputed_outages(&store, &items, all_time, now)).expect("it answers");
        let from = instant(&mut random);
        let window = Interval::or_empty(from, from + Span::from_minutes(1 + random.below(90) as i64));
        let found = ready(recomputed_outages(&store, &items, window, now)).expect("it answers");
        let reached = Interval::or_empty(window.start(), window.end().min(now + Span::MICROSECOND));
        for outages in known.values_mut() {
            outages.retain(|outage| outage.from < reached.end() && outage.to.is_none_or(|to| to > reached.start()));
            outages.retain(|_| !reached.is_empty());
        }
        known.retain(|_, outages| !outages.is_empty());
        assert_eq!(found, known, "seed {seed}, {window}, now {now}");
        found_any += usize::from(!found.is_empty());
    }
    assert!(found_any > 100, "the cases are no cases: {found_any}");
}

#[test]
fn what_begins_now_lasts_though_nothing_of_it_has_passed() {
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        let steps = vec![SeverityStep { at: at("12:00"), severity: Severity::Critical, effect: None }];
        step.alerts = vec![alert_of("a", Some("shop"), vec![episode("a", at("12:00"), None, steps)])];
    });
    let found =
        ready(recomputed_outages(&stage.store(), &[], span("00:00", "+00:00"), at("12:00"))).expect("it answers");
    assert_eq!((found["shop"][0].from, found["shop"][0].to), (at("12:00"), None));
}
