//! A connection to a database, whichever it is: what a store asks of it, and the two ways to work with one.
//!
//! [`Writer`] is a connection that writes, one for each writer; [`Questions`] are asked of one moment, through a task that owns the
//! transaction: whoever asks may go away at any time, and the task ends the transaction and gives its connection back.
//! Work on a database never happens in a future that whoever waits for it might drop.

use model::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;
use crate::op::Op;
use crate::partition::Partition;
use crate::schema::Table;
use crate::select::Select;
use crate::transaction::{Found, Guard, Transaction};
use crate::value::Row;

/// Reads, inside a transaction.
pub(crate) trait Reader: Send + 'static {
    fn rows(&mut self, select: &Select) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
    fn count(&mut self, select: &Select) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// Ends the transaction, in which nothing was written.
    fn end(self) -> impl Future<Output = ()> + Send;
}

/// A connection that writes, one transaction after the other. Dropping it rolls back what is open.
pub(crate) trait Channel: Send + 'static {
    /// From here to the end nobody else writes what is the partition's, and the guard has been seen to hold.
    fn begin(&mut self, guard: Guard, partition: Partition) -> impl Future<Output = Result<(), StoreError>> + Send;
    fn rows(&mut self, select: &Select) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
    fn carry_out(&mut self, op: Op) -> impl Future<Output = Result<(), StoreError>> + Send;
    fn commit(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;
    fn rollback(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Drops what is kept by the month and no longer kept, each month in a transaction of its own.
    fn expire(&mut self, _kept: &[KeptSince]) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Rows of the table are kept from this instant on.
pub(crate) type KeptSince = (&'static Table, Timestamp);

/// How to come to a connection that writes.
pub(crate) trait Connect: Send + 'static {
    type Channel: Channel;
    fn connect(&self) -> impl Future<Output = Result<Self::Channel, StoreError>> + Send;
}

/// What became of a transaction that met no error.
pub(crate) enum Attempt<T: Transaction> {
    Done(T::Answer),
    /// Somebody else holds what it asked for once it had its head: nothing of it is in, and the same can be tried again.
    Busy(T, StoreError),
}

/// The connection of one writer.
#[derive(Debug)]
pub(crate) struct Writer<C: Connect> {
    connect: C,
    /// `None` after anything but a clean end: it is closed, which rolls back, and opened anew.
    channel: Option<C::Channel>,
    closed: bool,
}

impl<C: Connect> Writer<C> {
    pub(crate) fn new(connect: C, channel: C::Channel) -> Writer<C> {
        Writer { channel: Some(channel), ..Writer::later(connect) }
    }

    /// One that connects once it has something to write.
    pub(crate) fn later(connect: C) -> Writer<C> {
        Writer { connect, channel: None, closed: false }
    }

    pub(crate) async fn close(&mut self) {
        self.closed = true;
        if let Some(channel) = self.channel.take() {
            channel.close().await;
        }
    }

    pub(crate) async fn run<T: Transaction>(&mut self, transaction: T) -> Result<T::Answer, T::Error> {
        match self.attempt(transaction).await? {
            Attempt::Done(answer) => Ok(answer),
            Attempt::Busy(_, why) => Err(why.into()),
        }
    }

    /// The connection is taken out for the time of the transaction: whatever goes wrong, a panic included, drops it.
    pub(crate) async fn attempt<T: Transaction>(&mut self, transaction: T) -> Result<Attempt<T>, T::Error> {
        let mut channel = self.take().await?;
        channel.begin(T::GUARD, transaction.partition()).await?;
        let mut found = Found::new(each(&mut channel, transaction.reads()).await?);
        match each(&mut channel, transaction.then_reads(&found)?).await {
            Err(why @ StoreError::Busy { .. }) => {
                channel.rollback().await?;
                self.channel = Some(channel);
                return Ok(Attempt::Busy(transaction, why));
            }
            more => found.extend(more?),
        }
        let answer = match transaction.decide(found) {
            Err(refused) => {
                channel.rollback().await?;
                Err(refused)
            }
            Ok((ops, answer)) => {
                for op in ops {
                    channel.carry_out(op).await?;
                }
                channel.commit().await?;
                Ok(answer)
            }
        };
        self.channel = Some(channel);
        answer.map(Attempt::Done)
    }

    /// As [`Channel::expire`].
    pub(crate) async fn expire(&mut self, kept: &[KeptSince]) -> Result<(), StoreError> {
        let mut channel = self.take().await?;
        channel.expire(kept).await?;
        self.channel = Some(channel);
        Ok(())
    }

    /// Goes on over a new connection: what the old one knew may be another writer's past.
    pub(crate) async fn renew(&mut self) {
        if let Some(channel) = self.channel.take() {
            channel.close().await;
        }
    }

    async fn take(&mut self) -> Result<C::Channel, StoreError> {
        if self.closed {
            return Err(StoreError::unavailable("it was closed"));
        }
        match self.channel.take() {
            Some(channel) => Ok(channel),
            None => self.connect.connect().await,
        }
    }
}

/// The rows of each question.
async fn each(channel: &mut impl Channel, questions: Vec<Select>) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut found = Vec::with_capacity(questions.len());
    for select in questions {
        found.push(channel.rows(&select).await?);
    }
    Ok(found)
}

/// Questions to one moment of the database.
#[derive(Debug)]
pub(crate) struct Questions(mpsc::Sender<Question>);

#[derive(Debug)]
enum Question {
    Rows(Select, oneshot::Sender<Result<Vec<Row>, StoreError>>),
    Count(Select, oneshot::Sender<Result<u64, StoreError>>),
}

impl Questions {
    pub(crate) fn of<R: Reader>(open: impl Future<Output = Result<R, StoreError>> + Send + 'static) -> Questions {
        let (ask, questions) = mpsc::channel(1);
        tokio::spawn(serve(open, questions));
        Questions(ask)
    }

    pub(crate) async fn select(&mut self, select: Select) -> Result<Vec<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Question::Rows(select, answer), answered).await
    }

    pub(crate) async fn count(&mut self, select: Select) -> Result<u64, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Question::Count(select, answer), answered).await
    }

    async fn ask<T>(
        &mut self,
        question: Question,
        answered: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let gone = || StoreError::unavailable("its reader is gone");
        self.0.send(question).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

async fn serve<R: Reader>(open: impl Future<Output = Result<R, StoreError>>, mut questions: mpsc::Receiver<Question>) {
    let mut reader = match open.await {
        Ok(reader) => reader,
        Err(error) => return refuse(&mut questions, error).await,
    };
    while let Some(question) = questions.recv().await {
        // An answer that nobody waits for any more is no error.
        match question {
            Question::Rows(select, answer) => drop(answer.send(reader.rows(&select).await)),
            Question::Count(select, answer) => drop(answer.send(reader.count(&select).await)),
        }
    }
    reader.end().await;
}

async fn refuse(questions: &mut mpsc::Receiver<Question>, error: StoreError) {
    match questions.recv().await {
        Some(Question::Rows(_, answer)) => drop(answer.send(Err(error))),
        Some(Question::Count(_, answer)) => drop(answer.send(Err(error))),
        None => {}
    }
}
