//! The worked example as people and spreadsheets see it, and JSON that reads back.

use std::collections::BTreeSet;

use model::outage::OutageState;
use report::{Answer, GroupBy, Question, Style, Tabular, availability, continuity, csv, incidents, noise, slo, table};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::ready;

use crate::stage::{Stage, at, of_items, of_the_day, outage};
use crate::worked_example;

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn availability_as_a_table() {
    let answer = ready(availability(&worked_example::stage().store(), &of_the_day())).expect("it answers");
    let text = table::render(&answer, Style::default());
    assert_eq!(
        lines(&text),
        [
            "2026-05-04T00:00:00Z to 2026-05-05T00:00:00Z",
            "corrections: none",
            "",
            "SERVICE AVAIL. SLO MET DOWN DEGR. PLANNED AGREED OUTAGES MEAN MTBF COVERAGE BLIND FELT",
            "billing 87.5 % 99.5 % no 1h 15m 10m 0s 10h 2 37m 30s 4h 23m 25 % 0s 88.541 %",
            "checkout 89.393 % 99 % no 2h 20m 1h 1h 22h 4 33m 45s 4h 55m 28.571 % 0s 86.111 %",
            "",
            "completeness: 0 events in = 0 stored + 0 dead-lettered",
            "gaps: none",
        ]
    );
    let widths: Vec<usize> = text.lines().skip(3).take(3).map(|line| line.chars().count()).collect();
    assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{widths:?}");
}

#[test]
fn where_no_row_is_left_it_is_said_of_what_was_asked_for() {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7\nportal{service} -> db-7");
    cmdb.items[0].objectives.rto = Some(model::Span::from_hours(1));
    cmdb.items[0].objectives.slo = Some(0.9);
    let (store, portal) = (Stage::with(cmdb).store(), of_items(&["portal"]));
    let told = [
        table::render(&ready(continuity(&store, &portal)).expect("it answers"), Style::default()),
        table::render(&ready(slo(&store, &portal)).expect("it answers"), Style::default()),
    ];
    for told in told {
        assert!(told.contains(": none of the services asked for has an "), "{told}");
    }
}

#[test]
fn a_table_says_its_window_in_whole_seconds() {
    let day = of_the_day();
    let question =
        Question { from: day.from + model::Span::MICROSECOND, now: at("12:00") + model::Span::MICROSECOND, ..day };
    let answer = ready(availability(&Stage::of("shop{service}").store(), &question)).expect("it answers");
    let head = "2026-05-04T00:00:00Z to 2026-05-05T00:00:00Z, as seen at 2026-05-04T12:00:00Z";
    assert_eq!(table::render(&answer, Style::default()).lines().next(), Some(head));
    assert!(answer.to_json().contains("\"2026-05-04T00:00:00.000001Z\""), "JSON has it exactly");
}

#[test]
fn a_service_without_evidence_is_no_data() {
    let answer = ready(availability(&Stage::of("shop{service}").store(), &of_the_day())).expect("it answers");
    let text = table::render(&answer, Style::default());
    assert!(text.contains("no data") && !text.contains("100 %"), "{text}");
    assert!(csv::render(&answer).contains("shop,1,"), "the figure stands beside its coverage");
}

#[test]
fn what_nobody_watches_meets_no_objective_and_misses_none() {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7");
    cmdb.items[0].objectives.slo = Some(0.9);
    let mut stage = Stage::with(cmdb);
    let met = |stage: &Stage| {
        let answer = ready(availability(&stage.store(), &of_the_day())).expect("it answers");
        let table = table::render(&answer, Style::default());
        let line = table.lines().find(|line| line.starts_with("shop")).unwrap_or_default().to_owned();
        let csv = csv::render(&answer).lines().last().unwrap_or_default().to_owned();
        let words: Vec<String> = line.split_whitespace().take(6).map(str::to_owned).collect();
        (answer.rows().next().and_then(|row| row.met), words.join(" "), csv.split(',').nth(3).map(str::to_owned))
    };
    assert_eq!(met(&stage), (None, "shop no data 90 % –".to_owned(), Some(String::new())));
    stage.facts(|step| step.outages = vec![outage("shop", "10:00", "16:00", OutageState::Down, false)]);
    assert_eq!(met(&stage), (Some(false), "shop 75 % 90 % no".to_owned(), Some("false".to_owned())));
}

#[test]
fn a_report_that_is_not_over_says_as_of_when() {
    let question = Question { now: at("12:00"), ..of_the_day() };
    let answer = ready(incidents(&worked_example::stage().store(), &question)).expect("it answers");
    let text = table::render(&answer, Style::default());
    assert!(
        text.starts_with("2026-05-04T00:00:00Z to 2026-05-05T00:00:00Z, as seen at 2026-05-04T12:00:00Z\n"),
        "{text}"
    );
}

#[test]
fn incidents_as_csv_have_every_figure_under_its_name() {
    let question = Question { group_by: vec![GroupBy::Month, GroupBy::Source], ..of_the_day() };
    let answer = ready(incidents(&worked_example::stage().store(), &question)).expect("it answers");
    let text = csv::render(&answer);
    let rows: Vec<Vec<&str>> = text.split_terminator("\r\n").map(|line| line.split(',').collect()).collect();
    let figure = |name: &str| rows[0].iter().position(|column| *column == name).map(|at| rows[1][at]);
    assert_eq!((figure("source"), figure("month")), (Some("mon"), Some("2026-05")));
    assert_eq!(
        (figure("opened"), figure("mttr_p95_seconds"), figure("mttr_resolve_mean_seconds")),
        (Some("5"), Some("3480"), Some("2479"))
    );
    assert_eq!((rows.len(), rows[0].len()), (2, rows[1].len()));
}

#[test]
fn a_service_and_its_period_lead_the_row() {
    let question = Question { group_by: vec![GroupBy::Month], ..of_the_day() };
    let answer = ready(availability(&worked_example::stage().store(), &question)).expect("it answers");
    assert!(csv::render(&answer).starts_with("service,month,availability,"));
    assert!(csv::render(&answer).contains("\r\nbilling,2026-05,0.875,"));
}

#[track_caller]
fn reads_back<T>(answer: &Answer<T>)
where
    T: Tabular + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let again: Answer<T> = serde_json::from_str(&answer.to_json()).expect("what is written can be read");
    assert_eq!(*answer, again);
}

/// Each figure of a row, and nothing else.
#[track_caller]
fn is_defined<T: Serialize>(answer: &Answer<T>) {
    let value: Value = serde_json::from_str(&answer.to_json()).expect("it is JSON");
    let row = value["items"][0].as_object().expect("a row");
    let figures: BTreeSet<&str> =
        row.keys().map(String::as_str).filter(|key| !["group", "service"].contains(key)).collect();
    assert_eq!(figures, answer.definitions.keys().map(String::as_str).collect());
}

#[test]
fn every_answer_reads_back_and_says_what_its_figures_mean() {
    let store = worked_example::stage().store();
    for include_intervals in [true, false] {
        let question = Question { include_intervals, ..of_the_day() };
        let availability = ready(availability(&store, &question)).expect("it answers");
        let incidents = ready(incidents(&store, &question)).expect("it answers");
        let slo = ready(slo(&store, &question)).expect("it answers");
        let continuity = ready(continuity(&store, &question)).expect("it answers");
        let noise = ready(noise(&store, &question)).expect("it answers");
        reads_back(&availability);
        reads_back(&incidents);
        reads_back(&slo);
        reads_back(&continuity);
        reads_back(&noise);
        if !include_intervals {
            is_defined(&availability);
            is_defined(&incidents);
            is_defined(&slo);
            is_defined(&continuity);
            is_defined(&noise);
        }
    }
}
