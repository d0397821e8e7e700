//! The service under load, as anybody sees it: its metrics, its alerts.

use anyhow::{Context as _, bail, ensure};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

/// Alerts of one page.
const PAGE: &str = "1000";

#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) url: String,
    client: reqwest::Client,
}

/// What is stored of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) alerts: u64,
    /// The sum of how many events each had.
    pub(crate) events: u64,
}

impl Service {
    pub(crate) fn at(url: &str) -> anyhow::Result<Service> {
        let host = reqwest::Url::parse(url).context("`--to` is no address")?;
        let is_loopback = host.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        ensure!(is_loopback, "load goes to the loopback interface only, not to {url}");
        let client = reqwest::Client::builder().build()?;
        Ok(Service { url: url.trim_end_matches('/').to_owned(), client })
    }

    pub(crate) async fn push(&self, body: String) -> anyhow::Result<()> {
        answered(self.client.post(format!("{}/ingest/v1/events", self.url)).body(body)).await?;
        Ok(())
    }

    /// Events that were committed since the process started.
    pub(crate) async fn committed(&self) -> anyhow::Result<u64> {
        let text = answered(self.client.get(format!("{}/metrics", self.url))).await?.text().await?;
        let lines = text.lines().filter(|line| line.starts_with("watchfire_events_total{"));
        let counts = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        Ok(counts.sum::<f64>() as u64)
    }

    /// Every alert of the run, counted.
    pub(crate) async fn stored(&self, run: &str) -> anyhow::Result<Stored> {
        let (mut stored, mut cursor) = (Stored::default(), None::<String>);
        loop {
            let from = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
            let page = self.client.get(format!("{}/api/v1/alerts?limit={PAGE}{from}", self.url));
            let page: Value = answered(page).await?.json().await?;
            let items = page["items"].as_array().context("the alerts are no list")?;
            let items: Vec<&Value> = items.iter().filter(|alert| alert["source"] == run).collect();
            stored.alerts += items.len() as u64;
            stored.events += items.iter().filter_map(|alert| alert["count"].as_u64()).sum::<u64>();
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(stored);
            }
        }
    }
}

/// An answer that is none of success is an error with what it says.
async fn answered(request: RequestBuilder) -> anyhow::Result<Response> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    bail!("{} {}: {}", response.url().clone(), response.status(), response.text().await.unwrap_or_default())
}
