//! A whole store into an empty one, whatever keeps the two.

use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::rows::head::Head;
use crate::schema::{self, DEAD_LETTER, HEAD, ISSUED_REPORT, NUMBERING, PACK, Table};
use crate::select::Select;
use crate::store::{Pages, Reading, Store};
use crate::transaction::{ClaimAll, Found, Transaction};
use crate::value::Row;

/// The epoch of a store into which a copy is under way, or was left half-way: nobody claims it.
pub(crate) const COPYING: u64 = i64::MAX as u64;
/// Dead letters and issued reports hold whole bodies, so that few of them come at a time.
const BODIES_AT_ONCE: usize = 16;

impl Store {
    /// Copies everything of one moment; how many rows. This store is claimed first: who wrote any of it is fenced off, so
    /// that nothing is written behind the copy. The heads come last, and of them that of the whole store: until then nobody can
    /// claim the other store.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] where the other store holds anything.
    pub async fn copy_to(&self, other: &Store) -> Result<u64, StoreError> {
        refuse_unless_empty(&mut other.reading().await?).await?;
        other.run(Begin).await?;
        self.run(ClaimAll).await?;
        let mut reading = self.reading().await?;
        let mut copied = 0;
        let apart = [HEAD.name, PACK.name];
        let tables = schema::ALL.iter().copied().filter(|table| !apart.contains(&table.name)).map(Select::from);
        for select in tables.chain([Select::from(&HEAD).newest(&["id"])]) {
            let table = select.table;
            let holds_bodies = [DEAD_LETTER.name, ISSUED_REPORT.name].contains(&table.name);
            let at_once = if holds_bodies { BODIES_AT_ONCE } else { Pages::ROWS };
            let mut pages = Pages::of(select).at_once(at_once);
            while let Some(rows) = pages.next(&mut reading).await? {
                copied += rows.len() as u64;
                other.run(Fill { table, rows }).await?;
            }
        }
        Ok(copied)
    }
}

/// The head of the whole store and the row of its numbers are there from the beginning, and say that nothing was ever
/// committed.
async fn refuse_unless_empty(reading: &mut Reading) -> Result<(), StoreError> {
    let heads = Head::all(&reading.select(Select::from(&HEAD)).await?)?;
    if heads.len() > 1 || heads.iter().any(|head| head.commits > 0 || head.epoch == COPYING) {
        return Err(StoreError::NotEmpty);
    }
    for table in schema::ALL.iter().filter(|table| ![HEAD.name, NUMBERING.name].contains(&table.name)) {
        if !reading.select(Select::from(table).limit(1)).await?.is_empty() {
            return Err(StoreError::NotEmpty);
        }
    }
    Ok(())
}

/// From here on nobody else claims the store.
#[derive(Debug)]
struct Begin;

impl Transaction for Begin {
    type Answer = ();
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        vec![Head::asked(self.partition())]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        let mut writes = Writes::default();
        writes.put(&HEAD, Head { epoch: COPYING, ..found.head(self.partition())? }.row());
        Ok((writes.finish(), ()))
    }
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
        vec![Head::asked(self.partition())]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        // A copier that slept may find another's store in the place of its own.
        if found.head(self.partition())?.epoch != COPYING {
            return Err(StoreError::NotEmpty);
        }
        let mut writes = Writes::default();
        for row in self.rows {
            match [HEAD.name, NUMBERING.name].contains(&self.table.name) {
                true => writes.put(self.table, row),
                false => writes.append(self.table, row),
            }
        }
        Ok((writes.finish(), ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, ready};

    #[test]
    fn a_copy_that_was_left_half_way_is_no_store_to_go_on_with() {
        let (from, to) = (Memory::new().store(), Memory::new().store());
        ready(to.run(Begin)).unwrap();
        ready(to.run(Fill { table: &HEAD, rows: Vec::new() })).unwrap();
        assert!(matches!(ready(to.claim()), Err(StoreError::HalfCopied)));
        assert!(matches!(ready(from.copy_to(&to)), Err(StoreError::NotEmpty)));
        let whole = Memory::new().store();
        ready(from.copy_to(&whole)).unwrap();
        assert_eq!(ready(whole.claim()).unwrap(), 2, "it goes on from the epoch of the first");
        assert!(matches!(ready(whole.run(Fill { table: &HEAD, rows: Vec::new() })), Err(StoreError::NotEmpty)));
    }
}
