//! What was acknowledged: for each condition its firings in order, and the letters that could not be read.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// From the condition's key to its firings.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) conditions: BTreeMap<String, Condition>,
    /// By the id that the answer gave, the bytes that were sent.
    pub(super) letters: BTreeMap<String, Vec<u8>>,
    /// Idempotency keys of acknowledged pushes.
    pub(super) keys: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Statements acknowledged, firing and resolved.
    pub(super) statements: u64,
    pub(super) firings: Vec<Firing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Firing {
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
}

/// One event of a push.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Fires { key: String, from: Timestamp },
    Resolves { key: String, to: Timestamp },
}

impl Book {
    pub(super) fn acknowledge(&mut self, statements: Vec<Statement>) {
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
    pub(super) fn append(&mut self, other: Book) {
        self.conditions.extend(other.conditions);
        self.letters.extend(other.letters);
        self.keys.extend(other.keys);
    }

    pub(super) fn statements(&self) -> u64 {
        self.conditions.values().map(|condition| condition.statements).sum()
    }
}
