//! Tweaks of a pipeline, one to a line: `quiet_period 5m`, `expiry source`, `inhibit source=a=x target=b=y equal=c`.
//! A line that begins with a name and a colon is about the pipeline of that name.

use std::collections::BTreeMap;

use engine::{Anchor, Clears, Expiry, Inhibit, Order, Pipeline, Policy, Rule, StormPolicy};
use model::{Matcher, Severity, Span};

pub(crate) fn policy(text: &str) -> Policy {
    let mut open_max = None;
    let mut pipelines = BTreeMap::from([("default", Pipeline::standard("default"))]);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, tweak) = line.split_once(": ").unwrap_or(("default", line));
        if let Some(max) = tweak.strip_prefix("alerts_open_max ") {
            open_max = Some(max.parse().expect("a number"));
            continue;
        }
        let pipeline = pipelines.entry(name).or_insert_with(|| Pipeline::standard(name));
        let (key, value) = tweak.split_once(' ').expect("a tweak is a name and a value");
        apply(pipeline, key, value);
    }
    let policy = Policy::new(pipelines.into_values());
    match open_max {
        Some(open_max) => policy.with_alerts_open_max(open_max),
        None => policy,
    }
}

fn apply(pipeline: &mut Pipeline, key: &str, value: &str) {
    let span = || Span::parse(value).unwrap_or_else(|| panic!("`{value}` is no duration"));
    let severity = || Severity::from_word(value).unwrap_or_else(|| panic!("`{value}` is no severity"));
    match (key, value) {
        ("order", "arrival") => pipeline.order = Order::Arrival,
        ("expiry", "source") => pipeline.expiry = Expiry::Source,
        ("clears", "never") => pipeline.clears = Clears::Never,
        ("flapping", "off") => pipeline.flapping = None,
        ("storm", "off") => pipeline.storm = None,
        ("storm", _) => pipeline.storm = Some(storm(value)),
        ("auto_declare", "yes") => pipeline.auto_declare = true,
        ("stale_limit", _) => pipeline.stale_limit = span(),
        ("resolve_timeout", _) => pipeline.resolve_timeout = Some(span()),
        ("open_at", _) => pipeline.open_at = severity(),
        ("restore_at", _) => pipeline.restore_at = severity(),
        ("group_wait", _) => pipeline.group_wait = span(),
        ("quiet_period", _) => pipeline.quiet_period = span(),
        ("reopen_window", _) => pipeline.reopen_window = span(),
        ("recheck_after", _) => pipeline.recheck_after = span(),
        ("close_after", _) => pipeline.close_after = span(),
        ("join_gap", _) => pipeline.join_window.gap = span(),
        ("join_cap", _) => pipeline.join_window.cap = span(),
        ("max_alerts", _) => pipeline.max_alerts = value.parse().expect("a number"),
        ("inhibit", _) => pipeline.inhibit.push(inhibit(value)),
        ("rule", _) => pipeline.rules.push(rule(value)),
        _ => panic!("`{key} {value}` is no tweak"),
    }
}

/// `3 in 5m`.
fn storm(value: &str) -> StormPolicy {
    let (incidents, within) = value.split_once(" in ").expect("so many in so long");
    StormPolicy { incidents: incidents.parse().expect("a number"), within: Span::parse(within).expect("a duration") }
}

fn inhibit(value: &str) -> Inhibit {
    let mut rule = Inhibit { source: Vec::new(), target: Vec::new(), equal: Vec::new() };
    for word in value.split_whitespace() {
        match word.split_once('=') {
            Some(("source", matcher)) => rule.source.push(matching(matcher)),
            Some(("target", matcher)) => rule.target.push(matching(matcher)),
            Some(("equal", label)) => rule.equal.push(label.into()),
            _ => panic!("`{word}` is no part of an inhibition"),
        }
    }
    rule
}

/// `NAME match=MATCHER… by=LABEL… window=5m anchor=first|last|start exclusive=true`.
fn rule(value: &str) -> Rule {
    let (name, parts) = value.split_once(' ').expect("a rule has a name and parts");
    let window = Span::from_minutes(5);
    let mut rule = Rule {
        name: name.into(),
        matchers: Vec::new(),
        group_by: Vec::new(),
        window,
        anchor: Anchor::First,
        exclusive: false,
    };
    for word in parts.split_whitespace() {
        match word.split_once('=') {
            Some(("match", matcher)) => rule.matchers.push(matching(matcher)),
            Some(("by", label)) => rule.group_by.push(label.into()),
            Some(("window", span)) => rule.window = Span::parse(span).expect("a window is a duration"),
            Some(("anchor", "last")) => rule.anchor = Anchor::Last,
            Some(("anchor", "start")) => rule.anchor = Anchor::Start,
            Some(("exclusive", "true")) => rule.exclusive = true,
            _ => panic!("`{word}` is no part of a rule"),
        }
    }
    rule
}

pub(crate) fn matching(text: &str) -> Matcher {
    Matcher::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
