//! What repeats move of an alert, in its narrow row and in the log that comes before it.
//!
//! A repeat changes a few numbers of an alert, and the next repeat is of an alert whose row lies elsewhere: written row
//! by row, each costs a page. So a commit appends all it moved as one row of the log, and the narrow table gets what
//! many commits moved at once. The log is newer than the table, and its later rows are newer than its earlier ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::alert::{Hot, Repeated, StatementKey};
use model::{AlertId, Timestamp};

use crate::error::StoreError;
use crate::schema::{ALERT_HOT, HOT_LOG};
use crate::value::{Cells, Row, Value, row};

pub(crate) fn hot_row(alert: AlertId, hot: &Hot) -> Row {
    let repeated = hot.repeated;
    let statement = repeated.map(|repeated| repeated.statement);
    row![
        alert,
        hot.count,
        hot.first_received_at,
        hot.last_received_at,
        statement.map(|statement| statement.instant),
        statement.and_then(|statement| statement.start),
        statement.map(|statement| i64::from(statement.words)),
        repeated.map(|repeated| repeated.last_received_at),
        repeated.and_then(|repeated| repeated.ends_at),
    ]
}

pub(crate) fn hot_from(row: &[Value]) -> Result<(AlertId, Hot), StoreError> {
    let mut cells = Cells::new(&ALERT_HOT, row);
    let alert = cells.take()?;
    let (count, first_received_at, last_received_at) = (cells.take()?, cells.take()?, cells.take()?);
    let (instant, start): (Option<Timestamp>, Option<Timestamp>) = (cells.take()?, cells.take()?);
    let words: Option<u32> = cells.take()?;
    let words = words.and_then(|words| u16::try_from(words).ok());
    let statement = instant.zip(words).map(|(instant, words)| StatementKey { instant, start, words });
    let received_at: Option<Timestamp> = cells.take()?;
    let ends_at = cells.take()?;
    let repeated = statement.zip(received_at).map(|(statement, last_received_at)| Repeated {
        statement,
        last_received_at,
        ends_at,
    });
    Ok((alert, Hot { count, first_received_at, last_received_at, repeated }))
}

/// What one commit moved.
pub(crate) fn log_row(seq: u64, moved: &BTreeMap<AlertId, Hot>) -> Row {
    let mut body = Vec::with_capacity(moved.len() * ENTRY_BYTES);
    moved.iter().for_each(|(alert, hot)| Entry { alert: *alert, hot: *hot }.write(&mut body));
    row![seq, moved.len() as u64, body]
}

/// What all of the log's rows moved in the end, given in their order.
pub(crate) fn log_from(rows: &[Row]) -> Result<BTreeMap<AlertId, Hot>, StoreError> {
    let mut moved = BTreeMap::new();
    for row in rows {
        let mut cells = Cells::new(&HOT_LOG, row);
        cells.skip();
        let entries: u64 = cells.take()?;
        let body: Arc<[u8]> = cells.take()?;
        let (all, rest) = body.as_chunks::<ENTRY_BYTES>();
        if all.len() as u64 != entries || !rest.is_empty() {
            return Err(cells.wrong(&format!("a row of {entries} entries has {} bytes", body.len())));
        }
        for bytes in all {
            let Entry { alert, hot } = Entry::read(bytes).ok_or_else(|| cells.wrong("an entry cannot be read"))?;
            moved.insert(alert, hot);
        }
    }
    Ok(moved)
}

/// One alert in the body of a log's row, all entries of one length: its id, then numbers, least byte first, absent
/// instants as [`ABSENT`].
struct Entry {
    alert: AlertId,
    hot: Hot,
}

const ID_BYTES: usize = 16;
const NUMBERS: usize = 8;
const ENTRY_BYTES: usize = ID_BYTES + NUMBERS * size_of::<i64>();
/// Earlier than any instant there is.
const ABSENT: i64 = i64::MIN;

impl Entry {
    fn write(&self, body: &mut Vec<u8>) {
        let Hot { count, first_received_at, last_received_at, repeated } = self.hot;
        let statement = repeated.map(|repeated| repeated.statement);
        let micros = |at: Option<Timestamp>| at.map_or(ABSENT, Timestamp::micros);
        let numbers: [i64; NUMBERS] = [
            count.cast_signed(),
            first_received_at.micros(),
            last_received_at.micros(),
            micros(statement.map(|statement| statement.instant)),
            micros(statement.and_then(|statement| statement.start)),
            statement.map_or(0, |statement| i64::from(statement.words)),
            micros(repeated.map(|repeated| repeated.last_received_at)),
            micros(repeated.and_then(|repeated| repeated.ends_at)),
        ];
        body.extend_from_slice(&self.alert.bytes());
        numbers.iter().for_each(|number| body.extend_from_slice(&number.to_le_bytes()));
    }

    fn read(bytes: &[u8; ENTRY_BYTES]) -> Option<Entry> {
        let (id, numbers) = bytes.split_first_chunk::<ID_BYTES>()?;
        let mut numbers = numbers.as_chunks().0.iter().map(|number| i64::from_le_bytes(*number));
        let mut number = || numbers.next();
        let instant = |micros: i64| (micros != ABSENT).then(|| Timestamp::from_micros(micros));
        let count = number()?.cast_unsigned();
        let (first_received_at, last_received_at) = (instant(number()?)?, instant(number()?)?);
        let (said_at, start) = (instant(number()?), instant(number()?));
        let words = u16::try_from(number()?).ok()?;
        let (received_at, ends_at) = (instant(number()?), instant(number()?));
        let repeated = said_at.zip(received_at).map(|(instant, last_received_at)| Repeated {
            statement: StatementKey { instant, start, words },
            last_received_at,
            ends_at,
        });
        let hot = Hot { count, first_received_at, last_received_at, repeated };
        Some(Entry { alert: AlertId::from_bytes(*id), hot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hot(count: u64, repeated: Option<Repeated>) -> Hot {
        let at = Timestamp::from_seconds;
        Hot { count, first_received_at: at(1), last_received_at: at(-2), repeated }
    }

    fn repeated(start: Option<Timestamp>, ends_at: Option<Timestamp>) -> Repeated {
        let statement = StatementKey { instant: Timestamp::from_seconds(7), start, words: u16::MAX };
        Repeated { statement, last_received_at: Timestamp::from_seconds(9), ends_at }
    }

    #[test]
    fn a_row_of_the_log_says_what_the_narrow_rows_would() {
        let at = Some(Timestamp::from_micros(-5));
        let all = [None, Some(repeated(None, None)), Some(repeated(at, None)), Some(repeated(None, at))];
        let moved: BTreeMap<AlertId, Hot> = all
            .into_iter()
            .enumerate()
            .map(|(n, repeated)| (AlertId::from_bytes([n as u8; 16]), hot(n as u64, repeated)))
            .collect();
        assert_eq!(log_from(&[log_row(1, &moved)]).unwrap(), moved);
        for (alert, hot) in &moved {
            assert_eq!(hot_from(&hot_row(*alert, hot)).unwrap(), (*alert, *hot));
        }
    }

    #[test]
    fn the_later_row_of_the_log_stands() {
        let alert = AlertId::from_bytes([1; 16]);
        let [first, second] = [1, 2].map(|count| log_row(count, &BTreeMap::from([(alert, hot(count, None))])));
        assert_eq!(log_from(&[first, second]).unwrap()[&alert].count, 2);
    }

    #[test]
    fn a_row_of_the_log_that_was_cut_is_found() {
        let row = row![1_u64, 2_u64, vec![0_u8; ENTRY_BYTES]];
        assert!(matches!(log_from(&[row]), Err(StoreError::Corrupt { .. })));
    }
}
