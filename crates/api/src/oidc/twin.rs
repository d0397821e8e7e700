//! A provider that signs as real ones do, and says what a test has it say; for tests within this crate and of its routes.

use std::sync::{Arc, Mutex as Guarded};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use model::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::{Ask, CALLBACK, Oidc, People, Role, Settings, Told};

pub(super) const ISSUER: &str = "https://login.example/realms/ops";
/// Its clock stands still, a little before what it says is over.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// What it is asked, and how it answers.
pub(super) struct Twin {
    pub(super) key: EcdsaKeyPair,
    /// In place of what a provider says that all is well with.
    claims: Value,
    alg: &'static str,
    pub(super) asked: Guarded<Vec<Ask>>,
    /// Of the sign-in that is under way.
    pub(super) nonce: Guarded<String>,
}

impl Twin {
    pub(super) fn saying(claims: Value) -> Arc<Twin> {
        Twin::signing("ES256", claims)
    }

    pub(super) fn signing(alg: &'static str, claims: Value) -> Arc<Twin> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Arc::new(Twin { key, claims, alg, asked: Guarded::default(), nonce: Guarded::default() })
    }

    pub(super) fn answer(&self, ask: Ask) -> Told {
        let body = match ask.url.rsplit('/').next().unwrap() {
            "openid-configuration" => json!({
                "issuer": ISSUER,
                "authorization_endpoint": "https://login.example/auth?realm=ops",
                "token_endpoint": "https://login.example/token",
                "jwks_uri": "https://login.example/keys",
            }),
            "token" => json!({"id_token": self.token(), "access_token": "x", "token_type": "Bearer"}),
            "keys" => {
                let point = self.key.public_key().as_ref();
                let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
                json!({"keys": [
                    {"kty": "oct", "kid": "other", "k": "AAAA"},
                    {"kty": "EC", "use": "enc", "kid": "one", "crv": "P-256", "x": x, "y": x},
                    {"kty": "EC", "use": "sig", "kid": "one", "crv": "P-256", "x": x, "y": y},
                ]})
            }
            other => panic!("nobody serves {other}"),
        };
        self.asked.lock().unwrap().push(ask);
        Told { status: 200, body: body.to_string().into_bytes() }
    }

    pub(super) fn token(&self) -> String {
        let mut claims = json!({
            "iss": ISSUER, "aud": "watchfire", "sub": "81", "preferred_username": "ana", "groups": ["sre"],
            "exp": 1_790_000_300, "nonce": *self.nonce.lock().unwrap(),
        });
        for (name, value) in self.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let written = |value: Value| BASE64.encode(value.to_string());
        let said = format!("{}.{}", written(json!({"alg": self.alg, "kid": "one"})), written(claims));
        let signature = self.key.sign(&SystemRandom::new(), said.as_bytes()).unwrap();
        format!("{said}.{}", BASE64.encode(signature))
    }
}

/// Of the group `sre` are responders.
pub(super) fn oidc(twin: &Arc<Twin>) -> Oidc {
    let twin = Arc::clone(twin);
    let people = People {
        name_claim: None,
        roles_claim: "groups".to_owned(),
        roles: vec![("sre".to_owned(), Role::Responder)],
        default_role: None,
    };
    let settings = Settings {
        issuer: ISSUER.to_owned(),
        client_id: "watchfire".to_owned(),
        client_secret: "a-secret-of-a-test".to_owned(),
        redirect_url: format!("https://watchfire.example{CALLBACK}"),
        scopes: vec!["openid".to_owned(), "profile".to_owned()],
        people,
    };
    Oidc::new(
        settings,
        Arc::new(move |ask| {
            let told = twin.answer(ask);
            Box::pin(async move { Ok(told) })
        }),
    )
}

/// What stands in an address.
pub(super) fn part(location: &str, name: &str) -> String {
    let (_, query) = location.split_once('?').unwrap();
    let found = form_urlencoded::parse(query.as_bytes()).find(|(said, _)| said == name);
    found.unwrap_or_else(|| panic!("{name} in {location}")).1.into_owned()
}
