//! Section 3: what is counted of incidents, and means of their times.

use model::{Interval, Span};
use reliability::{IncidentFact, IncidentMeans, IntervalSet, Sample, incident_means};

use crate::stage::{hour, hours};

fn incident(from: i64) -> IncidentFact {
    IncidentFact {
        started_at: hour(from),
        detected_at: hour(from + 1),
        opened_at: hour(from + 2),
        acknowledged_at: Some(hour(from + 4)),
        restored_at: Some(hour(from + 8)),
        resolved_at: Some(hour(from + 12)),
        reopened_at: Vec::new(),
        held: IntervalSet::new(),
        preexisting: false,
        excluded: false,
    }
}

fn means(incidents: &[IncidentFact], window: Interval, now: i64) -> IncidentMeans {
    incident_means(incidents, window, hour(now))
}

#[test]
fn mttd_is_from_start_to_detection() {
    assert_eq!(means(&[incident(0)], hours(0, 24), 99).mttd.mean_seconds, Some(3600.0));
    let known = IncidentFact { preexisting: true, ..incident(0) };
    assert_eq!(means(&[known], hours(0, 24), 99).mttd.count, 0, "of what was there before us nothing is known");
}

#[test]
fn mtta_is_from_opening_to_acknowledgement() {
    assert_eq!(means(&[incident(0)], hours(0, 24), 99).mtta.mean_seconds, Some(2.0 * 3600.0));
    let ignored = IncidentFact { acknowledged_at: None, ..incident(0) };
    assert_eq!(means(&[ignored], hours(0, 24), 99).mtta.mean_seconds, None);
}

#[test]
fn mttr_is_from_start_to_restoration() {
    assert_eq!(means(&[incident(0)], hours(0, 24), 99).mttr.mean_seconds, Some(8.0 * 3600.0));
    assert_eq!(means(&[incident(0)], hours(8, 24), 99).mttr.mean_seconds, Some(8.0 * 3600.0), "whole, by its end");
    assert_eq!(means(&[incident(0)], hours(0, 8), 99).mttr.count, 0);
}

#[test]
fn mttr_resolve_is_from_opening_to_resolution_less_time_on_hold() {
    let held = [hours(0, 4), hours(3, 6), hours(11, 40)].into_iter().collect();
    let row = means(&[IncidentFact { held, ..incident(0) }], hours(0, 24), 99);
    assert_eq!(row.mttr_resolve.mean_seconds, Some((10.0 - 4.0 - 1.0) * 3600.0));
    assert_eq!(row.mttr.mean_seconds, Some(8.0 * 3600.0), "restoring waits for nobody");
}

#[test]
fn percentile_lies_between_the_closest_ranks() {
    let sample = Sample::of([40, 0, 15, 20, 10].map(Span::from_seconds).to_vec());
    let of = |q: f64| {
        let h = 4.0 * q; // (n - 1) q
        let ranks = [0.0, 10.0, 15.0, 20.0, 40.0];
        ranks[h as usize] + (ranks[(h.ceil()) as usize] - ranks[h as usize]) * h.fract()
    };
    assert_eq!((sample.count, sample.mean_seconds), (5, Some(17.0)));
    for (shown, q, known) in
        [(sample.median_seconds, 0.5, 15.0), (sample.p90_seconds, 0.9, 32.0), (sample.p95_seconds, 0.95, 36.0)]
    {
        assert_eq!(shown, Some(known));
        assert!((of(q) - known).abs() < 1e-9);
    }
}

#[test]
fn opened_and_resolved_count_those_instants_in_the_window() {
    let counts = |from, to| {
        let row = means(&[incident(0)], hours(from, to), 99);
        (row.opened, row.resolved)
    };
    assert_eq!([counts(0, 24), counts(0, 12), counts(3, 24), counts(13, 24)], [(1, 1), (1, 0), (0, 1), (0, 0)]);
}

#[test]
fn resolved_counts_once_though_it_was_reopened() {
    let again = IncidentFact { reopened_at: vec![hour(5)], ..incident(0) };
    assert_eq!(means(&[again], hours(0, 24), 99).resolved, 1);
}

#[test]
fn reopened_counts_each_time_and_the_good_time_between_is_part_of_the_sample() {
    let reopened = IncidentFact { reopened_at: vec![hour(5), hour(6), hour(30)], ..incident(0) };
    let row = means(&[reopened], hours(0, 24), 99);
    assert_eq!((row.reopened, row.mttr.mean_seconds), (2, Some(8.0 * 3600.0)));
}

#[test]
fn never_acknowledged_is_what_is_resolved_and_was_not() {
    let ignored = IncidentFact { acknowledged_at: None, ..incident(0) };
    let waiting = IncidentFact { resolved_at: None, ..ignored.clone() };
    assert_eq!(means(&[ignored, waiting, incident(0)], hours(0, 24), 99).never_acknowledged, 1);
}

#[test]
fn each_measure_counts_where_its_own_instant_lies() {
    let counts = |from, to, now| {
        let row = means(&[incident(0)], hours(from, to), now);
        [row.mttd, row.mtta, row.mttr, row.mttr_resolve].map(|sample| sample.count)
    };
    assert_eq!(counts(0, 24, 99), [1, 1, 1, 1]);
    assert_eq!(counts(4, 12, 99), [0, 1, 1, 0], "half-open: the acknowledgement is in, the resolve is out");
    assert_eq!(counts(0, 24, 8), [1, 1, 1, 0], "what happens just now has happened");
    assert_eq!(counts(0, 24, 7), [1, 1, 0, 0]);
}

#[test]
fn what_is_excluded_counts_nowhere_and_what_was_there_before_us_was_not_detected() {
    let excluded = IncidentFact { excluded: true, reopened_at: vec![hour(9)], ..incident(0) };
    assert_eq!(means(&[excluded], hours(0, 24), 99), means(&[], hours(0, 24), 99));
    let row = means(&[IncidentFact { preexisting: true, ..incident(0) }], hours(0, 24), 99);
    assert_eq!((row.opened, row.mttd.count, row.mttr.count), (1, 0, 1));
}
