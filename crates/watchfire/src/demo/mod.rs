//! `watchfire demo`: a made-up company, ninety days of its history, and one live day in a minute.
//!
//! Read in this order: `estate` (the company), `story` (how faults spread), `history`, `day` (what happens), `said`,
//! `child` (the service, a process of its own), `live` (who pushes and who acts), `night` (what is broken for who stays),
//! `truth` and `summary`.
//!
//! Rule: what is live goes over HTTP like any monitoring system's; nothing is told to the engine that a user could not.

mod child;
mod day;
mod estate;
mod history;
mod live;
mod night;
mod random;
mod said;
mod story;
mod summary;
#[cfg(test)]
mod tests;
mod truth;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use model::{Incident, Interval, ProblemId, Span, Timestamp};
use replay::{Config, Player};
use report::Question;
use rules::PipelineSet;
use store::{IncidentFilter, PageRequest, ProblemKey, Store};

use crate::cli::Demo;
use crate::client::Client;
use crate::console::Console;
use crate::outcome::Outcome;
use crate::place::close;
use child::{Service, Simulated, port};

/// The live day takes so long where nobody says otherwise, and the service then stays.
const LIVE_UNLESS_SAID: Duration = Duration::from_secs(60);
/// For starting and stopping, of the time that was asked for.
const AROUND: Duration = Duration::from_secs(5);
/// The storm is at its peak.
const PEAK: Span = Span::from_minutes(11 * 60 + 3);
/// The monitor that dies: it speaks from here …
const MONITOR_FROM: Span = Span::from_minutes(14 * 60 + 20);
/// … until here.
const MONITOR_UNTIL: Span = Span::from_minutes(14 * 60 + 44);

pub(crate) async fn demo(args: Demo, console: &Console) -> anyhow::Result<Outcome> {
    let folder = match &args.keep {
        Some(place) => Folder::kept(place)?,
        None => Folder::passing(args.seed)?,
    };
    let midnight = Timestamp::from_date(2026, 6, 1);
    history(&folder.place, args.seed, midnight, console).await?;
    let port = port(args.port)?;
    let url = format!("http://127.0.0.1:{port}");
    let lasts = args.live.unwrap_or(LIVE_UNLESS_SAID);
    let clock = clock(midnight, lasts, args.live.is_none());
    console.say(format!("one day of 2026-06-01, {} times as fast as life: watch it at {url}", clock.pace));
    let mut service = Service::start(&folder.place, port, clock)?;
    let client = Client::without_token(&url)?;
    service.ready(&client).await?;
    let script = day::script(args.seed, midnight);
    let sent = live_day(&client, clock, midnight, &script, args.kill, &mut service, console).await?;
    if args.live.is_none() {
        console.say(format!("the day is over, and the night begins at life's own pace; open {url} (Ctrl-C ends it)"));
        tokio::select! {
            told = night::falls(&client, clock, midnight + Span::DAY) => {
                told?;
                console.say("a storage array has failed, and nobody has looked yet: find out what to do");
                tokio::signal::ctrl_c().await?;
            }
            stopped = tokio::signal::ctrl_c() => stopped?,
        }
    }
    service.stop().await?;
    let store = Store::open_read_only(&format!("sqlite://{}", folder.place.join("watchfire.db").display())).await?;
    let window = Interval::or_empty(midnight, midnight + Span::DAY);
    let incidents = incidents_of(&store, window).await?;
    let episodes = truth::episodes(&store, &script).await?;
    let accounts = truth::accounts(&script, &sent.acknowledged, &episodes, &incidents);
    let score = truth::score(&script, &episodes, &incidents);
    let summary = summary::Day {
        store: &store,
        script: &script,
        episodes: &episodes,
        incidents: &incidents,
        sent: &sent,
        score: &score,
        accounts: args.kill.then_some(accounts),
        told: told(&store, window).await?,
        problems: &problems(&store, &incidents).await?,
        window,
        url: &url,
    };
    console.result(&summary.text(console).await?)?;
    close(&store).await;
    console.say(folder.hint());
    anyhow::ensure!(accounts.lost + accounts.doubled == 0, "lost {}, doubled {}", accounts.lost, accounts.doubled);
    Ok(Outcome::Done)
}

/// Ninety days, through the very engine that runs live.
async fn history(folder: &Path, seed: u64, midnight: Timestamp, console: &Console) -> anyhow::Result<()> {
    let began = std::time::Instant::now();
    let lines = history::recording(seed, midnight);
    let store = Store::open(&format!("sqlite://{}", folder.join("watchfire.db").display())).await?;
    let pipelines = PipelineSet::builtin();
    let player = Player::new(store, Config { cmdb: estate::cmdb(), pipelines, until: Some(midnight) }).await?;
    let (replayed, store) = player.play_text(&lines.join("\n")).await?;
    let items = estate::cmdb().items.len();
    console.say(format!(
        "a company of {items} items and 12 services; {} events of its last {} days replayed in {:.1} s",
        lines.len(),
        history::DAYS,
        began.elapsed().as_secs_f64()
    ));
    close(&store).await;
    drop(replayed);
    Ok(())
}

/// The day fits what was asked for, less what starting and stopping take; for who stays after it, the clock slows down.
fn clock(midnight: Timestamp, lasts: Duration, stays: bool) -> Simulated {
    let live = lasts.saturating_sub(AROUND).max(Duration::from_secs(5));
    let pace = u32::try_from(86_400_u64.div_ceil(live.as_secs())).unwrap_or(u32::MAX);
    // A moment for the service to start, before the first event.
    Simulated {
        real: runtime::clock::wall() + Span::from_seconds(1),
        shown: midnight,
        pace,
        fast_until: stays.then_some(midnight + Span::DAY),
    }
}

async fn live_day(
    client: &Client,
    clock: Simulated,
    midnight: Timestamp,
    script: &[said::Said],
    kill: bool,
    service: &mut Service,
    console: &Console,
) -> anyhow::Result<live::Sent> {
    let pushing = tokio::spawn(live::push(client.clone(), clock, script.to_vec()));
    let monitor = live::dying_monitor(client.clone(), clock, midnight + MONITOR_FROM, midnight + MONITOR_UNTIL);
    let monitor = tokio::spawn(monitor);
    let people = tokio::spawn(live::people(client.clone(), clock, midnight));
    if kill {
        live::sleep_until(clock, midnight + PEAK).await;
        service.kill_and_start()?;
        console.say("killed with -9 at the peak of the storm, and started again");
    }
    let ends = midnight + Span::DAY;
    while clock.time().now() < ends {
        let passed = (clock.time().now() - midnight).seconds_f64() / 86_400.0;
        console.progress(passed);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    console.progress(1.0);
    console.progress_done();
    monitor.await??;
    people.await??;
    let sent = pushing.await?.context("the script could not be pushed to its end")?;
    anyhow::ensure!(sent.rejected == 0, "{} events of the demo itself were rejected", sent.rejected);
    Ok(sent)
}

async fn incidents_of(store: &Store, window: Interval) -> anyhow::Result<Vec<Incident>> {
    let filter = IncidentFilter { from: Some(window.start()), to: Some(window.end()), ..IncidentFilter::default() };
    let mut incidents = Vec::new();
    let mut request = PageRequest::first(model::limits::PAGE_ROWS_MAX);
    loop {
        let page = store.incidents(&filter, &request).await?;
        incidents.extend(page.items);
        let Some(next) = page.next else { break };
        request = PageRequest { cursor: Some(next), limit: Some(model::limits::PAGE_ROWS_MAX) };
    }
    incidents.retain(|incident| window.contains(incident.opened_at));
    incidents.sort_by_key(|incident| (incident.opened_at, incident.number));
    Ok(incidents)
}

/// Messages to people that were decided, whether anybody is configured to be told or not.
async fn told(store: &Store, window: Interval) -> anyhow::Result<u64> {
    let answer = report::noise(store, &Question::new(window.start(), window.end(), window.end())).await?;
    Ok(answer.rows().map(|row| row.told).sum())
}

/// What people call the problems that the incidents are part of.
async fn problems(store: &Store, incidents: &[Incident]) -> anyhow::Result<BTreeMap<ProblemId, String>> {
    let mut problems = BTreeMap::new();
    for id in incidents.iter().filter_map(|incident| incident.problem) {
        if let Entry::Vacant(unknown) = problems.entry(id)
            && let Some(problem) = store.problem(ProblemKey::Id(id)).await?
        {
            unknown.insert(problem.label());
        }
    }
    Ok(problems)
}

/// Everything of the demo; gone when it ends, unless it is to be kept.
struct Folder {
    place: PathBuf,
    kept: bool,
}

impl Folder {
    fn passing(seed: u64) -> anyhow::Result<Folder> {
        let place = std::env::temp_dir().join(format!("watchfire-demo-{}-{seed}", std::process::id()));
        make(&place)?;
        Ok(Folder { place, kept: false })
    }

    /// What stands there already is nobody's to write over.
    fn kept(place: &Path) -> anyhow::Result<Folder> {
        make(place)?;
        let place = std::path::absolute(place)?;
        let is_empty = std::fs::read_dir(&place)?.next().is_none();
        anyhow::ensure!(is_empty, "{} is not empty: name a new folder with --keep", place.display());
        Ok(Folder { place, kept: true })
    }

    /// What one can do with it now.
    fn hint(&self) -> String {
        // As it was started, so that the lines can be pasted: whoever runs it by cargo has it on no path.
        let program = std::env::args().next().unwrap_or_else(|| "watchfire".to_owned());
        let asks = format!("{program} report availability --from -90d");
        match self.kept {
            true => {
                let store = format!("--store sqlite://{}", self.place.join("watchfire.db").display());
                format!(
                    "kept; ask it what leadership asks:\n  {asks} {store}\n  {program} report slo {store}\n  \
                     {asks} --format html {store} > availability.html"
                )
            }
            false => format!("its store is gone now; --keep DIR keeps it for `{asks}` and its like"),
        }
    }
}

fn make(place: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(place).with_context(|| format!("{} cannot be made", place.display()))
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            std::fs::remove_dir_all(&self.place).ok();
        }
    }
}
