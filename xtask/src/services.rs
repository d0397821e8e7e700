//! The servers that tests talk to: `cargo xtask services up|down|status`.
//!
//! They listen on free ports of the loopback interface, keep what they have in a folder of their own, and trust whoever
//! can reach them: nothing in them is worth keeping. `up` says the variables that tests find them by.

mod postgres;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::workshop::{Workshop, output};
use postgres::Postgres;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Up,
    Down,
    Status,
}

pub(crate) fn carry_out(order: Order, workshop: &Workshop) -> anyhow::Result<()> {
    let site = Site::of(workshop);
    let postgres = Postgres::in_folder(&site.folder);
    match order {
        Order::Up => {
            site.prepare()?;
            postgres.up(&site)?;
        }
        Order::Down => {
            postgres.down(&site)?;
            site.clear()?;
        }
        Order::Status => {}
    }
    match postgres.variable(&site) {
        Some((name, value)) => println!("export {name}={value}"),
        None => println!("PostgreSQL does not run"),
    }
    Ok(())
}

/// Servers for as long as this lives: those that ran before go on running after.
pub(crate) struct Lent {
    site: Site,
    postgres: Postgres,
    started: bool,
}

impl Lent {
    pub(crate) fn of(workshop: &Workshop) -> anyhow::Result<Lent> {
        let site = Site::of(workshop);
        let postgres = Postgres::in_folder(&site.folder);
        let started = !postgres.runs(&site);
        if started {
            site.prepare()?;
            postgres.up(&site)?;
        }
        Ok(Lent { site, postgres, started })
    }

    pub(crate) fn give_to(&self, command: &mut Command) {
        command.envs(self.postgres.variable(&self.site));
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.started
            && let Err(error) = self.postgres.down(&self.site).and_then(|()| self.site.clear())
        {
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
