//! The JSON Schema of a configuration, for editors and for people; also what variables are held against.

use report::burn::{Urgency, WORKBOOK};
use serde_json::{Value, json};

/// JSON Schema, draft 2020-12.
pub(crate) fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Watchfire configuration",
        "description": "What `watchfire run` is told. Paths are meant from where the file is, a store's from where the service is started.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "http": closed("Where it listens.", json!({
                "listen": {"type": "string", "default": "127.0.0.1:8080", "description": "An address others can reach asks for tokens."},
            })),
            "store": closed("Where everything is kept.", json!({
                "url": {"type": "string", "pattern": "^(sqlite|postgres|postgresql)://.", "default": crate::place::DEFAULT},
            })),
            "pipelines": texts("Files, or folders of them; none: the shipped ones."),
            "cmdb": texts("CMDB files; several are one CMDB."),
            "kafka": needing(&["brokers"], closed("Topics that are read, as sources that push.", json!({
                "brokers": texts("Where to begin, such as kafka-1:9092; they name the others."),
                "group": {"type": "string", "default": "watchfire", "description": "The consumer group; each installation has its own."},
                "sources": list("Topics to read.", &["topic"], json!({
                    "topic": text(),
                    "format": {"enum": wire::Format::ALL.map(wire::Format::as_str), "default": "native"},
                    "source": {"type": "string", "description": "Of events that name none; else the topic's name."},
                    "pipeline": {"type": "string", "description": "Else the one for each event's format and source."},
                })),
                "events": {"type": "string", "default": "watchfire.events", "description": "The log that engines follow where the parts run in several processes (--role)."},
                "outputs": {"type": "boolean", "default": false, "description": "Whether every change is written to watchfire.incidents, .problems, .services and .dead-letter."},
                "properties": {
                    "type": "object",
                    "description": "Any property of librdkafka; with `_file` behind its name, its value stands in that file.",
                    "additionalProperties": {"type": ["string", "number", "boolean"]},
                },
            }))),
            "auth": closed("Who may do what.", json!({
                "tokens": list("Bearer tokens.", &["name", "role"], json!({
                    "name": {"type": "string", "description": "The audit calls whoever uses it so."},
                    "role": {"enum": ["viewer", "responder", "manager", "admin", "ingest"]},
                    "token": text(), "token_file": text(),
                })),
                "oidc": needing(&["issuer", "client_id", "redirect_url"], closed("The identity provider where people sign in, by OpenID Connect.", json!({
                    "issuer": {"type": "string", "pattern": "^https?://", "description": "As the provider writes it in its own description, such as https://login.example/realms/ops."},
                    "client_id": text(),
                    "client_secret": text(), "client_secret_file": text(),
                    "redirect_url": {"type": "string", "pattern": "/sign-in/callback$", "description": "This service as browsers reach it, and /sign-in/callback; the provider has to know it."},
                    "scopes": {"type": "array", "default": ["profile", "email"], "items": text(), "description": "What is asked for beside openid."},
                    "name_claim": {"type": "string", "description": "What the audit calls people by; else the first there is of preferred_username, email, sub."},
                    "roles_claim": {"type": "string", "default": "groups", "description": "Whose values are looked up in `roles`; with dots for what lies within others."},
                    "roles": {"type": "object", "description": "The role of whoever has a value; of several the one that allows most.", "additionalProperties": {"enum": ["viewer", "responder", "manager", "admin"]}},
                    "default_role": {"enum": ["viewer", "responder", "manager", "admin"], "description": "Of who has none; without it they are not let in."},
                }))),
                "open": {"type": "boolean", "default": false, "description": "Without tokens or an identity provider whoever reaches the port may do anything, and that is meant."},
            })),
            "retention": closed("How long things are kept; incidents, outages and the audit are kept for ever.", json!({
                "statements": span("400d"), "timeline": span("400d"), "dead_letters": span("30d"),
            })),
            "sources": list("Monitoring systems that have to speak, also if they never did.", &["name", "heartbeat"], json!({
                "name": text(), "heartbeat": {"$ref": "#/$defs/span"},
            })),
            "slo_alerts": closed("How fast an error budget may burn before somebody is told; of an objective over other than 30d the windows are in proportion.", json!({
                "page": burns("Told as critical; [] for none.", Urgency::Page),
                "ticket": burns("Told as major; [] for none.", Urgency::Ticket),
            })),
            "watchdog": needing(&["url"], closed("Our own heartbeat, outward.", json!({
                "url": {"type": "string", "pattern": "^https?://"}, "every": span("60s"),
            }))),
            "notify": list("Who is told.", &["webhook"], json!({
                "webhook": {"type": "string", "pattern": "^https?://"},
                "secret": text(), "secret_file": text(),
                "match": texts("Matchers, as Alertmanager's; all have to hold."),
            })),
            "notify_allow": texts("Private addresses that may be told, such as 10.0.0.0/8 or 127.0.0.1; others are not reached."),
            "reports": list("Reports that are issued once a month or a quarter is over, and kept as they were.", &["name", "report", "every"], json!({
                "name": {"type": "string", "description": "What is issued is found by it."},
                "report": {"enum": report::issued::Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()},
                "every": {"enum": report::issued::Every::ALL.map(report::issued::Every::as_str)},
                "time_zone": {"type": "string", "default": "UTC", "description": "Whose months and quarters are meant, such as Europe/Berlin."},
                "services": texts("Only these items; none: all services."),
                "group_by": {"type": "array", "default": [], "items": {"enum": report::GroupBy::ALL.map(report::GroupBy::as_str)}},
            })),
            "log": closed("Our own logs.", json!({
                "format": {"enum": ["text", "json"], "default": "text"},
                "level": {"type": "string", "default": "info"},
            })),
        },
        "$defs": {
            "span": {"type": "string", "pattern": r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$", "description": "Such as 30s, 5m, 1h30m, 30d."},
        },
    })
}

/// Whether a variable may set what stands at this path.
pub(super) fn has(path: &[String]) -> bool {
    paths().iter().any(|known| known == path)
}

/// Every key that has a value of its own, and every group of keys.
pub(super) fn paths() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect(&schema(), &mut Vec::new(), &mut found);
    found
}

fn collect(node: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, inner) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        path.push(key.clone());
        found.push(path.clone());
        collect(inner, path, found);
        path.pop();
    }
}

fn closed(description: &str, properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "description": description, "properties": properties})
}

fn needing(keys: &[&str], mut object: Value) -> Value {
    object["required"] = json!(keys);
    object
}

fn list(description: &str, required: &[&str], properties: Value) -> Value {
    let items =
        json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties});
    json!({"type": "array", "default": [], "description": description, "items": items})
}

fn burns(description: &str, urgency: Urgency) -> Value {
    let alerts = WORKBOOK.iter().filter(|alert| alert.urgency == urgency);
    let default = alerts.map(
        |alert| json!({"long": alert.long.to_string(), "short": alert.short.to_string(), "burn_rate": alert.burn_rate}),
    );
    let mut list = list(
        description,
        &["long", "short", "burn_rate"],
        json!({
            "long": {"$ref": "#/$defs/span"},
            "short": {"$ref": "#/$defs/span"},
            "burn_rate": {"type": "number", "exclusiveMinimum": 0, "description": "1 is just as fast as the objective allows."},
        }),
    );
    list["default"] = default.collect();
    list
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "default": [], "description": description, "items": {"type": "string"}})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn span(default: &str) -> Value {
    json!({"$ref": "#/$defs/span", "default": default})
}
