//! Signing in with a token, and out. The browser keeps the token in a cookie that no script can read and that no other
//! site's page can have sent; it says whose the requests of the pages are, as the header does for programs.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::Trouble;
use super::page::answered;
use super::shell::Shell;
use crate::Api;
use crate::asked::Asked;
use crate::auth::{self, Denied, Role};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/sign-in", get(ask).post(sign_in)).route("/sign-out", post(sign_out))
}

/// A browser forgets it after so long: a watch lasts eight hours, and nobody should be asked in the middle of one.
const SESSION_SECONDS: u32 = 12 * 60 * 60;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    shell: Shell,
    next: String,
    /// Why it was not let in the last time.
    why: Option<&'static str>,
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
        return to(&next, None);
    }
    asking(&api, next, None, StatusCode::OK)
}

async fn sign_in(State(api): State<Api>, headers: HeaderMap, Form(said): Form<Said>) -> Result<Response, Trouble> {
    auth::from_here(&headers)?;
    let next = inside(&said.next).to_owned();
    let token = said.token.trim();
    let why = match api.auth().admit(Some(&format!("Bearer {token}")), Role::Viewer) {
        Ok(_) => return Ok(to(&next, Some(&kept(token, SESSION_SECONDS, &headers)))),
        Err(Denied::Missing) => "Enter a token first.",
        Err(Denied::Unknown) => "Nobody has this token. Look at auth.tokens in the configuration.",
        Err(Denied::Forbidden { .. }) => "This token only pushes events. Signing in needs one that may read.",
    };
    Ok(asking(&api, next, Some(why), StatusCode::UNAUTHORIZED))
}

async fn sign_out(headers: HeaderMap) -> Result<Response, Trouble> {
    auth::from_here(&headers)?;
    Ok(to("/sign-in", Some(&kept("", 0, &headers))))
}

fn asking(api: &Api, next: String, why: Option<&'static str>, status: StatusCode) -> Response {
    let shell = Shell::bare(api.now(), api.version(), "Sign in");
    answered(status, &SignIn { shell, next, why })
}

/// A path of this service, never a way to another one.
fn inside(next: &str) -> &str {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain { next } else { "/" }
}

/// Only over TLS where the page itself came so, as a proxy in front of it says.
fn kept(token: &str, seconds: u32, headers: &HeaderMap) -> String {
    let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"https");
    let secure = if secure { "; Secure" } else { "" };
    let value = auth::to_cookie(token);
    format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", auth::SESSION)
}

fn to(next: &str, cookie: Option<&str>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, HeaderValue::from_str(next).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.insert(SET_COOKIE, cookie);
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
