//! `watchfire cmdb`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::connection::Shown;
use crate::place::StorePlace;

#[derive(Debug, Subcommand)]
pub(crate) enum Cmdb {
    Import(Import),
    Check(CmdbCheck),
    Show(CmdbShow),
    Health(CmdbHealth),
}

/// Import CMDB files into a running service.
///
/// An import adds items and replaces those of the same id; --replace makes the files the whole CMDB. The graph is
/// versioned: what was judged before stays judged by the version it was judged by. Where anything is wrong nothing is
/// imported.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire cmdb import cmdb.yaml --dry-run\n  watchfire cmdb import hosts.yaml services.yaml --replace"
)]
pub(crate) struct Import {
    /// YAML or JSON; several are one CMDB
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave out, and list, what names an item that does not exist
    #[arg(long)]
    pub(crate) lenient: bool,
    /// The files are the whole: what they do not name is removed
    #[arg(long)]
    pub(crate) replace: bool,
    /// Although more than 10 % of the items would be removed
    #[arg(long, requires = "replace")]
    pub(crate) allow_removals: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Check CMDB files, without a service.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire cmdb check cmdb.yaml")]
pub(crate) struct CmdbCheck {
    /// YAML or JSON; several are one CMDB
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Leave out, and list, what names an item that does not exist
    #[arg(long)]
    pub(crate) lenient: bool,
}

/// An item, and how it is linked; of a store, as a CMDB file would have it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire cmdb show db-7\n  watchfire cmdb show db-7 --store sqlite://watchfire-data/watchfire.db"
)]
pub(crate) struct CmdbShow {
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Read this store, without a service
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    pub(crate) store: Option<StorePlace>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// How well the CMDB fits what the alerts say, and itself.
///
/// Names that lead to no item, services that nothing watches or nobody owns, items that nobody speaks of any more or that
/// nothing is linked with, ids that windows and changes name and no item has, objectives that cannot hold together.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire cmdb health --url http://127.0.0.1:8080")]
pub(crate) struct CmdbHealth {
    #[command(flatten)]
    pub(crate) shown: Shown,
}
