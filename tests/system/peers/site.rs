//! A shop on a web server on a database: what is watched, and the service that is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::target::Target;
use crate::folder::Folder;
use crate::wait::holds;
use crate::watchfire::{Watchfire, configure};

/// Of the shipped pipelines, so that a test need not wait for their five minutes.
pub(super) const QUIET_PERIOD: SignedDuration = SignedDuration::from_secs(2);
const CMDB: &str = "items:
  - {id: shop, class: service, criticality: 1, requires: [web-1]}
  - {id: web-1, class: application, requires: [db-1]}
  - {id: db-1, class: database}
";

pub(super) struct Site {
    pub(super) watchfire: Watchfire,
    pub(super) web: Target,
    pub(super) database: Target,
    pub(super) folder: Folder,
}

impl Site {
    pub(super) fn new() -> Site {
        let folder = Folder::new();
        folder.write("cmdb.yaml", CMDB);
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("pipelines");
        for pipeline in ["alertmanager", "prometheus", "watchfire"] {
            let text = std::fs::read_to_string(shipped.join(pipeline).join("pipeline.yaml")).unwrap();
            let text = format!("{text}\nquiet_period: {}s\n", QUIET_PERIOD.as_secs());
            folder.write(&format!("pipelines/{pipeline}/pipeline.yaml"), &text);
        }
        configure(folder.path(), "cmdb: [cmdb.yaml]\npipelines: [pipelines]\n");
        let watchfire = Watchfire::start(folder.path());
        Site { watchfire, web: Target::new(), database: Target::new(), folder }
    }

    /// Host and address of what is scraped.
    pub(super) fn targets(&self) -> [(&'static str, String); 2] {
        [("web-1", self.web.address().to_string()), ("db-1", self.database.address().to_string())]
    }

    /// The one incident that there is, as soon as it is as wanted.
    pub(super) fn only_incident(&self, wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let mut incidents = self.watchfire.list("/api/v1/incidents");
        holds(incidents.len() == 1 && wanted(&incidents[0]), || format!("{incidents:#?}"))?;
        Ok(incidents.remove(0))
    }

    pub(super) fn alerts_by_host(&self) -> BTreeMap<String, Value> {
        let alerts = self.watchfire.list("/api/v1/alerts");
        let of_hosts =
            alerts.into_iter().filter_map(|alert| Some((alert["labels"]["host"].as_str()?.to_owned(), alert)));
        of_hosts.collect()
    }

    pub(super) fn sources_heard(&self) -> BTreeSet<String> {
        let status = self.watchfire.get("/api/v1/status");
        let sources = status["sources"].as_array().expect("the status lists sources");
        sources.iter().filter_map(|source| source["name"].as_str()).map(str::to_owned).collect()
    }
}

pub(super) fn instant(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no instant"))
}
