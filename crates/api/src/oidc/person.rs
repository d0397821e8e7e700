//! Whose claims give which name and which role.

use serde_json::{Map, Value};

use crate::auth::{Caller, Role};

/// How claims are read.
#[derive(Clone, Debug)]
pub struct People {
    /// Whose value stands in the audit. `None`: the first there is of `preferred_username`, `email`, `sub`.
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
/// Of the values that have no role, so that one sees what is meant.
const VALUES_TOLD: usize = 5;

impl People {
    /// # Errors
    /// A sentence for who wanted to sign in.
    pub(super) fn caller(&self, claims: &Map<String, Value>) -> Result<Caller, String> {
        let name = self.name(claims)?;
        match self.role(claims) {
            Some(role) => Ok(Caller { name: name.into(), role, until: None }),
            None => Err(format!("You are {name}. {}", self.why_none(claims))),
        }
    }

    /// Nobody has a role that these do not give.
    pub(super) fn give(&self, role: Role) -> bool {
        self.default_role == Some(role) || self.roles.iter().any(|(_, given)| *given == role)
    }

    fn name<'c>(&self, claims: &'c Map<String, Value>) -> Result<&'c str, String> {
        let asked: Vec<&str> = self.name_claim.as_deref().map_or(NAMES.to_vec(), |name| vec![name]);
        let named = |name: &&str| claim(claims, name)?.as_str().map(str::trim).filter(|said| is_name(said));
        // An address that nobody has looked at may be anybody's.
        let verified = !matches!(claims.get("email_verified"), Some(said) if said == false || said == "false");
        let serves = |name: &&&str| verified || **name != "email";
        asked.iter().filter(serves).find_map(named).ok_or_else(|| {
            if asked == ["email"] && !verified {
                return "Your address is not verified at the identity provider (`email_verified`): have it verified there."
                    .to_owned();
            }
            let asked = asked.join("`, `");
            format!("The identity provider gives you no name of 1 to {NAME_CHARS_MAX} visible characters in `{asked}`.")
        })
    }

    fn role(&self, claims: &Map<String, Value>) -> Option<Role> {
        let said = self.said(claims);
        let given = self.roles.iter().filter(|(value, _)| said.contains(&value.as_str())).map(|(_, role)| *role);
        given.max().or(self.default_role)
    }

    /// What is looked up in the table.
    fn said<'c>(&self, claims: &'c Map<String, Value>) -> Vec<&'c str> {
        match claim(claims, &self.roles_claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn why_none(&self, claims: &Map<String, Value>) -> String {
        let claim = &self.roles_claim;
        let said = self.said(claims);
        if claims.get("_claim_names").is_some_and(|names| names.get(claim).is_some()) {
            return format!(
                "You are in more groups than the identity provider puts into `{claim}`: whoever runs this service has to \
                 take roles of the application in place of groups."
            );
        }
        if said.is_empty() {
            return format!(
                "The identity provider says nothing of you in `{claim}`: whoever runs this service has to have it put \
                 there, and to ask for the scope that brings it (`auth.oidc.scopes`)."
            );
        }
        let first: Vec<String> = said.iter().take(VALUES_TOLD).map(|value| model::text::cut(value, 60)).collect();
        let more =
            if said.len() > VALUES_TOLD { format!(" and {} more", said.len() - VALUES_TOLD) } else { String::new() };
        format!(
            "`{claim}` says {}{more} of you, and none of that has a role here. Whoever runs this service gives roles under \
             `auth.oidc.roles`.",
            first.join(", ")
        )
    }
}

/// What a line of the audit shows, and nobody can take for somebody else's by what is not seen in it.
fn is_name(text: &str) -> bool {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
            || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
            || matches!(c, '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}')
            || matches!(c, '\u{1d173}'..='\u{1d17a}')
    };
    (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(unseen)
}

/// By its very name, else by the way to it: names may have dots of their own, and the longest that is there goes first.
fn claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    let ways = name.rmatch_indices('.').filter_map(|(at, _)| Some((name.get(..at)?, name.get(at + 1..)?)));
    let mut ways = ways.filter_map(|(first, rest)| claim(claims.get(first)?.as_object()?, rest));
    claims.get(name).or_else(|| ways.next())
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
        for (groups, says) in [
            (json!(["choir", "/sre"]), "`groups` says choir, /sre of you"),
            (json!(["a", "b", "c", "d", "e", "f", "g"]), "says a, b, c, d, e and 2 more of you"),
            (json!([]), "says nothing of you in `groups`"),
            (json!(null), "`auth.oidc.scopes`"),
            (json!({"sre": true}), "says nothing"),
        ] {
            let why = caller(&people(), json!({"email": "cy@example.org", "groups": groups})).unwrap_err();
            assert!(why.starts_with("You are cy@example.org.") && why.contains(says), "{why}");
        }
        let entra = json!({"sub": "81", "_claim_names": {"groups": "src1"}});
        assert!(caller(&people(), entra).unwrap_err().contains("more groups than"));
        let welcoming = People { default_role: Some(Role::Viewer), ..people() };
        assert_eq!(caller(&welcoming, json!({"sub": "81"})).unwrap(), ("81".to_owned(), "viewer"));
    }

    #[test]
    fn a_claim_may_lie_within_others_and_its_very_name_goes_first() {
        let of = |name: &str| People { roles_claim: name.to_owned(), ..people() };
        let said = json!({
            "sub": "ana", "realm_access": {"roles": ["sre"]}, "https://a.example/roles": ["lead"],
            "resource_access": {"watchfire.example": {"roles": ["everybody"]}, "watchfire": {}},
        });
        for (name, role) in [
            ("realm_access.roles", "responder"),
            ("https://a.example/roles", "manager"),
            ("resource_access.watchfire.example.roles", "viewer"),
        ] {
            assert_eq!(caller(&of(name), said.clone()).unwrap().1, role, "{name}");
        }
    }

    #[test]
    fn a_name_is_the_first_there_is_and_no_address_that_nobody_looked_at() {
        let of = |claims: Value| {
            let mut said = json!({"sub": "81", "groups": "sre"});
            for (name, value) in claims.as_object().unwrap() {
                said[name] = value.clone();
            }
            caller(&people(), said).unwrap().0
        };
        assert_eq!(of(json!({"preferred_username": "", "email": "ana@example.org"})), "ana@example.org");
        assert_eq!(of(json!({"email": "ana@example.org", "email_verified": true})), "ana@example.org");
        assert_eq!(of(json!({"email": "ceo@example.org", "email_verified": false})), "81");
        assert_eq!(of(json!({"email": "ceo@example.org", "email_verified": "false"})), "81");
        assert_eq!(of(json!({"preferred_username": " Zoë Ångström "})), "Zoë Ångström");
    }

    #[test]
    fn who_has_to_have_their_address_verified_is_told_so() {
        let named = People { name_claim: Some("email".to_owned()), ..people() };
        let said = |verified: bool| json!({"email": "ana@example.org", "email_verified": verified, "groups": "sre"});
        assert_eq!(caller(&named, said(true)).unwrap().0, "ana@example.org");
        assert!(caller(&named, said(false)).unwrap_err().contains("have it verified there"));
    }

    #[test]
    fn a_name_has_nothing_in_it_that_is_not_seen() {
        for unseen in ['\u{200b}', '\u{202e}', '\u{3164}', '\u{fe0f}', '\u{e0101}', '\u{2800}', '\u{34f}'] {
            assert!(!is_name(&format!("prometheus{unseen}")), "{}", unseen.escape_unicode());
        }
        assert!(is_name("Zoë Ångström-Ødegård 王小明 علي"));
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
