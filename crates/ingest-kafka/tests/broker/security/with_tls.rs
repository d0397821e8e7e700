//! What needs OpenSSL.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{SASL, coming, is_told, reads, said, sasl};
use crate::broker::{home, tool, variable};
use crate::common::{firing, until};
use crate::world::with_topic;

const SSL: &str = "WATCHFIRE_TEST_KAFKA_SSL";
const SASL_SSL: &str = "WATCHFIRE_TEST_KAFKA_SASL_SSL";
const CA: &str = "WATCHFIRE_TEST_KAFKA_CA";

/// Where there is a broker, what trusts its certificate.
fn trust() -> Option<String> {
    std::env::var(CA).ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tls_records_are_read() {
    let trust = trust().unwrap_or_default();
    reads(SSL, &[("security.protocol", "SSL"), ("ssl.ca.location", &trust)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_broker_whose_certificate_is_not_trusted_one_is_told_where_to_look_and_the_process_goes_on() {
    let what_to_do = "look at the `ssl.` properties of `kafka.properties`";
    is_told(SSL, &[("security.protocol", "SSL")], what_to_do).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sasl_scram_sha_256_records_are_read() {
    reads(SASL, &sasl("SCRAM-SHA-256", "scram", "scram-secret")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sasl_scram_sha_512_over_tls_records_are_read() {
    let trust = trust().unwrap_or_default();
    let scram = sasl("SCRAM-SHA-512", "scram", "scram-secret");
    let over_tls = [("security.protocol", "SASL_SSL"), ("ssl.ca.location", trust.as_str())];
    reads(SASL_SSL, &[&scram[1..], &over_tls].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_token_that_nobody_signed_records_are_read() {
    let properties = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
        ("sasl.oauthbearer.config", "principal=watchfire"),
    ];
    reads(SASL, &properties).await;
}

/// Gives out tokens that are good for so long; how often it was asked.
fn token_endpoint(lifetime: Duration) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &token(lifetime));
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (url, asked)
}

fn answer(stream: TcpStream, token: &str) {
    let mut request = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        request.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        length = line.strip_prefix("content-length: ").map_or(length, |length| length.parse().unwrap());
    }
    request.read_exact(&mut vec![0; length]).unwrap();
    let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":60}}"#);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length";
    write!(request.get_mut(), "{head}: {}\r\n\r\n{body}", body.len()).unwrap();
}

/// One that nobody signed, as the tests' broker takes them.
fn token(lifetime: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = format!(r#"{{"sub":"watchfire","iat":{now},"exp":{}}}"#, now + lifetime.as_secs());
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tokens_of_an_identity_provider_records_are_read_and_tokens_are_renewed() {
    let (url, asked) = token_endpoint(Duration::from_secs(5));
    let properties = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.oauthbearer.method", "oidc"),
        ("sasl.oauthbearer.client.id", "watchfire"),
        ("sasl.oauthbearer.client.secret", "secret"),
        ("sasl.oauthbearer.token.endpoint.url", &url),
    ];
    with_topic(1, async |world| {
        let process = world.start_with(&[coming(world, SASL, &properties)]);
        world.send(0, &firing("with the first token"));
        world.exactly(1).await;
        until("the token is renewed", || async { asked.load(Ordering::Relaxed) >= 3 }).await;
        world.send(0, &firing("with a later one"));
        world.exactly(2).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_a_certificate_reads_what_only_its_owner_may_and_others_are_told_what_to_grant() {
    with_topic(1, async |world| {
        let trust = variable(CA);
        let acl = ["--add", "--allow-principal", "User:CN=client", "--operation", "Read", "--operation", "Describe"];
        let of_topic = ["--bootstrap-server", &world.address, "--topic", &world.name];
        tool("kafka-acls.sh", &[&acl[..], &of_topic].concat()).await;
        world.send(0, &firing("for a few"));
        super::listen();
        let process = world.start_with(&[coming(world, SASL, &sasl("PLAIN", "plain", "plain-secret"))]);
        until("it is told", || async { said().contains("grant Read and Describe on the topics of `kafka.sources`") })
            .await;
        assert!(world.alerts().await.is_empty());
        process.stop().await;
        let store = home().join("client.p12");
        let certificate = [
            ("security.protocol", "SSL"),
            ("ssl.ca.location", &trust),
            ("ssl.keystore.location", store.to_str().unwrap()),
            ("ssl.keystore.password", "watchfire"),
        ];
        let process = world.start_with(&[coming(world, SSL, &certificate)]);
        world.exactly(1).await;
        process.stop().await;
    })
    .await;
}
