//! Services that begin to live and end while something is wrong. I13

use engine::{Input, Policy};
use model::outage::OutageState;
use testkit::{clear, clock, firing};
use topology::{Graph, Topology};

use crate::sweeps::{from_scratch, on_record};
use crate::world::World;

/// The shop lives from noon to two.
fn world() -> World {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7\nmail{service} -> db-7");
    for item in cmdb.items.iter_mut().filter(|item| item.id.as_str() == "shop") {
        (item.live_since, item.retired_at) = (Some(clock("12:00:00")), Some(clock("14:00:00")));
    }
    World::new(Topology::new(Graph::build(&cmdb, 1).expect("it is sound")), Policy::default())
}

fn of_shop(world: &World) -> Vec<(String, Option<String>, OutageState)> {
    let outages = on_record(world).into_iter().filter(|(service, ..)| service.as_str() == "shop");
    outages.map(|(_, from, to, state, _)| (testkit::shown(from), to.map(testkit::shown), state)).collect()
}

#[test]
fn what_lasts_when_a_service_begins_to_live_is_an_outage_from_then_until_it_is_retired() {
    let mut world = world();
    world.feed(clock("10:00:00"), Input::Event(firing("down/db-7").word("starts=10:00:00").event()));
    for (at, expected) in [
        ("11:59:59", vec![]),
        ("12:00:00", vec![("12:00:00".to_owned(), None, OutageState::Down)]),
        ("13:59:59", vec![("12:00:00".to_owned(), None, OutageState::Down)]),
        ("15:00:00", vec![("12:00:00".to_owned(), Some("14:00:00".to_owned()), OutageState::Down)]),
    ] {
        world.run_until(clock(at));
        assert_eq!(of_shop(&world), expected, "{at}");
        assert_eq!(on_record(&world), from_scratch(&world), "{at}");
    }
}

#[test]
fn so_it_is_after_a_restart() {
    let mut world = world();
    world.feed(clock("10:00:00"), Input::Event(firing("down/db-7").word("starts=10:00:00").event()));
    world.restart(true);
    world.run_until(clock("12:30:00"));
    assert_eq!(of_shop(&world), [("12:00:00".to_owned(), None, OutageState::Down)]);
    world.restart(true);
    world.run_until(clock("15:00:00"));
    world.feed(clock("15:00:00"), Input::Event(clear("down/db-7").word("ends=15:00:00").event()));
    world.run_until(clock("15:30:00"));
    assert_eq!(of_shop(&world), [("12:00:00".to_owned(), Some("14:00:00".to_owned()), OutageState::Down)]);
    assert_eq!(on_record(&world), from_scratch(&world));
}
