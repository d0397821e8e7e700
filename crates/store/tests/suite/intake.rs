//! What came in, and what became of it, by the hour: exactly what was committed.

use std::collections::BTreeMap;

use model::step::Counts;
use model::{Interval, Span, Step, Timestamp};
use store::{Commit, LostRange, PositionAdvance, Store};
use testkit::SplitMix64;

use crate::common::{Chain, at, commit, letter, step};

/// What a history brought, kept beside the store.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Brought {
    events: u64,
    rejected: u64,
    letters: u64,
    lost: u64,
}

/// I2: events in are stored, dead-lettered or rejected, over any hours of any history; what is lost is beside that.
pub(crate) async fn what_came_is_stored_or_dead_lettered_or_named(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut random = SplitMix64::new(11);
    let mut brought: BTreeMap<Timestamp, Brought> = BTreeMap::new();
    let (mut now, mut position, mut letters) = (at(0), 0, 0);
    for round in 0..80 {
        now = now + Span::from_minutes(1 + random.below(150) as i64);
        let mut made = Commit { steps: Vec::new(), ..commit(now) };
        let of_hour = brought.entry(now.floor(Span::HOUR)).or_default();
        for domain in ["a", "b"] {
            let counts = some(&mut random);
            of_hour.events += counts.events;
            of_hour.rejected += counts.rejected;
            made.steps.push(Step { domain: domain.into(), counts, ..step(now) });
        }
        for _ in 0..random.below(4) {
            letters += 1;
            of_hour.letters += 1;
            made.dead_letters.push(letter(letters, now));
        }
        if random.once_in(4) {
            let end = position + 1 + random.below(9) as u64;
            of_hour.lost += end - position;
            made.positions.push(PositionAdvance::lost("kafka/alerts/0", position, end));
            position = end;
        }
        made.positions.push(PositionAdvance::new("kafka/alerts/0", position, position + 2));
        position += 2;
        chain.commit(made).await;
        let from = at(0).floor(Span::HOUR) + Span::from_hours(random.below(100) as i64);
        let over = Interval::or_empty(from, from + Span::from_hours(random.below(60) as i64));
        for over in [over, Interval::or_empty(Timestamp::MIN, Timestamp::MAX)] {
            assert_eq!(told(&store, over).await, sum(&brought, over), "round {round}, {over:?}");
        }
    }
    assert_eq!(store.first_hour().await.unwrap(), brought.keys().next().copied());
    assert_eq!(store.check().await.unwrap(), []);
}

/// Each loss is listed with when it was noticed, however the ledger folds.
pub(crate) async fn what_was_lost_is_listed_as_it_was_noticed(store: Store) {
    let mut chain = Chain::claim(&store).await;
    for (clock, from, to) in [(0, 5, 8), (3600, 8, 9)] {
        let positions = vec![PositionAdvance::lost("a", from, to)];
        chain.commit(Commit { positions, ..commit(at(clock)) }).await;
    }
    let lost = |start, stop, clock| LostRange { slot: "a".into(), start, stop, at: Some(at(clock)) };
    let all = store.intake(Interval::or_empty(at(0), at(9999))).await.unwrap();
    assert_eq!(all.lost, [lost(5, 8, 0), lost(8, 9, 3600)]);
    let later = store.intake(Interval::or_empty(at(3600), at(9999))).await.unwrap();
    assert_eq!((later.lost, later.kept_since), (vec![lost(8, 9, 3600)], None));
}

fn some(random: &mut SplitMix64) -> Counts {
    let mut count = || random.below(5) as u64;
    let (opened, repeated, stale, rejected) = (count(), count(), count(), count());
    Counts { events: opened + repeated + stale + rejected, opened, repeated, stale, rejected, ..Counts::default() }
}

async fn told(store: &Store, over: Interval) -> Brought {
    let intake = store.intake(over).await.unwrap();
    let lost = intake.lost.iter().map(|lost| lost.stop - lost.start).sum();
    let Counts { events, rejected, .. } = intake.counts;
    assert_eq!(intake.events_in(), events + intake.dead_letters);
    Brought { events, rejected, letters: intake.dead_letters, lost }
}

fn sum(brought: &BTreeMap<Timestamp, Brought>, over: Interval) -> Brought {
    let within = brought.iter().filter(|(hour, _)| over.contains(**hour));
    within.fold(Brought::default(), |all, (_, one)| Brought {
        events: all.events + one.events,
        rejected: all.rejected + one.rejected,
        letters: all.letters + one.letters,
        lost: all.lost + one.lost,
    })
}
