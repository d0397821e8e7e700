//! Changes, maintenance windows, silences, outages, the audit.

use model::{Span, Timestamp};
use serde_json::json;

use crate::service::{alert, service};

#[tokio::test]
async fn a_window_over_a_most_critical_service_needs_a_second_word() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let window = |extra: &str| format!(r#"{{"id":"MW1","ci":["db-7"],"duration":"2h","reason":"disk"{extra}}}"#);

    let would = service.post("/api/v1/maintenance-windows", window(r#","dry_run":true"#)).await.of(200);
    assert_eq!(would["window"], json!(null));
    assert_eq!(would["mutes"]["services_most_critical"], json!(["checkout"]));
    assert_eq!(would["mutes"]["cis"], json!(["checkout", "db-7"]));
    assert_eq!(would["mutes"]["alerts"], json!([]), "it is in an incident: that is told on");
    let fires = "1 alert on these items fires in an incident already: the window mutes what begins while it lasts, and \
                 nothing before";
    assert_eq!(would["notes"], json!([fires]));

    let refused = service.post("/api/v1/maintenance-windows", window("")).await.of(409);
    assert_eq!(refused["mutes"], would["mutes"]);
    assert_eq!(service.get("/api/v1/maintenance-windows").await.of(200)["items"], json!([]));

    let set = service.post("/api/v1/maintenance-windows", window(r#","confirm":true"#)).await.of(201);
    let id = set["window"]["id"].as_str().unwrap();
    assert_eq!((&set["window"]["reference"], &set["window"]["by"]), (&json!("MW1"), &json!("anonymous")));
    assert_eq!(service.get("/api/v1/services/checkout").await.of(200)["in_maintenance"], true);
    let ended = service.post(&format!("/api/v1/maintenance-windows/{id}/end"), "").await.of(200);
    assert!(ended["ends_at"].as_str() < set["window"]["ends_at"].as_str(), "{ended}");
    assert_eq!(service.post(&format!("/api/v1/maintenance-windows/{id}/end"), "").await.status.as_u16(), 422);
}

#[tokio::test]
async fn a_window_that_begins_as_it_is_said_begins_with_that_second_by_the_clock_in_the_answer() {
    let service = service().await.with_cmdb().await;
    let heard = service.post("/api/v1/maintenance-windows", r#"{"ci":["mail"],"duration":"2h"}"#).await;
    let shown = Timestamp::parse(heard.headers["watchfire-now"].to_str().unwrap()).unwrap();
    let begins = heard.of(201)["window"]["starts_at"].as_str().and_then(Timestamp::parse).unwrap();
    assert_eq!(begins, begins.floor(Span::SECOND), "lists show no more of it");
    assert!(begins <= shown && shown < begins + Span::from_minutes(1), "{begins}, {shown}");
}

#[tokio::test]
async fn a_window_goes_by_its_reference_where_only_one_does() {
    let service = service().await.with_cmdb().await;
    let path = |id: &str| format!("/api/v1/maintenance-windows/{id}");
    let set = |ci: &str| format!(r#"{{"id":"MW1","ci":["{ci}"],"duration":"2h"}}"#);
    service.post("/api/v1/maintenance-windows", set("mail")).await.of(201);
    let shown = service.get(&path("MW1")).await.of(200);
    assert_eq!(shown["ci"], json!(["mail"]));
    service.post(&path("MW2/end"), "").await.of(404);
    // Another source may call its own the same.
    let event = r#"{"kind":"maintenance","source":"planner","id":"MW1","ci":["db-7"],"starts_at":"2000-01-01T00:00:00Z","ends_at":"2100-01-01T00:00:00Z"}"#;
    service.push(event).await;
    let several = service.post(&path("MW1/end"), "").await.of(409);
    assert!(several["detail"].as_str().unwrap().contains(shown["id"].as_str().unwrap()), "{several}");
    service.post(&path(&format!("{}/end", shown["id"].as_str().unwrap())), "").await.of(200);
    let left = service.post(&path("MW1/end"), "").await.of(200);
    assert_eq!(left["ci"], json!(["db-7"]), "the one that was not over");
}

#[tokio::test]
async fn windows_that_cannot_be_are_refused_with_what_to_do() {
    let service = service().await.with_cmdb().await;
    for (body, status, says) in [
        (r#"{"ci":["ghost"],"duration":"1h"}"#, 404, "ghost"),
        (r#"{"ci":[],"duration":"1h"}"#, 422, "at least one item"),
        (r#"{"ci":["mail"]}"#, 422, "duration"),
        (r#"{"ci":["mail"],"duration":"soon"}"#, 400, "2h"),
        (r#"{"ci":["mail"],"ends_at":"2020-01-01T00:00:00Z"}"#, 422, "before it begins"),
        (r#"{"ci":["mail"],"duration":"1h","rrule":"FREQ=HOURLY"}"#, 422, "`rrule`: `FREQ=HOURLY` is not supported"),
        (r#"{"ci":["mail"],"duration":"1h","rrule":"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}"#, 422, "no day is ever like"),
        (r#"{"ci":["mail"],"duration":"1h","rrule":"FREQ=DAILY","time_zone":"Mars"}"#, 422, "Europe/Berlin"),
        (r#"{"ci":["mail"],"duration":"1h","rrule":"FREQ=DAILY","exdate":["2020-01-01T00:00:00Z"]}"#, 422, "`exdate`"),
        (r#"{"ci":["mail"],"duration":"1h","repeats":"daily"}"#, 400, "repeats"),
    ] {
        let heard = service.post("/api/v1/maintenance-windows", body).await;
        assert_eq!(heard.status.as_u16(), status, "{body}: {}", heard.text);
        assert!(heard.text.contains(says), "{body}: {}", heard.text);
    }
}

#[tokio::test]
async fn a_window_that_recurs_shows_its_next_occurrence_and_ends_one_by_one_or_whole() {
    let service = service().await.with_cmdb().await;
    let now = runtime::clock::wall();
    let [start, tomorrow] = [now - Span::MINUTE, now - Span::MINUTE + Span::DAY].map(|at| at.to_string());
    let body = json!({
        "id": "MW9", "ci": ["mail"], "starts_at": start, "duration": "1h", "rrule": "FREQ=DAILY;COUNT=30",
    });
    let set = service.post("/api/v1/maintenance-windows", body.to_string()).await.of(201)["window"].clone();
    assert_eq!((&set["rrule"], &set["time_zone"]), (&json!("FREQ=DAILY;COUNT=30"), &json!("UTC")));
    assert_eq!((&set["next"]["starts_at"], &set["exdate"]), (&json!(start), &json!([])));
    let path = "/api/v1/maintenance-windows/MW9";
    assert_eq!(service.get("/api/v1/services/mail").await.of(200)["in_maintenance"], json!(true));
    assert_eq!(set["previous"], json!(null));
    service.post(&format!("{path}/end"), r#"{"all":true,"occurrence":"2026-01-01T00:00:00Z"}"#).await.of(422);

    let cut = service.post(&format!("{path}/end"), "").await.of(200);
    assert_eq!((&cut["shortened"][0]["starts_at"], &cut["next"]["starts_at"]), (&json!(start), &json!(tomorrow)));
    let again = service.post(&format!("{path}/end"), "{}").await.of(422);
    assert!(again["detail"].as_str().unwrap().contains(&tomorrow), "{again}");
    let cancelled = service.post(&format!("{path}/end"), json!({"occurrence": tomorrow}).to_string()).await.of(200);
    assert_eq!(cancelled["exdate"], json!([tomorrow]));
    for (hours, expected) in [(25, 0), (49, 1)] {
        let [from, to] = [2, hours].map(|hours| now + Span::from_hours(hours));
        let listed = service.get(&format!("/api/v1/maintenance-windows?from={from}&to={to}")).await.of(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), expected, "what is to come within {hours} hours");
    }

    let ended = service.post(&format!("{path}/end"), r#"{"all":true}"#).await.of(200);
    assert_eq!((&ended["next"], &ended["last_starts_at"]), (&json!(null), &json!(start)));
    assert_eq!(ended["previous"], cut["shortened"][0], "the last that took place, with its end");
    assert_eq!(service.get(path).await.of(200), ended);
}

#[tokio::test]
async fn a_window_that_lasts_until_after_it_begins_again_is_set_with_a_note() {
    let service = service().await.with_cmdb().await;
    let body = |hours: u32, more: &str| {
        format!(r#"{{"id":"MW8","ci":["mail"],"duration":"{hours}h","rrule":"FREQ=DAILY"{more}}}"#)
    };
    for (hours, more, status, notes) in
        [(24, "", 201, 0), (25, "", 201, 1), (25, r#","dry_run":true"#, 200, 1), (25, r#","exdate":[]"#, 201, 1)]
    {
        let set = service.post("/api/v1/maintenance-windows", body(hours, more)).await.of(status);
        let told = set["notes"].as_array().unwrap();
        assert_eq!(told.len(), notes, "{set}");
        assert!(told.iter().all(|note| note.as_str().unwrap().contains("overlap")), "{set}");
    }
}

#[tokio::test]
async fn a_silence_is_set_read_and_ended() {
    let service = service().await.with_cmdb().await;
    let body = r#"{"matchers":["host=~\"web-.*\""],"duration":"2h","comment":"rack move"}"#;
    let set = service.post("/api/v1/silences", body).await.of(201);
    assert_eq!((&set["by"], &set["matchers"]), (&json!("anonymous"), &json!([r#"host=~"web-.*""#])));
    let path = format!("/api/v1/silences/{}", set["id"].as_str().unwrap());
    assert_eq!(service.get(&path).await.of(200), set);
    service.post(&format!("{path}/end"), "").await.of(200);
    assert_eq!(service.get("/api/v1/silences").await.of(200)["items"], json!([]));
    assert_eq!(service.get("/api/v1/silences?ended=true").await.of(200)["items"].as_array().unwrap().len(), 1);
    for (body, status, says) in [
        (r#"{"matchers":[],"duration":"2h","comment":"x"}"#, 422, "needs a matcher"),
        (r#"{"matchers":["a=~\".*\""],"duration":"2h","comment":"x"}"#, 422, "everything"),
        (r#"{"matchers":["host"],"duration":"2h","comment":"x"}"#, 400, "write name="),
        (r#"{"matchers":["host=a"],"duration":"2h","comment":" "}"#, 422, "say why"),
    ] {
        let heard = service.post("/api/v1/silences", body).await;
        assert_eq!(heard.status.as_u16(), status, "{body}: {}", heard.text);
        assert!(heard.text.contains(says), "{body}: {}", heard.text);
    }
}

#[tokio::test]
async fn a_change_is_recorded_and_the_same_again_is_the_same() {
    let service = service().await.with_cmdb().await;
    let planned = service.post("/api/v1/changes", r#"{"id":"CHG1","ci":["db-7"],"summary":"firmware"}"#).await.of(201);
    assert_eq!((&planned["status"], &planned["type"]), (&json!("planned"), &json!("normal")));
    let done = r#"{"id":"CHG1","ci":["db-7"],"result":"backed_out"}"#;
    let finished = service.post("/api/v1/changes", done).await.of(201);
    assert_eq!((&finished["id"], &finished["status"]), (&planned["id"], &json!("finished")));
    assert_eq!(service.get("/api/v1/changes?ci=db-7").await.of(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(service.get(&format!("/api/v1/changes/{}", planned["id"].as_str().unwrap())).await.of(200), finished);
    assert_eq!(service.post("/api/v1/changes", r#"{"id":"","ci":[]}"#).await.status.as_u16(), 422);
}

#[tokio::test]
async fn a_change_names_the_incidents_that_suspect_it_and_those_it_caused() {
    let service = service().await.with_cmdb().await;
    let change = r#"{"id":"CHG7","ci":["db-7"],"status":"started"}"#;
    let change = service.post("/api/v1/changes", change).await.of(201);
    assert_eq!(change["incidents"], json!([]));
    service.push(&alert("db-7", "disk")).await;
    let path = format!("/api/v1/changes/{}", change["id"].as_str().unwrap());
    let incident = service.get("/api/v1/incidents").await.of(200)["items"][0].clone();
    assert_eq!(incident["changes"][0]["id"], change["id"]);
    let number = incident["number"].as_str().unwrap();
    service.post(&format!("/api/v1/incidents/{number}/cause"), r#"{"ci":"db-7","verdict":"rejected"}"#).await.of(200);
    let suspected = service.get(&path).await.of(200)["incidents"].clone();
    assert_eq!((&suspected[0]["number"], &suspected[0]["caused"]), (&json!(number), &json!(false)));
    assert_eq!(suspected[0]["score"], incident["changes"][0]["score"]);

    let confirmed = r#"{"ci":"db-7","verdict":"confirmed"}"#;
    let incident = service.post(&format!("/api/v1/incidents/{number}/cause"), confirmed).await.of(200);
    assert_eq!(incident["caused_by_change"], change["id"]);
    assert_eq!(service.get(&path).await.of(200)["incidents"][0]["caused"], json!(true));
    let listed = service.get("/api/v1/changes").await.of(200)["items"][0].clone();
    assert_eq!(listed["incidents"][0]["caused"], json!(true));
    let explained = service.get(&format!("/api/v1/incidents/{number}/explain")).await.of(200);
    assert_eq!(explained["changes"], incident["changes"]);
    let why = incident["changes"][0]["text"].as_str().unwrap();
    let said = explained["in_words"]["changes"][0].as_str().unwrap();
    assert!(said.starts_with("CHG7") && said.contains(why) && said.ends_with("what caused this"), "{said}");
    let report = service.get("/api/v1/measures/changes?group_by=service").await.of(200);
    assert_eq!(report["items"], json!([]), "nothing is finished yet");
}

#[tokio::test]
async fn an_outage_is_listed_for_its_service_and_its_time() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let outages = service.get("/api/v1/outages?service=checkout&from=-1h").await.of(200);
    assert_eq!((&outages["items"][0]["state"], &outages["items"][0]["to"]), (&json!("down"), &json!(null)));
    let id = outages["items"][0]["id"].as_str().unwrap();
    assert_eq!(service.get(&format!("/api/v1/outages/{id}")).await.of(200), outages["items"][0]);
    assert_eq!(service.get("/api/v1/outages?service=mail").await.of(200)["items"], json!([]));
    let backwards = service.get("/api/v1/outages?from=now&to=-1h").await.of(400);
    assert!(backwards["detail"].as_str().unwrap().contains("exchange"), "{backwards}");
}
