//! The worked cases of docs/correlation.md come out as the page says.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::Folder;

/// The incidents of a case, each with its title, how many alerts it has, and its first cause.
fn decided(name: &str) -> Vec<(String, usize, Option<String>)> {
    let folder = Folder::new(&format!("worked-{name}"));
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/correlation");
    let at = |file: &str| page.join(file).display().to_string();
    let (events, cmdb) = (at(&format!("{name}.ndjson")), at("cmdb.yaml"));
    folder.watchfire(&["replay", &events, "--cmdb", &cmdb, "--out", "out"]).succeeded();
    let lines = std::fs::read_to_string(folder.path().join("out/incidents.ndjson")).unwrap();
    let incidents = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let told = |incident: Value| {
        let alerts = incident["alerts"].as_array().unwrap().len();
        (text(&incident["title"]).unwrap(), alerts, text(&incident["causes"][0]["ci"]))
    };
    incidents.map(told).collect()
}

fn page() -> String {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/correlation.md");
    std::fs::read_to_string(page).unwrap()
}

#[test]
fn what_is_explained_already_is_not_explained_again() {
    let incidents = decided("explained-once");
    let counts: Vec<usize> = incidents.iter().map(|(_, alerts, _)| *alerts).collect();
    assert_eq!(counts, [1, 3], "{incidents:?}");
    assert_eq!(incidents[1].2.as_deref(), Some("db-7"));
    assert!(page().contains(&incidents[1].0), "the page has the title `{}`", incidents[1].0);
}

#[test]
fn what_two_need_is_at_the_head_of_the_list_and_the_title_names_nothing() {
    let incidents = decided("shared");
    let causes: Vec<Option<&str>> = incidents.iter().map(|(.., cause)| cause.as_deref()).collect();
    assert_eq!((incidents[0].1, causes), (3, vec![Some("array-2"), Some("dns")]), "{incidents:?}");
    for (title, ..) in &incidents {
        assert!(title.ends_with("cause unclear") && page().contains(title), "the page has the title `{title}`");
    }
}

#[test]
fn what_began_together_four_times_is_one_incident_the_fifth_time() {
    let incidents = decided("experience");
    let counts: Vec<usize> = incidents.iter().map(|(_, alerts, _)| *alerts).collect();
    assert_eq!(counts, [1, 1, 1, 1, 1, 1, 1, 1, 2], "{incidents:?}");
}
