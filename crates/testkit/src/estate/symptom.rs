//! What monitoring says of an item that is harmed: each class is watched by a source of its own kind, at its own
//! interval, and says more of what began there than of what follows from it.

use super::cascade::{Harm, Reached};
use super::write::{Alert, Script};
use crate::random::SplitMix64;

/// One in so many items is watched by nobody.
const UNWATCHED_ONE_IN: usize = 10;
/// Of the alerts that should come, those that do not.
const LOST: f64 = 0.08;
/// Of the alerts, those that go off and on.
const FLAPPING: f64 = 0.05;

/// Who watches a class, how often it looks, and how long it waits before it says so, in seconds.
pub(super) struct Watch {
    pub(super) source: &'static str,
    interval: f64,
    patience: f64,
    /// The label that names the item.
    pub(super) label: &'static str,
}

pub(super) fn watch(class: &str) -> Watch {
    match class {
        "network" => Watch { source: "snmp", interval: 15.0, patience: 0.0, label: "instance" },
        "host" | "vm" | "storage" | "volume" | "location" => {
            Watch { source: "infra", interval: 30.0, patience: 0.0, label: "host" }
        }
        "service" => Watch { source: "synthetic", interval: 60.0, patience: 0.0, label: "service" },
        _ => Watch { source: "metrics", interval: 15.0, patience: 30.0, label: "instance" },
    }
}

/// Alert names with severities: of what began here, and of what follows.
type Names = &'static [(&'static str, &'static str)];

fn names(class: &str, harm: Harm, began_here: bool) -> Names {
    use Harm::{Degraded, Down};
    match (class, harm, began_here) {
        ("network", Down, _) => &[("SwitchUnreachable", "critical"), ("LinkDown", "major")],
        ("network", Degraded, _) => &[("PacketLoss", "major"), ("InterfaceErrors", "minor")],
        ("storage", Down, _) => &[("ControllerFailed", "critical"), ("ArrayOffline", "critical")],
        ("storage", Degraded, _) => &[("PoolNearlyFull", "major"), ("DiskFailed", "major")],
        ("volume", Down, true) => &[("VolumeOffline", "critical")],
        ("volume", Down, false) => &[("VolumeIoErrors", "major")],
        ("volume", Degraded, true) => &[("VolumeFull", "critical"), ("IoLatencyHigh", "minor")],
        ("volume", Degraded, false) => &[("IoLatencyHigh", "minor")],
        ("host", Down, true) => &[("HostUnreachable", "critical"), ("PowerSupplyFailed", "major")],
        ("host", Down, false) => &[("HostUnreachable", "critical")],
        ("host", Degraded, true) => &[("MemoryExhausted", "major"), ("CpuSaturated", "major")],
        ("host", Degraded, false) => &[("NetworkErrors", "minor")],
        ("vm", Down, _) => &[("MachineUnreachable", "critical")],
        ("vm", Degraded, true) => &[("DiskFull", "critical"), ("CpuSaturated", "major")],
        ("vm", Degraded, false) => &[("CpuSteal", "minor")],
        ("database-instance", Down, true) => &[("InstanceDown", "critical"), ("ProcessCrashed", "major")],
        ("database-instance", Down, false) => &[("InstanceDown", "critical")],
        ("database-instance", Degraded, true) => &[("ConnectionsExhausted", "major"), ("LockWaits", "minor")],
        ("database-instance", Degraded, false) => &[("QueriesSlow", "minor"), ("ReplicationLag", "minor")],
        ("database", Down, _) => &[("DatabaseUnavailable", "critical"), ("QueryErrors", "major")],
        ("database", Degraded, true) => &[("ConnectionsExhausted", "major"), ("QueriesSlow", "minor")],
        ("database", Degraded, false) => &[("QueriesSlow", "minor")],
        ("queue", Down, _) => &[("BrokerDown", "critical"), ("PublishErrors", "major")],
        ("queue", Degraded, true) => &[("QueueBacklog", "major"), ("BrokerMemoryHigh", "major")],
        ("queue", Degraded, false) => &[("QueueBacklog", "minor")],
        ("application-instance", Down, true) => &[("ProcessCrashed", "major"), ("InstanceDown", "major")],
        ("application-instance", Down, false) => &[("InstanceDown", "major")],
        ("application-instance", Degraded, _) => &[("ErrorRateHigh", "minor"), ("GarbageCollectionSlow", "warning")],
        ("application", Down, true) => &[("ErrorRateHigh", "critical"), ("DeploymentFailing", "major")],
        ("application", Down, false) => &[("ErrorRateHigh", "critical"), ("LatencyHigh", "minor")],
        ("application", Degraded, true) => &[("ErrorRateHigh", "major"), ("ThreadPoolExhausted", "major")],
        ("application", Degraded, false) => &[("LatencyHigh", "minor")],
        ("service-hub", Down, _) => &[("ServiceUnavailable", "critical"), ("RequestTimeouts", "major")],
        ("service-hub", Degraded, _) => &[("RequestTimeouts", "major")],
        ("service", Down, _) => &[("CheckFailed", "critical")],
        _ => &[("CheckSlow", "minor")],
    }
}

/// Whether anybody watches an item: always the same answer.
pub(super) fn watched(node: usize, seed: u64) -> bool {
    let of_node = seed ^ (node as u64).wrapping_mul(0x9e37_79b9);
    !SplitMix64::new(of_node).once_in(UNWATCHED_ONE_IN)
}

/// Says what is heard of a fault; `false` where that is nothing, and it is as if it had not been.
pub(super) fn tell(script: &mut Script<'_>, root: usize, reached: &[Reached]) -> bool {
    let mut alerts = Vec::new();
    for reached in reached {
        if watched(reached.node, script.plan.seed) {
            symptoms(script, root, reached, &mut alerts);
        }
    }
    if alerts.is_empty() {
        return false;
    }
    let label = script.fault(root, alerts.len());
    script.change_before(root, reached[0].at);
    for alert in alerts {
        script.alert(alert, Some(label.clone()));
    }
    true
}

fn symptoms(script: &mut Script<'_>, root: usize, reached: &Reached, alerts: &mut Vec<Alert>) {
    let class = script.estate.nodes[reached.node].class;
    let watch = watch(class);
    let mut late = 0.0;
    let names = names(class, reached.harm, reached.node == root);
    // Most say one thing; what began here says all it can.
    let said = if reached.node == root { names.len() } else { 1 + script.random.below(names.len()) };
    for (name, severity) in names.iter().take(said) {
        let detected = reached.at + watch.patience + script.random.share() * watch.interval + late;
        late += script.random.share() * 20.0;
        let clears = reached.until + script.random.share() * watch.interval;
        if script.random.share() < LOST || detected >= clears {
            continue;
        }
        let flaps = script.random.share() < FLAPPING;
        alerts.push(Alert { node: reached.node, name, severity, from: detected, until: clears, flaps });
    }
}
