//! One store, whichever keeps it. An enum, not a trait object: there are few, and all are known. A handle concerns the
//! whole of it, or one partition.

use std::path::Path;
use std::sync::Arc;

use crate::channel::Questions;
use crate::commit::{AuditEntry, Commit, Committed};
use crate::error::{CommitError, StoreError};
use crate::memo::Memo;
use crate::memory::{Memory, Tables};
use crate::partition::Partition;
use crate::postgres::{Lease, Postgres, PostgresConfig};
use crate::retain::{Chain, Retention, Sweep};
use crate::rows::head::Head;
use crate::rows::record::DeadLetterState;
use crate::schema::HEAD;
use crate::select::Select;
use crate::sqlite::{Sqlite, SqliteConfig};
use crate::transaction::{Claim, Delivery, MarkDeadLetter, MarkOutbox, Transaction};
use crate::value::{Row, Value};
use model::{CommitHash, DeadLetterId, OutboxId, Timestamp};

/// A handle to a store; clones share it. What is claimed, loaded and committed is the whole of it, or a partition's.
#[derive(Clone, Debug)]
pub struct Store {
    backend: Backend,
    partition: Partition,
    memo: Memo,
}

/// What keeps the rows.
#[derive(Clone, Debug)]
pub enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
    Memory(Memory),
}

/// How far a writer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionHead {
    pub partition: Partition,
    pub epoch: u64,
    pub commits: u64,
    /// Of the last commit, and so of all before it.
    pub hash: CommitHash,
    /// The engine's clock as committed last.
    pub clock: Option<Timestamp>,
    /// Of its timeline's last line; of none, the number that the first one follows.
    pub timeline: u64,
}

impl From<Backend> for Store {
    fn from(backend: Backend) -> Store {
        Store { backend, partition: Partition::WHOLE, memo: Memo::default() }
    }
}

impl From<Postgres> for Store {
    fn from(postgres: Postgres) -> Store {
        Backend::Postgres(postgres).into()
    }
}

impl From<Sqlite> for Store {
    fn from(sqlite: Sqlite) -> Store {
        Backend::Sqlite(sqlite).into()
    }
}

impl From<Memory> for Store {
    fn from(memory: Memory) -> Store {
        Backend::Memory(memory).into()
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

    /// What readers in this process make of rows that never change, and share: one thing of each type, empty at first.
    pub fn memo<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.memo.of()
    }

    /// What keeps it.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// What this handle claims, loads and commits.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// A handle to the same store that claims, loads and commits this partition alone. What belongs to no partition
    /// (questions, messages, retention) is the same with every handle.
    #[must_use]
    pub fn for_partition(&self, partition: Partition) -> Store {
        let backend = match &self.backend {
            Backend::Postgres(postgres) => Backend::Postgres(postgres.beside()),
            Backend::Sqlite(_) | Backend::Memory(_) => self.backend.clone(),
        };
        Store { backend, partition, memo: self.memo.clone() }
    }

    /// How far each writer has come, that of the whole store first.
    pub async fn heads(&self) -> Result<Vec<PartitionHead>, StoreError> {
        Ok(self.all_heads().await?.iter().map(PartitionHead::of).collect())
    }

    /// Becomes the one process that writes, in whose name `holder` stands: no two lives of a process have the same. Where
    /// a lock keeps others out it is that already.
    pub async fn take_lease(&self, holder: &str) -> Result<Lease, StoreError> {
        match &self.backend {
            Backend::Sqlite(_) | Backend::Memory(_) => Ok(Lease::Ours),
            Backend::Postgres(postgres) => postgres.take_lease(holder).await,
        }
    }

    /// Ends when another process has become the one that writes.
    pub async fn lease_lost(&self) {
        match &self.backend {
            Backend::Sqlite(_) | Backend::Memory(_) => std::future::pending().await,
            Backend::Postgres(postgres) => postgres.lease_lost().await,
        }
    }

    /// Takes the store, or the handle's partition, over and gives the epoch that commits carry from now on; earlier ones
    /// are fenced off. `[I10]`
    ///
    /// # Errors
    /// [`StoreError::OtherMode`] where the whole is claimed and a partition was written, or the other way round.
    pub async fn claim(&self) -> Result<u64, StoreError> {
        match &self.backend {
            Backend::Postgres(postgres) => postgres.claim(Claim(self.partition)).await,
            Backend::Sqlite(_) | Backend::Memory(_) => self.run(Claim(self.partition)).await,
        }
    }

    /// Writes everything, or nothing. An error that is not [`CommitError::Fenced`], a conflict or `Invalid` leaves it
    /// unknown whether the commit was taken.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        match &self.backend {
            Backend::Memory(memory) => memory.commit_to(self.partition, commit),
            Backend::Sqlite(sqlite) => sqlite.commit(self.partition, commit).await,
            Backend::Postgres(postgres) => postgres.commit(self.partition, commit).await,
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
        let heads = self.all_heads().await?;
        let Some(now) = heads.iter().filter_map(Head::now).max() else { return Ok(false) };
        let by_month = matches!(self.backend, Backend::Postgres(_));
        let chains = heads.iter().filter_map(|head| Chain::past(head, retention.commits)).collect();
        let sweep = Sweep { retention: *retention, now, chains, rows: rows.max(1), by_month };
        let kept = sweep.kept();
        let more = self.run(sweep).await?;
        if let Backend::Postgres(postgres) = &self.backend {
            postgres.expire(kept).await?;
        }
        Ok(more)
    }

    /// Writes a copy of the whole store to a path where nothing is, while the service goes on.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.backup(to).await,
            Backend::Memory(_) => Err(StoreError::NotFound("file behind a store in memory to back up".to_owned())),
            Backend::Postgres(postgres) => {
                let why = format!("{} is backed up with PostgreSQL's own pg_dump", postgres.name());
                Err(StoreError::Path { path: to.to_owned(), why })
            }
        }
    }

    /// Those that the handle is about: its partition's, or all.
    pub(crate) async fn own_heads(&self) -> Result<Vec<Head>, StoreError> {
        let mut heads = self.all_heads().await?;
        heads.retain(|head| self.partition == Partition::WHOLE || head.partition == self.partition);
        Ok(heads)
    }

    pub(crate) async fn all_heads(&self) -> Result<Vec<Head>, StoreError> {
        Head::all(&self.reading().await?.select(Select::from(&HEAD)).await?)
    }

    pub(crate) async fn run<T: Transaction>(&self, transaction: T) -> Result<T::Answer, T::Error> {
        match &self.backend {
            Backend::Memory(memory) => memory.run(transaction),
            Backend::Sqlite(sqlite) => sqlite.run(transaction).await,
            Backend::Postgres(postgres) => postgres.run(transaction).await,
        }
    }

    /// A view of one moment; what is committed later does not show.
    pub(crate) async fn reading(&self) -> Result<Reading, StoreError> {
        Ok(match &self.backend {
            Backend::Memory(memory) => Reading::Memory(memory.snapshot()?),
            Backend::Sqlite(sqlite) => Reading::Database(sqlite.reading()),
            Backend::Postgres(postgres) => Reading::Database(postgres.reading()),
        })
    }
}

impl PartitionHead {
    fn of(head: &Head) -> PartitionHead {
        let Head { partition, epoch, commits, hash, .. } = *head;
        PartitionHead { partition, epoch, commits, hash, clock: head.now(), timeline: partition.base() + head.timeline }
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
