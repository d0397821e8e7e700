//! The real monitoring tools, as their projects ship them: a Prometheus that scrapes targets which go away, an
//! Alertmanager behind it, and `amtool`. Nothing here imitates them; where they are not installed, that is said.
//!
//! [`site`] is what they watch and whom they tell, [`target`] something to scrape, [`tools`] starts them.

mod site;
mod target;
mod tools;

use serde_json::{Value, json};

use crate::said::not_run;
use crate::wait::{holds, until};
use site::Site;
use tools::{Alertmanager, Amtool, Prometheus};

#[test]
fn what_prometheus_says_becomes_an_incident_with_its_cause_and_an_outage_in_the_figures() {
    let Some(prometheus) = Prometheus::installed() else {
        return not_run("Prometheus to incident to availability", "prometheus is not installed");
    };
    let mut site = Site::new();
    let tells = [site.watchfire.address.clone()];
    let _prometheus = prometheus.start(site.folder.path(), &site.targets(), &tells);
    site.database.stop();
    site.web.stop();
    let incident = until("one P1 incident holds both alerts", || {
        site.only_incident(|incident| {
            incident["priority"] == "P1" && incident["alerts"].as_array().is_some_and(|alerts| alerts.len() == 2)
        })
    });
    assert_eq!(incident["state"], "open");
    assert_eq!(incident["causes"][0]["ci"], "db-1", "{incident:#}");
    let affected: Vec<Value> = incident["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| json!([service["id"], service["state"], service["now"], service["criticality"]]))
        .collect();
    assert_eq!(affected, [json!(["shop", "down", "down", 1])]);
    for (host, alert) in site.alerts_by_host() {
        assert_eq!((&alert["ci"], &alert["state"]), (&json!(host), &json!("firing")), "{alert:#}");
        assert_eq!((&alert["source"], &alert["severity"]), (&json!("prometheus"), &json!("critical")), "{alert:#}");
    }

    site.web.start();
    site.database.start();
    let restored = until("it is restored", || site.only_incident(|incident| !incident["restored_at"].is_null()));
    assert_eq!(restored["id"], incident["id"]);
    let resolved = until("it is resolved", || site.only_incident(|incident| incident["state"] == "resolved"));
    let (restored_at, resolved_at) = (site::instant(&resolved["restored_at"]), site::instant(&resolved["resolved_at"]));
    assert!(resolved_at.duration_since(restored_at) >= site::QUIET_PERIOD, "{resolved:#}");

    let alerts: Vec<Value> = site.alerts_by_host().into_values().collect();
    assert!(alerts.iter().all(|alert| alert["episodes"][0]["ended_by"] == "clear"), "{alerts:#?}");
    let from = alerts.iter().map(|alert| site::instant(&alert["episodes"][0]["started_at"])).min().unwrap();
    let to = alerts.iter().map(|alert| site::instant(&alert["episodes"][0]["ended_at"])).max().unwrap();
    let availability = site.watchfire.get("/api/v1/measures/availability?service=shop&from=-1h");
    let row = &availability["items"][0];
    let (down, agreed) = (row["down_seconds"].as_f64().unwrap(), row["agreed_seconds"].as_f64().unwrap());
    assert_eq!((&row["service"], &row["outages"]), (&json!("shop"), &json!(1)), "{row:#}");
    assert!((down - to.duration_since(from).as_secs_f64()).abs() < 1e-5, "{down} s down, {from} to {to}");
    assert!((row["availability"].as_f64().unwrap() - (1.0 - down / agreed)).abs() < 1e-6, "{row:#}");
    site.watchfire.assert_lives();
}

#[test]
fn a_prometheus_that_dies_clears_nothing_and_its_silence_is_an_incident() {
    let Some(prometheus) = Prometheus::installed() else {
        return not_run("a Prometheus that dies", "prometheus is not installed");
    };
    let mut site = Site::new();
    let tells = [site.watchfire.address.clone()];
    let running = prometheus.start(site.folder.path(), &site.targets(), &tells);
    site.database.stop();
    let incident = until("an incident is open", || site.only_incident(|incident| incident["state"] == "open"));
    running.kill();
    let number = incident["number"].as_str().unwrap();
    let stale = until("the incident is stale", || {
        let incident = site.watchfire.get(&format!("/api/v1/incidents/{number}"));
        holds(incident["stale"] == true, || format!("{incident:#}")).map(|()| incident)
    });
    assert_eq!((&stale["state"], &stale["restored_at"]), (&json!("open"), &Value::Null), "{stale:#}");
    let alert = site.alerts_by_host().remove("db-1").expect("the alert is still listed");
    assert_eq!((&alert["state"], &alert["episodes"][0]["ended_at"]), (&json!("stale"), &Value::Null), "{alert:#}");

    let silent = site
        .watchfire
        .list("/api/v1/alerts?state=firing")
        .into_iter()
        .find(|alert| alert["labels"]["alertname"] == "SourceSilent");
    let silent = silent.expect("a silent source is an alert");
    assert_eq!(silent["labels"]["source"], "prometheus");
    let about = silent["episodes"][0]["incident"].as_str().expect("and an incident");
    assert_ne!(json!(about), incident["id"], "of its own");
    let about = site.watchfire.get(&format!("/api/v1/incidents/{about}"));
    assert!(about["title"].as_str().unwrap().contains("prometheus is silent"), "{about:#}");
    site.watchfire.assert_lives();
}

#[test]
fn what_alertmanager_passes_on_is_the_same_incident() {
    let (Some(prometheus), Some(alertmanager)) = (Prometheus::installed(), Alertmanager::installed()) else {
        return not_run("Alertmanager's webhook", "prometheus or prometheus-alertmanager is not installed");
    };
    let mut site = Site::new();
    let alertmanager = alertmanager.start(site.folder.path(), &site.watchfire.url("/ingest/v1/alertmanager"));
    let tells = [alertmanager.address.clone()];
    let _prometheus = prometheus.start(site.folder.path(), &site.targets(), &tells);
    site.database.stop();
    let incident = until("an incident is open", || site.only_incident(|incident| incident["state"] == "open"));
    assert_eq!((&incident["priority"], &incident["cis"]), (&json!("P1"), &json!(["db-1"])), "{incident:#}");
    assert_eq!((&incident["causes"][0]["ci"], &incident["services"][0]["id"]), (&json!("db-1"), &json!("shop")));
    let alert = site.alerts_by_host().remove("db-1").expect("the alert is bound to its host");
    assert_eq!((&alert["source"], &alert["pipeline"]), (&json!("alertmanager"), &json!("alertmanager")), "{alert:#}");

    site.database.start();
    let resolved = until("it is resolved", || site.only_incident(|incident| incident["state"] == "resolved"));
    assert_eq!(resolved["id"], incident["id"]);
    site.watchfire.assert_lives();
}

#[test]
fn what_comes_from_prometheus_and_from_its_alertmanager_is_one_alert() {
    let (Some(prometheus), Some(alertmanager)) = (Prometheus::installed(), Alertmanager::installed()) else {
        return not_run("one alert both ways", "prometheus or prometheus-alertmanager is not installed");
    };
    let mut site = Site::new();
    let alertmanager = alertmanager.start(site.folder.path(), &site.watchfire.url("/ingest/v1/alertmanager"));
    let tells = [site.watchfire.address.clone(), alertmanager.address.clone()];
    let _prometheus = prometheus.start(site.folder.path(), &site.targets(), &tells);
    site.database.stop();
    until("both have told", || {
        let heard = site.sources_heard();
        holds(heard.contains("prometheus") && heard.contains("alertmanager"), || format!("heard {heard:?}"))
    });
    assert_eq!(site.watchfire.list("/api/v1/alerts").len(), 1);
    assert_eq!(site.watchfire.list("/api/v1/incidents").len(), 1);
    site.watchfire.assert_lives();
}

#[test]
fn amtool_asks_silences_and_lifts_silences_as_with_an_alertmanager() {
    let Some(amtool) = Amtool::installed() else {
        return not_run("amtool", "amtool is not installed");
    };
    let mut site = Site::new();
    let event = json!({"source": "t", "labels": {"alertname": "DiskFull", "host": "db-1"}, "severity": "critical"});
    site.watchfire.push(event.to_string()).with(202);
    let amtool = amtool.with(site.folder.path(), &site.watchfire.address);
    let shown = amtool.says(&["alert", "query", "alertname=DiskFull"]);
    assert!(shown.contains("DiskFull") && shown.contains("active"), "{shown}");
    assert!(!amtool.says(&["alert", "query", "alertname=Other"]).contains("DiskFull"));

    let silence = ["silence", "add", "--author=ana", "--comment=being moved", "--duration=1h", "alertname=DiskFull"];
    let id = amtool.says(&silence).trim().to_owned();
    let shown = amtool.says(&["silence", "query"]);
    assert!(shown.contains(&id) && shown.contains("ana") && shown.contains("being moved"), "{shown}");
    assert_eq!(site.watchfire.list("/api/v1/alerts")[0]["suppressed"]["code"], "silence");
    assert!(!amtool.says(&["alert", "query"]).contains("DiskFull"), "what is silenced is asked for by --silenced");
    assert!(amtool.says(&["alert", "query", "--silenced"]).contains("DiskFull"));

    amtool.says(&["silence", "expire", &id]);
    assert!(!amtool.says(&["silence", "query"]).contains(&id));
    assert!(amtool.says(&["silence", "query", "--expired"]).contains(&id));
    until("the alert speaks again", || {
        let alert = site.watchfire.list("/api/v1/alerts").remove(0);
        holds(alert["suppressed"].is_null(), || format!("{alert:#}"))
    });
    assert!(amtool.says(&["alert", "query"]).contains("DiskFull"));
    site.watchfire.assert_lives();
}
