//! Pages: at most so many rows, and where the next page begins.
//!
//! A cursor names the last row of its page, not a count: rows that come or go meanwhile neither repeat nor hide others.

use crate::error::StoreError;
use crate::schema::Kind;
use crate::select::Select;
use crate::store::Reading;
use crate::value::{Row, Value};

/// Which page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before; `None`: the first page.
    pub cursor: Option<String>,
    /// At most this many rows, 100 where it is `None`, never more than
    /// [`PAGE_ROWS_MAX`](model::limits::PAGE_ROWS_MAX).
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Asks for the page after this one; `None`: this is the last.
    pub next: Option<String>,
}

const ROWS_UNLESS_SAID: usize = 100;

impl PageRequest {
    /// The first page of at most so many rows.
    pub fn first(limit: usize) -> PageRequest {
        PageRequest { cursor: None, limit: Some(limit) }
    }

    /// The page after one that said so.
    pub fn after(cursor: impl Into<String>) -> PageRequest {
        PageRequest { cursor: Some(cursor.into()), limit: None }
    }

    fn rows(&self) -> usize {
        self.limit.unwrap_or(ROWS_UNLESS_SAID).clamp(1, model::limits::PAGE_ROWS_MAX)
    }
}

/// The rows of a page, and the cursor of the next.
pub(crate) async fn page_of_rows(
    reading: &mut Reading,
    select: Select,
    request: &PageRequest,
) -> Result<(Vec<Row>, Option<String>), StoreError> {
    let after = request.cursor.as_deref().map(|cursor| decode(cursor, &select)).transpose()?;
    let places = select.order_places();
    let limit = request.rows();
    let mut rows = reading.select(select.after(after).limit(limit + 1)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| encode(places.iter().map(|at| &row[*at])));
    Ok((rows, next))
}

pub(crate) async fn page<T>(
    reading: &mut Reading,
    select: Select,
    request: &PageRequest,
    read: impl Fn(&[Value]) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let (rows, next) = page_of_rows(reading, select, request).await?;
    let items = rows.iter().map(|row| read(row)).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

/// Numbers as they are, everything else in hexadecimal, joined by dots: safe in a URL.
fn encode<'v>(values: impl Iterator<Item = &'v Value>) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let parts: Vec<String> = values
        .map(|value| match value {
            Value::Null => String::new(),
            Value::Int(number) => number.to_string(),
            Value::Id(id) => hex(id),
            Value::Bytes(bytes) => hex(bytes),
            Value::Text(text) => hex(text.as_bytes()),
        })
        .collect();
    parts.join(".")
}

fn decode(cursor: &str, select: &Select) -> Result<Vec<Value>, StoreError> {
    let parts: Vec<&str> = cursor.split('.').collect();
    let values: Option<Vec<Value>> = (parts.len() == select.order.len())
        .then(|| {
            parts.iter().zip(&select.order).map(|(part, name)| value(part, select.table.column(name).kind)).collect()
        })
        .flatten();
    values.ok_or_else(|| StoreError::BadCursor(cursor.to_owned()))
}

fn value(part: &str, kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Int => Value::Int(part.parse().ok()?),
        Kind::Id => Value::Id(unhex(part)?.try_into().ok()?),
        Kind::Bytes => Value::from(unhex(part)?),
        Kind::Text => Value::from(String::from_utf8(unhex(part)?).ok()?),
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(pair.first()?)? << 4 | digit(pair.get(1)?)?) as u8);
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ALERT, SOURCE};
    use crate::value::row;

    #[test]
    fn a_cursor_reads_back_what_it_was_made_of() {
        let alerts = Select::from(&ALERT).newest(&["changed_at", "id"]);
        let last = row![-5_i64, Value::Id([0xab; 16])];
        assert_eq!(decode(&encode(last.iter()), &alerts).ok(), Some(last));
        let sources = Select::from(&SOURCE);
        let last = row!["prom.eu/ä", "default"];
        assert_eq!(decode(&encode(last.iter()), &sources).ok(), Some(last));
    }

    #[test]
    fn what_is_no_cursor_of_a_list_is_refused() {
        let alerts = Select::from(&ALERT).newest(&["changed_at", "id"]);
        for cursor in
            ["", "1", "1.2", "x.abababababababababababababababab", "1.ababababababababababababababab.1", "1.é"]
        {
            assert!(matches!(decode(cursor, &alerts), Err(StoreError::BadCursor(_))), "{cursor}");
        }
    }
}
