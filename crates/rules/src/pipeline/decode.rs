//! The half of a file that says how events are read: domain, identity, severity, effect, names of the item.

use std::collections::BTreeMap;

use model::{Domain, PipelineName, Severity};
use wire::Decoder;
use wire::decoder::{BindName, DomainRule, Identity};

use super::rule::SEVERITIES;
use crate::reader::{Field, Fields, Reader};
use crate::yaml::Value;

pub(crate) const SEVERITY_KEYS: [&str; 2] = ["from", "map"];

const LABEL: &str = "label:";

impl Reader<'_> {
    pub(super) fn decoder(&mut self, fields: &Fields<'_>, name: PipelineName) -> Decoder {
        let mut decoder = Decoder::standard(name);
        self.take(fields, "domain", &mut decoder.domain, Reader::domain);
        self.take(fields, "identity", &mut decoder.identity, Reader::identity);
        self.take(fields, "drop", &mut decoder.drop, Reader::texts);
        self.dropped_identity(fields, &decoder);
        if let Some(severity) = fields.get("severity").and_then(|field| self.fields(field, &SEVERITY_KEYS)) {
            self.take(&severity, "from", &mut decoder.severity_from, |reader, field| reader.text(field).map(Box::from));
            self.take(&severity, "map", &mut decoder.severity_map, Reader::severity_map);
        }
        self.take(fields, "effect", &mut decoder.effects, Reader::effects);
        self.take(fields, "bind", &mut decoder.bind, |reader, field| reader.each(field, Reader::bind_name));
        decoder
    }

    fn domain(&mut self, field: Field<'_>) -> Option<DomainRule> {
        Some(match self.text(field)?.strip_prefix(LABEL) {
            Some("") => return self.wrong(field, "the label's name too, such as label:tenant"),
            Some(label) => DomainRule::Label(label.into()),
            None => DomainRule::Fixed(Domain::from_outside(self.text(field)?)),
        })
    }

    fn identity(&mut self, field: Field<'_>) -> Option<Identity> {
        match &field.node.value {
            Value::Text(said) if **said == *"all" => Some(Identity::All),
            Value::List(nodes) if !nodes.is_empty() => self.texts(field).map(Identity::Labels),
            _ => self.wrong(field, "all, or a list of labels such as [alertname, host]"),
        }
    }

    /// A label cannot both tell alerts apart and be left out of what does.
    fn dropped_identity(&mut self, fields: &Fields<'_>, decoder: &Decoder) {
        let (Identity::Labels(labels), Some(field)) = (&decoder.identity, fields.get("identity")) else { return };
        for label in labels.iter().filter(|label| decoder.drop.contains(label)) {
            let by_default = if fields.get("drop").is_some() { "" } else { " (as it does unless it says otherwise)" };
            let what = format!("`identity` names `{label}`, and `drop` takes it out{by_default}: take it out of one");
            self.error(field.node.at, what);
        }
    }

    fn severity_map(&mut self, field: Field<'_>) -> Option<BTreeMap<Box<str>, Severity>> {
        let words =
            self.dictionary(field, "a mapping from a source's words to severities, such as {page: critical}")?;
        let mut map: BTreeMap<Box<str>, Severity> = BTreeMap::new();
        for (key, node) in words.iter() {
            let word = key.name.trim();
            if let Some((other, _)) = map.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
                self.error(key.at, format!("`{word}` and `{other}` are one word, for case does not count: keep one"));
            }
            if let Some(severity) = self.word(Field { key: &key.name, node }, &SEVERITIES) {
                map.insert(word.into(), severity);
            }
        }
        Some(map)
    }

    fn bind_name(&mut self, field: Field<'_>) -> Option<BindName> {
        match self.text(field)? {
            "ci" => Some(BindName::Ci),
            said => match said.strip_prefix(LABEL).filter(|label| !label.is_empty()) {
                Some(label) => Some(BindName::Label(label.into())),
                None => self.wrong(field, "`ci`, or a label such as label:host"),
            },
        }
    }
}
