//! What people do against a running service: one module for incidents, one for everything else.

mod incidents;
mod names;
mod page;
mod records;
mod sheet;
mod watched;
mod words;

pub(super) use incidents::incidents;
pub(super) use records::{alerts, maintenance, problems, services, silence, status};

use serde_json::Value;

use crate::cli::{Format, Shown};
use crate::client::Client;
use crate::console::Console;
use crate::outcome::Outcome;
use sheet::Show;

/// A service to ask, and how its answers are to look.
pub(super) struct Desk<'c> {
    pub(super) client: Client,
    pub(super) format: Format,
    console: &'c Console,
}

impl<'c> Desk<'c> {
    pub(super) fn of(shown: &Shown, console: &'c Console) -> anyhow::Result<Desk<'c>> {
        Ok(Desk { client: Client::new(&shown.connection)?, format: shown.format, console })
    }

    fn rows(&self, rows: &[Value], columns: &[Show], nothing: &'static str) -> anyhow::Result<Outcome> {
        let text = match self.format {
            Format::Json => pretty(&Value::Array(rows.to_vec()))?,
            Format::Table => sheet::table(rows, columns, nothing, self.console.table_style()),
        };
        self.say(&text)
    }

    pub(super) fn one(&self, object: &Value, page: impl FnOnce(&Value) -> String) -> anyhow::Result<Outcome> {
        let text = match self.format {
            Format::Json => pretty(object)?,
            Format::Table => page(object),
        };
        self.say(&text)
    }

    /// Every key of it; `title` names the one that heads the page.
    pub(super) fn object(&self, object: &Value, title: &str) -> anyhow::Result<Outcome> {
        self.one(object, |object| page::object(object, title))
    }

    fn say(&self, text: &str) -> anyhow::Result<Outcome> {
        self.console.result(text)?;
        Ok(Outcome::Done)
    }
}

fn pretty(value: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// What was said, where anything was.
fn said(name: &str, value: Option<impl ToString>) -> Option<(&str, String)> {
    value.map(|value| (name, value.to_string())).filter(|(_, value)| !value.is_empty())
}

/// Several words of one kind.
fn words<'q>(name: &'q str, values: &[String]) -> Option<(&'q str, String)> {
    said(name, Some(values.join(",")))
}
