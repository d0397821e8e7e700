//! A CMDB in a few lines.
//!
//! ```text
//! checkout{service,crit=1,name=Checkout} -> payments -> db-7{database}
//! checkout -[2 of 3]-> web-1 web-2 web-3      a group that needs two of them
//! checkout ~> mailer                          uses
//! web-1 -- web-2                              connected
//! web-1 web-2 @ rack-4                        located in
//! class network down_at=major                 a class; `service` after its name makes its items services
//! ```
//! An arrow leads from every item on its left to every one on its right. Attributes may stand wherever an item is
//! named: a bare word is its class (`application` where nothing says it), `crit`, `env`, `team`, `name` and `alias` what
//! they say.

use model::item::{Class, RedundantGroup, Relation, RelationKind};
use model::{CiId, Cmdb, ConfigurationItem, Severity};
use topology::{Graph, Topology};

/// Reads a CMDB.
pub fn cmdb(text: &str) -> Cmdb {
    let mut cmdb = Cmdb::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("class ") {
            Some(said) => cmdb.classes.push(class(said)),
            None => chain(&mut cmdb, line),
        }
    }
    cmdb
}

/// One graph, version 1, for all time.
pub fn topology(text: &str) -> Topology {
    Topology::new(graph(text, 1))
}

pub fn graph(text: &str, version: u64) -> Graph {
    Graph::build(&cmdb(text), version).unwrap_or_else(|faults| panic!("the CMDB is not sound: {faults:?}"))
}

enum Arrow {
    To(RelationKind),
    Group(u32),
}

fn class(said: &str) -> Class {
    let mut words = said.split_whitespace();
    let id = words.next().expect("a class has an id");
    let mut class = Class::implied(id);
    for word in words {
        match word.split_once('=') {
            Some(("down_at", severity)) => class.down_at = severity_of(severity),
            None if word == "service" => class.service = true,
            _ => panic!("`{word}` says nothing of a class: write down_at=SEVERITY or service"),
        }
    }
    class
}

fn severity_of(word: &str) -> Severity {
    Severity::from_word(word).unwrap_or_else(|| panic!("`{word}` is no severity"))
}

fn chain(cmdb: &mut Cmdb, line: &str) {
    let mut left: Vec<CiId> = Vec::new();
    let mut right: Vec<CiId> = Vec::new();
    let mut by: Option<Arrow> = None;
    for word in words(line) {
        match arrow(&word) {
            Some(next) => {
                link(cmdb, &left, by.take(), &right);
                left = std::mem::take(&mut right);
                by = Some(next);
            }
            None => right.push(item(cmdb, &word)),
        }
    }
    link(cmdb, &left, by, &right);
}

/// Words, with the parts of a group's arrow kept together.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match words.last_mut() {
            Some(last) if last.starts_with("-[") && !last.ends_with("]->") => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn arrow(word: &str) -> Option<Arrow> {
    match word {
        "->" => Some(Arrow::To(RelationKind::Requires)),
        "~>" => Some(Arrow::To(RelationKind::Uses)),
        "--" => Some(Arrow::To(RelationKind::Connected)),
        "@" => Some(Arrow::To(RelationKind::LocatedIn)),
        _ => {
            let k = word.strip_prefix("-[")?.strip_suffix("]->")?.split_whitespace().next()?;
            Some(Arrow::Group(k.parse().unwrap_or_else(|_| panic!("`{word}`: k is no number"))))
        }
    }
}

fn link(cmdb: &mut Cmdb, left: &[CiId], by: Option<Arrow>, right: &[CiId]) {
    let Some(by) = by else { return };
    for from in left {
        let item = cmdb.items.iter_mut().find(|item| item.id == *from).expect("the item was named just now");
        match &by {
            Arrow::To(kind) => {
                item.relations.extend(right.iter().map(|to| Relation { kind: kind.clone(), to: to.clone() }));
            }
            Arrow::Group(k) => item.groups.push(RedundantGroup { of: right.to_vec(), k: *k }),
        }
    }
}

/// Names an item, makes it known, and keeps what stands in its braces.
fn item(cmdb: &mut Cmdb, word: &str) -> CiId {
    let (id, said) = match word.split_once('{') {
        Some((id, rest)) => (id, rest.strip_suffix('}').unwrap_or_else(|| panic!("`{word}` lacks its `}}`"))),
        None => (word, ""),
    };
    let at = cmdb.items.iter().position(|item| *item.id.as_str() == *id).unwrap_or_else(|| {
        cmdb.items.push(ConfigurationItem::new(id, "application"));
        cmdb.items.len() - 1
    });
    let item = &mut cmdb.items[at];
    for attribute in said.split(',').filter(|attribute| !attribute.is_empty()) {
        describe(item, attribute);
    }
    item.id.clone()
}

fn describe(item: &mut ConfigurationItem, attribute: &str) {
    match attribute.split_once('=') {
        None => item.class = attribute.into(),
        Some(("crit", value)) => item.criticality = value.parse().expect("a criticality is a number"),
        Some(("env", value)) => item.environment = value.into(),
        Some(("team", value)) => item.team = Some(value.into()),
        Some(("name", value)) => item.name = Some(value.into()),
        Some(("alias", value)) => item.aliases.push(value.into()),
        Some((name, _)) => panic!("`{name}` is no attribute: crit, env, team, name, alias, or a class alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_items_and_how_they_need_each_other() {
        let graph = graph("checkout{service,crit=1,name=Shop} -> payments -> db-7{database}\ncheckout ~> mailer", 1);
        let checkout = graph.find("checkout").expect("named");
        let needs: Vec<&str> = graph.dependencies(checkout).map(|edge| graph.id(edge.to).as_str()).collect();
        assert_eq!(needs, ["mailer", "payments"]);
        assert_eq!((graph.criticality(checkout), graph.label(checkout)), (1, "Shop"));
        assert!(graph.is_service(checkout));
        assert_eq!(&*graph.class_of(graph.find("db-7").expect("named")).id, "database");
    }

    #[test]
    fn a_group_has_its_members_and_its_k() {
        let cmdb = cmdb("checkout -[2 of 3]-> web-1 web-2 web-3");
        assert_eq!(cmdb.items[0].groups[0].k, 2);
        assert_eq!(cmdb.items[0].groups[0].of.len(), 3);
    }

    #[test]
    fn neighbours_places_and_classes_are_read() {
        let graph = graph("class network down_at=major\nweb-1 -- web-2\nweb-1 web-2 @ rack{network}", 1);
        let rack = graph.find("rack").expect("named");
        assert_eq!(graph.located_here(rack).count(), 2);
        assert_eq!(graph.peers(graph.find("web-2").expect("named")).count(), 1);
        assert_eq!(graph.class_of(rack).down_at, Severity::Major);
    }
}
