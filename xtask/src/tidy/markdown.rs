//! Markdown, as far as the documents use it: tables, and words set as code.

use super::tree::{File, Line};

/// A line of a table, cell by cell.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) line: usize,
    pub(super) cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    pub(super) fn cell(&self, column: usize) -> &'a str {
        self.cells.get(column).copied().unwrap_or_default()
    }
}

/// The rows of the table whose header has these titles, in this order; `None` where there is no such table.
pub(super) fn table<'a>(file: &'a File, titles: &[&str]) -> Option<Vec<Row<'a>>> {
    let mut lines = file.lines().skip_while(|line| cells(line.text).is_none_or(|cells| cells != titles));
    lines.next()?;
    let body = lines.skip(1).map_while(row);
    Some(body.collect())
}

/// Words set as code in a text, in order.
pub(super) fn code_words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn row(line: Line<'_>) -> Option<Row<'_>> {
    Some(Row { line: line.number, cells: cells(line.text)? })
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn a_table_is_found_by_its_titles_and_ends_where_it_ends() {
        let text = "| x |\n|---|\n| no |\n\n| id | what |\n|---|---|\n| I1 | a `b` c |\n| I2 | d |\n\n| I3 | e |\n";
        let tree = Tree::of(&[("docs/a.md", text)]);
        let file = tree.file("docs/a.md").unwrap();
        let rows = table(file, &["id", "what"]).unwrap();
        let found: Vec<_> = rows.iter().map(|row| (row.line, row.cell(0), row.cell(1), row.cell(2))).collect();
        assert_eq!(found, [(7, "I1", "a `b` c", ""), (8, "I2", "d", "")]);
        assert!(table(file, &["id"]).is_none());
    }

    #[test]
    fn code_words_stand_between_backticks() {
        assert_eq!(code_words("`a`, b and `c d`").collect::<Vec<_>>(), ["a", "c d"]);
    }
}
