//! What is fetched from somebody else's server: once, into a folder apart, and held against its sum before anything
//! uses it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::packages::find;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) address: String,
    /// What it is called here.
    pub(super) file: String,
    /// SHA-256, as small hexadecimal digits.
    pub(super) sum: String,
}

/// Where things arrive, for as long as this lives. It is this process's own: two that fetch do not meet.
pub(super) struct Arrival(PathBuf);

impl Arrival {
    pub(super) fn at(folder: &Path) -> anyhow::Result<Arrival> {
        let place = folder.join(format!("arriving-{}", std::process::id()));
        std::fs::create_dir_all(&place).with_context(|| format!("{} cannot be made", place.display()))?;
        Ok(Arrival(place))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Why the server did not give them, in curl's words.
    pub(super) fn download(&self, wanted: &[Wanted]) -> anyhow::Result<Option<String>> {
        let curl = find("curl").context("`curl` is missing: install it (Debian: apt-get install curl)")?;
        let requests =
            wanted.iter().map(|one| format!("url = \"{}\"\noutput = \"{}\"\n", one.address, one.file)).collect();
        let mut curl = self.with_list(&curl, "requests", requests)?;
        curl.args(["--parallel", "--fail", "--fail-early", "--silent", "--show-error", "--proto", "=https"]);
        curl.args(["--location", "--retry", "3", "--connect-timeout", "20", "--speed-time", "30"]);
        let said = curl.args(["--config", "requests"]).output().context("`curl` did not start")?;
        Ok((!said.status.success()).then(|| reason(&String::from_utf8_lossy(&said.stderr))))
    }

    /// Whether each is what it should be; `list` is where that is written.
    pub(super) fn check(&self, wanted: &[Wanted], list: &str) -> anyhow::Result<()> {
        let sums = wanted.iter().map(|one| format!("{}  {}\n", one.sum, one.file)).collect();
        let mut check = self.with_list(Path::new("sha256sum"), "sums", sums)?;
        let said = check.args(["--check", "--quiet", "--strict", "sums"]).output();
        let said = said.context("`sha256sum` did not start (Debian: apt-get install coreutils)")?;
        ensure!(
            said.status.success(),
            "what was fetched is not what {list} says: {}",
            String::from_utf8_lossy(&said.stdout).trim()
        );
        Ok(())
    }

    /// Only what is what it should be comes where it is looked for.
    pub(super) fn accept(&self, wanted: &[Wanted], list: &str, folder: &Path) -> anyhow::Result<()> {
        self.check(wanted, list)?;
        for one in wanted {
            std::fs::rename(self.0.join(&one.file), folder.join(&one.file))?;
        }
        Ok(())
    }

    fn with_list(&self, program: &Path, name: &str, list: String) -> anyhow::Result<Command> {
        std::fs::write(self.0.join(name), list)?;
        let mut command = Command::new(program);
        command.current_dir(&self.0);
        Ok(command)
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The last of curl's complaints: it may say the same of each file, between the lines of its progress.
fn reason(said: &str) -> String {
    let mut complaints = said.lines().filter_map(|line| line.find("curl: ").and_then(|at| line.get(at..)));
    complaints.next_back().unwrap_or("curl does not say why").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(test: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-arrival-{test}-{}", std::process::id()))
    }

    #[test]
    fn out_of_reach_is_told_in_one_line() {
        let said = "DL% UL%  Dled\n--  --  0  curl: (6) Could not resolve host\ncurl: (7) Failed to connect\n--  -- \n";
        assert_eq!(reason(said), "curl: (7) Failed to connect");
        assert_eq!(reason(""), "curl does not say why");
    }

    #[test]
    fn what_has_another_sum_is_not_accepted_what_has_its_own_is() {
        let folder = scratch("sums");
        let arrival = Arrival::at(&folder).unwrap();
        std::fs::write(arrival.0.join("good-1.jar"), "abc").unwrap();
        std::fs::write(arrival.0.join("bad-1.jar"), "abcd").unwrap();
        // The digest of `abc`, from the standard's own examples.
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let wanted = |file: &str| Wanted { address: String::new(), file: file.to_owned(), sum: sum.to_owned() };
        let both = [wanted("good-1.jar"), wanted("bad-1.jar")];
        let error = arrival.accept(&both, "a list", &folder).unwrap_err().to_string();
        assert!(error.contains("bad-1.jar: FAILED") && !error.contains("good") && error.contains("a list"), "{error}");
        assert!(!folder.join("good-1.jar").exists(), "all or none");
        arrival.accept(&[wanted("good-1.jar")], "a list", &folder).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("good-1.jar")).unwrap(), "abc");
        drop(arrival);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "what arrived leaves nothing else behind");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
