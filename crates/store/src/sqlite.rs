//! SQLite: one file, one writer, readers that never wait for it.
//!
//! - One connection writes, in `BEGIN IMMEDIATE` transactions; the others are `query_only`. WAL, so that readers see the
//!   last commit while the next is written; `synchronous = FULL`, because what is acknowledged must survive a power cut.
//! - A lock file keeps a second process out; the epoch would fence it, but two writers starve each other.
//! - Work on the database runs in tasks of its own, which nobody cancels: whoever waits for one may go at any time.
//! - No memory-mapped I/O: a stray write into the map would reach the file unnoticed.

mod lock;
mod migrate;
mod read;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::limits::HOT_LOG_ENTRIES_MAX;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row as _};
use tokio::sync::Mutex;

use crate::channel::{Questions, Writer};
use crate::commit::{Commit, Committed};
use crate::error::{CommitError, StoreError};
use crate::partition::Partition;
use crate::plan::CommitPlan;
use crate::transaction::Transaction;
use lock::Lock;
use read::Moment;
use write::{Options, SqliteChannel};

/// How a store on SQLite is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteConfig {
    /// Connections that read.
    pub readers: u32,
    /// The file grows to at most this many bytes; a commit that needs more fails as on a full disk. `None`: the disk is
    /// the limit.
    pub bytes_max: Option<u64>,
    /// Entries that the log of repeats comes to before it is laid down in the narrow rows.
    pub hot_log_max: u64,
}

impl Default for SqliteConfig {
    fn default() -> SqliteConfig {
        SqliteConfig { readers: 4, bytes_max: None, hot_log_max: HOT_LOG_ENTRIES_MAX }
    }
}

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    /// `None` where the store was opened read-only.
    writer: Option<Arc<Mutex<Writer<Options>>>>,
    hot_log_max: u64,
    readers: SqlitePool,
    /// Held for as long as anything of the store is open.
    _lock: Option<Lock>,
}

/// Before this one, the reset of the write-ahead log can corrupt the file.
const SQLITE_NEEDED: (u32, u32, u32) = (3, 51, 3);
const SQLITE_NEEDED_TEXT: &str = "3.51.3";
const PAGE_BYTES: u64 = 4096;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows that SQLite's own thread may be ahead of whoever reads them: fewer, and the two wait for each other.
const ROWS_AHEAD: usize = 2048;
/// Distinct statement texts that a connection keeps prepared.
const STATEMENTS_PREPARED: usize = 512;

impl Sqlite {
    /// Opens the store, made anew where there is none, brought to this version's schema where it is older.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process has it open, [`StoreError::TooNew`] where a newer version wrote
    /// it, [`StoreError::NotOurs`] where the file is another program's.
    pub async fn open(path: impl AsRef<Path>, config: SqliteConfig) -> Result<Sqlite, StoreError> {
        let path = path.as_ref().to_owned();
        refuse_old_sqlite().await?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| at_path(folder, &error))?;
        }
        let lock = Lock::take(&path)?;
        let mut connection = writing(&path, &config).connect().await?;
        migrate::bring_up(&mut connection, &path).await?;
        let hot_log_max = config.hot_log_max;
        let writer = Writer::new(Options(writing(&path, &config)), SqliteChannel::over(connection));
        let writer = Some(Arc::new(Mutex::new(writer)));
        let readers = pool(reading(&path), config.readers);
        Ok(Sqlite(Arc::new(Opened { path, writer, hot_log_max, readers, _lock: Some(lock) })))
    }

    /// Opens an existing store for questions only, also beside the service that writes it.
    ///
    /// # Errors
    /// As [`Sqlite::open`], and [`StoreError::TooOld`] where nothing has brought it to this version's schema yet.
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        Sqlite::open_reading(path.as_ref(), true).await
    }

    /// Opens an existing store of this or an older version for a [`Store::backup`](crate::Store::backup): what one
    /// makes before an upgrade.
    pub async fn open_to_copy(path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        Sqlite::open_reading(path.as_ref(), false).await
    }

    async fn open_reading(path: &Path, of_this_version: bool) -> Result<Sqlite, StoreError> {
        let path = path.to_owned();
        refuse_old_sqlite().await?;
        if !path.exists() {
            return Err(StoreError::NotFound(format!("store at {}", path.display())));
        }
        let options = reading(&path).read_only(true);
        let mut connection = options.connect().await?;
        migrate::check_only(&mut connection, &path, of_this_version).await?;
        connection.close().await?;
        let readers = pool(options, SqliteConfig::default().readers);
        Ok(Sqlite(Arc::new(Opened { path, writer: None, hot_log_max: HOT_LOG_ENTRIES_MAX, readers, _lock: None })))
    }

    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Waits for what is under way and closes the file. Further use of any clone fails.
    pub async fn close(&self) {
        self.0.readers.close().await;
        if let Some(writer) = &self.0.writer {
            writer.lock().await.close().await;
        }
    }

    pub(crate) async fn run<T: Transaction>(&self, transaction: T) -> Result<T::Answer, T::Error> {
        let writer = Arc::clone(self.0.writer.as_ref().ok_or(StoreError::ReadOnly)?);
        let work = tokio::spawn(async move { writer.lock().await.run(transaction).await });
        work.await.unwrap_or_else(|lost| Err(StoreError::unavailable(&lost.to_string()).into()))
    }

    pub(crate) async fn commit(&self, partition: Partition, commit: Commit) -> Result<Committed, CommitError> {
        self.run(CommitPlan { partition, commit, hot_log_max: self.0.hot_log_max }).await
    }

    pub(crate) fn reading(&self) -> Questions {
        Questions::of(Moment::open(self.0.readers.clone()))
    }

    /// A copy beside the running service, whole and compact, that appears under its name only once it is complete.
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        if to.exists() {
            return Err(StoreError::Path { path: to.to_owned(), why: "there is something already".to_owned() });
        }
        let partial = with_suffix(to, ".partial");
        if partial.exists() {
            std::fs::remove_file(&partial).map_err(|error| at_path(&partial, &error))?;
        }
        let (from, target) = (self.0.path.clone(), partial.clone());
        let copy = tokio::spawn(async move {
            let mut connection = reading(&from).pragma("query_only", "OFF").connect().await?;
            let copied = sqlx::query("VACUUM INTO ?").bind(target.display().to_string()).execute(&mut connection).await;
            connection.close().await?;
            copied.map(|_| ())
        });
        copy.await.map_err(|lost| StoreError::unavailable(&lost.to_string()))??;
        let durable = std::fs::File::open(&partial).and_then(|file| file.sync_all());
        durable.and_then(|()| std::fs::rename(&partial, to)).map_err(|error| at_path(to, &error))
    }

    /// What SQLite's own examination finds.
    pub(crate) async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let readers = self.0.readers.clone();
        let work = tokio::spawn(async move {
            let rows = sqlx::query("PRAGMA integrity_check").fetch_all(&readers).await?;
            rows.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<Vec<_>, _>>()
        });
        let mut lines = work.await.map_err(|lost| StoreError::unavailable(&lost.to_string()))??;
        lines.retain(|line| line != "ok");
        Ok(lines)
    }
}

async fn refuse_old_sqlite() -> Result<(), StoreError> {
    let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await?;
    let found: String = sqlx::query("SELECT sqlite_version()").fetch_one(&mut connection).await?.try_get(0)?;
    connection.close().await?;
    match is_new_enough(&found) {
        true => Ok(()),
        false => Err(StoreError::OldSqlite { found, needed: SQLITE_NEEDED_TEXT }),
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= SQLITE_NEEDED
}

fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false) // `check` looks after links, and commits would pay for each row
        .statement_cache_capacity(STATEMENTS_PREPARED)
        .row_buffer_size(ROWS_AHEAD)
        .pragma("mmap_size", "0")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

fn writing(path: &Path, config: &SqliteConfig) -> SqliteConnectOptions {
    let options = common(path)
        .create_if_missing(true)
        .page_size(PAGE_BYTES as u32)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "20000")
        .pragma("cache_size", "-131072"); // KiB
    match config.bytes_max {
        None => options,
        Some(bytes) => options.pragma("max_page_count", (bytes / PAGE_BYTES).max(1).to_string()),
    }
}

fn reading(path: &Path) -> SqliteConnectOptions {
    common(path).pragma("query_only", "ON").pragma("cache_size", "-16384")
}

fn pool(options: SqliteConnectOptions, readers: u32) -> SqlitePool {
    SqlitePoolOptions::new().max_connections(readers.max(1)).connect_lazy_with(options)
}

fn at_path(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Path { path: path.to_owned(), why: error.to_string() }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_can_corrupt_its_log_is_refused() {
        for (version, fits) in [("3.51.2", false), ("3.9.9", false), ("3.51.3", true), ("3.52.0", true), ("4.0", true)]
        {
            assert_eq!(is_new_enough(version), fits, "{version}");
        }
    }
}
