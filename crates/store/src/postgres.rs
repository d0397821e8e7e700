//! PostgreSQL: one writer of a head at a time, whichever process it is in, and readers that never wait for it.
//!
//! - Whoever writes locks its head's row first: what it then reads and writes, nobody else writes meanwhile. A writer
//!   that hangs in a transaction is ended by the server (`idle_in_transaction_session_timeout`), so that another can
//!   take over; its epoch fences it when it comes back.
//! - `READ COMMITTED` is enough, since all writes of a head follow its lock. Readers see one moment: `REPEATABLE READ`.
//! - Many rows are one statement: arrays, unnested.
//! - All tables stand in a schema of ours, `watchfire` unless the URL says another (`options[search_path]=NAME`).

mod error;
mod lease;
mod migrate;
mod partition;
mod read;
mod write;

use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex as StdMutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use model::limits::HOT_LOG_ENTRIES_MAX;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Mutex;

use crate::channel::{Attempt, KeptSince, Questions, Writer};
use crate::commit::{Commit, Committed};
use crate::error::{CommitError, StoreError};
use crate::partition::Partition;
use crate::plan::CommitPlan;
use crate::transaction::{Claim, Transaction};
pub use lease::Lease;
use lease::{Held, Keeper};
use read::Moment;
use write::{InTheName, Options, PostgresChannel};

/// How a store on PostgreSQL is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresConfig {
    /// Connections that read.
    pub readers: u32,
    /// Entries that the log of repeats comes to before it is laid down in the narrow rows.
    pub hot_log_max: u64,
}

impl Default for PostgresConfig {
    fn default() -> PostgresConfig {
        PostgresConfig { readers: 8, hot_log_max: HOT_LOG_ENTRIES_MAX }
    }
}

/// A store in one schema of a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Postgres {
    opened: Arc<Opened>,
    /// `None` where the store was opened read-only.
    writer: Option<Arc<Own>>,
}

/// A connection that writes, of those who share a handle.
type Own = Mutex<Writer<Options>>;

#[derive(Debug)]
struct Opened {
    /// Who it is, without the password.
    name: String,
    schema: String,
    /// Those that there are; `None` once the store is closed.
    writers: StdMutex<Option<Vec<Weak<Own>>>>,
    hot_log_max: u64,
    in_the_name: Arc<InTheName>,
    readers: PgPool,
    /// For a connection of a migration's own.
    writing: PgConnectOptions,
    keeper: Arc<Keeper>,
    /// Once it is taken.
    held: Mutex<Option<Held>>,
}

impl Opened {
    async fn bring_up(&self) -> Result<(), StoreError> {
        let mut connection = self.writing.connect().await.map_err(error::from_sqlx)?;
        migrate::bring_up(&mut connection, &self.schema, &self.name).await?;
        connection.close().await.map_err(error::from_sqlx)
    }
}

/// The schema that holds the tables, unless the URL names another.
const SCHEMA: &str = "watchfire";
/// Distinct statement texts that a connection keeps prepared.
const STATEMENTS_PREPARED: usize = 512;
/// A writer that falls silent in a transaction is ended after so long, and what it wrote taken back.
const HANGING_WRITER: &str = "10s";
/// A writer waits for another at most so long before it says that the store does not answer.
const LOCK_WAIT: &str = "15s";
/// A commit that waits for its numbers is tried again for so long before it says so.
const NUMBERS_WAIT: Duration = Duration::from_secs(300);
/// A reader that falls silent in a transaction holds up the clean-up of old rows: after so long it is ended.
const HANGING_READER: &str = "10min";
/// From the beginning of a transaction to its end, waiting for another writer included.
const TRANSACTION_AT_MOST: Duration = Duration::from_secs(60);
const READERS_END_WITHIN: Duration = Duration::from_secs(5);

impl Postgres {
    /// Opens the store, made anew where there is none. An older one is brought to this version's schema by the process
    /// that takes its lease.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`], [`StoreError::TooNew`] where a newer version wrote it, [`StoreError::NotOurs`] where the
    /// schema has tables of another program, [`StoreError::Refused`] where the server does not let us in.
    pub async fn open(url: &str, config: PostgresConfig) -> Result<Postgres, StoreError> {
        let place = Place::of(url)?;
        let mut connection = place.writing().connect().await.map_err(error::from_sqlx)?;
        migrate::make(&mut connection, &place.schema, &place.name()).await?;
        let name = Arc::new(InTheName::default());
        let channel = PostgresChannel::over(connection, Arc::clone(&name)).await?;
        let writer = Writer::new(Options { connect: place.writing(), name: Arc::clone(&name) }, channel);
        Ok(Postgres::over(&place, Some(Arc::new(Mutex::new(writer))), name, config))
    }

    /// Opens an existing store for questions only, also beside the service that writes it.
    ///
    /// # Errors
    /// As [`Postgres::open`], and [`StoreError::TooOld`] where nothing has brought it to this version's schema yet.
    pub async fn open_read_only(url: &str) -> Result<Postgres, StoreError> {
        let place = Place::of(url)?;
        let mut connection = place.reading().connect().await.map_err(error::from_sqlx)?;
        migrate::check_only(&mut connection, &place.schema, &place.name()).await?;
        connection.close().await.map_err(error::from_sqlx)?;
        Ok(Postgres::over(&place, None, Arc::default(), PostgresConfig::default()))
    }

    fn over(place: &Place, writer: Option<Arc<Own>>, in_the_name: Arc<InTheName>, config: PostgresConfig) -> Postgres {
        let opened = Arc::new(Opened {
            name: place.name(),
            schema: place.schema.clone(),
            writers: StdMutex::new(Some(writer.iter().map(Arc::downgrade).collect())),
            in_the_name,
            hot_log_max: config.hot_log_max,
            readers: pool(place.reading(), config.readers),
            writing: place.writing(),
            keeper: Arc::new(Keeper::new(place.writing())),
            held: Mutex::new(None),
        });
        Postgres { opened, writer }
    }

    /// One that writes over a connection of its own, which goes with the last clone of it: writers of several partitions
    /// do not wait for each other.
    pub(crate) fn beside(&self) -> Postgres {
        let mut writers = self.opened.writers.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(_), Some(writers)) = (&self.writer, writers.as_mut()) else { return self.clone() };
        let options = Options { connect: self.opened.writing.clone(), name: Arc::clone(&self.opened.in_the_name) };
        let writer = Arc::new(Mutex::new(Writer::later(options)));
        writers.retain(|writer| writer.strong_count() > 0);
        writers.push(Arc::downgrade(&writer));
        Postgres { opened: Arc::clone(&self.opened), writer: Some(writer) }
    }

    /// Becomes the active process, in whose name `holder` stands; renewed by itself until the store is closed. An older
    /// schema is brought to this version's.
    pub(crate) async fn take_lease(&self, holder: &str) -> Result<Lease, StoreError> {
        let (opened, holder) = (Arc::clone(&self.opened), holder.to_owned());
        let work = tokio::spawn(async move {
            let taken = opened.keeper.take(&holder).await?;
            if taken == Lease::Ours {
                let held = Held::renewed(Arc::clone(&opened.keeper), holder.clone());
                if let Err(error) = opened.bring_up().await {
                    // Somebody else may be able to.
                    held.give_back(&opened.keeper).await;
                    return Err(error);
                }
                // The first name stays: a process takes the lease in one.
                drop(opened.in_the_name.holder.set(holder));
                *opened.held.lock().await = Some(held);
            }
            Ok(taken)
        });
        work.await.unwrap_or_else(|lost| Err(StoreError::unavailable(&lost.to_string())))
    }

    /// Whether somebody has brought it to this version's schema.
    pub(crate) async fn is_of_this_version(&self) -> Result<(), StoreError> {
        let opened = Arc::clone(&self.opened);
        let asked = tokio::spawn(async move {
            let mut connection = opened.writing.connect().await.map_err(error::from_sqlx)?;
            migrate::check_only(&mut connection, &opened.schema, &opened.name).await?;
            connection.close().await.map_err(error::from_sqlx)
        });
        asked.await.unwrap_or_else(|lost| Err(StoreError::unavailable(&lost.to_string())))
    }

    /// Ends when another process has taken the lease; never where none was taken here.
    pub(crate) async fn lease_lost(&self) {
        let held = self.opened.held.lock().await.as_ref().map(Held::lost);
        let Some(mut lost) = held else { return std::future::pending().await };
        if lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending().await // closed: given back
        }
    }

    /// What a store at this address is called, where it is one.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`]
    pub fn name_of(url: &str) -> Result<String, StoreError> {
        Place::of(url).map(|place| place.name())
    }

    /// Host, database and schema, without the password.
    pub fn name(&self) -> &str {
        &self.opened.name
    }

    /// Waits for what is being written, gives the lease back and closes the connections; who still reads is waited for
    /// only for a while. Further use of any clone fails.
    pub async fn close(&self) {
        let writers = self.opened.writers.lock().unwrap_or_else(PoisonError::into_inner).take();
        for writer in writers.into_iter().flatten().filter_map(|writer| writer.upgrade()) {
            writer.lock().await.close().await;
        }
        if let Some(held) = self.opened.held.lock().await.take() {
            held.give_back(&self.opened.keeper).await;
        }
        drop(tokio::time::timeout(READERS_END_WITHIN, self.opened.readers.close()).await);
    }

    pub(crate) async fn run<T: Transaction>(&self, transaction: T) -> Result<T::Answer, T::Error> {
        match self.attempt(transaction).await? {
            Attempt::Done(answer) => Ok(answer),
            Attempt::Busy(_, why) => Err(why.into()),
        }
    }

    /// In a task of its own, which nobody cancels but the clock: a transaction that takes too long is dropped with its
    /// connection, and the server takes it back.
    async fn attempt<T: Transaction>(&self, transaction: T) -> Result<Attempt<T>, T::Error> {
        let writer = Arc::clone(self.writer.as_ref().ok_or(StoreError::ReadOnly)?);
        let work = tokio::spawn(async move {
            let mut writer = writer.lock().await;
            let done = tokio::time::timeout(TRANSACTION_AT_MOST, writer.attempt(transaction)).await;
            done.unwrap_or_else(|_| Err(StoreError::unavailable("no answer in time").into()))
        });
        work.await.unwrap_or_else(|lost| Err(StoreError::unavailable(&lost.to_string()).into()))
    }

    /// Over a new connection: what the old one knew may be another writer's past.
    pub(crate) async fn claim(&self, claim: Claim) -> Result<u64, StoreError> {
        let writer = Arc::clone(self.writer.as_ref().ok_or(StoreError::ReadOnly)?);
        let renewed = tokio::spawn(async move { writer.lock().await.renew().await });
        renewed.await.map_err(|lost| StoreError::unavailable(&lost.to_string()))?;
        let partition = claim.partition();
        let epoch = self.run(claim).await?;
        if partition == Partition::WHOLE {
            self.opened.in_the_name.epoch.store(epoch, Ordering::Release);
        }
        Ok(epoch)
    }

    /// Where many partitions open incidents at once, the last may wait long for its numbers: the same commit is tried again,
    /// as it is known not to be in. Between two tries whoever takes the partition over gets in, and the next is fenced.
    pub(crate) async fn commit(&self, partition: Partition, commit: Commit) -> Result<Committed, CommitError> {
        let mut plan = CommitPlan { partition, commit, hot_log_max: self.opened.hot_log_max };
        let began = Instant::now();
        loop {
            plan = match self.attempt(plan).await? {
                Attempt::Done(committed) => return Ok(committed),
                Attempt::Busy(same, _) if began.elapsed() < NUMBERS_WAIT => same,
                Attempt::Busy(_, why) => return Err(why.into()),
            }
        }
    }

    /// Drops the months of which nothing is kept any more.
    pub(crate) async fn expire(&self, kept: [KeptSince; 2]) -> Result<(), StoreError> {
        let writer = Arc::clone(self.writer.as_ref().ok_or(StoreError::ReadOnly)?);
        let work = tokio::spawn(async move { writer.lock().await.expire(&kept).await });
        work.await.unwrap_or_else(|lost| Err(StoreError::unavailable(&lost.to_string())))
    }

    pub(crate) fn reading(&self) -> Questions {
        Questions::of(Moment::open(self.opened.readers.clone()))
    }
}

/// Where the store is, as its URL says.
struct Place {
    options: PgConnectOptions,
    schema: String,
}

impl Place {
    fn of(url: &str) -> Result<Place, StoreError> {
        let bad = || StoreError::BadUrl(without_password(url));
        let options = PgConnectOptions::from_str(url).map_err(|_| bad())?;
        let said = options.get_options().and_then(|said| said.split("search_path=").nth(1));
        let schema = said.and_then(|rest| rest.split_whitespace().next()).unwrap_or(SCHEMA).to_owned();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins_well = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !begins_well || !schema.chars().all(plain) {
            return Err(bad());
        }
        let name = options.get_application_name().unwrap_or("watchfire").to_owned();
        let options = options
            .application_name(&name)
            .options([("search_path", schema.as_str()), ("jit", "off")])
            .statement_cache_capacity(STATEMENTS_PREPARED)
            .disable_statement_logging();
        Ok(Place { options, schema })
    }

    fn name(&self) -> String {
        let database = self.options.get_database().unwrap_or_else(|| self.options.get_username());
        format!("{}:{}/{database} ({})", self.options.get_host(), self.options.get_port(), self.schema)
    }

    fn writing(&self) -> PgConnectOptions {
        self.options
            .clone()
            .options([("idle_in_transaction_session_timeout", HANGING_WRITER), ("lock_timeout", LOCK_WAIT)])
    }

    fn reading(&self) -> PgConnectOptions {
        self.options.clone().options([("idle_in_transaction_session_timeout", HANGING_READER)])
    }
}

/// What may be said of an address in a message.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let place = match (rest.find('?'), rest.rfind('@')) {
        // A password may hold either, unescaped by mistake.
        (Some(parameters), Some(at)) if parameters < at => "…",
        _ => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            place.split_once('?').map_or(place, |(place, _)| place)
        }
    };
    format!("{scheme}://{place}")
}

fn pool(options: PgConnectOptions, readers: u32) -> PgPool {
    PgPoolOptions::new().max_connections(readers.max(1)).connect_lazy_with(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_schema_holds_the_tables() {
        let schema = |url: &str| Place::of(url).map(|place| place.schema);
        assert_eq!(schema("postgres://host/db").unwrap(), "watchfire");
        assert_eq!(schema("postgres://host/db?options[search_path]=alerts").unwrap(), "alerts");
        assert!(matches!(schema("postgres://host/db?options[search_path]=a,b"), Err(StoreError::BadUrl(_))));
    }

    #[test]
    fn no_message_tells_a_password() {
        let url = "postgres://me:secret@host:5433/db?sslmode=require&password=secret";
        assert_eq!(without_password(url), "postgres://host:5433/db");
        assert_eq!(without_password("postgres://me:se/cr@et@host/db"), "postgres://host/db");
        assert_eq!(without_password("postgres://me:se?cr@host/db"), "postgres://…");
        assert!(!Place::of(url).unwrap().name().contains("secret"));
    }
}
