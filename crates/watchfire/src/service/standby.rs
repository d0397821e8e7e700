//! Warm standby: of several processes over one database one is active, the others wait until it falls silent.
//!
//! Whoever waits answers, so that a balancer and a person see what it does: `/livez` with 200, everything else with 503
//! and `Retry-After`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use store::{Lease, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::signals::Signals;
use super::stop_asked;
use crate::place::holder;

/// Whoever waits looks so often whether the active process has fallen silent.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const RETRY_AFTER_SECONDS: &str = "1";

/// Returns once this process is the active one.
pub(super) async fn until_active(
    store: &Store,
    listener: TcpListener,
    signals: &mut Signals,
) -> anyhow::Result<TcpListener> {
    let holder = holder();
    let Lease::Another { holder: active } = store.take_lease(&holder).await? else { return Ok(listener) };
    let address = listener.local_addr()?;
    telemetry::notice(&format!("standing by at http://{address}: {active} is the active process"));
    let (listener, waiting) = Waiting::over(listener)?;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop_asked(signals) => bail!("stopped while it stood by"),
        }
        match store.take_lease(&holder).await {
            Ok(Lease::Ours) => break,
            Ok(Lease::Another { .. }) => {}
            Err(error) => telemetry::notice(&format!("standing by, and {error}")),
        }
    }
    telemetry::notice("the active process has fallen silent: taking over");
    waiting.end().await;
    Ok(listener)
}

/// What answers meanwhile, over the same socket.
struct Waiting {
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Waiting {
    fn over(listener: TcpListener) -> anyhow::Result<(TcpListener, Waiting)> {
        let listener = listener.into_std().context("the socket cannot be shared")?;
        let twin = TcpListener::from_std(listener.try_clone().context("the socket cannot be shared")?)?;
        let listener = TcpListener::from_std(listener)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/livez", get(|| async { "standing by" })).fallback(stands_by);
        let server = tokio::spawn(async move {
            let until = async move { drop(stopped.await) };
            drop(axum::serve(twin, router).with_graceful_shutdown(until).await);
        });
        Ok((listener, Waiting { stop, server }))
    }

    async fn end(self) {
        // A server that is gone has ended already.
        if self.stop.send(()).is_ok() {
            drop(self.server.await);
        }
    }
}

async fn stands_by() -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let problem = json!({
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": status.as_u16(),
        "detail": "this process stands by: another one is active. Ask that one, or the balancer in front of both",
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
        (RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS)),
    ];
    (status, headers, problem.to_string()).into_response()
}
