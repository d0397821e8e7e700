//! Maintenance windows as reports see them: by their own times, as recorded by now, each once, with every occurrence in the span. docs/measures.md
//! section 4, "Maintenance".

use std::collections::BTreeMap;

use calendar::Occurrences;
use model::fact::MaintenanceWindow;
use model::limits::{PAGE_ROWS_MAX, REPORT_OCCURRENCES_MAX};
use model::{Interval, MaintenanceId, Timestamp};
use store::{PageRequest, Store, StoreError, WindowFilter};
use topology::WindowInterval;

use crate::error::ReportError;

/// Windows with an occurrence that may share an instant with `span`, by id.
pub(crate) async fn recorded_over(
    store: &Store,
    span: Interval,
    now: Timestamp,
) -> Result<Vec<MaintenanceWindow>, StoreError> {
    let filter = WindowFilter { overlapping: Some(span), ..WindowFilter::default() };
    // Each domain keeps its copy of a window.
    let mut windows: BTreeMap<MaintenanceId, MaintenanceWindow> = BTreeMap::new();
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    loop {
        let page = store.maintenance_windows(&filter, &request).await?;
        let recorded = page.items.into_iter().filter(|window| !window.deleted && window.received_at <= now);
        windows.extend(recorded.map(|window| (window.id, window)));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(windows.into_values().collect()),
        }
    }
}

/// Which items windows name, and when, for occurrences that share an instant with `span`.
pub(crate) async fn windows_over(
    store: &Store,
    span: Interval,
    now: Timestamp,
) -> Result<Vec<WindowInterval>, ReportError> {
    let windows = recorded_over(store, span, now).await?;
    let mut named = Vec::new();
    for window in &windows {
        let occurrences = Occurrences::of(window);
        for interval in occurrences.overlapping(span) {
            named.extend(window.cis.iter().map(|ci| WindowInterval { ci: ci.clone(), interval }));
            bear_occurrences(named.len())?;
        }
    }
    Ok(named)
}

/// Refuses more than one report goes through.
pub(crate) fn bear_occurrences(count: usize) -> Result<(), ReportError> {
    if count > REPORT_OCCURRENCES_MAX { Err(ReportError::TooManyOccurrences) } else { Ok(()) }
}
