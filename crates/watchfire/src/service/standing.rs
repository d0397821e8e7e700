//! How services stand, each minute: figures for `/metrics`, and alerts of our own where an error budget burns too fast.
//!
//! One process of several does it, the one that does what is done once for all. An alert goes through the intake like
//! anybody's, in the pipeline of our own events. What is known of it is the live alert: a restart repeats nothing, and what
//! could not be said is said a minute later.
//!
//! Rule: such an alert has no item. Bound to the service it would be one of the outage's own alerts, say that somebody
//! watches the service, and be evidence in causes; it is a consequence that was computed, and a label says of what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use model::alert::EndedBy;
use model::event::{AlertEvent, Event};
use model::limits::{BATCH_EVENTS_MAX, GAUGED_SERVICES_MAX};
use model::source::OWN;
use model::{Alert, Timestamp};
use report::burn::{Burn, BurnAlert, Urgency};
use report::{ReportError, Standing, standing, text};
use rules::PipelineSet;
use runtime::{Item, PushAnswer, Runtime};
use serde_json::{Value, json};
use store::Store;
use telemetry::ServiceFigures;
use tokio::runtime::Handle;
use wire::{Context, Format, Input};

const LOOK_EVERY: Duration = Duration::from_secs(60);

const ALERTNAME: &str = "ErrorBudgetBurn";

pub(super) struct Standings {
    runtime: Runtime,
    store: Store,
    pipelines: Arc<RwLock<Arc<PipelineSet>>>,
    alerts: Vec<BurnAlert>,
    /// Since when each burn lasts, also where a person resolved its incident meanwhile.
    since: BTreeMap<Key, Timestamp>,
    looked: bool,
    failed: bool,
}

/// The dedup key of an alert: one for each service and each of the alerts that are configured.
type Key = String;

/// What there is to say.
struct Due<'s> {
    begun: Vec<(Key, &'s Standing, Burn)>,
    over: Vec<(Key, Arc<Alert>)>,
}

impl Standings {
    pub(super) fn new(
        runtime: Runtime,
        store: Store,
        pipelines: Arc<RwLock<Arc<PipelineSet>>>,
        alerts: &[BurnAlert],
    ) -> Standings {
        let alerts = alerts.to_vec();
        Standings { runtime, store, pipelines, alerts, since: BTreeMap::new(), looked: false, failed: false }
    }

    pub(super) async fn look_again_and_again(mut self) {
        loop {
            self.look().await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) {
        let now = self.as_of();
        match self.standing(now).await {
            Ok(standing) => {
                self.failed = false;
                self.show(now, &standing);
                if let Err(why) = self.tell(now, &standing).await {
                    telemetry::notice(&format!("burning error budgets could not be told, later again: {why}"));
                }
            }
            Err(why) if !self.failed => {
                self.failed = true;
                telemetry::notice(&format!("how services stand could not be computed, it is tried again: {why}"));
            }
            Err(_) => {}
        }
    }

    /// While logs are read that lie behind, what is known is of their time: an outage that is over is not known to be yet.
    fn as_of(&self) -> Timestamp {
        let now = self.runtime.now();
        let is_behind = self.runtime.lags().iter().any(|lag| lag.records > 0);
        if is_behind { self.runtime.live().clock().min(now) } else { now }
    }

    /// It may compute for a while: on a thread where nobody waits behind it.
    async fn standing(&self, now: Timestamp) -> Result<Vec<Standing>, String> {
        let (here, store, alerts) = (Handle::current(), self.store.clone(), self.alerts.clone());
        let work = tokio::task::spawn_blocking(move || here.block_on(standing(&store, now, &alerts)));
        let found: Result<Vec<Standing>, ReportError> = work.await.map_err(|error| error.to_string())?;
        found.map_err(|error| error.to_string())
    }

    fn show(&self, now: Timestamp, standing: &[Standing]) {
        let shown: Vec<ServiceFigures> = standing.iter().take(GAUGED_SERVICES_MAX).map(figures).collect();
        self.runtime.metrics().services_stand(now, &shown, standing.len() - shown.len());
    }

    async fn tell(&mut self, now: Timestamp, standing: &[Standing]) -> Result<(), String> {
        let (runtime, own) = (self.runtime.clone(), is_ours);
        let live = tokio::task::spawn_blocking(move || runtime.live().alerts_that(own)).await;
        let live = live.map_err(|error| error.to_string())?;
        let due = self.due(now, standing, live);
        let mut events = Vec::new();
        for (key, standing, burn) in &due.begun {
            let since = self.since.get(key).copied().unwrap_or(now);
            events.extend(self.read(&firing(key, standing, burn, since), now));
        }
        if !self.looked {
            self.as_before(&mut events).await?;
        }
        for (key, alert) in &due.over {
            events.extend(self.read(&cleared(key, alert, now), now));
        }
        self.push(events).await?;
        self.looked = true;
        Ok(())
    }

    /// Holds what burns against what is known to.
    fn due<'s>(&mut self, now: Timestamp, standing: &'s [Standing], live: Vec<Arc<Alert>>) -> Due<'s> {
        let keyed = live.into_iter().filter_map(|alert| Some((alert.dedup_key.as_deref()?.to_owned(), alert)));
        let mut live: BTreeMap<Key, Arc<Alert>> = keyed.collect();
        let (mut begun, mut burning) = (Vec::new(), BTreeSet::new());
        for (standing, burn) in standing.iter().flat_map(|one| one.burns.iter().map(move |burn| (one, *burn))) {
            let key = key(standing, &burn);
            let known = live.get(&key).and_then(|alert| alert.open_episode()).map(|open| open.start);
            let lasts = known.is_some() || self.since.contains_key(&key);
            if !(if lasts { burn.lasts() } else { burn.begins() }) {
                continue;
            }
            self.since.entry(key.clone()).or_insert(known.unwrap_or(now));
            burning.insert(key.clone());
            if live.remove(&key).is_none() {
                begun.push((key, standing, burn));
            }
        }
        self.since.retain(|key, _| burning.contains(key));
        Due { begun, over: live.into_iter().collect() }
    }

    /// After a start: what a person resolved before and still burns has not begun anew.
    async fn as_before(&mut self, begun: &mut [AlertEvent]) -> Result<(), String> {
        let ids: Vec<_> = begun.iter().map(|event| event.fingerprint.alert()).collect();
        let known = self.store.alerts_by_id(&ids).await.map_err(|error| error.to_string())?;
        for event in begun {
            let alert = known.iter().find(|alert| alert.id == event.fingerprint.alert());
            let last = alert.and_then(|alert| alert.episodes.last());
            let Some(last) = last.filter(|last| last.ended_by == Some(EndedBy::Person)) else { continue };
            event.starts_at = Some(last.start);
            self.since.extend(event.dedup_key.as_deref().map(|key| (key.to_owned(), last.start)));
        }
        Ok(())
    }

    /// As the pipeline of our own events reads it.
    fn read(&self, event: &Value, now: Timestamp) -> Option<AlertEvent> {
        let pipelines = Arc::clone(&self.pipelines.read().unwrap_or_else(PoisonError::into_inner));
        let own = OWN.into();
        let context = Context { receipt: now, replay: false };
        let decoder = pipelines.decoder(Format::Native, &own);
        let decoded = decoder.decode(Format::Native, &own, event.to_string().as_bytes(), &context);
        let read = decoded.received.into_iter().find_map(|received| match received.result {
            Ok(Input::Event(Event::Alert(alert))) => Some(Arc::unwrap_or_clone(alert)),
            _ => None,
        });
        read.map(|alert| AlertEvent { ci_names: Vec::new(), ..alert })
    }

    async fn push(&self, mut events: Vec<AlertEvent>) -> Result<(), String> {
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(BATCH_EVENTS_MAX));
            let bytes = events.iter().map(|event| event.summary.len() + event.labels.len() * BYTES_OF_A_LABEL).sum();
            let items = events.into_iter().map(|event| Item::Event(Event::Alert(Arc::new(event)))).collect();
            if let PushAnswer::Overloaded(why) = self.runtime.push(items, bytes, None).await {
                return Err(format!("{why:?}"));
            }
            events = rest;
        }
        Ok(())
    }
}

/// About what one costs in the intake.
const BYTES_OF_A_LABEL: usize = 32;

fn is_ours(alert: &Alert) -> bool {
    alert.source.as_str() == OWN && alert.labels.get("alertname") == Some(ALERTNAME)
}

fn key(standing: &Standing, burn: &Burn) -> Key {
    format!("slo/{}/{}", standing.service, burn.alert.long)
}

fn figures(standing: &Standing) -> ServiceFigures {
    let slo = standing.slo.as_ref();
    ServiceFigures {
        service: standing.service.to_string(),
        availability: standing.availability,
        error_budget_remaining: slo.and_then(|slo| slo.remaining_ratio()),
        burn_rates: slo.map(|slo| slo.burn_rate.named().to_vec()).unwrap_or_default(),
    }
}

fn firing(key: &Key, standing: &Standing, burn: &Burn, since: Timestamp) -> Value {
    let ([long, short], [rate, _]) = (burn.over, burn.rates);
    let service = &standing.service;
    let rate = text::factor(rate.unwrap_or_default());
    let summary = format!("{service} burns its error budget {rate} times too fast, over {long} and over {short}");
    let severity = match burn.alert.urgency {
        Urgency::Page => "critical",
        Urgency::Ticket => "major",
    };
    let left = standing.slo.as_ref().and_then(|slo| slo.remaining_ratio());
    let budget = left.map(|left| format!("left of the error budget: {}", text::share(left)));
    json!({
        "kind": "alert", "source": OWN, "dedup_key": key, "severity": severity, "effect": "none",
        "summary": summary, "starts_at": since.to_string(),
        "labels": {
            "alertname": ALERTNAME, "service": service.as_str(), "urgency": burn.alert.urgency.as_str(),
            "long_window": long.to_string(), "short_window": short.to_string(),
            "threshold": burn.alert.burn_rate.to_string(),
        },
        "annotations": {"description": budget.unwrap_or_default()},
    })
}

/// With the labels that it has: by them the pipeline puts it where it is.
fn cleared(key: &Key, alert: &Alert, now: Timestamp) -> Value {
    let labels: BTreeMap<&str, &str> = alert.labels.iter().collect();
    json!({
        "kind": "alert", "source": OWN, "dedup_key": key, "status": "resolved", "effect": "none",
        "summary": &*alert.summary, "ends_at": now.to_string(), "labels": labels,
    })
}

#[cfg(test)]
mod tests {
    use model::Span;
    use model::command::{Action, Command, IncidentAction, IncidentTarget};
    use report::burn::WORKBOOK;
    use runtime::Time;
    use store::{Memory, PageRequest};
    use telemetry::Metrics;
    use wire::cmdb::CmdbFile;

    use super::*;

    const CMDB: &str = "items: [{id: shop, class: service, objectives: {slo: 0.999}}, {id: mail, class: service}]";

    /// A process on a store, at an hour of the tests' choice.
    struct Process {
        runtime: Runtime,
        standings: Standings,
    }

    impl Process {
        /// It is so long after the beginning of all.
        async fn at(memory: &Memory, since_the_beginning: Span) -> Process {
            let beginning = Timestamp::parse("2026-05-04T10:00:00Z").unwrap();
            let time = Time::simulated(runtime::clock::wall(), beginning + since_the_beginning, 1);
            let pipelines = PipelineSet::builtin();
            let (policy, fatal) = (pipelines.policy(), tokio::sync::oneshot::channel().0);
            let runtime = Runtime::start_at(memory.store(), policy, Metrics::default(), fatal, time);
            assert!(matches!(runtime.push(Vec::new(), 0, None).await, PushAnswer::Committed { .. }));
            let shared = Arc::new(RwLock::new(Arc::new(pipelines)));
            let standings = Standings::new(runtime.clone(), memory.store(), shared, &WORKBOOK);
            Process { runtime, standings }
        }

        async fn says(&self, event: Value) {
            let now = self.runtime.now();
            let read = PipelineSet::builtin().decoder(Format::Native, &"mon".into()).decode(
                Format::Native,
                &"mon".into(),
                event.to_string().as_bytes(),
                &Context { receipt: now, replay: false },
            );
            let items = read.received.into_iter().map(|received| match received.result {
                Ok(Input::Event(event)) => Item::Event(event),
                other => panic!("{other:?}"),
            });
            assert!(matches!(self.runtime.push(items.collect(), 0, None).await, PushAnswer::Committed { .. }));
        }

        /// Our own alerts that are open, by key, and how often each was said.
        async fn looks(&mut self) -> Vec<(String, u64)> {
            self.standings.look().await;
            let ours = self.runtime.live().alerts_that(is_ours);
            let mut said: Vec<(String, u64)> =
                ours.iter().map(|alert| (alert.dedup_key.as_deref().unwrap().to_owned(), alert.hot.count)).collect();
            said.sort();
            said
        }

        async fn incidents(&self, memory: &Memory) -> Vec<(String, usize, bool)> {
            let page = memory.store().incidents(&Default::default(), &PageRequest::first(100)).await.unwrap();
            let mut told: Vec<(String, usize, bool)> = page
                .items
                .iter()
                .map(|incident| (incident.title.to_string(), incident.services.len(), incident.is_open()))
                .collect();
            told.sort();
            told
        }
    }

    fn once(keys: &[&str]) -> Vec<(String, u64)> {
        keys.iter().map(|key| ((*key).to_owned(), 1)).collect()
    }

    #[tokio::test]
    async fn a_budget_that_burns_is_told_once_through_restarts_and_cleared_when_it_is_over() {
        let memory = Memory::new();
        let mut process = Process::at(&memory, Span::ZERO).await;
        let cmdb = CmdbFile::read("cmdb.yaml", CMDB).unwrap().cmdb;
        process.runtime.set_cmdb(cmdb, None).await.unwrap();
        assert_eq!(process.looks().await, once(&[]));
        let outage = |status: &str, at: &str| {
            json!({"source": "mon", "ci": "shop", "severity": "critical", "summary": "no orders", "status": status,
                   "starts_at": "2026-05-04T09:55:00Z", "ends_at": (status == "resolved").then_some(at)})
        };
        process.says(outage("firing", "")).await;
        // Five minutes in an hour are 83 times too fast, and in six hours 14 times; and the ticket's 1 times in three days.
        let all = once(&["slo/shop/1h", "slo/shop/3d", "slo/shop/6h"]);
        assert_eq!(process.looks().await, all);
        assert_eq!(process.looks().await, all, "nothing is repeated");
        let incidents = process.incidents(&memory).await;
        assert_eq!(incidents.len(), 2, "{incidents:?}");
        assert!(incidents.iter().any(|(title, services, _)| title.contains("error budget") && *services == 0));
        assert!(incidents.iter().any(|(title, services, _)| title.starts_with("shop DOWN") && *services == 1));
        let metrics = process.runtime.metrics().text();
        for figure in [
            "watchfire_service_availability_ratio{service=\"shop\"} 0.9998",
            "watchfire_service_error_budget_remaining_ratio{service=\"shop\"} 0.88",
            "watchfire_service_burn_rate{service=\"shop\",window=\"1h\"} 8",
            "watchfire_services_left_out 0",
        ] {
            assert!(metrics.contains(figure), "{figure} is not in {metrics}");
        }
        assert!(!metrics.contains("service=\"mail\""), "nobody ever spoke of it: {metrics}");
        process.runtime.stop().await;

        let mut again = Process::at(&memory, Span::MINUTE).await;
        assert_eq!(again.looks().await, all, "a restart repeats nothing");
        again.says(outage("resolved", "2026-05-04T10:01:00Z")).await;
        assert_eq!(again.looks().await, all, "it burned within the short windows");
        again.runtime.stop().await;

        for (later, left) in [
            (Span::from_minutes(7), &["slo/shop/3d", "slo/shop/6h"][..]),
            (Span::from_minutes(32), &["slo/shop/3d"]),
            (Span::from_hours(7), &[]),
        ] {
            let mut process = Process::at(&memory, later).await;
            assert_eq!(process.looks().await, once(left), "{later}");
            process.runtime.stop().await;
        }
        let over = Process::at(&memory, Span::from_hours(8)).await;
        let incidents = over.incidents(&memory).await;
        assert!(incidents.len() == 2 && incidents.iter().all(|(.., open)| !open), "{incidents:?}");
        over.runtime.stop().await;
    }

    #[tokio::test]
    async fn what_a_person_resolved_and_still_burns_has_not_begun_anew_also_after_a_restart() {
        let memory = Memory::new();
        let mut process = Process::at(&memory, Span::ZERO).await;
        let cmdb = CmdbFile::read("cmdb.yaml", CMDB).unwrap().cmdb;
        process.runtime.set_cmdb(cmdb, None).await.unwrap();
        let outage = json!({"source": "mon", "ci": "shop", "severity": "critical", "summary": "no orders",
                            "starts_at": "2026-05-04T09:55:00Z"});
        process.says(outage).await;
        assert_eq!(process.looks().await.len(), 3);
        let burning = process.runtime.live().incidents();
        let burning = burning.iter().find(|incident| incident.title.contains("error budget")).unwrap();
        let resolve = IncidentAction::Resolve { code: None, notes: Some("known".into()), force: true };
        let action = Action::Incident { target: IncidentTarget::Id(burning.id), action: resolve };
        let command = Item::Command(Box::new(Command { by: "ana".into(), at: None, action }));
        assert!(matches!(process.runtime.push(vec![command], 0, None).await, PushAnswer::Committed { .. }));
        assert_eq!(process.looks().await, once(&[]), "a person has decided it");
        process.runtime.stop().await;
        let mut soon = Process::at(&memory, Span::from_minutes(10)).await;
        assert_eq!(soon.looks().await, once(&[]), "not before `recheck_after`");
        soon.runtime.stop().await;
        let mut later = Process::at(&memory, Span::from_minutes(20)).await;
        assert_eq!(later.looks().await.len(), 3);
        let ours = later.runtime.live().alerts_that(is_ours);
        assert!(ours.iter().all(|alert| alert.episodes.len() == 1), "each is one firing that never ended: {ours:?}");
        let incidents = later.incidents(&memory).await;
        assert_eq!(incidents.len(), 2, "{incidents:?}");
        later.runtime.stop().await;
    }

    #[tokio::test]
    async fn what_a_service_was_told_of_ends_with_it_and_so_do_its_figures() {
        let memory = Memory::new();
        let mut process = Process::at(&memory, Span::ZERO).await;
        let cmdb = CmdbFile::read("cmdb.yaml", CMDB).unwrap().cmdb;
        process.runtime.set_cmdb(cmdb.clone(), None).await.unwrap();
        process
            .says(json!({"source": "mon", "ci": "shop", "severity": "critical", "summary": "no orders",
                         "starts_at": "2026-05-04T09:55:00Z"}))
            .await;
        assert_eq!(process.looks().await.len(), 3);
        let mut without = cmdb;
        without.items.retain(|item| item.id.as_str() != "shop");
        process.runtime.set_cmdb(without, None).await.unwrap();
        assert_eq!(process.looks().await, once(&[]));
        let metrics = process.runtime.metrics().text();
        assert!(!metrics.contains("service=\"shop\""), "{metrics}");
        process.runtime.stop().await;
    }
}
