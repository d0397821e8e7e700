//! A PostgreSQL server of a test's own, which it may end as a crash would.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::binary::installed;
use crate::said::not_run;

#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
}

/// PostgreSQL refuses to run as root: then it is the user that its package made.
const USER_OF_ROOTS: &str = "postgres";

impl Cluster {
    /// Made and started; `None`, said loudly, where PostgreSQL is not installed.
    pub(crate) fn start_own(test: &str) -> Option<Cluster> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        if installed("initdb").is_none() {
            not_run(test, "`initdb` is not installed (Debian: apt-get install postgresql)");
            return None;
        }
        // Not in the folder of what is built: another user may not come into a home of root's.
        let name = format!("watchfire-system-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            succeeds(Command::new("chown").arg(USER_OF_ROOTS).arg(&folder));
        }
        let cluster = Cluster { folder, port: free_port() };
        let mut initdb = cluster.command("initdb");
        initdb.args(["-N", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "watchfire", "-D", "data"]);
        succeeds(&mut initdb);
        cluster.start();
        Some(cluster)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://watchfire@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn start(&self) {
        // What a server that lives on wrote is there, whether or not it reached the disk.
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100 -c fsync=off",
            self.port
        );
        let mut start = self.command("pg_ctl");
        start.args(["start", "-w", "-o", &options, "-D", "data", "-l", "log"]);
        // The server inherits these and would hold them open.
        let status = start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(status.success(), "PostgreSQL does not start: {}", log());
    }

    /// Every one of its processes ends at once: what it knows is in its log of writes.
    pub(crate) fn crash(&self) {
        succeeds(self.command("pg_ctl").args(["stop", "-w", "-m", "immediate", "-D", "data"]));
    }

    fn command(&self, program: &str) -> Command {
        let path = installed(program).unwrap_or_else(|| panic!("`{program}` is missing beside `initdb`"));
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", USER_OF_ROOTS, "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.command("pg_ctl").args(["stop", "-w", "-m", "immediate", "-D", "data"]).output());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// Below what systems give to connections that go out: nobody else comes to have it while the server is down. Tests that
/// run side by side look in places of their own, for between the look and the server's start there is time.
fn free_port() -> u16 {
    const APART: u32 = 50;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let first = 5_000 + (std::process::id() + GIVEN.fetch_add(APART, Ordering::Relaxed)) % 4_000;
    (first as u16..10_000).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a port is free")
}

fn succeeds(command: &mut Command) {
    let said = command.output().unwrap();
    assert!(said.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said.stderr));
}
