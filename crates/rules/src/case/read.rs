//! From the text of a case to what is sent and when.

use model::{Cmdb, SourceName, Timestamp};
use wire::Format;
use wire::cmdb::CmdbFile;

use super::{Case, Expect, Push};
use crate::error::FileError;
use crate::reader::{Field, Fields, Reader};
use crate::yaml::{self, Node, Value};

const KEYS: [&str; 6] = ["name", "start", "cmdb", "events", "until", "expect"];
const EVENT_KEYS: [&str; 5] = ["at", "format", "source", "event", "body"];
/// Who sends what no source is said for.
const SOURCE: &str = "case";

pub(super) fn read(file: &str, text: &str) -> Result<Case, Vec<FileError>> {
    let root = yaml::parse(file, text).map_err(|error| vec![error])?;
    let mut reader = Reader::new(file);
    let case = reader.case(Field { key: "file", node: &root });
    match case {
        Some(case) if reader.errors.is_empty() => Ok(case),
        _ => Err(reader.errors),
    }
}

impl Reader<'_> {
    fn case(&mut self, root: Field<'_>) -> Option<Case> {
        let fields = self.fields(root, &KEYS)?;
        let name = self.need(&fields, "name", |reader, field| reader.text(field).map(Box::from));
        let start = self.need(&fields, "start", Reader::instant);
        let mut cmdb = Cmdb::default();
        self.take(&fields, "cmdb", &mut cmdb, Reader::inline_cmdb);
        let expect = self.need(&fields, "expect", Reader::expect);
        let start = start?;
        let pushes = self.need(&fields, "events", |reader, field| reader.pushes(field, start))?;
        let last = pushes.last().map_or(start, |push| push.receipt);
        let until = self.until(&fields, start, last);
        Some(Case { name: name?, start, cmdb, pushes, until, expect: expect? })
    }

    fn until(&mut self, fields: &Fields<'_>, start: Timestamp, last: Timestamp) -> Timestamp {
        let Some(field) = fields.get("until") else { return last };
        let Some(offset) = self.span(field) else { return last };
        if start + offset < last {
            self.error(field.node.at, "`until` is before the last event: let it be later, or leave it out");
        }
        (start + offset).max(last)
    }

    pub(super) fn instant(&mut self, field: Field<'_>) -> Option<Timestamp> {
        let said = match &field.node.value {
            Value::Text(said) => Timestamp::parse(said),
            _ => None,
        };
        said.or_else(|| self.wrong(field, "an instant, such as 2026-05-01T10:00:00Z"))
    }

    /// The items stand in the case as they would in a file of their own.
    fn inline_cmdb(&mut self, field: Field<'_>) -> Option<Cmdb> {
        let read = CmdbFile::read(self.file, &field.node.to_json().to_string());
        match read {
            Ok(file) if file.loose.is_empty() => Some(file.cmdb),
            Ok(file) => {
                for relation in &file.loose {
                    let what =
                        format!("a relationship begins at `{}`, which is no item here: add the item", relation.from);
                    self.error(field.node.at, what);
                }
                None
            }
            Err(faults) => {
                for fault in faults {
                    self.error(field.node.at, format!("in `cmdb`: {}", fault.what));
                }
                None
            }
        }
    }

    fn pushes(&mut self, field: Field<'_>, start: Timestamp) -> Option<Vec<Push>> {
        let mut pushes: Vec<Push> = Vec::new();
        for element in self.list(field)? {
            let Some(push) = self.push(element, start) else { continue };
            if pushes.last().is_some_and(|last| push.receipt < last.receipt) {
                self.error(element.node.at, "`at` is before the event above: put them in order of receipt");
            }
            pushes.push(push);
        }
        Some(pushes)
    }

    fn push(&mut self, field: Field<'_>, start: Timestamp) -> Option<Push> {
        let fields = self.fields(field, &EVENT_KEYS)?;
        let offset = self.need(&fields, "at", Reader::span);
        let mut format = Format::Native;
        self.take(&fields, "format", &mut format, |reader, field| {
            reader.word(field, &Format::ALL.map(|format| (format.as_str(), format)))
        });
        let mut source = SourceName::from(SOURCE);
        self.take(&fields, "source", &mut source, |reader, field| reader.text(field).map(SourceName::from));
        let body = match (fields.get("event"), fields.get("body")) {
            (Some(event), None) => self.event(event),
            (None, Some(body)) => self.text(body).map(Box::from),
            _ => {
                self.error(field.node.at, "an event is either an `event` or a `body`: write one of the two");
                None
            }
        };
        Some(Push { receipt: start + offset?, format, source, body: body?, line: field.node.at.line })
    }

    /// An object, or several, as JSON.
    fn event(&mut self, field: Field<'_>) -> Option<Box<str>> {
        let objects: &[Node] = match &field.node.value {
            Value::List(nodes) => nodes,
            _ => std::slice::from_ref(field.node),
        };
        for object in objects {
            let Some(fields) = self.dictionary(Field { key: "event", node: object }, "a mapping, or a list of them")
            else {
                continue;
            };
            if let Some(receipt) = fields.get("received_at") {
                self.error(receipt.node.at, "`received_at` is what `at` beside the event says: take it out");
            }
        }
        Some(field.node.to_json().to_string().into())
    }

    fn expect(&mut self, field: Field<'_>) -> Option<Expect> {
        let fields = self.fields(field, &super::expect::KEYS)?;
        if fields.is_empty() {
            return self.wrong(field, "what the events have to come to");
        }
        Some(self.expected(&fields))
    }
}
