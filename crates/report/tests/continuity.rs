//! The continuity report: whom it lists, and what stores and gaps it sees.

use model::fact::RecoveryPoint;
use model::outage::OutageState::Down;
use model::{Cmdb, Span};
use report::{Question, continuity};
use store::{Store, ready};
use wire::v1::{ContinuityRow, GapKind};

use crate::stage::{Stage, at, of_items, of_the_day, outage};

fn rows(store: &Store, question: &Question) -> Vec<ContinuityRow> {
    ready(continuity(store, question)).expect("it answers").rows().cloned().collect()
}

fn shop() -> Cmdb {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7 -> disk-1\nidle{service} -> db-7");
    cmdb.items[0].objectives.rto = Some(Span::from_minutes(30));
    cmdb.items[0].objectives.rpo = Some(Span::from_minutes(15));
    cmdb.items[1].objectives.rto = Some(Span::from_minutes(10));
    cmdb.items[2].objectives.rpo = Some(Span::from_minutes(15));
    cmdb
}

fn point(ci: &str, clock: &str) -> RecoveryPoint {
    RecoveryPoint { ci: ci.into(), completed_at: at(clock), as_of: None, verified: true, received_at: at(clock) }
}

#[test]
fn only_services_that_promise_something_are_listed() {
    let rows = rows(&Stage::with(shop()).store(), &of_the_day());
    assert_eq!(rows.iter().map(|row| row.service.as_str()).collect::<Vec<_>>(), ["shop"]);
}

#[test]
fn an_item_with_a_promise_may_be_asked_for_by_name() {
    let rows = rows(&Stage::with(shop()).store(), &of_items(&["db-7", "idle"]));
    assert_eq!(rows.iter().map(|row| row.service.as_str()).collect::<Vec<_>>(), ["db-7"]);
}

#[test]
fn a_store_at_any_depth_is_a_gap_until_it_has_a_point() {
    let mut stage = Stage::with(shop());
    let gaps = |stage: &Stage, question: &Question| rows(&stage.store(), question)[0].gaps.clone();
    let found = gaps(&stage, &of_the_day());
    assert_eq!((found.len(), found[0].requires.as_str(), found[0].kind), (1, "disk-1", GapKind::NoRecoveryPoint));
    stage.facts(|step| step.recovery_points = vec![point("disk-1", "12:00")]);
    assert_eq!(gaps(&stage, &of_the_day()), []);
    assert_eq!(gaps(&stage, &Question { to: at("11:59"), ..of_the_day() }).len(), 1);
}

#[test]
fn a_point_at_the_very_end_of_the_window_leaves_no_exposure() {
    let mut stage = Stage::with(shop());
    stage.facts(|step| step.recovery_points = vec![point("disk-1", "-23:00"), point("disk-1", "12:00")]);
    let row = &rows(&stage.store(), &Question { to: at("12:00"), ..of_the_day() })[0];
    assert_eq!(row.rpo_exposure_seconds.map(|age| age.value()), Some(0.0));
    assert_eq!(row.rpo_worst_seconds.map(|age| age.value()), Some(13.0 * 3600.0), "since the point before the window");
}

#[test]
fn an_outage_that_lasts_counts_once_it_has_outlasted_the_rto() {
    let mut stage = Stage::with(shop());
    stage.facts(|step| step.outages = vec![outage("shop", "23:00", "", Down, false)]);
    let recoveries = |now: &str| {
        let row = rows(&stage.store(), &Question { now: at(now), ..of_the_day() })[0].clone();
        (row.recoveries, row.rto_met, row.worst_recovery_seconds.map(|worst| worst.value()))
    };
    assert_eq!(recoveries("23:30"), (0, Some(0), None));
    assert_eq!(recoveries("23:31"), (1, Some(0), Some(1860.0)));
}
