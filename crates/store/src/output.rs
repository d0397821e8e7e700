//! What topics are told that carry every change: written with the change, and gone once it is told.
//!
//! A queue of its own beside the outbox: that tells people what matters, in its own time and each target by itself; this
//! hands on everything in the order in which it became so.

use std::collections::BTreeMap;

use model::Timestamp;

use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::partition::Partition;
use crate::schema::OUTPUT;
use crate::select::{Condition, Select};
use crate::store::{Reading, Store};
use crate::transaction::{Found, Transaction, key_of};
use crate::value::{Cell, Cells, Row, row};

/// A change, with the whole of what changed as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What happened to what, such as `incident.opened`.
    pub kind: Box<str>,
    /// Its id.
    pub subject: Box<str>,
    /// The model's own JSON.
    pub body: Box<str>,
}

/// One that is not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Its place in the order of all that its writer wrote.
    pub id: u64,
    pub at: Timestamp,
    pub output: Output,
}

impl Output {
    pub(crate) fn row(&self, id: u64, at: Timestamp) -> Row {
        row![id, at, &self.kind, &self.subject, &self.body]
    }
}

impl Untold {
    fn from_row(row: &[crate::value::Value]) -> Result<Untold, StoreError> {
        let mut cells = Cells::new(&OUTPUT, row);
        Ok(Untold {
            id: cells.take()?,
            at: cells.take()?,
            output: Output { kind: cells.take()?, subject: cells.take()?, body: cells.take()? },
        })
    }
}

impl Store {
    /// The oldest that are not told yet, each writer's in their order. Every writer that has some gets a share of the limit,
    /// and at least one: none waits for a busy one. What others leave of theirs goes to those that have more.
    pub async fn outputs(&self, limit: usize) -> Result<Vec<Untold>, StoreError> {
        let mut reading = self.reading().await?;
        let waiting = waiting(&mut reading).await?;
        let share = (limit / waiting.len().max(1)).max(1);
        let mut untold: Vec<Untold> = Vec::new();
        let mut with_more = Vec::new();
        for partition in waiting {
            let oldest = reading.all(partition.rows_of(&OUTPUT, "id").limit(share), Untold::from_row).await?;
            with_more.extend(oldest.get(share - 1).map(|last| (partition, last.id)));
            untold.extend(oldest);
        }
        for (partition, last) in with_more {
            let left = limit.saturating_sub(untold.len());
            let more = partition.rows_of(&OUTPUT, "id").after(Some(vec![last.into()])).limit(left);
            untold.extend(reading.all(more, Untold::from_row).await?);
        }
        Ok(untold)
    }

    /// These are told, and whatever their writers wrote before them.
    pub async fn outputs_told(&self, told: &[Untold]) -> Result<(), StoreError> {
        let mut up_to: BTreeMap<Partition, u64> = BTreeMap::new();
        for Untold { id, .. } in told {
            let last = up_to.entry(Partition::of_sequence(*id)).or_default();
            *last = (*last).max(*id);
        }
        self.run(Told { up_to }).await
    }
}

/// Whose outputs are not all told: a step from the oldest of one writer to the oldest of the next.
async fn waiting(reading: &mut Reading) -> Result<Vec<Partition>, StoreError> {
    let mut waiting: Vec<Partition> = Vec::new();
    loop {
        let from = waiting.last().map_or(0, |last| last.end());
        let next = Select::from(&OUTPUT).columns(&["id"]).with(Condition::AtLeast("id", from.into())).limit(1);
        let rows = reading.select(next).await?;
        let Some(id) = rows.first().and_then(|row| row.first()).and_then(u64::read) else { return Ok(waiting) };
        waiting.push(Partition::of_sequence(id));
    }
}

#[derive(Debug)]
struct Told {
    /// The last place of each.
    up_to: BTreeMap<Partition, u64>,
}

impl Transaction for Told {
    type Answer = ();
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        let told = |(partition, last): (&Partition, &u64)| {
            let from = Condition::AtLeast("id", partition.base().into());
            Select::from(&OUTPUT).columns(&["id"]).with(from).with(Condition::Less("id", (last + 1).into()))
        };
        self.up_to.iter().map(told).collect()
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        let mut writes = Writes::default();
        for _ in &self.up_to {
            found.next().iter().for_each(|row| writes.remove(&OUTPUT, key_of(&OUTPUT, row)));
        }
        Ok((writes.finish(), ()))
    }
}
