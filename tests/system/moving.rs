//! A store that moves: from a file to PostgreSQL, with all that it says.

use std::path::Path;
use std::process::Output;

use crate::behind::Behind;
use crate::folder::Folder;
use crate::watchfire::{Watchfire, command, configure_over, store_check};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/service-levels-example");

#[test]
fn a_store_that_moves_to_postgresql_reports_the_same_and_goes_on_there() {
    let Some(server) = Behind::server("moving to PostgreSQL") else { return };
    let folder = Folder::new();
    let file = Behind::file(folder.path());
    let run = |args: &[&str]| command(folder.path(), args).output().unwrap();
    let (events, cmdb) = (format!("{EXAMPLE}/events.ndjson"), format!("{EXAMPLE}/cmdb.yaml"));
    let until = "2026-05-05T00:00:00Z";
    succeeded(&run(&["replay", &events, "--cmdb", &cmdb, "--store", &file.url(), "--until", until]));
    let copy = ["store", "copy", "--from", &file.url(), "--to", &server.url()].map(str::to_owned);
    let copy = copy.each_ref().map(String::as_str);
    let said = succeeded(&run(&copy));
    assert!(said.contains("every invariant holds"), "{said}");
    for report in ["availability", "incidents", "slo", "continuity", "noise"] {
        let of = |store: &Behind| {
            let url = store.url();
            let window = ["--from", "2026-05-04T00:00:00Z", "--to", until, "--format", "json"];
            succeeded(&run(&[&["report", report, "--store", &url][..], &window].concat()))
        };
        assert_eq!(of(&file), of(&server), "{report}");
    }
    let again = run(&copy);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("holds something already"), "{said}");

    serves_on(&server, folder.path());
    assert!(store_check(&server, folder.path()).status.success());
    server.clear();
}

fn serves_on(store: &Behind, folder: &Path) {
    configure_over(store, folder, "");
    let service = Watchfire::start(folder);
    let before = service.list("/api/v1/incidents").len();
    assert!(before >= 7, "{before} incidents moved");
    // Of what its services owe by now, half a year later, there may be incidents too; those are of no item.
    let of_the_item = || service.list("/api/v1/incidents?ci=db-main").len();
    let before = of_the_item();
    let event =
        r#"{"source":"mon","dedup_key":"after the move","summary":"Disk full","severity":"critical","ci":"db-main"}"#;
    service.push(event).with(202);
    assert_eq!(of_the_item(), before + 1);
    service.stop();
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(said).unwrap()
}
