//! The address of a store: `sqlite://` and the path of a file, relative or absolute.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::anyhow;
use store::{Sqlite, SqliteConfig, Store, StoreError};

/// Where a store is unless somebody says otherwise.
pub(crate) const DEFAULT: &str = "sqlite://watchfire-data/watchfire.db";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StorePlace {
    path: PathBuf,
}

impl StorePlace {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For the one process that writes it; made anew where there is none.
    pub(crate) async fn open(&self) -> anyhow::Result<Store> {
        let opened = Sqlite::open(&self.path, SqliteConfig::default()).await;
        Ok(Store::Sqlite(opened.map_err(|error| taken(&self.path, error))?))
    }

    /// For questions, also beside the service that writes it.
    pub(crate) async fn open_read_only(&self) -> Result<Store, StoreError> {
        Ok(Store::Sqlite(Sqlite::open_read_only(&self.path).await?))
    }

    /// To be copied as it is, also before this version has ever opened it.
    pub(crate) async fn open_to_copy(&self) -> Result<Store, StoreError> {
        Ok(Store::Sqlite(Sqlite::open_to_copy(&self.path).await?))
    }
}

/// What others can do meanwhile, in the words of the command line.
fn taken(path: &Path, error: StoreError) -> anyhow::Error {
    let StoreError::Locked { pid, .. } = &error else { return error.into() };
    let pid = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    anyhow!(
        "another process{pid} has the store open ({}): stop it, or give this one a store of its own; \
         `watchfire report` and `watchfire store check` read beside it",
        path.display()
    )
}

/// Waits for what is under way and closes the files.
pub(crate) async fn close(store: &Store) {
    match store {
        Store::Sqlite(sqlite) => sqlite.close().await,
        Store::Memory(_) => {}
    }
}

impl FromStr for StorePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<StorePlace, String> {
        let write = "write sqlite:// and a path, such as sqlite://watchfire-data/watchfire.db";
        let Some((scheme, path)) = text.split_once("://") else {
            return Err(format!("`{text}` is no address of a store: {write}"));
        };
        match scheme {
            "sqlite" if path.contains('?') => {
                Err(format!("`{text}` has parameters, and a store takes none: end it before the `?`"))
            }
            "sqlite" if !path.is_empty() && !path.ends_with('/') => Ok(StorePlace { path: path.into() }),
            "sqlite" => Err(format!("`{text}` names no file: {write}")),
            "postgres" | "postgresql" => {
                Err(format!("this version keeps its store in SQLite only, and PostgreSQL comes later: {write}"))
            }
            other => Err(format!("`{other}` is no store that this version knows: {write}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_relative_or_absolute() {
        for (text, path) in [
            ("sqlite://x.db", "x.db"),
            ("sqlite://a/b.db", "a/b.db"),
            ("sqlite:///var/lib/watchfire/w.db", "/var/lib/watchfire/w.db"),
        ] {
            assert_eq!(text.parse::<StorePlace>().unwrap().path(), Path::new(path));
        }
        assert!(DEFAULT.parse::<StorePlace>().is_ok());
    }

    #[test]
    fn what_is_no_address_says_what_would_be() {
        for text in ["x.db", "sqlite://", "sqlite://a/", "sqlite://a.db?mode=ro", "postgres://host/db", "mysql://x"] {
            let told = text.parse::<StorePlace>().unwrap_err();
            assert!(told.contains("sqlite://"), "{told}");
        }
    }
}
