//! A whole sign-in, with a provider that signs as real ones do.

use std::sync::Mutex as Guarded;

use ring::hmac;
use ring::signature::KeyPair;
use serde_json::{Value, json};

use super::twin::{ISSUER, NOW, Twin, oidc, part};
use super::*;

fn returned(begun: &Begun) -> Returned {
    Returned { state: Some(part(&begun.location, "state")), code: Some("a-code".to_owned()), ..Returned::default() }
}

async fn sign_in(twin: &Arc<Twin>) -> Result<Ended, String> {
    let oidc = oidc(twin);
    let begun = oidc.begin("/incidents?q=a", NOW).await.unwrap();
    *twin.nonce.lock().unwrap() = part(&begun.location, "nonce");
    let ended = oidc.end(&returned(&begun), Some(&begun.kept), NOW).await;
    ended.map_err(|refused| {
        assert_eq!(refused.next, "/incidents?q=a", "one still wants to go there");
        refused.why
    })
}

#[tokio::test]
async fn who_signs_in_comes_back_with_a_name_and_a_role() {
    let twin = Twin::saying(json!({}));
    let ended = sign_in(&twin).await.unwrap();
    assert_eq!(ended.caller, Caller { name: "ana".into(), role: Role::Responder, until: None });
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
        (json!({"aud": ["watchfire", "other"]}), "not said to"),
        (json!({"azp": "other"}), "not said to"),
        (json!({"sub": null}), "of nobody"),
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
    let two = json!({"aud": ["other", "watchfire"], "azp": "watchfire"});
    for fine in [two, json!({"aud": ["watchfire"]}), json!({"exp": 1_789_999_970})] {
        sign_in(&Twin::saying(fine)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_signed_by_one_of_its_keys_lets_nobody_in() {
    for alg in ["none", "HS256", "ES512", ""] {
        let why = sign_in(&Twin::signing(alg, json!({}))).await.unwrap_err();
        assert!(why.contains("proves nothing here"), "{alg}: {why}");
    }
    for alg in ["ES384", "RS256", "PS256", "EdDSA"] {
        let why = sign_in(&Twin::signing(alg, json!({}))).await.unwrap_err();
        assert!(why.contains("signed with none of"), "{alg}: {why}");
    }
    let (one, other) = (Twin::saying(json!({})), Twin::saying(json!({})));
    let (keys, token) = (one.answer(Ask { url: "/keys".to_owned(), form: None, authorization: None }), other.token());
    let keys: Value = serde_json::from_slice(&keys.body).unwrap();
    let keys: Vec<keys::Key> = serde_json::from_value(keys["keys"].clone()).unwrap();
    let expected = Expected { issuer: ISSUER, client_id: "watchfire", nonce: "", now: NOW };
    assert!(id_token::claims(&token, &keys, &expected).unwrap_err().contains("none of the identity provider's keys"));
    id_token::claims(&one.token(), &keys, &expected).unwrap();
    // What anybody could write who knows the public key.
    let token = one.token();
    let claims = token.split('.').nth(1).unwrap();
    let shared = hmac::Key::new(hmac::HMAC_SHA256, one.key.public_key().as_ref());
    for alg in ["HS256", "none", "ES256"] {
        let said = format!("{}.{claims}", BASE64.encode(json!({"alg": alg}).to_string()));
        for signature in [BASE64.encode(hmac::sign(&shared, said.as_bytes())), String::new()] {
            assert!(id_token::claims(&format!("{said}.{signature}"), &keys, &expected).is_err(), "{alg} {signature}");
        }
    }
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
        let refused = oidc.end(&returned, kept.map(String::as_str), now).await.unwrap_err();
        assert_eq!(refused.why, BEGIN_AGAIN);
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
    let why = oidc.end(&refused, Some(&begun.kept), NOW).await.unwrap_err().why;
    assert!(why.contains("access_denied: not on call"), "{why}");
    let mixed_up = Returned { iss: Some("https://evil.example".to_owned()), ..returned(&begun) };
    assert!(oidc.end(&mixed_up, Some(&begun.kept), NOW).await.unwrap_err().why.contains("another provider"));
}

#[tokio::test]
async fn a_provider_that_is_away_or_is_another_is_told_and_asked_again_the_next_time() {
    let (oidc, _) = answering(vec![
        Err("connection refused".to_owned()),
        Ok(Told { status: 200, body: b"<html>".to_vec() }),
        told(400, &json!({"error": "slow_down"})),
        Ok(Told { status: 502, body: b"<html>".to_vec() }),
        told(200, &description(&json!({"token_endpoint": "http://a"}))),
        told(200, &description(&json!({"issuer": "https://other.example"}))),
    ]);
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
    let ana = Caller { name: "ana".into(), role: Role::Responder, until: Some(NOW) };
    let session = first.session(&ana, NOW);
    let before = Timestamp::from_micros(NOW.micros() - 1);
    assert_eq!(first.caller(&session, before), Some(ana));
    assert_eq!(first.caller(&session, NOW), None);
    let begun = first.begin("/", NOW).await.unwrap();
    assert_eq!(first.caller(&begun.kept, before), None, "what began is not what it came to");

    let changed: [fn(&mut Settings); 4] = [
        |settings| settings.people.roles[0].1 = Role::Viewer,
        |settings| settings.redirect_url = format!("https://staging.example{CALLBACK}"),
        |settings| settings.scopes.clear(),
        |settings| settings.client_secret = "another-secret-of-a-test".to_owned(),
    ];
    for change in changed {
        let mut settings = first.0.settings.clone();
        change(&mut settings);
        let changed = Oidc::new(settings, Arc::clone(&first.0.fetch));
        assert_eq!(changed.caller(&session, before), None, "{changed:?}");
    }
    let same = Oidc::new(first.0.settings.clone(), Arc::clone(&first.0.fetch));
    assert!(same.caller(&session, before).is_some(), "another process knows them too");
}

/// Answers in their order, and what was asked.
fn answering(answers: Vec<Result<Told, String>>) -> (Oidc, Arc<Guarded<Vec<Ask>>>) {
    let (answers, asked) = (Guarded::new(answers.into_iter()), Arc::new(Guarded::new(Vec::new())));
    let heard = Arc::clone(&asked);
    let settings = oidc(&Twin::saying(json!({}))).0.settings.clone();
    let fetch: Fetch = Arc::new(move |ask| {
        heard.lock().unwrap().push(ask);
        let told = answers.lock().unwrap().next().expect("it is asked no more than that");
        Box::pin(async move { told })
    });
    (Oidc::new(settings, fetch), asked)
}

fn told(status: u16, body: &Value) -> Result<Told, String> {
    Ok(Told { status, body: body.to_string().into_bytes() })
}

fn description(more: &Value) -> Value {
    let mut said = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://a",
        "token_endpoint": "https://a/token",
        "jwks_uri": "https://a",
    });
    for (name, value) in more.as_object().unwrap() {
        said[name] = value.clone();
    }
    said
}

#[tokio::test]
async fn a_provider_that_is_away_for_a_while_is_taken_at_what_it_said_before() {
    let said = || told(200, &description(&json!({})));
    let (oidc, asked) = answering(vec![said(), Err("timed out".to_owned()), said()]);
    for (later, times) in [(0, 1), (240, 1), (360, 2), (380, 2), (391, 3), (660, 3)] {
        oidc.begin("/", NOW + Span::from_seconds(later)).await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), times, "after {later} seconds");
    }
}

#[tokio::test]
async fn the_secret_is_shown_in_the_way_that_the_provider_takes_of_this_client() {
    let unknown = || told(401, &json!({"error": "invalid_client"}));
    let wrong_code = || told(400, &json!({"error": "invalid_grant"}));
    let both = json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]});
    let post = json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]});
    // In the header, and in the form.
    for (said, answers, expected) in [
        (json!({}), vec![unknown()], vec![(true, false)]),
        (post, vec![unknown()], vec![(false, true)]),
        (both.clone(), vec![unknown(), unknown()], vec![(true, false), (false, true)]),
        (both, vec![wrong_code()], vec![(true, false)]),
    ] {
        let (oidc, asked) = answering([vec![told(200, &description(&said))], answers].concat());
        let begun = oidc.begin("/", NOW).await.unwrap();
        let why = oidc.end(&returned(&begun), Some(&begun.kept), NOW).await.unwrap_err().why;
        assert!(why.contains("invalid_"), "{why}");
        assert_eq!(why.contains("the client secret"), why.contains("invalid_client"), "{why}");
        let asked = asked.lock().unwrap();
        let form = |ask: &Ask| ask.form.as_deref().unwrap().contains("client_secret=a-secret-of-a-test");
        let shown: Vec<(bool, bool)> =
            asked.iter().skip(1).map(|ask| (ask.authorization.is_some(), form(ask))).collect();
        assert_eq!(shown, expected, "{said}");
    }
}

#[tokio::test]
async fn who_comes_by_a_client_that_shows_its_secret_in_the_form_alone_gets_in() {
    let twin = Twin::saying(json!({}));
    let known = Arc::clone(&twin);
    let fetch: Fetch = Arc::new(move |ask: Ask| {
        let answer = match ask.url.rsplit('/').next() {
            Some("token") if ask.authorization.is_some() => told(401, &json!({"error": "invalid_client"})),
            Some("openid-configuration") => {
                let mut said: Value = serde_json::from_slice(&known.answer(ask).body).unwrap();
                said["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic", "client_secret_post"]);
                told(200, &said)
            }
            _ => Ok(known.answer(ask)),
        };
        Box::pin(async move { answer })
    });
    let oidc = Oidc::new(oidc(&twin).0.settings.clone(), fetch);
    let begun = oidc.begin("/", NOW).await.unwrap();
    *twin.nonce.lock().unwrap() = part(&begun.location, "nonce");
    let ended = oidc.end(&returned(&begun), Some(&begun.kept), NOW).await.unwrap();
    assert_eq!(&*ended.caller.name, "ana");
}

#[tokio::test]
async fn nobody_has_a_role_that_nobody_is_given_not_even_with_the_secret() {
    let oidc = oidc(&Twin::saying(json!({})));
    let sealed = |role| oidc.session(&Caller { name: "ana".into(), role, until: None }, NOW + Span::HOUR);
    assert!(oidc.caller(&sealed(Role::Responder), NOW).is_some());
    assert!(oidc.caller(&sealed(Role::Admin), NOW).is_none());
}

#[tokio::test]
async fn a_provider_that_names_itself_in_each_answer_has_to() {
    let said = json!({"authorization_response_iss_parameter_supported": true});
    let (oidc, _) = answering(vec![told(200, &description(&said))]);
    let begun = oidc.begin("/", NOW).await.unwrap();
    let why = oidc.end(&returned(&begun), Some(&begun.kept), NOW).await.unwrap_err().why;
    assert!(why.contains("another provider"), "{why}");
}
