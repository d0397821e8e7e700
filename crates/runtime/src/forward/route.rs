//! Which partition of the log an item belongs to: that of its domain. What is everybody's goes to all of them.
//!
//! What was read stands in the log in the order in which it was received, as nearly as makes a difference to timers: only
//! what was received together is sorted by domain.

use std::collections::BTreeMap;

use model::event::Event;
use model::{Domain, Timestamp, home_of, partition_of};

use crate::combine::{Going, TOGETHER, combine};
use crate::forward::answer::{Told, UnderWay};
use crate::forward::whose::{Whose, is_everybodys};
use crate::forward::{LogWrite, NotWritten, Pushed};
use crate::log_record::LogWriting;
use crate::push::{Item, ItemAnswer, Key, Logged, Origin, Word};

/// Gives every item its partition, every push its name.
pub(crate) struct Router {
    name: Box<str>,
    /// Pushes so far.
    count: u64,
}

/// Records for the log, and who waits for them.
#[derive(Default)]
pub(crate) struct Routed {
    pub(crate) records: Vec<LogWrite>,
    pub(crate) under_way: Vec<UnderWay>,
    /// Events that were to be written, and how many of them were spared because they only say the same again.
    pub(crate) events: u64,
    pub(crate) combined: u64,
}

/// Items by partition and domain, in their order.
#[derive(Default)]
struct Sorted {
    items: BTreeMap<(u32, Domain), Vec<Going>>,
    /// When the first of them was received.
    since: Option<Timestamp>,
}

enum Place {
    Of(Domain),
    Everywhere,
}

impl Router {
    pub(crate) fn new(name: &str) -> Router {
        Router { name: name.into(), count: 0 }
    }

    /// `word`: of this process, where it reads. What was read comes first: what was pushed is received when it is written.
    pub(crate) fn route(
        &mut self,
        mut pushes: Vec<Pushed>,
        partitions: u32,
        word: Option<&Word>,
    ) -> Result<Routed, NotWritten> {
        pushes.sort_by_key(|push| push.logged.is_none());
        let (mut routed, mut sorted) = (Routed::default(), Sorted::default());
        for push in pushes {
            let under_way = self.sort(push, partitions, &mut sorted, |sorted| routed.write(sorted, word))?;
            routed.under_way.push(under_way);
        }
        routed.write(&mut sorted, word)?;
        Ok(routed)
    }

    fn sort(
        &mut self,
        push: Pushed,
        partitions: u32,
        sorted: &mut Sorted,
        mut write: impl FnMut(&mut Sorted) -> Result<(), NotWritten>,
    ) -> Result<UnderWay, NotWritten> {
        let Pushed { items, key, logged, whose, waiting } = push;
        self.count += 1;
        let mut told = Vec::with_capacity(items.len());
        let last = items.iter().rposition(|item| matches!(item, Item::Command(_)));
        let mut receipt = None;
        for (index, mut item) in items.into_iter().enumerate() {
            // What we say ourselves no log took.
            receipt = received(logged.as_deref(), index).or(receipt);
            if sorted.begins_anew(receipt) {
                write(sorted)?;
            }
            // Each answer is kept by a key of its own; whoever asks again hears the last, as whoever asked first does.
            let key = key.as_ref().map(|key| if Some(index) == last { key.clone() } else { key.nth(index) });
            let place = place_of(&item, &whose, index);
            let named = key.is_some();
            let key = self.answer_to(&mut item, index, key, &mut told);
            match place {
                Place::Of(domain) => {
                    sorted.add(partition_of(&domain, partitions), domain, Going { item, key, receipt })
                }
                Place::Everywhere => {
                    for partition in 0..partitions {
                        let home = home_of(partition, partitions);
                        let key = match home == Domain::default() {
                            // The default domain answers for all.
                            true => key.clone(),
                            // The others carry it out once, too.
                            false => key.as_ref().filter(|_| named).map(|key| key.of_partition(partition)),
                        };
                        sorted.add(partition, home, Going { item: item.clone(), key, receipt });
                    }
                }
            }
        }
        Ok(UnderWay { waiting, told, read: logged.is_some() })
    }

    /// What is told of an item; and for a command the key that its answer is kept by.
    fn answer_to(&self, item: &mut Item, index: usize, key: Option<Key>, told: &mut Vec<Told>) -> Option<Key> {
        match item {
            Item::Event(_) => {
                told.push(Told::event());
                None
            }
            Item::Unreadable(unreadable) => {
                let place = || Origin { place: self.nth(index), headers: Vec::new() };
                let origin = unreadable.origin.get_or_insert_with(|| Box::new(place())).place.clone();
                told.push(Told::Now(ItemAnswer::DeadLetter(unreadable.letter_id(&origin))));
                None
            }
            Item::Command(_) => {
                let named = key.is_some();
                let key = key.unwrap_or_else(|| Key::unchecked(self.nth(index)));
                told.push(Told::Later { key: key.clone(), named });
                Some(key)
            }
        }
    }

    fn nth(&self, index: usize) -> Box<str> {
        format!("log/{}/{}/{index}", self.name, self.count).into()
    }
}

impl Routed {
    /// What is sorted so far, in records.
    fn write(&mut self, sorted: &mut Sorted, word: Option<&Word>) -> Result<(), NotWritten> {
        let Sorted { items, .. } = std::mem::take(sorted);
        for ((partition, domain), items) in items {
            let before = items.len();
            let items = combine(items);
            self.events += before as u64;
            self.combined += (before - items.len()) as u64;
            let written = written(&items, word).map_err(|error| NotWritten::Fatal(cannot_be_written(&error)))?;
            let key = || domain.as_str().into();
            self.records.extend(written.into_iter().map(|value| LogWrite { partition, key: key(), value }));
        }
        Ok(())
    }
}

fn written(items: &[Going], word: Option<&Word>) -> Result<Vec<Vec<u8>>, serde_json::Error> {
    let mut writing = LogWriting::with(word.cloned());
    items.iter().try_for_each(|going| writing.add(going))?;
    writing.finish()
}

/// Nothing that was taken may be passed over.
pub(crate) fn cannot_be_written(error: &serde_json::Error) -> String {
    format!("what is to go to the log of events cannot be written down: {error}")
}

impl Sorted {
    /// What is received so long after what there is stands in records of its own; and so does what was pushed, which is
    /// received when it is written, however long ago that was.
    fn begins_anew(&self, receipt: Option<Timestamp>) -> bool {
        self.since.is_some_and(|since| receipt.is_none_or(|receipt| receipt - since >= TOGETHER))
    }

    fn add(&mut self, partition: u32, domain: Domain, going: Going) {
        self.since = self.since.or(going.receipt);
        self.items.entry((partition, domain)).or_default().push(going);
    }
}

fn received(logged: Option<&Logged>, index: usize) -> Option<Timestamp> {
    logged?.receipts.get(index).copied()
}

fn place_of(item: &Item, whose: &Whose, index: usize) -> Place {
    match item {
        Item::Event(Event::Alert(alert)) => Place::Of(alert.domain.clone()),
        Item::Event(Event::Change(_) | Event::Maintenance(_)) => Place::Everywhere,
        Item::Event(Event::Heartbeat(_) | Event::RecoveryPoint(_) | Event::Exercise(_)) | Item::Unreadable(_) => {
            Place::Of(Domain::default())
        }
        Item::Command(command) if is_everybodys(command) => Place::Everywhere,
        // What nobody knows is answered by the default domain: that there is no such thing.
        Item::Command(_) => Place::Of(whose.get(&index).cloned().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use testkit::firing;

    use super::*;
    use crate::driver::Waiting;
    use crate::log_record::LogRecord;

    fn alert(domain: &str) -> Item {
        let alert = model::event::AlertEvent { domain: domain.into(), ..firing("disk").alert() };
        Item::Event(Event::from(alert))
    }

    fn pushed(items: Vec<Item>, logged: Option<Logged>) -> Pushed {
        let waiting = Waiting::nobody();
        Pushed { items, key: None, logged: logged.map(Box::new), whose: Whose::new(), waiting }
    }

    #[test]
    fn what_was_read_stands_before_what_was_pushed_with_it_whatever_their_domains() {
        let long_ago = Timestamp::from_seconds(7);
        let read = Logged { receipts: vec![long_ago], ..Logged::default() };
        let pushes = vec![pushed(vec![alert("acme")], None), pushed(vec![alert("globex")], Some(read))];
        let routed = Router::new("one").route(pushes, 1, None).unwrap();
        let receipts =
            |record: &LogWrite| (String::from(&*record.key), LogRecord::read(&record.value).unwrap().receipts);
        let said: Vec<_> = routed.records.iter().map(receipts).collect();
        let expected = [("globex", Some(long_ago)), ("acme", None)];
        assert_eq!(said, expected.map(|(domain, receipt)| (domain.to_owned(), vec![receipt])));
    }
}
