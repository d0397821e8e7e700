//! Every variant there is, spelt as people's tools read it.

use std::collections::BTreeSet;

use model::alert::EndedBy;
use model::fact::ChangeStood;
use model::incident::{Confidence, HoldFor, Priority};
use model::outage::ItemState;
use model::reason::{Evidence, MissedBecause, NearMiss, SymptomKind};
use model::{AlertId, CiId, IncidentId, MaintenanceId, ProblemId, Severity, SilenceId, SourceName};
use serde_json::json;

use super::*;

const ID: [u8; 16] = [0xab; 16];
const HEX: &str = "abababababababababababababababab";

fn json_of(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

/// Instants and spans no count could be taken for.
const AT: Timestamp = Timestamp::from_micros(1_777_777_777_777_777);
const SPAN: Span = Span::from_micros(777_777_777_777);
/// Scores are thousandths.
const SCORE: u32 = 873;

fn ci() -> CiId {
    CiId::from("db-7")
}

fn silence() -> Suppression {
    Suppression::Silence { silence: SilenceId::from_bytes(ID), by: "ana".into(), comment: "c".into(), until: AT }
}

fn incident_id() -> IncidentId {
    IncidentId::from_bytes(ID)
}

fn alert_id() -> AlertId {
    AlertId::from_bytes(ID)
}

fn joined_by(evidence: Evidence, why: MissedBecause) -> Joining {
    let near_misses = vec![NearMiss { incident: incident_id(), why, score: SCORE }];
    Joining { evidence, score: SCORE, silently: false, near_misses }
}

/// One of every variant: a new one does not compile until it is named here, in a pattern and in a sample.
macro_rules! one_of_each {
    ($name:ident: $type:ty { $($pattern:pat => $sample:expr),* $(,)? }) => {
        fn $name() -> Vec<$type> {
            let named = |value: &$type| match value { $($pattern => stringify!($pattern),)* };
            let samples: Vec<$type> = vec![$($sample),*];
            let distinct: BTreeSet<&str> = samples.iter().map(named).collect();
            assert_eq!(distinct.len(), samples.len(), "each pattern has a sample of its own");
            samples
        }
    };
}

one_of_each!(evidences: Evidence {
    Evidence::Opened => Evidence::Opened,
    Evidence::SameAlert => Evidence::SameAlert,
    Evidence::Rule { .. } => Evidence::Rule { rule: "r".into(), key: "k".into() },
    Evidence::SameItem { .. } => Evidence::SameItem { ci: ci(), gap: SPAN },
    Evidence::Dependency { .. } => Evidence::Dependency { from: ci(), to: ci(), distance: 2, group: None, gap: SPAN },
    Evidence::CommonDependency { .. } => Evidence::CommonDependency { on: ci(), member: ci(), distance: 2, dependents: 3, gap: SPAN },
    Evidence::SameGroup { .. } => Evidence::SameGroup { of: ci(), member: ci(), gap: SPAN },
    Evidence::CommonDependent { .. } => Evidence::CommonDependent { of: ci(), member: ci(), gap: SPAN },
    Evidence::Connected { .. } => Evidence::Connected { member: ci(), gap: SPAN },
    Evidence::Burst { .. } => Evidence::Burst { member: ci(), gap: SPAN },
    Evidence::SharedFate { .. } => Evidence::SharedFate { location: ci(), member: ci(), gap: SPAN },
    Evidence::SameName { .. } => Evidence::SameName { name: "a".into(), gap: SPAN },
    Evidence::SharedLabels { .. } => Evidence::SharedLabels { labels: vec!["a".into()], gap: SPAN },
    Evidence::TogetherBefore { .. } => Evidence::TogetherBefore { with: "db-7".into(), times: 3, of: 4, gap: SPAN },
    Evidence::Inhibited { .. } => Evidence::Inhibited { by: alert_id() },
    Evidence::UpstreamCause { .. } => Evidence::UpstreamCause { cause: ci(), path: vec![ci()], group: None },
    Evidence::Person { .. } => Evidence::Person { by: "ana".into() },
    Evidence::OneEpisode => Evidence::OneEpisode,
});

one_of_each!(misses: MissedBecause {
    MissedBecause::ScoreTooLow { .. } => MissedBecause::ScoreTooLow { needed: SCORE },
    MissedBecause::OutsideJoinWindow { .. } => MissedBecause::OutsideJoinWindow { gap: SPAN, allowed: SPAN },
    MissedBecause::CapReached { .. } => MissedBecause::CapReached { age: SPAN, allowed: SPAN },
    MissedBecause::Outscored { .. } => MissedBecause::Outscored { by: incident_id() },
    MissedBecause::Unlinked => MissedBecause::Unlinked,
    MissedBecause::Hub { .. } => MissedBecause::Hub { ci: ci(), dependents: 9 },
    MissedBecause::OtherEnvironment => MissedBecause::OtherEnvironment,
});

one_of_each!(suppressions: Suppression {
    Suppression::Silence { .. } => silence(),
    Suppression::Maintenance { .. } => Suppression::Maintenance { window: MaintenanceId::from_bytes(ID), reference: "MW1".into(), ci: ci(), until: AT },
    Suppression::Limit { .. } => Suppression::Limit { open: 9, limit: 8 },
});

one_of_each!(cause_evidences: CauseEvidence {
    CauseEvidence::Explains { .. } => CauseEvidence::Explains { items: 7, of: 9, itself: true },
    CauseEvidence::FiredAfterFirst { .. } => CauseEvidence::FiredAfterFirst { after: SPAN },
    CauseEvidence::Silent => CauseEvidence::Silent,
    CauseEvidence::Elsewhere => CauseEvidence::Elsewhere,
    CauseEvidence::Kind { .. } => CauseEvidence::Kind { kind: SymptomKind::Saturation, alertname: "DiskFull".into() },
    CauseEvidence::ManyAlerts { .. } => CauseEvidence::ManyAlerts { names: 3 },
    CauseEvidence::Change { .. } => CauseEvidence::Change { reference: "CHG1".into(), before: SPAN, stood: ChangeStood::Over },
    CauseEvidence::Near { .. } => CauseEvidence::Near { ci: ci(), distance: 1, group: None },
    CauseEvidence::QuietDependents { .. } => CauseEvidence::QuietDependents { quiet: 3, elsewhere: 1, watched: 5 },
    CauseEvidence::DependsOnAlerting { .. } => CauseEvidence::DependsOnAlerting { ci: ci(), group: None },
    CauseEvidence::Unexplained { .. } => CauseEvidence::Unexplained { items: 1, of: 2 },
    CauseEvidence::OnlyOneSource { .. } => CauseEvidence::OnlyOneSource { source: SourceName::from("mon") },
    CauseEvidence::Confirmed { .. } => CauseEvidence::Confirmed { by: "ana".into() },
    CauseEvidence::Rejected { .. } => CauseEvidence::Rejected { by: "ana".into() },
});

one_of_each!(reasons: Reason {
    Reason::FirstStatement => Reason::FirstStatement,
    Reason::FurtherEpisode => Reason::FurtherEpisode,
    Reason::WholeEpisode { .. } => Reason::WholeEpisode { length: SPAN },
    Reason::AlreadySaid => Reason::AlreadySaid,
    Reason::StillFiring => Reason::StillFiring,
    Reason::SeverityChanged { .. } => Reason::SeverityChanged { from: Severity::Info, to: Severity::Major },
    Reason::Cleared { .. } => Reason::Cleared { by: EndedBy::Clear },
    Reason::NothingToClear => Reason::NothingToClear,
    Reason::BeforeKnownClear => Reason::BeforeKnownClear,
    Reason::EarlierStart { .. } => Reason::EarlierStart { by: SPAN },
    Reason::TooOld { .. } => Reason::TooOld { age: SPAN },
    Reason::Ended { .. } => Reason::Ended { by: EndedBy::Expiry, at: AT },
    Reason::Suppressed { .. } => Reason::Suppressed { by: silence() },
    Reason::SuppressionEnded { .. } => Reason::SuppressionEnded { was: silence() },
    Reason::Unreadable { .. } => Reason::Unreadable { why: "w".into() },
    Reason::ChangeRecorded => Reason::ChangeRecorded,
    Reason::HeartbeatRecorded => Reason::HeartbeatRecorded,
    Reason::MaintenanceRecorded => Reason::MaintenanceRecorded,
    Reason::RecoveryPointRecorded => Reason::RecoveryPointRecorded,
    Reason::ExerciseRecorded => Reason::ExerciseRecorded,
    Reason::CommandDone => Reason::CommandDone,
    Reason::CommandRefused { .. } => Reason::CommandRefused { why: "w".into() },
    Reason::ClockAhead { .. } => Reason::ClockAhead { said: AT, taken: AT },
    Reason::Bound { .. } => Reason::Bound { binding: Binding::Ambiguous { name: "db".into(), candidates: vec![ci()] } },
    Reason::IncidentOpened { .. } => Reason::IncidentOpened { evidence: Evidence::SameItem { ci: ci(), gap: SPAN }, score: SCORE },
    Reason::EpisodeJoined { .. } => Reason::EpisodeJoined { alert: alert_id(), joining: joined_by(Evidence::Opened, MissedBecause::Unlinked) },
    Reason::EpisodeLeft { .. } => Reason::EpisodeLeft { alert: alert_id(), why: "w".into() },
    Reason::PriorityRaised { .. } => Reason::PriorityRaised { from: Priority::P3, to: Priority::P1 },
    Reason::PriorityLowered { .. } => Reason::PriorityLowered { from: Priority::P1, to: Priority::P3 },
    Reason::ServiceAffected { .. } => Reason::ServiceAffected { service: ci(), state: ItemState::Down, was: ItemState::Up },
    Reason::CauseNamed { .. } => Reason::CauseNamed { ci: ci(), score: SCORE, confidence: Confidence::Low },
    Reason::CauseUnclear => Reason::CauseUnclear,
    Reason::Acknowledged => Reason::Acknowledged,
    Reason::Unacknowledged => Reason::Unacknowledged,
    Reason::AcknowledgementOutgrown { .. } => Reason::AcknowledgementOutgrown { priority: Priority::P1 },
    Reason::Assigned { .. } => Reason::Assigned { team: None, assignee: Some("ana".into()) },
    Reason::Held { .. } => Reason::Held { reason_for: HoldFor::Customer, until: Some(AT) },
    Reason::Unheld => Reason::Unheld,
    Reason::Restored { .. } => Reason::Restored { at: AT },
    Reason::FiringAgain => Reason::FiringAgain,
    Reason::ResolvedQuiet { .. } => Reason::ResolvedQuiet { quiet: SPAN },
    Reason::ResolvedByPerson { .. } => Reason::ResolvedByPerson { forced: true },
    Reason::Reopened { .. } => Reason::Reopened { alert: None },
    Reason::NeverCleared { .. } => Reason::NeverCleared { alert: alert_id() },
    Reason::ClosedAfter { .. } => Reason::ClosedAfter { after: SPAN },
    Reason::ClosedByPerson { .. } => Reason::ClosedByPerson { forced: false },
    Reason::FalsePositive { .. } => Reason::FalsePositive { why: "w".into() },
    Reason::Merged { .. } => Reason::Merged { into: incident_id(), score: SCORE },
    Reason::MergedHere { .. } => Reason::MergedHere { from: incident_id() },
    Reason::MergeSuggested { .. } => Reason::MergeSuggested { with: incident_id(), score: SCORE },
    Reason::Split { .. } => Reason::Split { into: incident_id(), alerts: 2 },
    Reason::SplitFrom { .. } => Reason::SplitFrom { from: incident_id() },
    Reason::Unlinked { .. } => Reason::Unlinked { alert: alert_id() },
    Reason::ResidualOf { .. } => Reason::ResidualOf { incident: incident_id() },
    Reason::MajorProposed => Reason::MajorProposed,
    Reason::MajorDeclared { .. } => Reason::MajorDeclared { why: "w".into() },
    Reason::MajorRejected { .. } => Reason::MajorRejected { why: "w".into() },
    Reason::ProblemLinked { .. } => Reason::ProblemLinked { problem: ProblemId::from_bytes(ID) },
    Reason::WorkaroundOffered { .. } => Reason::WorkaroundOffered { problem: ProblemId::from_bytes(ID) },
    Reason::Commented => Reason::Commented,
    Reason::Updated => Reason::Updated,
    Reason::Reviewed { .. } => Reason::Reviewed { actions: 3, open: 1 },
    Reason::CauseVerdict { .. } => Reason::CauseVerdict { ci: ci(), confirmed: true },
    Reason::SourceSilent { .. } => Reason::SourceSilent { source: SourceName::from("mon"), since: AT },
    Reason::SourceBack { .. } => Reason::SourceBack { source: SourceName::from("mon") },
    Reason::FlappingLatched { .. } => Reason::FlappingLatched { changes: 6, within: SPAN, alert: Some(alert_id()) },
    Reason::FlappingSteady => Reason::FlappingSteady,
    Reason::Recurrence { .. } => Reason::Recurrence { ci: ci(), incidents: 3, within: SPAN },
    Reason::MajorIncident { .. } => Reason::MajorIncident { incident: incident_id() },
    Reason::OpenedByPerson => Reason::OpenedByPerson,
    Reason::ProblemExtended { .. } => Reason::ProblemExtended { incident: incident_id() },
    Reason::ProblemReopened { .. } => Reason::ProblemReopened { incident: incident_id() },
    Reason::StormBegan { .. } => Reason::StormBegan { incidents: 20, within: SPAN },
    Reason::OfStorm { .. } => Reason::OfStorm { parent: incident_id() },
    Reason::ProblemMoved { .. } => Reason::ProblemMoved { to: "open".into() },
    Reason::KnownError { .. } => Reason::KnownError { cause: "w".into() },
    Reason::WorkaroundSaid => Reason::WorkaroundSaid,
    Reason::ProblemUnlinked { .. } => Reason::ProblemUnlinked { incident: incident_id() },
    Reason::DuplicateOf { .. } => Reason::DuplicateOf { problem: ProblemId::from_bytes(ID) },
    Reason::OutageBegan { .. } => Reason::OutageBegan { state: ItemState::Down, planned: false },
    Reason::OutageEnded => Reason::OutageEnded,
    Reason::OutageRecorded { .. } => Reason::OutageRecorded { why: "w".into() },
    Reason::CorrectionWithdrawn { .. } => Reason::CorrectionWithdrawn { why: "w".into() },
    Reason::OutageCorrected { .. } => Reason::OutageCorrected { why: "w".into() },
});

/// Counts the instants, spans and scores in what the model keeps, all of which are whole numbers there.
fn raw(value: &Value) -> [usize; 3] {
    count(value, &|number| {
        [number == AT.micros(), number == SPAN.micros(), number == i64::from(SCORE)].map(usize::from)
    })
}

fn count(value: &Value, of: &dyn Fn(i64) -> [usize; 3]) -> [usize; 3] {
    let add = |a: [usize; 3], b: [usize; 3]| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
    match value {
        Value::Number(number) => number.as_i64().map_or([0; 3], of),
        Value::Array(values) => values.iter().map(|value| count(value, of)).fold([0; 3], add),
        Value::Object(fields) => fields.values().map(|value| count(value, of)).fold([0; 3], add),
        _ => [0; 3],
    }
}

#[track_caller]
fn assert_spelt(kept: &Value, shown: &Value) {
    let text = shown.to_string();
    assert_eq!(raw(shown), [0; 3], "a number of the model is left as it is: {text}");
    let spelt = [
        text.matches(&format!("\"{AT}\"")).count(),
        text.matches("_seconds\":777777.777777").count(),
        text.matches(":0.873").count(),
    ];
    assert_eq!(raw(kept), spelt, "{kept} became {text}");
}

#[test]
fn every_reason_spells_its_instants_spans_and_scores() {
    let samples = reasons();
    for sample in &samples {
        assert_spelt(&json_of(sample), &reason(sample));
    }
    let codes: BTreeSet<String> = samples.iter().map(|sample| reason(sample)["code"].to_string()).collect();
    assert_eq!(codes.len(), samples.len());
    for evidence in evidences() {
        for why in misses() {
            let joined = joined_by(evidence.clone(), why);
            assert_spelt(&json_of(&joined), &joining(&joined));
        }
    }
    for suppressed in suppressions() {
        assert_spelt(&json_of(&suppressed), &suppression(&suppressed));
    }
}

#[test]
fn every_piece_of_evidence_says_its_sentence() {
    let mut sentences = BTreeSet::new();
    for sample in cause_evidences() {
        let shown = cause_evidence(&sample);
        assert_spelt(&json_of(&sample), &shown);
        assert_eq!(shown["text"], cause_text(&sample));
        sentences.insert(cause_text(&sample));
    }
    assert_eq!(sentences.len(), cause_evidences().len());
    assert_eq!(cause_text(&CauseEvidence::FiredAfterFirst { after: Span::ZERO }), "it fired first");
}

#[test]
fn a_reason_reads_as_the_contract_says() {
    let quiet = reason(&Reason::ResolvedQuiet { quiet: Span::from_minutes(5) });
    assert_eq!(quiet, json!({"code": "resolved_quiet", "quiet_seconds": 300}));
    let joined = reason(&Reason::EpisodeJoined {
        alert: alert_id(),
        joining: joined_by(
            Evidence::SameItem { ci: ci(), gap: Span::from_seconds(90) },
            MissedBecause::ScoreTooLow { needed: 500 },
        ),
    });
    let expected = json!({"code": "episode_joined", "alert": format!("alr_{HEX}"), "joining": {
        "evidence": {"code": "same_item", "ci": "db-7", "gap_seconds": 90}, "score": 0.873, "silently": false,
        "near_misses": [{"incident": format!("inc_{HEX}"), "why": {"code": "score_too_low", "needed": 0.5}, "score": 0.873}]},
        "text": format!("an alert joined: db-7 alerts in it already; they began 1m 30s apart (score 0.873); not in inc_{HEX}: too little ties it to that (score 0.873 of 0.5 needed)")});
    assert_eq!(joined, expected);
}

/// A line of a timeline is read as it stands: no code, no figure with a name, and no part of a second.
#[test]
fn every_decision_says_its_sentence() {
    let samples = reasons();
    let sentences: BTreeSet<String> = samples.iter().map(|sample| text_of(&decided(sample))).collect();
    assert_eq!(sentences.len(), samples.len(), "{sentences:#?}");
    for sentence in &sentences {
        let ids = ["inc_", "prb_", "alr_"];
        let said = ids.iter().fold(sentence.clone(), |said, prefix| said.replace(prefix, ""));
        assert!(!said.contains(['_', '(', '{']) || said.contains("(score 0.873)"), "{sentence}");
        assert!(!said.contains(".777"), "{sentence}");
    }
    for sample in &samples {
        let mut told = decided(sample);
        told.as_object_mut().expect("an object").remove("text");
        let mut plain = reason(sample);
        plain.as_object_mut().expect("an object").remove("text");
        assert_eq!(told, plain, "the figures stand beside it, exact");
    }
}

fn text_of(shown: &Value) -> String {
    shown["text"].as_str().expect("a sentence").to_owned()
}

#[test]
fn what_was_decided_is_said_as_people_say_it() {
    let verdict = |confirmed| Reason::CauseVerdict { ci: ci(), confirmed };
    let priority = |from, to| Reason::PriorityLowered { from, to };
    let hold = |reason_for, until| Reason::Held { reason_for, until };
    for (reason, said) in [
        (verdict(true), "confirmed db-7 as the cause"),
        (verdict(false), "rejected db-7 as the cause"),
        (
            Reason::CauseNamed { ci: ci(), score: SCORE, confidence: Confidence::High },
            "db-7 is the probable cause, with high confidence (score 0.873)",
        ),
        (Reason::OfStorm { parent: incident_id() }, "part of the storm inc_abababababababababababababababab"),
        (priority(Priority::P1, Priority::P2), "priority lowered from P1 to P2"),
        (priority(Priority::P2, Priority::P2), "priority stays P2"),
        (hold(HoldFor::Supplier, None), "put on hold for the supplier"),
        (hold(HoldFor::Other, Some(AT)), "put on hold until 2026-05-03T03:09:37Z"),
        (Reason::Assigned { team: Some("team-db".into()), assignee: None }, "assigned to team-db"),
        (Reason::ResolvedQuiet { quiet: Span::from_minutes(5) }, "resolved, after it was quiet for 5m"),
        (Reason::ResolvedByPerson { forced: false }, "resolved"),
        (Reason::MajorDeclared { why: "".into() }, "declared a major incident"),
        (Reason::MajorDeclared { why: "nobody can pay".into() }, "declared a major incident: nobody can pay"),
        (
            Reason::SuppressionEnded { was: Suppression::Limit { open: 7, limit: 6 } },
            "no longer held back: 7 alerts are open, 6 may be",
        ),
    ] {
        assert_eq!(text_of(&decided(&reason)), said);
    }
    for (shown, said) in [
        (binding(&Binding::Bound { how: model::reason::NameKind::Id, name: "db-7".into() }), "bound by id db-7"),
        (binding(&Binding::Unbound), "bound to no item: none goes by a name it gave"),
        (suppression(&silence()), "held back by a silence of ana until 2026-05-03T03:09:37Z: c"),
    ] {
        assert_eq!(text_of(&shown), said);
    }
}

#[test]
fn what_was_days_away_was_no_near_miss() {
    let gap = Span::from_days(4);
    let text = |allowed| {
        joining(&joined_by(Evidence::SameAlert, MissedBecause::OutsideJoinWindow { gap, allowed }))["text"].to_string()
    };
    assert_eq!(text(Span::from_minutes(5)), r#""the same alert fired in this incident before (score 0.873)""#);
    assert!(text(Span::from_days(1)).contains("not in inc_"), "{}", text(Span::from_days(1)));
}

#[test]
fn why_an_incident_was_opened_or_joined_is_a_sentence_for_each_evidence() {
    let opened = |evidence| reason(&Reason::IncidentOpened { evidence, score: 0 })["text"].to_string();
    assert_eq!(opened(Evidence::Opened), r#""opened: it fitted no open incident""#);
    assert_eq!(opened(Evidence::Person { by: "ana".into() }), r#""opened by ana""#);
    let joined = |evidence, why| joining(&joined_by(evidence, why))["text"].to_string();
    let by_evidence: BTreeSet<String> =
        evidences().into_iter().map(|evidence| joined(evidence, MissedBecause::Unlinked)).collect();
    let by_miss: BTreeSet<String> = misses().into_iter().map(|why| joined(Evidence::SameAlert, why)).collect();
    assert_eq!((by_evidence.len(), by_miss.len()), (evidences().len(), misses().len()));
    assert!(by_evidence.iter().chain(&by_miss).all(|text| !text.contains("evidence")), "{by_evidence:?}");
}
