//! `watchfire cmdb health`: what a running service knows of how well its CMDB fits.

use serde_json::Value;

use crate::cli::CmdbHealth;
use crate::commands::people::{Desk, Page, each, word};
use crate::console::Console;
use crate::outcome::Outcome;

const PATH: &str = "/api/v1/cmdb/health";

/// Its key, the heading, and an entry in words.
type Part = (&'static str, &'static str, fn(&Value) -> String);

const PARTS: [Part; 8] = [
    ("names_missed", "Names that lead to no item", missed),
    ("services_without_evidence", "Services without evidence", word),
    ("services_without_owner", "Services without an owner", word),
    ("items_stale", "Items of which nothing was heard for 90 days", word),
    ("items_unlinked", "Items that nothing is linked with", word),
    ("unknown_ids", "Ids that no item has", unknown),
    ("contradictions", "Objectives that cannot hold together", |entry| word(&entry["text"])),
    ("remarks", "Remarks", word),
];

pub(super) async fn health(args: CmdbHealth, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&args.shown, console)?;
    let health = desk.client.get(PATH, &Vec::new()).await?;
    desk.one(&health, in_full)
}

fn in_full(health: &Value) -> String {
    let mut page = Page::titled(&format!("CMDB, version {}", health["version"])).with_names("alerts unbound".len());
    for key in ["items", "services", "alerts_unbound"] {
        page.line(&key.replace('_', " "), word(&health[key]));
    }
    for (key, heading, entry) in PARTS {
        let count = health["counts"][key].as_u64().unwrap_or_default();
        let shown = each(&health[key]).count() as u64;
        let more = (count > shown).then(|| format!("and {} more", count - shown));
        page.part(&format!("{heading}: {count}"), each(&health[key]).map(entry).chain(more));
    }
    page.text()
}

fn missed(name: &Value) -> String {
    let candidates = word(&name["candidates"]);
    let meant =
        if candidates.is_empty() { String::new() } else { format!("; each of these could be meant: {candidates}") };
    format!("{}  {} of {}{meant}", word(&name["name"]), word(&name["alerts"]), word(&name["sources"]))
}

fn unknown(id: &Value) -> String {
    let [windows, changes] = ["windows", "changes"].map(|key| word(&id[key]));
    let parts = [("maintenance", windows), ("changes", changes)];
    let named: Vec<String> =
        parts.into_iter().filter(|(_, by)| !by.is_empty()).map(|(what, by)| format!("{what} {by}")).collect();
    format!("{}  named by {}", word(&id["id"]), named.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn health_is_told_list_by_list_with_how_many_there_are() {
        let health = json!({
            "version": 3, "items": 9, "services": 2, "alerts_unbound": 4,
            "counts": {"names_missed": 1, "services_without_owner": 120, "unknown_ids": 1, "items_stale": 0},
            "names_missed": [{"name": "db-77", "alerts": 4, "sources": ["prom"], "candidates": []}],
            "services_without_owner": ["shop"],
            "items_stale": [],
            "unknown_ids": [{"id": "ghost", "windows": ["MW1"], "changes": ["CHG1", "CHG2"]}],
        });
        let told = in_full(&health);
        assert!(told.starts_with("CMDB, version 3\n"), "{told}");
        for line in [
            "alerts unbound  4\n",
            "Names that lead to no item: 1\n  db-77  4 of prom\n",
            "Services without an owner: 120\n  shop\n  and 119 more\n",
            "Ids that no item has: 1\n  ghost  named by maintenance MW1, changes CHG1, CHG2\n",
        ] {
            assert!(told.contains(line), "{line}: {told}");
        }
        assert!(!told.contains("90 days"), "{told}");
    }
}
