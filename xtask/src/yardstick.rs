//! `yardstick`: how well alerts are grouped and causes named, written to docs/correlation-quality.md.
//!
//! Recordings of real faults are played where `WATCHFIRE_RECORDINGS` names a folder of them.

use crate::workshop::{Workshop, run};

const PAGE: &str = "docs/correlation-quality.md";

pub(crate) fn write(workshop: &Workshop) -> anyhow::Result<()> {
    let page = workshop.root().join(PAGE).display().to_string();
    run(&mut workshop.cargo(&[
        "bench",
        "--quiet",
        "--package",
        "benches",
        "--bench",
        "yardstick",
        "--",
        "--page",
        &page,
    ]))
}
