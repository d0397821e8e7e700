//! What keeps a store from being opened by whoever must not: a second process, an older version.

use rusqlite::Connection;

use crate::folder::Folder;
use crate::process::Process;
use crate::watchfire::{STORE, Watchfire, run_command};

#[test]
fn a_second_process_on_the_same_data_is_told_who_has_it_and_disturbs_nobody() {
    let folder = Folder::new();
    let mut first = Watchfire::start_plain(folder.path());
    let (status, said) = Process::start(&mut run_command(folder.path())).ended();
    assert_eq!(status.code(), Some(1), "{said}");
    let pid = first.process.pid().as_raw_nonzero();
    assert!(said.contains(&format!("another process (pid {pid}) has the store open")), "{said}");
    assert!(said.contains("stop it, or give this one a store of its own"), "it does not say what to do: {said}");
    assert_eq!(first.push(r#"{"summary":"still taken"}"#).with(202)["accepted"], 1);
    first.assert_lives();
    first.stop();
    Watchfire::start(folder.path()).stop();
}

#[test]
fn a_store_that_a_newer_version_wrote_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    Watchfire::start_plain(folder.path()).stop();
    let set = |version: i64| {
        let store = Connection::open(folder.path().join(STORE)).unwrap();
        let before: i64 = store.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        store.pragma_update(None, "user_version", version).unwrap();
        before
    };
    let known = set(9999);
    let (status, said) = Process::start(&mut run_command(folder.path())).ended();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("written by a newer version (schema 9999, this one knows {known})")), "{said}");
    assert!(said.contains("restore a backup made before the upgrade"), "it does not say what to do: {said}");
    assert_eq!(set(known), 9999, "it was left as it was");
    Watchfire::start(folder.path()).stop();
}
