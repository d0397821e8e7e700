//! Reviews of declared major incidents.

use serde_json::{Value, json};

use crate::service::{Service, alert, service};

async fn declared() -> (Service, String) {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let number = service.get("/api/v1/incidents").await.of(200)["items"][0]["number"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{number}");
    let body = r#"{"state":"declared","reason":"nobody can pay"}"#;
    service.post(&format!("{path}/major"), body).await.of(200);
    (service, path)
}

async fn overdue(service: &Service) -> Vec<Value> {
    service.get("/api/v1/reviews?overdue=true").await.of(200)["items"].as_array().unwrap().clone()
}

/// The page of reviews says that.
async fn page_says(service: &Service, wanted: &[&str]) {
    let page = service.get("/reviews").await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    for wanted in wanted {
        assert!(page.text.contains(wanted), "{wanted}: {}", page.text);
    }
}

#[tokio::test]
async fn a_declared_major_incident_owes_a_review_until_it_is_written_and_its_actions_are_done() {
    let (service, path) = declared().await;
    assert_eq!(overdue(&service).await, Vec::<Value>::new(), "not while it lasts");
    let listed = service.get("/api/v1/reviews").await.of(200)["items"].clone();
    assert_eq!((&listed[0]["written_at"], &listed[0]["overdue"]), (&Value::Null, &json!(false)));
    page_says(&service, &["INC0000001", "owed once it is resolved", "not yet"]).await;
    let body = r#"{"notes":"new disk","code":"replaced","force":true}"#;
    service.post(&format!("{path}/resolve"), body).await.of(200);
    assert_eq!(overdue(&service).await.len(), 1, "resolved, and nobody wrote one");
    page_says(&service, &["<span class=\"tag bad\">owed</span>", ">the review</td>"]).await;

    let review = |done: bool, due: &str| {
        let action = json!({"what": "watch growth", "owner": "ana", "due": due, "done": done});
        json!({"summary": "The disk was full.", "contributing_factors": ["no alert on growth"], "actions": [action]})
    };
    let post = async |body: Value| service.post(&format!("{path}/review"), body.to_string()).await;
    let written = post(review(false, "2999-01-01")).await.of(200)["review"].clone();
    assert_eq!((&written["written_by"], &written["actions"][0]["due"]), (&json!("anonymous"), &json!("2999-01-01")));
    assert_eq!(overdue(&service).await, Vec::<Value>::new());
    post(review(false, "2020-01-01")).await.of(200);
    let late = overdue(&service).await;
    assert_eq!((late.len(), &late[0]["actions_overdue"][0]["what"]), (1, &json!("watch growth")), "{late:?}");
    page_says(&service, &["actions are late", "was due 2020-01-01", "watch growth", "1 action<"]).await;
    let done = post(review(true, "2020-01-01")).await.of(200)["review"].clone();
    assert_eq!(done["written_at"], written["written_at"], "it was written once, and changed since");
    page_says(&service, &["<span class=\"tag\">done</span>", "nothing</span>"]).await;
    assert_eq!(overdue(&service).await, Vec::<Value>::new());
    assert_eq!(service.get("/api/v1/reviews").await.of(200)["items"].as_array().unwrap().len(), 1);

    for (body, status, says) in [
        (json!({"summary": " "}), 422, "needs a summary"),
        (json!({"actions": []}), 400, "summary"),
        (review(false, "tomorrow"), 400, "2026-06-01"),
        (json!({"summary": "x", "actions": [{"what": "y", "owner": "", "due": "2026-06-01"}]}), 422, "`owner`"),
    ] {
        let heard = post(body.clone()).await;
        assert_eq!(heard.status.as_u16(), status, "{body}: {}", heard.text);
        assert!(heard.text.contains(says), "{body}: {}", heard.text);
    }
}

#[tokio::test]
async fn a_review_is_shown_with_what_happened_as_data_and_as_markdown() {
    let (service, path) = declared().await;
    let body = json!({
        "summary": "The disk was <b>full</b>.\n# Not a heading",
        "contributing_factors": ["- no alert | on growth"],
        "actions": [{"what": "watch `growth`", "owner": "ana", "due": "2020-01-01"}],
    });
    service.post(&format!("{path}/cause"), r#"{"ci":"checkout","verdict":"rejected"}"#).await.of(200);
    service.post(&format!("{path}/comment"), r#"{"text":"the *old* disk\nis out"}"#).await.of(200);
    service.post(&format!("{path}/resolve"), r#"{"notes":"new disk","force":true}"#).await.of(200);
    service.post(&format!("{path}/review"), body.to_string()).await.of(200);
    let page = service.get(&format!("{path}/review")).await.of(200);
    assert_eq!(page["review"]["contributing_factors"], body["contributing_factors"]);
    assert_eq!((&page["services"][0]["id"], &page["services"][0]["state"]), (&json!("checkout"), &json!("down")));
    assert!(page["restored_after_seconds"].is_number() && page["problem"]["state"] == "proposed", "{page}");
    let codes: Vec<&str> =
        page["timeline"].as_array().unwrap().iter().filter_map(|entry| entry["reason"]["code"].as_str()).collect();
    assert!(codes.contains(&"incident_opened") && codes.contains(&"reviewed"), "{codes:?}");

    let accepted = service.ask("GET", &format!("{path}/review"), &[("accept", "text/markdown")], "").await;
    assert_eq!(accepted.headers["content-type"], "text/markdown; charset=utf-8");
    let asked = service.get(&format!("{path}/review?format=markdown")).await;
    assert_eq!(asked.text, accepted.text);
    for wanted in [
        "# INC0000001: checkout DOWN",
        "**P1**, declared major, resolved",
        "The disk was &lt;b&gt;full&lt;/b&gt;.\n\n\\# Not a heading",
        "| restored | 20",
        "| checkout | 1 | down |",
        "- **db-7**, medium confidence\n  - for it:\n    - nothing else alerts\n",
        "- **checkout**, rejected\n  - against it:\n    - anonymous rejected it\n",
        "anonymous: commented: the \\*old\\* disk is out\n",
        "anonymous: rejected checkout as the cause\n",
        "- Resolved by anonymous: new disk",
        "- \\- no alert \\| on growth",
        "| watch \\`growth\\` | ana | 2020-01-01 | **overdue** |",
        "## Timeline\n\n- 20",
        ": declared a major incident",
        ": linked to the problem PRB0000001\n",
        ": resolved by force: what still fired is taken as over\n",
        ": review written, with 1 action, 1 of them open\n",
    ] {
        assert!(asked.text.contains(wanted), "{wanted}:\n{}", asked.text);
    }
    assert!(!asked.text.contains("prb\\_") && !asked.text.contains("inc\\_"), "{}", asked.text);
    service.get(&format!("{path}/review?format=pdf")).await.of(400);
}

#[tokio::test]
async fn an_incident_that_is_not_declared_major_has_no_review() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let path = "/api/v1/incidents/INC0000001/review";
    let refused = service.post(path, r#"{"summary":"x"}"#).await.of(409);
    assert_eq!(refused["state"], "open");
    assert!(refused["detail"].as_str().unwrap().contains("declare it first"), "{refused}");
    assert_eq!(service.get(path).await.of(409)["state"], "open");
    assert_eq!(service.get("/api/v1/reviews").await.of(200)["items"], json!([]));
}
