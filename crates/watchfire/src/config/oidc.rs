//! What the configuration says of the identity provider where people sign in.

use std::collections::BTreeMap;

use api::Role;
use api::oidc::{CALLBACK, People, Settings, is_safe, is_secret};

use super::resolve::Resolver;
use super::secret::Secret;
use super::shape::{OidcShape, Text};

const ROLES_CLAIM: &str = "groups";
/// What providers say names and addresses for.
const SCOPES: [&str; 2] = ["profile", "email"];
/// People do not push.
const ROLES: [Role; 4] = [Role::Viewer, Role::Responder, Role::Manager, Role::Admin];

/// The provider as it is configured. A secret that stands in a file is read when it begins.
#[derive(Clone, Debug)]
pub(crate) struct Oidc {
    settings: Settings,
    secret: Secret,
    /// Where the configuration says the secret.
    said_at: String,
}

impl Oidc {
    /// With its secret; the error names its file and its key.
    pub(crate) fn read(&self) -> Result<Settings, String> {
        self.secret.with(&self.said_at, |secret| {
            is_secret(secret)?;
            Ok(Settings { client_secret: secret.trim().to_owned(), ..self.settings.clone() })
        })
    }
}

impl Resolver<'_> {
    pub(super) fn oidc(&mut self, shape: OidcShape) -> Option<Oidc> {
        let issuer = self.read(&shape.issuer, safe);
        let redirect_url = self.read(&shape.redirect_url, way_back);
        let client_id = self.read(&shape.client_id, some);
        let said_at = self.said_at(&shape.client_secret, &shape.client_secret_file, "auth.oidc.client_secret");
        let secret = self.secret(&shape.issuer, shape.client_secret, shape.client_secret_file, "client_secret");
        if let Some(Secret::Inline(text)) = &secret
            && let Err(what) = is_secret(text)
        {
            self.fault(&shape.client_id, &what);
        }
        let name_claim = shape.name_claim.and_then(|claim| self.read(&claim, some));
        let roles_claim = self.or(shape.roles_claim, ROLES_CLAIM, some);
        let default_role = shape.default_role.and_then(|word| self.read(&word, role));
        let gives_none = shape.roles.as_ref().is_none_or(BTreeMap::is_empty) && default_role.is_none();
        if gives_none {
            self.fault(
                &shape.issuer,
                "nobody who signs in there has a role: add `roles: {group: responder}`, or a `default_role`",
            );
        }
        let roles = self.each(shape.roles.map(Vec::from_iter), |resolver, (value, word): (String, Text)| {
            Some((value, resolver.read(&word, role)?))
        });
        let scopes = match shape.scopes {
            Some(said) => self.each(Some(said), |resolver, scope| resolver.read(&scope, some)),
            None => SCOPES.map(str::to_owned).to_vec(),
        };
        let people = People { name_claim, roles_claim: roles_claim?, roles, default_role };
        let settings = Settings {
            issuer: issuer?,
            client_id: client_id?,
            client_secret: String::new(),
            redirect_url: redirect_url?,
            scopes,
            people,
        };
        Some(Oidc { settings, secret: secret?, said_at })
    }
}

fn role(word: &str) -> Result<Role, String> {
    let names = ROLES.map(Role::as_str).join(", ");
    let found = ROLES.into_iter().find(|role| role.as_str() == word);
    found.ok_or_else(|| format!("`{word}` is no role of people: write one of {names}"))
}

fn some(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("nothing stands here: write it, or take the key out".to_owned()),
        text => Ok(text.to_owned()),
    }
}

fn safe(text: &str) -> Result<String, String> {
    let said = || format!("`{text}` is not over TLS, and secrets are sent there: write https://…");
    is_safe(text).then(|| text.to_owned()).ok_or_else(said)
}

fn way_back(text: &str) -> Result<String, String> {
    let origin = safe(text)?;
    let site = origin.strip_suffix(CALLBACK).and_then(|origin| origin.split_once("://"));
    match site.is_some_and(|(_, site)| !site.contains(['/', '?', '#'])) {
        true => Ok(origin),
        false => Err(format!(
            "people come back to {CALLBACK}: write this service's address and that, https://watchfire.example{CALLBACK}"
        )),
    }
}
