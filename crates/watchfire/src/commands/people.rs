//! What people do against a running service: a module for incidents, one for problems, one for outages, one for
//! maintenance, one for everything else.

mod explained;
mod incidents;
mod maintenance;
mod names;
mod outages;
mod page;
mod problems;
mod records;
mod reports;
mod review;
mod sheet;
mod similar;
mod watched;
mod words;

pub(super) use incidents::incidents;
pub(super) use maintenance::maintenance;
pub(super) use outages::outages;
pub(super) use page::{Page, each, word};
pub(super) use problems::problems;
pub(super) use records::{alerts, services, silence, status};
pub(super) use reports::reports;

use serde_json::Value;

use crate::cli::{Format, Shown};
use crate::client::{Client, Listed};
use crate::console::{Colour, Console};
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

    /// Where a list is cut it says so: below a table, and beside JSON.
    fn rows(&self, listed: Listed, columns: &[Show], nothing: &'static str) -> anyhow::Result<Outcome> {
        let more = more(&listed);
        match self.format {
            Format::Json => {
                self.say(&pretty(&Value::Array(listed.rows))?)?;
                more.into_iter().for_each(|more| self.console.say_with(Colour::Yellow, "note:", more));
                Ok(Outcome::Done)
            }
            Format::Table => {
                let table = sheet::table(&listed.rows, columns, nothing, self.console.table_style());
                self.say(&(table + &more.map(|more| more + "\n").unwrap_or_default()))
            }
        }
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

/// How many there are is not known: the service only says that there are others.
fn more(listed: &Listed) -> Option<String> {
    listed.more.then(|| {
        format!(
            "and more: these are the first {}, `--limit {}` shows others",
            listed.most,
            listed.most.saturating_mul(10)
        )
    })
}

fn pretty(value: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// What was said, where anything was.
fn said(name: &str, value: Option<impl ToString>) -> Option<(&str, String)> {
    value.map(|value| (name, value.to_string())).filter(|(_, value)| !value.is_empty())
}

/// The word for no filter.
const ALL: &str = "all";

/// The states that are asked for, none of them where all are.
fn but_all(states: &[String]) -> &[String] {
    if states.iter().any(|state| state == ALL) { &[] } else { states }
}

/// Several words of one kind.
fn words<'q>(name: &'q str, values: &[String]) -> Option<(&'q str, String)> {
    said(name, Some(values.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_so() {
        let listed = |more| Listed { rows: Vec::new(), most: 100, more };
        assert_eq!(more(&listed(true)).unwrap(), "and more: these are the first 100, `--limit 1000` shows others");
        assert_eq!(more(&listed(false)), None);
    }
}
