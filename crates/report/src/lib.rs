//! Facts of the store through the formulas into rows: what `watchfire report` and the measures of the API answer.
//!
//! Read in this order: [`question`] and `filter` (what can be asked), [`answer`] (what comes back, `origins` that each
//! figure names where asked, and [`definitions`] of its figures); then one module for each report:
//! [`availability`](mod@availability), [`slo`](mod@slo) (with `burn_down`), [`sla`](mod@sla), [`continuity`](mod@continuity),
//! [`incidents`](mod@incidents), [`changes`](mod@changes), [`noise`](mod@noise),
//! [`problems`](mod@problems). Beside them: [`standing`](mod@standing) (how each service stands now, for gauges) with
//! [`burn`] (budgets that burn too fast), [`similar`](mod@similar) (what was seen before), [`review`](mod@review) (of a
//! major incident, also as Markdown). What they stand on: `versions`
//! (which graph was in force when), `services` (what is asked about, and what was promised of it), `agreements` (what was
//! promised of incidents), `outages`
//! (from the store, or swept anew from episodes), `maintenance`, `watch` (coverage and silence), `moved` (what truth
//! that came late moved), `completeness` (what came in, and what became of it), `unheard` (that nothing did), `periods` and
//! `groups`. [`issued`]: what is kept as it was issued, and revised. Last how rows are written down: [`grid`] (rows as
//! cells), [`table`], [`csv`], [`html`], [`text`] (figures in words).
//!
//! Rules. No formula stands here: every figure comes from `reliability`. Each kind of fact is read once for all services,
//! never once for each. Stored outages are the facts of services; [`outages::recomputed`] says what they ought to be.
//! `[I13]` Nothing is printed and no clock is read: [`Question::now`] says how late it is.

pub mod answer;
pub mod availability;
pub mod burn;
pub mod changes;
pub mod continuity;
pub mod csv;
pub mod definitions;
pub mod error;
pub mod grid;
pub mod html;
pub mod incidents;
pub mod issued;
pub mod noise;
pub mod outages;
pub mod problems;
pub mod question;
pub mod review;
pub mod similar;
pub mod sla;
pub mod slo;
pub mod standing;
pub mod table;
pub mod text;
pub mod week;

mod agreements;
mod burn_down;
mod completeness;
mod filter;
mod fit;
mod gathered;
mod groups;
mod maintenance;
mod moved;
mod origins;
mod periods;
mod services;
mod unheard;
mod versions;
mod watch;
mod windows;

pub use agreements::Agreements;
pub use answer::{Answer, Explained, Stretch};
pub use availability::availability;
pub use changes::changes;
pub use continuity::continuity;
pub use error::ReportError;
pub use filter::{Filter, FilterBy};
pub use grid::{Cell, Grid, Tabular};
pub use incidents::incidents;
pub use noise::noise;
pub use origins::{HourOrigin, Origins, OutageOrigin, PointOrigin};
pub use outages::recomputed as recomputed_outages;
pub use problems::problems;
pub use question::{BurnDowns, GroupBy, Include, Question, Step};
pub use similar::similar;
pub use sla::sla;
pub use slo::slo;
pub use standing::{Standing, standing};
pub use table::Style;
pub use week::week;
