//! The coming weeks as a drawing: a row for each window, a block for each time that it is in force. Days are those of UTC,
//! as the drawing says; the list beside it has each block in the reader's own time.

use std::collections::BTreeMap;

use model::{Span, Timestamp};

use super::called;
use crate::facts::occurrences::WindowOccurrence;
use crate::pages::work::shown::brief;

/// Units of the drawing; style.css makes them as wide as there is room.
const LABEL_WIDTH: i64 = 220;
const DAY_WIDTH: i64 = 28;
const HEAD_HEIGHT: i64 = 34;
const ROW_HEIGHT: i64 = 28;
/// A short window must still be seen, and be pressed.
const BLOCK_WIDTH_MIN: i64 = 6;
const ROWS_MAX: usize = 30;
const LABEL_CHARS_MAX: usize = 26;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// What a template draws.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Drawing {
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) days: Vec<Day>,
    pub(super) rows: Vec<Row>,
    /// Windows that found no room.
    pub(super) left_out: usize,
}

/// A day of UTC: where it begins, and what stands above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) x: i64,
    pub(super) width: i64,
    /// Of the month.
    pub(super) number: String,
    /// `Mon`.
    pub(super) weekday: &'static str,
    pub(super) is_weekend: bool,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) label: String,
    /// Where its row begins, and where its label stands.
    pub(super) y: i64,
    pub(super) text_y: i64,
    pub(super) blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) x: i64,
    pub(super) width: i64,
    pub(super) title: String,
    /// In force now.
    pub(super) is_now: bool,
}

impl Drawing {
    /// `found` is in the order of beginnings, so the window that is in force first stands first.
    pub(super) fn of(found: &[WindowOccurrence], now: Timestamp, ahead: Span) -> Drawing {
        if found.is_empty() {
            return Drawing::default();
        }
        let first_day = now.micros().div_euclid(DAY) * DAY;
        let days = (ahead.micros() + now.micros() - first_day + DAY - 1) / DAY;
        let mut order: Vec<&str> = Vec::new();
        let mut by_window: BTreeMap<&str, Vec<&WindowOccurrence>> = BTreeMap::new();
        for one in found {
            let of_window = by_window.entry(&one.id).or_default();
            if of_window.is_empty() {
                order.push(&one.id);
            }
            of_window.push(one);
        }
        let place = Place { first_day, days, now };
        let shown = order.iter().take(ROWS_MAX).enumerate();
        let rows: Vec<Row> =
            shown.filter_map(|(row, id)| by_window.get(id).map(|of_window| place.row(row, of_window))).collect();
        Drawing {
            width: LABEL_WIDTH + days * DAY_WIDTH,
            height: HEAD_HEIGHT + rows.len() as i64 * ROW_HEIGHT,
            days: (0..days).map(|day| place.day(day)).collect(),
            left_out: order.len() - rows.len(),
            rows,
        }
    }

    pub(super) fn block_height(&self) -> i64 {
        ROW_HEIGHT - 10
    }
}

struct Place {
    first_day: i64,
    days: i64,
    now: Timestamp,
}

impl Place {
    fn x(&self, at: Timestamp) -> i64 {
        let within = (at.micros() - self.first_day).clamp(0, self.days * DAY);
        // In thousandths of a day, so that no span is too long for the product.
        LABEL_WIDTH + (within / (DAY / 1_000)) * DAY_WIDTH / 1_000
    }

    fn day(&self, day: i64) -> Day {
        let at = self.first_day + day * DAY;
        // 1970-01-01 was a Thursday.
        let weekday = (at.div_euclid(DAY) + 3).rem_euclid(7);
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let text = Timestamp::from_micros(at).to_string();
        Day {
            x: LABEL_WIDTH + day * DAY_WIDTH,
            width: DAY_WIDTH,
            number: text.get(8..10).unwrap_or_default().to_owned(),
            weekday: names.get(weekday as usize).copied().unwrap_or_default(),
            is_weekend: weekday >= 5,
        }
    }

    fn row(&self, row: usize, of_window: &[&WindowOccurrence]) -> Row {
        let y = HEAD_HEIGHT + row as i64 * ROW_HEIGHT;
        let first = of_window.first();
        let label = first.map_or("", |one| called(&one.reason, &one.reference));
        Row {
            id: first.map(|one| one.id.clone()).unwrap_or_default(),
            label: brief(label, LABEL_CHARS_MAX).into_owned(),
            y,
            text_y: y + ROW_HEIGHT / 2 + 4,
            blocks: of_window.iter().map(|one| self.block(one)).collect(),
        }
    }

    fn block(&self, one: &WindowOccurrence) -> Block {
        let x = self.x(one.starts_at.0);
        let minute = |at: Timestamp| at.to_string().get(..16).unwrap_or_default().replace('T', " ");
        Block {
            x,
            width: (self.x(one.ends_at.0) - x).max(BLOCK_WIDTH_MIN),
            title: format!("{} to {} UTC", minute(one.starts_at.0), minute(one.ends_at.0)),
            is_now: one.starts_at.0 <= self.now && self.now < one.ends_at.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::v1;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn occurrence(id: &str, starts: &str, ends: &str) -> WindowOccurrence {
        WindowOccurrence {
            id: id.to_owned(),
            reference: id.to_owned(),
            starts_at: v1::Instant(at(starts)),
            ends_at: v1::Instant(at(ends)),
            ci: Vec::new(),
            reason: String::new(),
            rrule: None,
            time_zone: None,
        }
    }

    #[test]
    fn each_window_has_a_row_and_each_occurrence_a_block_where_it_is() {
        let now = at("2026-11-23T12:00:00Z");
        let found = [
            occurrence("MW2", "2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z"),
            occurrence("MW1", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
            occurrence("MW2", "2026-11-30T11:00:00Z", "2026-11-30T13:00:00Z"),
        ];
        let drawing = Drawing::of(&found, now, Span::from_days(28));
        assert_eq!((drawing.days.len(), drawing.days[0].weekday, drawing.days[0].number.as_str()), (29, "Mon", "23"));
        assert!(drawing.days[5].is_weekend && !drawing.days[7].is_weekend);
        let rows: Vec<&str> = drawing.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(rows, ["MW2", "MW1"], "what is in force first stands first");
        assert_eq!(drawing.rows[0].blocks.len(), 2);
        assert!(drawing.rows[0].blocks[0].is_now && !drawing.rows[0].blocks[1].is_now);
        let whole_day = &drawing.rows[1].blocks[0];
        assert_eq!((whole_day.x, whole_day.width), (LABEL_WIDTH + DAY_WIDTH, DAY_WIDTH));
    }

    #[test]
    fn what_reaches_beyond_the_calendar_is_cut_at_its_edge() {
        let now = at("2026-11-23T12:00:00Z");
        let found = [occurrence("MW1", "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z")];
        let drawing = Drawing::of(&found, now, Span::from_days(28));
        assert_eq!((drawing.rows[0].blocks[0].x, drawing.rows[0].blocks[0].width), (LABEL_WIDTH, 29 * DAY_WIDTH));
        assert_eq!(drawing.width, LABEL_WIDTH + 29 * DAY_WIDTH);
    }

    #[test]
    fn more_windows_than_rows_are_counted() {
        let now = at("2026-11-23T12:00:00Z");
        let window =
            |number: usize| occurrence(&format!("MW{number:02}"), "2026-11-24T00:00:00Z", "2026-11-24T01:00:00Z");
        let found: Vec<WindowOccurrence> = (0..ROWS_MAX + 4).map(window).collect();
        let drawing = Drawing::of(&found, now, Span::from_days(28));
        assert_eq!((drawing.rows.len(), drawing.left_out), (ROWS_MAX, 4));
        assert_eq!(Drawing::of(&[], now, Span::from_days(28)), Drawing::default());
    }
}
