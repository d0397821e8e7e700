//! A truth file: which events belong together, and what caused it. docs/contract.md section 7.
//!
//! What contradicts itself is refused: a score against it would say nothing, and a check of rules would pass by it.

use std::collections::{BTreeMap, BTreeSet};

use model::{CiId, Cmdb};
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

/// What a file says, each with the line that says it first.
#[derive(Default)]
struct Rows {
    events: BTreeMap<u64, (usize, Option<String>)>,
    causes: BTreeMap<String, (usize, Vec<String>)>,
}

impl Truth {
    pub fn parse(text: &str) -> Result<Truth, TruthError> {
        Ok(Rows::read(text)?.truth())
    }

    /// The truth about what happened to the items of this CMDB. Without items no cause is held against them.
    pub fn parse_about(text: &str, cmdb: &Cmdb) -> Result<Truth, TruthError> {
        let rows = Rows::read(text)?;
        if !cmdb.items.is_empty() {
            rows.about(&cmdb.items.iter().map(|item| &item.id).collect())?;
        }
        Ok(rows.truth())
    }
}

impl Rows {
    fn read(text: &str) -> Result<Rows, TruthError> {
        let mut rows = Rows::default();
        for (at, line) in (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let error = |why: String| TruthError { line: at, why };
            let line: TruthLine = serde_json::from_str(line).map_err(|parse| error(parse.to_string()))?;
            match line {
                TruthLine { index: Some(index), incident, causes: None } => rows.event(at, index, incident)?,
                TruthLine { index: None, incident: Some(incident), causes: Some(causes) } => {
                    rows.causes(at, incident, causes)?;
                }
                TruthLine { .. } => {
                    let why = "write {\"index\":…,\"incident\":…} for an event, or {\"incident\":…,\"causes\":[…]}";
                    return Err(error(why.to_owned()));
                }
            }
        }
        rows.causes_of_something()?;
        Ok(rows)
    }

    fn event(&mut self, line: usize, index: u64, incident: Option<String>) -> Result<(), TruthError> {
        let in_words = |incident: &Option<String>| {
            incident.as_ref().map_or_else(|| "in none".to_owned(), |label| format!("in incident `{label}`"))
        };
        let (first, before) = self.events.entry(index).or_insert_with(|| (line, incident.clone()));
        if *before == incident {
            return Ok(());
        }
        let why = format!(
            "event {index} is {} here and {} on line {first}: an event belongs to one incident, so take one of the two \
             lines out",
            in_words(&incident),
            in_words(before)
        );
        Err(TruthError { line, why })
    }

    fn causes(&mut self, line: usize, incident: String, causes: Vec<String>) -> Result<(), TruthError> {
        let (first, before) = self.causes.entry(incident.clone()).or_insert_with(|| (line, causes.clone()));
        if *before == causes {
            return Ok(());
        }
        let why = format!(
            "the causes of incident `{incident}` are given on line {first} already, and are others there: write one line \
             with all of them"
        );
        Err(TruthError { line, why })
    }

    /// A label that no event has is mostly a slip in it, and its causes would count for nothing.
    fn causes_of_something(&self) -> Result<(), TruthError> {
        let labels: BTreeSet<&str> = self.events.values().filter_map(|(_, incident)| incident.as_deref()).collect();
        let Some((label, (line, _))) = self.causes.iter().find(|(label, _)| !labels.contains(label.as_str())) else {
            return Ok(());
        };
        let near = meant(label, labels.iter().copied());
        let why = format!(
            "incident `{label}` has causes and no events: correct the label{near}, give it events, or take the line out"
        );
        Err(TruthError { line: *line, why })
    }

    /// Scores compare ids: an item by another of its names would never be found.
    fn about(&self, items: &BTreeSet<&CiId>) -> Result<(), TruthError> {
        for (line, causes) in self.causes.values() {
            if let Some(unknown) = causes.iter().find(|cause| !items.contains(&CiId::from(cause.as_str()))) {
                let near = meant(unknown, items.iter().map(|id| id.as_str()));
                let why = format!(
                    "no item of the CMDB has the id `{unknown}`, which is given as a cause: correct it{near}, or name the \
                     CMDB that has it"
                );
                return Err(TruthError { line: *line, why });
            }
        }
        Ok(())
    }

    fn truth(self) -> Truth {
        Truth {
            incident_of: self.events.into_iter().filter_map(|(index, (_, label))| Some((index, label?))).collect(),
            causes_of: self.causes.into_iter().map(|(label, (_, causes))| (label, causes)).collect(),
        }
    }
}

/// The nearest of the words, in brackets, where one is near.
fn meant<'w>(said: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    rules::nearest_few(said, known).first().map_or_else(String::new, |near| format!(" (near is `{near}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "{\"index\":0,\"incident\":\"disk\"}\n{\"index\":1,\"incident\":null}\n";

    fn refused(more: &str) -> String {
        Truth::parse(&format!("{EVENTS}{more}")).unwrap_err().to_string()
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_line_and_what_to_do() {
        for (more, told) in [
            (
                "{\"index\":0,\"incident\":\"net\"}",
                "line 3: event 0 is in incident `net` here and in incident `disk` on line 1",
            ),
            (
                "\n{\"index\":1,\"incident\":\"disk\"}",
                "line 4: event 1 is in incident `disk` here and in none on line 2",
            ),
            (
                "{\"incident\":\"disc\",\"causes\":[\"a\"]}",
                "line 3: incident `disc` has causes and no events: correct the label (near is `disk`)",
            ),
            (
                "{\"incident\":\"disk\",\"causes\":[\"a\"]}\n{\"incident\":\"disk\",\"causes\":[]}",
                "line 4: the causes of incident `disk` are given on line 3",
            ),
        ] {
            let refused = refused(more);
            assert!(refused.starts_with(told), "{refused}");
        }
    }

    #[test]
    fn what_is_said_twice_is_said() {
        let causes = "{\"incident\":\"disk\",\"causes\":[\"a\"]}\n";
        let truth = Truth::parse(&[EVENTS, EVENTS, causes, causes].concat()).unwrap();
        assert_eq!(truth, Truth::parse(&[EVENTS, causes].concat()).unwrap());
    }
}
