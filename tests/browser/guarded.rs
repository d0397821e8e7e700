//! A service of a test's own, with or without tokens; and what a test lets happen in it.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::places::SIGN_IN;
use crate::process::Process;
use crate::provider::{CLIENT, Provider, SECRET};
use crate::watchfire::{Watchfire, configure, run_command};

/// Roles in the order of what they may, and the token of each.
pub(crate) const VIEWER: &str = "viewer-token-of-a-test";
pub(crate) const RESPONDER: &str = "responder-token-of-a-test";
const PUSHER: &str = "pusher-token-of-a-test";

/// A shop on a database, and machines that have nothing to do with each other: what is wrong with one of them is an
/// incident of its own.
fn cmdb() -> String {
    let shop = "items:
  - {id: shop, name: Shop, class: service, criticality: 1, requires: [web-1]}
  - {id: web-1, class: application, requires: [db-1]}
  - {id: db-1, class: database}
";
    (1..=ALONE).fold(shop.to_owned(), |text, nth| format!("{text}  - {{id: alone-{nth}, class: host}}\n"))
}

/// How many machines there are beside the shop: `alone-1` and so on.
pub(crate) const ALONE: usize = 12;

fn folder_with(more: &str) -> Folder {
    let folder = Folder::new();
    folder.write("cmdb.yaml", &cmdb());
    configure(folder.path(), &format!("cmdb: [cmdb.yaml]\n{more}"));
    folder
}

/// For a service whose address has to be known before it runs.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) service: Watchfire,
    folder: Folder,
    token: Option<&'static str>,
}

impl Site {
    /// Everybody may do everything.
    pub(crate) fn open() -> Site {
        Site::with("", None)
    }

    /// One needs a token.
    pub(crate) fn guarded() -> Site {
        let token = |name: &str, role: &str, token: &str| format!("{{name: {name}, role: {role}, token: {token}}}");
        let tokens =
            [token("vera", "viewer", VIEWER), token("ruth", "responder", RESPONDER), token("prom", "ingest", PUSHER)];
        Site::with(&format!("auth: {{tokens: [{}]}}\n", tokens.join(", ")), Some(PUSHER))
    }

    /// One signs in there, or with a token; who is of the group `sre` acts, and who is of none stays out.
    pub(crate) fn of_people(provider: &Provider) -> Site {
        let port = free_port();
        let site = format!(
            "auth:
  tokens: [{{name: prom, role: ingest, token: {PUSHER}}}, {{name: vera, role: viewer, token: {VIEWER}}}]
  oidc:
    issuer: {}
    client_id: {CLIENT}
    client_secret: {SECRET}
    redirect_url: http://127.0.0.1:{port}/sign-in/callback
    roles: {{sre: responder}}
",
            provider.issuer
        );
        let folder = folder_with(&site);
        Gone { folder, port: port.to_string(), token: Some(PUSHER) }.back()
    }

    fn with(more: &str, token: Option<&'static str>) -> Site {
        let folder = folder_with(more);
        Site { service: Watchfire::start(folder.path()), folder, token }
    }

    /// Killed, and nobody is there until [`Gone::back`].
    pub(crate) fn kill(self) -> Gone {
        let port = self.service.address.rsplit(':').next().unwrap_or_default().to_owned();
        self.service.process.kill();
        Gone { folder: self.folder, port, token: self.token }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.service.url(path)
    }

    /// Name and address of the page where one signs in, as of any other page; the service has to be guarded.
    pub(crate) fn sign_in(&self) -> (&'static str, String) {
        (SIGN_IN.0, self.url(SIGN_IN.1))
    }

    /// Something is wrong with an item, and is committed when this returns.
    #[track_caller]
    pub(crate) fn alert(&self, ci: &str, summary: &str, more: &Value) {
        // A key has at most 8 KiB.
        let key: String = summary.chars().take(1000).collect();
        let mut event = json!({"kind": "alert", "source": "probe", "ci": ci, "dedup_key": key, "summary": summary, "severity": "critical"});
        for (name, value) in more.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        let bearer = self.token.map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
        self.service.post("/ingest/v1/events", &headers, event.to_string().as_bytes()).with(202);
    }

    /// The number of the newest incident; the service has to be open.
    #[track_caller]
    pub(crate) fn incident(&self) -> String {
        self.newest("/api/v1/incidents", "number")
    }

    #[track_caller]
    pub(crate) fn newest(&self, list: &str, field: &str) -> String {
        let answer = self.service.get(list);
        answer["items"][0][field].as_str().unwrap_or_else(|| panic!("{list} has none: {answer}")).to_owned()
    }
}

/// A service that was killed; its folder and its port are kept for it.
#[derive(Debug)]
pub(crate) struct Gone {
    folder: Folder,
    port: String,
    token: Option<&'static str>,
}

impl Gone {
    /// Over the same store, at the same address.
    pub(crate) fn back(self) -> Site {
        let mut command = run_command(self.folder.path());
        command.env("WATCHFIRE_HTTP__LISTEN", format!("127.0.0.1:{}", self.port));
        let service = Watchfire::of(Process::start(&mut command));
        Site { service, folder: self.folder, token: self.token }
    }
}
