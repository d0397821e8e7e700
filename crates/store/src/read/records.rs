//! Timelines, the audit, dead letters, the outbox, receipts, counts, positions, the clock.

use std::collections::BTreeMap;

use model::step::Subject;
use model::{DeadLetterId, Domain, Interval, SourceName, Timestamp};

use super::{any_of, within};
use crate::commit::{DeadLetter, Receipt, SlotName};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, page};
use crate::partition::Partition;
use crate::rows::head::Head;
use crate::rows::ledger::{HourCounts, Range, position_from};
use crate::rows::record::{
    AuditLine, DEAD_LETTER_LINE, DeadLetterLine, DeadLetterState, OutboxState, Outgoing, TimelineLine, audit_from,
    dead_letter_from, receipt_from, subject_key, timeline_from,
};
use crate::schema::{AUDIT, COUNT_HOUR, DEAD_LETTER, LEDGER, OUTBOX, OUTPUT, POSITION, RECEIPT, TIMELINE};
use crate::select::{Condition, Select};
use crate::store::Store;
use crate::value::{Cell, word};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub by: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// In `[from, to)`.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    pub states: Vec<DeadLetterState>,
    pub source: Option<SourceName>,
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxAge {
    pub pending: u64,
    /// The instant of the oldest.
    pub oldest: Option<Timestamp>,
}

/// What a person on call looks at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depths {
    pub outbox: OutboxAge,
    /// Changes that topics are not told of yet.
    pub outputs: u64,
    pub dead_letters_new: u64,
}

impl Store {
    /// The engine's clock as committed last: a store's "now"; of several writers, that of the one furthest ahead. `None`
    /// where nothing was committed yet.
    pub async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.own_heads().await?.iter().filter_map(Head::now).max())
    }

    /// Whether anything was ever committed.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.own_heads().await?.iter().all(|head| head.commits == 0))
    }

    pub async fn positions(&self) -> Result<BTreeMap<SlotName, u64>, StoreError> {
        Ok(self.reading().await?.all(Select::from(&POSITION), position_from).await?.into_iter().collect())
    }

    /// The committed ranges of every slot, in order. `[I1]`
    pub async fn ranges(&self) -> Result<Vec<Range>, StoreError> {
        self.reading().await?.all(Select::from(&LEDGER), Range::from_row).await
    }

    /// What was decided about a subject, oldest first.
    pub async fn timeline(&self, subject: &Subject, request: &PageRequest) -> Result<Page<TimelineLine>, StoreError> {
        let select = Select::from(&TIMELINE).is("subject", subject_key(subject));
        page(&mut self.reading().await?, select, request, timeline_from).await
    }

    /// What was decided about a subject last, so many lines at most, oldest first.
    pub async fn timeline_end(&self, subject: &Subject, lines: usize) -> Result<Vec<TimelineLine>, StoreError> {
        let newest = Select::from(&TIMELINE).is("subject", subject_key(subject)).newest(&["seq"]).limit(lines);
        let mut found = self.reading().await?.all(newest, timeline_from).await?;
        found.reverse();
        Ok(found)
    }

    /// What was decided about anything, in the order of the decisions: for a stream that resumes after a line. Where
    /// partitions are written, each has an order of its own, and a stream asks a handle of each for what comes after its
    /// last line; a handle of the whole store gives the lines of one partition after those of another.
    pub async fn timeline_after(&self, seq: u64, limit: usize) -> Result<Vec<TimelineLine>, StoreError> {
        let limit = limit.clamp(1, model::limits::PAGE_ROWS_MAX);
        let lines = match self.partition() {
            Partition::WHOLE => Select::from(&TIMELINE),
            partition => partition.rows_of(&TIMELINE, "seq"),
        };
        self.reading().await?.all(lines.after(Some(vec![seq.into()])).limit(limit), timeline_from).await
    }

    /// Who changed what, the newest first.
    pub async fn audit(&self, filter: &AuditFilter, request: &PageRequest) -> Result<Page<AuditLine>, StoreError> {
        let is = |column, text: &Option<String>| text.as_deref().map(|text| Condition::Is(column, text.into()));
        let select = Select::from(&AUDIT)
            .with_any(is("person", &filter.by))
            .with_any(is("action", &filter.action))
            .with_any(is("subject", &filter.subject))
            .with_any(within("at", filter.from, filter.to))
            .newest(&["at", "seq"]);
        page(&mut self.reading().await?, select, request, audit_from).await
    }

    /// Dead letters without their bytes, the newest first.
    pub async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        request: &PageRequest,
    ) -> Result<Page<DeadLetterLine>, StoreError> {
        let select = Select::from(&DEAD_LETTER)
            .columns(DEAD_LETTER_LINE)
            .with_any(any_of("state", filter.states.iter().map(|state| word(*state))))
            .with_any(filter.source.as_ref().map(|source| Condition::Is("source", source.into())))
            .newest(&["received_at", "id"]);
        page(&mut self.reading().await?, select, request, dead_letter_from).await
    }

    /// A dead letter as it came, and what became of it.
    pub async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<(DeadLetter, DeadLetterState)>, StoreError> {
        let rows = self.reading().await?.select(Select::one(&DEAD_LETTER, [id.into()])).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let line = dead_letter_from(row)?;
        let raw = row.get(DEAD_LETTER.place("raw")).and_then(Cell::read);
        let raw = raw.ok_or_else(|| StoreError::Corrupt { what: format!("dead letter {id} has no bytes") })?;
        let DeadLetterLine { id, source, format, origin, reason, received_at, state, .. } = line;
        Ok(Some((DeadLetter { id, source, format, origin, reason, raw, received_at }, state)))
    }

    /// Messages that may be tried at `now`, those due longest first.
    pub async fn outbox_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Outgoing>, StoreError> {
        let just_after = now + model::Span::MICROSECOND;
        let select = Select::from(&OUTBOX)
            .is("state", word(OutboxState::Pending))
            .with(Condition::Less("next_at", just_after.into()))
            .ordered(&["next_at", "id"])
            .limit(limit);
        self.reading().await?.all(select, Outgoing::from_row).await
    }

    /// What waits, for status and metrics.
    pub async fn depths(&self) -> Result<Depths, StoreError> {
        let mut reading = self.reading().await?;
        let pending = || Select::from(&OUTBOX).is("state", word(OutboxState::Pending));
        let oldest = reading.all(pending().ordered(&["at", "id"]).limit(1), Outgoing::from_row).await?.pop();
        let new = Select::from(&DEAD_LETTER).is("state", word(DeadLetterState::New));
        Ok(Depths {
            outbox: OutboxAge {
                pending: reading.count(pending()).await?,
                oldest: oldest.map(|outgoing| outgoing.message.at),
            },
            outputs: reading.count(Select::from(&OUTPUT)).await?,
            dead_letters_new: reading.count(new).await?,
        })
    }

    /// What a push or an action with this key was answered. One that is older than keys are remembered may still be
    /// there; its `at` says so.
    pub async fn receipt(&self, key: &str) -> Result<Option<Receipt>, StoreError> {
        Ok(self.reading().await?.all(Select::one(&RECEIPT, [key.into()]), receipt_from).await?.pop())
    }

    /// The same of several keys: those there are.
    pub async fn receipts(&self, keys: impl IntoIterator<Item = &str>) -> Result<Vec<Receipt>, StoreError> {
        self.reading().await?.all(Select::from(&RECEIPT).any_of("token", keys), receipt_from).await
    }

    /// What became of events, hour by hour, for hours that begin in the interval; of one domain, or of each.
    pub async fn counts_per_hour(
        &self,
        interval: Interval,
        domain: Option<&Domain>,
    ) -> Result<Vec<HourCounts>, StoreError> {
        let select = Select::from(&COUNT_HOUR)
            .with_any(within("hour", Some(interval.start()), Some(interval.end())))
            .with_any(domain.map(|domain| Condition::Is("domain", domain.into())));
        self.reading().await?.all(select, HourCounts::from_row).await
    }
}
