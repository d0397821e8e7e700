//! What the tests need of the machine: a C compiler for the libraries that bundle C, and the real peers they talk to.
//!
//! As root on Debian it is installed; anywhere else what is missing is named, and that is a failure, never a test that
//! is quietly left out.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::workshop::{Workshop, output, run};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Need {
    /// Or, of a library, the full path of a file that its package brings.
    program: &'static str,
    /// The Debian packages that bring it.
    packages: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    // Debian's gcc only recommends the C library's headers.
    Need { program: "gcc", packages: &["gcc", "libc6-dev"] },
    Need { program: "g++", packages: &["g++"] },
    Need { program: "make", packages: &["make"] },
    // For Kafka over TLS, and for tokens of an identity provider.
    Need { program: "pkg-config", packages: &["pkg-config"] },
    Need { program: "/usr/include/openssl/ssl.h", packages: &["libssl-dev"] },
    Need { program: "curl-config", packages: &["libcurl4-openssl-dev"] },
    Need { program: "prometheus", packages: &["prometheus"] },
    Need { program: "prometheus-alertmanager", packages: &["prometheus-alertmanager"] },
    Need { program: "initdb", packages: &["postgresql"] },
    // Kafka's broker itself is no package: it is fetched, and runs on Java 11 to 21.
    Need { program: "java", packages: &["default-jre-headless"] },
    Need { program: "curl", packages: &["curl", "ca-certificates"] },
    Need { program: "ps", packages: &["procps"] },
    Need { program: "kcat", packages: &["kcat"] },
    // The pages are looked at with a real browser.
    Need { program: "chromium", packages: &["chromium"] },
    Need { program: "chromedriver", packages: &["chromium-driver"] },
    Need { program: "tar", packages: &["tar", "gzip"] },
];

/// Debian keeps PostgreSQL's own programs here, a folder for each version, and not on the path.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Where a program is: on the path, or in the folder of the newest PostgreSQL.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders(&path).into_iter().map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn folders(path: &OsStr) -> Vec<PathBuf> {
    let versions = std::fs::read_dir(POSTGRESQL).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut postgresql: Vec<PathBuf> = versions.map(|version| version.join("bin")).collect();
    postgresql.sort();
    std::env::split_paths(path).chain(postgresql.into_iter().rev()).collect()
}

pub(crate) fn install(workshop: &Workshop) -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = missing(&folders(&path));
    if missing.is_empty() {
        println!("everything is here: {}", programs(NEEDS));
        return Ok(());
    }
    if !can_install(workshop) {
        bail!(
            "missing: {}\ninstall them first; on Debian, as root: apt-get install {}",
            programs(&missing),
            packages(&missing).join(" ")
        );
    }
    run(&mut apt_get(workshop, &["update", "-q"]))?;
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    run(&mut apt_get(workshop, &[&install[..], &packages(&missing)].concat()))?;
    // What was built without these goes on without them: librdkafka asks once which libraries there are.
    run(&mut workshop.cargo(&["clean", "--quiet", "-p", "rdkafka-sys"]))
}

fn missing(folders: &[PathBuf]) -> Vec<Need> {
    let here = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    NEEDS.iter().copied().filter(|need| !here(need.program)).collect()
}

fn can_install(workshop: &Workshop) -> bool {
    let is_root = output(&mut workshop.command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    is_root && Path::new("/etc/debian_version").exists()
}

fn apt_get(workshop: &Workshop, args: &[&str]) -> std::process::Command {
    let mut command = workshop.command("apt-get", args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn programs(needs: &[Need]) -> String {
    needs.iter().map(|need| need.program).collect::<Vec<_>>().join(", ")
}

fn packages(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().flat_map(|need| need.packages).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_folders_everything_is_missing() {
        let missing = missing(&[]);
        assert_eq!(missing, NEEDS);
        assert_eq!(
            programs(&missing),
            "gcc, g++, make, pkg-config, /usr/include/openssl/ssl.h, curl-config, prometheus, prometheus-alertmanager, initdb, java, curl, ps, kcat, chromium, chromedriver, tar"
        );
        assert_eq!(
            packages(&missing).join(" "),
            "gcc libc6-dev g++ make pkg-config libssl-dev libcurl4-openssl-dev prometheus prometheus-alertmanager postgresql \
             default-jre-headless curl ca-certificates procps kcat chromium chromium-driver tar gzip",
            "what a person is told to install"
        );
    }

    #[test]
    fn what_is_in_a_folder_is_not_missing() {
        let folder = std::env::temp_dir().join(format!("xtask-packages-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("make"), "").unwrap();
        let mut missing = missing(std::slice::from_ref(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        // What is named by its full path is in no folder of ours.
        missing.retain(|need| !need.program.starts_with('/'));
        assert_eq!(
            programs(&missing),
            "gcc, g++, pkg-config, curl-config, prometheus, prometheus-alertmanager, initdb, java, curl, ps, kcat, chromium, chromedriver, tar"
        );
    }
}
