//! What was acknowledged: for each condition its firings in order, and the letters that could not be read.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// From the condition's key to its firings.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) conditions: BTreeMap<String, Condition>,
    /// By the id that the answer gave, the bytes that were sent.
    pub(crate) letters: BTreeMap<String, Vec<u8>>,
    /// Idempotency keys of acknowledged pushes.
    pub(crate) keys: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// Statements acknowledged, firing and resolved.
    pub(crate) statements: u64,
    pub(crate) firings: Vec<Firing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Firing {
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

/// One event of a push.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    Fires { key: String, from: Timestamp },
    Resolves { key: String, to: Timestamp },
}

impl Book {
    pub(crate) fn acknowledge(&mut self, statements: Vec<Statement>) {
        for statement in statements {
            match statement {
                Statement::Fires { key, from } => {
                    let condition = self.conditions.entry(key).or_default();
                    condition.statements += 1;
                    condition.firings.push(Firing { from, to: None });
                }
                Statement::Resolves { key, to } => {
                    let condition = self.conditions.entry(key).or_default();
                    condition.statements += 1;
                    condition.firings.last_mut().expect("what resolves has fired").to = Some(to);
                }
            }
        }
    }

    /// Another sender's, whose conditions are others.
    pub(crate) fn append(&mut self, other: Book) {
        self.conditions.extend(other.conditions);
        self.letters.extend(other.letters);
        self.keys.extend(other.keys);
    }

    pub(crate) fn statements(&self) -> u64 {
        self.conditions.values().map(|condition| condition.statements).sum()
    }
}
