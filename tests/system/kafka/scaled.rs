//! Several processes over one log: two that read and forward, two that decide. Each record is known once, everybody shows
//! it, and what one decided another goes on with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::broker::{Broker, Place};
use super::producer::{Producer, TENANTS};
use super::several::{LOG_PARTITIONS, Several, taken_over};
use super::watcher::Watcher;
use crate::behind::Behind;
use crate::budget::{clock, number};
use crate::process::Process;
use crate::said::say;
use crate::wait::{self, holds};
use crate::watchfire::Watchfire;

/// How long it may take, after an engine's process was killed, until others commit what its partitions hold.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(15);
/// So many records are known before anything is asked.
const RECORDS_BEFORE: u64 = 300;

/// Two of each.
struct Four {
    api: Watchfire,
    ingest: Process,
    engines: [Process; 2],
}

impl Four {
    /// All at once: one of them makes the store.
    fn of(site: &Several) -> Four {
        let api = site.process("ingest,api");
        let (ingest, engines) = (site.process("ingest"), [site.process("engine"), site.process("engine")]);
        Four { api: Watchfire::of(api), ingest, engines }
    }

    fn wait_for_known(&self, site: &Several, records: u64) {
        wait::until("records are committed", || {
            let known = site.try_known()?;
            holds(known >= records, || format!("{known} are; {}", self.said()))
        });
    }

    fn said(&self) -> String {
        let [one, two] = &self.engines;
        let said = [&self.api.process, &self.ingest, one, two].map(Process::said);
        format!("they say:\n{}", said.join("\n\n"))
    }

    /// Each in order, those that decide last.
    fn stop(self) {
        self.api.stop();
        for process in [self.ingest].into_iter().chain(self.engines) {
            let (status, said) = process.stop();
            assert!(status.success(), "who is told to ends in order, not with {status}: {said}");
        }
    }
}

#[test]
fn several_processes_know_and_show_each_record_once() {
    let test = "several processes";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let (site, started) = (Several::new(&broker, |_| store), Instant::now());
    let seed = number("WATCHFIRE_KILL_SEED", clock());
    say(format_args!("several processes: WATCHFIRE_KILL_SEED={seed}"));
    let four = Four::of(&site);
    let watcher = Watcher::of(&four.api);
    let producer = Producer::start(&site.source, seed);
    four.wait_for_known(&site, RECORDS_BEFORE);
    acknowledge(&four.api);
    let journal = producer.stop();
    site.wait_until_read_out(|| four.said());
    let ends = site.source.try_ends().unwrap();
    wait::until("the group has read everything", || site.has_been_read_to(&ends));
    shows_what_is_known(&site, &four.api);
    was_told_what_is_known(&four.api, &watcher);
    let domains = "SELECT count(DISTINCT name), count(DISTINCT head) FROM domain WHERE name LIKE 'tenant-%'";
    assert_eq!(site.store.rows(domains), [[TENANTS.to_string(), LOG_PARTITIONS.to_string()]]);
    four.stop();
    let records = site.settle(&journal);
    site.store.clear();
    let seconds = started.elapsed().as_secs_f64();
    say(format_args!("several processes: records {records}, lost 0, doubled 0, seconds {seconds:.1}"));
}

/// A person's command goes through the log to whoever decides, and its answer is what came of it.
pub(super) fn acknowledge(api: &Watchfire) {
    let open = wait::until("an incident is shown", || {
        let incidents = api.list("/api/v1/incidents");
        let open = incidents.iter().find(|incident| incident["state"] == "open");
        open.and_then(|incident| incident["number"].as_str()).map(str::to_owned).ok_or_else(|| format!("{incidents:?}"))
    });
    let path = format!("/api/v1/incidents/{open}");
    let headers = [("Content-Type", "application/json")];
    let answer = api.post(&format!("{path}/acknowledge"), &headers, b"{}").with(200);
    assert_eq!((&answer["number"], answer["acknowledged_by"].is_string()), (&Value::from(open), true), "{answer}");
    wait::until("it is shown as acknowledged", || {
        let shown = api.get(&path);
        holds(shown["acknowledged_at"].is_string(), || shown.to_string())
    });
}

/// Who decides nothing shows what one shows that has just loaded everything. How often something was said it need not have heard of.
fn shows_what_is_known(site: &Several, api: &Watchfire) {
    let loaded = Watchfire::of(site.process("api"));
    wait::until("both show the same", || {
        let [ours, theirs] = [api, &loaded].map(shown);
        holds(ours == theirs, || format!("{ours:?}\nis shown, and known is\n{theirs:?}"))
    });
    loaded.stop();
}

/// From the store, and from the view of what is open.
fn shown(api: &Watchfire) -> BTreeMap<String, Vec<Value>> {
    let field = |of: &Value, names: &[&str]| names.iter().map(|name| of[name].clone()).collect::<Vec<_>>();
    let all = |path: &str, names: &[&str]| {
        let of_list = |of: Value| (of["id"].as_str().unwrap().to_owned(), field(&of, names));
        api.list(path).into_iter().map(of_list).collect::<BTreeMap<_, _>>()
    };
    let mut shown = all("/api/v1/alerts", &["state", "severity", "episodes"]);
    shown.extend(all("/api/v1/incidents", &["number", "state", "priority", "alerts", "acknowledged_at"]));
    shown.extend(all("/api/v1/services", &["state", "since", "incidents"]));
    for alert in api.get("/api/v2/alerts").as_array().unwrap() {
        let fingerprint = alert["fingerprint"].as_str().unwrap().to_owned();
        shown.insert(fingerprint, field(alert, &["labels", "annotations", "startsAt", "status"]));
    }
    shown.insert("status".to_owned(), field(&api.get("/api/v1/status"), &["alerts_firing", "incidents_open"]));
    shown
}

/// Who watches the stream knows what the lists say.
fn was_told_what_is_known(api: &Watchfire, watcher: &Watcher) {
    wait::until("the stream has told it", || {
        let firing = api.get("/api/v1/status")["alerts_firing"].as_u64();
        let listed = api.list("/api/v1/alerts?state=firing").len();
        holds(firing == u64::try_from(listed).ok(), || format!("{firing:?} are shown to fire, {listed} listed"))?;
        watcher.knows("alert", &api.list("/api/v1/alerts"), &["state", "severity", "episodes"])?;
        watcher.knows("incident", &api.list("/api/v1/incidents"), &["number", "state", "priority", "version"])?;
        let is_down = |service: &Value| service["state"] == "down";
        let down: Vec<Value> = api.list("/api/v1/services").into_iter().filter(is_down).collect();
        watcher.knows("service", &down, &["state"])
    });
}

#[test]
fn what_a_killed_engine_decided_others_decide_within_15_seconds() {
    let test = "an engine is killed";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let site = Several::new(&broker, |_| store);
    let mut four = Four::of(&site);
    let producer = Producer::start(&site.source, number("WATCHFIRE_KILL_SEED", clock()));
    four.wait_for_known(&site, RECORDS_BEFORE);
    wait::until("both engines have partitions", || {
        let member = |place: &Place| place.member.clone();
        let places = site.log.places(&site.engines())?;
        let members: BTreeSet<String> = places.iter().map(member).collect();
        holds(members.len() == four.engines.len() && !members.contains("-"), || format!("{places:?}"))
    });
    let [killed, lives] = four.engines;
    let silent_since = Instant::now();
    killed.kill();
    let before = site.try_heads().unwrap();
    let took = taken_over(&site, &before, silent_since);
    let after = site.try_heads().unwrap();
    assert!(after.iter().any(|(id, head)| head.epoch > before[id].epoch), "{after:?} follow {before:?}");
    assert!(took < TAKEN_OVER_WITHIN, "it took {took:?}; it says:\n{}", lives.said());
    four.engines = [lives, site.process("engine")];
    let journal = producer.stop();
    site.wait_until_read_out(|| four.said());
    four.stop();
    let records = site.settle(&journal);
    site.store.clear();
    let seconds = took.as_secs_f64();
    say(format_args!("an engine is killed: taken over after {seconds:.1} s, records {records}, lost 0, doubled 0"));
}
