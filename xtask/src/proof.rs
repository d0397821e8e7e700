//! `test` and `prove`: every test of the workspace, with a share of the budgets or with all of them.
//!
//! A further kind of proof (whole processes, a real browser) is a further part in this list.

use crate::packages;
use crate::parts::Part;
use crate::workshop::{Workshop, run};

pub(crate) fn parts() -> Vec<Part> {
    vec![
        Part { name: "install", about: "what the tests need of this machine", run: packages::install },
        Part { name: "build", about: "every test of the workspace, built", run: build },
        Part { name: "workspace", about: "every test of the workspace, run", run: workspace },
    ]
}

/// Apart from running, so that the table tells compiling from testing.
fn build(workshop: &Workshop) -> anyhow::Result<()> {
    run(&mut workshop.cargo(&["test", "--workspace", "--quiet", "--no-run"]))
}

fn workspace(workshop: &Workshop) -> anyhow::Result<()> {
    let mut command = workshop.cargo(&["test", "--workspace", "--quiet"]);
    // The peers were installed, so a test that does not find its own must fail, not step aside.
    command.env("WATCHFIRE_REQUIRE_SERVICES", "1");
    run(&mut command)
}
