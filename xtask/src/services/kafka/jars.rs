//! The jars of `xtask/kafka/jars.txt`: fetched from Maven Central once, and held against their sums before anything
//! uses them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::packages::find;

const LIST: &str = include_str!("../../../kafka/jars.txt");
const CENTRAL: &str = "https://repo1.maven.org/maven2";

/// A line of the list: `GROUP/AS/FOLDERS ARTIFACT VERSION SHA256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Jar<'a> {
    group: &'a str,
    artifact: &'a str,
    version: &'a str,
    sum: &'a str,
}

pub(super) enum Jars {
    Here(Vec<PathBuf>),
    /// Maven Central did not give them: why.
    OutOfReach(String),
}

pub(super) fn fetch(folder: &Path) -> anyhow::Result<Jars> {
    let jars = parse(LIST)?;
    let missing: Vec<Jar<'_>> = jars.iter().copied().filter(|jar| !folder.join(jar.file()).is_file()).collect();
    if !missing.is_empty() {
        eprintln!("fetching {} jars of Kafka's broker from Maven Central", missing.len());
        let arrival = Arrival::at(folder)?;
        if let Some(why) = arrival.download(&missing)? {
            return Ok(Jars::OutOfReach(why));
        }
        arrival.accept(&missing, folder)?;
    }
    Ok(Jars::Here(jars.iter().map(|jar| folder.join(jar.file())).collect()))
}

/// Where jars arrive, for as long as this lives. It is this process's own: two that fetch do not meet.
struct Arrival(PathBuf);

impl Arrival {
    fn at(folder: &Path) -> anyhow::Result<Arrival> {
        let place = folder.join(format!("arriving-{}", std::process::id()));
        std::fs::create_dir_all(&place).with_context(|| format!("{} cannot be made", place.display()))?;
        Ok(Arrival(place))
    }

    /// Why Maven Central did not give them, in curl's words.
    fn download(&self, jars: &[Jar<'_>]) -> anyhow::Result<Option<String>> {
        let curl = find("curl").context("`curl` is missing: install it (Debian: apt-get install curl)")?;
        let requests =
            jars.iter().map(|jar| format!("url = \"{}\"\noutput = \"{}\"\n", jar.address(), jar.file())).collect();
        let mut curl = self.with_list(&curl, "requests", requests)?;
        curl.args(["--parallel", "--fail", "--fail-early", "--silent", "--show-error", "--proto", "=https"]);
        curl.args(["--location", "--retry", "3", "--connect-timeout", "20", "--speed-time", "30"]);
        let said = curl.args(["--config", "requests"]).output().context("`curl` did not start")?;
        Ok((!said.status.success()).then(|| reason(&String::from_utf8_lossy(&said.stderr))))
    }

    /// Only what is what it should be comes where it is looked for.
    fn accept(&self, jars: &[Jar<'_>], folder: &Path) -> anyhow::Result<()> {
        let sums = jars.iter().map(|jar| format!("{}  {}\n", jar.sum, jar.file())).collect();
        let mut check = self.with_list(Path::new("sha256sum"), "sums", sums)?;
        let said = check.args(["--check", "--quiet", "--strict", "sums"]).output();
        let said = said.context("`sha256sum` did not start (Debian: apt-get install coreutils)")?;
        ensure!(
            said.status.success(),
            "what came from {CENTRAL} is not what xtask/kafka/jars.txt says: {}",
            String::from_utf8_lossy(&said.stdout).trim()
        );
        for jar in jars {
            std::fs::rename(self.0.join(jar.file()), folder.join(jar.file()))?;
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

impl Jar<'_> {
    fn file(&self) -> String {
        format!("{}-{}.jar", self.artifact, self.version)
    }

    fn address(&self) -> String {
        format!("{CENTRAL}/{}/{}/{}/{}", self.group, self.artifact, self.version, self.file())
    }
}

/// The last of its complaints: it may say the same of each jar, between the lines of its progress.
fn reason(said: &str) -> String {
    let mut complaints = said.lines().filter_map(|line| line.find("curl: ").and_then(|at| line.get(at..)));
    format!("{CENTRAL}: {}", complaints.next_back().unwrap_or("curl does not say why").trim())
}

fn parse(list: &str) -> anyhow::Result<Vec<Jar<'_>>> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| jar(line).with_context(|| format!("xtask/kafka/jars.txt: `{line}` is no jar"))).collect()
}

fn jar(line: &str) -> Option<Jar<'_>> {
    let mut words = line.split(' ');
    let jar = Jar { group: words.next()?, artifact: words.next()?, version: words.next()?, sum: words.next()? };
    let is_sum = jar.sum.len() == 64 && jar.sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_sum && words.next().is_none()).then_some(jar)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// In the form of a sum; of nothing.
    const SUM: &str = "1111111111111111111111111111111111111111111111111111111111111111";

    fn scratch(test: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-jars-{test}-{}", std::process::id()))
    }

    #[test]
    fn the_list_is_sorted_and_names_no_file_twice() {
        let jars = parse(LIST).unwrap();
        assert!(jars.is_sorted());
        let files: BTreeSet<String> = jars.iter().map(Jar::file).collect();
        assert_eq!(files.len(), jars.len());
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./_-".contains(&byte));
        assert!(jars.iter().all(|jar| plain(&jar.address().replacen(':', "", 1))), "nothing that curl would quote");
    }

    #[test]
    fn the_list_is_of_the_version_that_it_was_resolved_for() {
        let (_, rest) = include_str!("../../../kafka/pom.xml").split_once("<kafka>").unwrap();
        let (version, _) = rest.split_once("</kafka>").unwrap();
        let jars = parse(LIST).unwrap();
        let kafka: Vec<&Jar<'_>> = jars.iter().filter(|jar| jar.group == "org/apache/kafka").collect();
        assert!(kafka.iter().any(|jar| jar.artifact == "kafka_2.13"), "the broker itself");
        assert!(kafka.iter().all(|jar| jar.version == version), "{kafka:?}");
    }

    #[test]
    fn a_line_that_is_no_jar_is_named() {
        let short = SUM.replacen('1', "", 1);
        let capital = SUM.replacen('1', "A", 1);
        for line in [
            "org/example example 1".to_owned(),
            format!("org/example example 1 {short}"),
            format!("org/example example 1 {capital}"),
            format!("org/example example 1 {SUM} more"),
        ] {
            let error = parse(&format!("# a list\n\n{line}\n")).unwrap_err();
            assert_eq!(error.to_string(), format!("xtask/kafka/jars.txt: `{line}` is no jar"));
        }
    }

    #[test]
    fn a_jar_is_where_maven_central_keeps_it() {
        let list = format!("org/example/deep example_2.13 1.0 {SUM}");
        assert_eq!(
            parse(&list).unwrap().first().unwrap().address(),
            "https://repo1.maven.org/maven2/org/example/deep/example_2.13/1.0/example_2.13-1.0.jar"
        );
    }

    #[test]
    fn out_of_reach_is_told_in_one_line() {
        let said = "DL% UL%  Dled\n--  --  0  curl: (6) Could not resolve host\ncurl: (7) Failed to connect\n--  -- \n";
        assert_eq!(reason(said), "https://repo1.maven.org/maven2: curl: (7) Failed to connect");
        assert_eq!(reason(""), "https://repo1.maven.org/maven2: curl does not say why");
    }

    #[test]
    fn a_jar_with_another_sum_is_not_accepted_one_with_its_own_is() {
        let folder = scratch("sums");
        let arrival = Arrival::at(&folder).unwrap();
        std::fs::write(arrival.0.join("good-1.jar"), "abc").unwrap();
        std::fs::write(arrival.0.join("bad-1.jar"), "abcd").unwrap();
        // The digest of `abc`, from the standard's own examples.
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let jar = |artifact| Jar { group: "org/example", artifact, version: "1", sum };
        let error = arrival.accept(&[jar("good"), jar("bad")], &folder).unwrap_err().to_string();
        assert!(error.contains("bad-1.jar: FAILED") && !error.contains("good"), "{error}");
        assert!(!folder.join("good-1.jar").exists(), "all or none");
        arrival.accept(&[jar("good")], &folder).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("good-1.jar")).unwrap(), "abc");
        drop(arrival);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "what arrived leaves nothing else behind");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
