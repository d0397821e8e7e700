//! What a store keeps of a recording, played again by the same pipelines, comes to what the recording came to.

use std::collections::{BTreeMap, BTreeSet};

use model::{Cmdb, Interval, Span, Timestamp};
use replay::compare::Compared;
use replay::history::{History, Rebuilt};
use replay::outcome::Outcome;
use replay::output::Written;
use replay::{Config, Given, Player, Replayed};
use rules::PipelineSet;
use store::{Memory, Store};
use testkit::disordered;
use testkit::estate::{Plan, record};

const ITEMS: usize = 400;
const ROUNDS: usize = 5;

fn shipped() -> PipelineSet {
    PipelineSet::builtin()
}

async fn player(cmdb: &Cmdb, pipelines: PipelineSet) -> Player {
    let config = Config { cmdb: cmdb.clone(), pipelines, until: None };
    Player::new(Memory::new().store(), config).await.expect("an empty store")
}

async fn played(cmdb: &Cmdb, events: &str) -> (Replayed, Store) {
    player(cmdb, shipped()).await.play_text(events).await.expect("it plays")
}

async fn history_of(store: &Store) -> History {
    let end = store.clock().await.expect("it answers").expect("it has a clock") + Span::MICROSECOND;
    let all = Interval::or_empty(Timestamp::EPOCH, end);
    History::read(store, all).await.expect("it reads")
}

async fn again(rebuilt: &Rebuilt, pipelines: PipelineSet) -> (Replayed, Store, Outcome) {
    let given: Vec<_> = rebuilt.given_to(&pipelines).collect();
    let player = player(&rebuilt.cmdb, pipelines).await;
    let (replayed, store) = player.play_given(given).await.expect("it plays");
    let outcome = Outcome::read(&store, &replayed).await.expect("it reads");
    (replayed, store, outcome)
}

/// What each incident holds: alerts, and when their episodes began and ended.
async fn groups(store: &Store, replayed: &Replayed) -> BTreeSet<BTreeSet<String>> {
    let written = Written::read(store, replayed).await.expect("it reads");
    let mut groups: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
    for alert in &written.alerts {
        for episode in &alert.episodes {
            let told = format!("{} {} {:?}", alert.id, episode.started_at, episode.ended_at);
            groups.entry(episode.incident.clone()).or_default().insert(told);
        }
    }
    groups.into_values().collect()
}

async fn assert_comes_to_the_same(cmdb: &Cmdb, events: &str, what: &str) {
    let (replayed, store) = played(cmdb, events).await;
    let history = history_of(&store).await;
    let rebuilt = history.rebuilt(None);
    assert_eq!((rebuilt.lost.pieced, rebuilt.lost.versions), (0, 1), "{what}");
    let (again_replayed, again_store, outcome) = again(&rebuilt, shipped()).await;
    let (straight, rebuilt_groups) = (groups(&store, &replayed).await, groups(&again_store, &again_replayed).await);
    let only: Vec<_> = straight.symmetric_difference(&rebuilt_groups).take(2).collect();
    assert!(straight.len() > 10, "{what}: there is something to compare");
    assert!(only.is_empty(), "{what}: {} and {} groups: {only:#?}", straight.len(), rebuilt_groups.len());
    let compared = Compared::of(&history.happened(&rebuilt), &outcome);
    assert!(compared.differences.is_empty() && compared.same > 10, "{what}: {compared:#?}");
}

#[tokio::test]
async fn a_store_played_again_by_the_same_pipelines_comes_to_the_same_incidents() {
    for seed in [11, 12] {
        let recording = record(&Plan::new(seed, ITEMS, ROUNDS));
        let (events, _) = recording.texts();
        assert_comes_to_the_same(&recording.cmdb, &events, &format!("seed {seed}")).await;
    }
}

#[tokio::test]
async fn so_does_one_whose_events_came_late_twice_and_out_of_order() {
    let recording = record(&Plan::new(13, ITEMS, ROUNDS));
    let said: Vec<Timestamp> = recording.events.iter().map(|said| said.at).collect();
    let line = |(at, place): &(Timestamp, usize)| {
        let mut event: serde_json::Value = serde_json::from_str(&recording.events[*place].line).expect("an event");
        event["received_at"] = at.to_string().into();
        event.to_string()
    };
    let lines: Vec<String> = disordered(&said, Span::from_minutes(2), 5).iter().map(line).collect();
    assert_comes_to_the_same(&recording.cmdb, &lines.join("\n"), "disordered").await;
}

/// Two services, each on something of its own.
const CMDB: &str = "items:\n  - {id: shop, class: service, requires: [db-1]}\n  - {id: db-1, class: database}\n  \
                    - {id: mail, class: service, requires: [mta-1]}\n  - {id: mta-1, class: application}\n";

fn small() -> Cmdb {
    wire::cmdb::CmdbFile::read("cmdb.yaml", CMDB).expect("it is sound").cmdb
}

/// A promise that is renewed and passes, a missed heartbeat, a window, a change, people, and weeks after which the engine
/// has forgotten all of it.
fn mixed() -> String {
    let mut lines = Vec::new();
    let mut say = |at: &str, what: &str| lines.push(format!("{{\"received_at\":\"2026-05-{at}Z\",{what}}}"));
    let fires = |ci: &str, start: &str, more: &str| {
        format!(
            "\"source\":\"mon\",\"severity\":\"critical\",\"summary\":\"down\",\"ci\":\"{ci}\",\"dedup_key\":\"{ci}\",\
             \"starts_at\":\"2026-05-{start}Z\"{more}"
        )
    };
    let promise = |until: &str| format!(",\"ends_at\":\"2026-05-{until}Z\"");
    say("01T09:59:00", "\"kind\":\"heartbeat\",\"source\":\"mon\",\"every\":\"60s\"");
    say(
        "01T09:59:30",
        "\"kind\":\"change\",\"source\":\"chg\",\"id\":\"C1\",\"ci\":[\"db-1\"],\"status\":\"started\",\
                        \"starts_at\":\"2026-05-01T09:58:00Z\"",
    );
    say("01T10:00:00", &fires("db-1", "01T10:00:00", &promise("01T10:04:00")));
    say("01T10:00:20", &fires("shop", "01T10:00:10", ""));
    say("01T10:03:00", &fires("db-1", "01T10:00:00", &promise("01T10:07:00")));
    say(
        "01T10:04:00",
        "\"kind\":\"command\",\"action\":\"acknowledge\",\"source\":\"mon\",\"dedup_key\":\"shop\",\
                        \"by\":\"ana\"",
    );
    say(
        "01T10:30:00",
        "\"kind\":\"command\",\"action\":\"resolve\",\"force\":true,\"notes\":\"gone\",\
                        \"source\":\"mon\",\"dedup_key\":\"shop\",\"by\":\"ana\"",
    );
    say(
        "01T10:50:00",
        "\"kind\":\"maintenance\",\"source\":\"chg\",\"id\":\"M1\",\"ci\":[\"mta-1\"],\
                        \"starts_at\":\"2026-05-01T11:00:00Z\",\"ends_at\":\"2026-05-01T12:00:00Z\"",
    );
    say("01T11:10:00", &fires("mta-1", "01T11:10:00", ""));
    say("01T11:40:00", &fires("mta-1", "01T11:10:00", ",\"status\":\"resolved\",\"ends_at\":\"2026-05-01T11:39:00Z\""));
    say("01T13:00:00", &fires("mail", "01T13:00:00", ""));
    say(
        "01T13:10:00",
        &fires("mail", "01T13:00:00", ",\"severity\":\"minor\"").replacen("\"severity\":\"critical\",", "", 1),
    );
    say("01T13:20:00", &fires("mail", "01T13:00:00", ",\"status\":\"resolved\",\"ends_at\":\"2026-05-01T13:20:00Z\""));
    say("24T10:00:00", &fires("db-1", "24T10:00:00", ""));
    say("24T10:00:30", &fires("shop", "24T10:00:30", ""));
    lines.join("\n")
}

#[tokio::test]
async fn what_was_promised_planned_missed_forgotten_and_done_by_people_is_played_again() {
    let (replayed, store) = played(&small(), &mixed()).await;
    assert!(
        replayed.lines.iter().all(|line| line.disposition != model::reason::Disposition::Rejected),
        "{replayed:#?}"
    );
    let history = history_of(&store).await;
    let rebuilt = history.rebuilt(None);
    let (again_replayed, again_store, outcome) = again(&rebuilt, shipped()).await;
    let (straight, found) = (groups(&store, &replayed).await, groups(&again_store, &again_replayed).await);
    assert_eq!(straight, found);
    let compared = Compared::of(&history.happened(&rebuilt), &outcome);
    assert!(compared.differences.is_empty() && compared.same == 4, "{compared:#?}");
    let refused = |line: &&replay::player::Line| line.disposition == model::reason::Disposition::Rejected;
    assert_eq!((rebuilt.lost.acts, again_replayed.lines.iter().find(refused)), (0, None));
    // A repeat is counted; what was cleared by a person or by a passed promise is cleared.
    assert_eq!(rebuilt.lost.repeats, 1);
}

#[tokio::test]
async fn once_statements_are_kept_no_longer_their_episodes_are_pieced_together() {
    let (replayed, store) = played(&small(), &mixed()).await;
    let retention = store::Retention { statements: Span::from_days(10), ..store::Retention::default() };
    while store.retain(&retention, 100).await.expect("it answers") {}
    let history = history_of(&store).await;
    let rebuilt = history.rebuilt(None);
    assert_eq!(rebuilt.lost.pieced, 5, "all but those of the 24th");
    let (again_replayed, again_store, _) = again(&rebuilt, shipped()).await;
    assert_eq!(groups(&store, &replayed).await, groups(&again_store, &again_replayed).await);
}

#[tokio::test]
async fn another_policy_is_held_against_what_happened() {
    let (_, store) = played(&small(), &mixed()).await;
    let history = history_of(&store).await;
    let rebuilt = history.rebuilt(None);
    let narrow = PipelineSet::parse(&[("narrow.yaml", "name: narrow\njoin_window: {gap: 5s}\n")]).expect("sound").0;
    let (_, _, outcome) = again(&rebuilt, narrow).await;
    let compared = Compared::of(&history.happened(&rebuilt), &outcome);
    let changes: Vec<_> = compared.differences.iter().map(|difference| difference.change.as_str()).collect();
    assert_eq!(changes, ["split", "split"], "{compared:#?}");
}

#[tokio::test]
async fn a_version_of_the_cmdb_is_played_at_the_instant_it_came_into_force() {
    let pipelines = shipped();
    let inputs = |store: &History| store.rebuilt(None).given_to(&shipped()).collect::<Vec<_>>();
    let (_, store) = played(&small(), &mixed()).await;
    let mut given = inputs(&history_of(&store).await);
    // From the 20th on nothing needs anything.
    let apart = CMDB.replace(", requires: [db-1]", "").replace(", requires: [mta-1]", "");
    let apart = wire::cmdb::CmdbFile::read("apart.yaml", &apart).expect("it is sound").cmdb;
    let change = Timestamp::from_date(2026, 5, 20);
    let place = given.partition_point(|(at, _)| *at < change);
    given.insert(place, (change, Given::Cmdb(Box::new(apart.clone()))));
    let (replayed, store) = player(&small(), pipelines.clone()).await.play_given(given).await.expect("it plays");
    let versions = store.topology_versions().await.expect("it reads");
    assert_eq!(versions.iter().map(|version| version.from).collect::<Vec<_>>(), [Timestamp::EPOCH, change]);
    let history = history_of(&store).await;
    let rebuilt = history.rebuilt(None);
    assert_eq!((rebuilt.lost.versions, rebuilt.newest_cmdb()), (2, &apart));
    let (again_replayed, again_store, outcome) = again(&rebuilt, pipelines.clone()).await;
    let straight = groups(&store, &replayed).await;
    assert_eq!(straight, groups(&again_store, &again_replayed).await);
    assert_eq!(again_store.topology_versions().await.expect("it reads"), versions);
    // With the first version for all of it the last two alerts are one fault.
    let all_first = history.rebuilt(Some(&small()));
    assert_eq!(all_first.lost.versions, 1);
    let (_, _, other) = again(&all_first, pipelines).await;
    assert_eq!((outcome.incidents.len(), other.incidents.len()), (5, 4));
}

#[tokio::test]
async fn of_a_part_what_had_begun_is_played_whole_and_what_came_later_is_not() {
    let (_, store) = played(&small(), &mixed()).await;
    let day = |nth: u8, minutes: i64| Timestamp::from_date(2026, 5, nth) + Span::from_minutes(minutes);
    // From the midst of `mail`'s episode to before the last two.
    let part = Interval::or_empty(day(1, 13 * 60 + 5), day(24, 0));
    let rebuilt = History::read(&store, part).await.expect("it reads").rebuilt(None);
    let receipts: Vec<_> = rebuilt.given.iter().map(|(at, _)| *at).collect();
    // Its three statements, and the heartbeat that is missed to this day.
    assert!(receipts.contains(&day(1, 13 * 60)) && receipts.iter().all(|at| *at < part.end()), "{receipts:?}");
    assert!(!receipts.contains(&day(1, 11 * 60 + 10)), "{receipts:?}");
}

#[tokio::test]
async fn a_source_whose_repeats_are_not_kept_is_not_taken_to_be_silent() {
    let by_source = || PipelineSet::parse(&[("own.yaml", "name: own\nexpiry: source\n")]).expect("sound").0;
    let said = |ci: &str, minute: u32, more: &str| {
        format!(
            "{{\"received_at\":\"2026-05-01T10:{minute:02}:00Z\",\"source\":\"mon\",\"severity\":\"critical\",\
             \"summary\":\"down\",\"ci\":\"{ci}\",\"dedup_key\":\"{ci}\",\"starts_at\":\"2026-05-01T10:00:00Z\",{more}}}"
        )
    };
    let promise = |minute: u32| format!("\"ends_at\":\"2026-05-01T10:{minute:02}:00Z\"");
    // The one is not said again; the other is, each minute, until it is cleared.
    let mut lines = vec![said("db-1", 0, &promise(4))];
    lines.extend((0..30).map(|minute| said("shop", minute, &promise(minute + 4))));
    lines.push(said("shop", 30, "\"status\":\"resolved\",\"ends_at\":\"2026-05-01T10:30:00Z\""));
    let first = player(&small(), by_source()).await;
    let (replayed, store) = first.play_text(&lines.join("\n")).await.expect("it plays");
    let history = history_of(&store).await;
    let rebuilt = history.rebuilt(None);
    assert_eq!(rebuilt.lost.repeats, 29);
    let (again_replayed, again_store, _) = again(&rebuilt, by_source()).await;
    assert_eq!(groups(&store, &replayed).await, groups(&again_store, &again_replayed).await);
}
