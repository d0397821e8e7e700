//! What a provider says of itself (OpenID Connect Discovery 1.0), and how it is asked.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Settings;
use super::keys::Key;

/// A request to the provider: a GET, or a POST where there is a form. This crate calls nobody itself.
#[derive(Clone)]
pub struct Ask {
    pub url: String,
    /// As `application/x-www-form-urlencoded`.
    pub form: Option<String>,
    pub authorization: Option<String>,
}

/// What it answered, whatever its status.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Asks; or says why there is no answer.
pub type Fetch = Arc<dyn Fn(Ask) -> Pin<Box<dyn Future<Output = Result<Told, String>> + Send>> + Send + Sync>;

/// What of it we use.
#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207: it says with each answer that it is its own.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// How the client shows its secret. RFC 6749, 2.3.1.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    InHeader,
    InForm,
}

/// Why there is no answer that serves.
struct Unserved {
    why: String,
    /// It does not know the client by what was shown.
    is_unknown: bool,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Whether what is said there stays between us and who is there: over TLS, or on this very machine.
pub fn is_safe(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = !authority.is_empty() && !authority.contains('@') && url.bytes().all(|byte| byte.is_ascii_graphic());
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    plain && (scheme == "https" || scheme == "http" && is_here)
}

impl Provider {
    pub(super) async fn discover(issuer: &str, fetch: &Fetch) -> Result<Provider, String> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let provider: Provider = read("what it says of itself", fetch, Ask::get(&url)).await.map_err(|no| no.why)?;
        if provider.issuer != issuer {
            let said = &provider.issuer;
            return Err(format!(
                "The identity provider calls itself {said}, and `auth.oidc.issuer` is {issuer}: they have to be the same."
            ));
        }
        let said = [&provider.authorization_endpoint, &provider.token_endpoint, &provider.jwks_uri];
        if let Some(url) = said.into_iter().find(|url| !is_safe(url)) {
            return Err(format!("The identity provider wants to be asked at {url}, which is not over TLS."));
        }
        Ok(provider)
    }

    /// Where a browser is sent.
    pub(super) fn sign_in_at(&self, asked: &[(&str, &str)]) -> String {
        let endpoint = &self.authorization_endpoint;
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{joint}{}", encoded(asked))
    }

    /// The ID token for a code. RFC 6749, 4.1.3.
    ///
    /// What a provider takes it says of itself, what it takes of this client only it knows: where it takes both ways and
    /// does not know us by the one, we try the other.
    pub(super) async fn exchange(
        &self,
        settings: &Settings,
        code: &str,
        verifier: &str,
        fetch: &Fetch,
    ) -> Result<String, String> {
        let mut refused = String::new();
        for shown in self.takes() {
            let ask = self.ask_for_token(settings, code, verifier, shown);
            match read::<Tokens>("a token", fetch, ask).await {
                Ok(tokens) => return Ok(tokens.id_token),
                Err(unserved) if unserved.is_unknown => refused = unserved.why,
                Err(unserved) => return Err(unserved.why),
            }
        }
        Err(format!("{refused} Whoever runs this service has to look at `auth.oidc.client_id` and the client secret."))
    }

    fn ask_for_token(&self, settings: &Settings, code: &str, verifier: &str, shown: Shown) -> Ask {
        let Settings { client_id, client_secret, redirect_url, .. } = settings;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_url),
            ("code_verifier", verifier),
        ];
        if shown == Shown::InForm {
            form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret)]);
        }
        let authorization = (shown == Shown::InHeader).then(|| basic(client_id, client_secret));
        Ask { url: self.token_endpoint.clone(), form: Some(encoded(&form)), authorization }
    }

    /// One that says nothing takes the header.
    fn takes(&self) -> Vec<Shown> {
        let said = &self.token_endpoint_auth_methods_supported;
        let known = [("client_secret_basic", Shown::InHeader), ("client_secret_post", Shown::InForm)];
        let listed = known.into_iter().filter(|(name, _)| said.iter().any(|method| method == name));
        let listed: Vec<Shown> = listed.map(|(_, shown)| shown).collect();
        if listed.is_empty() { vec![Shown::InHeader] } else { listed }
    }

    /// What its signatures are made with. Asked for at every sign-in: keys change, and people seldom sign in.
    pub(super) async fn keys(&self, fetch: &Fetch) -> Result<Vec<Key>, String> {
        let set: KeySet = read("its keys", fetch, Ask::get(&self.jwks_uri)).await.map_err(|no| no.why)?;
        // One of a kind that we do not know is none that we could use.
        Ok(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }
}

impl Ask {
    fn get(url: &str) -> Ask {
        Ask { url: url.to_owned(), form: None, authorization: None }
    }
}

/// `application/x-www-form-urlencoded`.
fn encoded(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// RFC 6749, 2.3.1: each part is encoded as in a form before they are joined.
fn basic(client_id: &str, client_secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(client_secret))))
}

async fn read<T: DeserializeOwned>(what: &str, fetch: &Fetch, ask: Ask) -> Result<T, Unserved> {
    let unserved = |why: String| Unserved { why, is_unknown: false };
    let told = fetch(ask).await;
    let told = told.map_err(|why| unserved(format!("The identity provider cannot be asked for {what}: {why}.")))?;
    if told.status != 200 {
        let said = refusal(&told.body);
        let more = if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) };
        let why = format!("Asked for {what}, the identity provider answered {}{more}.", told.status);
        let is_unknown = told.status == 401 || said.first().is_some_and(|error| error == "invalid_client");
        return Err(Unserved { why, is_unknown });
    }
    serde_json::from_slice(&told.body).map_err(|error| {
        unserved(format!("Asked for {what}, the identity provider answered what does not read: {error}."))
    })
}

/// Its word for the error, and its description. RFC 6749, 5.2.
fn refusal(body: &[u8]) -> Vec<String> {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    ["error", "error_description"].into_iter().filter_map(|name| Some(said[name].as_str()?.to_owned())).collect()
}

/// Without what is secret.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_only_sent_over_tls_or_to_this_machine() {
        for safe in [
            "https://login.example/realms/ops",
            "http://localhost:8180/realms/ops",
            "http://127.0.0.1:1",
            "http://[::1]:80/a",
        ] {
            assert!(is_safe(safe), "{safe}");
        }
        for not in [
            "http://login.example",
            "http://localhost.evil.example",
            "http://127.0.0.1@evil.example/",
            "https://",
            "login.example",
            "ftp://localhost",
            "https://a b",
            "",
        ] {
            assert!(!is_safe(not), "{not}");
        }
    }

    #[test]
    fn name_and_secret_of_the_client_are_encoded_before_they_are_joined() {
        let decoded = |header: String| BASE64_STANDARD.decode(header.trim_start_matches("Basic ")).unwrap();
        assert_eq!(decoded(basic("watch:fire", "p%ss word")), b"watch%3Afire:p%25ss+word");
    }
}
