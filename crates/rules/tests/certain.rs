//! What is said of matchers is certain: held against every alert that a few labels and values can make.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::Matcher;
use proptest::prelude::*;
use proptest::sample::select;
use rules::PipelineSet;

const LABELS: [&str; 3] = ["a", "b", "c"];
const VALUES: [&str; 6] = ["", "x", "y", "xy", "yx", "X"];
const PATTERNS: [&str; 16] = [
    "x",
    "x|y",
    "x|",
    "x.*",
    "y.*",
    ".*y",
    ".+",
    ".*",
    "(?i)x",
    "(?i)x.*",
    "x^y",
    "[^x]",
    "x?",
    "(x|y)(x|y)",
    r"\bx",
    "xy|y.+",
];

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROVE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

type Alert = BTreeMap<&'static str, &'static str>;

/// Every one; a label without a value is one that is absent.
static ALERTS: LazyLock<Vec<Alert>> = LazyLock::new(|| {
    let each = |alerts: Vec<Alert>, label: &'static str| {
        let with =
            |alert: &Alert| VALUES.map(|value| alert.iter().map(|(n, v)| (*n, *v)).chain([(label, value)]).collect());
        alerts.iter().flat_map(with).collect()
    };
    LABELS.into_iter().fold(vec![Alert::new()], each)
});

fn value<'a>(alert: &'a Alert, label: &str) -> &'a str {
    alert.get(label).copied().unwrap_or_default()
}

fn holds(matchers: &[Matcher], alert: &Alert) -> bool {
    matchers.iter().all(|matcher| matcher.matches_value(value(alert, &matcher.name)))
}

fn matcher() -> impl Strategy<Value = String> {
    let plain = (select(&LABELS[..]), select(&["=", "!="][..]), select(&VALUES[..]));
    let pattern = (select(&LABELS[..]), select(&["=~", "!~"][..]), select(&PATTERNS[..]));
    prop_oneof![plain, pattern].prop_map(|(label, op, value)| format!("{label}{op}{value:?}"))
}

fn matchers(most: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(matcher(), 1..=most)
}

fn labels() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(LABELS.to_vec(), 0..=2)
}

fn read(texts: &[String]) -> Vec<Matcher> {
    texts.iter().map(|text| Matcher::parse(text).expect("the matchers of this test read")).collect()
}

/// As a list of YAML.
fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", quoted.join(", "))
}

fn said(text: &str) -> (Vec<String>, Vec<String>) {
    match PipelineSet::parse(&[("f", text)]) {
        Ok((_, notices)) => (Vec::new(), notices.iter().map(ToString::to_string).collect()),
        Err(errors) => (errors.iter().map(ToString::to_string).collect(), Vec::new()),
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_rule_that_is_called_impossible_or_shadowed_never_gets_an_alert(
        rules in proptest::collection::vec((matchers(3), labels()), 1..4),
    ) {
        let lines = rules.iter().enumerate().map(|(nth, (texts, group_by))| {
            format!("- {{name: r{nth}, match: {}, group_by: [{}]}}\n", list(texts), group_by.join(", "))
        });
        let (errors, _) = said(&format!("rules:\n{}", lines.collect::<String>()));
        // The first rule that matches, and of whose labels none is without a value.
        let rules: Vec<(Vec<Matcher>, Vec<&str>)> = rules.iter().map(|(texts, by)| (read(texts), by.clone())).collect();
        let takes = |(matchers, group_by): &(Vec<Matcher>, Vec<&str>), alert: &Alert| {
            holds(matchers, alert) && group_by.iter().all(|label| !value(alert, label).is_empty())
        };
        for (nth, rule) in rules.iter().enumerate() {
            let about = |what: &str| errors.iter().any(|error| error.contains(&format!("rule `r{nth}` {what}")));
            let mut matched = ALERTS.iter().filter(|alert| takes(rule, alert));
            if about("can never match") {
                prop_assert_eq!(matched.next(), None, "{:?} of {:?}", rule, errors);
            } else if about("is never reached") {
                let first = |alert: &&Alert| !rules[..nth].iter().any(|earlier| takes(earlier, alert));
                prop_assert_eq!(matched.find(first), None, "{:?} of {:?}", rules, errors);
            }
        }
    }

    #[test]
    fn an_inhibition_that_is_called_impossible_has_no_pair_and_one_that_explains_itself_tells_nothing_apart(
        source in matchers(2),
        target in matchers(2),
        equal in labels(),
    ) {
        let text = format!("inhibit: [{{source: {}, target: {}, equal: [{}]}}]", list(&source), list(&target), equal.join(", "));
        let (errors, notices) = said(&text);
        let matching = |texts: &[String]| -> Vec<&Alert> {
            let matchers = read(texts);
            ALERTS.iter().filter(|alert| holds(&matchers, alert)).collect()
        };
        let (sources, targets) = (matching(&source), matching(&target));
        if errors.iter().any(|error| error.contains("can never")) {
            let alike = |one: &Alert, other: &Alert| equal.iter().all(|label| value(one, label) == value(other, label));
            let pair = sources.iter().find(|one| targets.iter().any(|other| alike(one, other)));
            prop_assert_eq!(pair, None, "{} of {:?}", text, errors);
        }
        if notices.iter().any(|notice| notice.contains("explain each other")) {
            let within = |all: &[&Alert], others: &[&Alert]| all.iter().all(|alert| others.contains(alert));
            prop_assert!(within(&sources, &targets) || within(&targets, &sources), "{text}");
        }
    }

    #[test]
    fn an_effect_that_is_called_impossible_or_shadowed_is_never_used(
        effects in proptest::collection::vec(matchers(3), 1..4),
    ) {
        let lines = effects.iter().map(|texts| format!("- {{match: {}, effect: none}}\n", list(texts)));
        let (errors, _) = said(&format!("effect:\n{}", lines.collect::<String>()));
        let effects: Vec<Vec<Matcher>> = effects.iter().map(|texts| read(texts)).collect();
        for (nth, matchers) in effects.iter().enumerate() {
            let in_line = |error: &&String| error.starts_with(&format!("f:{}:", nth + 2));
            let Some(error) = errors.iter().find(in_line) else { continue };
            let earlier = &effects[..if error.contains("is never reached") { nth } else { 0 }];
            let first = |alert: &&Alert| !earlier.iter().any(|other| holds(other, alert));
            let used = ALERTS.iter().filter(|alert| holds(matchers, alert)).find(first);
            prop_assert_eq!(used, None, "{:?} of {:?}", effects, errors);
        }
    }
}
