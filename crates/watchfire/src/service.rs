//! The running service: builds the parts from a configuration, runs them, and drains them.
//!
//! Read in this order: [`serve`](serve()), `reload` (pipelines and CMDB files, whole or not at all), `http` (what is
//! served, behind what `door`, to people of which `provider`), `standby` (of several processes one is active), `kafka` (what is read), `parts` (several
//! processes instead, over a store that `fits`), `chores` (what is done now and then), `standing` (how services stand, each
//! minute), `issuing` (reports of what is over), `signals`.
//!
//! Rule: the store is opened first, because it is what keeps a second process out or standing by; nothing is answered before it is
//! loaded; and on the way out nothing new is taken while what is under way is finished.

mod chores;
mod door;
mod fits;
mod http;
mod issuing;
mod kafka;
mod parts;
mod provider;
mod reload;
mod signals;
mod standby;
mod standing;
mod watchdog;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use connect::Courier;
use runtime::{PushAnswer, Runtime, Time};
use store::Store;
use telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::cli::Role;
use crate::config::{Config, Target};
use crate::inventory::Care;
use crate::outcome::Outcome;
use crate::place::close;
use kafka::Reading;
use reload::{InForce, Wanted};
use signals::{Signals, Told};

/// Connections that have not ended by then are cut: a stream would never end by itself.
const DRAIN_AT_MOST: Duration = Duration::from_secs(8);
/// What is being committed then has that long.
const STOP_AT_MOST: Duration = Duration::from_secs(30);

const SUPERSEDED: &str = "another process has become the active one: this one was silent for too long, and ends";

/// Runs until it is told to stop, or cannot go on.
pub(crate) async fn serve(config: Config, time: Time) -> anyhow::Result<Outcome> {
    telemetry::set_up_logs(config.log.0, &config.log.1);
    let wanted = Wanted::read(&config, Care::Strict)?;
    wanted.remarks.iter().for_each(|remark| telemetry::notice(remark));
    let signals = Signals::listen()?;
    let store = config.store.open_beside().await.with_context(|| format!("{} cannot be opened", config.store))?;
    let outcome = serve_over(&store, config, wanted, signals, time).await;
    // On every way out: whoever stands by need not wait until this one counts as silent.
    if tokio::time::timeout(STOP_AT_MOST, close(&store)).await.is_err() {
        telemetry::notice("the store does not answer: it was not closed in order");
    }
    outcome
}

/// The same for some of the parts, beside other processes that run the others.
pub(crate) async fn serve_parts(config: Config, parts: BTreeSet<Role>) -> anyhow::Result<Outcome> {
    telemetry::set_up_logs(config.log.0, &config.log.1);
    let wanted = Wanted::read(&config, Care::Strict)?;
    wanted.remarks.iter().for_each(|remark| telemetry::notice(remark));
    let signals = Signals::listen()?;
    let store = config.store.open_beside().await.with_context(|| format!("{} cannot be opened", config.store))?;
    let outcome = parts::serve_over(&store, config, wanted, signals, &parts).await;
    if tokio::time::timeout(STOP_AT_MOST, close(&store)).await.is_err() {
        telemetry::notice("the store does not answer: it was not closed in order");
    }
    outcome
}

async fn serve_over(
    store: &Store,
    config: Config,
    wanted: Wanted,
    mut signals: Signals,
    time: Time,
) -> anyhow::Result<Outcome> {
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| not_listened(config.listen))?;
    // Where port 0 was asked for, the one that was given.
    let address = listener.local_addr()?;
    let Some(listener) = standby::until_active(store, listener, &mut signals).await? else {
        return Ok(Outcome::Done);
    };
    store.fits().await?;
    let (fatal, mut lost) = oneshot::channel();
    let (policy, metrics) = (wanted.pipelines.policy(), Metrics::default());
    let runtime = match &config.kafka {
        Some(kafka) => Runtime::start_reading(store.clone(), policy, metrics, fatal, time, kafka.outputs),
        None => Runtime::start_at(store.clone(), policy, metrics, fatal, time),
    };
    tokio::select! {
        answer = runtime.push(Vec::new(), 0, None) => ready(&answer)?,
        why = &mut lost => bail!("{}", why.unwrap_or_default()),
        () = store.lease_lost() => bail!(SUPERSEDED),
        () = stop_asked(&mut signals) => bail!("stopped before the store was loaded"),
    }
    let in_force = Arc::new(InForce::new(config.clone(), runtime.clone(), store.clone(), &wanted));
    tokio::select! {
        applied = in_force.apply(wanted) => drop(applied?),
        why = &mut lost => bail!("{}", why.unwrap_or_default()),
        () = store.lease_lost() => bail!(SUPERSEDED),
        () = stop_asked(&mut signals) => bail!("stopped before the CMDB of the files was in force"),
    }
    let (stop, stopped) = watch::channel(false);
    let mut reading = Reading::start(&config, &runtime, &in_force)?;
    let courier = courier(&config, store, &runtime)?;
    kafka::start_outputs(&config, store, &runtime, &stopped)?;
    chores::start(&config, &runtime, store, &in_force, &stopped);
    let telling = stopped.clone();
    let by = runtime.clone();
    let courier = tokio::spawn(async move { courier.run_by(move || by.now(), telling).await });
    let (router, api) = http::router(&config, &runtime, store, &in_force, address)?;
    let server = tokio::spawn(http::serve(listener, router, api, stopped));
    telemetry::notice(&format!("everything is kept in {}", config.store));
    telemetry::listening(&address.to_string());
    let ended = tokio::select! {
        ended = until_stopped(&mut signals, &in_force, lost, &mut reading) => ended,
        () = store.lease_lost() => {
            // Nothing that is under way can be committed any more: it is not waited for, and who sent it asks the other one.
            telemetry::fatal(SUPERSEDED);
            bail!(SUPERSEDED);
        }
    };
    stop.send_replace(true);
    reading.stop().await;
    tokio::select! {
        _ = tokio::time::timeout(DRAIN_AT_MOST, async { (server.await, courier.await) }) => {}
        () = stop_asked(&mut signals) => telemetry::notice("told again to stop: open connections are cut"),
    }
    if tokio::time::timeout(STOP_AT_MOST, runtime.stop()).await.is_err() {
        telemetry::notice("the store does not answer: what was not acknowledged is not kept");
    }
    ended.map(|()| Outcome::Done)
}

/// Who tells people and systems outside.
fn courier(config: &Config, store: &Store, runtime: &Runtime) -> anyhow::Result<Courier> {
    let target = |target: &Target| target.read().map_err(|why| anyhow!(why));
    let targets = config.notify.iter().map(target).collect::<anyhow::Result<_>>()?;
    let outward = connect::Config { targets, allow: config.notify_allow.clone() };
    Courier::new(store.clone(), outward, runtime.metrics().clone()).map_err(|why| anyhow!(why))
}

async fn until_stopped(
    signals: &mut Signals,
    in_force: &Arc<InForce>,
    mut lost: oneshot::Receiver<String>,
    reading: &mut Reading,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            told = signals.next() => match told {
                Told::Reload => {
                    // By itself: whoever wants this process to stop is heard meanwhile.
                    let in_force = in_force.clone();
                    drop(tokio::spawn(async move { in_force.reload_and_say().await }));
                }
                Told::Stop => {
                    telemetry::notice("stopping: what is under way is finished");
                    return Ok(());
                }
            },
            why = reading.failed() => {
                telemetry::fatal(&why);
                bail!(why);
            }
            why = &mut lost => {
                let why = why.unwrap_or_else(|_| "the deciding thread ended".to_owned());
                telemetry::fatal(&why);
                bail!(why);
            }
        }
    }
}

async fn stop_asked(signals: &mut Signals) {
    while signals.next().await != Told::Stop {}
}

fn not_listened(address: SocketAddr) -> String {
    format!(
        "{address} cannot be listened on: if another watchfire, a demo or another program has it, stop that one; or \
         choose another address with `http: {{listen: …}}` or WATCHFIRE_HTTP__LISTEN"
    )
}

fn ready(answer: &PushAnswer) -> anyhow::Result<()> {
    match answer {
        PushAnswer::Committed { .. } => Ok(()),
        PushAnswer::Overloaded(why) => bail!("the store takes nothing: {why:?}"),
    }
}
