//! Section 5: availability and what it is made of, one situation for each term.

use model::outage::OutageState::{Degraded, Down};
use reliability::OutageFact;

use crate::stage::{Service, down, hour, hours, nine_to_five, outage, service};

/// 24 hours of June's first Monday, all of it over.
fn row(of: &Service) -> reliability::Availability {
    of.row(hours(0, 24), 99)
}

#[test]
fn ast_is_the_agreed_hours_of_the_window_less_maintenance() {
    assert_eq!(row(&service(&[])).agreed_seconds, 24.0 * 3600.0, "round the clock unless hours are agreed");
    let office = Service { calendar: nine_to_five(), ..service(&[]) };
    assert_eq!(row(&office).agreed_seconds, 8.0 * 3600.0);
    let maintained = Service { maintenance: hours(8, 11).into(), ..office };
    assert_eq!(row(&maintained).agreed_seconds, 6.0 * 3600.0, "two of its three hours lie within those agreed");
    assert_eq!(maintained.row(hours(0, 24), 12).agreed_seconds, 3600.0, "and what is to come is not in it");
}

#[test]
fn dt_is_what_is_down_and_the_weighted_share_of_what_is_degraded() {
    let outages = [outage(0, Some(4), Degraded), down(4, 6)];
    for (weight, downtime) in [(0.0, 2.0), (0.25, 3.0), (1.0, 6.0)] {
        let weighed = Service { weight, ..service(&outages) };
        let up = row(&weighed).availability.expect("there is agreed time") * 24.0;
        assert!((24.0 - up - downtime).abs() < 1e-9, "at {weight}: up for {up} hours");
    }
}

#[test]
fn down_is_unplanned_and_within_the_agreed_time() {
    let shop = Service { calendar: nine_to_five(), maintenance: hours(9, 10).into(), ..service(&[down(7, 12)]) };
    assert_eq!(row(&shop).down_seconds, 2.0 * 3600.0, "of five hours one is before nine, one more in maintenance");
}

#[test]
fn availability_is_the_share_of_the_agreed_time_that_it_was_not_down() {
    assert_eq!(row(&service(&[down(6, 12)])).availability, Some(0.75));
    let closed = Service { calendar: nine_to_five(), ..service(&[down(20, 22)]) };
    assert_eq!(closed.row(hours(18, 24), 99).availability, None, "of no agreed time there is no share");
}

#[test]
fn degraded_time_counts_by_its_weight_and_is_shown_whole() {
    let degraded = Service { weight: 0.5, ..service(&[outage(0, Some(8), Degraded), down(8, 10)]) };
    let row = degraded.row(hours(0, 24), 99);
    assert_eq!((row.degraded_seconds, row.availability), (8.0 * 3600.0, Some(18.0 / 24.0)));
    assert_eq!((row.outages, row.mtbf_seconds), (1, Some(18.0 * 3600.0)));
}

#[test]
fn planned_is_what_is_down_in_maintenance_and_felt_all_the_same() {
    let planned = OutageFact { planned: true, ..down(2, 4) };
    let shop = Service { maintenance: hours(2, 6).into(), ..service(&[planned, down(6, 7)]) };
    let row = shop.row(hours(0, 24), 99);
    assert_eq!((row.agreed_seconds, row.planned_seconds, row.down_seconds), (72_000.0, 7200.0, 3600.0));
    assert_eq!((row.availability, row.outages), (Some(19.0 / 20.0), 1));
    assert_eq!(row.availability_as_experienced, Some(21.0 / 24.0));
}

#[test]
fn outages_are_the_failures_that_begin_in_the_window() {
    let shop = service(&[down(-2, 1), down(3, 4), outage(5, Some(6), Degraded), down(23, 30), down(24, 25)]);
    assert_eq!(row(&shop).outages, 2, "neither the one before, nor what is degraded, nor what begins where it ends");
}

#[test]
fn failure_is_an_outage_once_it_meets_the_calendar() {
    let shop = Service { calendar: nine_to_five(), ..service(&[outage(18, None, Down)]) };
    assert_eq!(shop.row(hours(0, 48), 24 + 9).outages, 0, "09:00 has come, but no instant of it has passed");
    assert_eq!(shop.row(hours(0, 48), 24 + 10).outages, 1);
    assert_eq!(shop.row(hours(0, 24), 24 + 10).outages, 1, "judged on the whole of it, also past the window");
}

#[test]
fn failure_is_neither_planned_nor_degraded() {
    let planned = OutageFact { planned: true, ..down(2, 4) };
    assert_eq!(row(&service(&[planned, outage(5, Some(6), Degraded)])).outages, 0);
    assert_eq!(row(&service(&[outage(5, None, Down)])).outages, 1, "one that lasts has begun");
}

#[test]
fn mean_outage_is_of_whole_lengths_of_failures_that_ended_in_the_window() {
    let shop = service(&[down(20, 30), down(40, 50)]);
    let (first, second) = (shop.row(hours(0, 24), 99), shop.row(hours(24, 48), 99));
    assert_eq!((first.outages, first.mean_outage_seconds, first.down_seconds), (1, None, 4.0 * 3600.0));
    assert_eq!((second.outages, second.mean_outage_seconds), (1, Some(36_000.0)), "whole, though it began before");
    assert_eq!(second.down_seconds, 14.0 * 3600.0);
}

#[test]
fn mtbf_is_the_uptime_for_each_failure() {
    assert_eq!(row(&service(&[down(2, 4), down(10, 12)])).mtbf_seconds, Some(10.0 * 3600.0));
    assert_eq!(row(&service(&[down(-1, 4)])).mtbf_seconds, None, "none began");
}

#[test]
fn mtbsi_is_mtbf_and_the_mean_outage() {
    assert_eq!(row(&service(&[down(2, 4), down(10, 12)])).mtbsi_seconds, Some(12.0 * 3600.0));
    assert_eq!(row(&service(&[down(-1, 4)])).mtbsi_seconds, None);
    assert_eq!(row(&service(&[down(20, 30)])).mtbsi_seconds, None, "it has no mean outage yet");
}

#[test]
fn mtbf_and_every_mean_of_nothing_is_nothing() {
    let row = service(&[]).row(hours(0, 24), 99);
    assert_eq!((row.availability, row.met, row.outages), (Some(1.0), Some(true), 0));
    assert_eq!((row.mtbf_seconds, row.mtbsi_seconds, row.mean_outage_seconds), (None, None, None));
    let closed = Service { calendar: nine_to_five(), ..service(&[down(20, 22)]) };
    let night = closed.row(hours(18, 24), 99);
    assert_eq!((night.agreed_seconds, night.availability, night.met), (0.0, None, None));
    assert_eq!(night.availability_as_experienced, Some(4.0 / 6.0));
}

#[test]
fn met_is_an_objective_that_is_reached_exactly() {
    // 24 of 240 hours down is 0.9 to the last bit.
    let row = service(&[down(0, 24)]).row(hours(0, 240), 999);
    assert_eq!((row.availability, row.met), (Some(0.9), Some(true)));
}

#[test]
fn coverage_is_the_share_that_was_ever_heard_of_by_then() {
    let heard = vec![Some(hour(1)), Some(hour(24)), Some(hour(25)), None];
    let shop = Service { first_heard: heard, blind: hours(20, 30).into(), ..service(&[]) };
    let row = shop.row(hours(0, 24), 99);
    assert_eq!((row.coverage, row.blind_seconds), (Some(0.5), 4.0 * 3600.0));
    assert_eq!(shop.row(hours(0, 48), 12).coverage, Some(0.25));
    assert_eq!(service(&[]).row(hours(0, 24), 99).coverage, None);
}

#[test]
fn blind_is_agreed_time_in_which_a_source_was_silent() {
    let office = Service { calendar: nine_to_five(), blind: hours(8, 12).into(), ..service(&[]) };
    assert_eq!(row(&office).blind_seconds, 3.0 * 3600.0);
    assert_eq!(office.row(hours(0, 24), 11).blind_seconds, 2.0 * 3600.0, "nothing after now");
}

#[test]
fn as_experienced_is_round_the_clock_with_what_was_planned() {
    let planned = OutageFact { planned: true, ..down(2, 4) };
    let office =
        Service { calendar: nine_to_five(), maintenance: hours(2, 4).into(), ..service(&[planned, down(20, 24)]) };
    let row = row(&office);
    assert_eq!((row.availability, row.availability_as_experienced), (Some(1.0), Some(0.75)));
}

#[test]
fn live_is_when_a_service_counts() {
    let shop = Service { live: hours(10, 20), ..service(&[down(5, 12), down(15, 25)]) };
    let row = shop.row(hours(0, 24), 99);
    assert_eq!((row.agreed_seconds, row.down_seconds), (36_000.0, 7.0 * 3600.0));
    assert_eq!((row.outages, row.outages_ended), (1, 1), "one began and another ended while it lived");
}

#[test]
fn now_is_where_everything_ends() {
    let shop = service(&[down(10, 20), down(30, 40)]);
    let row = shop.row(hours(0, 48), 15);
    assert_eq!((row.agreed_seconds, row.down_seconds), (15.0 * 3600.0, 5.0 * 3600.0));
    assert_eq!((row.outages, row.mean_outage_seconds), (1, None), "it has not ended yet");
    assert_eq!(shop.row(hours(0, 48), 20).mean_outage_seconds, Some(36_000.0), "it ends just now");
    assert_eq!(shop.row(hours(24, 48), 20).agreed_seconds, 0.0);
}

#[test]
fn customer_minutes_lost_are_those_of_each_user_while_the_service_is_down_in_agreed_time() {
    let mut shop = service(&[down(8, 10), outage(11, Some(12), Degraded), down(12, 13), down(16, 18)]);
    shop.calendar = nine_to_five();
    shop.maintenance = [hours(12, 13)].into_iter().collect();
    let row = shop.row(hours(0, 24), 24);
    assert_eq!(row.down_seconds, 7200.0, "an hour before the agreed ones and one after count for nobody");
    assert_eq!((row.customer_minutes_lost(Some(1000)), row.customer_minutes_lost(None)), (Some(120_000.0), None));
    assert_eq!(shop.row(hours(0, 9), 24).customer_minutes_lost(Some(1000)), Some(0.0));
}
