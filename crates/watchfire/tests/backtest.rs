//! Two policies over the same recording, or over what a store keeps of it: the difference, the scores, and the exit status that a check of rules needs.

use serde_json::Value;

use crate::support::Folder;

/// Two unrelated faults of two alerts each, minutes apart, and their truth.
const CMDB: &str = "items:\n  - {id: shop, class: service, requires: [db-1]}\n  - {id: db-1, class: database}\n  \
                    - {id: mail, class: service, requires: [mta-1]}\n  - {id: mta-1, class: application}\n";

fn recording(folder: &Folder) -> [String; 3] {
    let fired = [("db-1", "10:00:00"), ("shop", "10:00:20"), ("mta-1", "10:03:00"), ("mail", "10:03:10")];
    let event = |(ci, at): &(&str, &str)| {
        let at = format!("2026-05-01T{at}Z");
        format!(
            "{{\"kind\":\"alert\",\"source\":\"mon\",\"severity\":\"critical\",\"summary\":\"down\",\"ci\":\"{ci}\",\
             \"dedup_key\":\"{ci}\",\"starts_at\":\"{at}\",\"received_at\":\"{at}\"}}\n"
        )
    };
    let events: String = fired.iter().map(event).collect();
    let truth = "{\"index\":0,\"incident\":\"a\"}\n{\"index\":1,\"incident\":\"a\"}\n{\"index\":2,\"incident\":\"b\"}\n\
                 {\"index\":3,\"incident\":\"b\"}\n{\"incident\":\"a\",\"causes\":[\"db-1\"]}\n\
                 {\"incident\":\"b\",\"causes\":[\"mta-1\"]}\n";
    [("events.ndjson", events.as_str()), ("cmdb.yaml", CMDB), ("truth.ndjson", truth)]
        .map(|(name, text)| folder.write(name, text).display().to_string())
}

#[test]
fn a_policy_is_compared_with_a_simple_way_incident_by_incident() {
    let folder = Folder::new("backtest-simple");
    let [events, cmdb, truth] = recording(&folder);
    let inputs = ["backtest", &events, "--cmdb", &cmdb, "--truth", &truth];
    let compared = |baseline: &str| -> Value {
        let args = [&inputs[..], &["--baseline", baseline, "--format", "json"]].concat();
        serde_json::from_str(&folder.watchfire(&args).succeeded().out).unwrap()
    };
    let apart = compared("simple:alone");
    assert_eq!(apart["differences"].as_array().unwrap().len(), 2, "{apart:#}");
    assert_eq!(apart["differences"][0]["change"], "merged");
    assert_eq!((&apart["old"]["incidents"], &apart["new"]["incidents"]), (&4.into(), &2.into()));
    assert_eq!(apart["new"]["score"]["b_cubed_f1"], 1.0);
    assert_eq!(apart["new"]["score"]["causes"]["top_1"], 1.0);
    let together = compared("simple:gap=5m");
    assert_eq!(together["differences"][0]["change"], "split");
    assert_eq!(together["old"]["score"]["b_cubed_precision"], 0.5);
    assert_eq!(compared("simple:component=5m")["same"], 2);
}

#[test]
fn two_pipelines_are_compared_and_a_score_below_its_minimum_is_a_failure() {
    let folder = Folder::new("backtest-pipelines");
    let [events, cmdb, truth] = recording(&folder);
    let narrow = folder.write("narrow.yaml", "name: narrow\njoin_window: {gap: 5s}\n").display().to_string();
    let inputs = ["backtest", &events, "--cmdb", &cmdb, "--truth", &truth];
    let with = |more: &[&str]| folder.watchfire(&[&inputs[..], more].concat());
    let told = with(&["--baseline", &narrow, "--min-f1", "1", "--min-top1", "1"]).succeeded();
    assert!(told.out.contains("2 merged; 0 incidents are the same"), "{}", told.out);
    with(&["--pipeline", &narrow, "--min-f1", "0.95"]).ended(1).told("B-cubed F1 is").told("below 0.95 (--min-f1)");
    with(&["--min-f1", "95"]).ended(2).told("`95` is no share");
    with(&["--baseline", "simple:clever"]).ended(2).told("`simple:clever` is no way of grouping");
    folder.watchfire(&["backtest", &events, "--min-f1", "0.9"]).ended(2).told("--truth");
}

#[test]
fn a_truth_that_contradicts_itself_or_the_cmdb_is_refused() {
    let folder = Folder::new("backtest-truth");
    let [events, cmdb, truth] = recording(&folder);
    let sound = std::fs::read_to_string(&truth).unwrap();
    let with = |more: &str| {
        let truth = folder.write("odd.ndjson", &format!("{sound}{more}\n")).display().to_string();
        folder.watchfire(&["backtest", &events, "--cmdb", &cmdb, "--truth", &truth, "--min-f1", "0"])
    };
    with("{\"index\":0,\"incident\":\"b\"}").ended(1).told("odd.ndjson: line 7: event 0 is in incident `b` here");
    with("{\"incident\":\"c\",\"causes\":[\"db-1\"]}").ended(1).told("line 7: incident `c` has causes and no events");
    let told = with("{\"index\":9,\"incident\":\"c\"}\n{\"incident\":\"c\",\"causes\":[\"db1\"]}").ended(1);
    told.told("line 8: no item of the CMDB has the id `db1`").told("near is `db-1`");
    let none = folder.write("none.yaml", "items: []\n").display().to_string();
    folder.watchfire(&["backtest", &events, "--cmdb", &none, "--truth", &truth, "--min-f1", "0"]).succeeded();
}

#[test]
fn a_store_is_played_again_and_held_against_what_happened() {
    let folder = Folder::new("backtest-store");
    let [events, cmdb, truth] = recording(&folder);
    folder.watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", "sqlite://kept.db"]).succeeded();
    let with = |more: &[&str]| folder.watchfire(&[&["backtest", "sqlite://kept.db"], more].concat());
    let told = with(&[]).succeeded();
    assert!(told.out.contains("no difference; 2 incidents are the same"), "{}", told.out);
    assert!(told.out.starts_with("old  what really happened: "), "{}", told.out);
    assert!(told.out.contains("with what people corrected") && told.out.contains("`--baseline`"), "{}", told.out);
    assert!(told.out.contains("\nnew  the shipped pipelines\n"), "{}", told.out);
    told.told("4 inputs from 2026-05-01T10:00:00Z").told("are counted in the store and not kept").told("`bind`");
    let narrow = folder.write("narrow.yaml", "name: narrow\njoin_window: {gap: 5s}\n").display().to_string();
    let split = with(&["--pipeline", &narrow]).succeeded();
    assert!(split.out.contains("2 split; 0 incidents are the same"), "{}", split.out);
    let merged = with(&["--baseline", &narrow]).succeeded();
    assert!(merged.out.contains("2 merged; 0 incidents are the same"), "{}", merged.out);
    assert!(merged.out.starts_with(&format!("old  the pipelines of {narrow}\nnew  the shipped")), "{}", merged.out);
    let simple = with(&["--baseline", "simple:alone"]).succeeded();
    assert!(simple.out.starts_with("old  a simple way of grouping, simple:alone\n"), "{}", simple.out);
    assert!(simple.out.contains("2 merged; 0 incidents are the same"), "{}", simple.out);
    // Another CMDB, of which nothing hangs together, in place of its own.
    let apart = folder.write("apart.yaml", "items:\n  - {id: mail, class: service}\n").display().to_string();
    let told = folder.watchfire(&["backtest", "--cmdb", &apart, "sqlite://kept.db"]).succeeded();
    assert!(!told.out.contains("no difference"), "{}", told.out);
    let late = with(&["--from", "-1m", "--format", "json"]).succeeded();
    let late: Value = serde_json::from_str(&late.out).unwrap();
    assert_eq!((&late["old"]["policy"], &late["new"]["policy"]), (&"happened".into(), &"shipped".into()));
    assert_eq!((&late["new"]["events"], &late["same"]), (&4.into(), &2.into()), "what still fires is read whole");
    let early: Value =
        serde_json::from_str(&with(&["--to", "2026-05-01T10:02:00Z", "--format", "json"]).succeeded().out).unwrap();
    assert_eq!((&early["old"]["incidents"], &early["new"]["incidents"]), (&1.into(), &1.into()));
    with(&["--truth", &truth]).ended(2).told("write `--truth store`");
    with(&["--truth", "store", "--min-ari", "0.5"]).ended(2).told("use --min-agreement");
    with(&["--truth", "store", "--min-agreement", "0.5"]).ended(1).told("people judged nothing");
    with(&["--from", "2026-05-02", "--to", "2026-05-01"]).ended(1).told("is not after");
    folder.watchfire(&["backtest", &events, "--truth", "store"]).ended(2).told("play a store such as");
    folder.watchfire(&["backtest", &events, "--from", "-1d"]).ended(2).told("a recording is played whole");
    folder.watchfire(&["backtest", "sqlite://kept.db", &events]).ended(2).told("played alone");
    folder.watchfire(&["backtest", "mysql://kept"]).ended(2).told("no store that this version knows");
    folder.watchfire(&["backtest", "sqlite://missing.db"]).ended(1).told("missing.db");
}

#[test]
fn what_cannot_be_read_is_told_and_where_that_is_everything_nothing_is_compared() {
    let folder = Folder::new("backtest-garbage");
    let [events, cmdb, _] = recording(&folder);
    let garbage = folder.write("garbage.ndjson", "no event\nnor this\n").display().to_string();
    let told = folder.watchfire(&["backtest", &garbage]).ended(1);
    told.told("garbage.ndjson:1: ").told("garbage.ndjson:2: ").told("2 of 2 in all").told("no event could be read");
    assert!(!told.out.contains("no difference"), "{}", told.out);
    let empty = folder.write("empty.ndjson", "").display().to_string();
    folder.watchfire(&["backtest", &empty]).ended(1).told("no event could be read");
    let partly = folder.watchfire(&["backtest", &events, &garbage, "--cmdb", &cmdb]).succeeded();
    partly.told("garbage.ndjson:1: ").told("2 of 6 in all");
    folder.watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", "sqlite://kept.db"]).succeeded();
    let told = folder.watchfire(&["backtest", "kept.db"]).ended(2);
    told.told("kept.db: this is a SQLite store: say sqlite://kept.db");
}
