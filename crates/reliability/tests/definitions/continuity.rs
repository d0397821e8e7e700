//! Section 8: recoveries, recovery points, gaps and exercises.

use model::fact::Exercise;
use model::outage::OutageState::Down;
use model::{CiId, Interval, Span, Timestamp};
use reliability::gaps::{Targets, gaps};
use reliability::{Continuity, ContinuityFacts, Dependency, Gap, GapKind, Group, Reached, continuity};

use crate::stage::{Service, down, hour, hours, outage, service};

#[test]
fn recoveries_are_failures_that_ended_in_the_window() {
    let shop = service(&[down(-3, 2), down(5, 7), down(20, 30)]);
    assert_eq!(shop.recoveries(Some(2), hours(0, 24), 99).recoveries, 2);
    assert_eq!(shop.recoveries(Some(2), hours(24, 48), 99).recoveries, 1, "each where it ends");
}

#[test]
fn recoveries_have_one_that_lasts_once_it_has_outlasted_the_rto() {
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
fn recoveries_as_of_an_earlier_instant_do_not_know_how_a_failure_ended() {
    let row = service(&[down(10, 20)]).recoveries(Some(2), hours(0, 24), 15);
    assert_eq!((row.recoveries, row.worst_recovery_seconds), (1, Some(5.0 * 3600.0)));
}

#[test]
fn rto_met_counts_one_that_took_just_the_rto() {
    let row = service(&[down(-3, 2), down(5, 7), down(8, 11)]).recoveries(Some(2), hours(0, 24), 99);
    assert_eq!((row.recoveries, row.rto_met, row.rto_attainment), (3, Some(1), Some(1.0 / 3.0)));
    assert_eq!((row.worst_recovery_seconds, row.mean_recovery_seconds), (Some(18_000.0), Some(12_000.0)));
    let quiet = service(&[]).recoveries(Some(2), hours(0, 24), 99);
    assert_eq!((quiet.rto_met, quiet.rto_attainment, quiet.mean_recovery_seconds), (Some(0), None, None));
}

#[test]
fn rto_attainment_is_the_share_that_met_it() {
    let attained = |rto| service(&[down(0, 1), down(2, 5)]).recoveries(rto, hours(0, 24), 99).rto_attainment;
    assert_eq!([attained(Some(2)), attained(Some(3)), attained(None)], [Some(0.5), Some(1.0), None]);
}

#[test]
fn worst_recovery_and_the_mean_are_of_whole_lengths() {
    let row = service(&[down(-3, 2), down(5, 6)]).recoveries(None, hours(0, 24), 99);
    assert_eq!((row.worst_recovery_seconds, row.mean_recovery_seconds), (Some(5.0 * 3600.0), Some(3.0 * 3600.0)));
}

#[test]
fn mean_recovery_of_nothing_is_nothing() {
    assert_eq!(service(&[]).recoveries(Some(2), hours(0, 24), 99).mean_recovery_seconds, None);
}

/// Continuity of a service with these points of its own and of one store that it stands on.
fn exposed(of: &Service, own: &[i64], store: &[i64], window: Interval, now: i64) -> (Option<f64>, Option<f64>) {
    let [own, store] = [own, store].map(|points| points.iter().map(|at| hour(*at)).collect::<Vec<Timestamp>>());
    let reached = [Reached { id: "db".into(), rto: None, rpo: None, points: &store }];
    let row =
        known(of, |known| continuity(&ContinuityFacts { points: &own, reached: &reached, ..known }, window, hour(now)));
    (row.rpo_exposure_seconds.map(|seconds| seconds / 3600.0), row.rpo_worst_seconds.map(|seconds| seconds / 3600.0))
}

fn known(of: &Service, row: impl FnOnce(ContinuityFacts<'_>) -> Continuity) -> Continuity {
    let (facts, id) = (of.facts(), CiId::from("shop"));
    row(ContinuityFacts {
        service: &id,
        facts: &facts,
        targets: Targets::default(),
        exercise_every: None,
        points: &[],
        requires: &[],
        groups: &[],
        reached: &[],
        exercises: &[],
    })
}

#[test]
fn rpo_exposure_is_the_age_of_the_newest_point_of_the_worst_store() {
    let shop = service(&[]);
    for (own, store, expected) in [
        (&[][..], &[][..], None),
        (&[20], &[], Some(4.0)),
        (&[20, 22, 30], &[10, 18], Some(6.0)),
        (&[-30], &[24], Some(54.0)),
    ] {
        assert_eq!(exposed(&shop, own, store, hours(0, 24), 99).0, expected, "{own:?} {store:?}");
    }
    assert_eq!(exposed(&shop, &[10, 20], &[], hours(0, 24), 15).0, Some(5.0), "as of now");
}

#[test]
fn rpo_exposure_is_of_a_service_while_it_lives() {
    for (live, expected) in [
        (hours(30, 99), None),       // to come: what it will stand on exposes nothing yet
        (hours(0, 20), Some(10.0)),  // retired in the window: as it was then
        (hours(-99, -50), None),     // and long before it: no more
        (hours(24, 99), Some(14.0)), // it begins just where the window ends
    ] {
        let shop = Service { live, ..service(&[]) };
        assert_eq!(exposed(&shop, &[10], &[], hours(0, 24), 99).0, expected, "{live}");
    }
}

#[test]
fn rpo_worst_is_the_largest_exposure_over_the_window() {
    let shop = service(&[]);
    for (points, expected) in [
        (&[][..], None),
        (&[-6, 3, 20][..], Some(17.0)),
        (&[-6, 12][..], Some(18.0)),
        (&[20][..], Some(20.0)), // without one before it, its beginning stands for one
    ] {
        assert_eq!(exposed(&shop, points, &[], hours(0, 24), 99).1, expected, "{points:?}");
    }
}

fn needs(id: &str, rto_hours: Option<i64>) -> Dependency {
    Dependency { id: id.into(), rto: rto_hours.map(Span::from_hours) }
}

/// Gaps of a service with an RTO of four hours, an RPO of one and an MTPD of three.
fn gaps_of(requires: &[Dependency], reached: &[Reached<'_>]) -> Vec<(String, &'static str, Option<f64>)> {
    let (rto, rpo) = (Some(Span::from_hours(4)), Some(Span::HOUR));
    let found = gaps(&"shop".into(), Targets { rto, rpo, mtpd: None }, requires, &[], reached, hour(5));
    let told =
        |gap: Gap| (gap.requires.to_string(), gap.kind.as_str(), gap.rto_seconds.map(|seconds| seconds / 3600.0));
    found.into_iter().map(told).collect()
}

#[test]
fn rto_longer_is_a_dependency_that_takes_longer_than_may_be() {
    let found = gaps_of(&[needs("slow", Some(5)), needs("just", Some(4)), needs("fast", Some(1))], &[]);
    assert_eq!(found, [("slow".to_owned(), "rto_longer", Some(5.0))]);
}

#[test]
fn no_objective_is_a_dependency_that_promises_nothing() {
    assert_eq!(gaps_of(&[needs("db", None)], &[]), [("db".to_owned(), "no_objective", None)]);
}

#[test]
fn no_recovery_point_is_an_item_that_ought_to_have_one_by_then() {
    let (before, after) = ([hour(5)], [hour(6)]);
    let store = |id: &str, rpo: Option<i64>, points| Reached {
        id: CiId::from(id),
        rto: Some(Span::HOUR),
        rpo: rpo.map(Span::from_hours),
        points,
    };
    let reached = [store("has", Some(1), &before), store("late", Some(1), &after), store("need not", None, &[])];
    assert_eq!(gaps_of(&[], &reached), [("late".to_owned(), "no_recovery_point", Some(1.0))]);
}

#[test]
fn rto_over_mtpd_is_a_service_at_odds_with_itself() {
    let of = |rto, mtpd| {
        let targets = Targets { rto: Some(Span::from_hours(rto)), rpo: None, mtpd: Some(Span::from_hours(mtpd)) };
        gaps(&"shop".into(), targets, &[], &[], &[], hour(0)).len()
    };
    assert_eq!([of(4, 3), of(3, 3), of(2, 3)], [1, 0, 0]);
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
fn exercise_overdue_is_by_the_interval_said_last() {
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

#[test]
fn last_exercise_is_the_one_held_last_by_then_passed_or_not() {
    let exercise = |held: i64, passed| Exercise {
        ci: "shop".into(),
        held_at: hour(held),
        recovery: Some(Span::from_hours(held)),
        recovery_point: None,
        passed,
        every: None,
        received_at: hour(99),
    };
    let held = [exercise(3, true), exercise(9, false), exercise(30, true)];
    let row = known(&service(&[]), |known| {
        continuity(&ContinuityFacts { exercises: &held, ..known }, hours(0, 24), hour(99))
    });
    let last = row.last_exercise.expect("two were held");
    assert_eq!((last.held_at, last.passed, last.recovery_seconds), (hour(9), false, Some(9.0 * 3600.0)));
}
