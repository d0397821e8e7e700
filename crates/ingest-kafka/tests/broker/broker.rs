//! Where the broker is, Kafka's own tools beside it, and brokers that a test may kill.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

const PLAIN: &str = "WATCHFIRE_TEST_KAFKA";
const HOME: &str = "WATCHFIRE_TEST_KAFKA_HOME";

/// The address of the broker that all tests share; `None`, said loudly, where there is none; a failure where there has
/// to be one.
pub(crate) fn shared() -> Option<String> {
    match std::env::var(PLAIN) {
        Ok(address) => Some(address),
        Err(_) => {
            static SAID: Once = Once::new();
            skip(&SAID, &format!("{PLAIN} names no broker of Kafka's (`cargo xtask services up` starts one)"));
            None
        }
    }
}

/// Says once, to the terminal itself, that tests did not run, for the harness keeps back what a passed test prints; or
/// fails where they have to.
pub(crate) fn skip(said: &Once, why: &str) {
    let needed = std::env::var("WATCHFIRE_REQUIRE_SERVICES").is_ok_and(|required| required == "1");
    assert!(!needed, "{why}: run the tests as `cargo xtask test` does");
    said.call_once(|| std::io::stderr().write_all(format!("\nSKIPPED: {why}\n").as_bytes()).unwrap());
}

/// What else the broker's variables say.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set where {PLAIN} is"))
}

pub(crate) fn home() -> PathBuf {
    PathBuf::from(variable(HOME))
}

/// What one of Kafka's own tools prints.
pub(crate) async fn tool(name: &str, args: &[&str]) -> String {
    let mut command = Command::new(home().join(name));
    command.args(args);
    tokio::task::spawn_blocking(move || output(command)).await.unwrap()
}

fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A broker of a test's own, which ends with it.
pub(crate) struct Private {
    folder: PathBuf,
    pub(crate) address: String,
}

impl Private {
    pub(crate) async fn start(name: &str) -> Private {
        let folder = std::env::temp_dir().join(format!("watchfire-broker-{}-{name}", std::process::id()));
        let mut private = Private { folder, address: String::new() };
        private.order("start").await;
        let ports = std::fs::read_to_string(private.folder.join("ports")).unwrap();
        let port = ports.lines().find_map(|line| line.strip_prefix("PLAINTEXT=")).unwrap();
        private.address = format!("127.0.0.1:{port}");
        private
    }

    /// As `kafka-broker.sh` says; `kill` is `kill -9`.
    pub(crate) async fn order(&self, order: &str) {
        let command = command(&self.folder, order);
        tokio::task::spawn_blocking(move || output(command)).await.unwrap();
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let killed = command(&self.folder, "kill").status();
        if !std::thread::panicking() {
            assert!(killed.unwrap().success());
            std::fs::remove_dir_all(&self.folder).unwrap();
        }
    }
}

/// Its output goes nowhere a broker in the background could hold open.
fn command(folder: &Path, order: &str) -> Command {
    let mut command = Command::new(home().join("kafka-broker.sh"));
    command.arg(order).arg(folder);
    command
}
