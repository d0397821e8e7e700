//! What fires without any fault, as it always does somewhere; and the changes that break nothing.

use super::cascade::ROUND_SECONDS;
use super::symptom::watched;
use super::write::{Alert, Script};

/// Alerts without a fault behind them, and their severities: mostly warnings.
const NAMES: [(&str, &str); 8] = [
    ("CpuHigh", "warning"),
    ("DiskFilling", "warning"),
    ("CertificateExpires", "warning"),
    ("BackupLate", "warning"),
    ("MemoryHigh", "warning"),
    ("ClockDrift", "minor"),
    ("JobFailed", "major"),
    ("ProbeFlaky", "major"),
];
/// So many of them are warnings.
const NAMES_OF_WARNINGS: usize = 5;
/// Around a round's faults, in seconds from where it begins.
const AROUND: (f64, f64) = (-600.0, 3600.0);

/// What stands for days: nobody is graded for it, but it is said again and again.
pub(super) fn standing(script: &mut Script<'_>) {
    let wanted = (script.estate.nodes.len() as f64 * script.plan.standing) as usize;
    let until = (script.plan.rounds + 1) as f64 * ROUND_SECONDS;
    for _ in 0..wanted {
        let node = script.random.below(script.estate.nodes.len());
        let (name, severity) = NAMES[script.random.below(NAMES_OF_WARNINGS)];
        let from = ROUND_SECONDS / 2.0 + script.random.share() * 3600.0;
        script.alert(Alert { node, name, severity, from, until, flaps: false }, None);
    }
}

/// As much as makes its share of all that fires, while faults are about.
pub(super) fn noise(script: &mut Script<'_>) {
    let share = script.plan.noise;
    let wanted = (script.firings() as f64 * share / (1.0 - share)).round() as usize;
    for nth in 0..wanted {
        let round = script.random.below(script.plan.rounds.max(1));
        let begin = (round + 1) as f64 * ROUND_SECONDS;
        let from = begin + AROUND.0 + script.random.share() * (AROUND.1 - AROUND.0);
        let node = script.random.below(script.estate.nodes.len());
        let (name, severity) = *script.random.pick(&NAMES);
        if script.estate.nodes[node].class == "location" || !watched(node, script.plan.seed) {
            continue;
        }
        let until = from + 120.0 + script.random.share() * 1800.0;
        script.alert(Alert { node, name, severity, from, until, flaps: false }, Some(format!("noise-{nth}").into()));
        if script.random.once_in(4) {
            let changed = script.random.below(script.estate.nodes.len());
            let at = from - script.random.share() * 1800.0;
            script.change(changed, at);
        }
    }
}
