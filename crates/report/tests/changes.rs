//! The changes report: which changes count, and where.

use model::fact::{Change, ChangeKind, ChangeResult, ChangeStatus, ChangeStood};
use model::incident::{Cause, Confidence, Resolution, SuspectChange, Verdict};
use model::reason::CauseEvidence;
use model::{ChangeId, Incident, Span};
use report::{GroupBy, Question, ReportError, Step, changes};
use store::{Store, ready};
use wire::v1::{ChangesRow, Ratio};

use crate::stage::{Stage, at, incident, of_items, of_the_day};

fn rows(store: &Store, question: &Question) -> Vec<ChangesRow> {
    ready(changes(store, question)).expect("it answers").rows().cloned().collect()
}

fn change(reference: &str, ci: &str, ends: &str, result: Option<ChangeResult>) -> Change {
    Change {
        id: ChangeId::derive(|hash| {
            hash.text(reference);
        }),
        reference: reference.into(),
        kind: ChangeKind::Normal,
        status: ChangeStatus::Finished,
        result,
        summary: reference.into(),
        cis: vec![ci.into()],
        starts_at: Some(at(ends) - Span::from_minutes(30)),
        ends_at: Some(at(ends)),
        received_at: at(ends),
    }
}

/// An incident of which a change is a suspect, on an item that a person confirmed as the cause, or did not.
fn suspecting(name: &str, change: &Change, verdict: Option<Verdict>) -> Incident {
    let ci = change.cis[0].clone();
    let suspect = SuspectChange {
        id: change.id,
        reference: change.reference.clone(),
        summary: change.summary.clone(),
        ci: ci.clone(),
        before: Span::from_minutes(5),
        stood: ChangeStood::Over,
        explains: 1,
        of: 1,
        score: 800,
    };
    let cause = Cause { ci, score: 700, confidence: Confidence::Medium, because: Vec::new(), verdict };
    let told = incident(name, ["11:00", "11:01", "", "11:30", "11:35"]);
    Incident { changes: vec![suspect], causes: vec![cause], ..told }
}

fn stage() -> Stage {
    let mut stage = Stage::of("shop{service} -> db-7\nmail{service} -> db-7 web-1\nwiki{service}");
    stage.facts(|step| {
        let fine = change("CHG1", "db-7", "10:00", Some(ChangeResult::Successful));
        let blamed = change("CHG2", "web-1", "10:30", Some(ChangeResult::Successful));
        let suspected = change("CHG3", "web-1", "10:40", None);
        let backed_out = change("CHG4", "db-7", "20:00", Some(ChangeResult::BackedOut));
        let planned = Change { status: ChangeStatus::Planned, ..change("CHG5", "db-7", "12:00", None) };
        let before = change("CHG6", "db-7", "-12:00", Some(ChangeResult::Failed));
        let mut wrong = suspecting("wrong", &fine, Some(Verdict::Confirmed));
        wrong.false_positive = Some("a probe".into());
        step.incidents = vec![
            suspecting("real", &blamed, Some(Verdict::Confirmed)),
            suspecting("open question", &suspected, None),
            wrong,
        ];
        step.changes = vec![fine, blamed, suspected, backed_out, planned, before];
    });
    stage
}

fn figures(row: &ChangesRow) -> (u64, u64, u64, Option<Ratio>) {
    (row.finished, row.caused_incident, row.failures, row.failure_rate)
}

#[test]
fn a_change_fails_by_its_result_or_by_an_incident_that_it_caused() {
    let row = &rows(&stage().store(), &of_the_day())[0];
    assert_eq!(figures(row), (4, 1, 2, Some(Ratio(0.5))));
    assert_eq!((row.successful, row.issues, row.backed_out, row.failed, row.unknown), (2, 0, 1, 0, 1));
}

#[test]
fn a_change_counts_in_each_service_that_needs_what_it_touches() {
    let store = stage().store();
    let by_service = Question { group_by: vec![GroupBy::Service], ..of_the_day() };
    let found: Vec<_> =
        rows(&store, &by_service).iter().map(|row| (row.group["service"].clone(), figures(row))).collect();
    let expected = [("mail", (4, 1, 2, Some(Ratio(0.5)))), ("shop", (2, 0, 1, Some(Ratio(0.5))))];
    assert_eq!(found, expected.map(|(service, figures)| (service.to_owned(), figures)));
    assert_eq!(figures(&rows(&store, &of_items(&["web-1"]))[0]), (2, 1, 1, Some(Ratio(0.5))));
    assert_eq!(figures(&rows(&store, &of_items(&["wiki"]))[0]), (0, 0, 0, None));
}

#[test]
fn a_period_holds_the_changes_that_were_finished_in_it() {
    let long = Question { from: at("-00:00"), step: Some(Step::Day), ..of_the_day() };
    let found: Vec<_> = rows(&stage().store(), &long).iter().map(|row| (row.finished, row.failures)).collect();
    assert_eq!(found, [(1, 1), (4, 2)]);
}

#[test]
fn what_changes_cannot_be_grouped_by_is_refused_with_what_they_can() {
    let by_team = Question { group_by: vec![GroupBy::Team], ..of_the_day() };
    let error: ReportError = ready(changes(&stage().store(), &by_team)).expect_err("it is refused");
    assert!(error.to_string().contains("group it by service"), "{error}");
}

#[test]
fn a_change_is_told_with_the_incidents_that_it_caused() {
    let asked = Question { include_intervals: true, ..of_the_day() };
    let answer = ready(changes(&stage().store(), &asked)).expect("it answers");
    let numbers = answer.report.items[0].incident_numbers.clone().expect("asked for");
    assert_eq!(numbers["caused_incident"].len(), 1);
}

#[test]
fn what_caused_an_incident_is_said_by_a_person_or_by_a_sure_cause_that_rests_on_the_change() {
    use Confidence::{High, Medium};
    use Verdict::{Confirmed, Rejected};
    let suspected = change("CHG1", "db-7", "10:55", None);
    let rests_on = |reference: &str| {
        vec![CauseEvidence::Change { reference: reference.into(), before: Span::MINUTE, stood: ChangeStood::Over }]
    };
    let cause =
        |ci: &str, confidence, because, verdict| Cause { ci: ci.into(), score: 700, confidence, because, verdict };
    let other = cause("web-1", High, Vec::new(), Some(Confirmed));
    for (causes, code, caused) in [
        (vec![cause("db-7", High, rests_on("CHG1"), None)], None, true),
        (vec![cause("db-7", Medium, rests_on("CHG1"), None)], None, false),
        (vec![cause("db-7", High, Vec::new(), None)], None, false),
        (vec![cause("db-7", High, rests_on("CHG9"), None)], None, false),
        (vec![cause("db-7", High, rests_on("CHG1"), Some(Rejected))], None, false),
        (vec![cause("web-1", High, Vec::new(), None), cause("db-7", High, rests_on("CHG1"), None)], None, false),
        (vec![cause("db-7", Medium, Vec::new(), Some(Confirmed))], None, true),
        (vec![cause("db-7", High, rests_on("CHG1"), None), other.clone()], None, false),
        (vec![cause("db-7", Medium, Vec::new(), None)], Some("change"), true),
        (vec![other], Some("change"), true),
        (vec![cause("db-7", Medium, Vec::new(), None)], Some("hardware"), false),
    ] {
        let told = format!("{causes:?} {code:?}");
        let resolution =
            code.map(|code: &str| Resolution { code: Some(code.into()), notes: None, by: None, forced: false });
        let incident = Incident { causes, resolution, ..suspecting("one", &suspected, None) };
        assert_eq!(incident.caused_by().map(|change| change.id), caused.then_some(suspected.id), "{told}");
    }
}

#[test]
fn each_figure_names_the_changes_it_counts() {
    let question = Question { include_intervals: true, ..of_the_day() };
    let answer = ready(changes(&stage().store(), &question)).expect("it answers");
    let item = &answer.report.items[0];
    let row = &item.figures;
    for (figure, count) in [
        ("finished", row.finished),
        ("successful", row.successful),
        ("issues", row.issues),
        ("backed_out", row.backed_out),
        ("failed", row.failed),
        ("unknown", row.unknown),
        ("caused_incident", row.caused_incident),
        ("failures", row.failures),
    ] {
        assert_eq!(item.origins.changes[figure].len() as u64, count, "{figure}");
    }
    assert_eq!(item.origins.changes["backed_out"], ["CHG4"]);
}
