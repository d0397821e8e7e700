//! One pipeline file: its keys, and what they compile to. docs/contract.md section 2.

mod decode;
mod policy;
mod rule;

use model::PipelineName;
use wire::{Decoder, Format};

use crate::error::{FileError, Notice};
use crate::reader::{Field, Reader};
use crate::select::Selector;
use crate::yaml::{self, At, Value};

/// What the schema is held against.
#[cfg(test)]
pub(crate) use {
    decode::SEVERITY_KEYS,
    policy::{FLAPPING_KEYS, JOIN_WINDOW_KEYS, PRIORITY_KEYS, STORM_KEYS},
    rule::{EFFECT_KEYS, INHIBIT_KEYS, RULE_KEYS},
};

pub(crate) const KEYS: [&str; 29] = [
    "name",
    "match",
    "domain",
    "identity",
    "drop",
    "severity",
    "effect",
    "bind",
    "order",
    "expiry",
    "stale_limit",
    "clears",
    "resolve_timeout",
    "open_at",
    "restore_at",
    "group_wait",
    "quiet_period",
    "reopen_window",
    "recheck_after",
    "close_after",
    "join_window",
    "flapping",
    "storm",
    "max_alerts",
    "rules",
    "inhibit",
    "priority",
    "auto_declare",
    "transform",
];
pub(crate) const MATCH_KEYS: [&str; 2] = ["format", "source"];

const ANY: &str = "*";

/// What a file says, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    pub name: PipelineName,
    pub selector: Selector,
    /// How its events are read.
    pub decoder: Decoder,
    /// What is decided for its alerts and incidents.
    pub policy: engine::Pipeline,
}

/// A pipeline, its file, and where its name and its `match` stand.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) compiled: Compiled,
    pub(crate) text: Box<str>,
    pub(crate) name_at: At,
    pub(crate) match_at: At,
}

/// Reads one file. Where anything in it is wrong, nothing of it is used.
pub(crate) fn parse(file: &str, text: &str) -> Result<(Placed, Vec<Notice>), Vec<FileError>> {
    let root = yaml::parse(file, text).map_err(|error| vec![error])?;
    let mut reader = Reader::new(file);
    let placed = reader.pipeline(text, Field { key: "file", node: &root });
    match placed {
        Some(placed) if reader.errors.is_empty() => Ok((placed, reader.notices)),
        _ => Err(reader.errors),
    }
}

impl Reader<'_> {
    fn pipeline(&mut self, text: &str, root: Field<'_>) -> Option<Placed> {
        let fields = self.fields(root, &KEYS)?;
        let mut name = PipelineName::from("default");
        self.take(&fields, "name", &mut name, Reader::name);
        let mut selector = Selector::default();
        self.take(&fields, "match", &mut selector, Reader::selector);
        if let Some(program) = fields.get("transform").filter(|field| !matches!(field.node.value, Value::Null)) {
            self.error(program.node.at, NO_TRANSFORM);
        }
        let at = |key| fields.get(key).map_or(fields.at, |field| field.node.at);
        Some(Placed {
            name_at: at("name"),
            match_at: at("match"),
            text: text.into(),
            compiled: Compiled {
                decoder: self.decoder(&fields, name.clone()),
                policy: self.policy(&fields, name.clone()),
                name,
                selector,
            },
        })
    }

    fn name(&mut self, field: Field<'_>) -> Option<PipelineName> {
        let name = self.text(field)?;
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let usable = name.chars().all(plain) && name.chars().count() <= NAME_CHARS_MAX;
        let write = "a name of letters, digits, `-`, `_` and `.`, 100 at most";
        if usable { Some(name.into()) } else { self.wrong(field, write) }
    }

    fn selector(&mut self, field: Field<'_>) -> Option<Selector> {
        let fields = self.fields(field, &MATCH_KEYS)?;
        let mut selector = Selector::default();
        self.take(&fields, "format", &mut selector.format, |reader, field| {
            let known = Format::ALL.map(|format| (format.as_str(), Some(format)));
            let known: Vec<_> = [(ANY, None)].into_iter().chain(known).collect();
            reader.word(field, &known)
        });
        self.take(&fields, "source", &mut selector.source, |reader, field| reader.text(field).map(one_star));
        Some(selector)
    }
}

/// Stars side by side say no more than one, and the same has to look the same.
fn one_star(pattern: &str) -> Box<str> {
    let mut last = None;
    let kept = pattern.chars().filter(|c| last.replace(*c) != Some('*') || *c != '*');
    kept.collect::<String>().into()
}

/// Names stand in lists and in addresses.
const NAME_CHARS_MAX: usize = 100;
const NO_TRANSFORM: &str = "`transform` holds a program, and VRL is not built into this version: take it out; \
    `severity`, `effect`, `identity`, `bind` and `rules` can say much of what programs are written for";
