//! Direct mode from a real topic, beside a bare loop that consumes and parses the same records: what the store, the engine
//! and everything between cost.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use clap::Args;
use rdkafka::ClientConfig;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde::Deserialize;

use crate::kafka::Kafka;
use crate::profile::{Profile, Source};
use crate::service::Service;

const PORT: u16 = 18_099;
const STANDSTILL: Duration = Duration::from_secs(60);
/// How far it is is asked so often: each answer takes time of the same cores.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(crate) struct Direct {
    /// A broker on this machine; `cargo xtask services up` has one
    #[arg(long, env = "WATCHFIRE_TEST_KAFKA")]
    kafka: String,
    /// The service's binary
    #[arg(long, default_value = "target/release/watchfire")]
    binary: PathBuf,
    /// `postgres://…`, else a file that is gone afterwards
    #[arg(long)]
    store: Option<String>,
    #[arg(long, default_value_t = 500_000)]
    events: u64,
    #[arg(long, default_value_t = 200_000)]
    fingerprints: u64,
    /// No alert is known before: what is measured has new ones in it
    #[arg(long)]
    cold: bool,
    #[arg(long, default_value_t = 6)]
    partitions: i32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds, each of both; the best of each counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// A bare loop reads what every consumer of such events would.
#[derive(Deserialize)]
struct Read<'e> {
    #[serde(borrow)]
    dedup_key: &'e str,
    #[serde(borrow)]
    labels: std::collections::BTreeMap<&'e str, &'e str>,
}

impl Direct {
    pub(crate) async fn carry_out(self) -> anyhow::Result<()> {
        let stamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let topic = format!("load.direct.{stamp}");
        let kafka = Kafka::new(&self.kafka, &topic, self.partitions).await?;
        self.fill(&kafka)?;
        println!(
            "{} events of {} fingerprints by Zipf's law in {} partitions, {} of them known before",
            self.events,
            self.fingerprints,
            self.partitions,
            self.known()
        );
        let (mut bare, mut direct) = (0.0_f64, 0.0_f64);
        for round in 0..self.rounds {
            let one = self.bare(&kafka)?;
            let other = self.direct(&kafka, &format!("{stamp}-{round}")).await?;
            println!("bare loop {one:.0}/s, direct mode {other:.0}/s: {:.0} %", other / one * 100.0);
            (bare, direct) = (bare.max(one), direct.max(other));
        }
        println!("best of each: bare loop {bare:.0}/s, direct mode {direct:.0}/s: {:.0} %", direct / bare * 100.0);
        Ok(())
    }

    /// Each fingerprint comes once before what is measured, so that it has none that is new.
    fn known(&self) -> u64 {
        if self.cold { 0 } else { self.fingerprints }
    }

    fn fill(&self, kafka: &Kafka) -> anyhow::Result<()> {
        let mut new = Source::new(Profile::AllNew, self.fingerprints, self.seed);
        let mut source = Source::new(Profile::Steady, self.fingerprints, self.seed);
        let mut value = String::new();
        for nth in 0..self.known() + self.events {
            let event = if nth < self.known() { new.next() } else { source.next() };
            value.clear();
            event.write("load", &mut value);
            kafka.send(&event.key.to_string(), &value)?;
        }
        kafka.flush()
    }

    /// From the first record to the last.
    fn bare(&self, kafka: &Kafka) -> anyhow::Result<f64> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &kafka.brokers).set("group.id", "load-bare").set("fetch.queue.backoff.ms", "5");
        config.set("queued.max.messages.kbytes", "262144").set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create()?;
        let mut list = rdkafka::TopicPartitionList::new();
        for partition in 0..self.partitions {
            list.add_partition_offset(&kafka.topic, partition, rdkafka::Offset::Beginning)?;
        }
        consumer.assign(&list)?;
        let (mut read, mut bytes, mut began) = (0, 0, None);
        while read < self.known() + self.events {
            let message = consumer.poll(Duration::from_secs(10)).context("the topic ends before its end")??;
            began.get_or_insert_with(Instant::now);
            let value = std::str::from_utf8(message.payload().unwrap_or_default())?;
            let event: Read<'_> = serde_json::from_str(value)?;
            bytes += event.dedup_key.len() + event.labels.len();
            read += 1;
        }
        ensure!(bytes > 0, "the events say nothing");
        Ok(read as f64 / began.map_or(1.0, |began: Instant| began.elapsed().as_secs_f64()))
    }

    /// From the first commit that shows, once all that is to be known is in, to the last event.
    async fn direct(&self, kafka: &Kafka, run: &str) -> anyhow::Result<f64> {
        let folder = std::env::temp_dir().join(format!("watchfire-load-{run}"));
        std::fs::create_dir_all(&folder)?;
        let started = self.start(kafka, run, &folder)?;
        let service = Service::at(&format!("http://127.0.0.1:{PORT}"))?;
        let all = self.known() + self.events;
        let (mut began, mut last, mut moved) = (None, 0, Instant::now());
        while last < all {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = service.committed().await.unwrap_or(0);
            if now > last {
                (last, moved) = (now, Instant::now());
                if now >= self.known() {
                    began.get_or_insert((moved, now));
                }
            }
            ensure!(moved.elapsed() < STANDSTILL, "{last} of {all} are in, and nothing moves");
        }
        let (began, first) = began.context("nothing was committed")?;
        let rate = (all - first) as f64 / began.elapsed().as_secs_f64();
        drop(started);
        std::fs::remove_dir_all(&folder)?;
        Ok(rate)
    }

    fn start(&self, kafka: &Kafka, run: &str, folder: &Path) -> anyhow::Result<Started> {
        let file = format!("sqlite://{}", folder.join("watchfire.db").display());
        let store = self.store.as_deref().unwrap_or(&file);
        let configuration = folder.join("watchfire.yaml");
        // No event of these opens an incident: what is measured is the way, not what correlation costs.
        let mut written = std::fs::File::create(&configuration)?;
        writeln!(written, "http: {{listen: 127.0.0.1:{PORT}}}\nstore: {{url: \"{store}\"}}\nkafka:")?;
        writeln!(
            written,
            "  brokers: [\"{}\"]\n  group: load-{run}\n  sources: [{{topic: {}}}]",
            kafka.brokers, kafka.topic
        )?;
        let child = Command::new(&self.binary)
            .args(["run", "--config"])
            .arg(&configuration)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("log"))?)
            .spawn()
            .with_context(|| format!("{} does not start: build it first", self.binary.display()))?;
        Ok(Started(child))
    }
}

/// Ends with what it is for.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
