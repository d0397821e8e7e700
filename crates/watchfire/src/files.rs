//! What commands read from disk: files as text, and folders as the files in them that matter.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file with its name as errors say it.
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl TextFile {
    pub(crate) fn read(path: &Path) -> anyhow::Result<TextFile> {
        let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let text = String::from_utf8(bytes).ok();
        let text = text.with_context(|| format!("{} is not text in UTF-8: save it as such", path.display()))?;
        Ok(TextFile { path: path.to_owned(), text })
    }

    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

pub(crate) fn read_all<P: AsRef<Path>>(paths: &[P]) -> anyhow::Result<Vec<TextFile>> {
    paths.iter().map(|path| TextFile::read(path.as_ref())).collect()
}

/// Whether its name is that of a file people write configuration in.
pub(crate) fn is_written(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| matches!(ending, "yaml" | "yml" | "json"))
}

/// Every file below a folder whose name says that people wrote it, sorted; what is hidden is left alone.
pub(crate) fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(below(&path)?);
        } else if is_written(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The pipeline files that paths mean: a file is one; a folder is its own files and each `pipeline.yaml` a level below.
pub(crate) fn pipelines(paths: &[PathBuf]) -> anyhow::Result<Vec<TextFile>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        for entry in entries(path)? {
            let inside = ["pipeline.yaml", "pipeline.yml"].map(|name| entry.join(name));
            match entry.is_dir() {
                true => found.extend(inside.into_iter().filter(|inside| inside.is_file())),
                false if is_written(&entry) => found.push(entry),
                false => {}
            }
        }
        if found.len() == before {
            anyhow::bail!("{} holds no pipeline: name a file, or a folder of them", path.display());
        }
    }
    read_all(&found)
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = || -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    let mut paths = list().with_context(|| format!("{} cannot be read", folder.display()))?;
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    Ok(paths)
}
