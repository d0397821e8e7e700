//! What is served: pushes, and everything that people and their tools ask. docs/contract.md section 5.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::anyhow;
use api::oidc::Oidc;
use api::{Api, Auth, Denied, Once, Parts, Role};
use axum::Router;
use axum::http::header::AUTHORIZATION;
use axum::serve::ListenerExt as _;
use ingest_http::{Gate, Ingest, Keyed};
use runtime::Runtime;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::reload::InForce;
use super::{door, provider};
use crate::config::Config;

/// Every route, and what ends its streams.
pub(super) fn router(
    config: &Config,
    runtime: &Runtime,
    store: &Store,
    in_force: &Arc<InForce>,
    listens_on: SocketAddr,
) -> anyhow::Result<(Router, Api)> {
    let auth = auth(config)?;
    let once = Once::new(runtime.clone(), store.clone());
    let ingest = Ingest::new(runtime.clone(), in_force.pipelines.clone(), gate(&auth), keyed(&once));
    let (reloaded, open) = (in_force.clone(), auth.is_open());
    let api = Api::new(Parts {
        runtime: runtime.clone(),
        store: store.clone(),
        pipelines: in_force.pipelines.clone(),
        auth,
        once,
        reload: Arc::new(move || {
            let in_force = reloaded.clone();
            Box::pin(async move { in_force.reload_and_say().await.map_err(|error| format!("{error:#}")) })
        }),
        cmdb_files: config.cmdb.iter().map(|path| path.display().to_string()).collect(),
        version: env!("CARGO_PKG_VERSION"),
    });
    let routes = ingest_http::router(ingest).merge(api::router(api.clone()));
    let routes = api::complete(routes, runtime.metrics().clone());
    Ok((door::guarded(routes, open, listens_on), api))
}

/// Until it is stopped; then what was begun is answered.
pub(super) async fn serve(listener: TcpListener, router: Router, api: Api, mut stopped: watch::Receiver<bool>) {
    let until = async move {
        drop(stopped.wait_for(|stopped| *stopped).await);
        api.end_streams();
    };
    // Answers are small, and somebody waits for each.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
        telemetry::fatal(&format!("HTTP ended: {error}"));
    }
}

fn auth(config: &Config) -> anyhow::Result<Auth> {
    let token = |token: &crate::config::Token| token.read().map_err(|why| anyhow!(why));
    let tokens = config.tokens.iter().map(token).collect::<anyhow::Result<_>>()?;
    let settings = config.oidc.as_ref().map(|oidc| oidc.read().map_err(|why| anyhow!(why))).transpose()?;
    let oidc = settings.map(|settings| anyhow::Ok(Oidc::new(settings, provider::fetch()?))).transpose()?;
    Ok(Auth::new(tokens).and_people_of(oidc))
}

/// Who may push.
fn gate(auth: &Auth) -> Gate {
    let auth = auth.clone();
    Arc::new(move |headers| {
        if auth.is_open() && !ingest_http::gate::is_from_here(headers) {
            return Err(ingest_http::Denied::Foreign);
        }
        let said = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        match auth.admit(said, Role::Ingest) {
            Ok(caller) => Ok(caller.name),
            Err(Denied::Missing) => Err(ingest_http::Denied::Missing),
            Err(Denied::Unknown | Denied::Over) => Err(ingest_http::Denied::Unknown),
            Err(Denied::Forbidden { .. }) => Err(ingest_http::Denied::Forbidden),
        }
    })
}

fn keyed(once: &Once) -> Keyed {
    let once = once.clone();
    Arc::new(move |items, bytes, key| {
        let once = once.clone();
        Box::pin(async move { once.push(items, bytes, key).await })
    })
}
