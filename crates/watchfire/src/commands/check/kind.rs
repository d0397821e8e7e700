//! What a file is.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::config;
use crate::files::TextFile;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Configuration,
    Pipeline,
    Cmdb,
    Case,
}

const CMDB_KEYS: [&str; 4] = ["classes", "calendars", "items", "relationships"];
const CASE_KEYS: [&str; 2] = ["events", "expect"];

impl Kind {
    /// Whose keys most of its keys are, else what its name says, else what its keys look like; `None`: nothing says
    /// anything.
    pub(super) fn of(file: &TextFile) -> Option<Kind> {
        let keys = keys(&file.text);
        let count = |known: &dyn Fn(&str) -> bool| keys.iter().filter(|key| known(key)).count();
        let schema = rules::schema();
        let of_pipeline = |key: &str| schema["properties"].get(key).is_some();
        let judged = [
            (Kind::Case, count(&|key| CASE_KEYS.contains(&key)) * keys.len()),
            (Kind::Cmdb, count(&|key| CMDB_KEYS.contains(&key))),
            (Kind::Configuration, count(&|key| config::KEYS.contains(&key))),
            (Kind::Pipeline, count(&of_pipeline)),
        ];
        let most = judged.iter().map(|(_, count)| *count).max().filter(|most| *most > 0);
        let by_keys = most.and_then(|most| judged.iter().find(|(_, count)| *count == most));
        by_keys.map(|(kind, _)| *kind).or_else(|| Kind::of_name(file)).or_else(|| Kind::misspelt(&keys))
    }

    /// Where every key is a slip of the pen for a configuration's.
    fn misspelt(keys: &[String]) -> Option<Kind> {
        let meant = |key: &String| config::nearest(key, &config::KEYS).is_some();
        (!keys.is_empty() && keys.iter().all(meant)).then_some(Kind::Configuration)
    }

    fn of_name(file: &TextFile) -> Option<Kind> {
        let names = |part: &str| file.path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains(part));
        let folder = file.path.parent().and_then(std::path::Path::file_name);
        match () {
            () if folder.is_some_and(|folder| folder == "cases") => Some(Kind::Case),
            () if names("pipeline") => Some(Kind::Pipeline),
            () if names("cmdb") => Some(Kind::Cmdb),
            () if names("watchfire") || names("config") => Some(Kind::Configuration),
            () => None,
        }
    }
}

/// At the top; of what is no YAML, the words that begin a line and end in a colon.
fn keys(text: &str) -> Vec<String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let read: Result<BTreeMap<String, IgnoredAny>, _> = serde_saphyr::from_str_with_options(text, options);
    let guessed = || {
        let heads = text.lines().filter_map(|line| line.split_once(':').map(|(head, _)| head));
        heads.filter(|head| !head.is_empty() && head.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    read.map_or_else(|_| guessed().map(str::to_owned).collect(), |keys| keys.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_keys_say_and_else_what_its_name_says() {
        for (path, text, expected) in [
            ("a.yaml", "items: [{id: a, class: host}]\n", Some(Kind::Cmdb)),
            ("a.json", r#"{"items": []}"#, Some(Kind::Cmdb)),
            ("a.yaml", "http: {listen: x}\ncmdb: [a]\n", Some(Kind::Configuration)),
            ("a.yaml", "name: prom\nmatch: {source: x}\n", Some(Kind::Pipeline)),
            ("a.yaml", "name: x\nstart: y\nevents: []\nexpect: {}\ncmdb: {}\n", Some(Kind::Case)),
            ("a.yaml", "items: [\nclasses: }\n", Some(Kind::Cmdb)),
            ("cmdb.yaml", "itms: []\n", Some(Kind::Cmdb)),
            ("x/pipeline.yaml", "", Some(Kind::Pipeline)),
            ("x/cases/a.yaml", "nam: x\n", Some(Kind::Case)),
            ("watchfire.yaml", "htp: {}\n", Some(Kind::Configuration)),
            ("wf.yaml", "htpp: {listen: x}\nstor: {url: y}\n", Some(Kind::Configuration)),
            ("compose.yaml", "services: {}\nvolumes: {}\n", None),
        ] {
            let file = TextFile { path: path.into(), text: text.to_owned() };
            assert_eq!(Kind::of(&file), expected, "{path} {text}");
        }
    }
}
