//! Our own heartbeat, outward: whoever expects it learns when it stops.
//!
//! Rule: it beats only where the whole way from the door to the store works; a process that merely lives is silent.

use std::time::Duration;

use runtime::{PushAnswer, Runtime};

use crate::config::Watchdog;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn beat(runtime: Runtime, watchdog: Watchdog) {
    // Another part of the process may have chosen one already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let every = Duration::from_micros(watchdog.every.micros().unsigned_abs());
    let http = match reqwest::Client::builder().timeout(ANSWER_WITHIN).user_agent("watchfire").build() {
        Ok(http) => http,
        Err(error) => return telemetry::fatal(&format!("there is no heartbeat to {}: {error}", watchdog.url)),
    };
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Nothing in it, and committed like anything else.
        if let PushAnswer::Overloaded(why) = runtime.push(Vec::new(), 0, None).await {
            telemetry::notice(&format!("no heartbeat is sent, because nothing can be committed: {why:?}"));
            continue;
        }
        match http.get(&watchdog.url).send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => {}
            Err(error) => telemetry::delivery_failed("the watchdog", &error.without_url().to_string()),
        }
    }
}
