//! Which of several processes is the active one.
//!
//! The lease only makes sure that there is one soon, and does not keep two from trying: a process that slept through
//! the end of its lease finds another's name there, and a younger epoch, when it wants to write.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row as _};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::error::from_sqlx;
use crate::error::StoreError;

/// A lease that is not renewed ends after this many seconds.
const LEASE_SECONDS: u32 = 10;
/// One whose session with the server is gone, and was not renewed for this many seconds, has ended too: whoever was killed
/// did not live to give it back.
const LEFT_SECONDS: u32 = 5;
/// It is renewed so often.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// After a failure it is tried again so soon: more often than others look.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// A server that does not answer in this time is asked again over a new connection.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);

/// What became of an attempt to take the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// This process is the active one, until it closes the store or falls silent.
    Ours,
    /// Another process is.
    Another { holder: String },
}

/// Asks for the lease, over a connection of its own: it is renewed however busy the others are.
#[derive(Debug)]
pub(super) struct Keeper {
    options: PgConnectOptions,
    /// `None` after anything but a clean answer.
    connection: Mutex<Option<PgConnection>>,
}

impl Keeper {
    pub(super) fn new(options: PgConnectOptions) -> Keeper {
        Keeper { options, connection: Mutex::new(None) }
    }

    /// Takes or renews it, where nobody else has it. A connection that broke since the last time is no reason to be silent.
    pub(super) async fn take(&self, holder: &str) -> Result<Lease, StoreError> {
        match self.try_to_take(holder).await {
            Err(StoreError::Unavailable { .. } | StoreError::Busy { .. }) => self.try_to_take(holder).await,
            taken => taken,
        }
    }

    async fn try_to_take(&self, holder: &str) -> Result<Lease, StoreError> {
        let text = format!(
            "UPDATE lease SET holder = $1, until = clock_timestamp() + interval '{LEASE_SECONDS} seconds', \
             session = pg_backend_pid(), \
             session_began = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) \
             WHERE holder = $1 OR until < clock_timestamp() OR (\
             until < clock_timestamp() + interval '{LEASE_SECONDS} seconds' - interval '{LEFT_SECONDS} seconds' \
             AND session IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_stat_activity AS alive \
             WHERE alive.pid = lease.session AND coalesce(alive.backend_start, session_began) = session_began))"
        );
        self.ask(async |connection: &mut PgConnection| {
            let taken = sqlx::query(AssertSqlSafe(text)).bind(holder).execute(&mut *connection).await?;
            if taken.rows_affected() == 1 {
                return Ok(Lease::Ours);
            }
            let row = sqlx::query("SELECT holder FROM lease").fetch_one(connection).await?;
            Ok(Lease::Another { holder: row.try_get(0)? })
        })
        .await
    }

    /// Whoever waits for it need not wait for its end. If even this fails, it ends by itself.
    pub(super) async fn give_back(&self, holder: &str) {
        let text = "UPDATE lease SET until = '-infinity' WHERE holder = $1";
        let given =
            self.ask(async |connection: &mut PgConnection| sqlx::query(text).bind(holder).execute(connection).await);
        drop(given.await);
    }

    /// The connection is taken out meanwhile: whatever goes wrong, and an answer that does not come, drops it.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let mut kept = self.connection.lock().await;
        let taken = kept.take();
        let asked = async {
            let mut connection = match taken {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let answer = question(&mut connection).await?;
            Ok((answer, connection))
        };
        let answered = tokio::time::timeout(ANSWERS_WITHIN, asked).await;
        let (answer, connection) =
            answered.map_err(|_| StoreError::unavailable("no answer in time"))?.map_err(from_sqlx)?;
        *kept = Some(connection);
        Ok(answer)
    }
}

/// A lease of ours, renewed for as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) holder: String,
    renewing: JoinHandle<()>,
    lost: watch::Receiver<bool>,
}

impl Held {
    pub(super) fn renewed(keeper: Arc<Keeper>, holder: String) -> Held {
        let (losing, lost) = watch::channel(false);
        let name = holder.clone();
        let renewing = tokio::spawn(async move {
            let mut next = RENEW_EVERY;
            loop {
                tokio::time::sleep(next).await;
                next = match keeper.take(&name).await {
                    Ok(Lease::Ours) => RENEW_EVERY,
                    Ok(Lease::Another { .. }) => {
                        losing.send_replace(true);
                        return;
                    }
                    // While the server is away nobody else can take it either; once it is back, who waits must not be first.
                    Err(_) => AGAIN_AFTER,
                };
            }
        });
        Held { holder, renewing, lost }
    }

    pub(super) fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    pub(super) async fn give_back(self, keeper: &Keeper) {
        self.renewing.abort();
        drop(self.renewing.await);
        keeper.give_back(&self.holder).await;
    }
}
