//! A whole sign-in, with a provider that signs as real ones do.

use std::sync::Mutex as Guarded;

use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://login.example/realms/ops";
const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// What it is asked, and how it answers.
struct Twin {
    key: EcdsaKeyPair,
    /// In place of what a provider says that all is well with.
    claims: Value,
    alg: &'static str,
    asked: Guarded<Vec<Ask>>,
    /// Of the sign-in that is under way.
    nonce: Guarded<String>,
}

impl Twin {
    fn saying(claims: Value) -> Arc<Twin> {
        Twin::signing("ES256", claims)
    }

    fn signing(alg: &'static str, claims: Value) -> Arc<Twin> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Arc::new(Twin { key, claims, alg, asked: Guarded::default(), nonce: Guarded::default() })
    }

    fn answer(&self, ask: Ask) -> Told {
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

    fn token(&self) -> String {
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

fn oidc(twin: &Arc<Twin>) -> Oidc {
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
fn part(location: &str, name: &str) -> String {
    let (_, query) = location.split_once('?').unwrap();
    let found = form_urlencoded::parse(query.as_bytes()).find(|(said, _)| said == name);
    found.unwrap_or_else(|| panic!("{name} in {location}")).1.into_owned()
}

fn returned(begun: &Begun) -> Returned {
    Returned { state: Some(part(&begun.location, "state")), code: Some("a-code".to_owned()), ..Returned::default() }
}

async fn sign_in(twin: &Arc<Twin>) -> Result<Ended, String> {
    let oidc = oidc(twin);
    let begun = oidc.begin("/incidents?q=a", NOW).await.unwrap();
    *twin.nonce.lock().unwrap() = part(&begun.location, "nonce");
    oidc.end(&returned(&begun), Some(&begun.kept), NOW).await
}

#[tokio::test]
async fn who_signs_in_comes_back_with_a_name_and_a_role() {
    let twin = Twin::saying(json!({}));
    let ended = sign_in(&twin).await.unwrap();
    assert_eq!(ended.caller, Caller { name: "ana".into(), role: Role::Responder });
    assert_eq!(ended.next, "/incidents?q=a");

    let asked = twin.asked.lock().unwrap();
    let urls: Vec<&str> = asked.iter().map(|ask| ask.url.rsplit('/').next().unwrap()).collect();
    assert_eq!(urls, ["openid-configuration", "token", "keys"]);
    let form = format!("x?{}", asked[1].form.as_deref().unwrap());
    assert_eq!(part(&form, "code"), "a-code");
    assert_eq!(part(&form, "redirect_uri"), "https://watchfire.example/sign-in/callback");
    assert!(asked[1].authorization.as_deref().unwrap().starts_with("Basic "));
    assert!(!form.contains("a-secret"), "once is enough");
}

#[tokio::test]
async fn the_browser_is_sent_with_a_challenge_whose_answer_only_it_has() {
    let twin = Twin::saying(json!({}));
    let oidc = oidc(&twin);
    let begun = oidc.begin("/", NOW).await.unwrap();
    assert!(begun.location.starts_with("https://login.example/auth?realm=ops&response_type=code&client_id=watchfire&"));
    assert_eq!(part(&begun.location, "scope"), "openid profile");
    assert_eq!(part(&begun.location, "code_challenge_method"), "S256");
    *twin.nonce.lock().unwrap() = part(&begun.location, "nonce");
    oidc.end(&returned(&begun), Some(&begun.kept), NOW).await.unwrap();
    let asked = twin.asked.lock().unwrap();
    let verifier = part(&format!("x?{}", asked[1].form.as_deref().unwrap()), "code_verifier");
    assert!(verifier.len() >= 43, "RFC 7636 asks for it");
    assert_eq!(part(&begun.location, "code_challenge"), BASE64.encode(digest(&SHA256, verifier.as_bytes())));
    assert!(!begun.location.contains(&verifier));
}

#[tokio::test]
async fn what_the_provider_did_not_say_to_us_now_lets_nobody_in() {
    for (claims, says) in [
        (json!({"iss": "https://evil.example"}), "another than"),
        (json!({"aud": "other"}), "not said to `watchfire`"),
        (json!({"aud": ["other"]}), "not said to"),
        (json!({"aud": ["watchfire", "other"], "azp": "other"}), "not said to"),
        (json!({"aud": null}), "not said to"),
        (json!({"nonce": "another"}), "another sign-in"),
        (json!({"nonce": null}), "another sign-in"),
        (json!({"exp": 1_789_999_900}), "clocks"),
        (json!({"exp": "1790000300"}), "clocks"),
        (json!({"exp": null}), "clocks"),
        (json!({"groups": ["choir"]}), "`auth.oidc.roles`"),
    ] {
        let why = sign_in(&Twin::saying(claims.clone())).await.unwrap_err();
        assert!(why.contains(says), "{claims}: {why}");
    }
    for fine in [json!({"aud": ["other", "watchfire"], "azp": "watchfire"}), json!({"exp": 1_789_999_970})] {
        sign_in(&Twin::saying(fine)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_signed_by_one_of_its_keys_lets_nobody_in() {
    for alg in ["none", "HS256", "ES384", "RS256", "EdDSA", ""] {
        let why = sign_in(&Twin::signing(alg, json!({}))).await.unwrap_err();
        assert!(why.contains("signed with"), "{alg}: {why}");
    }
    let (one, other) = (Twin::saying(json!({})), Twin::saying(json!({})));
    let (keys, token) = (one.answer(Ask { url: "/keys".to_owned(), form: None, authorization: None }), other.token());
    let keys: Value = serde_json::from_slice(&keys.body).unwrap();
    let keys: Vec<keys::Key> = serde_json::from_value(keys["keys"].clone()).unwrap();
    let expected = Expected { issuer: ISSUER, client_id: "watchfire", nonce: "", now: NOW };
    assert!(id_token::claims(&token, &keys, &expected).unwrap_err().contains("none of the identity provider's keys"));
    id_token::claims(&one.token(), &keys, &expected).unwrap();
    for not in ["", "a", "a.b", "a.b.c", one.token().trim_start_matches('e'), &format!("{}.x", one.token())] {
        assert!(id_token::claims(not, &keys, &expected).is_err(), "{not}");
    }
}

#[test]
fn rsa_signs_as_openssl_does_it() {
    const N: &str = "uJeUHjdp68GunmQIGJAec7BXrP0WHuC8_PS8YetXAEADqILh_MLOW5xNWUlrfKUN8bVh7M7OXPtMMSlX3oZaGuQtumrYi4lcLdICo9JCTWARR-FrJeDNASjYQSZ38nHXUDWbPeQA1wedlcp9XBgh6EhtfIA13ZfDdNFu6Y7ESPPAgZrzXw_GmjWilVJ5UiqfSblIr4kpOhfBIOkh_4vf24AIO1Fi1R_nwEYDWh7lIlJSYVTHDEmAml8vk5up14WYz4iJSQySZ-_7yf64-CGC4YYvo3_pKUe70BN3gqLVsJLbsAOeg2rFPYZsF9xp1f0pC9LvpBwdwkD54ayYQPav_Q";
    const PKCS1: &str = "qJt5Y3B7aRaz3SwdHXZUlD_FnF8Su8m5L4fKNDEq5E5I5nTJK20D6es-0TkgO5Edwh3QOIWgnSwLSu6tzXI1TOAAh_gbkpJpPQG1INO71wYki3dcgYnP132FLs6GuiIS9uKbf_IuoN3KQY5fXqbNeVcFb8lhYvjYRkbiV-OblmjThewlIK3ppwHWr81Y1MFg4h-p7YnRncKq-ccQKTfmh7mYxiUfnfTwuDhbKO3-FYygna8oJ3j30hTyEdN_7VboNmwBk90trvBHAhmHO_5Mc51hNFW7mDi8DQKUQVbJgzuzNkpXvzgYcEoL2uKNNjXnCaxwnUrnjon2LuAFicrLoQ";
    const PSS: &str = "N7MdA3HZsshvSIabLzRCEK1EFR7Obq7wInTGBYfpiH0tC7OyygpgqT5Gem-2Mwp4Nm08_NGkjABsiPJrYhKPtTJmFdX03nvujiTjRaF0CKyhsvb7i56ac9q4UAgZXehUKm8tuaWQz9aZ4eMb90dYpHRgmIlSfG2aHumW9aCwZKHgGzIhuQuz0u1Qv5ZhJ--inBFCzLy8b2BUEO2T0cd-cpfdr36YE1UZpiOk_D38K2-Eor7SKjoMwXXfKalQ9e4EyJN2PBG6Xt-U-56ny1so_VXNjMBqcdozl3KoEoWivkocGuofxrvBRzNM8gQZtux1URyFZ58JHlNE8OeEUt_NnQ";
    let key = |n: &str| serde_json::from_value::<keys::Key>(json!({"kty": "RSA", "n": n, "e": "AQAB"})).unwrap();
    let with_nought = BASE64.encode([vec![0], BASE64.decode(N).unwrap()].concat());
    for key in [key(N), key(&with_nought)] {
        let verify = |alg, said: &str, signature| {
            keys::verify(std::slice::from_ref(&key), alg, None, said.as_bytes(), &BASE64.decode(signature).unwrap())
        };
        verify("RS256", "said", PKCS1).unwrap();
        verify("PS256", "said", PSS).unwrap();
        assert!(verify("RS256", "Said", PKCS1).is_err());
        assert!(verify("RS512", "said", PKCS1).is_err());
        assert!(verify("RS256", "said", PSS).is_err());
    }
}

#[tokio::test]
async fn a_sign_in_ends_where_it_was_begun_and_in_time() {
    let twin = Twin::saying(json!({}));
    let oidc = oidc(&twin);
    let begun = oidc.begin("/", NOW).await.unwrap();
    let other = oidc.begin("/", NOW).await.unwrap();
    let back = || returned(&begun);
    for (returned, kept, now) in [
        (back(), None, NOW),
        (back(), Some(&other.kept), NOW),
        (back(), Some(&begun.kept), NOW + FLIGHT),
        (Returned { state: None, ..back() }, Some(&begun.kept), NOW),
        (Returned { code: None, ..back() }, Some(&begun.kept), NOW),
    ] {
        let why = oidc.end(&returned, kept.map(String::as_str), now).await.unwrap_err();
        assert_eq!(why, BEGIN_AGAIN);
    }
    assert_eq!(twin.asked.lock().unwrap().len(), 1, "nothing but what it says of itself was asked for");
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_in_its_words() {
    let oidc = oidc(&Twin::saying(json!({})));
    let begun = oidc.begin("/", NOW).await.unwrap();
    let refused = Returned {
        error: Some("access_denied".to_owned()),
        error_description: Some("not on call".to_owned()),
        ..returned(&begun)
    };
    let why = oidc.end(&refused, Some(&begun.kept), NOW).await.unwrap_err();
    assert!(why.contains("access_denied: not on call"), "{why}");
    let mixed_up = Returned { iss: Some("https://evil.example".to_owned()), ..returned(&begun) };
    assert!(oidc.end(&mixed_up, Some(&begun.kept), NOW).await.unwrap_err().contains("another provider"));
}

#[tokio::test]
async fn a_provider_that_is_away_or_is_another_is_told_and_asked_again_the_next_time() {
    let answers = Arc::new(Guarded::new(vec![
        Ok(Told { status: 200, body: json!({"issuer": "https://other.example", "authorization_endpoint": "https://a", "token_endpoint": "https://a", "jwks_uri": "https://a"}).to_string().into_bytes() }),
        Ok(Told { status: 200, body: json!({"issuer": ISSUER, "authorization_endpoint": "https://a", "token_endpoint": "http://a", "jwks_uri": "https://a"}).to_string().into_bytes() }),
        Ok(Told { status: 502, body: b"<html>".to_vec() }),
        Ok(Told { status: 400, body: json!({"error": "slow_down"}).to_string().into_bytes() }),
        Ok(Told { status: 200, body: b"<html>".to_vec() }),
        Err("connection refused".to_owned()),
    ]));
    let settings = oidc(&Twin::saying(json!({}))).0.settings.clone();
    let oidc = Oidc::new(
        settings,
        Arc::new(move |_| {
            let told = answers.lock().unwrap().pop().unwrap();
            Box::pin(async move { told })
        }),
    );
    for says in [
        "connection refused",
        "does not read",
        "answered 400: slow_down",
        "answered 502.",
        "not over TLS",
        "other.example",
    ] {
        let why = oidc.begin("/", NOW).await.unwrap_err();
        assert!(why.contains(says), "{why}");
    }
}

#[tokio::test]
async fn a_session_is_of_one_person_until_its_end_and_of_one_configuration() {
    let first = oidc(&Twin::saying(json!({})));
    let ana = Caller { name: "ana".into(), role: Role::Responder };
    let session = first.session(&ana, NOW);
    let before = Timestamp::from_micros(NOW.micros() - 1);
    assert_eq!(first.caller(&session, before), Some(ana));
    assert_eq!(first.caller(&session, NOW), None);
    let begun = first.begin("/", NOW).await.unwrap();
    assert_eq!(first.caller(&begun.kept, before), None, "what began is not what it came to");

    let mut settings = first.0.settings.clone();
    settings.people.roles[0].1 = Role::Viewer;
    let changed = Oidc::new(settings, Arc::clone(&first.0.fetch));
    assert_eq!(changed.caller(&session, before), None, "another role is given now");
}
