//! How the error budgets of an SLO report were used over their windows: `include=burn_down` of docs/contract.md section 8. The
//! formula is `reliability::burn_down`'s, docs/measures.md section 6.

use calendar::Zone;
use model::limits::{REPORT_BURN_DOWNS_DRAWN_MAX, REPORT_ROWS_MAX};
use model::{Interval, Timestamp};
use reliability::{ServiceFacts, Slo};
use wire::v1::{BurnDown, BurnDownPoint, SloRow};

use crate::answer::Explained;
use crate::error::ReportError;
use crate::periods::Periods;
use crate::question::{BurnDowns, Question, Step};

/// What budgets are read at the beginnings of, unless said.
const UNLESS_SAID: [Step; 4] = [Step::Day, Step::Week, Step::Month, Step::Quarter];

/// Where budgets are read: how the question cuts time.
pub(crate) struct Steps {
    zone: Zone,
    /// `None`: the shortest of the calendar's that does not make too many.
    step: Option<Step>,
}

impl Steps {
    pub(crate) fn of(question: &Question) -> Result<Steps, ReportError> {
        Ok(Steps { zone: question.zone()?, step: question.cut()? })
    }

    /// The window's beginning, where steps begin in it, and its end; none where it is still to come.
    fn instants(&self, window: Interval, end: Timestamp) -> Result<Vec<Timestamp>, ReportError> {
        let Some(over) = Interval::new(window.start(), end.min(window.end())) else { return Ok(Vec::new()) };
        let periods = self.cut(over)?;
        Ok(periods.parts().iter().map(|part| part.window.start()).chain([over.end()]).collect())
    }

    fn cut(&self, over: Interval) -> Result<Periods, ReportError> {
        let by = |step: Step| Periods::cut_by(over, over.end(), &self.zone, step);
        match self.step {
            Some(step) => by(step),
            None => UNLESS_SAID.into_iter().find_map(|step| by(step).ok()).ok_or(ReportError::TooManyPeriods),
        }
    }

    /// How the budget of one row was used.
    pub(crate) fn of_budget(
        &self,
        facts: &ServiceFacts<'_>,
        slo: &Slo,
        end: Timestamp,
    ) -> Result<BurnDown, ReportError> {
        let burned = reliability::burn_down(facts, slo, end, self.instants(slo.period, end)?);
        let points = burned
            .points
            .into_iter()
            .map(|left| BurnDownPoint { at: left.at.into(), remaining_seconds: left.remaining_seconds.into() });
        Ok(BurnDown {
            from: slo.period.start().into(),
            to: slo.period.end().into(),
            exhausted_at: burned.exhausted_at.map(Into::into),
            points: points.collect(),
        })
    }
}

/// Points of one report, which may have no more of them than rows.
pub(crate) struct Points {
    services: usize,
    left: usize,
}

impl Points {
    pub(crate) fn of(services: usize) -> Points {
        Points { services, left: REPORT_ROWS_MAX }
    }

    pub(crate) fn bear(&mut self, points: usize) -> Result<(), ReportError> {
        let what = || format!("{} services, of which each has its burn-down,", self.services);
        let left = self.left.checked_sub(points);
        self.left = left.ok_or_else(|| ReportError::TooManyRows { what: what(), periods: points })?;
        Ok(())
    }
}

/// The places of the rows that are to have one. Nobody knows how the budget of a service without evidence was used.
pub(crate) fn chosen(rows: &[Explained<SloRow>], asked: BurnDowns) -> Vec<usize> {
    let known = rows.iter().enumerate().filter_map(|(place, row)| Some((place, used(&row.figures)?)));
    let mut known: Vec<(usize, f64)> = known.collect();
    match asked {
        BurnDowns::None => known.clear(),
        BurnDowns::Worst => {
            known.sort_by(|a, b| b.1.total_cmp(&a.1));
            known.truncate(REPORT_BURN_DOWNS_DRAWN_MAX);
        }
        BurnDowns::All => {}
    }
    known.into_iter().map(|(place, _)| place).collect()
}

/// By how much of its budget a row comes before others; what has no budget and used some of it comes first.
fn used(row: &SloRow) -> Option<f64> {
    let consumed = row.consumed_seconds?.value();
    let share = consumed / row.budget_seconds.value();
    Some(if share.is_nan() { 0.0 } else { share })
}
