//! Everything in a file that has matchers: effects, rules, inhibitions; and what is contradictory among them.

use engine::{Anchor, Inhibit, Rule};
use model::{Effect, Matcher, Severity, Span};

use crate::error::Notice;
use crate::matching::{covers, require, same, why_empty, why_never, why_never_alike};
use crate::reader::{Field, Placed, Reader};

pub(crate) const EFFECT_KEYS: [&str; 2] = ["match", "effect"];
pub(crate) const RULE_KEYS: [&str; 6] = ["name", "match", "group_by", "window", "anchor", "exclusive"];
pub(crate) const INHIBIT_KEYS: [&str; 3] = ["source", "target", "equal"];

pub(super) const SEVERITIES: [(&str, Severity); 5] = [
    ("critical", Severity::Critical),
    ("major", Severity::Major),
    ("minor", Severity::Minor),
    ("warning", Severity::Warning),
    ("info", Severity::Info),
];
const EFFECTS: [(&str, Effect); 3] = [("down", Effect::Down), ("degraded", Effect::Degraded), ("none", Effect::None)];
const ANCHORS: [(&str, Anchor); 3] = [("first", Anchor::First), ("last", Anchor::Last), ("start", Anchor::Start)];
const WINDOW: Span = Span::from_minutes(5);

type EffectRule = (Vec<Matcher>, Effect);

impl Reader<'_> {
    pub(super) fn effects(&mut self, field: Field<'_>) -> Option<Vec<EffectRule>> {
        let mut read: Vec<Placed<EffectRule>> = Vec::new();
        for element in self.list(field)? {
            let Some(effect) = self.effect(element) else { continue };
            let at = element.node.at;
            if let Some(first) = read.iter().find(|earlier| covers(&earlier.value.0, &effect.0)) {
                self.error(at, never_reached("this effect", &format!("the one in line {}", first.at.line)));
            }
            read.push(Placed { at, value: effect });
        }
        Some(read.into_iter().map(|placed| placed.value).collect())
    }

    fn effect(&mut self, field: Field<'_>) -> Option<EffectRule> {
        let fields = self.fields(field, &EFFECT_KEYS)?;
        let matchers = self.need(&fields, "match", |reader, field| reader.possible(field, "this effect"));
        let effect = self.need(&fields, "effect", |reader, field| reader.word(field, &EFFECTS));
        matchers.zip(effect)
    }

    pub(super) fn rules(&mut self, field: Field<'_>) -> Option<Vec<Rule>> {
        let mut read: Vec<Placed<Rule>> = Vec::new();
        for element in self.list(field)? {
            let Some(rule) = self.rule(element) else { continue };
            let at = element.node.at;
            if let Some(first) = read.iter().find(|earlier| earlier.value.name == rule.name) {
                let (name, line) = (&rule.name, first.at.line);
                self.error(at, format!("a rule `{name}` stands in line {line} already: give this one another name"));
            }
            if let Some(first) = read.iter().find(|earlier| shadows(&earlier.value, &rule)) {
                let earlier = format!("`{}` (line {})", first.value.name, first.at.line);
                self.error(at, never_reached(&format!("rule `{}`", rule.name), &earlier));
            }
            read.push(Placed { at, value: rule });
        }
        Some(read.into_iter().map(|placed| placed.value).collect())
    }

    /// `None` where anything in it is wrong: it cannot be held against the others then.
    fn rule(&mut self, field: Field<'_>) -> Option<Rule> {
        let errors_before = self.errors.len();
        let fields = self.fields(field, &RULE_KEYS)?;
        let name: Option<Box<str>> = self.need(&fields, "name", |reader, field| reader.text(field).map(Box::from));
        let mut rule = Rule {
            name: name?,
            matchers: Vec::new(),
            group_by: Vec::new(),
            window: WINDOW,
            anchor: Anchor::First,
            exclusive: false,
        };
        let called = format!("rule `{}`", rule.name);
        self.take(&fields, "match", &mut rule.matchers, |reader, field| reader.possible(field, &called));
        self.take(&fields, "group_by", &mut rule.group_by, Reader::texts);
        self.take(&fields, "window", &mut rule.window, Reader::positive_span);
        self.take(&fields, "anchor", &mut rule.anchor, |reader, field| reader.word(field, &ANCHORS));
        self.take(&fields, "exclusive", &mut rule.exclusive, Reader::truth);
        let says_nothing = rule.matchers.is_empty() && rule.group_by.is_empty();
        if says_nothing && self.errors.len() == errors_before {
            let what = format!(
                "{called} has neither `match` nor `group_by` and would make one incident of everything: add one"
            );
            self.error(field.node.at, what);
        }
        // What contradicts itself is told already.
        let sound = why_never(&rule.matchers).is_none();
        if let Some(why) = why_empty(&rule.matchers, &rule.group_by).filter(|_| sound) {
            let what = format!(
                "{called} can never match: {why}, and a rule passes over alerts that lack a label of its `group_by`; \
                 mend it, or take it out"
            );
            self.error(field.node.at, what);
        }
        (self.errors.len() == errors_before).then_some(rule)
    }

    pub(super) fn inhibit(&mut self, field: Field<'_>) -> Option<Vec<Inhibit>> {
        self.each(field, |reader, element| {
            let fields = reader.fields(element, &INHIBIT_KEYS)?;
            let source = reader.need(&fields, "source", |reader, field| reader.some_possible(field, "the source"));
            let target = reader.need(&fields, "target", |reader, field| reader.some_possible(field, "the target"));
            let mut equal = Vec::new();
            reader.take(&fields, "equal", &mut equal, Reader::texts);
            let (source, target) = source.zip(target)?;
            if !source.is_empty() && same(&source, &target) {
                reader.error(
                    element.node.at,
                    "`source` and `target` are the same, so that each would explain the other: let them differ",
                );
            }
            let sound = why_never(&source).is_none() && why_never(&target).is_none();
            if let Some(why) = why_never_alike(&source, &target, &equal).filter(|_| sound) {
                let what = format!(
                    "this inhibition can never hold: source and target agree on `{}`, and {why}; mend it, or take it out",
                    equal.join("`, `")
                );
                reader.error(element.node.at, what);
            } else if sound && (covers(&source, &target) || covers(&target, &source)) {
                reader.notices.push(Notice::InhibitsItself { at: element.node.at.in_file(reader.file) });
            }
            Some(Inhibit { source, target, equal })
        })
    }

    /// Matchers that some alert can satisfy.
    fn possible(&mut self, field: Field<'_>, called: &str) -> Option<Vec<Matcher>> {
        let matchers = self.matchers(field)?;
        if let Some(why) = why_never(&matchers) {
            self.error(field.node.at, format!("{called} can never match: {why}; mend it, or take it out"));
        }
        Some(matchers)
    }

    /// The same, and not all alerts there are.
    fn some_possible(&mut self, field: Field<'_>, called: &str) -> Option<Vec<Matcher>> {
        if is_empty_list(field) {
            return self.wrong(field, "at least one matcher, for none would match everything");
        }
        self.possible(field, called)
    }
}

fn is_empty_list(field: Field<'_>) -> bool {
    matches!(&field.node.value, crate::yaml::Value::List(nodes) if nodes.is_empty())
}

fn never_reached(what: &str, earlier: &str) -> String {
    format!("{what} is never reached: {earlier} takes all it matches; put it first, or narrow that one")
}

/// Whether whatever the later rule takes, the earlier one has taken. A rule passes over alerts that lack one of its
/// labels, so the later one has to ask for those as well.
fn shadows(earlier: &Rule, later: &Rule) -> bool {
    let mut needed = earlier.group_by.iter();
    covers(&earlier.matchers, &later.matchers)
        && needed.all(|label| later.group_by.contains(label) || require(&later.matchers, label))
}
