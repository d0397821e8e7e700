//! Secrets: written down where they are used, or in a file of their own. They are never shown.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    Inline(String),
    /// Read when it is needed.
    File(PathBuf),
}

impl Secret {
    /// Without the line feed that editors leave at the end.
    pub(crate) fn read(&self) -> anyhow::Result<String> {
        match self {
            Secret::Inline(secret) => Ok(secret.clone()),
            Secret::File(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("the secret in {} cannot be read", path.display()))?;
                let secret = text.trim();
                if secret.is_empty() {
                    bail!("the secret in {} is empty", path.display());
                }
                Ok(secret.to_owned())
            }
        }
    }

    /// What is made with it; an error says where the configuration names it, and the file.
    pub(super) fn with<T>(&self, said_at: &str, make: impl FnOnce(&str) -> Result<T, String>) -> Result<T, String> {
        let secret = self.read().map_err(|why| format!("{said_at}: {why:#}: write it there, or name another file"))?;
        make(&secret).map_err(|why| match self {
            Secret::Inline(_) => format!("{said_at}: {why}"),
            Secret::File(path) => format!("{said_at}: in {}: {why}", path.display()),
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Inline(_) => f.write_str("Secret"),
            Secret::File(path) => write!(f, "Secret in {}", path.display()),
        }
    }
}
