//! Prometheus, Alertmanager and amtool, each with a folder of its own and listening on the loopback interface only.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::installed;
use crate::process::Process;

pub(super) struct Prometheus(PathBuf);
pub(super) struct Alertmanager(PathBuf);
pub(super) struct Amtool(PathBuf);

/// An Alertmanager that runs.
pub(super) struct Listening {
    pub(super) address: String,
    _process: Process,
}

/// `amtool`, and the service it asks.
pub(super) struct Asking {
    program: PathBuf,
    home: PathBuf,
    address: String,
}

const RULES: &str = "groups:
  - name: targets
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 0s
        labels: {severity: critical}
        annotations: {summary: \"{{ $labels.host }} does not answer\"}
";

impl Prometheus {
    pub(super) fn installed() -> Option<Prometheus> {
        installed("prometheus").map(Prometheus)
    }

    /// Scrapes each second, tells everybody, and says every second again what still fires.
    pub(super) fn start(&self, folder: &Path, targets: &[(&str, String)], tells: &[String]) -> Process {
        let home = home(folder, "prometheus");
        let mut config = String::from(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [rules.yaml]\n",
        );
        let told: Vec<&str> = tells.iter().map(|address| address.trim_start_matches("http://")).collect();
        config +=
            &format!("alerting: {{alertmanagers: [{{static_configs: [{{targets: {told:?}}}]}}]}}\nscrape_configs:\n");
        for (host, address) in targets {
            let scraped = format!("static_configs: [{{targets: [\"{address}\"], labels: {{host: {host}}}}}]");
            config += &format!("  - {{job_name: {host}, {scraped}}}\n");
        }
        std::fs::write(home.join("prometheus.yaml"), config).unwrap();
        std::fs::write(home.join("rules.yaml"), RULES).unwrap();
        let mut command = Command::new(&self.0);
        command.current_dir(&home).args([
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--web.listen-address=127.0.0.1:0",
            "--rules.alert.resend-delay=1s",
        ]);
        let process = Process::start(&mut command);
        process.hears("that it is ready", |line| line.contains("ready to receive web requests").then_some(()));
        process
    }
}

impl Alertmanager {
    pub(super) fn installed() -> Option<Alertmanager> {
        installed("prometheus-alertmanager").map(Alertmanager)
    }

    pub(super) fn start(&self, folder: &Path, webhook: &str) -> Listening {
        let home = home(folder, "alertmanager");
        let config = format!(
            "route: {{receiver: watchfire, group_wait: 0s, group_interval: 1s, repeat_interval: 1m}}\n\
             receivers: [{{name: watchfire, webhook_configs: [{{url: \"{webhook}\"}}]}}]\n"
        );
        std::fs::write(home.join("alertmanager.yaml"), config).unwrap();
        let mut command = Command::new(&self.0);
        command.current_dir(&home).args([
            "--config.file=alertmanager.yaml",
            "--storage.path=data",
            "--web.listen-address=127.0.0.1:0",
            "--cluster.listen-address=",
        ]);
        let process = Process::start(&mut command);
        let address = process.hears("its address", |line| {
            let (_, address) = line.split_once("address=127.0.0.1:").filter(|_| line.contains("Listening on"))?;
            address.split_whitespace().next().map(|port| format!("http://127.0.0.1:{port}"))
        });
        Listening { address, _process: process }
    }
}

impl Amtool {
    pub(super) fn installed() -> Option<Amtool> {
        installed("amtool").map(Amtool)
    }

    pub(super) fn with(self, folder: &Path, address: &str) -> Asking {
        Asking { program: self.0, home: home(folder, "amtool"), address: address.to_owned() }
    }
}

impl Asking {
    #[track_caller]
    pub(super) fn says(&self, args: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        // What whoever tests has configured for it is not asked for.
        command.env("HOME", &self.home).current_dir(&self.home);
        command.arg(format!("--alertmanager.url={}", self.address)).args(args);
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "amtool {}: {}\n{errors}", args.join(" "), output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn home(folder: &Path, name: &str) -> PathBuf {
    let home = folder.join(name);
    std::fs::create_dir_all(&home).unwrap();
    home
}
