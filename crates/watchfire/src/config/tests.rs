//! A configuration as users write it: what is read, what is refused and where, what variables change.

use report::GroupBy;
use report::issued::{Every, Kind};

use super::*;

fn file(text: &str) -> TextFile {
    TextFile { path: "etc/w.yaml".into(), text: text.to_owned() }
}

fn loaded(text: &str, variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&file(text)), variables).map_err(|faults| faults.to_string())
}

const WHOLE: &str = r#"
http: {listen: 127.0.0.1:9090}
store: {url: "sqlite://data/w.db"}
pipelines: [pipelines/]
cmdb: [cmdb.yaml, /srv/more.yaml]
auth: {tokens: [{name: ana, role: responder, token_file: ana.token}, {name: prom, role: ingest, token: 0123456789abcdef}], open: false}
retention: {statements: 100d, timeline: 200d, dead_letters: 10d}
sources: [{name: prom-eu, heartbeat: 5m}]
slo_alerts: {page: [{long: 2h, short: 10m, burn_rate: 10}], ticket: []}
watchdog: {url: "https://example.com/beat", every: 30s}
notify: [{webhook: "https://example.com/hook", secret_file: hook.secret, match: ['priority=~"P1|P2"']}]
notify_allow: [10.0.0.0/8]
reports: [{name: board, report: incidents, every: quarter, time_zone: Europe/Berlin, services: [shop], group_by: [priority]}]
log: {format: json, level: debug}
"#;

#[test]
fn every_key_is_read_and_paths_are_meant_from_the_file() {
    let (config, remarks) = loaded(WHOLE, &[]).unwrap();
    assert_eq!(remarks, [""; 0]);
    assert_eq!(config.listen.to_string(), "127.0.0.1:9090");
    assert_eq!(config.store, StorePlace::Sqlite("data/w.db".into()));
    assert_eq!(config.pipelines, [PathBuf::from("etc/pipelines/")]);
    assert_eq!(config.cmdb, [PathBuf::from("etc/cmdb.yaml"), PathBuf::from("/srv/more.yaml")]);
    assert_eq!(config.tokens[0].secret, Secret::File("etc/ana.token".into()));
    assert_eq!(
        (config.tokens[1].role, &config.tokens[1].secret),
        (Role::Ingest, &Secret::Inline("0123456789abcdef".into()))
    );
    assert_eq!(config.retention.timeline, Span::from_days(200));
    assert_eq!(config.sources[0].heartbeat, Span::from_minutes(5));
    let [burns] = config.slo_alerts[..] else { panic!("{:?}", config.slo_alerts) };
    assert_eq!((burns.long, burns.short, burns.burn_rate), (Span::from_hours(2), Span::from_minutes(10), 10.0));
    assert_eq!(config.watchdog.unwrap().every, Span::from_seconds(30));
    assert_eq!((config.notify[0].matchers.len(), config.notify_allow.len()), (1, 1));
    let report = &config.reports[0];
    assert_eq!(
        (report.kind, report.every, report.time_zone.as_deref()),
        (Kind::Incidents, Every::Quarter, Some("Europe/Berlin"))
    );
    assert_eq!(
        (report.services.as_slice(), report.group_by.as_slice()),
        (&["shop".into()][..], &[GroupBy::Priority][..])
    );
    assert_eq!(config.log, (LogFormat::Json, "debug".to_owned()));
}

const OIDC_IN_THE_CLEAR: &str = "auth: {oidc: {issuer: 'http://login.example', client_id: w, client_secret: 0123456789abcdef, redirect_url: 'https://w.example/sign-in/callback', default_role: viewer}}";

#[test]
fn an_identity_provider_is_read_with_what_it_leaves_out() {
    let text = OIDC_IN_THE_CLEAR.replace("http://login", "https://login");
    let (config, remarks) = loaded(&format!("http: {{listen: 0.0.0.0:8080}}\n{text}"), &[]).unwrap();
    assert!(remarks.len() == 1 && remarks[0].contains("no token may push"), "{remarks:?}");
    let settings = config.oidc.unwrap().read().unwrap();
    assert_eq!(
        (settings.issuer.as_str(), settings.client_secret.as_str()),
        ("https://login.example", "0123456789abcdef")
    );
    assert_eq!(
        (settings.scopes, settings.people.roles_claim.as_str()),
        (vec!["profile".to_owned(), "email".to_owned()], "groups")
    );
    assert_eq!((settings.people.name_claim, settings.people.default_role), (None, Some(Role::Viewer)));
    let (config, _) = loaded(&text, &[("WATCHFIRE_AUTH__OIDC__ROLES", "{sre: responder}")]).unwrap();
    assert_eq!(config.oidc.unwrap().read().unwrap().people.roles, [("sre".to_owned(), Role::Responder)]);
}

#[test]
fn nothing_written_is_what_the_contract_says() {
    let (config, _) = Config::load(None, []).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.store, StorePlace::Sqlite("watchfire-data/watchfire.db".into()));
    assert_eq!(config.retention, Retention::default());
    assert_eq!(config.slo_alerts, report::burn::WORKBOOK);
    assert!(config.pipelines.is_empty() && config.tokens.is_empty() && config.oidc.is_none() && !config.open);
    assert!(loaded("", &[]).is_ok() && loaded("# nothing\n", &[]).is_ok());
}

#[test]
fn faults_name_their_place_and_what_to_do() {
    for (text, expected) in [
        ("http: {lisen: x}\n", "etc/w.yaml:1:8: unknown key `lisen`: did you mean `listen`?"),
        ("store:\n  url: x.db\n", "etc/w.yaml:2:8: `x.db` is no address of a store"),
        ("http: {listen: nowhere}\n", "etc/w.yaml:1:16: `nowhere` is no address to listen on"),
        ("colour: red\n", "etc/w.yaml:1:1: unknown key `colour`: take it out; known here are http"),
        ("retention:\n  timeline: long\n", "etc/w.yaml:2:13: `long` is no duration"),
        ("sources: [{name: a, heartbeat: 0s}]\n", "etc/w.yaml:1:32: `0s` is no time at all"),
        ("auth: {tokens: [{name: a, role: boss, token: 0123456789abcdef}]}", "etc/w.yaml:1:33: `boss` is no role"),
        ("auth: {tokens: [{name: a, role: admin}]}", "etc/w.yaml:1:24: `a` has no secret: add `token_file`"),
        (
            "auth: {tokens: [{name: a, role: admin, token: 0123456789abcdef}, {name: a, role: admin, token: fedcba9876543210}]}",
            "called `a`",
        ),
        ("auth: {tokens: [{name: a, role: admin, token: short}]}", "etc/w.yaml:1:24: the secret of token `a`"),
        (OIDC_IN_THE_CLEAR, "etc/w.yaml:1:23: `http://login.example` is not over TLS"),
        (
            "auth: {oidc: {issuer: 'https://a', client_id: w, client_secret: 0123456789abcdef, redirect_url: 'https://w/back', default_role: viewer}}",
            "people come back to /sign-in/callback: write",
        ),
        (
            "auth: {oidc: {issuer: 'https://a', client_id: w, client_secret: 0123456789abcdef, redirect_url: 'https://w/x/sign-in/callback', default_role: viewer}}",
            "people come back to /sign-in/callback: write",
        ),
        (
            "auth: {oidc: {issuer: 'https://a', client_id: w, client_secret: 0123456789abcdef, redirect_url: 'https://w/sign-in/callback'}}",
            "etc/w.yaml:1:23: nobody who signs in there has a role: add",
        ),
        (
            "auth: {oidc: {issuer: 'https://a', client_id: w, client_secret: 0123456789abcdef, redirect_url: 'https://w/sign-in/callback', roles: {a: ingest}}}",
            "`ingest` is no role of people: write one of viewer",
        ),
        (
            "auth: {oidc: {issuer: 'https://a', client_id: w, client_secret: short, redirect_url: 'https://w/sign-in/callback', default_role: viewer}}",
            "the client secret has fewer than 16 characters",
        ),
        (
            "auth: {oidc: {issuer: 'https://a', client_id: w, redirect_url: 'https://w/sign-in/callback', default_role: viewer}}",
            "`https://a` has no secret: add `client_secret_file`",
        ),
        ("watchdog: {every: 60s}\n", "`url` is missing: add it"),
        ("slo_alerts: {page: [{long: 31d, short: 1h, burn_rate: 1}]}", "etc/w.yaml:1:28: `31d` is longer than 30d"),
        ("slo_alerts: {page: [{long: 1h, short: 1h, burn_rate: 1}]}", "`1h` is no shorter than `long`, 1h"),
        ("slo_alerts: {page: [{long: 1h, short: 5m, burn_rate: -1}]}", "a `burn_rate` of -1 says nothing"),
        ("slo_alerts: {ticket: [{long: 1h, short: 5m, burn_rate: 2}]}", "two alerts look back 1h: keep one"),
        ("notify: [{webhook: 'ftp://x', secret_file: s}]", "etc/w.yaml:1:20: `ftp://x` is no webhook"),
        ("notify: [{webhook: 'https://x.example'}]", "`https://x.example` has no secret: add `secret_file`"),
        ("notify: [{webhook: 'https://x.example', secret: short}]", "etc/w.yaml:1:20: "),
        ("notify: [{webhook: 'https://x.example', secret_file: s, match: [colour=red]}]", "known are type, priority"),
        ("reports: [{name: a, report: uptime, every: month}]", "etc/w.yaml:1:29: `uptime` is no report: write one of"),
        ("reports: [{name: a, report: slo, every: week}]", "`week` is no period: write one of month, quarter"),
        (
            "reports: [{name: a, report: slo, every: month, group_by: [cause]}]",
            "etc/w.yaml:1:18: the slo report is not grouped by cause",
        ),
        ("reports: [{name: a, report: slo, every: month, time_zone: Mars}]", "etc/w.yaml:1:18: time_zone: "),
        (
            "reports: [{name: a, report: slo, every: month}, {name: a, report: noise, every: month}]",
            "two reports are called `a`",
        ),
        ("notify_allow: [here]", "etc/w.yaml:1:16: `here` is no network"),
        ("kafka: {brokers: [a]}\n", "etc/w.yaml:1:19: `a` is no broker: write a host and a port"),
        ("kafka: {sources: []}\n", "`kafka` names no brokers: add `brokers: [host:9092]`"),
        ("kafka: {brokers: ['a:1'], events: x, sources: [{topic: x}]}\n", "x is the log of events, which is no source"),
        ("http: {listen: 127.0.0.1:1}\nhttp: {}\n", "`http` stands here twice: keep one"),
    ] {
        let told = loaded(text, &[]).unwrap_err();
        assert!(told.contains(expected), "{text}\n{told}");
    }
    let two = loaded("http: {listen: a}\nretention: {timeline: b}\n", &[]).unwrap_err();
    assert_eq!(two.lines().count(), 2, "{two}");
}

#[test]
fn variables_win_and_unknown_ones_are_a_remark() {
    let (config, remarks) = loaded(
        WHOLE,
        &[
            ("WATCHFIRE_HTTP__LISTEN", "127.0.0.1:7070"),
            ("WATCHFIRE_AUTH__OPEN", "true"),
            ("WATCHFIRE_CMDB", "[a.yaml]"),
            ("WATCHFIRE_STORE", "{url: 'sqlite://e.db'}"),
            ("WATCHFIRE_HTTP__LISEN", "x"),
            ("WATCHFIRE_TOKEN", "for commands"),
            ("HOME", "x"),
        ],
    )
    .unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7070");
    assert!(config.open);
    assert_eq!(config.cmdb, [PathBuf::from("etc/a.yaml")]);
    assert_eq!(config.store, StorePlace::Sqlite("e.db".into()));
    assert_eq!(remarks, ["WATCHFIRE_HTTP__LISEN means nothing: did you mean WATCHFIRE_HTTP__LISTEN?"]);
    let told = loaded("", &[("WATCHFIRE_HTTP__LISTEN", "nowhere")]).unwrap_err();
    assert!(told.starts_with("WATCHFIRE_HTTP__LISTEN: `nowhere` is no address"), "{told}");
    let told = loaded("", &[("WATCHFIRE_AUTH__OPEN", "perhaps")]).unwrap_err();
    assert!(told.starts_with("WATCHFIRE_AUTH__OPEN: "), "{told}");
}

#[test]
fn a_level_of_logs_is_one_there_is() {
    for fine in ["warn", "INFO", "info,sqlx=warn"] {
        assert!(loaded(&format!("log: {{level: '{fine}'}}"), &[]).is_ok(), "{fine}");
    }
    let told = loaded("log: {level: lodu}", &[]).unwrap_err();
    assert!(told.contains("`lodu` is no level of logs: write one of error"), "{told}");
}

#[test]
fn what_others_can_reach_asks_for_tokens() {
    let open = |text| loaded(text, &[]).is_ok();
    assert!(!open("http: {listen: 0.0.0.0:8080}") && !open("http: {listen: ':8080'}"));
    assert!(open("http: {listen: '[::1]:8080'}") && open("http: {listen: localhost:8080}"));
    assert!(open("http: {listen: 0.0.0.0:8080}\nauth: {open: true}"));
    assert!(open("http: {listen: 0.0.0.0:8080}\nauth: {tokens: [{name: a, role: admin, token: 0123456789abcdef}]}"));
    let told = loaded("http: {listen: 0.0.0.0:8080}", &[]).unwrap_err();
    assert!(told.contains("auth.tokens") && told.contains("open: true"), "{told}");
}

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let schema = schema::schema();
    let said: std::collections::BTreeSet<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(said, KEYS.into_iter().collect());
    let mut known = 0;
    for path in schema::paths() {
        let text = path.iter().rev().fold("null".to_owned(), |inner, key| format!("{{{key}: {inner}}}"));
        if let Err(told) = loaded(&text, &[]) {
            assert!(!told.contains("unknown key"), "{text}: {told}");
        }
        known += 1;
    }
    assert!(known > 20);
}

#[test]
fn a_secret_in_a_file_is_wrong_with_its_key_and_its_file() {
    let folder = std::env::temp_dir().join(format!("watchfire-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("short"), "short\n").unwrap();
    let text = "auth: {tokens: [{name: a, role: admin, token_file: nofile}, {name: b, role: admin, token_file: short}]}\n\
                notify: [{webhook: 'https://x.example', secret_file: short}]\n";
    let written = TextFile { path: folder.join("w.yaml"), text: text.to_owned() };
    let wrong = |variables: Vec<(String, String)>| {
        let (config, _) = Config::load(Some(&written), variables).unwrap();
        config.secrets().unwrap_err().0
    };
    let place = written.name();
    for (line, expected) in wrong(Vec::new()).iter().zip([
        [&format!("{place}:1:52: `auth.tokens[0].token_file`: "), "nofile cannot be read"],
        [&format!("{place}:1:"), "`auth.tokens[1].token_file`: in "],
        [&format!("{place}:2:"), "`notify[0].secret_file`: in "],
    ]) {
        assert!(line.starts_with(expected[0]) && line.contains(expected[1]), "{line}");
    }
    // What a variable changed has no lines any more.
    let lines = wrong(vec![("WATCHFIRE_LOG__LEVEL".to_owned(), "warn".to_owned())]);
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("`auth.tokens[0].token_file`: "), "{}", lines[0]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_secret_is_never_shown() {
    let (config, _) = loaded(WHOLE, &[]).unwrap();
    assert!(!format!("{config:?}").contains("0123456789abcdef"), "{config:?}");
    let told = Secret::File("nowhere/token".into()).read().unwrap_err().to_string();
    assert!(told.contains("nowhere/token"), "{told}");
}
