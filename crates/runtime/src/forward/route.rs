//! Which partition of the log an item belongs to: that of its domain. What is everybody's goes to all of them.

use std::collections::BTreeMap;

use model::command::{Action, Command, IncidentTarget};
use model::event::Event;
use model::{Domain, IncidentId, ProblemId};
use store::{IncidentKey, ProblemKey, Store, StoreError};
use tokio::runtime::Handle;

use crate::combine::combine;
use crate::forward::answer::{Told, UnderWay};
use crate::forward::{LogWrite, Pushed};
use crate::log_record::{LogWriting, home_of, partition_of};
use crate::push::{Item, ItemAnswer, Key, Origin};

/// Gives every item its partition, every push its name.
pub(crate) struct Router {
    name: Box<str>,
    store: Store,
    tokio: Handle,
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
type Sorted = BTreeMap<(u32, Domain), Vec<(Item, Option<Key>)>>;

enum Place {
    Of(Domain),
    Everywhere,
}

impl Router {
    pub(crate) fn new(name: &str, store: Store, tokio: Handle) -> Router {
        Router { name: name.into(), store, tokio, count: 0 }
    }

    /// A push whose place the store does not tell now is turned away, and no other.
    pub(crate) fn route(&mut self, pushes: Vec<Pushed>, partitions: u32) -> Routed {
        let mut routed = Routed::default();
        let mut sorted = Sorted::new();
        for push in pushes {
            match self.places(&push.items) {
                Ok(places) => routed.under_way.push(self.sort(push, places, partitions, &mut sorted)),
                Err(_) => push.turn_away(),
            }
        }
        for ((partition, domain), items) in sorted {
            let before = items.len();
            let items = combine(items);
            routed.events += before as u64;
            routed.combined += (before - items.len()) as u64;
            let mut writing = LogWriting::default();
            items.iter().for_each(|(item, key)| writing.add(item, key.as_ref()));
            let key = || domain.as_str().into();
            let records = writing.finish().into_iter().map(|value| LogWrite { partition, key: key(), value });
            routed.records.extend(records);
        }
        routed
    }

    fn sort(&mut self, push: Pushed, places: Vec<Place>, partitions: u32, sorted: &mut Sorted) -> UnderWay {
        let Pushed { items, key, logged, waiting } = push;
        self.count += 1;
        let mut told = Vec::with_capacity(items.len());
        let last = items.len().saturating_sub(1);
        for (index, (mut item, place)) in items.into_iter().zip(places).enumerate() {
            // Each answer is kept by a key of its own; whoever asks again hears the last, as whoever asked first does.
            let key = key.as_ref().map(|key| if index == last { key.clone() } else { key.nth(index) });
            let key = self.answer_to(&mut item, index, key, &mut told);
            match place {
                Place::Of(domain) => {
                    let partition = partition_of(&domain, partitions);
                    sorted.entry((partition, domain)).or_default().push((item, key));
                }
                Place::Everywhere => {
                    for partition in 0..partitions {
                        let home = home_of(partition, partitions);
                        // The default domain answers for all.
                        let key = key.clone().filter(|_| home == Domain::default());
                        sorted.entry((partition, home)).or_default().push((item.clone(), key));
                    }
                }
            }
        }
        UnderWay { waiting, told, read: logged.is_some() }
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
                let key = key.unwrap_or_else(|| Key::unchecked(self.nth(index)));
                told.push(Told::Later(key.clone()));
                Some(key)
            }
        }
    }

    fn nth(&self, index: usize) -> Box<str> {
        format!("log/{}/{}/{index}", self.name, self.count).into()
    }

    fn places(&self, items: &[Item]) -> Result<Vec<Place>, StoreError> {
        items.iter().map(|item| self.place(item)).collect()
    }

    fn place(&self, item: &Item) -> Result<Place, StoreError> {
        Ok(match item {
            Item::Event(Event::Alert(alert)) => Place::Of(alert.domain.clone()),
            Item::Event(Event::Change(_) | Event::Maintenance(_)) => Place::Everywhere,
            Item::Event(Event::Heartbeat(_) | Event::RecoveryPoint(_) | Event::Exercise(_)) | Item::Unreadable(_) => {
                Place::Of(Domain::default())
            }
            Item::Command(command) => self.place_of_command(command)?,
        })
    }

    /// What nobody knows is answered by the default domain: that there is no such thing.
    fn place_of_command(&self, command: &Command) -> Result<Place, StoreError> {
        let domain = match &command.action {
            Action::Incident { target: IncidentTarget::Id(id), .. } => self.domain_of_incident(*id)?,
            Action::Incident { target: IncidentTarget::HoldsAlert(fingerprint), .. } => {
                let alert = self.tokio.block_on(self.store.alert(fingerprint.alert()))?;
                alert.map(|alert| alert.domain)
            }
            Action::Problem { problem, .. } => self.domain_of_problem(*problem)?,
            Action::OpenIncident(_) | Action::OpenProblem { .. } => None,
            Action::Silence(_)
            | Action::ExpireSilence(_)
            | Action::Maintenance(_)
            | Action::EndMaintenance(_)
            | Action::Change(_) => return Ok(Place::Everywhere),
        };
        Ok(Place::Of(domain.unwrap_or_default()))
    }

    fn domain_of_incident(&self, id: IncidentId) -> Result<Option<Domain>, StoreError> {
        let incident = self.tokio.block_on(self.store.incident(IncidentKey::Id(id)))?;
        Ok(incident.map(|incident| incident.domain))
    }

    fn domain_of_problem(&self, id: ProblemId) -> Result<Option<Domain>, StoreError> {
        let problem = self.tokio.block_on(self.store.problem(ProblemKey::Id(id)))?;
        Ok(problem.map(|problem| problem.domain))
    }
}
