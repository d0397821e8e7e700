//! The packages of the workspace and what each of them depends on, as cargo says it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::workshop::{Workshop, output};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    /// From the root.
    pub(super) folder: String,
    /// What it may be built with in the product: `[dependencies]`, not those of tests or build scripts.
    pub(super) ours: BTreeSet<String>,
    pub(super) outside: BTreeSet<String>,
    pub(super) publishes: bool,
}

impl Package {
    pub(super) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// Reads no lock file and no registry, so it works without a network.
pub(super) fn packages(workshop: &Workshop) -> anyhow::Result<Vec<Package>> {
    let mut metadata = workshop.cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    parse(&output(&mut metadata)?, workshop.root())
}

fn parse(metadata: &str, root: &Path) -> anyhow::Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata printed no JSON")?;
    list(&metadata, "packages").map(|value| package(value, root)).collect()
}

fn package(value: &Value, root: &Path) -> anyhow::Result<Package> {
    let manifest = Path::new(text(value, "manifest_path")?);
    let folder = manifest.parent().unwrap_or(manifest);
    let folder = folder.strip_prefix(root).unwrap_or(folder);
    let normal = || list(value, "dependencies").filter(|dependency| dependency.get("kind").is_none_or(Value::is_null));
    let named = |ours: bool| {
        let mine = normal().filter(move |dependency| dependency.get("path").is_some_and(Value::is_string) == ours);
        mine.map(|dependency| text(dependency, "name").map(str::to_owned)).collect::<anyhow::Result<_>>()
    };
    Ok(Package {
        name: text(value, "name")?.to_owned(),
        folder: folder.to_string_lossy().into_owned(),
        ours: named(true)?,
        outside: named(false)?,
        publishes: value
            .get("publish")
            .is_none_or(|registries| registries.as_array().is_none_or(|list| !list.is_empty())),
    })
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    value.get(name).and_then(Value::as_str).with_context(|| format!("cargo metadata has a package without `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_normal_dependencies_are_imports() {
        let metadata = r#"{"packages": [{"name": "engine", "manifest_path": "/r/crates/engine/Cargo.toml", "publish": [],
          "dependencies": [
            {"name": "model", "kind": null, "path": "/r/crates/model"},
            {"name": "serde", "kind": null},
            {"name": "testkit", "kind": "dev", "path": "/r/crates/testkit"},
            {"name": "cc", "kind": "build"}]},
          {"name": "loose", "manifest_path": "/r/crates/loose/Cargo.toml", "publish": null, "dependencies": []}]}"#;
        let packages = parse(metadata, Path::new("/r")).unwrap();
        let engine = Package {
            name: "engine".into(),
            folder: "crates/engine".into(),
            ours: BTreeSet::from(["model".into()]),
            outside: BTreeSet::from(["serde".into()]),
            publishes: false,
        };
        assert_eq!(packages.first(), Some(&engine));
        assert!(packages.last().is_some_and(|loose| loose.publishes));
    }
}
