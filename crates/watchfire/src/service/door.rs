//! Who may knock at all, where no tokens are asked for: only who calls this machine by a name of its own.
//!
//! A page of any site can have its own name point here once it is loaded (DNS rebinding), and is then, to a browser, a
//! page of ours. What it cannot do is call us `localhost` or by our address: `Host` gives it away.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use wire::v1::ProblemDetails;

/// Where nobody is asked for a token, and only this machine reaches the port, every request is looked at. Elsewhere a
/// service has names that it cannot know, and tokens; or says in so many words that it wants none.
pub(super) fn guarded(routes: Router, open: bool, listens_on: SocketAddr) -> Router {
    if open && listens_on.ip().is_loopback() { routes.layer(from_fn(only_by_our_own_name)) } else { routes }
}

async fn only_by_our_own_name(request: Request, next: Next) -> Response {
    let said = match request.headers().get(HOST) {
        Some(host) => Some(String::from_utf8_lossy(host.as_bytes()).into_owned()),
        None => request.uri().authority().map(|authority| authority.as_str().to_owned()),
    };
    match said.filter(|host| !is_our_own(host)) {
        None => next.run(request).await,
        Some(host) => refused(&host),
    }
}

/// `localhost` or a loopback address, with any port.
fn is_our_own(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((six, _)) => six,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn refused(host: &str) -> Response {
    let detail = format!(
        "without tokens this service answers only to `localhost` and to loopback addresses, not to `{host}`: configure \
         `auth.tokens` and send one, or ask for it as localhost"
    );
    let problem = ProblemDetails::new(StatusCode::FORBIDDEN.as_u16(), "Not by this name", detail);
    let mut response = (StatusCode::FORBIDDEN, Json(problem)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static("application/problem+json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_goes_by_localhost_and_its_loopback_addresses_only() {
        for own in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.:8080",
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.1.2.3:1",
            "[::1]:8080",
            "[::1]",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert!(is_our_own(own), "{own}");
        }
        for other in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1:8080",
            "[2001:db8::1]:8080",
            "0.0.0.0:8080",
            "",
            ":8080",
            "[localhost",
        ] {
            assert!(!is_our_own(other), "{other}");
        }
    }
}
