//! Whose claims give which name and which role.

use serde_json::{Map, Value};

use crate::auth::{Caller, Role};

/// How claims are read.
#[derive(Clone, Debug)]
pub struct People {
    /// Whose value stands in the audit. `None`: the first there is of [`NAMES`].
    pub name_claim: Option<String>,
    /// Whose values are looked up in `roles`; with dots for what lies within others, such as `realm_access.roles`.
    pub roles_claim: String,
    /// The role of whoever has a value; of several the one that allows most.
    pub roles: Vec<(String, Role)>,
    /// Of who has none of them. `None`: is not let in.
    pub default_role: Option<Role>,
}

/// Only `sub` is always there; the others are what people know each other by.
const NAMES: [&str; 3] = ["preferred_username", "email", "sub"];
const NAME_CHARS_MAX: usize = 200;

impl People {
    /// # Errors
    /// A sentence for who wanted to sign in.
    pub(super) fn caller(&self, claims: &Map<String, Value>) -> Result<Caller, String> {
        let name = self.name(claims)?;
        match self.role(claims) {
            Some(role) => Ok(Caller { name: name.into(), role }),
            None => Err(format!(
                "You are {name}, and none of what `{}` says of you has a role here. Whoever runs this service gives \
                 roles under `auth.oidc.roles`.",
                self.roles_claim
            )),
        }
    }

    fn name<'c>(&self, claims: &'c Map<String, Value>) -> Result<&'c str, String> {
        let asked: Vec<&str> = self.name_claim.as_deref().map_or(NAMES.to_vec(), |name| vec![name]);
        let said = asked.iter().find_map(|name| claim(claims, name)?.as_str()).map(str::trim);
        let fits =
            |name: &&str| (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        said.filter(fits).ok_or_else(|| {
            format!(
                "The identity provider gives you no name of 1 to {NAME_CHARS_MAX} characters in `{}`.",
                asked.join("`, `")
            )
        })
    }

    fn role(&self, claims: &Map<String, Value>) -> Option<Role> {
        let said: Vec<&str> = match claim(claims, &self.roles_claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let given = self.roles.iter().filter(|(value, _)| said.contains(&value.as_str())).map(|(_, role)| *role);
        given.max().or(self.default_role)
    }
}

/// By its very name, else by the way to it.
fn claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut parts = name.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn people() -> People {
        let roles = [("sre", Role::Responder), ("lead", Role::Manager), ("everybody", Role::Viewer)];
        People {
            name_claim: None,
            roles_claim: "groups".to_owned(),
            roles: roles.map(|(value, role)| (value.to_owned(), role)).to_vec(),
            default_role: None,
        }
    }

    fn caller(people: &People, claims: Value) -> Result<(String, &'static str), String> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        people.caller(&claims).map(|caller| (caller.name.into(), caller.role.as_str()))
    }

    #[test]
    fn the_role_that_allows_most_is_given() {
        let said = json!({"preferred_username": "ana", "groups": ["everybody", "lead", "sre", "choir"]});
        assert_eq!(caller(&people(), said).unwrap(), ("ana".to_owned(), "manager"));
        let said = json!({"preferred_username": "ben", "groups": "sre"});
        assert_eq!(caller(&people(), said).unwrap(), ("ben".to_owned(), "responder"));
    }

    #[test]
    fn who_has_no_role_is_not_let_in_and_told_what_was_looked_at() {
        for groups in [json!(["choir"]), json!([]), json!(null), json!(7), json!({"sre": true})] {
            let why = caller(&people(), json!({"email": "cy@example.org", "groups": groups})).unwrap_err();
            assert!(why.contains("cy@example.org") && why.contains("`groups`"), "{why}");
        }
        let welcoming = People { default_role: Some(Role::Viewer), ..people() };
        assert_eq!(caller(&welcoming, json!({"sub": "81"})).unwrap(), ("81".to_owned(), "viewer"));
    }

    #[test]
    fn a_claim_may_lie_within_others_and_its_very_name_goes_first() {
        let of = |name: &str| People { roles_claim: name.to_owned(), ..people() };
        let said = json!({"sub": "ana", "realm_access": {"roles": ["sre"]}, "https://a.example/roles": ["lead"]});
        assert_eq!(caller(&of("realm_access.roles"), said.clone()).unwrap().1, "responder");
        assert_eq!(caller(&of("https://a.example/roles"), said).unwrap().1, "manager");
    }

    #[test]
    fn a_name_is_there_and_fits_in_a_line() {
        let named = People { name_claim: Some("upn".to_owned()), ..people() };
        for upn in [json!(null), json!(""), json!("  "), json!("a\nb"), json!("x".repeat(NAME_CHARS_MAX + 1)), json!(7)]
        {
            let why = caller(&named, json!({"sub": "81", "upn": upn, "groups": "sre"})).unwrap_err();
            assert!(why.contains("`upn`"), "{why}");
        }
    }
}
