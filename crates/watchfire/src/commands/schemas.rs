//! `watchfire schema`: JSON Schemas of the files people write, for their editors. `watchfire openapi`.

use serde_json::{Value, json};

use crate::cli::{Schema, SchemaOf};
use crate::config;
use crate::console::Console;
use crate::outcome::Outcome;

pub(super) fn schema(args: &Schema, console: &Console) -> anyhow::Result<Outcome> {
    let schema = match args.of {
        SchemaOf::Configuration => config::schema::schema(),
        SchemaOf::Pipeline => rules::schema(),
        SchemaOf::Cmdb => cmdb(),
    };
    console.result(&(serde_json::to_string_pretty(&schema)? + "\n"))?;
    Ok(Outcome::Done)
}

pub(super) fn openapi(console: &Console) -> anyhow::Result<Outcome> {
    console.result(&format!("{}\n", api::openapi().trim_end()))?;
    Ok(Outcome::Done)
}

/// JSON Schema, draft 2020-12, of a CMDB file. docs/contract.md section 4.
fn cmdb() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Watchfire CMDB file",
        "description": "What there is, what it needs, and what was promised of it.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "classes": list(&["id"], json!({
                "id": text(""),
                "down_at": {"enum": ["critical", "major", "minor", "warning", "info"], "default": "critical", "description": "An alert at or above it takes an item down."},
                "service": {"type": "boolean", "description": "Reports list items of the class."},
            })),
            "calendars": list(&["id", "time_zone", "hours"], json!({
                "id": text(""),
                "time_zone": text("An IANA name, such as Europe/Berlin."),
                "hours": list(&["days", "from", "to"], json!({
                    "days": {"type": "array", "items": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}},
                    "from": time_of_day(), "to": time_of_day(),
                })),
                "holidays": {"type": "array", "items": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}},
            })),
            "items": list(&["id", "class"], item()),
            "relationships": list(&["from", "type", "to"], json!({
                "from": text(""), "to": text(""),
                "type": text("requires (also runs_on, hosted_on), uses, connected, located_in, part_of, monitored_by, backed_up_by; others are kept and shown."),
            })),
            "agreements": list(&["id", "kind", "targets"], agreement()),
        },
        "$defs": {
            "span": {"type": "string", "pattern": r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$", "description": "Such as 15m, 1h30m, 180d."},
        },
    })
}

fn item() -> Value {
    json!({
        "id": text("What everything else calls it."),
        "class": text("service, application, database, host, network, storage, … or your own."),
        "name": text("For people."),
        "environment": {"type": "string", "default": "production"},
        "criticality": {"type": "integer", "minimum": 1, "maximum": 4, "default": 3, "description": "1 is the most critical."},
        "team": text("The owner."),
        "supplier": text("Who outside answers for it: agreements with that supplier are about its incidents."),
        "users": {"type": "integer", "minimum": 0, "description": "How many people use the service: what an outage costs is counted in minutes of customers."},
        "aliases": texts("Other names, addresses, and patterns with *."),
        "domain": {"type": "string", "default": "default"},
        "requires": texts("What it cannot work without."),
        "uses": texts("What it works worse without."),
        "redundant": list(&["of", "k"], json!({
            "of": texts("The members."),
            "k": {"type": "integer", "minimum": 1, "description": "So many must not be down."},
        })),
        "objectives": closed(&[], json!({
            "slo": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "slo_window": {"anyOf": [{"enum": ["month", "quarter"]}, span()]},
            "degraded_weight": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
            "rto": span(), "rpo": span(), "mtpd": span(), "exercise_every": span(),
            "calendar": {"type": "string", "default": "24x7"},
        })),
        "live_since": instant("It counts from here."),
        "retired_at": instant("It counts no more from here."),
    })
}

/// Just one of service, team and supplier.
fn agreement() -> Value {
    let target = || closed(&[], json!({"respond": span(), "restore": span()}));
    json!({
        "id": text("What reports call it."),
        "kind": {"enum": ["sla", "ola", "uc"], "description": "With a customer, within the house, with a supplier."},
        "service": text("About incidents that affect this service."),
        "team": text("About incidents of this team."),
        "supplier": text("About incidents that items of this supplier caused."),
        "calendar": {"type": "string", "default": "24x7", "description": "The clocks of its targets run on it."},
        "targets": closed(&[], json!({"P1": target(), "P2": target(), "P3": target(), "P4": target(), "P5": target()})),
    })
}

fn closed(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn list(required: &[&str], properties: Value) -> Value {
    json!({"type": "array", "items": closed(required, properties)})
}

fn text(description: &str) -> Value {
    match description {
        "" => json!({"type": "string"}),
        said => json!({"type": "string", "description": said}),
    }
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

fn span() -> Value {
    json!({"$ref": "#/$defs/span"})
}

fn time_of_day() -> Value {
    json!({"type": "string", "pattern": r"^\d{2}:\d{2}$"})
}

fn instant(description: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": description})
}

#[cfg(test)]
mod tests {
    use wire::cmdb::CmdbFile;

    use super::*;

    /// `{key: {…}}` down to a value that no key takes, so that what is told is about the innermost key.
    fn nested(path: &[(String, bool)]) -> String {
        path.iter().rev().fold("null".to_owned(), |inner, (key, listed)| {
            if *listed { format!("{{{key}: [{inner}]}}") } else { format!("{{{key}: {inner}}}") }
        })
    }

    fn walk(node: &Value, path: &mut Vec<(String, bool)>, visit: &mut impl FnMut(&[(String, bool)])) {
        let object = if node["type"] == "array" { &node["items"] } else { node };
        for (key, inner) in object["properties"].as_object().into_iter().flatten() {
            path.push((key.clone(), inner["type"] == "array"));
            visit(path);
            walk(inner, path, visit);
            path.pop();
        }
    }

    #[test]
    fn every_key_of_the_cmdb_schema_is_one_that_files_have() {
        let mut seen = 0;
        walk(&cmdb(), &mut Vec::new(), &mut |path| {
            seen += 1;
            if let Err(faults) = CmdbFile::read("f", &nested(path)) {
                let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
                assert!(!told.iter().any(|told| told.contains("unknown key")), "{path:?}: {told:?}");
            }
        });
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn every_key_that_files_have_is_in_the_cmdb_schema() {
        let told = |text: &str| {
            let faults = CmdbFile::read("f", text).unwrap_err();
            faults.iter().map(ToString::to_string).collect::<String>()
        };
        for (place, text) in [
            ("", "{qqqqqqqqqqqq: 1}"),
            ("/properties/classes/items", "{classes: [{qqqqqqqqqqqq: 1}]}"),
            ("/properties/calendars/items", "{calendars: [{qqqqqqqqqqqq: 1}]}"),
            ("/properties/items/items", "{items: [{qqqqqqqqqqqq: 1}]}"),
            ("/properties/items/items/properties/objectives", "{items: [{objectives: {qqqqqqqqqqqq: 1}}]}"),
            ("/properties/relationships/items", "{relationships: [{qqqqqqqqqqqq: 1}]}"),
            ("/properties/agreements/items", "{agreements: [{qqqqqqqqqqqq: 1}]}"),
            ("/properties/agreements/items/properties/targets", "{agreements: [{targets: {qqqqqqqqqqqq: 1}}]}"),
            (
                "/properties/agreements/items/properties/targets/properties/P1",
                "{agreements: [{targets: {P1: {qqqqqqqqqqqq: 1}}}]}",
            ),
        ] {
            let told = told(text);
            let (_, known) = told.split_once("known here are ").unwrap_or_else(|| panic!("{told}"));
            let schema = cmdb();
            let properties = &schema.pointer(place).unwrap()["properties"];
            for key in known.split(", ") {
                assert!(properties.get(key).is_some(), "{key} at {place:?}");
            }
        }
    }
}
