//! Section 6: error budget and burn rate.

use model::item::SloWindow;
use model::outage::OutageState::{Degraded, Down};
use model::{Span, Timestamp};
use reliability::{BurnDown, OutageFact, burn_down, slo};

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

/// Of a day of which a quarter may be down, at these hours.
fn burned(shop: &Service, now: i64, at: &[i64]) -> BurnDown {
    let row = slo(&shop.facts(), 0.75, SloWindow::Rolling(Span::DAY), hour(24), hour(now));
    burn_down(&shop.facts(), &row, hour(now.min(24)), at.iter().map(|at| hour(*at)))
}

fn left(shop: &Service, at: &[i64]) -> Vec<f64> {
    burned(shop, 24, at).points.iter().map(|point| point.remaining_seconds / 3600.0).collect()
}

#[test]
fn burn_down_is_the_budget_less_the_downtime_until_each_instant() {
    let shop = service(&[down(-3, 1), down(4, 6), outage(10, None, Down)]);
    assert_eq!(left(&shop, &[0, 1, 4, 5, 6, 10, 12, 24]), [6.0, 5.0, 5.0, 4.0, 3.0, 3.0, 1.0, -11.0]);
}

#[test]
fn burn_down_counts_degraded_time_by_its_weight_and_nothing_in_maintenance() {
    let outages = [outage(2, Some(6), Degraded), down(6, 8), down(12, 16)];
    let weighted = Service { weight: 0.25, ..service(&outages) };
    assert_eq!(left(&weighted, &[4, 6, 8]), [5.5, 5.0, 3.0]);
    let maintained = Service { maintenance: hours(12, 16).into(), ..service(&outages) };
    assert_eq!(left(&maintained, &[6, 8, 24]), [5.0, 3.0, 3.0], "20 agreed hours, of which 5 may be down");
}

#[test]
fn exhausted_is_where_what_remains_falls_below_nought() {
    let exhausted = |outages: &[OutageFact]| burned(&service(outages), 24, &[]).exhausted_at;
    let at = |hour_of_day: i64| Some(hour(hour_of_day));
    assert_eq!(exhausted(&[down(2, 4), down(10, 20)]), at(14), "four hours into the second");
    assert_eq!(exhausted(&[down(2, 8)]), None, "all of it is used, and no more");
    assert_eq!(exhausted(&[down(2, 8), down(20, 21)]), at(20), "from when more is used");
    assert_eq!(exhausted(&[down(2, 7)]), None);
    let weighted = Service { weight: 0.5, ..service(&[outage(0, Some(10), Degraded), outage(10, Some(24), Degraded)]) };
    let halves = burned(&weighted, 24, &[]).exhausted_at.map(|at| at.floor(Span::SECOND));
    assert_eq!(halves, at(12), "of half a microsecond nobody asks");
}

#[test]
fn exhausted_of_an_objective_of_one_is_where_the_first_downtime_begins() {
    let shop = service(&[down(9, 10)]);
    let row = slo(&shop.facts(), 1.0, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
    let none: [Timestamp; 0] = [];
    assert_eq!(burn_down(&shop.facts(), &row, hour(24), none).exhausted_at, Some(hour(9)));
}
