//! Every key, one at a time: it changes exactly what it says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    Anchor, Clears, Expiry, FlappingPolicy, Inhibit, JoinWindow, Order, Pipeline, PriorityMatrix, Rule, StormPolicy,
};
use model::incident::Priority;
use model::{Domain, Effect, Matcher, Severity, Span};
use rules::{Compiled, Selector};
use wire::decoder::{BindName, DomainRule, Identity};
use wire::{Decoder, Format};

use crate::parsed;

fn standard() -> Compiled {
    Compiled {
        name: "default".into(),
        selector: Selector::default(),
        decoder: Decoder::standard("default"),
        policy: Pipeline::standard("default"),
    }
}

fn matchers(texts: &[&str]) -> Vec<Matcher> {
    texts.iter().map(|text| Matcher::parse(text).expect("the matcher reads")).collect()
}

type Row = (&'static str, &'static str, fn(&mut Compiled));

const P: fn(u8) -> Priority = |number| Priority::ALL[usize::from(number) - 1];

const KEYS: [Row; 36] = [
    ("name", "zabbix-eu", |c| {
        c.name = "zabbix-eu".into();
        c.decoder.name = "zabbix-eu".into();
        c.policy.name = "zabbix-eu".into();
    }),
    ("match", "{format: '*', source: '*'}", |_| {}),
    ("domain", "eu", |c| c.decoder.domain = DomainRule::Fixed(Domain::from("eu"))),
    ("domain", "label:tenant", |c| c.decoder.domain = DomainRule::Label("tenant".into())),
    ("identity", "all", |_| {}),
    ("identity", "[alertname, host]", |c| {
        c.decoder.identity = Identity::Labels(vec!["alertname".into(), "host".into()]);
    }),
    ("drop", "[pod]", |c| c.decoder.drop = vec!["pod".into()]),
    ("drop", "[]", |c| c.decoder.drop = vec![]),
    ("severity", "{from: level}", |c| c.decoder.severity_from = "level".into()),
    ("severity", "{map: {5: critical, Average: minor}}", |c| {
        c.decoder.severity_map =
            BTreeMap::from([("5".into(), Severity::Critical), ("Average".into(), Severity::Minor)]);
    }),
    ("effect", "[{match: ['alertname=~\"Backup.*\"'], effect: none}, {match: [], effect: degraded}]", |c| {
        c.decoder.effects = vec![(matchers(&["alertname=~\"Backup.*\""]), Effect::None), (vec![], Effect::Degraded)];
    }),
    ("bind", "[label:node, ci]", |c| c.decoder.bind = vec![BindName::Label("node".into()), BindName::Ci]),
    ("order", "arrival", |c| c.policy.order = Order::Arrival),
    ("expiry", "source", |c| c.policy.expiry = Expiry::Source),
    ("stale_limit", "90m", |c| c.policy.stale_limit = Span::from_minutes(90)),
    ("clears", "never", |c| c.policy.clears = Clears::Never),
    ("resolve_timeout", "5m", |c| c.policy.resolve_timeout = Some(Span::from_minutes(5))),
    ("open_at", "major", |c| c.policy.open_at = Severity::Major),
    ("restore_at", "info", |c| c.policy.restore_at = Severity::Info),
    ("group_wait", "1m", |c| c.policy.group_wait = Span::MINUTE),
    ("group_wait", "4s", |c| {
        c.policy.group_wait = Span::from_seconds(4);
        c.policy.group_wait_critical = Span::from_seconds(4);
    }),
    ("quiet_period", "0s", |c| c.policy.quiet_period = Span::ZERO),
    ("reopen_window", "2h", |c| c.policy.reopen_window = Span::from_hours(2)),
    ("recheck_after", "1h", |c| c.policy.recheck_after = Span::HOUR),
    ("close_after", "1m", |c| c.policy.close_after = Span::MINUTE),
    ("join_window", "{gap: 5m}", |c| {
        c.policy.join_window = JoinWindow { gap: Span::from_minutes(5), cap: Span::from_hours(24) };
    }),
    ("flapping", "{changes: 3, steady: 1h}", |c| {
        c.policy.flapping = Some(FlappingPolicy { changes: 3, within: Span::from_minutes(30), steady: Span::HOUR });
    }),
    ("flapping", "off", |c| c.policy.flapping = None),
    ("storm", "{incidents: 50, within: 1m}", |c| {
        c.policy.storm = Some(StormPolicy { incidents: 50, within: Span::MINUTE });
    }),
    ("storm", "off", |c| c.policy.storm = None),
    ("max_alerts", "5", |c| c.policy.max_alerts = 5),
    (
        "rules",
        "[{name: racks, match: [kind=disk], group_by: [rack], window: 1h, anchor: start}, {name: b, group_by: [c], exclusive: true}]",
        |c| {
            c.policy.rules = vec![
                Rule {
                    name: "racks".into(),
                    matchers: matchers(&["kind=disk"]),
                    group_by: vec!["rack".into()],
                    window: Span::HOUR,
                    anchor: Anchor::Start,
                    exclusive: false,
                },
                Rule {
                    name: "b".into(),
                    matchers: vec![],
                    group_by: vec!["c".into()],
                    window: Span::from_minutes(5),
                    anchor: Anchor::First,
                    exclusive: true,
                },
            ];
        },
    ),
    ("inhibit", "[{source: [a=b], target: [a!=b], equal: [host]}]", |c| {
        c.policy.inhibit =
            vec![Inhibit { source: matchers(&["a=b"]), target: matchers(&["a!=b"]), equal: vec!["host".into()] }];
    }),
    ("priority", "{matrix: [[P1, P1, P1], [P2, P2, P2], [P5, P5, P5]]}", |c| {
        c.policy.priority = PriorityMatrix([[P(1); 3], [P(2); 3], [P(5); 3]]);
    }),
    ("auto_declare", "true", |c| c.policy.auto_declare = true),
    ("transform", "null", |_| {}),
];

#[test]
fn a_key_changes_what_it_says_and_nothing_else() {
    for (key, value, change) in KEYS {
        let mut wanted = standard();
        change(&mut wanted);
        assert_eq!(parsed(&format!("{key}: {value}\n")).0, wanted, "{key}: {value}");
    }
}

#[test]
fn every_key_of_the_schema_is_tried() {
    let schema = rules::schema();
    let known: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let tried: BTreeSet<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
    assert_eq!(tried, known);
}

#[test]
fn a_match_says_format_and_source() {
    for (text, format, source) in [
        ("{format: native}", Some(Format::Native), "*"),
        ("{format: prometheus, source: prom-*}", Some(Format::AlertmanagerV2), "prom-*"),
        ("{format: alertmanager}", Some(Format::AlertmanagerWebhook), "*"),
        ("{format: cloudevents, source: /mon/*}", Some(Format::CloudEvents), "/mon/*"),
        ("{source: zabbix}", None, "zabbix"),
    ] {
        let selector = parsed(&format!("name: x\nmatch: {text}\n")).0.selector;
        assert_eq!((selector.format, &*selector.source), (format, source), "{text}");
    }
}

/// docs/contract.md section 2, each value as the block there writes it; the matrix is of docs/measures.md section 9.
const CONTRACT: &str = r#"
name: default
match: {format: "*", source: "*"}     # which events are mine; the most specific wins
domain: default                       # or label:tenant
identity: all                         # or a list of labels
drop: [replica, prometheus]
severity: {from: severity, map: {page: critical}}
effect: []
bind: [ci, label:ci, label:host, label:instance, label:service]
order: own                            # or arrival
expiry: clock                         # or source
stale_limit: 1h
clears: always
resolve_timeout: null
open_at: warning
restore_at: minor
group_wait: 30s                       # holds back telling only; 10s once a criticality-1 service is down
quiet_period: 5m
reopen_window: 1h
recheck_after: 15m
close_after: 7d
join_window: {gap: 15m, cap: 24h}
flapping: {changes: 6, within: 30m, steady: 15m}     # or off
storm: {incidents: 20, within: 5m}                   # or off
max_alerts: 1000
rules: []
inhibit: []
priority: {matrix: [[P1, P2, P3], [P2, P3, P4], [P3, P4, P5]]}
transform: null
"#;

#[test]
fn the_contracts_block_is_exactly_the_defaults() {
    let (compiled, notices) = parsed(CONTRACT);
    assert_eq!(compiled, standard());
    assert_eq!(compiled.policy.group_wait_critical, Span::from_seconds(10));
    assert_eq!(notices, []);
}

#[test]
fn an_empty_file_is_the_defaults_and_so_is_one_of_remarks() {
    for text in ["", "# nothing\n", "{}", "---\n", "\u{feff}name: default\n"] {
        assert_eq!(parsed(text), (standard(), vec![]), "{text:?}");
    }
}

#[test]
fn the_examples_in_the_contracts_remarks_are_read() {
    let (compiled, _) = parsed(
        r#"
domain: label:tenant
effect: [{match: ['alertname=~"Backup.*|.*Cert.*"'], effect: none}]
rules: [{name: cluster, match: ['cluster=~".+"'], group_by: [cluster], window: 5m, anchor: last}]
inhibit: [{source: ['severity="critical"'], target: ['severity="warning"'], equal: [alertname, host]}]
flapping: off
"#,
    );
    assert_eq!(compiled.decoder.effects.len(), 1);
    assert_eq!(compiled.policy.rules[0].anchor, Anchor::Last);
    assert_eq!(compiled.policy.inhibit[0].equal, ["alertname".into(), "host".into()]);
}
