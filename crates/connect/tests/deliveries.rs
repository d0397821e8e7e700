//! The outbox of a store, and a receiver on loopback.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::post;
use connect::{Config, Courier, Network, Tally, Target};
use model::command::{Action, Command, OpenIncident, Outcome};
use model::incident::{DetectedBy, Priority};
use model::step::{OutboxMessage, Subject, TellKind};
use model::{IncidentId, Matcher, OutboxId, Span, Step, Timestamp};
use rules::PipelineSet;
use runtime::{Item, ItemAnswer, PushAnswer, Runtime};
use serde_json::{Value, json};
use store::{Commit, Memory, Store};
use telemetry::Metrics;
use wire::standard_webhooks::{Headers, Secret};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const DELIVERED: Tally = Tally { delivered: 1, failed: 0, abandoned: 0 };
const FAILED: Tally = Tally { delivered: 0, failed: 1, abandoned: 0 };

/// What it was asked, and what it will answer; `200` where nothing is said.
#[derive(Clone, Default)]
struct Receiver {
    heard: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<VecDeque<Said>>>,
    /// A store that cannot be written any more once something was heard.
    breaks: Arc<Mutex<Option<Memory>>>,
}

/// A status, and headers.
type Said = (u16, Vec<(&'static str, String)>);

impl Receiver {
    async fn listening(&self) -> SocketAddr {
        let routes = Router::new().route("/in", post(hear)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    fn will_answer(&self, status: u16) {
        self.answers.lock().unwrap().push_back((status, Vec::new()));
    }

    fn bodies(&self) -> Vec<Value> {
        self.heard.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(headers, _)| text(headers, "webhook-id")).collect()
    }
}

async fn hear(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    receiver.heard.lock().unwrap().push((headers, body));
    if let Some(memory) = receiver.breaks.lock().unwrap().take() {
        memory.set_unavailable(true);
    }
    let (status, headers) = receiver.answers.lock().unwrap().pop_front().unwrap_or((200, Vec::new()));
    (StatusCode::from_u16(status).unwrap(), AppendHeaders(headers))
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers[name].to_str().unwrap().to_owned()
}

/// A store with an incident of each priority, and an outbox that is empty.
struct World {
    memory: Memory,
    store: Store,
    incidents: Vec<IncidentId>,
    now: Timestamp,
}

async fn world(priorities: &[Priority]) -> World {
    let memory = Memory::new();
    let store = memory.store();
    let (fatal, _) = tokio::sync::oneshot::channel();
    let runtime = Runtime::start(store.clone(), PipelineSet::builtin().policy(), Metrics::default(), fatal);
    let mut incidents = Vec::new();
    for priority in priorities {
        let open = OpenIncident {
            title: format!("Odd noise {}", priority.as_str()).into(),
            detected_by: DetectedBy::Staff,
            cis: Vec::new(),
            priority: Some(*priority),
            team: Some("facility".into()),
            started_at: None,
        };
        let command = Command { by: "ana".into(), at: None, action: Action::OpenIncident(open) };
        let PushAnswer::Committed { answers, .. } = runtime.push(vec![Item::Command(Box::new(command))], 1, None).await
        else {
            panic!("the incident is opened");
        };
        let ItemAnswer::Command(Outcome::Incident(id)) = answers[0] else { panic!("{answers:?}") };
        incidents.push(id);
    }
    runtime.stop().await;
    let now = store.clock().await.unwrap().unwrap() + Span::from_hours(1);
    let nobody = Courier::new(store.clone(), Config::default(), Metrics::default()).unwrap();
    nobody.pass(now, |_| 0.0).await.unwrap();
    World { memory, store, incidents, now }
}

impl World {
    /// Puts a message about each of these incidents into the outbox, so long ago.
    async fn tell(&self, kind: TellKind, about: &[(usize, Span)]) {
        let outbox = about.iter().enumerate().map(|(nth, (incident, ago))| OutboxMessage {
            id: OutboxId::derive(|hash| {
                hash.number(nth as i64).number(*incident as i64).text(kind.as_str());
            }),
            at: self.now - *ago,
            kind,
            subject: Subject::Incident(self.incidents[*incident]),
            version: nth as u64,
            notify: true,
        });
        let loaded = self.store.load().await.unwrap();
        let step = Step { clock: self.now, outbox: outbox.collect(), ..Step::default() };
        let commit = Commit {
            epoch: self.store.claim().await.unwrap(),
            previous: loaded.last_hash,
            positions: Vec::new(),
            steps: vec![step],
            dead_letters: Vec::new(),
            audit: Vec::new(),
            receipts: Vec::new(),
            topology: None,
            owed: None,
            holds: None,
            outputs: Vec::new(),
            now: self.now,
        };
        self.store.commit(commit).await.unwrap();
    }

    fn courier(&self, targets: Vec<Target>, allow: &[&str]) -> Courier {
        let allow = allow.iter().map(|network| Network::parse(network).unwrap()).collect();
        Courier::new(self.store.clone(), Config { targets, allow }, Metrics::default()).unwrap()
    }

    async fn to(&self, receiver: &Receiver) -> Courier {
        self.courier(vec![target(receiver, &[]).await], &["127.0.0.1"])
    }
}

async fn target(receiver: &Receiver, matchers: &[&str]) -> Target {
    let matchers = matchers.iter().map(|text| Matcher::parse(text).unwrap()).collect();
    Target::new(&format!("http://{}/in", receiver.listening().await), SECRET, matchers).unwrap()
}

const FRESH: Span = Span::from_minutes(1);
const LATE: Span = Span::from_minutes(16);

#[tokio::test]
async fn a_message_is_signed_thin_and_sent_once() {
    let world = world(&[Priority::P2]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    let courier = world.to(&receiver).await;
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), DELIVERED);
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), Tally::default());

    let body = &receiver.bodies()[0];
    assert_eq!((&body["type"], &body["data"]["priority"]), (&json!("incident.opened"), &json!("P2")));
    assert_eq!(body["data"]["number"], "INC0000001");
    assert_eq!(body["timestamp"], json!((world.now - FRESH).to_string()));
    let (headers, bytes) = receiver.heard.lock().unwrap()[0].clone();
    let signed = Headers {
        id: text(&headers, "webhook-id"),
        timestamp: text(&headers, "webhook-timestamp"),
        signature: text(&headers, "webhook-signature"),
    };
    assert_eq!(Secret::parse(SECRET).unwrap().verify(&signed, &bytes, world.now), Ok(()));
    assert!(signed.id.starts_with("msg_") && bytes.len() < 20_000);
}

#[tokio::test]
async fn who_ends_before_the_mark_sends_again_under_the_same_id() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    let before = world.memory.image();
    world.to(&receiver).await.pass(world.now, |_| 0.0).await.unwrap();
    world.memory.restore(&before);
    world.to(&receiver).await.pass(world.now + Span::SECOND, |_| 0.0).await.unwrap();
    let ids = receiver.ids();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_failure_is_tried_again_when_its_wait_is_over() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    receiver.will_answer(500);
    receiver.answers.lock().unwrap().push_back((503, vec![("retry-after", "3600".to_owned())]));
    let courier = world.to(&receiver).await;
    let pass = |after: Span| {
        let courier = &courier;
        async move { courier.pass(world.now + after, |_| 0.5).await.unwrap() }
    };
    assert_eq!(pass(Span::ZERO).await, FAILED);
    assert_eq!(pass(Span::from_seconds(5)).await, Tally::default(), "jitter makes the wait longer");
    assert_eq!(pass(Span::from_seconds(6)).await, FAILED);
    assert_eq!(pass(Span::from_minutes(59)).await, Tally::default(), "the receiver asked for an hour");
    assert_eq!(pass(Span::from_minutes(61)).await, DELIVERED);
    let ids = receiver.ids();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_message_that_is_never_taken_is_given_up() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    (0..20).for_each(|_| receiver.will_answer(500));
    let courier = world.to(&receiver).await;
    let mut tallies = Vec::new();
    for day in 0..12 {
        tallies.push(courier.pass(world.now + Span::from_days(2 * day), |_| 0.0).await.unwrap());
    }
    assert_eq!(tallies.iter().map(|tally| tally.failed).sum::<usize>(), 9);
    assert_eq!(tallies.iter().map(|tally| tally.abandoned).sum::<usize>(), 1);
    assert_eq!(receiver.ids().len(), 10);
    assert_eq!(world.store.depths().await.unwrap().outbox.pending, 0);
}

#[tokio::test]
async fn after_a_failure_it_goes_only_where_it_is_missing() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let (good, bad) = (Receiver::default(), Receiver::default());
    bad.will_answer(502);
    let targets = vec![target(&good, &[]).await, target(&bad, &[]).await];
    let courier = world.courier(targets, &["127.0.0.0/8"]);
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), FAILED);
    assert_eq!(courier.pass(world.now + Span::MINUTE, |_| 0.0).await.unwrap(), DELIVERED);
    assert_eq!((good.ids().len(), bad.ids().len()), (1, 2));
}

#[tokio::test]
async fn who_is_gone_hears_nothing_more_and_holds_nothing_up() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    receiver.will_answer(410);
    let courier = world.to(&receiver).await;
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), DELIVERED);
    world.tell(TellKind::Resolved, &[(0, FRESH)]).await;
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), DELIVERED);
    assert_eq!(receiver.ids().len(), 1);
}

#[tokio::test]
async fn a_private_address_is_reached_only_where_it_is_allowed_by_number_or_by_name() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    let port = receiver.listening().await.port();
    for (host, scheme) in [("127.0.0.1", "http"), ("localhost", "http"), ("localhost", "https"), ("[::1]", "https")] {
        let target = Target::new(&format!("{scheme}://{host}:{port}/in"), SECRET, Vec::new()).unwrap();
        let before = world.memory.image();
        let courier = world.courier(vec![target], &["10.0.0.0/8"]);
        assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), FAILED, "{scheme}://{host}");
        let waiting = world.store.outbox_due(world.now + Span::HOUR, 1).await.unwrap();
        let error = waiting[0].error.as_deref().unwrap();
        assert!(error.contains("allow its network"), "{error}");
        world.memory.restore(&before);
    }
    assert!(receiver.ids().is_empty());
    let named = Target::new(&format!("http://localhost:{port}/in"), SECRET, Vec::new()).unwrap();
    let courier = world.courier(vec![named], &["127.0.0.1"]);
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), DELIVERED);
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let (receiver, elsewhere) = (Receiver::default(), Receiver::default());
    let location = format!("http://{}/in", elsewhere.listening().await);
    receiver.answers.lock().unwrap().push_back((307, vec![("location", location)]));
    assert_eq!(world.to(&receiver).await.pass(world.now, |_| 0.0).await.unwrap(), FAILED);
    assert!(elsewhere.ids().is_empty());
}

#[tokio::test]
async fn what_is_late_is_one_digest_but_for_what_is_urgent_or_fresh() {
    let world = world(&[Priority::P1, Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, LATE), (1, LATE), (1, LATE), (1, LATE), (1, FRESH)]).await;
    let receiver = Receiver::default();
    (0..3).for_each(|_| receiver.will_answer(400));
    let courier = world.to(&receiver).await;
    let all = Tally { delivered: 0, failed: 5, abandoned: 0 };
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), all);
    // A digest that failed stays a digest.
    let all = Tally { delivered: 5, failed: 0, abandoned: 0 };
    assert_eq!(courier.pass(world.now + Span::MINUTE, |_| 0.0).await.unwrap(), all);
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 6);
    let kinds = |kind: &str| bodies.iter().filter(|body| body["type"] == kind).count();
    assert_eq!((kinds("digest"), kinds("incident.opened")), (2, 4));
    let digests: Vec<&Value> = bodies.iter().filter(|body| body["type"] == "digest").collect();
    assert_eq!(digests[0]["data"]["messages"], 3);
    assert_eq!(digests[0]["data"]["items"][0]["data"]["priority"], "P3");
    let mut ids = receiver.ids();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each under the same id at both attempts");
}

#[tokio::test]
async fn a_target_hears_what_it_matches_and_the_rest_is_settled() {
    let world = world(&[Priority::P1, Priority::P4]).await;
    world.tell(TellKind::Opened, &[(0, FRESH), (1, FRESH)]).await;
    let receiver = Receiver::default();
    let targets = vec![target(&receiver, &["priority=~\"P1|P2\"", "team=facility"]).await];
    let courier = world.courier(targets, &["127.0.0.1"]);
    let both = Tally { delivered: 2, failed: 0, abandoned: 0 };
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), both);
    assert_eq!(receiver.bodies().iter().map(|body| &body["data"]["priority"]).collect::<Vec<_>>(), ["P1"]);
}

#[tokio::test]
async fn without_targets_the_outbox_drains_and_a_running_courier_stops_when_told() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, Span::from_hours(2))]).await;
    let courier = world.courier(Vec::new(), &[]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let now = world.now;
    let running = tokio::spawn(async move { courier.run_by(move || now, stopped).await });
    while world.store.depths().await.unwrap().outbox.pending > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn targets_that_differ_only_in_their_query_or_their_secret_each_hear_of_it() {
    let world = world(&[Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    let url = format!("http://{}/in", receiver.listening().await);
    let other_secret = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
    let of = |query: &str, secret: &str| Target::new(&format!("{url}?{query}"), secret, Vec::new()).unwrap();
    let targets = vec![of("team=a", SECRET), of("team=b", SECRET), of("team=b", other_secret), of("team=a", SECRET)];
    let courier = world.courier(targets, &["127.0.0.1"]);
    receiver.will_answer(500);
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), FAILED);
    assert_eq!(courier.pass(world.now + Span::MINUTE, |_| 0.0).await.unwrap(), DELIVERED);
    assert_eq!(receiver.ids().len(), 3 + 1, "three places, of which one failed once; the fourth is the first");
}

#[tokio::test]
async fn a_store_that_cannot_be_written_makes_nobody_hear_a_message_twice() {
    let world = world(&[Priority::P3, Priority::P3]).await;
    world.tell(TellKind::Opened, &[(0, FRESH), (1, FRESH)]).await;
    let receiver = Receiver::default();
    *receiver.breaks.lock().unwrap() = Some(world.memory.clone());
    let courier = world.to(&receiver).await;
    assert!(courier.pass(world.now, |_| 0.0).await.is_err());
    for _ in 0..3 {
        assert!(courier.pass(world.now, |_| 0.0).await.is_err(), "the store is still down");
    }
    assert_eq!(receiver.ids().len(), 2);
    world.memory.set_unavailable(false);
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), Tally::default());
    assert_eq!(receiver.ids().len(), 2, "what is written first is not sent again");
    assert_eq!(world.store.depths().await.unwrap().outbox.pending, 0);
}

#[tokio::test]
async fn a_mark_of_a_message_that_is_gone_holds_up_no_other() {
    let world = world(&[Priority::P3]).await;
    let before = world.memory.image();
    world.tell(TellKind::Opened, &[(0, FRESH)]).await;
    let receiver = Receiver::default();
    *receiver.breaks.lock().unwrap() = Some(world.memory.clone());
    let courier = world.to(&receiver).await;
    assert!(courier.pass(world.now, |_| 0.0).await.is_err());
    world.memory.set_unavailable(false);
    world.memory.restore(&before);
    world.tell(TellKind::Resolved, &[(0, FRESH)]).await;
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), DELIVERED);
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_left_alone_and_what_waits_for_it_is_not_tried() {
    let world = world(&[Priority::P3]).await;
    let many: Vec<(usize, Span)> = (0..40).map(|_| (0, FRESH)).collect();
    world.tell(TellKind::Opened, &many).await;
    let receiver = Receiver::default();
    (0..40).for_each(|_| receiver.will_answer(503));
    let courier = world.to(&receiver).await;
    let all = Tally { delivered: 0, failed: 40, abandoned: 0 };
    assert_eq!(courier.pass(world.now, |_| 0.0).await.unwrap(), all);
    let tried = receiver.ids().len();
    assert!(tried <= 8, "{tried} attempts at a target that does not answer");
    let waiting = world.store.outbox_due(world.now + Span::HOUR, 100).await.unwrap();
    let untried = waiting.iter().filter(|waiting| waiting.error.as_deref().unwrap().contains("left alone"));
    assert_eq!(untried.count(), 40 - tried);
    receiver.answers.lock().unwrap().clear();
    let all = Tally { delivered: 40, failed: 0, abandoned: 0 };
    assert_eq!(courier.pass(world.now + Span::from_seconds(10), |_| 0.0).await.unwrap(), all);
}

/// One target takes connections and says nothing.
#[tokio::test]
async fn a_target_that_says_nothing_keeps_nothing_from_the_others_and_what_is_signed_is_fresh() {
    let world = world(&[Priority::P3]).await;
    let many: Vec<(usize, Span)> = (0..60).map(|_| (0, FRESH)).collect();
    world.tell(TellKind::Opened, &many).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = Target::new(&format!("http://{}/in", silent.local_addr().unwrap()), SECRET, Vec::new()).unwrap();
    let receiver = Receiver::default();
    let courier = world.courier(vec![dead, target(&receiver, &[]).await], &["127.0.0.1"]);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let (began, now) = (std::time::Instant::now(), world.now);
    // An hour a second.
    let clock = move || now + Span::from_micros(i64::try_from(began.elapsed().as_micros()).unwrap() * 3600);
    let running = tokio::spawn(async move { courier.run_by(clock, stopped).await });
    let heard = async {
        while receiver.ids().len() < 60 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), heard).await.expect("a dead target holds up nobody");
    running.abort();
    let stamps: std::collections::BTreeSet<String> =
        receiver.heard.lock().unwrap().iter().map(|(headers, _)| text(headers, "webhook-timestamp")).collect();
    assert!(stamps.len() > 1, "each is signed when it is sent: {stamps:?}");
}
