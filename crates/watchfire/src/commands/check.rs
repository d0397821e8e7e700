//! `watchfire check`: is what people wrote sound?
//!
//! What a file is shows in its keys, and where those are spelt wrong, in its name. All CMDB files together are one CMDB,
//! all pipelines together one set, as a configuration would have them. What `run` needs of a configuration is looked at
//! too: the files it names, and its secrets.

mod kind;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cli::Check;
use crate::config::{self, Config};
use crate::console::{Colour, Console};
use crate::files::{self, TextFile};
use crate::inventory::{self, Care, Inventory};
use crate::outcome::{Faults, Outcome};
use kind::Kind;

pub(super) fn check(args: &Check, console: &Console) -> anyhow::Result<Outcome> {
    let mut sorted = Sorted::default();
    for path in &args.paths {
        sorted.take(path, console)?;
    }
    let mut found = Found::default();
    found.reads(sorted.all());
    sorted.configurations.iter().for_each(|file| found.configuration(file));
    found.cmdb(&sorted.cmdb);
    found.pipelines(&sorted.pipelines);
    sorted.cases.iter().for_each(|file| found.case(file));
    if !sorted.configurations.is_empty() {
        // They are no part of a file; one that means nothing is told as `run` tells it.
        config::unknown_variables().iter().for_each(|remark| console.say_with(Colour::Yellow, "warning:", remark));
    }
    in_order(&found.remarks).iter().for_each(|remark| console.say_with(Colour::Yellow, "note:", remark));
    in_order(&found.faults).iter().for_each(|fault| console.say(fault));
    match (sorted.count(), found.faults.len()) {
        (0, _) => anyhow::bail!("nothing here is a configuration, a pipeline, a CMDB file or a case"),
        (_, 0) => console.say_with(Colour::Green, "sound:", found.files()),
        (_, faults) => console.say(format_args!("{faults} {}", if faults == 1 { "fault" } else { "faults" })),
    }
    Ok(Outcome::of(found.faults.len()))
}

/// By file, then by line and column as numbers: the tenth line comes after the ninth.
fn in_order(told: &BTreeSet<String>) -> Vec<&String> {
    let mut told: Vec<&String> = told.iter().collect();
    told.sort_by_cached_key(|line| place(line));
    told
}

/// `file:line:column: …`; what has no place goes by its text, and stands before what of the same file has one.
fn place(told: &str) -> (String, u64, u64) {
    let (head, _) = told.split_once(": ").unwrap_or((told, ""));
    let mut parts = head.rsplitn(3, ':');
    let numbers = [parts.next(), parts.next()].map(|part| part.and_then(|part| part.parse().ok()));
    match (numbers, parts.next()) {
        ([Some(column), Some(line)], Some(file)) => (file.to_owned(), line, column),
        _ => (head.to_owned(), 0, 0),
    }
}

/// Files by what they are.
#[derive(Default)]
struct Sorted {
    configurations: Vec<TextFile>,
    pipelines: Vec<TextFile>,
    cmdb: Vec<TextFile>,
    cases: Vec<TextFile>,
}

impl Sorted {
    /// A file that somebody named must be something; in a folder others may lie about.
    fn take(&mut self, path: &Path, console: &Console) -> anyhow::Result<()> {
        if !path.is_dir() {
            let file = TextFile::read(path)?;
            let kind = Kind::of(&file).unwrap_or(Kind::Configuration);
            self.put(kind, file);
            return Ok(());
        }
        for file in files::read_all(&files::below(path)?)? {
            match Kind::of(&file) {
                Some(kind) => self.put(kind, file),
                None => {
                    console.say_with(Colour::Yellow, "note:", format_args!("{}: not ours, left alone", file.name()))
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, kind: Kind, file: TextFile) {
        match kind {
            Kind::Configuration => self.configurations.push(file),
            Kind::Pipeline => self.pipelines.push(file),
            Kind::Cmdb => self.cmdb.push(file),
            Kind::Case => self.cases.push(file),
        }
    }

    fn count(&self) -> usize {
        self.all().count()
    }

    fn all(&self) -> impl Iterator<Item = &TextFile> {
        [&self.configurations, &self.pipelines, &self.cmdb, &self.cases].into_iter().flatten()
    }
}

/// Each said once, though two files may lead to it.
#[derive(Default)]
struct Found {
    faults: BTreeSet<String>,
    remarks: BTreeSet<String>,
    /// What was read, with what configurations name: each once, as somebody called it first.
    files: BTreeMap<PathBuf, String>,
}

/// So many files are named; of more, how many.
const NAMED_MAX: usize = 10;

impl Found {
    fn reads<'f>(&mut self, files: impl IntoIterator<Item = &'f TextFile>) {
        for file in files {
            let path = file.path.canonicalize().unwrap_or_else(|_| file.path.clone());
            self.files.entry(path).or_insert_with(|| file.name());
        }
    }

    /// How many, and which.
    fn files(&self) -> String {
        let count = self.files.len();
        let mut names: Vec<&str> = self.files.values().map(String::as_str).take(NAMED_MAX).collect();
        let more = format!("{} more", count.saturating_sub(NAMED_MAX));
        names.extend((count > NAMED_MAX).then_some(more.as_str()));
        format!("{count} {} ({})", if count == 1 { "file" } else { "files" }, names.join(", "))
    }

    /// With what it names, and its secrets.
    fn configuration(&mut self, file: &TextFile) {
        match Config::load(Some(file), std::iter::empty()) {
            Err(Faults(lines)) => self.faults.extend(lines),
            Ok((config, remarks)) => {
                self.remarks.extend(remarks);
                self.faults.extend(config.secrets().err().into_iter().flat_map(|Faults(lines)| lines));
                match files::read_all(&config.cmdb) {
                    Ok(files) => {
                        self.reads(&files);
                        self.cmdb(&files);
                    }
                    Err(error) => self.unreadable(file, &error),
                }
                match files::pipelines(&config.pipelines) {
                    Ok(files) => {
                        self.reads(&files);
                        self.pipelines(&files);
                    }
                    Err(error) => self.unreadable(file, &error),
                }
            }
        }
    }

    fn unreadable(&mut self, configuration: &TextFile, error: &anyhow::Error) {
        self.faults.insert(format!("{}: {error:#}", configuration.name()));
    }

    fn cmdb(&mut self, files: &[TextFile]) {
        match Inventory::read(files, Care::Strict) {
            Ok(inventory) => self.remarks.extend(inventory.remarks),
            Err(Faults(lines)) => self.faults.extend(lines),
        }
    }

    fn pipelines(&mut self, files: &[TextFile]) {
        match inventory::pipelines_of(files) {
            Ok((_, notices)) => self.remarks.extend(notices),
            Err(Faults(lines)) => self.faults.extend(lines),
        }
    }

    fn case(&mut self, file: &TextFile) {
        if let Err(errors) = rules::case::parse(&file.name(), &file.text) {
            self.faults.extend(errors.iter().map(ToString::to_string));
        }
    }
}
