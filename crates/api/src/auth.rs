//! Tokens and their roles, and people who signed in at an identity provider. Without either everybody may do everything,
//! as `anonymous`; the composition then listens to this machine only, unless told otherwise in so many words.

use std::borrow::Cow;
use std::hint::black_box;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

use model::Timestamp;

use crate::Api;
use crate::fault::Fault;
use crate::oidc::Oidc;

/// What a token allows; each role but `Ingest` allows what those before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Pushes events, and nothing else.
    Ingest,
    /// Reads.
    Viewer,
    /// Acts on incidents, problems and silences.
    Responder,
    /// Decides what changes measures or mutes many: maintenance, false positives, dead letters, the audit.
    Manager,
    /// Imports the CMDB, reloads, pushes.
    Admin,
}

/// A token, and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Stands as `by` in everything done with it.
    pub name: Box<str>,
    pub role: Role,
    secret: Box<str>,
}

/// Everybody who may do something.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    tokens: Vec<Token>,
    oidc: Option<Oidc>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub name: Box<str>,
    pub role: Role,
    /// Who signed in at an identity provider is signed out then.
    pub until: Option<Timestamp>,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token.
    Missing,
    /// A token that nobody has.
    Unknown,
    /// Whoever signed in was signed out by time, or by another configuration.
    Over,
    /// A token whose role does not allow it.
    Forbidden { needed: Role },
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Ingest, Role::Viewer, Role::Responder, Role::Manager, Role::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Ingest => "ingest",
            Role::Viewer => "viewer",
            Role::Responder => "responder",
            Role::Manager => "manager",
            Role::Admin => "admin",
        }
    }

    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    pub fn allows(self, needed: Role) -> bool {
        match needed {
            Role::Ingest => matches!(self, Role::Ingest | Role::Admin),
            needed => self >= needed,
        }
    }
}

impl Token {
    /// The secret is what a client sends after `Bearer`; blanks around it are not part of it.
    ///
    /// # Errors
    /// A sentence that says why this is no token.
    pub fn new(name: &str, role: Role, secret: &str) -> Result<Token, String> {
        let secret = secret.trim();
        if name.trim().is_empty() {
            return Err("a token needs a name: it stands in the audit for whoever uses it".to_owned());
        }
        if secret.len() < SECRET_BYTES_MIN || secret.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!(
                "the secret of token `{name}` has fewer than {SECRET_BYTES_MIN} characters, or blanks in it: generate one"
            ));
        }
        Ok(Token { name: name.trim().into(), role, secret: secret.into() })
    }
}

const SECRET_BYTES_MIN: usize = 16;
const ANONYMOUS: &str = "anonymous";

impl Auth {
    pub fn new(tokens: Vec<Token>) -> Auth {
        Auth { tokens, oidc: None }
    }

    /// People sign in there, beside those who have tokens.
    pub fn and_people_of(self, oidc: Option<Oidc>) -> Auth {
        Auth { oidc, ..self }
    }

    /// Neither tokens nor an identity provider are configured: everybody may do everything.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.oidc.is_none()
    }

    pub(crate) fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// The audit calls somebody so already, or so that people would take one for the other.
    pub(crate) fn has_token_of(&self, name: &str) -> bool {
        self.tokens.iter().any(|token| token.name.to_lowercase() == name.to_lowercase())
    }

    pub(crate) fn oidc(&self) -> Option<&Oidc> {
        self.oidc.as_ref()
    }

    /// Who asks in this way, if the role allows what is needed.
    pub(crate) fn knows(&self, presented: Presented<'_>, now: Timestamp, needed: Role) -> Result<Caller, Denied> {
        match (presented, &self.oidc) {
            (Presented::Cookie { value, over_tls }, Some(oidc)) if is_session(value) => {
                // Where browsers come over TLS, a cookie of the other name may be a neighbour's, with whose session one
                // would act as somebody else.
                let session = (over_tls == oidc.is_over_tls()).then_some(value);
                let caller = session.and_then(|session| oidc.caller(session, now));
                caller.filter(|caller| !self.has_token_of(&caller.name)).ok_or(Denied::Over)?.may(needed)
            }
            (presented, _) => self.admit(presented.authorization().as_deref(), needed),
        }
    }

    /// Who sends this `Authorization` header, if the role allows what is needed. Takes as long for a token that nobody
    /// has as for one that somebody has.
    pub fn admit(&self, authorization: Option<&str>, needed: Role) -> Result<Caller, Denied> {
        if self.is_open() {
            return Ok(Caller { name: ANONYMOUS.into(), role: Role::Admin, until: None });
        }
        let said = authorization.and_then(bearer).unwrap_or_default();
        let mut found = None;
        for token in &self.tokens {
            if same(said.as_bytes(), token.secret.as_bytes()) {
                found = Some(token);
            }
        }
        let denied = if said.is_empty() { Denied::Missing } else { Denied::Unknown };
        let token = found.ok_or(denied)?;
        Caller { name: token.name.clone(), role: token.role, until: None }.may(needed)
    }
}

impl Caller {
    fn may(self, needed: Role) -> Result<Caller, Denied> {
        if self.role.allows(needed) { Ok(self) } else { Err(Denied::Forbidden { needed }) }
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, secret) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Looks at every byte of what was said, whether it is right so far or not.
fn same(said: &[u8], secret: &[u8]) -> bool {
    let mut differs = u8::from(said.len() != secret.len());
    for (at, byte) in said.iter().enumerate() {
        differs |= byte ^ secret.get(at % secret.len().max(1)).copied().unwrap_or_default();
    }
    black_box(differs) == 0
}

/// What a route needs, as a type, so that no route forgets to say it.
pub(crate) trait Needs: Send {
    const ROLE: Role;
}

#[derive(Debug)]
pub(crate) struct Viewer;
#[derive(Debug)]
pub(crate) struct Responder;
#[derive(Debug)]
pub(crate) struct Manager;
#[derive(Debug)]
pub(crate) struct Admin;

impl Needs for Viewer {
    const ROLE: Role = Role::Viewer;
}
impl Needs for Responder {
    const ROLE: Role = Role::Responder;
}
impl Needs for Manager {
    const ROLE: Role = Role::Manager;
}
impl Needs for Admin {
    const ROLE: Role = Role::Admin;
}

/// Whoever asks may do what the route needs.
#[derive(Debug)]
pub(crate) struct By<R> {
    pub(crate) caller: Caller,
    /// The `Idempotency-Key`, scoped: the same key of somebody else, or on another path, is another.
    pub(crate) key: Option<Box<str>>,
    needs: PhantomData<R>,
}

const KEY_BYTES_MAX: usize = 255;

impl<R: Needs> FromRequestParts<Api> for By<R> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<By<R>, Fault> {
        let presented = Presented::of(&parts.headers);
        let caller = api.auth().knows(presented, api.now(), R::ROLE)?;
        if (api.auth().is_open() || presented.by_browser()) && parts.method != Method::GET {
            from_here(&parts.headers)?;
        }
        let key = key_of(&parts.headers, &caller, parts.uri.path())?;
        Ok(By { caller, key, needs: PhantomData })
    }
}

/// How a request says whose it is: by a header, or, from the pages, by the cookie that signing in left.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presented<'a> {
    Header(&'a str),
    Cookie { value: &'a str, over_tls: bool },
    Nothing,
}

impl<'a> Presented<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Presented<'a> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        // A proxy in front of us may ask for a password of its own, which a browser then sends us too.
        let is_ours =
            header.is_some_and(|header| header.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("bearer ")));
        let named = |name, over_tls| cookie(headers, name).map(|value| Presented::Cookie { value, over_tls });
        let in_the_clear = || if is_over_tls(headers) { None } else { named(SESSION, false) };
        match (header, named(SESSION_OVER_TLS, true).or_else(in_the_clear)) {
            (Some(header), None) => Presented::Header(header),
            (Some(header), Some(_)) if is_ours => Presented::Header(header),
            (_, Some(cookie)) => cookie,
            (None, None) => Presented::Nothing,
        }
    }

    /// As the header would say it.
    pub(crate) fn authorization(&self) -> Option<Cow<'a, str>> {
        match self {
            Presented::Header(header) => Some(Cow::Borrowed(header)),
            Presented::Cookie { value, .. } => Some(Cow::Owned(format!("Bearer {}", from_cookie(value)))),
            Presented::Nothing => None,
        }
    }

    /// A browser sends cookies by itself, whoever's page asked it to.
    fn by_browser(&self) -> bool {
        matches!(self, Presented::Cookie { .. })
    }
}

/// The cookie that holds a token, or who signed in, for the pages.
pub(crate) const SESSION: &str = "watchfire_session";
/// The same over TLS: a browser takes a cookie of such a name from nobody else, such as a neighbour under the same domain.
/// RFC 6265bis, 4.1.3.2.
pub(crate) const SESSION_OVER_TLS: &str = "__Host-watchfire_session";

/// What is sealed has two parts, a token in hexadecimal has one.
fn is_session(cookie: &str) -> bool {
    cookie.contains('.')
}

/// As a proxy in front of this service says; of several the first is the one that browsers talk to.
pub(crate) fn is_over_tls(headers: &HeaderMap) -> bool {
    let said = headers.get("x-forwarded-proto").and_then(|schemes| schemes.to_str().ok()).unwrap_or_default();
    said.split(',').next().is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(said, _)| *said == name).map(|(_, value)| value)
}

/// A secret may hold what a cookie may not: it stands there in hexadecimal.
pub(crate) fn to_cookie(secret: &str) -> String {
    secret.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn from_cookie(value: &str) -> String {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = value.as_bytes().chunks(2).map(byte).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

impl<R> By<R> {
    /// A page asks in the name of whoever looks at it; what it needs was looked at when the page was asked for.
    pub(crate) fn of(caller: &Caller) -> By<R> {
        By { caller: caller.clone(), key: None, needs: PhantomData }
    }

    pub(crate) fn name(&self) -> &str {
        &self.caller.name
    }

    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.caller.until
    }

    pub(crate) fn needs_too(&self, needed: Role) -> Result<(), Fault> {
        if self.caller.role.allows(needed) { Ok(()) } else { Err(Fault::from(Denied::Forbidden { needed })) }
    }
}

/// Where no token is asked for, a browser must not be sent here by another site's page.
pub(crate) fn from_here(headers: &HeaderMap) -> Result<(), Fault> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else { return Ok(()) };
    let site = origin.split_once("://").map(|(_, site)| site);
    if site.is_some() && site == text(HOST) {
        return Ok(());
    }
    let here = text(HOST).unwrap_or("no name");
    Err(Fault::foreign(format!(
        "a page of {origin} may not act here, where this service is called {here}: open it under its own address, or \
         have the proxy in front of it pass `Host` on; programs send a token and no Origin"
    )))
}

fn key_of(headers: &HeaderMap, caller: &Caller, path: &str) -> Result<Option<Box<str>>, Fault> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let key = key.ok_or_else(|| Fault::bad("an Idempotency-Key has 1 to 255 visible ASCII characters"))?;
    // No name, path or key has a line feed in it: none can be taken for another.
    Ok(Some(format!("action\n{}\n{path}\n{key}", caller.name).into()))
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Fault {
        match denied {
            Denied::Missing => Fault::unauthorized("No token"),
            Denied::Unknown => Fault::unauthorized("A token that nobody has"),
            Denied::Over => Fault::unauthorized("Signed in no longer"),
            Denied::Forbidden { needed } => {
                Fault::forbidden(format!("this needs the role {} or above", needed.as_str()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn auth() -> Auth {
        let token = |role: Role| Token::new(role.as_str(), role, &format!("secret-of-{:0>12}", role.as_str())).unwrap();
        Auth::new(Role::ALL.map(token).to_vec())
    }

    fn admitted(role: Role, needed: Role) -> bool {
        let header = format!("Bearer secret-of-{:0>12}", role.as_str());
        auth().admit(Some(&header), needed).is_ok()
    }

    #[test]
    fn a_password_of_a_proxy_does_not_take_the_place_of_who_signed_in() {
        let said = |lines: &[(HeaderName, &str)]| {
            let headers: HeaderMap =
                lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
            Presented::of(&headers).authorization().map(Cow::into_owned)
        };
        let session = format!("{SESSION}={}", to_cookie("secret"));
        let signed_in = (COOKIE, session.as_str());
        assert_eq!(said(&[(AUTHORIZATION, "Basic eDp5"), signed_in.clone()]).as_deref(), Some("Bearer secret"));
        assert_eq!(said(&[(AUTHORIZATION, "bearer other"), signed_in]).as_deref(), Some("bearer other"));
        assert_eq!(said(&[(AUTHORIZATION, "Basic eDp5")]).as_deref(), Some("Basic eDp5"));
    }

    #[test]
    fn each_role_allows_what_those_before_it_do_and_pushing_is_apart() {
        for role in Role::ALL {
            for needed in Role::ALL {
                let allowed = match (role, needed) {
                    (Role::Admin, _) | (Role::Ingest, Role::Ingest) => true,
                    (Role::Ingest, _) | (_, Role::Ingest) => false,
                    _ => role >= needed,
                };
                assert_eq!(admitted(role, needed), allowed, "{role:?} for {needed:?}");
            }
        }
    }

    #[test]
    fn only_the_whole_secret_is_a_token() {
        let header = |text: &str| auth().admit(Some(text), Role::Viewer).map(|caller| caller.name.to_string());
        assert_eq!(header("bearer  secret-of-000000viewer "), Ok("viewer".to_owned()));
        for wrong in [
            "Bearer secret-of-000000viewe",
            "Bearer secret-of-000000viewerr",
            "Bearer secret-of-000000viewersecret-of-000000viewer",
        ] {
            assert_eq!(header(wrong), Err(Denied::Unknown), "{wrong}");
        }
        for none in ["Bearer ", "Basic secret-of-000000viewer", "secret-of-000000viewer"] {
            assert_eq!(header(none), Err(Denied::Missing), "{none}");
        }
        assert_eq!(auth().admit(None, Role::Viewer), Err(Denied::Missing));
    }

    #[test]
    fn a_secret_comes_back_from_its_cookie_and_what_is_none_is_nobodys() {
        for secret in ["0123456789abcdef", "a;b=c,d\"e\\f%0123", "gr\u{fc}n-0123456789ab"] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("other=1; {SESSION}={}", to_cookie(secret)).parse().unwrap());
            let presented = Presented::of(&headers);
            assert_eq!(presented.authorization().as_deref(), Some(&*format!("Bearer {secret}")));
            assert!(presented.by_browser());
        }
        for none in ["", "zz", "abc", "ff"] {
            assert_eq!(from_cookie(none), "", "{none}");
        }
    }

    #[test]
    fn without_tokens_everybody_is_anonymous() {
        let caller = Auth::default().admit(None, Role::Admin).unwrap();
        assert_eq!(&*caller.name, "anonymous");
    }

    #[test]
    fn a_token_has_a_name_and_a_secret_that_cannot_be_guessed_and_is_never_printed() {
        for (name, secret) in [("", "0123456789abcdef"), ("ana", "short"), ("ana", "0123456789 abcdef0")] {
            assert!(Token::new(name, Role::Viewer, secret).is_err(), "{name} {secret}");
        }
        let token = Token::new("ana", Role::Viewer, "0123456789abcdef\n").unwrap();
        assert!(!format!("{token:?}").contains("0123"), "{token:?}");
    }
}
