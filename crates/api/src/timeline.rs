//! What was decided about an alert, an incident or a problem: page by page, oldest first, or its end.

use model::step::Subject;
use store::PageRequest;
use wire::v1;

use crate::Api;
use crate::fault::Fault;

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

    /// Its newest lines, so many at most, oldest first.
    pub(crate) async fn newest_lines(&self, subject: &Subject, lines: usize) -> Result<Vec<v1::TimelineEntry>, Fault> {
        let lines = self.store().timeline_end(subject, lines).await?;
        Ok(lines.iter().map(|line| v1::TimelineEntry::from_model(&line.decision)).collect())
    }
}
