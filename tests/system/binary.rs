//! Where the binary under test is: as `WATCHFIRE_BIN` says, else built once by the cargo that runs us.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

pub(crate) fn watchfire() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| match std::env::var_os("WATCHFIRE_BIN") {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "WATCHFIRE_BIN is {}, and nothing is there: build it first", path.display());
            path
        }
        None => built("watchfire", "watchfire"),
    })
}

/// The program that makes load: beside the binary under test where both were built, else built now.
pub(crate) fn load() -> PathBuf {
    let beside = watchfire().with_file_name("load");
    if beside.is_file() { beside } else { built("load-tests", "load") }
}

fn built(package: &str, name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", package, "--message-format", "json-render-diagnostics"]);
    build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).stderr(Stdio::inherit());
    let output = build.output().unwrap();
    assert!(output.status.success(), "the binary under test does not build");
    let messages = String::from_utf8(output.stdout).unwrap();
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == name;
        message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
    };
    messages.lines().find_map(executable).expect("cargo names the binary that it built")
}

/// A program of another project, where it is installed: on the path, or in the folder of the newest PostgreSQL.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut postgresql: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    postgresql.sort();
    let folders = std::env::split_paths(&path).chain(postgresql.into_iter().rev());
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}
