//! `watchfire cmdb import`: the service merges and judges; what it finds wrong is told with the place in our files.

use anyhow::anyhow;
use serde_json::{Value, json};
use wire::cmdb::{CmdbFile, merge};

use crate::cli::{Format, Import};
use crate::client::{Query, Refused};
use crate::commands::people::Desk;
use crate::console::{Colour, Console};
use crate::files::{self, TextFile};
use crate::outcome::{Faults, Outcome};

const PATH: &str = "/api/v1/cmdb";
/// Ids that are named of each kind of change; the rest is counted.
const NAMED_MAX: usize = 20;

pub(super) async fn import(args: Import, console: &Console) -> anyhow::Result<Outcome> {
    let files = files::read_all(&args.files)?;
    let whole = read(&files)?;
    let desk = Desk::of(&args.shown, console)?;
    let flags = [
        ("dry_run", args.dry_run),
        ("lenient", args.lenient),
        ("replace", args.replace),
        ("allow_removals", args.allow_removals),
    ];
    let query: Query<'_> =
        flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| (name, "true".to_owned())).collect();
    let body = written(&whole)?;
    let imported = desk.client.send(reqwest::Method::PUT, PATH, &query, "application/json", body).await;
    let imported = imported.map_err(|error| placed(error, &whole, &files))?;
    match desk.format {
        Format::Json => desk.one(&imported, |_| String::new()),
        Format::Table => {
            told(&imported, console);
            Ok(Outcome::Done)
        }
    }
}

fn read(files: &[TextFile]) -> Result<CmdbFile, Faults> {
    let mut faults = Vec::new();
    let mut parts = Vec::new();
    for file in files {
        match CmdbFile::read(&file.name(), &file.text) {
            Ok(part) => parts.push(part),
            Err(wrong) => faults.extend(wrong.iter().map(ToString::to_string)),
        }
    }
    if faults.is_empty() { Ok(merge(parts)) } else { Err(Faults(faults)) }
}

/// One file of all, with the relationships that begin at items which only the service knows.
fn written(whole: &CmdbFile) -> anyhow::Result<String> {
    let mut file: Value = serde_json::from_str(&wire::cmdb::to_json(&whole.cmdb))?;
    if !whole.loose.is_empty() {
        let loose = whole.loose.iter().map(|loose| {
            json!({"from": loose.from.as_str(), "type": loose.relation.kind.as_str(), "to": loose.relation.to.as_str()})
        });
        let mut relationships = file["relationships"].as_array().cloned().unwrap_or_default();
        relationships.extend(loose);
        file["relationships"] = relationships.into();
    }
    Ok(file.to_string())
}

/// The service names places in what it was sent; people know their files.
fn placed(error: anyhow::Error, whole: &CmdbFile, files: &[TextFile]) -> anyhow::Error {
    let refused = error.downcast_ref::<Refused>();
    if let Some(removed) = refused.and_then(|refused| refused.problem["removed"].as_u64()) {
        let items = model::text::counted(usize::try_from(removed).unwrap_or(usize::MAX), "item");
        return anyhow!("{items} would be removed, more than a tenth: say --allow-removals if that is meant");
    }
    let faults = refused.and_then(|refused| refused.problem["faults"].as_array());
    match faults.filter(|faults| !faults.is_empty()) {
        None => error,
        Some(faults) => {
            let lines = faults.iter().filter_map(Value::as_str).map(|fault| in_files(fault, whole, files));
            Faults(lines.collect()).into()
        }
    }
}

/// What stands between backticks: the item, or the agreement, first, then what it names.
fn in_files(fault: &str, whole: &CmdbFile, files: &[TextFile]) -> String {
    let what = fault.split_once(": ").map_or(fault, |(_, what)| what);
    let names: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
    let place = names.split_first().and_then(|(named, others)| {
        if what.starts_with("agreement ") {
            return whole.of_agreement(named);
        }
        let reference = others.iter().find_map(|other| whole.of_reference(named, other));
        reference.or_else(|| whole.of_item(named))
    });
    let place = place.map(|place| place.to_string());
    let place = place.unwrap_or_else(|| files.iter().map(TextFile::name).collect::<Vec<_>>().join(", "));
    format!("{place}: {what}")
}

fn told(imported: &Value, console: &Console) {
    for (key, colour, word) in
        [("added", Colour::Green, "added"), ("changed", Colour::Yellow, "changed"), ("removed", Colour::Red, "removed")]
    {
        let ids: Vec<&str> = imported[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !ids.is_empty() {
            console.say_with(colour, &format!("{word} {}:", ids.len()), named(&ids));
        }
    }
    let beside = ["classes", "calendars", "agreements"];
    for (key, what) in beside.map(|what| (format!("{what}_changed"), what)) {
        if imported[&key] == true {
            console.say_with(Colour::Yellow, "changed:", what);
        }
    }
    for (part, what) in [("alerts", "alerts lose their item"), ("incidents", "incidents lose an item")] {
        let orphans: Vec<&str> =
            imported["orphaned"][part].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !orphans.is_empty() {
            console.say_with(Colour::Red, &format!("{} {what}:", orphans.len()), named(&orphans));
        }
    }
    for key in ["left_out", "remarks"] {
        let lines = imported[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        lines.for_each(|line| console.say_with(Colour::Yellow, "note:", line));
    }
    let items = &imported["items"];
    match imported["dry_run"] == true {
        true => console.say(format_args!("nothing was imported: it would be {items} items")),
        false => console.say(format_args!("version {} of the CMDB is in force: {items} items", imported["version"])),
    }
}

fn named(ids: &[&str]) -> String {
    let shown = ids.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TextFile {
        TextFile { path: name.into(), text: text.to_owned() }
    }

    #[test]
    fn several_files_are_sent_as_one_and_read_back_the_same() {
        let files = [
            file("a.yaml", "items:\n  - {id: a, class: service, requires: [b]}\n"),
            file("b.yaml", "items:\n  - {id: b, class: host}\nrelationships:\n  - {from: known, type: uses, to: b}\n"),
        ];
        let whole = read(&files).unwrap();
        let again = CmdbFile::read("again", &written(&whole).unwrap()).unwrap();
        assert_eq!(again.cmdb.items, whole.cmdb.items);
        assert_eq!(again.loose, whole.loose);
    }

    #[test]
    fn a_fault_of_the_service_is_placed_in_our_files() {
        let files = [file("a.yaml", "items:\n  - id: a\n    class: host\n    requires: [nowhere]\n")];
        let whole = read(&files).unwrap();
        let fault = "body:1:40: item `a`: `requires` names `nowhere`, which no item has as its id";
        assert!(
            in_files(fault, &whole, &files).starts_with("a.yaml:4:16: item `a`"),
            "{}",
            in_files(fault, &whole, &files)
        );
        let agreements = [file("b.yaml", "agreements:\n  - {id: gold, kind: sla, service: a, targets: {P1: {}}}\n")];
        let whole = read(&agreements).unwrap();
        let fault = "body:1:9: agreement `gold`: P1 has no target";
        assert!(in_files(fault, &whole, &agreements).starts_with("b.yaml:2:10: agreement `gold`"));
        assert!(in_files("body: class `x` is defined twice", &whole, &files).starts_with("a.yaml: class"));
    }

    #[test]
    fn many_ids_are_counted() {
        let ids: Vec<String> = (0..25).map(|nth| format!("i{nth}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert!(named(&ids).ends_with("i19 and 5 more"));
        assert_eq!(named(&["a", "b"]), "a, b");
    }
}
