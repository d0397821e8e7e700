//! Which of several processes is the active one.
//!
//! The lease only makes sure that there is one soon, and does not keep two from trying: a process that slept through
//! the end of its lease finds a younger epoch when it writes.

use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::from_sqlx;
use crate::error::StoreError;

/// A lease that is not renewed ends after this many seconds.
const LEASE_SECONDS: u32 = 10;
/// It is renewed so often.
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// What became of an attempt to take the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// This process is the active one, until it closes the store or falls silent.
    Ours,
    /// Another process is.
    Another { holder: String },
}

/// A lease of ours, renewed for as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    renewing: JoinHandle<()>,
    lost: watch::Receiver<bool>,
}

impl Held {
    pub(super) fn renewed(pool: PgPool, holder: String) -> Held {
        let (losing, lost) = watch::channel(false);
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW_EVERY).await;
                // While the server is away nobody else can take it either.
                if let Ok(Lease::Another { .. }) = take(&pool, &holder).await {
                    losing.send_replace(true);
                    return;
                }
            }
        });
        Held { renewing, lost }
    }

    pub(super) fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    pub(super) async fn give_back(self, pool: &PgPool, holder: &str) {
        self.renewing.abort();
        drop(self.renewing.await);
        let text = "UPDATE lease SET until = '-infinity' WHERE holder = $1";
        // If even this fails, it ends by itself.
        drop(sqlx::query(text).bind(holder).execute(pool).await);
    }
}

/// Takes or renews it, where nobody else has it.
pub(super) async fn take(pool: &PgPool, holder: &str) -> Result<Lease, StoreError> {
    let text = format!(
        "UPDATE lease SET holder = $1, until = clock_timestamp() + interval '{LEASE_SECONDS} seconds' \
         WHERE holder = $1 OR until < clock_timestamp()"
    );
    let taken = sqlx::query(AssertSqlSafe(text)).bind(holder).execute(pool).await.map_err(from_sqlx)?;
    if taken.rows_affected() == 1 {
        return Ok(Lease::Ours);
    }
    let row = sqlx::query("SELECT holder FROM lease").fetch_one(pool).await.map_err(from_sqlx)?;
    Ok(Lease::Another { holder: row.try_get(0).map_err(from_sqlx)? })
}
