//! When in the week outages begin: a row for each weekday, a column for each hour, the darker the more.

use axum::extract::State;
use report::html::pieces::length;
use report::issued::Kind;
use wire::v1::WeekRow;

use super::frame::Frame;
use super::one::pairs;
use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;
use crate::measures::answers;
use crate::pages::visitor::Visitor;

const WEEKDAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];
const LEVELS: u64 = 4;

/// For templates `heat`.
pub(super) struct Heat {
    pub(super) days: Vec<(&'static str, Vec<Hour>)>,
    pub(super) outages: u64,
    /// The hour in which most of them began, in words.
    pub(super) worst: Option<String>,
    pub(super) csv: String,
}

impl Heat {
    /// What stands over the hours.
    pub(super) fn labels(&self) -> Vec<String> {
        (0..24).map(|hour| format!("{hour:02}")).collect()
    }
}

pub(super) struct Hour {
    pub(super) outages: u64,
    /// 0, where there were none, to 4.
    pub(super) level: u64,
    /// What it says, in words.
    pub(super) words: String,
    pub(super) link: Option<String>,
}

pub(super) async fn heat(visitor: &Visitor, api: &Api, frame: &Frame) -> Result<Heat, Fault> {
    let question = frame.question(Kind::Availability);
    let asked = Asked::of(&pairs(&question, &[]));
    let answer = answers::week(visitor.by(), State(api.clone()), asked).await?;
    let rows: Vec<&WeekRow> = answer.rows().collect();
    Ok(laid_out(&rows, frame))
}

fn laid_out(rows: &[&WeekRow], frame: &Frame) -> Heat {
    let most = rows.iter().map(|row| row.outages).max().unwrap_or_default();
    let hour = |row: &&&WeekRow| {
        let hour = row.hour.to_string();
        let of = [("weekday", row.weekday.as_str()), ("hour", hour.as_str())];
        Hour {
            outages: row.outages,
            level: level(row.outages, most),
            words: words(row),
            link: (row.outages > 0).then(|| frame.behind("week", "outages", frame.chosen.window, &of)),
        }
    };
    let day = |(word, name): (&str, &'static str)| {
        (name, rows.iter().filter(|row| row.weekday == word).map(|row| hour(&row)).collect())
    };
    let worst = rows.iter().filter(|row| row.outages > 0).max_by_key(|row| row.outages).map(|row| words(row));
    let csv = frame.csv(Kind::Availability, &[]).replacen("/availability?", "/week?", 1);
    Heat {
        days: WEEKDAYS.into_iter().map(day).collect(),
        outages: rows.iter().map(|row| row.outages).sum(),
        worst,
        csv,
    }
}

/// In steps that are the same wherever one looks: the most is the darkest.
fn level(outages: u64, most: u64) -> u64 {
    (outages * LEVELS).div_ceil(most.max(1))
}

fn words(row: &WeekRow) -> String {
    let name = WEEKDAYS.iter().find(|(word, _)| *word == row.weekday).map_or("", |(_, name)| name);
    let outages = if row.outages == 1 { "1 outage".to_owned() } else { format!("{} outages", row.outages) };
    format!("{name} {:02}:00, {outages} began, {} down in all", row.hour, length(row.down_seconds.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_the_darkest_and_one_is_more_than_none() {
        assert_eq!([0, 1, 2, 5, 8].map(|outages| level(outages, 8)), [0, 1, 1, 3, 4]);
        assert_eq!(level(0, 0), 0);
        assert_eq!(level(1, 1), 4);
    }
}
