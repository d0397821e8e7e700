//! What two policies made of a recording, side by side, and then difference by difference.

use replay::compare::{Compared, Difference, Side};
use replay::score::CauseScore;
use report::Style;
use report::grid::{Cell, Column, Grid};
use serde_json::{Value, json};

use super::Judged;
use super::score::Score;

pub(super) fn table(old: &Judged, new: &Judged, compared: &Compared, shown: usize, style: Style) -> String {
    let mut text = format!("old  {}\nnew  {}\n\n", old.whose.in_words(), new.whose.in_words());
    text.push_str(&figures(old, new, style));
    text.push('\n');
    text.push_str(&summary(compared));
    text.push('\n');
    if !compared.differences.is_empty() {
        text.push('\n');
        text.push_str(&differences(&compared.differences, shown, style));
    }
    let left = compared.differences.len().saturating_sub(shown);
    if left > 0 {
        let all = compared.differences.len();
        text.push_str(&format!("and {left} more: --show {all} shows all, --format json has all\n"));
    }
    text
}

/// One figure of both.
struct Figure {
    name: &'static str,
    old: Cell,
    new: Cell,
}

fn figures(old: &Judged, new: &Judged, style: Style) -> String {
    let mut rows = Vec::new();
    let mut add = |name: &'static str, of: &dyn Fn(&Judged) -> Cell| {
        rows.push(Figure { name, old: of(old), new: of(new) });
    };
    add("events", &|one| Cell::Count(one.decided.incident_of.len() as u64));
    add("events in an incident", &|one| Cell::Count(one.decided.incident_of.iter().flatten().count() as u64));
    add("incidents", &|one| Cell::Count(one.decided.incidents.len() as u64));
    add("decided for people", &|one| Cell::Count(one.decided.told));
    match (old.score, new.score) {
        (Some(Score::File(..)), _) => of_file(&mut add),
        (Some(Score::Word(_)), _) => of_word(&mut add),
        (None, _) => {}
    }
    add("seconds", &|one| Cell::Text(format!("{:.2}", one.seconds)));
    let heading = |name: &'static str, heading: &'static str| Column { name, heading, detail: false };
    let grid = Grid {
        columns: vec![heading("figure", ""), heading("old", "old"), heading("new", "new")],
        rows: rows.into_iter().map(|row| vec![Cell::Text(row.name.to_owned()), row.old, row.new]).collect(),
        nothing: "",
    };
    let missing = match old.score {
        Some(Score::File(grouping, _)) => grouping.events_missing,
        Some(Score::Word(_)) | None => 0,
    };
    let mut text = report::table::rows(&grid, style);
    if missing > 0 {
        text.push_str(&format!("{missing} events of the truth are not in the recording: is it of another one?\n"));
    }
    text
}

/// Takes a figure of both.
type Add<'a> = dyn FnMut(&'static str, &dyn Fn(&Judged) -> Cell) + 'a;

fn share(share: f64) -> Cell {
    Cell::Text(format!("{share:.4}"))
}

fn share_or_nothing(share: Option<f64>) -> Cell {
    share.map_or(Cell::Nothing, self::share)
}

fn of_file(add: &mut Add<'_>) {
    let of = |one: &Judged| match one.score {
        Some(Score::File(grouping, causes)) => (grouping, causes),
        Some(Score::Word(_)) | None => Default::default(),
    };
    add("events graded", &|one| Cell::Count(of(one).0.events as u64));
    add("B-cubed precision", &|one| share(of(one).0.b_cubed_precision));
    add("B-cubed recall", &|one| share(of(one).0.b_cubed_recall));
    add("B-cubed F1", &|one| share(of(one).0.b_cubed_f1));
    add("adjusted Rand index", &|one| share(of(one).0.adjusted_rand));
    add("adjusted mutual information", &|one| share(of(one).0.adjusted_mutual_information));
    add("pairs wrongly joined", &|one| Cell::Count(of(one).0.pairs_wrongly_joined));
    add("pairs wrongly apart", &|one| Cell::Count(of(one).0.pairs_wrongly_apart));
    add("incidents per true one", &|one| share(of(one).0.incidents_per_true));
    of_causes(add, &|one| of(one).1);
}

fn of_word(add: &mut Add<'_>) {
    let of = |one: &Judged| match one.score {
        Some(Score::Word(word)) => word,
        Some(Score::File(..)) | None => Default::default(),
    };
    let part = |part: u64, of: u64| Cell::Text(format!("{part} of {of}"));
    add("pairs people joined, joined", &|one| part(of(one).together_kept, of(one).together));
    add("pairs people parted, apart", &|one| part(of(one).apart_kept, of(one).apart));
    add("agreement on judged pairs", &|one| share_or_nothing(of(one).agreement()));
    add("precision of judged pairs", &|one| share_or_nothing(of(one).precision()));
    add("recall of judged pairs", &|one| share_or_nothing(of(one).recall()));
    add("F1 of judged pairs", &|one| share_or_nothing(of(one).f1()));
    of_causes(add, &|one| of(one).causes);
    add("rejected cause named first", &|one| part(of(one).rejected_named_first as u64, of(one).rejected as u64));
    add("false alarms in an incident", &|one| part(of(one).false_alarms_opened as u64, of(one).false_alarms as u64));
}

fn of_causes(add: &mut Add<'_>, of: &dyn Fn(&Judged) -> CauseScore) {
    add("causes graded", &|one| Cell::Count(of(one).incidents as u64));
    add("cause named first", &|one| share(of(one).top_1));
    add("cause among the first three", &|one| share(of(one).top_3));
    add("mean reciprocal rank", &|one| share(of(one).mean_reciprocal_rank));
    add("high confidence, and right", &|one| Cell::Text(format!("{} of {}", of(one).sure_and_right, of(one).sure)));
}

/// `3 merged, 1 split; 140 are the same`.
fn summary(compared: &Compared) -> String {
    let counts = compared.counts();
    let mut told: Vec<String> = counts.iter().map(|(change, count)| format!("{count} {}", change.as_str())).collect();
    if told.is_empty() {
        told.push("no difference".to_owned());
    }
    let same = match compared.same {
        1 => "1 incident is the same".to_owned(),
        same => format!("{same} incidents are the same"),
    };
    format!("{}; {same}", told.join(", "))
}

fn differences(differences: &[Difference], shown: usize, style: Style) -> String {
    let heading = |name: &'static str| Column { name, heading: name, detail: false };
    let numbers = |sides: &[Side]| {
        const NAMED_MAX: usize = 3;
        let mut names: Vec<&str> = sides.iter().take(NAMED_MAX).map(|side| side.number.as_str()).collect();
        let more = format!("+{}", sides.len().saturating_sub(NAMED_MAX));
        if sides.len() > NAMED_MAX {
            names.push(&more);
        }
        if names.is_empty() { Cell::Nothing } else { Cell::Text(names.join(" ")) }
    };
    let events = |sides: &[Side]| match sides.iter().map(|side| side.events as u64).sum() {
        0 => Cell::Nothing,
        events => Cell::Count(events),
    };
    let biggest = |sides: &[Side], of: &dyn Fn(&Side) -> Option<String>| {
        sides.iter().max_by_key(|side| side.events).and_then(of).filter(|text| !text.is_empty())
    };
    let row = |difference: &Difference| {
        let (old, new) = (&difference.old, &difference.new);
        let title =
            biggest(new, &|side| Some(side.title.clone())).or_else(|| biggest(old, &|side| Some(side.title.clone())));
        let cause = |sides: &[Side]| biggest(sides, &|side| side.cause.clone()).map_or(Cell::Nothing, Cell::Text);
        vec![
            Cell::Text(difference.change.as_str().to_owned()),
            numbers(old),
            numbers(new),
            events(old),
            events(new),
            cause(old),
            cause(new),
            title.map_or(Cell::Nothing, Cell::Text),
        ]
    };
    let grid = Grid {
        columns: ["change", "old", "new", "old events", "new events", "old cause", "new cause", "title"]
            .map(heading)
            .into(),
        rows: differences.iter().take(shown).map(row).collect(),
        nothing: "",
    };
    report::table::rows(&grid, style)
}

pub(super) fn json(old: &Judged, new: &Judged, compared: &Compared) -> String {
    let whole = json!({
        "old": judged(old),
        "new": judged(new),
        "same": compared.same,
        "differences": compared.differences,
    });
    format!("{whole:#}\n")
}

fn judged(one: &Judged) -> Value {
    json!({
        "policy": one.whose.word(),
        "events": one.decided.incident_of.len(),
        "events_in_an_incident": one.decided.incident_of.iter().flatten().count(),
        "incidents": one.decided.incidents.len(),
        "decided_for_people": one.decided.told,
        "seconds": one.seconds,
        "score": one.score.map(scored),
    })
}

fn scored(score: Score) -> Value {
    match score {
        Score::File(grouping, causes) => json!({
            "events": grouping.events,
            "events_missing": grouping.events_missing,
            "b_cubed_precision": grouping.b_cubed_precision,
            "b_cubed_recall": grouping.b_cubed_recall,
            "b_cubed_f1": grouping.b_cubed_f1,
            "adjusted_rand": grouping.adjusted_rand,
            "adjusted_mutual_information": grouping.adjusted_mutual_information,
            "pairs_wrongly_joined": grouping.pairs_wrongly_joined,
            "pairs_wrongly_apart": grouping.pairs_wrongly_apart,
            "incidents_per_true": grouping.incidents_per_true,
            "causes": of_named(&causes),
        }),
        Score::Word(word) => json!({
            "pairs_together": word.together,
            "pairs_together_kept": word.together_kept,
            "pairs_apart": word.apart,
            "pairs_apart_kept": word.apart_kept,
            "agreement": word.agreement(),
            "precision": word.precision(),
            "recall": word.recall(),
            "f1": word.f1(),
            "causes": of_named(&word.causes),
            "rejected": word.rejected,
            "rejected_named_first": word.rejected_named_first,
            "false_alarms": word.false_alarms,
            "false_alarms_in_an_incident": word.false_alarms_opened,
        }),
    }
}

fn of_named(causes: &CauseScore) -> Value {
    json!({
        "incidents": causes.incidents,
        "top_1": causes.top_1,
        "top_3": causes.top_3,
        "mean_reciprocal_rank": causes.mean_reciprocal_rank,
        "high_confidence": causes.sure,
        "high_confidence_right": causes.sure_and_right,
    })
}
