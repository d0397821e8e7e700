//! An incident in words, for somebody who has just been woken: what is together and why, which item is the probable cause
//! and why, and what nearly belonged to it and why not. Every sentence says what the engine kept, with its figures.

use std::collections::{BTreeMap, BTreeSet};

use model::incident::{Cause, Confidence, Incident, SuspectChange, Verdict};
use model::reason::{CauseEvidence, Evidence, Joining, NearMiss};
use model::text::{counted, has_name, instant, length};
use model::{CiId, SourceName, Span, Timestamp};
use serde::Serialize;

use super::reason::cause::{cause_text, change_text, speaks_for};
use super::reason::told;

/// Kinds of evidence that are told one by one; of more, how many.
const KINDS_TOLD_MAX: usize = 6;
/// Causes beside the first that are told.
const OTHER_CAUSES_MAX: usize = 2;
/// Changes that are told one by one, the likeliest.
const CHANGES_TOLD_MAX: usize = 5;

/// One firing in the incident, and what put it there.
#[derive(Debug)]
pub struct Member<'a> {
    pub summary: &'a str,
    pub ci: Option<&'a CiId>,
    pub source: Option<&'a SourceName>,
    pub started_at: Timestamp,
    pub joining: Option<&'a Joining>,
}

/// A firing that is in another incident and might have been here, or the other way round.
#[derive(Debug)]
pub struct Nearly<'a> {
    pub summary: &'a str,
    pub ci: Option<&'a CiId>,
    /// The other incident, by the name people call it.
    pub other: String,
    /// It is here, and nearly went there.
    pub is_here: bool,
    pub near: &'a NearMiss,
}

/// Sentences, each a paragraph of its own.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Story {
    /// Why these alerts are one incident.
    pub together: Vec<String>,
    /// Why that item is the probable cause, or why none is named.
    pub cause: Vec<String>,
    /// Changes that may have caused it, the likeliest first, and why.
    pub changes: Vec<String>,
    /// What nearly belonged here, or nearly went elsewhere, and why not.
    pub nearly: Vec<String>,
    /// Why that team has it; nothing where none has.
    pub team: Vec<String>,
}

pub fn story(incident: &Incident, members: &[Member<'_>], nearly: &[Nearly<'_>]) -> Story {
    if incident.storm {
        return of_storm(incident);
    }
    let nearly = nearly.iter().filter(|nearly| told::was_near(nearly.near)).map(near_miss).collect();
    Story { together: together(members), cause: cause(incident), changes: changes(incident), nearly, team: Vec::new() }
}

/// A storm has no alerts of its own.
fn of_storm(incident: &Incident) -> Story {
    let together = vec![
        incident.title.to_string(),
        "it stands for the incidents that name it as their parent; of those that are P3 or milder nobody is told while \
         it is open, of P1 and P2 all the same"
            .to_owned(),
    ];
    let cause = vec!["each of its incidents has causes of its own".to_owned()];
    Story { together, cause, changes: Vec::new(), nearly: Vec::new(), team: Vec::new() }
}

fn together(members: &[Member<'_>]) -> Vec<String> {
    let Some(first) = members.iter().min_by_key(|member| member.started_at) else {
        return vec!["no alert is in it".to_owned()];
    };
    let items: BTreeSet<&CiId> = members.iter().filter_map(|member| member.ci).collect();
    let sources: BTreeSet<&str> = members.iter().filter_map(|member| Some(member.source?.as_str())).collect();
    let last = members.iter().map(|member| member.started_at).max().unwrap_or(first.started_at);
    let mut overview = counted(members.len(), "firing");
    if !items.is_empty() {
        overview.push_str(&format!(" on {}", counted(items.len(), "item")));
    }
    if !sources.is_empty() {
        overview.push_str(&format!(", told by {}", listed(sources.into_iter())));
    }
    match last - first.started_at {
        Span::ZERO => overview.push_str(&format!(", from {}", instant(first.started_at))),
        gap => overview.push_str(&format!(", begun within {} from {}", length(gap), instant(first.started_at))),
    }
    let mut sentences = vec![overview];
    let opened = members.iter().find(|member| matches!(member.joining, Some(Joining { score: 0, .. })));
    sentences.push(format!("it began with {}", named(opened.unwrap_or(first))));
    sentences.extend(by_kind(members));
    sentences
}

/// How many joined by each kind of evidence, with the best of each as an example.
fn by_kind(members: &[Member<'_>]) -> Vec<String> {
    let mut kinds: BTreeMap<&'static str, Vec<(&Member<'_>, &Joining)>> = BTreeMap::new();
    for member in members {
        if let Some(joining) = member.joining.filter(|joining| joining.evidence != Evidence::Opened) {
            kinds.entry(kind(&joining.evidence)).or_default().push((member, joining));
        }
    }
    let mut kinds: Vec<(&str, Vec<(&Member<'_>, &Joining)>)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, joined)| (std::cmp::Reverse(joined.len()), *kind));
    let rest: usize = kinds.iter().skip(KINDS_TOLD_MAX).map(|(_, joined)| joined.len()).sum();
    let mut sentences: Vec<String> =
        kinds.iter().take(KINDS_TOLD_MAX).filter_map(|(kind, joined)| joined_by(kind, joined)).collect();
    if rest > 0 {
        sentences.push(format!("{rest} more joined for other reasons"));
    }
    sentences
}

fn joined_by(kind: &str, joined: &[(&Member<'_>, &Joining)]) -> Option<String> {
    let (best, joining) = joined.iter().max_by_key(|(_, joining)| joining.score)?;
    let scores = || joined.iter().map(|(_, joining)| f64::from(joining.score) / 1000.0);
    let (least, most) = (scores().fold(f64::INFINITY, f64::min), scores().fold(0.0, f64::max));
    let score = if least == most { format!("score {most}") } else { format!("scores {least} to {most}") };
    let example = told::evidence(&joining.evidence);
    Some(match joined.len() {
        1 => format!("{} joined: {example} ({score})", named(best)),
        count => format!("{count} joined {kind} ({score}), such as {}: {example}", named(best)),
    })
}

fn kind(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Opened => "as the first",
        Evidence::SameAlert => "because the same alert fired in it before",
        Evidence::Rule { .. } => "by a rule of the pipeline",
        Evidence::SameItem { .. } => "because their item alerts in it already",
        Evidence::Dependency { .. } => "along dependencies",
        Evidence::CommonDependency { .. } => "because something they need is needed by what alerts in it",
        Evidence::SameGroup { .. } => "as members of one redundant group",
        Evidence::CommonDependent { .. } => "because one thing needs them all and they began at once",
        Evidence::Connected { .. } => "because they are connected to what alerts in it",
        Evidence::Burst { .. } => "because they began near it while little else happened",
        Evidence::SharedFate { .. } => "because they are in one place",
        Evidence::SameName { .. } => "because an alert in it names the same item, which the CMDB does not know",
        Evidence::SharedLabels { .. } => "by the labels they share",
        Evidence::TogetherBefore { .. } => "because they fired together before",
        Evidence::Inhibited { .. } => "silently, by an inhibition of the pipeline",
        Evidence::UpstreamCause { .. } => "silently, because a fault of what they need explains them",
        Evidence::Person { .. } => "because a person put them there",
        Evidence::OneEpisode => "because they are one with a firing that was in it",
    }
}

fn cause(incident: &Incident) -> Vec<String> {
    let Some((first, others)) = incident.causes.split_first() else {
        return vec!["nothing that alerts in it is an item of the CMDB, so no cause can be looked for".to_owned()];
    };
    let lead = first.score.saturating_sub(others.first().map_or(0, |second| second.score));
    let ahead = match others.first() {
        None => String::new(),
        Some(next) if next.score > first.score => {
            format!("; it stays first, as {} is ahead by too little to change places", next.ci)
        }
        Some(_) => format!(", {} ahead of the next", thousandths(lead)),
    };
    let score = thousandths(first.score);
    let mut sentences = vec![match (first.verdict, first.confidence) {
        (Some(Verdict::Confirmed), _) => format!("{} is the cause: a person confirmed it", first.ci),
        (_, Confidence::Low) => {
            format!("no cause stands out, and the title names none: {} comes first with score {score}{ahead}", first.ci)
        }
        (_, confidence) => {
            format!("{} is the probable cause, with {} confidence: score {score}{ahead}", first.ci, confidence.as_str())
        }
    }];
    sentences.extend(speaking("for it", first, true));
    sentences.extend(speaking("against it", first, false));
    for other in others.iter().take(OTHER_CAUSES_MAX) {
        if other.verdict == Some(Verdict::Rejected) {
            sentences.push(format!("not {}: a person rejected it", other.ci));
            continue;
        }
        let why = speaking("against it", other, false).map(|against| format!("; {against}")).unwrap_or_default();
        sentences.push(format!("then {} (score {}){why}", other.ci, thousandths(other.score)));
    }
    if incident.restored_at.is_some() {
        sentences.push("this is what was known when it was restored".to_owned());
    }
    sentences
}

fn speaking(whither: &str, cause: &Cause, wanted: bool) -> Option<String> {
    let said = |evidence: &&CauseEvidence| speaks_for(evidence) == wanted;
    let texts: Vec<String> = cause.because.iter().filter(said).map(cause_text).collect();
    (!texts.is_empty()).then(|| format!("{whither}: {}", texts.join("; ")))
}

/// Where no cause can be looked for, nor can changes be.
fn changes(incident: &Incident) -> Vec<String> {
    let (known, caused_by) = (&incident.changes, incident.caused_by().map(|change| change.id));
    let mut sentences: Vec<String> =
        known.iter().take(CHANGES_TOLD_MAX).map(|change| suspect(change, caused_by == Some(change.id))).collect();
    if known.len() > CHANGES_TOLD_MAX {
        sentences.push(format!("and {} more, less likely", known.len() - CHANGES_TOLD_MAX));
    }
    if known.is_empty() && !incident.causes.is_empty() {
        sentences.push("no change is known of what alerts, or of what that needs, in the hour before".to_owned());
    }
    sentences
}

fn suspect(change: &SuspectChange, is_cause: bool) -> String {
    let SuspectChange { reference, summary, .. } = change;
    let name = if summary.is_empty() { reference.to_string() } else { format!("{reference}, “{summary}”") };
    let taken = if is_cause { "; it is taken for what caused this" } else { "" };
    format!("{name}: {} (score {}){taken}", change_text(change), thousandths(change.score))
}

fn near_miss(nearly: &Nearly<'_>) -> String {
    let firing = on(nearly.summary, nearly.ci);
    let why = told::nearly(nearly.near);
    match nearly.is_here {
        true => format!("{firing} is here and not in {}: {why}", nearly.other),
        false => format!("{firing} is in {} and not here: {why}", nearly.other),
    }
}

fn named(member: &Member<'_>) -> String {
    on(member.summary, member.ci)
}

/// Most summaries name their item.
fn on(summary: &str, ci: Option<&CiId>) -> String {
    match ci.filter(|ci| !has_name(summary, ci.as_str())) {
        Some(ci) => format!("“{summary}” on {ci}"),
        None => format!("“{summary}”"),
    }
}

fn listed<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn thousandths(score: u32) -> f64 {
    f64::from(score) / 1000.0
}

#[cfg(test)]
mod tests {
    use model::IncidentId;
    use model::fact::ChangeStood;
    use model::reason::MissedBecause;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::EPOCH + Span::from_seconds(seconds)
    }

    fn joining(evidence: Evidence, score: u32) -> Joining {
        Joining { evidence, score, silently: false, near_misses: Vec::new() }
    }

    fn needs(from: &str, gap: i64) -> Evidence {
        Evidence::Dependency {
            from: from.into(),
            to: "db-7".into(),
            distance: 1,
            group: None,
            gap: Span::from_seconds(gap),
        }
    }

    #[test]
    fn what_is_together_is_told_from_the_first_to_the_last_with_one_example_of_each_kind() {
        let (db, web, shop) = (CiId::from("db-7"), CiId::from("web-1"), CiId::from("shop"));
        let (metrics, probes) = (SourceName::from("metrics"), SourceName::from("probes"));
        let joinings = [joining(Evidence::Opened, 0), joining(needs("web-1", 5), 780), joining(needs("shop", 40), 900)];
        let rows =
            [("disk full", &db, &metrics, 10), ("web-1 is slow", &web, &metrics, 15), ("down", &shop, &probes, 50)];
        let members: Vec<Member<'_>> = rows
            .iter()
            .zip(&joinings)
            .map(|((summary, ci, source, start), joining)| Member {
                summary,
                ci: Some(ci),
                source: Some(source),
                started_at: at(*start),
                joining: Some(joining),
            })
            .collect();
        assert_eq!(
            together(&members),
            [
                "3 firings on 3 items, told by metrics and probes, begun within 40s from 1970-01-01T00:00:10Z",
                "it began with “disk full” on db-7",
                "2 joined along dependencies (scores 0.78 to 0.9), such as “down” on shop: shop depends on db-7 directly; \
                 they began 40s apart",
            ]
        );
    }

    #[test]
    fn what_nearly_belonged_is_told_with_how_near_it_was() {
        let near = NearMiss {
            incident: IncidentId::from_bytes([1; 16]),
            why: MissedBecause::ScoreTooLow { needed: 400 },
            score: 380,
        };
        let ci = CiId::from("web-3");
        let told = |is_here| {
            near_miss(&Nearly {
                summary: "CpuHigh on web-3",
                ci: Some(&ci),
                other: "INC0000124".to_owned(),
                is_here,
                near: &near,
            })
        };
        let why = "too little ties it to that (score 0.38 of 0.4 needed)";
        assert_eq!(told(true), format!("“CpuHigh on web-3” is here and not in INC0000124: {why}"));
        assert_eq!(told(false), format!("“CpuHigh on web-3” is in INC0000124 and not here: {why}"));
    }

    #[test]
    fn a_suspect_change_is_told_with_why_it_is_one() {
        let change = |explains, of, summary: &str| SuspectChange {
            id: model::ChangeId::from_bytes([1; 16]),
            reference: "CHG1".into(),
            summary: summary.into(),
            ci: "db-7".into(),
            before: Span::from_minutes(12),
            stood: ChangeStood::Over,
            explains,
            of,
            score: 870,
        };
        for (change, is_cause, told) in [
            (
                change(3, 4, "new index"),
                false,
                "CHG1, “new index”: it changed db-7 12m before, and db-7 explains 3 of 4 alerting items (score 0.87)",
            ),
            (
                change(4, 4, ""),
                true,
                "CHG1: it changed db-7 12m before, and db-7 explains all 4 alerting items (score 0.87); it is taken for \
                 what caused this",
            ),
            (
                change(2, 2, ""),
                false,
                "CHG1: it changed db-7 12m before, and db-7 explains both alerting items (score 0.87)",
            ),
            (change(1, 1, ""), false, "CHG1: it changed db-7 12m before, and db-7 explains what alerts (score 0.87)"),
            (change(0, 0, ""), false, "CHG1: it changed db-7 12m before (score 0.87)"),
        ] {
            assert_eq!(suspect(&change, is_cause), told);
        }
    }

    #[test]
    fn what_speaks_against_a_cause_is_told_apart_from_what_speaks_for_it() {
        let cause = Cause {
            ci: "db-7".into(),
            score: 830,
            confidence: Confidence::High,
            because: vec![
                CauseEvidence::Explains { items: 4, of: 5, itself: false },
                CauseEvidence::QuietDependents { quiet: 1, elsewhere: 0, watched: 6 },
            ],
            verdict: None,
        };
        assert_eq!(speaking("for it", &cause, true).as_deref(), Some("for it: 4 of 5 alerting items depend on it"));
        let against = speaking("against it", &cause, false);
        assert_eq!(against.as_deref(), Some("against it: 1 of 6 watched items that depend on it is quiet"));
    }
}
