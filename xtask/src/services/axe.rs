//! axe-core, which looks for what shuts people out of a page: one script (MPL-2.0), fetched from the registry of npm
//! once, given to the tests of pages, and part of nothing that we ship.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::arrival::{Arrival, Wanted};
use crate::workshop::{Workshop, output};

const VERSION: &str = "4.14.1";
const SUM: &str = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745";
const REGISTRY: &str = "https://registry.npmjs.org";
/// In the package.
const SCRIPT: &str = "package/axe.min.js";
const VARIABLE: &str = "WATCHFIRE_TEST_AXE";

pub(super) struct Axe {
    folder: PathBuf,
}

impl Axe {
    pub(super) fn of(workshop: &Workshop) -> Axe {
        Axe { folder: workshop.tools().join("axe") }
    }

    pub(super) fn is_here(&self) -> bool {
        self.script().is_file()
    }

    /// What tests find it by.
    pub(super) fn variable(&self) -> Option<(&'static str, String)> {
        self.is_here().then(|| (VARIABLE, self.script().display().to_string()))
    }

    /// Where it is out of reach and nobody insists, that is said loudly.
    pub(super) fn up(&self, is_required: bool) -> anyhow::Result<()> {
        if self.is_here() {
            return Ok(());
        }
        eprintln!("fetching axe-core {VERSION} from the registry of npm");
        let arrival = Arrival::at(&self.folder)?;
        let wanted = [wanted(&registry(std::env::vars()))];
        if let Some(why) = arrival.download(&wanted)? {
            anyhow::ensure!(!is_required, "axe-core cannot be had: {why}");
            eprintln!("\n*** THE TESTS OF ACCESSIBILITY WILL NOT RUN: axe-core cannot be had ***\n{why}\n");
            return Ok(());
        }
        arrival.check(&wanted, "xtask/src/services/axe.rs")?;
        for one in &wanted {
            output(&mut unpack(arrival.folder(), &one.file))?;
        }
        std::fs::rename(arrival.folder().join(SCRIPT), self.script()).context("axe-core is not where it should be")
    }

    fn script(&self) -> PathBuf {
        self.folder.join(format!("axe-{VERSION}.min.js"))
    }
}

fn unpack(folder: &Path, archive: &str) -> Command {
    let mut command = Command::new("tar");
    command.current_dir(folder).args(["--extract", "--gzip", "--file", archive, SCRIPT]);
    command
}

fn wanted(registry: &str) -> Wanted {
    let file = format!("axe-core-{VERSION}.tgz");
    Wanted { address: format!("{registry}/axe-core/-/{file}"), file, sum: SUM.to_owned() }
}

/// As npm itself is told which registry to ask: by a variable, in capitals or not.
fn registry(variables: impl Iterator<Item = (String, String)>) -> String {
    let said = variables.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("npm_config_registry"));
    let registry = said.map(|(_, registry)| registry).filter(|registry| !registry.trim().is_empty());
    registry.unwrap_or_else(|| REGISTRY.to_owned()).trim().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_from_the_registry_that_npm_is_told_of() {
        let of = |variables: &[(&str, &str)]| {
            let owned: Vec<_> =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            wanted(&registry(owned.into_iter())).address
        };
        assert_eq!(of(&[]), format!("https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"));
        assert_eq!(of(&[("NPM_CONFIG_REGISTRY", "")]), of(&[]));
        let mirror = "https://mirror.example/npm/";
        let expected = format!("https://mirror.example/npm/axe-core/-/axe-core-{VERSION}.tgz");
        assert_eq!(of(&[("PATH", "x"), ("npm_config_registry", mirror)]), expected);
    }

    #[test]
    fn what_is_not_there_is_given_to_nobody() {
        let axe = Axe { folder: std::env::temp_dir().join(format!("xtask-no-axe-{}", std::process::id())) };
        assert!(!axe.is_here());
        assert_eq!(axe.variable(), None);
    }
}
