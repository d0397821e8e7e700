//! A recording with its truth, recorded or generated.

use std::path::Path;

use anyhow::Context as _;
use model::Cmdb;
use replay::truth::Truth;
use testkit::estate::{Plan, record};

pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) cmdb: Cmdb,
    pub(crate) text: String,
    pub(crate) truth: Truth,
    /// A pipeline file; empty for the shipped ones.
    pub(crate) pipeline: &'static str,
}

impl Recording {
    /// Those that stand in a folder, each in one of its own; none where no folder is named.
    pub(crate) fn all(folder: Option<&Path>) -> anyhow::Result<Vec<Recording>> {
        let Some(folder) = folder else { return Ok(Vec::new()) };
        let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        folders.retain(|folder| folder.join("events.ndjson.gz").is_file());
        folders.sort();
        let each = folders.iter().flat_map(|folder| PIPELINES.map(|pipeline| Recording::read(folder, pipeline)));
        each.collect()
    }

    fn read(folder: &Path, (told, pipeline): (&str, &'static str)) -> anyhow::Result<Recording> {
        let text = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
        };
        let events = std::fs::File::open(folder.join("events.ndjson.gz"))?;
        let cmdb = wire::cmdb::CmdbFile::read("cmdb.yaml", &text("cmdb.yaml")?);
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Recording {
            name: format!("{name}{told}"),
            cmdb: cmdb.map_err(|errors| anyhow::anyhow!("{errors:?}"))?.cmdb,
            text: std::io::read_to_string(flate2::read::GzDecoder::new(events))?,
            truth: Truth::parse(&text("truth.ndjson")?)?,
            pipeline,
        })
    }

    pub(crate) fn generated(plan: &Plan) -> Recording {
        let made = record(plan);
        let (text, truth) = made.texts();
        Recording {
            name: format!("{} items, seed {}", plan.items, plan.seed),
            cmdb: made.cmdb,
            text,
            truth: Truth::parse(&truth).expect("it is a truth"),
            pipeline: "",
        }
    }

    /// What an event is of.
    pub(crate) fn label(&self, event: usize) -> &str {
        self.truth.incident_of.get(&(event as u64)).map_or("-", String::as_str)
    }
}

/// How recordings are played: as shipped, and as a laboratory needs it that injects unrelated faults minutes apart into
/// the same items.
const PIPELINES: [(&str, &str); 2] = [
    ("", ""),
    (
        ", with a laboratory's windows",
        "name: laboratory\nquiet_period: 60s\nreopen_window: 60s\njoin_window: {gap: 2m}\n",
    ),
];
