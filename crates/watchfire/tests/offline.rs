//! Commands that need nothing but files.

use serde_json::Value;

use crate::support::{Folder, data};

#[test]
fn sound_files_are_said_to_be_sound() {
    let folder = Folder::new("sound");
    folder.write("cmdb.yaml", "items:\n  - {id: a, class: service}\n");
    folder.write("watchfire.yaml", "http: {listen: 127.0.0.1:9000}\ncmdb: [cmdb.yaml]\n");
    let said = folder.watchfire(&["check", "."]).succeeded();
    said.told("sound: 2 files (./cmdb.yaml, ./watchfire.yaml)");
    folder.watchfire(&["check", "watchfire.yaml"]).succeeded().told("sound: 2 files (cmdb.yaml, watchfire.yaml)");
    assert_eq!(said.out, "");
    let shipped = data("../../pipelines");
    folder.watchfire(&["check", &shipped]).succeeded();
    folder.watchfire(&["test", &shipped]).succeeded().told(" 0 failed");
}

#[test]
fn each_fault_has_its_place_and_what_to_do() {
    let folder = Folder::new("faults");
    folder.write("w.yaml", "http:\n  lisen: 127.0.0.1:1\n");
    folder.write(
        "cmdb.yaml",
        "items:\n  - id: a\n    class: service\n    requires: [b]\n  - {id: c, class: host, criticality: 7}\n",
    );
    folder.write("p/pipeline.yaml", "name: x\nmatch: {source: x}\ngroup_wiat: 5s\n");
    folder.write("p/cases/a.yaml", "name: a\nstart: soon\nevents: []\nexpect: {alerts: 1}\n");
    let said = folder.watchfire(&["check", "w.yaml", "cmdb.yaml", "p"]).ended(1);
    for fault in [
        "w.yaml:2:3: unknown key `lisen`: did you mean `listen`?",
        "cmdb.yaml:4:16: item `a`: `requires` names `b`, which no item has as its id",
        "cmdb.yaml:5:10: item `c`: criticality is 7",
        "p/pipeline.yaml:3:1: unknown key `group_wiat`: did you mean `group_wait`?",
        "p/cases/a.yaml:2:8: `start` is `soon`: write an instant",
    ] {
        said.told(fault);
    }
    said.told("5 faults");
    assert_eq!(said.out, "");
}

#[test]
fn faults_stand_in_the_order_of_the_file() {
    let folder = Folder::new("order");
    let rest = "# nothing\n".repeat(7);
    folder.write("p.yaml", &format!("name: x\nordr: own\n{rest}exipry: clock\n"));
    let said = folder.watchfire(&["check", "p.yaml"]).ended(1);
    let places: Vec<&str> = said.err.lines().filter_map(|line| line.split(": ").next()).take(2).collect();
    assert_eq!(places, ["p.yaml:2:1", "p.yaml:10:1"], "{}", said.err);
}

#[test]
fn a_variable_that_means_nothing_is_told_where_a_configuration_is_checked() {
    let folder = Folder::new("variables");
    folder.write("w.yaml", "http: {listen: 127.0.0.1:9000}\n");
    let output = folder.command(&["check", "w.yaml"]).env("WATCHFIRE_HTTP__LISEN", "x").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.contains("did you mean WATCHFIRE_HTTP__LISTEN?"), "{told}");
}

#[test]
fn a_configuration_is_checked_with_what_it_names() {
    let folder = Folder::new("named");
    folder.write("etc/w.yaml", "cmdb: [cmdb.yaml]\npipelines: [pipelines]\n");
    folder.watchfire(&["check", "etc/w.yaml"]).ended(1).told("etc/w.yaml: ").told("cmdb.yaml cannot be read");
    folder.write("etc/cmdb.yaml", "items:\n  - {id: a, class: host, requires: [a]}\n");
    folder.write("etc/pipelines/mine.yaml", "name: mine\nmatch: {source: mine}\norder: sideways\n");
    let said = folder.watchfire(&["check", "etc/w.yaml"]).ended(1);
    said.told("etc/cmdb.yaml:2:").told("names the item itself").told("etc/pipelines/mine.yaml:3:8: `order`");
    folder.write("etc/cmdb.yaml", "items:\n  - {id: a, class: host}\n");
    folder.write("etc/pipelines/mine.yaml", "name: mine\nmatch: {source: mine}\n");
    let sound = folder.watchfire(&["check", "etc/w.yaml"]).succeeded();
    sound.told("sound: 3 files (etc/cmdb.yaml, etc/pipelines/mine.yaml, etc/w.yaml)");
    folder.write("open.yaml", "http: {listen: 0.0.0.0:8080}\n");
    folder.watchfire(&["check", "open.yaml"]).ended(1).told("auth.tokens");
}

#[test]
fn secrets_are_read_to_check_as_they_are_to_run() {
    let folder = Folder::new("secrets");
    let configured = "http: {listen: '127.0.0.1:0'}\nauth: {tokens: [{name: a, role: admin, token_file: a.token}]}\n";
    folder.write("w.yaml", configured);
    let refused = |what: &str| {
        for command in [&["check", "w.yaml"][..], &["run", "--config", "w.yaml"]] {
            let said = folder.watchfire(command).ended(1);
            said.told("w.yaml:2:52: `auth.tokens[0].token_file`").told("a.token").told(what);
        }
        assert!(!folder.path().join("watchfire-data").exists(), "nothing was begun");
    };
    refused("cannot be read");
    folder.write("a.token", "short\n");
    refused("fewer than 16 characters");
    folder.write("a.token", "long-enough-for-a-token\n");
    folder.watchfire(&["check", "w.yaml"]).succeeded();
}

#[test]
fn a_case_that_comes_out_otherwise_fails_and_says_how() {
    let folder = Folder::new("case");
    folder.write("pipelines/mine/pipeline.yaml", "name: mine\nmatch: {source: mine}\n");
    let case = |alerts: u32| {
        format!(
            "name: one alert\nstart: 2026-05-01T10:00:00Z\nevents:\n  \
             - {{at: 0s, source: mine, event: {{summary: full, severity: critical}}}}\nexpect: {{alerts: {alerts}}}\n"
        )
    };
    folder.write("pipelines/mine/cases/good.yaml", &case(1));
    folder.watchfire(&["test", "pipelines"]).succeeded().told("ok").told("1 cases, 0 failed");
    folder.write("pipelines/mine/cases/bad.yaml", &case(2));
    let said = folder.watchfire(&["test", "pipelines"]).ended(1);
    said.told("failed pipelines/mine/cases/bad.yaml").told("alerts: expected 2, found 1").told("2 cases, 1 failed");
    folder.watchfire(&["test", "pipelines/mine/cases/good.yaml"]).succeeded();
    folder.write("empty/readme.txt", "");
    folder.watchfire(&["test", "empty"]).ended(1).told("no case found");
}

#[test]
fn a_cmdb_is_checked_strictly_or_with_lenience() {
    let folder = Folder::new("cmdb");
    folder.write("a.yaml", "items:\n  - {id: a, class: service, requires: [b, ghost]}\n");
    folder.write("b.yaml", "items:\n  - {id: b, class: host}\n");
    folder.watchfire(&["cmdb", "check", "a.yaml", "b.yaml"]).ended(1).told("a.yaml:2:43: item `a`");
    let lenient = folder.watchfire(&["cmdb", "check", "--lenient", "a.yaml", "b.yaml"]).succeeded();
    lenient.told("`ghost`").told("(left out)").told("sound: 2 items");
    folder.watchfire(&["cmdb", "import", "a.yaml", "--url", "http://127.0.0.1:9"]).ended(1).told("nothing answers");
    folder.watchfire(&["cmdb", "import", "a.yaml", "--allow-removals"]).ended(2).told("--replace");
}

#[test]
fn what_the_last_commit_ended_has_ended() {
    let folder = Folder::new("ended");
    let cmdb = "items: [{id: shop, class: service, criticality: 1}]\n";
    let event = |status: &str, ends_at: &str, received_at: &str| {
        format!(
            r#"{{"kind": "alert", "source": "m", "id": "{status}", "status": "{status}", "severity": "critical",
            "summary": "down", "ci": "shop", "dedup_key": "k", "starts_at": "2026-05-04T10:00:00Z",
            "ends_at": {ends_at}, "received_at": "{received_at}"}}"#
        )
        .replace('\n', "")
    };
    let ended = "2026-05-04T10:00:05Z";
    let events = [event("firing", "null", "2026-05-04T10:00:00Z"), event("resolved", &format!("\"{ended}\""), ended)];
    folder.write("c.yaml", cmdb);
    folder.write("e.ndjson", &events.join("\n"));
    folder
        .watchfire(&["replay", "e.ndjson", "--cmdb", "c.yaml", "--store", "sqlite://x.db", "--until", ended])
        .succeeded();
    let report = |kind: &str| {
        let args = ["report", kind, "--from", "-1h", "--store", "sqlite://x.db", "--format", "json"];
        let said = folder.watchfire(&args).succeeded().out;
        serde_json::from_str::<Value>(&said).unwrap()
    };
    let availability = &report("availability")["items"][0];
    assert_eq!((&availability["outages"], &availability["mean_outage_seconds"]), (&1.into(), &5.into()));
    assert_eq!(report("incidents")["items"][0]["mttr"]["mean_seconds"], 5);
    let told = folder.watchfire(&["report", "slo", "--store", "sqlite://x.db"]).succeeded();
    told.told("note: as of the last commit in the store, 2026-05-04T10:00:05Z").told("--url asks a running service");
}

#[test]
fn a_store_is_copied_and_examined() {
    let folder = Folder::new("store");
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    folder.watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", "sqlite://x.db"]).succeeded();
    folder.watchfire(&["store", "backup", "copy.db", "--store", "sqlite://x.db"]).succeeded();
    folder.watchfire(&["store", "backup", "copy.db", "--store", "sqlite://x.db"]).ended(2).told("copy.db: there is");
    let nowhere = folder.watchfire(&["store", "backup", "backups/monday.db", "--store", "sqlite://x.db"]).ended(2);
    nowhere.told("backups/monday.db: the folder does not exist: create it with `mkdir -p backups`");
    folder.watchfire(&["store", "check", "--store", "sqlite://copy.db"]).succeeded().told("sound:");
    for wrong in [
        &["availability", "--service", "typo"][..],
        &["availability", "--from", "-1h", "--to", "-2h"],
        &["incidents", "--time-zone", "Mars/Olympus"],
        &["slo", "--group-by", "month"],
    ] {
        let said = folder.watchfire(&[&["report", "--store", "sqlite://copy.db"], wrong].concat()).ended(2);
        assert!(said.out.is_empty() && said.err.starts_with("error:"), "{wrong:?}: {said:?}");
    }
    for missing in [&["--store", "sqlite://none.db"][..], &[]] {
        let said = folder.watchfire(&[&["report", "availability"], missing].concat()).ended(1);
        said.told("--store sqlite://PATH").told("--url");
    }
    folder.write("text.db", &"this is no database\n".repeat(300));
    let said = folder.watchfire(&["store", "check", "--store", "sqlite://text.db"]).ended(1);
    said.told("text.db is no database").told("restore a backup");
    assert!(!said.err.contains("watchfire store check"), "{}", said.err);
    let shown = folder.watchfire(&["cmdb", "show", "db-main", "--store", "sqlite://copy.db"]).succeeded();
    assert!(shown.out.contains("id: db-main") && shown.out.contains("rpo: 15m"), "{}", shown.out);
    folder.watchfire(&["cmdb", "show", "ghost", "--store", "sqlite://copy.db"]).ended(2).told("ghost");
}

#[test]
fn schemas_and_completions_are_all_that_is_on_standard_output() {
    let folder = Folder::new("schemas");
    for of in ["configuration", "pipeline", "cmdb"] {
        let said = folder.watchfire(&["schema", of]).succeeded();
        let schema: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(schema["type"], "object", "{of}");
        assert_eq!(said.err, "");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.watchfire(&["completions", shell]).succeeded().out.contains("watchfire"), "{shell}");
    }
}

#[test]
fn wrong_use_ends_with_two_and_help_with_zero() {
    let folder = Folder::new("use");
    for wrong in [&["chek"][..], &["check"], &["replay"], &["report", "weather"], &["run", "--role", "ingest"], &[]] {
        assert_eq!(folder.watchfire(wrong).ended(2).out, "", "{wrong:?}");
    }
    for right in [&["--help"][..], &["--version"], &["report", "--help"], &["incidents", "list", "-h"]] {
        let said = folder.watchfire(right).succeeded();
        assert!(said.out.contains("watchfire") && said.err.is_empty(), "{right:?}");
    }
    folder.watchfire(&["run", "--role", "ingest,api"]).ended(2).told("they meet over Kafka");
}

#[test]
fn a_check_remarks_on_what_is_allowed_and_hardly_meant() {
    let folder = Folder::new("hardly-meant");
    let items = "items:\n  - {id: a, class: host, requires: [b]}\n  - {id: b, class: host, requires: [a]}\n";
    let cmdb = folder.write("cmdb.yaml", items).display().to_string();
    folder
        .watchfire(&["check", &cmdb])
        .succeeded()
        .told("cmdb.yaml:2:")
        .told("a -> b -> a need each other in a circle");
    let matrix = "name: p\npriority: {matrix: [[P3, P2, P1], [P4, P3, P2], [P5, P4, P3]]}\n";
    let pipeline = folder.write("p.yaml", matrix).display().to_string();
    folder.watchfire(&["check", &pipeline]).succeeded().told("p.yaml:2:").told("makes what is graver P3");
}
