//! A report as its pages look at it: whichever report it is, rows of cells, what is said first, charts, and its foot.
//! All figures are those of the handler that was asked.

use std::collections::BTreeMap;

use axum::extract::State;
use model::Interval;
use report::html::pieces::{self, Said};
use report::issued::Kind;
use report::{Answer, Explained, Grid, Origins, Stretch, Tabular};
use wire::v1::{self, Clock};

use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;
use crate::measures::answers;
use crate::pages::visitor::Visitor;

/// What a report answered.
pub(super) struct Told {
    pub(super) grid: Grid,
    /// How many columns say what a row is of.
    pub(super) labels: usize,
    pub(super) headline: Vec<Said>,
    pub(super) charts: Vec<String>,
    /// Sections in HTML, escaped already.
    pub(super) foot: String,
    pub(super) notes: Vec<String>,
    pub(super) window: Interval,
    pub(super) cmdb_version: Option<u64>,
    /// Of each row, where that was asked for.
    pub(super) behind: Vec<Behind>,
}

/// What the figures of a row came from, by figure.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind {
    /// Of a row of a period.
    pub(super) period: Option<Stretch>,
    pub(super) intervals: BTreeMap<String, Vec<Stretch>>,
    pub(super) incidents: BTreeMap<String, Vec<String>>,
    pub(super) origins: Origins,
}

/// Ids in charts of one report are told from those of the next by so much.
const CHARTS_MAX: usize = 16;

/// What of an answer is wanted, beside its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Rows,
    /// With charts whose ids are those of the nth report of the page.
    Charts(usize),
}

pub(super) async fn ask(
    visitor: &Visitor,
    api: &Api,
    kind: Kind,
    pairs: &[(&str, &str)],
    wanted: Wanted,
) -> Result<Told, Fault> {
    let (state, asked) = (State(api.clone()), Asked::of(pairs));
    Ok(match kind {
        Kind::Availability => Told::of(answers::availability(visitor.by(), state, asked).await?, wanted),
        Kind::Incidents => Told::of(answers::incidents(visitor.by(), state, asked).await?, wanted),
        Kind::Slo => Told::of(answers::slo(visitor.by(), state, asked).await?, wanted),
        Kind::Sla => {
            let answer = answers::sla(visitor.by(), state, asked).await?;
            let clocks: Vec<_> = answer.report.items.iter().map(|item| by_clock(&item.figures)).collect();
            let mut told = Told::of(answer, wanted);
            for (behind, incidents) in told.behind.iter_mut().zip(clocks) {
                behind.incidents = incidents;
            }
            told
        }
        Kind::Continuity => Told::of(answers::continuity(visitor.by(), state, asked).await?, wanted),
        Kind::Changes => Told::of(answers::changes(visitor.by(), state, asked).await?, wanted),
        Kind::Noise => Told::of(answers::noise(visitor.by(), state, asked).await?, wanted),
        Kind::Problems => Told::of(answers::problems(visitor.by(), state, asked).await?, wanted),
    })
}

impl Told {
    fn of<T: Tabular>(answer: Answer<T>, wanted: Wanted) -> Told {
        let grid = answer.grid();
        let charts = match wanted {
            Wanted::Rows => Vec::new(),
            Wanted::Charts(nth) => pieces::charts(&answer, nth * CHARTS_MAX),
        };
        Told {
            labels: pieces::labels(&grid),
            grid,
            headline: pieces::headline(&answer),
            charts,
            foot: pieces::foot(&answer),
            window: Interval::or_empty(answer.report.from.0, answer.until().0),
            cmdb_version: answer.cmdb_version,
            notes: answer.notes,
            behind: answer.report.items.into_iter().map(Behind::of).collect(),
        }
    }

    /// The time that a row is of.
    pub(super) fn window_of(&self, row: usize) -> Interval {
        let period = self.behind.get(row).and_then(|behind| behind.period);
        period.map_or(self.window, |period| Interval::or_empty(period.from.0, period.to.0))
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: &str) -> Option<usize> {
        self.grid.columns.iter().position(|known| known.name == column)
    }
}

impl Behind {
    pub(super) fn of<T>(item: Explained<T>) -> Behind {
        Behind {
            period: item.period,
            intervals: item.intervals.unwrap_or_default(),
            incidents: item.incident_numbers.unwrap_or_default(),
            origins: item.origins,
        }
    }
}

/// The incidents of a target, by the figure that counts them.
fn by_clock(row: &v1::SlaRow) -> BTreeMap<String, Vec<String>> {
    let mut by_figure: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for incident in row.incidents.iter().flatten() {
        let figure = match incident.state {
            Clock::Met => "met",
            Clock::Breached => "breached",
            Clock::Running => "running",
        };
        by_figure.entry(figure.to_owned()).or_default().push(incident.incident.clone());
    }
    by_figure
}
