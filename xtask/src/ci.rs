//! `ci`: what a change must pass. The cheap checks first, then exactly what `cargo xtask test` runs.

use crate::parts::Part;
use crate::workshop::{WITH_TLS, Workshop, run};
use crate::{deny, proof, tidy};

pub(crate) fn parts() -> Vec<Part> {
    let mut parts = vec![
        Part { name: "format", about: "the code is formatted", run: format },
        Part { name: "tidy", about: "code and documents agree", run: tidy::run },
        Part { name: "clippy", about: "no lint speaks", run: clippy },
        Part { name: "doc", about: "the documentation builds, its links hold", run: doc },
        Part { name: "deny", about: "licences, sources and bans of what we depend on", run: deny::check },
    ];
    parts.extend(proof::parts());
    parts
}

fn format(workshop: &Workshop) -> anyhow::Result<()> {
    run(&mut workshop.cargo(&["fmt", "--all", "--check"]))
}

fn clippy(workshop: &Workshop) -> anyhow::Result<()> {
    let args = ["clippy", "--workspace", WITH_TLS, "--all-targets", "--quiet", "--", "-D", "warnings"];
    run(&mut workshop.cargo(&args))
}

fn doc(workshop: &Workshop) -> anyhow::Result<()> {
    let mut command = workshop.cargo(&["doc", "--workspace", WITH_TLS, "--no-deps", "--quiet"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_ends_with_the_very_parts_of_test() {
        let names = |parts: Vec<Part>| parts.into_iter().map(|part| part.name).collect::<Vec<_>>();
        let (ci, test) = (names(parts()), names(proof::parts()));
        assert!(ci.ends_with(&test), "{ci:?}");
        let mut distinct = ci.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), ci.len(), "--only needs names that are distinct");
    }
}
