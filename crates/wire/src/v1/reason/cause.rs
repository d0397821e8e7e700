//! What speaks for an item as the cause and what against it, and why a change is a suspect: in sentences that a person
//! reads.

use model::Span;
use model::fact::ChangeStood;
use model::incident::SuspectChange;
use model::reason::{CauseEvidence, Group, SymptomKind};
use model::text::{counted, length};

/// Whether a piece of evidence speaks for its item as the cause.
pub(in crate::v1) fn speaks_for(evidence: &CauseEvidence) -> bool {
    match evidence {
        // Of several that alert it explains only itself.
        CauseEvidence::Explains { items, of, itself } => !*itself || *items > 1 || *of == 1,
        CauseEvidence::FiredAfterFirst { .. }
        | CauseEvidence::Kind { .. }
        | CauseEvidence::ManyAlerts { .. }
        | CauseEvidence::Change { .. }
        | CauseEvidence::Near { .. }
        | CauseEvidence::Elsewhere
        | CauseEvidence::Confirmed { .. } => true,
        CauseEvidence::Silent
        | CauseEvidence::QuietDependents { .. }
        | CauseEvidence::DependsOnAlerting { .. }
        | CauseEvidence::Unexplained { .. }
        | CauseEvidence::OnlyOneSource { .. }
        | CauseEvidence::Rejected { .. } => false,
    }
}

/// What a piece of evidence says, in words.
pub fn cause_text(evidence: &CauseEvidence) -> String {
    match evidence {
        CauseEvidence::Explains { items, of, itself: true } => {
            explains(items.saturating_sub(1), of.saturating_sub(1), "other alerting item")
        }
        CauseEvidence::Explains { items, of, itself: false } => explains(*items, *of, "alerting item"),
        CauseEvidence::FiredAfterFirst { after: Span::ZERO } => "it fired first".to_owned(),
        CauseEvidence::FiredAfterFirst { after } => format!("it fired {} after the first alert", length(*after)),
        CauseEvidence::Silent => "it does not alert itself, but items that depend on it do".to_owned(),
        CauseEvidence::Elsewhere => "it alerts too, in another incident".to_owned(),
        CauseEvidence::Kind { kind, alertname } => format!("{alertname} tells of {}", symptom(*kind)),
        CauseEvidence::ManyAlerts { names } => format!("{names} different alerts fire on it"),
        CauseEvidence::Change { reference, before, stood } => changed(reference, "it", *stood, *before),
        CauseEvidence::Near { ci, group: Some(group), .. } => {
            format!("{ci}, which alerts, needs {}, of which it is one", some_of(*group))
        }
        CauseEvidence::Near { ci, distance: 1, .. } => format!("{ci}, which alerts, depends on it directly"),
        CauseEvidence::Near { ci, distance, .. } => format!("{ci}, which alerts, depends on it {distance} steps away"),
        CauseEvidence::QuietDependents { quiet, elsewhere, watched } => quiet_dependents(*quiet, *elsewhere, *watched),
        CauseEvidence::DependsOnAlerting { ci, group: Some(group) } => {
            format!("it needs {}, of which {ci} alerts too", some_of(*group))
        }
        CauseEvidence::DependsOnAlerting { ci, .. } => format!("it depends on {ci}, which alerts too"),
        CauseEvidence::Unexplained { items: 1, .. } => "it would leave an alerting item without explanation".to_owned(),
        CauseEvidence::Unexplained { items, .. } => {
            format!("it would leave {items} alerting items without explanation")
        }
        CauseEvidence::OnlyOneSource { source } => format!("only {source} tells of it, other sources see nothing"),
        CauseEvidence::Confirmed { by } => format!("{by} confirmed it"),
        CauseEvidence::Rejected { by } => format!("{by} rejected it"),
    }
}

fn explains(items: u32, of: u32, noun: &str) -> String {
    match (items, of) {
        (_, 0) => "nothing else alerts".to_owned(),
        (0, 1) => format!("the {noun} does not depend on it"),
        (0, of) => format!("none of the {} depends on it", plural(of, noun)),
        (items, of) => format!("{} {} on it", share(items, of, noun), third(items, "depends", "depend")),
    }
}

/// What fires in another incident is not quiet.
fn quiet_dependents(quiet: u32, elsewhere: u32, watched: u32) -> String {
    let fires = match elsewhere {
        1 => "fires in another incident".to_owned(),
        _ => "fire in other incidents".to_owned(),
    };
    let dependents = |count| match (count, watched) {
        (_, 1) => "the one watched item that depends on it".to_owned(),
        (count, watched) => format!("{} that depend on it", share(count, watched, "watched item")),
    };
    match (quiet, elsewhere) {
        (0, elsewhere) => format!("{} {fires}", dependents(elsewhere)),
        (quiet, 0) => format!("{} {} quiet", dependents(quiet), third(quiet, "is", "are")),
        (quiet, elsewhere) => {
            format!("{} {} quiet, and {elsewhere} {fires}", dependents(quiet), third(quiet, "is", "are"))
        }
    }
}

/// `2 of 3 redundant items`.
pub(super) fn some_of(Group { k, n }: Group) -> String {
    format!("{k} of {}", plural(n, "redundant item"))
}

/// `the alerting item`, `both alerting items`, `all 3 alerting items`, `2 of 3 alerting items`.
fn share(items: u32, of: u32, noun: &str) -> String {
    match (items, of) {
        (1, 1) => format!("the {noun}"),
        (2, 2) => format!("both {noun}s"),
        (items, of) if items == of => format!("all {}", plural(of, noun)),
        (items, of) => format!("{items} of {}", plural(of, noun)),
    }
}

fn plural(count: u32, noun: &str) -> String {
    counted(count as usize, noun)
}

fn third<'a>(count: u32, one: &'a str, several: &'a str) -> &'a str {
    if count == 1 { one } else { several }
}

/// Why a change is a suspect, in words.
pub(in crate::v1) fn change_text(change: &SuspectChange) -> String {
    let SuspectChange { ci, explains, of, .. } = change;
    let changed = changed("it", ci.as_str(), change.stood, change.before);
    let explained = match (*explains, *of) {
        (_, 0) => return changed,
        (1, 1) => "what alerts".to_owned(),
        (explains, of) => share(explains, of, "alerting item"),
    };
    format!("{changed}, and {ci} explains {explained}")
}

fn changed(by: &str, what: &str, stood: ChangeStood, before: Span) -> String {
    match stood {
        ChangeStood::Over => format!("{by} changed {what} {} before", length(before)),
        ChangeStood::UnderWay => format!("{by} was changing {what} when this began"),
        ChangeStood::Planned => format!("{by} was planned to change {what} {} before", length(before)),
    }
}

fn symptom(kind: SymptomKind) -> &'static str {
    match kind {
        SymptomKind::Unreachable => "something unreachable",
        SymptomKind::Exhausted => "something full",
        SymptomKind::Saturation => "something busy",
        SymptomKind::Errors => "errors",
        SymptomKind::Latency => "slowness",
        SymptomKind::Other => "a fault of no known kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(items: u32, of: u32, itself: bool) -> (String, bool) {
        let evidence = CauseEvidence::Explains { items, of, itself };
        (cause_text(&evidence), speaks_for(&evidence))
    }

    #[test]
    fn a_cause_that_alerts_is_none_of_the_others_that_depend_on_it() {
        for (items, of, itself, told, speaks_for) in [
            (1, 1, true, "nothing else alerts", true),
            (1, 2, true, "the other alerting item does not depend on it", false),
            (1, 4, true, "none of the 3 other alerting items depends on it", false),
            (2, 2, true, "the other alerting item depends on it", true),
            (2, 4, true, "1 of 3 other alerting items depends on it", true),
            (3, 3, true, "both other alerting items depend on it", true),
            (3, 4, true, "2 of 3 other alerting items depend on it", true),
            (4, 4, true, "all 3 other alerting items depend on it", true),
            (1, 1, false, "the alerting item depends on it", true),
            (1, 3, false, "1 of 3 alerting items depends on it", true),
            (3, 3, false, "all 3 alerting items depend on it", true),
        ] {
            assert_eq!(explained(items, of, itself), (told.to_owned(), speaks_for), "{items} of {of}");
        }
    }

    #[test]
    fn what_fires_in_another_incident_is_not_told_as_quiet() {
        for (quiet, elsewhere, watched, told) in [
            (1, 0, 1, "the one watched item that depends on it is quiet"),
            (0, 1, 1, "the one watched item that depends on it fires in another incident"),
            (2, 0, 2, "both watched items that depend on it are quiet"),
            (3, 0, 3, "all 3 watched items that depend on it are quiet"),
            (1, 0, 4, "1 of 4 watched items that depend on it is quiet"),
            (2, 0, 4, "2 of 4 watched items that depend on it are quiet"),
            (2, 1, 4, "2 of 4 watched items that depend on it are quiet, and 1 fires in another incident"),
            (1, 2, 4, "1 of 4 watched items that depend on it is quiet, and 2 fire in other incidents"),
            (0, 1, 4, "1 of 4 watched items that depend on it fires in another incident"),
            (0, 3, 4, "3 of 4 watched items that depend on it fire in other incidents"),
        ] {
            assert_eq!(cause_text(&CauseEvidence::QuietDependents { quiet, elsewhere, watched }), told);
        }
    }

    #[test]
    fn a_member_of_a_group_is_told_as_one_of_several() {
        let group = Some(Group { k: 2, n: 3 });
        assert_eq!(
            cause_text(&CauseEvidence::DependsOnAlerting { ci: "node-1".into(), group }),
            "it needs 2 of 3 redundant items, of which node-1 alerts too"
        );
        assert_eq!(
            cause_text(&CauseEvidence::Near { ci: "shop".into(), distance: 1, group }),
            "shop, which alerts, needs 2 of 3 redundant items, of which it is one"
        );
    }

    #[test]
    fn what_it_does_not_explain_is_counted_without_riddles() {
        let left = |items| cause_text(&CauseEvidence::Unexplained { items, of: 3 });
        assert_eq!(left(1), "it would leave an alerting item without explanation");
        assert_eq!(left(2), "it would leave 2 alerting items without explanation");
    }

    #[test]
    fn a_change_is_told_by_how_it_stood_when_the_incident_began() {
        let told = |stood, before| cause_text(&CauseEvidence::Change { reference: "CHG1".into(), before, stood });
        assert_eq!(told(ChangeStood::Over, Span::MINUTE), "CHG1 changed it 1m before");
        assert_eq!(told(ChangeStood::UnderWay, Span::ZERO), "CHG1 was changing it when this began");
        assert_eq!(told(ChangeStood::Planned, Span::MINUTE), "CHG1 was planned to change it 1m before");
    }
}
