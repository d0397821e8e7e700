//! Two policies over the same recording: the difference, the scores, and the exit status that a check of rules needs.

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
