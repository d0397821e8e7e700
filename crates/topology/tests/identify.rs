//! Binding, name by name. docs/contract.md section 4.

mod support;

use model::reason::{Binding, NameKind};
use model::{Cmdb, ConfigurationItem};
use support::at;
use topology::Graph;

fn item(id: &str, environment: &str, name: Option<&str>, aliases: &[&str]) -> ConfigurationItem {
    ConfigurationItem {
        name: name.map(Into::into),
        environment: environment.into(),
        aliases: aliases.iter().map(|alias| (*alias).into()).collect(),
        ..ConfigurationItem::new(id, "host")
    }
}

fn estate() -> Graph {
    let items = vec![
        item("checkout", "production", Some("Checkout"), &["checkout.prod", "10.1.2.3", "checkout-*"]),
        item("db-7", "production", Some("Orders database"), &["10.0.0.7", "2001:db8::7"]),
        item("db-8.prod.example.com", "production", None, &["[::1]"]),
        item("web-1", "production", Some("Web"), &["edge", "10.0.9.9"]),
        item("web-2", "production", Some("Web"), &["edge", "10.0.9.9"]),
        item("web-1-staging", "staging", Some("Web"), &["web.internal", "db-7.lab"]),
        item("cache.eu", "production", None, &[]),
        item("cache.us", "production", None, &[]),
        item("cache.lab", "staging", None, &[]),
        item("checkout-canary", "production", None, &["checkout-can*"]),
        item("queues", "production", None, &["*-queue", "mq-??"]),
        item("lab-only", "staging", None, &["lab-host", "lab-*"]),
    ];
    Graph::build(&Cmdb { items, ..Cmdb::default() }, 1).expect("sound but for warnings")
}

/// What a name led to, as a line: `id kind name`, `ambiguous name: ids` or `unbound`.
fn bound(graph: &Graph, names: &[&str], environment: Option<&str>) -> String {
    let (found, binding) = graph.identify(names, environment, at(0));
    match (found, binding) {
        (Some(idx), Binding::Bound { how, name }) => format!("{} {how:?} {name}", graph.id(idx)),
        (None, Binding::Ambiguous { name, candidates }) => {
            let ids: Vec<&str> = candidates.iter().map(|id| id.as_str()).collect();
            format!("ambiguous {name}: {}", ids.join(" "))
        }
        (None, Binding::Unbound) => "unbound".to_owned(),
        (found, binding) => format!("{found:?} does not go with {binding:?}"),
    }
}

#[test]
fn one_name_leads_where_its_most_specific_kind_says() {
    let graph = estate();
    for (name, expected) in [
        ("checkout", "checkout Id checkout"),
        ("Checkout", "checkout Name Checkout"),
        ("checkout.prod", "checkout Alias checkout.prod"),
        ("10.1.2.3", "checkout Address 10.1.2.3"),
        ("checkout-7", "checkout Pattern checkout-7"),
        (" db-7 ", "db-7 Id db-7"),
        ("", "unbound"),
        ("nobody", "unbound"),
        // The pattern that says more of the name wins; an id wins over either.
        ("checkout-can-1", "checkout-canary Pattern checkout-can-1"),
        ("checkout-canary", "checkout-canary Id checkout-canary"),
        ("mail-queue", "queues Pattern mail-queue"),
        ("mq-01", "queues Pattern mq-01"),
        ("mq-1", "unbound"),
        // Addresses are equal however they are spelt.
        ("2001:DB8:0:0::7", "db-7 Address 2001:DB8:0:0::7"),
        ("::ffff:10.0.0.7", "db-7 Address ::ffff:10.0.0.7"),
        ("::1", "db-8.prod.example.com Address ::1"),
        ("[::1]", "db-8.prod.example.com Address [::1]"),
        ("::2", "unbound"),
        // Ports.
        ("10.1.2.3:9100", "checkout Shortened 10.1.2.3"),
        ("[::1]:9100", "db-8.prod.example.com Shortened ::1"),
        ("[2001:db8::7]:443", "db-7 Shortened 2001:db8::7"),
        ("db-7:9100", "db-7 Shortened db-7"),
        ("db-7:metrics", "unbound"),
        ("x-queue:5672", "queues Shortened x-queue"),
        ("checkout-7:80", "checkout Pattern checkout-7:80"),
        // Domains, on either side, never on both.
        ("db-7.prod.example.com", "db-7 Shortened db-7"),
        ("db-7.prod.example.com:9100", "db-7 Shortened db-7"),
        ("db-8", "db-8.prod.example.com Shortened db-8"),
        ("db-8.prod:9100", "db-8.prod.example.com Shortened db-8.prod"),
        ("db-8.staging.example.com", "unbound"),
        ("checkout.prod.example.com", "checkout Shortened checkout.prod"),
        ("10.1.2", "unbound"),
    ] {
        assert_eq!(bound(&graph, &[name], None), expected, "{name}");
    }
}

#[test]
fn several_items_of_one_name_are_told_apart_by_environment_or_not_at_all() {
    let graph = estate();
    for (name, environment, expected) in [
        ("edge", None, "ambiguous edge: web-1 web-2"),
        ("Web", None, "ambiguous Web: web-1 web-2"),
        ("Web", Some("staging"), "web-1-staging Name Web"),
        ("Web", Some("nowhere"), "ambiguous Web: web-1 web-1-staging web-2"),
        ("10.0.9.9:9100", None, "ambiguous 10.0.9.9: web-1 web-2"),
        ("cache", None, "ambiguous cache: cache.eu cache.us"),
        ("cache", Some("production"), "ambiguous cache: cache.eu cache.us"),
        ("cache", Some(""), "ambiguous cache: cache.eu cache.us"),
        ("cache", Some("staging"), "cache.lab Shortened cache"),
        // A whole name finds an item of any environment; a shortened one only of the event's.
        ("lab-host", None, "lab-only Alias lab-host"),
        ("lab-7", None, "lab-only Pattern lab-7"),
        ("web.internal:80", None, "unbound"),
        ("web.internal:80", Some("staging"), "web-1-staging Shortened web.internal"),
        ("db-7:9100", Some("staging"), "web-1-staging Shortened db-7"),
        ("db-7:9100", Some("nowhere"), "unbound"),
    ] {
        assert_eq!(bound(&graph, &[name], environment), expected, "{name} in {environment:?}");
    }
}

#[test]
fn names_are_tried_in_the_order_given_and_an_ambiguous_one_is_passed_over() {
    let graph = estate();
    for (names, expected) in [
        (&["nobody", "db-7"][..], "db-7 Id db-7"),
        (&["db-7:9100", "checkout"], "db-7 Shortened db-7"),
        (&["edge", "checkout"], "checkout Id checkout"),
        (&["edge", "cache", "nobody"], "ambiguous edge: web-1 web-2"),
        (&[], "unbound"),
    ] {
        assert_eq!(bound(&graph, names, None), expected, "{names:?}");
    }
}

#[test]
fn a_retired_item_answers_no_more_and_one_that_is_not_live_yet_does() {
    let mut old = item("old", "production", None, &["db"]);
    old.retired_at = Some(at(100));
    let mut new = item("new", "production", None, &["db"]);
    new.live_since = Some(at(200));
    let graph = Graph::build(&Cmdb { items: vec![old, new], ..Cmdb::default() }, 1).expect("sound");
    let bound = |name: &str, t| graph.identify(&[name], None, at(t)).0.map(|idx| graph.id(idx).to_string());
    assert_eq!(bound("old", 99).as_deref(), Some("old"));
    assert_eq!(bound("old", 100), None);
    assert_eq!(bound("db", 50), None);
    assert_eq!(bound("db", 100).as_deref(), Some("new"));
}

#[test]
fn of_very_many_candidates_the_first_are_told() {
    let items = (0..40).map(|number| item(&format!("h{number:02}"), "production", None, &["localhost"])).collect();
    let graph = Graph::build(&Cmdb { items, ..Cmdb::default() }, 1).expect("sound but for warnings");
    let (found, binding) = graph.identify(&["localhost"], None, at(0));
    let Binding::Ambiguous { candidates, .. } = binding else { panic!("{binding:?}") };
    assert!(found.is_none() && candidates.len() == 16 && candidates[0].as_str() == "h00");
}

#[test]
fn every_kind_of_name_has_been_seen() {
    let graph = estate();
    let seen: Vec<NameKind> = ["checkout", "Checkout", "checkout.prod", "10.1.2.3", "checkout-7", "db-7:1"]
        .iter()
        .filter_map(|name| match graph.identify(&[name], None, at(0)).1 {
            Binding::Bound { how, .. } => Some(how),
            _ => None,
        })
        .collect();
    assert!(seen.is_sorted() && seen.len() == 6, "{seen:?}");
}
