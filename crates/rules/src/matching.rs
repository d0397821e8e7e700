//! What lists of matchers say of each other: that one can never hold, that one holds wherever another does.
//!
//! Everything here is certain where it says yes, and may be silent where only a proof about regular expressions would
//! tell.

use model::Matcher;
use model::matcher::MatchOp;

use crate::pattern::{begin_otherwise, matches_nothing};

/// Why no alert can satisfy all of these.
pub(crate) fn why_never(matchers: &[Matcher]) -> Option<String> {
    alone(matchers).or_else(|| together(matchers)).or_else(|| opposites(matchers))
}

fn alone(matchers: &[Matcher]) -> Option<String> {
    let never = matchers.iter().find(|matcher| match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual => false,
        MatchOp::Pattern => matches_nothing(&matcher.value),
        MatchOp::NotPattern => matches!(&*matcher.value, ".*" | "(?s).*"),
    })?;
    Some(format!("`{never}` holds for no value"))
}

/// One allows only a few values of its label, and the others leave none of them.
fn together(matchers: &[Matcher]) -> Option<String> {
    matchers.iter().find_map(|matcher| {
        let values = values(matcher)?;
        let others: Vec<&Matcher> =
            matchers.iter().filter(|other| other.name == matcher.name && *other != matcher).collect();
        let leaves_some = values.iter().any(|value| others.iter().all(|other| other.matches_value(value)));
        let blamed = others.iter().find(|other| !values.iter().any(|value| other.matches_value(value)));
        let blamed = blamed.map_or(others.as_slice(), std::slice::from_ref);
        let blamed: Vec<String> = blamed.iter().map(|other| format!("`{other}`")).collect();
        (!leaves_some).then(|| format!("`{matcher}` and {} cannot all hold", blamed.join(" and ")))
    })
}

/// One pattern says what another denies, or their values begin otherwise.
fn opposites(matchers: &[Matcher]) -> Option<String> {
    let denied = |pattern: &Matcher, other: &Matcher| {
        let same_label = other.name == pattern.name;
        match other.op {
            MatchOp::NotPattern => same_label && other.value == pattern.value,
            MatchOp::Pattern => same_label && begin_otherwise(&pattern.value, &other.value),
            MatchOp::Equal | MatchOp::NotEqual => false,
        }
    };
    let patterns = matchers.iter().filter(|matcher| matcher.op == MatchOp::Pattern);
    let mut pairs = patterns.flat_map(|pattern| matchers.iter().map(move |other| (pattern, other)));
    let (pattern, other) = pairs.find(|(pattern, other)| denied(pattern, other))?;
    Some(format!("`{pattern}` and `{other}` cannot all hold"))
}

/// Why none of these labels can have a value, or which one cannot, where all of these hold. An absent label is empty.
pub(crate) fn why_empty(matchers: &[Matcher], labels: &[Box<str>]) -> Option<String> {
    labels.iter().find_map(|label| {
        let of_label: Vec<Matcher> = matchers.iter().filter(|matcher| matcher.name == *label).cloned().collect();
        let some = Matcher::new(label, MatchOp::NotEqual, "").ok()?;
        let with: Vec<Matcher> = of_label.iter().cloned().chain([some]).collect();
        let said: Vec<String> = of_label.iter().map(|matcher| format!("`{matcher}`")).collect();
        why_never(&with).map(|_| format!("{} leaves `{label}` without a value", said.join(" with ")))
    })
}

/// Why no two alerts that agree on these labels satisfy one list each.
pub(crate) fn why_never_alike(one: &[Matcher], other: &[Matcher], equal: &[Box<str>]) -> Option<String> {
    let both = one.iter().chain(other).filter(|matcher| equal.contains(&matcher.name));
    why_never(&both.cloned().collect::<Vec<Matcher>>())
}

/// Whether whatever satisfies `narrow` satisfies `wide` too.
pub(crate) fn covers(wide: &[Matcher], narrow: &[Matcher]) -> bool {
    wide.iter().all(|matcher| implied(matcher, narrow))
}

fn implied(matcher: &Matcher, by: &[Matcher]) -> bool {
    let says_some = matcher.op == MatchOp::NotEqual && matcher.value.is_empty();
    by.contains(matcher)
        || says_some && require(by, &matcher.name)
        || by
            .iter()
            .filter(|other| other.name == matcher.name)
            .any(|other| values(other).is_some_and(|values| values.iter().all(|value| matcher.matches_value(value))))
}

/// Whether these hold only where the label has a value.
pub(crate) fn require(matchers: &[Matcher], label: &str) -> bool {
    matchers.iter().any(|matcher| *matcher.name == *label && !matcher.matches_empty())
}

/// Whether two lists are the same but for their order.
pub(crate) fn same(one: &[Matcher], other: &[Matcher]) -> bool {
    one.iter().all(|matcher| other.contains(matcher)) && other.iter().all(|matcher| one.contains(matcher))
}

/// The only values that a matcher allows, where they are few and plain to see.
fn values(matcher: &Matcher) -> Option<Vec<&str>> {
    let plain = |value: &str| !value.contains(['\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$']);
    match matcher.op {
        MatchOp::Equal => Some(vec![&matcher.value]),
        MatchOp::Pattern if plain(&matcher.value) => Some(matcher.value.split('|').collect()),
        MatchOp::Pattern | MatchOp::NotEqual | MatchOp::NotPattern => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Vec<Matcher> {
        texts.iter().map(|text| Matcher::parse(text).unwrap()).collect()
    }

    #[test]
    fn what_can_never_hold_is_seen_with_its_reason() {
        for (matchers, why) in [
            (&["a=x", "b=y", "a=z"] as &[&str], r#"`a="x"` and `a="z"` cannot all hold"#),
            (&["a=x", "a!=x"], r#"`a="x"` and `a!="x"` cannot all hold"#),
            (&["a=~x|y", "a=~y.+"], r#"`a=~"x|y"` and `a=~"y.+"` cannot all hold"#),
            (&["a=~x|y", "a!=x", "a!=y"], r#"`a=~"x|y"` and `a!="x"` and `a!="y"` cannot all hold"#),
            (&["a=", "a=~.+"], r#"`a=""` and `a=~".+"` cannot all hold"#),
            (&["a=~b^c"], r#"`a=~"b^c"` holds for no value"#),
            (&["a!~.*"], r#"`a!~".*"` holds for no value"#),
            (&["a=~x.*", "a!~x.*"], r#"`a=~"x.*"` and `a!~"x.*"` cannot all hold"#),
            (&["a=~web-.*", "a=~(db|app)-.+"], r#"`a=~"web-.*"` and `a=~"(db|app)-.+"` cannot all hold"#),
            (&["a=", "a!="], r#"`a=""` and `a!=""` cannot all hold"#),
        ] {
            assert_eq!(why_never(&read(matchers)).as_deref(), Some(why), "{matchers:?}");
        }
    }

    #[test]
    fn what_can_hold_is_left_alone() {
        for matchers in [
            &[] as &[&str],
            &["a=x", "b=z"],
            &["a=x", "a=x"],
            &["a=~x.*", "a=~.*y"],
            &["a=~x.*", "a=~xy.*"],
            &["a=~x.*", "a=~(y.*)?"],
            &["a=~x.*", "b=~y.*"],
            &["a=~x|y", "a!=x"],
            &["a=~.*"],
            &["a!~x.*", "a!=y"],
        ] {
            assert_eq!(why_never(&read(matchers)), None, "{matchers:?}");
        }
    }

    #[test]
    fn wider_matchers_cover_narrower_ones_and_not_the_other_way() {
        for (wide, narrow, covered) in [
            (&[] as &[&str], &["a=x"] as &[&str], true),
            (&["a=x"], &["a=x", "b=y"], true),
            (&["a=~x.*"], &["a=x1", "b=y"], true),
            (&["a=~.+"], &["a=~x|y"], true),
            (&["a!=z"], &["a=x"], true),
            (&["a!="], &["a=~x.*"], true),
            (&["a!="], &["a=~x.*|"], false),
            (&["a=~x.*"], &["a=~x.*"], true),
            (&["a=x"], &[], false),
            (&["a=x", "b=y"], &["a=x"], false),
            (&["a=~x.*"], &["a=~x1.*"], false),
            (&["a=x"], &["a=~x|y"], false),
        ] {
            assert_eq!(covers(&read(wide), &read(narrow)), covered, "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn a_matcher_requires_its_label_unless_it_holds_without() {
        assert!(require(&read(&["a=x"]), "a") && require(&read(&["a!="]), "a"));
        assert!(!require(&read(&["a!=x"]), "a") && !require(&read(&["a=~x|"]), "a") && !require(&read(&["a=x"]), "b"));
    }
}
