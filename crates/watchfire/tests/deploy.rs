//! What stands under `deploy/`: without a Docker engine it cannot be started here, but everything it names can be held
//! against what there is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Folder;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

const COMPOSE: &str = "deploy/compose/compose.yaml";
const CONFIGURATIONS: [&str; 2] = ["deploy/compose/watchfire.yaml", "deploy/local/kafka-postgres.yaml"];

#[test]
fn every_configuration_under_deploy_is_sound() {
    let folder = Folder::new("deploy-check");
    for configuration in CONFIGURATIONS {
        let path = root().join(configuration);
        let said = folder.watchfire(&["check", path.to_str().unwrap()]);
        said.succeeded();
    }
}

#[test]
fn images_are_pinned_and_paths_are_there() {
    let compose = yaml(COMPOSE);
    for (name, service) in compose["services"].as_object().unwrap() {
        let image = service["image"].as_str().unwrap();
        assert!(image.split_once(':').is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest"), "{name}: {image}");
        for volume in texts(&service["volumes"]) {
            let (from, _) = volume.split_once(':').unwrap();
            match from.strip_prefix("./") {
                Some(path) => assert!(root().join("deploy/compose").join(path).exists(), "{name}: {from}"),
                None => assert!(compose["volumes"].get(from).is_some(), "{name}: {from} is no volume"),
            }
        }
        for needed in service["depends_on"].as_object().into_iter().flatten().map(|(needed, _)| needed) {
            assert!(compose["services"].get(needed).is_some(), "{name} waits for {needed}, which is no service");
        }
    }
    let kafka = compose["services"]["kafka"]["image"].as_str().unwrap();
    let tested = read("xtask/kafka/jars.txt");
    let of_3_9 = tested.lines().any(|line| line.contains("kafka_2.13") && line.contains("3.9."));
    assert!(of_3_9 && kafka.contains(":3.9."), "{kafka} is the broker that tests talk to");
}

#[test]
fn the_image_is_built_from_what_the_workspace_has() {
    let (dockerfile, cargo) = (read("deploy/compose/Dockerfile"), read("Cargo.toml"));
    let watchfire = read("crates/watchfire/Cargo.toml");
    assert!(dockerfile.contains("--profile dist") && cargo.contains("[profile.dist]"));
    assert!(dockerfile.contains("--features kafka-tls-vendored") && watchfire.contains("\nkafka-tls-vendored = "));
    let version = format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(dockerfile.contains(&version), "{version}");
    let compose = yaml(COMPOSE);
    for name in ["watchfire-1", "watchfire-2"] {
        let build = &compose["services"][name]["build"];
        assert_eq!(build["dockerfile"], "deploy/compose/Dockerfile");
        assert_eq!(
            root().join("deploy/compose").join(build["context"].as_str().unwrap()).canonicalize().unwrap(),
            root()
        );
    }
}

/// Every variable is a key of the configuration, and every address is a service that listens there.
#[test]
fn variables_addresses_and_ports_agree() {
    let folder = Folder::new("deploy-schema");
    let schema = folder.watchfire(&["schema", "configuration"]);
    let schema: Value = serde_json::from_str(&schema.out).unwrap();
    let (compose, configuration) = (yaml(COMPOSE), yaml(CONFIGURATIONS[0]));
    let listens = configuration["http"]["listen"].as_str().unwrap();
    let port = listens.rsplit_once(':').unwrap().1;
    let mut outside = BTreeSet::new();
    for name in ["watchfire-1", "watchfire-2"] {
        let service = &compose["services"][name];
        for (variable, _) in service["environment"].as_object().unwrap() {
            let path = variable.strip_prefix("WATCHFIRE_").unwrap().to_lowercase();
            let key = path.split("__").fold(&schema, |at, key| &at["properties"][key]);
            assert!(key.is_object(), "{variable} is no key of the configuration");
        }
        for mapped in texts(&service["ports"]) {
            let mut parts = mapped.rsplit(':');
            assert_eq!(parts.next(), Some(port), "{name}: {mapped}");
            assert!(outside.insert(parts.next().unwrap().to_owned()), "{mapped} is taken twice");
        }
        assert!(texts(&service["healthcheck"]["test"]).iter().any(|word| word.contains(&format!(":{port}/livez"))));
    }
    let environment = &compose["services"]["watchfire-1"]["environment"];
    let url = environment["WATCHFIRE_STORE__URL"].as_str().unwrap();
    let postgres = &compose["services"]["postgres"]["environment"];
    let word = |key: &str| postgres[key].as_str().unwrap();
    let wanted = format!(
        "postgres://{}:{}@postgres:5432/{}",
        word("POSTGRES_USER"),
        word("POSTGRES_PASSWORD"),
        word("POSTGRES_DB")
    );
    assert_eq!(url, wanted);
    let inside = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].as_str().unwrap();
    let brokers = environment["WATCHFIRE_KAFKA__BROKERS"].as_str().unwrap().trim_matches(['[', ']']);
    assert!(inside.contains(&format!("INSIDE://{brokers}")), "{brokers} in {inside}");
}

#[test]
fn every_topic_that_is_read_or_written_is_made() {
    let (compose, local) = (read(COMPOSE), read("deploy/local/topics.sh"));
    for (configuration, makes) in CONFIGURATIONS.iter().zip([&compose, &local]) {
        let kafka = &yaml(configuration)["kafka"];
        let sources = kafka["sources"].as_array().unwrap().iter().map(|source| source["topic"].as_str().unwrap());
        let outputs = ["watchfire.incidents", "watchfire.problems", "watchfire.services", "watchfire.dead-letter"];
        assert_eq!(kafka["outputs"], true);
        for topic in sources.map(str::to_owned).chain(outputs.map(str::to_owned)) {
            let made = makes.lines().filter(|line| line.trim_start().starts_with("for topic in"));
            let made: Vec<&str> = made.flat_map(|line| line.split([' ', ';'])).collect();
            assert!(made.contains(&topic.as_str()), "{configuration}: {topic} is made by nobody");
        }
    }
}

/// Laid over the other one: what it adds agrees with it, with the configuration and with the command line.
#[test]
fn the_parts_in_processes_of_their_own_agree_with_what_they_are_laid_over() {
    const SCALED: &str = "deploy/compose/scaled.yaml";
    let (base, scaled) = (yaml(COMPOSE), yaml(SCALED));
    let configuration = yaml(CONFIGURATIONS[0]);
    let events = configuration["kafka"]["events"].as_str().unwrap_or("watchfire.events");
    assert!(read(SCALED).contains(&format!("for topic in {events};")), "{events} is made");
    let known = |name: &str| base["services"].get(name).is_some() || scaled["services"].get(name).is_some();
    let (mut parts, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in scaled["services"].as_object().unwrap() {
        for needed in service["depends_on"].as_object().into_iter().flatten().map(|(needed, _)| needed) {
            assert!(known(needed), "{name} waits for {needed}, which is no service");
        }
        if !name.starts_with("watchfire") {
            assert_eq!(service["image"], base["services"]["kafka"]["image"], "{name}");
            continue;
        }
        let words = texts(&service["command"]);
        let mounted = texts(&base["services"]["watchfire-1"]["volumes"]);
        assert!(mounted.iter().any(|volume| volume.contains(words[2])), "{name}: {words:?}");
        assert_eq!((words[0], words[1], words[3]), ("run", "--config", "--role"), "{name}");
        parts.extend(words[4].split(',').map(str::to_owned));
        assert!(hosts.insert(service["hostname"].as_str().unwrap().to_owned()), "{name}: names are each process's own");
    }
    assert_eq!(parts, BTreeSet::from(["api", "engine", "ingest"].map(str::to_owned)));
}
