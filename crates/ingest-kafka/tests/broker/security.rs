//! Who we are to the broker, and who it is to us: TLS, and SASL by every mechanism that needs no Kerberos.
//!
//! In a build without the feature `tls` only PLAIN is there, and the other tests say that they did not run.

#[cfg(feature = "tls")]
mod with_tls;

use std::io::{self, Write};
use std::sync::{Mutex, Once};
use std::time::Duration;

use ingest_kafka::Config;
use tokio::sync::oneshot::error::TryRecvError;

#[cfg(not(feature = "tls"))]
use crate::broker::skip;
use crate::broker::variable;
use crate::common::{firing, until};
use crate::world::{World, with_topic};

const SASL: &str = "WATCHFIRE_TEST_KAFKA_SASL";

/// A reader that comes this way.
fn coming(world: &World, way: &str, properties: &[(&str, &str)]) -> Config {
    Config { brokers: vec![variable(way)], ..world.config_with(true, properties) }
}

/// Whoever comes this way reads.
async fn reads(way: &str, properties: &[(&str, &str)]) {
    with_topic(1, async |world| {
        world.send(0, &firing("before"));
        let process = world.start_with(&[coming(world, way, properties)]);
        world.exactly(1).await;
        world.send(0, &firing("after"));
        world.exactly(2).await;
        process.stop().await;
    })
    .await;
}

/// Whoever comes this way reads nothing, is told what to look at, and is not ended for it.
async fn is_told(way: &str, properties: &[(&str, &str)], what_to_do: &str) {
    with_topic(1, async |world| {
        world.send(0, &firing("unread"));
        listen();
        let mut process = world.start_with(&[coming(world, way, properties)]);
        until("it is told", || async { said().contains(what_to_do) }).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(world.alerts().await.is_empty());
        assert_eq!(process.told[1].try_recv(), Err(TryRecvError::Empty), "it tries again");
        process.stop().await;
    })
    .await;
}

static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// What is written down for an operator is kept from now on.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Kept).init());
}

fn said() -> String {
    String::from_utf8_lossy(&SAID.lock().unwrap()).into_owned()
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SAID.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sasl<'p>(mechanism: &'p str, name: &'p str, password: &'p str) -> [(&'p str, &'p str); 4] {
    let protocol = ("security.protocol", "SASL_PLAINTEXT");
    [protocol, ("sasl.mechanism", mechanism), ("sasl.username", name), ("sasl.password", password)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sasl_plain_records_are_read() {
    reads(SASL, &sasl("PLAIN", "plain", "plain-secret")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_wrong_password_one_is_told_where_to_look_and_the_process_goes_on() {
    is_told(SASL, &sasl("PLAIN", "plain", "wrong"), "look at the `sasl.` properties of `kafka.properties`").await;
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_scram_and_oauthbearer_need_a_build_with_openssl() {
    static SAID: Once = Once::new();
    skip(&SAID, "TLS, SCRAM and OAUTHBEARER are not tested in a build without the feature `tls`");
}
