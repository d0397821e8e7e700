//! `GET /api/v2/status`: enough of a server's own account that Alertmanager's clients take us for one.

use serde::{Deserialize, Serialize};

use crate::v1::Instant;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    pub cluster: Cluster,
    pub version_info: VersionInfo,
    pub config: Config,
    /// Since when it runs.
    pub uptime: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cluster {
    /// `ready`, `settling` or `disabled`.
    pub status: String,
    pub peers: Vec<Peer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Peer {
    pub name: String,
    pub address: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionInfo {
    pub version: String,
    pub revision: String,
    pub branch: String,
    pub build_user: String,
    pub build_date: String,
    pub go_version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Config {
    /// A configuration in Alertmanager's own YAML: one receiver that gets everything.
    pub original: String,
}

impl ServerStatus {
    /// We gossip with nobody, so the cluster is disabled; `amtool` reads the routes from `config`.
    pub fn new(version: &str, started_at: Instant) -> ServerStatus {
        ServerStatus {
            cluster: Cluster { status: "disabled".to_owned(), peers: Vec::new() },
            version_info: VersionInfo { version: version.to_owned(), ..VersionInfo::default() },
            config: Config { original: "route:\n  receiver: watchfire\nreceivers:\n- name: watchfire\n".to_owned() },
            uptime: started_at,
        }
    }
}
