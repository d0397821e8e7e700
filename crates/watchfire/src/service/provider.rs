//! How the identity provider is asked: the only requests that signing in makes to elsewhere.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use api::oidc::{Ask, Fetch, Told};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, redirect};

/// Somebody waits for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// What a provider says of itself, and its keys, are a few KiB.
const ANSWER_BYTES_MAX: usize = 1 << 20;

pub(super) fn fetch() -> anyhow::Result<Fetch> {
    // Another part of the process may have chosen one already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    // What is secret goes where the configuration says, and nowhere else.
    let client = || Client::builder().timeout(ANSWER_WITHIN).redirect(redirect::Policy::none()).user_agent("watchfire");
    let over_tls = client().build().context("no identity provider can be asked")?;
    // In the clear only this machine is asked, and no proxy on the way to it.
    let in_the_clear = client().no_proxy().build().context("no identity provider can be asked")?;
    Ok(Arc::new(move |ask: Ask| {
        let http = if ask.url.starts_with("https://") { over_tls.clone() } else { in_the_clear.clone() };
        Box::pin(async move { answer(&http, ask).await.map_err(|error| format!("{error:#}")) })
    }))
}

async fn answer(http: &Client, ask: Ask) -> anyhow::Result<Told> {
    let request = match ask.form {
        Some(form) => http.post(&ask.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form),
        None => http.get(&ask.url),
    };
    let request = request.header(ACCEPT, "application/json");
    let request = ask.authorization.into_iter().fold(request, |request, said| request.header(AUTHORIZATION, said));
    let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        anyhow::ensure!(body.len() + chunk.len() <= ANSWER_BYTES_MAX, "it answers more than {ANSWER_BYTES_MAX} bytes");
        body.extend_from_slice(&chunk);
    }
    Ok(Told { status: response.status().as_u16(), body })
}
