//! The two servers, each a process with a folder of its own, and what it has used.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

/// The service with everything it ships, durable as always.
pub(crate) fn watchfire(folder: &Path, cmdb: &str) -> Server {
    let home = home(folder, "watchfire");
    std::fs::write(home.join("cmdb.yaml"), cmdb).expect("the folder is ours");
    let config = "http: {listen: \"127.0.0.1:0\"}\nstore: {url: \"sqlite://data/watchfire.db\"}\ncmdb: [cmdb.yaml]\n";
    std::fs::write(home.join("watchfire.yaml"), config).expect("the folder is ours");
    let mut command = Command::new(binary());
    command.args(["run", "--config", "watchfire.yaml"]).current_dir(home).env("NO_COLOR", "1");
    start("Watchfire", &mut command, |line| line.split_once("listening on http://")?.1.trim().parse().ok())
}

/// The real one, alone and without a receiver.
pub(crate) fn alertmanager(folder: &Path) -> Option<Server> {
    let program = ["prometheus-alertmanager", "alertmanager"].into_iter().find_map(installed)?;
    let home = home(folder, "alertmanager");
    std::fs::write(home.join("alertmanager.yaml"), "route: {receiver: none}\nreceivers: [{name: none}]\n")
        .expect("the folder is ours");
    let mut command = Command::new(program);
    command.current_dir(&home).args([
        "--config.file=alertmanager.yaml",
        "--storage.path=data",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]);
    Some(start("Alertmanager", &mut command, |line| {
        let (_, address) = line.split_once("address=").filter(|_| line.contains("Listening on"))?;
        address.split_whitespace().next()?.parse().ok()
    }))
}

/// As `WATCHFIRE_BIN` says, else built now, optimised.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("WATCHFIRE_BIN") {
        return path.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--quiet", "--package", "watchfire"]).current_dir(root);
    assert!(build.status().expect("cargo starts").success(), "watchfire does not build");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("release/watchfire")
}

fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn home(folder: &Path, name: &str) -> PathBuf {
    let home = folder.join(name);
    std::fs::create_dir_all(&home).expect("the folder is ours");
    home
}

fn start(name: &'static str, command: &mut Command, address: impl Fn(&str) -> Option<SocketAddr>) -> Server {
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = started.unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    let address = lines.find_map(|line| address(&line)).unwrap_or_else(|| panic!("{name} never says its address"));
    // What it says further is read, so that it can go on saying it.
    std::thread::spawn(move || lines.for_each(drop));
    Server { name, address, child }
}

impl Server {
    /// Time of processors that it has used.
    pub(crate) fn used(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs, on Linux");
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = |nth: usize| fields.split_whitespace().nth(nth).and_then(|field| field.parse::<f64>().ok());
        let ticks = ticks(11).zip(ticks(12)).map(|(user, system)| user + system).expect("two counts of ticks");
        Duration::from_secs_f64(ticks / TICKS_PER_SECOND)
    }

    /// Memory that it occupies, in MB.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
