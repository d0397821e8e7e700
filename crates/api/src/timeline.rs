//! What was decided about an alert, an incident or a problem: page by page, oldest first, or to its end.

use model::step::Subject;
use store::PageRequest;
use wire::v1;

use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;

/// So many pages are read on the way to the end, of 1000 lines each; what is newer then is left out.
const PAGES_READ_MAX: usize = 20;
const LINES_OF_PAGE: &str = "1000";
/// So many lines are kept of a long one, the newest.
const LINES_KEPT_MAX: usize = 2000;

impl Api {
    pub(crate) async fn timeline(
        &self,
        subject: &Subject,
        page: &PageRequest,
    ) -> Result<v1::List<v1::TimelineEntry>, Fault> {
        let page = self.store().timeline(subject, page).await?;
        let items = page.items.iter().map(|line| v1::TimelineEntry::from_model(&line.decision)).collect();
        Ok(v1::List { items, next: page.next })
    }

    /// Its newest lines, oldest first, where the first page is known.
    pub(crate) async fn timeline_to_its_end(
        &self,
        subject: &Subject,
        first: v1::List<v1::TimelineEntry>,
    ) -> Result<Vec<v1::TimelineEntry>, Fault> {
        let v1::List { items: mut lines, mut next } = first;
        for _ in 0..PAGES_READ_MAX {
            let Some(cursor) = next else { break };
            let asked = Asked::of(&[("limit", LINES_OF_PAGE), ("cursor", &cursor)]);
            let more = self.timeline(subject, &asked.page()?).await?;
            lines.extend(more.items);
            lines.drain(..lines.len().saturating_sub(LINES_KEPT_MAX));
            next = more.next;
        }
        Ok(lines)
    }
}
