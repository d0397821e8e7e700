//! Reports as tables for people at a terminal: aligned columns, durations and shares in words.
//!
//! Names come from outside: what could move the cursor or turn the writing round does not reach the terminal.

use model::text::cut;
use wire::v1::{Corrections, Moved};

use crate::answer::Answer;
use crate::completeness::told;
use crate::fit::fit;
use crate::grid::{Cell, Column, Grid, Tabular};
use crate::text;

/// How it may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Style {
    /// With ANSI colours; the caller knows whether it writes to a terminal, and what its user wishes.
    pub colour: bool,
    /// Characters that a line may have: texts are cut to keep to it, figures never. `None`: as long as it comes.
    pub width: Option<usize>,
}

/// The whole report: what time it is of, what else there is to know, then its rows. Ends with a line feed.
pub fn render<T: Tabular>(answer: &Answer<T>, style: Style) -> String {
    let report = &answer.report;
    let to = answer.until();
    let seen = if answer.now < to { format!(", as seen at {}", text::instant(answer.now.0)) } else { String::new() };
    let notes: String = answer.notes.iter().map(|note| format!("note: {}\n", safe(note))).collect();
    let [from, to] = [report.from, to].map(|at| text::instant(at.0));
    let corrected = corrected(&answer.corrections);
    let rows = rows(&answer.grid(), style);
    let complete: String = told(&answer.completeness).iter().map(|line| safe(line) + "\n").collect();
    format!("{from} to {to}{seen}\n{corrected}\n{notes}\n{rows}\n{complete}")
}

/// How much truth that came late moved; that it moved nothing is said too.
fn corrected(corrections: &Corrections) -> String {
    if corrections.count == 0 {
        return "corrections: none".to_owned();
    }
    let Moved { down, degraded, planned, agreed } = corrections.moved_seconds;
    let moved = [("down", down), ("degraded", degraded), ("planned", planned), ("agreed", agreed)];
    let signed = |seconds: f64| format!("{}{}", if seconds > 0.0 { "+" } else { "" }, text::duration(seconds));
    let moved = moved.map(|(what, seconds)| format!("{what} {}", signed(seconds.value())));
    format!("corrections: {}; moved by them: {}", corrections.count, moved.join(", "))
}

/// The rows alone, under their headings.
pub fn rows(grid: &Grid, style: Style) -> String {
    if grid.rows.is_empty() {
        return format!("{}\n", grid.nothing);
    }
    let shown: Vec<usize> = (0..grid.columns.len()).filter(|at| !grid.columns[*at].detail).collect();
    let heading = shown.iter().map(|at| heading(&grid.columns[*at], column(grid, *at))).collect();
    let body = grid.rows.iter().map(|row| shown.iter().map(|at| field(&row[*at])).collect());
    let lines: Vec<Vec<Field>> = std::iter::once(heading).chain(body).collect();
    let mut widths: Vec<usize> =
        (0..shown.len()).map(|at| lines.iter().map(|line| line[at].width()).max().unwrap_or(0)).collect();
    if let Some(width) = style.width {
        let between = BETWEEN.len() * widths.len().saturating_sub(1);
        let texts: Vec<bool> = shown.iter().map(|at| column(grid, *at).any(is_text)).collect();
        fit(&mut widths, &texts, width.saturating_sub(between));
    }
    lines.iter().map(|line| written(line, &widths, style)).collect()
}

struct Field {
    text: String,
    left: bool,
    look: Look,
}

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Plain,
    Heading,
    Good,
    Bad,
    Faint,
}

const BETWEEN: &str = "  ";
const LISTED_MAX: usize = 3;
const RESET: &str = "\u{1b}[0m";

fn column(grid: &Grid, at: usize) -> impl Iterator<Item = &Cell> {
    grid.rows.iter().filter_map(move |row| row.get(at))
}

/// Words may be cut. A single one is a name or an id, which people copy.
fn is_text(cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) => text.trim().contains(char::is_whitespace),
        Cell::List(texts) => texts.len() > 1,
        _ => false,
    }
}

/// Over its figures; over text where that stands.
fn heading<'c>(column: &Column, mut cells: impl Iterator<Item = &'c Cell>) -> Field {
    let left = cells.any(|cell| matches!(cell, Cell::Text(_) | Cell::List(_) | Cell::Instant(_)));
    Field { text: column.heading.to_uppercase(), left, look: Look::Heading }
}

fn field(cell: &Cell) -> Field {
    let right = |text: String, look: Look| Field { text, left: false, look };
    match cell {
        Cell::Nothing => right("–".to_owned(), Look::Faint),
        Cell::Text(text) => Field { text: safe(text), left: true, look: Look::Plain },
        Cell::List(texts) => Field { text: safe(&shortened(texts)), left: true, look: Look::Plain },
        Cell::Instant(at) => Field { text: text::instant(*at), left: true, look: Look::Plain },
        Cell::Count(count) => right(count.to_string(), Look::Plain),
        Cell::Seconds(seconds) => right(text::duration(*seconds), if *seconds < 0.0 { Look::Bad } else { Look::Plain }),
        Cell::Share(share) => right(text::share(*share), Look::Plain),
        Cell::Unwatched(_) => right("no data".to_owned(), Look::Faint),
        Cell::Objective(share) => right(text::objective(*share), Look::Plain),
        Cell::Factor(factor) => right(text::factor(*factor), Look::Plain),
        Cell::Burn(rate) => right(text::factor(*rate), if *rate > 1.0 { Look::Bad } else { Look::Plain }),
        Cell::Flag { value, good } => {
            right(if *value { "yes" } else { "no" }.to_owned(), if *good { Look::Good } else { Look::Bad })
        }
    }
}

fn written(line: &[Field], widths: &[usize], style: Style) -> String {
    let mut text = String::new();
    let last = line.len().saturating_sub(1);
    for (at, (field, width)) in line.iter().zip(widths).enumerate() {
        let shown = cut(&field.text, *width);
        let padding = " ".repeat(width - shown.chars().count());
        let (before, after) = if field.left { (String::new(), padding) } else { (padding, String::new()) };
        text.push_str(if at > 0 { BETWEEN } else { "" });
        text.push_str(&before);
        text.push_str(&field.look.paint(&shown, style));
        text.push_str(if at < last { &after } else { "" });
    }
    text.push('\n');
    text
}

impl Field {
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl Look {
    fn paint(self, text: &str, style: Style) -> String {
        let code = match self {
            Look::Plain => return text.to_owned(),
            Look::Heading => "\u{1b}[1m",
            Look::Good => "\u{1b}[32m",
            Look::Bad => "\u{1b}[31m",
            Look::Faint => "\u{1b}[2m",
        };
        if style.colour { format!("{code}{text}{RESET}") } else { text.to_owned() }
    }
}

/// The first few; CSV and JSON have all of them.
fn shortened(texts: &[String]) -> String {
    let first = texts.iter().take(LISTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(LISTED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn safe(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: Vec<Vec<Cell>>) -> Grid {
        let column = |name, detail| Column { name, heading: name, detail };
        let columns =
            vec![column("service", false), column("down", false), column("hidden", true), column("met", false)];
        Grid { columns, rows, nothing: "Nothing." }
    }

    fn two_rows() -> Grid {
        let flag = |good| Cell::Flag { value: good, good };
        let text = |text: &str| Cell::Text(text.to_owned());
        grid(vec![
            vec![text("checkout"), Cell::Seconds(8400.0), Cell::Count(1), flag(false)],
            vec![text("mail"), Cell::Nothing, Cell::Count(2), flag(true)],
        ])
    }

    #[test]
    fn columns_are_aligned_and_details_left_out() {
        let expected = "SERVICE     DOWN  MET\ncheckout  2h 20m   no\nmail           –  yes\n";
        assert_eq!(rows(&two_rows(), Style::default()), expected);
    }

    #[test]
    fn a_line_keeps_to_the_width_at_the_cost_of_texts_alone() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let flag = Cell::Flag { value: true, good: true };
        let long = grid(vec![vec![text("a service of many words"), Cell::Seconds(8400.0), Cell::Count(1), flag]]);
        let at = |width| rows(&long, Style { width: Some(width), ..Style::default() });
        assert_eq!(at(80), rows(&long, Style::default()));
        assert_eq!(at(30), "SERVICE              DOWN  MET\na service of man…  2h 20m  yes\n");
        assert_eq!(at(5), "SERVICE         DOWN  MET\na service o…  2h 20m  yes\n");
    }

    #[test]
    fn colours_come_only_where_they_were_asked_for_and_do_not_move_columns() {
        let plain = rows(&two_rows(), Style::default());
        assert!(!plain.contains('\u{1b}'));
        let coloured = rows(&two_rows(), Style { colour: true, width: None });
        assert!(coloured.contains("\u{1b}[31mno\u{1b}[0m"), "{coloured:?}");
        let mut stripped = coloured;
        for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m"] {
            stripped = stripped.replace(code, "");
        }
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_name_cannot_reach_into_the_terminal() {
        let shown = field(&Cell::Text("a\u{1b}[2Jb\u{202e}c\r\nd".to_owned())).text;
        assert_eq!(shown, "a [2Jb c  d");
    }

    #[test]
    fn a_long_list_is_cut_and_says_how_much_is_left() {
        let list = |count: usize| Cell::List((1..=count).map(|number| number.to_string()).collect());
        assert_eq!(field(&list(3)).text, "1, 2, 3");
        assert_eq!(field(&list(20)).text, "1, 2, 3 and 17 more");
    }

    #[test]
    fn without_rows_it_says_why() {
        assert_eq!(rows(&grid(Vec::new()), Style::default()), "Nothing.\n");
    }

    #[test]
    fn a_share_without_evidence_is_never_shown_as_one() {
        assert_eq!(field(&Cell::Unwatched(1.0)).text, "no data");
    }
}
