//! How well the CMDB fits what the alerts say, and itself; and of each finding what to do.

use askama::Template;
use axum::extract::State;

use super::HERE;
use crate::Api;
use crate::asked::Asked;
use crate::cmdb::health::{self, Health};
use crate::fault::Fault;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told;
use crate::pages::visitor::Visitor;

/// Shown of each list, unless that list alone is asked for.
const FIRST: usize = 10;

#[derive(Template)]
#[template(path = "cmdb_health.html")]
pub(super) struct Shown {
    shell: Shell,
    health: Health,
    findings: Vec<Finding>,
    /// One list alone.
    only: bool,
}

/// Something to mend, and what is to be mended.
struct Finding {
    /// Its part of the address.
    key: &'static str,
    title: &'static str,
    /// What it means, and what to do.
    advice: &'static str,
    /// How many there are.
    count: usize,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    /// The item it is about, or the name that is none.
    name: String,
    /// It is an item of the CMDB: there is a page of it.
    item: bool,
    text: String,
    /// Items that may be meant.
    items: Vec<String>,
}

impl Finding {
    fn listed(&self) -> usize {
        self.rows.len()
    }

    /// The API lists no more than that.
    fn is_cut(&self) -> bool {
        self.rows.len() < self.count
    }
}

impl Shown {
    fn is_well(&self) -> bool {
        self.findings.iter().all(|finding| finding.count == 0)
    }

    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }
}

pub(super) async fn health(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Shown>, Trouble> {
    asked.only(&["only"])?;
    let mut health = health::health(visitor.by(), State(api.clone())).await?.0;
    let mut findings = findings(&mut health);
    let only = asked.one("only");
    if let Some(only) = only {
        findings.retain(|finding| finding.key == only);
        if findings.is_empty() {
            return Err(Fault::not_found(format!("list `{only}` in the health of the CMDB")).into());
        }
    } else {
        findings.iter_mut().for_each(|finding| finding.rows.truncate(FIRST));
    }
    let only = only.is_some();
    Ok(Page(Shown { shell: Shell::new(&api, visitor, HERE, "Health of the CMDB"), health, findings, only }))
}

/// The most harmful first.
fn findings(health: &mut Health) -> Vec<Finding> {
    let counts = &health.counts;
    let of_items = |ids: &mut Vec<String>| {
        let row = |name| Row { name, item: true, ..Row::default() };
        std::mem::take(ids).into_iter().map(row).collect::<Vec<Row>>()
    };
    let texts = std::mem::take(&mut health.remarks);
    let contradictions = std::mem::take(&mut health.contradictions);
    vec![
        Finding {
            key: "names_missed",
            title: "Names that lead to no item",
            advice: "Alerts fire under these names, and count for no service. Add each as an alias of the item that is \
                     meant, or add the item.",
            count: counts.names_missed,
            rows: std::mem::take(&mut health.names_missed).into_iter().map(missed).collect(),
        },
        Finding {
            key: "services_without_evidence",
            title: "Services that nothing watches",
            advice: "No source has ever spoken of them, or of anything they require: that they look healthy means \
                     nothing. Let monitoring name them or what they require, or say here what they require.",
            count: counts.services_without_evidence,
            rows: of_items(&mut health.services_without_evidence),
        },
        Finding {
            key: "services_without_owner",
            title: "Services without an owner",
            advice: "Their incidents are assigned to nobody. Give each a team.",
            count: counts.services_without_owner,
            rows: of_items(&mut health.services_without_owner),
        },
        Finding {
            key: "contradictions",
            title: "Objectives that cannot hold together",
            advice: "One promise makes another impossible. Change one of the two.",
            count: counts.contradictions,
            rows: contradictions
                .into_iter()
                .map(|found| Row { name: found.ci, item: true, text: found.text, items: Vec::new() })
                .collect(),
        },
        Finding {
            key: "unknown_ids",
            title: "Ids that are no item's",
            advice: "Maintenance windows or changes name them, and mute or explain nothing there. Correct the window or \
                     the change, or add the item.",
            count: counts.unknown_ids,
            rows: std::mem::take(&mut health.unknown_ids).into_iter().map(unknown).collect(),
        },
        Finding {
            key: "items_unlinked",
            title: "Items that nothing is linked to",
            advice: "Their failure reaches no service, and nothing explains it. Say what requires them, or take them out.",
            count: counts.items_unlinked,
            rows: of_items(&mut health.items_unlinked),
        },
        Finding {
            key: "items_stale",
            title: "Items of which nothing was heard for 90 days",
            advice: "Monitoring spoke of them once. Look whether they still exist: if not, take them out.",
            count: counts.items_stale,
            rows: of_items(&mut health.items_stale),
        },
        Finding {
            key: "remarks",
            title: "What is odd",
            advice: "Nothing of this is wrong. Look whether it is meant.",
            count: counts.remarks,
            rows: texts.into_iter().map(|text| Row { text, ..Row::default() }).collect(),
        },
    ]
}

fn missed(missed: health::NameMissed) -> Row {
    let alerts = model::text::counted(missed.alerts, "alert");
    let fire = if missed.alerts == 1 { "fires" } else { "fire" };
    Row {
        name: missed.name,
        item: false,
        text: format!("{alerts} {fire}, from {}", missed.sources.join(", ")),
        items: missed.candidates,
    }
}

fn unknown(unknown: health::UnknownId) -> Row {
    let said =
        |what: &str, references: &[String]| (!references.is_empty()).then(|| format!("{what} {}", few(references)));
    let parts = [said("in the window", &unknown.windows), said("in the change", &unknown.changes)];
    Row { name: unknown.id, text: parts.into_iter().flatten().collect::<Vec<_>>().join("; "), ..Row::default() }
}

/// The first few, and how many more there are.
fn few(references: &[String]) -> String {
    const NAMED: usize = 5;
    let named = references.get(..NAMED).unwrap_or(references).join(", ");
    match references.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_missed_says_how_often_and_by_whom() {
        let row = missed(health::NameMissed {
            name: "db-9".to_owned(),
            alerts: 1,
            sources: vec!["zabbix".to_owned(), "prom".to_owned()],
            candidates: vec!["db-90".to_owned()],
        });
        assert_eq!((row.text.as_str(), row.items.len()), ("1 alert fires, from zabbix, prom", 1));
    }

    #[test]
    fn an_unknown_id_says_who_names_it_and_not_everybody() {
        let windows: Vec<String> = (1..=7).map(|number| format!("MW{number}")).collect();
        let row = unknown(health::UnknownId { id: "x".to_owned(), windows, changes: vec!["CHG1".to_owned()] });
        assert_eq!(row.text, "in the window MW1, MW2, MW3, MW4, MW5 and 2 more; in the change CHG1");
    }
}
