//! What people do from the command line, as they read it.

use crate::running::{CMDB, Service, ask, json};
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
