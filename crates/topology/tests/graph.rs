//! Building, checking and walking a graph.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use model::incident::Priority;
use model::item::{
    AgreedTarget, Agreement, AgreementKind, CalendarDef, Class, Hours, RelationKind, SloWindow, Weekday,
};
use model::outage::ItemState;
use model::{CiId, Cmdb, ConfigurationItem, Effect, Severity, Span};
use proptest::prelude::*;
use support::{any_cmdb, at, cmdb, graph, ids, idx};
use topology::{DependencyKind, FaultSeverity, Graph, ItemIdx, check};

/// A sound CMDB and one change that makes it unsound, with the words that tell of it.
#[test]
fn each_fault_is_found_and_says_where_it_is_and_what_to_do() {
    type Spoil = fn(&mut ConfigurationItem);
    let cases: &[(Spoil, &str)] = &[
        (|a| a.id = " ".into(), "item ` `: the id is empty"),
        (|a| a.id = "b".into(), "item `b`: another item has the same id"),
        (|a| a.relations[0].to = "bb".into(), "item `a`: `requires` names `bb`, which no item has as its id"),
        (|a| a.relations[0].to = "a".into(), "item `a`: `requires` names the item itself"),
        (|a| a.relations[0].kind = RelationKind::Other("feeds".into()), ""),
        (|a| a.groups[0].of[1] = "x".into(), "item `a`: redundant group 1 names `x`, which no item has"),
        (|a| a.groups[0].of[1] = "b".into(), "item `a`: redundant group 1 names `b` twice"),
        (|a| a.groups[0].of[1] = "a".into(), "item `a`: redundant group 1 names the item itself"),
        (|a| a.groups[0].k = 0, "item `a`: redundant group 1 needs k of at least 1"),
        (|a| a.groups[0].k = 3, "item `a`: redundant group 1 needs 3 members and has 2 that are usable"),
        (|a| a.criticality = 0, "item `a`: criticality is 0"),
        (|a| a.criticality = 5, "item `a`: criticality is 5"),
        (|a| a.objectives.slo = Some(0.0), "item `a`: slo is 0;"),
        (|a| a.objectives.slo = Some(99.9), "item `a`: slo is 99.9;"),
        (|a| a.objectives.slo = Some(f64::NAN), "item `a`: slo is NaN;"),
        (|a| a.objectives.slo = Some(1.0), ""),
        (|a| a.objectives.degraded_weight = 1.5, "item `a`: degraded_weight is 1.5;"),
        (|a| a.objectives.rto = Some(Span::ZERO), "item `a`: rto is 0s;"),
        (|a| a.objectives.rpo = Some(-Span::MINUTE), "item `a`: rpo is -1m;"),
        (|a| a.objectives.rpo = Some(Span::ZERO), ""),
        (|a| a.objectives.mtpd = Some(Span::ZERO), "item `a`: mtpd is 0s;"),
        (|a| a.objectives.exercise_every = Some(Span::ZERO), "item `a`: exercise_every is 0s;"),
        (|a| a.objectives.slo_window = Some(SloWindow::Rolling(Span::ZERO)), "item `a`: slo_window is 0s;"),
        (|a| a.objectives.calendar = Some("shop".into()), "item `a`: calendar `shop` is not defined"),
        (|a| a.objectives.calendar = Some("24x7".into()), ""),
        (|a| a.objectives.calendar = Some("office".into()), ""),
        (|a| (a.live_since, a.retired_at) = (Some(at(5)), Some(at(5))), "item `a`: retired_at is not after live_since"),
        (|a| a.aliases = vec!["".into()], "item `a`: an alias is empty"),
        (|a| a.aliases = vec!["c".into()], "item `a`: alias `c` is the id of another item"),
        (|a| a.aliases = vec!["bee".into()], "item `b`: alias `bee` also belongs to `a`"),
        (|a| a.aliases = vec!["twice".into(), "twice".into()], ""),
        (|a| (a.aliases, a.environment) = (vec!["bee".into()], "staging".into()), ""),
    ];
    for (spoil, words) in cases {
        let mut cmdb = cmdb("a: requires b, 2 of b c\nb:\nc:");
        cmdb.items[1].aliases.push("bee".into());
        cmdb.calendars.push(office());
        assert!(check(&cmdb).is_empty());
        spoil(&mut cmdb.items[0]);
        let faults = check(&cmdb);
        match faults.first() {
            None => assert_eq!(*words, ""),
            Some(fault) => {
                let text = fault.to_string();
                assert!(!words.is_empty() && text.starts_with(words), "`{text}` should begin with `{words}`");
                assert!(text.contains("; "), "`{text}` says what to do");
            }
        }
        let is_error = faults.iter().any(|fault| fault.severity == FaultSeverity::Error);
        assert_eq!(Graph::build(&cmdb, 1).is_err(), is_error, "{faults:?}");
    }
}

fn office() -> CalendarDef {
    let hours = vec![Hours { days: vec![Weekday::Mon], from_minute: 480, to_minute: 1080 }];
    CalendarDef { id: "office".into(), time_zone: "Europe/Berlin".into(), hours, holidays: Vec::new() }
}

#[test]
fn a_calendar_that_never_opens_is_a_fault_and_is_kept_as_it_is() {
    let with = |hours| Cmdb { calendars: vec![CalendarDef { hours, ..office() }], ..Cmdb::default() };
    let on = |days: &[Weekday]| vec![Hours { days: days.to_vec(), from_minute: 480, to_minute: 1080 }];
    assert!(check(&with(on(&[Weekday::Sun]))).is_empty());
    for hours in [vec![], on(&[])] {
        let cmdb = with(hours);
        let (graph, faults) = Graph::build_lenient(&cmdb, 1);
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(fault.is_error() && fault.to_string().starts_with("calendar `office` has hours on no day"), "{fault}");
        assert_eq!(graph.calendars(), cmdb.calendars);
    }
}

fn gold() -> Agreement {
    let restore = |priority, hours| AgreedTarget {
        priority,
        respond: Some(Span::from_minutes(15)),
        restore: Some(Span::from_hours(hours)),
    };
    Agreement {
        id: "gold".into(),
        kind: AgreementKind::Sla,
        service: Some("shop".into()),
        team: None,
        supplier: None,
        calendar: Some("office".into()),
        targets: vec![restore(Priority::P1, 4), restore(Priority::P2, 8)],
    }
}

/// A service, what it needs, and an agreement about it.
fn agreed() -> Cmdb {
    let mut cmdb = cmdb("shop: requires db\ndb:");
    cmdb.items[0].supplier = Some("acme".into());
    Cmdb { calendars: vec![office()], agreements: vec![gold()], ..cmdb }
}

#[test]
fn each_fault_of_an_agreement_says_which_it_is_and_what_to_do() {
    type Spoil = fn(&mut Agreement);
    let cases: &[(Spoil, &str, bool)] = &[
        (|a| a.id = " ".into(), "agreement ` `: the id is empty", false),
        (|a| a.service = None, "agreement `gold`: it does not say whose incidents", false),
        (|a| a.team = Some("t".into()), "agreement `gold`: it names 2 of service, team and supplier", false),
        (|a| a.service = Some("shpo".into()), "agreement `gold`: `service` names `shpo`, which no item has", false),
        (|a| a.service = Some("db".into()), "agreement `gold`: `db` is no service", true),
        (|a| (a.service, a.supplier) = (None, Some("ajax".into())), "agreement `gold`: no item has the supplier", true),
        (|a| (a.service, a.supplier) = (None, Some("acme".into())), "", true),
        (|a| (a.service, a.team) = (None, Some("anybody".into())), "", true),
        (|a| a.calendar = Some("offcie".into()), "agreement `gold`: calendar `offcie` is not defined", true),
        (|a| a.calendar = None, "", true),
        (|a| a.targets.clear(), "agreement `gold`: it has no target", false),
        (|a| (a.targets[0].respond, a.targets[0].restore) = (None, None), "agreement `gold`: P1 has no target", true),
        (|a| a.targets[0].respond = None, "", true),
        (|a| a.targets[1].respond = Some(Span::DAY), "agreement `gold`: P2 is to be restored within 8h and", true),
        (|a| a.targets[0].respond = Some(Span::from_hours(4)), "", true),
        (|a| a.targets[0].respond = Some(Span::ZERO), "agreement `gold`: respond of P1 is 0s;", true),
        (|a| a.targets[0].restore = Some(Span::from_days(367)), "agreement `gold`: restore of P1 is 367d;", true),
    ];
    assert!(check(&agreed()).is_empty());
    for (spoil, words, kept) in cases {
        let mut cmdb = agreed();
        spoil(&mut cmdb.agreements[0]);
        let (graph, faults) = Graph::build_lenient(&cmdb, 1);
        assert_eq!(faults.len(), usize::from(!words.is_empty()), "{words}: {faults:?}");
        assert_eq!(graph.agreements().len(), usize::from(*kept), "{words}");
        assert!(check(graph.cmdb()).iter().all(|fault| fault.to_string().starts_with(words)), "what is kept is sound");
        for fault in faults {
            let text = fault.to_string();
            assert!(text.starts_with(words) && text.contains("; "), "`{text}` should begin with `{words}`");
            assert_eq!(fault.agreement(), Some(&*cmdb.agreements[0].id));
        }
    }
}

#[test]
fn of_two_agreements_of_one_id_the_first_stays() {
    let mut cmdb = agreed();
    cmdb.agreements.push(Agreement { kind: AgreementKind::Ola, ..gold() });
    let (graph, faults) = Graph::build_lenient(&cmdb, 1);
    assert_eq!(graph.agreements(), [gold()]);
    assert!(faults[0].to_string().starts_with("agreement `gold`: another agreement has the same id"), "{faults:?}");
}

#[test]
fn what_a_version_says_of_users_suppliers_and_agreements_is_given_back() {
    let mut cmdb = agreed();
    cmdb.items[0].users = Some(12_000);
    cmdb.items.sort_by(|a, b| a.id.cmp(&b.id));
    let graph = Graph::build(&cmdb, 1).expect("sound");
    assert_eq!(graph.to_cmdb(), cmdb);
    let of = |id: &str| (graph.users(idx(&graph, id)), graph.supplier(idx(&graph, id)));
    assert_eq!((of("shop"), of("db")), ((Some(12_000), Some("acme")), (None, None)));
}

#[test]
fn classes_and_calendars_of_one_id_are_faults() {
    let classes = vec![Class::implied("host"), Class { service: true, ..Class::implied("host") }];
    let cmdb = Cmdb { classes, calendars: vec![office(), office()], ..Cmdb::default() };
    let words: Vec<String> = check(&cmdb).iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "class `host` is defined twice; remove one of the definitions",
            "calendar `office` is defined twice; remove or rename one"
        ]
    );
}

#[test]
fn a_lenient_build_leaves_out_what_is_at_fault_and_no_more() {
    let mut cmdb = cmdb(
        "a: requires b, requires ghost, requires a, 1 of b ghost, 2 of c ghost
         b: uses c
         b: uses a
         c:",
    );
    cmdb.items[0].criticality = 9;
    cmdb.items[0].objectives.slo = Some(2.0);
    cmdb.items[0].objectives.rto = Some(Span::HOUR);
    let (graph, faults) = Graph::build_lenient(&cmdb, 7);
    assert_eq!(faults.len(), 8, "{faults:#?}");
    let a = graph.item(idx(&graph, "a"));
    assert_eq!(a.relations.iter().map(|relation| relation.to.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(a.groups.iter().map(|group| (group.of.len(), group.k)).collect::<Vec<_>>(), [(1, 1)]);
    assert_eq!((a.criticality, a.objectives.slo, a.objectives.rto), (3, None, Some(Span::HOUR)));
    assert_eq!(graph.item(idx(&graph, "b")).relations[0].to.as_str(), "c", "the first of two stays");
    assert_eq!((graph.version(), graph.len()), (7, 3));
    assert!(check(graph.cmdb()).is_empty(), "what is kept is sound");
}

#[test]
fn an_item_comes_out_as_it_went_in() {
    let mut cmdb = cmdb("a: uses c, requires b, feeds b, located_in c, connected b, 2 of c b, 1 of b\nb:\nc:");
    let a = &mut cmdb.items[0];
    a.name = Some("Alpha".into());
    a.team = Some("team-a".into());
    a.environment = "staging".into();
    a.criticality = 1;
    a.domain = "tenant-1".into();
    a.aliases = vec!["z".into(), "10.0.0.1".into(), "a-*".into()];
    a.objectives.slo = Some(0.999);
    a.objectives.calendar = Some("office".into());
    (a.live_since, a.retired_at) = (Some(at(1)), Some(at(9)));
    cmdb.classes.push(Class { down_at: Severity::Major, ..Class::implied("network") });
    cmdb.calendars.push(office());
    let graph = Graph::build(&cmdb, 1).expect("sound");
    assert_eq!(*graph.cmdb(), cmdb);
    assert_eq!(*graph.item(idx(&graph, "a")), cmdb.items[0]);
    let a = idx(&graph, "a");
    assert_eq!((graph.label(a), graph.environment(a), graph.criticality(a)), ("Alpha", "staging", 1));
    assert_eq!((graph.team(a), graph.domain(a).as_str()), (Some("team-a"), "tenant-1"));
    assert_eq!(graph.life(a), (Some(at(1)), Some(at(9))));
    assert_eq!(graph.calendar("office"), Some(&office()));
    assert_eq!(graph.calendar("24x7"), None);
}

#[test]
fn indices_are_in_the_order_of_ids() {
    let graph = graph("c:\na:\nb:");
    let items: Vec<String> = graph.items().map(|(_, item)| item.id.to_string()).collect();
    assert_eq!(items, ["a", "b", "c"]);
    assert!(idx(&graph, "a") < idx(&graph, "b"));
    assert_eq!(graph.find("d"), None);
    assert!(Graph::empty().is_empty() && Graph::empty().version() == 0 && Graph::empty().find("a").is_none());
}

#[test]
fn a_class_says_what_takes_down_and_what_is_a_service() {
    let mut cmdb = cmdb("s:\nnet:\noffer:");
    cmdb.items[1].class = "network".into();
    cmdb.items[2].class = "offering".into();
    cmdb.classes.push(Class { id: "network".into(), down_at: Severity::Major, service: false });
    cmdb.classes.push(Class { id: "offering".into(), down_at: Severity::Critical, service: true });
    let graph = Graph::build(&cmdb, 1).expect("sound");
    assert_eq!(ids(&graph, graph.services()), ["offer", "s"]);
    let own = |id, severity, effect| graph.own_state(idx(&graph, id), severity, effect);
    for (id, severity, effect, state) in [
        ("s", Severity::Critical, None, ItemState::Down),
        ("s", Severity::Major, None, ItemState::Degraded),
        ("s", Severity::Minor, None, ItemState::Degraded),
        ("s", Severity::Warning, None, ItemState::Up),
        ("net", Severity::Major, None, ItemState::Down),
        ("net", Severity::Minor, None, ItemState::Degraded),
        ("s", Severity::Critical, Some(Effect::None), ItemState::Up),
        ("s", Severity::Info, Some(Effect::Down), ItemState::Down),
        ("s", Severity::Critical, Some(Effect::Degraded), ItemState::Degraded),
    ] {
        assert_eq!(own(id, severity, effect), state, "{id} {severity} {effect:?}");
    }
}

#[test]
fn edges_are_seen_from_both_ends() {
    let graph = graph("s: requires a, requires a, uses a, 1 of b c, 2 of a b\nt: requires a\na:\nb: connected c\nc:");
    let (s, a) = (idx(&graph, "s"), idx(&graph, "a"));
    let needs: Vec<(String, DependencyKind)> =
        graph.dependencies(s).map(|edge| (graph.id(edge.to).to_string(), edge.kind)).collect();
    let group = |group| DependencyKind::Member { group };
    let expected = [
        ("a", DependencyKind::Requires),
        ("a", DependencyKind::Uses),
        ("a", group(1)),
        ("b", group(0)),
        ("b", group(1)),
        ("c", group(0)),
    ];
    assert_eq!(needs, expected.map(|(id, kind)| (id.to_owned(), kind)));
    assert_eq!(ids(&graph, graph.dependents(a).map(|edge| edge.to)), ["s", "s", "s", "t"]);
    assert_eq!(graph.dependent_count(a), 2);
    let groups: Vec<_> = graph.groups(s).map(|(k, members)| (k, ids(&graph, members.iter().copied()))).collect();
    assert_eq!(groups, [(1, vec!["b".to_owned(), "c".to_owned()]), (2, vec!["a".to_owned(), "b".to_owned()])]);
    let between = |one, other| graph.group_between(idx(&graph, one), idx(&graph, other)).map(|(k, _)| k);
    assert_eq!(
        [between("s", "a"), between("s", "b"), between("s", "c"), between("t", "b")],
        [None, Some(1), Some(1), None]
    );
    assert_eq!(ids(&graph, graph.peers(idx(&graph, "b"))), ["c"]);
    assert_eq!(ids(&graph, graph.peers(idx(&graph, "c"))), ["b"]);
}

#[test]
fn a_location_knows_what_stands_in_it() {
    let graph = graph("a: located_in room\nb: located_in room\nroom: located_in site\nsite:");
    assert_eq!(ids(&graph, graph.located_here(idx(&graph, "room"))), ["a", "b"]);
    assert_eq!(ids(&graph, graph.locations(idx(&graph, "room"))), ["site"]);
    assert_eq!(graph.dependents(idx(&graph, "room")).count(), 0);
}

#[test]
fn walks_stop_at_the_distance_and_at_the_number_of_items() {
    let graph = graph("s: requires a, uses b\na: requires c\nb: 1 of c d\nc: requires s\nd:");
    let down = |distance, items| {
        let walk = graph.walk_down(idx(&graph, "s"), distance, items);
        let reached: Vec<String> = walk.reached.iter().map(|(idx, d)| format!("{}{d}", graph.id(*idx))).collect();
        (reached.join(" "), walk.cut)
    };
    assert_eq!(down(9, 9), ("a1 b1 c2 d2".to_owned(), false));
    assert_eq!(down(1, 9), ("a1 b1".to_owned(), false));
    assert_eq!(down(9, 4), ("a1 b1 c2 d2".to_owned(), false));
    assert_eq!(down(9, 3), ("a1 b1 c2".to_owned(), true));
    assert_eq!(down(9, 0), (String::new(), true));
    assert_eq!(down(0, 9), (String::new(), false));
    let up = graph.walk_up(idx(&graph, "d"), 9, 9);
    assert_eq!(ids(&graph, up.reached.iter().map(|(idx, _)| *idx)), ["b", "s", "c", "a"]);
}

#[test]
fn a_path_is_the_shortest_and_of_several_the_first() {
    let graph = graph("s: requires a, requires b\na: requires d\nb: requires d, requires e\nd: requires e\ne: uses s");
    let path = |from, to, distance| {
        let path = graph.path_down(idx(&graph, from), idx(&graph, to), distance);
        path.map(|path| ids(&graph, path).join(" "))
    };
    assert_eq!(path("s", "d", 9).as_deref(), Some("s a d"));
    assert_eq!(path("s", "e", 2).as_deref(), Some("s b e"));
    assert_eq!(path("s", "e", 1), None);
    assert_eq!(path("d", "b", 9).as_deref(), Some("d e s b"));
    assert_eq!(path("s", "s", 0).as_deref(), Some("s"));
}

#[test]
fn what_an_item_requires_leaves_out_what_it_merely_uses() {
    let graph = graph("s: requires a, uses x\na: 1 of b c\nb: requires s\nc: uses y\nx:\ny:");
    assert_eq!(ids(&graph, graph.requires_closure(idx(&graph, "s"))), ["a", "b", "c", "s"]);
}

/// Distances downwards by relaxing every edge as often as there are items.
fn naive_distances(cmdb: &Cmdb, from: &CiId) -> BTreeMap<CiId, u32> {
    let mut distances = BTreeMap::from([(from.clone(), 0)]);
    for _ in &cmdb.items {
        for item in &cmdb.items {
            let Some(here) = distances.get(&item.id).copied() else { continue };
            let members = item.groups.iter().flat_map(|group| &group.of);
            for to in item.relations.iter().map(|relation| &relation.to).chain(members) {
                let there = distances.entry(to.clone()).or_insert(here + 1);
                *there = (here + 1).min(*there);
            }
        }
    }
    distances
}

fn sorted(mut items: Vec<ItemIdx>) -> Vec<ItemIdx> {
    items.sort_unstable();
    items
}

proptest! {
    #[test]
    fn walks_and_paths_agree_with_distances(cmdb in any_cmdb(), limit in 0..6_u32) {
        let graph = Graph::build(&cmdb, 1).expect("sound");
        for from in graph.indices() {
            let distances = naive_distances(&cmdb, graph.id(from));
            let walk = graph.walk_down(from, limit, usize::MAX);
            let mut expected: Vec<_> = graph
                .indices()
                .filter_map(|to| Some((to, *distances.get(graph.id(to))?)))
                .filter(|(to, distance)| *to != from && *distance <= limit)
                .collect();
            expected.sort_by_key(|(to, distance)| (*distance, *to));
            prop_assert_eq!(&walk.reached, &expected);
            let below: Vec<_> = graph.indices().filter(|to| distances.contains_key(graph.id(*to))).collect();
            prop_assert_eq!(sorted(graph.all_below([from, from])), below);
            let needs_it = |above: &ItemIdx| graph.all_below([*above]).contains(&from);
            prop_assert_eq!(sorted(graph.all_above([from])), graph.indices().filter(needs_it).collect::<Vec<_>>());
            for to in graph.indices() {
                let length = graph.path_down(from, to, limit).map(|path| path.len() as u32 - 1);
                prop_assert_eq!(length, distances.get(graph.id(to)).copied().filter(|distance| *distance <= limit));
                let seen = graph.walk_up(to, limit, usize::MAX).reached.into_iter().find(|(idx, _)| *idx == from);
                prop_assert_eq!(seen.is_some(), expected.iter().any(|(reached, _)| *reached == to));
            }
        }
    }

    #[test]
    fn any_sound_cmdb_comes_out_as_it_went_in(cmdb in any_cmdb()) {
        let graph = Graph::build(&cmdb, 1).expect("sound");
        prop_assert_eq!(graph.cmdb(), &cmdb);
        let found: BTreeSet<_> = cmdb.items.iter().filter_map(|item| graph.find(item.id.as_str())).collect();
        prop_assert_eq!(found.len(), graph.len());
    }
}
