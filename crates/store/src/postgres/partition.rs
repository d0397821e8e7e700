//! History by month: what was said and what was decided stands in a partition for each month, made when its first row
//! comes and dropped whole once everything in it is kept no longer.

use std::collections::BTreeSet;

use model::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::error::from_sqlx;
use crate::error::StoreError;
use crate::op::{Op, Verb};
use crate::schema::{STATEMENT, TIMELINE, Table};
use crate::value::Value;

/// A table that is partitioned, and by which column.
struct History {
    table: &'static Table,
    by: &'static str,
    /// By this column a row is kept or not.
    age: &'static str,
}

static HISTORY: [History; 2] = [
    History { table: &STATEMENT, by: "instant", age: "received_at" },
    History { table: &TIMELINE, by: "at", age: "at" },
];

fn history(table: &'static Table) -> Option<&'static History> {
    HISTORY.iter().find(|history| std::ptr::eq(history.table, table))
}

/// What the advisory lock of who makes a month is called: "Mont".
const LOCK: i64 = 0x4d6f_6e74;

/// How long the drop of a month waits for those who read it; those who come after wait behind it.
const PATIENCE: &str = "300ms";

/// Everything before this year is in one partition, as is everything from the other on: whoever writes what instants
/// cannot fill the catalogue.
const YEARS: std::ops::Range<i32> = 2020..2200;

/// The partitions that there are, by name.
#[derive(Debug)]
pub(super) struct Partitions {
    known: BTreeSet<String>,
    /// Made in the transaction that is open.
    made: BTreeSet<String>,
}

/// A partition as it is called, and the SQL words between which its rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    name: String,
    from: String,
    to: String,
}

impl Partitions {
    pub(super) async fn known(connection: &mut PgConnection) -> Result<Partitions, StoreError> {
        Ok(Partitions { known: names(connection).await?, made: BTreeSet::new() })
    }

    pub(super) fn keep(&mut self) {
        self.known.append(&mut self.made);
    }

    pub(super) fn forget(&mut self) {
        self.made.clear();
    }

    /// The months of the table before the one of that instant.
    pub(super) fn before(&self, table: &'static Table, since: Timestamp) -> Vec<String> {
        let current = Range::of(table.name, month_of(since)).name;
        let of_table = format!("{}_", table.name);
        // Names of one table sort as their months do.
        self.known.range(of_table..current).cloned().collect()
    }

    pub(super) fn gone(&mut self, name: &str) {
        self.known.remove(name);
    }

    /// Makes what the rows need and is not there yet.
    pub(super) async fn make_room(&mut self, connection: &mut PgConnection, op: &Op) -> Result<(), StoreError> {
        let Some(History { table, by, .. }) = history(op.table) else { return Ok(()) };
        if op.verb == Verb::Remove {
            return Ok(());
        }
        let place = table.place(by);
        let mut last = None;
        for row in &op.rows {
            let Value::Int(micros) = row[place] else { continue };
            let month = month_of(Timestamp::from_micros(micros));
            if last.replace(month) == Some(month) {
                continue;
            }
            let range = Range::of(table.name, month);
            if !self.known.contains(&range.name) && !self.made.contains(&range.name) {
                range.make(connection, table.name).await?;
                self.made.insert(range.name);
            }
        }
        Ok(())
    }
}

/// Year and month; the ends of [`YEARS`] stand for all that lies beyond.
fn month_of(at: Timestamp) -> (i32, u8) {
    let (year, month, _) = at.date();
    match year {
        _ if year < YEARS.start => (YEARS.start - 1, 12),
        _ if year >= YEARS.end => (YEARS.end, 1),
        _ => (year, month),
    }
}

impl Range {
    fn of(table: &str, (year, month): (i32, u8)) -> Range {
        let first = |year: i32, month: u8| Timestamp::from_date(year, month, 1).micros().to_string();
        let next = if month == 12 { first(year + 1, 1) } else { first(year, month + 1) };
        let (from, to) = match year {
            _ if year < YEARS.start => ("MINVALUE".to_owned(), next),
            _ if year >= YEARS.end => (first(year, month), "MAXVALUE".to_owned()),
            _ => (first(year, month), next),
        };
        Range { name: format!("{table}_{year:04}_{month:02}"), from, to }
    }

    /// Made apart and then attached, which keeps no reader waiting. Writers of several partitions of the store make months
    /// one after the other.
    async fn make(&self, connection: &mut PgConnection, table: &str) -> Result<(), StoreError> {
        let Range { name, from, to } = self;
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK);
        lock.execute(&mut *connection).await.map_err(from_sqlx)?;
        let there = sqlx::query("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)").bind(name);
        if there.fetch_optional(&mut *connection).await.map_err(from_sqlx)?.is_some() {
            return Ok(()); // another writer made it
        }
        let text = format!(
            "CREATE TABLE IF NOT EXISTS {name} (LIKE {table} INCLUDING ALL); \
             ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"
        );
        sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map_err(from_sqlx)?;
        Ok(())
    }
}

async fn names(connection: &mut PgConnection) -> Result<BTreeSet<String>, StoreError> {
    let all = "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid \
               WHERE child.relnamespace = current_schema()::regnamespace AND child.relkind = 'r'";
    let rows = sqlx::query(all).fetch_all(connection).await.map_err(from_sqlx)?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(from_sqlx)
}

/// Drops a month if nothing in it is as young as that; inside a transaction, and with the month locked, so that nothing
/// comes between looking and dropping. Whether it went; an error where somebody reads the table for longer than patience
/// allows.
pub(super) async fn drop_old(
    connection: &mut PgConnection,
    table: &'static Table,
    name: &str,
    since: Timestamp,
) -> Result<bool, sqlx::Error> {
    let Some(history) = history(table) else { return Ok(false) };
    // Whoever writes a partition of the store has another head than the one that is locked here.
    let text = format!("SET LOCAL lock_timeout = '{PATIENCE}'; LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *connection).await?;
    // Where rows age by the instant they are in the month by, the month says all.
    if history.age != history.by {
        let young = format!("SELECT 1 FROM {name} WHERE {} >= {} LIMIT 1", history.age, since.micros());
        if sqlx::query(AssertSqlSafe(young)).fetch_optional(&mut *connection).await?.is_some() {
            return Ok(false);
        }
    }
    let text = format!("ALTER TABLE {0} DETACH PARTITION {name}; DROP TABLE {name}", table.name);
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_has_its_partition_and_they_meet() {
        let range = |at: Timestamp| Range::of("timeline", month_of(at));
        let december = range(Timestamp::from_date(2026, 12, 31));
        let january = range(Timestamp::from_date(2027, 1, 1));
        assert_eq!((december.name.as_str(), january.name.as_str()), ("timeline_2026_12", "timeline_2027_01"));
        assert_eq!(december.to, january.from);
        let (old, first) = (range(Timestamp::from_date(1970, 1, 1)), range(Timestamp::from_date(2020, 1, 1)));
        assert_eq!((old.from.as_str(), &old.to), ("MINVALUE", &first.from));
        let (last, far) = (range(Timestamp::from_date(2199, 12, 31)), range(Timestamp::from_date(2500, 1, 1)));
        assert_eq!((&last.to, far.to.as_str()), (&far.from, "MAXVALUE"));
    }
}
