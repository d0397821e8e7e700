//! Commands that need nothing but files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use crate::moment::Moment;
use crate::place::StorePlace;

/// Check configuration, pipeline and CMDB files.
///
/// Says of each fault `file:line:column: what, and what to do`, and ends with status 1 if there is any. A configuration
/// is checked together with the pipelines, CMDB files and secrets that it names.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire check watchfire.yaml\n  watchfire check pipelines cmdb.yaml")]
pub(crate) struct Check {
    /// Files, or folders to look through
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Run the cases that stand beside pipelines.
///
/// A case stands in the folder `cases` beside its pipeline, and is played with all pipelines of the folder that holds
/// them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire test pipelines")]
pub(crate) struct Test {
    /// A folder of pipelines, the folder of one, or a case
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Play recorded events through the engine, on their own clock.
///
/// Native events, one to a line; several files are one stream. The same files make the same bytes, whenever and wherever
/// they are played.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire replay may.ndjson.zst --cmdb cmdb.yaml --store sqlite://may.db --out may\n  \
                        zcat may.ndjson.gz | watchfire replay -"
)]
pub(crate) struct Replay {
    /// Recordings (NDJSON; `.gz` and `.zst` are unpacked), `-` for standard input
    #[arg(value_name = "EVENTS", required_unless_present_any = ["cmdb", "pipeline"])]
    pub(crate) events: Vec<PathBuf>,
    /// CMDB files; several are one CMDB
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) cmdb: Vec<PathBuf>,
    /// Pipeline files or folders of them, in place of the shipped ones
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) pipeline: Vec<PathBuf>,
    /// Keep what comes of it in this store, which must be empty
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<StorePlace>,
    /// Write links, alerts, incidents, problems and outages to this folder, as NDJSON
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on to this instant; without it the replay ends with its last event
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) until: Option<Moment>,
}

/// Print the JSON Schema of a file that people write, for editors.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire schema pipeline > pipeline.schema.json")]
pub(crate) struct Schema {
    #[arg(value_enum, value_name = "FILE")]
    pub(crate) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    #[value(alias = "config")]
    Configuration,
    #[value(alias = "pipelines")]
    Pipeline,
    Cmdb,
}

/// Print the OpenAPI document of what the service answers.
#[derive(Debug, Args)]
#[command(name = "openapi", after_help = "Example:\n  watchfire openapi > openapi.json")]
pub(crate) struct OpenApi {}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire completions bash > /etc/bash_completion.d/watchfire")]
pub(crate) struct Completions {
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}
