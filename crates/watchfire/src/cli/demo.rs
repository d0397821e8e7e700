//! `watchfire demo`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// See the whole product on this machine, with nothing else installed.
///
/// A made-up company of about 200 items: ninety days of its history in seconds, then one live day, with monitoring
/// systems that push over HTTP, faults that cascade and people who act, on a clock that runs fast. What happened is
/// printed at the end, with its score against the known truth.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire demo\n  watchfire demo --for 30s --kill --port 8181\n  \
                        watchfire demo --for 30s --keep watchfire-demo\n  \
                        watchfire report availability --from -90d --store sqlite://watchfire-demo/watchfire.db")]
pub(crate) struct Demo {
    /// End by itself after so long; without it the service stays until Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) live: Option<Duration>,
    /// Where the service listens on this machine; 8080 unless said, or any other where that is taken
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Another company's luck
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Kill the service with -9 at the peak of the storm, and count what is lost or doubled
    #[arg(long)]
    pub(crate) kill: bool,
    /// Keep the store and the configuration here, in a new or empty folder, for reports and for a look around
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let span = model::Span::parse(text).filter(|span| *span >= model::Span::from_seconds(15));
    let span = span.ok_or_else(|| "say a duration of at least 15s, such as 60s or 2m".to_owned())?;
    Ok(Duration::from_micros(span.micros().unsigned_abs()))
}
