//! A broker: the one that `cargo xtask services up` runs, or one of a test's own, that it may kill; and topics of it, spoken
//! to by foreign programs alone: `kcat`, and Kafka's own tools.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::binary::installed;
use crate::folder::Folder;
use crate::process::Process;
use crate::said::not_run;

#[derive(Debug)]
pub(super) struct Broker {
    pub(super) address: String,
    /// Kafka's tools.
    home: PathBuf,
    own: Option<Folder>,
}

/// A topic that nobody else has.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) partitions: usize,
    broker: String,
    home: PathBuf,
}

/// Key and value.
pub(super) type Line = (String, String);

/// A record as it stands in the topic.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) partition: usize,
    pub(super) offset: u64,
    pub(super) value: String,
}

/// A member of a group, and how far it is from the end of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: usize,
    /// Where it goes on; `-`: nothing was read.
    pub(super) next: String,
    pub(super) lag: String,
    pub(super) member: String,
}

impl Broker {
    /// `None`, said loudly, where there is none.
    pub(super) fn shared(test: &str) -> Option<Broker> {
        let home = home(test)?;
        let address =
            std::env::var("WATCHFIRE_TEST_KAFKA").expect("whoever says where Kafka's tools are says this, too");
        Some(Broker { address, home, own: None })
    }

    /// Started with the same tools in a folder of its own.
    pub(super) fn start_own(test: &str) -> Option<Broker> {
        let (home, folder) = (home(test)?, Folder::new());
        let mut broker = Broker { address: String::new(), home, own: Some(folder) };
        broker.start();
        let ports = std::fs::read_to_string(broker.folder().join("ports")).unwrap();
        let port = ports.lines().find_map(|line| line.strip_prefix("PLAINTEXT=")).expect("it listens without TLS");
        broker.address = format!("127.0.0.1:{port}");
        Some(broker)
    }

    /// With its ports and its data; it answers when this returns.
    pub(super) fn start(&self) {
        succeeds(&mut self.order("start"));
    }

    pub(super) fn kill(&self) {
        succeeds(&mut self.order("kill"));
    }

    /// One that nobody has had before.
    pub(super) fn topic(&self, partitions: usize) -> Topic {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("system-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let topic = Topic { name, partitions, broker: self.address.clone(), home: self.home.clone() };
        let mut create = topic.tool("kafka-topics.sh");
        create.args(["--create", "--topic", &topic.name, "--partitions", &partitions.to_string()]);
        succeeds(&mut create);
        topic
    }

    fn folder(&self) -> &Path {
        self.own.as_ref().expect("only a broker of one's own is killed and started").path()
    }

    fn order(&self, order: &str) -> Command {
        let mut command = Command::new(self.home.join("kafka-broker.sh"));
        command.arg(order).arg(self.folder());
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if self.own.is_some() {
            drop(self.order("kill").output());
        }
    }
}

fn home(test: &str) -> Option<PathBuf> {
    let Some(home) = std::env::var_os("WATCHFIRE_TEST_KAFKA_HOME") else {
        not_run(test, "WATCHFIRE_TEST_KAFKA_HOME names no broker (`cargo xtask services up` starts one)");
        return None;
    };
    if installed("kcat").is_none() {
        not_run(test, "`kcat` is not installed (Debian: apt-get install kcat)");
        return None;
    }
    Some(PathBuf::from(home))
}

impl Topic {
    /// Before the broker goes, for a topic that takes much room.
    pub(super) fn delete(&self) {
        succeeds(self.tool("kafka-topics.sh").args(["--delete", "--topic", &self.name]));
    }

    /// Hands records to `kcat`; an error where not all of them were acknowledged, and then any of them may stand in the
    /// topic all the same.
    pub(super) fn try_send(&self, lines: &[Line]) -> Result<(), String> {
        let mut kcat = self.kcat(&["-P", "-t", &self.name, "-K", "\t", "-X", "acks=all", "-X", "linger.ms=0"]);
        let mut kcat = kcat.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let text: String = lines.iter().map(|(key, value)| format!("{key}\t{value}\n")).collect();
        // One that ends early says by its end what was wrong.
        drop(kcat.stdin.take().unwrap().write_all(text.as_bytes()));
        let said = kcat.wait_with_output().unwrap();
        if said.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said.stderr).into_owned()) }
    }

    #[track_caller]
    pub(super) fn send(&self, lines: &[Line]) {
        self.try_send(lines).unwrap_or_else(|why| panic!("kcat could not send to {}: {why}", self.name));
    }

    /// As a person would: the lines of a file, without keys.
    #[track_caller]
    pub(super) fn send_file(&self, file: &Path) {
        succeeds(self.kcat(&["-P", "-t", &self.name, "-X", "acks=all", "-l"]).arg(file));
    }

    /// Keys without values.
    #[track_caller]
    pub(super) fn send_tombstone(&self, folder: &Folder, key: &str) {
        let file = folder.write("tombstone", &format!("{key}\t\n"));
        succeeds(self.kcat(&["-P", "-t", &self.name, "-K", "\t", "-Z", "-X", "acks=all", "-l"]).arg(file));
    }

    /// Everything that stands in it, each partition in its order.
    pub(super) fn contents(&self) -> Vec<Record> {
        let said =
            succeeds(&mut self.kcat(&["-C", "-t", &self.name, "-o", "beginning", "-e", "-q", "-f", "%p\t%o\t%s\n"]));
        let record = |line: &str| {
            let mut cells = line.splitn(3, '\t');
            let mut cell = || cells.next().unwrap_or_else(|| panic!("kcat said `{line}`"));
            let (partition, offset) = (cell().parse().unwrap(), cell().parse().unwrap());
            Record { partition, offset, value: cell().to_owned() }
        };
        let mut records: Vec<Record> = String::from_utf8(said.stdout).unwrap().lines().map(record).collect();
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// Its slots in a store, as a condition.
    pub(super) fn slots(&self, column: &str) -> String {
        format!("{column} LIKE 'kafka/{}/%'", self.name)
    }

    /// Where each partition ends; an error where the broker does not say.
    pub(super) fn try_ends(&self) -> Result<Vec<u64>, String> {
        let mut kcat = self.kcat(&["-Q"]);
        for partition in 0..self.partitions {
            kcat.arg("-t").arg(format!("{}:{partition}:-1", self.name));
        }
        let said = kcat.output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let ends: Option<Vec<u64>> = text.lines().map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        let ends = ends.filter(|ends| said.status.success() && ends.len() == self.partitions);
        ends.ok_or_else(|| format!("{text}{}", String::from_utf8_lossy(&said.stderr)))
    }

    /// A member of the group under that name, whoever has it now.
    pub(super) fn join_as(&self, group: &str, name: &str) -> Process {
        let mut kcat = self.kcat(&["-X", &format!("group.instance.id={name}")]);
        kcat.args(["-X", "partition.assignment.strategy=cooperative-sticky", "-G", group, &self.name]);
        let member = Process::start(&mut kcat);
        member.hears("that it has partitions", |line| line.contains("rebalanced").then_some(()));
        member
    }

    /// What `kafka-consumer-groups` shows of it to whoever watches the group.
    pub(super) fn places(&self, group: &str) -> Result<Vec<Place>, String> {
        let said = self.tool("kafka-consumer-groups.sh").args(["--describe", "--group", group]).output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let place = |line: &str| {
            // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID
            let cells: Vec<&str> = line.split_whitespace().collect();
            let is_ours = cells.len() >= 7 && cells[1] == self.name;
            let partition = is_ours.then(|| cells[2].parse())?.ok()?;
            let [next, lag, member] = [cells[3], cells[5], cells[6]].map(str::to_owned);
            Some(Place { partition, next, lag, member })
        };
        let mut places: Vec<Place> = text.lines().filter_map(place).collect();
        places.sort_by_key(|place| place.partition);
        let complete = places.len() == self.partitions;
        if complete { Ok(places) } else { Err(format!("{text}{}", String::from_utf8_lossy(&said.stderr))) }
    }

    fn kcat(&self, args: &[&str]) -> Command {
        let mut kcat = Command::new(installed("kcat").expect("it was there before"));
        kcat.args(["-b", &self.broker]).args(args).stdin(Stdio::null());
        kcat
    }

    fn tool(&self, name: &str) -> Command {
        let mut tool = Command::new(self.home.join(name));
        tool.args(["--bootstrap-server", &self.broker]).stdin(Stdio::null());
        tool
    }
}

#[track_caller]
fn succeeds(command: &mut Command) -> Output {
    let said = command.output().unwrap();
    assert!(said.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said.stderr));
    said
}
