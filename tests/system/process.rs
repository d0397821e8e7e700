//! A process that a test started, what it says on standard error, and its end: at the latest when the test ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::{self, PATIENCE};

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    heard: Arc<Heard>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Heard {
    told: Mutex<Told>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    lines: Vec<String>,
    ended: bool,
}

const LINES_SHOWN_MAX: usize = 40;

impl Process {
    pub(crate) fn start(command: &mut Command) -> Process {
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let errors = BufReader::new(child.stderr.take().unwrap());
        let heard = Arc::new(Heard::default());
        let listening = Arc::clone(&heard);
        let listener = std::thread::spawn(move || {
            for line in errors.split(b'\n').map_while(Result::ok) {
                listening.tell(|told| told.lines.push(String::from_utf8_lossy(&line).into_owned()));
            }
            listening.tell(|told| told.ended = true);
        });
        Process { child, heard, listener: Some(listener) }
    }

    /// The first thing found in a line of standard error, as soon as it is said.
    pub(crate) fn hears<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut told = self.heard.told.lock().unwrap();
        loop {
            if let Some(found) = told.lines.iter().find_map(|line| find(line)) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!told.ended && !left.is_zero(), "{what} was never said; this was:\n{}", told.lines.join("\n"));
            told = self.heard.more.wait_timeout(told, left).unwrap().0;
        }
    }

    /// The first thing found in what it has said so far.
    pub(crate) fn has_said<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.heard.told.lock().unwrap().lines.iter().find_map(|line| find(line))
    }

    /// What it said last.
    pub(crate) fn said(&self) -> String {
        let told = self.heard.told.lock().unwrap();
        let left_out = told.lines.len().saturating_sub(LINES_SHOWN_MAX);
        told.lines.iter().skip(left_out).map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    #[track_caller]
    pub(crate) fn assert_lives(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the process ended ({status}); it said:\n{}", self.said());
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Tells it something; it need not do it.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// What it holds of the machine's memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid().as_raw_nonzero())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes << 10
    }

    /// As a power cut would end it.
    pub(crate) fn kill(mut self) {
        self.end_now();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.ended()
    }

    /// Waits for an end that it comes to by itself.
    pub(crate) fn ended(&mut self) -> (ExitStatus, String) {
        let status = wait::until("the process has ended", || {
            self.child.try_wait().unwrap().ok_or_else(|| format!("it says:\n{}", self.said()))
        });
        self.listener.take().map(JoinHandle::join).transpose().unwrap();
        (status, self.said())
    }

    fn end_now(&mut self) {
        drop(self.child.kill());
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_now();
    }
}

impl Heard {
    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
        self.more.notify_all();
    }
}
