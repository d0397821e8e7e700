//! People use numbers, and the service links by ids: for a person, ids of incidents and problems become numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Desk;
use crate::cli::Format;

/// What ids begin with, and where the object is that has the number.
const NUMBERED: [(&str, &str); 2] = [("inc_", "/api/v1/incidents"), ("prb_", "/api/v1/problems")];
const HEX_DIGITS: usize = 32;
/// Ids that one page looks up; the others stay as they are.
const LOOKED_UP_MAX: usize = 50;
/// An id that is meant as such, and what people and monitoring wrote.
const KEPT: [&str; 9] =
    ["id", "labels", "annotations", "names", "comments", "resolution", "title", "summary", "dedup_key"];

impl Desk<'_> {
    /// With numbers in place of ids, where it is a person who reads; an id that nothing goes by any more stays.
    pub(in crate::commands) async fn numbered(&self, mut object: Value) -> Value {
        if self.format == Format::Json {
            return object;
        }
        let mut numbers = own_number(&object);
        let mut ids = BTreeSet::new();
        find(&object, &mut ids);
        ids.retain(|id| !numbers.contains_key(id));
        for id in ids.into_iter().take(LOOKED_UP_MAX) {
            if let Some(number) = self.number_of(&id).await {
                numbers.insert(id, number);
            }
        }
        put(&mut object, &numbers);
        object
    }

    async fn number_of(&self, id: &str) -> Option<String> {
        let (_, path) = NUMBERED.iter().find(|(prefix, _)| id.starts_with(prefix))?;
        let found = self.client.get(&format!("{path}/{id}"), &Vec::new()).await.ok()?;
        found["number"].as_str().map(str::to_owned)
    }
}

fn own_number(object: &Value) -> BTreeMap<String, String> {
    let own = object["id"].as_str().zip(object["number"].as_str());
    own.map(|(id, number)| (id.to_owned(), number.to_owned())).into_iter().collect()
}

fn find(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => ids.extend(ids_in(text)),
        Value::Array(values) => values.iter().for_each(|value| find(value, ids)),
        Value::Object(fields) => {
            fields.iter().filter(|(key, _)| !KEPT.contains(&key.as_str())).for_each(|(_, value)| find(value, ids));
        }
        _ => {}
    }
}

fn ids_in(text: &str) -> impl Iterator<Item = String> {
    let found = NUMBERED.iter().flat_map(|(prefix, _)| text.match_indices(prefix));
    let whole = found.filter_map(|(at, prefix)| text.get(at..at + prefix.len() + HEX_DIGITS));
    let is_hex = |id: &&str| id.bytes().rev().take(HEX_DIGITS).all(|byte| byte.is_ascii_hexdigit());
    whole.filter(is_hex).map(str::to_owned)
}

fn put(value: &mut Value, numbers: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            for id in ids_in(text).collect::<Vec<_>>() {
                if let Some(number) = numbers.get(&id) {
                    *text = text.replace(&id, number);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| put(value, numbers)),
        Value::Object(fields) => {
            let linking = fields.iter_mut().filter(|(key, _)| !KEPT.contains(&key.as_str()));
            linking.for_each(|(_, value)| put(value, numbers));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "inc_96f985419922693d535dee0479e31134";

    #[test]
    fn ids_become_numbers_wherever_they_link_and_nowhere_else() {
        let mut object = json!({
            "id": ID, "merged_into": ID, "labels": {"ticket": ID},
            "timeline": [{"text": format!("not in {ID}: it is old; not in inc_short")}],
        });
        let mut ids = BTreeSet::new();
        find(&object, &mut ids);
        assert_eq!(ids, [ID.to_owned()].into());
        put(&mut object, &[(ID.to_owned(), "INC0000007".to_owned())].into());
        let expected = json!({
            "id": ID, "merged_into": "INC0000007", "labels": {"ticket": ID},
            "timeline": [{"text": "not in INC0000007: it is old; not in inc_short"}],
        });
        assert_eq!(object, expected);
    }
}
