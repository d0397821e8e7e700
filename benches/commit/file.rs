//! SQLite's side: a file for each round, and rows by prepared statements.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use crate::{COMMITS, Kind};

pub(crate) struct Files {
    folder: TempDir,
    made: usize,
}

impl Files {
    pub(crate) fn new() -> Files {
        Files { folder: tempfile::tempdir().expect("a folder for files"), made: 0 }
    }

    fn path(&mut self) -> PathBuf {
        self.made += 1;
        self.folder.path().join(format!("{}.db", self.made))
    }
}

impl Kind for Files {
    const NAME: &'static str = "SQLite";
    type Copy = Copy;

    fn fresh(&mut self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    fn copy(&self, url: &str) -> (Copy, usize) {
        let copy = Copy::of(Path::new(url.trim_start_matches("sqlite://")));
        let rows = copy.rows();
        (copy, rows)
    }

    fn insert(&mut self, copy: &Copy) -> Duration {
        copy.insert(&self.path())
    }
}

/// The tables and indexes of a store, and its rows.
pub(crate) struct Copy {
    schema: Vec<String>,
    tables: Vec<(String, Vec<Vec<Value>>)>,
}

impl Copy {
    fn of(path: &Path) -> Copy {
        let from = Connection::open(path).expect("the store is a file");
        let texts = |question: &str| -> Vec<String> {
            let mut asked = from.prepare(question).expect("it is SQL");
            asked.query_map([], |row| row.get(0)).expect("it is asked").map(|text| text.expect("a text")).collect()
        };
        let schema = texts("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'");
        let tables = texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        let rows = |table: &String| -> Vec<Vec<Value>> {
            let mut asked = from.prepare(&format!("SELECT * FROM {table}")).expect("a table of the schema");
            let columns = asked.column_count();
            let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
            asked.query_map([], row).expect("it is asked").map(|row| row.expect("a row")).collect()
        };
        let tables =
            tables.iter().map(|table| (table.clone(), rows(table))).filter(|(_, rows)| !rows.is_empty()).collect();
        Copy { schema, tables }
    }

    fn rows(&self) -> usize {
        self.tables.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// Writes all of it to a new file, by prepared statements, a share of each table in each transaction; what that takes, the tables made.
    fn insert(&self, path: &Path) -> Duration {
        let mut to = Connection::open(path).expect("a new file opens");
        to.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").expect("SQLite knows them");
        for sql in &self.schema {
            to.execute_batch(sql).expect("it made the store");
        }
        to.set_prepared_statement_cache_capacity(64);
        let began = Instant::now();
        for nth in 0..COMMITS {
            let transaction = to.transaction().expect("nobody else writes");
            for (table, rows) in &self.tables {
                let part = rows.len() * nth / COMMITS..rows.len() * (nth + 1) / COMMITS;
                let marks = vec!["?"; rows.first().map_or(1, Vec::len)].join(", ");
                let sql = format!("INSERT INTO {table} VALUES ({marks})");
                let mut statement = transaction.prepare_cached(&sql).expect("it is SQL");
                for row in &rows[part] {
                    statement.execute(rusqlite::params_from_iter(row)).expect("the row is new");
                }
            }
            transaction.commit().expect("there is room");
        }
        began.elapsed()
    }
}
