//! Secrets: written down where they are used, or in a file of their own. They are never shown.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    Inline(String),
    /// Read when it is needed, so that a configuration can be checked where its secrets are not.
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
                    bail!("the secret in {} is empty: write it there", path.display());
                }
                Ok(secret.to_owned())
            }
        }
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
