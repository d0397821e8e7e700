//! Signing in with a token or at an identity provider, and out. The browser keeps what it came to in a cookie that no
//! script can read and that no other site's page can have sent; it says whose the requests of the pages are, as the
//! header does for programs.

mod provider;

use std::borrow::Cow;

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use model::Span;
use serde::Deserialize;

use super::Trouble;
use super::page::answered;
use super::shell::Shell;
use crate::Api;
use crate::asked::Asked;
use crate::auth::{self, Denied, Role};

pub(super) fn routes() -> Router<Api> {
    let routes = Router::new().route("/sign-in", get(ask).post(sign_in)).route("/sign-out", post(sign_out));
    routes.merge(provider::routes())
}

/// A browser forgets it after so long: a watch lasts eight hours, and nobody should be asked in the middle of one.
const SESSION: Span = Span::from_hours(12);
/// A cookie that is kept for no time is forgotten.
const NONE: Span = Span::ZERO;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    shell: Shell,
    next: String,
    /// The address where one signs in at the identity provider, and what people know it by.
    provider: Option<(String, String)>,
    /// There are tokens to sign in with.
    tokens: bool,
    /// Why nobody was let in the last time; of a token, or of the provider.
    why: Option<Why>,
}

enum Why {
    Token(&'static str),
    Provider(String),
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

async fn ask(State(api): State<Api>, asked: Asked) -> Response {
    let next = inside(asked.one("next").unwrap_or("/")).to_owned();
    if api.auth().is_open() {
        return to(&next, &[]);
    }
    asking(&api, next, None, StatusCode::OK)
}

async fn sign_in(State(api): State<Api>, headers: HeaderMap, Form(said): Form<Said>) -> Result<Response, Trouble> {
    auth::from_here(&headers)?;
    let next = inside(&said.next).to_owned();
    let token = said.token.trim();
    let why = match api.auth().admit(Some(&format!("Bearer {token}")), Role::Viewer) {
        Ok(_) => {
            return Ok(to(&next, &sessions(&auth::to_cookie(token), auth::is_over_tls(&headers))));
        }
        Err(Denied::Missing) => "Enter a token first.",
        Err(Denied::Unknown | Denied::Over) => "Nobody has this token. Look at auth.tokens in the configuration.",
        Err(Denied::Forbidden { .. }) => "This token only pushes events. Signing in needs one that may read.",
    };
    Ok(asking(&api, next, Some(Why::Token(why)), StatusCode::UNAUTHORIZED))
}

async fn sign_out(headers: HeaderMap) -> Result<Response, Trouble> {
    auth::from_here(&headers)?;
    Ok(to("/sign-in", &[session("", false).kept(NONE), session("", true).kept(NONE)]))
}

fn asking(api: &Api, next: String, why: Option<Why>, status: StatusCode) -> Response {
    let shell = Shell::bare(api.now(), api.version(), "Sign in");
    let provider = api.auth().oidc().map(|oidc| (provider::begin_at(&next), oidc.name().to_owned()));
    answered(status, &SignIn { shell, next, provider, tokens: api.auth().has_tokens(), why })
}

/// A path of this service, never a way to another one.
fn inside(next: &str) -> &str {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain { next } else { "/" }
}

/// What a browser keeps, and sends to every path of this service.
struct Cookie<'a> {
    name: Cow<'a, str>,
    value: &'a str,
    over_tls: bool,
}

fn session(value: &str, over_tls: bool) -> Cookie<'_> {
    let name = if over_tls { auth::SESSION_OVER_TLS } else { auth::SESSION };
    Cookie { name: name.into(), value, over_tls }
}

/// Whose session it is from now on, by either name: an older one must not go on beside it.
fn sessions(value: &str, over_tls: bool) -> [String; 2] {
    [session(value, over_tls).kept(SESSION), session("", !over_tls).kept(NONE)]
}

impl Cookie<'_> {
    fn kept(&self, span: Span) -> String {
        let Cookie { name, value, over_tls } = self;
        let seconds = span.micros() / 1_000_000;
        let secure = if *over_tls { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

fn to(next: &str, cookies: &[String]) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, HeaderValue::from_str(next).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.append(SET_COOKIE, cookie);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for fine in ["/", "/incidents/INC0000001", "/?q=a%20b&sort=age"] {
            assert_eq!(inside(fine), fine);
        }
        for not in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x", "javascript:x"]
        {
            assert_eq!(inside(not), "/", "{not}");
        }
    }
}
