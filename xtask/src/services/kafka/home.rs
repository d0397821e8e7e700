//! What a broker's home has of ours: the scripts and settings of `xtask/kafka`, and Kafka's tools under their names.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::text;

/// Starts, ends and looks at brokers; its first lines say how.
pub(super) const BROKER: &str = "kafka-broker.sh";

const PROGRAMS: [(&str, &str); 2] = [
    (BROKER, include_str!("../../../kafka/kafka-broker.sh")),
    ("kafka-run-class.sh", include_str!("../../../kafka/kafka-run-class.sh")),
];

const SETTINGS: [(&str, &str); 3] = [
    ("server.properties", include_str!("../../../kafka/server.properties")),
    ("log4j.properties", include_str!("../../../kafka/log4j.properties")),
    ("tools-log4j.properties", include_str!("../../../kafka/tools-log4j.properties")),
];

/// As Kafka's own distribution names them; any other class is a matter of `kafka-run-class.sh`.
const TOOLS: [(&str, &str); 9] = [
    ("kafka-acls.sh", "kafka.admin.AclCommand"),
    ("kafka-configs.sh", "kafka.admin.ConfigCommand"),
    ("kafka-console-consumer.sh", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    ("kafka-console-producer.sh", "kafka.tools.ConsoleProducer"),
    ("kafka-consumer-groups.sh", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
    ("kafka-delete-records.sh", "org.apache.kafka.tools.DeleteRecordsCommand"),
    ("kafka-get-offsets.sh", "org.apache.kafka.tools.GetOffsetShell"),
    ("kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-transactions.sh", "org.apache.kafka.tools.TransactionsCommand"),
];

pub(super) fn write(home: &Path, jars: &[PathBuf]) -> anyhow::Result<()> {
    std::fs::create_dir_all(home).with_context(|| format!("{} cannot be made", home.display()))?;
    for (name, text) in SETTINGS {
        std::fs::write(home.join(name), text)?;
    }
    for (name, text) in PROGRAMS {
        write_program(&home.join(name), text)?;
    }
    for (name, class) in TOOLS {
        write_program(&home.join(name), &tool(class))?;
    }
    let jars = jars.iter().map(|jar| text(jar)).collect::<anyhow::Result<Vec<_>>>()?;
    std::fs::write(home.join("classpath"), jars.join(":"))?;
    Ok(())
}

fn tool(class: &str) -> String {
    format!("#!/bin/sh\nexec \"$(dirname \"$0\")/kafka-run-class.sh\" {class} \"$@\"\n")
}

fn write_program(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::process::Command;

    use super::*;
    use crate::workshop::output;

    /// A home of this test's own, under a name that has a space.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Scratch {
            let folder = std::env::temp_dir().join(format!("xtask kafka-{test}-{}", std::process::id()));
            write(&folder, &[PathBuf::from("/jars/a.jar"), PathBuf::from("/jars/b.jar")]).unwrap();
            Scratch(folder)
        }

        fn settle(&self, folder: &str) -> (BTreeMap<String, u16>, String) {
            let folder = self.0.join(folder);
            output(Command::new(self.0.join(BROKER)).arg("settle").arg(&folder)).unwrap();
            let ports = std::fs::read_to_string(folder.join("ports")).unwrap();
            let port = |line: &str| line.split_once('=').map(|(name, port)| (name.to_owned(), port.parse().unwrap()));
            let ports = ports.lines().map(|line| port(line).unwrap()).collect();
            (ports, std::fs::read_to_string(folder.join("server.properties")).unwrap())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn brokers_share_no_port_and_keep_those_they_have() {
        let home = Scratch::new("ports");
        let (first, settings) = home.settle("first");
        let (second, _) = home.settle("second");
        assert_eq!(home.settle("first"), (first.clone(), settings));
        let distinct: BTreeSet<u16> = first.values().chain(second.values()).copied().collect();
        assert_eq!(distinct.len(), 10, "{first:?} {second:?}");
        assert!(distinct.iter().all(|port| (10_000..32_768).contains(port)), "no connection goes out from these");
    }

    #[test]
    fn settings_are_filled_in_and_listen_on_the_loopback_interface_only() {
        let home = Scratch::new("settings");
        let (ports, settings) = home.settle("broker");
        let unfilled = settings.lines().filter(|line| !line.starts_with('#') && line.matches('@').count() > 1);
        assert_eq!(unfilled.collect::<Vec<_>>(), [""; 0]);
        let setting = |name: &str| {
            let mut values = settings.lines().filter_map(|line| line.split_once('=')).filter(|(key, _)| *key == name);
            let value = values.next().unwrap_or_else(|| panic!("{name}")).1;
            assert_eq!(values.next(), None, "{name} is said once");
            value
        };
        let listeners: BTreeMap<String, u16> = setting("listeners")
            .split(',')
            .map(|listener| {
                let (name, port) = listener.split_once("://127.0.0.1:").expect("the loopback interface");
                (name.to_owned(), port.parse().unwrap())
            })
            .collect();
        assert_eq!(listeners, ports);
        let controller = format!("1@127.0.0.1:{}", ports.get("CONTROLLER").unwrap());
        assert_eq!(setting("controller.quorum.voters"), controller);
        assert_eq!(setting("log.dirs"), format!("{}/broker/data", text(&home.0).unwrap()));
        assert_eq!(setting("ssl.keystore.location"), format!("{}/server.p12", text(&home.0).unwrap()));
    }

    #[test]
    fn a_broker_that_was_never_started_does_not_run() {
        let home = Scratch::new("status");
        let status = Command::new(home.0.join(BROKER)).arg("status").arg(home.0.join("broker")).status().unwrap();
        assert_eq!(status.code(), Some(3));
        output(Command::new(home.0.join(BROKER)).arg("kill").arg(home.0.join("broker"))).unwrap();
    }

    #[test]
    fn tools_have_names_of_their_own_and_the_classpath_names_every_jar() {
        let names: BTreeSet<&str> = TOOLS.into_iter().chain(PROGRAMS).map(|(name, _)| name).collect();
        assert_eq!(names.len(), TOOLS.len() + PROGRAMS.len());
        let home = Scratch::new("tools");
        assert_eq!(std::fs::read_to_string(home.0.join("classpath")).unwrap(), "/jars/a.jar:/jars/b.jar");
        for name in names {
            let mode = std::fs::metadata(home.0.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o111, 0o111, "{name}");
        }
    }
}
