//! The figures that people compare first, as a picture: how well each way groups, and how often it names the cause.

use crate::judged::Row;

const BAR: f64 = 12.0;
const ROW: f64 = 34.0;
const LEFT: f64 = 190.0;
const SCALE: f64 = 420.0;

/// Two bars for each way: B-cubed F1, and the share of faults whose cause comes first.
pub(crate) fn bars(title: &str, rows: &[Row]) -> String {
    let (width, height) = (LEFT + SCALE + 70.0, 64.0 + ROW * rows.len() as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"{title}\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"12\" y=\"20\" font-size=\"14\">{title}</text>\n\
         <rect x=\"{LEFT}\" y=\"32\" width=\"12\" height=\"12\" fill=\"#1f5fa8\"/><text x=\"{}\" y=\"43\">grouping: B-cubed \
         F1</text>\n<rect x=\"{}\" y=\"32\" width=\"12\" height=\"12\" fill=\"#d98b1f\"/><text x=\"{}\" y=\"43\">cause \
         named first</text>\n",
        LEFT + 18.0,
        LEFT + 190.0,
        LEFT + 208.0
    );
    for (nth, row) in rows.iter().enumerate() {
        let y = 58.0 + ROW * nth as f64;
        let (name, weight) = match row.way.strip_prefix("**").and_then(|way| way.strip_suffix("**")) {
            Some(own) => (own, "bold"),
            None => (row.way.as_str(), "normal"),
        };
        svg.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"{weight}\">{name}</text>\n",
            LEFT - 8.0,
            y + 16.0
        ));
        let figures = [
            (row.mean(|(grouping, _)| grouping.b_cubed_f1), "#1f5fa8"),
            (row.mean(|(_, causes)| causes.top_1), "#d98b1f"),
        ];
        for (place, (figure, colour)) in figures.into_iter().enumerate() {
            let (y, long) = (y + BAR * place as f64, figure * SCALE);
            svg.push_str(&format!(
                "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{long:.1}\" height=\"{}\" fill=\"{colour}\"/><text x=\"{:.1}\" \
                 y=\"{:.1}\" font-size=\"10\">{figure:.2}</text>\n",
                BAR - 1.0,
                LEFT + long + 4.0,
                y + 9.5
            ));
        }
    }
    svg.push_str("</svg>\n");
    svg
}
