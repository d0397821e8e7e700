//! How services stand now: the figures of the reports, of the services that there are now, the most critical first.

use model::item::SloWindow;
use model::outage::OutageState::{Degraded, Down};
use model::{Cmdb, Interval, Span, Timestamp};
use report::burn::WORKBOOK;
use report::{Question, Standing, availability, slo, standing};
use store::{Store, ready};
use wire::v1::{Ratio, Seconds};

use crate::stage::{Stage, at, outage, spoken, window};

fn at_noon(store: &Store) -> Vec<Standing> {
    ready(standing(store, at("12:00"), &WORKBOOK)).expect("it answers")
}

fn shop(window: Option<SloWindow>) -> Cmdb {
    let mut cmdb = testkit::cmdb("shop{service} -> db-7");
    let objectives = &mut cmdb.items[0].objectives;
    (objectives.slo, objectives.slo_window, objectives.degraded_weight) = (Some(0.99), window, 0.5);
    cmdb
}

#[test]
fn the_figures_are_those_of_the_reports() {
    let now = at("12:00");
    for (slo_window, begins) in [
        (None, now - Span::from_days(30)),
        (Some(SloWindow::Rolling(Span::from_days(7))), now - Span::from_days(7)),
        (Some(SloWindow::Month), Timestamp::from_date(2026, 5, 1)),
        (Some(SloWindow::Quarter), Timestamp::from_date(2026, 4, 1)),
    ] {
        let mut stage = Stage::with(shop(slo_window));
        stage.facts(|step| {
            step.coverage = vec![spoken("db-7", "mon", "-00:00")];
            step.maintenance = vec![window("works", "shop", Interval::or_empty(at("-06:00"), at("-08:00")))];
            step.maintenance[0].received_at = at("-05:00");
            step.outages = vec![
                outage("shop", "-09:00", "-10:00", Down, false),
                outage("shop", "06:30", "08:00", Degraded, false),
                outage("shop", "11:30", "12:30", Down, false),
            ];
        });
        let (store, question) = (stage.store(), Question::new(begins, now, now));
        let found = at_noon(&store).remove(0);
        let reported = ready(slo(&store, &question)).expect("it answers").rows().next().cloned().expect("a row");
        let figures = found.slo.clone().expect("it has an objective");
        assert_eq!(Some(Seconds::new(figures.remaining_seconds)), reported.remaining_seconds, "{slo_window:?}");
        let rates = [reported.burn_rate.hour, reported.burn_rate.six_hours, reported.burn_rate.day];
        assert_eq!(figures.burn_rate.0[..3], rates.map(|rate| rate.map(|Ratio(rate)| rate)), "{slo_window:?}");
        let row = ready(availability(&store, &question)).expect("it answers").rows().next().cloned().expect("a row");
        assert_eq!(found.availability.map(Ratio), row.availability, "{slo_window:?}");
        assert_eq!(found.burns.len(), WORKBOOK.len());
        // Half an hour of the last hour, at 99 %.
        if slo_window != Some(SloWindow::Rolling(Span::from_days(7))) && slo_window != Some(SloWindow::Quarter) {
            let [long, short] = found.burns[0].rates.map(|rate| rate.expect("it was agreed"));
            assert!((long - 50.0).abs() < 1e-9 && (short - 100.0).abs() < 1e-9, "{:?}", found.burns[0]);
            assert!(found.burns[0].begins());
        }
    }
}

#[test]
fn of_a_service_nobody_spoke_of_nothing_is_claimed() {
    let mut stage = Stage::with(shop(None));
    let nothing = |standing: &Standing| standing.availability.is_none() && standing.slo.is_none();
    assert!(nothing(&at_noon(&stage.store())[0]));
    assert!(at_noon(&stage.store())[0].burns.iter().all(|burn| !burn.begins()));
    stage.facts(|step| step.coverage = vec![spoken("db-7", "mon", "11:00")]);
    assert_eq!(at_noon(&stage.store())[0].availability, Some(1.0));
    assert_eq!(at_noon(&stage.store())[0].slo.as_ref().and_then(|slo| slo.remaining_ratio()), Some(1.0));
}

#[test]
fn the_most_critical_come_first_and_what_is_no_more_stands_nowhere() {
    let listed = |store: &Store| -> Vec<String> {
        at_noon(store).into_iter().map(|standing| standing.service.to_string()).collect()
    };
    let mut cmdb = testkit::cmdb("chat{service}\nmail{service}\nold{service}\nsoon{service}\nwiki{service}\nhost");
    for (item, criticality) in cmdb.items.iter_mut().zip([3, 1, 1, 1, 1, 1]) {
        item.criticality = criticality;
    }
    cmdb.items[2].retired_at = Some(at("11:00"));
    cmdb.items[3].live_since = Some(at("13:00"));
    let mut stage = Stage::with(cmdb.clone());
    assert_eq!(listed(&stage.store()), ["mail", "wiki", "chat"]);
    cmdb.items.retain(|item| item.id.as_str() != "wiki");
    stage.import(cmdb, at("11:30"));
    assert_eq!(listed(&stage.store()), ["mail", "chat"]);
}
