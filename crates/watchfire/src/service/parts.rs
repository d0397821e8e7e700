//! The service in several processes: each runs some of the parts, and they meet over the log of events and one database.
//!
//! Every process forwards what is pushed to it, and shows what is committed; `ingest` reads source topics beside that,
//! `engine` decides what the log holds. One of the engines' processes, by lease, tells the outside and tidies up.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use ingest_kafka::engines::{MakeEngine, Running};
use ingest_kafka::{Engines, EventsLog, Membership, Place};
use model::home_of;
use runtime::{Runtime, Sources, Time};
use store::{Lease, Partition, Store, StoreError};
use telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::fits::{Leads, until_it_fits};
use super::kafka::{self, Reading};
use super::reload::{InForce, Wanted};
use super::signals::Signals;
use super::{DRAIN_AT_MOST, STOP_AT_MOST, SUPERSEDED, chores, courier, http, not_listened, stop_asked, until_stopped};
use crate::cli::Role;
use crate::config::{Config, Kafka};
use crate::outcome::Outcome;
use crate::place::{holder, host};

/// Between two looks whether the process that tells the outside has fallen silent.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

pub(super) async fn serve_over(
    store: &Store,
    config: Config,
    wanted: Wanted,
    mut signals: Signals,
    parts: &BTreeSet<Role>,
) -> anyhow::Result<Outcome> {
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| not_listened(config.listen))?;
    let address = listener.local_addr()?;
    let kafka = config.kafka.as_ref().context("parts meet over Kafka")?;
    let (holder, may_lead) = (holder(), parts.contains(&Role::Engine));
    let Some(leads) = until_it_fits(store, &holder, may_lead, &mut signals).await? else { return Ok(Outcome::Done) };
    let metrics = Metrics::default();
    let membership = Membership::default();
    let name = format!("{}-{}", host(), address.port());
    let sources = match (kafka.topics().is_empty(), parts.contains(&Role::Ingest)) {
        (true, _) => Sources::Nowhere,
        (false, true) => Sources::Here,
        (false, false) => Sources::Elsewhere,
    };
    let (runtime, lost) = forwarding(kafka, &membership, store, &name, sources, &metrics)?;
    runtime.follow(store.clone());
    let running = Running::default();
    let in_force = InForce::new(config.clone(), runtime.clone(), store.clone(), &wanted);
    let in_force = Arc::new(in_force.over(running.clone()));
    in_force.apply(wanted).await?;
    let (stop, stopped) = watch::channel(false);
    let mut reading = match parts.contains(&Role::Ingest) {
        true => Reading::start_at(Place::Group(membership), &config, &runtime, &in_force)?,
        false => Reading::none(),
    };
    let (fatal, mut undecided) = oneshot::channel();
    let engines = match parts.contains(&Role::Engine) {
        true => Some(engines(kafka, store, &in_force, running, metrics.clone(), fatal)?),
        false => None,
    };
    let duties = Duties {
        config: config.clone(),
        store: store.clone(),
        runtime: runtime.clone(),
        in_force: in_force.clone(),
        stopped: stopped.clone(),
        holder,
        leads,
    };
    let mut duties = tokio::spawn(duties.once_ours(may_lead));
    let (router, api) = http::router(&config, &runtime, store, &in_force, address)?;
    let server = tokio::spawn(http::serve(listener, router, api, stopped));
    telemetry::notice(&format!("runs {} as {name}; everything is kept in {}", words(parts), config.store));
    telemetry::listening(&address.to_string());
    let ended = tokio::select! {
        ended = until_stopped(&mut signals, &in_force, lost, &mut reading) => ended,
        Ok(why) = &mut undecided => {
            telemetry::fatal(&why);
            Err(anyhow!(why))
        }
        ended = &mut duties => {
            let why = ended.map_err(anyhow::Error::from).and_then(|ended| ended).err();
            let why = why.map_or_else(|| SUPERSEDED.to_owned(), |why| why.to_string());
            telemetry::fatal(&why);
            Err(anyhow!(why))
        }
    };
    stop.send_replace(true);
    reading.stop().await;
    if let Some(engines) = engines
        && tokio::time::timeout(STOP_AT_MOST, engines.stop()).await.is_err()
    {
        telemetry::notice("the store does not answer: what is under way is decided again by whoever comes next");
    }
    tokio::select! {
        _ = tokio::time::timeout(DRAIN_AT_MOST, server) => {}
        () = stop_asked(&mut signals) => telemetry::notice("told again to stop: open connections are cut"),
    }
    if tokio::time::timeout(STOP_AT_MOST, runtime.stop()).await.is_err() {
        telemetry::notice("Kafka does not answer: what was not acknowledged is not kept");
    }
    ended.map(|()| Outcome::Done)
}

fn forwarding(
    kafka: &Kafka,
    membership: &Membership,
    store: &Store,
    name: &str,
    sources: Sources,
    metrics: &Metrics,
) -> anyhow::Result<(Runtime, oneshot::Receiver<String>)> {
    let read = kafka.read().map_err(|why| anyhow!(why))?;
    let log = EventsLog::new(&read, &kafka.events, name, membership.clone(), metrics.clone());
    let (fatal, lost) = oneshot::channel();
    let (store, time) = (store.clone(), Time::default());
    Ok((Runtime::start_forwarding(store, log, name, sources, metrics.clone(), fatal, time), lost))
}

fn engines(
    kafka: &Kafka,
    store: &Store,
    in_force: &Arc<InForce>,
    running: Running,
    metrics: Metrics,
    fatal: oneshot::Sender<String>,
) -> anyhow::Result<Engines> {
    let read = kafka.read().map_err(|why| anyhow!(why))?;
    let (store, pipelines, outputs) = (store.clone(), in_force.clone(), kafka.outputs);
    let (told, tokio) = (metrics.clone(), tokio::runtime::Handle::current());
    let make: MakeEngine = Box::new(move |nth, of, ours, fatal| {
        let partition =
            Partition::nth(nth).ok_or_else(|| format!("the log of events has {of} partitions: too many"))?;
        // Where the store does not answer, the engine asks it again and again.
        if let Err(error @ StoreError::OtherNumber { .. }) = tokio.block_on(store.fits_partitions(of)) {
            return Err(error.to_string());
        }
        let policy = pipelines.pipelines().policy();
        let home = home_of(nth, of);
        let store = store.for_partition(partition);
        Ok(Runtime::start_following(store, policy, home, ours, told.clone(), fatal, outputs))
    });
    let shared = in_force.pipelines.clone();
    Engines::start(&read, &kafka.events, shared, make, running, metrics, fatal).map_err(|why| anyhow!("Kafka: {why}"))
}

fn words(parts: &BTreeSet<Role>) -> String {
    let word = |part: &Role| match part {
        Role::Ingest => "ingest",
        Role::Engine => "engine",
        Role::Api => "api",
    };
    parts.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// What one process does for all: telling people and systems, writing outputs, removing what is too old.
struct Duties {
    config: Config,
    store: Store,
    runtime: Runtime,
    in_force: Arc<InForce>,
    stopped: watch::Receiver<bool>,
    holder: String,
    leads: Leads,
}

impl Duties {
    /// Waits for the lease, and has them from then on. Ends with an error where another has taken them over.
    async fn once_ours(self, may: bool) -> anyhow::Result<()> {
        if !may {
            return std::future::pending().await;
        }
        if self.leads == Leads::NotYet {
            until_ours(&self.store, &self.holder).await?;
        }
        telemetry::notice("this process tells the outside, until another has to");
        chores::start(&self.config, &self.runtime, &self.store, &self.in_force, &self.stopped);
        kafka::start_outputs(&self.config, &self.store, &self.runtime, &self.stopped)?;
        let courier = courier(&self.config, &self.store, &self.runtime)?;
        let (by, telling) = (self.runtime.clone(), self.stopped.clone());
        tokio::select! {
            () = courier.run_by(move || by.now(), telling) => std::future::pending().await,
            () = self.store.lease_lost() => bail!(SUPERSEDED),
        }
    }
}

/// Waits for the lease. What passes is said and waited for; what does not, such as a schema that cannot be brought to this
/// version's, ends the process: it could never tell anybody anything.
async fn until_ours(store: &Store, holder: &str) -> anyhow::Result<()> {
    let mut said = String::new();
    loop {
        match store.take_lease(holder).await {
            Ok(Lease::Ours) => return Ok(()),
            Ok(Lease::Another { .. }) => said.clear(),
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Busy { .. } | StoreError::Full)) => {
                let why = error.to_string();
                if said != why {
                    telemetry::notice(&format!("this process may not tell the outside yet: {why}"));
                    said = why;
                }
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
