//! `watchfire store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::place::{self, StorePlace};

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    Backup(Backup),
    Check(StoreCheck),
    Copy(StoreCopy),
}

/// Which store is meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreUrl {
    /// The store
    #[arg(long = "store", value_name = "URL", default_value = place::DEFAULT)]
    url: StorePlace,
}

impl StoreUrl {
    pub(crate) fn place(&self) -> &StorePlace {
        &self.url
    }
}

/// Write a copy of a whole store, while the service goes on.
///
/// The copy appears under its name only once it is complete. To restore it, stop the service and put the copy in the
/// store's place.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire store backup monday.db")]
pub(crate) struct Backup {
    /// Where nothing is yet
    #[arg(value_name = "FILE")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreUrl,
}

/// Copy a whole store into an empty one: how an installation moves from a file to PostgreSQL.
///
/// Stop the service first, and start it on the second store once the copy is complete. The first store stays as it is.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  watchfire store copy --from sqlite://watchfire-data/watchfire.db --to postgres://me@db/watchfire"
)]
pub(crate) struct StoreCopy {
    /// The store that is copied
    #[arg(long, value_name = "URL")]
    pub(crate) from: StorePlace,
    /// The store it goes to, where nothing is yet
    #[arg(long, value_name = "URL")]
    pub(crate) to: StorePlace,
}

/// Examine a store: the file, the chain of commits, and what must always hold of its rows.
///
/// Reads everything, also beside a running service. Ends with status 1 where something does not hold.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire store check --store sqlite://backups/monday.db")]
pub(crate) struct StoreCheck {
    #[command(flatten)]
    pub(crate) store: StoreUrl,
}
