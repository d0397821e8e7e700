//! The running service, and the commands that people use against it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::running::{CMDB, FULL, PATIENCE, Service, ask, json};
use crate::support::Folder;

#[test]
fn an_incident_is_opened_acknowledged_explained_and_resolved_from_the_command_line() {
    let folder = Folder::new("life");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\nsources: [{name: test, heartbeat: 5m}, {name: zbx, heartbeat: 5m}]\n");
    let mut service = Service::start(&folder, &["--config", "w.yaml"]);
    let (status, answer) = service.post("/ingest/v1/events", None, FULL);
    assert_eq!((status, answer.contains("\"accepted\":1")), (202, true), "{answer}");
    let ask = |args: &[&str]| ask(&folder, &service, args);

    let incidents = json(ask(&["incidents", "list", "--format", "json"]));
    assert_eq!((incidents[0]["number"].as_str(), incidents[0]["priority"].as_str()), (Some("INC0000001"), Some("P1")));
    let table = ask(&["incidents", "list"]).succeeded().out;
    assert!(table.starts_with("NUMBER") && table.contains("INC0000001") && table.contains("P1"), "{table}");
    assert!(ask(&["incidents", "ack", "1"]).succeeded().out.contains("acknowledged"));
    ask(&["incidents", "comment", "INC1", "on my way"]).succeeded();
    let shown = ask(&["incidents", "show", "1"]).succeeded().out;
    assert!(shown.contains("checkout  down") && shown.contains("anonymous: on my way"), "{shown}");
    let explained = ask(&["incidents", "explain", "1"]).succeeded().out;
    assert!(explained.starts_with("INC0000001  ") && explained.contains("What was decided"), "{explained}");
    assert!(explained.contains("\n\npriority      P1 (impact 1, urgency 1; 1 is the gravest)\n"), "{explained}");
    ask(&["incidents", "assign", "1", "--team", "team-db"]).succeeded();
    ask(&["incidents", "hold", "1", "--for", "supplier", "--until", "+1h", "--reason", "a disk is coming"]).succeeded();
    let explained = ask(&["incidents", "explain", "1"]).succeeded().out;
    assert!(explained.contains("Which team has it\n  team-db: assigned by anonymous"), "{explained}");
    assert!(ask(&["incidents", "unhold", "1"]).succeeded().out.contains("team-db"));
    ask(&["incidents", "resolve", "1", "--notes", "done"]).ended(1).told("with a reason: --force --notes");
    let shown = ask(&["incidents", "show", "1"]).succeeded().out;
    let header = shown.lines().skip_while(|line| *line != "Alerts").nth(1).unwrap_or_default().to_owned();
    let words: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(words, ["STATE", "SEVERITY", "ITEM", "SINCE", "ID", "SUMMARY"], "{shown}");
    let line = shown.lines().find(|line| line.contains("alr_")).unwrap_or_default().to_owned();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(words[..3] == ["firing", "critical", "db-7"] && line.ends_with("disk full"), "{shown}");
    let short = words.iter().find(|word| word.starts_with("alr_")).unwrap().to_string();
    assert_eq!(short.len(), "alr_".len() + 8, "{shown}");
    let alert = ask(&["alerts", "show", &short]).succeeded().out;
    assert!(alert.contains("INC0000001") && !alert.contains("inc_"), "{alert}");
    assert!(alert.contains("bound by id db-7"), "{alert}");
    ask(&["incidents", "list", "--state", "bogus"]).ended(2).told("write open, acknowledged");
    for report in [&["report", "availability", "--service", "typo"][..], &["report", "slo", "--group-by", "month"]] {
        ask(report).ended(2);
    }
    let resolved = ask(&["incidents", "resolve", "1", "--notes", "we know better", "--force"]).succeeded().out;
    assert!(resolved.contains("resolved"), "{resolved}");
    assert!(ask(&["incidents", "list"]).succeeded().out.contains("No incidents."));
    ask(&["incidents", "show", "999"]).ended(1).told("INC0000999`: `watchfire incidents list --state all` names");
    ask(&["incidents", "ack", "foo"]).ended(1).told("a number is written INC0000123");

    let opened = ask(&["incidents", "open", "Customers cannot pay", "--ci", "checkout", "--detected-by", "customer"]);
    assert!(opened.succeeded().out.contains("INC0000002"));
    ask(&["incidents", "merge", "2", "--into", "1"]).ended(0);
    let merged = ask(&["incidents", "show", "2"]).succeeded().out;
    assert!(merged.contains("merged into     INC0000001\n"), "{merged}");
    let explained = ask(&["incidents", "explain", "2"]).succeeded().out;
    assert!(explained.contains("INC0000001") && !explained.contains("inc_"), "{explained}");
    let all = ask(&["alerts", "--state", "all", "--incident", "INC0000001"]).succeeded().out;
    assert!(all.contains("disk full"), "{all}");

    assert!(ask(&["services"]).succeeded().out.contains("checkout"));
    assert!(ask(&["services", "show", "checkout"]).succeeded().out.contains("criticality"));
    for unknown in [
        &["services", "show", "nosuch"][..],
        &["cmdb", "show", "nosuch"],
        &["incidents", "list", "--service", "nosuch"],
        &["incidents", "list", "--ci", "nosuch"],
        &["incidents", "open", "x", "--ci", "nosuch"],
        &["maintenance", "add", "--ci", "nosuch", "--for", "1h", "--reason", "x"],
        &["alerts", "--service", "nosuch"],
    ] {
        let said = ask(unknown).ended(2);
        said.told("`nosuch`").told("`watchfire services list`").told("`watchfire cmdb show ID`");
    }
    ask(&["incidents", "cause", "1", "db7"]).ended(2).told("`db7` (near are `db-7`)");
    ask(&["maintenance", "add", "--ci", "db7", "--for", "1h", "--comment", "x"]).ended(2).told("near are `db-7`");
    ask(&["silence", "add", "a=b", "--for", "1h", "--reason", "being cleaned"]).succeeded();
    assert!(ask(&["problems"]).succeeded().out.contains("No problems."));
    ask(&["problems", "open", "x"]).succeeded();
    ask(&["problems", "link", "1", "99"]).ended(1).told("`INC0000099`").told("`watchfire incidents list --state all`");
    ask(&["problems", "comment", "1", "a new disk is ordered"]).succeeded();
    let problem = ask(&["problems", "show", "1"]).succeeded().out;
    assert!(problem.contains("Z  anonymous: a new disk is ordered\n"), "{problem}");
    let alerts = json(ask(&["alerts", "list", "--state", "firing,resolved", "--format", "json"]));
    assert!(ask(&["alerts", "show", alerts[0]["id"].as_str().unwrap()]).succeeded().out.contains("disk full"));
    assert!(ask(&["cmdb", "show", "db-7"]).succeeded().out.contains("database"));
    let status = ask(&["status"]).succeeded().out;
    assert!(status.contains("CMDB items    2") && status.contains("test  heard"), "{status}");
    assert!(status.contains("zbx  never heard since it is waited for, from "), "{status}");

    service.signal("TERM");
    assert_eq!(service.ended(), Some(0));
    let again = Service::start(&folder, &["--config", "w.yaml"]);
    let shown = folder.watchfire(&["incidents", "list", "--state", "all", "--format", "json", "--url", &again.url()]);
    assert_eq!(json(shown).as_array().unwrap().len(), 2, "what was answered is still there");
    assert_eq!(json(self::ask(&folder, &again, &["status", "--format", "json"]))["cmdb_version"], 1, "no new version");
}

#[test]
fn an_alert_is_taken_out_and_an_incident_was_nothing_at_all() {
    let folder = Folder::new("nothing");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    for (disk, ci) in [("a", "db-7"), ("b", "db-7"), ("c", "ghost")] {
        let event = format!(
            r#"{{"source":"test","severity":"critical","summary":"disk {disk}","ci":"{ci}","dedup_key":"{disk}"}}"#
        );
        assert_eq!(service.post("/ingest/v1/events", None, &event).0, 202);
    }
    let cut = ask(&["alerts", "--limit", "1"]).succeeded();
    assert!(cut.out.ends_with("\nand more: these are the first 1, `--limit 10` shows others\n"), "{}", cut.out);
    assert!(!ask(&["alerts", "--limit", "3"]).succeeded().out.contains("and more"));
    let cut = ask(&["alerts", "--limit", "1", "--format", "json"]).succeeded();
    cut.told("note: and more");
    assert_eq!(json(cut).as_array().unwrap().len(), 1);

    let incident = json(ask(&["incidents", "show", "1", "--format", "json"]));
    let alerts = incident["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 2, "{incident}");
    let whole = alerts[0].as_str().unwrap();
    let short = whole.get(.."alr_".len() + 8).unwrap();
    let unbound = json(ask(&["alerts", "--q", "disk c", "--format", "json"]));
    let unbound = ask(&["alerts", "show", unbound[0]["id"].as_str().unwrap()]).succeeded().out;
    assert!(unbound.contains("\nnames         ghost\n"), "{unbound}");
    ask(&["incidents", "unlink", "1", "alr_zzz"])
        .ended(2)
        .told("`alr_zzz` is no id of an alert: one is alr_ and 32 hex");
    ask(&["incidents", "unlink", "1", short]).succeeded();
    let left = json(ask(&["incidents", "show", "1", "--format", "json"]));
    assert_eq!((left["alerts"].as_array().unwrap().len(), left["alerts"][0] == whole), (1, false), "{left}");

    ask(&["incidents", "comment", "1", "only a probe"]).succeeded();
    ask(&["incidents", "false-positive", "1"]).ended(2).told("--reason");
    assert!(ask(&["incidents", "false-positive", "1", "--reason", "a test"]).succeeded().out.contains("closed"));
    for page in ["show", "explain"] {
        let page = ask(&["incidents", page, "1"]).succeeded().out;
        assert!(page.contains("by anonymous, forced, as false_positive: a test\n"), "{page}");
        assert!(page.contains("only a probe\n"), "{page}");
        let instants: Vec<&str> =
            page.split_whitespace().filter(|word| word.starts_with("20") && word.contains('T')).collect();
        assert!(!instants.is_empty() && instants.iter().all(|at| !at.contains('.')), "{page}");
    }
    ask(&["incidents", "assign", "1"]).ended(2).told("--team <TEAM>|--assignee <PERSON>");
    ask(&["silence", "add", "a=b", "--comment", "x"]).ended(2).told("--to <INSTANT>|--for <DURATION>");
    let announce = ["maintenance", "add", "--ci", "db-7", "--reason", "x"];
    ask(&announce).ended(2).told("--to <INSTANT>|--for <DURATION>");
    ask(&[&announce[..], &["--for", "1h", "--to", "+1h"]].concat()).ended(2).told("cannot be used with");
}

#[test]
fn windows_and_silences_are_added_listed_and_ended() {
    let folder = Folder::new("windows");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    let announce = ["maintenance", "add", "--ci", "db-7", "--for", "2h", "--reason", "upgrade"];
    let refused = ask(&announce).ended(1);
    refused
        .told("checkout would be in maintenance: say --confirm")
        .told("services: checkout")
        .told("cis: checkout, db-7");
    assert!(!refused.err.contains("true"), "a person is not told the words of the API: {}", refused.err);
    assert!(ask(&[&announce[..], &["--confirm"]].concat()).succeeded().out.contains("upgrade"));
    let windows = json(ask(&["maintenance", "list", "--format", "json"]));
    assert_eq!(windows[0]["reason"], "upgrade");
    assert!(ask(&["maintenance", "list"]).succeeded().out.contains("in force"));
    assert_eq!(service.post("/ingest/v1/events", None, FULL).0, 202);
    let alerts = json(ask(&["alerts", "--format", "json"]));
    let held = ask(&["alerts", "show", alerts[0]["id"].as_str().unwrap()]).succeeded().out;
    assert!(
        held.contains("suppressed    held back by maintenance anonymous ") && held.contains(" of db-7 until "),
        "{held}"
    );
    let item = ask(&["cmdb", "show", "checkout"]).succeeded().out;
    assert!(item.contains("relations\n  requires db-7\n"), "{item}");
    ask(&["maintenance", "end", windows[0]["id"].as_str().unwrap()]).succeeded();
    ask(&["maintenance", "add", "--ci", "db-7", "--from", "now", "--to", "-1h", "--reason", "x"]).ended(2);
    ask(&[&announce[..], &["--id", "MW1", "--confirm"]].concat()).succeeded();
    assert_eq!(ask(&["maintenance", "end", "MW1"]).succeeded().out, "MW1 has ended\n");
    ask(&["maintenance", "end", "MW1"]).ended(1).told("over already");
    ask(&["maintenance", "end", "MW2"]).ended(1).told("MW2");
    let shown = ask(&["maintenance", "list"]).succeeded().out;
    assert!(shown.contains("STATE") && shown.contains("over"), "{shown}");

    ask(&["silence", "add", "alertname=Disk", "host=~web-.*", "--for", "1h", "--comment", "known"]).succeeded();
    ask(&["silence", "add", "nonsense", "--for", "1h", "--comment", "known"]).ended(2).told("matcher");
    let silences = json(ask(&["silence", "list", "--format", "json"]));
    let id = silences[0]["id"].as_str().unwrap_or_else(|| panic!("{silences}")).to_owned();
    ask(&["silence", "end", &id]).succeeded();
    ask(&["silence", "end", &id]).ended(1).told("ended already");
    assert!(ask(&["silence", "list"]).succeeded().out.contains("No silences."));
}

#[test]
fn a_cmdb_is_imported_by_halves_and_replaced_only_as_meant() {
    let folder = Folder::new("import");
    let service = Service::start(&folder, &[]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    folder.write("cmdb.yaml", CMDB);
    folder.write(
        "more.yaml",
        "items:\n  - {id: mail, class: service}\nrelationships:\n  - {from: checkout, type: uses, to: mail}\n",
    );
    folder.write("wrong.yaml", "items:\n  - {id: x, class: host}\n  - {id: y, class: host, requires: [ghost]}\n");
    ask(&["cmdb", "import", "cmdb.yaml", "--dry-run"]).succeeded().told("added 2: checkout, db-7").told("nothing was");
    ask(&["cmdb", "import", "cmdb.yaml"]).succeeded().told("version 1 of the CMDB is in force: 2 items");
    ask(&["cmdb", "import", "more.yaml"]).succeeded().told("added 1: mail").told("changed 1: checkout");
    ask(&["cmdb", "import", "wrong.yaml"]).ended(1).told("wrong.yaml:3:").told("`ghost`");
    ask(&["cmdb", "import", "wrong.yaml", "--lenient"]).succeeded().told("`ghost`");
    ask(&["cmdb", "import", "cmdb.yaml", "--replace"])
        .ended(1)
        .told("3 items would be removed")
        .told("--allow-removals");
    ask(&["cmdb", "import", "cmdb.yaml", "--replace", "--allow-removals"]).succeeded().told("removed 3: mail, x, y");
    let report = json(ask(&["report", "availability", "--from", "-1h", "--format", "json"]));
    assert_eq!(report["items"][0]["service"], "checkout");
}

#[test]
fn a_reload_is_whole_or_not_at_all() {
    let folder = Folder::new("reload");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let items = || json(ask(&folder, &service, &["status", "--format", "json"]))["cmdb_items"].clone();
    folder.write("cmdb.yaml", "items:\n  - {id: a, class: host, requires: [ghost]}\n");
    service.signal("HUP");
    let told = service.until("not reloaded");
    assert!(told.contains("cmdb.yaml:2:"), "{told}");
    assert_eq!(items(), 2);
    folder.write("cmdb.yaml", "items:\n\n  - {id: a, class: host, requires: [ghost]}\n");
    assert_eq!(service.post("/-/reload", None, "").0, 422);
    let told = service.until("cmdb.yaml:3:");
    assert!(told.contains("not reloaded"), "{told}");
    folder.write("cmdb.yaml", "items:\n  - {id: a, class: host}\n");
    let (status, answer) = service.post("/-/reload", None, "");
    assert_eq!(status, 200, "{answer}");
    assert_eq!(items(), 1);
}

#[test]
fn a_data_folder_has_one_process_and_a_token_is_asked_for() {
    let folder = Folder::new("one");
    folder.write("prom.token", "a-secret-of-the-pushers\n");
    folder.write("ana.token", "a-secret-of-anas-own\n");
    folder.write(
        "w.yaml",
        "auth: {tokens: [{name: prom, role: ingest, token_file: prom.token}, {name: ana, role: admin, token_file: ana.token}]}\n",
    );
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let mut second = folder.command(&["run", "--config", "w.yaml"]);
    let second = second.env("WATCHFIRE_HTTP__LISTEN", "127.0.0.1:0").output().unwrap();
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && told.contains("another process") && told.contains("pid"), "{told}");
    assert!(told.contains("`watchfire report`") && !told.contains("read-only"), "{told}");

    assert_eq!(service.post("/ingest/v1/events", None, FULL).0, 401);
    assert_eq!(service.post("/ingest/v1/events", Some("a-secret-of-the-pushers"), FULL).0, 202);
    ask(&folder, &service, &["incidents", "list"]).ended(1).told("WATCHFIRE_TOKEN");
    folder.write("wrong.token", "a-secret-of-nobody-here\n");
    let wrong = ask(&folder, &service, &["incidents", "list", "--token-file", "wrong.token"]).ended(1);
    wrong.told("does not know the token that was sent");
    ask(&folder, &service, &["status", "--token-file", "prom.token"]).ended(1).told("viewer");
    ask(&folder, &service, &["incidents", "ack", "1", "--token-file", "ana.token"]).succeeded();
    let shown = ask(&folder, &service, &["incidents", "show", "1", "--token-file", "ana.token", "--format", "json"]);
    assert_eq!(json(shown)["acknowledged_by"], "ana");
}

#[test]
fn a_page_of_another_site_can_neither_push_nor_read_where_no_tokens_are_asked_for() {
    let folder = Folder::new("pages");
    let service = Service::start(&folder, &[]);
    let own = format!("host: {}\r\n", service.address);
    let push = |headers: &str| service.ask("POST", "/ingest/v1/events", headers, FULL);
    let (status, said) = push(&format!("{own}origin: https://evil.example\r\n"));
    assert!(status == 403 && said.contains("auth.tokens"), "{status} {said}");
    assert_eq!(push(&format!("{own}origin: null\r\n")).0, 403);
    assert_eq!(push(&format!("{own}origin: http://{}\r\n", service.address)).0, 202);
    assert_eq!(push(&own).0, 202);
    // A name of its own that it made point here.
    let rebound = "host: evil.example:8080\r\n";
    for (method, path) in
        [("GET", "/api/v1/incidents"), ("POST", "/ingest/v1/events"), ("GET", "/-/healthy"), ("GET", "/x")]
    {
        let (status, said) = service.ask(method, path, &format!("{rebound}origin: http://evil.example:8080\r\n"), "");
        assert!(
            status == 403 && said.contains("auth.tokens") && said.contains("evil.example"),
            "{path} {status} {said}"
        );
    }
    assert_eq!(service.ask("GET", "/api/v1/incidents", "host: localhost\r\n", "").0, 200);
}

#[test]
fn who_asks_for_tokens_goes_by_any_name() {
    let folder = Folder::new("named");
    folder.write("ana.token", "a-secret-of-anas-own\n");
    folder.write("w.yaml", "auth: {tokens: [{name: ana, role: admin, token_file: ana.token}]}\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let token = "authorization: Bearer a-secret-of-anas-own\r\n";
    assert_eq!(service.ask("GET", "/api/v1/incidents", &format!("host: fire.example\r\n{token}"), "").0, 200);
}

#[test]
fn a_cmdb_that_comes_from_files_is_not_imported_beside_them() {
    let folder = Folder::new("files");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let own = format!("host: {}\r\n", service.address);
    let (status, said) = service.ask("PUT", "/api/v1/cmdb", &own, "items: [{id: x, class: host}]");
    assert_eq!(status, 409, "{said}");
    assert!(said.contains("cmdb.yaml") && said.contains("change them and reload"), "{said}");
    let dry = |query: &str| service.ask("PUT", &format!("/api/v1/cmdb?{query}"), &own, "items: [{id: x, class: host}]");
    let (status, said) = dry("dry_run=true");
    assert!(status == 200 && said.contains(r#""added":["x"]"#), "a dry run changes nothing: {status} {said}");
    assert_eq!(dry("dry_run=false").0, 409);
}

#[test]
fn what_others_could_reach_without_tokens_is_refused() {
    let folder = Folder::new("open");
    folder.write("w.yaml", "http: {listen: 0.0.0.0:0}\n");
    let said = folder.watchfire(&["run", "--config", "w.yaml"]).ended(1);
    said.told("w.yaml: `http.listen` is 0.0.0.0:0").told("auth.tokens");
    assert!(!folder.path().join("watchfire-data").exists());
}

#[test]
fn what_was_answered_survives_a_kill() {
    let folder = Folder::new("kill");
    let mut service = Service::start(&folder, &[]);
    for nth in 0..20 {
        let event = format!(r#"{{"source":"t","summary":"s{nth}","severity":"major","dedup_key":"k{nth}"}}"#);
        assert_eq!(service.post("/ingest/v1/events", None, &event).0, 202);
    }
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    let again = Service::start(&folder, &[]);
    let alerts = json(ask(&folder, &again, &["alerts", "--format", "json"]));
    assert_eq!(alerts.as_array().unwrap().len(), 20);
    folder.watchfire(&["store", "check"]).succeeded();
}

#[test]
fn a_key_stands_for_one_body_also_after_a_kill() {
    let folder = Folder::new("key");
    let mut service = Service::start(&folder, &[]);
    let push = |service: &Service, summary: &str| {
        let headers = format!("host: {}\r\nidempotency-key: k1\r\n", service.address);
        service.ask("POST", "/ingest/v1/events", &headers, &format!(r#"{{"source":"t","summary":"{summary}"}}"#))
    };
    let first = push(&service, "idem");
    assert_eq!(first.0, 202, "{}", first.1);
    let other = push(&service, "idem OTHER");
    assert!(other.0 == 422 && other.1.contains("send a new key"), "{other:?}");
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    let service = Service::start(&folder, &[]);
    assert_eq!(push(&service, "idem OTHER"), other);
    assert_eq!(push(&service, "idem"), first);
    let alerts = json(ask(&folder, &service, &["alerts", "--format", "json"]));
    assert_eq!(alerts.as_array().unwrap().len(), 1);
}

#[test]
fn a_watcher_sees_what_happens() {
    let folder = Folder::new("watch");
    let service = Service::start(&folder, &[]);
    let mut watcher = folder.command(&["incidents", "watch", "--url", &service.url()]);
    let mut watcher = watcher.stdout(Stdio::piped()).spawn().unwrap();
    let (to, lines) = channel();
    let out = BufReader::new(watcher.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
    let end = Instant::now() + PATIENCE;
    let mut nth = 0;
    let seen = loop {
        let event = format!(r#"{{"source":"t","summary":"s","severity":"critical","dedup_key":"k{nth}"}}"#);
        assert_eq!(service.post("/ingest/v1/events", None, &event).0, 202);
        nth += 1;
        match lines.recv_timeout(Duration::from_millis(300)) {
            Ok(line) => break line,
            Err(_) => assert!(Instant::now() < end, "nothing was seen"),
        }
    };
    assert!(seen.contains("INC00000") && seen.contains("open"), "{seen}");
    let number = seen.split_whitespace().find(|word| word.starts_with("INC")).unwrap();
    ask(&folder, &service, &["incidents", "ack", number]).succeeded();
    ask(&folder, &service, &["incidents", "comment", number, "on my way"]).succeeded();
    let mut told: Vec<String> = vec![seen.clone()];
    while !told.last().unwrap().contains("comment of anonymous") {
        told.push(lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{told:#?}")));
    }
    drop(watcher.kill());
    drop(watcher.wait());
    let said = |what: &str| told.iter().filter(|line| line.contains(number) && line.contains(what)).count();
    assert_eq!((said("  opened  "), said("  acknowledged  acknowledged")), (1, 1), "{told:#?}");
}

#[test]
fn the_watchdog_hears_from_us() {
    let folder = Folder::new("watchdog");
    let dog = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = dog.local_addr().unwrap();
    folder.write("w.yaml", &format!("watchdog: {{url: 'http://{address}/beat', every: 100ms}}\n"));
    let _service = Service::start(&folder, &["--config", "w.yaml"]);
    for _ in 0..2 {
        let (mut stream, _) = dog.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        assert_eq!(line, "GET /beat HTTP/1.1\r\n");
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    }
}

#[test]
fn whoever_is_to_be_told_is_told_and_the_message_is_signed() {
    let folder = Folder::new("notify");
    let hook = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", hook.local_addr().unwrap());
    folder.write("hook.secret", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n");
    folder.write("quick/pipeline.yaml", "name: quick\nmatch: {source: test}\ngroup_wait: 0s\n");
    let notify = format!("notify: [{{webhook: '{url}', secret_file: hook.secret}}]\nnotify_allow: [127.0.0.1]\n");
    folder.write("w.yaml", &format!("pipelines: [quick/pipeline.yaml]\n{notify}"));
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    assert_eq!(service.post("/ingest/v1/events", None, FULL).0, 202);
    let (mut stream, _) = hook.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let head: Vec<String> = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let line = head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {head:?}"));
        line.trim_start_matches(':').trim().to_owned()
    };
    assert!(header("webhook-signature").starts_with("v1,") && header("webhook-id").starts_with("msg_"), "{head:?}");
    let mut body = vec![0; header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    assert!(String::from_utf8(body).unwrap().contains("INC0000001"));
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    let end = Instant::now() + PATIENCE;
    while json(ask(&folder, &service, &["status", "--format", "json"]))["outbox_pending"] != 0 {
        assert!(Instant::now() < end, "it is never marked");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn nobody_there_is_said_with_what_to_do() {
    let folder = Folder::new("nobody");
    folder.watchfire(&["incidents", "list", "--url", "http://127.0.0.1:9"]).ended(1).told("start `watchfire run`");
    folder.watchfire(&["status", "--url", "localhost:8080"]).ended(2).told("http://");
}
