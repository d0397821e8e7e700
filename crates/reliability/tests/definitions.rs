//! The sentences of docs/measures.md that are easy to get wrong, one situation each.

use calendar::Calendar;
use model::fact::{ChangeResult, Exercise};
use model::incident::HoldFor;
use model::item::{CalendarDef, Hours, SloWindow, Weekday};
use model::outage::OutageState::{self, Degraded, Down};
use model::{CiId, HoldBrief, Interval, Span, Timestamp};
use reliability::gaps::{Targets, gaps};
use reliability::sla::{Task, stopped};
use reliability::{
    Availability, ChangeFact, Changes, Continuity, ContinuityFacts, Dependency, Gap, GapKind, Group, IncidentFact,
    IncidentMeans, IntervalSet, OutageFact, Outcome, Reached, Scope, ServiceFacts, availability, changes, continuity,
    incident_means, sla, slo,
};

/// An hour of June 2026, counted from its first instant; 1 June is a Monday.
fn hour(hour: i64) -> Timestamp {
    Timestamp::from_date(2026, 6, 1) + Span::from_hours(hour)
}

fn hours(from: i64, to: i64) -> Interval {
    Interval::or_empty(hour(from), hour(to))
}

fn outage(from: i64, to: Option<i64>, state: OutageState) -> OutageFact {
    OutageFact { from: hour(from), to: to.map(hour), state, planned: false }
}

fn down(from: i64, to: i64) -> OutageFact {
    outage(from, Some(to), Down)
}

fn nine_to_five() -> Calendar {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    let hours = vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri], from_minute: 540, to_minute: 1020 }];
    let def = CalendarDef { id: "nine-to-five".into(), time_zone: "UTC".into(), hours, holidays: vec![] };
    Calendar::compile(&def).expect("the calendar is sound")
}

struct Service {
    outages: Vec<OutageFact>,
    maintenance: IntervalSet,
    blind: IntervalSet,
    first_heard: Vec<Option<Timestamp>>,
    calendar: Calendar,
    weight: f64,
    live: Interval,
}

fn service(outages: &[OutageFact]) -> Service {
    Service {
        outages: outages.to_vec(),
        maintenance: IntervalSet::new(),
        blind: IntervalSet::new(),
        first_heard: Vec::new(),
        calendar: Calendar::always(),
        weight: 0.0,
        live: Interval::or_empty(Timestamp::MIN, Timestamp::MAX),
    }
}

impl Service {
    fn facts(&self) -> ServiceFacts<'_> {
        ServiceFacts {
            outages: &self.outages,
            maintenance: &self.maintenance,
            blind: &self.blind,
            first_heard: &self.first_heard,
            calendar: &self.calendar,
            degraded_weight: self.weight,
            live: self.live,
        }
    }

    fn row(&self, window: Interval, now: i64) -> Availability {
        availability(&self.facts(), Some(0.9), window, hour(now))
    }

    fn recoveries(&self, rto_hours: Option<i64>, window: Interval, now: i64) -> Continuity {
        let targets = Targets { rto: rto_hours.map(Span::from_hours), rpo: None, mtpd: None };
        let facts = self.facts();
        let service = CiId::from("shop");
        let known = ContinuityFacts {
            service: &service,
            facts: &facts,
            targets,
            exercise_every: None,
            points: &[],
            requires: &[],
            groups: &[],
            reached: &[],
            exercises: &[],
        };
        continuity(&known, window, hour(now))
    }
}

// Availability, section 5.

#[test]
fn a_failure_counts_where_it_begins_and_its_length_where_it_ends() {
    let shop = service(&[down(20, 30), down(40, 50)]);
    let (first, second) = (shop.row(hours(0, 24), 99), shop.row(hours(24, 48), 99));
    assert_eq!((first.outages, first.mean_outage_seconds, first.down_seconds), (1, None, 4.0 * 3600.0));
    assert_eq!((second.outages, second.mean_outage_seconds), (1, Some(36_000.0)), "whole, though it began before");
    assert_eq!(second.down_seconds, 14.0 * 3600.0);
}

#[test]
fn without_a_failure_there_is_no_mean_and_without_agreed_time_no_availability() {
    let row = service(&[]).row(hours(0, 24), 99);
    assert_eq!((row.availability, row.met, row.outages), (Some(1.0), Some(true), 0));
    assert_eq!((row.mtbf_seconds, row.mtbsi_seconds, row.mean_outage_seconds), (None, None, None));
    let closed = Service { calendar: nine_to_five(), ..service(&[down(20, 22)]) };
    let night = closed.row(hours(18, 24), 99);
    assert_eq!((night.agreed_seconds, night.availability, night.met), (0.0, None, None));
    assert_eq!(night.availability_as_experienced, Some(4.0 / 6.0));
}

#[test]
fn an_outage_that_never_meets_the_calendar_is_no_failure_until_it_does() {
    let shop = Service { calendar: nine_to_five(), ..service(&[outage(18, None, Down)]) };
    assert_eq!(shop.row(hours(0, 48), 24 + 9).outages, 0, "09:00 has come, but no instant of it has passed");
    assert_eq!(shop.row(hours(0, 48), 24 + 10).outages, 1);
    assert_eq!(shop.row(hours(0, 24), 24 + 10).outages, 1, "judged on the whole of it, also past the window");
}

#[test]
fn nothing_after_now_counts() {
    let shop = service(&[down(10, 20), down(30, 40)]);
    let row = shop.row(hours(0, 48), 15);
    assert_eq!((row.agreed_seconds, row.down_seconds), (15.0 * 3600.0, 5.0 * 3600.0));
    assert_eq!((row.outages, row.mean_outage_seconds), (1, None), "it has not ended yet");
    assert_eq!(shop.row(hours(0, 48), 20).mean_outage_seconds, Some(36_000.0), "it ends just now");
    assert_eq!(shop.row(hours(24, 48), 20).agreed_seconds, 0.0);
}

#[test]
fn degraded_time_counts_by_its_weight_and_is_shown_whole() {
    let degraded = Service { weight: 0.5, ..service(&[outage(0, Some(8), Degraded), down(8, 10)]) };
    let row = degraded.row(hours(0, 24), 99);
    assert_eq!((row.degraded_seconds, row.availability), (8.0 * 3600.0, Some(18.0 / 24.0)));
    assert_eq!((row.outages, row.mtbf_seconds), (1, Some(18.0 * 3600.0)));
}

#[test]
fn maintenance_is_not_agreed_and_what_is_planned_is_felt_all_the_same() {
    let planned = OutageFact { planned: true, ..down(2, 4) };
    let shop = Service { maintenance: hours(2, 6).into(), ..service(&[planned, down(6, 7)]) };
    let row = shop.row(hours(0, 24), 99);
    assert_eq!((row.agreed_seconds, row.planned_seconds, row.down_seconds), (72_000.0, 7200.0, 3600.0));
    assert_eq!((row.availability, row.outages), (Some(19.0 / 20.0), 1));
    assert_eq!(row.availability_as_experienced, Some(21.0 / 24.0));
}

#[test]
fn a_service_counts_while_it_is_live() {
    let shop = Service { live: hours(10, 20), ..service(&[down(5, 12), down(15, 25)]) };
    let row = shop.row(hours(0, 24), 99);
    assert_eq!((row.agreed_seconds, row.down_seconds), (36_000.0, 7.0 * 3600.0));
    assert_eq!((row.outages, row.outages_ended), (1, 1), "one began and another ended while it lived");
}

#[test]
fn coverage_is_what_was_ever_heard_of_by_then() {
    let heard = vec![Some(hour(1)), Some(hour(24)), Some(hour(25)), None];
    let shop = Service { first_heard: heard, blind: hours(20, 30).into(), ..service(&[]) };
    let row = shop.row(hours(0, 24), 99);
    assert_eq!((row.coverage, row.blind_seconds), (Some(0.5), 4.0 * 3600.0));
    assert_eq!(shop.row(hours(0, 48), 12).coverage, Some(0.25));
    assert_eq!(service(&[]).row(hours(0, 24), 99).coverage, None);
}

#[test]
fn an_objective_that_is_met_exactly_is_met() {
    // 24 of 240 hours down is 0.9 to the last bit.
    let row = service(&[down(0, 24)]).row(hours(0, 240), 999);
    assert_eq!((row.availability, row.met), (Some(0.9), Some(true)));
}

// SLO, section 6.

#[test]
fn the_budget_of_a_month_is_whole_and_knows_maintenance_to_come() {
    let shop = Service { maintenance: hours(600, 610).into(), ..service(&[down(-10, 2), down(100, 101)]) };
    let row = slo(&shop.facts(), 0.9, SloWindow::Month, hour(240), hour(240));
    assert_eq!((row.period.start(), row.period.end()), (hour(0), hour(720)));
    assert_eq!(row.agreed_seconds, 710.0 * 3600.0);
    assert!((row.budget_seconds - 71.0 * 3600.0).abs() < 1e-6);
    assert_eq!(row.consumed_seconds, 3.0 * 3600.0, "from the first of the month");
}

#[test]
fn a_month_that_ends_at_to_is_still_the_one_reported() {
    let row = slo(&service(&[]).facts(), 0.9, SloWindow::Month, hour(720), hour(2000));
    assert_eq!(row.period, hours(0, 720));
    let quarter = slo(&service(&[]).facts(), 0.9, SloWindow::Quarter, hour(720), hour(2000));
    assert_eq!(quarter.period, hours(-61 * 24, 720), "April to June");
}

#[test]
fn a_month_to_come_has_a_budget_and_has_consumed_nothing() {
    let shop = service(&[outage(0, None, Down)]);
    let row = slo(&shop.facts(), 0.9, SloWindow::Month, hour(750), hour(700));
    assert_eq!(row.period.start(), hour(720), "July");
    assert_eq!((row.agreed_seconds, row.consumed_seconds), (31.0 * 86_400.0, 0.0));
}

#[test]
fn a_rolling_window_ends_now_and_burn_rates_are_read_there() {
    let shop = service(&[down(9, 10)]);
    let row = slo(&shop.facts(), 0.9, SloWindow::Rolling(Span::from_hours(5)), hour(48), hour(10));
    assert_eq!((row.period, row.consumed_seconds), (hours(5, 10), 3600.0));
    let [one, six, ..] = row.burn_rate.0.map(|rate| rate.unwrap_or_default());
    assert!((one - 10.0).abs() < 1e-9 && (six - 10.0 / 6.0).abs() < 1e-9, "{:?}", row.burn_rate);
}

#[test]
fn an_objective_of_one_has_no_budget_and_no_burn_rate() {
    let row = slo(&service(&[down(9, 10)]).facts(), 1.0, SloWindow::Rolling(Span::DAY), hour(24), hour(24));
    assert_eq!((row.budget_seconds, row.remaining_seconds), (0.0, -3600.0));
    assert_eq!(row.burn_rate.0, [None; 4]);
}

// Incidents, section 3.

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

#[test]
fn every_reopening_counts_and_the_good_time_between_is_part_of_the_sample() {
    let reopened = IncidentFact { reopened_at: vec![hour(5), hour(6), hour(30)], ..incident(0) };
    let row = means(&[reopened], hours(0, 24), 99);
    assert_eq!((row.reopened, row.mttr.mean_seconds), (2, Some(8.0 * 3600.0)));
}

#[test]
fn time_on_hold_is_taken_off_once_and_only_where_the_sample_ran() {
    let held = [hours(0, 4), hours(3, 6), hours(11, 40)].into_iter().collect();
    let row = means(&[IncidentFact { held, ..incident(0) }], hours(0, 24), 99);
    assert_eq!(row.mttr_resolve.mean_seconds, Some((10.0 - 4.0 - 1.0) * 3600.0));
    assert_eq!(row.mttr.mean_seconds, Some(8.0 * 3600.0), "restoring waits for nobody");
}

#[test]
fn nobody_can_acknowledge_what_is_resolved() {
    let ignored = IncidentFact { acknowledged_at: None, ..incident(0) };
    let waiting = IncidentFact { resolved_at: None, ..ignored.clone() };
    assert_eq!(means(&[ignored, waiting, incident(0)], hours(0, 24), 99).never_acknowledged, 1);
}

// Continuity, section 8.

#[test]
fn an_open_failure_is_a_recovery_once_it_has_outlasted_the_rto() {
    let shop = service(&[outage(10, None, Down)]);
    for (now, rto, to, expected) in [
        (12, Some(2), 24, (0, Some(0), None)),
        (13, Some(2), 24, (1, Some(0), Some(3.0 * 3600.0))),
        (24, Some(2), 24, (1, Some(0), Some(14.0 * 3600.0))),
        (25, Some(2), 24, (0, Some(0), None)), // `to` is past: it belongs to a later report
        (13, None, 24, (0, None, None)),
    ] {
        let row = shop.recoveries(rto, hours(0, to), now);
        assert_eq!((row.recoveries, row.rto_met, row.worst_recovery_seconds), expected, "now {now}, rto {rto:?}");
    }
}

#[test]
fn a_report_as_of_an_earlier_instant_does_not_know_how_a_failure_ended() {
    let row = service(&[down(10, 20)]).recoveries(Some(2), hours(0, 24), 15);
    assert_eq!((row.recoveries, row.worst_recovery_seconds), (1, Some(5.0 * 3600.0)));
}

#[test]
fn a_recovery_just_within_the_rto_met_it() {
    let row = service(&[down(-3, 2), down(5, 7), down(8, 11)]).recoveries(Some(2), hours(0, 24), 99);
    assert_eq!((row.recoveries, row.rto_met, row.rto_attainment), (3, Some(1), Some(1.0 / 3.0)));
    assert_eq!((row.worst_recovery_seconds, row.mean_recovery_seconds), (Some(18_000.0), Some(12_000.0)));
    let quiet = service(&[]).recoveries(Some(2), hours(0, 24), 99);
    assert_eq!((quiet.rto_met, quiet.rto_attainment, quiet.mean_recovery_seconds), (Some(0), None, None));
}

fn needs(id: &str, rto_hours: Option<i64>) -> Dependency {
    Dependency { id: id.into(), rto: rto_hours.map(Span::from_hours) }
}

#[test]
fn a_group_is_judged_by_the_member_that_brings_it_back() {
    let members = vec![needs("d", None), needs("c", Some(9)), needs("b", Some(1)), needs("a", Some(9))];
    let targets = Targets { rto: Some(Span::from_hours(4)), ..Targets::default() };
    for (k, expected) in [
        (1, None),
        (2, Some(("a", GapKind::RtoLonger, Some(9.0 * 3600.0)))),
        (3, Some(("c", GapKind::RtoLonger, Some(9.0 * 3600.0)))),
        (4, Some(("d", GapKind::NoObjective, None))),
    ] {
        let group = Group { k, members: members.clone() };
        let expected: Vec<Gap> = expected
            .into_iter()
            .map(|(id, kind, rto_seconds)| Gap { requires: id.into(), kind, rto_seconds })
            .collect();
        assert_eq!(gaps(&"shop".into(), targets, &[], &[group], &[], hour(0)), expected, "{k} of 4");
    }
}

#[test]
fn gaps_are_sorted_and_only_told_of_services_with_the_objective() {
    let late = [hour(5)];
    let store = |id: &str, rpo: Option<i64>, points| Reached {
        id: CiId::from(id),
        rto: None,
        rpo: rpo.map(Span::from_hours),
        points,
    };
    let reached = [store("db", Some(1), &[]), store("cache", None, &[]), store("queue", Some(1), &late)];
    let (rto, rpo, mtpd) = (Some(Span::from_hours(4)), Some(Span::HOUR), Some(Span::from_hours(3)));
    let told = |targets, at| -> Vec<(String, &str)> {
        gaps(&"shop".into(), targets, &[needs("db", None)], &[], &reached, hour(at))
            .into_iter()
            .map(|gap| (gap.requires.to_string(), gap.kind.as_str()))
            .collect()
    };
    let told_of = |pairs: &[(&str, &'static str)]| -> Vec<(String, &str)> {
        pairs.iter().map(|&(id, kind)| (id.to_owned(), kind)).collect()
    };
    let all = [("db", "no_objective"), ("db", "no_recovery_point"), ("shop", "rto_over_mtpd")];
    assert_eq!(told(Targets { rto, rpo, mtpd }, 5), told_of(&all));
    assert_eq!(told(Targets { rto, rpo, mtpd: None }, 4).last(), told_of(&[("queue", "no_recovery_point")]).last());
    assert_eq!(told(Targets { rto, rpo: None, mtpd: None }, 4), told_of(&all[..1]));
    assert_eq!(told(Targets { rto: None, rpo, mtpd }, 4), []);
}

#[test]
fn an_exercise_is_overdue_by_the_interval_said_last() {
    let exercise = |held: i64, every_days: Option<i64>| Exercise {
        ci: "shop".into(),
        held_at: hour(held * 24),
        recovery: None,
        recovery_point: None,
        passed: false,
        every: every_days.map(Span::from_days),
        received_at: hour(held * 24),
    };
    let shop = service(&[]);
    let facts = shop.facts();
    let id = CiId::from("shop");
    for (exercises, every, expected) in [
        (vec![], None, (None, None)),
        (vec![], Some(30), (None, Some(true))),
        (vec![exercise(0, None)], None, (Some(0), None)),
        (vec![exercise(0, None)], Some(10), (Some(0), Some(false))),
        (vec![exercise(-1, None)], Some(10), (Some(-1), Some(true))),
        (vec![exercise(-1, Some(20))], Some(5), (Some(-1), Some(false))),
        (vec![exercise(1, None), exercise(-9, Some(8))], Some(30), (Some(1), Some(true))),
        (vec![exercise(11, Some(1)), exercise(5, None)], Some(5), (Some(5), Some(false))),
    ] {
        let known = ContinuityFacts {
            service: &id,
            facts: &facts,
            targets: Targets::default(),
            exercise_every: every.map(Span::from_days),
            points: &[],
            requires: &[],
            groups: &[],
            reached: &[],
            exercises: &exercises,
        };
        let row = continuity(&known, hours(0, 240), hour(999)); // read on day 10
        let last = row.last_exercise.map(|last| (last.held_at - hour(0)).micros() / Span::DAY.micros());
        assert_eq!((last, row.exercise_overdue), expected, "{exercises:?}, every {every:?}");
    }
}

// SLA, section 7.

#[test]
fn customer_minutes_are_lost_by_each_user_while_the_service_is_down_in_agreed_time() {
    let mut shop = service(&[down(8, 10), outage(11, Some(12), Degraded), down(12, 13), down(16, 18)]);
    shop.calendar = nine_to_five();
    shop.maintenance = IntervalSet::from_iter([hours(12, 13)]);
    let row = shop.row(hours(0, 24), 24);
    assert_eq!(row.down_seconds, 7200.0, "an hour before the agreed ones and one after count for nobody");
    assert_eq!((row.customer_minutes_lost(Some(1000)), row.customer_minutes_lost(None)), (Some(120_000.0), None));
    assert_eq!(shop.row(hours(0, 9), 24).customer_minutes_lost(Some(1000)), Some(0.0));
}

fn hold(reason_for: HoldFor, from: i64, to: Option<i64>, until: Option<i64>) -> HoldBrief {
    HoldBrief { from: hour(from), to: to.map(hour), until: until.map(hour), reason_for }
}

fn met(at: i64) -> Option<Outcome> {
    Some(Outcome::Met { at: hour(at) })
}

fn breached(at: i64) -> Option<Outcome> {
    Some(Outcome::Breached { at: hour(at) })
}

fn running(at: impl Into<Option<i64>>) -> Option<Outcome> {
    Some(Outcome::Running { breaches_at: at.into().map(hour) })
}

/// An incident that is to be done within four hours on a calendar.
struct Agreed {
    calendar: Calendar,
    opened: i64,
    done: Option<i64>,
    over: Option<i64>,
    holds: Vec<HoldBrief>,
}

/// From nine to five, opened on Monday at some hour.
fn agreed(opened: i64, done: Option<i64>) -> Agreed {
    Agreed { calendar: nine_to_five(), opened, done, over: None, holds: Vec::new() }
}

impl Agreed {
    fn held(self, holds: impl Into<Vec<HoldBrief>>) -> Agreed {
        Agreed { holds: holds.into(), ..self }
    }

    fn over(self, at: i64) -> Agreed {
        Agreed { over: Some(at), ..self }
    }

    fn within(&self, window: Option<Interval>, now: i64) -> Option<Outcome> {
        let stopped = stopped(&self.holds, hour(now));
        let task = Task {
            opened_at: hour(self.opened),
            done_at: self.done.map(hour),
            over_at: self.over.map(hour),
            target: Span::from_hours(4),
            calendar: &self.calendar,
            stopped: &stopped,
        };
        let judged = task.judge(hour(now));
        window.map_or_else(|| judged.outcome(), |window| judged.within(window))
    }

    fn at(&self, now: i64) -> Option<Outcome> {
        self.within(None, now)
    }
}

#[test]
fn a_target_runs_on_its_calendar_and_stands_on_hold() {
    use HoldFor::{Change, Customer, Supplier};
    let supplier = hold(Supplier, 12, Some(14), None);
    for (incident, now, expected) in [
        (agreed(11, Some(15)), 99, met(15)),
        (agreed(11, Some(16)), 99, breached(15)),
        (agreed(11, Some(16)), 12, running(15)),
        (agreed(11, None), 15, running(15)),
        (agreed(11, None), 16, breached(15)),
        (agreed(11, Some(16)).held([supplier]), 99, met(16)),
        (agreed(11, None).held([supplier]), 20, running(24 + 9)),
        (agreed(11, None).held([hold(Change, 12, Some(14), None)]), 16, breached(15)),
        (agreed(11, None).held([hold(Customer, 12, None, None)]), 500, running(None)),
        (agreed(11, None).held([hold(Customer, 12, None, Some(13))]), 14, running(16)),
        (agreed(11, None).held([supplier]), 13, running(None)),
        (agreed(11, None).held([hold(Supplier, 12, Some(14), None)]), 11, running(15)),
    ] {
        let Agreed { opened, done, holds, .. } = &incident;
        assert_eq!(incident.at(now), expected, "opened {opened}, done {done:?}, {holds:?}, now {now}");
    }
}

#[test]
fn a_hold_over_night_stops_only_the_agreed_hours_in_it() {
    use HoldFor::{Customer, Supplier};
    // From Monday at 15:00: an hour of Monday, then Tuesday from 10:00 on.
    let over_night = || vec![hold(Customer, 16, Some(24 + 10), None)];
    assert_eq!(agreed(15, None).held(over_night()).at(24 + 10), running(24 + 13));
    assert_eq!(agreed(15, Some(24 + 13)).held(over_night()).at(99), met(24 + 13), "just at the target");
    assert_eq!(agreed(15, Some(24 + 14)).held(over_night()).at(99), breached(24 + 13));
    // Outside of the agreed hours a hold takes nothing away, and two that overlap take it once.
    assert_eq!(agreed(15, None).held([hold(Supplier, 18, Some(24 + 8), None)]).at(24 + 9), running(24 + 11));
    let two = [hold(Customer, 15, Some(16), None), hold(Supplier, 15, Some(16), None)];
    assert_eq!(agreed(15, None).held(two).at(20), running(24 + 12));
}

#[test]
fn work_after_hours_is_in_time_while_the_clock_stands_at_the_target() {
    assert_eq!(agreed(13, Some(20)).at(999), met(20));
    assert_eq!(agreed(13, Some(24 + 10)).at(999), breached(24 + 9));
}

#[test]
fn a_repeated_hour_runs_twice_on_the_clock_of_a_target_and_a_skipped_one_not_at_all() {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let hours = vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], from_minute: 60, to_minute: 240 }];
    let def = CalendarDef { id: "night".into(), time_zone: "Europe/Berlin".into(), hours, holidays: vec![] };
    let calendar = Calendar::compile(&def).expect("the calendar is sound");
    let utc = |text: &str| Timestamp::parse(text).expect("an instant");
    for (opened, minutes, breaches) in [
        // In autumn the three hours from 01:00 to 04:00 take four; of the next night half an hour is left.
        ("2026-10-24T22:30:00Z", 210, "2026-10-25T02:30:00Z"),
        ("2026-10-24T22:30:00Z", 270, "2026-10-26T00:30:00Z"),
        // In spring they take two.
        ("2026-03-28T23:30:00Z", 90, "2026-03-29T01:30:00Z"),
        ("2026-03-28T23:30:00Z", 150, "2026-03-29T23:30:00Z"),
    ] {
        let task = Task {
            opened_at: utc(opened),
            done_at: None,
            over_at: None,
            target: Span::from_minutes(minutes),
            calendar: &calendar,
            stopped: &IntervalSet::new(),
        };
        let expected = Outcome::Running { breaches_at: Some(utc(breaches)) };
        assert_eq!(task.judge(utc(opened)).outcome(), Some(expected), "{opened} {minutes}");
    }
}

#[test]
fn a_target_counts_in_the_window_in_which_it_was_decided_and_runs_in_those_before() {
    let windows = [hours(0, 11), hours(11, 15), hours(15, 16), hours(16, 24), hours(24, 48)];
    let counted = |incident: &Agreed, now: i64| windows.map(|window| incident.within(Some(window), now));
    assert_eq!(counted(&agreed(11, Some(16)), 99), [None, running(15), breached(15), None, None]);
    assert_eq!(counted(&agreed(11, Some(15)), 99), [None, running(15), met(15), None, None]);
    assert_eq!(counted(&agreed(14, Some(15)), 99), [None, running(24 + 10), met(15), None, None]);
    // What is not yet decided runs at the end of each, the one to come included.
    assert_eq!(
        counted(&agreed(14, None), 15),
        [None, running(24 + 10), running(24 + 10), running(24 + 10), running(24 + 10)]
    );
    assert_eq!(counted(&agreed(11, None), 10), [None; 5], "it was not there yet");
}

#[test]
fn what_was_over_before_anybody_did_it_or_was_late_counts_in_nothing() {
    let windows = [hours(11, 12), hours(12, 14), hours(14, 24)];
    let counted = |incident: &Agreed| windows.map(|window| incident.within(Some(window), 99));
    assert_eq!(counted(&agreed(11, None).over(13)), [running(15), None, None]);
    assert_eq!(agreed(11, None).over(13).at(99), None);
    assert_eq!(agreed(11, None).over(13).at(12), running(15), "as it was seen before");
    assert_eq!(counted(&agreed(11, None).over(20)), [running(15), running(15), breached(15)]);
}

#[test]
fn a_clock_that_hardly_ever_runs_is_not_followed_for_ever() {
    let def = CalendarDef { id: "never".into(), time_zone: "UTC".into(), hours: vec![], holidays: vec![] };
    let never = Calendar::compile(&def).expect("it compiles");
    assert_eq!(Agreed { calendar: never, ..agreed(11, None) }.at(99), running(None));
    let years = 24 * 366 * 3;
    let long = |years| hold(HoldFor::Customer, 12, None, Some(years));
    assert_eq!(agreed(11, None).held([long(24 * 21 + 10)]).at(99), running(24 * 21 + 13));
    let on_monday = 24 * 7 * 156;
    assert!(on_monday < years, "three years are followed");
    assert_eq!(agreed(11, None).held([long(on_monday + 10)]).at(99), running(on_monday + 13));
    assert_eq!(agreed(11, None).held([long(24 * 366 * 5)]).at(99), running(None));
}

#[test]
fn attainment_is_of_what_is_decided() {
    let outcomes = || [met(1), breached(2), running(None), met(3)].into_iter().flatten();
    let counts = sla(outcomes());
    assert_eq!((counts.met, counts.breached, counts.running, counts.attainment), (2, 1, 1, Some(2.0 / 3.0)));
    assert_eq!(sla(running(None)).attainment, None);
}

#[test]
fn change_failure_rate_is_the_share_of_finished_changes_that_failed_were_backed_out_or_caused_an_incident() {
    use ChangeResult::{BackedOut, Failed, Issues, Successful};
    let ended = |at, result, caused_incident| ChangeFact { finished_at: Some(hour(at)), result, caused_incident };
    let facts = [
        ended(1, Some(Successful), false),
        ended(2, Some(Issues), false),
        ended(3, Some(Failed), true),
        ended(4, Some(BackedOut), false),
        ended(5, Some(Successful), true),
        ended(6, None, false),
        ended(10, Some(Failed), false),
        ended(0, Some(Successful), false),
        ChangeFact { finished_at: None, result: None, caused_incident: true },
    ];
    let of = |from, to, now| changes(&facts, Scope::new(hours(from, to), hour(now)));
    let all = of(0, 10, 99);
    assert_eq!((all.finished, all.failures, all.failure_rate), (7, 3, Some(3.0 / 7.0)), "the window is half-open");
    assert_eq!((all.successful, all.issues, all.failed, all.backed_out, all.unknown), (3, 1, 1, 1, 1));
    assert_eq!(all.caused_incident, 2, "one of them failed as well, and is one failure");
    assert_eq!(of(0, 10, 3).failure_rate, Some(1.0 / 4.0), "nothing later than now counts");
    assert_eq!(of(20, 30, 99), Changes::default(), "without changes there is no rate");
}
