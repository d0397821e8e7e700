//! All pipelines of a configuration, and which of them an event belongs to.

use std::collections::BTreeMap;
use std::fmt;

use model::event::Event;
use model::{PipelineName, SourceName, source};
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use wire::{Context, Decoded, Decoder, Format, Input, Received};

use crate::error::{FileError, Notice};
use crate::pipeline::{self, Compiled, Placed};
use crate::shipped;

/// The pipeline of what no other matches.
const DEFAULT: &str = "default";

/// There is always one pipeline that takes what no other does, and always one for the engine's own events.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineSet {
    /// The most specific first.
    specific: Vec<Compiled>,
    catch_all: Compiled,
    /// The file of each, as it was read.
    texts: BTreeMap<PipelineName, Box<str>>,
}

impl PipelineSet {
    /// The shipped pipelines: what a configuration without files uses.
    pub fn builtin() -> PipelineSet {
        let files: Vec<(&str, &str)> = shipped::PIPELINES.iter().map(|file| (file.path, file.text)).collect();
        let read = read_all(&files).expect("the shipped pipelines are read in a test");
        assemble(read.0)
    }

    /// Reads the files of a configuration, as `(name, text)`; none is the shipped ones. Where anything is wrong, all of
    /// it is said and nothing is used. Where no file takes everything, the shipped `default` does; where none is called
    /// `watchfire`, the shipped one is added.
    pub fn parse<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Result<(PipelineSet, Vec<Notice>), Vec<FileError>> {
        if files.is_empty() {
            return Ok((PipelineSet::builtin(), Vec::new()));
        }
        let (read, notices) = read_all(files)?;
        Ok((assemble(read), notices))
    }

    /// What the engine decides by.
    pub fn policy(&self) -> engine::Policy {
        engine::Policy::new(self.pipelines().map(|pipeline| pipeline.policy.clone()))
    }

    /// How to read what a source sends: by the pipeline that names the source most closely, then by the one that names
    /// the format, then by the one for everything.
    pub fn decoder(&self, format: Format, source: &SourceName) -> &Decoder {
        let mine = self.specific.iter().find(|pipeline| pipeline.selector.selects(format, source.as_str()));
        &mine.unwrap_or(&self.catch_all).decoder
    }

    /// Whose an alert is that was decoded before, by the pipeline of this name: the format that it came in is not known
    /// any more. The closest that names its source; one for a format alone where it is the one that decoded it.
    pub fn for_kept(&self, decoded_by: &PipelineName, source: &SourceName) -> &PipelineName {
        let mine = |pipeline: &&Compiled| {
            let format = pipeline.selector.format;
            let known = format.is_none() || pipeline.name == *decoded_by;
            known && pipeline.selector.selects(format.unwrap_or(Format::Native), source.as_str())
        };
        &self.specific.iter().find(mine).unwrap_or(&self.catch_all).name
    }

    /// Reads a body, each event by the pipeline of its own source: native events and CloudEvents may name theirs, and what
    /// names none is of `source`. Where the way in fixes the source for all of them, [`PipelineSet::decoder`] is the one
    /// to ask.
    pub fn decode(&self, format: Format, source: &SourceName, body: &[u8], context: &Context) -> Decoded {
        let first = if format.names_sources() { first_source(body) } else { None };
        // Nearly always the pipeline of all its events.
        let decoder = self.decoder(format, first.as_ref().unwrap_or(source));
        let mut decoded = decoder.decode(format, source, body, context);
        if format.names_sources() {
            for received in &mut decoded.received {
                self.by_its_own(format, received, decoder, body, context);
            }
        }
        decoded
    }

    /// One pipeline read it, so it is an event: whatever another makes of it, it is not lost.
    fn by_its_own(&self, format: Format, received: &mut Received, read_by: &Decoder, body: &[u8], context: &Context) {
        let Some(source) = named_by(received) else { return };
        let decoder = self.decoder(format, &source);
        if decoder.name == read_by.name {
            return;
        }
        let raw = body.get(received.raw.clone()).unwrap_or_default();
        let again = decoder.decode(format, &source, raw, context).received.into_iter().next();
        if let Some(again) = again.filter(|again| matches!(again.result, Ok(Input::Event(_)))) {
            *received = Received { index: received.index, raw: received.raw.clone(), ..again };
        }
    }

    /// The decoder of a pipeline that a configuration asks for by its name.
    pub fn decoder_of(&self, pipeline: &str) -> Option<&Decoder> {
        self.pipelines().find(|known| known.name.as_str() == pipeline).map(|known| &known.decoder)
    }

    /// Sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.pipelines().map(|pipeline| pipeline.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The file of a pipeline, as it was read.
    pub fn text_of(&self, pipeline: &PipelineName) -> Option<&str> {
        self.texts.get(pipeline).map(|text| &**text)
    }

    /// The most specific first; the last takes what is left.
    pub fn pipelines(&self) -> impl Iterator<Item = &Compiled> {
        self.specific.iter().chain(std::iter::once(&self.catch_all))
    }
}

/// The source of what a pipeline may read in its own way.
fn named_by(received: &Received) -> Option<SourceName> {
    match &received.result {
        Ok(Input::Event(Event::Alert(alert))) => Some(alert.source.clone()),
        Ok(Input::Event(Event::Heartbeat(heartbeat))) => Some(heartbeat.source.clone()),
        // A person acts on an alert by its key, which the pipeline of its source makes an identity of.
        Ok(Input::Event(_) | Input::Command(_)) | Err(_) => None,
    }
}

/// The source that the first event of a body names. What stands behind it is for whoever reads the event: nearly every
/// event of Kafka is a body of its own, and need not be read twice.
fn first_source(body: &[u8]) -> Option<SourceName> {
    let start = body.iter().position(|byte| *byte == b'{')?;
    let mut named = None;
    let mut event = serde_json::Deserializer::from_slice(body.get(start..)?);
    // Left in the middle, which is an error, and no matter.
    event.deserialize_map(Named(&mut named)).ok();
    named.filter(|source| !source.is_empty()).map(SourceName::new)
}

struct Named<'n>(&'n mut Option<String>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Source,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for Named<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut event: M) -> Result<(), M::Error> {
        while let Some(field) = event.next_key()? {
            if matches!(field, Field::Source) {
                *self.0 = event.next_value()?;
                return Ok(());
            }
            event.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

type Files = Vec<(String, Placed)>;

/// Each by itself, then against each other.
fn read_all<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Result<(Files, Vec<Notice>), Vec<FileError>> {
    let (mut read, mut notices, mut errors) = (Files::new(), Vec::new(), Vec::new());
    for (name, text) in files {
        match pipeline::parse(name.as_ref(), text.as_ref()) {
            Ok((placed, remarks)) => {
                read.push((name.as_ref().to_owned(), placed));
                notices.extend(remarks);
            }
            Err(wrong) => errors.extend(wrong),
        }
    }
    errors.extend(conflicts(&read));
    notices.extend(contested(&read));
    if errors.is_empty() { Ok((read, notices)) } else { Err(errors) }
}

fn conflicts(files: &Files) -> Vec<FileError> {
    let mut errors = Vec::new();
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, (file, placed)) in files.iter().enumerate() {
        let Compiled { name, selector, .. } = &placed.compiled;
        if let Some(first) = names.get(name.as_str()) {
            let what = format!("a pipeline `{name}` stands in {first} already: give this one another name");
            errors.push(FileError { at: placed.name_at.in_file(file), what });
            continue;
        }
        names.insert(name.as_str(), file);
        let twin = files.iter().take(at).find(|(_, other)| other.compiled.selector == *selector);
        let twin = twin.map(|(file, other)| format!("`{}` in {file}", other.compiled.name));
        let own = own_events().filter(|own| own.selector == *selector && own.name != *name);
        if let Some(twin) = twin.or_else(|| own.map(|own| format!("the shipped `{}`", own.name))) {
            let what = format!("{twin} has the same `match`: narrow one of the two, or make them one pipeline");
            errors.push(FileError { at: placed.match_at.in_file(file), what });
        }
        if name.as_str() == DEFAULT && !selector.is_everything() {
            let what = "`default` is for what no other pipeline matches: take its `match` out, or give it another name";
            errors.push(FileError { at: placed.match_at.in_file(file), what: what.to_owned() });
        }
    }
    errors
}

/// Pipelines of which only their order says whose an event is, each with the one that goes first.
fn contested(files: &Files) -> Vec<Notice> {
    let mut notices = Vec::new();
    for (at, (_, one)) in files.iter().enumerate() {
        for (file, other) in files.iter().skip(at + 1) {
            let (mut first, mut last) = (one, (file, other));
            let Some(source) = one.compiled.selector.contested(&other.compiled.selector) else { continue };
            if rank(&other.compiled) < rank(&one.compiled) {
                let Some((file, _)) = files.get(at) else { continue };
                (first, last) = (other, (file, one));
            }
            let (file, placed) = last;
            let first = format!("`{}`", first.compiled.name);
            notices.push(Notice::SameRank { at: placed.match_at.in_file(file), first, source });
        }
    }
    notices
}

/// Which of equally close ones goes first.
fn rank(pipeline: &Compiled) -> (&str, &str) {
    (&pipeline.selector.source, pipeline.name.as_str())
}

/// Adds what must not be missing, and sorts.
fn assemble(files: Files) -> PipelineSet {
    let mut all: Vec<Placed> = files.into_iter().map(|(_, placed)| placed).collect();
    if all.iter().all(|placed| placed.compiled.name.as_str() != source::OWN) {
        all.extend(shipped_pipeline(source::OWN));
    }
    if all.iter().all(|placed| !placed.compiled.selector.is_everything()) {
        all.push(shipped_pipeline(DEFAULT).expect("a pipeline of that name is shipped"));
    }
    let texts = all.iter().map(|placed| (placed.compiled.name.clone(), placed.text.clone())).collect();
    let mut specific: Vec<Compiled> = all.into_iter().map(|placed| placed.compiled).collect();
    let everything = specific.iter().position(|pipeline| pipeline.selector.is_everything());
    let catch_all = specific.remove(everything.expect("one was added where there was none"));
    specific.sort_by(|a, b| {
        let closer = b.selector.specificity().cmp(&a.selector.specificity());
        closer.then_with(|| rank(a).cmp(&rank(b)))
    });
    PipelineSet { specific, catch_all, texts }
}

fn own_events() -> Option<Compiled> {
    shipped_pipeline(source::OWN).map(|placed| placed.compiled)
}

fn shipped_pipeline(name: &str) -> Option<Placed> {
    let file = shipped::PIPELINES.iter().find(|file| file.name == name)?;
    pipeline::parse(file.path, file.text).ok().map(|(placed, _)| placed)
}
