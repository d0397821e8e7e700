//! Kafka, as far as the protocol rests on it: logs, transactions, a group that shares partitions out and keeps offsets.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use runtime::Item;

pub(super) type Txn = u64;

/// A record of the log of events.
#[derive(Clone, Debug)]
struct Record {
    at: Timestamp,
    txn: Txn,
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Committed,
    GivenUp,
}

#[derive(Debug)]
struct Transaction {
    state: State,
    /// How far it leads in the sources.
    offsets: BTreeMap<usize, u64>,
}

/// A record that can be read, and its position.
pub(super) type Read = (u64, (Timestamp, Vec<Item>));

#[derive(Debug)]
pub(super) struct Kafka {
    /// Items by partition of the sources: one is one record.
    pub(super) sources: Vec<Vec<Item>>,
    events: Vec<Vec<Record>>,
    transactions: Vec<Transaction>,
    /// Of the group of ingest processes: how often it has shared out, and who has what.
    pub(super) turn: u64,
    pub(super) owners: Vec<usize>,
    offsets: BTreeMap<usize, u64>,
}

impl Kafka {
    pub(super) fn new(sources: usize, partitions: usize) -> Kafka {
        Kafka {
            sources: vec![Vec::new(); sources],
            events: (0..partitions).map(|_| Vec::new()).collect(),
            transactions: Vec::new(),
            turn: 0,
            owners: vec![0; sources],
            offsets: BTreeMap::new(),
        }
    }

    pub(super) fn begin(&mut self) -> Txn {
        self.transactions.push(Transaction { state: State::Open, offsets: BTreeMap::new() });
        self.transactions.len() as Txn - 1
    }

    pub(super) fn append(&mut self, txn: Txn, partition: usize, at: Timestamp, items: Vec<Item>) {
        self.events[partition].push(Record { at, txn, items });
    }

    /// Refused in a turn that is over.
    pub(super) fn add_offsets(&mut self, txn: Txn, offsets: &BTreeMap<usize, u64>, turn: u64) -> bool {
        let holds = turn == self.turn && self.is_open(txn);
        if holds {
            self.transactions[txn as usize].offsets.extend(offsets);
        }
        holds
    }

    pub(super) fn is_open(&self, txn: Txn) -> bool {
        self.transactions[txn as usize].state == State::Open
    }

    /// Whether it is in; asked again, the same.
    pub(super) fn commit(&mut self, txn: Txn) -> bool {
        let transaction = &mut self.transactions[txn as usize];
        if transaction.state == State::Open {
            transaction.state = State::Committed;
            self.offsets.extend(&transaction.offsets);
        }
        self.transactions[txn as usize].state == State::Committed
    }

    pub(super) fn give_up(&mut self, txn: Txn) {
        let transaction = &mut self.transactions[txn as usize];
        if transaction.state == State::Open {
            transaction.state = State::GivenUp;
        }
    }

    /// As brokers do after a while.
    pub(super) fn give_up_open(&mut self) {
        (0..self.transactions.len() as Txn).for_each(|txn| self.give_up(txn));
    }

    /// How far a partition of the sources was read; `None` while a transaction that may say so is open.
    pub(super) fn offset(&self, source: usize) -> Option<u64> {
        let is_pending = |one: &Transaction| one.state == State::Open && one.offsets.contains_key(&source);
        let stable = !self.transactions.iter().any(is_pending);
        stable.then(|| self.offsets.get(&source).copied().unwrap_or(0))
    }

    /// How late it is, and nothing else.
    pub(super) fn tick(&mut self, at: Timestamp) {
        let txn = self.begin();
        (0..self.events.len()).for_each(|partition| self.append(txn, partition, at, Vec::new()));
        self.commit(txn);
    }

    /// Offsets by themselves, in no transaction.
    pub(super) fn set_offsets(&mut self, offsets: &BTreeMap<usize, u64>) {
        self.offsets.extend(offsets);
    }

    /// The group shares the sources out among these.
    pub(super) fn share_out(&mut self, members: &BTreeSet<usize>) {
        self.turn += 1;
        let members: Vec<usize> = members.iter().copied().collect();
        for (nth, owner) in self.owners.iter_mut().enumerate() {
            *owner = members[(nth + self.turn as usize) % members.len()];
        }
    }

    /// What can be read from a position on: nothing behind a transaction that is open, nothing of one that was given up.
    /// And where reading goes on.
    pub(super) fn read(&self, partition: usize, from: u64, uncommitted: bool) -> (Vec<Read>, u64) {
        let (mut read, mut next) = (Vec::new(), from);
        for (offset, record) in (0_u64..).zip(&self.events[partition]).skip(from as usize) {
            match self.transactions[record.txn as usize].state {
                State::Open if !uncommitted => break,
                State::GivenUp if !uncommitted => {}
                _ => read.push((offset, (record.at, record.items.clone()))),
            }
            next = offset + 1;
        }
        (read, next)
    }

    /// What stands in each partition for good.
    pub(super) fn committed(&self) -> Vec<Vec<(Timestamp, Vec<Item>)>> {
        let of = |partition: usize| self.read(partition, 0, false).0.into_iter().map(|(_, record)| record).collect();
        (0..self.events.len()).map(of).collect()
    }

    pub(super) fn end(&self, partition: usize) -> u64 {
        self.events[partition].len() as u64
    }

    pub(super) fn is_forwarded(&self) -> bool {
        self.sources.iter().enumerate().all(|(source, log)| self.offset(source) == Some(log.len() as u64))
    }
}
