//! What reports read by the million says the same, packed or not.

use model::{Incident, IncidentBrief, Interval, OutageBrief, Span, Step, Timestamp};
use store::{Partition, Store};
use testkit::SplitMix64;

use crate::common::{Chain, at, days, incident, outage, outage_id, step};

/// I13: whatever was packed in between, what is written anew, changed, taken away or moved to another day is seen.
pub(crate) async fn what_is_packed_is_what_the_rows_say(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut random = SplitMix64::new(5);
    for round in 0..60 {
        let now = days(40) + Span::from_hours(6 * round);
        chain.step(history(&mut random, now)).await;
        if random.once_in(3) {
            store.pack(1 + random.below(9)).await.expect("it packs");
        }
        let from = days(random.below(50) as i64) + Span::from_hours(random.below(24) as i64);
        for over in [Interval::or_empty(from, from + Span::from_days(1 + random.below(9) as i64)), everything()] {
            assert_eq!(incidents(&store, over).await, incidents_of_rows(&store, over).await, "round {round}, {over:?}");
            assert_eq!(outages(&store, over).await, outages_of_rows(&store, over).await, "round {round}, {over:?}");
        }
    }
    while store.pack(9).await.expect("it packs") {}
    assert_eq!(outages(&store, everything()).await, outages_of_rows(&store, everything()).await);
    assert_eq!(store.check().await.expect("the store answers"), []);
}

/// What is said to have ended in another age leaves thousands of days of nothing behind it: none of them is packed, or
/// looked at.
pub(crate) async fn days_of_nothing_are_passed_over(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let ended = |n: u64, to: Timestamp| outage(n, "service-1", to - Span::HOUR, Some(to));
    let long_ago = Timestamp::from_seconds(-50_000_000_000);
    let outages = vec![ended(1, long_ago), ended(2, days(2)), ended(3, days(9))];
    chain.step(Step { outages, ..step(days(30)) }).await;
    assert!(!store.pack(9).await.expect("it packs"), "there are three days to pack");
    let over = Interval::or_empty(long_ago - Span::DAY, days(99));
    assert_eq!(outages_of_rows(&store, over).await.len(), 3);
    assert_eq!(self::outages(&store, over).await, outages_of_rows(&store, over).await);
    assert_eq!(store.check().await.expect("the store answers"), []);
}

/// An instant of a day that is not over, or was over only just, is of no pack: all of it may still change.
pub(crate) async fn only_days_that_are_past_are_packed(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let ended = |n: u64, to: Timestamp| outage(n, "service-1", to - Span::HOUR, Some(to));
    chain.step(Step { outages: vec![ended(1, days(1)), ended(2, days(2)), ended(3, days(3))], ..step(days(3)) }).await;
    assert!(!store.pack(9).await.expect("it packs"), "all that there is to pack is packed");
    chain.step(Step { outages_removed: vec![(outage_id(1), "service-1".into())], ..step(days(3)) }).await;
    assert_eq!(outages(&store, everything()).await.len(), 2);
    assert_eq!(store.check().await.expect("the store answers"), []);
}

/// I13: days are packed by the clock that is furthest ahead, and whoever lies behind it writes of them still.
pub(crate) async fn what_a_partition_writes_that_lies_behind_is_seen(store: Store) {
    let of = |n| Partition::nth(n).expect("a partition that there may be");
    let mut ahead = Chain::claim(&store.for_partition(of(0))).await;
    let mut behind = Chain::claim(&store.for_partition(of(1))).await;
    let ended = |n: u64, to: Timestamp| outage(n, &format!("service-{n}"), to - Span::HOUR, Some(to));
    let step = |domain: &str, clock: Timestamp| Step { domain: domain.into(), ..step(clock) };
    ahead.step(Step { outages: vec![ended(1, days(5))], ..step("acme", days(20)) }).await;
    while store.pack(9).await.expect("it packs") {}
    let opened = vec![Incident { domain: "umbrella".into(), ..incident(2, days(5)) }];
    behind.step(Step { outages: vec![ended(2, days(5))], incidents: opened, ..step("umbrella", days(6)) }).await;
    assert_eq!(outages(&store, everything()).await.len(), 2);
    while store.pack(9).await.expect("it packs") {}
    let resolved = Incident { domain: "umbrella".into(), resolved_at: Some(days(6)), ..incident(2, days(5)) };
    let gone = vec![(outage_id(2), "service-2".into())];
    behind.step(Step { outages_removed: gone, incidents: vec![resolved], ..step("umbrella", days(6)) }).await;
    assert_eq!(outages(&store, everything()).await, outages_of_rows(&store, everything()).await);
    assert_eq!(incidents(&store, everything()).await, incidents_of_rows(&store, everything()).await);
    assert_eq!(store.check().await.expect("the store answers"), []);
}

fn everything() -> Interval {
    Interval::or_empty(at(0), days(99))
}

/// Some of anything, anywhere in the days before.
fn history(random: &mut SplitMix64, now: Timestamp) -> Step {
    let mut made = step(now);
    for _ in 0..1 + random.below(4) {
        let n = random.below(40) as u64;
        let opened_at = days(random.below(49) as i64) + Span::from_minutes(random.below(1440) as i64);
        let later = |random: &mut SplitMix64| Some(opened_at + Span::from_minutes(random.below(9_000) as i64));
        if random.once_in(2) {
            let mut known = incident(n, opened_at);
            known.acknowledged_at = later(random).filter(|_| n.is_multiple_of(2));
            known.resolved_at = later(random).filter(|_| n.is_multiple_of(3));
            // Heard of late: it was over before it was opened.
            known.restored_at = later(random).map(|at| at - Span::from_days(6)).filter(|_| n.is_multiple_of(4));
            known.closed_at = known.resolved_at.filter(|_| n.is_multiple_of(5));
            made.incidents.retain(|other| other.id != known.id);
            made.incidents.push(known);
        } else if random.once_in(4) {
            made.outages.retain(|other| other.id != outage_id(n));
            made.outages_removed.push((outage_id(n), format!("service-{n}").into()));
        } else {
            let to = later(random).map(|to| to + Span::MINUTE).filter(|_| !n.is_multiple_of(4));
            made.outages.retain(|other| other.id != outage_id(n));
            made.outages.push(outage(n, &format!("service-{n}"), opened_at, to));
        }
    }
    made
}

async fn incidents(store: &Store, over: Interval) -> Vec<IncidentBrief> {
    let mut found = store.incident_briefs(over).await.expect("the store answers");
    found.sort_by_key(|brief| brief.id);
    found
}

async fn incidents_of_rows(store: &Store, over: Interval) -> Vec<IncidentBrief> {
    let rows = store.incidents_touching(Interval::or_empty(at(0), days(999))).await.expect("the store answers");
    let briefs = rows.iter().map(IncidentBrief::from);
    let first = |brief: &IncidentBrief| brief.instants().any(|at| at < over.end());
    let last = |brief: &IncidentBrief| !brief.is_over() || brief.instants().any(|at| at >= over.start());
    briefs.filter(|brief| first(brief) && last(brief)).collect()
}

async fn outages(store: &Store, over: Interval) -> Vec<OutageBrief> {
    let mut found = store.outage_briefs(over).await.expect("the store answers");
    found.sort();
    found
}

async fn outages_of_rows(store: &Store, over: Interval) -> Vec<OutageBrief> {
    let rows = store.outages_overlapping(over).await.expect("the store answers");
    let mut briefs: Vec<OutageBrief> = rows.iter().map(OutageBrief::from).collect();
    briefs.sort();
    briefs
}
