//! What repeats move of an alert, in its narrow row and in the log that comes before it.
//!
//! A repeat changes a few numbers of an alert, and the next repeat is of an alert whose row lies elsewhere: written row
//! by row, each costs a page. So a commit appends all it moved as one row of the log, and the narrow table gets what
//! many commits moved at once. The log is newer than the table, and its later rows are newer than its earlier ones. Of an
//! alert that was forgotten the log says so, until its narrow row goes.

use std::collections::{BTreeMap, BTreeSet};

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

/// What commits made of alerts; `None` of those that were forgotten.
pub(crate) type Moved = BTreeMap<AlertId, Option<Hot>>;

/// What one commit moved.
pub(crate) fn log_row(seq: u64, moved: &Moved) -> Row {
    let mut body = Vec::with_capacity(moved.len() * ENTRY_BYTES);
    moved.iter().for_each(|(alert, hot)| Entry::write(*alert, hot.as_ref(), &mut body));
    row![seq, moved.len() as u64, body]
}

/// What all of the log's rows moved in the end, given in their order.
pub(crate) fn log_from(rows: &[Row]) -> Result<Moved, StoreError> {
    let mut moved = Moved::new();
    for row in rows {
        for bytes in entries(row)? {
            moved.extend([Entry::read(bytes)?]);
        }
    }
    Ok(moved)
}

/// The same of these alerts alone, without reading the others' entries.
pub(crate) fn log_of(rows: &[Row], alerts: &BTreeSet<AlertId>) -> Result<Moved, StoreError> {
    let mut moved = Moved::new();
    for row in rows {
        let entries = entries(row)?;
        for alert in alerts {
            let id = alert.bytes();
            if let Ok(at) = entries.binary_search_by(|entry| entry[..ID_BYTES].cmp(&id)) {
                moved.extend([Entry::read(&entries[at])?]);
            }
        }
    }
    Ok(moved)
}

/// The entries of a row, as many as it says.
fn entries(row: &Row) -> Result<&[[u8; ENTRY_BYTES]], StoreError> {
    let mut cells = Cells::new(&HOT_LOG, row);
    cells.skip();
    let said: u64 = cells.take()?;
    let Some(Value::Bytes(body)) = row.get(HOT_LOG.place("body")) else { return Err(cells.wrong("it has no body")) };
    match body.as_chunks::<ENTRY_BYTES>() {
        (entries, []) if entries.len() as u64 == said => Ok(entries),
        _ => Err(cells.wrong(&format!("a row of {said} entries has {} bytes", body.len()))),
    }
}

/// One alert in the body of a log's row, sorted by id and all of one length: its id, then numbers, least byte first.
struct Entry;

const ID_BYTES: usize = 16;
const NUMBERS: usize = 8;
const ENTRY_BYTES: usize = ID_BYTES + NUMBERS * size_of::<i64>();
/// In place of an instant there is none of: earlier than any there is.
const ABSENT: i64 = i64::MIN;
/// In place of the count of an alert that was forgotten.
const FORGOTTEN: i64 = -1;

impl Entry {
    fn write(alert: AlertId, hot: Option<&Hot>, body: &mut Vec<u8>) {
        let micros = |at: Option<Timestamp>| at.map_or(ABSENT, Timestamp::micros);
        let repeated = hot.and_then(|hot| hot.repeated);
        let statement = repeated.map(|repeated| repeated.statement);
        let numbers: [i64; NUMBERS] = [
            hot.map_or(FORGOTTEN, |hot| hot.count.cast_signed()),
            micros(hot.map(|hot| hot.first_received_at)),
            micros(hot.map(|hot| hot.last_received_at)),
            micros(statement.map(|statement| statement.instant)),
            micros(statement.and_then(|statement| statement.start)),
            statement.map_or(0, |statement| i64::from(statement.words)),
            micros(repeated.map(|repeated| repeated.last_received_at)),
            micros(repeated.and_then(|repeated| repeated.ends_at)),
        ];
        body.extend_from_slice(&alert.bytes());
        numbers.iter().for_each(|number| body.extend_from_slice(&number.to_le_bytes()));
    }

    fn read(bytes: &[u8; ENTRY_BYTES]) -> Result<(AlertId, Option<Hot>), StoreError> {
        let (id, rest) = bytes.split_first_chunk::<ID_BYTES>().expect("an entry begins with an id");
        let mut numbers = [0; NUMBERS];
        let read = rest.as_chunks().0.iter().map(|number| i64::from_le_bytes(*number));
        numbers.iter_mut().zip(read).for_each(|(number, read)| *number = read);
        let alert = AlertId::from_bytes(*id);
        if numbers[0] == FORGOTTEN {
            return Ok((alert, None));
        }
        let wrong = || StoreError::Corrupt { what: format!("table hot_log: its entry of {alert} cannot be read") };
        Ok((alert, Some(hot(numbers).ok_or_else(wrong)?)))
    }
}

fn hot(numbers: [i64; NUMBERS]) -> Option<Hot> {
    let [count, first_received_at, last_received_at, said_at, start, words, received_at, ends_at] = numbers;
    let instant = |micros: i64| (micros != ABSENT).then(|| Timestamp::from_micros(micros));
    let words = u16::try_from(words).ok()?;
    let repeated = instant(said_at).zip(instant(received_at)).map(|(said_at, last_received_at)| Repeated {
        statement: StatementKey { instant: said_at, start: instant(start), words },
        last_received_at,
        ends_at: instant(ends_at),
    });
    Some(Hot {
        count: u64::try_from(count).ok()?,
        first_received_at: instant(first_received_at)?,
        last_received_at: instant(last_received_at)?,
        repeated,
    })
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

    fn id(n: u8) -> AlertId {
        AlertId::from_bytes([n; 16])
    }

    #[test]
    fn a_row_of_the_log_says_what_the_narrow_rows_would() {
        let at = Some(Timestamp::from_micros(-5));
        let all = [None, Some(repeated(None, None)), Some(repeated(at, None)), Some(repeated(None, at))];
        let moved: Moved = (0..).zip(all).map(|(n, repeated)| (id(n), Some(hot(u64::from(n), repeated)))).collect();
        assert_eq!(log_from(&[log_row(1, &moved)]).unwrap(), moved);
        for (alert, hot) in moved {
            assert_eq!(hot_from(&hot_row(alert, &hot.unwrap())).unwrap(), (alert, hot.unwrap()));
        }
    }

    #[test]
    fn the_later_row_of_the_log_stands_also_where_it_says_that_an_alert_is_forgotten() {
        let said = |count| Some(hot(count, None));
        let first = log_row(1, &Moved::from([(id(1), said(1)), (id(2), said(1)), (id(3), None), (id(4), said(1))]));
        let second = log_row(2, &Moved::from([(id(1), said(2)), (id(2), None), (id(3), said(2))]));
        let wanted = Moved::from([(id(1), said(2)), (id(2), None), (id(3), said(2)), (id(4), said(1))]);
        let rows = [first, second];
        assert_eq!(log_from(&rows).unwrap(), wanted);
        let some = BTreeSet::from([id(2), id(3), id(9)]);
        let wanted: Moved = wanted.into_iter().filter(|(alert, _)| some.contains(alert)).collect();
        assert_eq!(log_of(&rows, &some).unwrap(), wanted);
    }

    #[test]
    fn a_row_of_the_log_that_was_cut_or_holds_nonsense_is_found() {
        for nonsense in [row![1_u64, 2_u64, vec![0_u8; ENTRY_BYTES]], row![1_u64, 1_u64, vec![0x80_u8; ENTRY_BYTES]]] {
            assert!(matches!(log_from(&[nonsense]), Err(StoreError::Corrupt { .. })));
        }
    }
}
