//! A client that hands over bytes as they are and takes every status as an answer.

use std::io::Read;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

const BODY_BYTES_MAX: u64 = 256 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(crate) struct Http(Agent);

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new() -> Http {
        Http::that_waits(TIMEOUT)
    }

    /// Gives an answer up after that long.
    pub(crate) fn that_waits(timeout: Duration) -> Http {
        Http(Agent::config_builder().http_status_as_error(false).timeout_global(Some(timeout)).build().new_agent())
    }

    pub(crate) fn get(&self, url: &str) -> Result<Reply, String> {
        self.send("GET", url, &[], &[])
    }

    pub(crate) fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, String> {
        self.send("POST", url, headers, body)
    }

    /// What comes without an end, as it comes.
    pub(crate) fn stream(&self, url: &str) -> Result<impl Read + Send + use<>, String> {
        let unending = self.0.get(url).config().timeout_global(None).build();
        Ok(unending.call().map_err(|error| error.to_string())?.into_body().into_reader())
    }

    pub(crate) fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, String> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = match method {
            "GET" | "DELETE" => self.0.run(request.body(()).unwrap()),
            _ => self.0.run(request.body(body).unwrap()),
        };
        let (parts, mut body) = answered.map_err(|error| error.to_string())?.into_parts();
        let bytes = body.with_config().limit(BODY_BYTES_MAX).read_to_vec().map_err(|error| error.to_string())?;
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body: bytes })
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }
}
