//! Whether a store is one that can be written in a way at all, by one process or by several. Asked at the start, so that who
//! cannot does not wait for ever.

use model::{Domain, is_decided_in};

use crate::copy::COPYING;
use crate::error::StoreError;
use crate::partition::Partition;
use crate::rows::head::Head;
use crate::rows::ledger::owner_from;
use crate::schema::{DOMAIN, HEAD};
use crate::select::Select;
use crate::store::{Backend, Store};
use crate::value::Row;

impl Store {
    /// Whether the handle's claim can succeed, once its turn has come.
    ///
    /// # Errors
    /// [`StoreError::OtherMode`], [`StoreError::HalfCopied`], and [`StoreError::TooOld`] where nobody has brought it to this
    /// version's schema yet.
    pub async fn fits(&self) -> Result<(), StoreError> {
        if let Backend::Postgres(postgres) = self.backend() {
            postgres.is_of_this_version().await?;
        }
        let heads = self.reading().await?.select(Select::from(&HEAD)).await?;
        fitting(self.partition(), &heads).map(|_| ())
    }
}

impl Store {
    /// Whether every domain stands where a log of so many partitions has it.
    ///
    /// # Errors
    /// [`StoreError::OtherNumber`]
    pub async fn fits_partitions(&self, of: u32) -> Result<(), StoreError> {
        let domains = self.reading().await?.all(Select::from(&DOMAIN), owner_from).await?;
        let stands = |(domain, written): &(Domain, Partition)| {
            written.number().is_none_or(|written| is_decided_in(domain, written, of))
        };
        match domains.into_iter().find(|domain| !stands(domain)) {
            Some((domain, written)) => Err(StoreError::OtherNumber { domain, written, of }),
            None => Ok(()),
        }
    }
}

/// All heads, where one may be claimed for this.
pub(crate) fn fitting(claimed: Partition, rows: &[Row]) -> Result<Vec<Head>, StoreError> {
    if Head::of(Partition::WHOLE, rows)?.epoch == COPYING {
        return Err(StoreError::HalfCopied);
    }
    let heads = Head::all(rows)?;
    let is_whole = |partition| partition == Partition::WHOLE;
    let other = heads.iter().find(|head| head.commits > 0 && is_whole(head.partition) != is_whole(claimed));
    match other {
        Some(other) => Err(StoreError::OtherMode { claimed, written: other.partition }),
        None => Ok(heads),
    }
}
