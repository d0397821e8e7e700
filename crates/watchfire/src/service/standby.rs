//! Warm standby: of several processes over one database one is active, the others wait until it falls silent.
//!
//! Whoever waits answers, so that a balancer and a person see what it does: `/livez` with 200, everything else with 503
//! and `Retry-After`.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use store::{Lease, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::signals::Signals;
use super::stop_asked;
use crate::place::holder;

/// Whoever waits looks so often whether the active process has fallen silent.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const RETRY_AFTER_SECONDS: &str = "1";
/// Requests that are under way when this process becomes the active one are answered in this time, or cut.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

/// Returns once this process is the active one; `None`: it was told to stop before.
pub(super) async fn until_active(
    store: &Store,
    listener: TcpListener,
    signals: &mut Signals,
) -> anyhow::Result<Option<TcpListener>> {
    let holder = holder();
    let Lease::Another { holder: active } = store.take_lease(&holder).await? else { return Ok(Some(listener)) };
    // The active one may be one of several, which write it in another way.
    if let Err(error @ StoreError::OtherMode { .. }) = store.fits().await {
        return Err(error.into());
    }
    let address = listener.local_addr()?;
    telemetry::notice(&format!("standing by at http://{address}: {active} is the active process"));
    let (listener, waiting) = Waiting::over(listener)?;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop_asked(signals) => {
                waiting.end().await;
                return Ok(None);
            }
        }
        match store.take_lease(&holder).await {
            Ok(Lease::Ours) => break,
            Ok(Lease::Another { .. }) => {}
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Busy { .. } | StoreError::Full)) => {
                telemetry::notice(&format!("standing by, and {error}"));
            }
            // Such as a schema that a newer version made: this process can never take over.
            Err(error) => return Err(error.into()),
        }
    }
    telemetry::notice("the active process has fallen silent: taking over");
    waiting.end().await;
    Ok(Some(listener))
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

    /// A request that somebody began and never ended does not hold up what follows.
    async fn end(mut self) {
        let asked = self.stop.send(()).is_ok();
        if !asked || tokio::time::timeout(ANSWERED_WITHIN, &mut self.server).await.is_err() {
            self.server.abort();
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
