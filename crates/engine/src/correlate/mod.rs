//! Correlate: a new episode joins the open incident with the best evidence, or starts one, at once.
//!
//! Evidence is scored in thousandths, never in floating point. [`weigh`] says what each kind is worth, [`index`] finds
//! who may be related without walking the whole graph, [`ways`] how well a fault of one item explains
//! another, [`burst`] what is rare, [`learned`] what fired together before, [`lasting`] what is over, [`choose`] picks, [`merge`] puts together what turns out to be one.

pub(crate) mod burst;
pub(crate) mod choose;
pub(crate) mod index;
mod lasting;
pub(crate) mod learned;
pub(crate) mod merge;
mod onset;
pub(crate) mod related;
pub(crate) mod ways;
pub(crate) mod weigh;
