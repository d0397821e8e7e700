//! What PostgreSQL's answers mean. <https://www.postgresql.org/docs/current/errcodes-appendix.html>

use sqlx::postgres::PgDatabaseError;

use crate::error::StoreError;

const LOCK_TIMEOUT: &str = "55P03";

pub(super) fn from_sqlx(error: sqlx::Error) -> StoreError {
    let said = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let Some(code) = said.map(PgDatabaseError::code) else {
        return match &error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                StoreError::Corrupt { what: error.to_string() }
            }
            sqlx::Error::Configuration(why) => StoreError::Refused { why: why.to_string() },
            _ => StoreError::Unavailable { why: error.to_string(), source: Some(Box::new(error)) },
        };
    };
    let what = error.to_string();
    match code {
        "53100" => StoreError::Full,
        LOCK_TIMEOUT => StoreError::Busy { why: what },
        // Data that is damaged, an index that contradicts its table.
        "XX001" | "XX002" => StoreError::Corrupt { what },
        // A password or a role that is not let in, a database that is not there, a right that is missing.
        "28000" | "28P01" | "3D000" | "42501" => StoreError::Refused { why: what },
        // A value that the server does not take.
        _ if code.starts_with("22") => StoreError::Refused { why: what },
        // No partition for a row: another writer dropped the month. A new connection knows.
        "23514" if what.contains("partition") => StoreError::Unavailable { why: what, source: Some(Box::new(error)) },
        // A constraint guards what no commit can break; a table or column that is not there, a row too long for its index.
        _ if ["23", "42", "54"].iter().any(|class| code.starts_with(class)) => StoreError::Corrupt { what },
        // Everything else passes: a server that starts or stops, a lock, a deadlock, a standby that cannot write yet.
        _ => StoreError::Unavailable { why: what, source: Some(Box::new(error)) },
    }
}

/// Somebody else holds what was waited for.
pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).as_deref() == Some(LOCK_TIMEOUT)
}
