//! How a chart is drawn: inline SVG between its title and how to read it.

use model::text::cut;

use super::{Chart, Line, Look, Mark};
use crate::html::escape::text;
use crate::html::sheet::Sheet;
use crate::html::words::counted;

/// Units of the drawing, about a pixel each.
const WIDTH: f64 = 1040.0;
const NAMES: f64 = 220.0;
const TOLD: f64 = 262.0;
const PLOT: f64 = WIDTH - NAMES - TOLD;
const LINE: f64 = 28.0;
const HEAD: f64 = 30.0;
const FOOT: f64 = 6.0;
/// What of a name and of words fits beside the plot.
const NAME_CHARS: usize = 31;
const TOLD_CHARS: usize = 38;
/// Narrower than this a bar is not seen.
const BAR_WIDTH_MIN: f64 = 2.0;
/// Words along the scale come no closer than this, for each character of them.
const CHAR_WIDTH: f64 = 7.0;

/// The chart as a figure of the page; `number` tells its ids from those of others.
pub(in crate::html) fn figure(chart: &Chart, sheet: &Sheet<'_>, number: usize) -> String {
    let lines = chart.drawn(sheet);
    let height = HEAD + LINE * lines.len() as f64 + FOOT;
    let said: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.name, line.told)).collect();
    let rows: String = lines.iter().enumerate().map(|(at, line)| drawn(line, at)).collect();
    let more = chart.lines.len() - lines.len();
    let more = match more {
        0 => String::new(),
        more if sheet.is_over_time() => format!(" {} before are in the table only.", counted(more, "period")),
        more => format!(" {} more, which weigh less, are in the table only.", counted(more, "row")),
    };
    format!(
        "<figure>\n<figcaption><h3>{title}</h3><p>{reading}{more}</p>{legend}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"t{number} d{number}\">\n\
         <title id=\"t{number}\">{title}</title>\n<desc id=\"d{number}\">{said}</desc>\n{axis}{rows}</svg>\n</figure>\n",
        title = text(chart.title),
        reading = text(&chart.reading),
        legend = legend(&used(chart, lines)),
        said = text(&said.join("; ")),
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
    let name = cut(&line.name, NAME_CHARS);
    let whole = if name == line.name { String::new() } else { format!("<title>{}</title>", text(&line.name)) };
    format!(
        "<text class=\"name\" x=\"0\" y=\"{words:.1}\">{whole}{}</text>{rule}{marks}\
         <text class=\"told\" x=\"{:.0}\" y=\"{words:.1}\">{}</text>\n",
        text(&name),
        NAMES + PLOT + 18.0,
        text(&cut(&line.told, TOLD_CHARS)),
    )
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
fn diamond(x: f64, y: f64) -> String {
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

fn legend(looks: &[(Look, &str)]) -> String {
    let entry = |(look, word): &(Look, &str)| format!("<li><i class=\"{}\"></i>{}</li>", look.class(), text(word));
    match looks {
        [] => String::new(),
        looks => format!("<ul class=\"legend\">{}</ul>", looks.iter().map(entry).collect::<String>()),
    }
}
