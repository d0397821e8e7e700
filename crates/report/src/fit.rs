//! Keeping a table to the width of a terminal: the widest texts give way first, none below what still says something.

/// Characters that a text keeps, however narrow the terminal.
const TEXT_WIDTH_MIN: usize = 12;

/// Narrows columns of texts until all together have at most `limit` characters, as far as that goes.
pub(crate) fn fit(widths: &mut [usize], texts: &[bool], limit: usize) {
    let over = |widths: &[usize]| widths.iter().sum::<usize>().saturating_sub(limit);
    for _ in 0..over(widths) {
        let wide = widths.iter_mut().zip(texts).filter(|(width, text)| **text && **width > TEXT_WIDTH_MIN);
        let Some((widest, _)) = wide.max_by_key(|(width, _)| **width) else { return };
        *widest -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_text_gives_way_first_and_figures_never_do() {
        let fitted = |limit| {
            let mut widths = [40, 20, 30];
            fit(&mut widths, &[true, true, false], limit);
            widths
        };
        assert_eq!(fitted(90), [40, 20, 30]);
        assert_eq!(fitted(80), [30, 20, 30]);
        assert_eq!(fitted(68).iter().sum::<usize>(), 68);
        assert_eq!(fitted(0), [TEXT_WIDTH_MIN, TEXT_WIDTH_MIN, 30]);
    }
}
