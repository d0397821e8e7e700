//! Section 6: error budget and burn rate.

use model::Span;
use model::item::SloWindow;
use model::outage::OutageState::Down;
use reliability::slo;

use crate::stage::{Service, down, hour, hours, outage, service};

#[test]
fn budget_is_the_downtime_that_the_objective_allows() {
    let row = slo(&service(&[]).facts(), 0.75, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
    assert_eq!((row.agreed_seconds, row.budget_seconds), (24.0 * 3600.0, 6.0 * 3600.0));
}

#[test]
fn budget_of_a_month_is_whole_and_knows_maintenance_to_come() {
    let shop = Service { maintenance: hours(600, 610).into(), ..service(&[down(-10, 2), down(100, 101)]) };
    let row = slo(&shop.facts(), 0.9, SloWindow::Month, hour(240), hour(240));
    assert_eq!((row.period.start(), row.period.end()), (hour(0), hour(720)));
    assert_eq!(row.agreed_seconds, 710.0 * 3600.0);
    assert!((row.budget_seconds - 71.0 * 3600.0).abs() < 1e-6);
    assert_eq!(row.consumed_seconds, 3.0 * 3600.0, "from the first of the month");
}

#[test]
fn budget_is_of_the_month_that_ends_at_to() {
    let row = slo(&service(&[]).facts(), 0.9, SloWindow::Month, hour(720), hour(2000));
    assert_eq!(row.period, hours(0, 720));
    let quarter = slo(&service(&[]).facts(), 0.9, SloWindow::Quarter, hour(720), hour(2000));
    assert_eq!(quarter.period, hours(-61 * 24, 720), "April to June");
}

#[test]
fn consumed_of_a_month_to_come_is_nothing() {
    let shop = service(&[outage(0, None, Down)]);
    let row = slo(&shop.facts(), 0.9, SloWindow::Month, hour(750), hour(700));
    assert_eq!(row.period.start(), hour(720), "July");
    assert_eq!((row.agreed_seconds, row.consumed_seconds), (31.0 * 86_400.0, 0.0));
}

#[test]
fn consumed_is_the_downtime_to_date() {
    let shop = service(&[down(2, 4), down(20, 30)]);
    let row = slo(&shop.facts(), 0.75, SloWindow::Rolling(Span::DAY), hour(48), hour(24));
    assert_eq!(row.consumed_seconds, 6.0 * 3600.0);
}

#[test]
fn remaining_is_the_budget_less_what_is_consumed_and_may_be_negative() {
    for (end, remaining) in [(4, 4.0), (8, 0.0), (12, -4.0)] {
        let row = slo(&service(&[down(2, end)]).facts(), 0.75, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
        assert_eq!(row.remaining_seconds, remaining * 3600.0, "until {end}");
    }
}

#[test]
fn burn_rate_is_the_share_that_was_down_by_the_share_that_may_be() {
    // Of the last six hours three were down, and a quarter may be.
    let row = slo(&service(&[down(21, 24)]).facts(), 0.75, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
    assert_eq!(row.burn_rate.0[..3], [Some(4.0), Some(2.0), Some(0.5)], "over 1, 6 and 24 hours");
    let maintained = Service { maintenance: hours(18, 24).into(), ..service(&[]) };
    let row = slo(&maintained.facts(), 0.75, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
    assert_eq!(row.burn_rate.0[..2], [None, None], "nothing was agreed in them");
}

#[test]
fn burn_rate_is_read_where_a_rolling_window_ends() {
    let shop = service(&[down(9, 10)]);
    let row = slo(&shop.facts(), 0.9, SloWindow::Rolling(Span::from_hours(5)), hour(48), hour(10));
    assert_eq!((row.period, row.consumed_seconds), (hours(5, 10), 3600.0));
    let [one, six, ..] = row.burn_rate.0.map(|rate| rate.unwrap_or_default());
    assert!((one - 10.0).abs() < 1e-9 && (six - 10.0 / 6.0).abs() < 1e-9, "{:?}", row.burn_rate);
}

#[test]
fn burn_rate_of_an_objective_of_one_is_none() {
    let row = slo(&service(&[down(9, 10)]).facts(), 1.0, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
    assert_eq!((row.budget_seconds, row.remaining_seconds), (0.0, -3600.0));
    assert_eq!(row.burn_rate.0, [None; 4]);
}
