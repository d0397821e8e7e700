//! How a chart is drawn: inline SVG between its title and how to read it.

use super::{Chart, Line, Look, Mark};
use crate::html::escape::{composed, text};
use crate::html::sheet::Sheet;
use crate::html::words::count;

/// Units of the drawing, about a pixel each.
pub(super) const WIDTH: f64 = 1040.0;
const NAMES: f64 = 240.0;
const TOLD: f64 = 276.0;
const PLOT: f64 = WIDTH - NAMES - TOLD;
const LINE: f64 = 28.0;
const HEAD: f64 = 30.0;
const FOOT: f64 = 6.0;
/// What of a name and of words fits beside the plot, in widths of a letter.
const NAME_LETTERS: f64 = 28.5;
const TOLD_LETTERS: f64 = 42.0;
/// Between the parts of a name, and how wide that is.
const PART: &str = " · ";
const PART_LETTERS: f64 = 3.0;
/// Narrower than this a bar is not seen.
const BAR_WIDTH_MIN: f64 = 2.0;
/// Words along the scale come no closer than this, for each character of them.
pub(super) const CHAR_WIDTH: f64 = 7.0;

/// The chart as a figure of the page; `number` tells its ids from those of others.
pub(in crate::html) fn figure(chart: &Chart, sheet: &Sheet<'_>, number: usize) -> String {
    let lines = chart.drawn(sheet);
    let height = HEAD + LINE * lines.len() as f64 + FOOT;
    let said: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.name, line.told)).collect();
    let rows: String = lines.iter().enumerate().map(|(at, line)| drawn(line, at)).collect();
    let (shown, all) = (lines.len(), chart.lines.len());
    let more = match [shown, all].map(|lines| count(lines as u64)) {
        _ if shown == all => String::new(),
        [shown, all] if sheet.is_over_time() => format!(" The last {shown} of {all}."),
        [shown, all] => format!(" The first {shown} of {all}, those that stand out most."),
    };
    format!(
        "<figure>\n<figcaption><h3>{title}</h3><p>{reading}{more}</p>{legend}</figcaption>\n\
         <div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {height}\" preserveAspectRatio=\"xMinYMin\" role=\"img\" aria-labelledby=\"t{number} d{number}\">\n\
         <title id=\"t{number}\">{title}</title>\n<desc id=\"d{number}\">{said}</desc>\n{axis}{rows}</svg></div>\n</figure>\n",
        title = text(chart.title),
        reading = text(&chart.reading),
        legend = legend(&used(chart, lines)),
        said = composed(&said.join("; ")),
        axis = axis(chart, height),
    )
}

fn axis(chart: &Chart, height: f64) -> String {
    let mut ticks = chart.scale.ticks();
    ticks.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut drawn = String::new();
    let mut free = f64::INFINITY;
    for (place, word) in ticks {
        let x = NAMES + place * PLOT;
        let half = word.chars().count() as f64 * CHAR_WIDTH / 2.0;
        drawn += &format!("<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{HEAD}\" y2=\"{height}\"/>");
        if x + half <= free {
            drawn += &format!("<text class=\"tick\" x=\"{x:.1}\" y=\"{:.0}\">{}</text>\n", HEAD - 10.0, text(&word));
            free = x - half - CHAR_WIDTH;
        }
    }
    drawn
}

fn drawn(line: &Line, at: usize) -> String {
    let middle = HEAD + LINE * (at as f64 + 0.5);
    let words = middle + 4.5;
    let rule = format!(
        "<line class=\"base\" x1=\"{NAMES}\" x2=\"{:.0}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>",
        NAMES + PLOT
    );
    let marks: String = line.marks.iter().map(|mark| marked(mark, middle)).collect();
    let class = if line.is_bad { "told bad" } else { "told" };
    let name = named(&line.name);
    let whole = if name == line.name { String::new() } else { format!("<title>{}</title>", composed(&line.name)) };
    format!(
        "<text class=\"name\" x=\"0\" y=\"{words:.1}\">{whole}{}</text>{rule}{marks}\
         <text class=\"{class}\" x=\"{:.0}\" y=\"{words:.1}\">{}</text>\n",
        composed(&name),
        NAMES + PLOT + 18.0,
        composed(&fitted(&line.told, TOLD_LETTERS)),
    )
}

/// What of a name is shown: of its parts the widest is cut to what fits, since often the short ones tell rows apart.
fn named(name: &str) -> String {
    let mut parts: Vec<String> = name.split(PART).map(str::to_owned).collect();
    let widths: Vec<f64> = parts.iter().map(|part| letters(part)).collect();
    let most = widths.iter().copied().fold(0.0, f64::max);
    let between = PART_LETTERS * (widths.len() as f64 - 1.0);
    let left = NAME_LETTERS - between - (widths.iter().sum::<f64>() - most);
    if let Some(widest) = parts.iter_mut().zip(&widths).find(|(_, width)| **width >= most).map(|(part, _)| part) {
        *widest = fitted(widest, left.max(NAME_LETTERS / 3.0));
    }
    parts.join(PART)
}

/// At most so wide; a cut is shown by `…`.
pub(super) fn fitted(text: &str, most: f64) -> String {
    if letters(text) <= most {
        return text.to_owned();
    }
    let mut wide = 1.0;
    let fits = |c: &char| {
        wide += letter(*c);
        wide <= most
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn letters(text: &str) -> f64 {
    text.chars().map(letter).sum()
}

/// How wide a character is, of a letter; about, since nobody knows the font.
fn letter(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | '.' | ',' | ':' | ';' | '-' | ' ' | '|' | '\'' | '(' | ')' => 0.6,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.5,
        'A'..='Z' => 1.25,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' => 1.8,
        '\u{1f000}'..='\u{3ffff}' => 1.8,
        _ => 1.0,
    }
}

fn marked(mark: &Mark, middle: f64) -> String {
    let x = |place: f64| NAMES + place * PLOT;
    match mark {
        Mark::Bar { from, to, look } => {
            let width = ((to - from) * PLOT).max(BAR_WIDTH_MIN);
            let left = x(*from).min(NAMES + PLOT - width);
            rectangle(look.class(), left, middle - 7.0, width, 14.0)
        }
        Mark::Link { from, to } => {
            let (from, to) = (x(from.min(*to)), x(from.max(*to)));
            rectangle("link", from, middle - 1.5, to - from, 3.0)
        }
        Mark::Dot { at, look: Look::Bad } => diamond(x(*at), middle),
        Mark::Dot { at, look } => {
            format!("<circle class=\"{}\" cx=\"{:.1}\" cy=\"{middle:.1}\" r=\"6\"/>", look.class(), x(*at))
        }
        Mark::Aim { at } => rectangle("aim", x(*at) - 1.5, middle - 10.0, 3.0, 20.0),
    }
}

fn rectangle(class: &str, x: f64, y: f64, width: f64, height: f64) -> String {
    format!("<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.0}\"/>")
}

/// What is bad has another shape too: not everybody sees its colour.
pub(super) fn diamond(x: f64, y: f64) -> String {
    let (left, right, above, below) = (x - 7.5, x + 7.5, y - 7.5, y + 7.5);
    format!("<path class=\"bad\" d=\"M{x:.1} {above:.1}L{right:.1} {y:.1}L{x:.1} {below:.1}L{left:.1} {y:.1}Z\"/>")
}

/// What stands in no line needs no explanation.
fn used(chart: &Chart, lines: &[Line]) -> Vec<(Look, &'static str)> {
    let marks = || lines.iter().flat_map(|line| &line.marks);
    let is_used = |look: Look| {
        marks().any(|mark| match mark {
            Mark::Bar { look: of, .. } | Mark::Dot { look: of, .. } => *of == look,
            Mark::Aim { .. } => look == Look::Aim,
            Mark::Link { .. } => false,
        })
    };
    chart.legend.iter().copied().filter(|(look, _)| is_used(*look)).collect()
}

pub(super) fn legend(looks: &[(Look, &str)]) -> String {
    let entry = |(look, word): &(Look, &str)| format!("<li><i class=\"{}\"></i>{}</li>", look.class(), text(word));
    match looks {
        [] => String::new(),
        looks => format!("<ul class=\"legend\">{}</ul>", looks.iter().map(entry).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_name_that_is_shown_which_tells_it_from_others() {
        for (name, expected) in [
            ("checkout", "checkout"),
            ("checkout · 2026-05", "checkout · 2026-05"),
            ("a-service-with-a-very-long-name-indeed", "a-service-with-a-very-long-name…"),
            ("a-service-with-a-very-long-name-indeed · 2026-05", "a-service-with-a-very… · 2026-05"),
            ("payments-and-refunds-gold · P1 · respond", "payments-and-… · P1 · respond"),
            ("2026-05 · payments-gold · P1 · respond", "2026-05 · payments… · P1 · respond"),
            ("支払いゲートウェイ中央ヨーロッパ本番環境", "支払いゲートウェイ中央ヨーロッ…"),
        ] {
            assert_eq!(named(name), expected);
        }
        assert_eq!(fitted("1.234.567", 4.0), "1.2…");
    }
}
