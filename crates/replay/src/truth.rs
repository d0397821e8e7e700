//! A truth file: which events belong together, and what caused it. docs/contract.md section 7.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// For each event its incident; events without one belong to none, and are not scored.
    pub incident_of: BTreeMap<u64, String>,
    pub causes_of: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Error)]
#[error("line {line}: {why}")]
pub struct TruthError {
    line: usize,
    why: String,
}

#[derive(Deserialize)]
struct TruthLine {
    index: Option<u64>,
    incident: Option<String>,
    causes: Option<Vec<String>>,
}

impl Truth {
    pub fn parse(text: &str) -> Result<Truth, TruthError> {
        let mut truth = Truth::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let error = |why: String| TruthError { line: at + 1, why };
            let line: TruthLine = serde_json::from_str(line).map_err(|parse| error(parse.to_string()))?;
            match line {
                TruthLine { index: Some(index), incident, causes: None } => {
                    truth.incident_of.extend(incident.map(|incident| (index, incident)));
                }
                TruthLine { index: None, incident: Some(incident), causes: Some(causes) } => {
                    truth.causes_of.insert(incident, causes);
                }
                TruthLine { .. } => {
                    let why = "write {\"index\":…,\"incident\":…} for an event, or {\"incident\":…,\"causes\":[…]}";
                    return Err(error(why.to_owned()));
                }
            }
        }
        Ok(truth)
    }
}
