//! One attempt: signed, posted, answered or not. Redirects are not followed, proxies not used, bodies not read.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};
use std::time::Duration;

use model::{Span, Timestamp};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, StatusCode, Url, redirect};

use crate::address::{Network, is_public};
use crate::message::Message;
use crate::target::Target;

const TIMEOUT: Duration = Duration::from_secs(15);

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    Taken,
    /// The receiver wants nothing more, ever.
    Gone,
    Failed {
        why: String,
        retry_after: Option<Span>,
        /// Any other message would have fared the same.
        down: bool,
    },
}

/// Posts to public addresses, and to those that are allowed.
#[derive(Clone, Debug)]
pub(crate) struct Poster {
    /// Over TLS: public addresses too.
    tls: Client,
    /// In the clear: allowed addresses only.
    clear: Client,
    allow: Arc<[Network]>,
}

impl Poster {
    pub(crate) fn new(allow: &[Network]) -> Result<Poster, String> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let allow: Arc<[Network]> = allow.into();
        let client = |public: bool| {
            let resolver = Resolver { allow: Arc::clone(&allow), public };
            let builder = Client::builder().redirect(redirect::Policy::none()).no_proxy().timeout(TIMEOUT);
            let client = builder.dns_resolver(Arc::new(resolver)).build();
            client.map_err(|error| format!("no webhook can be sent: {}", chain(&error)))
        };
        Ok(Poster { tls: client(true)?, clear: client(false)?, allow })
    }

    pub(crate) async fn post(&self, target: &Target, message: &Message, now: Timestamp) -> Posted {
        if let Some(why) = self.forbidden_literal(&target.url) {
            return Posted::Failed { why, retry_after: None, down: true };
        }
        let client = if target.url.scheme() == "https" { &self.tls } else { &self.clear };
        let signed = target.secret.sign(&message.id.to_string(), now, &message.body);
        let request = client
            .post(target.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("watchfire/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", signed.id)
            .header("webhook-timestamp", signed.timestamp)
            .header("webhook-signature", signed.signature)
            .body(message.body.clone());
        match request.send().await {
            Ok(response) if response.status().is_success() => Posted::Taken,
            Ok(response) if response.status() == StatusCode::GONE => Posted::Gone,
            Ok(response) => {
                let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                let why = format!("it answered {}", response.status());
                Posted::Failed { why, retry_after: asked.map(Span::from_seconds), down: is_down(response.status()) }
            }
            Err(error) => Posted::Failed { why: chain(&error.without_url()), retry_after: None, down: true },
        }
    }

    /// An address written as such is never resolved, so it is looked at here.
    fn forbidden_literal(&self, url: &Url) -> Option<String> {
        let host = url.host_str()?.trim_matches(['[', ']']);
        let address: IpAddr = host.parse().ok()?;
        let public = url.scheme() == "https";
        (!may_reach(address, public, &self.allow)).then(|| forbidden(host))
    }
}

/// Whether an answer speaks of the receiver, and not of what it was sent.
fn is_down(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

#[derive(Debug)]
struct Resolver {
    allow: Arc<[Network]>,
    public: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, public) = (Arc::clone(&self.allow), self.public);
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0)).await?;
            let may: Vec<SocketAddr> = found.filter(|found| may_reach(found.ip(), public, &allow)).collect();
            if may.is_empty() {
                return Err(forbidden(host).into());
            }
            Ok(Box::new(may.into_iter()) as Addrs)
        })
    }
}

fn may_reach(address: IpAddr, public: bool, allow: &[Network]) -> bool {
    allow.iter().any(|network| network.contains(address)) || public && is_public(address)
}

fn forbidden(host: &str) -> String {
    format!("{host} is no public address, or not reached over TLS: allow its network if that is meant")
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
