//! `watchfire run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use runtime::Time;

/// Run the service.
///
/// Without a configuration it keeps everything in ./watchfire-data and listens on http://127.0.0.1:8080. Variables
/// override the file: WATCHFIRE_HTTP__LISTEN is http.listen. SIGHUP reads pipelines and CMDB files again, SIGTERM ends
/// it in order.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire run\n  watchfire run --config /etc/watchfire/watchfire.yaml")]
pub(crate) struct Run {
    /// The configuration, as `watchfire schema configuration` describes it
    #[arg(long, value_name = "FILE", env = "WATCHFIRE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The parts that this process runs
    #[arg(long, value_enum, value_name = "ROLE", value_delimiter = ',', default_value = "ingest,engine,api")]
    pub(crate) role: Vec<Role>,
    /// Another clock, for demonstrations
    #[arg(long, hide = true, value_parser = super::clock::simulated)]
    pub(crate) clock: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Role {
    Ingest,
    Engine,
    Api,
}
