//! The pipelines in force, and what an event would become.

use serde_json::{Value, json};

use crate::service::{alert, service, service_with_pipelines};

#[tokio::test]
async fn pipelines_are_shown_as_written_and_in_sentences() {
    let file = "# ours\nname: zabbix\nmatch: {source: zabbix-*}\nidentity: [host]\n";
    let service = service_with_pipelines(&[("zabbix.yaml", file)]).await;
    let listed = service.get("/api/v1/pipelines").await.of(200);
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["watchfire", "zabbix", "default"], "the most specific first, and the shipped ones that must be");
    let ours = &listed["items"][1];
    assert_eq!((&ours["text"], &ours["source"], &ours["format"]), (&json!(file), &json!("zabbix-*"), &json!(null)));
    let takes = "Takes events in any format, of sources called like `zabbix-*`.";
    assert_eq!(ours["in_words"]["takes"], takes);
    assert!(listed["items"][2]["text"].as_str().unwrap().contains("name: default"));
}

async fn tried(service: &crate::service::Service, pipeline: &str, body: Value) -> Value {
    service.post(&format!("/api/v1/pipelines/{pipeline}/try"), body.to_string()).await.of(200)
}

#[tokio::test]
async fn an_event_is_tried_and_nothing_of_it_is_kept() {
    let service = service().await.with_cmdb().await;
    let event =
        json!({"source": "zabbix", "dedup_key": "disk", "severity": "critical", "summary": "disk full", "ci": "db-7"});
    let before = service.runtime.live().commit();
    for body in [event.clone(), json!(event.to_string())] {
        let answer = tried(&service, "default", json!({ "body": body })).await;
        let one = &answer["events"][0];
        assert_eq!(
            (&one["kind"], &one["disposition"], &one["taken_by"]),
            (&json!("alert"), &json!("opened"), &json!("default"))
        );
        assert_eq!((&one["alert"]["ci"], &one["alert"]["dedup_key"]), (&json!("db-7"), &json!("disk")));
        assert_eq!((&one["incident"]["number"], &one["incident"]["priority"]), (&json!(null), &json!("P1")));
        assert!(one["in_words"][0].as_str().unwrap().starts_with("A new alert begins"), "{one}");
    }
    assert_eq!(service.runtime.live().commit(), before);
    assert_eq!(service.get("/api/v1/alerts").await.of(200)["items"], json!([]));
    assert_eq!(service.get("/api/v1/incidents").await.of(200)["items"], json!([]));
}

#[tokio::test]
async fn what_is_open_already_is_what_it_would_join() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let again =
        json!({"source": "native", "dedup_key": "slow", "severity": "major", "summary": "slow", "ci": "checkout"});
    let cleared = json!({"dedup_key": "disk", "status": "resolved", "summary": "OK"});
    let answer = tried(&service, "default", json!({ "source": "test", "body": [again, cleared] })).await;
    let (joins, clears) = (&answer["events"][0], &answer["events"][1]);
    assert_eq!((&joins["disposition"], &joins["incident"]["number"]), (&json!("opened"), &json!("INC0000001")));
    assert!(joins["joining"]["text"].is_string(), "{joins}");
    assert_eq!(clears["disposition"], "cleared");
    assert_eq!(service.get("/api/v1/alerts?state=firing").await.of(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_says_why_and_whose_it_is() {
    let service = service().await;
    let answer = tried(&service, "prometheus", json!({ "body": [{"severity": "minor"}] })).await;
    let one = &answer["events"][0];
    assert_eq!((&one["kind"], &one["taken_by"]), (&json!(null), &json!("default")));
    assert!(one["error"].as_str().unwrap().contains("summary"), "{one}");
    let broken = tried(&service, "default", json!({ "body": "[{" })).await;
    assert!(broken["refused"].is_string() && broken["events"] == json!([]), "{broken}");
    let many: Vec<Value> = (0..51).map(|at| json!({ "summary": at.to_string() })).collect();
    for (name, body, status) in [
        ("nowhere", json!({"body": {}}), 404),
        ("default", json!({"body": {}, "format": "nagios"}), 422),
        ("default", json!({"body": null}), 422),
        ("default", json!({"body": many}), 422),
    ] {
        let heard = service.post(&format!("/api/v1/pipelines/{name}/try"), body.to_string()).await;
        assert_eq!(heard.status.as_u16(), status, "{name}: {}", heard.text);
    }
}
