//! Compact adjacency: all rows in one array, and where each begins. Four bytes a row beside the cells themselves.
//!
//! At most `u32::MAX` cells: an edge list of that length would not fit into memory beforehand.

use std::ops::Range;

pub(crate) struct Csr<T> {
    /// One more than there are rows.
    starts: Box<[u32]>,
    cells: Box<[T]>,
}

/// Rows come one after another, cells of a row too.
pub(crate) struct CsrBuilder<T> {
    starts: Vec<u32>,
    cells: Vec<T>,
}

impl<T> Csr<T> {
    pub(crate) fn row(&self, row: usize) -> &[T] {
        self.cells.get(self.range(row)).unwrap_or_default()
    }

    /// Where a row's cells are among all cells; empty past the last row.
    pub(crate) fn range(&self, row: usize) -> Range<usize> {
        let start = self.starts.get(row).copied().unwrap_or_default();
        let end = self.starts.get(row + 1).copied().unwrap_or(start);
        start as usize..end as usize
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn cell(&self, at: usize) -> Option<&T> {
        self.cells.get(at)
    }
}

impl<T: Copy + Default> Csr<T> {
    /// Puts each cell into its row; cells of one row keep the order they came in. Walks `cells` twice.
    pub(crate) fn scatter(rows: usize, cells: impl Iterator<Item = (u32, T)> + Clone) -> Csr<T> {
        let mut ends = vec![0_u32; rows + 1];
        for (row, _) in cells.clone() {
            ends[row as usize + 1] += 1;
        }
        for row in 0..rows {
            ends[row + 1] += ends[row];
        }
        let starts = ends.clone().into_boxed_slice();
        let mut placed = vec![T::default(); ends[rows] as usize];
        let mut next = ends;
        for (row, cell) in cells {
            let at = &mut next[row as usize];
            placed[*at as usize] = cell;
            *at += 1;
        }
        Csr { starts, cells: placed.into_boxed_slice() }
    }

    /// The rows of a set of pairs, each row sorted, no cell twice.
    pub(crate) fn of_pairs(rows: usize, mut pairs: Vec<(u32, T)>) -> Csr<T>
    where
        T: Ord,
    {
        pairs.sort_unstable();
        pairs.dedup();
        Csr::scatter(rows, pairs.iter().copied())
    }
}

impl<T> CsrBuilder<T> {
    pub(crate) fn with_rows(rows: usize) -> CsrBuilder<T> {
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        CsrBuilder { starts, cells: Vec::new() }
    }

    pub(crate) fn push(&mut self, cell: T) {
        self.cells.push(cell);
    }

    pub(crate) fn end_row(&mut self) {
        self.starts.push(self.cells.len() as u32);
    }

    pub(crate) fn finish(self) -> Csr<T> {
        Csr { starts: self.starts.into_boxed_slice(), cells: self.cells.into_boxed_slice() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_their_cells_in_the_order_they_came() {
        let csr = Csr::scatter(4, [(2, 7_u32), (0, 1), (2, 5)].into_iter());
        assert_eq!(csr.row(0), [1]);
        assert_eq!(csr.row(1), []);
        assert_eq!(csr.row(2), [7, 5]);
        assert_eq!(csr.row(9), []);
    }

    #[test]
    fn pairs_become_sorted_rows_without_doubles() {
        let csr = Csr::of_pairs(2, vec![(1, 9_u32), (1, 3), (1, 9)]);
        assert_eq!((csr.row(0), csr.row(1)), (&[][..], &[3, 9][..]));
    }

    #[test]
    fn built_rows_are_the_rows_that_were_pushed() {
        let mut builder = CsrBuilder::with_rows(2);
        builder.push('a');
        builder.end_row();
        builder.end_row();
        let csr = builder.finish();
        assert_eq!((csr.row(0), csr.range(1)), (&['a'][..], 1..1));
    }
}
