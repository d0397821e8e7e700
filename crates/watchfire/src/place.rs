//! The address of a store: `sqlite://` and the path of a file, or `postgres://` and a database.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{anyhow, bail};
use store::{Backend, Lease, Postgres, PostgresConfig, Sqlite, SqliteConfig, Store, StoreError};

/// Where a store is unless somebody says otherwise.
pub(crate) const DEFAULT: &str = "sqlite://watchfire-data/watchfire.db";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StorePlace {
    /// A file, its path relative or absolute.
    Sqlite(PathBuf),
    /// A database, with its password.
    Postgres { url: String, name: String },
}

impl StorePlace {
    /// Whether processes on several machines can have it open at once.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, StorePlace::Postgres { .. })
    }

    /// For the one process that writes it; made anew where there is none.
    pub(crate) async fn open(&self) -> anyhow::Result<Store> {
        Ok(match self {
            StorePlace::Sqlite(path) => file(path).await?,
            StorePlace::Postgres { url, .. } => {
                let store = database(url).await?;
                if let Lease::Another { holder } = store.take_lease(&holder()).await? {
                    close(&store).await;
                    bail!(
                        "{holder} has the store open ({self}): stop it, or give this one a store of its own; {BESIDE}"
                    );
                }
                store
            }
        })
    }

    /// The same for a process that may have to wait for its turn: [`Store::take_lease`] says when it has come.
    pub(crate) async fn open_beside(&self) -> anyhow::Result<Store> {
        match self {
            StorePlace::Sqlite(path) => file(path).await,
            StorePlace::Postgres { url, .. } => Ok(database(url).await?),
        }
    }

    /// For questions, also beside the service that writes it.
    pub(crate) async fn open_read_only(&self) -> Result<Store, StoreError> {
        Ok(match self {
            StorePlace::Sqlite(path) => Sqlite::open_read_only(path).await?.into(),
            StorePlace::Postgres { url, .. } => Postgres::open_read_only(url).await?.into(),
        })
    }

    /// To be copied as it is, also before this version has ever opened it.
    pub(crate) async fn open_to_copy(&self) -> Result<Store, StoreError> {
        match self {
            StorePlace::Sqlite(path) => Ok(Sqlite::open_to_copy(path).await?.into()),
            StorePlace::Postgres { .. } => self.open_read_only().await,
        }
    }
}

/// Without a password.
impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorePlace::Sqlite(path) => path.display().fmt(f),
            StorePlace::Postgres { name, .. } => write!(f, "PostgreSQL at {name}"),
        }
    }
}

async fn file(path: &Path) -> anyhow::Result<Store> {
    let opened = Sqlite::open(path, SqliteConfig::default()).await;
    Ok(opened.map_err(|error| taken(path, error))?.into())
}

async fn database(url: &str) -> Result<Store, StoreError> {
    Ok(Postgres::open(url, PostgresConfig::default()).await?.into())
}

/// A name that no other life of a process has, and that tells a person which one it is.
pub(crate) fn holder() -> String {
    let host = host();
    // The standard library keys each hash map at random, from the system's own source.
    let life = RandomState::new().build_hasher().finish();
    format!("process {} on {host} (life {life:016x})", std::process::id())
}

/// The name of this machine.
pub(crate) fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME"));
    host.map_or_else(|_| "a host".to_owned(), |name| name.trim().to_owned())
}

const BESIDE: &str = "`watchfire report` and `watchfire store check` read beside it";

/// What others can do meanwhile, in the words of the command line.
fn taken(path: &Path, error: StoreError) -> anyhow::Error {
    let StoreError::Locked { pid, .. } = &error else { return error.into() };
    let pid = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    anyhow!(
        "another process{pid} has the store open ({}): stop it, or give this one a store of its own; \
         {BESIDE}",
        path.display()
    )
}

/// Waits for what is under way and closes the files or connections.
pub(crate) async fn close(store: &Store) {
    match store.backend() {
        Backend::Sqlite(sqlite) => sqlite.close().await,
        Backend::Postgres(postgres) => postgres.close().await,
        Backend::Memory(_) => {}
    }
}

impl FromStr for StorePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<StorePlace, String> {
        let write = "write sqlite:// and a path, such as sqlite://watchfire-data/watchfire.db, or \
                     postgres://USER:PASSWORD@HOST/DATABASE";
        let Some((scheme, path)) = text.split_once("://") else {
            return Err(format!("`{text}` is no address of a store: {write}"));
        };
        match scheme {
            "sqlite" if path.contains('?') => {
                Err(format!("`{text}` has parameters, and a file takes none: end it before the `?`"))
            }
            "sqlite" if !path.is_empty() && !path.ends_with('/') => Ok(StorePlace::Sqlite(path.into())),
            "sqlite" => Err(format!("`{text}` names no file: {write}")),
            "postgres" | "postgresql" => {
                let name = Postgres::name_of(text).map_err(|error| error.to_string())?;
                Ok(StorePlace::Postgres { url: text.to_owned(), name })
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
            assert_eq!(text.parse(), Ok(StorePlace::Sqlite(path.into())));
        }
        assert!(DEFAULT.parse::<StorePlace>().is_ok());
    }

    #[test]
    fn a_database_is_named_without_its_password() {
        let place: StorePlace = "postgres://me:secret@db:5433/alerts".parse().unwrap();
        assert_eq!(place.to_string(), "PostgreSQL at db:5433/alerts (watchfire)");
        let told = "postgres://me:secret@db/alerts?options[search_path]=a;b".parse::<StorePlace>().unwrap_err();
        assert!(told.contains("postgres://db/alerts") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn what_is_no_address_says_what_would_be() {
        for text in ["x.db", "sqlite://", "sqlite://a/", "mysql://x"] {
            let told = text.parse::<StorePlace>().unwrap_err();
            assert!(told.contains("sqlite://") && told.contains("postgres://"), "{told}");
        }
        assert!("sqlite://a.db?mode=ro".parse::<StorePlace>().unwrap_err().contains("parameters"));
    }
}
