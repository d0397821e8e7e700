//! What is open now, and what is quiet, as people on watch ask for it.

use model::CiId;
use model::command::{Action, Command, OpenIncident};
use model::incident::{DetectedBy, Priority};
use runtime::Item;
use serde_json::{Value, json};

use crate::service::{Service, alert, service};

/// Opened by hand, all in one commit.
pub(crate) async fn opened(service: &Service, incidents: impl IntoIterator<Item = (String, Priority, Option<&str>)>) {
    let open = |(title, priority, team): (String, Priority, Option<&str>)| {
        let open = OpenIncident {
            title: title.into(),
            detected_by: DetectedBy::Staff,
            cis: vec![CiId::new("mail")],
            priority: Some(priority),
            team: team.map(Into::into),
            started_at: None,
        };
        Item::Command(Box::new(Command { by: "ana".into(), at: None, action: Action::OpenIncident(open) }))
    };
    service.push_items(incidents.into_iter().map(open).collect()).await;
}

async fn with_five() -> Service {
    let service = service().await.with_cmdb().await;
    let five = [
        ("Mail is slow", Priority::P3, Some("web")),
        ("Nobody can pay", Priority::P1, Some("storage")),
        ("A disk fills", Priority::P4, None),
        ("Logins fail", Priority::P2, Some("web")),
        ("Pictures are old", Priority::P5, None),
    ];
    opened(&service, five.map(|(title, priority, team)| (title.to_owned(), priority, team))).await;
    service
}

fn titles(board: &Value) -> Vec<&str> {
    board["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_board_has_the_worst_first_and_counts_all_of_it() {
    let service = with_five().await;
    let board = service.get("/api/v1/board").await.of(200);
    assert_eq!(titles(&board), ["Nobody can pay", "Logins fail", "Mail is slow", "A disk fills", "Pictures are old"]);
    assert_eq!((&board["open"], &board["found"], &board["next"]), (&json!(5), &json!(5), &Value::Null));
    assert_eq!(board["counts"]["states"], json!({"open": 5}));
    assert_eq!(board["counts"]["priorities"]["P1"], 1);
    assert_eq!(board["counts"]["teams"], json!({"storage": 1, "web": 2}));
    assert_eq!(board["counts"]["teamless"], 2);
}

#[tokio::test]
async fn what_is_asked_for_narrows_the_rows_and_not_the_counts() {
    let service = with_five().await;
    for (query, expected) in [
        ("team=web", vec!["Logins fail", "Mail is slow"]),
        ("team=-&priority=P4", vec!["A disk fills"]),
        ("q=PAY", vec!["Nobody can pay"]),
        ("state=acknowledged", vec![]),
        ("parts=true", vec![]),
        ("stale=true", vec![]),
        ("priority=P1,P2&parts=false", vec!["Nobody can pay", "Logins fail"]),
    ] {
        let board = service.get(&format!("/api/v1/board?{query}")).await.of(200);
        assert_eq!(titles(&board), expected, "{query}");
        assert_eq!((&board["open"], &board["counts"]["states"]), (&json!(5), &json!({"open": 5})), "{query}");
    }
    for wrong in ["states=open", "state=closed", "sort=worst", "cursor=x", "parts=maybe"] {
        service.get(&format!("/api/v1/board?{wrong}")).await.of(400);
    }
}

#[tokio::test]
async fn the_board_goes_on_where_its_cursor_says() {
    let service = with_five().await;
    let first = service.get("/api/v1/board?limit=3").await.of(200);
    assert_eq!((titles(&first).len(), &first["next"]), (3, &json!("3")));
    let second = service.get("/api/v1/board?limit=3&cursor=3").await.of(200);
    assert_eq!((titles(&second), &second["next"]), (vec!["A disk fills", "Pictures are old"], &Value::Null));
}

#[tokio::test]
async fn what_happened_last_comes_first_where_that_is_asked_for() {
    let service = with_five().await;
    let board = service.get("/api/v1/board?q=pictures").await.of(200);
    let number = board["items"][0]["number"].as_str().unwrap();
    service.post(&format!("/api/v1/incidents/{number}/comment"), r#"{"text":"looking"}"#).await.of(200);
    let board = service.get("/api/v1/board?sort=changed").await.of(200);
    assert_eq!(titles(&board)[0], "Pictures are old");
}

#[tokio::test]
async fn what_a_silence_keeps_quiet_is_told_with_who_wanted_it_and_until_when() {
    let service = service().await.with_cmdb().await;
    let silence = json!({"matchers": ["ci=\"db-7\""], "duration": "2h", "comment": "disks are swapped"});
    let silence = service.post("/api/v1/silences", silence.to_string()).await.of(201);
    let none = service.get("/api/v1/suppressed").await.of(200);
    assert_eq!((&none["alerts"], &none["reasons"][0]["count"]), (&json!(0), &json!(0)), "in force, and nothing fires");
    service.push(&format!("{}\n{}", alert("db-7", "disk"), alert("db-7", "cpu"))).await;
    let quiet = service.get("/api/v1/suppressed?limit=1").await.of(200);
    assert_eq!(quiet["alerts"], 2);
    let reason = &quiet["reasons"][0];
    assert_eq!((&reason["kind"], &reason["id"], &reason["count"]), (&json!("silence"), &silence["id"], &json!(2)));
    assert_eq!((&reason["by"], &reason["comment"]), (&json!("anonymous"), &json!("disks are swapped")));
    assert_eq!(reason["until"], silence["ends_at"]);
    assert_eq!(reason["alerts"].as_array().unwrap().len(), 1, "so many as were asked for");
    assert_eq!(reason["alerts"][0]["ci"], "db-7");
}
