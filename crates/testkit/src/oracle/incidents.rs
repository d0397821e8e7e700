//! docs/measures.md section 3.

use model::{Incident, Timestamp};

use super::mean;
use super::service::Asked;

/// The figures of all incidents together.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    pub opened: u64,
    pub resolved: u64,
    pub reopened: u64,
    pub never_acknowledged: u64,
    pub mttd: Sample,
    pub mtta: Sample,
    pub mttr: Sample,
    pub mttr_resolve: Sample,
}

/// In microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub count: u64,
    pub mean: Option<f64>,
    pub median: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
}

pub fn means(incidents: &[Incident], asked: Asked) -> Means {
    let excluded =
        |incident: &Incident| incident.merged_into.is_some() || incident.false_positive.is_some() || incident.storm;
    let counting: Vec<&Incident> = incidents.iter().filter(|incident| !excluded(incident)).collect();
    let is_in = |at: Option<Timestamp>| at.is_some_and(|at| asked.holds(at));
    let count = |holds: &dyn Fn(&Incident) -> bool| counting.iter().filter(|incident| holds(incident)).count() as u64;
    let sample = |dated: &dyn Fn(&Incident) -> Option<Timestamp>, length: &dyn Fn(&Incident, Timestamp) -> i64| {
        let lengths = counting.iter().filter_map(|incident| {
            let at = dated(incident).filter(|at| asked.holds(*at))?;
            Some(length(incident, at))
        });
        Sample::of(lengths.collect())
    };
    Means {
        opened: count(&|incident| asked.holds(incident.opened_at)),
        resolved: count(&|incident| is_in(incident.resolved_at)),
        reopened: counting.iter().flat_map(|incident| &incident.reopened_at).filter(|at| asked.holds(**at)).count()
            as u64,
        never_acknowledged: count(&|incident| {
            is_in(incident.resolved_at) && incident.acknowledged_at.is_none_or(|at| at > asked.now)
        }),
        mttd: sample(&|one| Some(one.detected_at).filter(|_| !one.preexisting), &|one, at| {
            (at - one.started_at).micros()
        }),
        mtta: sample(&|one| one.acknowledged_at, &|one, at| (at - one.opened_at).micros()),
        mttr: sample(&|one| one.restored_at, &|one, at| (at - one.started_at).micros()),
        mttr_resolve: sample(&|one| one.resolved_at, &|one, at| {
            (at - one.opened_at).micros() - on_hold(one, one.opened_at, at, asked.now)
        }),
    }
}

/// Time on hold, whatever for, within `[from, to)`: an instant in two holds counts once.
fn on_hold(incident: &Incident, from: Timestamp, to: Timestamp, now: Timestamp) -> i64 {
    let ends = |hold: &model::incident::Hold| (hold.from, hold.to.unwrap_or(now));
    let mut edges: Vec<Timestamp> = incident.holds.iter().map(ends).flat_map(|(from, to)| [from, to]).collect();
    edges.extend([from, to]);
    edges.retain(|edge| from <= *edge && *edge <= to);
    edges.sort_unstable();
    let held = |at: Timestamp| incident.holds.iter().map(ends).any(|(from, to)| from <= at && at < to);
    edges.windows(2).filter(|piece| held(piece[0])).map(|piece| (piece[1] - piece[0]).micros()).sum()
}

impl Sample {
    pub fn of(mut lengths: Vec<i64>) -> Sample {
        lengths.sort_unstable();
        let percentile = |q: f64| {
            let h = lengths.len().checked_sub(1)? as f64 * q;
            let (below, above) = (*lengths.get(h.floor() as usize)?, *lengths.get(h.ceil() as usize)?);
            Some(below as f64 + (above - below) as f64 * h.fract())
        };
        Sample {
            count: lengths.len() as u64,
            mean: mean(&lengths),
            median: percentile(0.5),
            p90: percentile(0.9),
            p95: percentile(0.95),
        }
    }
}
