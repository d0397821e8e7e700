//! When in the week services are down: availability's figures, told apart by hour.

use report::{Question, Step, availability, week};
use store::ready;

use crate::stage::of_the_day;
use crate::worked_example;

#[test]
fn the_hours_of_the_week_are_availability_told_apart() {
    let store = worked_example::stage().store();
    let question = Question { include_intervals: true, ..of_the_day() };
    let answer = ready(week(&store, &question)).expect("it answers");
    assert_eq!(answer.report.items.len(), 7 * 24);
    let all = ready(availability(&store, &question)).expect("it answers");
    let down: f64 = answer.rows().map(|row| row.down_seconds.value()).sum();
    let outages: u64 = answer.rows().map(|row| row.outages).sum();
    assert!((down - all.rows().map(|row| row.down_seconds.value()).sum::<f64>()).abs() < 1e-6);
    assert_eq!(outages, all.rows().map(|row| row.outages).sum::<u64>());
    // The day is a Monday; checkout and billing both failed at 08:00 for an hour.
    let of =
        |hour: u64| answer.report.items.iter().find(|row| row.figures.weekday == "mon" && row.figures.hour == hour);
    let eight = of(8).expect("it is there");
    assert_eq!((eight.figures.outages, eight.figures.down_seconds.value()), (2, 7200.0));
    let services: Vec<&str> = eight.origins.outages["outages"].iter().map(|outage| outage.service.as_str()).collect();
    assert_eq!(services, ["billing", "checkout"]);
    assert!(answer.rows().all(|row| row.weekday == "mon" || row.outages == 0));
}

#[test]
fn its_hours_are_those_of_the_zone_that_was_asked_for() {
    let store = worked_example::stage().store();
    let question = Question { time_zone: Some("Asia/Kolkata".to_owned()), ..of_the_day() };
    let answer = ready(week(&store, &question)).expect("it answers");
    let began: Vec<u64> = answer.rows().filter(|row| row.outages > 0).map(|row| row.hour).collect();
    assert!(began.contains(&13), "08:00 in London is 13:30 there: {began:?}");
    let cut = Question { step: Some(Step::Week), ..of_the_day() };
    assert!(ready(week(&store, &cut)).is_err());
}
