//! Signing in at an identity provider: [OpenID Connect Core 1.0](https://openid.net/specs/openid-connect-core-1_0.html),
//! the authorization code flow, with PKCE (RFC 7636).
//!
//! Read in this order: [`People`] (which claims are a name and a role), `provider` (what the provider says of itself, and
//! how it is asked), `sealed` (what a browser keeps for us and cannot change), `keys` and `id_token` (that the provider
//! said it, to us, now); then this file, where a sign-in begins and ends.
//!
//! Rule: nothing about anybody is kept here. What began, and what it came to, are kept by the browser, sealed with keys
//! made of the client secret: every process with the same configuration goes on with it, also after a restart, and a
//! changed configuration ends every session.

mod id_token;
mod keys;
mod person;
mod provider;
mod sealed;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use model::{Span, Timestamp};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::auth::{Caller, Role};
use id_token::Expected;
use provider::Provider;
use sealed::{Root, Seal};

pub use person::People;
pub use provider::{Ask, Fetch, Told, is_safe};

/// Who may sign in, where, and as what.
#[derive(Clone)]
pub struct Settings {
    /// As the provider writes it, to the letter.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    /// Where the provider sends people back to: this service as browsers reach it, and [`CALLBACK`].
    pub redirect_url: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    pub people: People,
}

/// The path where people come back.
pub const CALLBACK: &str = "/sign-in/callback";
/// How long somebody may take at the provider, passwords and second factors included.
pub(crate) const FLIGHT: Span = Span::from_minutes(10);
/// What a provider says of itself is asked for again after so long; where it does not answer then, it said it before.
const PROVIDER_KEPT: Span = Span::from_minutes(5);
/// Where it did not answer: nobody else waits for it meanwhile.
const ASKED_AGAIN_AFTER: Span = Span::from_seconds(30);
/// Sessions are sealed with the secret: who can guess it is whoever they like.
const SECRET_CHARS_MIN: usize = 16;
/// Characters of the page one wanted to see; a longer one is forgotten, for what is kept goes with every request.
const NEXT_CHARS_MAX: usize = 500;

/// One provider, as this service deals with it; clones share what is known of it.
#[derive(Clone)]
pub struct Oidc(Arc<Party>);

struct Party {
    settings: Settings,
    fetch: Fetch,
    flights: Seal,
    sessions: Seal,
    provider: Mutex<Option<(Timestamp, Arc<Provider>)>>,
}

/// Where a browser is sent, and what it keeps until it is back.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) location: String,
    /// What tells it from others of the same browser.
    pub(crate) state: String,
    pub(crate) kept: String,
}

/// Somebody is known.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) caller: Caller,
    /// Where one wanted to go.
    pub(crate) next: String,
}

/// Nobody is let in.
#[derive(Debug)]
pub(crate) struct Refused {
    /// A sentence for who wanted to sign in.
    pub(crate) why: String,
    /// Where one wanted to go, where that is known.
    pub(crate) next: String,
}

/// What the provider sends back with the browser.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Returned {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    /// RFC 9207.
    iss: Option<String>,
}

/// What has to come back as it was sent.
#[derive(Deserialize, Serialize)]
struct Flight {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
}

const BEGIN_AGAIN: &str =
    "No sign-in is under way in this browser here, or it was begun more than 10 minutes ago. Sign in again.";

impl Oidc {
    pub fn new(settings: Settings, fetch: Fetch) -> Oidc {
        let root = Root::of(&settings.client_secret, &settings.fingerprint());
        let [flights, sessions] = ["sign-in", "session"].map(|purpose| Seal::new(&root, purpose));
        Oidc(Arc::new(Party { settings, fetch, flights, sessions, provider: Mutex::default() }))
    }

    /// What people know it by.
    pub(crate) fn name(&self) -> &str {
        let issuer = &self.0.settings.issuer;
        let after = issuer.split_once("://").map_or(issuer.as_str(), |(_, rest)| rest);
        after.split('/').next().unwrap_or(after)
    }

    /// Browsers reach this service over TLS: its cookies are for nothing else.
    pub(crate) fn is_over_tls(&self) -> bool {
        self.0.settings.redirect_url.starts_with("https://")
    }

    /// # Errors
    /// A sentence for who wanted to sign in.
    pub(crate) async fn begin(&self, next: &str, now: Timestamp) -> Result<Begun, String> {
        let provider = self.provider(now).await?;
        let next = if next.len() > NEXT_CHARS_MAX { "/" } else { next };
        let flight = Flight { state: random()?, nonce: random()?, verifier: random()?, next: next.to_owned() };
        let state = flight.state.clone();
        let location = provider.sign_in_at(&[
            ("response_type", "code"),
            ("client_id", &self.0.settings.client_id),
            ("redirect_uri", &self.0.settings.redirect_url),
            ("scope", &self.0.settings.scope()),
            ("state", &flight.state),
            ("nonce", &flight.nonce),
            ("code_challenge", &BASE64.encode(digest(&SHA256, flight.verifier.as_bytes()))),
            ("code_challenge_method", "S256"),
        ]);
        Ok(Begun { location, state, kept: self.0.flights.seal(&flight, now + FLIGHT) })
    }

    /// `kept` is what [`begin`](Oidc::begin) left with the browser.
    pub(crate) async fn end(&self, returned: &Returned, kept: Option<&str>, now: Timestamp) -> Result<Ended, Refused> {
        let flight = kept.and_then(|kept| self.0.flights.open(kept, now)).map(|(flight, _): (Flight, _)| flight);
        let flight = flight.filter(|flight| returned.state.as_ref() == Some(&flight.state));
        let flight = flight.ok_or_else(|| Refused { why: BEGIN_AGAIN.to_owned(), next: "/".to_owned() })?;
        match self.who(returned, &flight, now).await {
            Ok(caller) => Ok(Ended { caller, next: flight.next }),
            Err(why) => Err(Refused { why, next: flight.next }),
        }
    }

    async fn who(&self, returned: &Returned, flight: &Flight, now: Timestamp) -> Result<Caller, String> {
        let Settings { issuer, client_id, people, .. } = &self.0.settings;
        let provider = self.provider(now).await?;
        let code = returned.code_from(issuer, provider.authorization_response_iss_parameter_supported)?;
        let id_token = provider.exchange(&self.0.settings, code, &flight.verifier, &self.0.fetch).await?;
        let keys = provider.keys(&self.0.fetch).await?;
        let expected = Expected { issuer, client_id, nonce: &flight.nonce, now };
        people.caller(&id_token::claims(&id_token, &keys, &expected)?)
    }

    /// What the browser keeps as long as somebody is signed in.
    pub(crate) fn session(&self, caller: &Caller, until: Timestamp) -> String {
        self.0.sessions.seal(&(&caller.name, caller.role.as_str()), until)
    }

    /// Whose session that is, if it is one, and not over.
    pub(crate) fn caller(&self, session: &str, now: Timestamp) -> Option<Caller> {
        let ((name, role), until): ((Box<str>, String), _) = self.0.sessions.open(session, now)?;
        let role = Role::from_word(&role).filter(|role| self.0.settings.people.give(*role))?;
        Some(Caller { name, role, until: Some(until) })
    }

    /// Nobody waits for another's question: who finds it old asks anew.
    async fn provider(&self, now: Timestamp) -> Result<Arc<Provider>, String> {
        let known = self.0.provider.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, provider)) = &known
            && (*at..*at + PROVIDER_KEPT).contains(&now)
        {
            return Ok(Arc::clone(provider));
        }
        match (Provider::discover(&self.0.settings.issuer, &self.0.fetch).await, known) {
            (Ok(provider), _) => {
                let provider = Arc::new(provider);
                let said = Some((now, Arc::clone(&provider)));
                *self.0.provider.lock().unwrap_or_else(PoisonError::into_inner) = said;
                Ok(provider)
            }
            (Err(_), Some((_, provider))) => {
                let again = now - PROVIDER_KEPT + ASKED_AGAIN_AFTER;
                *self.0.provider.lock().unwrap_or_else(PoisonError::into_inner) = Some((again, Arc::clone(&provider)));
                Ok(provider)
            }
            (Err(why), None) => Err(why),
        }
    }
}

impl Settings {
    fn scope(&self) -> String {
        let others = self.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
        ["openid"].into_iter().chain(others).collect::<Vec<_>>().join(" ")
    }

    /// All of it but the secret: what is sealed under another is nothing here.
    fn fingerprint(&self) -> String {
        let Settings { issuer, client_id, client_secret: _, redirect_url, scopes, people } = self;
        format!("{issuer:?} {client_id:?} {redirect_url:?} {scopes:?} {people:?}")
    }
}

impl Returned {
    /// Of which sign-in it is.
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The code, where the provider let somebody in, and was the one that was asked.
    fn code_from(&self, issuer: &str, says_who: bool) -> Result<&str, String> {
        if self.iss.as_deref().map_or(says_who, |said| said != issuer) {
            return Err(format!("This was answered by another provider than {issuer}. Sign in again."));
        }
        match (&self.error, &self.code) {
            (Some(error), _) => {
                let more = self.error_description.as_deref().map(|more| format!(": {more}")).unwrap_or_default();
                Err(format!("The identity provider let nobody in ({error}{more})."))
            }
            (None, Some(code)) => Ok(code),
            (None, None) => Err(BEGIN_AGAIN.to_owned()),
        }
    }
}

/// Whether it serves as the secret of this service's client.
///
/// # Errors
/// A sentence that says why not, and what to do.
pub fn is_secret(text: &str) -> Result<(), String> {
    match text.trim().chars().count() >= SECRET_CHARS_MIN {
        true => Ok(()),
        false => Err(format!(
            "the client secret has fewer than {SECRET_CHARS_MIN} characters, and sessions are sealed with it: have the \
             identity provider make a longer one"
        )),
    }
}

/// 256 bits that nobody can guess, in characters that every part of an address may hold.
fn random() -> Result<String, String> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| "This machine has no random numbers: nobody can sign in safely.".to_owned())?;
    Ok(BASE64.encode(bytes))
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.settings.fmt(f)
    }
}

/// Without the secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
