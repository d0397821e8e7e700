//! A machine between its hand-offs: a test says when a commit lands, what the store says, and what time it is.

use std::collections::VecDeque;

use engine::Policy;
use model::event::Event as Said;
use model::{Domain, Fingerprint, Timestamp};
use runtime::intake::IntakeLimits;
use runtime::{
    Asked, Effect, Event, Item, Key, Logged, Machine, Overload, PositionAdvance, Published, Push, PushAnswer, PushId,
    RecordAt, SlotName, Word, load_facts, topology_of,
};
use store::{Commit, Fault, Loaded, Memory, Partition, Store, ready};
use testkit::firing;
use topology::Graph;

/// A machine, its store, and what it wanted done.
pub(crate) struct Shell {
    pub(crate) machine: Machine,
    pub(crate) memory: Memory,
    pub(crate) partition: Partition,
    pub(crate) now: Timestamp,
    pub(crate) commits: VecDeque<Commit>,
    pub(crate) asked: VecDeque<Asked>,
    pub(crate) answers: Vec<(u64, PushAnswer)>,
    pub(crate) published: Vec<Published>,
    pub(crate) loads: usize,
    pub(crate) stopped: bool,
}

/// A record of the log that is the clock: when it was written, and its items.
pub(crate) type Record = (Timestamp, Vec<Item>);

/// The same, of which some was read late: when it was written, what its writer says of itself, and its items, with when
/// they were received where they were read.
pub(crate) type Late = (Timestamp, Option<Word>, Vec<(Option<Timestamp>, Item)>);

impl Shell {
    /// One that has loaded an empty store and committed its first step.
    pub(crate) fn running() -> Shell {
        Shell::of(Machine::new(Policy::default(), IntakeLimits::default()))
    }

    pub(crate) fn of(machine: Machine) -> Shell {
        let mut shell = Shell::that_loads(machine);
        shell.load();
        shell.land();
        shell
    }

    /// One that decides what one log holds, and nothing else.
    pub(crate) fn following(memory: &Memory) -> Shell {
        Shell::following_by(memory, Policy::default())
    }

    /// The same by another policy.
    pub(crate) fn following_by(memory: &Memory, policy: Policy) -> Shell {
        Shell::following_in(memory, Partition::WHOLE, policy)
    }

    /// The same over a partition of the store.
    pub(crate) fn following_part(memory: &Memory, partition: Partition) -> Shell {
        Shell::following_in(memory, partition, Policy::default())
    }

    fn following_in(memory: &Memory, partition: Partition, policy: Policy) -> Shell {
        Shell::following_for(memory, partition, policy, Domain::default())
    }

    /// The same of a partition whose home is this domain.
    pub(crate) fn following_for(memory: &Memory, partition: Partition, policy: Policy, home: Domain) -> Shell {
        let machine = Machine::new(policy, IntakeLimits::default()).that_follows(home);
        let mut shell = Shell { memory: memory.clone(), partition, ..Shell::that_loads(machine) };
        shell.load();
        shell
    }

    fn store(&self) -> Store {
        self.memory.store().for_partition(self.partition)
    }

    fn that_loads(machine: Machine) -> Shell {
        Shell {
            machine,
            memory: Memory::new(),
            partition: Partition::WHOLE,
            now: testkit::clock("10:00:00"),
            commits: VecDeque::new(),
            asked: VecDeque::new(),
            answers: Vec::new(),
            published: Vec::new(),
            loads: 1,
            stopped: false,
        }
    }

    pub(crate) fn loaded(&self) -> Loaded {
        ready(self.store().load()).unwrap()
    }

    pub(crate) fn feed(&mut self, event: Event) {
        for effect in self.machine.on(event, self.now) {
            match effect {
                Effect::Commit(commit) => self.commits.push_back(*commit),
                Effect::Load { .. } => self.loads += 1,
                Effect::Answer(id, answer) => self.answers.push((id.0, answer)),
                Effect::Publish(published) => self.published.push(*published),
                Effect::LoadFacts(asked) => self.asked.push_back(*asked),
                Effect::Fatal(why) => panic!("{why}"),
                Effect::Stopped => self.stopped = true,
            }
        }
    }

    pub(crate) fn load(&mut self) {
        assert!(self.loads > 0, "nobody asked for a load");
        self.loads -= 1;
        let epoch = ready(self.store().claim()).unwrap();
        self.feed(Event::Loaded(Box::new(self.loaded()), epoch));
    }

    /// The commit under way comes to the store, and its result back.
    pub(crate) fn land(&mut self) {
        let commit = self.commits.pop_front().expect("a commit is under way");
        let result = ready(self.store().commit(commit));
        self.feed(Event::Committed(Box::new(result)));
    }

    pub(crate) fn land_all(&mut self) {
        while !self.commits.is_empty() {
            self.land();
        }
    }

    /// The commit under way meets a fault, or lands and nobody hears of it.
    pub(crate) fn land_with(&mut self, fault: Fault) {
        self.memory.fail_next(fault);
        self.land();
    }

    pub(crate) fn push(&mut self, id: u64, items: Vec<Item>) {
        self.feed(Event::Push(Push { id: PushId(id), items, bytes: 1, idempotency_key: None, logged: None }));
    }

    /// Read from `from` on of a log, each a position further, at these instants.
    pub(crate) fn read(&mut self, id: u64, from: u64, items: Vec<(Timestamp, Item)>) {
        let (receipts, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let positions = vec![PositionAdvance::new("kafka/t/-/0", from, from + items.len() as u64)];
        let slot = positions[0].slot.clone();
        let is_known = self.machine.positions().is_none_or(|known| known.contains_key(&slot));
        let begins = if is_known { Vec::new() } else { vec![slot] };
        let logged = Some(Box::new(Logged { positions, begins, receipts, ..Logged::default() }));
        self.feed(Event::Push(Push { id: PushId(id), items, bytes: 1, idempotency_key: None, logged }));
    }

    /// Records of the log that is the clock, from `from` on; a command's answer is kept by who gave it.
    pub(crate) fn follow(&mut self, id: u64, from: u64, records: &[Record]) {
        self.follow_and_say(id, from, records, None);
    }

    /// A whole log, in portions of these sizes over and over, each committed before the next is read.
    pub(crate) fn follow_all(&mut self, records: &[Record], portions: &[usize]) {
        let mut from = 0;
        for size in portions.iter().cycle() {
            let Some(rest) = records.get(from..).filter(|rest| !rest.is_empty()) else { break };
            let portion = rest.get(..*size).unwrap_or(rest);
            self.follow(from as u64, from as u64, portion);
            self.land_all();
            assert!(self.is_in(from as u64));
            from += portion.len();
        }
    }

    /// And what we say ourselves of that log.
    pub(crate) fn follow_and_say(
        &mut self,
        id: u64,
        from: u64,
        records: &[Record],
        own: impl IntoIterator<Item = Item>,
    ) {
        let slot = SlotName::from("kafka/t/-/0");
        let to = from + records.len() as u64;
        let begins = if from == 0 { vec![slot.clone()] } else { Vec::new() };
        let items: Vec<Item> = records.iter().flat_map(|(_, items)| items.clone()).collect();
        let key = |item: &Item| match item {
            Item::Command(command) => Some(Key::unchecked(command.by.clone())),
            _ => None,
        };
        let asked = items.iter().enumerate().filter_map(|(place, item)| Some((place, key(item)?))).collect();
        let logged = Logged {
            positions: vec![PositionAdvance::new(slot, from, to)],
            begins,
            records: records.iter().map(|(at, items)| RecordAt::new(*at, items.len())).collect(),
            asked,
            ..Logged::default()
        };
        let items = items.into_iter().chain(own).collect();
        let logged = Some(Box::new(logged));
        self.feed(Event::Push(Push { id: PushId(id), items, bytes: 1, idempotency_key: None, logged }));
    }

    /// The same, of which some was read late; `asked`: the keys of commands, by their places.
    pub(crate) fn follow_late(&mut self, from: u64, records: &[Late], asked: Vec<(usize, Key)>) {
        let slot = SlotName::from("kafka/t/-/0");
        let begins = if from == 0 { vec![slot.clone()] } else { Vec::new() };
        let words = records.iter().enumerate().filter_map(|(nth, (_, word, _))| Some((nth, word.clone()?))).collect();
        let (received, items) = records.iter().flat_map(|(_, _, items)| items.clone()).unzip();
        let logged = Logged {
            positions: vec![PositionAdvance::new(slot, from, from + records.len() as u64)],
            begins,
            records: records.iter().map(|(at, _, items)| RecordAt::new(*at, items.len())).collect(),
            received,
            words,
            asked,
            ..Logged::default()
        };
        let logged = Some(Box::new(logged));
        self.feed(Event::Push(Push { id: PushId(from), items, bytes: 1, idempotency_key: None, logged }));
        self.land_all();
    }

    pub(crate) fn position(&self) -> Option<u64> {
        self.memory.load().unwrap().positions.get(&"kafka/t/-/0".into()).copied()
    }

    pub(crate) fn import(&mut self, id: u64, text: &str) {
        let cmdb = testkit::cmdb(text);
        let graph = Box::new(Graph::build_lenient(&cmdb, 1).0);
        self.feed(Event::Cmdb { cmdb: Box::new(cmdb), graph, by: Some("ana".into()), id: PushId(id) });
    }

    pub(crate) fn answer(&self, id: u64) -> Option<&PushAnswer> {
        self.answers.iter().find(|(other, _)| *other == id).map(|(_, answer)| answer)
    }

    pub(crate) fn is_in(&self, id: u64) -> bool {
        matches!(self.answer(id), Some(PushAnswer::Committed { .. }))
    }
}

pub(crate) const REFUSED: PushAnswer = PushAnswer::Overloaded(Overload::StoreUnavailable);

/// An alert of a domain.
pub(crate) fn alert(domain: &str, key: &str) -> Item {
    let mut alert = firing(key).alert();
    alert.domain = Domain::from(domain);
    alert.fingerprint = Fingerprint::of_dedup_key(&alert.domain, "mon", key);
    Item::Event(Said::from(alert))
}

impl Shell {
    /// Killed, and started anew on what the store has.
    pub(crate) fn die_and_come_again(&mut self) {
        self.machine = Machine::new(Policy::default(), IntakeLimits::default());
        self.come_again();
    }

    /// A new machine over what is in the store.
    pub(crate) fn come_again(&mut self) {
        self.commits.clear();
        self.asked.clear();
        self.loads = 1;
        self.load();
    }

    pub(crate) fn answer_facts(&mut self, asked: &Asked) {
        let topology = topology_of(&self.memory.load().unwrap());
        let facts = ready(load_facts(&self.memory.store(), &topology, &asked.wanted)).unwrap();
        self.feed(Event::Facts(asked.domain.clone(), asked.number, Some(Box::new(facts))));
    }
}
