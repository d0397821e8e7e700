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
/// Of an answer that refuses, in the log: an error and its description.
const TROUBLE_BYTES_SHOWN: usize = 300;

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
        Box::pin(async move {
            let at = ask.url.clone();
            let told = answer(&http, ask).await.map_err(|error| format!("{error:#}"));
            if let Some(trouble) = trouble(&told) {
                telemetry::warning(&format!("signing in at the identity provider: {at} {trouble}"));
            }
            told
        })
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

/// For the log: who wanted to sign in reads it on the page, who runs the service has to know it too.
fn trouble(told: &Result<Told, String>) -> Option<String> {
    match told {
        Err(why) => Some(format!("does not answer: {why}")),
        Ok(Told { status: 200..=299, .. }) => None,
        Ok(Told { status, body }) => {
            let start = String::from_utf8_lossy(body.get(..TROUBLE_BYTES_SHOWN).unwrap_or(body)).into_owned();
            Some(format!("answers {status}: {}", start.escape_debug()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_people_out_is_logged_and_what_lets_them_in_is_not() {
        let told = |status, body: &str| Ok(Told { status, body: body.as_bytes().to_vec() });
        assert_eq!(trouble(&told(200, "{}")), None);
        let refused = trouble(&told(401, "{\"error\":\"invalid_client\"}\n")).unwrap();
        assert_eq!(refused, "answers 401: {\\\"error\\\":\\\"invalid_client\\\"}\\n");
        let long = trouble(&told(500, &"x".repeat(10_000))).unwrap();
        assert_eq!(long.len(), "answers 500: ".len() + TROUBLE_BYTES_SHOWN);
        let away = trouble(&Err("it refuses connections".to_owned()));
        assert_eq!(away.unwrap(), "does not answer: it refuses connections");
    }
}
