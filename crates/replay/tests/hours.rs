//! What a replay counts stands in the hour of the recording in which it came, however the recording was batched.

use model::{Interval, Timestamp};
use replay::{Config, Player};
use report::{GroupBy, Question, noise};
use rules::PipelineSet;
use serde_json::json;
use store::{Memory, Store};

const DAYS: u8 = 4;

fn at(day: u8, clock: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-05-{day:02}T{clock}Z")).expect("an instant")
}

/// On each of the first days of May a disk fills up at 10:10 and is cleared at 11:20.
fn recording() -> String {
    let event = |day: u8, clock: &str, status: &str| {
        let instant = at(day, clock).to_string();
        let mut event = json!({"kind": "alert", "status": status, "severity": "critical", "summary": "disk full",
            "dedup_key": "disk", "source": "probe", "ci": "db-7", "starts_at": at(day, "10:10:00").to_string(),
            "received_at": instant});
        if status == "resolved" {
            event["ends_at"] = json!(instant);
        }
        event.to_string() + "\n"
    };
    (1..=DAYS).map(|day| event(day, "10:10:00", "firing") + &event(day, "11:20:00", "resolved")).collect()
}

async fn played(until: Option<Timestamp>) -> Store {
    let cmdb = testkit::cmdb("shop{service} -> db-7");
    let config = Config { cmdb, pipelines: PipelineSet::builtin(), until };
    let player = Player::new(Memory::new().store(), config).await.expect("an empty store");
    player.play_text(&recording()).await.expect("plays").1
}

/// Of each hour that counts anything: when it began, its events, episodes begun, and messages told.
async fn hours(store: &Store) -> Vec<(Timestamp, u64, u64, u64)> {
    let always = Interval::or_empty(Timestamp::MIN, Timestamp::MAX);
    let hours = store.counts_per_hour(always, None).await.expect("it answers").into_iter();
    hours
        .map(|hour| (hour.hour, hour.counts.events, hour.counts.opened + hour.counts.reopened, hour.counts.told))
        .filter(|(_, events, episodes, told)| events + episodes + told > 0)
        .collect()
}

#[tokio::test]
async fn events_and_messages_stand_in_the_hours_in_which_they_came() {
    let month = Some(at(31, "00:00:00"));
    // What happened three times is a problem, of which somebody is told too.
    let day = |day: u8| [(at(day, "10:00:00"), 1, 1, 1), (at(day, "11:00:00"), 1, 0, if day == 3 { 3 } else { 2 })];
    let expected: Vec<_> = (1..=DAYS).flat_map(day).collect();
    assert_eq!(hours(&played(month).await).await, expected, "with the timers of the weeks after it");
    let ended = hours(&played(None).await).await;
    assert_eq!(ended[..ended.len() - 1], expected[..expected.len() - 1], "until its last event");
}

#[tokio::test]
async fn one_firing_and_one_clear_a_day_are_two_events_and_one_episode_of_each_day() {
    let store = played(Some(at(8, "00:00:00"))).await;
    let question = Question {
        group_by: vec![GroupBy::Day],
        ..Question::new(at(1, "00:00:00"), at(5, "00:00:00"), at(8, "00:00:00"))
    };
    let answer = noise(&store, &question).await.expect("it answers");
    let days: Vec<_> =
        answer.rows().map(|row| (row.group["day"].clone(), row.events, row.episodes, row.told)).collect();
    let told = [3, 3, 4, 3];
    let expected: Vec<_> = (1..=DAYS).zip(told).map(|(day, told)| (format!("2026-05-{day:02}"), 2, 1, told)).collect();
    assert_eq!(days, expected);
}

#[tokio::test]
async fn hours_in_which_nothing_is_due_are_not_committed() {
    let commits = played(Some(at(31, "00:00:00"))).await.load().await.expect("it answers").commits;
    assert!(commits <= 6 * u64::from(DAYS), "{commits} commits");
}
