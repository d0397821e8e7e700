//! The service under demonstration: a process of its own, so that it can be killed like one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use model::Timestamp;

use crate::client::Client;

/// Tried first, so that the URL is the one people know.
const USUAL_PORT: u16 = 8080;
const READY_WITHIN: Duration = Duration::from_secs(20);
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A clock that runs fast: at the wall instant `real` it is `shown`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Simulated {
    pub(crate) real: Timestamp,
    pub(crate) shown: Timestamp,
    pub(crate) pace: u32,
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
        format!("{}:{}:{}", self.real.micros(), self.shown.micros(), self.pace)
    }

    pub(crate) fn time(&self) -> runtime::Time {
        runtime::Time::simulated(self.real, self.shown, self.pace)
    }
}

/// A port of this machine that nobody has.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", USUAL_PORT)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    Ok(listener.local_addr()?.port())
}

impl Service {
    pub(crate) fn start(folder: &Path, port: u16, clock: Simulated) -> anyhow::Result<Service> {
        let config = folder.join("watchfire.yaml");
        let store = folder.join("watchfire.db");
        let text =
            format!("http: {{listen: \"127.0.0.1:{port}\"}}\nstore: {{url: \"sqlite://{}\"}}\n", store.display());
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
    let mut command = Command::new(program);
    command.arg("run").arg("--config").arg(config).arg("--clock").arg(clock.argument());
    // Its log would drown the summary; what is wrong is still said.
    command.env("WATCHFIRE_LOG__LEVEL", "error").stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().context("the service could not be started")
}
