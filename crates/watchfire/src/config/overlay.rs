//! Variables over a file: `WATCHFIRE_HTTP__LISTEN` is `http.listen`. A list is given whole, as YAML.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::shape::{self, Shape, nearest};
use super::{Config, folder, resolve, schema};
use crate::files::TextFile;
use crate::outcome::Faults;

const PREFIX: &str = "WATCHFIRE_";
/// Variables that are for commands, not for the service.
const OF_COMMANDS: [&str; 4] = ["CONFIG", "TOKEN", "TOKEN_FILE", "URL"];

/// How variables go on that tests find their servers by.
const OF_TESTS: &str = "TEST_";

/// The configuration, and a remark on each variable that means nothing.
pub(super) fn over(
    file: Option<&TextFile>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, Vec<String>), Faults> {
    let base = file.map_or(Path::new(""), |file| folder(&file.path));
    let mut config = match file {
        Some(file) => Config::of_file(file)?,
        None => resolve::resolve(Shape::default(), "configuration", base)?,
    };
    let mut tree = file.map_or_else(|| Value::Object(Map::new()), shape::tree);
    let mut remarks = Vec::new();
    for Variable { name, path, text } in of_the_service(variables) {
        if schema::has(&path) {
            (tree, config) = set(&tree, &path, &text, &name, base)?;
        } else {
            remarks.push(unknown(&name, &path));
        }
    }
    Ok((config, remarks))
}

/// A remark on each variable that means nothing, whatever the others say.
pub(super) fn unknown_among(variables: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let strangers = of_the_service(variables).into_iter().filter(|variable| !schema::has(&variable.path));
    strangers.map(|variable| unknown(&variable.name, &variable.path)).collect()
}

struct Variable {
    name: String,
    /// Of the key that it stands for.
    path: Vec<String>,
    text: String,
}

/// By name.
fn of_the_service(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Variable> {
    let read = |(name, text): (String, String)| {
        let rest = name.strip_prefix(PREFIX)?;
        let path = rest.split("__").map(str::to_lowercase).collect();
        let others = OF_COMMANDS.contains(&rest) || rest.starts_with(OF_TESTS);
        (!others).then_some(Variable { name, path, text })
    };
    let mut found: Vec<Variable> = variables.into_iter().filter_map(read).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// As plain text where that fits, else as YAML.
fn set(tree: &Value, path: &[String], text: &str, name: &str, base: &Path) -> Result<(Value, Config), Faults> {
    let with = |value: Value| {
        let mut changed = tree.clone();
        put(&mut changed, path, value);
        let shape = Shape::deserialize(&changed).map_err(|error| Faults::one(format!("{name}: {error}")))?;
        Ok((changed, resolve::resolve(shape, name, base)?))
    };
    let plain = with(Value::String(text.to_owned()));
    match (plain, shape::value(text)) {
        (Err(_), Some(value)) if !value.is_string() => with(value),
        (plain, _) => plain,
    }
}

fn put(tree: &mut Value, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *tree = value;
        return;
    };
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    if let Value::Object(entries) = tree {
        put(entries.entry(key.clone()).or_insert(Value::Null), rest, value);
    }
}

fn unknown(name: &str, path: &[String]) -> String {
    let known: Vec<String> = schema::paths().iter().map(|path| path.join("__")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let meant =
        nearest(&path.join("__"), &known).map(|near| format!(": did you mean {PREFIX}{}?", near.to_uppercase()));
    format!("{name} means nothing{}", meant.as_deref().unwrap_or(" and is ignored"))
}
