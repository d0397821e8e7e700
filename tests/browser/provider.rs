//! An identity provider of a test's own: it knows two people, asks no passwords, and is otherwise as strict as the
//! standard wants it. It shares nothing with the product.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use form_urlencoded::{Serializer, parse};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "watchfire";
pub(crate) const SECRET: &str = "client-secret-of-a-test";

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
}

struct Desk {
    issuer: String,
    key: EcdsaKeyPair,
    /// What was asked for, by the code that was given for it.
    given: Mutex<BTreeMap<String, Asked>>,
}

type Asked = BTreeMap<String, String>;

struct Request {
    path: String,
    asked: Asked,
    authorization: String,
}

impl Provider {
    pub(crate) fn start() -> Provider {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let desk = Arc::new(Desk { issuer: issuer.clone(), key, given: Mutex::default() });
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let desk = Arc::clone(&desk);
                std::thread::spawn(move || desk.serve(stream));
            }
        });
        Provider { issuer }
    }
}

impl Desk {
    /// A browser may open connections that it never uses.
    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = Request::read(&stream) else { return };
        let (status, kind, body) = match request.path.as_str() {
            "/.well-known/openid-configuration" => (200, "application/json", self.description().to_string()),
            "/keys" => (200, "application/json", self.keys().to_string()),
            "/auth" => (200, "text/html", self.asks_who(&request.asked)),
            "/token" => match self.token(&request) {
                Ok(token) => (200, "application/json", json!({"id_token": token, "token_type": "Bearer"}).to_string()),
                Err(why) => {
                    (400, "application/json", json!({"error": "invalid_grant", "error_description": why}).to_string())
                }
            },
            _ => (404, "text/plain", String::new()),
        };
        let length = body.len();
        // Who has gone meanwhile hears nothing.
        let _gone = write!(
            stream,
            "HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/auth"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
        })
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|number| BASE64.encode(number));
        json!({"keys": [{"kty": "EC", "use": "sig", "kid": "one", "alg": "ES256", "crv": "P-256", "x": x, "y": y}]})
    }

    /// A page with a link for each whom one could be.
    fn asks_who(&self, asked: &Asked) -> String {
        let mut given = self.given.lock().unwrap();
        let mut link = |who: &str| {
            let code = format!("{who}-{}", given.len());
            given.insert(code.clone(), asked.clone());
            let back = Serializer::new(String::new())
                .append_pair("code", &code)
                .append_pair("state", &asked["state"])
                .finish();
            format!(
                "<p><a id=\"{who}\" href=\"{}?{}\">{who}</a></p>",
                asked["redirect_uri"],
                back.replace('&', "&amp;")
            )
        };
        let people = ["ana", "zoe"].map(&mut link).concat();
        format!("<!doctype html><link rel=\"icon\" href=\"data:,\"><title>Who are you?</title>{people}")
    }

    fn token(&self, request: &Request) -> Result<String, &'static str> {
        let code = request.asked.get("code").ok_or("no code")?;
        let asked = self.given.lock().unwrap().remove(code).ok_or("a code that was not given, or was used")?;
        let client = BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}"));
        if request.authorization != format!("Basic {client}") || asked["client_id"] != CLIENT {
            return Err("another client");
        }
        if request.asked.get("redirect_uri") != asked.get("redirect_uri") {
            return Err("another way back");
        }
        let verifier = request.asked.get("code_verifier").map(String::as_str).unwrap_or_default();
        if asked["code_challenge"] != BASE64.encode(digest(&SHA256, verifier.as_bytes())) {
            return Err("not who began it");
        }
        let who = code.split('-').next().unwrap_or_default();
        Ok(self.signed(who, &asked["nonce"]))
    }

    /// Ana is on watch; Zoe sings in the choir.
    fn signed(&self, who: &str, nonce: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let groups = if who == "ana" { json!(["choir", "sre"]) } else { json!(["choir"]) };
        let claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": format!("id-of-{who}"), "preferred_username": who,
            "groups": groups, "nonce": nonce, "iat": now, "exp": now + 60,
        });
        let header = json!({"alg": "ES256", "kid": "one", "typ": "JWT"});
        let said = [header, claims].map(|part| BASE64.encode(part.to_string())).join(".");
        let signature = self.key.sign(&SystemRandom::new(), said.as_bytes()).unwrap();
        format!("{said}.{}", BASE64.encode(signature))
    }
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Request> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let target = line.split(' ').nth(1)?.to_owned();
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "authorization" => authorization = value.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let asked = parse(query.as_bytes()).into_owned().chain(parse(&body).into_owned()).collect();
        Some(Request { path: path.to_owned(), asked, authorization })
    }
}
