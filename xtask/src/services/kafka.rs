//! Apache Kafka's own broker for tests, one that is its own controller (KRaft).
//!
//! Its home has what a test needs: `kafka-broker.sh`, which the shared broker is started with and with which a test
//! that kills its broker starts one of its own in another folder; Kafka's tools under their own names
//! (`kafka-topics.sh`, …); and the certificates. Beside PLAINTEXT the broker listens with TLS, with SASL, and with both.
//!
//! Who may come in, as `xtask/kafka/server.properties` says: PLAIN `plain` with `plain-secret`; SCRAM-SHA-256 and
//! SCRAM-SHA-512 `scram` with `scram-secret`; OAUTHBEARER any token that nobody signed. The stores `client.p12`,
//! `server.p12` and `trusted.p12` open with `watchfire`. None of it is a secret.

mod certificates;
mod home;
mod jars;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::packages::find;
use crate::workshop::{Workshop, output};
use jars::Jars;

const LISTENERS: [(&str, &str); 4] = [
    ("PLAINTEXT", "WATCHFIRE_TEST_KAFKA"),
    ("SSL", "WATCHFIRE_TEST_KAFKA_SSL"),
    ("SASL_PLAINTEXT", "WATCHFIRE_TEST_KAFKA_SASL"),
    ("SASL_SSL", "WATCHFIRE_TEST_KAFKA_SASL_SSL"),
];
/// The certificate that the broker shows, as PEM.
const CERTIFICATE: &str = "WATCHFIRE_TEST_KAFKA_CA";
const HOME: &str = "WATCHFIRE_TEST_KAFKA_HOME";

pub(super) struct Kafka {
    home: PathBuf,
    jars: PathBuf,
}

impl Kafka {
    /// Kafka does not mind being root, as PostgreSQL does: it lives with what is built, whoever we are. Its folder is
    /// not in PostgreSQL's, which may go while a broker stays.
    pub(super) fn of(workshop: &Workshop) -> Kafka {
        Kafka { home: workshop.root().join("target/services-kafka"), jars: workshop.tools().join("kafka") }
    }

    pub(super) fn runs(&self) -> bool {
        self.ports().is_some()
    }

    /// What tests find it by; nothing where it does not run.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let Some(ports) = self.ports() else { return Vec::new() };
        let mut variables = addresses(&ports);
        variables.push((CERTIFICATE, self.home.join(certificates::SERVER).display().to_string()));
        variables.push((HOME, self.home.display().to_string()));
        variables
    }

    /// Where its jars are out of reach and nobody insists, that is said loudly, and it does not run.
    pub(super) fn up(&self, is_required: bool) -> anyhow::Result<()> {
        if self.runs() {
            return Ok(());
        }
        for program in ["java", "keytool"] {
            find(program).with_context(|| {
                format!("`{program}` is missing: install Java 17 (Debian: apt-get install default-jre-headless)")
            })?;
        }
        let jars = match jars::fetch(&self.jars)? {
            Jars::Here(jars) => jars,
            Jars::OutOfReach(why) => {
                anyhow::ensure!(!is_required, "Kafka's broker cannot be had: {why}");
                eprintln!("\n*** THE TESTS OF KAFKA'S BROKER WILL NOT RUN: it cannot be had ***\n{why}\n");
                return Ok(());
            }
        };
        home::write(&self.home, &jars)?;
        certificates::make(&self.home)?;
        output(&mut self.broker("start"))?;
        Ok(())
    }

    pub(super) fn down(&self) -> anyhow::Result<()> {
        if self.runs() {
            output(&mut self.broker("kill"))?;
        }
        match std::fs::remove_dir_all(&self.home) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn ports(&self) -> Option<String> {
        self.home.join(home::BROKER).is_file().then(|| output(&mut self.broker("status")).ok())?
    }

    fn broker(&self, order: &str) -> Command {
        let mut command = Command::new(self.home.join(home::BROKER));
        command.arg(order).arg(self.home.join("broker"));
        command
    }
}

/// From the lines `LISTENER=PORT` that the broker's folder keeps.
fn addresses(ports: &str) -> Vec<(&'static str, String)> {
    let ports: Vec<(&str, &str)> = ports.lines().filter_map(|line| line.split_once('=')).collect();
    let address = |(listener, variable): (&str, &'static str)| {
        let (_, port) = ports.iter().find(|(name, _)| *name == listener)?;
        Some((variable, format!("127.0.0.1:{port}")))
    };
    LISTENERS.into_iter().filter_map(address).collect()
}

/// The path as an argument of a program that takes only text.
fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8: Kafka cannot live there", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listener_but_the_controllers_has_its_variable() {
        let ports = "PLAINTEXT=10000\nSSL=10001\nSASL_PLAINTEXT=10002\nSASL_SSL=10003\nCONTROLLER=10004\n";
        let said: Vec<String> =
            addresses(ports).into_iter().map(|(name, address)| format!("{name}={address}")).collect();
        assert_eq!(
            said,
            [
                "WATCHFIRE_TEST_KAFKA=127.0.0.1:10000",
                "WATCHFIRE_TEST_KAFKA_SSL=127.0.0.1:10001",
                "WATCHFIRE_TEST_KAFKA_SASL=127.0.0.1:10002",
                "WATCHFIRE_TEST_KAFKA_SASL_SSL=127.0.0.1:10003",
            ]
        );
    }

    #[test]
    fn without_a_home_there_is_no_broker_and_nothing_to_end() {
        let nowhere = std::env::temp_dir().join(format!("xtask-no-kafka-{}", std::process::id()));
        let kafka = Kafka { home: nowhere.join("home"), jars: nowhere.join("jars") };
        assert!(!kafka.runs());
        assert_eq!(kafka.variables(), []);
        kafka.down().unwrap();
        assert!(!nowhere.exists(), "looking makes no folder");
    }
}
