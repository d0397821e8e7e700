//! A whole store into an empty one, whatever keeps the two.

use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::schema::{self, HEAD, Table};
use crate::select::Select;
use crate::store::{Pages, Reading, Store};
use crate::transaction::{Found, Transaction};
use crate::value::Row;

impl Store {
    /// Copies everything of one moment; how many rows. This store is claimed first: who wrote it is fenced off, so that
    /// nothing is written behind the copy. The head comes last: a copy that was left half-way is no store to go on with.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] where the other store holds anything.
    pub async fn copy_to(&self, other: &Store) -> Result<u64, StoreError> {
        refuse_unless_empty(&mut other.reading().await?).await?;
        self.claim().await?;
        let mut reading = self.reading().await?;
        let mut copied = 0;
        let tables = schema::ALL.iter().copied().filter(|table| table.name != HEAD.name);
        for table in tables.chain([&HEAD]) {
            let mut pages = Pages::of(Select::from(table));
            while let Some(rows) = pages.next(&mut reading).await? {
                copied += rows.len() as u64;
                other.run(Fill { table, rows }).await?;
            }
        }
        Ok(copied)
    }
}

/// The head is there from the beginning.
async fn refuse_unless_empty(reading: &mut Reading) -> Result<(), StoreError> {
    for table in schema::ALL.iter().filter(|table| table.name != HEAD.name) {
        if !reading.select(Select::from(table).limit(1)).await?.is_empty() {
            return Err(StoreError::NotEmpty);
        }
    }
    Ok(())
}

/// Rows as they stand in another store.
#[derive(Debug)]
struct Fill {
    table: &'static Table,
    rows: Vec<Row>,
}

impl Transaction for Fill {
    type Answer = ();
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        Vec::new()
    }

    fn decide(self, _: Found) -> Result<(Vec<Op>, ()), StoreError> {
        let mut writes = Writes::default();
        for row in self.rows {
            match self.table.name == HEAD.name {
                true => writes.put(self.table, row),
                false => writes.append(self.table, row),
            }
        }
        Ok((writes.finish(), ()))
    }
}
