//! Every row of every table as text: two stores that hold the same say the same, byte for byte.

use std::fmt::Write;

use crate::error::StoreError;
use crate::schema::{self, PACK};
use crate::select::Select;
use crate::store::Store;
use crate::value::Value;

impl Store {
    /// Tables in the order of the schema, rows in the order of their keys; but for what is made from other rows.
    pub async fn dump(&self) -> Result<String, StoreError> {
        let mut reading = self.reading().await?;
        let mut text = String::new();
        for table in schema::ALL.iter().filter(|table| table.name != PACK.name) {
            line(&mut text, format_args!("{}", table.name));
            reading
                .each(Select::from(table), |row| {
                    row.iter().for_each(|value| cell(&mut text, value));
                    text.push('\n');
                    Ok(())
                })
                .await?;
        }
        Ok(text)
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("text takes whatever is written to it");
}

fn cell(text: &mut String, value: &Value) {
    text.push(' ');
    let written = match value {
        Value::Null => write!(text, "-"),
        Value::Int(number) => write!(text, "{number}"),
        Value::Text(content) => write!(text, "{content:?}"),
        Value::Id(id) => id.iter().try_for_each(|byte| write!(text, "{byte:02x}")),
        Value::Bytes(bytes) => {
            text.push('x');
            bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}"))
        }
    };
    written.expect("text takes whatever is written to it");
}
