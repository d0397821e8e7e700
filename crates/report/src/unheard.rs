//! Of time in which nothing was heard the figures are as good as they can be, and that proves nothing: the report says so.
//! docs/measures.md, "No data is not 100 %".

use store::Store;
use wire::v1::Completeness;

use crate::error::ReportError;
use crate::question::Question;
use crate::text;

/// What to say of a window that is yet to come, began before anything was heard, or in which nothing was.
pub(crate) async fn unheard(
    store: &Store,
    question: &Question,
    known: &Completeness,
) -> Result<Option<String>, ReportError> {
    let over = question.elapsed();
    if over.is_empty() {
        return Ok(Some("all of this time is yet to come: nothing is known of it".to_owned()));
    }
    // Of a store to which nothing ever came every service is without evidence, and said to be so.
    let Some(first) = store.first_hour().await? else { return Ok(None) };
    Ok(match first {
        first if over.start() < first => Some(format!(
            "the first event came in the hour of {}: of the time before it only what was told later is known, and the rest \
             counts as good; begin the report there",
            text::instant(first)
        )),
        _ if known.events_in == Some(0) => Some(
            "nothing came in over this time: that no outage is known of it does not say that there was none".to_owned(),
        ),
        _ => None,
    })
}
