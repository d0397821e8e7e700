//! Where boxes and lines stand in a picture of who depends on whom: in columns, what is needed on the left of what needs
//! it, with as few crossings as a few rounds of averaging leave. The same input gives the same picture.

use std::collections::BTreeMap;

/// A box, and the room beside it.
pub(super) const BOX_WIDTH: i32 = 196;
pub(super) const BOX_HEIGHT: i32 = 54;
const COLUMN_GAP: i32 = 64;
const ROW_GAP: i32 = 26;
/// Room that a line takes which passes a column.
const PASSING_HEIGHT: i32 = 16;
/// Room around everything; above the boxes stands what marks one.
pub(super) const MARGIN: i32 = 24;
const ROUNDS: usize = 8;

/// The upper left corner of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) x: i32,
    pub(super) y: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) boxes: Vec<Place>,
    /// For each line the points it goes through, from what is needed to what needs it.
    pub(super) lines: Vec<Vec<(i32, i32)>>,
}

/// `links` are pairs of boxes: what depends, and on what.
pub(super) fn layout(boxes: usize, links: &[(usize, usize)]) -> Layout {
    if boxes == 0 {
        return Layout::default();
    }
    let columns = columns(boxes, links);
    let (mut grid, chains) = grid(boxes, links, &columns);
    untangle(&mut grid, &chains);
    placed(boxes, &grid, &chains)
}

/// The longest way down from each box; a link that closes a circle counts for nothing.
fn columns(boxes: usize, links: &[(usize, usize)]) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        Open,
        Done,
    }
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    for (from, to) in links.iter().filter(|(from, to)| from != to) {
        below[*from].push(*to);
    }
    let mut columns = vec![0; boxes];
    let mut seen = vec![Seen::Never; boxes];
    for start in 0..boxes {
        let mut stack = vec![(start, 0)];
        while let Some((at, next)) = stack.pop() {
            if next == 0 && seen[at] != Seen::Never {
                continue;
            }
            seen[at] = Seen::Open;
            match below[at].get(next) {
                Some(to) => {
                    stack.push((at, next + 1));
                    if seen[*to] == Seen::Never {
                        stack.push((*to, 0));
                    }
                }
                None => {
                    let done = below[at].iter().filter(|to| seen[**to] == Seen::Done);
                    columns[at] = done.map(|to| columns[*to] + 1).max().unwrap_or(0);
                    seen[at] = Seen::Done;
                }
            }
        }
    }
    columns
}

/// Columns of vertices: boxes by their number, and behind those the places where a line passes a column.
type Grid = Vec<Vec<usize>>;

/// The vertices of each line, from what is needed to what needs it.
fn grid(boxes: usize, links: &[(usize, usize)], columns: &[usize]) -> (Grid, Vec<Vec<usize>>) {
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut grid: Grid = vec![Vec::new(); count];
    for (at, column) in columns.iter().enumerate() {
        grid[*column].push(at);
    }
    let mut next = boxes;
    let chain = |&(from, to): &(usize, usize)| {
        let mut chain = vec![to];
        for column in &mut grid[(columns[to] + 1).min(count)..columns[from].max(columns[to] + 1).min(count)] {
            column.push(next);
            chain.push(next);
            next += 1;
        }
        chain.push(from);
        chain
    };
    let chains = links.iter().map(chain).collect();
    (grid, chains)
}

/// Each vertex goes to the average place of its neighbours, column by column, from left to right and back.
fn untangle(grid: &mut Grid, chains: &[Vec<usize>]) {
    let vertices = grid.iter().flatten().max().map_or(0, |last| last + 1);
    let mut left: Vec<Vec<usize>> = vec![Vec::new(); vertices];
    let mut right: Vec<Vec<usize>> = vec![Vec::new(); vertices];
    for step in chains.iter().flat_map(|chain| chain.windows(2)) {
        right[step[0]].push(step[1]);
        left[step[1]].push(step[0]);
    }
    let mut best = (crossings(grid, &right), grid.clone());
    for round in 0..ROUNDS {
        let neighbours = if round % 2 == 0 { &left } else { &right };
        let mut place: BTreeMap<usize, usize> =
            grid.iter().flat_map(|column| column.iter().enumerate()).map(|(row, vertex)| (*vertex, row)).collect();
        let order: Vec<usize> =
            if round % 2 == 0 { (0..grid.len()).collect() } else { (0..grid.len()).rev().collect() };
        for column in order {
            let average = |vertex: &usize| {
                let near = &neighbours[*vertex];
                let sum: usize = near.iter().filter_map(|other| place.get(other)).sum();
                // In thousandths, so that no order hangs on how a fraction is rounded.
                if near.is_empty() { place[vertex] * 1000 } else { sum * 1000 / near.len() }
            };
            let mut sorted: Vec<(usize, usize)> =
                grid[column].iter().map(|vertex| (average(vertex), *vertex)).collect();
            sorted.sort_by_key(|(average, vertex)| (*average, place[vertex]));
            grid[column] = sorted.into_iter().map(|(_, vertex)| vertex).collect();
            place.extend(grid[column].iter().enumerate().map(|(row, vertex)| (*vertex, row)));
        }
        let crossed = crossings(grid, &right);
        if crossed < best.0 {
            best = (crossed, grid.clone());
        }
    }
    *grid = best.1;
}

fn crossings(grid: &Grid, right: &[Vec<usize>]) -> usize {
    let mut crossed = 0;
    for pair in grid.windows(2) {
        let row: BTreeMap<usize, usize> = pair[1].iter().enumerate().map(|(row, vertex)| (*vertex, row)).collect();
        let ends: Vec<usize> = pair[0]
            .iter()
            .flat_map(|vertex| {
                let mut ends: Vec<usize> = right[*vertex].iter().filter_map(|end| row.get(end).copied()).collect();
                ends.sort_unstable();
                ends
            })
            .collect();
        crossed += ends
            .iter()
            .enumerate()
            .map(|(at, end)| ends[at..].iter().filter(|later| *later < end).count())
            .sum::<usize>();
    }
    crossed
}

fn placed(boxes: usize, grid: &Grid, chains: &[Vec<usize>]) -> Layout {
    let tall = |vertex: usize| if vertex < boxes { BOX_HEIGHT + ROW_GAP } else { PASSING_HEIGHT };
    let heights: Vec<i32> = grid.iter().map(|column| column.iter().map(|vertex| tall(*vertex)).sum()).collect();
    let highest = heights.iter().copied().max().unwrap_or(0);
    let mut middles: BTreeMap<usize, (i32, i32)> = BTreeMap::new();
    for (column, (vertices, height)) in grid.iter().zip(&heights).enumerate() {
        let x = MARGIN + i32::try_from(column).unwrap_or(0) * (BOX_WIDTH + COLUMN_GAP);
        let mut y = MARGIN + (highest - height) / 2;
        for vertex in vertices {
            middles.insert(*vertex, (x, y + tall(*vertex) / 2));
            y += tall(*vertex);
        }
    }
    let middle = |vertex: usize| middles.get(&vertex).copied().unwrap_or_default();
    let corner = |vertex: usize| {
        let (x, y) = middle(vertex);
        Place { x, y: y - BOX_HEIGHT / 2 }
    };
    let line = |chain: &Vec<usize>| {
        let last = chain.len() - 1;
        let mut points = Vec::with_capacity(chain.len() * 2);
        for (at, vertex) in chain.iter().enumerate() {
            let (x, y) = middle(*vertex);
            if at != 0 {
                points.push((x, y));
            }
            if at != last {
                points.push((x + BOX_WIDTH, y));
            }
        }
        points
    };
    let columns = i32::try_from(grid.len()).unwrap_or(0);
    Layout {
        width: 2 * MARGIN + columns * BOX_WIDTH + (columns - 1).max(0) * COLUMN_GAP,
        height: 2 * MARGIN + highest,
        boxes: (0..boxes).map(corner).collect(),
        lines: chains.iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk, two databases on it, three programs on those, one of them on the disk too.
    const LINKS: [(usize, usize); 7] = [(1, 0), (2, 0), (3, 1), (4, 2), (5, 1), (5, 2), (4, 0)];

    #[test]
    fn what_is_needed_stands_left_of_what_needs_it() {
        let drawn = layout(6, &LINKS);
        for (from, to) in LINKS {
            assert!(drawn.boxes[to].x < drawn.boxes[from].x, "{to} is left of {from}");
        }
        assert_eq!(drawn, layout(6, &LINKS), "the same picture each time");
    }

    #[test]
    fn no_two_boxes_overlap_and_all_are_inside() {
        let drawn = layout(6, &LINKS);
        for (at, one) in drawn.boxes.iter().enumerate() {
            assert!(one.x >= 0 && one.x + BOX_WIDTH <= drawn.width && one.y >= 0 && one.y + BOX_HEIGHT <= drawn.height);
            for other in &drawn.boxes[at + 1..] {
                assert!(
                    (one.x - other.x).abs() >= BOX_WIDTH || (one.y - other.y).abs() >= BOX_HEIGHT,
                    "{one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_line_leaves_what_is_needed_and_ends_at_what_needs_it() {
        let drawn = layout(6, &LINKS);
        for ((from, to), line) in LINKS.iter().zip(&drawn.lines) {
            let (first, last) = (line[0], line[line.len() - 1]);
            assert_eq!(first, (drawn.boxes[*to].x + BOX_WIDTH, drawn.boxes[*to].y + BOX_HEIGHT / 2));
            assert_eq!(last, (drawn.boxes[*from].x, drawn.boxes[*from].y + BOX_HEIGHT / 2));
        }
    }

    #[test]
    fn lines_that_need_not_cross_do_not() {
        let columns = columns(4, &[(2, 1), (3, 0)]);
        let (mut grid, chains) = grid(4, &[(2, 1), (3, 0)], &columns);
        untangle(&mut grid, &chains);
        let first: Vec<usize> = grid[0].clone();
        let second: Vec<usize> = grid[1].clone();
        assert_eq!(first.iter().position(|vertex| *vertex == 1), second.iter().position(|vertex| *vertex == 2));
    }

    #[test]
    fn circles_and_loners_are_drawn_too() {
        let drawn = layout(4, &[(0, 1), (1, 2), (2, 0), (3, 3)]);
        assert_eq!((drawn.boxes.len(), drawn.lines.len()), (4, 4));
        assert_eq!(layout(0, &[]), Layout::default());
    }
}
