//! To the identity provider, and back from it.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;

use super::super::address::address;
use super::{Cookie, NONE, SESSION, Why, asking, inside, sessions, to};
use crate::Api;
use crate::asked::Asked;
use crate::auth::cookie;
use crate::fault::Fault;
use crate::oidc::{CALLBACK, Ended, FLIGHT, Oidc, Refused, Returned};
use crate::pages::Trouble;

const BEGIN: &str = "/sign-in/begin";
/// Two pages may sign in at once, and what each keeps has a name of its own; but no more than so many, for all of them go
/// with every request.
const AT_ONCE_MAX: u32 = 4;

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
        Ok(begun) => Ok(to(&begun.location, &[under_way(oidc, &begun.state, &begun.kept).kept(FLIGHT)])),
        Err(why) => Ok(refused(&api, Refused { why, next: next.to_owned() })),
    }
}

async fn end(
    State(api): State<Api>,
    headers: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Result<Response, Trouble> {
    let oidc = provider_of(&api)?;
    // What does not read answers nothing that was asked.
    let returned = returned.map(|returned| returned.0).unwrap_or_default();
    let state = returned.state().unwrap_or_default();
    let kept = under_way(oidc, state, "");
    let ended = oidc.end(&returned, cookie(&headers, &kept.name), api.now()).await;
    Ok(match ended.and_then(|ended| apart(&api, ended)) {
        Ok(Ended { caller, next }) => {
            let sealed = oidc.session(&caller, api.now() + SESSION);
            let [session, other] = sessions(&sealed, oidc.is_over_tls());
            to(inside(&next), &[session, other, kept.kept(NONE)])
        }
        Err(why) => refused(&api, why),
    })
}

/// The audit calls people by their names: nobody may come to be called as a token is.
fn apart(api: &Api, ended: Ended) -> Result<Ended, Refused> {
    let Ended { caller, next } = ended;
    if api.auth().has_token_of(&caller.name) {
        let why = format!(
            "A token of this service is called {} too, and the audit could not tell you apart. Whoever runs it has to \
             rename the token.",
            caller.name
        );
        return Err(Refused { why, next });
    }
    Ok(Ended { caller, next })
}

fn provider_of(api: &Api) -> Result<&Oidc, Fault> {
    api.auth().oidc().ok_or_else(|| Fault::not_found("identity provider here (`auth.oidc` in the configuration)"))
}

fn refused(api: &Api, refused: Refused) -> Response {
    let next = inside(&refused.next).to_owned();
    asking(api, next, Some(Why::Provider(refused.why)), StatusCode::UNAUTHORIZED)
}

/// Which of them it is, the first character of `state` says, wherever that comes from.
fn under_way<'a>(oidc: &Oidc, state: &str, kept: &'a str) -> Cookie<'a> {
    let which = u32::from(state.chars().next().unwrap_or('-')) % AT_ONCE_MAX;
    let over_tls = oidc.is_over_tls();
    let prefix = if over_tls { "__Host-" } else { "" };
    Cookie { name: format!("{prefix}watchfire_sign_in_{which}").into(), value: kept, over_tls }
}
