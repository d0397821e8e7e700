//! Where a service keeps what it has, and a look at it behind the product's back: a file through SQLite, a database
//! through `psql`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::said::not_run;
use crate::watchfire::STORE;

#[derive(Debug)]
pub(crate) enum Behind {
    File(PathBuf),
    /// A schema of its own in the database that `cargo xtask services up` runs.
    Server {
        url: String,
        schema: String,
    },
}

/// Between the cells and the rows that `psql` writes: no text of a test has them.
const CELL: char = '\u{1f}';
const ROW: char = '\u{1d}';

impl Behind {
    pub(crate) fn file(folder: &Path) -> Behind {
        Behind::File(folder.join(STORE))
    }

    /// `None`, said loudly, where there is no server.
    pub(crate) fn server(test: &str) -> Option<Behind> {
        let Ok(server) = std::env::var("WATCHFIRE_TEST_POSTGRES") else {
            not_run(test, "WATCHFIRE_TEST_POSTGRES names no PostgreSQL (`cargo xtask services up` starts one)");
            return None;
        };
        Some(Behind::server_at(&server))
    }

    /// In the database at this address.
    pub(crate) fn server_at(server: &str) -> Behind {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let schema = format!("system_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let joint = if server.contains('?') { '&' } else { '?' };
        // As libpq reads it too.
        let url = format!("{server}{joint}options=-csearch_path%3D{schema}&application_name={schema}");
        Behind::Server { url, schema }
    }

    /// The same store, spoken to by another way.
    pub(crate) fn by_way_of(&self, address: SocketAddr) -> Behind {
        match self {
            Behind::File(path) => Behind::File(path.clone()),
            Behind::Server { url, schema } => {
                let url = url.replace(&self.address().to_string(), &address.to_string());
                Behind::Server { url, schema: schema.clone() }
            }
        }
    }

    /// Where its server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let url = self.url();
        let place = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).unwrap_or_default();
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        place.parse().unwrap_or_else(|error| panic!("{place} of {url} is no address on this machine: {error}"))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Behind::File(_) => "SQLite",
            Behind::Server { .. } => "PostgreSQL",
        }
    }

    /// As the configuration names it, from the folder in which the service is started.
    pub(crate) fn url(&self) -> String {
        match self {
            Behind::File(_) => format!("sqlite://{STORE}"),
            Behind::Server { url, .. } => url.clone(),
        }
    }

    /// The column's bytes as text, in this database's words.
    pub(crate) fn hex(&self, column: &str) -> String {
        match self {
            Behind::File(_) => format!("lower(hex({column}))"),
            Behind::Server { .. } => format!("encode({column}, 'hex')"),
        }
    }

    /// Rows as texts; null is empty.
    pub(crate) fn rows(&self, question: &str) -> Vec<Vec<String>> {
        self.try_rows(question).unwrap_or_else(|why| panic!("{question}: {why}"))
    }

    /// An error where the store does not answer.
    pub(crate) fn try_rows(&self, question: &str) -> Result<Vec<Vec<String>>, String> {
        match self {
            Behind::File(path) => rows_of_file(path, question).map_err(|error| error.to_string()),
            Behind::Server { url, .. } => psql(url, question),
        }
    }

    /// The one number that the question asks for.
    pub(crate) fn number(&self, question: &str) -> u64 {
        let rows = self.rows(question);
        rows[0][0].parse().unwrap_or_else(|_| panic!("{question}: {rows:?}"))
    }

    /// Cuts every connection that the service has.
    pub(crate) fn cut(&self) {
        if let Behind::Server { schema, .. } = self {
            let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
            self.number(&format!("{cut} AND application_name = '{schema}'"));
        }
    }

    /// Only a test that went well clears up: of one that failed, one can look at what is left.
    pub(crate) fn clear(&self) {
        if let Behind::Server { schema, .. } = self {
            self.rows(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

fn rows_of_file(path: &Path, question: &str) -> rusqlite::Result<Vec<Vec<String>>> {
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = store.prepare(question)?;
    let cells = statement.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    };
    statement.query_map([], |row| (0..cells).map(|at| row.get_ref(at).map(text)).collect())?.collect()
}

fn psql(url: &str, question: &str) -> Result<Vec<Vec<String>>, String> {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", &CELL.to_string(), "-R", &ROW.to_string()]);
    let said = psql.args(["-c", question, url]).env("PGAPPNAME", "account").output().unwrap();
    if !said.status.success() {
        return Err(String::from_utf8_lossy(&said.stderr).into_owned());
    }
    let text = String::from_utf8(said.stdout).unwrap();
    let text = text.trim_end_matches('\n');
    let rows = text.split(ROW).filter(|row| !row.is_empty());
    Ok(rows.map(|row| row.split(CELL).map(str::to_owned).collect()).collect())
}
