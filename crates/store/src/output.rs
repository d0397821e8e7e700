//! What topics are told that carry every change: written with the change, and gone once it is told.
//!
//! A queue of its own beside the outbox: that tells people what matters, in its own time and each target by itself; this
//! hands on everything in the order in which it became so.

use model::Timestamp;

use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::schema::{HEAD, OUTPUT};
use crate::select::{Condition, Select};
use crate::store::Store;
use crate::transaction::{Found, Transaction, key_of};
use crate::value::{Cells, Row, row};

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
    /// Its place in the order of all.
    pub id: u64,
    pub at: Timestamp,
    pub output: Output,
}

/// Outputs of one commit have places below this.
const PER_COMMIT_BITS: u32 = 20;

impl Output {
    pub(crate) fn row(&self, seq: u64, nth: usize, at: Timestamp) -> Row {
        let id = (seq << PER_COMMIT_BITS) | nth as u64;
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
    /// The oldest that are not told yet, in their order.
    pub async fn outputs(&self, limit: usize) -> Result<Vec<Untold>, StoreError> {
        let select = Select::from(&OUTPUT).ordered(&["id"]).limit(limit);
        self.reading().await?.all(select, Untold::from_row).await
    }

    /// Everything up to this place is told.
    pub async fn outputs_told(&self, up_to: u64) -> Result<(), StoreError> {
        self.run(Told { up_to }).await
    }
}

#[derive(Debug)]
struct Told {
    up_to: u64,
}

impl Transaction for Told {
    type Answer = ();
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        let told = Condition::Less("id", (self.up_to + 1).into());
        vec![Select::from(&HEAD), Select::from(&OUTPUT).columns(&["id"]).with(told)]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        found.head()?;
        let mut writes = Writes::default();
        found.next().iter().for_each(|row| writes.remove(&OUTPUT, key_of(&OUTPUT, row)));
        Ok((writes.finish(), ()))
    }
}
