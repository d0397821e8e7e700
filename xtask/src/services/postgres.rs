//! A PostgreSQL cluster for tests.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;

use super::Site;
use crate::packages::find;
use crate::workshop::output;

/// What tests find the database by.
const VARIABLE: &str = "WATCHFIRE_TEST_POSTGRES";
const USER: &str = "watchfire";

pub(super) struct Postgres {
    data: PathBuf,
    log: PathBuf,
    port: PathBuf,
}

impl Postgres {
    pub(super) fn in_folder(folder: &Path) -> Postgres {
        Postgres { data: folder.join("postgres"), log: folder.join("postgres.log"), port: folder.join("postgres.port") }
    }

    pub(super) fn runs(&self, site: &Site) -> bool {
        let Some(pg_ctl) = find("pg_ctl") else { return false };
        self.data.is_dir() && output(site.command(&pg_ctl).arg("status").arg("-D").arg(&self.data)).is_ok()
    }

    pub(super) fn variable(&self, site: &Site) -> Option<(&'static str, String)> {
        let port = std::fs::read_to_string(&self.port).ok().filter(|_| self.runs(site))?;
        Some((VARIABLE, format!("postgres://{USER}@127.0.0.1:{}/{USER}", port.trim())))
    }

    pub(super) fn up(&self, site: &Site) -> anyhow::Result<()> {
        if self.runs(site) {
            return Ok(());
        }
        // What an interrupted beginning left is no cluster.
        if !self.data.join("PG_VERSION").is_file() {
            drop(std::fs::remove_dir_all(&self.data));
            let mut initdb = site.command(&program("initdb")?);
            initdb.args(["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", USER, "-D"]).arg(&self.data);
            output(&mut initdb)?;
        }
        let port = free_port()?;
        let options =
            format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200");
        let mut start = site.command(&program("pg_ctl")?);
        start.args(["start", "-w", "-o", &options, "-D"]).arg(&self.data).arg("-l").arg(&self.log);
        // The server inherits these and would hold them open.
        start.stdin(Stdio::null()).stdout(Stdio::null());
        let status = start.status().context("pg_ctl did not start")?;
        anyhow::ensure!(status.success(), "PostgreSQL did not start; {} says why", self.log.display());
        std::fs::write(&self.port, port.to_string())?;
        let there = ["-h", "127.0.0.1", "-p", &port.to_string(), "-U", USER, USER].map(str::to_owned);
        // A database that is there already is as good.
        drop(output(site.command(&program("createdb")?).args(there)));
        Ok(())
    }

    pub(super) fn down(&self, site: &Site) -> anyhow::Result<()> {
        if self.runs(site) {
            let mut stop = site.command(&program("pg_ctl")?);
            output(stop.args(["stop", "-w", "-m", "immediate", "-D"]).arg(&self.data))?;
        }
        Ok(())
    }
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    find(name).with_context(|| format!("`{name}` is missing: install PostgreSQL (Debian: apt-get install postgresql)"))
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
