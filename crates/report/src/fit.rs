//! Keeping a table to the width of a terminal: the widest texts give way first, none below what still says something.

/// Characters that a text keeps, however narrow the terminal.
const TEXT_WIDTH_MIN: usize = 12;
const CUT: char = '…';

/// Narrows columns of texts until all together have at most `limit` characters, as far as that goes.
pub(crate) fn fit(widths: &mut [usize], texts: &[bool], limit: usize) {
    let over = |widths: &[usize]| widths.iter().sum::<usize>().saturating_sub(limit);
    for _ in 0..over(widths) {
        let wide = widths.iter_mut().zip(texts).filter(|(width, text)| **text && **width > TEXT_WIDTH_MIN);
        let Some((widest, _)) = wide.max_by_key(|(width, _)| **width) else { return };
        *widest -= 1;
    }
}

/// At most `width` characters, the last of them a mark where something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain([CUT]).collect()
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

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("checkout", 8), "checkout");
        assert_eq!(cut("checkout", 5), "chec…");
    }
}
