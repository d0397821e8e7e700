//! To the identity provider, and back from it.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;

use super::super::address::address;
use super::{Cookie, NONE, SESSION, Why, asking, inside, to};
use crate::Api;
use crate::asked::Asked;
use crate::auth;
use crate::fault::Fault;
use crate::oidc::{CALLBACK, Ended, FLIGHT, Oidc, Returned};
use crate::pages::Trouble;

const BEGIN: &str = "/sign-in/begin";
/// What the provider has to send back as it was, until it has.
const UNDER_WAY: &str = "watchfire_sign_in";

pub(super) fn routes() -> Router<Api> {
    Router::new().route(BEGIN, get(begin)).route(CALLBACK, get(end))
}

pub(super) fn begin_at(next: &str) -> String {
    address(BEGIN, &[("next", next)])
}

async fn begin(State(api): State<Api>, asked: Asked) -> Result<Response, Trouble> {
    let oidc = provider_of(&api)?;
    let next = inside(asked.one("next").unwrap_or("/"));
    match oidc.begin(next, api.now()).await {
        Ok(begun) => Ok(to(&begun.location, &[under_way(&begun.kept).kept(FLIGHT, oidc.is_over_tls())])),
        Err(why) => Ok(refused(&api, next, why)),
    }
}

async fn end(State(api): State<Api>, headers: HeaderMap, returned: Query<Returned>) -> Result<Response, Trouble> {
    let oidc = provider_of(&api)?;
    let kept = auth::cookie(&headers, UNDER_WAY);
    let ended = oidc.end(&returned, kept, api.now()).await.and_then(|ended| apart(&api, ended));
    Ok(match ended {
        Ok(Ended { caller, next }) => {
            let session = oidc.session(&caller, api.now() + SESSION);
            let session = Cookie { name: auth::SESSION, path: "/", value: &session };
            let over_tls = oidc.is_over_tls();
            to(inside(&next), &[session.kept(SESSION, over_tls), under_way("").kept(NONE, over_tls)])
        }
        Err(why) => refused(&api, "/", why),
    })
}

/// The audit calls people by their names: nobody may come to be called as a token is.
fn apart(api: &Api, ended: Ended) -> Result<Ended, String> {
    match api.auth().has_token_of(&ended.caller.name) {
        false => Ok(ended),
        true => Err(format!(
            "A token of this service is called {} too, and the audit could not tell you apart. Whoever runs it has to \
             rename the token.",
            ended.caller.name
        )),
    }
}

fn provider_of(api: &Api) -> Result<&Oidc, Fault> {
    api.auth().oidc().ok_or_else(|| Fault::not_found("identity provider here (`auth.oidc` in the configuration)"))
}

fn refused(api: &Api, next: &str, why: String) -> Response {
    asking(api, next.to_owned(), Some(Why::Provider(why)), StatusCode::UNAUTHORIZED)
}

fn under_way(kept: &str) -> Cookie<'_> {
    Cookie { name: UNDER_WAY, path: "/sign-in", value: kept }
}
