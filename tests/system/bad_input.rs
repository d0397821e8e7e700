//! What no sender should send, and some do: each is answered in words, nothing of it is lost in silence, and the process
//! lives. docs/contract.md section 5, `model::limits`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::http::Reply;
use crate::watchfire::{STORE, Watchfire, configure};

const BODY_BYTES_MAX: usize = 16 << 20;
/// What a bomb unpacks to, and far more than the process may hold of it.
const BOMB_MEBIBYTES: usize = 1024;
const RESIDENT_KIBIBYTES_MAX: u64 = 384 << 10;
const GOOD: &str = r#"{"dedup_key":"good","summary":"good"}"#;

struct Tested {
    folder: Folder,
    service: Watchfire,
}

#[test]
fn malformed_json_is_kept_as_it_came_and_answered_400() {
    for body in [r#"[{"summary":"cut off"}"#, "["] {
        Tested::new().refuses_whole(body.as_bytes(), "not valid JSON");
    }
}

#[test]
fn a_body_that_is_no_json_at_all_is_kept_as_it_came_and_answered_400() {
    for body in ["hello", r#"{"summary":"cut off""#] {
        Tested::new().refuses_whole(body.as_bytes(), "not valid JSON");
    }
}

#[test]
fn wrong_types_are_named_and_the_good_events_beside_them_are_taken() {
    for (bad, told) in [
        (r#"{"summary":5}"#, "`summary`"),
        (r#"{"summary":"x","labels":["a"]}"#, "`labels`"),
        (r#"{"summary":"x","starts_at":"yesterday"}"#, "`starts_at`"),
        (r#"{"summary":"x","status":"burning"}"#, "write firing, resolved"),
        (r#"{"summary":"x","kind":"weather"}"#, "`weather` is no kind of event"),
        (r#"{"labels":{"host":"db-7"}}"#, "an alert needs `summary` or `labels.alertname`"),
        ("7", "an event is an object"),
    ] {
        Tested::new().refuses_one(bad.as_bytes(), told);
    }
}

#[test]
fn labels_without_a_value_are_no_labels_and_without_a_name_refused() {
    let mut tested = Tested::new();
    for labels in [r#"{"alertname":"A","pod":""}"#, r#"{"alertname":"A"}"#] {
        tested.accepts(&format!(r#"{{"summary":"x","labels":{labels}}}"#));
    }
    let alert = tested.only_alert();
    assert_eq!((&alert["labels"], &alert["count"]), (&json!({"alertname": "A"}), &json!(2)), "{alert}");
    tested.refuses_one(br#"{"summary":"x","labels":{"":"v"}}"#, "a name has 0 bytes");
}

#[test]
fn a_body_over_the_limit_is_413_and_nothing_of_it_is_kept() {
    let mut tested = Tested::new();
    let body = format!(r#"{{"summary":"large","x":"{}"}}"#, "x".repeat(BODY_BYTES_MAX));
    tested.refuses_all(&[], body.as_bytes());
}

#[test]
fn an_event_with_a_thousand_labels_is_a_dead_letter() {
    let labels: serde_json::Map<String, Value> = (0..1000).map(|nth| (format!("l{nth}"), json!("v"))).collect();
    let event = json!({"summary": "many", "labels": labels}).to_string();
    Tested::new().refuses_one(event.as_bytes(), "has 1000 entries, and at most 256 are allowed");
}

#[test]
fn a_depth_bomb_is_a_dead_letter() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let bomb = format!(r#"{{"summary":"deep","x":{}1{}}}"#, open.repeat(100_000), close.repeat(100_000));
        Tested::new().refuses_one(bomb.as_bytes(), "nested deeper than 32");
    }
}

#[test]
fn a_gzip_bomb_is_413_before_it_is_unpacked() {
    let mut one = GzEncoder::new(Vec::new(), Compression::best());
    one.write_all(&vec![b' '; 1 << 20]).unwrap();
    Tested::new().survives_bomb("gzip", &one.finish().unwrap());
}

#[test]
fn a_zstd_bomb_is_413_before_it_is_unpacked() {
    Tested::new().survives_bomb("zstd", &zstd::encode_all(vec![b' '; 1 << 20].as_slice(), 3).unwrap());
}

#[test]
fn what_is_not_packed_as_it_says_is_kept_as_it_came_and_answered_400() {
    for coding in ["gzip", "zstd"] {
        let mut tested = Tested::new();
        let reply = tested.service.post("/ingest/v1/events", &[("Content-Encoding", coding)], GOOD.as_bytes());
        tested.is_refused_whole(&reply, GOOD.as_bytes(), coding);
    }
}

#[test]
fn invalid_utf_8_is_kept_byte_for_byte() {
    let body = b"[{\"summary\":\"caf\xe9\"}]";
    Tested::new().refuses_whole(body, "is not UTF-8");
}

#[test]
fn the_character_zero_is_taken_out_of_texts_and_no_json_as_a_byte() {
    let mut tested = Tested::new();
    tested.accepts_with(
        r#"{"summary":"a\u0000b","labels":{"alertname":"N\u0000","na\u0000me":"v\u0000"}}"#,
        &["nul_removed"; 4],
    );
    let alert = tested.only_alert();
    assert_eq!(alert["summary"], "ab");
    assert_eq!(alert["labels"], json!({"alertname": "N", "name": "v"}));
    Tested::new().refuses_whole(b"[{\"summary\":\"a\x00b\"}]", "control character");
}

#[test]
fn a_start_in_the_far_future_is_taken_as_now_and_what_was_said_is_kept() {
    let mut tested = Tested::new();
    let said = "9999-12-31T23:59:59Z";
    tested.accepts_with(&format!(r#"{{"summary":"x","starts_at":"{said}"}}"#), &["clock_ahead"]);
    let alert = tested.only_alert();
    let started: Timestamp = alert["episodes"][0]["started_at"].as_str().unwrap().parse().unwrap();
    let off = Timestamp::now().duration_since(started).abs();
    assert!(off < SignedDuration::from_mins(5), "{started} is not now");
    let explained = tested.service.get(&format!("/api/v1/alerts/{}/explain", alert["id"].as_str().unwrap()));
    let reason = &explained["timeline"]["items"][0]["reason"];
    assert_eq!((&reason["code"], &reason["said"]), (&json!("clock_ahead"), &json!(said)), "{explained}");
    tested.refuses_one(br#"{"summary":"x","starts_at":"+99999-01-01T00:00:00Z"}"#, "`starts_at`");
}

#[test]
fn a_start_in_the_far_past_is_kept_and_no_sample_of_how_fast_we_detect() {
    let mut tested = Tested::new();
    tested.accepts_with(r#"{"summary":"x","starts_at":"1970-01-01T00:00:00Z"}"#, &["long_ago"]);
    assert_eq!(tested.only_alert()["episodes"][0]["started_at"], "1970-01-01T00:00:00Z");
    let incidents = tested.service.list("/api/v1/incidents");
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["preexisting"], true, "{incidents:?}");
    let measures = tested.service.get("/api/v1/measures/incidents?from=-1h");
    let row = &measures["items"][0];
    assert_eq!((&row["opened"], &row["mttd"]["count"]), (&json!(1), &json!(0)), "{measures}");
}

#[test]
fn an_unknown_severity_is_a_warning() {
    let mut tested = Tested::new();
    tested.accepts_with(r#"{"summary":"x","severity":"apocalyptic"}"#, &["unknown_severity"]);
    assert_eq!(tested.only_alert()["severity"], "warning");
}

#[test]
fn an_ambiguous_name_binds_nothing_and_says_between_what_it_stands() {
    let mut tested = Tested::new();
    tested.accepts(r#"{"summary":"x","ci":"node.prod"}"#);
    let alert = tested.only_alert();
    assert_eq!(alert["ci"], Value::Null);
    let mut binding = alert["binding"].clone();
    let told = binding.as_object_mut().unwrap().remove("text").unwrap();
    assert!(told.as_str().unwrap().contains("node.prod"), "{told}");
    assert_eq!(binding, json!({"code": "ambiguous", "name": "node.prod", "candidates": ["db-7", "db-8"]}));
    assert_eq!(
        tested.missed(),
        json!([{
            "name": "node.prod", "alerts": 1, "sources": ["native"], "candidates": ["db-7", "db-8"],
        }])
    );
}

#[test]
fn an_unknown_name_binds_nothing_and_shows_in_the_health_of_the_cmdb() {
    let mut tested = Tested::new();
    tested.accepts_with(r#"{"summary":"x","ci":"nobody"}"#, &["unknown_item"]);
    let alert = tested.only_alert();
    assert_eq!((&alert["ci"], &alert["binding"]["code"]), (&Value::Null, &json!("unbound")), "{alert}");
    assert_eq!(tested.missed(), json!([{"name": "nobody", "alerts": 1, "sources": ["native"], "candidates": []}]));
    assert_eq!(tested.service.list("/api/v1/incidents").len(), 1, "it opens an incident all the same");
}

impl Tested {
    fn new() -> Tested {
        let folder = Folder::new();
        let database = |id: &str| format!("  - {{id: {id}, class: database, aliases: [node.prod]}}\n");
        folder.write("cmdb.yaml", &format!("items:\n{}{}", database("db-7"), database("db-8")));
        configure(folder.path(), "cmdb: [cmdb.yaml]\n");
        let service = Watchfire::start(folder.path());
        Tested { folder, service }
    }

    #[track_caller]
    fn accepts(&mut self, event: &str) {
        self.accepts_with(event, &[]);
    }

    /// Taken, otherwise than it was said: each time the sender is told.
    #[track_caller]
    fn accepts_with(&mut self, event: &str, noticed: &[&str]) {
        let answer = self.service.push(event).with(202);
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(1), &json!([])), "{answer}");
        let notices = answer["notices"].as_array().cloned().unwrap_or_default();
        let codes: Vec<&str> = notices.iter().filter_map(|notice| notice["code"].as_str()).collect();
        assert_eq!(codes, noticed, "{answer}");
        self.service.assert_lives();
    }

    /// Of three events the one in the middle is refused in words; its bytes are kept, and so are the others.
    #[track_caller]
    fn refuses_one(&mut self, bad: &[u8], told: &str) {
        let before = self.letters().len();
        let body = [b"[", GOOD.as_bytes(), b",", bad, b",", GOOD.as_bytes(), b"]"].concat();
        let answer = self.service.push(&body).with(202);
        assert_eq!(
            (&answer["accepted"], answer["rejected"].as_array().map(Vec::len)),
            (&json!(2), Some(1)),
            "{answer}"
        );
        let rejected = &answer["rejected"][0];
        assert_eq!(rejected["index"], 1);
        assert!(rejected["error"].as_str().unwrap().contains(told), "{told:?} is not in {rejected}");
        let letters = self.letters();
        assert_eq!(letters.len(), before + 1);
        assert!(letters.contains(&(rejected["dead_letter"].as_str().unwrap().to_owned(), bad.to_owned())));
        self.service.assert_lives();
    }

    /// The body is no events at all: kept as it came, answered 400.
    #[track_caller]
    fn refuses_whole(&mut self, body: &[u8], told: &str) {
        let reply = self.service.push(body);
        self.is_refused_whole(&reply, body, told);
    }

    #[track_caller]
    fn is_refused_whole(&mut self, reply: &Reply, body: &[u8], told: &str) {
        let answer = reply.with(400);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert!(answer["detail"].as_str().unwrap().contains(told), "{told:?} is not in {answer}");
        assert_eq!(self.letters(), [(answer["dead_letter"].as_str().unwrap().to_owned(), body.to_owned())]);
        assert_eq!(self.service.list("/api/v1/alerts"), [Value::Null; 0]);
        self.accepts(GOOD);
    }

    /// Too large: answered 413, nothing kept.
    #[track_caller]
    fn refuses_all(&mut self, headers: &[(&str, &str)], body: &[u8]) {
        let reply = self.service.post("/ingest/v1/events", headers, body);
        let answer = reply.with(413);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let detail = answer["detail"].as_str().unwrap();
        assert!(
            detail.contains("at most 16 MiB unpacked") && detail.contains("nothing of this one was kept"),
            "{detail}"
        );
        assert_eq!(self.letters().len(), 0);
        assert_eq!(self.service.list("/api/v1/alerts"), [Value::Null; 0]);
        self.accepts(GOOD);
    }

    #[track_caller]
    fn survives_bomb(&mut self, coding: &str, mebibyte: &[u8]) {
        let bomb = mebibyte.repeat(BOMB_MEBIBYTES);
        assert!(bomb.len() < BODY_BYTES_MAX, "it is refused for what it unpacks to");
        self.refuses_all(&[("Content-Encoding", coding)], &bomb);
        let resident = self.resident_kibibytes_peak();
        assert!(resident < RESIDENT_KIBIBYTES_MAX, "{resident} KiB were in use: the bomb was unpacked");
    }

    #[track_caller]
    fn only_alert(&self) -> Value {
        let alerts = self.service.list("/api/v1/alerts");
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        alerts[0].clone()
    }

    /// Names that no item has, as people see them who keep the CMDB.
    fn missed(&self) -> Value {
        self.service.get("/api/v1/cmdb/health")["names_missed"].clone()
    }

    /// Ids and bytes of what could not be read, from the store itself: JSON could not show them all.
    fn letters(&self) -> Vec<(String, Vec<u8>)> {
        let store = Connection::open_with_flags(self.folder.path().join(STORE), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let store = store.unwrap();
        let mut letters = store.prepare("SELECT 'dl_' || lower(hex(id)), raw FROM dead_letter").unwrap();
        let letters = letters.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        letters.map(Result::unwrap).collect()
    }

    fn resident_kibibytes_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.service.process.pid().as_raw_nonzero()));
        let status = status.unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
