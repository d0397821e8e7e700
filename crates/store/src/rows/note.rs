//! Which rows a commit changed of what processes show that decide nothing. Repeats stand in the log of repeats.

use std::collections::BTreeSet;

use model::limits::COMMITS_NOTED_MAX;
use model::{AlertId, CiId, CommitHash, IncidentId, OutageId, ProblemId, SourceName, Step};
use serde::{Deserialize, Serialize};

use super::head::Head;
use crate::error::StoreError;
use crate::partition::Partition;
use crate::schema::NOTED;
use crate::value::{Cell, Cells, Row, Value, document, row};

/// The rows, of one commit or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) alerts: BTreeSet<AlertId>,
    pub(crate) incidents: BTreeSet<IncidentId>,
    pub(crate) problems: BTreeSet<ProblemId>,
    pub(crate) outages: BTreeSet<OutageId>,
    pub(crate) names: Names,
}

/// What an id alone does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Names {
    /// Outages that turned out to be none, each with the service it was of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) removed: BTreeSet<(OutageId, CiId)>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) sources: BTreeSet<SourceName>,
}

/// A note as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) seq: u64,
    /// The commit that the noted one follows.
    pub(crate) previous: CommitHash,
    pub(crate) note: Note,
}

impl Note {
    pub(crate) fn of(steps: &[Step]) -> Note {
        let mut note = Note::default();
        for step in steps {
            note.alerts.extend(step.alerts.iter().map(|alert| alert.id));
            note.incidents.extend(step.incidents.iter().map(|incident| incident.id));
            note.problems.extend(step.problems.iter().map(|problem| problem.id));
            note.outages.extend(step.outages.iter().map(|outage| outage.id));
            note.names.removed.extend(step.outages_removed.iter().cloned());
            note.names.sources.extend(step.sources.iter().map(|source| source.name.clone()));
        }
        note
    }

    pub(crate) fn add(&mut self, mut later: Note) {
        self.alerts.append(&mut later.alerts);
        self.incidents.append(&mut later.incidents);
        self.problems.append(&mut later.problems);
        self.outages.append(&mut later.outages);
        self.names.removed.append(&mut later.names.removed);
        self.names.sources.append(&mut later.names.sources);
    }

    /// The row of the next commit of a head.
    pub(crate) fn row(&self, head: &Head) -> Row {
        let (partition, nth) = (head.partition, head.commits + 1);
        row![
            place(partition, nth),
            partition.base() + nth,
            head.hash,
            bytes(self.alerts.iter().map(|id| id.bytes())),
            bytes(self.incidents.iter().map(|id| id.bytes())),
            bytes(self.problems.iter().map(|id| id.bytes())),
            bytes(self.outages.iter().map(|id| id.bytes())),
            document(&self.names),
        ]
    }
}

impl Noted {
    pub(crate) fn from_row(row: &[Value]) -> Result<Noted, StoreError> {
        let mut cells = Cells::new(&NOTED, row);
        cells.skip();
        Ok(Noted {
            seq: cells.take()?,
            previous: cells.take()?,
            note: Note {
                alerts: ids(&mut cells)?,
                incidents: ids(&mut cells)?,
                problems: ids(&mut cells)?,
                outages: ids(&mut cells)?,
                names: cells.document()?,
            },
        })
    }
}

/// Where the note of a partition's nth commit stands, until as many others as are remembered have come.
pub(crate) fn place(partition: Partition, nth: u64) -> u64 {
    partition.base() + nth % COMMITS_NOTED_MAX
}

fn bytes(ids: impl Iterator<Item = [u8; 16]>) -> Vec<u8> {
    ids.flatten().collect()
}

fn ids<Id: Cell + Ord>(cells: &mut Cells<'_>) -> Result<BTreeSet<Id>, StoreError> {
    let bytes: std::sync::Arc<[u8]> = cells.take()?;
    let (ids, rest) = bytes.as_chunks::<16>();
    let read: Option<BTreeSet<Id>> = ids.iter().map(|id| Id::read(&Value::Id(*id))).collect();
    read.filter(|_| rest.is_empty()).ok_or_else(|| cells.wrong("ids of a note were cut"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_as_it_was_written() {
        let id = |n: u8| [n; 16];
        let note = Note {
            alerts: [id(1), id(2)].map(AlertId::from_bytes).into(),
            incidents: [IncidentId::from_bytes(id(3))].into(),
            problems: BTreeSet::new(),
            outages: [OutageId::from_bytes(id(4))].into(),
            names: Names {
                removed: [(OutageId::from_bytes(id(5)), "shop".into())].into(),
                sources: ["prom".into()].into(),
            },
        };
        let head = Head { commits: COMMITS_NOTED_MAX + 6, ..Head::new(Partition::WHOLE) };
        let row = note.row(&head);
        let (seq, previous) = (COMMITS_NOTED_MAX + 7, head.hash);
        assert_eq!(row.first(), Some(&Value::from(7_u64)), "in the place of one that is forgotten");
        assert_eq!(Noted::from_row(&row).unwrap(), Noted { seq, previous, note });
        let mut cut = row;
        cut[NOTED.place("alerts")] = Value::from(vec![0_u8; 17]);
        assert!(matches!(Noted::from_row(&cut), Err(StoreError::Corrupt { .. })));
    }
}
