//! Pipelines and CMDB files: read, checked, and put in force whole or not at all.

use std::sync::{Arc, RwLock};

use anyhow::Context as _;
use ingest_kafka::engines::Running;
use model::{Cmdb, Span};
use rules::PipelineSet;
use runtime::Runtime;
use store::Store;
use tokio::sync::Mutex;

use crate::config::Config;
use crate::inventory::{self, Care, Inventory};

/// Engines that follow a log take a policy up at the same instant of it, so long after it was read.
const POLICY_AHEAD: Span = Span::from_seconds(5);

/// What the files say now.
pub(super) struct Wanted {
    pub(super) pipelines: PipelineSet,
    /// `None`: no file says anything of the CMDB, and what the store has stays.
    pub(super) cmdb: Option<Cmdb>,
    pub(super) remarks: Vec<String>,
}

impl Wanted {
    pub(super) fn read(config: &Config, care: Care) -> anyhow::Result<Wanted> {
        let (pipelines, mut remarks) = inventory::pipelines(&config.pipelines)?;
        let cmdb = if config.cmdb.is_empty() {
            None
        } else {
            let inventory = Inventory::of_paths(&config.cmdb, care)?;
            remarks.extend(inventory.remarks);
            Some(inventory.cmdb)
        };
        Ok(Wanted { pipelines, cmdb, remarks })
    }
}

/// What is in force, and how it is replaced.
pub(super) struct InForce {
    config: Config,
    runtime: Runtime,
    store: Store,
    /// Shared with whoever decodes.
    pub(super) pipelines: Arc<RwLock<Arc<PipelineSet>>>,
    /// Engines of this process that go by the same policy.
    engines: Running,
    /// One reload at a time.
    turn: Mutex<()>,
}

impl InForce {
    pub(super) fn new(config: Config, runtime: Runtime, store: Store, wanted: &Wanted) -> InForce {
        let pipelines = Arc::new(RwLock::new(Arc::new(wanted.pipelines.clone())));
        InForce { config, runtime, store, pipelines, engines: Running::default(), turn: Mutex::new(()) }
    }

    /// The same for these engines, too.
    pub(super) fn over(self, engines: Running) -> InForce {
        InForce { engines, ..self }
    }

    pub(super) fn pipelines(&self) -> Arc<PipelineSet> {
        match self.pipelines.read() {
            Ok(set) => Arc::clone(&set),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// Reads the files again. Where anything is wrong, everything stays as it was.
    async fn reload(&self) -> anyhow::Result<String> {
        let wanted = Wanted::read(&self.config, Care::Strict)?;
        let remarks = wanted.remarks.clone();
        let changed = self.apply(wanted).await?;
        remarks.iter().for_each(|remark| telemetry::notice(remark));
        let cmdb = if changed { "a new version of the CMDB is in force" } else { "the CMDB is as it was" };
        Ok(format!("reloaded: {cmdb}, and the pipelines of the files"))
    }

    /// What came of it stands in the log, whoever asked for it.
    pub(super) async fn reload_and_say(&self) -> anyhow::Result<String> {
        let reloaded = self.reload().await;
        match &reloaded {
            Ok(done) => telemetry::notice(done),
            Err(error) => telemetry::warning(&format!("not reloaded, everything stays as it was: {error:#}")),
        }
        reloaded
    }

    /// The CMDB first: it is what can still be refused. Whether it is a new version.
    pub(super) async fn apply(&self, wanted: Wanted) -> anyhow::Result<bool> {
        let _turn = self.turn.lock().await;
        let changed = match wanted.cmdb {
            Some(cmdb) => self.put_cmdb(cmdb).await?,
            None => false,
        };
        let (policy, set) = (wanted.pipelines.policy(), Arc::new(wanted.pipelines));
        // An engine that is made from here on has it from its beginning.
        match self.pipelines.write() {
            Ok(mut pipelines) => *pipelines = set,
            Err(poisoned) => *poisoned.into_inner() = set,
        }
        let from = self.runtime.now() + POLICY_AHEAD;
        self.runtime.set_policy(policy.clone(), from);
        self.engines.all().iter().for_each(|engine| engine.set_policy(policy.clone(), from));
        Ok(changed)
    }

    async fn put_cmdb(&self, cmdb: Cmdb) -> anyhow::Result<bool> {
        let newest = self.store.newest_topology().await?;
        let known = newest.map(|version| version.cmdb).unwrap_or_default();
        let diff = topology::diff(&known, &cmdb);
        if diff.is_empty() {
            return Ok(false);
        }
        let (added, changed, removed) = (diff.added.len(), diff.changed.len(), diff.removed.len());
        telemetry::notice(&format!("the CMDB of the files: {added} items added, {changed} changed, {removed} removed"));
        self.runtime.set_cmdb(cmdb, None).await.context("the CMDB of the files could not be put in force")?;
        Ok(true)
    }
}
