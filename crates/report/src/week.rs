//! When in the week services are down: a row for each of its hours, of all services that are asked about.
//! docs/contract.md section 8; every figure is one of availability's, told apart by hour.

use std::collections::BTreeMap;

use calendar::Zone;
use model::Interval;
use store::Store;
use wire::v1::{AvailabilityRow, Seconds, WeekRow};

use crate::answer::{Answer, Explained};
use crate::availability::availability;
use crate::definitions;
use crate::error::ReportError;
use crate::origins::{Origins, OutageOrigin, by_figure};
use crate::question::Question;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const HOURS: usize = 24;

/// Outages and time down by the hour of the week that a clock of the report's zone shows.
///
/// # Errors
/// As [`availability`], and where the window is to be cut: it is laid together, week upon week.
pub async fn week(store: &Store, question: &Question) -> Result<Answer<WeekRow>, ReportError> {
    let instead = "its rows are the hours of the week; filter its services (by team, class, environment, criticality)";
    question.only_grouped_by("week", |_| false, instead)?;
    let zone = question.zone()?;
    let answer = availability(store, &Question { include_intervals: true, ..question.clone() }).await?;
    let mut hours = vec![Hour::default(); WEEKDAYS.len() * HOURS];
    for service in &answer.report.items {
        tell(service, &zone, &mut hours);
    }
    let rows = hours.into_iter().enumerate().map(|(place, hour)| hour.row(place, question.include_intervals)).collect();
    Ok(Answer {
        notes: answer.notes,
        corrections: answer.corrections,
        completeness: answer.completeness,
        cmdb_version: answer.cmdb_version,
        ..Answer::new(question, definitions::WEEK, rows)
    })
}

/// What happened in one hour of the week.
#[derive(Clone, Default)]
struct Hour {
    began: Vec<OutageOrigin>,
    down: f64,
}

impl Hour {
    fn row(self, place: usize, explained: bool) -> Explained<WeekRow> {
        let row = Explained::plain(WeekRow {
            weekday: WEEKDAYS[place / HOURS].to_owned(),
            hour: (place % HOURS) as u64,
            outages: self.began.len() as u64,
            down_seconds: Seconds::new(self.down),
        });
        let outages = if explained { by_figure([("outages", self.began)]) } else { BTreeMap::new() };
        Explained { origins: Origins { outages, ..Origins::default() }, ..row }
    }
}

/// Of one service: where its failures began, and where it was down.
fn tell(service: &Explained<AvailabilityRow>, zone: &Zone, hours: &mut [Hour]) {
    let mut at = |span: Interval, tell: &mut dyn FnMut(&mut Hour, Interval)| {
        for (part, weekday, hour) in zone.hours_of_week(span) {
            if let Some(known) = hours.get_mut(weekday * HOURS + hour) {
                tell(known, part);
            }
        }
    };
    for failure in service.origins.outages.get("outages").into_iter().flatten() {
        let began = Interval::or_empty(failure.from.0, failure.from.0 + model::Span::MICROSECOND);
        at(began, &mut |hour, _| hour.began.push(failure.clone()));
    }
    let down = service.intervals.as_ref().and_then(|intervals| intervals.get("down_seconds"));
    for stretch in down.into_iter().flatten() {
        let span = Interval::or_empty(stretch.from.0, stretch.to.0);
        at(span, &mut |hour, part| hour.down += part.length().seconds_f64());
    }
}
