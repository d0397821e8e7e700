//! The program that makes load holds what it sent against what is stored, in every shape of load.

use std::process::Command;

use crate::binary;
use crate::folder::Folder;
use crate::watchfire::{Watchfire, clean};

const PROFILES: [&str; 4] = ["steady", "storm", "flapping", "all-new"];
const SHORT: [&str; 6] = ["--rate", "300", "--seconds", "2", "--fingerprints", "100"];

#[test]
fn each_shape_of_load_is_reckoned_to_the_last_event() {
    let folder = Folder::new();
    let service = Watchfire::start_plain(folder.path());
    for profile in PROFILES {
        let mut load = Command::new(binary::load());
        clean(&mut load);
        load.args(["run", "--to", &service.address, "--profile", profile]).args(SHORT);
        let output = load.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{profile}: {said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("p99.9") && said.ends_with("lost 0, doubled 0\n"), "{profile}: {said}");
    }
}
