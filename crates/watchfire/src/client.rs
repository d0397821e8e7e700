//! Talks to a running service, as the commands of people need it.
//!
//! Rule: what the service says is wrong is said on as it stands; what keeps us from it is said with what to do.

mod stream;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use model::Timestamp;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::cli::Connection;
use crate::config::secret::Secret;
use crate::moment;
use crate::outcome::WrongUse;
pub(crate) use stream::Stream;

/// Where `run` listens unless told otherwise.
const DEFAULT: &str = "http://127.0.0.1:8080";
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A report over years may take its time.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// What one page asks for at most.
const PAGE_ROWS: usize = 1000;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// The first rows of a list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) rows: Vec<Value>,
    /// So many were asked for.
    pub(crate) most: usize,
    /// There are others after them.
    pub(crate) more: bool,
}

/// Names and values of a query; a value that is absent is not sent.
pub(crate) type Query<'q> = Vec<(&'q str, String)>;

impl Client {
    pub(crate) fn new(connection: &Connection) -> anyhow::Result<Client> {
        let base = connection.url.clone().or_else(|| variable("WATCHFIRE_URL")).unwrap_or_else(|| DEFAULT.to_owned());
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            let why = format!("`{base}` is no address of a service: begin it with http:// or https://");
            return Err(WrongUse(why).into());
        }
        let file = connection.token_file.clone().or_else(|| variable("WATCHFIRE_TOKEN_FILE").map(PathBuf::from));
        let token = match file {
            Some(file) => Some(Secret::File(file).read()?),
            // Only from the environment: what stands on a command line, everybody on the machine can read.
            None => variable("WATCHFIRE_TOKEN"),
        };
        Client::with(base, token)
    }

    /// Of a service that is known and asks for no token: nothing of the environment goes there.
    pub(crate) fn without_token(base: &str) -> anyhow::Result<Client> {
        Client::with(base.to_owned(), None)
    }

    fn with(base: String, token: Option<String>) -> anyhow::Result<Client> {
        // Another part of the process may have chosen one already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().connect_timeout(CONNECT_WITHIN).user_agent("watchfire").build()?;
        Ok(Client { http, base, token })
    }

    pub(crate) async fn get(&self, path: &str, query: &Query<'_>) -> anyhow::Result<Value> {
        self.answer(self.request(Method::GET, path, query).timeout(ANSWER_WITHIN)).await
    }

    /// An answer that is a document, as it stands.
    pub(crate) async fn text(&self, path: &str, query: &Query<'_>) -> anyhow::Result<String> {
        self.words(self.request(Method::GET, path, query).timeout(ANSWER_WITHIN)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, &Vec::new(), "application/json", body.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        query: &Query<'_>,
        content_type: &str,
        body: String,
    ) -> anyhow::Result<Value> {
        let request = self.request(method, path, query).header("content-type", content_type);
        self.answer(request.body(body).timeout(ANSWER_WITHIN)).await
    }

    /// The rows of a list, page by page, at most so many.
    pub(crate) async fn list(&self, path: &str, query: &Query<'_>, most: usize) -> anyhow::Result<Vec<Value>> {
        Ok(self.listed(path, query, most).await?.rows)
    }

    /// The same, and whether there are more than so many.
    pub(crate) async fn listed(&self, path: &str, query: &Query<'_>, most: usize) -> anyhow::Result<Listed> {
        self.listed_where(path, query, most, |_| true).await
    }

    /// The same, of those rows that the service cannot choose itself.
    pub(crate) async fn listed_where(
        &self,
        path: &str,
        query: &Query<'_>,
        most: usize,
        wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Listed> {
        let mut rows: Vec<Value> = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let mut asked = query.clone();
            asked.push(("limit", (most - rows.len()).min(PAGE_ROWS).to_string()));
            asked.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let mut page = self.get(path, &asked).await?;
            let items = page["items"].as_array_mut().map(std::mem::take);
            let items = items.with_context(|| format!("{}{path} answered no list", self.base))?;
            rows.extend(items.into_iter().filter(&wanted));
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() || rows.len() >= most {
                return Ok(Listed { rows, most, more: cursor.is_some() });
            }
        }
    }

    /// What changes from now on.
    pub(crate) async fn stream(&self, path: &str) -> anyhow::Result<Stream> {
        let response =
            self.sent(self.request(Method::GET, path, &Vec::new()).header("accept", "text/event-stream")).await?;
        Ok(Stream::new(self.good(response).await?))
    }

    fn request(&self, method: Method, path: &str, query: &Query<'_>) -> RequestBuilder {
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", segment(value))).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        let request = self.http.request(method, format!("{}{path}{query}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let text = self.words(request).await?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{} answered something else than JSON", self.base))
    }

    async fn words(&self, request: RequestBuilder) -> anyhow::Result<String> {
        let response = self.sent(request).await?;
        let response = self.good(response).await?;
        response.text().await.with_context(|| format!("the answer of {} broke off", self.base))
    }

    async fn sent(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let sent = request.send().await.map_err(|error| {
            let base = &self.base;
            match error.is_connect() {
                true => anyhow!("nothing answers at {base}: start `watchfire run`, or say --url"),
                false if error.is_timeout() => anyhow!("{base} did not answer in time: ask again"),
                false => anyhow!(error).context(format!("{base} could not be asked")),
            }
        })?;
        let shown = sent.headers().get("watchfire-now").and_then(|now| Timestamp::parse(now.to_str().ok()?));
        if let Some(shown) = shown {
            moment::heard(shown);
        }
        Ok(sent)
    }

    async fn good(&self, response: Response) -> anyhow::Result<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let path = response.url().path().to_owned();
        let text = response.text().await.unwrap_or_default();
        Err(refused(status, &text, &path, self.token.is_some()).into())
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The service said no.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    told: String,
    /// RFC 9457, with whatever stands beside it.
    pub(crate) problem: Value,
}

impl Refused {
    /// What was asked does not read, or cannot be: whoever typed it has to type something else.
    pub(crate) fn is_wrong_use(&self) -> bool {
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
    }

    fn detail(&self) -> &str {
        self.problem["detail"].as_str().filter(|detail| !detail.is_empty()).unwrap_or(&self.told)
    }
}

/// Of an item of the CMDB: who names one that there is not has to name another, wherever it is named.
pub(crate) fn of_item(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Refused>().filter(|refused| refused.status == StatusCode::NOT_FOUND) {
        Some(refused) => WrongUse(refused.detail().replace(THE_LISTS, THE_ITEMS)).into(),
        None => error,
    }
}

/// Of an incident that a problem is to have, or not: who names one that there is not looks for incidents.
pub(crate) fn of_incident(error: anyhow::Error) -> anyhow::Error {
    let of_it = |refused: &&Refused| {
        refused.status == StatusCode::NOT_FOUND && refused.detail().starts_with("there is no incident")
    };
    match error.downcast_ref::<Refused>().filter(of_it) {
        Some(refused) => anyhow!(with_command(refused.detail(), "/api/v1/incidents")),
        None => error,
    }
}

/// Of what is ended with no further words: nothing is wrong with those, it only is over already.
pub(crate) fn over_already(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Refused>().filter(|refused| refused.status == StatusCode::UNPROCESSABLE_ENTITY) {
        Some(refused) => anyhow!(refused.told.clone()),
        None => error,
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told)
    }
}

impl std::error::Error for Refused {}

/// What is wrong where the answer says so, else what the status says.
fn refused(status: StatusCode, text: &str, path: &str, with_token: bool) -> Refused {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    let word = |key: &str| problem[key].as_str().filter(|word| !word.is_empty());
    let told = word("detail").or_else(|| word("title"));
    let told = told.map_or_else(|| format!("the service answered {status}"), |told| with_command(told, path));
    if status == StatusCode::UNAUTHORIZED && with_token {
        return Refused { status, told: UNKNOWN_TOKEN.to_owned(), problem };
    }
    let hint = match status {
        StatusCode::UNAUTHORIZED => "; put a token into WATCHFIRE_TOKEN, or name its file with --token-file",
        _ => "",
    };
    let state = word("state").filter(|state| !says(&told, state)).map(|state| format!(" (it is {state})"));
    let state = state.unwrap_or_default();
    Refused { status, told: format!("{told}{state}{hint}"), problem }
}

/// `the incident is on hold already` says that it is `on_hold`.
fn says(told: &str, state: &str) -> bool {
    let said = format!(" is {}", state.replace('_', " "));
    told.match_indices(&said).any(|(at, said)| !told.split_at(at + said.len()).1.starts_with(char::is_alphanumeric))
}

/// What the service calls its lists, the command line has commands for.
fn with_command(told: &str, path: &str) -> String {
    let listed = LISTED_BY.iter().find(|(of, _)| path.starts_with(of));
    match listed {
        Some((_, command)) => told.replace(THE_LISTS, &format!("`watchfire {command}` names what there is")),
        None => told.to_owned(),
    }
}

const UNKNOWN_TOKEN: &str = "the service does not know the token that was sent: take one of its `auth.tokens`, and put it \
                             into WATCHFIRE_TOKEN, or name its file with --token-file";
/// Items have no list of their own here.
const THE_ITEMS: &str = "`watchfire services list` names the services, and `watchfire cmdb show ID` shows an item with what it is linked to";
/// In the service's words.
const THE_LISTS: &str = "the lists name what there is";
const LISTED_BY: [(&str, &str); 7] = [
    ("/api/v1/incidents", "incidents list --state all"),
    ("/api/v1/alerts", "alerts --state all"),
    ("/api/v1/problems", "problems"),
    ("/api/v1/services", "services list"),
    ("/api/v1/cis", "services list"),
    ("/api/v1/maintenance-windows", "maintenance list"),
    ("/api/v1/silences", "silence list"),
];

/// A part of a path or a query that somebody typed.
pub(crate) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_as_it_stands() {
        let told = |status: u16, text: &str| {
            refused(StatusCode::from_u16(status).unwrap(), text, "/api/v1/services/x", false).to_string()
        };
        let problem = r#"{"title":"Not allowed now","status":409,"detail":"2 alerts still fire","state":"open"}"#;
        assert_eq!(told(409, problem), "2 alerts still fire (it is open)");
        assert!(told(401, "{}").contains("WATCHFIRE_TOKEN"));
        let missing = r#"{"detail":"there is no service `x`: the lists name what there is"}"#;
        assert_eq!(told(404, missing), "there is no service `x`: `watchfire services list` names what there is");
        assert_eq!(told(502, "<html>"), "the service answered 502 Bad Gateway");
    }

    #[test]
    fn a_state_is_said_once() {
        for (detail, state, said) in [
            ("the incident is open", "open", "the incident is open"),
            (
                "the incident is on hold already: unhold it first",
                "on_hold",
                "the incident is on hold already: unhold it first",
            ),
            ("the incident is opened by rules", "open", "the incident is opened by rules (it is open)"),
            (
                "the incident is resolved already: reopen it first",
                "closed",
                "the incident is resolved already: reopen it first (it is closed)",
            ),
        ] {
            let problem = format!(r#"{{"detail":"{detail}","state":"{state}"}}"#);
            let told = refused(StatusCode::CONFLICT, &problem, "/api/v1/incidents/INC0000001/reopen", false);
            assert_eq!(told.to_string(), said);
        }
    }

    #[test]
    fn a_token_that_nobody_knows_is_told_from_none() {
        let told = |with_token| refused(StatusCode::UNAUTHORIZED, "{}", "/api/v1/status", with_token).to_string();
        assert!(told(true).contains("does not know the token that was sent"), "{}", told(true));
        assert!(!told(false).contains("was sent") && told(false).contains("WATCHFIRE_TOKEN"), "{}", told(false));
    }

    #[test]
    fn an_item_that_there_is_not_is_wrong_use_wherever_it_is_named() {
        let detail = r#"{"detail":"there is no configuration item `x`: the lists name what there is"}"#;
        for path in ["/api/v1/incidents", "/api/v1/maintenance-windows", "/api/v1/cis/x"] {
            let error = of_item(refused(StatusCode::NOT_FOUND, detail, path, false).into());
            assert!(crate::outcome::is_wrong_use(&error), "{path}");
            assert!(error.to_string().starts_with("there is no configuration item `x`: `watchfire services list`"));
        }
        let other = of_item(refused(StatusCode::CONFLICT, "{}", "/api/v1/incidents", false).into());
        assert!(!crate::outcome::is_wrong_use(&other));
    }

    #[test]
    fn what_is_over_already_is_no_wrong_use() {
        let refused = |status| refused(status, r#"{"detail":"it has ended already"}"#, "/api/v1/silences/x/end", false);
        let error = over_already(refused(StatusCode::UNPROCESSABLE_ENTITY).into());
        assert!(!crate::outcome::is_wrong_use(&error) && error.to_string() == "it has ended already");
        assert!(crate::outcome::is_wrong_use(&over_already(refused(StatusCode::BAD_REQUEST).into())));
    }

    #[test]
    fn what_is_typed_cannot_leave_its_segment() {
        assert_eq!(segment("INC0000123"), "INC0000123");
        assert_eq!(segment("a/../b?c d"), "a%2F..%2Fb%3Fc%20d");
        assert_eq!(segment("ü"), "%C3%BC");
    }
}
