//! From a file to the next version of the CMDB: an upsert by id, or the whole. docs/contract.md section 4.

use std::collections::BTreeMap;

use calendar::Calendar;
use model::{CiId, Cmdb, ConfigurationItem};
use serde::Serialize;
use serde_json::{Map, Value};
use topology::{CmdbDiff, FaultKind, Graph, diff};
use utoipa::ToSchema;
use wire::cmdb::{CmdbFile, Location, LooseRelation};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct How {
    /// What the file does not name is removed.
    pub(super) replace: bool,
    /// What names an item that does not exist is left out; anything else wrong is as bad as ever.
    pub(super) lenient: bool,
}

/// What a file makes of the CMDB.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) cmdb: Cmdb,
    pub(super) diff: CmdbDiff,
    pub(super) fields: Vec<FieldChange>,
    pub(super) left_out: Vec<String>,
    pub(super) remarks: Vec<String>,
}

/// A field of an item that says something else afterwards, as a file spells it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct FieldChange {
    item: String,
    field: String,
    /// `null`: it said nothing.
    #[schema(value_type = Object)]
    before: Value,
    #[schema(value_type = Object)]
    after: Value,
}

/// What errors call the body of a request.
const NAME: &str = "body";
/// Removing more than this share asks for a word of its own.
const REMOVED_SHARE_MAX: f64 = 0.1;
/// Fields that an answer tells of.
const FIELDS_TOLD_MAX: usize = 500;

impl Import {
    /// Every fault there is, each with its place and what to do, where there is any.
    pub(super) fn read(known: &Cmdb, text: &str, how: How) -> Result<Import, Vec<String>> {
        let file =
            CmdbFile::read(NAME, text).map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let base = if how.replace { Cmdb::default() } else { known.clone() };
        let (cmdb, strays) = upsert(base, &file);
        let remarks = file.oddities(&cmdb.classes);
        let mut judged = Judged { file: &file, how, errors: Vec::new(), left_out: Vec::new(), remarks };
        strays.iter().for_each(|stray| judged.stray(stray));
        judged.calendars(&cmdb);
        judged.graph(&cmdb);
        if !judged.errors.is_empty() {
            return Err(judged.errors);
        }
        let Judged { left_out, remarks, .. } = judged;
        let cmdb = if left_out.is_empty() { cmdb } else { Graph::build_lenient(&cmdb, 0).0.to_cmdb() };
        let diff = diff(known, &cmdb);
        Ok(Import { fields: fields_changed(known, &cmdb, &diff.changed), diff, cmdb, left_out, remarks })
    }

    pub(super) fn removes_too_much(&self) -> bool {
        self.diff.removed_share() > REMOVED_SHARE_MAX
    }
}

fn fields_changed(known: &Cmdb, cmdb: &Cmdb, changed: &[CiId]) -> Vec<FieldChange> {
    let (before, after) = (by_id(known), by_id(cmdb));
    let of_item = |id: &CiId| {
        let (before, after) = (before.get(id).map(|item| spelt(item))?, after.get(id).map(|item| spelt(item))?);
        let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let said = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
        let change = |name: &String| FieldChange {
            item: id.to_string(),
            field: name.clone(),
            before: said(&before, name),
            after: said(&after, name),
        };
        Some(names.into_iter().map(change).filter(|change| change.before != change.after).collect::<Vec<_>>())
    };
    changed.iter().filter_map(of_item).flatten().take(FIELDS_TOLD_MAX).collect()
}

fn by_id(cmdb: &Cmdb) -> BTreeMap<&CiId, &ConfigurationItem> {
    cmdb.items.iter().map(|item| (&item.id, item)).collect()
}

/// An item as a file would say it, its relationships with it; in what order it lists them is no difference.
fn spelt(item: &ConfigurationItem) -> Map<String, Value> {
    let mut item = item.clone();
    item.aliases.sort_unstable();
    item.relations.sort_unstable();
    item.groups.sort_unstable();
    let file = wire::cmdb::to_json(&Cmdb { items: vec![item], ..Cmdb::default() });
    let mut file: Value = serde_json::from_str(&file).unwrap_or_default();
    let mut fields = match file["items"].get_mut(0).map(Value::take) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let apart = file["relationships"].take();
    if apart.as_array().is_some_and(|apart| !apart.is_empty()) {
        fields.insert("relationships".to_owned(), apart);
    }
    fields
}

/// What the file says stands in the place of what was there; and relationships from items that neither has.
fn upsert(mut base: Cmdb, file: &CmdbFile) -> (Cmdb, Vec<LooseRelation>) {
    put(&mut base.classes, &file.cmdb.classes, |class| class.id.to_string());
    put(&mut base.calendars, &file.cmdb.calendars, |calendar| calendar.id.to_string());
    put(&mut base.items, &file.cmdb.items, |item| item.id.to_string());
    put(&mut base.agreements, &file.cmdb.agreements, |agreement| agreement.id.to_string());
    let mut strays = Vec::new();
    for loose in &file.loose {
        match base.items.iter_mut().find(|item| item.id == loose.from) {
            Some(item) if item.relations.contains(&loose.relation) => {}
            Some(item) => item.relations.push(loose.relation.clone()),
            None => strays.push(loose.clone()),
        }
    }
    (base, strays)
}

/// One of an id that is known takes its place; the rest is added. Two of one id in the file are both kept: that they
/// are two is for the check to say.
fn put<T: Clone>(known: &mut Vec<T>, said: &[T], id: impl Fn(&T) -> String) {
    let ids: std::collections::BTreeSet<String> = said.iter().map(&id).collect();
    known.retain(|one| !ids.contains(&id(one)));
    known.extend(said.iter().cloned());
}

struct Judged<'f> {
    file: &'f CmdbFile,
    how: How,
    errors: Vec<String>,
    left_out: Vec<String>,
    remarks: Vec<String>,
}

impl Judged<'_> {
    fn stray(&mut self, stray: &LooseRelation) {
        let at = self.at(Some(&stray.from), Some(stray.relation.to.as_str()));
        let what = "which no item has as its id: add that item or correct the id";
        self.dangling(format!("{at}: a relationship begins at `{}`, {what}", stray.from));
    }

    fn calendars(&mut self, cmdb: &Cmdb) {
        for def in &cmdb.calendars {
            if let Err(error) = Calendar::compile(def) {
                self.errors.push(format!("{NAME}: {error}"));
            }
        }
    }

    fn graph(&mut self, cmdb: &Cmdb) {
        for fault in topology::check(cmdb) {
            let named = match &fault.kind {
                FaultKind::UnknownTarget { target, .. } => Some(target.as_str()),
                FaultKind::UnknownMember { member, .. } | FaultKind::MemberTwice { member, .. } => {
                    Some(member.as_str())
                }
                FaultKind::SelfRelation { .. } => fault.item.as_ref().map(CiId::as_str),
                _ => None,
            };
            let at = match fault.agreement() {
                Some(agreement) => place_or_name(self.file.of_agreement(agreement)),
                None => self.at(fault.item.as_ref(), named),
            };
            let line = format!("{at}: {fault}");
            match fault.is_error() {
                true if fault.is_dangling() => self.dangling(line),
                true => self.errors.push(line),
                false => self.remarks.push(line),
            }
        }
    }

    /// It names an item that does not exist.
    fn dangling(&mut self, line: String) {
        if self.how.lenient { self.left_out.push(line) } else { self.errors.push(line) }
    }

    /// Where the file says it; what was there before has no place in it.
    fn at(&self, item: Option<&CiId>, named: Option<&str>) -> String {
        let item = item.map(CiId::as_str);
        let reference = item.zip(named).and_then(|(item, named)| self.file.of_reference(item, named));
        place_or_name(reference.or_else(|| self.file.of_item(item?)))
    }
}

fn place_or_name(place: Option<Location>) -> String {
    place.map_or_else(|| NAME.to_owned(), |place| place.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(known: &Cmdb, text: &str, replace: bool, lenient: bool) -> Result<Import, Vec<String>> {
        Import::read(known, text, How { replace, lenient })
    }

    fn three() -> Cmdb {
        let text = "items:\n- {id: a, class: service, requires: [b]}\n- {id: b, class: host}\n- {id: c, class: host}\n";
        import(&Cmdb::default(), text, false, false).unwrap().cmdb
    }

    fn ids(ids: &[CiId]) -> Vec<&str> {
        ids.iter().map(CiId::as_str).collect()
    }

    #[test]
    fn what_is_named_takes_the_place_of_what_was_there_and_the_rest_stays() {
        let text = "items:\n- {id: b, class: host, criticality: 1}\n- {id: d, class: host}\nrelationships:\n- {from: c, type: requires, to: d}\n";
        let import = import(&three(), text, false, false).unwrap();
        assert_eq!((ids(&import.diff.added), ids(&import.diff.changed)), (vec!["d"], vec!["b", "c"]));
        assert!(import.diff.removed.is_empty());
        let fields: Vec<(&str, &str)> =
            import.fields.iter().map(|change| (change.item.as_str(), change.field.as_str())).collect();
        assert_eq!(fields, [("b", "criticality"), ("c", "requires")]);
        assert_eq!(import.fields[1].after, serde_json::json!(["d"]));
        assert_eq!(import.cmdb.items.len(), 4);
    }

    #[test]
    fn a_replacement_removes_what_it_does_not_name() {
        let import = import(&three(), "items:\n- {id: b, class: host}\n", true, false).unwrap();
        assert_eq!(ids(&import.diff.removed), ["a", "c"]);
        assert!(import.removes_too_much());
    }

    #[test]
    fn an_unknown_id_is_an_error_with_its_line_or_left_out_and_listed() {
        let text = "items:\n- id: d\n  class: host\n  requires: [nowhere]\nrelationships:\n- {from: ghost, type: uses, to: d}\n";
        let faults = import(&three(), text, false, false).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.starts_with("body:4:") && fault.contains("nowhere")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.starts_with("body:6:") && fault.contains("ghost")), "{faults:?}");
        let lenient = import(&three(), text, false, true).unwrap();
        assert_eq!(lenient.left_out.len(), 2);
        assert!(lenient.cmdb.items.iter().all(|item| item.id.as_str() != "d" || item.relations.is_empty()));
    }

    #[test]
    fn what_is_wrong_beside_unknown_ids_is_wrong_for_a_lenient_import_too() {
        for text in
            ["items:\n- {id: d, class: host, criticality: 9}\n", "itmes: []\n", "items:\n- {id: d}\n- {id: d}\n"]
        {
            assert!(import(&three(), text, false, true).is_err(), "{text}");
        }
    }

    #[test]
    fn the_same_file_again_changes_nothing() {
        let text = wire::cmdb::to_yaml(&three());
        assert!(import(&three(), &text, false, false).unwrap().diff.is_empty());
        assert!(import(&three(), &text, true, false).unwrap().diff.is_empty());
    }
}
