//! When each service is in maintenance, past and future. docs/measures.md section 4.
//!
//! Rule: a service is in maintenance when the roll-up of states, with exactly the items that a window names taken as
//! down and every alert left out, says that it is down. So it is that roll-up which is asked: to the sweep each window
//! is a fault that takes its item down.

use std::collections::{BTreeMap, BTreeSet};

use calendar::IntervalSet;
use model::outage::ItemState;
use model::{CiId, Effect, Interval, Severity, Timestamp};
use store::Store;
use topology::{FaultInterval, Segment, Topology, WindowInterval, sweep};

use crate::error::ReportError;
use crate::services::Service;
use crate::windows::windows_over;

pub(crate) struct Maintenance {
    of: BTreeMap<CiId, IntervalSet>,
    never: IntervalSet,
}

impl Maintenance {
    /// Of these services within `span`, by the windows recorded by `now`.
    pub(crate) async fn read(
        store: &Store,
        topology: &Topology,
        services: &[Service<'_>],
        span: Interval,
        now: Timestamp,
    ) -> Result<Maintenance, ReportError> {
        let windows = windows_over(store, span, now).await?;
        let ids: BTreeSet<&CiId> = services.iter().map(|service| &service.id).collect();
        Ok(Maintenance { of: rolled_up(topology, windows, span, &ids), never: IntervalSet::new() })
    }

    pub(crate) fn of(&self, service: &CiId) -> &IntervalSet {
        self.of.get(service).unwrap_or(&self.never)
    }
}

pub(crate) fn rolled_up(
    topology: &Topology,
    windows: Vec<WindowInterval>,
    span: Interval,
    ids: &BTreeSet<&CiId>,
) -> BTreeMap<CiId, IntervalSet> {
    let down = |window: WindowInterval| FaultInterval {
        ci: window.ci,
        start: window.interval.start(),
        end: Some(window.interval.end()),
        severity: Severity::Critical,
        effect: Some(Effect::Down),
    };
    let faults: Vec<FaultInterval> = windows.into_iter().map(down).collect();
    let swept = sweep(topology, &faults, &[], span, &|graph, idx| ids.contains(graph.id(idx)));
    swept.into_iter().map(|(id, segments)| (id, while_down(&segments))).collect()
}

fn while_down(segments: &[Segment]) -> IntervalSet {
    let down = segments.iter().filter(|segment| segment.state == ItemState::Down);
    down.map(|segment| Interval::or_empty(segment.from, segment.to)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, end: i64) -> Interval {
        Interval::or_empty(Timestamp::from_seconds(start), Timestamp::from_seconds(end))
    }

    fn window(ci: &str, start: i64, end: i64) -> WindowInterval {
        WindowInterval { ci: ci.into(), interval: span(start, end) }
    }

    #[test]
    fn a_window_counts_where_the_service_cannot_do_without_its_items() {
        let topology = testkit::topology("shop{service} -> db-7\nshop -[2 of 3]-> web-1 web-2 web-3\nshop ~> mailer");
        let shop = CiId::from("shop");
        for (windows, expected) in [
            (vec![window("db-7", 10, 20)], vec![span(10, 20)]),
            (vec![window("web-1", 10, 20)], vec![]),
            (vec![window("mailer", 10, 20)], vec![]),
            (vec![window("web-1", 10, 20), window("web-3", 15, 30)], vec![span(15, 20)]),
            (vec![window("shop", 10, 20), window("db-7", 20, 30)], vec![span(10, 30)]),
            (vec![window("db-7", -50, 20), window("db-7", 90, 500)], vec![span(0, 20), span(90, 100)]),
        ] {
            let told = format!("{windows:?}");
            let found = rolled_up(&topology, windows, span(0, 100), &BTreeSet::from([&shop]));
            let found = found.get(&shop).cloned().unwrap_or_default();
            assert_eq!(found, expected.into_iter().collect(), "{told}");
        }
    }
}
