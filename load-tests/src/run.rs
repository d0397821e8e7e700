//! One profile against a service that runs.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::figures::Times;
use crate::kafka::Kafka;
use crate::profile::{Profile, Source};
use crate::service::{Service, Stored};

/// How long what was sent may take to be committed once the last of it is sent.
const PATIENCE: Duration = Duration::from_secs(300);
/// Nothing committed for so long while something is missing: it will not come.
const STANDSTILL: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[arg(long, value_enum, default_value = "steady")]
    profile: Profile,
    /// The service
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    to: String,
    /// Through this broker, else over HTTP
    #[arg(long)]
    kafka: Option<String>,
    /// The topic that the service reads; made where it is not there
    #[arg(long, default_value = "watchfire.alerts")]
    topic: String,
    #[arg(long, default_value_t = 6)]
    partitions: i32,
    /// Events a second
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    #[arg(long, default_value_t = 20_000)]
    fingerprints: u64,
    /// Events in one push over HTTP
    #[arg(long, default_value_t = 64)]
    batch: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// PostgreSQL whose head is locked in the middle, for slow-store
    #[arg(long)]
    store: Option<String>,
    /// Seconds for which it is
    #[arg(long, default_value_t = 10)]
    hold: u64,
}

/// What is sent, and when it was due.
struct Sent {
    began: Instant,
    counts: BTreeMap<u64, u64>,
    due: Vec<Duration>,
}

impl Run {
    pub(crate) async fn carry_out(self) -> anyhow::Result<()> {
        ensure!(self.rate > 0.0 && self.seconds > 0 && self.seconds <= 3600, "a rate, and a time of at most an hour");
        let service = Service::at(&self.to)?;
        let run = format!("load-{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros());
        let before = service.committed().await.context("the service does not answer")?;
        println!(
            "{:?} as {run}: {} events/s for {} s, {} fingerprints",
            self.profile, self.rate, self.seconds, self.fingerprints
        );
        let hold = self.hold_store()?;
        let (sent, times) = match &self.kafka {
            Some(brokers) => {
                let kafka = Kafka::new(brokers, &self.topic, self.partitions).await?;
                self.over_kafka(&service, kafka, &run, before).await?
            }
            None => self.over_http(&service, &run).await?,
        };
        if let Some(mut hold) = hold {
            hold.wait()?;
        }
        let events: u64 = sent.due.len() as u64;
        self.wait(&service, before + events).await?;
        let took = sent.began.elapsed();
        println!("event to committed: {}", times.text());
        println!("{events} events in {:.1} s: {:.0}/s", took.as_secs_f64(), events as f64 / took.as_secs_f64());
        self.reckon(&service, &run, &sent.counts).await
    }

    async fn over_http(&self, service: &Service, run: &str) -> anyhow::Result<(Sent, Times)> {
        let (lasts, mut source) =
            (Duration::from_secs(self.seconds), Source::new(self.profile, self.fingerprints, self.seed));
        let all = self.profile.events(self.rate, lasts);
        let mut sent = Sent { began: Instant::now(), counts: BTreeMap::new(), due: Vec::new() };
        let times = Arc::new(Mutex::new(Times::default()));
        let mut under_way = JoinSet::new();
        let mut nth = 0;
        while nth < all {
            let mut body = String::new();
            let first = self.profile.due(nth, self.rate, lasts);
            let mut count = 0;
            while count < self.batch && nth < all {
                let event = source.next();
                event.write(run, &mut body);
                body.push('\n');
                *sent.counts.entry(event.key).or_default() += 1;
                sent.due.push(self.profile.due(nth, self.rate, lasts));
                (count, nth) = (count + 1, nth + 1);
            }
            tokio::time::sleep_until((sent.began + first).into()).await;
            let (service, times, due) = (service.clone(), times.clone(), sent.began + first);
            under_way.spawn(async move {
                // A sender that is told to come again comes again, but not for ever.
                while let Err(why) = service.push(body.clone()).await {
                    ensure!(due.elapsed() < PATIENCE, "a push was not taken within {PATIENCE:?}: {why}");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                times.lock().await.add(due.elapsed(), count);
                Ok(())
            });
        }
        while let Some(pushed) = under_way.join_next().await {
            pushed??;
        }
        let times = Arc::into_inner(times).context("nobody holds the times any more")?.into_inner();
        Ok((sent, times))
    }

    /// The nth event is committed once n are: how long that takes is seen from outside, every few milliseconds.
    async fn over_kafka(
        &self,
        service: &Service,
        kafka: Kafka,
        run: &str,
        before: u64,
    ) -> anyhow::Result<(Sent, Times)> {
        let lasts = Duration::from_secs(self.seconds);
        let all = self.profile.events(self.rate, lasts);
        let (profile, rate, fingerprints, seed) = (self.profile, self.rate, self.fingerprints, self.seed);
        let (began, run) = (Instant::now(), run.to_owned());
        let sender = tokio::task::spawn_blocking(move || -> anyhow::Result<Sent> {
            let mut source = Source::new(profile, fingerprints, seed);
            let mut sent = Sent { began, counts: BTreeMap::new(), due: Vec::new() };
            let mut value = String::new();
            for nth in 0..all {
                let due = profile.due(nth, rate, lasts);
                if profile != Profile::CatchUp
                    && let Some(early) =
                        due.checked_sub(began.elapsed()).filter(|early| *early > Duration::from_millis(1))
                {
                    std::thread::sleep(early);
                }
                let event = source.next();
                value.clear();
                event.write(&run, &mut value);
                kafka.send(&event.key.to_string(), &value)?;
                *sent.counts.entry(event.key).or_default() += 1;
                sent.due.push(if profile == Profile::CatchUp { began.elapsed() } else { due });
            }
            kafka.flush()?;
            Ok(sent)
        });
        let mut seen = Vec::new();
        let mut committed = 0;
        let mut moved = Instant::now();
        while committed < all {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = service.committed().await.unwrap_or(before + committed).saturating_sub(before);
            if now > committed {
                seen.push((now.min(all), began.elapsed()));
                (committed, moved) = (now, Instant::now());
            }
            ensure!(
                moved.elapsed() < STANDSTILL,
                "nothing was committed for {STANDSTILL:?}: {committed} of {all} are in"
            );
        }
        let sent = sender.await??;
        let mut times = Times::default();
        let mut from = 0;
        for (to, at) in seen {
            for due in sent.due.get(from..usize::try_from(to)?).unwrap_or_default() {
                times.add(at.saturating_sub(*due), 1);
            }
            from = usize::try_from(to)?;
        }
        Ok((sent, times))
    }

    async fn wait(&self, service: &Service, wanted: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        while service.committed().await.unwrap_or(0) < wanted {
            ensure!(began.elapsed() < PATIENCE, "not everything was committed within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// What is stored of the run is what was sent.
    async fn reckon(&self, service: &Service, run: &str, counts: &BTreeMap<u64, u64>) -> anyhow::Result<()> {
        let sent = Stored { alerts: counts.len() as u64, events: counts.values().sum() };
        let stored = service.stored(run).await?;
        println!("sent:   {} alerts, {} events", sent.alerts, sent.events);
        println!("stored: {} alerts, {} events", stored.alerts, stored.events);
        if stored != sent {
            bail!("what is stored is not what was sent");
        }
        println!("lost 0, doubled 0");
        Ok(())
    }

    /// In the middle somebody else holds the row that every commit needs.
    fn hold_store(&self) -> anyhow::Result<Option<std::process::Child>> {
        if self.profile != Profile::SlowStore {
            return Ok(None);
        }
        let store = self.store.as_deref().context("slow-store needs `--store postgres://…`")?;
        let wait = self.seconds / 3;
        let hold = format!(
            "SELECT pg_sleep({wait}); BEGIN; SELECT 1 FROM watchfire.head FOR UPDATE; SELECT pg_sleep({}); COMMIT",
            self.hold
        );
        let mut psql = Command::new("psql");
        psql.args([store, "-q", "-c", "SET idle_in_transaction_session_timeout = 0", "-c", &hold]);
        psql.stdout(std::process::Stdio::null());
        Ok(Some(psql.spawn().context("psql does not start")?))
    }
}
