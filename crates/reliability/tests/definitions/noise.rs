//! Sections 10 to 12: noise, likeness, and what problems cost.

use model::Span;
use model::outage::OutageState::Degraded;
use reliability::similar::{Compared, likeness as likeness_of};
use reliability::{Noise, NoiseFacts, OutageFact, Scope, lost as lost_of, noise};

use crate::stage::{down, hour, hours, outage};

fn of(events: u64, episodes: u64, incidents: u64, told: u64) -> Noise {
    noise(NoiseFacts { events, episodes, incidents, told, suppressed_on_arrival: 5, ..NoiseFacts::default() })
}

#[test]
fn compression_is_the_share_of_events_that_opened_no_incident() {
    assert_eq!([of(1000, 50, 5, 15).compression, of(0, 0, 0, 0).compression], [Some(0.995), None]);
}

#[test]
fn deduplication_is_the_share_of_events_that_began_no_episode() {
    assert_eq!([of(1000, 50, 5, 15).deduplication, of(0, 0, 0, 0).deduplication], [Some(0.95), None]);
}

#[test]
fn suppressed_share_is_of_the_episodes() {
    assert_eq!([of(1000, 50, 5, 15).suppressed_share, of(9, 0, 0, 0).suppressed_share], [Some(0.1), None]);
}

#[test]
fn told_per_incident_is_messages_for_each() {
    assert_eq!([of(1000, 50, 5, 15).told_per_incident, of(9, 5, 0, 3).told_per_incident], [Some(3.0), None]);
}

#[test]
fn likeness_is_the_sum_of_cause_names_and_age() {
    let compared = Compared { same_ci: true, names_shared: 1, names_all: 2, age: Span::from_days(30) };
    assert_eq!(likeness_of(compared), 500 + 200 + 50);
}

#[test]
fn lost_is_service_time_that_was_down_unplanned() {
    let planned = OutageFact { planned: true, ..down(10, 12) };
    let outages = [down(-2, 3), planned, outage(4, Some(6), Degraded), down(20, 30)];
    let lost = lost_of(&outages, Scope::new(hours(0, 24), hour(22)));
    assert_eq!((lost.down, lost.degraded), (Span::from_hours(5), Span::from_hours(2)));
    assert_eq!(lost.and(lost).down, Span::from_hours(10), "two services are twice the time");
}
