//! Recordings of real faults, played in order and then as networks deliver them: up to two minutes late, out of order,
//! half of it twice. The episodes and outages are the same, and all but the same alerts are grouped together. `[I16]`
//!
//! `WATCHFIRE_RECORDINGS=FOLDER cargo test --release -p replay --test order -- --ignored --nocapture`, where each folder
//! in FOLDER holds `events.ndjson.gz` and `cmdb.yaml`. The recordings are other people's and no part of this repository,
//! so that the test is reported as ignored where nobody asks for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use model::{Cmdb, Span, Timestamp};
use replay::output::Written;
use replay::score::{Grouping, grouping};
use replay::{Config, Player};
use rules::PipelineSet;
use serde_json::{Value, json};
use store::Memory;
use testkit::disordered;

const LATE: Span = Span::from_minutes(2);
const SEEDS: u64 = 5;
/// Pipelines, and what a recording's seeds must score with them on average. The goal is 0.99. What falls short of it: an
/// alert that begins seconds after what explains it and is heard first joins an older incident that it is tied to as
/// well, and draws after it what explains it; and how rare a coincidence is depends on which incidents had opened when it
/// was heard.
const PIPELINES: [(&str, &str, f64); 2] = [("default", "", 0.97), ("laboratory", LABORATORY, 0.95)];
/// For laboratories that inject unrelated faults minutes apart into the same items. Its windows are shorter than events
/// are late, so that what is one incident in order may have ended before its next alert arrives.
const LABORATORY: &str = "name: laboratory\nquiet_period: 60s\nreopen_window: 60s\njoin_window: {gap: 2m}\n";

struct Recording {
    name: String,
    cmdb: Cmdb,
    events: Vec<Value>,
    /// When each was received, in order.
    said: Vec<Timestamp>,
}

impl Recording {
    fn read(folder: &Path) -> Recording {
        let file = std::fs::File::open(folder.join("events.ndjson.gz")).expect("a recording has its events");
        let text = std::io::read_to_string(GzDecoder::new(file)).expect("it is gzip");
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
        let mut last = Timestamp::MIN;
        let receipt = |event: &Value| {
            let instant = ["received_at", "at", "starts_at", "ends_at"].iter().find_map(|field| event[field].as_str());
            last = last.max(Timestamp::parse(instant.expect("an event has a time")).expect("it is one"));
            last
        };
        let said = events.iter().map(receipt).collect();
        let cmdb = std::fs::read_to_string(folder.join("cmdb.yaml")).expect("a recording has its CMDB");
        let cmdb = wire::cmdb::CmdbFile::read("cmdb.yaml", &cmdb).expect("it is sound").cmdb;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Recording { name, cmdb, events, said }
    }

    async fn played(&self, arrivals: &[(Timestamp, usize)], pipeline: &str) -> Written {
        let files = [("pipeline.yaml", pipeline)];
        let pipelines = PipelineSet::parse(&files[..usize::from(!pipeline.is_empty())]).expect("it is sound").0;
        // What is under way at the end comes to its end in both.
        let until = self.said.last().map(|last| *last + Span::DAY);
        let config = Config { cmdb: self.cmdb.clone(), pipelines, until };
        let player = Player::new(Memory::new().store(), config).await.expect("an empty store");
        let line = |(at, place): &(Timestamp, usize)| {
            let mut event = self.events[*place].clone();
            event["received_at"] = json!(at.to_string());
            event.to_string()
        };
        let lines: Vec<String> = arrivals.iter().map(line).collect();
        let (replayed, store) = player.play_text(&lines.join("\n")).await.expect("plays");
        Written::read(&store, &replayed).await.expect("reads")
    }

    /// How alike the groups are, once what must be the same is found to be.
    async fn compared(&self, straight: &Written, pipeline: &str, seed: u64) -> Grouping {
        let arrivals = disordered(&self.said, LATE, seed);
        let shuffled = self.played(&arrivals, pipeline).await;
        assert_same(&episodes(straight), &episodes(&shuffled), &format!("{} seed {seed}: episodes", self.name));
        assert_same(&outages(straight), &outages(&shuffled), &format!("{} seed {seed}: outages", self.name));
        // What is in no incident stands alone, under one name in both.
        let incident = |written: &Written, line: usize, place: usize| {
            written.links[line].incident.clone().unwrap_or_else(|| format!("none {place}"))
        };
        let pairs: Vec<(String, String)> = arrivals
            .iter()
            .enumerate()
            .map(|(line, (_, place))| (incident(&shuffled, line, *place), incident(straight, *place, *place)))
            .collect();
        grouping(&pairs)
    }
}

fn episodes(written: &Written) -> BTreeSet<String> {
    let of = |alert: &wire::v1::Alert| -> Vec<String> {
        let told = |episode: &wire::v1::Episode| {
            format!("{} {:?} {:?} {:?}", alert.id, episode.started_at, episode.ended_at, episode.severities)
        };
        alert.episodes.iter().map(told).collect()
    };
    written.alerts.iter().flat_map(of).collect()
}

fn outages(written: &Written) -> BTreeSet<String> {
    let told = |outage: &wire::v1::Outage| {
        format!("{} {:?} {:?} {:?} {}", outage.service, outage.from, outage.to, outage.state, outage.planned)
    };
    written.outages.iter().map(told).collect()
}

fn assert_same(straight: &BTreeSet<String>, shuffled: &BTreeSet<String>, what: &str) {
    let only: Vec<&String> = straight.symmetric_difference(shuffled).take(4).collect();
    assert!(only.is_empty(), "{what}: {} and {}, the first that differ: {only:#?}", straight.len(), shuffled.len());
}

fn recordings() -> Vec<PathBuf> {
    let folder = std::env::var_os("WATCHFIRE_RECORDINGS").expect("WATCHFIRE_RECORDINGS=FOLDER says where they are");
    let entries = std::fs::read_dir(&folder).expect("WATCHFIRE_RECORDINGS names a folder that can be read");
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.join("events.ndjson.gz").is_file()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no folder in {} holds events.ndjson.gz", folder.display());
    folders
}

#[tokio::test]
#[ignore = "needs recordings of real faults: WATCHFIRE_RECORDINGS=FOLDER"]
#[expect(clippy::print_stderr, reason = "these figures are what it is run for")]
async fn recorded_faults_come_out_the_same_whatever_the_order_of_arrival() {
    let mut short = Vec::new();
    for recording in recordings().iter().map(|folder| Recording::read(folder)) {
        let in_order: Vec<(Timestamp, usize)> =
            recording.said.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        for (pipeline, text, least) in PIPELINES {
            let straight = recording.played(&in_order, text).await;
            let mut scores = Vec::new();
            for seed in 1..=SEEDS {
                scores.push(recording.compared(&straight, text, seed).await.b_cubed_f1);
            }
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            let told = format!("{} by {pipeline}: B-cubed F1 {scores:.4?}, mean {mean:.4}", recording.name);
            eprintln!("{told}");
            if mean < least {
                short.push(format!("{told} below {least}"));
            }
        }
    }
    assert!(short.is_empty(), "{short:#?}");
}
