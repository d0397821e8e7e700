//! What people do from the command line, as they read it.

use crate::running::{CMDB, FULL, PATIENCE, Service, ask, json};
use crate::support::Folder;

#[test]
fn windows_that_recur_say_what_ended_what_is_cancelled_and_what_is_left() {
    let folder = Folder::new("recur");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    let announce = ["maintenance", "add", "--ci", "db-7", "--reason", "patches", "--confirm", "--rrule", "FREQ=DAILY"];
    let add = |more: &[&str]| ask(&[&announce[..], more].concat()).succeeded();
    add(&["--id", "MW1", "--from", "-30m", "--for", "25h"]).told("note: its occurrences overlap: that of ");
    let quiet = add(&["--id", "MW2", "--from", "-30m", "--for", "2h"]);
    assert!(!quiet.err.contains("overlap"), "{}", quiet.err);
    let window = || json(ask(&["maintenance", "show", "MW2", "--format", "json"]));
    let first = window()["next"]["starts_at"].as_str().unwrap().to_owned();
    assert!(
        ask(&["maintenance", "list"]).succeeded().out.contains(&first),
        "what is copied from a list is the whole instant"
    );
    let second = (model::Timestamp::parse(&first).unwrap() + model::Span::DAY).to_string();

    let said = ask(&["maintenance", "end", "MW2", "--occurrence", &second]).succeeded().out;
    assert!(said.starts_with(&format!("the occurrence of MW2 that was to begin at {second} is cancelled; ")), "{said}");
    assert!(said.contains(" lasts until "), "{said}");
    let shown = ask(&["maintenance", "show", "MW2"]).succeeded().out;
    assert!(shown.contains("Occurrences that are cancelled\n") && shown.contains("in force\n"), "{shown}");
    let said = ask(&["maintenance", "end", "MW2"]).succeeded().out;
    assert!(said.starts_with("the occurrence of MW2 that lasted has ended; the next one begins at "), "{said}");
    ask(&["maintenance", "end", "MW2"]).ended(1).told("--all ends all of them");
    let said = ask(&["maintenance", "end", "MW2", "--all"]).succeeded().out;
    assert_eq!(said, "MW2 has ended, and does not recur any more\n");
    let ended = &window()["previous"]["ends_at"];
    let listed = ask(&["maintenance", "list", "--state", "over"]).succeeded().out;
    assert!(listed.contains(ended.as_str().unwrap().split('.').next().unwrap()), "{ended} is not in\n{listed}");
    assert!(!listed.contains("MW1"), "{listed}");

    add(&["--id", "MW3", "--from", "+1h", "--for", "2h"]);
    assert_eq!(
        ask(&["maintenance", "end", "MW3", "--all"]).succeeded().out,
        "MW3 is cancelled: nothing of it takes place\n"
    );
    assert!(!ask(&["maintenance", "list"]).succeeded().out.contains("MW3"));
    let cancelled = ask(&["maintenance", "list", "--state", "cancelled"]).succeeded().out;
    assert!(cancelled.contains("MW3") && !cancelled.contains("MW1"), "{cancelled}");
    let both = ask(&["maintenance", "list", "--state", "in-force,over"]).succeeded().out;
    assert!(both.contains("MW1") && both.contains("MW2") && !both.contains("MW3"), "{both}");
}

#[test]
fn what_begins_now_and_how_old_something_is_go_by_the_clock_of_the_service() {
    let folder = Folder::new("clock");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let now = runtime::clock::wall();
    let clock = format!("{}:{}:1", now.micros(), (now - model::Span::from_minutes(100 * 24 * 60)).micros());
    let service = Service::start(&folder, &["--config", "w.yaml", "--clock", &clock]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    ask(&["maintenance", "add", "--ci", "db-7", "--reason", "x", "--confirm", "--for", "1h"]).succeeded();
    let listed = ask(&["maintenance", "list"]).succeeded().out;
    assert!(listed.contains("in force"), "{listed}");
    ask(&["silence", "add", "service=x", "--for", "1h", "--comment", "x"]).succeeded();
    ask(&["incidents", "open", "a customer called", "--ci", "db-7"]).succeeded();
    let listed = ask(&["incidents", "list"]).succeeded().out;
    assert!(!listed.contains("100d"), "{listed}");
}

#[test]
fn what_a_person_knows_better_is_said_of_an_incident() {
    let folder = Folder::new("better");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    let incident = || json(ask(&["incidents", "show", "1", "--format", "json"]));
    assert_eq!(service.post("/ingest/v1/events", None, FULL).0, 202);

    ask(&["incidents", "ack", "1"]).succeeded();
    assert!(ask(&["incidents", "unack", "1"]).succeeded().out.contains("  open  "));
    ask(&["incidents", "unacknowledge", "1"]).ended(1).told("not acknowledged");

    ask(&["incidents", "update", "1"]).ended(2).told("--priority <PRIORITY>|--title <TEXT>");
    let updated = ask(&["incidents", "update", "1", "--priority", "P2", "--title", "Nobody can pay"]).succeeded().out;
    assert!(updated.contains("  P2  ") && updated.contains("Nobody can pay"), "{updated}");

    ask(&["incidents", "declare", "1", "--reason", "all customers"]).succeeded();
    assert_eq!(incident()["major"], "declared");
    ask(&["incidents", "declare", "1", "--as", "rejected", "--reason", "only a few"]).succeeded();
    assert_eq!(incident()["major"], "rejected");
    ask(&["incidents", "declare", "1", "--as", "perhaps"]).ended(2).told("declared, rejected, proposed, none");

    ask(&["incidents", "cause", "1", "checkout"]).succeeded();
    assert_eq!(incident()["causes"][0]["ci"], "checkout", "a person knows better");
    ask(&["incidents", "cause", "1", "checkout", "--reject"]).succeeded();
    assert_eq!(incident()["causes"][0]["ci"], "db-7");
    let explained = ask(&["incidents", "explain", "1"]).succeeded().out;
    for said in [
        "anonymous: acknowledgement taken back\n",
        "anonymous: priority lowered from P1 to P2\n",
        "anonymous: declared a major incident: all customers\n",
        "anonymous: said to be no major incident: only a few\n",
        "anonymous: confirmed checkout as the cause\n",
        "anonymous: rejected checkout as the cause\n",
        "  db-7 is the probable cause, with medium confidence (score ",
    ] {
        assert!(explained.contains(said), "{said:?} is not in\n{explained}");
    }
    ask(&["incidents", "cause", "1", "nosuch"]).ended(2).told("`nosuch`").told("`watchfire services list`");
    ask(&["incidents", "cause", "999", "db-7"]).ended(1).told("INC0000999");
}

#[test]
fn the_incidents_of_a_storm_are_listed_by_it() {
    let folder = Folder::new("storm");
    folder.write("storm/pipeline.yaml", "name: storm\nmatch: {source: test}\nstorm: {incidents: 3, within: 5m}\n");
    folder.write("w.yaml", "pipelines: [storm/pipeline.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    for nth in 0..4 {
        let event = format!(
            r#"{{"source":"test","severity":"critical","summary":"fault {nth}","labels":{{"host":"h{nth}"}},"dedup_key":"k{nth}"}}"#
        );
        assert_eq!(service.post("/ingest/v1/events", None, &event).0, 202);
    }
    let all = json(ask(&["incidents", "list", "--state", "all", "--format", "json"]));
    let storm = all.as_array().unwrap().iter().find(|one| one["storm"] == true).unwrap_or_else(|| panic!("{all}"));
    let number = storm["number"].as_str().unwrap();
    let digits = number.trim_start_matches("INC").trim_start_matches('0');
    let listed = ask(&["incidents", "list", "--parent", digits]).succeeded().out;
    assert!((0..3).all(|nth| listed.contains(&format!("fault {nth}"))) && !listed.contains(number), "{listed}");
    let shown = ask(&["incidents", "show", number]).succeeded().out;
    assert!(shown.contains("Incidents of this storm\n") && shown.contains("fault 2"), "{shown}");
    let child = listed.split_whitespace().find(|word| word.starts_with("INC")).unwrap();
    let explained = ask(&["incidents", "explain", child]).succeeded().out;
    assert!(explained.contains(&format!("part of the storm {number}\n")), "{explained}");
    ask(&["incidents", "list", "--parent", "999"]).ended(1).told("INC0000999");
}

#[test]
fn states_may_be_written_in_either_way_and_what_is_none_is_told_which_there_are() {
    let folder = Folder::new("spelt");
    let service = Service::start(&folder, &[]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    ask(&["problems", "open", "Disks of one batch"]).succeeded();
    for (to, listed) in [("analysis", "analysis"), ("fix-in-progress", "fix_in_progress"), ("fix_in_progress", "")] {
        let moved = ask(&["problems", "move", "1", to]);
        assert!(listed.is_empty() || moved.succeeded().out.contains(listed), "{to}");
    }
    for state in ["fix-in-progress", "fix_in_progress", "Open,FIX_IN_PROGRESS", "all"] {
        assert!(ask(&["problems", "list", "--state", state]).succeeded().out.contains("PRB0000001"), "{state}");
    }
    ask(&["incidents", "open", "Nobody can pay", "--priority", "p2"]).succeeded();
    ask(&["incidents", "hold", "1", "--reason", "waiting"]).succeeded();
    for asked in [&["--state", "on-hold"][..], &["--state", "on_hold", "--priority", "p2"]] {
        let listed = ask(&[&["incidents", "list"], asked].concat()).succeeded().out;
        assert!(listed.contains("Nobody can pay"), "{asked:?}: {listed}");
    }
    ask(&["problems", "list", "--state", "fixing"])
        .ended(2)
        .told("`state` is `fixing`: write proposed, open, analysis");
    ask(&["problems", "move", "1", "fixing"]).ended(2).told("fix_in_progress");
    ask(&["alerts", "--state", "bogus"]).ended(2).told("write firing, resolved, stale");
    ask(&["alerts", "--severity", "bogus"]).ended(2).told("write critical, major, minor, warning, info");
    ask(&["incidents", "list", "--priority", "p9"]).ended(2).told("write P1, P2, P3, P4, P5");
}

#[test]
fn what_is_taken_out_of_an_incident_is_told_to_be_in_another() {
    let folder = Folder::new("taken-out");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let ask = |args: &[&str]| ask(&folder, &service, args);
    for key in ["one", "two", "three"] {
        let event =
            format!(r#"{{"source":"test","severity":"critical","summary":"{key}","ci":"db-7","dedup_key":"{key}"}}"#);
        assert_eq!(service.post("/ingest/v1/events", None, &event).0, 202);
    }
    let alerts = json(ask(&["alerts", "--format", "json"]));
    let ids: Vec<&str> = alerts.as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    let [split, unlinked] = [0, 1].map(|nth| ids[nth].get(..12).unwrap());
    ask(&["incidents", "split", "1", split]).succeeded().told(&format!("{split} is in INC0000002 now"));
    ask(&["incidents", "unlink", "1", split]).ended(1).told("in INC0000001 (it is in INC0000002)");
    ask(&["incidents", "unlink", "1", unlinked]).succeeded().told(&format!("{unlinked} is in INC000000"));
    ask(&["incidents", "resolve", "1", "--code", "chnage", "--force", "--notes", "done"])
        .succeeded()
        .told("did you mean `change`?");
}

#[test]
fn an_outage_is_recorded_corrected_reported_and_taken_back() {
    let folder = Folder::new("outages");
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\n");
    let mut service = Service::start(&folder, &["--config", "w.yaml"]);
    let run = |args: &[&str]| ask(&folder, &service, args);
    let down = |from: &str, to: &str| {
        let asked = ["report", "availability", "--from", from, "--to", to, "--format", "json"];
        let report = json(run(&asked));
        let figure = |value: &serde_json::Value| value.as_f64().unwrap();
        [&report["items"][0]["down_seconds"], &report["corrections"]["moved_seconds"]["down"]].map(figure)
    };
    let window = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
    let [from, to] = ["2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"];
    let why = ["--reason", "customers could not pay"];
    run(&[&["outages", "record", "db-7", "--from", from, "--to", to], &why[..]].concat()).ended(2).told("no service");
    run(&["outages", "record", "checkout", "--from", from, "--to", to]).ended(2).told("--reason");
    let told =
        run(&[&["outages", "record", "checkout", "--from", from, "--to", to], &why[..]].concat()).succeeded().out;
    assert!(told.contains("customers could not pay") && told.contains("more than 7 days back"), "{told}");
    let listed = |args: &[&str]| {
        let asked = [&["outages", "list", "--format", "json"], args].concat();
        json(run(&asked)).as_array().unwrap().clone()
    };
    let long_ago = ["--from", window[0]];
    // It lies behind what the engine remembers: that is computed anew beside everything else.
    let patience = std::time::Instant::now();
    while listed(&long_ago).is_empty() {
        assert!(patience.elapsed() < PATIENCE, "the outage is not on record");
    }
    assert_eq!(down(window[0], window[1]), [3600.0, 3600.0]);

    let id = listed(&long_ago)[0]["id"].as_str().unwrap().to_owned();
    let beginning = id.get(..12).unwrap();
    let shown = run(&["outages", "show", beginning]).succeeded().out;
    assert!(shown.contains("customers could not pay"), "{shown}");
    run(&["outages", "correct", beginning, "--reason", "x"]).ended(2).told("--to");
    run(&["outages", "correct", beginning, "--to", "2026-01-01T10:15:00Z", "--reason", "told by phone"]).succeeded();
    while listed(&long_ago)[0]["to"] != "2026-01-01T10:15:00Z" {
        assert!(patience.elapsed() < PATIENCE, "the outage is not corrected");
    }
    assert_eq!(down(window[0], window[1]), [900.0, 900.0]);
    let table = run(&["report", "slo", "--from", window[0], "--to", window[1]]).succeeded().out;
    assert!(table.contains("corrections: 2; moved by them: down +15m, "), "{table}");

    assert!(run(&["outages", "list", "--from", "-1h"]).succeeded().out.contains("No outages in this time"));
    assert_eq!(service.post("/ingest/v1/events", None, FULL).0, 202);
    let lasting = listed(&["--from", "-1h"])[0]["id"].as_str().unwrap().to_owned();
    let told = run(&["outages", "correct", &lasting, "--never", "--reason", "a wrong probe"]).succeeded().out;
    assert!(told.contains(" still\n"), "{told}");

    let corrections = json(run(&["outages", "corrections", "--service", "checkout", "--format", "json"]));
    assert_eq!(corrections.as_array().unwrap().len(), 3);
    for known in corrections.as_array().unwrap().iter().filter(|known| known["from"] == from) {
        run(&["outages", "withdraw", known["id"].as_str().unwrap(), "--reason", "another shop"]).succeeded();
    }
    while listed(&[&long_ago[..], &["--to", window[1]]].concat()) != [serde_json::Value::Null; 0] {
        assert!(patience.elapsed() < PATIENCE, "the outage is still on record");
    }
    assert_eq!(down(window[0], window[1]), [0.0, 0.0]);
    let id = corrections[0]["id"].as_str().unwrap();
    let known = json(run(&["outages", "corrections", "--withdrawn", "--format", "json"]));
    assert_eq!(known.as_array().unwrap().len(), 3);
    service.signal("TERM");
    assert_eq!(service.ended(), Some(0));
    // What was said outlives the process.
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let known = json(ask(&folder, &service, &["outages", "corrections", "--format", "json"]));
    assert_eq!(known.as_array().unwrap().len(), 1, "{id}");
    assert!(ask(&folder, &service, &["outages", "list", "--from", "-1h"]).succeeded().out.contains("anonymous"));
}

#[test]
fn what_was_closed_weeks_ago_is_called_a_false_positive_and_its_outages_are_gone() {
    let folder = Folder::new("long-past");
    folder.write("cmdb.yaml", CMDB);
    let event = |status: &str, key: &str, at: &str| {
        format!(
            r#"{{"source":"test","status":"{status}","severity":"critical","summary":"{key}","ci":"db-7","dedup_key":"{key}","at":"{at}","received_at":"{at}"}}"#
        )
    };
    let events = [
        event("firing", "disk", "2026-01-05T10:00:00Z"),
        event("resolved", "disk", "2026-01-05T10:30:00Z"),
        event("firing", "net", "2026-01-08T10:00:00Z"),
        event("resolved", "net", "2026-01-08T10:10:00Z"),
    ];
    folder.write("e.ndjson", &(events.join("\n") + "\n"));
    let store = "sqlite://x.db";
    folder.watchfire(&["replay", "e.ndjson", "--cmdb", "cmdb.yaml", "--store", store]).succeeded();
    folder.write("w.yaml", "cmdb: [cmdb.yaml]\nstore: {url: \"sqlite://x.db\"}\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let run = |args: &[&str]| ask(&folder, &service, args);
    let outages = || {
        json(run(&["outages", "list", "--from", "2026-01-01T00:00:00Z", "--format", "json"])).as_array().unwrap().len()
    };
    let patience = std::time::Instant::now();
    while json(run(&["incidents", "show", "1", "--format", "json"]))["state"] != "closed" {
        assert!(patience.elapsed() < PATIENCE, "its time is long over");
    }
    assert_eq!(outages(), 2);
    run(&["incidents", "comment", "1", "so it was"]).ended(1).told("cannot be changed any more");
    let reason = ["--reason", "the probe was wrong all month"];
    run(&[&["incidents", "false-positive", "1"], &reason[..]].concat()).succeeded();
    while outages() != 1 {
        assert!(patience.elapsed() < PATIENCE, "its outage is still on record");
    }
    let span = ["--from", "2026-01-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z"];
    let report = json(run(&[&["report", "availability", "--format", "json"], &span[..]].concat()));
    assert_eq!(report["items"][0]["down_seconds"], 600);
    let moved = &report["corrections"];
    assert_eq!((&moved["count"], &moved["moved_seconds"]["down"]), (&1.into(), &(-1800).into()));
    assert_eq!(moved["items"][0]["incident"], "INC0000001");
    assert_eq!(moved["items"][0]["reason"], "the probe was wrong all month");
    assert_eq!(moved["items"][0]["by"], "anonymous");
}

#[test]
fn agreements_are_told_of_an_incident_and_reported_alike_from_a_store_and_by_a_service() {
    let folder = Folder::new("agreements");
    folder.write(
        "cmdb.yaml",
        "calendars:\n  - {id: office, time_zone: UTC, hours: [{days: [mon, tue, wed, thu, fri], from: \"09:00\", to: \"17:00\"}]}\n\
         items:\n  - {id: checkout, class: service, criticality: 1, users: 1200, requires: [db-7]}\n  \
         - {id: db-7, class: database, supplier: acme}\n\
         agreements:\n  \
         - {id: gold, kind: sla, service: checkout, calendar: office, targets: {P1: {respond: 15m, restore: 4h}}}\n  \
         - {id: parts, kind: uc, supplier: acme, targets: {P1: {restore: 1d}}}\n",
    );
    let firing = |status: &str, at: &str| {
        format!(
            r#"{{"source":"test","status":"{status}","severity":"critical","summary":"disk","ci":"db-7","dedup_key":"disk","at":"{at}","received_at":"{at}"}}"#
        )
    };
    let done = |action: &str, more: &str, at: &str| {
        format!(
            r#"{{"kind":"command","action":"{action}",{more}"source":"test","dedup_key":"disk","by":"ana","at":"{at}","received_at":"{at}"}}"#
        )
    };
    // On a Monday: an hour to the customer's hold at 16:00, which lasts till Tuesday at 10:00; three more till 13:00.
    let events = [
        firing("firing", "2026-01-05T15:00:00Z"),
        done("acknowledge", "", "2026-01-05T15:20:00Z"),
        done("hold", r#""for":"customer","#, "2026-01-05T16:00:00Z"),
        done("unhold", "", "2026-01-06T10:00:00Z"),
        firing("resolved", "2026-01-06T12:30:00Z"),
    ];
    folder.write("e.ndjson", &(events.join("\n") + "\n"));
    let store = "sqlite://x.db";
    folder.watchfire(&["replay", "e.ndjson", "--cmdb", "cmdb.yaml", "--store", store]).succeeded();
    let window = ["--from", "2026-01-05T00:00:00Z", "--to", "2026-01-07T00:00:00Z"];
    let asked = |format: &'static str| [&["report", "sla", "--format", format][..], &window].concat();
    let stored = json(folder.watchfire(&[&asked("json")[..], &["--store", store]].concat()));
    let counts = |row: &serde_json::Value| {
        let key = |key: &str| row[key].to_string();
        format!("{} {} {} {}", key("agreement"), key("target"), key("met"), key("breached")).replace('"', "")
    };
    let rows: Vec<String> = stored["items"].as_array().unwrap().iter().map(counts).collect();
    assert_eq!(rows, ["gold respond 0 1", "gold restore 1 0", "parts restore 1 0"], "{stored}");
    let table = folder.watchfire(&[&asked("table")[..], &["--store", store]].concat()).succeeded().out;
    assert!(table.contains("ATTAINMENT") && table.contains("gold"), "{table}");
    let csv = folder.watchfire(&[&asked("csv")[..], &["--store", store]].concat()).succeeded().out;
    assert!(
        csv.starts_with("agreement,priority,target,target_seconds,attainment,met,breached,running,next_breach_at"),
        "{csv}"
    );
    assert!(csv.contains("gold,P1,respond,900,0,0,1,0,"), "{csv}");
    let lost = [&["report", "availability", "--format", "json", "--store", store][..], &window].concat();
    // From Monday at 15:00 to Tuesday at 12:30.
    assert_eq!(json(folder.watchfire(&lost))["items"][0]["customer_minutes_lost"], 1200 * (21 * 60 + 30));

    folder.write("w.yaml", "cmdb: [cmdb.yaml]\nstore: {url: \"sqlite://x.db\"}\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let run = |args: &[&str]| ask(&folder, &service, args);
    assert_eq!(json(run(&asked("json")))["items"], stored["items"]);
    let page = run(&["incidents", "show", "1"]).succeeded().out;
    assert!(page.contains("gold (sla): to respond within 15m, breached at 2026-01-05T15:15:00Z"), "{page}");
    assert!(page.contains("gold (sla): to restore within 4h, met at 2026-01-06T12:30:00Z"), "{page}");
    let health = run(&["cmdb", "health"]).succeeded().out;
    assert!(health.contains("Services without an owner: 1\n  checkout\n"), "{health}");
    assert!(health.contains("Items of which nothing was heard for 90 days: 1\n  db-7\n"), "{health}");
}

#[test]
fn reports_of_what_is_over_are_issued_once_and_shown_as_they_were() {
    let folder = Folder::new("issued");
    folder.write("cmdb.yaml", CMDB);
    let event = |status: &str, at: &str| {
        format!(
            r#"{{"source":"test","status":"{status}","severity":"critical","summary":"disk","ci":"db-7","dedup_key":"disk","at":"{at}","received_at":"{at}"}}"#
        )
    };
    let events = [event("firing", "2026-01-05T10:00:00Z"), event("resolved", "2026-01-05T10:30:00Z")];
    folder.write("e.ndjson", &(events.join("\n") + "\n"));
    folder.watchfire(&["replay", "e.ndjson", "--cmdb", "cmdb.yaml", "--store", "sqlite://x.db"]).succeeded();
    folder.write(
        "w.yaml",
        "cmdb: [cmdb.yaml]\nstore: {url: \"sqlite://x.db\"}\n\
         reports: [{name: board, report: availability, every: quarter}]\n",
    );
    let listed = |service: &Service| json(ask(&folder, service, &["reports", "--format", "json"]));
    let of_the_first = |reports: &serde_json::Value| {
        let first = |report: &&serde_json::Value| report["from"] == "2026-01-01T00:00:00Z";
        reports.as_array().unwrap().iter().filter(first).cloned().collect::<Vec<_>>()
    };
    let mut service = Service::start(&folder, &["--config", "w.yaml"]);
    let patience = std::time::Instant::now();
    while of_the_first(&listed(&service)).is_empty() {
        assert!(patience.elapsed() < PATIENCE, "the first quarter is long over");
    }
    let report = of_the_first(&listed(&service)).pop().unwrap();
    assert_eq!(
        (&report["revision"], &report["cmdb_version"], &report["name"]),
        (&1.into(), &1.into(), &"board".into())
    );
    let id = report["id"].as_str().unwrap();
    let run = |args: &[&str]| ask(&folder, &service, args);
    let table = run(&["reports", "show", id]).succeeded().out;
    assert!(table.contains("board: availability") && table.contains("\ncheckout ") && table.contains("30m"), "{table}");
    assert!(table.contains("completeness: 2 events in = 2 stored + 0 dead-lettered\n"), "{table}");
    assert!(run(&["reports", "show", id, "--format", "csv"]).succeeded().out.starts_with("service,availability,"));
    let page = run(&["reports", "show", id, "--format", "html"]).succeeded().out;
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Availability of services"), "{page}");
    assert!(page.contains("2 events in = 2 stored + 0 dead-lettered"), "{page}");
    let shown = json(run(&["reports", "show", id, "--format", "json"]));
    assert_eq!(shown["answer"]["items"][0]["down_seconds"], 1800);
    run(&["reports", "show", "rep_0"]).ended(1).told("rep_0");
    assert!(run(&["reports", "list", "--name", "other"]).succeeded().out.contains("No report was issued."));
    service.signal("TERM");
    assert_eq!(service.ended(), Some(0));
    folder.watchfire(&["store", "check", "--store", "sqlite://x.db"]).succeeded();
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    assert_eq!(of_the_first(&listed(&service)), [report]);
}
