//! CMDB files and pipelines as commands need them: read, merged, checked, and every fault with its place.

use std::path::PathBuf;

use model::Cmdb;
use rules::PipelineSet;
use topology::{FaultKind, Graph};
use wire::cmdb::{CmdbFile, Location, merge};

use crate::files::{self, TextFile};
use crate::outcome::Faults;

/// Circles of items that are told; of more these are enough to begin with.
const CIRCLES_TOLD_MAX: usize = 5;

/// A CMDB, and what is odd about it without being wrong.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(crate) cmdb: Cmdb,
    pub(crate) remarks: Vec<String>,
}

/// How a fault is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Anything wrong, and nothing is used.
    Strict,
    /// What names an item that does not exist is left out and listed; anything else wrong is as bad as ever.
    Lenient,
}

impl Inventory {
    /// Several files are one CMDB.
    pub(crate) fn read(files: &[TextFile], care: Care) -> Result<Inventory, Faults> {
        let mut parts = Vec::new();
        let mut faults = Vec::new();
        for file in files {
            match CmdbFile::read(&file.name(), &file.text) {
                Ok(part) => parts.push(part),
                Err(wrong) => faults.extend(wrong.iter().map(ToString::to_string)),
            }
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let whole = merge(parts);
        let remarks = whole.oddities(&[]);
        let mut judged = Judged { whole: &whole, files, care, errors: Vec::new(), remarks };
        judged.loose();
        judged.calendars();
        judged.graph();
        judged.circles();
        let Judged { errors, remarks, .. } = judged;
        if !errors.is_empty() {
            return Err(Faults(errors));
        }
        let cmdb = match care {
            Care::Strict => whole.cmdb,
            Care::Lenient => Graph::build_lenient(&whole.cmdb, 0).0.to_cmdb(),
        };
        Ok(Inventory { cmdb, remarks })
    }

    pub(crate) fn of_paths(paths: &[PathBuf], care: Care) -> anyhow::Result<Inventory> {
        Ok(Inventory::read(&files::read_all(paths)?, care)?)
    }
}

struct Judged<'f> {
    whole: &'f CmdbFile,
    files: &'f [TextFile],
    care: Care,
    errors: Vec<String>,
    remarks: Vec<String>,
}

impl Judged<'_> {
    fn loose(&mut self) {
        for loose in &self.whole.loose {
            let (from, to) = (&loose.from, &loose.relation.to);
            let at = self.at(self.whole.of_reference(from.as_str(), to.as_str()));
            let what = "which no item has as its id; add that item or correct the id";
            self.dangling(format!("{at}: a relationship begins at `{from}`, {what}"));
        }
    }

    fn calendars(&mut self) {
        for def in &self.whole.cmdb.calendars {
            if let Err(error) = calendar::Calendar::compile(def) {
                self.errors.push(format!("{}: {error}", self.at(None)));
            }
        }
    }

    fn graph(&mut self) {
        for fault in topology::check(&self.whole.cmdb) {
            let item = fault.item.as_ref().map(|item| item.as_str());
            let named = match &fault.kind {
                FaultKind::UnknownTarget { target, .. } => Some(target.as_str()),
                FaultKind::UnknownMember { member, .. } | FaultKind::MemberTwice { member, .. } => {
                    Some(member.as_str())
                }
                FaultKind::SelfRelation { .. } => item,
                _ => None,
            };
            let reference = item.zip(named).and_then(|(item, named)| self.whole.of_reference(item, named));
            let place = fault.agreement().and_then(|agreement| self.whole.of_agreement(agreement)).or(reference);
            let at = self.at(place.or_else(|| self.whole.of_item(item?)));
            let line = format!("{at}: {fault}");
            match fault.is_error() {
                true if fault.is_dangling() => self.dangling(line),
                true => self.errors.push(line),
                false => self.remarks.push(line),
            }
        }
    }

    /// Legal, and mostly not meant.
    fn circles(&mut self) {
        for circle in topology::circles(&self.whole.cmdb, CIRCLES_TOLD_MAX) {
            let Some(first) = circle.first() else { continue };
            let at = self.at(self.whole.of_item(first.as_str()));
            let way: Vec<&str> = circle.iter().chain([first]).map(|id| id.as_str()).collect();
            self.remarks.push(format!(
                "{at}: {} need each other in a circle, which is allowed: each of them takes the others down, so that the \
                 graph cannot tell which one was the cause; take one relation out if that is not meant",
                way.join(" -> ")
            ));
        }
    }

    /// It names an item that does not exist.
    fn dangling(&mut self, line: String) {
        match self.care {
            Care::Strict => self.errors.push(line),
            Care::Lenient => self.remarks.push(format!("{line} (left out)")),
        }
    }

    /// Classes and calendars have no place of their own: the files that define any are named.
    fn at(&self, place: Option<Location>) -> String {
        place
            .map(|place| place.to_string())
            .unwrap_or_else(|| self.files.iter().map(TextFile::name).collect::<Vec<_>>().join(", "))
    }
}

/// The pipelines of files and folders; none: the shipped ones. With what is remarkable about them.
pub(crate) fn pipelines(paths: &[PathBuf]) -> anyhow::Result<(PipelineSet, Vec<String>)> {
    let files = files::pipelines(paths)?;
    Ok(pipelines_of(&files)?)
}

pub(crate) fn pipelines_of(files: &[TextFile]) -> Result<(PipelineSet, Vec<String>), Faults> {
    let named: Vec<(String, &str)> = files.iter().map(|file| (file.name(), file.text.as_str())).collect();
    match PipelineSet::parse(&named) {
        Ok((set, notices)) => Ok((set, notices.iter().map(ToString::to_string).collect())),
        Err(errors) => Err(Faults(errors.iter().map(ToString::to_string).collect())),
    }
}
