//! A recording with its truth, recorded or generated.

use std::path::Path;

use anyhow::Context;
use model::Cmdb;
use replay::truth::Truth;
use testkit::estate::{Plan, record};

pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) cmdb: Cmdb,
    pub(crate) text: String,
    pub(crate) truth: Truth,
    truth_text: String,
    /// The pipeline that its origin demands; empty for the shipped ones.
    pub(crate) pipeline: &'static str,
}

impl Recording {
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Recording> {
        let file = std::fs::File::open(folder.join("events.ndjson.gz"))
            .with_context(|| format!("{} holds no events.ndjson.gz", folder.display()))?;
        let text = std::io::read_to_string(flate2::read::GzDecoder::new(file))?;
        let cmdb = std::fs::read_to_string(folder.join("cmdb.yaml"))?;
        let cmdb = wire::cmdb::CmdbFile::read("cmdb.yaml", &cmdb).map_err(|errors| anyhow::anyhow!("{errors:?}"))?.cmdb;
        let truth_text = std::fs::read_to_string(folder.join("truth.ndjson"))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pipeline = if name == "micross" { LABORATORY } else { "" };
        Ok(Recording { name, cmdb, text, truth: Truth::parse(&truth_text)?, truth_text, pipeline })
    }

    pub(crate) fn generated(plan: &Plan) -> Recording {
        let made = record(plan);
        let (text, truth_text) = made.texts();
        let truth = Truth::parse(&truth_text).expect("it is a truth");
        let name = format!("{} items, seed {}", plan.items, plan.seed);
        Recording { name, cmdb: made.cmdb, text, truth, truth_text, pipeline: "" }
    }

    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("events.ndjson"), &self.text)?;
        std::fs::write(folder.join("truth.ndjson"), &self.truth_text)?;
        Ok(())
    }
}

const LABORATORY: &str = "name: laboratory\nquiet_period: 60s\nreopen_window: 60s\njoin_window: {gap: 2m}\n";
