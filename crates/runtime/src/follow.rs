//! The live view of a process that decides nothing: what engines committed elsewhere is shown here too, a moment later.
//!
//! Everything is loaded once; from then on the store says what was committed since, and only those rows are read. Where it
//! cannot say that any more, because too much was missed or a server came back without its newest commits, everything is
//! loaded again, and whoever watches is told to read everything anew.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use store::{CmdbVersion, Heard, Loaded, News, Store, StoreError};
use topology::Graph;

use crate::clock::Time;
use crate::driver::{Runtime, longer_each_time};
use crate::live::LiveView;

/// The store is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

impl Runtime {
    /// Shows what others commit to a store, for as long as this process lives.
    pub fn follow(&self, store: Store) {
        let follower = Follower {
            store,
            live: self.live().clone(),
            graph: self.shared_graph(),
            time: self.time(),
            heard: None,
            versions: BTreeMap::new(),
        };
        // It ends with the process.
        drop(tokio::spawn(follower.run()));
    }
}

struct Follower {
    store: Store,
    live: Arc<LiveView>,
    graph: Arc<RwLock<Arc<Graph>>>,
    time: Time,
    /// The commits that are shown; `None`: nothing is yet.
    heard: Option<Heard>,
    /// Of the CMDB, those that are not in force yet.
    versions: BTreeMap<u64, CmdbVersion>,
}

impl Follower {
    async fn run(mut self) {
        let mut failed = 0;
        loop {
            let pause = match self.look().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK_EVERY,
                Err(error) => {
                    telemetry::load_failed(&error);
                    failed += 1;
                    tokio::time::sleep(longer_each_time(failed)).await;
                    continue;
                }
            };
            failed = 0;
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether there is more to show already. After an error what was shown stays, and the next look goes on from there.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let news = match &self.heard {
            Some(heard) => self.store.news(heard).await?,
            None => None,
        };
        let more = match news {
            Some(news) => self.show(news),
            None => self.load().await?,
        };
        self.look_at_cmdb().await?;
        Ok(more)
    }

    /// Everything there is, of one moment. What is committed between the two questions is heard of once more.
    async fn load(&mut self) -> Result<bool, StoreError> {
        let heard = self.store.heard().await?;
        let mut loaded = self.store.load().await?;
        self.versions = std::mem::take(&mut loaded.topology).into_iter().map(|at| (at.version, at)).collect();
        self.live.replace(&Loaded { commits: place(&heard), clock: heard.clock(), ..loaded });
        self.heard = Some(heard);
        Ok(false)
    }

    fn show(&mut self, news: News) -> bool {
        let News { steps, heard, more } = news;
        if self.heard.as_ref() != Some(&heard) {
            self.live.show(steps, place(&heard), heard.clock().unwrap_or_default());
            self.heard = Some(heard);
        }
        more
    }

    /// A version is shown once it is in force.
    async fn look_at_cmdb(&mut self) -> Result<(), StoreError> {
        let in_force = self.graph.read().map_or(0, |graph| graph.version());
        let newest = self.versions.last_key_value().map_or(in_force, |(version, _)| *version);
        let later = self.store.topology_after(newest).await?;
        self.versions.extend(later.into_iter().map(|version| (version.version, version)));
        let now = self.time.now();
        let mut newly = None;
        while let Some(entry) = self.versions.first_entry().filter(|entry| entry.get().from <= now) {
            newly = Some(entry.remove());
        }
        if let Some(CmdbVersion { version, cmdb, .. }) = newly
            && let Ok(mut graph) = self.graph.write()
        {
            *graph = Arc::new(Graph::build_lenient(&cmdb, version).0);
        }
        Ok(())
    }
}

/// What the view counts its showings by: it rises with every commit, in whichever process, and is never that of a view
/// which has loaded nothing.
fn place(heard: &Heard) -> u64 {
    heard.commits() + 1
}
