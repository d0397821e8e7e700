//! A process that decides nothing shows what the engines of the partitions committed: the same as they have.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod told;
mod world;

use std::time::Duration;

use model::Severity;
use testkit::{clear, firing};

use crate::world::{World, of};

#[tokio::test]
async fn everything_that_changes_is_shown_and_told_whatever_stands_in_a_timeline() {
    let mut world = World::new();
    let disk = |severity| firing("disk/db-1").starts(testkit::clock("10:00:30")).severity(severity);
    let lag = || firing("lag/db-2").starts(testkit::clock("10:00:30"));
    world.say(vec![of("acme", disk(Severity::Warning)), of("globex", lag()), of("default", firing("cpu/web-1"))]).await;
    assert!(world.is_shared_out());
    assert_eq!((world.live().alerts().len(), world.outages().len()), (3, 0));

    world.say(vec![of("acme", disk(Severity::Critical))]).await;
    assert_eq!(world.outages().len(), 1, "the shop is down");
    world.say(vec![of("acme", disk(Severity::Critical)), of("globex", lag())]).await;
    let count = |world: &World| world.live().alerts().iter().map(|alert| alert.hot.count).sum::<u64>();
    assert_eq!(count(&world), 6, "repeats are counted");

    // From the next record on, the mail needs what globex alerts on.
    world.wait_for_the_next_cmdb().await;
    world.say(vec![of("globex", lag().severity(Severity::Critical))]).await;
    assert_eq!(world.outages().len(), 2);

    world.say(vec![of("acme", clear("disk/db-1")), of("globex", clear("lag/db-2"))]).await;
    assert_eq!(world.live().alerts().len(), 1);
    assert!(world.outages().iter().all(|outage| outage.to.is_some()));
    for _ in 0..30 {
        world.say(Vec::new()).await;
    }
    assert_eq!(world.live().incidents_that(|incident| incident.is_open()), 1, "the others are resolved");
    assert_eq!(world.resets, 1, "everything was read once");
}

#[tokio::test]
async fn after_a_store_that_did_not_answer_only_what_changed_is_read() {
    let mut world = World::new();
    world.say(vec![of("acme", firing("disk/db-1"))]).await;
    world.memory.set_unavailable(true);
    tokio::time::sleep(Duration::from_millis(700)).await;
    world.memory.set_unavailable(false);
    world.say(vec![of("acme", clear("disk/db-1")), of("globex", firing("lag/db-2"))]).await;
    assert_eq!((world.live().alerts().len(), world.resets), (1, 1));
}

#[tokio::test]
async fn what_a_server_lost_is_shown_no_longer_also_where_as_much_was_committed_since() {
    let mut world = World::new();
    world.say(vec![of("acme", firing("disk/db-1"))]).await;
    let replica = world.memory.image();
    world.say(vec![of("acme", firing("disk/db-9")), of("globex", firing("lag/db-2"))]).await;
    assert_eq!(world.live().alerts().len(), 3);
    world.fail_over_to(&replica).await;
    world.is_shown().await;
    assert_eq!((world.live().alerts().len(), world.resets), (1, 2), "who watches reads everything anew");
    world.say(vec![of("acme", firing("disk/db-3")), of("globex", firing("lag/db-4"))]).await;
    assert_eq!((world.live().alerts().len(), world.resets), (3, 2));

    let replica = world.memory.image();
    world.say(vec![of("acme", firing("disk/db-5"))]).await;
    world.memory.set_unavailable(true);
    tokio::time::sleep(Duration::from_millis(400)).await;
    world.fail_over_to(&replica).await;
    world.memory.set_unavailable(false);
    world.say(vec![of("acme", firing("disk/db-6"))]).await;
    assert_eq!((world.live().alerts().len(), world.resets), (4, 3));
}
