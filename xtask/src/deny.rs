//! `cargo deny`: licences, sources and bans of what we depend on, by deny.toml.
//!
//! Built from crates.io once, at one version, under `target/`. Without optimisation: that halves the build, and the
//! check itself takes a second either way.

use std::path::Path;

use crate::workshop::{Workshop, output, run};

const VERSION: &str = "0.20.2";

pub(crate) fn check(workshop: &Workshop) -> anyhow::Result<()> {
    let program = workshop.tools().join("bin/cargo-deny");
    if !is_installed(workshop, &program) {
        println!("cargo-deny {VERSION} is not here yet: building it, which takes a minute or two");
        install(workshop)?;
    }
    run(&mut workshop.command(program, &["--all-features", "check", "bans", "licenses", "sources"]))
}

fn is_installed(workshop: &Workshop, program: &Path) -> bool {
    output(&mut workshop.command(program, &["--version"]))
        .is_ok_and(|said| said.trim() == format!("cargo-deny {VERSION}"))
}

fn install(workshop: &Workshop) -> anyhow::Result<()> {
    let mut command =
        workshop.cargo(&["install", "cargo-deny", "--version", VERSION, "--locked", "--debug", "--quiet"]);
    command.arg("--root").arg(workshop.tools());
    run(&mut command)
}
