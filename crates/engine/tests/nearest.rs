//! Where only so many relatives are looked at, they are those that began nearest in time.

use engine::{Input, Received};
use model::reason::CauseEvidence;
use model::{Severity, Span, limits};
use testkit::{clock, firing};

use crate::policy::policy;
use crate::world::World;

/// Alerts without an item, each in an incident of its own, `many` of them; then two that say the same, at one time.
fn joins_among(many: usize, twin: usize) -> bool {
    let mut world = World::new(testkit::topology("web-1"), policy("join_cap 100h\njoin_gap 100h\nstorm off"));
    let mut at = clock("10:00:00");
    let say = |key: &str, number: usize| {
        let says = firing(key).severity(Severity::Major).label("site", &number.to_string());
        Input::Event(says.label("rack", &number.to_string()).event())
    };
    let strays = (0..many).map(|number| say(&format!("stray-{number}"), number));
    let twins = ["first", "second"].map(|nth| say(&format!("{nth}-{twin}"), many + 1));
    let said = strays.chain(twins).map(|input| {
        at = at + Span::SECOND;
        Received { at, input }
    });
    let said: Vec<Received> = said.collect();
    world.step(said);
    world.names.incidents().len() == many + 1
}

#[test]
fn an_alert_without_an_item_is_compared_with_what_began_nearest_in_time() {
    for twin in 0..4 {
        assert!(joins_among(limits::UNBOUND_COMPARED_MAX + 100, twin), "twin {twin}");
    }
}

/// A service that needs very many items, and its storage, which comes last of them by name: both alert.
#[test]
fn what_alerts_among_very_many_that_a_service_needs_may_be_the_cause() {
    let hosts: String = (0..600).map(|host| format!("shop -> host-{host:03}\n")).collect();
    let graph = format!("shop{{service,crit=2}}\n{hosts}shop -> zfs{{storage}}");
    let mut world = World::new(testkit::topology(&graph), policy(""));
    let say = |key: &str, starts: &str| Input::Event(firing(key).starts(clock(starts)).event());
    world.feed(clock("10:00:00"), say("offline/zfs", "10:00:00"));
    world.feed(clock("10:00:20"), say("errors/shop", "10:00:20"));
    let [incident] = world.names.incidents() else { panic!("the two are one incident") };
    let causes = &world.state.incident(*incident).expect("it is open").causes;
    let first = causes.first().expect("something is the cause");
    assert_eq!(first.ci.as_str(), "zfs");
    let both = |said: &CauseEvidence| matches!(said, CauseEvidence::Explains { items: 2, .. });
    assert!(first.because.iter().any(both), "{:?}", first.because);
}
