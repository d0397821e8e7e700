//! The JSON Schema of a pipeline file, for editors and for people. Kept by hand beside the parser; a test holds the keys
//! and the defaults of both together.
//!
//! What only the parser can see (regular expressions, contradictions, other files) is not in it.

use model::{Effect, Severity};
use serde_json::{Map, Value, json};
use wire::Format;

/// JSON Schema, draft 2020-12.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Watchfire pipeline",
        "description": "How the events of a source are read, and by what policy they are decided.",
        "type": "object",
        "additionalProperties": false,
        "properties": merged([identification(), reading(), statements(), clocks(), grouping(), judging()]),
        "$defs": definitions(),
    })
}

fn identification() -> Value {
    let formats: Vec<&str> = std::iter::once("*").chain(Format::ALL.map(Format::as_str)).collect();
    json!({
        "name": {
            "type": "string", "pattern": r"^[\p{L}\p{N}._-]{1,100}$", "default": "default",
            "description": "What alerts and incidents call their pipeline.",
        },
        "match": {
            "type": "object", "additionalProperties": false, "default": {"format": "*", "source": "*"},
            "description": "Which events are its own. The most specific wins: source and format, source, format.",
            "properties": {
                "format": {"enum": formats, "default": "*"},
                "source": {"$ref": "#/$defs/word", "default": "*", "description": "A name; * stands for any text."},
            },
        },
    })
}

fn reading() -> Value {
    let effects = [Effect::Down, Effect::Degraded, Effect::None].map(Effect::as_str);
    json!({
        "domain": {
            "$ref": "#/$defs/word", "default": "default",
            "description": "What may be correlated together; label:NAME takes it from a label.",
        },
        "identity": {
            "oneOf": [{"const": "all"}, {"$ref": "#/$defs/words", "minItems": 1}], "default": "all",
            "description": "Which labels tell one condition from another, where the source gives no dedup_key.",
        },
        "drop": {
            "$ref": "#/$defs/words", "default": ["replica", "prometheus"],
            "description": "Labels that take no part in identity.",
        },
        "severity": {
            "type": "object", "additionalProperties": false,
            "default": {"from": "severity", "map": {"page": "critical"}},
            "properties": {
                "from": {
                    "$ref": "#/$defs/word", "default": "severity",
                    "description": "Where its word stands: `severity` is the event's own field, else a label.",
                },
                "map": {
                    "type": "object", "additionalProperties": {"$ref": "#/$defs/severity"},
                    "default": {"page": "critical"},
                    "description": "Words of the source, before the common ones.",
                },
            },
        },
        "effect": {
            "type": "array", "default": [],
            "description": "What an alert means for its item, where its event does not say. The first that matches.",
            "items": {
                "type": "object", "additionalProperties": false, "required": ["match", "effect"],
                "properties": {
                    "match": {"$ref": "#/$defs/matchers"},
                    "effect": {"enum": effects},
                },
            },
        },
        "bind": {
            "type": "array", "items": {"type": "string", "pattern": "^(ci|label:.+)$"},
            "default": ["ci", "label:ci", "label:host", "label:instance", "label:service"],
            "description": "Where names of the configuration item stand, the most trusted first.",
        },
        "transform": {
            "type": "null", "default": null,
            "description": "A VRL program, in a version with that feature. Not in this one.",
        },
    })
}

fn statements() -> Value {
    json!({
        "order": {
            "enum": ["own", "arrival"], "default": "own",
            "description": "Which instants order an alert's statements; arrival for sources without usable times.",
        },
        "expiry": {
            "enum": ["clock", "source"], "default": "clock",
            "description": "Whether a promise has passed by the clock, or by how far the source has come.",
        },
        "stale_limit": span("1h", "How long a silent source keeps its alerts from expiring."),
        "clears": {
            "enum": ["always", "never"], "default": "always",
            "description": "never: the source does not say that something ended.",
        },
        "resolve_timeout": {
            "oneOf": [{"$ref": "#/$defs/duration"}, {"type": "null"}], "default": null,
            "description": "An alert that is not said again for this long has ended.",
        },
        "open_at": severity("warning", "Episodes at or above it open incidents."),
        "restore_at": severity("minor", "An incident is restored once nothing at or above it fires."),
    })
}

fn clocks() -> Value {
    json!({
        "group_wait": span("30s", "Holds back telling; at most 10s once a service of criticality 1 is down."),
        "quiet_period": span("5m", "Restored and quiet for this long is resolved."),
        "reopen_window": span("1h", "Firing again this soon after it was resolved reopens an incident."),
        "recheck_after": span("15m", "Said to fire this long after a forced resolve: it never cleared."),
        "close_after": span("7d", "A resolved incident is closed after this."),
    })
}

fn grouping() -> Value {
    json!({
        "join_window": {
            "type": "object", "additionalProperties": false, "default": {"gap": "15m", "cap": "24h"},
            "description": "How long an incident takes new company by topology, time or likeness.",
            "properties": {
                "gap": span("15m", "After its newest episode."),
                "cap": span("24h", "In all; 24h at most."),
            },
        },
        "flapping": or_off(json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "changes": {"type": "integer", "minimum": 2, "default": 6},
                "within": span("30m", "So many changes of state in this long are flapping."),
                "steady": span("15m", "Without a change for this long, it is over."),
            },
        }), json!({"changes": 6, "within": "30m", "steady": "15m"})),
        "storm": or_off(json!({
            "type": "object", "additionalProperties": false,
            "description": "Many incidents at once get one parent, which people are told of; P1 and P2 are told all the same.",
            "properties": {
                "incidents": {"type": "integer", "minimum": 2, "default": 20},
                "within": span("5m", "So many new incidents in this long are a storm."),
            },
        }), json!({"incidents": 20, "within": "5m"})),
        "max_alerts": {
            "type": "integer", "minimum": 1, "default": 1000,
            "description": "Alerts that an incident lists; further ones count for services and priority.",
        },
        "rules": {
            "type": "array", "default": [],
            "description": "What matches and has equal labels belongs together. The first whose labels are all there.",
            "items": {
                "type": "object", "additionalProperties": false, "required": ["name"],
                "properties": {
                    "name": {"$ref": "#/$defs/word"},
                    "match": {"$ref": "#/$defs/matchers", "default": []},
                    "group_by": {"$ref": "#/$defs/words", "default": []},
                    "window": span("5m", "How long it gathers."),
                    "anchor": {
                        "enum": ["first", "last", "start"], "default": "first",
                        "description": "From the first or newest receipt, or by the source's own starts.",
                    },
                    "exclusive": {
                        "type": "boolean", "default": false,
                        "description": "What it takes joins nothing by topology, time or likeness, and nothing joins it so.",
                    },
                },
            },
        },
        "inhibit": {
            "type": "array", "default": [],
            "description": "A target joins the incident of a firing source with equal labels, silently.",
            "items": {
                "type": "object", "additionalProperties": false, "required": ["source", "target"],
                "properties": {
                    "source": {"$ref": "#/$defs/matchers", "minItems": 1},
                    "target": {"$ref": "#/$defs/matchers", "minItems": 1},
                    "equal": {"$ref": "#/$defs/words", "default": []},
                },
            },
        },
    })
}

fn judging() -> Value {
    let matrix = json!([["P1", "P2", "P3"], ["P2", "P3", "P4"], ["P3", "P4", "P5"]]);
    let three = |items: Value| json!({"type": "array", "minItems": 3, "maxItems": 3, "items": items});
    let mut rows = three(three(json!({"enum": ["P1", "P2", "P3", "P4", "P5"]})));
    rows["default"] = matrix.clone();
    rows["description"] = json!("A row for each impact, 1 to 3; in it a priority for each urgency, 1 to 3.");
    json!({
        "priority": {
            "type": "object", "additionalProperties": false, "default": {"matrix": matrix},
            "properties": {"matrix": rows},
        },
        "auto_declare": {
            "type": "boolean", "default": false,
            "description": "Declares a major incident at P1 instead of proposing it.",
        },
    })
}

fn definitions() -> Value {
    let severities = Severity::ALL.map(Severity::as_str);
    json!({
        "duration": {
            "type": "string", "pattern": r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$", "minLength": 2,
            "examples": ["30s", "5m", "1h30m", "7d"],
        },
        "severity": {"enum": severities},
        "word": {"type": ["string", "number"], "minLength": 1},
        "words": {"type": "array", "items": {"$ref": "#/$defs/word"}},
        "matchers": {
            "type": "array",
            "items": {"type": "string", "examples": ["alertname=\"DiskFull\"", "host=~\"db-.*\""]},
            "description": "Alertmanager's: =, !=, =~, !~; all have to hold.",
        },
    })
}

fn span(default: &str, description: &str) -> Value {
    json!({"$ref": "#/$defs/duration", "default": default, "description": description})
}

fn severity(default: &str, description: &str) -> Value {
    json!({"$ref": "#/$defs/severity", "default": default, "description": description})
}

fn or_off(mapping: Value, default: Value) -> Value {
    json!({"oneOf": [{"enum": ["off", false]}, mapping], "default": default})
}

fn merged<const N: usize>(parts: [Value; N]) -> Value {
    let entries = parts.into_iter().filter_map(|part| match part {
        Value::Object(entries) => Some(entries),
        _ => None,
    });
    Value::Object(entries.flatten().collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pipeline::{
        EFFECT_KEYS, FLAPPING_KEYS, INHIBIT_KEYS, JOIN_WINDOW_KEYS, KEYS, MATCH_KEYS, PRIORITY_KEYS, RULE_KEYS,
        SEVERITY_KEYS, STORM_KEYS,
    };

    #[test]
    fn the_schema_has_every_key_of_the_parser_and_no_other() {
        let schema = schema();
        for (place, keys) in [
            ("", &KEYS as &[&str]),
            ("/properties/match", &MATCH_KEYS),
            ("/properties/severity", &SEVERITY_KEYS),
            ("/properties/effect/items", &EFFECT_KEYS),
            ("/properties/join_window", &JOIN_WINDOW_KEYS),
            ("/properties/flapping/oneOf/1", &FLAPPING_KEYS),
            ("/properties/storm/oneOf/1", &STORM_KEYS),
            ("/properties/rules/items", &RULE_KEYS),
            ("/properties/inhibit/items", &INHIBIT_KEYS),
            ("/properties/priority", &PRIORITY_KEYS),
        ] {
            let object = schema.pointer(place).unwrap_or_else(|| panic!("nothing at {place}"));
            let said: BTreeSet<&str> = object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(said, keys.iter().copied().collect(), "{place}");
            assert_eq!(object["additionalProperties"], json!(false), "{place}");
        }
    }

    /// Every default of the schema, written out, is the same as nothing written.
    #[test]
    fn the_defaults_of_the_schema_are_the_parsers() {
        let schema = schema();
        let properties = schema["properties"].as_object().unwrap();
        let defaults: Map<String, Value> =
            properties.iter().map(|(key, property)| (key.clone(), property["default"].clone())).collect();
        let written = crate::pipeline::parse("written", &Value::Object(defaults).to_string()).unwrap().0;
        let empty = crate::pipeline::parse("empty", "").unwrap().0;
        assert_eq!(written.compiled, empty.compiled);
        for nested in ["match", "severity", "join_window", "priority"] {
            for (key, property) in properties[nested]["properties"].as_object().unwrap() {
                assert_eq!(property["default"], properties[nested]["default"][key], "{nested}.{key}");
            }
        }
        for nested in ["flapping", "storm"] {
            for (key, property) in properties[nested]["oneOf"][1]["properties"].as_object().unwrap() {
                assert_eq!(property["default"], properties[nested]["default"][key], "{nested}.{key}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(node: &Value, found: &mut Vec<String>) {
            match node {
                Value::Object(entries) => {
                    found.extend(entries.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    entries.values().for_each(|value| walk(value, found));
                }
                Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
                _ => {}
            }
        }
        let schema = schema();
        let mut found = Vec::new();
        walk(&schema, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            assert!(schema.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}
