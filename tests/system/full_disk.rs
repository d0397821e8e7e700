//! A disk that is full: pushes are answered 503, questions go on, and so does everything once there is space again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::behind::Behind;
use crate::binary;
use crate::folder::Folder;
use crate::http::{Http, Reply};
use crate::process::Process;
use crate::said::not_run;
use crate::wait;
use crate::watchfire::{Watchfire, clean, configure, store_check};

/// Of the small disk: enough to start on, soon full.
const DISK_BYTES: usize = 16 << 20;
const PUSHES_MAX: usize = 200;

#[test]
fn on_a_full_disk_pushes_wait_and_nothing_of_them_is_kept_until_there_is_space() {
    let folder = Folder::new();
    let Some(disk) = SmallDisk::mount(&folder) else {
        return not_run("a full disk", "mounting a small disk takes root");
    };
    let mut service = Watchfire::start_plain(&disk.0);
    service.push(event("before")).with(202);
    let filler = disk.0.join("filler");
    let fill = || while std::fs::write(&filler, vec![0; filled(&filler) + (64 << 10)]).is_ok() {};
    fill();
    refuses_then_goes_on(&mut service, || std::fs::remove_file(&filler).unwrap());
    service.stop();
    assert!(
        store_check(&Behind::file(&disk.0), &disk.0).status.success(),
        "{:?}",
        store_check(&Behind::file(&disk.0), &disk.0)
    );
}

#[test]
fn a_process_that_cannot_write_can_be_told_to_stop() {
    let folder = Folder::new();
    let service = on_limited_files(&folder);
    files_grow_to(service.process.pid(), Some(largest(&folder.path().join("data"))));
    let full = (0..PUSHES_MAX).map(|nth| format!("last {nth}")).find(|key| !is_taken(&service, key));
    assert!(full.is_some(), "files that may not grow take nothing for ever");
    let (status, said) = service.process.stop();
    assert!(status.code().is_some(), "it did not end by itself: {status}\n{said}");
}

#[test]
fn where_files_may_not_grow_pushes_wait_and_nothing_of_them_is_kept_until_they_may() {
    let folder = Folder::new();
    let mut service = on_limited_files(&folder);
    service.push(event("before")).with(202);
    let pid = service.process.pid();
    files_grow_to(pid, Some(largest(&folder.path().join("data"))));
    refuses_then_goes_on(&mut service, || files_grow_to(pid, None));
    service.stop();
    assert!(
        store_check(&Behind::file(folder.path()), folder.path()).status.success(),
        "{:?}",
        store_check(&Behind::file(folder.path()), folder.path())
    );
}

/// Asked to end by a signal at the limit, unless that is ignored: then writing fails, as it does on a full disk.
fn on_limited_files(folder: &Folder) -> Watchfire {
    configure(folder.path(), "");
    let mut shell = Command::new("sh");
    clean(&mut shell);
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" run --config watchfire.yaml"]);
    shell.arg(binary::watchfire()).current_dir(folder.path());
    Watchfire::of(Process::start(&mut shell))
}

/// `service` has just run out of space; `make_space` ends that.
fn refuses_then_goes_on(service: &mut Watchfire, make_space: impl FnOnce()) {
    // What the last blocks of its files still hold is taken first.
    let full = (0..PUSHES_MAX).map(|nth| format!("last {nth}")).find(|key| !is_taken(service, key));
    assert!(full.is_some(), "a full disk takes nothing for ever");
    // The push whose commit met the end of the disk may be held: nobody knows yet what became of it. Later ones are not.
    for key in ["refused", "refused again"] {
        let reply = push_briefly(service, key).expect("a push on a full disk is answered");
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert!(!reply.header("retry-after").is_empty(), "no Retry-After: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert!(reply.text().contains("nothing was kept"), "{}", reply.text());
    }
    service.assert_lives();
    assert!(kept(service, "before"), "what was there before is still shown");

    make_space();
    wait::until("pushes are taken again", || {
        wait::holds(is_taken(service, "after"), || "it still takes nothing".to_owned())
    });
    assert!(kept(service, "after") && !kept(service, "refused") && !kept(service, "refused again"));
    service.push(event("refused")).with(202);
    assert!(kept(service, "refused"), "sent again, it is taken");
    service.assert_lives();
}

fn is_taken(service: &Watchfire, key: &str) -> bool {
    push_briefly(service, key).is_ok_and(|reply| reply.status == 202)
}

/// As a client that has other things to do: Prometheus waits ten seconds and drops the batch.
fn push_briefly(service: &Watchfire, key: &str) -> Result<Reply, String> {
    let briefly = Http::that_waits(Duration::from_secs(5));
    briefly.post(&service.url("/ingest/v1/events"), &[], event(key).as_bytes())
}

/// Large enough that a few dozen do not fit beside each other.
fn event(key: &str) -> String {
    let padding = "x".repeat(8 << 10);
    let event = |nth| format!(r#"{{"dedup_key":"{key}/{nth}","summary":"{key}","labels":{{"padding":"{padding}"}}}}"#);
    format!("[{}]", (0..16).map(event).collect::<Vec<_>>().join(","))
}

fn kept(service: &Watchfire, key: &str) -> bool {
    let alerts = service.list("/api/v1/alerts");
    alerts.iter().any(|alert| alert["dedup_key"] == format!("{key}/0"))
}

/// A file system of its own, in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Folder) -> Option<SmallDisk> {
        let path = folder.path().join("disk");
        std::fs::create_dir_all(&path).unwrap();
        let options = std::ffi::CString::new(format!("size={DISK_BYTES}")).unwrap();
        mount("watchfire-test", &path, "tmpfs", MountFlags::empty(), Some(options.as_c_str())).ok()?;
        Some(SmallDisk(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open on it, be it for an instant, does not keep it mounted.
        unmount(&self.0, UnmountFlags::DETACH).ok();
    }
}

fn filled(path: &Path) -> usize {
    std::fs::metadata(path).map_or(0, |file| file.len() as usize)
}

fn largest(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).max().unwrap_or(0)
}

fn files_grow_to(pid: Pid, bytes: Option<u64>) {
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}
