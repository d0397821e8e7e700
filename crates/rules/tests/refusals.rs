//! Every refusal, word for word: what is wrong, where, and what to do.

use rules::PipelineSet;

use crate::{parsed, refused};

/// Files of one fault, and what is said of it.
const REFUSED: &[(&str, &str)] = &[
    // Keys.
    ("group_wiat: 30s", "f:1:1: unknown key `group_wiat`: did you mean `group_wait`?"),
    ("match: {sources: x}", "f:1:9: unknown key `sources`: did you mean `source`?"),
    ("join_window: {colour: x}", "f:1:15: unknown key `colour`: take it out; known here are gap, cap"),
    ("rules:\n  - {name: a, groupby: [x]}", "f:2:15: unknown key `groupby`: did you mean `group_by`?"),
    ("order: own\norder: own", "f:2:1: `order` stands here twice: keep one"),
    ("- order: own", "f:1:1: `file` is a list: write a mapping with keys such as `name` and `match`"),
    // Durations.
    ("group_wait: 30", "f:1:13: `group_wait` is `30`: write a duration with its unit, such as 30s, 5m, 1h30m or 7d"),
    (
        "quiet_period: five",
        "f:1:15: `quiet_period` is `five`: write a duration with its unit, such as 30s, 5m, 1h30m or 7d",
    ),
    ("quiet_period:", "f:1:13: `quiet_period` is empty: write a duration with its unit, such as 30s, 5m, 1h30m or 7d"),
    (
        "close_after: [7d]",
        "f:1:14: `close_after` is a list: write a duration with its unit, such as 30s, 5m, 1h30m or 7d",
    ),
    ("reopen_window: -1h", "f:1:16: `reopen_window` is `-1h`: write a duration that is not negative"),
    ("resolve_timeout: 0s", "f:1:18: `resolve_timeout` is `0s`: write a duration longer than none"),
    ("join_window: {cap: 48h}", "f:1:20: `cap` is `48h`: write 1d at most"),
    ("join_window: {gap: 2h, cap: 1h}", "f:1:14: `gap` (2h) is longer than `cap` (1h): shorten it"),
    (
        "quiet_period: 8d\nclose_after: 7d",
        "f:1:15: `quiet_period` (8d) is longer than `close_after` (7d): shorten the one, or lengthen the other",
    ),
    (
        "quiet_period: 8d",
        "f:1:15: `quiet_period` (8d) is longer than `close_after` (7d): shorten the one, or lengthen the other",
    ),
    // Words.
    ("order: owm", "f:1:8: `order` is `owm`: did you mean `own`?"),
    ("expiry: never", "f:1:9: `expiry` is `never`: write one of clock, source"),
    ("clears: true", "f:1:9: `clears` is `true`: write one of always, never"),
    ("open_at: criticl", "f:1:10: `open_at` is `criticl`: did you mean `critical`?"),
    (
        "restore_at: catastrophic",
        "f:1:13: `restore_at` is `catastrophic`: write one of critical, major, minor, warning, info",
    ),
    (
        "match: {format: zabbix}",
        "f:1:17: `format` is `zabbix`: write one of *, native, prometheus, alertmanager, cloudevents",
    ),
    ("match: {format: promethues}", "f:1:17: `format` is `promethues`: did you mean `prometheus`?"),
    ("severity: {map: {page: critcal}}", "f:1:24: `page` is `critcal`: did you mean `critical`?"),
    (
        "severity: {map: [page]}",
        "f:1:17: `map` is a list: write a mapping from a source's words to severities, such as {page: critical}",
    ),
    (
        "severity: {map: {page: major, Page: minor}}",
        "f:1:31: `Page` and `page` are one word, for case does not count: keep one",
    ),
    ("severity: page", "f:1:11: `severity` is `page`: write a mapping with `from`, `map`"),
    (
        "priority: {matrix: [[P1, P2, P3], [P2, P3, P4]]}",
        "f:1:20: `matrix` is a list: write three rows (impact 1 to 3) of three priorities (urgency 1 to 3), P1 to P5",
    ),
    (
        "priority: {matrix: [[P1, P2, P3], [P2, P3, P4], [P3, P4, P6]]}",
        "f:1:58: `matrix` is `P6`: write one of P1, P2, P3, P4, P5",
    ),
    ("auto_declare: sometimes", "f:1:15: `auto_declare` is `sometimes`: write true or false"),
    ("flapping: never", "f:1:11: `flapping` is `never`: write off, or a mapping with `changes`, `within`, `steady`"),
    ("storm: 20", "f:1:8: `storm` is `20`: write off, or a mapping with `incidents`, `within`"),
    ("storm: {incidents: few}", "f:1:20: `incidents` is `few`: write a whole number, 2 or more"),
    // Numbers.
    ("max_alerts: 0", "f:1:13: `max_alerts` is `0`: write a whole number, 1 or more"),
    ("max_alerts: 1.5", "f:1:13: `max_alerts` is `1.5`: write a whole number, 1 or more"),
    ("flapping: {changes: 1}", "f:1:21: `changes` is `1`: write a whole number, 2 or more"),
    // Names and labels.
    (
        "name: my pipeline",
        "f:1:7: `name` is `my pipeline`: write a name of letters, digits, `-`, `_` and `.`, 100 at most",
    ),
    ("name: ''", "f:1:7: `name` is ``: write a word; between quotation marks if it is none by its looks"),
    ("domain: 'label:'", "f:1:9: `domain` is `label:`: write the label's name too, such as label:tenant"),
    ("identity: host", "f:1:11: `identity` is `host`: write all, or a list of labels such as [alertname, host]"),
    ("identity: []", "f:1:11: `identity` is a list: write all, or a list of labels such as [alertname, host]"),
    (
        "identity: [host, replica]",
        "f:1:11: `identity` names `replica`, and `drop` takes it out (as it does unless it says otherwise): take it out of one",
    ),
    ("drop: [host]\nidentity: [host]", "f:2:11: `identity` names `host`, and `drop` takes it out: take it out of one"),
    ("drop: replica", "f:1:7: `drop` is `replica`: write a list, such as [a, b]"),
    ("bind: [host]", "f:1:8: `bind` is `host`: write `ci`, or a label such as label:host"),
    // Matchers.
    (
        "effect: [{match: [Backup], effect: none}]",
        "f:1:19: `Backup` is not a matcher: write name=\"value\", name!=\"value\", name=~\"pattern\" or name!~\"pattern\"",
    ),
    (
        "effect: [{match: ['a=~\"(\"'], effect: none}]",
        "f:1:19: `(` is not a regular expression: error: unclosed group; mend it (RE2 syntax, the whole value has to match)",
    ),
    ("effect: [{match: 'a=b', effect: none}]", "f:1:18: `match` is `a=b`: write a list, such as [a, b]"),
    (
        "effect: [{match: [5], effect: none}]",
        "f:1:19: `match` is `5`: write matchers as text, such as 'alertname=\"DiskFull\"'",
    ),
    ("effect: [{match: [a=b], effect: dwon}]", "f:1:33: `effect` is `dwon`: did you mean `down`?"),
    ("effect: [{effect: none}]", "f:1:10: `match` is missing: add it"),
    ("rules: [{match: [a=b]}]", "f:1:9: `name` is missing: add it"),
    (
        "rules: [{name: r, match: [a=b], anchor: middle}]",
        "f:1:41: `anchor` is `middle`: write one of first, last, start",
    ),
    ("inhibit: [{source: [a=b]}]", "f:1:11: `target` is missing: add it"),
    (
        "inhibit: [{source: [], target: [a=b]}]",
        "f:1:20: `source` is a list: write at least one matcher, for none would match everything",
    ),
    // What is not built.
    (
        "transform: '.severity = \"info\"'",
        "f:1:12: `transform` holds a program, and VRL is not built into this version: take it out; `severity`, `effect`, `identity`, `bind` and `rules` can say much of what programs are written for",
    ),
    // What contradicts itself.
    (
        "rules: [{name: r, match: [a=x, a=y]}]",
        "f:1:26: rule `r` can never match: `a=\"x\"` and `a=\"y\"` cannot all hold; mend it, or take it out",
    ),
    (
        "rules: [{name: r, match: ['a=~\"x^y\"']}]",
        "f:1:26: rule `r` can never match: `a=~\"x^y\"` holds for no value; mend it, or take it out",
    ),
    (
        "effect: [{match: [a=x, a!=x], effect: none}]",
        "f:1:18: this effect can never match: `a=\"x\"` and `a!=\"x\"` cannot all hold; mend it, or take it out",
    ),
    (
        "inhibit: [{source: [a=x, a=y], target: [b=c]}]",
        "f:1:20: the source can never match: `a=\"x\"` and `a=\"y\"` cannot all hold; mend it, or take it out",
    ),
    (
        "rules:\n- {name: wide, match: ['host=~\"db-.*\"']}\n- {name: narrow, match: ['host=\"db-7\"'], group_by: [x]}",
        "f:3:3: rule `narrow` is never reached: `wide` (line 2) takes all it matches; put it first, or narrow that one",
    ),
    (
        "rules:\n- {name: one, match: [a=b]}\n- {name: two, match: [a=b]}",
        "f:3:3: rule `two` is never reached: `one` (line 2) takes all it matches; put it first, or narrow that one",
    ),
    (
        "rules:\n- {name: r, match: [a=b]}\n- {name: r, match: [a=c]}",
        "f:3:3: a rule `r` stands in line 2 already: give this one another name",
    ),
    (
        "rules: [{name: r}]",
        "f:1:9: rule `r` has neither `match` nor `group_by` and would make one incident of everything: add one",
    ),
    (
        "effect:\n- {match: [], effect: none}\n- {match: [a=b], effect: down}",
        "f:3:3: this effect is never reached: the one in line 2 takes all it matches; put it first, or narrow that one",
    ),
    (
        "inhibit: [{source: [a=b, c=d], target: [c=d, a=b]}]",
        "f:1:11: `source` and `target` are the same, so that each would explain the other: let them differ",
    ),
    (
        "rules: [{name: r, match: [rack=], group_by: [host, rack]}]",
        "f:1:9: rule `r` can never match: `rack=\"\"` leaves `rack` without a value, and a rule passes over alerts that lack a label of its `group_by`; mend it, or take it out",
    ),
    (
        "rules: [{name: r, match: ['a=~\"x.*\"', 'a!~\"x.*\"']}]",
        "f:1:26: rule `r` can never match: `a=~\"x.*\"` and `a!~\"x.*\"` cannot all hold; mend it, or take it out",
    ),
    (
        "inhibit: [{source: [site=a, x=y], target: [site=b], equal: [site]}]",
        "f:1:11: this inhibition can never hold: source and target agree on `site`, and `site=\"a\"` and `site=\"b\"` cannot all hold; mend it, or take it out",
    ),
    (
        "name: default\nmatch: {source: x}",
        "f:2:8: `default` is for what no other pipeline matches: take its `match` out, or give it another name",
    ),
    (
        "name: own\nmatch: {source: watchfire}",
        "f:2:8: the shipped `watchfire` has the same `match`: narrow one of the two, or make them one pipeline",
    ),
];

#[test]
fn each_fault_is_said_with_its_place_and_what_to_do() {
    let wrong: Vec<_> = REFUSED
        .iter()
        .map(|(text, said)| (text, said, refused(text)))
        .filter(|(_, said, is)| *is != [**said])
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn all_faults_of_all_files_are_said_at_once() {
    let errors = PipelineSet::parse(&[
        ("a.yaml", "name: a\norder: up\nquiet_period: 5"),
        ("b.yaml", "b: 1"),
        ("c.yaml", "a: ]"),
    ])
    .unwrap_err();
    let places: Vec<String> = errors.iter().map(|error| error.at.to_string()).collect();
    assert_eq!(places, ["a.yaml:2:8", "a.yaml:3:15", "b.yaml:1:1", "c.yaml:1:4"]);
}

#[test]
fn files_that_contradict_each_other_are_refused() {
    let said = |files: &[(&str, &str)]| {
        PipelineSet::parse(files).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&[("a", "name: x\nmatch: {source: s}"), ("b", "match: {source: t}\nname: x")]),
        ["b:2:7: a pipeline `x` stands in a already: give this one another name"]
    );
    assert_eq!(
        said(&[("a", "name: x\nmatch: {source: s}"), ("b", "name: y\nmatch: {source: s}")]),
        ["b:2:8: `x` in a has the same `match`: narrow one of the two, or make them one pipeline"]
    );
    assert_eq!(
        said(&[("a", "name: x\nmatch: {source: '*a'}"), ("b", "name: y\nmatch: {source: '**a'}")]),
        ["b:2:8: `x` in a has the same `match`: narrow one of the two, or make them one pipeline"]
    );
    assert_eq!(
        said(&[("a", "name: x"), ("b", "")]),
        ["b:1:1: `x` in a has the same `match`: narrow one of the two, or make them one pipeline"]
    );
}

#[test]
fn what_only_looks_contradictory_is_allowed() {
    for text in [
        // A rule passes over alerts without its labels, so the wider one leaves something.
        "rules: [{name: a, match: ['x=~\"y.*\"'], group_by: [rack]}, {name: b, match: [x=y1], group_by: [host]}]",
        "rules: [{name: a, match: [x=y], group_by: [rack]}, {name: b, match: [x=y]}]",
        "rules: [{name: narrow, match: [x=y1]}, {name: wide, match: ['x=~\"y.*\"']}]",
        "inhibit: [{source: [severity=critical], target: [severity=warning]}, {source: [a=b], target: [a=b, c=d]}]",
        "identity: [replica]\ndrop: []",
        "close_after: 1m",
        "quiet_period: 1h\nclose_after: 1h",
        "name: watchfire\nmatch: {source: watchfire}",
    ] {
        parsed(text);
    }
}

/// Files that are used, and what is remarked on them.
const REMARKED: &[(&str, &str)] = &[
    (
        "open_at: major\nrestore_at: minor",
        "f:2:13: `restore_at` has no effect here: `minor` is milder than `open_at` (`major`), below which nothing counts; change that, or leave it out",
    ),
    (
        "close_after: 1h\nreopen_window: 2h",
        "f:2:16: `reopen_window` has no effect here: an incident is closed after 1h (`close_after`), and what is closed is not reopened; change that, or leave it out",
    ),
    (
        "stale_limit: 2h",
        "f:1:14: `stale_limit` has no effect here: with `expiry: clock` nobody waits for a source that is silent; change that, or leave it out",
    ),
    (
        "clears: never\nrecheck_after: 1h",
        "f:2:16: `recheck_after` has no effect here: of a source with `clears: never` a person's word is never doubted; change that, or leave it out",
    ),
    (
        "resolve_timeout: 1m\nquiet_period: 1m\ngroup_wait: 5m",
        "f:3:13: what is not repeated is over after 2m (`resolve_timeout` and `quiet_period`), before `group_wait` (5m) has passed: shorten `group_wait`, or nobody may be told",
    ),
    (
        "quiet_period: 1m\ngroup_wait: 5m",
        "f:2:13: what is cleared at once is over after 1m (`quiet_period`), before `group_wait` (5m) has passed: shorten `group_wait`, or nobody may be told",
    ),
    (
        "priority: {matrix: [[P1, P2, P3], [P2, P3, P4], [P3, P1, P5]]}",
        "f:1:20: `matrix` makes what is graver P3 and what is milder P1: rows are impact 1 (the gravest) to 3, their entries urgency 1 to 3, so none is more urgent than the one before it or above it, unless that is meant",
    ),
    (
        "inhibit: [{source: [a=b], target: [a=b, c=d]}]",
        "f:1:11: what matches the one of `source` and `target` matches the other too, so that such alerts explain each other, and whichever comes first holds the rest: add a matcher that tells them apart if that is not meant",
    ),
];

#[test]
fn what_is_merely_suspicious_is_used_and_remarked_on() {
    for (text, said) in REMARKED {
        let notices: Vec<String> = parsed(text).1.iter().map(ToString::to_string).collect();
        assert_eq!(notices, [*said], "{text}");
    }
    for text in [
        "expiry: source\nstale_limit: 2h",
        "restore_at: warning",
        "close_after: 2h\nreopen_window: 2h",
        "resolve_timeout: 1m\ngroup_wait: 5m",
        "inhibit: [{source: [severity=critical], target: [severity=warning], equal: [host]}]",
    ] {
        assert_eq!(parsed(text).1, [], "{text}");
    }
}

#[test]
fn pipelines_that_name_a_source_equally_closely_are_remarked_on() {
    let said = |files: &[(&str, &str)]| {
        let (set, notices) = PipelineSet::parse(files).unwrap();
        let wins = set.decoder(wire::Format::Native, &"zabbix-eu".into()).name.to_string();
        (wins, notices.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let [starts, ends] = ["name: starts\nmatch: {source: 'zab*'}", "name: ends\nmatch: {source: '*-eu'}"];
    let remark = "`ends` names sources such as `zab-eu` just as closely, and goes first because its pattern, or its \
                  name, comes first: narrow one of the two if the other is meant";
    for files in [[("a", starts), ("b", ends)], [("b", ends), ("a", starts)]] {
        assert_eq!(said(&files), ("ends".to_owned(), vec![format!("a:2:8: {remark}")]));
    }
    let closer = "name: closer\nmatch: {source: 'zabb*'}";
    assert_eq!(said(&[("a", closer), ("b", ends)]).1, [""; 0], "more letters are closer");
    let elsewhere = "name: elsewhere\nmatch: {source: 'pro*'}";
    assert_eq!(said(&[("a", starts), ("b", elsewhere)]).1, [""; 0], "no source is both");
}

#[test]
fn a_rule_is_shadowed_where_it_asks_for_all_that_the_wider_one_needs() {
    let wide = "rules: [{name: wide, group_by: [rack]}, ";
    for later in ["{name: b, match: [rack=r1]}]", "{name: b, match: [x=y], group_by: [host, rack]}]"] {
        assert_eq!(refused(&format!("{wide}{later}")).len(), 1, "{later}");
    }
    parsed(&format!("{wide}{{name: b, match: ['rack!=r1'], group_by: [host]}}]"));
}

#[test]
fn a_label_that_contradicts_itself_is_one_fault_also_where_it_groups() {
    for matchers in ["[a=b, a=c]", "['a=\"\"', a=c]"] {
        let said = refused(&format!("rules: [{{name: x, match: {matchers}, group_by: [a]}}]"));
        assert_eq!(said.len(), 1, "{said:?}");
    }
}

#[test]
fn a_rule_that_is_wrong_is_held_against_no_other() {
    let said = refused("rules: [{name: a, match: ['x=~\"(\"']}, {name: b, match: [x=y]}]");
    assert_eq!(said.len(), 1, "{said:?}");
}

/// Every character of a file, one after the other, becomes another.
#[test]
fn a_slip_anywhere_is_read_or_refused_in_its_place() {
    let text: Vec<char> = rules::shipped::PIPELINES[1].text.chars().collect();
    let lines = text.iter().filter(|c| **c == '\n').count() as u64;
    for (at, slip) in (0..text.len()).zip("]:\n\"{*&x-#".chars().cycle()) {
        let mut slipped = text.clone();
        slipped[at] = slip;
        let Err(errors) = PipelineSet::parse(&[("f", slipped.iter().collect::<String>())]) else { continue };
        for error in errors {
            assert!(!error.what.is_empty() && (1..=lines + 2).contains(&error.at.line), "{error}");
        }
    }
}

#[test]
fn hostile_files_are_refused_and_nothing_panics() {
    let deep = format!("rules: {}", "[".repeat(5000));
    let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
                  d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n\
                  g: [*f,*f,*f,*f,*f,*f,*f,*f]\n";
    let pattern = "effect: [{match: ['a=~\"(x{1000}){1000}\"'], effect: none}]";
    for text in [&deep, laughs, pattern, "\u{0}", "%YAML 9\n", "a: \"\\q\"", "? [a]\n: b", "!!binary x", "a: *b"] {
        assert!(PipelineSet::parse(&[("f", text)]).is_err(), "{text:.60}");
    }
}
