//! The jars of `xtask/kafka/jars.txt`: fetched from Maven Central once, and held against their sums before anything
//! uses them.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::super::arrival::{Arrival, Wanted};

const LIST: &str = include_str!("../../../kafka/jars.txt");
const LIST_PATH: &str = "xtask/kafka/jars.txt";
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
    let missing: Vec<Wanted> = jars.iter().filter(|jar| !folder.join(jar.file()).is_file()).map(Jar::wanted).collect();
    if !missing.is_empty() {
        eprintln!("fetching {} jars of Kafka's broker from Maven Central", missing.len());
        let arrival = Arrival::at(folder)?;
        if let Some(why) = arrival.download(&missing)? {
            return Ok(Jars::OutOfReach(format!("{CENTRAL}: {why}")));
        }
        arrival.accept(&missing, LIST_PATH, folder)?;
    }
    Ok(Jars::Here(jars.iter().map(|jar| folder.join(jar.file())).collect()))
}

impl Jar<'_> {
    fn file(&self) -> String {
        format!("{}-{}.jar", self.artifact, self.version)
    }

    fn address(&self) -> String {
        format!("{CENTRAL}/{}/{}/{}/{}", self.group, self.artifact, self.version, self.file())
    }

    fn wanted(&self) -> Wanted {
        Wanted { address: self.address(), file: self.file(), sum: self.sum.to_owned() }
    }
}

fn parse(list: &str) -> anyhow::Result<Vec<Jar<'_>>> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| jar(line).with_context(|| format!("{LIST_PATH}: `{line}` is no jar"))).collect()
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
}
