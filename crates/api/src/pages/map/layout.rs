//! Where each item of the map is drawn: what needs something stands above it. The same items and edges always give the
//! same picture.
//!
//! In four steps: edges that close a circle are set aside; each item comes below all that need it; within its layer it
//! comes near what it is tied to; layers too wide for a picture are folded into rows.

/// A box and the room around it.
pub(crate) const BOX_WIDTH: i32 = 168;
pub(crate) const BOX_HEIGHT: i32 = 40;
const STEP_X: i32 = BOX_WIDTH + 24;
const ROW_STEP: i32 = BOX_HEIGHT + 18;
const LAYER_GAP: i32 = 64;
const COLUMNS_MIN: usize = 8;
const SWEEPS: usize = 6;

/// Upper left corners, by place of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) at: Vec<(i32, i32)>,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// `edges` lead from what needs to what is needed, by their places below `count`.
pub(crate) fn place(count: usize, edges: &[(usize, usize)]) -> Placed {
    let links = Links::of(count, edges);
    let layer = layers(&links);
    let mut order = grouped(&layer, &links);
    for sweep in 0..SWEEPS {
        settle(&mut order, &links, sweep % 2 == 0);
    }
    drawn(count, &order, &links)
}

/// Both directions, without edges to oneself and those that close a circle.
struct Links {
    down: Vec<Vec<usize>>,
    up: Vec<Vec<usize>>,
}

impl Links {
    fn of(count: usize, edges: &[(usize, usize)]) -> Links {
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (from, to) in edges.iter().filter(|(from, to)| from != to && *from < count && *to < count) {
            if let Some(row) = below.get_mut(*from) {
                row.push(*to);
            }
        }
        let down = without_circles(below);
        let mut up = vec![Vec::new(); count];
        for (from, row) in down.iter().enumerate() {
            for to in row {
                if let Some(row) = up.get_mut(*to) {
                    let row: &mut Vec<usize> = row;
                    row.push(from);
                }
            }
        }
        Links { down, up }
    }

    fn is_alone(&self, item: usize) -> bool {
        [&self.down, &self.up].iter().all(|links| links.get(item).is_none_or(Vec::is_empty))
    }
}

/// Depth first, in order of places: what leads back to where the walk came from is left out.
fn without_circles(below: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; below.len()];
    let mut kept: Vec<Vec<usize>> = vec![Vec::new(); below.len()];
    for first in 0..below.len() {
        if seen[first] != Seen::Not {
            continue;
        }
        seen[first] = Seen::Open;
        let mut path = vec![(first, 0)];
        while let Some((item, next)) = path.last_mut() {
            let item = *item;
            let Some(to) = below[item].get(*next).copied() else {
                seen[item] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            if seen[to] == Seen::Open {
                continue;
            }
            kept[item].push(to);
            if seen[to] == Seen::Not {
                seen[to] = Seen::Open;
                path.push((to, 0));
            }
        }
    }
    kept
}

/// The longest way down to each from anything that nothing needs.
fn layers(links: &Links) -> Vec<usize> {
    let mut waiting: Vec<usize> = links.up.iter().map(Vec::len).collect();
    let mut layer = vec![0; waiting.len()];
    let mut ready: Vec<usize> = (0..waiting.len()).filter(|item| waiting[*item] == 0).collect();
    while let Some(item) = ready.pop() {
        for to in &links.down[item] {
            layer[*to] = layer[*to].max(layer[item] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    layer
}

/// Items by layer, in order of their places; what is tied to nothing comes last of all, in a layer of its own.
fn grouped(layer: &[usize], links: &Links) -> Vec<Vec<usize>> {
    let depth = layer.iter().max().map_or(0, |deepest| deepest + 1);
    let mut groups = vec![Vec::new(); depth + 1];
    for (item, layer) in layer.iter().enumerate() {
        groups[if links.is_alone(item) { depth } else { *layer }].push(item);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Each layer by the mean place of what its items are tied to above, or below.
fn settle(order: &mut [Vec<usize>], links: &Links, downwards: bool) {
    let count = links.up.len();
    let mut place = vec![0.0; count];
    for group in order.iter() {
        note(&mut place, group);
    }
    let tied = if downwards { &links.up } else { &links.down };
    let layers: Vec<usize> = if downwards { (0..order.len()).collect() } else { (0..order.len()).rev().collect() };
    for layer in layers {
        let group = &mut order[layer];
        let wish = |item: usize| match tied[item].len() {
            0 => place[item],
            many => tied[item].iter().map(|other| place[*other]).sum::<f64>() / many as f64,
        };
        let mut wished: Vec<(f64, usize)> = group.iter().map(|item| (wish(*item), *item)).collect();
        wished.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        *group = wished.into_iter().map(|(_, item)| item).collect();
        note(&mut place, group);
    }
}

/// Places as shares of the layer's width, so that layers of different sizes compare.
fn note(place: &mut [f64], group: &[usize]) {
    for (at, item) in group.iter().enumerate() {
        place[*item] = (at as f64 + 0.5) / group.len() as f64;
    }
}

fn drawn(count: usize, order: &[Vec<usize>], links: &Links) -> Placed {
    // About as wide as a screen is, for as many as there are.
    let columns = (((count as f64) * 0.6).sqrt().ceil() as usize).max(COLUMNS_MIN);
    let widest = order.iter().map(|group| group.len().min(columns)).max().unwrap_or(0);
    let width = i32::try_from(widest).unwrap_or(i32::MAX / STEP_X) * STEP_X;
    let mut at = vec![(0, 0); count];
    let mut top = 0;
    for group in order {
        let rows = group.len().div_ceil(columns).max(1);
        // Dealt out column by column, so that neighbours stay near each other.
        let used = group.len().div_ceil(rows);
        let xs = if rows == 1 { near(group, links, &at, width) } else { even(used, width) };
        for (number, item) in group.iter().enumerate() {
            let x = xs.get(number / rows).copied().unwrap_or_default();
            at[*item] = (x, top + (number % rows) as i32 * ROW_STEP);
        }
        top += rows as i32 * ROW_STEP + LAYER_GAP;
    }
    Placed { at, width: width.max(STEP_X), height: (top - LAYER_GAP).max(ROW_STEP) }
}

/// In the middle.
fn even(columns: usize, width: i32) -> Vec<i32> {
    let columns = columns as i32;
    let first = (width - columns * STEP_X) / 2;
    (0..columns).map(|column| first + column * STEP_X).collect()
}

/// Below what needs them, as far as there is room: each as near to the middle of those as its neighbours allow.
fn near(group: &[usize], links: &Links, at: &[(i32, i32)], width: i32) -> Vec<i32> {
    let middle = even(group.len(), width);
    let wish = |(number, item): (usize, &usize)| {
        let above = &links.up[*item];
        let sum: i32 = above.iter().map(|other| at[*other].0).sum();
        if above.is_empty() { middle[number] } else { sum / above.len() as i32 }
    };
    let wishes: Vec<i32> = group.iter().enumerate().map(wish).collect();
    let mut xs: Vec<i32> = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let left = xs.last().map_or(0, |before| before + STEP_X);
        xs.push(wish.max(left));
    }
    let mut right = width - STEP_X;
    for x in xs.iter_mut().rev() {
        *x = (*x).min(right);
        right = *x - STEP_X;
    }
    xs
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn overlaps(placed: &Placed) -> bool {
        let mut at = placed.at.clone();
        at.sort_by_key(|(x, y)| (*y, *x));
        at.windows(2).any(|pair| pair[0].1 == pair[1].1 && pair[1].0 - pair[0].0 < BOX_WIDTH)
    }

    #[test]
    fn what_needs_something_stands_above_it() {
        let edges = [(0, 1), (1, 2), (0, 2), (3, 2)];
        let placed = place(4, &edges);
        for (from, to) in edges {
            assert!(placed.at[from].1 < placed.at[to].1, "{from} above {to}: {placed:?}");
        }
        assert!(!overlaps(&placed), "{placed:?}");
    }

    #[test]
    fn a_circle_ends_and_its_items_stand_apart() {
        let placed = place(3, &[(0, 1), (1, 2), (2, 0), (1, 1)]);
        assert!(placed.at[0].1 < placed.at[1].1 && placed.at[1].1 < placed.at[2].1, "{placed:?}");
    }

    #[test]
    fn nothing_is_a_picture_too_and_strangers_are_no_edges() {
        assert!(place(0, &[]).at.is_empty());
        assert_eq!(place(1, &[(0, 7), (9, 0)]).at.len(), 1);
    }

    #[test]
    fn two_that_need_different_things_do_not_cross() {
        let placed = place(4, &[(0, 3), (1, 2)]);
        let side = |a: usize, b: usize| placed.at[a].0 < placed.at[b].0;
        assert_eq!(side(0, 1), side(3, 2), "{placed:?}");
    }

    fn company(items: usize) -> Vec<(usize, usize)> {
        // A tenth are services, the rest four layers below them, each needing two of the next.
        let layer = |item: usize| item * 5 / items;
        let mut edges = Vec::new();
        for from in 0..items {
            let next = (layer(from) + 1) * items / 5;
            for step in [7, 131] {
                let to = next + (from * step) % (items / 5).max(1);
                if to < items && layer(from) < 4 {
                    edges.push((from, to));
                }
            }
        }
        edges
    }

    #[test]
    fn two_thousand_items_are_placed_at_once_apart_and_always_alike() {
        let edges = company(2000);
        let begun = Instant::now();
        let placed = place(2000, &edges);
        let took = begun.elapsed();
        assert!(!overlaps(&placed));
        assert!(placed.at.iter().all(|(x, _)| (0..=placed.width - BOX_WIDTH).contains(x)), "within its width");
        assert_eq!(placed, place(2000, &edges));
        assert!(
            placed.width < 20 * placed.height && placed.height < 20 * placed.width,
            "{} by {}",
            placed.width,
            placed.height
        );
        // Far more than it takes, so that a busy machine says nothing wrong.
        assert!(took.as_secs() < 5, "{took:?}");
    }
}
