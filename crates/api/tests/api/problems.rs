//! Problems.

use serde_json::{Value, json};

use crate::service::{alert, service};

#[tokio::test]
async fn a_problem_is_opened_linked_moved_and_known() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let incident = service.get("/api/v1/incidents").await.of(200)["items"][0]["number"].as_str().unwrap().to_owned();
    let body = json!({"title": "Disks of one batch", "ci": "db-7", "incidents": [incident]}).to_string();
    let heard = service.post("/api/v1/problems", body).await;
    let path = heard.headers["location"].to_str().unwrap().to_owned();
    let opened = heard.of(201);
    assert_eq!(opened["incidents"].as_array().unwrap().len(), 1);
    assert_eq!(service.get(&path).await.of(200), opened);

    let act = |action: &str, body: Value| {
        let (service, path) = (&service, format!("{path}/{action}"));
        async move { service.post(&path, body.to_string()).await }
    };
    assert_eq!(act("move", json!({"to": "analysis"})).await.of(200)["state"], "analysis");
    let known = act("known_error", json!({"cause": "firmware", "workaround": "restart"})).await.of(200);
    assert_eq!((&known["known_error"], &known["workaround"]), (&json!(true), &json!("restart")));
    assert_eq!(act("workaround", json!({"text": "replace"})).await.of(200)["workaround"], "replace");
    assert_eq!(act("assign", json!({"team": "storage"})).await.of(200)["team"], "storage");
    assert_eq!(act("comment", json!({"text": "seen"})).await.of(200)["comments"][0]["by"], "anonymous");
    assert_eq!(act("unlink", json!({"incident": incident})).await.of(200)["incidents"], json!([]));
    assert_eq!(act("link", json!({"incident": incident})).await.of(200)["incidents"].as_array().unwrap().len(), 1);
    let listed =
        service.get(&format!("/api/v1/incidents?problem={}", opened["number"].as_str().unwrap())).await.of(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let refused = act("move", json!({"to": "closed"})).await.of(409);
    assert_eq!(refused["state"], "analysis");
    for (action, body, status, says) in [
        ("move", json!({"to": "away"}), 400, "fix_in_progress"),
        ("duplicate", json!({"of": "PRB0000099"}), 404, "PRB0000099"),
        ("sing", json!({}), 404, "known_error"),
    ] {
        let heard = act(action, body).await;
        assert_eq!(heard.status.as_u16(), status, "{action}");
        assert!(heard.text.contains(says), "{}", heard.text);
    }
    let other = service.post("/api/v1/problems", r#"{"title":"The same again"}"#).await.of(201);
    let other = other["number"].as_str().unwrap();
    for (action, body, state) in
        [("move", json!({"to": "resolved"}), "resolved"), ("move", json!({"to": "closed"}), "closed")]
    {
        assert_eq!(act(action, body).await.of(200)["state"], state);
    }
    for (action, body) in [
        ("known_error", json!({"cause": "x"})),
        ("workaround", json!({"text": "x"})),
        ("assign", json!({"team": "x"})),
        ("link", json!({"incident": incident})),
        ("duplicate", json!({"of": other})),
    ] {
        let refused = act(action, body).await.of(409);
        assert_eq!(refused["state"], "closed", "{action}");
        assert!(refused["detail"].as_str().unwrap().contains("never changed"), "{refused}");
    }
    let path = format!("/api/v1/problems/{other}");
    let refused = service.post(&format!("{path}/duplicate"), json!({"of": opened["number"]}).to_string()).await.of(409);
    assert!(refused["detail"].as_str().unwrap().contains("is closed"), "{refused}");
    for (action, body) in [("known_error", r#"{"cause":" "}"#), ("workaround", r#"{"text":""}"#), ("assign", "{}")] {
        assert_eq!(service.post(&format!("{path}/{action}"), body).await.status.as_u16(), 422, "{action}");
    }
    assert_eq!(service.post("/api/v1/problems", r#"{"title":""}"#).await.status.as_u16(), 422);
    assert_eq!(
        service.get("/api/v1/problems?state=closed&ci=db-7").await.of(200)["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_problem_is_of_an_item_that_there_is_and_of_incidents_that_go_on() {
    let service = service().await.with_cmdb().await;
    let refused = service.post("/api/v1/problems", r#"{"title":"Disks","ci":"db-77"}"#).await.of(404);
    assert!(refused["detail"].as_str().unwrap().contains("configuration item `db-77`"), "{refused}");
    for title in ["one", "two", "three"] {
        service.post("/api/v1/incidents", json!({"title": title}).to_string()).await.of(201);
    }
    for (merged, into) in [(1, 2), (2, 3)] {
        let path = format!("/api/v1/incidents/INC000000{merged}/merge");
        service.post(&path, format!(r#"{{"into":"INC000000{into}"}}"#)).await.of(200);
    }
    service.post("/api/v1/problems", r#"{"title":"Disks","ci":"db-7"}"#).await.of(201);
    let opened = json!({"title": "Batches", "incidents": ["INC0000001"]});
    for (path, body) in [
        ("/api/v1/problems/PRB0000001/link", json!({"incident": "INC0000001"})),
        ("/api/v1/problems", opened),
        ("/api/v1/incidents/INC0000001/acknowledge", json!({})),
        ("/api/v1/incidents/INC0000003/merge", json!({"into": "INC0000001"})),
    ] {
        let refused = service.post(path, body.to_string()).await.of(409);
        assert_eq!(refused["detail"], "INC0000001 was merged into INC0000003: act on that one", "{path}");
        assert_eq!(refused["state"], "merged", "{path}");
    }
}
