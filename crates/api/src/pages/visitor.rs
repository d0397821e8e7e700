//! Who looks at a page. Where one has to be known and is not, the visitor is sent to sign in and comes back.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Trouble;
use crate::Api;
use crate::auth::{By, Caller, Presented, Role};

/// Somebody who may read.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    caller: Caller,
    /// Tokens or an identity provider are configured: there is somebody to be, and a way out.
    pub(crate) signed_in: bool,
}

impl Visitor {
    pub(crate) fn name(&self) -> &str {
        &self.caller.name
    }

    pub(crate) fn role(&self) -> &'static str {
        self.caller.role.as_str()
    }

    /// Acts on incidents, problems and silences.
    pub(crate) fn responds(&self) -> bool {
        self.caller.role.allows(Role::Responder)
    }

    /// Decides what changes measures or mutes many.
    pub(crate) fn manages(&self) -> bool {
        self.caller.role.allows(Role::Manager)
    }

    /// Imports the CMDB and reloads.
    pub(crate) fn administers(&self) -> bool {
        self.caller.role.allows(Role::Admin)
    }

    /// As a handler of the API wants to hear it; that the visitor may is for who calls this to have looked at, but for
    /// reading, which every visitor may.
    pub(crate) fn by<R>(&self) -> By<R> {
        By::of(&self.caller)
    }
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Visitor, Trouble> {
        let presented = Presented::of(&parts.headers);
        let admitted = api.auth().knows(presented, api.now(), Role::Viewer);
        let wanted = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let caller = admitted.map_err(|_| Trouble::SignIn { next: wanted.to_owned() })?;
        Ok(Visitor { caller, signed_in: !api.auth().is_open() })
    }
}
