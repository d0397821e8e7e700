//! Where chores work: the root of the repository, the commands they start, the budget they give.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::budget::Budget;

#[derive(Debug)]
pub(crate) struct Workshop {
    root: PathBuf,
    budget: Budget,
    requires_services: bool,
}

impl Workshop {
    pub(crate) fn new(budget: Budget) -> Workshop {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Workshop { root: here.parent().unwrap_or(here).to_owned(), budget, requires_services: false }
    }

    /// Without a server that tests talk to, this one does not go on.
    pub(crate) fn requiring_services(self) -> Workshop {
        Workshop { requires_services: true, ..self }
    }

    pub(crate) fn requires_services(&self) -> bool {
        self.requires_services
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    pub(crate) fn built(&self) -> PathBuf {
        self.root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target")))
    }

    /// Where tools of ours are installed; built things are under `target/`, which nobody commits.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }

    pub(crate) fn command(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.root);
        command
    }

    /// The cargo that runs us, with the budget in its environment.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = self.command(cargo, args);
        self.budget.give_to(&mut command);
        command
    }
}

/// What whole-workspace builds are built with: Kafka as its users run it, over TLS too.
pub(crate) const WITH_TLS: &str = "--features=watchfire/kafka-tls,ingest-kafka/tls";

/// Says what it runs, runs it, and fails where it failed.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = spell(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("`{line}` did not start"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// What a command prints, or its error.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let line = spell(command);
    let output = command.stderr(Stdio::piped()).output().with_context(|| format!("`{line}` did not start"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed something that is not UTF-8"))
}

fn spell(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let workshop = Workshop::new(Budget::SHARE);
        let error = output(&mut workshop.command("sh", &["-c", "echo broken >&2; exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c echo broken >&2; exit 3` failed (exit status: 3): broken");
    }

    #[test]
    fn the_budget_reaches_the_tests() {
        let command = Workshop::new(Budget::FULL).cargo(&["test"]);
        let seeds = command.get_envs().find(|(name, _)| *name == "WATCHFIRE_SIM_SEEDS");
        let given = seeds.and_then(|(_, value)| value?.to_str()?.parse().ok());
        let inherited = std::env::var_os("WATCHFIRE_SIM_SEEDS");
        assert_eq!(given, inherited.is_none().then_some(Budget::FULL.sim_seeds));
    }
}
