//! `tidy`: what must stay true between the code and what is written about it.
//!
//! Each check is a function from the repository's text to findings, so it is tested on a few lines of text. A finding
//! says where, what, and what to do. To add a rule: a module here, a line in [`findings`], a test on a small tree.

mod clock;
mod crates;
mod finding;
mod graph;
mod invariants;
mod limits;
mod links;
mod markdown;
mod metrics;
mod modules;
mod pure;
mod rooms;
mod root;
mod terms;
mod tree;
mod words;

use anyhow::bail;

use crate::workshop::Workshop;
use finding::Finding;
use tree::Tree;

pub(crate) fn run(workshop: &Workshop) -> anyhow::Result<()> {
    let findings = findings(workshop)?;
    findings.iter().for_each(|finding| println!("{finding}"));
    match findings.len() {
        0 => println!("tidy: code and documents agree"),
        count => bail!("tidy: {count} findings"),
    }
    Ok(())
}

fn findings(workshop: &Workshop) -> anyhow::Result<Vec<Finding>> {
    let tree = Tree::read(workshop.root())?;
    let packages = graph::packages(workshop)?;
    let mut findings = Vec::new();
    findings.extend(root::check(&tree));
    findings.extend(crates::check(&tree, &packages));
    findings.extend(pure::check(&tree, &packages));
    findings.extend(clock::check(&tree));
    findings.extend(modules::check(&tree));
    findings.extend(words::check(&tree));
    findings.extend(invariants::check(&tree));
    findings.extend(limits::check(&tree));
    findings.extend(metrics::check(&tree));
    findings.extend(links::check(&tree));
    findings.extend(terms::check(&tree));
    findings.sort();
    findings.dedup();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    #[test]
    fn the_repository_is_tidy() {
        let findings = findings(&Workshop::new(Budget::SHARE)).unwrap();
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
