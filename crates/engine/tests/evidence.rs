//! What is written down of a cause for people to read, beside what it is worth.

use engine::{Input, Policy};
use model::reason::{CauseEvidence, Evidence, Group};
use testkit::{clock, firing};

use crate::world::World;

/// Each fires at its time, such as `10:00:00 unreachable/a`.
fn world(graph: &str, fires: &[&str]) -> World {
    let mut world = World::new(testkit::topology(graph), Policy::default());
    for line in fires {
        let (at, key) = line.split_once(' ').expect("a time and a key");
        let event = firing(key).word(&format!("starts={at}")).event();
        world.feed(clock(at), Input::Event(event));
    }
    world
}

/// What speaks for and against an item in the incident that opened as the `nth`.
fn because(world: &World, nth: usize, ci: &str) -> Vec<CauseEvidence> {
    let incident = &world.rows.incidents[&world.names.incidents()[nth]];
    let cause = incident.causes.iter().find(|cause| cause.ci.as_str() == ci);
    cause.map(|cause| cause.because.clone()).unwrap_or_default()
}

#[test]
fn what_fires_in_another_incident_is_counted_apart_from_what_is_quiet() {
    let graph = "a{service} b{service} c{service} d{service} -> dns\nc ~> dns";
    let told = |fires: &[&str]| {
        let world = world(graph, fires);
        let last = world.names.incidents().len() - 1;
        (
            last,
            because(&world, last, "dns").into_iter().find(|one| matches!(one, CauseEvidence::QuietDependents { .. })),
        )
    };
    let quiet = |quiet, elsewhere| Some(CauseEvidence::QuietDependents { quiet, elsewhere, watched: 3 });
    // An hour later it is another incident, and the first still fires.
    assert_eq!(told(&["09:00:00 slow/c", "10:00:00 unreachable/a", "10:00:01 unreachable/b"]), (1, quiet(0, 1)));
    let mut over = world(graph, &["09:00:00 slow/c"]);
    over.feed(clock("09:05:00"), Input::Event(testkit::clear("slow/c").word("ends=09:05:00").event()));
    for (at, key) in [("10:00:00", "unreachable/a"), ("10:00:01", "unreachable/b")] {
        over.feed(clock(at), Input::Event(firing(key).word(&format!("starts={at}")).event()));
    }
    let said = because(&over, 1, "dns");
    assert!(said.contains(&quiet(1, 0).unwrap()), "{said:?}");
}

#[test]
fn a_member_of_a_group_stands_with_how_many_of_it_are_needed() {
    let graph = "shop{service} -[2 of 3]-> node-1 node-2 node-3";
    let world = world(graph, &["10:00:00 down/node-1", "10:00:05 down/node-2", "10:00:10 errors/shop"]);
    let group = Some(Group { k: 2, n: 3 });
    let of_shop = because(&world, 0, "shop");
    assert!(of_shop.contains(&CauseEvidence::DependsOnAlerting { ci: "node-1".into(), group }), "{of_shop:?}");
    let of_node = because(&world, 0, "node-1");
    assert!(of_node.contains(&CauseEvidence::Near { ci: "shop".into(), distance: 1, group }), "{of_node:?}");
    let explains = |evidence: &CauseEvidence| matches!(evidence, CauseEvidence::Explains { itself: true, .. });
    assert!(of_node.iter().any(explains), "it alerts itself: {of_node:?}");
}

#[test]
fn an_alert_that_a_member_of_a_group_explains_says_so() {
    let graph = "shop{service} -[3 of 3]-> node-1 node-2 node-3";
    let world = world(graph, &["10:00:00 down/node-1", "10:00:05 errors/shop"]);
    let alert = world.names.find_alert("errors/shop").and_then(|id| world.rows.alerts.get(&id)).expect("it is known");
    let joining = alert.episodes[0].joining.as_ref().expect("it joined");
    let Evidence::UpstreamCause { group, .. } = &joining.evidence else { panic!("{joining:?}") };
    assert_eq!(*group, Some(Group { k: 3, n: 3 }));
}

#[test]
fn an_alert_that_joins_by_a_member_of_a_group_says_so() {
    let graph = "shop{service} -[1 of 3]-> node-1 node-2 node-3";
    let world = world(graph, &["10:00:00 down/node-1", "10:00:05 errors/shop"]);
    let alert = world.names.find_alert("errors/shop").and_then(|id| world.rows.alerts.get(&id)).expect("it is known");
    let joining = alert.episodes[0].joining.as_ref().expect("it joined");
    let Evidence::Dependency { group, .. } = &joining.evidence else { panic!("{joining:?}") };
    assert_eq!(*group, Some(Group { k: 1, n: 3 }));
}
