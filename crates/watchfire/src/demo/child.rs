//! The service under demonstration: a process of its own, so that it can be killed like one.

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use model::Timestamp;

use crate::client::Client;

/// Tried first, so that the URL is the one people know.
const USUAL_PORT: u16 = 8080;
/// Longer than any machine needs that does something else beside.
const READY_WITHIN: Duration = Duration::from_secs(60);
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A clock that runs fast: at the wall instant `real` it is `shown`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Simulated {
    pub(crate) real: Timestamp,
    pub(crate) shown: Timestamp,
    pub(crate) pace: u32,
    /// It shows this, and goes on like any clock: for who stays and looks around.
    pub(crate) fast_until: Option<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    config: PathBuf,
    clock: Simulated,
}

impl Simulated {
    /// As `run --clock` reads it.
    fn argument(&self) -> String {
        let until = self.fast_until.map(|until| format!(":{}", until.micros())).unwrap_or_default();
        format!("{}:{}:{}{until}", self.real.micros(), self.shown.micros(), self.pace)
    }

    pub(crate) fn time(&self) -> runtime::Time {
        let time = runtime::Time::simulated(self.real, self.shown, self.pace);
        self.fast_until.map_or(time, |until| time.fast_until(until))
    }
}

/// A port of this machine that nobody has: the one that is asked for, else the usual one where it is free.
pub(crate) fn port(asked: Option<u16>) -> anyhow::Result<u16> {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port));
    let listener = match asked {
        Some(port) => listen(port).with_context(|| format!("port {port} cannot be had: choose another with --port"))?,
        None => listen(USUAL_PORT).or_else(|_| listen(0))?,
    };
    Ok(listener.local_addr()?.port())
}

impl Service {
    pub(crate) fn start(folder: &Path, port: u16, clock: Simulated) -> anyhow::Result<Service> {
        let config = folder.join("watchfire.yaml");
        let store = folder.join("watchfire.db");
        // Of windows of five minutes nothing is to be seen on a clock that shows an hour in a few seconds.
        let text = format!(
            "http: {{listen: \"127.0.0.1:{port}\"}}\nstore: {{url: \"sqlite://{}\"}}\n\
             slo_alerts: {{page: [], ticket: []}}\n",
            store.display()
        );
        std::fs::write(&config, text)?;
        let child = spawn(&config, clock)?;
        Ok(Service { child, config, clock })
    }

    /// Until it answers that it is ready.
    pub(crate) async fn ready(&mut self, client: &Client) -> anyhow::Result<()> {
        let until = std::time::Instant::now() + READY_WITHIN;
        loop {
            if client.get("/api/v1/problems", &Vec::new()).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the service ended as it started ({status}); its messages are above");
            }
            anyhow::ensure!(std::time::Instant::now() < until, "the service was not ready within {READY_WITHIN:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`, and start again over the same store.
    pub(crate) fn kill_and_start(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = spawn(&self.config, self.clock)?;
        Ok(())
    }

    /// Told to stop, it finishes what is under way.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().context("the service could not be told to stop")?;
        let until = std::time::Instant::now() + ENDS_WITHIN;
        while self.child.try_wait()?.is_none() {
            if std::time::Instant::now() > until {
                self.child.kill()?;
                self.child.wait()?;
                anyhow::bail!("the service did not end within {ENDS_WITHIN:?} and was killed");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Service {
    /// Whatever happens, no process is left behind.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(config: &Path, clock: Simulated) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("this program cannot be found to start the service")?;
    let inherited = std::env::vars_os().map(|(name, _)| name);
    command(&program, config, clock, inherited).spawn().context("the service could not be started")
}

/// What is set for a real service must not reach this one: a variable overrides its file, and could name the real store.
fn command(program: &Path, config: &Path, clock: Simulated, inherited: impl Iterator<Item = OsString>) -> Command {
    let mut command = Command::new(program);
    for name in inherited.filter(|name| is_ours(name)) {
        command.env_remove(name);
    }
    command.arg("run").arg("--config").arg(config).arg("--clock").arg(clock.argument());
    // Its log would drown the summary; what is wrong is still said.
    command.env("WATCHFIRE_LOG__LEVEL", "error").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"WATCHFIRE_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn nothing_that_is_set_for_a_real_service_reaches_the_demos() {
        let set = ["WATCHFIRE_STORE__URL", "WATCHFIRE_CONFIG", "WATCHFIRE_LOG__LEVEL", "WATCHFIRE_NOTIFY", "PATH"];
        let clock = Simulated { real: Timestamp::EPOCH, shown: Timestamp::EPOCH, pace: 1, fast_until: None };
        let command = command("watchfire".as_ref(), "w.yaml".as_ref(), clock, set.into_iter().map(OsString::from));
        let changed: BTreeMap<&str, Option<&str>> = command
            .get_envs()
            .map(|(name, value)| (name.to_str().unwrap(), value.map(|value| value.to_str().unwrap())))
            .collect();
        let expected = [
            ("WATCHFIRE_CONFIG", None),
            ("WATCHFIRE_LOG__LEVEL", Some("error")),
            ("WATCHFIRE_NOTIFY", None),
            ("WATCHFIRE_STORE__URL", None),
        ];
        assert_eq!(changed, BTreeMap::from(expected), "None takes a variable away");
    }
}
