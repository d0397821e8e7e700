//! One store, whichever keeps it. An enum, not a trait object: there are few, and all are known.

use std::path::Path;
use std::sync::Arc;

use crate::channel::Questions;
use crate::commit::{AuditEntry, Commit, Committed};
use crate::error::{CommitError, StoreError};
use crate::memory::{Memory, Tables};
use crate::postgres::{Lease, Postgres, PostgresConfig};
use crate::retain::{Retention, Sweep};
use crate::rows::head::Head;
use crate::rows::record::DeadLetterState;
use crate::schema::HEAD;
use crate::select::Select;
use crate::sqlite::{Sqlite, SqliteConfig};
use crate::transaction::{Claim, Delivery, MarkDeadLetter, MarkOutbox, Transaction};
use crate::value::{Row, Value};
use model::{DeadLetterId, OutboxId};

/// A handle to a store; clones share it.
#[derive(Clone, Debug)]
pub enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
    Memory(Memory),
}

impl From<Postgres> for Store {
    fn from(postgres: Postgres) -> Store {
        Store::Postgres(postgres)
    }
}

impl From<Sqlite> for Store {
    fn from(sqlite: Sqlite) -> Store {
        Store::Sqlite(sqlite)
    }
}

impl From<Memory> for Store {
    fn from(memory: Memory) -> Store {
        Store::Memory(memory)
    }
}

impl Store {
    /// Opens the store that a configuration names: `sqlite://PATH`, the path as the file system knows it, or
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with the parameters that libpq knows.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        if is_postgres(url) {
            return Postgres::open(url, PostgresConfig::default()).await.map(Store::from);
        }
        Sqlite::open(path_of(url)?, SqliteConfig::default()).await.map(Store::from)
    }

    /// The same for questions only, also beside the service that writes it.
    pub async fn open_read_only(url: &str) -> Result<Store, StoreError> {
        if is_postgres(url) {
            return Postgres::open_read_only(url).await.map(Store::from);
        }
        Sqlite::open_read_only(path_of(url)?).await.map(Store::from)
    }

    /// Becomes the one process that writes, in whose name `holder` stands: no two lives of a process have the same. Where
    /// a lock keeps others out it is that already.
    pub async fn take_lease(&self, holder: &str) -> Result<Lease, StoreError> {
        match self {
            Store::Sqlite(_) | Store::Memory(_) => Ok(Lease::Ours),
            Store::Postgres(postgres) => postgres.take_lease(holder).await,
        }
    }

    /// Ends when another process has become the one that writes.
    pub async fn lease_lost(&self) {
        match self {
            Store::Sqlite(_) | Store::Memory(_) => std::future::pending().await,
            Store::Postgres(postgres) => postgres.lease_lost().await,
        }
    }

    /// Takes the store over and gives the epoch that commits carry from now on; earlier ones are fenced off. `[I10]`
    pub async fn claim(&self) -> Result<u64, StoreError> {
        match self {
            Store::Postgres(postgres) => postgres.claim(Claim).await,
            Store::Sqlite(_) | Store::Memory(_) => self.run(Claim).await,
        }
    }

    /// Writes everything, or nothing. An error that is not [`CommitError::Fenced`], a conflict or `Invalid` leaves it
    /// unknown whether the commit was taken.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        match self {
            Store::Memory(memory) => memory.commit(commit),
            Store::Sqlite(sqlite) => sqlite.commit(commit).await,
            Store::Postgres(postgres) => postgres.commit(commit).await,
        }
    }

    /// Moves messages of the outbox on; one that is delivered or abandoned stays so.
    pub async fn mark_outbox(&self, marks: Vec<(OutboxId, Delivery)>) -> Result<(), StoreError> {
        self.run(MarkOutbox(marks)).await
    }

    /// Marks a dead letter as replayed or discarded, with who did it and why. `false`: it was so already, or was
    /// replayed, and nothing is written.
    pub async fn mark_dead_letter(
        &self,
        id: DeadLetterId,
        state: DeadLetterState,
        audit: AuditEntry,
    ) -> Result<bool, StoreError> {
        self.run(MarkDeadLetter { id, state, audit }).await
    }

    /// Removes at most `rows` rows of each kind that are kept no longer, and says whether there may be more.
    pub async fn retain(&self, retention: &Retention, rows: usize) -> Result<bool, StoreError> {
        let head = self.head().await?;
        let Some(now) = head.now() else { return Ok(false) };
        let first_kept = (head.commits + 1).saturating_sub(retention.commits.max(1));
        let by_month = matches!(self, Store::Postgres(_));
        let sweep = Sweep { retention: *retention, now, first_kept, rows: rows.max(1), by_month };
        let kept = sweep.kept();
        let more = self.run(sweep).await?;
        if let Store::Postgres(postgres) = self {
            postgres.expire(kept).await?;
        }
        Ok(more)
    }

    /// Writes a copy of the whole store to a path where nothing is, while the service goes on.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match self {
            Store::Sqlite(sqlite) => sqlite.backup(to).await,
            Store::Memory(_) => Err(StoreError::NotFound("file behind a store in memory to back up".to_owned())),
            Store::Postgres(postgres) => {
                let why = format!("{} is backed up with PostgreSQL's own pg_dump", postgres.name());
                Err(StoreError::Path { path: to.to_owned(), why })
            }
        }
    }

    pub(crate) async fn head(&self) -> Result<Head, StoreError> {
        Head::from_rows(&self.reading().await?.select(Select::from(&HEAD)).await?)
    }

    pub(crate) async fn run<T: Transaction>(&self, transaction: T) -> Result<T::Answer, T::Error> {
        match self {
            Store::Memory(memory) => memory.run(transaction),
            Store::Sqlite(sqlite) => sqlite.run(transaction).await,
            Store::Postgres(postgres) => postgres.run(transaction).await,
        }
    }

    /// A view of one moment; what is committed later does not show.
    pub(crate) async fn reading(&self) -> Result<Reading, StoreError> {
        Ok(match self {
            Store::Memory(memory) => Reading::Memory(memory.snapshot()?),
            Store::Sqlite(sqlite) => Reading::Database(sqlite.reading()),
            Store::Postgres(postgres) => Reading::Database(postgres.reading()),
        })
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn path_of(url: &str) -> Result<&Path, StoreError> {
    let path = url.strip_prefix("sqlite://").filter(|path| !path.is_empty());
    path.map(Path::new).ok_or_else(|| StoreError::BadUrl(url.to_owned()))
}

/// Questions to one moment of a store. Dropping it at any time is fine: the work behind it ends by itself.
#[derive(Debug)]
pub(crate) enum Reading {
    Memory(Arc<Tables>),
    Database(Questions),
}

impl Reading {
    pub(crate) async fn select(&mut self, select: Select) -> Result<Vec<Row>, StoreError> {
        match self {
            Reading::Memory(tables) => Ok(tables.select(&select)),
            Reading::Database(reading) => reading.select(select).await,
        }
    }

    pub(crate) async fn count(&mut self, select: Select) -> Result<u64, StoreError> {
        match self {
            Reading::Memory(tables) => Ok(tables.count(&select)),
            Reading::Database(reading) => reading.count(select).await,
        }
    }

    /// The rows, each read as something.
    pub(crate) async fn all<T>(
        &mut self,
        select: Select,
        read: impl Fn(&[Value]) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.select(select).await?.iter().map(|row| read(row)).collect()
    }

    /// Every row, some at a time: a table may be larger than memory.
    pub(crate) async fn each(
        &mut self,
        select: Select,
        mut visit: impl FnMut(&[Value]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut pages = Pages::of(select);
        while let Some(rows) = pages.next(self).await? {
            rows.iter().try_for_each(|row| visit(row))?;
        }
        Ok(())
    }
}

/// Goes through all rows that a question finds.
pub(crate) struct Pages {
    select: Select,
    at_once: usize,
    places: Vec<usize>,
    done: bool,
}

impl Pages {
    pub(crate) const ROWS: usize = 2000;

    pub(crate) fn of(select: Select) -> Pages {
        Pages { places: select.order_places(), select, at_once: Pages::ROWS, done: false }
    }

    pub(crate) fn at_once(self, rows: usize) -> Pages {
        Pages { at_once: rows, ..self }
    }

    /// The next rows; `None` after the last.
    pub(crate) async fn next(&mut self, reading: &mut Reading) -> Result<Option<Vec<Row>>, StoreError> {
        if self.done {
            return Ok(None);
        }
        let rows = reading.select(self.select.clone().limit(self.at_once)).await?;
        self.done = rows.len() < self.at_once;
        let last = rows.last().map(|last| self.places.iter().map(|at| last[*at].clone()).collect());
        self.select.after = last;
        Ok(Some(rows))
    }
}
