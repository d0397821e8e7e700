//! The servers that tests talk to, and the tools that they are given: `cargo xtask services up|down|status`.
//!
//! Servers listen on free ports of the loopback interface, keep what they have in a folder of their own, and trust whoever
//! can reach them, or has read their passwords here: nothing in them is worth keeping. `up` says the variables that tests find them by.

mod arrival;
mod axe;
mod kafka;
mod postgres;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::workshop::{Workshop, output};
use axe::Axe;
use kafka::Kafka;
use postgres::Postgres;

/// Where it says `1`, no test may step aside for want of a server.
const REQUIRE: &str = "WATCHFIRE_REQUIRE_SERVICES";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Up,
    Down,
    Status,
}

pub(crate) fn carry_out(order: Order, workshop: &Workshop) -> anyhow::Result<()> {
    let servers = Servers::of(workshop);
    match order {
        Order::Up => servers.up()?,
        Order::Down => servers.down()?,
        Order::Status => {}
    }
    servers.variables().for_each(|(name, value)| println!("export {name}={value}"));
    // Beside what a shell may read.
    servers.missing().for_each(|name| eprintln!("{name} is not there"));
    Ok(())
}

struct Servers {
    site: Site,
    postgres: Postgres,
    kafka: Kafka,
    axe: Axe,
    /// Kafka's broker and axe-core too, which alone come from somebody else's server at the time, must be there.
    all_required: bool,
}

impl Servers {
    fn of(workshop: &Workshop) -> Servers {
        let site = Site::of(workshop);
        let postgres = Postgres::in_folder(&site.folder);
        let by_caller = std::env::var(REQUIRE).is_ok_and(|required| required == "1");
        let all_required = workshop.requires_services() || by_caller;
        Servers { site, postgres, kafka: Kafka::of(workshop), axe: Axe::of(workshop), all_required }
    }

    /// Side by side: each takes seconds.
    fn up(&self) -> anyhow::Result<()> {
        std::thread::scope(|scope| {
            let kafka = scope.spawn(|| self.kafka.up(self.all_required));
            let postgres = self.site.prepare().and_then(|()| self.postgres.up(&self.site));
            let axe = self.axe.up(self.all_required);
            let kafka = kafka.join().map_err(|_| anyhow::anyhow!("starting Kafka's broker panicked"))?;
            postgres.and(axe).and(kafka)
        })
    }

    fn down(&self) -> anyhow::Result<()> {
        let kafka = self.kafka.down();
        self.postgres.down(&self.site).and_then(|()| self.site.clear()).and(kafka)
    }

    fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.postgres.variable(&self.site).into_iter().chain(self.kafka.variables()).chain(self.axe.variable())
    }

    fn missing(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("PostgreSQL", self.postgres.runs(&self.site)),
            ("Kafka's broker", self.kafka.runs()),
            ("axe-core", self.axe.is_here()),
        ];
        all.into_iter().filter(|(_, here)| !here).map(|(name, _)| name)
    }
}

/// Servers for as long as this lives: those that ran before go on running after.
pub(crate) struct Lent {
    servers: Servers,
    postgres_ran: bool,
    kafka_ran: bool,
}

impl Lent {
    pub(crate) fn of(workshop: &Workshop) -> anyhow::Result<Lent> {
        let servers = Servers::of(workshop);
        let (postgres_ran, kafka_ran) = (servers.postgres.runs(&servers.site), servers.kafka.runs());
        // Made first, so that what one server began ends where the other fails.
        let lent = Lent { servers, postgres_ran, kafka_ran };
        lent.servers.up()?;
        Ok(lent)
    }

    /// Says how to find them; and, where they are all here, that a test which does not find its own must fail, not
    /// step aside.
    pub(crate) fn give_to(&self, command: &mut Command) {
        command.envs(self.servers.variables());
        if self.servers.missing().next().is_none() {
            command.env(REQUIRE, "1");
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Servers { site, postgres, kafka, .. } = &self.servers;
        let kafka = if self.kafka_ran { Ok(()) } else { kafka.down() };
        let postgres = if self.postgres_ran { Ok(()) } else { postgres.down(site).and_then(|()| site.clear()) };
        if let Err(error) = postgres.and(kafka) {
            eprintln!("the servers of the tests are left behind: {error:#}");
        }
    }
}

/// Where servers live and as whom. PostgreSQL refuses to run as root: then it is the user that its package made.
struct Site {
    folder: PathBuf,
    user: Option<&'static str>,
}

impl Site {
    fn of(workshop: &Workshop) -> Site {
        let is_root = output(&mut workshop.command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
        if !is_root {
            return Site { folder: workshop.root().join("target/services"), user: None };
        }
        // Another user may not come into a home of root's. One folder for each checkout, so that two do not meet.
        let mut hasher = DefaultHasher::new();
        workshop.root().hash(&mut hasher);
        let name = format!("watchfire-services-{:016x}", hasher.finish());
        Site { folder: std::env::temp_dir().join(name), user: Some("postgres") }
    }

    fn prepare(&self) -> anyhow::Result<()> {
        // A link that somebody else made there would lead us elsewhere.
        let is_link = self.folder.symlink_metadata().is_ok_and(|found| found.is_symlink());
        anyhow::ensure!(!is_link, "{} is a link: remove it", self.folder.display());
        std::fs::create_dir_all(&self.folder).with_context(|| format!("{} cannot be made", self.folder.display()))?;
        if let Some(user) = self.user {
            output(Command::new("chown").arg(user).arg(&self.folder))?;
        }
        Ok(())
    }

    fn clear(&self) -> anyhow::Result<()> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The program, as the user that servers run as.
    fn command(&self, program: &Path) -> Command {
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
        };
        command.current_dir(&self.folder);
        command
    }
}
