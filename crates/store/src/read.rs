//! What pages, the API and reports ask of a store. Facts only: every formula over them stands elsewhere.
//!
//! Each answer shows one moment of the store, and none waits for the writer.

mod alerts;
mod briefs;
mod facts;
mod history;
mod incidents;
mod intake;
mod issued;
mod records;

pub use alerts::AlertFilter;
pub use facts::{ChangeFilter, CorrectionFilter, WindowFilter};
pub use history::Told;
pub use incidents::{IncidentFilter, IncidentKey, Member, OutageFilter, ProblemFilter, ProblemKey, SeenBefore};
pub use intake::Intake;
pub use issued::IssuedFilter;
pub use records::{AuditFilter, DeadLetterFilter, Depths, OutboxAge};

use model::{Interval, Timestamp};

use crate::select::Condition;

/// What overlaps an interval: begun before its end, and still open or ended after its start.
fn overlapping(start: &'static str, stop: &'static str, interval: Interval) -> [Condition; 2] {
    [Condition::Less(start, interval.end().into()), Condition::OpenOrAfter(stop, interval.start().into())]
}

fn contains(column: &'static str, text: Option<&str>) -> Option<Condition> {
    let text = text.filter(|text| !text.is_empty())?;
    Some(Condition::Contains(column, text.to_lowercase().into()))
}

fn within(column: &'static str, from: Option<Timestamp>, to: Option<Timestamp>) -> impl Iterator<Item = Condition> {
    let from = from.map(|from| Condition::AtLeast(column, from.into()));
    from.into_iter().chain(to.map(|to| Condition::Less(column, to.into())))
}

/// A list that is empty means "any".
fn any_of<V: Into<crate::value::Value>>(
    column: &'static str,
    values: impl IntoIterator<Item = V>,
) -> Option<Condition> {
    let values: Vec<_> = values.into_iter().map(Into::into).collect();
    (!values.is_empty()).then_some(Condition::AnyOf(column, values))
}
