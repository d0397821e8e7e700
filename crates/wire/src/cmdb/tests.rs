//! Files as people write them, with the mistakes people make.

use model::incident::Priority;
use model::item::{AgreedTarget, AgreementKind, Class, Date, Relation, RelationKind, SloWindow, Weekday};
use model::{CiId, Cmdb, Domain, Severity, Span, Timestamp};
use proptest::prelude::*;

use super::{CmdbFile, LooseRelation, item_to_yaml, merge, to_json, to_yaml};

const FULL: &str = r#"classes: [{id: network, down_at: major}, {id: offering, service: true}]
calendars:
  - id: office
    time_zone: Europe/Berlin
    hours: [{days: [mon, fri], from: "08:00", to: 18:30}, {days: [sat], from: "10:00", to: "24:00"}]
    holidays: [2026-05-01, "2026-12-25"]
items:
  - id: checkout
    class: service            # a comment
    name: Checkout
    environment: test
    criticality: 1
    team: team-payments       # suppliers and users stand with db-7
    aliases: [checkout.prod, 10.1.2.3, "checkout-*"]
    domain: acme
    requires: [payments, db-7, payments]
    uses: [mailer]
    redundant: [{of: [web-1, web-2, web-3], k: 2}]
    objectives: {slo: 0.999, slo_window: 30d, degraded_weight: 0.5, rto: 1h, rpo: 15m, mtpd: 4h, exercise_every: 180d, calendar: office}
    live_since: 2026-01-01
    retired_at: 2027-01-01T12:00:00+01:00
  - {id: db-7, class: database, supplier: acme, users: 12000, objectives: {slo_window: quarter, calendar: 24x7}}
relationships:
  - {from: checkout, type: located_in, to: fra-1}
  - {from: checkout, type: hosted_on, to: rack-9}
  - {from: elsewhere, type: feeds, to: checkout}
agreements:
  - id: gold
    kind: sla
    service: checkout
    calendar: office
    targets: {P1: {respond: 15m, restore: 4h}, P3: {restore: 2d}}
  - {id: parts, kind: uc, supplier: acme, calendar: 24x7, targets: {P2: {respond: 1h}}}
"#;

fn read(text: &str) -> CmdbFile {
    CmdbFile::read("cmdb.yaml", text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn faults(text: &str) -> Vec<String> {
    let faults = CmdbFile::read("cmdb.yaml", text).expect_err("the file has a fault");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_a_file_can_say_is_read() {
    let file = read(FULL);
    let [network, offering] = file.cmdb.classes.as_slice() else { panic!("{file:?}") };
    assert_eq!((network.down_at, network.service), (Severity::Major, false));
    assert_eq!((offering.down_at, offering.service), (Severity::Critical, true));

    let [office] = file.cmdb.calendars.as_slice() else { panic!("{file:?}") };
    let hours: Vec<_> = office.hours.iter().map(|h| (h.days.as_slice(), h.from_minute, h.to_minute)).collect();
    assert_eq!(hours, [([Weekday::Mon, Weekday::Fri].as_slice(), 480, 1110), (&[Weekday::Sat], 600, 1440)]);
    assert_eq!(office.holidays, [Date { year: 2026, month: 5, day: 1 }, Date { year: 2026, month: 12, day: 25 }]);

    let [checkout, db] = file.cmdb.items.as_slice() else { panic!("{file:?}") };
    assert_eq!((&*checkout.class, checkout.label(), &*checkout.environment), ("service", "Checkout", "test"));
    assert_eq!((checkout.criticality, checkout.team.as_deref()), (1, Some("team-payments")));
    assert_eq!(checkout.domain, Domain::from("acme"));
    assert_eq!(checkout.aliases, ["checkout.prod".into(), "10.1.2.3".into(), "checkout-*".into()]);
    let relations: Vec<_> = checkout.relations.iter().map(|r| (r.kind.as_str(), r.to.as_str())).collect();
    let expected = [
        ("requires", "db-7"),
        ("requires", "payments"),
        ("requires", "rack-9"),
        ("uses", "mailer"),
        ("located_in", "fra-1"),
    ];
    assert_eq!(relations, expected);
    assert_eq!(checkout.groups.iter().map(|group| (group.of.len(), group.k)).collect::<Vec<_>>(), [(3, 2)]);
    let objectives = &checkout.objectives;
    assert_eq!((objectives.slo, objectives.degraded_weight), (Some(0.999), 0.5));
    assert_eq!(objectives.slo_window, Some(SloWindow::Rolling(Span::from_days(30))));
    assert_eq!((objectives.rto, objectives.rpo), (Some(Span::HOUR), Some(Span::from_minutes(15))));
    assert_eq!((objectives.mtpd, objectives.exercise_every), (Some(Span::from_hours(4)), Some(Span::from_days(180))));
    assert_eq!(objectives.calendar.as_deref(), Some("office"));
    assert_eq!(
        (checkout.live_since, checkout.retired_at),
        (Timestamp::parse("2026-01-01T00:00:00Z"), Timestamp::parse("2027-01-01T11:00:00Z"))
    );

    assert_eq!((db.objectives.slo_window, &db.objectives.calendar), (Some(SloWindow::Quarter), &None));
    let mut plain = model::ConfigurationItem::new("db-7", "database");
    plain.objectives.slo_window = Some(SloWindow::Quarter);
    (plain.supplier, plain.users) = (Some("acme".into()), Some(12_000));
    assert_eq!(*db, plain, "what is not said is the contract's default");
    let feeds = Relation { kind: RelationKind::Other("feeds".into()), to: CiId::from("checkout") };
    assert_eq!(file.loose, [LooseRelation { from: CiId::from("elsewhere"), relation: feeds }]);
}

#[test]
fn agreements_are_read_with_their_place() {
    let file = read(FULL);
    let [gold, parts] = file.cmdb.agreements.as_slice() else { panic!("{file:?}") };
    let target = |priority, respond, restore| AgreedTarget { priority, respond, restore };
    assert_eq!((&*gold.id, gold.kind, gold.calendar.as_deref()), ("gold", AgreementKind::Sla, Some("office")));
    assert_eq!((gold.service.as_ref().map(CiId::as_str), &gold.team, &gold.supplier), (Some("checkout"), &None, &None));
    let (minutes, hours) = (Some(Span::from_minutes(15)), Some(Span::from_hours(4)));
    let expected = [target(Priority::P1, minutes, hours), target(Priority::P3, None, Some(Span::from_days(2)))];
    assert_eq!(gold.targets, expected);
    assert_eq!((parts.supplier.as_deref(), &parts.calendar), (Some("acme"), &None), "24x7 is no calendar");
    let place = |id: &str| file.of_agreement(id).map(|at| (at.line, at.column));
    assert_eq!((place("gold"), place("parts"), place("silver")), (Some((28, 9)), Some((33, 10)), None));
}

#[test]
fn an_item_and_every_reference_have_their_place_in_yaml_and_in_json() {
    let yaml = read(FULL);
    let place = |file: &CmdbFile, item: &str, to: &str| file.of_reference(item, to).map(|at| (at.line, at.column));
    assert_eq!(yaml.of_item("checkout").map(|at| at.to_string()).as_deref(), Some("cmdb.yaml:8:9"));
    assert_eq!(yaml.of_item("db-7").map(|at| (at.line, at.column)), Some((22, 10)));
    for (to, at) in [("payments", (16, 16)), ("mailer", (17, 12)), ("web-2", (18, 30)), ("fra-1", (24, 44))] {
        assert_eq!(place(&yaml, "checkout", to), Some(at), "{to}");
    }
    assert_eq!(place(&yaml, "elsewhere", "checkout"), Some((26, 40)));
    assert_eq!((yaml.of_item("elsewhere"), place(&yaml, "checkout", "nobody")), (None, None));

    let json = read("{\"items\": [\n {\"id\": \"a\", \"class\": \"host\",\n  \"requires\": [\"b\"]}]}");
    assert_eq!(json.of_item("a").map(|at| (at.line, at.column)), Some((2, 9)));
    assert_eq!(place(&json, "a", "b"), Some((3, 16)));
}

#[test]
fn words_that_look_like_slips_are_said_once_and_refused_nowhere() {
    let items = |rest: &str| format!("items:\n  - {{id: a, class: host}}\n  - {{id: b, class: host}}\n{rest}");
    let related = |kind: &str| items(&format!("relationships:\n  - {{from: a, type: {kind}, to: b}}\n"));
    for (text, says) in [
        (
            items("  - {id: shop, class: servce}\n  - {id: mail, class: servce}\n"),
            "cmdb.yaml:4:10: class `servce` (2 items): did you mean `service`? A class of your own is named under `classes`",
        ),
        (items("  - {id: shop, class: Service}\n"), "did you mean `service`?"),
        (items("  - {id: n, class: netwrok}\n"), "did you mean `network`?"),
        (
            "classes: [{id: offering}]\n".to_owned() + &items("  - {id: n, class: offring}\n"),
            "did you mean `offering`?",
        ),
        (items("  - {id: n, class: business_service}\n  - {id: m, class: load_balancer}\n"), ""),
        ("classes: [{id: hosts}]\n".to_owned() + &items("  - {id: n, class: hosts}\n"), ""),
        (
            related("requirs"),
            "cmdb.yaml:5:34: type `requirs` (1 relationship): did you mean `requires`? As it stands it is kept and shown, and no state follows it",
        ),
        (related("Requires"), "did you mean `requires`?"),
        (related("located_at"), "did you mean `located_in`?"),
        (related("feeds"), "type `feeds` (1 relationship): it is not known, so it is kept and shown"),
        (related("runs_on"), ""),
    ] {
        let odd = read(&text).oddities(&[]);
        let said = odd.first().map_or("", String::as_str);
        assert!(odd.len() == usize::from(!says.is_empty()) && said.contains(says), "{text}{odd:?}");
    }
    let json = read("{\"items\": [\n {\"id\": \"a\", \"class\": \"hots\"}]}");
    assert_eq!(json.oddities(&[]).len(), 1, "and of JSON with its place: {:?}", json.oddities(&[]));
    assert!(json.oddities(&[])[0].starts_with("cmdb.yaml:2:9: class `hots`"));
    assert!(json.oddities(&[Class::implied("hots")]).is_empty(), "what is known elsewhere is no slip");
}

#[test]
fn a_fault_says_where_what_and_what_to_do() {
    let item = |rest: &str| format!("items:\n  - id: a\n    class: host\n    {rest}\n");
    let agreement = |rest: &str| format!("agreements:\n  - {{id: g, {}}}\n", rest);
    let office = |hours: &str| format!("calendars:\n  - {{id: o, time_zone: UTC, hours: [{hours}]}}\n");
    for (text, says) in [
        (item("requres: [b]"), "cmdb.yaml:4:5: unknown key `requres`: did you mean `requires`?"),
        (item("colour: red"), "cmdb.yaml:4:5: unknown key `colour`: take it out; known here are id, class"),
        (item("requires: db-1"), "cmdb.yaml:4:15: `requires` is `db-1`: write a list, such as [db-1]"),
        (item("redundant: {of: [b], k: 1}"), "cmdb.yaml:4:16: `redundant` is no list: write one, `[…]`"),
        (item("objectives: {rtoo: 1h}"), "cmdb.yaml:4:18: unknown key `rtoo`: did you mean `rto`?"),
        (item("objectives: {rto: soon}"), "cmdb.yaml:4:23: `soon` is no duration: write one such as 15m"),
        (item("objectives: {rto: 0s}"), "`0s` is no duration"),
        (item("objectives: {slo: high}"), "cmdb.yaml:4:23: invalid floating point"),
        (item("objectives: {slo_window: year}"), "`year` is no window: write a duration such as 30d, month or quarter"),
        (item("criticality: 1000"), "cmdb.yaml:4:18: invalid u8"),
        (item("live_since: then"), "`then` is no instant"),
        (item("redundant: [{of: [a]}]"), "`k` is missing: add it"),
        (item("class: x"), "`class` stands here twice: keep one"),
        (item("name: [x]"), "cmdb.yaml:4:11:"),
        (item("requires: [b, ~]"), "nothing stands here"),
        ("items: [{id: a}]".to_owned(), "cmdb.yaml:1:10: `class` is missing: add it"),
        ("items:\n- class: host".to_owned(), "`id` is missing"),
        ("item: []".to_owned(), "unknown key `item`: did you mean `items`?"),
        ("items: [".to_owned(), "cmdb.yaml:1:8:"),
        ("items:\n\t- id: a".to_owned(), "cmdb.yaml:2:"),
        ("items: []\n---\nitems: []".to_owned(), "a second document begins here"),
        ("classes: [{id: a, down_at: mayor}]".to_owned(), "`mayor` is not known: did you mean `major`?"),
        ("relationships: [{from: a, to: b}]".to_owned(), "`type` is missing"),
        (agreement("kind: slo, targets: {}"), "cmdb.yaml:2:19: `slo` is not known: did you mean `sla`?"),
        (
            agreement("kind: sla, targets: {P6: {respond: 1h}}"),
            "cmdb.yaml:2:34: unknown key `P6`: take it out; known here are P1, P2, P3, P4, P5",
        ),
        (agreement("kind: sla, targets: {P1: {respnd: 1h}}"), "unknown key `respnd`: did you mean `respond`?"),
        (agreement("kind: sla, targets: {P1: {respond: soon}}"), "cmdb.yaml:2:48: `soon` is no duration"),
        (agreement("kind: sla"), "`targets` is missing: add it"),
        (item("users: many"), "cmdb.yaml:4:12: invalid u64"),
        (
            "calendars: [{id: o, time_zone: UTC, hours: [], holidays: [2026-02-30]}]".to_owned(),
            "`2026-02-30` is no date",
        ),
        (
            office("{days: [mon], from: \"8:00\", to: \"18:00\"}"),
            "`8:00` is no time of day: write \"00:00\" to \"24:00\"",
        ),
        (office("{days: [mon], from: \"08:00\", to: \"24:01\"}"), "`24:01` is no time of day"),
        (office("{days: [mon], from: \"08:00\", to: \"08:60\"}"), "`08:60` is no time of day"),
        (
            office("{days: [monday], from: \"08:00\", to: \"18:00\"}"),
            "cmdb.yaml:2:45: `monday` is not known: write one of mon",
        ),
        (office("{days: [mno], from: \"08:00\", to: \"18:00\"}"), "did you mean `mon`?"),
        (office("{days: [mon], from: \"18:00\", to: \"08:00\"}"), "`to` (08:00) is not after `from` (18:00)"),
        (
            "{\"items\": [\n{\"id\": \"a\", \"class\": \"x\", \"objectives\": {\"rto\": \"soon\"}}]}".to_owned(),
            "cmdb.yaml:2:49: `soon` is no duration",
        ),
        (
            "{\"items\": [\n{\"id\": \"a\", \"klass\": \"x\"}]}".to_owned(),
            "cmdb.yaml:2:13: unknown key `klass`: did you mean `class`?",
        ),
    ] {
        let faults = faults(&text);
        assert!(faults.iter().any(|fault| fault.contains(says)), "{text}\n says: {faults:?}\n not:  {says}");
    }
}

#[test]
fn all_faulty_values_of_a_file_are_named_at_once() {
    let text = "items:\n  - {id: a, class: x, objectives: {rto: x, rpo: y}}\n  - {id: b, class: x, live_since: z}\n";
    assert_eq!(faults(text).len(), 3);
}

#[test]
fn a_file_may_be_empty_or_begin_with_a_byte_order_mark() {
    for text in ["", "# nothing\n", "items:\n", "\u{feff}items: []", "{}"] {
        assert_eq!(read(text).cmdb, Cmdb::default(), "{text:?}");
    }
}

#[test]
fn numbers_and_words_of_yaml_are_names_where_names_stand() {
    let file = read("items:\n- {id: 42, class: yes}\n- {id: 0.10, class: 1e3}\n- {id: 0x10, class: \"\"}\n");
    let names: Vec<_> = file.cmdb.items.iter().map(|item| (item.id.as_str(), &*item.class)).collect();
    assert_eq!(names, [("42", "yes"), ("0.10", "1e3"), ("0x10", "")]);
}

#[test]
fn files_are_merged_and_relationships_find_their_item_in_any_of_them() {
    let one = CmdbFile::read("one.yaml", "items: [{id: a, class: x}]\nrelationships: [{from: b, type: uses, to: a}]")
        .expect("reads");
    let two =
        CmdbFile::read("two.json", "{\"items\":[{\"id\":\"b\",\"class\":\"x\",\"uses\":[\"a\"]}]}").expect("reads");
    let lone = CmdbFile::read(
        "three.yaml",
        "relationships:\n- {from: c, type: requires, to: a}\n- {from: a, type: connected, to: b}",
    )
    .expect("reads");
    let whole = merge(vec![one, two, lone]);
    let relations: Vec<_> = whole.cmdb.items.iter().map(|item| (item.id.as_str(), item.relations.len())).collect();
    assert_eq!(relations, [("a", 1), ("b", 1)]);
    assert_eq!(whole.loose.iter().map(|loose| loose.from.as_str()).collect::<Vec<_>>(), ["c"]);
    assert_eq!(whole.of_item("b").map(|at| at.to_string()).as_deref(), Some("two.json:1:17"));
    assert_eq!(whole.of_reference("c", "a").map(|at| at.to_string()).as_deref(), Some("three.yaml:2:33"));
}

#[test]
fn the_worked_example_s_file_reads() {
    let text = r#"calendars:
  - id: office
    time_zone: Europe/Berlin                # UTC+2 on these days: 06:00Z to 16:00Z
    hours: [{days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00"}]
    holidays: ["2026-05-01"]
items:
  - id: "AWS::StepFunctions::StateMachine"
    class: "service"
    requires: ["https://sqs.us-west-2.amazonaws.com/Services_AWS::SQS::Queue"]
    redundant: [{"of": ["dbservice1", "dbservice2"], "k": 1}]
  - {id: payments, class: application, requires: [ledger]}                # payments and ledger need each other: a cycle
"#;
    let file = read(text);
    assert_eq!(file.cmdb.items.len(), 2);
    assert_eq!(file.cmdb.items.first().map(|item| item.relations.len()), Some(1));
}

#[test]
fn one_item_prints_as_a_file_of_its_own() {
    let file = read(FULL);
    let yaml = item_to_yaml(&file.cmdb.items[1]);
    assert_eq!(
        yaml,
        "items:\n  - id: db-7\n    class: database\n    supplier: acme\n    users: 12000\n    objectives:\n      slo_window: quarter\n"
    );
}

#[test]
fn what_is_written_reads_back_equal() {
    let cmdb = read(FULL).cmdb;
    for text in [to_yaml(&cmdb), to_json(&cmdb)] {
        assert_eq!(read(&text).cmdb, cmdb, "{text}");
    }
}

/// Names that a careless writer would leave unquoted.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.:/_-]{1,12}",
        "[ -~]{1,12}",
        "\\PC{1,8}",
        proptest::sample::select(vec![
            "null", "~", "yes", "24x7", "1e3", "- a", "a: b", "#x", "\"", "'", "\\", "|", "\u{feff}", "\n", "=", "<<"
        ])
        .prop_map(str::to_owned),
    ]
}

fn items() -> impl Strategy<Value = Vec<model::ConfigurationItem>> {
    let relation = (0..9_usize, name()).prop_map(|(kind, to)| {
        let words =
            ["requires", "uses", "connected", "located_in", "part_of", "monitored_by", "backed_up_by", "feeds", "null"];
        Relation { kind: RelationKind::from_word(words[kind]), to: CiId::from(to) }
    });
    let item = (
        name(),
        name(),
        proptest::option::of(name()),
        name(),
        1..5_u8,
        proptest::collection::vec(name(), 0..3),
        proptest::collection::btree_set(relation, 0..5),
        1..9_000_000_i64,
    );
    let item = item.prop_map(|(id, class, team, environment, criticality, aliases, relations, seconds)| {
        let mut item = model::ConfigurationItem::new(id, &class);
        item.team = team.map(Into::into);
        item.environment = environment.into();
        item.criticality = criticality;
        item.aliases = aliases.into_iter().map(Into::into).collect();
        item.relations = relations.into_iter().collect();
        item.objectives.rto = Some(Span::from_seconds(seconds));
        item.objectives.slo = Some((seconds % 1_000_000) as f64 / 1e6);
        item.live_since = Some(Timestamp::from_seconds(seconds));
        item
    });
    proptest::collection::vec(item, 0..5).prop_map(|mut items| {
        items.sort_by(|a, b| a.id.cmp(&b.id));
        items.dedup_by(|a, b| a.id == b.id);
        items
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cmdb_reads_back_from_what_is_written(items in items()) {
        let cmdb = Cmdb { items, classes: vec![Class::implied("a: b")], ..Cmdb::default() };
        for text in [to_yaml(&cmdb), to_json(&cmdb)] {
            let file = CmdbFile::read("f", &text).map_err(|faults| TestCaseError::fail(format!("{faults:?}\n{text}")))?;
            prop_assert_eq!(&file.cmdb, &cmdb, "{}", text);
        }
    }
}
