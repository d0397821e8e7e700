//! Which reports there are, for whoever has only their word.

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{IssuedReport, Store};
use wire::v1;

use crate::answer::Answer;
use crate::error::ReportError;
use crate::grid::Tabular;
use crate::html::pieces::Pieces;
use crate::question::Question;
use crate::table::Style;
use crate::{csv, html, table};

/// An answer, written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    pub json: String,
    pub csv: String,
}

macro_rules! kinds {
    ($($kind:ident = $word:literal: $ask:ident -> $row:ident),* $(,)?) => {
        /// A report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($kind),*
        }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Kind::$kind => $word),*
                }
            }

            /// What the report answers.
            pub async fn figures(self, store: &Store, question: &Question) -> Result<Figures, ReportError> {
                Ok(match self {
                    $(Kind::$kind => Figures::of(&crate::$ask(store, question).await?)),*
                })
            }

            /// An answer of this report that was written down as JSON, as a table.
            pub fn table(self, json: &str, style: Style) -> Result<String, serde_json::Error> {
                match self {
                    $(Kind::$kind => Ok(table::render(&read::<v1::$row>(json)?, style))),*
                }
            }

            /// The same in parts, for pages that have more around them.
            ///
            /// # Errors
            /// A report that something else wrote.
            pub fn pieces(self, json: &str) -> Result<Pieces, serde_json::Error> {
                match self {
                    $(Kind::$kind => Ok(Pieces::of(&read::<v1::$row>(json)?))),*
                }
            }

            /// What was issued, as a page that says so.
            ///
            /// # Errors
            /// A report that something else wrote.
            pub fn page(self, issued: &IssuedReport) -> Result<String, serde_json::Error> {
                let changes: Vec<v1::ChangedCell> = serde_json::from_str(&issued.changes)?;
                match self {
                    $(Kind::$kind => {
                        Ok(html::render_issued(&read::<v1::$row>(&issued.answer)?, issued, &changes))
                    }),*
                }
            }
        }
    };
}

kinds! {
    Availability = "availability": availability -> AvailabilityRow,
    Incidents = "incidents": incidents -> IncidentsRow,
    Slo = "slo": slo -> SloRow,
    Sla = "sla": sla -> SlaRow,
    Continuity = "continuity": continuity -> ContinuityRow,
    Changes = "changes": changes -> ChangesRow,
    Noise = "noise": noise -> NoiseRow,
    Problems = "problems": problems -> ProblemsRow,
}

impl Kind {
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

impl Figures {
    fn of<T: Tabular + Serialize>(answer: &Answer<T>) -> Figures {
        let json = serde_json::to_string(answer).expect("rows are numbers and texts under names that are texts");
        Figures { json, csv: csv::render(answer) }
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<Answer<T>, serde_json::Error> {
    serde_json::from_str(json)
}
