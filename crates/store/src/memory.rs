//! The twin in memory, for the simulator and for tests: the same questions and writes, on sorted maps.
//!
//! Deterministic. Every future of a store in memory is ready at its first poll ([`ready`]), so that it needs no
//! runtime. Clones share one store, as processes share a database. Faults come when they are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use model::limits::HOT_LOG_ENTRIES_MAX;

use crate::commit::{Commit, Committed};
use crate::error::{CommitError, StoreError};
use crate::load::Loaded;
use crate::op::{Op, Verb};
use crate::partition::Partition;
use crate::plan::CommitPlan;
use crate::rows::head::{Head, Numbering};
use crate::schema;
use crate::schema::{Kind, Table};
use crate::select::{Condition, Select};
use crate::store::Store;
use crate::transaction::{Found, Transaction};
use crate::value::{Row, Value};

#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Twin>>);

/// What the next commit meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and is not written.
    Before,
    /// It is written, and the answer is lost.
    After,
    /// The disk is full.
    Full,
}

/// All tables at one moment: what a backup, or a replica that lags, would have.
#[derive(Clone, Debug)]
pub struct Image(Arc<Tables>);

#[derive(Debug)]
struct Twin {
    tables: Arc<Tables>,
    hot_log_max: u64,
    fault: Option<Fault>,
    unavailable: bool,
}

impl Default for Twin {
    fn default() -> Twin {
        Twin { tables: Arc::default(), hot_log_max: HOT_LOG_ENTRIES_MAX, fault: None, unavailable: false }
    }
}

/// Rows by key, table by table in the order of the schema.
#[derive(Clone, Debug)]
pub(crate) struct Tables(Vec<BTreeMap<Row, Row>>);

impl Memory {
    pub fn new() -> Memory {
        Memory::default()
    }

    /// One whose log of repeats is laid down from so many entries on.
    pub fn with_hot_log_max(entries: u64) -> Memory {
        Memory(Arc::new(Mutex::new(Twin { hot_log_max: entries, ..Twin::default() })))
    }

    fn plan(&self, partition: Partition, commit: Commit) -> CommitPlan {
        CommitPlan { partition, commit, hot_log_max: self.lock().hot_log_max }
    }

    pub fn claim(&self) -> Result<u64, StoreError> {
        ready(self.store().claim())
    }

    pub fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.commit_to(Partition::WHOLE, commit)
    }

    pub(crate) fn commit_to(&self, partition: Partition, commit: Commit) -> Result<Committed, CommitError> {
        let fault = self.lock().fault.take();
        match fault {
            None => self.run(self.plan(partition, commit)),
            Some(Fault::Before) => Err(StoreError::unavailable("a fault that was asked for, before").into()),
            Some(Fault::Full) => Err(CommitError::Full),
            Some(Fault::After) => {
                self.run(self.plan(partition, commit))?;
                Err(StoreError::unavailable("a fault that was asked for, after").into())
            }
        }
    }

    pub fn load(&self) -> Result<Loaded, StoreError> {
        ready(self.store().load())
    }

    pub fn dump(&self) -> Result<String, StoreError> {
        ready(self.store().dump())
    }

    /// The next commit meets this fault; the one after does not.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Nothing is answered until this is taken back.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.lock().unavailable = unavailable;
    }

    pub fn image(&self) -> Image {
        Image(Arc::clone(&self.lock().tables))
    }

    /// Goes back to an image: a failover to a replica that had come so far.
    pub fn restore(&self, image: &Image) {
        self.lock().tables = Arc::clone(&image.0);
    }

    pub fn store(&self) -> Store {
        Store::from(self.clone())
    }

    pub(crate) fn run<T: Transaction>(&self, transaction: T) -> Result<T::Answer, T::Error> {
        let mut twin = self.lock();
        twin.answers()?;
        let all = |reads: Vec<Select>| reads.into_iter().map(|select| twin.tables.select(&select)).collect::<Vec<_>>();
        let mut found = Found::new(all(transaction.reads()));
        found.extend(all(transaction.then_reads(&found)?));
        let (ops, answer) = transaction.decide(found)?;
        twin.tables.check(&ops)?;
        Arc::make_mut(&mut twin.tables).apply(ops);
        Ok(answer)
    }

    /// The tables as they are now; later commits do not show.
    pub(crate) fn snapshot(&self) -> Result<Arc<Tables>, StoreError> {
        let twin = self.lock();
        twin.answers()?;
        Ok(Arc::clone(&twin.tables))
    }

    /// A panic elsewhere leaves the tables whole: they change in one step that cannot fail.
    fn lock(&self) -> MutexGuard<'_, Twin> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Twin {
    fn answers(&self) -> Result<(), StoreError> {
        match self.unavailable {
            true => Err(StoreError::unavailable("a fault that was asked for")),
            false => Ok(()),
        }
    }
}

/// The output of a future of a store in memory, without a runtime.
///
/// # Panics
/// If the future waits for anything, which one of a store in memory never does.
pub fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("only futures of a store in memory are ready at once"),
    }
}

impl Default for Tables {
    fn default() -> Tables {
        let mut tables = Tables(schema::ALL.iter().map(|_| BTreeMap::new()).collect());
        tables.apply(vec![
            Op { verb: Verb::Append, table: &schema::HEAD, rows: vec![Head::new(Partition::WHOLE).row()] },
            Op { verb: Verb::Append, table: &schema::NUMBERING, rows: vec![Numbering::default().row()] },
        ]);
        tables
    }
}

impl Tables {
    fn of(&self, table: &'static Table) -> &BTreeMap<Row, Row> {
        &self.0[place(table)]
    }

    /// Nothing is written unless everything can be: what a database's own constraints refuse is refused here.
    fn check(&self, ops: &[Op]) -> Result<(), StoreError> {
        ops.iter().try_for_each(|op| {
            let damaged = |what: &str| Err(StoreError::Corrupt { what: format!("table {}: {what}", op.table.name) });
            if op.rows.iter().any(|row| !fits(op.table, row)) {
                return damaged("a cell does not fit its column");
            }
            match op.verb == Verb::Append && self.has_any(op) {
                true => damaged("a row that was to be new is there already"),
                false => Ok(()),
            }
        })
    }

    fn has_any(&self, op: &Op) -> bool {
        let (rows, key) = (self.of(op.table), op.table.key);
        let twice = op.rows.iter().zip(op.rows.iter().skip(1)).any(|(a, b)| a[..key] == b[..key]);
        twice || op.rows.iter().any(|row| rows.contains_key(&row[..key]))
    }

    fn apply(&mut self, ops: Vec<Op>) {
        for op in ops {
            let rows = &mut self.0[place(op.table)];
            for row in op.rows {
                let key = row[..op.table.key].to_vec();
                match op.verb {
                    Verb::Remove => drop(rows.remove(&key)),
                    Verb::Put | Verb::Append => drop(rows.insert(key, row)),
                    Verb::Keep => drop(rows.entry(key).or_insert(row)),
                }
            }
        }
    }

    pub(crate) fn select(&self, select: &Select) -> Vec<Row> {
        let tests: Vec<Test<'_>> =
            select.conditions.iter().map(|condition| self.test(select.table, condition)).collect();
        let order: Vec<usize> = select.order.iter().map(|column| select.table.place(column)).collect();
        let mut rows: Vec<&Row> = self
            .candidates(select)
            .into_iter()
            .filter(|row| tests.iter().all(|test| test.holds(row)))
            .filter(|row| select.after.as_ref().is_none_or(|after| is_after(row, &order, after, select.descending)))
            .collect();
        rows.sort_by(|a, b| {
            let ascending = order.iter().map(|at| &a[*at]).cmp(order.iter().map(|at| &b[*at]));
            if select.descending { ascending.reverse() } else { ascending }
        });
        rows.truncate(select.limit.unwrap_or(usize::MAX));
        rows.into_iter().map(|row| show(select, row)).collect()
    }

    pub(crate) fn count(&self, select: &Select) -> u64 {
        self.select(select).len() as u64
    }

    /// All rows; or, where the question names values of the key's first column, only those.
    fn candidates(&self, select: &Select) -> Vec<&Row> {
        let rows = self.of(select.table);
        let first = select.table.columns[0].name;
        let named = select.conditions.iter().find_map(|condition| match condition {
            Condition::Is(column, value) if *column == first => Some(std::slice::from_ref(value)),
            Condition::AnyOf(column, values) if *column == first => Some(values.as_slice()),
            _ => None,
        });
        match named {
            None => rows.values().collect(),
            Some(values) => {
                let values: BTreeSet<&Value> = values.iter().collect();
                values
                    .into_iter()
                    .flat_map(|value| {
                        rows.range(vec![value.clone()]..).take_while(move |(key, _)| key.first() == Some(value))
                    })
                    .map(|(_, row)| row)
                    .collect()
            }
        }
    }

    fn test<'s>(&self, table: &'static Table, condition: &'s Condition) -> Test<'s> {
        match condition {
            Condition::Is(column, value) => Test::AnyOf(table.place(column), BTreeSet::from([value.clone()])),
            Condition::Flag(column, flag) => Test::AnyOf(table.place(column), BTreeSet::from([Value::from(*flag)])),
            Condition::AnyOf(column, values) => Test::AnyOf(table.place(column), values.iter().cloned().collect()),
            Condition::Among(column, inner) => {
                let values = self.select(inner).into_iter().flatten().collect();
                Test::AnyOf(table.place(column), values)
            }
            Condition::AtLeast(column, value) => Test::AtLeast(table.place(column), value),
            Condition::Less(column, value) => Test::Less(table.place(column), value),
            Condition::Null(column) => Test::Null(table.place(column)),
            Condition::OpenOrAfter(column, value) => Test::OpenOrAfter(table.place(column), value),
            Condition::Contains(column, text) => Test::Contains(table.place(column), text),
        }
    }
}

/// A condition with its column's place, and what it has to be looked up in.
enum Test<'s> {
    AnyOf(usize, BTreeSet<Value>),
    AtLeast(usize, &'s Value),
    Less(usize, &'s Value),
    Null(usize),
    OpenOrAfter(usize, &'s Value),
    Contains(usize, &'s str),
}

impl Test<'_> {
    fn holds(&self, row: &[Value]) -> bool {
        match self {
            Test::AnyOf(at, values) => row[*at] != Value::Null && values.contains(&row[*at]),
            Test::AtLeast(at, value) => row[*at] != Value::Null && row[*at] >= **value,
            Test::Less(at, value) => row[*at] != Value::Null && row[*at] < **value,
            Test::Null(at) => row[*at] == Value::Null,
            Test::OpenOrAfter(at, value) => row[*at] == Value::Null || row[*at] > **value,
            Test::Contains(at, text) => matches!(&row[*at], Value::Text(found) if found.contains(text)),
        }
    }
}

fn is_after(row: &[Value], order: &[usize], after: &[Value], descending: bool) -> bool {
    let compared = order.iter().map(|at| &row[*at]).cmp(after.iter());
    if descending { compared.is_lt() } else { compared.is_gt() }
}

fn show(select: &Select, row: &Row) -> Row {
    if select.columns.is_empty() {
        return row.clone();
    }
    select.columns.iter().map(|column| row[select.table.place(column)].clone()).collect()
}

fn fits(table: &Table, row: &[Value]) -> bool {
    row.iter().zip(table.columns).all(|(value, column)| match value {
        Value::Null => column.nullable,
        Value::Int(_) => column.kind == Kind::Int,
        Value::Id(_) => column.kind == Kind::Id,
        Value::Bytes(_) => column.kind == Kind::Bytes,
        Value::Text(_) => column.kind == Kind::Text,
    })
}

fn place(table: &'static Table) -> usize {
    schema::ALL.iter().position(|candidate| std::ptr::eq(*candidate, table)).expect("every table is in the schema")
}
