//! Pages of reports: what they say, where they lead, and that what comes from outside stays text.

use serde_json::json;

use crate::service::{Service, alert, service};

const HOSTILE: &str = "<script>alert(1)</script>\\\" onload=\\\"x";

/// A service that is down, with hostile names around it.
async fn troubled() -> Service {
    let service = service().await;
    let file = format!(
        "items:\n- {{id: \"{HOSTILE}\", class: service, criticality: 1, team: \"{HOSTILE}\", requires: [db-7],\n   \
         objectives: {{slo: 0.99, rto: 1h, rpo: 1h}}}}\n- {{id: mail, class: service, criticality: 3, requires: [db-7], \
         objectives: {{slo: 0.9}}}}\n- {{id: db-7, class: database}}\nagreements:\n- {{id: gold, kind: sla, service: mail, \
         targets: {{P1: {{respond: 15m, restore: 4h}}}}}}\n"
    );
    service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    service.push(&alert("db-7", "disk <b>full</b>")).await;
    service
}

async fn page(service: &Service, path: &str) -> String {
    let heard = service.get(path).await;
    assert_eq!(heard.status.as_u16(), 200, "{path}: {}", heard.text);
    assert!(heard.text.len() <= 100 << 10, "{path} has {} bytes", heard.text.len());
    assert!(!heard.text.contains("<script>alert") && !heard.text.contains("\" onload=\"x"), "{path} lets it through");
    assert!(!heard.text.contains(" style=") && !heard.text.contains("<style"), "{path} has a style of its own");
    assert_eq!(heard.text.matches("<h1").count(), 1, "{path}");
    heard.text
}

#[tokio::test]
async fn every_report_is_a_page_that_shows_hostile_names_as_text() {
    let service = troubled().await;
    for path in [
        "/reports",
        "/reports/availability",
        "/reports/availability?period=2026-10&sort=name",
        "/reports/incidents",
        "/reports/incidents?by=cause",
        "/reports/incidents?by=month&period=90d",
        "/reports/slo",
        "/reports/sla",
        "/reports/sla?by=month",
        "/reports/continuity",
        "/reports/problems",
        "/reports/changes?by=week",
        "/reports/outages?period=7d",
        "/reports/outages?service=mail&from=2026-01-01&to=2026-01-31&zone=Europe/Berlin",
    ] {
        page(&service, path).await;
    }
    let availability = page(&service, "/reports/availability").await;
    assert!(availability.contains("&lt;script&gt;") || availability.contains("&#60;script&#62;"), "{availability}");
    assert!(availability.contains("format=csv"));
}

#[tokio::test]
async fn every_way_of_grouping_that_a_report_offers_is_answered() {
    let service = troubled().await;
    for kind in ["availability", "incidents", "slo", "sla", "continuity", "problems", "changes", "noise"] {
        let path = format!("/reports/{kind}");
        let text = page(&service, &path).await;
        let links = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(unescaped);
        for link in links.filter(|link| link.starts_with(&path) && link.contains("by=")) {
            page(&service, &link).await;
        }
    }
}

#[tokio::test]
async fn each_figure_leads_to_what_it_came_from() {
    let service = troubled().await;
    for path in ["/reports/availability?period=7d", "/reports/incidents?period=7d", "/reports?period=7d"] {
        let text = page(&service, path).await;
        let links: Vec<String> =
            text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(unescaped).collect();
        let behind: Vec<&String> = links.iter().filter(|link| link.starts_with("/reports/behind")).collect();
        assert!(!behind.is_empty(), "{path} leads nowhere: {links:?}");
        for link in behind {
            let found = page(&service, link).await;
            assert!(!found.contains("Nothing is behind this figure"), "{link}");
        }
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn what_opened_names_its_incident_with_its_title() {
    let service = troubled().await;
    let listed = service.get("/api/v1/incidents").await.of(200);
    let number = listed["items"][0]["number"].as_str().unwrap().to_owned();
    let text = page(&service, "/reports/behind?report=incidents&figure=opened&from=-1h").await;
    assert!(text.contains(&format!("/incidents/{number}")) && text.contains("disk"), "{text}");
}

#[tokio::test]
async fn many_services_are_read_page_by_page_and_a_page_stays_small() {
    let service = service().await;
    let items: String = (0..300)
        .map(|nth| format!("- {{id: service-with-a-long-name-{nth:03}, class: service, objectives: {{slo: 0.999}}, requires: [db-7]}}\n"))
        .collect();
    let file = format!("items:\n{items}- {{id: db-7, class: database}}\n");
    service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    service.push(&alert("db-7", "disk")).await;
    for path in ["/reports/availability?period=90d", "/reports/slo", "/reports/availability?period=90d&page=2"] {
        let text = page(&service, path).await;
        assert!(text.contains("300 rows in all"), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_on_a_page() {
    let service = troubled().await;
    for (path, status) in [
        ("/reports/nothing", 404),
        ("/reports/availability?period=soon", 400),
        ("/reports/availability?by=cause", 400),
        ("/reports/behind", 400),
        ("/reports/behind?report=availability&figure=objective", 404),
        ("/reports/issued/rep_1", 404),
        ("/reports/slo?colour=red", 400),
    ] {
        let heard = service.get(path).await;
        assert_eq!(heard.status.as_u16(), status, "{path}: {}", heard.text);
        assert!(heard.text.contains("<h1"), "{path} is a page");
    }
}

#[tokio::test]
async fn the_hours_of_the_week_are_a_measure() {
    let service = troubled().await;
    let week = service.get("/api/v1/measures/week?from=-1d&include=intervals").await.of(200);
    let rows = week["items"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["weekday"], &rows[0]["hour"]), (168, &json!("mon"), &json!(0)));
    let began: u64 = rows.iter().filter_map(|row| row["outages"].as_u64()).sum();
    assert_eq!(began, 2, "both services");
    let row = rows.iter().find(|row| row["outages"] != json!(0)).unwrap();
    assert_eq!(row["origins"]["outages"]["outages"].as_array().unwrap().len(), 2);
    let csv = service.get("/api/v1/measures/week?format=csv").await;
    assert!(csv.text.starts_with("weekday,hour,outages,down_seconds\r\n"), "{}", csv.text);
    service.get("/api/v1/measures/week?step=day").await.of(400);
}
