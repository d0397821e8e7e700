//! Dashboards and rules under `deploy/` name only what there is: metrics with their labels, routes, and keys of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use telemetry::Metrics;

use crate::running::{PATIENCE, Service};
use crate::support::{Folder, data};

const RULES: &str = "deploy/alerts/watchfire.rules.yml";
const RULES_TESTED: &str = "deploy/alerts/watchfire.rules.test.yml";
const DASHBOARDS: [&str; 2] = ["deploy/grafana/sre.json", "deploy/grafana/leadership.json"];

/// What a scrape adds to every series.
const SCRAPED: [&str; 2] = ["job", "instance"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn dashboard(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every series that there may be, with its labels: of a histogram those that Prometheus keeps of it.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let mut known = BTreeMap::new();
    for (name, labels) in Metrics::default().described() {
        let labels: BTreeSet<String> = labels.into_iter().chain(SCRAPED.map(str::to_owned)).collect();
        let with_le = labels.iter().cloned().chain(["le".to_owned()]).collect();
        for suffix in ["_sum", "_count"] {
            known.insert(format!("{name}{suffix}"), labels.clone());
        }
        known.insert(format!("{name}_bucket"), with_le);
        known.insert(name, labels);
    }
    known
}

/// A query, cut into words and signs; what stands in quotes is one.
fn words(query: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quoted = false;
    for c in query.chars() {
        match words.last_mut() {
            Some(last) if quoted => last.push(c),
            Some(last) if is_word(c) && last.chars().all(is_word) => last.push(c),
            _ => words.push(c.to_string()),
        }
        quoted ^= c == '"';
    }
    words.retain(|word| !word.trim().is_empty());
    words
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// What a query asks for: series, each with the labels that it selects by, and the labels that it groups by.
fn asked(query: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let words = words(query);
    let (mut series, mut grouped) = (Vec::new(), Vec::new());
    for (nth, word) in words.iter().enumerate() {
        let next = words.get(nth + 1).map(String::as_str);
        let until = |end: &'static str| words.iter().skip(nth + 2).take_while(move |word| *word != end).cloned();
        if word.starts_with("watchfire_") || word == "up" {
            let inside: Vec<String> = if next == Some("{") { until("}").collect() } else { Vec::new() };
            let labels =
                inside.windows(2).filter(|pair| matches!(pair[1].as_str(), "=" | "!") && pair[0].chars().all(is_word));
            series.push((word.clone(), labels.map(|pair| pair[0].clone()).collect()));
        }
        if matches!(word.as_str(), "by" | "without" | "on" | "ignoring") && next == Some("(") {
            grouped.extend(until(")").filter(|word| word != ","));
        }
    }
    (series, grouped)
}

/// Labels that a legend or a sentence shows: `{{topic}}`, `{{ $labels.topic }}`.
fn shown(template: &str) -> Vec<&str> {
    let inside = template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    let names = inside.filter_map(|inside| match inside.trim() {
        value if value.starts_with("$value") => None,
        label => Some(label.trim_start_matches("$labels.")),
    });
    names.collect()
}

/// What is wrong with a query, and with what is shown of its answer.
fn faults(query: &str, templates: &[&str], known: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let (series, grouped) = asked(query);
    let mut faults = Vec::new();
    let mut labels: BTreeSet<&str> = SCRAPED.into();
    if series.is_empty() {
        faults.push(format!("`{query}` asks for nothing of ours"));
    }
    for (name, selected) in &series {
        match known.get(name) {
            Some(has) => labels.extend(has.iter().map(String::as_str)),
            None if name == "up" => {}
            None => faults.push(format!("`{query}`: there is no metric `{name}`")),
        }
        let has = |label: &String| name == "up" || known.get(name).is_some_and(|known| known.contains(label));
        let foreign = selected.iter().filter(|label| !SCRAPED.contains(&label.as_str()) && !has(label));
        faults.extend(foreign.map(|label| format!("`{query}`: `{name}` has no label `{label}`")));
    }
    let used = grouped.iter().map(String::as_str).chain(templates.iter().flat_map(|template| shown(template)));
    let unknown = used.filter(|label| !labels.contains(label));
    faults.extend(unknown.map(|label| format!("`{query}`: nothing in it has a label `{label}`")));
    faults
}

#[test]
fn what_is_no_metric_or_no_label_of_it_is_found() {
    let known = known();
    let found = |query: &str, legend: &str| faults(query, &[legend], &known).len();
    for (query, legend, expected) in [
        (r#"sum by (topic) (rate(watchfire_kafka_lag_records{topic!="a,b"}[5m]))"#, "{{topic}}", 0),
        ("histogram_quantile(0.9, sum by (le, job) (rate(watchfire_commit_seconds_bucket[5m])))", "p99", 0),
        ("max_over_time(watchfire_alerts_open[5m])", "{{ $labels.instance }} has {{ $value }}", 0),
        ("watchfire_alerts_closed", "", 1),
        (r#"watchfire_alerts_open{priority="P1"}"#, "", 1),
        ("sum by (priority) (watchfire_alerts_open)", "", 1),
        ("watchfire_incidents_open", "{{service}}", 1),
        ("vector(1)", "", 1),
    ] {
        assert_eq!(found(query, legend), expected, "{query} {legend}: {:?}", faults(query, &[legend], &known));
    }
}

#[test]
fn rules_and_panels_are_about_metrics_that_there_are() {
    let known = known();
    let mut wrong = Vec::new();
    let rules: Value = serde_saphyr::from_str(&read(RULES)).unwrap();
    let mut names = BTreeSet::new();
    for rule in list(&rules["groups"]).flat_map(|group| list(&group["rules"])) {
        let said: Vec<&str> = ["summary", "description"].map(|key| text(&rule["annotations"][key])).into();
        assert!(said.iter().all(|said| !said.is_empty()), "{rule}");
        assert!(matches!(text(&rule["labels"]["severity"]), "critical" | "warning"), "{rule}");
        assert!(names.insert(text(&rule["alert"]).to_owned()), "{rule}");
        wrong.extend(faults(text(&rule["expr"]), &said, &known));
    }
    let tested = read(RULES_TESTED);
    wrong.extend(names.iter().filter(|name| !tested.contains(*name)).map(|name| format!("{name} is never tested")));
    assert!(names.len() >= 10, "{names:?}");
    for path in DASHBOARDS {
        let dashboard = dashboard(path);
        let queries = list(&dashboard["panels"]).flat_map(|panel| list(&panel["targets"]));
        let queries: Vec<&Value> =
            queries.filter(|target| text(&target["datasource"]["type"]) == "prometheus").collect();
        assert!(!queries.is_empty(), "{path} shows nothing live");
        wrong.extend(
            queries.iter().flat_map(|query| faults(text(&query["expr"]), &[text(&query["legendFormat"])], &known)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn operations_says_what_labels_each_metric_has() {
    let rows: BTreeMap<String, BTreeSet<String>> = read("docs/operations.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `watchfire_")?.split('`').next())
        .map(|said| {
            let (name, labels) = said.split_once('{').unwrap_or((said, ""));
            let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()).map(str::to_owned);
            (format!("watchfire_{name}"), labels.collect())
        })
        .collect();
    for (name, labels) in Metrics::default().described() {
        assert_eq!(rows.get(&name), Some(&labels.into_iter().collect()), "{name}");
    }
}

#[test]
fn dashboards_can_be_imported_as_they_are() {
    for path in DASHBOARDS {
        let dashboard = dashboard(path);
        let sources: BTreeSet<String> = list(&dashboard["templating"]["list"])
            .filter(|variable| variable["type"] == "datasource")
            .map(|variable| format!("{}/${{{}}}", text(&variable["query"]), text(&variable["name"])))
            .collect();
        assert!(dashboard.get("id").is_none() && !text(&dashboard["uid"]).is_empty(), "{path}");
        let mut ids = BTreeSet::new();
        for panel in list(&dashboard["panels"]) {
            let place = &panel["gridPos"];
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{path}: {panel}");
            assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{path}: {panel}");
            if panel["type"] == "row" {
                continue;
            }
            assert!(!text(&panel["title"]).is_empty() && !text(&panel["description"]).is_empty(), "{path}: {panel}");
            for from in list(&panel["targets"]).chain([panel]).map(|place| &place["datasource"]) {
                let named = format!("{}/{}", text(&from["type"]), text(&from["uid"]));
                assert!(sources.contains(&named), "{path}: {named} is none of {sources:?}");
            }
        }
    }
}

/// A schema, or the one that it stands for.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let referred = schema["$ref"].as_str().or_else(|| {
        let any = list(&schema["oneOf"]).chain(list(&schema["anyOf"])).chain(list(&schema["allOf"]));
        any.filter_map(|one| one["$ref"].as_str()).next()
    });
    match referred {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => schema,
    }
}

/// Whether rows of this schema have what `selector` points to.
fn has(document: &Value, schema: &Value, selector: &str) -> bool {
    let schema = resolved(document, schema);
    let (key, rest) = selector.split_once('.').map_or((selector, None), |(key, rest)| (key, Some(rest)));
    // Groups are by whatever was asked.
    if schema["additionalProperties"].is_object() {
        return rest.is_none();
    }
    match (schema["properties"].get(key), rest) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(inner), Some(rest)) => has(document, inner, rest),
    }
}

/// By a process over the store of the worked example: what Infinity asks is answered, with the keys that panels show, and
/// `/metrics` says how services stand.
#[test]
fn what_panels_ask_over_http_is_answered_with_what_they_show() {
    let folder = Folder::new("observed");
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    folder
        .watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", "sqlite://x.db", "--until", "2026-05-05"])
        .succeeded();
    folder.write("w.yaml", "store: {url: 'sqlite://x.db'}\n");
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let get = |path: &str| service.ask("GET", path, &format!("host: {}\r\n", service.address), "");
    let json =
        |body: &str| -> Value { serde_json::from_str(&unchunked(body)).unwrap_or_else(|why| panic!("{why}: {body}")) };
    let document = json(&get("/openapi.json").1);
    let mut filled = BTreeSet::new();
    for path in DASHBOARDS {
        let dashboard = dashboard(path);
        let targets = list(&dashboard["panels"]).flat_map(|panel| list(&panel["targets"]));
        let asked: Vec<&Value> =
            targets.filter(|target| text(&target["datasource"]["type"]).contains("infinity")).collect();
        assert!(!asked.is_empty(), "{path} asks for no report");
        for target in asked {
            let url = text(&target["url"]);
            let (route, query) = url.split_once('?').unwrap();
            let described = &document["paths"][route]["get"];
            let schema = &described["responses"]["200"]["content"]["application/json"]["schema"];
            let rows = &resolved(&document, schema)["properties"]["items"]["items"];
            assert!(rows.is_object(), "{route} is no route with rows: {schema}");
            let query = query
                .replace("${__from:date:iso}", "2026-05-04T00:00:00.000Z")
                .replace("${__to:date:iso}", "2026-05-05T00:00:00.000Z");
            let (status, body) = get(&format!("{route}?{query}"));
            assert_eq!(status, 200, "{url}: {body}");
            let answered = json(&body);
            for selector in list(&target["columns"]).map(|column| text(&column["selector"])) {
                assert!(has(&document, rows, selector), "{url}: rows have no `{selector}`");
                let pointer = format!("/{}", selector.replace('.', "/"));
                for row in list(&answered["items"]) {
                    assert!(row.pointer(&pointer).is_some(), "{url}: `{selector}` is not in {row}");
                }
            }
            if list(&answered["items"]).next().is_some() {
                filled.insert(route.to_owned());
            }
        }
    }
    assert!(filled.len() >= 4, "only {filled:?} had rows to look at");
    let end = Instant::now() + PATIENCE;
    let expected = [
        "watchfire_service_availability_ratio{service=\"billing\"}",
        "watchfire_service_burn_rate{service=\"checkout\",window=\"72h\"}",
    ];
    loop {
        let metrics = get("/metrics").1;
        if expected.iter().all(|series| metrics.contains(series)) {
            break;
        }
        assert!(Instant::now() < end, "{metrics}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A body that was sent in pieces, each behind its length.
fn unchunked(body: &str) -> String {
    if body.starts_with(['{', '[']) {
        return body.to_owned();
    }
    let (mut rest, mut whole) = (body, String::new());
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        let Some((piece, after)) = after.split_at_checked(length).filter(|_| length > 0) else { break };
        whole.push_str(piece);
        rest = after.trim_start_matches("\r\n");
    }
    whole
}

/// By Prometheus' own tool. Where it is not installed that is said, or a failure where it has to be there.
#[test]
fn prometheus_reads_the_rules_and_they_speak_when_they_should() {
    let folder = root().join("deploy/alerts");
    for (verb, file) in [("check", RULES), ("test", RULES_TESTED)] {
        let name = Path::new(file).file_name().unwrap();
        match Command::new("promtool").args([verb, "rules"]).arg(name).current_dir(&folder).output() {
            Ok(said) => {
                let told = [&said.stdout, &said.stderr].map(|told| String::from_utf8_lossy(told).into_owned()).concat();
                assert!(said.status.success(), "{file}: {told}");
            }
            Err(error) => {
                let required = std::env::var_os("WATCHFIRE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
                assert!(!required, "promtool: {error}; install prometheus, which brings it");
                // To the terminal itself: the test harness keeps back what a passed test prints.
                let told = format!("promtool {verb} rules {file}: {error}; install prometheus, which brings it");
                drop(writeln!(std::io::stderr().lock(), "\n!!!!  NOT TESTED: {told}  !!!!\n"));
            }
        }
    }
}
