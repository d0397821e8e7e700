//! A replay makes the same bytes each time, however its events come.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{Folder, data};

const UNTIL: [&str; 2] = ["--until", "2026-05-05T00:00:00Z"];

fn outputs(folder: &Folder, name: &str) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder.path().join(name)).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn two_replays_write_the_same_bytes() {
    let folder = Folder::new("twice");
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    for (out, store) in [("one", Some("sqlite://one.db")), ("two", Some("sqlite://two.db")), ("three", None)] {
        let mut args = vec!["replay", &events, "--cmdb", &cmdb, "--out", out];
        args.extend(store.iter().flat_map(|store| ["--store", store]));
        args.extend(UNTIL);
        assert_eq!(folder.watchfire(&args).succeeded().out, "");
    }
    let one = outputs(&folder, "one");
    let names: Vec<&str> = one.keys().map(String::as_str).collect();
    assert_eq!(names, ["alerts.ndjson", "incidents.ndjson", "links.ndjson", "outages.ndjson", "problems.ndjson"]);
    let lines = |name: &str| one[name].iter().filter(|byte| **byte == b'\n').count();
    let recorded = std::fs::read_to_string(&events).unwrap().lines().count();
    assert_eq!(lines("links.ndjson"), recorded, "one line for each event");
    assert!(lines("incidents.ndjson") >= 6 && lines("alerts.ndjson") >= 7 && lines("outages.ndjson") > 0);
    assert_eq!(one, outputs(&folder, "two"), "another store of the same kind");
    assert_eq!(one, outputs(&folder, "three"), "a store in memory");
}

#[test]
fn several_files_and_standard_input_are_one_stream() {
    let folder = Folder::new("stream");
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    folder.watchfire(&["replay", "--cmdb", &cmdb, &events, "--out", "whole"]).succeeded();
    folder.watchfire(&["replay", "--cmdb", &cmdb]).ended(2).told("no recording is named");
    let text = std::fs::read_to_string(&events).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (first, rest) = lines.split_at(9);
    let first = folder.write("first.ndjson", &(first.join("\n") + "\n\n"));
    let mut command = folder.command(&["replay", &first.display().to_string(), "-", "--cmdb", &cmdb, "--out", "parts"]);
    let mut running = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(rest.join("\n").as_bytes()).unwrap();
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(outputs(&folder, "whole"), outputs(&folder, "parts"));
}

#[test]
fn what_cannot_be_read_or_written_is_named() {
    let folder = Folder::new("named");
    let at = folder.path().join("a.ndjson").display().to_string();
    std::fs::create_dir(&at).unwrap();
    folder.watchfire(&["replay", &at]).ended(1).told(&format!("{at}: Is a directory"));
    let events = data("service-levels-example/events.ndjson");
    let taken = folder.write("taken", "").display().to_string();
    folder.watchfire(&["replay", &events, "--out", &taken]).ended(1).told(&format!("{taken} cannot be written: "));
    let out = folder.path().join("out");
    std::fs::create_dir_all(out.join("alerts.ndjson")).unwrap();
    let told = folder.watchfire(&["replay", &events, "--out", &out.display().to_string()]).ended(1);
    told.told("alerts.ndjson cannot be written: ");
}

#[test]
fn a_store_that_holds_something_is_refused() {
    let folder = Folder::new("not-empty");
    let events = data("service-levels-example/events.ndjson");
    let args = ["replay", &events, "--store", "sqlite://x.db"];
    folder.watchfire(&args).succeeded();
    folder.watchfire(&args).ended(1).told("the store must be empty");
}

#[test]
fn what_cannot_be_read_is_kept_as_rejected_and_missing_files_are_named() {
    let folder = Folder::new("odd");
    let events = folder
        .write("odd.ndjson", "{\"summary\":\"disk full\",\"received_at\":\"2026-05-01T10:00:00Z\"}\n\nnot json\n");
    let told = folder.watchfire(&["replay", &events.display().to_string(), "--out", "out"]).succeeded();
    told.told("2 events").told("1 rejected");
    told.told("odd.ndjson:3: ").told("out/links.ndjson has all 1");
    let many = folder.write("many.ndjson", &"no json either\n".repeat(8));
    let told = folder.watchfire(&["replay", &events.display().to_string(), &many.display().to_string()]).succeeded();
    told.told("odd.ndjson:3: ").told("many.ndjson:4: ").told("9 in all: --out DIR writes them to DIR/links.ndjson");
    assert!(!told.err.contains("many.ndjson:5"), "only the first few: {}", told.err);
    let mut piped = folder.command(&["replay", "-"]);
    let mut piped = piped.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(b"\nno json\n").unwrap();
    let told = String::from_utf8(piped.wait_with_output().unwrap().stderr).unwrap();
    assert!(told.contains("rejected: event 1: "), "{told}");
    let links = String::from_utf8(outputs(&folder, "out").remove("links.ndjson").unwrap()).unwrap();
    assert!(links.lines().nth(1).unwrap().contains("\"disposition\":\"rejected\""), "{links}");
    folder.watchfire(&["replay", "nowhere.ndjson"]).ended(1).told("nowhere.ndjson");
    let broken = folder.write("broken.yaml", "items:\n  - {id: a, class: host, requres: [b]}\n");
    let broken = broken.display().to_string();
    folder
        .watchfire(&["replay", &events.display().to_string(), "--cmdb", &broken])
        .ended(1)
        .told("broken.yaml:2:26: unknown key `requres`: did you mean `requires`?");
}

#[test]
fn what_was_taken_otherwise_than_it_was_said_is_told_once_for_each_kind() {
    let folder = Folder::new("notices");
    let cmdb = folder.write("cmdb.yaml", "items:\n  - {id: db-1, class: database}\n").display().to_string();
    let event = |more: &str| format!("{{\"summary\":\"a\",\"received_at\":\"2026-05-01T10:00:00Z\",{more}}}\n");
    let lines = [
        event("\"ci\":\"db-1\",\"severity\":\"catastrophic\""),
        event("\"ci\":\"db-01\""),
        event("\"ci\":\"elsewhere\""),
        event("\"starts_at\":\"2020-01-01T00:00:00Z\""),
    ];
    let events = folder.write("events.ndjson", &lines.concat()).display().to_string();
    let told = folder.watchfire(&["replay", &events, "--cmdb", &cmdb, "--until", "2026-05-01T09:00:00Z"]).succeeded();
    told.told("unknown_severity, 1 time, first at ").told("events.ndjson:1: severity `catastrophic` is unknown");
    told.told("unknown_item, 2 times, first at ").told("events.ndjson:2: no item of the CMDB has the id `db-01`");
    told.told("near are `db-1`").told("long_ago, 1 time, first at ");
    told.told("--until 2026-05-01T09:00:00Z lies before the last receipt, 2026-05-01T10:00:00Z");
    let told = folder.watchfire(&["replay", &events]).succeeded();
    assert!(!told.err.contains("unknown_item"), "without a CMDB no name is wrong: {}", told.err);
}

#[test]
fn a_recording_of_which_nothing_could_be_taken_is_a_failure() {
    let folder = Folder::new("nothing-taken");
    let command = "{\"kind\":\"command\",\"action\":\"acknowledge\",\"dedup_key\":\"k\",\"by\":\"ana\",\
                   \"at\":\"2026-05-01T10:00:00Z\"}\n";
    let events = folder.write("bad.ndjson", &format!("no event\n{command}")).display().to_string();
    let told = folder.watchfire(&["replay", &events]).ended(1);
    told.told("bad.ndjson:1: ").told("bad.ndjson:2: ").told("failed: not one event could be taken");
    assert!(!told.err.contains("{\"code\""), "{}", told.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::new("pipe");
    let mut running = Command::new(env!("CARGO_BIN_EXE_watchfire"))
        .args(["completions", "bash"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(running.stdout.take());
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}
