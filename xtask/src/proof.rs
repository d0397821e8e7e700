//! `test` and `prove`: every test of the workspace, with a share of the budgets or with all of them.
//!
//! Whole processes and pages in a real browser are among them: the package `system-tests`.

use crate::packages;
use crate::parts::Part;
use crate::services::Lent;
use crate::workshop::{WITH_TLS, Workshop, run};

/// Their proofs are long, so that they pay for being optimised; assertions stay on (profile `prove`).
const LONG: [&str; 4] = ["engine", "reliability", "replay", "sim"];

pub(crate) fn parts() -> Vec<Part> {
    vec![
        Part { name: "install", about: "what the tests need of this machine", run: packages::install },
        Part { name: "build", about: "every test of the workspace, built", run: build },
        Part { name: "workspace", about: "every test of the workspace, run", run: workspace },
    ]
}

/// The same tests, the long ones apart.
pub(crate) fn full_parts() -> Vec<Part> {
    vec![
        Part { name: "install", about: "what the tests need of this machine", run: packages::install },
        Part { name: "build", about: "every test of the workspace, built", run: build },
        Part { name: "short", about: "every test but those that are many, run", run: short },
        Part {
            name: "long",
            about: "those of the engine, of measures and histories, and of the simulator, optimised and run",
            run: long,
        },
    ]
}

/// Apart from running, so that the table tells compiling from testing.
fn build(workshop: &Workshop) -> anyhow::Result<()> {
    run(&mut workshop.cargo(&["test", "--workspace", WITH_TLS, "--quiet", "--no-run"]))
}

fn workspace(workshop: &Workshop) -> anyhow::Result<()> {
    tests(workshop, &["test", "--workspace", WITH_TLS, "--quiet"])
}

fn short(workshop: &Workshop) -> anyhow::Result<()> {
    let excluded = LONG.iter().flat_map(|package| ["--exclude", package]);
    tests(workshop, &["test", "--workspace", WITH_TLS, "--quiet"].into_iter().chain(excluded).collect::<Vec<_>>())
}

fn long(workshop: &Workshop) -> anyhow::Result<()> {
    let packages = LONG.iter().flat_map(|package| ["--package", package]);
    tests(workshop, &["test", "--profile", "prove", "--quiet"].into_iter().chain(packages).collect::<Vec<_>>())
}

fn tests(workshop: &Workshop, args: &[&str]) -> anyhow::Result<()> {
    let mut command = workshop.cargo(args);
    let servers = Lent::of(workshop)?;
    servers.give_to(&mut command);
    // Cargo builds it beside the tests: those of the system need not build another, with other features.
    if std::env::var_os("WATCHFIRE_BIN").is_none() {
        command.env("WATCHFIRE_BIN", workshop.built().join("debug/watchfire"));
    }
    run(&mut command)
}
